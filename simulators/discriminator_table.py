"""Discriminators that give every cell of a table a value of its own: the gap is the total variation distance.

D_v(x) is the parameter of the cell of x, in [0, 1], so that p cells are p parameters and L = 1.  A linear function on a
cube is largest at a corner: the gap of a sample is found there.  The mean gap is a sum over the binomial law of each
cell, in integers.  One image moves the gap by 1/m, so that McDiarmid's inequality brackets P(gap > ε) around the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import comb, exp, log1p

import numpy as np
import torch
from flint import arb, ctx, fmpq

from simulators.discriminator_class import rational
from simulators.measurement import Measurement, MeasurementError, Measurements, balls, integers, reals, simulator
from simulators.streams import stream

MOST = 2000
CORNERS = 12


@dataclass(frozen=True)
class Table:
    """Groups of (integer weight of a cell, number of such cells), and ``samples`` independent images.

    ``copies`` of each image are in the sample.  ``part``: ε is this part of the mean gap; ``share`` k of ε is given to
    the net.
    """

    groups: tuple[tuple[int, int], ...] = ((1, 2),)
    samples: int = 1
    copies: int = 1
    part: float = 0.5
    share: float = 0.01

    @property
    def cells(self) -> int:
        """p."""
        return sum(count for _, count in self.groups)

    @property
    def total(self) -> int:
        """The sum of all weights."""
        return sum(weight * count for weight, count in self.groups)


def sound(table: Table, k: int) -> Table:
    """The table, if it is one.  Raises `MeasurementError`, which names the batch element."""
    if not table.groups or min(min(pair) for pair in table.groups) < 1:
        raise MeasurementError(f"groups {table.groups}", "pairs of positive integers", "p", k)
    if not 1 <= table.samples <= MOST or table.copies < 1 or not 0 < table.part < 1 or not 0 < table.share < 1:
        raise MeasurementError(
            f"{table.samples} samples, part {table.part}, share {table.share}",
            f"1 to {MOST} samples, a part and a share in (0, 1)", "m", k,
        )  # fmt: skip
    return table


@lru_cache(maxsize=4096)
def mean_deviation(weight: int, total: int, m: int) -> Fraction:
    """E |K - m q| for K ~ Bin(m, q = weight/total), summed over all outcomes."""
    up, down = weight, total - weight
    powers = [1]
    for _ in range(m):
        powers.append(powers[-1] * down)
    value, risen = 0, 1
    for j in range(m + 1):
        value += comb(m, j) * risen * powers[m - j] * abs(j * total - m * up)
        risen *= up
    return Fraction(value, total ** (m + 1))


def mean_gap(table: Table) -> Fraction:
    """E of half the sum over cells of |K/m - q|."""
    m = table.samples
    return sum(
        (count * mean_deviation(weight, table.total, m) for weight, count in table.groups), Fraction(0)
    ) / (2 * m)  # fmt: skip


def exact(values: list[Fraction]) -> Measurement:
    """Fractions as an exact column."""
    return balls([fmpq(v.numerator, v.denominator) for v in values])


@simulator("p m E_gap heaviest copies", limited_by="exact")
def observe_mean(batch: tuple[Table, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each table: p, m, the mean of the gap, and p times the largest mass of a cell; exact."""
    torch.empty(0, device=torch.device(device))
    batch = tuple(sound(table, k) for k, table in enumerate(batch))
    return Measurements(
        {
            "p": integers(table.cells for table in batch),
            "m": integers(table.samples * table.copies for table in batch),
            "E_gap": exact([mean_gap(table) for table in batch]),
            "heaviest": exact(
                [Fraction(max(w for w, _ in table.groups) * table.cells, table.total) for table in batch]
            ),
            "copies": integers(table.copies for table in batch),
        },
        np.arange(len(batch)),
    )


@simulator("p L R m k eps log_P steepest extent copies reach", limited_by="exact")
def observe(batch: tuple[Table, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each table: the columns of a bit table, with log P(gap > ε) bracketed around the exact mean.

    P(gap ≤ E gap - t) ≤ exp(-2 m t²), because one image moves the gap by at most 1/m (McDiarmid).
    """
    torch.empty(0, device=torch.device(device))
    batch = tuple(sound(table, k) for k, table in enumerate(batch))
    means = [mean_gap(table) for table in batch]
    eps = [mean * Fraction(table.part) for mean, table in zip(means, batch, strict=True)]
    least: list[float] = []
    for table, mean, e in zip(batch, means, eps, strict=True):
        exponent = float(2 * table.samples * (mean - e) ** 2)
        missed = exp(-exponent * (1 - 1e-12)) * (1 + 1e-12)
        if missed >= 1:
            raise MeasurementError(
                f"{table}", "at least two cells, and a part that leaves a bracket", "log_P", len(least)
            )
        least.append(log1p(-missed) * (1 + 1e-12))
    with ctx.workprec(160):
        radii = [arb(table.cells).sqrt() / 2 for table in batch]
    ones = np.ones(len(batch))
    return Measurements(
        {
            "p": integers(table.cells for table in batch),
            "L": reals(ones, 0.0),
            "R": balls(radii),
            "m": integers(table.samples * table.copies for table in batch),
            "k": balls([rational(table.share) for table in batch]),
            "eps": exact(eps),
            "log_P": reals([low / 2 for low in least], [-low / 2 for low in least]),
            "steepest": reals(ones, 0.0),
            "extent": balls(radii),
            "copies": integers(table.copies for table in batch),
            "reach": reals(ones, 0.0),
        },
        np.arange(len(batch)),
    )


@dataclass(frozen=True)
class Drawn:
    """A table of cells with integer ``weights``, and a sample of ``samples`` images drawn from it."""

    weights: tuple[int, ...] = (1, 1)
    samples: int = 1
    seed: int = 0

    def counts(self) -> tuple[int, ...]:
        """How many of the sample fall into each cell."""
        bounds = np.cumsum(self.weights)
        places = np.searchsorted(bounds, stream("table", self).integers(0, int(bounds[-1]), self.samples), side="right")
        return tuple(int(c) for c in np.bincount(places, minlength=len(self.weights)))


def largest_at_corners(gains: tuple[int, ...]) -> int:
    """The largest |Σ v_k gain_k| over all v in {0, 1}^p, by trying every one."""
    return max(
        abs(sum(g for g, v in zip(gains, corner, strict=True) if v)) for corner in product((0, 1), repeat=len(gains))
    )


@simulator("gap variation", limited_by="exact")
def observe_drawn(batch: tuple[Drawn, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each sample: the gap over all 2^p corners, and half the sum of |mass - share of the sample|; exact."""
    torch.empty(0, device=torch.device(device))
    gaps, variations = [], []
    for k, table in enumerate(batch):
        if not 1 <= len(table.weights) <= CORNERS or min(table.weights) < 1 or table.samples < 1:
            raise MeasurementError(f"{table}", f"1 to {CORNERS} positive weights and a sample", "gap", k)
        total, m = sum(table.weights), table.samples
        gains = tuple(w * m - c * total for w, c in zip(table.weights, table.counts(), strict=True))
        gaps.append(Fraction(largest_at_corners(gains), total * m))
        variations.append(
            sum(
                (abs(Fraction(w, total) - Fraction(c, m)) for w, c in zip(table.weights, table.counts(), strict=True)),
                Fraction(0),
            )
            / 2
        )
    return Measurements({"gap": exact(gaps), "variation": exact(variations)}, np.arange(len(batch)))
