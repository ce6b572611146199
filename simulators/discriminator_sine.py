"""One parameter that tells any sample from its law: D_v(x) = 1 where sin(v x) ≥ 0.

The images are x = 2^(n - i) for i = 1 … n, equally likely, and v = π w / 2^n for an integer w below 2^(n + 1): then
sin(v x) has the sign that bit i of w says, as long as w is odd.  The parameter that is 1 on the sample and 0 elsewhere
has its bits clear on the sample.  Signs are read off exact integers: π cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from flint import fmpq

from simulators.measurement import MeasurementError, Measurements, balls, integers, reals, simulator
from simulators.streams import stream

MOST = 20_000


@dataclass(frozen=True)
class SineTable:
    """``points`` images, of which ``samples`` are drawn independently; the class has ``parameters``, one of them used.

    ``place`` is how far ε lies below 1 - samples/points, which the gap reaches whatever the draw.
    """

    points: int = 2
    samples: int = 1
    parameters: int = 1
    place: float = 2.0**-20
    seed: int = 0


def sign_is_up(w: int, x: int, n: int) -> bool:
    """Whether sin(π w x / 2^n) ≥ 0: the angle in half turns, reduced to [0, 2)."""
    return (w * x) % (2 << n) <= 1 << n


def parameter(drawn: set[int], n: int) -> int:
    """The w whose discriminator is 1 exactly on the images drawn (numbered from 1)."""
    return 1 + sum(1 << i for i in range(1, n + 1) if i not in drawn)


@simulator("p points distinct m advantage eps log_P", limited_by="exact")
def observe(batch: tuple[SineTable, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each table: mean_S D_v - E D_v of the v built for the sample, and an ε below every sample's gap.

    ``log_P`` is log P(gap > ε) = 0: m images leave at least points - m unseen.
    """
    torch.empty(0, device=torch.device(device))
    distinct, advantages, eps = [], [], []
    for k, case in enumerate(batch):
        n, m = case.points, case.samples
        if not 1 <= m < n <= MOST or case.parameters < 1 or not 0 < case.place < 1:
            raise MeasurementError(
                f"{case}", f"1 to points - 1 samples, at most {MOST} points, place in (0, 1)", "m", k
            )
        sample = [int(i) for i in stream("sine", case).integers(1, n + 1, m)]
        w = parameter(set(sample), n)
        up = [sign_is_up(w, 1 << (n - i), n) for i in range(1, n + 1)]
        law, mean = Fraction(sum(up), n), Fraction(sum(up[i - 1] for i in sample), m)
        distinct.append(len(set(sample)))
        advantages.append(fmpq((mean - law).numerator, (mean - law).denominator))
        eps.append(fmpq(*Fraction(case.place).as_integer_ratio()) * -fmpq(n - m, n) + fmpq(n - m, n))
    return Measurements(
        {
            "p": integers(case.parameters for case in batch),
            "points": integers(case.points for case in batch),
            "distinct": integers(distinct),
            "m": integers(case.samples for case in batch),
            "advantage": balls(advantages),
            "eps": balls(eps),
            "log_P": reals(np.zeros(len(batch)), 0.0),
        },
        np.arange(len(batch)),
    )
