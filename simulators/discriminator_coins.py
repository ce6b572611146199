"""Classes of independent fair bits against random images: how likely a bit is constant on them, or is off by ε.

An image is a row of N independent fair bits, and every bit is read by one discriminator, or by many that are equal.  The
largest gap of such a class is that of its different members, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from flint import arb, ctx, fmpq

from simulators.discriminator_class import FiniteClass, count, exceedances, exponentials, rational, sound
from simulators.discriminator_tails import precise_log_any, precise_log_two_sided, threshold
from simulators.measurement import Measurement, MeasurementError, Measurements, balls, integers, simulator

DOUBLINGS = 13_500
BITS = 160


@dataclass(frozen=True)
class Coins:
    """``multiple`` · 2^``doublings`` bits, each read by 2^``alike`` discriminators, and ``samples`` random images.

    ``tail`` and ``place`` put ε, as for `FiniteClass`; ``beyond``: ε is ½ instead, which no gap exceeds.  ``copies`` of
    each image are in the sample.
    """

    multiple: int = 1
    doublings: int = 0
    samples: int = 1
    tail: float = 0.0
    place: float = 2.0**-20
    copies: int = 1
    alike: int = 0
    beyond: bool = False

    @property
    def different(self) -> FiniteClass:
        """The class of its different members."""
        return FiniteClass(self.multiple, self.doublings, self.samples, self.tail, self.place, copies=self.copies)


def _sound(case: Coins, k: int) -> FiniteClass:
    """Its different members, if it is a class.  Raises `MeasurementError`, which names the batch element."""
    if not 0 <= case.alike <= DOUBLINGS:
        raise MeasurementError(f"2^{case.alike} equal discriminators", f"1 to 2^{DOUBLINGS}", "alike", k)
    return sound(case.different, k)


def _common(batch: list[Coins]) -> dict[str, Measurement]:
    return {
        "net": balls([count(case.different.number << case.alike) for case in batch]),
        "m": integers(case.samples * case.copies for case in batch),
        "copies": integers(case.copies for case in batch),
        "alike": balls([count(1 << case.alike) for case in batch]),
        "reach": integers(1 for _ in batch),
    }


def _target(case: Coins) -> tuple[int, fmpq]:
    """The number of heads that exceeds ε, and ε."""
    m = case.samples
    a = threshold(m, case.different.log_number, case.tail)
    return a, fmpq(1, 2) if case.beyond else (a - fmpq(m, 2) - rational(case.place)) / m


def observe_precisely(case: Coins, bits: int) -> Measurements:
    """The columns of `observe` for one class, in balls of ``bits`` bits."""
    members = _sound(case, 0)
    a, eps = _target(case)
    with ctx.workprec(bits + 64):
        chance = (
            fmpq(0) if case.beyond else _exp(precise_log_any(members.number, precise_log_two_sided(case.samples, a)))
        )
    return Measurements({**_common([case]), "eps": balls([eps]), "exceed": balls([chance])}, np.zeros(1))


def _exp(value: arb) -> arb:
    return arb(1) if value == 0 else value.exp()


@simulator("net m eps exceed copies alike reach", limited_by="rounding", precisely=observe_precisely)
def observe(batch: tuple[Coins, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each class: N, m, ε and P(gap > ε); all radii are rounding, and P is exactly 0 from ε = ½ on."""
    members = [_sound(case, k) for k, case in enumerate(batch)]
    targets = [_target(case) for case in batch]
    _, any_ = exceedances(
        [a for a, _ in targets], [c.samples for c in members], [c.log_number for c in members], torch.device(device)
    )
    chances = [fmpq(0) if c.beyond else p for c, p in zip(batch, exponentials(any_), strict=True)]
    return Measurements(
        {**_common(list(batch)), "eps": balls([eps for _, eps in targets]), "exceed": balls(chances)},
        np.arange(len(batch)),
    )


@simulator("net m log_none copies alike reach", limited_by="exact")
def observe_memory(batch: tuple[Coins, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each class: the log of the probability that no discriminator is constant on the sample, in balls.

    A discriminator that is constant on it has the largest gap there is, ½.  A sample of one gives no row.
    """
    torch.empty(0, device=torch.device(device))
    chosen = [(k, case, _sound(case, k)) for k, case in enumerate(batch) if case.samples > 1]
    with ctx.workprec(BITS):
        none = [(-arb(fmpq(1, 1 << (case.samples - 1)))).log1p() * members.number for _, case, members in chosen]
    return Measurements(
        {**_common([case for _, case, _ in chosen]), "log_none": balls(none)},
        np.array([k for k, _, _ in chosen], dtype=np.int64),
    )
