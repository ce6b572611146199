"""Test and training loss of one net, exactly: the law of the mean of n losses by multiplying polynomials of integers.

A net that was fixed before the sample is, for this question, the law of its loss on one point.  If a loss of v/unit has
chance w_v/W, then the sum of n independent losses is s/unit with chance [z^s] (Σ_v w_v z^v)^n / W^n: integers, nothing is
rounded.  A net that is chosen among k with independent losses of that law, for the least training loss, trains to s/unit or
more if all k do.  Probabilities and quantiles of the distance from the test loss are then sums and comparisons of integers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from flint import fmpq, fmpz_poly

from .measurement import Measurement, MeasurementError, Measurements, balls, booleans, integers, simulator

LARGEST = 20_000
"""n times the largest loss, in units: the length of the polynomial."""
Chances = list[tuple[int, int]]
"""A distance (test minus training loss, in units of 1/(n · unit · W)) and its weight, by increasing training loss."""


@dataclass(frozen=True)
class Net:
    """A net and the sample on which it is tried.

    ``weights[v]`` is the weight of a loss of v/``unit`` on one point (the default: wrong on every second point).  The sample
    holds ``copies`` of each of ``drawn`` independent points.  ``nets``: how many such nets the sample could choose from;
    1 means that the net was fixed before.  ``edge`` and ``chance``: ε and δ, each a numerator and a denominator.
    """

    weights: tuple[int, ...] = (1, 1)
    drawn: int = 1
    unit: int = 1
    edge: tuple[int, int] = (1, 2)
    chance: tuple[int, int] = (1, 20)
    copies: int = 1
    nets: int = 1

    @property
    def test(self) -> Fraction:
        """The expected loss, on a new point: the test loss."""
        return Fraction(sum(v * w for v, w in enumerate(self.weights)), self.unit * sum(self.weights))


def _sound(net: Net, element: int) -> Net:
    whole = (*net.weights, net.drawn, net.unit, *net.edge, *net.chance, net.copies, net.nets)
    if any(type(x) is not int for x in whole) or min(net.weights, default=-1) < 0 or not any(net.weights):
        raise MeasurementError(f"{net}", "whole numbers, weights >= 0 and not all 0", "test", element)
    if min(net.drawn, net.unit, *net.edge, net.chance[0], net.copies, net.nets) < 1 or net.chance[0] >= net.chance[1]:
        raise MeasurementError(f"{net}", "positive numbers, and 0 < δ < 1", "delta", element)
    if net.drawn * len(net.weights) > LARGEST:
        raise MeasurementError(f"{net}", f"at most {LARGEST} points times losses", "n", element)
    return net


def law(net: Net) -> tuple[Chances, int]:
    """The distances of the chosen net's training loss from its test loss with their weights, and the sum of the weights.

    Copies change no mean.  Of several nets the least training loss is s or more if every one is: T_s^k for the tail T_s.
    """
    counts = [int(c) for c in (fmpz_poly(list(net.weights)) ** net.drawn).coeffs()]
    total, centre = sum(net.weights), sum(v * w for v, w in enumerate(net.weights)) * net.drawn
    if net.nets > 1:
        tails = np.array([*counts, 0], dtype=object)[::-1].cumsum()[::-1] ** net.nets
        counts = list(tails[:-1] - tails[1:])
    return [(centre - s * total, int(c)) for s, c in enumerate(counts) if c], total ** (net.drawn * net.nets)


def far(chances: Iterable[tuple[int, int]], edge: Fraction) -> int:
    """The weight of the distances of at least ``edge``."""
    return sum(weight for distance, weight in chances if distance >= edge)


def quantile(chances: Iterable[tuple[int, int]], allowed: Fraction) -> int:
    """The least of the distances that is exceeded with a weight of at most ``allowed``."""
    seen = 0
    for distance, weight in sorted(chances, reverse=True):
        seen += weight
        if seen > allowed:
            return distance
    raise ValueError(f"got weights that sum to {seen}; expected more than {allowed}")


def _exact(values: Iterable[Fraction]) -> Measurement:
    return balls([fmpq(value.numerator, value.denominator) for value in values])


@simulator(
    "n k repeated zero_one lowest highest width variance test level eps delta"
    " P_far P_over P_low gap gap_over mean_train mean_square",
    limited_by="exact",
)
def observe(nets: tuple[Net, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row a net, exact rationals.

    ``P_far`` = P(|test - train| >= eps), ``P_over`` = P(test - train >= eps), ``P_low`` = P(train <= level) for ``level``
    = test - eps, or 0 if that is less; ``gap`` and ``gap_over`` are the least numbers that |test - train| and test - train
    exceed with probability at most the row's delta; ``mean_train`` = E train, ``mean_square`` = E (test - train)²;
    ``lowest``, ``highest``, ``width``, ``variance`` and ``zero_one`` are of one loss.
    """
    torch.empty(0, device=torch.device(device))  # rationals live on no device, but an absent one is an error
    rows: dict[str, list[Fraction]] = {name: [] for name in observe.observables}
    for element, net in enumerate(nets):
        for name, value in _row(_sound(net, element)).items():
            rows[name].append(Fraction(value))
    whole = {name: integers(int(v) for v in rows.pop(name)) for name in ("n", "k", "repeated")}
    either = {"zero_one": booleans(bool(v) for v in rows.pop("zero_one"))}
    return Measurements({**whole, **either, **{name: _exact(v) for name, v in rows.items()}}, np.arange(len(nets)))


def _row(net: Net) -> dict[str, Fraction | int]:
    one, weight = law(net)
    both = [(abs(distance), count) for distance, count in one]
    step = net.drawn * net.unit * sum(net.weights)
    eps, delta = Fraction(*net.edge), Fraction(*net.chance)
    level = max(net.test - eps, Fraction(0))
    losses = [Fraction(v, net.unit) for v, w in enumerate(net.weights) if w]
    squares = sum((Fraction(v, net.unit) ** 2 * w for v, w in enumerate(net.weights)), Fraction(0))
    return {
        "n": net.drawn * net.copies,
        "k": net.nets,
        "repeated": net.drawn * (net.copies - 1),
        "zero_one": int(set(losses) <= {0, 1}),
        "lowest": losses[0],
        "highest": losses[-1],
        "width": losses[-1] - losses[0],
        "variance": squares / sum(net.weights) - net.test**2,
        "test": net.test,
        "level": level,
        "eps": eps,
        "delta": delta,
        "P_far": Fraction(far(both, eps * step), weight),
        "P_over": Fraction(far(one, eps * step), weight),
        "P_low": Fraction(far(one, (net.test - level) * step), weight),
        "gap": Fraction(quantile(both, delta * weight), step),
        "gap_over": Fraction(quantile(one, delta * weight), step),
        "mean_train": net.test - Fraction(sum(d * c for d, c in one), weight * step),
        "mean_square": Fraction(sum(d * d * c for d, c in one), weight * step**2),
    }
