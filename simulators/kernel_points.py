"""Small sets of inputs with exact coordinates, and how far an activation is from the ones with closed forms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from flint import arb, fmpq

from .dual_activations import Activation, find
from .measurement import Measurement, MeasurementError, balls, integers, reals

CLOSED = ("relu", "erf")
PROBES = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Points:
    """Inputs ``rows``, each times 2 to its power (1 where ``powers`` is empty), and a net of infinite width.

    ``depth``: hidden layers; ``activation``: a name; ``constant``: the factor c of every layer (0: c_σ).
    """

    rows: tuple[tuple[int, ...], ...]
    powers: tuple[int, ...] = ()
    depth: int = 1
    activation: str = "relu"
    constant: float = 0.0

    @property
    def kind(self) -> Activation:
        """The activation with its constant."""
        return kind(self.activation, self.constant)

    @property
    def form(self) -> str:
        """The closed form of its layers, relu (leaky or not) or erf.  Raises `MeasurementError` where it has none."""
        form = self.kind.form
        if form in CLOSED:
            return form
        raise MeasurementError(
            f"activation {self.activation!r}",
            "one with a closed form: relu, leaky_relu or erf; measure others by quadrature",
        )

    def array(self) -> np.ndarray:
        """The inputs (n, d) in float64, which is exact."""
        return np.ldexp(np.array(self.rows, dtype=np.float64), np.array(self._powers())[:, None])

    def exact(self) -> list[list[fmpq]]:
        """The inputs as rationals."""
        scales = [fmpq(2) ** p for p in self._powers()]
        return [[fmpq(v) * s for v in row] for row, s in zip(self.rows, scales, strict=True)]

    def _powers(self) -> tuple[int, ...]:
        return self.powers or (0,) * len(self.rows)


@lru_cache(maxsize=256)
def kind(name: str, constant: float) -> Activation:
    """An activation by name, with another constant unless that is 0."""
    known = find(name)
    return replace(known, constant=constant) if constant else known


def inner(x: list[fmpq], y: list[fmpq]) -> fmpq:
    """xᵀy, exactly."""
    return sum((a * b for a, b in zip(x, y, strict=True)), fmpq(0))


@lru_cache(maxsize=256)
def traits(activation: Activation) -> dict[str, float]:
    """Largest distance from max(0, z), from erf(z) and from σ(2z) = 2σ(z), over a few z.

    Exactly 0 where the activation is one of these; elsewhere far above rounding.
    """
    z = torch.tensor(PROBES, dtype=torch.float64, device="cpu")
    value, double = activation.function(z), activation.function(2 * z)
    return {
        "from_relu": float((value - torch.relu(z)).abs().max()),
        "from_erf": float((value - torch.erf(z)).abs().max()),
        "from_homogeneous": float((double - 2 * value).abs().max()),
    }


def trait_columns(batch: tuple[Points, ...], element: np.ndarray, names: tuple[str, ...]) -> dict[str, Measurement]:
    """The named traits of every row's activation, each with its rounding (none where it is 0)."""
    found = [traits(batch[e].kind) for e in element]
    return {name: reals(mid := np.array([f[name] for f in found]), 2.0**-48 * (mid > 0)) for name in names}


def exact_traits(instance: Points, rows: int, names: tuple[str, ...]) -> dict[str, Measurement]:
    """The same for a precise measurement."""
    found = traits(instance.kind)
    return {n: balls([arb(found[n], 2.0**-48) if found[n] else fmpq(0)] * rows) for n in names}


def depths(batch: tuple[Points, ...], element: np.ndarray) -> Measurement:
    """Number of hidden layers of every row's net."""
    return integers(batch[e].depth for e in element)
