"""Discriminators that read interpolated bits: Lipschitz in their parameters, and as hard to satisfy as the theorem says.

An image is one of p equally likely cells and a row of 2^b + 1 fair bits.  The discriminator with parameters v, one for
each cell, follows the straight line through the bits of the image's cell at v: D_v(x) is bit j where v is the j-th knot.
It has values in [0, 1], and is L-Lipschitz for L knots to the unit.  E D_v = ½ for every v.  A mean of piecewise linear
functions is largest at a knot: with one cell the gap is the largest of 2^b + 1 independent deviations, exactly.  With
more cells a sample that some knot of every cell fits bit by bit has gap ½ exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, log1p, nextafter

import numpy as np
import torch
from flint import arb, ctx, fmpq

from simulators.discriminator_class import column, exceedances, rational, rounded
from simulators.discriminator_tails import precise_log_any, precise_log_two_sided, threshold
from simulators.measurement import Measurement, MeasurementError, Measurements, balls, integers, reals, simulator

DOUBLINGS = 13_500
MOST = 2**30
SPARE = 6


@dataclass(frozen=True)
class BitTable:
    """2^``doublings`` segments between the knots of each of ``cells`` cells, and ``samples`` independent images.

    ``stretch``: the parameters of a cell span 2^stretch, so that L = 2^(doublings - stretch).  ``tail`` and ``place``
    put ε, as for `FiniteClass`; ``share`` k is how much of ε is given to the net.  What is declared may be less than
    what is: the Lipschitz constant by a factor 2^``steeper``, the radius by 2^``farther``.  ``copies`` of each image are
    in the sample; values are in [0, ``reach``].  ``risk``: the target is δ = e^(-risk · tail).
    """

    doublings: int = 0
    samples: int = 1
    tail: float = 0.0
    share: float = 0.01
    place: float = 2.0**-20
    cells: int = 1
    stretch: int = 0
    steeper: int = 0
    farther: int = 0
    copies: int = 1
    reach: float = 1.0
    risk: float = 0.9

    @property
    def log_knots(self) -> float:
        """log(2^b + 1)."""
        return self.doublings * log(2) + log1p(2.0 ** -min(self.doublings, 1000))


def sound(case: BitTable, k: int) -> BitTable:
    """The table, if it is one.  Raises `MeasurementError`, which names the batch element."""
    if not 0 <= case.doublings <= DOUBLINGS or abs(case.stretch) > DOUBLINGS or min(case.steeper, case.farther) < 0:
        raise MeasurementError(f"2^{case.doublings} segments", f"up to 2^{DOUBLINGS}, nothing declared above", "L", k)
    if not 1 <= case.samples <= MOST or case.copies < 1 or not 1 <= case.cells <= 10_000:
        raise MeasurementError(f"{case.samples} samples in {case.cells} cells", f"1 to {MOST} samples", "m", k)
    if not 0 < case.place <= 0.5 or not 0 < case.share < 1 or not case.reach > 0:
        raise MeasurementError(
            f"place {case.place}, share {case.share}, reach {case.reach}",
            "a place in (0, 1/2], a share in (0, 1) and a positive reach", "eps", k,
        )  # fmt: skip
    if case.cells > 1 and _fails(case) >= 1:
        raise MeasurementError(
            f"{case.samples} samples in {case.cells} cells", "fewer in each cell than doublings of its knots", "m", k
        )
    return case


def _fails(case: BitTable) -> float:
    """A bound on the probability that some cell's sample is not fitted bit by bit by a knot, in balls.

    A cell gets more than n images with probability at most exp(-m KL(n/m | 1/p)) (Chernoff); none of N columns of n
    bits is all 1 with probability (1 - 2^-n)^N.
    """
    m, p, n = case.samples, case.cells, case.doublings - SPARE
    if n * p <= m:
        return 1.0
    with ctx.workprec(160):
        x = min(fmpq(n, m), fmpq(1))
        entropy = arb(x) * arb(x * p).log()
        if x < 1:
            entropy += arb(1 - x) * arb((1 - x) * p / (p - 1)).log()
        bound = p * ((-m * entropy).exp() + (-(arb(2) ** SPARE)).exp())
        return nextafter(float(bound.abs_upper()), inf)


def _power(exponent: int) -> fmpq:
    return fmpq(1 << exponent) if exponent >= 0 else fmpq(1, 1 << -exponent)


def _light(value: fmpq | arb) -> fmpq | arb:
    """A power of two beyond the range of floats as a ball, which holds it exactly and prints it."""
    return value if isinstance(value, arb) or max(value.p.bit_length(), value.q.bit_length()) < 1000 else arb(value)


def _scales(case: BitTable) -> tuple[fmpq, fmpq, fmpq, fmpq]:
    """L and R as declared, and as they are (for one cell)."""
    steepest, extent = _power(case.doublings - case.stretch) * rational(case.reach), _power(case.stretch - 1)
    return steepest / (1 << case.steeper), extent / (1 << case.farther), steepest, extent


def _target(case: BitTable) -> tuple[int, fmpq]:
    """The number of heads that exceeds ε, and ε."""
    m = case.samples
    a = m if case.cells > 1 else threshold(m, case.log_knots, case.tail)
    return a, rational(case.reach) * (a - fmpq(m, 2) - rational(case.place)) / m


def log_exceeded(batch: tuple[BitTable, ...], device: torch.device) -> Measurement:
    """log P(gap > ε): exact with one cell, a certified bracket with more."""
    found = [_target(case)[0] for case in batch]
    _, any_ = exceedances(found, [case.samples for case in batch], [case.log_knots for case in batch], device)
    exact = column(any_)
    mid, rad = exact.mid.copy(), np.array(exact.rad)
    for k, case in enumerate(batch):
        if case.cells > 1:
            least = log1p(-_fails(case)) * (1 + 1e-9)
            mid[k], rad[k] = least / 2, -least / 2
    return reals(mid, rad)


def scale_columns(batch: tuple[BitTable, ...]) -> dict[str, Measurement]:
    """The columns that do not depend on chance: p, L, R, m, k, ε and what the table really is."""
    scales = [_scales(case) for case in batch]
    with ctx.workprec(160):
        roots = [arb(case.cells).sqrt() if case.cells > 1 else fmpq(1) for case in batch]
        radii = [s[1] * root for s, root in zip(scales, roots, strict=True)]
        extents = [s[3] * root for s, root in zip(scales, roots, strict=True)]
    return {
        "p": integers(case.cells for case in batch),
        "L": balls([_light(s[0]) for s in scales]),
        "R": balls([_light(value) for value in radii]),
        "m": integers(case.samples * case.copies for case in batch),
        "k": reals([case.share for case in batch], 0.0),
        "eps": rounded([_target(case)[1] for case in batch]),
        "steepest": balls([_light(s[2]) for s in scales]),
        "extent": balls([_light(value) for value in extents]),
        "copies": integers(case.copies for case in batch),
        "reach": reals([case.reach for case in batch], 0.0),
        "log_delta": balls([-rational(case.tail) * rational(case.risk) for case in batch]),
    }


def observe_precisely(case: BitTable, bits: int) -> Measurements:
    """The columns of `observe` for one table, in balls of ``bits`` bits."""
    case = sound(case, 0)
    columns = {**scale_columns((case,)), "eps": balls([_target(case)[1]])}
    with ctx.workprec(bits + 64):
        if case.cells > 1:
            chance = arb(log1p(-_fails(case)) * (1 + 1e-9)).union(arb(0))
        else:
            chance = precise_log_any((1 << case.doublings) + 1, precise_log_two_sided(case.samples, _target(case)[0]))
    return Measurements({**columns, "log_P": balls([chance])}, np.zeros(1))


@simulator(
    "p L R m k eps log_P steepest extent copies reach log_delta", limited_by="rounding", precisely=observe_precisely
)  # fmt: skip
def observe(batch: tuple[BitTable, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each table: p, L and R as declared, m, k, ε, log P(gap > ε), and L and R as they are.

    Radii are rounding, and with several cells a certified bracket.  A malformed table raises `MeasurementError`.
    """
    batch = tuple(sound(case, k) for k, case in enumerate(batch))
    chance = log_exceeded(batch, torch.device(device))
    return Measurements({**scale_columns(batch), "log_P": chance}, np.arange(len(batch)))


@dataclass(frozen=True)
class Measured:
    """A bit table seen through a measuring function φ, and a bound of |φ|.

    ``shape`` "affine": φ(t) = height (2t/reach - 1) for the values t in [0, reach] of the table, and constant from there
    on: the smaller the reach, the steeper.  "log", for reach 1: φ(t) = log(d + (1 - d) t) with d = e^-height, which is clipped
    at -height and falls without bound as d falls to 0.  ``declared``: the bound of |φ| is height / declared.
    """

    table: BitTable
    shape: str = "affine"
    height: float = 0.5
    declared: int = 1


def _sound_measured(case: Measured, k: int) -> Measured:
    sound(case.table, k)
    if case.shape not in ("affine", "log") or not 2.0**-20 <= case.height <= 500 or case.declared < 1:
        raise MeasurementError(
            f"φ {case.shape} of height {case.height}", "affine or log of height at most 500", "Delta", k
        )
    if case.table.reach > 1 or (case.shape == "log" and case.table.reach < 1):
        raise MeasurementError(f"reach {case.table.reach}", "1, or less where φ is affine", "L_phi", k)
    return case


def _measured_columns(batch: tuple[Measured, ...], chance: Measurement) -> dict[str, Measurement]:
    columns = scale_columns(tuple(case.table for case in batch))
    low, high = chance.mid - chance.rad, np.minimum(chance.mid + chance.rad, 0.0)
    # Knots are members of the class and φ spans all of its values on them; between knots log may gain.
    high = np.where([case.shape == "log" for case in batch], 0.0, high)
    mid = low + (high - low) / 2
    columns["log_P"] = reals(mid, np.maximum(high - mid, mid - low) * (1 + 2.0**-50))
    return {**columns, **_phi_columns(batch)}


def _phi_columns(batch: tuple[Measured, ...]) -> dict[str, Measurement]:
    spans, slopes = [], []
    with ctx.workprec(160):
        for case in batch:
            height = arb(case.height)
            reach = rational(case.table.reach)
            spans.append((2 * height if case.shape == "affine" else height) / reach)
            slopes.append(2 * height / reach if case.shape == "affine" else height.exp() - 1)
        eps = [span * _target(case.table)[1] for case, span in zip(batch, spans, strict=True)]
        heights = [rational(case.height) for case in batch]
    return {
        "eps": balls(eps),
        "L_phi": balls(slopes),
        "Delta": balls([h / case.declared for h, case in zip(heights, batch, strict=True)]),
        "phi_largest": balls(heights),
    }


def observe_measured_precisely(case: Measured, bits: int) -> Measurements:
    """The columns of `observe_measured` for one table, in balls of ``bits`` bits."""
    case = _sound_measured(case, 0)
    table = observe_precisely(case.table, bits)
    chance = table.columns["log_P"].mid[0]
    chance = chance.union(arb(0)) if case.shape == "log" else chance
    return Measurements({**table.columns, **_phi_columns((case,)), "log_P": balls([chance])}, np.zeros(1))


@simulator(
    "p L R m k eps log_P steepest extent copies reach log_delta L_phi Delta phi_largest",
    limited_by="rounding", precisely=observe_measured_precisely,
)  # fmt: skip
def observe_measured(
    batch: tuple[Measured, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """The columns of `observe` for the gap of φ(D): ε and P(gap > ε) are its own; L_φ, and the bound Δ as declared."""
    batch = tuple(_sound_measured(case, k) for k, case in enumerate(batch))
    chance = log_exceeded(tuple(case.table for case in batch), torch.device(device))
    return Measurements(_measured_columns(batch, chance), np.arange(len(batch)))
