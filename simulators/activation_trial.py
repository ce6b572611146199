"""Whether a function that people bring can be an activation: tried on numbers before any kernel is computed from it.

What is asked for: an elementwise function of a float64 tensor of torch, the same at every call, finite on [-6, 6], and
the integral of its derivative there, as a function with a jump is not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from .measurement import MeasurementError

END, PANELS = 6.0, 2**13
"""The function is tried on [-END, END], in so many panels."""
GAP = 1e-3
"""How far a function may be from the integral of its derivative, relative to its span: the midpoint rule errs less for
functions that move on scales above 0.01, and a jump of a thousandth of the span is seen."""

WANTED = "an elementwise function of a float64 tensor of torch, such as torch.tanh"
BROKEN = (RuntimeError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, NotImplementedError)
"""What a function raises that does not take tensors."""


def tried(name: str, function: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> None:
    """Nothing, or a `MeasurementError` that says what about the function or its derivative ``slope`` is wrong."""
    with torch.random.fork_rng(devices=[]):  # a function that draws is refused, and leaves no trace in what others draw
        _tried(name, function, slope)


def _tried(name: str, function: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> None:
    z = torch.linspace(-END, END, PANELS + 1, dtype=torch.float64, device="cpu")
    values = _called(name, function, z)
    if not _same(_called(name, function, z[::2]), values[::2]):
        raise MeasurementError(
            f"activation {name!r} with other values for some of the numbers than for all of them",
            "a function of each number alone, without randomness; a module in training mode wants .eval()",
        )
    middle = (z[1:] + z[:-1]) / 2
    slopes = _called(name, slope, middle, "derivative")
    rise = torch.cumsum(slopes, 0) * (2 * END / PANELS)
    gap, span = float((values[1:] - values[0] - rise).abs().max()), float(values.max() - values.min())
    if gap > GAP * max(span, float(rise.abs().max())):
        raise MeasurementError(
            f"activation {name!r} that differs from the integral of its derivative by {gap / max(span, 1e-300):.1e} of its span",
            "a continuous function and its own derivative; steps have no tangent kernel",
        )


def _called(name: str, function: Callable[[Tensor], Tensor], z: Tensor, what: str = "") -> Tensor:
    given = z.clone()
    try:
        with warnings.catch_warnings():  # NumPy warns of tensors, and the error below says it better
            warnings.simplefilter("ignore")
            values = function(given)
    except BROKEN as error:
        words = (str(error).strip() or type(error).__name__).splitlines()[0][:120]
        if what:
            raise MeasurementError(
                f"activation {name!r} without a derivative ({words})",
                "operations of torch that autograd differentiates (NumPy's it does not), or Activation(name, function, "
                "derivative); steps and constants have no tangent kernel",
            ) from None
        raise MeasurementError(
            f"activation {name!r}, which fails on a float64 tensor ({words})", f"{WANTED}; a module takes .double()"
        ) from None
    name = f"{name}, {what}" if what else name
    if not isinstance(values, Tensor):
        raise MeasurementError(f"activation {name!r} that returns {type(values).__name__}", WANTED)
    if values.shape != z.shape or values.dtype != z.dtype:
        kind = str(values.dtype).removeprefix("torch.")
        raise MeasurementError(
            f"activation {name!r} that makes {kind} of shape {tuple(values.shape)} of float64 of shape {tuple(z.shape)}",
            WANTED,
        )
    if values.requires_grad:
        raise MeasurementError(
            f"activation {name!r} with parameters that require gradients", "constants; call .requires_grad_(False)"
        )
    if not torch.equal(given, z):
        raise MeasurementError(f"activation {name!r} that changes its argument", "a new tensor; leave out inplace=True")
    bad = torch.nonzero(~torch.isfinite(values))
    if len(bad):
        at = int(bad[0, 0])
        raise MeasurementError(
            f"activation {name!r} with value {float(values[at])} at {float(z[at]):.3g}", "finite values of a real line"
        )
    return values


def _same(left: Tensor, right: Tensor) -> bool:
    """Equal up to the last places, in which a library's loops over parts of a tensor may differ."""
    return bool(((left - right).abs() <= 1e-9 * torch.maximum(left.abs(), right.abs())).all())
