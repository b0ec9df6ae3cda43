#!/usr/bin/env python3
"""Lines of src that the tests reach (docs/coverage.md).

    python3 .ci/coverage.py build            # instrumented test binaries, in target/llvm-cov
    python3 .ci/coverage.py run NAME...      # these tests, or all but the long ones
    python3 .ci/coverage.py join             # the number, and the lines that are not reached

Each binary is looked at with its own profiles and the lines are joined: with all at once llvm-cov leaves
functions out whose profiles differ between binaries. Needs the component llvm-tools (rustup component add llvm-tools).
"""
import collections, json, os, pathlib, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "target/llvm-cov"
# open to all: some tests start processes of another user
PROFILES = pathlib.Path(os.environ.get("COVERAGE_PROFILES", "/tmp/linear-width-profiles"))
BINARIES = TARGET / "binaries.json"
LONG = {"drift", "golden_simulation", "partial_reuse_simulation", "prediction_limits", "prediction_simulation",
        "simulated_means"}


def tool(name, *arguments):
    rustc = lambda *a: subprocess.run(["rustc", *a], check=True, capture_output=True, text=True).stdout
    host = next(line.split()[1] for line in rustc("-vV").splitlines() if line.startswith("host"))
    path = pathlib.Path(rustc("--print", "sysroot").strip()) / "lib/rustlib" / host / "bin" / name
    # profiles of killed processes are cut short, and left out
    return subprocess.run([path, *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True).stdout


def build():
    TARGET.mkdir(parents=True, exist_ok=True)
    wrapper = TARGET / "instrumented-rustc"
    wrapper.write_text('#!/bin/sh\nexec "$@" -C instrument-coverage\n')
    wrapper.chmod(0o755)
    environment = os.environ | {"RUSTC_WORKSPACE_WRAPPER": str(wrapper), "CARGO_TARGET_DIR": str(TARGET),
                                "LLVM_PROFILE_FILE": "/dev/null"}
    command = ["cargo", "test", "--release", "--features", "config", "--lib", "--tests", "--no-run",
               "--message-format", "json-render-diagnostics"]
    lines = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = map(json.loads, lines.splitlines())
    tests = {m["target"]["name"]: m["executable"] for m in messages if m.get("executable") and m["profile"]["test"]}
    BINARIES.write_text(json.dumps(tests, indent=1))


def run(names):
    binaries = json.loads(BINARIES.read_text())
    PROFILES.mkdir(exist_ok=True)
    PROFILES.chmod(0o1777)
    for name in names or sorted(binaries.keys() - LONG):
        for old in PROFILES.glob(f"{name}-*.profraw"):
            old.unlink()
        environment = os.environ | {"LLVM_PROFILE_FILE": str(PROFILES / f"{name}-%p.profraw")}
        result = subprocess.run([binaries[name], "--quiet"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        print(name, "passed" if result.returncode == 0 else "FAILED", flush=True)


def join():
    reached = collections.defaultdict(collections.Counter)
    names = []
    for name, binary in json.loads(BINARIES.read_text()).items():
        profiles = [p for p in PROFILES.glob(f"{name}-*.profraw") if p.name[len(name) + 1].isdigit()]
        if not profiles:
            continue
        names.append(name)
        data = PROFILES / f"{name}.profdata"
        tool("llvm-profdata", "merge", "--failure-mode=all", "-sparse", *profiles, "-o", data)
        file = None
        for line in tool("llvm-cov", "export", "-format=lcov", f"-instr-profile={data}", binary).splitlines():
            kind, _, rest = line.partition(":")
            if kind == "SF":
                path = pathlib.Path(rest)
                file = path.relative_to(ROOT) if path.is_relative_to(ROOT / "src") else None
            elif kind == "DA" and file:
                number, count = map(int, rest.split(",")[:2])
                reached[file][number] += count
    lines = sum(map(len, reached.values()))
    missed = {file: sorted(n for n, count in counts.items() if count == 0) for file, counts in reached.items()}
    hit = lines - sum(map(len, missed.values()))
    print(f"{len(names)} binaries, {hit} of {lines} lines, {100 * hit / lines:.1f} %")
    for file, numbers in sorted(missed.items()):
        if numbers:
            print(file, *numbers)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build"]:
            build()
        case ["run", *names]:
            run(names)
        case ["join"]:
            join()
        case _:
            sys.exit(__doc__)
