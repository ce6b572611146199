"""Activations and the constant c_σ = 1/E σ(z)² that makes a layer keep second moments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from .activation_trial import WANTED, tried
from .gaussian_quadrature import Pair, moments, second_moment
from .measurement import MeasurementError

LEVEL = 1
"""Level of quadrature at which kernels are evaluated."""

LEAKIEST = 0.1
"""The largest leak for which the error bars of the closed form are derived."""

SETTLED = 1e-8
"""Largest relative difference of two levels of quadrature that counts as convergence."""
GROWTH = 1.5
"""A second moment that grows by this factor where the quadrature reaches further is taken to be infinite."""
UNSETTLED = {
    False: "a smooth activation; is it kinked at 0? declare kinked=True; kinks elsewhere "
    "and growth like exp(a z^2) are not supported",
    True: "an activation smooth on either side of 0; kinks elsewhere and growth like exp(a z^2) are not supported",
}
"""What is expected of an activation that is (not) declared to have a kink."""


@dataclass(frozen=True)
class Activation:
    """An activation σ, given as an elementwise function of a float64 tensor.

    ``derivative``: σ' (None: by automatic differentiation).  ``kinked``: whether σ has a kink at 0, or σ' a jump there;
    kinks elsewhere are not supported.  ``constant``: the factor c of every layer (None: c_σ = 1/E σ(z)²).
    ``form`` names a closed form of its Gaussian expectations, relu or erf (else they are sums, see
    `simulators.gaussian_quadrature`); ``leak`` is the slope of leaky ReLU below 0, up to `LEAKIEST`.  Two activations of one name are told apart by their functions.
    Raises `MeasurementError` for fields of another kind.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor] | None = None
    kinked: bool = False
    constant: float | None = None
    form: str = ""
    leak: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not callable(self.function):
            raise MeasurementError(
                f"Activation({self.name!r}, {self.function!r})", "a name and a function: Activation('tanh', torch.tanh)"
            )
        if self.derivative is not None and not callable(self.derivative):
            raise MeasurementError(f"derivative {self.derivative!r} of activation {self.name!r}", "a function, or None")
        if self.constant is not None and not 0 < self.constant < math.inf:
            raise MeasurementError(
                f"constant {self.constant!r} of activation {self.name!r}", "a positive number, or None"
            )
        if self.form not in ("", "relu", "erf") or not 0 <= self.leak <= LEAKIEST:
            raise MeasurementError(
                f"form {self.form!r} and leak {self.leak!r} of activation {self.name!r}",
                f"form relu (leak from 0 to {LEAKIEST}) or erf, or none; functions of other leaks take kinked=True",
            )

    @property
    def keep(self) -> float:
        """The factor c E σ(z)² by which a layer of (leaky) ReLU scales second moments."""
        return self.c * (1 + self.leak**2) / 2

    @property
    def bend(self) -> float:
        """(1 - leak)²/(1 + leak²): how much of the bend of ReLU a leaky one has, 1 for ReLU and 0 for a linear net."""
        return (1 - self.leak) ** 2 / (1 + self.leak**2)

    def slope(self, z: Tensor) -> Tensor:
        """σ'(z)."""
        if self.derivative is not None:
            return self.derivative(z)
        with torch.enable_grad():
            inputs = z.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.function(inputs).sum(), inputs)
        return slope

    @property
    def c(self) -> float:
        """The factor c of every layer."""
        return normaliser(self) if self.constant is None else self.constant


def _erf_slope(z: Tensor) -> Tensor:
    return 2 / math.sqrt(math.pi) * torch.exp(-z.square())


def _step(z: Tensor) -> Tensor:
    return (z > 0).to(z.dtype)


RELU = Activation("relu", torch.relu, _step, True, 2.0, "relu")
ERF = Activation("erf", torch.erf, _erf_slope, False, math.pi / (2 * math.asin(2 / 3)), "erf")
NAMED = {
    a.name: a
    for a in (
        RELU,
        ERF,
        Activation("tanh", torch.tanh, lambda z: 1 - torch.tanh(z).square()),
        Activation("gelu", torch.nn.functional.gelu),
        Activation("sin", torch.sin, torch.cos),
        Activation(
            "leaky_relu",
            lambda z: torch.where(z > 0, z, LEAKIEST * z),
            lambda z: LEAKIEST + (1 - LEAKIEST) * _step(z),
            True,
            2 / (1 + LEAKIEST**2),
            "relu",
            LEAKIEST,
        ),
    )
}
"""Activations known by name; `relu`, `leaky_relu` and `erf` in closed form."""


KNOWN = {
    torch.relu: "relu", torch.nn.functional.relu: "relu", torch.erf: "erf", torch.special.erf: "erf", torch.tanh: "tanh",
    torch.nn.functional.gelu: "gelu", torch.sin: "sin",
}  # fmt: skip
"""Functions of torch that have a name here."""


def find(activation: str | Activation | Callable[[Tensor], Tensor]) -> Activation:
    """An activation by name, as it is, or made of a function of torch (see `made_of`).

    Raises `MeasurementError` for anything else, and for functions that cannot be activations.
    """
    if isinstance(activation, Activation):
        if not activation.form:
            _tried(activation.name, activation.function, activation.derivative)
        return activation
    if isinstance(activation, str) and activation in NAMED:
        return NAMED[activation]
    if not callable(activation) or isinstance(activation, type):
        raise MeasurementError(
            f"activation {activation!r}",
            f"one of {', '.join(NAMED)}, {WANTED}, or Activation(name, function); check the spelling",
        )
    try:
        return made_of(activation)
    except TypeError:
        raise MeasurementError(
            f"activation {activation!r}, which has no hash", "a function, or an object with one"
        ) from None


@lru_cache(maxsize=64)
def made_of(function: Callable[[Tensor], Tensor]) -> Activation:
    """An `Activation` of a function: smooth if the quadrature of smooth ones converges, else with a kink at 0.

    Raises `MeasurementError` where neither converges.
    """
    if type(function) is torch.nn.ReLU and not function.inplace:
        return RELU
    if function in KNOWN:
        return NAMED[KNOWN[function]]
    name = getattr(function, "__name__", type(function).__name__)
    for kinked in (False, True):
        activation = Activation(name, function, None, kinked)
        _tried(name, function, None)
        off = _unsettled(activation)
        if off <= SETTLED:
            return activation
    raise MeasurementError(
        f"a quadrature of activation {name!r} that did not converge (relative {off:.0e} at norm 1)", UNSETTLED[True]
    )


@lru_cache(maxsize=64)
def _tried(name: str, function: Callable[[Tensor], Tensor], derivative: Callable[[Tensor], Tensor] | None) -> None:
    tried(name, function, Activation(name, function, derivative).slope)


def _unsettled(activation: Activation) -> float:
    """The largest difference between two levels of E s(u)s(v) and E s'(u)s'(v), relative to that at u = v of norm 1."""
    one = torch.ones(3, dtype=torch.float64, device="cpu")
    pair = Pair(one, one, torch.tensor([0.0, 1.2, 2.3], dtype=torch.float64, device="cpu"))
    coarse, fine = (
        moments(activation.function, activation.slope, activation.kinked, pair, level) for level in (LEVEL, LEVEL + 1)
    )
    off = 0.0
    for name in ("product", "slope"):
        near, far = getattr(coarse, name), getattr(fine, name)
        change = (near - far).abs()
        relative = torch.where(change == 0, 0.0, change / far[0].abs())
        off = max(off, float(relative.nan_to_num(nan=torch.inf).max()))
    return off


@lru_cache(maxsize=64)
def normaliser(activation: Activation, level: int = LEVEL + 1) -> float:
    """c_σ = 1/E σ(z)², by quadrature on the CPU.

    Raises `MeasurementError` where σ is 0, where E σ(z)² is infinite and where two levels of quadrature differ by more
    than `SETTLED`.
    """
    square, further = (
        second_moment(activation.function, reach, torch.device("cpu"), activation.kinked)
        for reach in (level, level + 1)
    )
    if square == further == 0 or not math.isfinite(further) or further > GROWTH * square:
        what = "0" if square == further == 0 else "not finite"
        raise MeasurementError(
            f"activation {activation.name!r} with E s(z)^2 that is {what} (z normal; two sums: {square:.3g}, {further:.3g})",
            "a positive number; check its function",
        )
    if abs(square - further) > SETTLED * further:
        raise MeasurementError(
            f"a quadrature of activation {activation.name!r} that did not converge "
            f"(E s(z)^2 = {square:.6g} and {further:.6g} of two steps)",
            f"{UNSETTLED[activation.kinked]}; finite nets of it take Activation(…, constant=c)",
        )
    return 1 / square
