"""Keyword arguments as the tables that the compiled module reads."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional, Union

import numpy as np

from ._functions import Function, MultiIndex
from ._records import Record

# stands in the place of a function that has no name; it is not read
_STANDS_FOR = "erf"
# functions with parameters that all have defaults
_WITH_DEFAULTS = ("tanh", "sine", "leaky_relu", "softplus")
_LARGEST_INTEGER = 2**63 - 1


def plain(value: Any) -> Any:
    """Numbers, text, lists and dictionaries in place of NumPy's and of records."""
    if isinstance(value, Record):
        return plain(value.to_dict())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items() if part is not None}
    if isinstance(value, (list, tuple, range)):
        return [plain(part) for part in value]
    return value


def function(value: Any) -> tuple[Any, Optional[Function]]:
    """A function as TOML names it, or in the place of a Python function something with a name."""
    if isinstance(value, Function):
        return _STANDS_FOR, value
    if isinstance(value, MultiIndex):
        raise ValueError(f"{value!r} is a link; this must be a function of one number")
    if callable(value):
        return _STANDS_FOR, Function(value)
    if isinstance(value, str):
        return ({value: {}} if value in _WITH_DEFAULTS else value), None
    if isinstance(value, (list, tuple, np.ndarray)):
        return {"hermite": plain(value)}, None
    return plain(value), None


def target(value: Any) -> tuple[Any, Union[Function, MultiIndex, None]]:
    """A target as TOML has it: a dictionary with the key `link`, or only a link."""
    if not (isinstance(value, Mapping) and "link" in value):
        value = {"link": value}
    table = plain({key: part for key, part in value.items() if key != "link"})
    call: Union[Function, MultiIndex, None]
    if isinstance(value["link"], MultiIndex):
        for key in ("argument_scale", "without"):
            if key in table:
                raise ValueError(f"target.{key} is for links of one number")
        table["link"], call = _STANDS_FOR, value["link"]
    else:
        table["link"], call = function(value["link"])
    directions = table.get("directions")
    if isinstance(directions, list) and directions and not isinstance(directions[0], list):
        table["directions"] = [directions]
    return table, call


def steps(value: Any) -> Any:
    """Step sizes: numbers, pairs (constant, alpha), or dictionaries."""
    value = plain(value)
    if isinstance(value, (int, float)):
        value = [value]
    if not isinstance(value, list):
        return value
    return [_step(step) for step in value]


def _step(step: Any) -> Any:
    if isinstance(step, bool):
        return step
    if isinstance(step, (int, float)):
        return {"constant": float(step), "alpha": 0.0}
    if isinstance(step, list) and len(step) == 2:
        return {"constant": step[0], "alpha": step[1]}
    return step


class Table(NamedTuple):
    """The table of the settings, and what has no name in TOML."""

    values: dict[str, Any]
    activation: Optional[Function]
    link: Optional[Function]
    multi_index: Optional[MultiIndex]


def table(settings: Mapping[str, Any]) -> Table:
    """The keyword arguments as TOML has them."""
    values = {name: value for name, value in settings.items() if value is not None}
    activation: Optional[Function] = None
    link: Union[Function, MultiIndex, None] = None
    if "activation" in values:
        values["activation"], activation = function(values["activation"])
    if "target" in values:
        values["target"], link = target(values["target"])
    if "steps" in values:
        values["steps"] = steps(values["steps"])
    law = values.get("second_layer")
    if isinstance(law, (list, tuple, np.ndarray)):
        values["second_layer"] = {"fixed": law}
    for name in ("readout_samples", "readout_lambdas"):
        if isinstance(values.get(name), (int, float, np.generic)):
            values[name] = [values[name]]
    values = plain(values)
    seed = values.get("seed")
    if isinstance(seed, int) and seed > _LARGEST_INTEGER:
        values["seed"] = str(seed)
    if isinstance(link, MultiIndex):
        return Table(values, activation, None, link)
    return Table(values, activation, link, None)


def with_data(values: dict[str, Any], samples: int, dimension: int) -> dict[str, Any]:
    """The settings of an experiment on given data, which stands in the place of a target."""
    if "target" in values:
        raise ValueError("an experiment on given data has no target")
    values = {"dimension": dimension, **values, "target": {"link": _STANDS_FOR}}
    taken = values.get("steps")
    same = values.get("batches") == "reused" or (isinstance(taken, list) and len(taken) <= 1)
    return {"samples": samples, **values} if same else values


def matrix(array: Any, name: str = "the matrix") -> np.ndarray[Any, Any]:
    """A 2-D array of float32 or float64 that the compiled module can read."""
    return _readable(array, 2, name)


def vector(array: Any, name: str) -> np.ndarray[Any, Any]:
    """A 1-D array of float64."""
    return _readable(array, 1, name).astype(np.float64, copy=False)


def _readable(array: Any, dimensions: int, name: str) -> np.ndarray[Any, Any]:
    if isinstance(array, np.ma.MaskedArray):
        raise ValueError(f"{name} is a masked array; fill or take out what is masked")
    array = np.asarray(array)
    if array.ndim != dimensions:
        raise ValueError(f"{name} has shape {array.shape}; it must have {dimensions} dimensions")
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} has entries of type {array.dtype}; they must be real numbers")
    wanted = np.float32 if array.dtype.kind == "f" and array.dtype.itemsize == 4 else np.float64
    # native byte order, aligned; strides may be any
    return np.require(array, dtype=wanted, requirements=["A"])


def count(value: Any, name: str) -> int:
    """A number of things."""
    number = operator.index(value)
    if not 0 <= number <= _LARGEST_INTEGER:
        raise ValueError(f"{name} is {number}; it must lie in [0, 2^63)")
    return number


def numbers(values: Any) -> tuple[np.ndarray[Any, Any], tuple[int, ...]]:
    """Numbers of any shape as a list of float64, and their shape."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"entries of type {array.dtype} were given; they must be real numbers")
    array = array.astype(np.float64)
    return np.ascontiguousarray(array.ravel()), array.shape


def shaped(values: np.ndarray[Any, Any], shape: tuple[int, ...]) -> Any:
    """The numbers in this shape; one number as a float."""
    return float(values[0]) if shape == () else values.reshape(shape)
