"""Objects with named parts, made of the dictionaries that the compiled module returns."""

from __future__ import annotations

import html
import json
import keyword
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
"""An array of float64."""


class Record:
    """A value with named parts, which are attributes.

    Two records are equal when their parts are. The parts of a record are listed in the documentation
    of its class, ``help(type(record))``.
    """

    _names: ClassVar[tuple[str, ...]] = ()
    _arrays: ClassVar[frozenset[str]] = frozenset()
    _classes: ClassVar[dict[str, type[Record]]] = {}

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        found: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            if issubclass(base, Record) and base is not Record:
                found.update(getattr(base, "__annotations__", {}))
        cls._names = tuple(name for name in found if not name.startswith("_"))
        cls._arrays = frozenset(
            name for name in cls._names if found[name] in ("Array", "Optional[Array]")
        )
        # a class of the user's may have the name of one of ours
        if cls.__module__.partition(".")[0] == __name__.partition(".")[0]:
            Record._classes[cls.__name__] = cls

    def __init__(self, **parts: Any) -> None:
        if set(parts) != set(self._names):
            wrong = ", ".join(sorted(set(parts) ^ set(self._names)))
            raise TypeError(f"{type(self).__name__}: parts missing or unknown: {wrong}")
        for name in self._names:
            value = parts[name]
            if name in self._arrays and value is not None:
                value = np.asarray(value, dtype=np.float64)
            setattr(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """The parts as a dictionary, those of the parts too. Arrays stay NumPy arrays."""
        return {name: _plain(getattr(self, name)) for name in self._names}

    def to_json(self, **arguments: Any) -> str:
        """The parts as JSON, arrays as lists; `arguments` go to :func:`json.dumps`."""
        return json.dumps(self.to_dict(), default=_listed, **arguments)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(_equal(getattr(self, name), getattr(other, name)) for name in self._names)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={_short(getattr(self, name))}" for name in self._names)
        return f"{type(self).__name__}({parts})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{name}</th>"
            f"<td style='text-align:left'>{html.escape(_short(getattr(self, name)))}</td></tr>"
            for name in self._names
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def made(value: Any) -> Any:
    """The records that a value of the compiled module stands for."""
    if isinstance(value, dict):
        name = value.pop("__struct__", None)
        if name == "Array":
            return np.array(value["data"], dtype=np.float64).reshape(value["dim"])
        # a word of the language cannot be an attribute: `lambda_`
        spelled = {key: key + "_" if keyword.iskeyword(key) else key for key in value}
        parts = {spelled[key]: made(part) for key, part in value.items()}
        known = Record._classes.get(name) if isinstance(name, str) else None
        return known(**parts) if known else parts
    # lists of numbers are long
    if isinstance(value, list) and value and not isinstance(value[0], (float, int, str)):
        return [made(part) for part in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value


def _listed(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON")


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return a is not None and b is not None and np.array_equal(a, b, equal_nan=True)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(a == b)


def _short(value: Any) -> str:
    """A line for a value."""
    if isinstance(value, np.ndarray):
        if value.size <= 4 and value.ndim == 1:
            return "[" + ", ".join(f"{x:.6g}" for x in value) + "]"
        return f"<array of shape {value.shape}>"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and len(value) > 4 and not isinstance(value[0], Record):
        return f"<list of {len(value)}>"
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    return repr(value)
