"""The largest gap over a finite class of discriminators that toss fair coins, exactly, for classes of any size.

An image is a row of N fair bits and discriminator j reads bit j: E D_j = ½, and after m images the means are N
independent counts K_j/m.  Around each of them may stand a cluster: r + (1 - 2r) D_j + r s for every s with values in
[-1, 1].  On images without atoms one s is 1 on the sample and -1 elsewhere, so that a cluster gains exactly 2r on its
centre, and N discriminators are a net of it at resolution r.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
import torch
from flint import arb, ctx, fmpq

from simulators.discriminator_tails import (
    UNIT,
    Interval,
    log_any,
    log_two_sided,
    precise_log_any,
    precise_log_two_sided,
    threshold,
)
from simulators.measurement import Measurement, MeasurementError, Measurements, balls, integers, reals, simulator

MOST = 2**30
DOUBLINGS = 13_500


@dataclass(frozen=True)
class FiniteClass:
    """N = ``multiple`` · 2^``doublings`` discriminators (or clusters) and ``samples`` independent images.

    ``tail`` places ε: P(gap > ε) is about e^-tail.  ``place`` in (0, ½) is how far ε lies below the next value that the
    gap can take, in steps of 1/samples.  ``resolution``: r.  ``copies`` of each image are in the sample.  ``reach``:
    values are in [0, reach].  ``inside``, if positive: ε is this part of 2r instead, which every sample exceeds.
    ``bits`` and ``parameters``: 2^(bits · parameters) times as many discriminators, as many as there are parameters.
    """

    multiple: int = 1
    doublings: int = 0
    samples: int = 1
    tail: float = 0.0
    place: float = 2.0**-20
    resolution: float = 0.0
    copies: int = 1
    reach: float = 1.0
    bits: int = 0
    parameters: int = 1
    inside: float = 0.0

    @property
    def number(self) -> int:
        """N."""
        return self.multiple << (self.doublings + self.bits * self.parameters)

    @property
    def log_number(self) -> float:
        """log N, to 3 units."""
        return log(self.multiple) + (self.doublings + self.bits * self.parameters) * log(2)


def sound(case: FiniteClass, k: int) -> FiniteClass:
    """The class, if it is one.  Raises `MeasurementError`, which names the batch element."""
    if not 1 <= case.samples <= MOST or case.copies < 1 or case.parameters < 1:
        raise MeasurementError(f"{case.samples} samples, {case.copies} copies", f"1 to {MOST} samples", "m", k)
    exponent = case.doublings + case.bits * case.parameters
    if not 1 <= case.multiple < 2**53 or not 0 <= exponent <= DOUBLINGS:
        raise MeasurementError(f"{case.multiple} · 2^{exponent}", f"1 up to 2^{DOUBLINGS} discriminators", "net", k)
    if not 0 < case.place < 0.5 or not 0 <= case.resolution < 0.5 or not case.reach > 0:
        raise MeasurementError(
            f"place {case.place}, resolution {case.resolution}, reach {case.reach}",
            "a place in (0, 1/2), a resolution in [0, 1/2) and a positive reach", "eps", k,
        )  # fmt: skip
    if not 0 <= case.inside < 1 or (case.inside and not case.resolution):
        raise MeasurementError(f"inside {case.inside}", "a part of 2r in (0, 1), or 0", "eps", k)
    return case


def exceedances(
    counts: list[int], sizes: list[int], logs: list[float], device: torch.device
) -> tuple[Interval, Interval]:
    """Bounds of log q and log P: that one of n deviations, or the largest of them, reaches a - m/2.

    ``counts``: a; ``sizes``: m; ``logs``: log n to 3 units.
    """
    a, m, n = (torch.tensor(v, dtype=torch.float64, device=device) for v in (counts, sizes, logs))
    each = log_two_sided(m, a)
    error = 4 * UNIT * n
    return each, log_any((n - error, n + error), each)


def column(bounds: Interval) -> Measurement:
    """An interval as a column of balls."""
    low, high = (end.cpu().numpy() for end in bounds)
    mid = low + (high - low) / 2
    rad = np.maximum(high - mid, mid - low) * (1 + 4 * UNIT) + np.where(high > low, 5e-324, 0.0)
    return reals(mid, rad)


def _eps(case: FiniteClass, a: int) -> fmpq:
    deviation = (a - fmpq(case.samples, 2) - rational(case.place)) / case.samples
    r = rational(case.resolution)
    if case.inside:
        return rational(case.reach) * 2 * r * rational(case.inside)
    return rational(case.reach) * ((1 - 2 * r) * deviation + 2 * r)


def exponentials(bounds: Interval) -> list[arb]:
    """exp of intervals as balls, which do not underflow."""
    low, high = (end.tolist() for end in bounds)
    with ctx.workprec(64):
        return [arb(a).exp().union(arb(b).exp()) for a, b in zip(low, high, strict=True)]


def _certain(batch: tuple[FiniteClass, ...], bounds: Interval) -> Interval:
    """The bounds, and exactly 0 where every sample exceeds ε."""
    inside = torch.tensor([case.inside > 0 for case in batch], device=bounds[0].device)
    return torch.where(inside, 0.0, bounds[0]), torch.where(inside, 0.0, bounds[1])


def rational(value: float) -> fmpq:
    """A float as the rational number that it is."""
    return fmpq(*value.as_integer_ratio())


def count(number: int) -> fmpq | arb:
    """A whole number; beyond the range of floats as a ball, which holds a multiple of a power of two exactly."""
    return fmpq(number) if number.bit_length() < 1000 else arb(number)


def rounded(values: list[fmpq]) -> Measurement:
    """Rationals as floats, with their rounding."""
    mids = [int(v.p) / int(v.q) for v in values]
    return reals(mids, [abs(mid) * 2 * UNIT for mid in mids])


NAMES = "net m eps r log_P q copies reach bits parameters"


def observe_precisely(case: FiniteClass, bits: int) -> Measurements:
    """The columns of `observe` for one class, in balls of ``bits`` bits."""
    case = sound(case, 0)
    a = threshold(case.samples, case.log_number, case.tail)
    with ctx.workprec(bits + 64):
        each = precise_log_two_sided(case.samples, a)
        any_ = precise_log_any(case.number, each)
    if case.inside:
        each = any_ = arb(0)
    values = {
        "net": count(case.number), "m": fmpq(case.samples * case.copies), "eps": _eps(case, a),
        "r": rational(case.reach) * rational(case.resolution), "log_P": any_, "q": each.exp(), "copies": fmpq(case.copies),
        "reach": rational(case.reach), "bits": fmpq(case.bits), "parameters": fmpq(case.parameters),
    }  # fmt: skip
    return Measurements({name: balls([value]) for name, value in values.items()}, np.zeros(1))


@simulator(NAMES, limited_by="rounding", precisely=observe_precisely)
def observe(batch: tuple[FiniteClass, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each class: N, m, ε, r, log P(gap > ε) and q = P(one centre deviates as far).

    All radii are rounding; a malformed class raises `MeasurementError`.
    """
    batch = tuple(sound(case, k) for k, case in enumerate(batch))
    found = [threshold(case.samples, case.log_number, case.tail) for case in batch]
    each, any_ = exceedances(
        found, [case.samples for case in batch], [case.log_number for case in batch], torch.device(device)
    )
    return Measurements(
        {
            "net": balls([count(case.number) for case in batch]),
            "m": integers(case.samples * case.copies for case in batch),
            "eps": rounded([_eps(case, a) for case, a in zip(batch, found, strict=True)]),
            "r": rounded([rational(case.reach) * rational(case.resolution) for case in batch]),
            "log_P": column(_certain(batch, any_)),
            "q": balls(exponentials(_certain(batch, each))),
            "copies": integers(case.copies for case in batch),
            "reach": reals([case.reach for case in batch], 0.0),
            "bits": integers(case.bits for case in batch),
            "parameters": integers(case.parameters for case in batch),
        },
        np.arange(len(batch)),
    )
