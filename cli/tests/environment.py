"""A virtual environment for the scripts of this folder."""

import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run_again(name, packages):
    """Runs the script again with these packages, in the environment target/`name`, and ends."""
    place = ROOT / "target" / name
    python = place / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == place.resolve():
        raise ImportError(f"{place} lacks one of {packages}")
    if not python.exists():
        venv.create(place, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    sys.exit(subprocess.run([python, *sys.argv]).returncode)
