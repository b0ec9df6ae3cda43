"""Python functions as activations and links, of one number or of several."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable
from typing import Any, Callable, Union

import numpy as np
import numpy.typing as npt

Vectorised = Callable[[Any], Any]
"""A function that takes and returns NumPy arrays, entry by entry."""

# imaginary part of the complex step; its square is nothing beside any real part
_IMAGINARY = 1e-20
# a power of two, so that z + h is exact for moderate z; the fourth-order formula is then best at
# about 1e-11 for functions that vary on the scale 1
_STEP = 2.0**-10
# the complex step must agree this well with differences, or the function is not analytic
_AGREEMENT = 1e-6
# odd multiples of 1/16 and none at zero, where kinks usually are
_LOOKED_AT = np.arange(-127, 128, 2) / 16.0


def _name(function: Vectorised) -> str:
    named = getattr(function, "__name__", type(function).__name__)
    return "Python function" if named == "<lambda>" else str(named)


def _checked(
    name: str, found: Any, z: npt.NDArray[np.float64], shape: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    """What a function returned for `z`, when it is real and of the right shape."""
    found = np.asarray(found)
    if np.iscomplexobj(found):
        raise ValueError(f"{name} returned complex numbers for real ones")
    if found.ndim == 0:
        found = np.full(shape, found)
    if found.shape != shape:
        wanted = "" if shape == z.shape else f"; it should be {shape}"
        raise ValueError(
            f"{name} returned an array of shape {found.shape} for one of shape {z.shape}{wanted}"
        )
    return np.ascontiguousarray(found, dtype=np.float64)


class Function:
    """A Python function of one real number, as activation or link.

    Parameters
    ----------
    function : callable
        Takes and returns NumPy arrays, entry by entry. It is called from the threads of the
        computation, one at a time, with the NumPy error handling (:func:`numpy.errstate`) of where this
        object is made.
    derivative : callable or {"auto", "complex", "finite"}, default "auto"
        The derivative as a function, or how it is taken. Links need none.

        ``"complex"`` is the complex step Im f(z + i h) / h with h = 1e-20, right to rounding, for
        functions written with analytic NumPy functions. ``"finite"`` is the fourth-order difference
        (f(z - 2h) - 8 f(z - h) + 8 f(z + h) - f(z + 2h)) / (12 h) with h = 2^-10; its error is about
        1e-11 for a function that varies on the scale 1, h^4 |f^(5)| / 30 + 1e-13 |f| in general.
        ``"auto"`` takes the complex step where it agrees with the difference within 1e-6 at 128
        points between -8 and 8, and otherwise the difference. The attribute `method` says which.
    kinks : iterable of float, optional
        Where the function or its derivative jumps. Quadrature splits there, and differences are taken
        on one side.
    name : str, optional
        For reports; by default the function's.

    Examples
    --------
    >>> import numpy as np
    >>> from linear_width import Function
    >>> mish = Function(lambda z: z * np.tanh(np.log1p(np.exp(z))), name="mish")
    >>> mish.method
    'complex step'
    >>> Function(np.abs, kinks=[0.0]).method
    'finite differences'
    """

    def __init__(
        self,
        function: Vectorised,
        derivative: Union[str, Vectorised] = "auto",
        *,
        kinks: Iterable[float] = (),
        name: Union[str, None] = None,
    ) -> None:
        if not callable(function):
            raise ValueError(f"a function must be callable, and {function!r} is not")
        self.function = function
        self.kinks = [float(kink) for kink in kinks]
        self.name: str = name or _name(function)
        # every thread has error handling of its own; while the function is looked at, none
        on_error = np.geterr()
        self._on_error: Any = dict.fromkeys(on_error, "ignore")
        try:
            self.values(_LOOKED_AT.copy())
        except Exception as error:
            raise ValueError(
                f"{self.name} does not take a NumPy array and return one of the same shape "
                f"(numpy.vectorize makes a function that does): {error}"
            ) from error
        self.derivatives, self.method = self._differentiated(derivative)
        self._on_error = on_error

    def __repr__(self) -> str:
        return f"Function({self.name}, derivative: {self.method})"

    def values(self, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The function at the entries of `z`."""
        with np.errstate(**self._on_error):
            return _checked(self.name, self.function(z), z, z.shape)

    def _differentiated(self, derivative: Union[str, Vectorised]) -> tuple[Vectorised, str]:
        if callable(derivative):
            self._given = derivative
            return self._given_derivative, "given"
        if derivative == "complex":
            return self._complex_step, "complex step"
        if derivative == "finite":
            return self._difference, "finite differences"
        if derivative == "auto":
            if self._is_analytic():
                return self._complex_step, "complex step"
            return self._difference, "finite differences"
        raise ValueError(
            f"derivative is {derivative!r}; it must be a function, 'auto', 'complex' or 'finite'"
        )

    def _given_derivative(self, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        with np.errstate(**self._on_error):
            return _checked(self.name, self._given(z), z, z.shape)

    def _complex_step(self, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        with np.errstate(**self._on_error):
            found = np.asarray(self.function(z + 1j * _IMAGINARY))
        return np.ascontiguousarray(np.imag(np.broadcast_to(found, z.shape)) / _IMAGINARY)

    def _difference(self, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        h = _STEP
        both = np.array([-2.0, -1.0, 1.0, 2.0])
        weights = np.array([1.0, -8.0, 8.0, -1.0]) / (12.0 * h)
        at = z + h * both[:, None]
        found = weights @ self.values(at.ravel()).reshape(at.shape)
        # near a kink, forwards from its right side and backwards from its left
        for kink in self.kinks:
            near = np.abs(z - kink) <= 2.0 * h
            if near.any():
                side = np.where(z[near] >= kink, h, -h)
                at = z[near] + side * np.arange(5.0)[:, None]
                one_sided = np.array([-25.0, 48.0, -36.0, 16.0, -3.0]) / 12.0
                found[near] = one_sided @ self.values(at.ravel()).reshape(at.shape) / side
        return np.ascontiguousarray(found)

    def _is_analytic(self) -> bool:
        z = _LOOKED_AT.copy()
        try:
            # a cast of complex numbers to real ones is only a warning
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("error")
                if not np.iscomplexobj(np.asarray(self.function(z + 1j * _IMAGINARY))):
                    return False
                step = self._complex_step(z)
            difference = self._difference(z)
        except Exception:
            return False
        size = np.maximum(1.0, np.abs(difference))
        return bool(np.all(np.abs(step - difference) <= _AGREEMENT * size))


class MultiIndex:
    """A Python function of several numbers as a link: y = g(z_1, ..., z_p) + noise, z = B x.

    Parameters
    ----------
    function : callable
        Takes points (points x variables) and returns a number for each, an array of shape (points,).
        It is called from the threads of the computation, one at a time.
    variables : int
        The number p of teacher directions. Predictions are made for up to three.
    kinks : iterable of float, optional
        Where the function or its derivative jumps, in each variable. Quadrature splits there.
    name : str, optional
        For reports; by default the function's.

    Examples
    --------
    >>> import linear_width as lw
    >>> product = lw.MultiIndex(lambda z: z[:, 0] * z[:, 1], 2, name="z1 z2")
    >>> experiment = lw.Experiment(
    ...     width=200, dimension=100, samples=300, activation="erf",
    ...     target={"link": product, "noise": 0.1}, steps=[(2.0, 0.3)])
    >>> experiment.teacher.shape
    (2, 100)
    """

    def __init__(
        self,
        function: Vectorised,
        variables: int,
        *,
        kinks: Iterable[float] = (),
        name: Union[str, None] = None,
    ) -> None:
        if not callable(function):
            raise ValueError(f"a function must be callable, and {function!r} is not")
        self.function = function
        self.variables = operator.index(variables)
        if self.variables < 1:
            raise ValueError(f"variables is {variables}; it must be at least 1")
        self.kinks = [float(kink) for kink in kinks]
        self.name: str = name or _name(function)
        self._on_error: Any = np.geterr()
        # more points than a function has variables, and different numbers in each of them
        looked_at = np.outer(_LOOKED_AT, np.cos(np.arange(self.variables))) / 2.0
        try:
            self.values(looked_at)
        except Exception as error:
            raise ValueError(
                f"{self.name} does not take points (points x {self.variables}) and return a number "
                f"for each: {error}"
            ) from error

    def __repr__(self) -> str:
        return f"MultiIndex({self.name}, {self.variables} variables)"

    def values(self, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The function at the points `z` (points x variables)."""
        with np.errstate(**self._on_error):
            return _checked(self.name, self.function(z), z, (len(z),))
