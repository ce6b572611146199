"""Fully connected nets of finite width at initialisation: what an instance is.

The talk's net is f(x) = W_{L+1} sqrt(c/m_L) σ(W_L … sqrt(c/m_1) σ(W_1 x)) with independent standard normal weights and
no biases.  The other two parameterisations have the same law of features: *standard* moves the factors into the
variances of the weights, *mean-field* divides the output by sqrt(m_L) once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, sqrt

import torch
from torch import Tensor

from simulators.dual_activations import find
from simulators.measurement import MeasurementError

PARAMETERISATIONS = ("ntk", "standard", "mean-field")


@dataclass(frozen=True)
class WideNet:
    """Nets of hidden ``widths`` at points of the plane, given by (norm, angle in degrees).

    ``nets``: how many are drawn at effort 0.  ``parameterisation``: one of `PARAMETERISATIONS`.
    """

    points: tuple[tuple[float, float], ...]
    widths: tuple[int, ...]
    nets: int
    activation: str = "relu"
    parameterisation: str = "ntk"
    seed: int = 0


@dataclass(frozen=True)
class TwoWidths:
    """Two independent sets of nets at the same points, of hidden ``widths`` and ``other_widths``; as many nets of each."""

    points: tuple[tuple[float, float], ...]
    widths: tuple[int, ...]
    other_widths: tuple[int, ...]
    nets: int
    activation: str = "relu"
    parameterisation: str = "ntk"
    seed: int = 0

    @property
    def runs(self) -> tuple[WideNet, WideNet]:
        """Both sets of nets."""
        sizes = (self.widths, self.other_widths)
        first, second = (
            WideNet(self.points, w, self.nets, self.activation, self.parameterisation, self.seed) for w in sizes
        )
        return first, second


def sound(net: WideNet, element: int) -> WideNet:
    """The instance itself.  Raises `MeasurementError` naming the batch element if it makes no sense."""
    wide = bool(net.widths) and all(m >= 1 for m in net.widths)
    if not (net.points and wide and net.nets >= 1 and all(norm >= 0 for norm, _ in net.points)):
        raise MeasurementError(f"{net}", "points of norm >= 0, hidden widths >= 1 and nets >= 1", "m", element)
    if net.parameterisation not in PARAMETERISATIONS:
        expected = f"one of {', '.join(PARAMETERISATIONS)}"
        raise MeasurementError(f"parameterisation {net.parameterisation!r}", expected, "m", element)
    find(net.activation)
    return net


def coordinates(points: tuple[tuple[float, float], ...], device: torch.device) -> Tensor:
    """The points (n, 2) in float64; equal and opposite angles give exactly equal and opposite directions."""
    return torch.tensor([_place(*p) for p in points], dtype=torch.float64, device=device)


def _place(norm: float, angle: float) -> tuple[float, float]:
    turned = angle % 360
    sign, turned = (-1.0, turned - 180) if turned >= 180 else (1.0, turned)
    exact: dict[float, tuple[float, float]] = {
        0: (1.0, 0.0),
        90: (0.0, 1.0),
        60: (0.5, sqrt(3) / 2),
        120: (-0.5, sqrt(3) / 2),
    }
    x, y = exact.get(turned, (cos(radians(turned)), sin(radians(turned))))
    return sign * norm * x, sign * norm * y


def rates(net: WideNet) -> tuple[float, ...]:
    """Factors of the L + 1 layers' terms of the kernel, relative to the talk's parameterisation.

    Standard: a weight w = sqrt(c/m) ω moves the output by sqrt(m/c) times what ω does, hence the factor m/c of the
    squared gradient in every layer but the first.  Mean-field: the output, and so its gradient, is divided by sqrt(m_L).
    """
    c = find(net.activation).c
    if net.parameterisation == "standard":
        return (1.0, *(m / c for m in net.widths))
    if net.parameterisation == "mean-field":
        return (1 / net.widths[-1],) * (len(net.widths) + 1)
    return (1.0,) * (len(net.widths) + 1)
