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
"$python" -m pip install --quiet "maturin>=1.8,<2"
"$work/venv/bin/maturin" build --release --locked --quiet --out "$work/wheels"
"$python" -m pip install --quiet "$(echo "$work"/wheels/*.whl)[test]"
cargo clippy --release --locked --workspace --all-targets -- -D warnings
cargo build --release --locked --quiet -p reference

# the installed package, not this folder
cp -r tests examples pyproject.toml "$work"
cd "$work"
export LINEAR_WIDTH_REFERENCE="$CARGO_TARGET_DIR/release/reference"
"$python" -m pytest -q tests
"$python" -m pytest -q --doctest-modules --pyargs linear_width
"$python" -m mypy --config-file pyproject.toml -p linear_width
"$python" examples/notebook.py check
"$python" examples/notebook.py run
