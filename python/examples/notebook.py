"""Makes large_steps.ipynb of large_steps.py, runs it, and checks that the two agree.

    python notebook.py make     writes the notebook, executed
    python notebook.py check    the notebook's cells are those of the script
    python notebook.py run      executes the notebook, as it is, and keeps nothing
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
SCRIPT, NOTEBOOK = HERE / "large_steps.py", HERE / "large_steps.ipynb"


def cells() -> list[tuple[str, str]]:
    """Kind and text of every cell of the script, in the percent format."""
    found = []
    for part in ("\n" + SCRIPT.read_text()).split("\n# %%")[1:]:
        head, _, body = part.partition("\n")
        body = body.strip("\n")
        if head.strip() == "[markdown]":
            lines = body.split("\n")
            found.append(("markdown", "\n".join(line[2:] for line in lines)))
        else:
            found.append(("code", body))
    return found


def notebook() -> nbformat.NotebookNode:
    made = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    book = nbformat.v4.new_notebook(cells=[made[kind](text) for kind, text in cells()])
    for k, cell in enumerate(book.cells):
        cell["id"] = f"cell-{k}"
    book.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python"
    }  # fmt: skip
    return book


def executed(book: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return NotebookClient(book, timeout=600, resources={"metadata": {"path": HERE}}).execute()


def main(task: str) -> None:
    if task == "make":
        nbformat.write(executed(notebook()), NOTEBOOK)
        return
    book = nbformat.read(NOTEBOOK, as_version=4)
    if task == "check":
        if [(cell.cell_type, cell.source) for cell in book.cells] != cells():
            sys.exit("large_steps.ipynb is not made of large_steps.py: python notebook.py make")
    elif task == "run":
        code = [cell for cell in executed(book).cells if cell.cell_type == "code"]
        figures = [
            output
            for cell in code
            for output in cell.outputs
            if "image/png" in output.get("data", {})
        ]
        if len(figures) < 9:
            sys.exit(f"{len(figures)} figures were drawn; there should be 9")
        print(f"{len(code)} cells, {len(figures)} figures")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
