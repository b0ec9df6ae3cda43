// The page: holds the setting, asks for predictions of it, shows them.

import { groups, h, simulationControls } from "./controls.js";
import { drawErrors, drawSpectrum } from "./picture.js";
import { Latest, Refused, get, post } from "./server.js";
import { fromAddress, sound, toAddress } from "./setting.js";
import * as tables from "./tables.js";

// After so many milliseconds without a change the whole prediction is asked for.
const REST = 300;
const POLL = 200;

const $ = (id) => document.getElementById(id);
const predictions = new Latest("/predict");
let start;
let controls = [];
let simulationFields = [];
let answer = null;
let simulated = null;
let stage = null;
let resting = 0;
let exported = { toml: "", rust: "", python: "" };

const page = {
  setting: null,
  ratios: null,
  simulatedWidth: 600,
  changed() {
    $("notice").textContent = "";
    changed();
  },
  rebuild() { build(); },
};

const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;

function load(setting) {
  page.setting = structuredClone(setting);
  const { width, dimension, samples } = setting;
  page.ratios = { dimension: dimension / width, samples: samples / dimension };
  stage = null;
  simulationFields.forEach((control) => control.show());
  build();
  changed();
}

// Makes the controls anew, and leaves the focus where it was.
function build() {
  const focused = document.activeElement?.closest?.("#controls .field");
  const before = focused && { key: focused.dataset.key, tag: document.activeElement.type };
  document.querySelectorAll("#controls fieldset.group").forEach((group) => group.remove());
  const all = groups(page);
  controls = all.flatMap((group) => group.controls);
  for (const { legend, controls: inner } of all) {
    inner.forEach((control) => { control.field.dataset.key = control.keys[0]; });
    $("simulate").before(h("fieldset", { class: "group" }, h("legend", {}, legend), ...inner.map((control) => control.field)));
  }
  if (before) {
    const again = document.querySelector(`#controls .field[data-key="${CSS.escape(before.key)}"]`);
    [...(again?.querySelectorAll("input, select") ?? [])].find((input) => input.type === before.tag)?.focus();
  }
}

function stages() {
  const last = page.setting.steps.length;
  if (stage === null || stage > last) stage = last;
  const wanted = `${last}`;
  if ($("stages").dataset.last !== wanted) {
    $("stages").dataset.last = wanted;
    $("stages").replaceChildren(h("legend", {}, "Weights"), ...Array.from({ length: last + 1 }, (_, t) => h("label", {},
      h("input", { type: "radio", name: "stage", value: t, onchange: () => { stage = t; simulated ? show() : changed(); } }), h("span", {}, `W${tables.subscript(t)}`))));
  }
  document.querySelectorAll("input[name=stage]").forEach((input) => { input.checked = Number(input.value) === stage; });
}

// The setting has changed: a draft at once, the whole when it rests.
function changed() {
  const since = performance.now();
  if (simulated) dropSimulation("The setting has changed; the simulation was of another one.");
  stages();
  ask("draft", since);
  clearTimeout(resting);
  resting = setTimeout(rest, REST);
}

function ask(detail, since) {
  // what is asked stays as it is while the setting goes on changing
  const question = structuredClone({ setting: page.setting, detail, step: stage });
  predictions.ask(question, detail === "draft", (found, problem) => {
    if (problem) return refuse(problem);
    settle();
    if (found.detail === "draft") keepFrom(answer, found);
    answer = found;
    answer.setting = question.setting;
    show();
    const taken = performance.now() - since;
    if (detail === "draft") {
      // for whoever measures; a few are kept
      if (performance.getEntriesByName("draft").length > 500) performance.clearMeasures("draft");
      performance.measure("draft", { start: since, end: performance.now() });
      const errors = answer.old_errors ? ", with test errors," : "";
      $("status").textContent = `Draft for dragging, ${taken.toFixed(0)} ms; the whole prediction${errors} follows at rest.`;
    } else {
      $("status").textContent = `Whole prediction, computed in ${answer.milliseconds.toFixed(0)} ms.`;
      $("live").textContent = tables.spoken(answer, answer.stages[stage]);
    }
  });
}

// A draft of many steps has no test errors; the last ones stay until the whole prediction comes.
function keepFrom(old, draft) {
  const asks = (page.setting.readout_samples ?? []).length > 0;
  if (old && asks && old.stages.length === draft.stages.length && draft.stages[0].readouts.length === 0) {
    draft.stages.forEach((stage, t) => { stage.readouts = old.stages[t].readouts; });
    draft.old_errors = true;
  }
}

function rest() {
  const address = `#${toAddress(page.setting)}`;
  if (location.hash !== address) history.replaceState(null, "", address);
  ask("whole", performance.now());
  post("/export", page.setting).then((texts) => { exported = texts; showExport(); }, () => {});
}

const showExport = () => { $("text").textContent = exported[chosen("language")]; };

// Sentences beside the controls they belong to, the others above all.
function refuse(problem) {
  settle();
  const fields = [...controls, ...simulationFields];
  const left = [];
  for (const { key, sentence } of problem.problems ?? [{ key: "page", sentence: problem.message }]) {
    const fitting = fields.filter((field) => field.keys.some((own) => key === own || key.startsWith(`${own}.`) || own.startsWith(`${key}.`)));
    const nearest = fitting.sort((a, b) => b.keys[0].length - a.keys[0].length)[0];
    if (nearest) nearest.tell(sentence);
    else left.push(key === "top level" || key === "page" ? sentence : `${key}: ${sentence}`);
  }
  $("alert").textContent = left.join("\n");
  $("picture-frame").classList.add("stale");
  $("status").textContent = "The picture is of the last setting that could be predicted.";
  if (!(problem instanceof Refused)) throw problem;
}

function settle() {
  [...controls, ...simulationFields].forEach((field) => field.tell(""));
  $("alert").textContent = "";
  $("picture-frame").classList.remove("stale");
}

function show() {
  const shown = simulated?.prediction ?? answer;
  if (!shown) return;
  const now = shown.stages[Math.min(stage, shown.stages.length - 1)];
  const measured = simulated?.stages[now.step] ?? null;
  drawSpectrum($("spectrum"), { log: chosen("axis") === "log", noise: shown.stages[0].density, law: now.step === 0 ? null : now.density, spectrum: now.spectrum, measured });
  $("title").textContent = tables.title(now, measured) + (simulated ? ` (N = ${simulated.width}, d = ${simulated.dimension}, n = ${simulated.samples})` : "");
  $("facts").replaceChildren(...tables.facts(shown, now, shown.setting ?? page.setting));
  $("outliers").replaceChildren(...tables.outliers(now, measured, simulated?.chance_overlaps));
  $("outliers-title").textContent = `Outliers of W${tables.subscript(now.step)}`;
  const errors = shown.stages.map((s) => s.readouts[0]?.errors.test_error);
  const hasErrors = errors.some(Number.isFinite);
  $("errors-title").parentElement.hidden = !hasErrors;
  if (hasErrors) {
    drawErrors($("errors-picture"), errors, simulated?.stages.map((s) => s.readouts[0]), (page.setting.target.noise ?? 0) ** 2);
    $("errors").replaceChildren(...tables.errors(shown.stages, simulated?.stages));
  }
  $("errors-title").parentElement.classList.toggle("stale", shown.old_errors === true);
  $("notes").replaceChildren(...tables.notes(shown, now));
  legend(now, measured);
}

function legend(now, measured) {
  const entry = (color, text) => {
    const swatch = h("i");
    swatch.style.background = `var(--${color})`;
    return h("span", {}, swatch, text);
  };
  const all = [entry("law", now.step === 0 ? "law of W₀" : "predicted bulk and its edge")];
  if (now.step > 0) all.push(entry("noise", "law of W₀"), entry("outlier", "predicted outliers, overlap with the teacher"));
  if (measured) all.push(entry("measured", "measured"));
  $("legend").replaceChildren(...all);
}

async function simulate() {
  $("run").disabled = true;
  try {
    settle();
    await post("/simulate", { setting: page.setting, width: page.simulatedWidth });
    $("stop").hidden = $("progress").hidden = false;
    await follow(structuredClone(page.setting));
  } catch (problem) {
    refuse(problem);
  } finally {
    $("run").disabled = false;
    $("stop").hidden = $("progress").hidden = true;
  }
}

// Asks how far the simulation is until it is over.
async function follow(setting) {
  for (;;) {
    const status = await get("/simulation");
    if (status.state === "running") {
      $("progress").value = status.fraction;
      $("simulated").textContent = `Simulating: ${status.doing}.`;
    } else if (status.state === "done") {
      const { outcome } = status;
      if (JSON.stringify(setting) !== JSON.stringify(page.setting)) {
        $("simulated").textContent = "The setting has changed since the simulation started; start it again.";
        return;
      }
      simulated = outcome;
      $("clear").hidden = false;
      const { width, dimension, samples, seconds } = outcome;
      const other = width === setting.width ? "" : ` The prediction shown is for this size too, not for N = ${setting.width}.`;
      $("simulated").textContent = `Measured at N = ${width}, d = ${dimension}, n = ${samples} in ${seconds.toFixed(1)} s.${other}`;
      show();
      return;
    } else {
      $("simulated").textContent = `No measurement: ${status.sentence ?? "nothing was started"}.`;
      return;
    }
    await new Promise((later) => setTimeout(later, POLL));
  }
}

function dropSimulation(sentence) {
  simulated = null;
  $("clear").hidden = true;
  $("simulated").textContent = sentence;
}

async function copy(text, sentence) {
  try {
    await navigator.clipboard.writeText(text);
    $("copied").textContent = sentence;
  } catch {
    $("copied").textContent = "The browser does not allow copying; select the text.";
  }
}

function save() {
  const names = { toml: "experiment.toml", rust: "main.rs", python: "experiment.py" };
  const address = URL.createObjectURL(new Blob([exported[chosen("language")]], { type: "text/plain" }));
  h("a", { href: address, download: names[chosen("language")] }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function fromHere() {
  let setting = null;
  let sentence = "";
  try {
    setting = fromAddress(location.hash.slice(1));
  } catch (error) {
    sentence = `${error.message}; the page starts with its own setting.`;
  }
  const { setting: whole, replaced } = sound(setting ?? start.setting, start.setting);
  if (replaced.length) sentence = `The address has no usable ${replaced.join(", ")}; those of the start are taken.`;
  load(whole);
  $("notice").textContent = sentence;
}

async function begin() {
  start = await get("/start");
  fromHere();
  simulationFields = simulationControls(page, start.simulated_width);
  $("simulate-fields").append(...simulationFields.map((control) => control.field));
  document.querySelectorAll("input[name=axis]").forEach((input) => input.addEventListener("change", show));
  document.querySelectorAll("input[name=language]").forEach((input) => input.addEventListener("change", showExport));
  $("run").addEventListener("click", simulate);
  $("stop").addEventListener("click", () => post("/stop", {}));
  $("clear").addEventListener("click", () => { dropSimulation(""); show(); });
  $("copy").addEventListener("click", () => copy($("text").textContent, "Copied."));
  $("link").addEventListener("click", () => copy(location.href, "Address copied."));
  $("save").addEventListener("click", save);
  $("reset").addEventListener("click", () => load(start.setting));
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", fromHere);
  new ResizeObserver(() => show()).observe($("spectrum"));
}

begin().catch((problem) => { $("alert").textContent = problem.message; });
