"""The unit ball of a reproducing kernel Hilbert space as discriminators: by features, and from kernel values alone.

The supremum of |E_μ f - E_ν f| over |f| ≤ 1 is measured in a feature space: for the Gaussian kernel
k(x, y) = exp(-(x - y)²/2) on the line, φ_j(x) = exp(-x²/2) x^j/√j! for all j; the features beyond the first `TERMS` weigh
at most the tail of an exponential series, which enters as an error bar.  Other kernels have finitely many features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import factorial
from typing import Any

import flint
import torch

from .interpolation_net import ONE, ZERO, Vector, dot
from .measurement import MeasurementError, Measurements, simulator
from .net_distance_laws import BITS, difference, means, points, probabilities
from .net_distance_linear import root, table

KERNELS = ("gaussian", "dot", "quadratic")
TERMS = 96
"""Features of the Gaussian kernel that are summed."""
FARTHEST = 4
"""The largest |x| for the Gaussian kernel: the features left out weigh less than 1e-30 there."""


@dataclass(frozen=True)
class Kernel:
    """Two laws on the same atoms and a kernel: *gaussian* (one coordinate), *dot* x·y or *quadratic* (1 + x·y)²."""

    atoms: tuple[tuple[float, ...], ...]
    one: tuple[int, ...]
    other: tuple[int, ...]
    kernel: str = "gaussian"


def check(kernel: str, values: Sequence[Vector], element: int | None = None) -> None:
    """Raises `MeasurementError` for an unknown kernel, or atoms that it is not meant for."""
    if kernel not in KERNELS:
        raise MeasurementError(f"kernel {kernel!r}", f"one of {', '.join(KERNELS)}", "distance", element)
    if kernel == "gaussian" and (len(values[0]) != 1 or any(abs(x[0]) > FARTHEST for x in values)):
        raise MeasurementError(
            f"atoms {values}", f"one coordinate of at most {FARTHEST} for the Gaussian kernel", "distance", element
        )


def value(kernel: str, x: Vector, y: Vector) -> Any:
    """k(x, y): a rational, or for *gaussian* a ball."""
    if kernel == "gaussian":
        with flint.ctx.workprec(BITS):
            return ONE if x == y else flint.arb(-((x[0] - y[0]) ** 2) / 2).exp()
    return dot(x, y) if kernel == "dot" else (1 + dot(x, y)) ** 2


def gram_square(kernel: str, signed: Sequence[Any], values: Sequence[Vector]) -> Any:
    """Σ_ij c_i c_j k(x_i, x_j) of a signed measure."""
    total = ZERO
    with flint.ctx.workprec(BITS):
        for i, c in enumerate(signed):
            for j in range(i + 1):
                total += (1 if i == j else 2) * c * signed[j] * value(kernel, values[i], values[j])
    return total


def feature_square(kernel: str, signed: Sequence[Any], values: Sequence[Vector]) -> Any:
    """Σ_j (Σ_i c_i φ_j(x_i))² over all features of the kernel."""
    if kernel == "gaussian":
        return _gaussian_square(signed, [x[0] for x in values])
    if kernel == "dot":
        features, weights = values, [1] * len(values[0])
    else:  # (1 + x·y)² = Σ (multiplicity) Π over pairs of entries of (1, x)
        pairs = list(combinations_with_replacement(range(len(values[0]) + 1), 2))
        features = [tuple((ONE, *x)[a] * (ONE, *x)[b] for a, b in pairs) for x in values]
        weights = [1 if a == b else 2 for a, b in pairs]
    return sum((w * t * t for w, t in zip(weights, means(signed, features), strict=True)), ZERO)


def _gaussian_square(signed: Sequence[Any], xs: Sequence[Any]) -> Any:
    with flint.ctx.workprec(BITS):
        scaled = [flint.arb(c) * flint.arb(-x * x / 2).exp() for c, x in zip(signed, xs, strict=True)]
        total = flint.arb(0)
        for j in range(TERMS):
            gap = sum(scaled, flint.arb(0))
            total += gap * gap / factorial(j)  # flint's power of a ball around 0 is not a number
            scaled = [s * x for s, x in zip(scaled, xs, strict=True)]
        # Cauchy-Schwarz: what is left is at most (Σ|c_i|)² max_x Σ_{j ≥ TERMS} φ_j(x)², a geometric series in x²/TERMS
        tails = [(x * x) ** TERMS / factorial(TERMS) / (1 - x * x / (TERMS + 1)) for x in xs]
        left = flint.arb(sum(abs(c) for c in signed) ** 2 * max(tails)).abs_upper()
        return total + flint.arb(0).union(left)


def _row(case: Kernel, element: int) -> dict[str, Any]:
    values = points(case.atoms, element)
    check(case.kernel, values, element)
    signed = difference(*(probabilities(w, len(values), element) for w in (case.one, case.other)))
    diagonal = [value(case.kernel, x, x) for x in values]
    return {
        "distance": root(feature_square(case.kernel, signed, values)),
        "gram_square": gram_square(case.kernel, signed, values),
        "variation": sum((c for c in signed if c > 0), ZERO),
        "diagonal": max(diagonal),
    }


@simulator("distance gram_square variation diagonal", limited_by="exact")
def observe(batch: tuple[Kernel, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each pair of laws: the supremum over the unit ball by features, Σ c_i c_j k(x_i, x_j), the total
    variation distance and the largest k(x, x).

    Rationals, and for roots and the Gaussian kernel balls of 192 bits with the features left out in their radius.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_row(case, k) for k, case in enumerate(batch)], observe.observables)
