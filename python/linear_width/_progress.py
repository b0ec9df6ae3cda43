"""Progress of a run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable, NamedTuple, Union


class Progress(NamedTuple):
    """Where a run is.

    Attributes
    ----------
    step : int
        The step, from 1; 0 for the spectrum of W_0.
    steps : int
        The number of steps.
    in_spectrum : bool
        Whether the weights after this step are being measured.
    tile, tiles : int
        How many tiles of the batch the step has processed, of how many.
    fraction : float
        Of the whole run, estimated, never falling.
    """

    step: int
    steps: int
    in_spectrum: bool
    tile: int
    tiles: int
    fraction: float

    def __str__(self) -> str:
        return f"spectrum of W_{self.step}" if self.in_spectrum else f"step {self.step}"


Observer = Callable[..., Any]


@contextmanager
def observer(
    progress: Union[None, bool, Callable[[Progress], Any]],
) -> Iterator[Union[Observer, None]]:
    """The function that the compiled module calls, while the run lasts."""
    if progress is None or progress is False:
        yield None
    elif callable(progress):
        yield lambda *parts: progress(Progress(*parts))
    elif progress is True:
        try:
            from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]
        except ImportError:
            yield _lines()
            return
        layout = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
        with tqdm(total=1.0, bar_format=layout) as bar:

            def show(*parts: Any) -> None:
                now = Progress(*parts)
                bar.set_description_str(str(now), refresh=False)
                bar.update(now.fraction - bar.n)

            yield show
    else:
        raise ValueError(f"progress is {progress!r}; it must be True or a function")


def _lines() -> Observer:
    """A line for every tenth of the run."""
    shown = 0

    def show(*parts: Any) -> None:
        nonlocal shown
        now = Progress(*parts)
        if int(10 * now.fraction) > shown:
            shown = int(10 * now.fraction)
            print(f"{now}: {10 * shown} %", file=sys.stderr)

    return show
