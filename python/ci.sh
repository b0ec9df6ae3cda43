#!/usr/bin/env bash
# Builds the wheel, installs it into a clean environment, and tests it there. Needs Python 3.9 or later
# with venv, and the packages of pyproject.toml from a registry or a folder of wheels.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo fmt --check
python3 -m venv "$work/venv"
python="$work/venv/bin/python"
# the interpreter that maturin names, for all builds
export PYO3_PYTHON="$python"
"$python" -m pip install --quiet "maturin>=1.8,<2"
"$work/venv/bin/maturin" build --release --locked --quiet --out "$work/wheels"
"$python" -m pip install --quiet "$(echo "$work"/wheels/*.whl)[test]"
cargo clippy --release --locked --workspace --all-targets -- -D warnings
# with the package, whose features the dependencies then have again, and are not compiled anew
cargo build --release --locked --quiet --workspace --bin reference

# the installed package, not this folder
cp -r tests examples pyproject.toml "$work"
export LINEAR_WIDTH_READMES="$PWD/../README.md:$PWD/README.md"
cd "$work"
export LINEAR_WIDTH_REFERENCE="$CARGO_TARGET_DIR/release/reference"
"$python" -m pytest -q tests
"$python" -m pytest -q --doctest-modules --pyargs linear_width
"$python" -m mypy --config-file pyproject.toml -p linear_width
# (pyo3's classes have a layout of their own, which the stub cannot say before Python 3.15)
"$python" -m mypy.stubtest --concise --ignore-disjoint-bases --mypy-config-file pyproject.toml linear_width._core
"$python" examples/notebook.py check
"$python" examples/notebook.py run
