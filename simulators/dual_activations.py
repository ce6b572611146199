"""Activations and the constant c_σ = 1/E σ(z)² that makes a layer keep second moments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from .gaussian_quadrature import second_moment
from .measurement import MeasurementError

LEVEL = 1
"""Level of quadrature at which kernels are evaluated."""

LEAKIEST = 0.1
"""The largest leak for which the error bars of the closed form are derived."""


@dataclass(frozen=True)
class Activation:
    """An activation σ, given as an elementwise function of a float64 tensor.

    ``derivative``: σ' (None: by automatic differentiation).  ``kinked``: whether σ has a kink at 0, or σ' a jump there;
    kinks elsewhere are not supported.  ``constant``: the factor c of every layer (None: c_σ = 1/E σ(z)²).
    ``form`` names a closed form of its Gaussian expectations, relu or erf (else they are sums, see
    `simulators.gaussian_quadrature`); ``leak`` is the slope of leaky ReLU below 0, up to `LEAKIEST`.  Two activations of one name are told apart by their functions.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor] | None = None
    kinked: bool = False
    constant: float | None = None
    form: str = ""
    leak: float = 0.0

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


def find(activation: str | Activation) -> Activation:
    """An activation by name, or as it is.  Raises `MeasurementError` for anything else."""
    if isinstance(activation, Activation):
        return activation
    if isinstance(activation, str) and activation in NAMED:
        return NAMED[activation]
    raise MeasurementError(
        f"activation {activation!r}", f"one of {', '.join(NAMED)}, or Activation(name, function); check the spelling"
    )


@lru_cache(maxsize=64)
def normaliser(activation: Activation, level: int = LEVEL + 1) -> float:
    """c_σ = 1/E σ(z)², by quadrature on the CPU.  Raises `MeasurementError` where σ is 0 or not finite."""
    square = second_moment(activation.function, level, torch.device("cpu"), activation.kinked)
    if not (math.isfinite(square) and square > 0):
        raise MeasurementError(
            f"E s(z)^2 = {square} of activation {activation.name!r}", "a positive number; check its function"
        )
    return 1 / square
