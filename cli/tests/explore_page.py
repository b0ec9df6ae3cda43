"""Uses the page of `linear-width explore` in a headless Chromium: drags, types, tabs, simulates, and
looks at a phone's width. Writes screenshots to be looked at.

    python3 cli/tests/explore_page.py target/release/linear-width [FOLDER]

Needs chromium and chromedriver (Debian: chromium, chromium-driver). Makes a virtual environment in
target/explore-page when Selenium is not there.
"""

import base64
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse

from environment import ROOT, run_again

try:
    from selenium import webdriver
    from selenium.common.exceptions import TimeoutException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select, WebDriverWait
except ImportError:
    run_again("explore-page", ["selenium>=4,<5"])

# seconds; for machines that do other things too
PATIENCE = 60


def chromium():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome")
    arguments = [
        "--headless=new",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        # a request to any other place fails and is seen
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    for argument in arguments:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


class Page:
    """The page in the browser."""

    def __init__(self, driver, address, folder):
        self.driver, self.address, self.folder = driver, address, folder
        self.requests, self.complaints = [], []

    def size(self, width, height, dark=False):
        metrics = dict(width=width, height=height, deviceScaleFactor=1, mobile=width < 700)
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = dict(name="prefers-color-scheme", value="dark" if dark else "light")
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dict(features=[scheme]))

    def open(self, fragment=""):
        self.driver.get("about:blank")
        self.driver.get(self.address + fragment)
        self.rest()

    def id(self, name):
        return self.driver.find_element(By.ID, name)

    def text(self, name):
        return self.id(name).get_attribute("textContent")

    def script(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def until(self, holds, what):
        WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: holds(), what)

    def rest(self):
        """Waits for the whole prediction of the setting as it is."""
        # the pause before it is asked for
        time.sleep(0.6)
        try:
            self.until(lambda: self.text("status").startswith("Whole"), "no whole prediction")
        except TimeoutException:
            self.shot("failed", whole=True)
            self.collect()
            status, alert = self.text("status"), self.text("alert")
            sys.exit(f"no whole prediction: {status} {alert} {self.complaints}")

    def field(self, key):
        return self.driver.find_element(By.CSS_SELECTOR, f'.field[data-key="{key}"]')

    def slider(self, key):
        return self.field(key).find_element(By.CSS_SELECTOR, "input[type=range]")

    def box(self, key):
        return self.field(key).find_element(By.CSS_SELECTOR, "input[type=number], input[type=text]")

    def picture(self):
        return self.script("return document.getElementById('law').getAttribute('d')")

    def drag(self, key, moves=40):
        """Drags a slider with the mouse; the pictures that were seen on the way."""
        slider = self.slider(key)
        self.script("arguments[0].scrollIntoView({block: 'center'})", slider)
        box = self.script("const b = arguments[0].getBoundingClientRect(); return [b.x, b.y, b.width, b.height]", slider)
        y = box[1] + box[3] / 2
        share = float(slider.get_attribute("value")) / 1000

        def mouse(kind, x):
            event = dict(type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

        at = box[0] + 8 + share * (box[2] - 16)
        mouse("mousePressed", at)
        pictures = set()
        for k in range(moves):
            mouse("mouseMoved", at - (k % 20) * 2)
            time.sleep(0.05)
            pictures.add(self.picture())
        mouse("mouseReleased", at - 20)
        return pictures

    def latencies(self):
        code = "const all = performance.getEntriesByName('draft').map((e) => e.duration); performance.clearMeasures('draft'); return all"
        return self.script(code)

    def type(self, key, text):
        box = self.box(key)
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(text)
        assert box.get_attribute("value") == text

    def shot(self, name, whole=False):
        what = dict(format="png")
        if whole:
            width, height = self.script("const e = document.documentElement; return [e.clientWidth, e.scrollHeight]")
            what.update(captureBeyondViewport=True, clip=dict(x=0, y=0, width=width, height=height, scale=1))
        data = self.driver.execute_cdp_cmd("Page.captureScreenshot", what)["data"]
        (self.folder / f"{name}.png").write_bytes(base64.b64decode(data))

    def collect(self):
        """Reads the logs of console and network."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
        self.complaints += [entry["message"] for entry in self.driver.get_log("browser")]


def check_dragging(page):
    for bulk, target in [("isotropic", 100), ("structured", 200)]:
        Select(page.field("prediction_options").find_element(By.TAG_NAME, "select")).select_by_value(bulk)
        page.rest()
        page.latencies()
        before = page.text("facts")
        pictures = page.drag("steps.2.alpha")
        assert len(pictures) > 5, f"{len(pictures)} pictures while dragging"
        page.rest()
        assert page.text("facts") != before
        found = page.latencies()
        median = statistics.median(found)
        print(f"{bulk}: {len(found)} drafts, median {median:.0f} ms from input to picture (target {target} ms)")


def check_keyboard(page):
    page.open()
    # every control has a name and can be reached by Tab, in the order of the page
    unnamed = page.script("""
        return [...document.querySelectorAll('input, select, button, [tabindex]')].filter((e) =>
          !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML)""")
    assert not unnamed, unnamed
    reached = []
    page.script("document.activeElement.blur(); scrollTo(0, 0)")
    body = page.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    for _ in range(80):
        active = page.driver.switch_to.active_element
        if active.tag_name == "body" or active in reached:
            break
        outline = page.script("""
            const e = arguments[0];
            const seen = e.type === 'radio' ? e.nextElementSibling : e;
            return getComputedStyle(seen).outlineStyle""", active)
        assert outline != "none", f"no focus to see on {active.get_attribute('outerHTML')}"
        reached.append(active)
        active.send_keys(Keys.TAB)
    ids = [element.get_attribute("id") for element in reached]
    assert "run" in ids and "save" in ids and len(reached) > 35, (len(reached), ids)

    # arrows move a slider, and the picture with it
    before, slider = page.picture(), page.slider("steps.1.alpha")
    value = page.box("steps.1.alpha").get_attribute("value")
    slider.send_keys(Keys.ARROW_LEFT)
    page.until(lambda: page.picture() != before, "the arrow key changes no picture")
    assert page.box("steps.1.alpha").get_attribute("value") != value
    assert page.driver.switch_to.active_element == slider
    # and choose the stage
    page.rest()
    page.driver.find_element(By.CSS_SELECTOR, "input[name=stage][value='2']").send_keys(Keys.ARROW_LEFT)
    page.until(lambda: page.text("title").startswith("W₁"), "the arrow key chooses no stage")
    # what has come to rest is said
    page.rest()
    assert page.text("live").startswith("W 1: "), page.text("live")


def check_wrong_input(page):
    page.open()
    for key, text, sentence in [
        ("steps.2.alpha", "0.7", "it must lie in [0, 0.5)"),
        ("width", "1e12", "is not between 2 and 1000000"),
        ("target.noise", "-1", "is not between 0 and 100"),
    ]:
        box = page.box(key)
        before = box.get_attribute("value")
        page.type(key, text)
        problem = page.field(key).find_element(By.CLASS_NAME, "problem")
        page.until(lambda: sentence in problem.text, f"no sentence for {key} = {text}")
        assert box.get_attribute("aria-invalid") == "true"
        assert box.get_attribute("aria-describedby") == problem.get_attribute("id")
        page.type(key, before)
        page.until(lambda: problem.text == "", "the sentence stays")
    page.type("target.without", "0, x")
    assert "numbers with commas" in page.field("target.without").text
    page.type("target.without", "0, 1")
    page.rest()
    page.open("#steps.1.alpha=0.2&nonsense")
    assert "key=value is expected" in page.text("notice"), page.text("notice")
    page.open("#width=many&steps=7")
    assert page.box("width").get_attribute("value") == "2000"
    assert "no usable width, " in page.text("notice"), page.text("notice")
    page.driver.get(page.address + "#__proto__.x=1")
    page.until(lambda: "unknown field `__proto__`" in page.text("alert"), "an unknown key is not named")


def check_address(page):
    page.open()
    Select(page.field("target.link").find_element(By.CSS_SELECTOR, "select")).select_by_value("hermite")
    page.type("target.link.hermite", "0, 0.5, 0.25, -1")
    Select(page.field("steps").find_element(By.TAG_NAME, "select")).select_by_value("1")
    page.rest()
    pictures = page.drag("target.link.hermite.3", moves=20)
    assert len(pictures) > 3, "dragging a Hermite coefficient changes no picture"
    page.rest()
    coefficients = page.box("target.link.hermite").get_attribute("value")
    fragment, picture = urllib.parse.urlsplit(page.driver.current_url).fragment, page.picture()
    assert "target.link.hermite=[0,0.5," in fragment, fragment
    page.open("#" + fragment)
    assert page.box("target.link.hermite").get_attribute("value") == coefficients
    assert page.picture() == picture
    texts = {}
    for language in ["toml", "rust", "python"]:
        choice = page.driver.find_element(By.CSS_SELECTOR, f"input[name=language][value={language}]")
        page.script("arguments[0].click()", choice)
        texts[language] = page.text("text")
    assert "hermite = [0.0, 0.5," in texts["toml"].replace("[0, ", "[0.0, "), texts["toml"]
    assert "fn main()" in texts["rust"] and "lw.Experiment(" in texts["python"]


def check_simulation(page):
    page.open()
    assert page.script("return document.querySelectorAll('rect.bars').length") == 0
    page.id("run").click()
    page.until(lambda: page.text("simulated").startswith("Measured at N = 600"), "no measurement")
    assert page.script("return document.querySelectorAll('rect.bars').length") > 15
    assert page.script("return document.querySelectorAll('.measured-outlier').length") >= 1
    assert "N = 600, d = 300, n = 720" in page.text("title")
    assert "measured" in page.text("outliers")
    page.script("scrollTo(0, 0)")
    page.shot("desktop-simulated")
    # the next change takes it away
    page.slider("target.noise").send_keys(Keys.ARROW_RIGHT)
    page.rest()
    assert page.script("return document.querySelectorAll('rect.bars').length") == 0


def check_phone(page):
    for width in [320, 390]:
        page.size(width, 844)
        page.open()
        scroll, inner = page.script("return [document.documentElement.scrollWidth, innerWidth]")
        assert scroll <= inner <= width, f"{scroll} wide on a phone of {width}"
        # the picture stays in sight beside any control
        page.script("arguments[0].scrollIntoView({block: 'end'})", page.slider("readout_lambdas"))
        top, bottom = page.script("const b = document.getElementById('spectrum').getBoundingClientRect(); return [b.top, b.bottom]")
        assert 0 <= top and bottom < 600, (top, bottom)
        page.shot(f"phone-{width}-scrolled")
        page.script("scrollTo(0, 0)")
    page.shot("phone", whole=True)


def main():
    command = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "target" / "explore-page-pictures")
    folder.mkdir(parents=True, exist_ok=True)
    server = subprocess.Popen([command, "explore", "--no-browser"], stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address
        driver = chromium()
        try:
            page = Page(driver, address, folder)
            page.size(1280, 900)
            page.open()
            page.shot("desktop")
            page.size(1280, 900, dark=True)
            page.shot("desktop-dark")
            page.size(1280, 900)
            for check in [check_dragging, check_keyboard, check_wrong_input, check_address, check_simulation, check_phone]:
                check(page)
                page.collect()
                print(f"{check.__name__}: fine")
            # refused settings are answers with an error status, which the browser notes
            complaints = [c for c in page.complaints if "422 (Unprocessable Content)" not in c]
            assert not complaints, complaints
            outside = {url for url in page.requests if not url.startswith((address, "data:", "blob:", "about:"))}
            assert page.requests and not outside, outside
            print(f"{len(page.requests)} requests, all to {address}; screenshots in {folder}")
            # when the program has ended, the page says so
            server.kill()
            server.wait()
            page.slider("target.noise").send_keys(Keys.ARROW_RIGHT)
            page.until(lambda: "still running?" in page.text("alert"), "nothing is said when the program has ended")
        finally:
            driver.quit()
    finally:
        server.kill()
        server.wait()


main()
