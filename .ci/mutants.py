#!/usr/bin/env python3
"""Mutation testing with one build for all mutants (docs/mutants.md).

    python3 .ci/mutants.py build      # copy of the crate with all mutants in it, unviable ones struck out
    python3 .ci/mutants.py baseline   # each test by itself: does it pass, how long, which functions it reaches
    python3 .ci/mutants.py run --seconds 2          # each mutant against the tests that reach it and last less
    python3 .ci/mutants.py run --seconds 60 --again # survivors once more, against slower tests too
    python3 .ci/mutants.py table      # numbers per file, and the survivors

The mutants are those of `cargo mutants --list`. A function with mutants becomes a match on the environment
variable MUTANT, one arm for each mutated body, so that a mutant costs a run of its tests and no build.
Everything is written to target/mutants (or $MUTANTS_FOLDER).
"""
import argparse, collections, concurrent.futures, json, os, pathlib, resource, shutil, subprocess, sys
import threading, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = pathlib.Path(os.environ.get("MUTANTS_FOLDER", ROOT / "target/mutants"))
TREE, RESULTS = FOLDER / "tree", FOLDER / "results.jsonl"
FILES = ["src/theory/**", "src/training/**"]
# the integration tests that reach these folders; made modules of the library, which is then built once
TESTS = ["conditional_spikes", "gradient", "properties_theory", "properties_training", "prediction_closed_form",
         "prediction_golden", "prediction_limits", "partial_reuse", "prediction_simulation", "odd_shapes", "runs"]
# the crate itself at a low level, to build soon; dependencies as always
CARGO = ["--release", "--features", "config", "--config", "profile.release.package.linear-width.opt-level=1"]

# what each mutated function asks; when RECORD is set, also notes which functions were reached
SWITCH = """//! Which mutant is on.
use std::io::Write as _;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

static ACTIVE: LazyLock<u32> =
    LazyLock::new(|| std::env::var("MUTANT").ok().and_then(|id| id.parse().ok()).unwrap_or(u32::MAX));
static RECORD: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("RECORD").ok());
static SEEN: [AtomicBool; FUNCTIONS] = [const { AtomicBool::new(false) }; FUNCTIONS];

/// The mutant that is on.
#[inline]
pub fn active(function: usize) -> u32 {
    if RECORD.is_some() { note(function) }
    *ACTIVE
}

#[cold]
fn note(function: usize) {
    if let (Some(path), false) = (&*RECORD, SEEN[function].swap(true, Ordering::Relaxed)) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(format!("{function}\\n").as_bytes()).unwrap();
    }
}
"""


def quiet():
    while os.path.exists(os.environ.get("QUIET_FILE", "/nonexistent")):
        time.sleep(5)


def load(name):
    return json.loads((FOLDER / name).read_text())


def store(name, value):
    (FOLDER / name).write_text(json.dumps(value, indent=1))


def offset(starts, place):
    return starts[place["line"] - 1] + place["column"] - 1


def outermost(mutants, starts):
    """Mutants of one file by the outermost function they lie in: [(start, end, [mutant])]."""
    groups = []
    key = lambda m: (offset(starts, m["function"]["span"]["start"]), -offset(starts, m["function"]["span"]["end"]))
    for m in sorted(mutants, key=key):
        start, end = key(m)[0], -key(m)[1]
        if groups and start < groups[-1][1]:
            groups[-1][2].append(m)
        else:
            groups.append((start, end, [m]))
    return groups


def body_start(text, start, name):
    """Behind the brace that opens the body of the function that starts at `start`."""
    at = text.index("fn ", start)
    depth = 0
    while True:
        at += 1
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[at], 0)
        if text[at] == "{" and depth == 0:
            return at + 1


def write_tree(mutants, struck):
    """Writes the mutated sources; returns {file: [(first line, last line, id)]} and the function of each mutant."""
    by_file = collections.defaultdict(list)
    for m in mutants:
        by_file[m["file"]].append(m)
    lines, function_of, functions = {}, {}, 0
    for file, group in sorted(by_file.items()):
        text = (ROOT / file).read_text()
        starts = [0]
        for line in text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        out, last, lines[file] = "", 0, []
        for start, end, members in outermost(group, starts):
            for m in members:
                function_of[m["id"]] = functions
            begin = body_start(text, start, members[0]["function"]["function_name"])
            body = text[begin : end - 1]
            out += text[last:begin] + f"\nmatch crate::mutation::active({functions}) {{\n"
            for m in members:
                if m["id"] in struck:
                    continue
                a, b = (offset(starts, m["span"][k]) - begin for k in ("start", "end"))
                assert 0 <= a <= b <= len(body), m["name"]
                arm = f"{m['id']} => {{{body[:a]} {m['replacement']} {body[b:]}}}\n"
                first = out.count("\n") + 1
                out += arm
                lines[file].append((first, out.count("\n"), m["id"]))
            out += f"_ => {{{body}}}\n}}\n"
            last = end - 1
            functions += 1
        (TREE / file).write_text(out + text[last:])
    (TREE / "src/mutation.rs").write_text(SWITCH.replace("FUNCTIONS]", f"{functions}]").replace("; FUNCTIONS", f"; {functions}"))
    lib = (ROOT / "src/lib.rs").read_text()
    at = lib.index("\nmod ") + 1
    modules = "mod mutation;\n#[cfg(test)] extern crate self as linear_width;\n"
    modules += "".join(f'#[cfg(test)] #[path = "../tests/{t}.rs"] mod {t};\n' for t in TESTS)
    (TREE / "src/lib.rs").write_text(lib[:at] + modules + lib[at:])
    return lines, function_of


def cargo(*args):
    quiet()
    return subprocess.run(["nice", "-n", "10", "cargo", *args], cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env={**os.environ, "CARGO_TARGET_DIR": str(FOLDER / "target"), "CARGO_INCREMENTAL": "1"})


def spans(message):
    """All places of an error, those behind macros too."""
    for span in message["spans"]:
        while span:
            yield span["file_name"], span["line_start"]
            span = (span.get("expansion") or {}).get("span")
    for child in message["children"]:
        yield from spans(child)


def copy_tree():
    TREE.mkdir(parents=True, exist_ok=True)
    for part in subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.split("\n"):
        source, target = ROOT / part, TREE / part
        if part and source.is_file() and (not target.exists() or source.read_bytes() != target.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def build(arguments):
    FOLDER.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(["cargo", "mutants", "--list", "--json", *(x for f in FILES for x in ("-f", f))],
                            cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    mutants = json.loads(listed)
    for i, m in enumerate(mutants):
        m["id"] = i
        del m["diff"]
    # two arms of an opaque type are never the same type: these are for cargo-mutants itself
    left_out = [m for m in mutants if "impl " in (m["function"]["return_type"] or "")]
    mutants = [m for m in mutants if m not in left_out]
    part, parts = map(int, arguments.sample.split("/"))
    mutants = [m for m in mutants if m["id"] % parts == part or any(m["file"].startswith(p) for p in arguments.whole)]
    if arguments.survivors:
        left = {n for n, e in results().items() if e["outcome"] in ("survived", "not reached")}
        mutants = [m for m in mutants if m["name"] in left]
    copy_tree()
    struck = {}
    if arguments.keep:
        same = {m["id"]: m["name"] for m in load("mutants.json")}
        struck = {int(i): why for i, why in load("struck.json").items()}
        assert all(same.get(m["id"]) == m["name"] for m in mutants if m["id"] in struck)
    for _ in range(12):
        lines, function_of = write_tree(mutants, struck)
        found = cargo("check", *CARGO, "--lib", "--message-format=json")
        errors = [json.loads(line) for line in found.stdout.splitlines() if '"level":"error"' in line]
        fresh, elsewhere = {}, []
        for error in errors:
            message, hits = error["message"], set()
            for file, line in spans(message):
                hits |= {i for a, b, i in lines.get(file, []) if a <= line <= b}
            for i in hits:
                fresh[i] = message["message"]
            if not hits and not message["message"].startswith("aborting"):
                elsewhere.append(message["rendered"])
        print(f"{len(mutants)} mutants, {len(struck)} struck out, {len(fresh)} more do not compile", flush=True)
        if elsewhere and not fresh:
            sys.exit("".join(elsewhere[:3]))
        if not fresh:
            break
        struck |= fresh
    store("mutants.json", mutants)
    store("left_out.json", [m["name"] for m in left_out])
    store("struck.json", struck)
    store("functions.json", function_of)
    compile(arguments)


def compile(_):
    """The test binaries of what `build` wrote."""
    binaries = {}
    begin = time.time()
    found = cargo("test", *CARGO, "--lib", "--no-run", "--message-format=json")
    for line in found.stdout.splitlines():
        if '"executable":"' in line:
            artifact = json.loads(line)
            if artifact["profile"]["test"]:
                binaries[artifact["target"]["name"]] = artifact["executable"]
    if found.returncode:
        sys.exit(found.stderr[-3000:])
    store("binaries.json", binaries)
    print(f"{len(binaries)} test binaries, built in {time.time() - begin:.0f} s")


def execute(binary, tests, seconds, **environment):
    """Runs the tests of a binary; None when all pass, else "failed" or "timeout"; and the processor time.

    The limit is on processor time, so that pauses of the machine do not count.
    """
    def limits():
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
    quiet()
    arguments = ["nice", "-n", "10", binary, "--exact", "--test-threads=1", *tests]
    process = subprocess.Popen(arguments, cwd=TREE, preexec_fn=limits, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "RAYON_NUM_THREADS": "1", "RUST_BACKTRACE": "0", **environment})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    spent = usage.ru_utime + usage.ru_stime
    if status == 0:
        return None, spent
    return ("timeout" if os.WIFSIGNALED(status) and spent >= seconds else "failed"), spent


def baseline(arguments):
    tests = load("tests.json") if (FOLDER / "tests.json").exists() and arguments.keep else []
    known = {(t["binary"], t["test"]) for t in tests}
    for name, binary in sorted(load("binaries.json").items(), key=lambda pair: pair[0] != "linear_width"):
        listed = subprocess.run([binary, "--list", "--format=terse"], cwd=TREE, stdout=subprocess.PIPE, text=True).stdout
        for line in listed.splitlines():
            test = line.removesuffix(": test")
            if not line.endswith(": test") or (name, test) in known or not any(x in test for x in arguments.only):
                continue
            if any(x in test for x in arguments.without):
                continue
            record = FOLDER / "record"
            record.unlink(missing_ok=True)
            begin = time.time()
            outcome, spent = execute(binary, [test], arguments.seconds, RECORD=str(record))
            reached = sorted(set(map(int, record.read_text().split()))) if record.exists() else []
            tests.append(dict(binary=name, test=test, outcome=outcome, seconds=spent, reached=reached))
            store("tests.json", tests)
            print(f"{spent:7.2f} s cpu {time.time() - begin:7.2f} s  {outcome or 'passes'}  {len(reached):3} functions  {name} {test}", flush=True)


def one(mutant, tests, binaries, limit):
    """The fate of one mutant: the cheapest tests first, the many that last no time in one process."""
    groups = collections.OrderedDict()
    for t in sorted(tests, key=lambda t: t["seconds"]):
        key = (t["binary"], "" if t["seconds"] < 0.1 else t["test"])
        groups.setdefault(key, []).append(t)
    total = 0.0
    for (binary, _), group in groups.items():
        need = sum(t["seconds"] for t in group)
        outcome, spent = execute(binaries[binary], [t["test"] for t in group], 3 + 4 * need, MUTANT=str(mutant["id"]))
        total += spent
        if outcome:
            return outcome, f"{binary} {group[0]['test'] if len(group) == 1 else '(%d short)' % len(group)}", total
    return ("survived" if groups else "not reached"), f"{len(tests)} tests", total


def results():
    found = {}
    if RESULTS.exists():
        for line in RESULTS.read_text().splitlines():
            entry = json.loads(line)
            found[entry["name"]] = entry
    return found


def run(arguments):
    mutants, struck, functions = load("mutants.json"), load("struck.json"), load("functions.json")
    binaries, tests, done = load("binaries.json"), load("tests.json"), results()
    usable = [t for t in tests if not t["outcome"] and t["seconds"] <= arguments.seconds
              and not any(x in t["binary"] + " " + t["test"] for x in arguments.without)]
    reaching = collections.defaultdict(list)
    for t in usable:
        for f in t["reached"]:
            reaching[f].append(t)
    survivors = {n for n, e in done.items() if e["outcome"] in ("survived", "not reached")}
    todo = [m for m in mutants if str(m["id"]) not in struck and any(m["file"].startswith(p) for p in arguments.file)
            and (m["name"] not in done or (arguments.again and m["name"] in survivors))
            and any(p in m["name"] for p in arguments.name)]
    # spread over files and functions, so that a part is a sample
    if arguments.spread:
        todo = [m for k in range(arguments.spread) for m in todo[k :: arguments.spread]]
    begin, lock, deadline, counts = time.time(), threading.Lock(), time.time() + 60 * arguments.minutes, collections.Counter()

    def task(m):
        if time.time() > deadline:
            return
        choice = reaching[functions[str(m["id"])]]
        if arguments.again:
            # what it has outlived need not be run again
            old = done.get(m["name"], {}).get("outlived", [])
            choice = [t for t in choice if f"{t['binary']} {t['test']}" not in old]
        outcome, by, spent = one(m, choice, binaries, arguments.seconds)
        entry = dict(name=m["name"], file=m["file"], genre=m["genre"], outcome=outcome, by=by, seconds=round(spent, 2))
        if outcome in ("survived", "not reached"):
            entry["outlived"] = sorted({f"{t['binary']} {t['test']}" for t in choice} | set(done.get(m["name"], {}).get("outlived", [])))
            if entry["outlived"]:
                entry["outcome"] = "survived"
        with lock:
            counts[outcome] += 1
            with open(RESULTS, "a") as file:
                file.write(json.dumps(entry) + "\n")
            n = sum(counts.values())
            if n % 20 == 0 or outcome in ("survived", "not reached"):
                print(f"{n}/{len(todo)} {time.time() - begin:.0f} s {dict(counts)}  {outcome if outcome[0] != 'f' else ''} {m['name'] if outcome[0] in 'sn' else ''}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(task, todo))
    print(f"{sum(counts.values())} mutants in {time.time() - begin:.0f} s: {dict(counts)}")


def table(_):
    mutants, struck, done = load("mutants.json"), load("struck.json"), results()
    rows = collections.defaultdict(collections.Counter)
    for m in mutants:
        outcome = "unviable" if str(m["id"]) in struck else done.get(m["name"], {}).get("outcome", "not tried")
        rows[m["file"]][outcome] += 1
        rows["total"][outcome] += 1
    columns = ["failed", "timeout", "survived", "not reached", "unviable", "not tried"]
    print("| file | mutants | " + " | ".join(columns) + " |\n" + "|---" * (len(columns) + 2) + "|")
    for file in sorted(rows, key=lambda f: (f == "total", f)):
        print(f"| {file} | {sum(rows[file].values())} | " + " | ".join(str(rows[file][c]) for c in columns) + " |")
    for m in mutants:
        if done.get(m["name"], {}).get("outcome") in ("survived", "not reached"):
            print(m["name"])


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("what", choices=["build", "compile", "baseline", "run", "table"])
parser.add_argument("--sample", default="0/1", help="build: k/n, every n-th mutant")
parser.add_argument("--whole", nargs="*", default=[], help="build: all mutants of files that begin so")
parser.add_argument("--survivors", action="store_true", help="build: of these only what has survived so far, for new tests")
parser.add_argument("--seconds", type=float, default=2.0, help="leave out tests that last longer")
parser.add_argument("--minutes", type=float, default=1e9, help="begin no mutant after so many minutes")
parser.add_argument("--file", nargs="*", default=[""], help="only files that begin so")
parser.add_argument("--name", nargs="*", default=[""], help="only mutants whose name contains one of these")
parser.add_argument("--only", nargs="*", default=[""], help="baseline: only tests whose name contains one of these")
parser.add_argument("--without", nargs="*", default=[], help="baseline, run: leave out tests whose name contains this")
parser.add_argument("--again", action="store_true", help="survivors too, against tests they have not met")
parser.add_argument("--keep", action="store_true", help="build, baseline: keep what was found before")
parser.add_argument("--spread", type=int, default=0, help="take every n-th mutant first")
parser.add_argument("--jobs", type=int, default=2)
arguments = parser.parse_args()
globals()[arguments.what](arguments)
