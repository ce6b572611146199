"""Discriminators that show every pattern of their images: what no generator of few images, however chosen, can win.

Each of p cells has n images and one parameter, with a knot for each of the 2^n patterns of zeros and ones on them; the
discriminator follows the straight line between knots.  At the knots D_v runs through all 0-1 functions of the pn images,
and between them it stays in the cube that they span: the gap of a generator is its total variation distance from the
law.  A generator of k images misses the rest, and the discriminator that is 1 on the rest and 0 elsewhere sees all of
its mass; the law restricted to the k heaviest images misses least, and its distance is that mass.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from flint import arb, ctx, fmpq

from simulators.discriminator_class import count, rational
from simulators.measurement import MeasurementError, Measurements, balls, integers, reals, simulator

MOST = 13_500
BITS = 160


@dataclass(frozen=True)
class Patterns:
    """``cells`` of ``images`` images each, and all generators, weighted or not, of ``support`` images.

    One image has the integer weight ``heavier``, all others 1.  ``stretch``: a parameter spans 2^stretch.  ``eps`` is
    the gap that counts as a win.
    """

    cells: int = 1
    images: int = 1
    support: int = 1
    stretch: int = 0
    heavier: int = 1
    eps: float = 0.1

    @property
    def points(self) -> int:
        """The number of all images."""
        return self.cells * self.images

    @property
    def segments(self) -> int:
        """Between the knots of a cell."""
        return (1 << self.images) - 1


def sound(case: Patterns, k: int) -> Patterns:
    """The table, if it is one.  Raises `MeasurementError`, which names the batch element."""
    if not 1 <= case.cells <= 10_000 or not 1 <= case.images <= MOST or abs(case.stretch) > MOST:
        raise MeasurementError(f"{case}", f"1 to 10000 cells of 1 to {MOST} images", "p", k)
    if not 1 <= case.support <= case.points or case.heavier < 1 or not case.eps > 0:
        raise MeasurementError(f"{case}", "1 up to all images, a positive weight and a positive ε", "support", k)
    return case


def least_gap(case: Patterns) -> Fraction:
    """The total variation distance of the law and its restriction to the heaviest images."""
    groups = [(case.heavier, 1), (1, case.points - 1)]  # (weight, number), from the heaviest
    total = sum(weight * number for weight, number in groups)
    split, left = [], case.support
    for weight, number in groups:
        split.append((weight, min(number, left), number - min(number, left)))
        left -= min(number, left)
    kept = sum(weight * inside for weight, inside, _ in split)
    apart = Fraction(0)
    for weight, inside, outside in split:
        apart += inside * abs(Fraction(weight, kept) - Fraction(weight, total)) + outside * Fraction(weight, total)
    return apart / 2


def _power(exponent: int) -> fmpq:
    return fmpq(1 << exponent) if exponent >= 0 else fmpq(1, 1 << -exponent)


@simulator("p L R support least eps steepest extent reach heaviest net bits parameters", limited_by="exact")
def observe(batch: tuple[Patterns, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each table: its parameters, L and R, and the least gap of all generators of so many images.

    The finite class of the knots alone has ``net`` members, of ``parameters`` parameters of ``bits`` bits, and the same
    gaps.  Exact but for L and R, which are balls of 160 bits.  A malformed table raises `MeasurementError`.
    """
    torch.empty(0, device=torch.device(device))
    batch = tuple(sound(case, k) for k, case in enumerate(batch))
    with ctx.workprec(BITS):
        steepest = [arb(case.segments / _power(case.stretch)) for case in batch]
        extent = [arb(case.cells).sqrt() * _power(case.stretch - 1) for case in batch]
        net = [count(1 << case.points) for case in batch]
    least = [least_gap(case) for case in batch]
    heaviest = [Fraction(case.heavier * case.points, case.heavier + case.points - 1) for case in batch]
    return Measurements(
        {
            "p": integers(case.cells for case in batch),
            "L": balls(steepest),
            "R": balls(extent),
            "support": integers(case.support for case in batch),
            "least": balls([fmpq(value.numerator, value.denominator) for value in least]),
            "eps": balls([rational(case.eps) for case in batch]),
            "steepest": balls(steepest),
            "extent": balls(extent),
            "reach": reals(np.ones(len(batch)), 0.0),
            "heaviest": balls([fmpq(value.numerator, value.denominator) for value in heaviest]),
            "net": balls(net),
            "bits": integers(case.images for case in batch),
            "parameters": integers(case.cells for case in batch),
        },
        np.arange(len(batch)),
    )


@simulator("p L R m eps log_P steepest extent reach copies", limited_by="exact")
def observe_lost(batch: tuple[Patterns, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each table that no ``support`` images win, whichever are drawn: P(gap > ε) is 1 for m = ``support``.

    m images of equal weights are a generator of at most m images, and the least gap of these exceeds ε.  Where it does not,
    P is not measured and there is no row.
    """
    batch = tuple(sound(case, k) for k, case in enumerate(batch))
    lost = [k for k, case in enumerate(batch) if least_gap(case) > Fraction(case.eps)]
    columns = observe(tuple(batch[k] for k in lost), delta=delta, effort=effort, device=device).columns
    return Measurements(
        {
            **{name: columns[name] for name in ("p", "L", "R", "eps", "steepest", "extent", "reach")},
            "m": columns["support"],
            "copies": integers(1 for _ in lost),
            "log_P": reals(np.zeros(len(lost)), 0.0),
        },
        np.array(lost, dtype=np.int64),
    )
