"""A finite class of discriminators of s images on tuples cut out of m real images: the exact law of its gap.

Each of N discriminators is a fair bit of the tuple, independent of the others.  The generator repeats the recorded
tuples, so that a discriminator's gap is how far its mean over them is from ½.  Tails of the binomial law are exact sums
for few tuples and brackets by geometric series for many, in balls and on the logarithmic scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

import flint
import numpy as np
import torch

from .interpolation_net import rational
from .measurement import MeasurementError, Measurements, balls, integers, simulator

EXACT = 512
"""Up to so many tuples the tail is a sum of whole numbers."""
BITS = 128


@dataclass(frozen=True)
class Blocks:
    """``images`` m, cut into m // ``s`` tuples of s; 2^``bits`` discriminators; a gap ``eps`` in (0, ½].

    ``copies``: how often each tuple was recorded (1: all of them are drawn independently); it divides their number.
    """

    images: int
    s: int
    bits: int
    eps: float
    copies: int = 1


def _tail(tuples: int, least: int) -> Any:
    """P(Bin(tuples, ½) ≥ least) for least > tuples/2, as a ball."""
    if tuples <= EXACT:
        total = ways = comb(tuples, least)
        for k in range(least, tuples):
            ways = ways * (tuples - k) // (k + 1)
            total += ways
        return flint.arb(flint.fmpz(total)) / flint.arb(2) ** tuples
    size, at = flint.arb(tuples), flint.arb(least)
    log_mass = (size + 1).lgamma() - (at + 1).lgamma() - (size - at + 1).lgamma() - size * flint.arb(2).log()
    # Each further term is the one before times (n-k)/(k+1), a ratio that falls: a geometric series at the first ratio is
    # above, one at the ratio of its last term and cut off there is below.
    first = flint.arb(flint.fmpq(tuples - least, least + 1))
    terms = min(tuples - least, 1 + 20 * (least + 1) // (2 * least + 1 - tuples))
    last = flint.arb(flint.fmpq(tuples - least - terms, least + terms + 1))
    above, below = 1 / (1 - first), (1 - last ** (terms + 1)) / (1 - last)
    return log_mass.exp() * below.union(above)


def _exceeds(case: Blocks, element: int) -> Any:
    """ln P(some discriminator's mean is eps or more from ½)."""
    eps = rational(case.eps, "eps", element)
    tuples = case.images // case.s if case.s > 0 else 0
    if tuples < 1 or case.bits < 0 or not 0 < eps <= flint.fmpq(1, 2) or case.copies < 1 or tuples % case.copies:
        raise MeasurementError(
            f"{case}", "a tuple or more, copies that divide them, eps in (0, ½]", "log_exceed", element
        )
    fresh = tuples // case.copies
    least = int((fresh * (eps + flint.fmpq(1, 2))).ceil())
    if 2 * least <= fresh + 1:  # an odd number of bits whose mean is never as near to ½ as eps
        return flint.arb(0)
    one = 2 * _tail(fresh, least)
    none = ((-one).log1p() * flint.arb(2) ** case.bits).expm1()
    return (-none).log()


def _observed(batch: tuple[Blocks, ...], bits: int) -> Measurements:
    rows = list(enumerate(batch))
    with flint.ctx.workprec(bits):
        columns = {
            "images": integers(case.images for case in batch),
            "s": integers(case.s for case in batch),
            "bits": integers(case.bits for case in batch),
            "eps": balls(rational(case.eps, "eps", k) for k, case in rows),
            "copies": integers(case.copies for case in batch),
            "log_exceed": balls(_exceeds(case, k) for k, case in rows),
        }
    return Measurements(columns, np.arange(len(rows)))


def observe_blocks_precisely(case: Blocks, bits: int) -> Measurements:
    """The columns of `observe_blocks` for one case at more bits."""
    return _observed((case,), bits)


@simulator("images s bits eps copies log_exceed", limited_by="rounding", precisely=observe_blocks_precisely)
def observe_blocks(batch: tuple[Blocks, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a case: ln of the probability that the class's gap is eps or more, in balls of 128 bits.

    Raises `MeasurementError` for a malformed case.
    """
    torch.empty(0, device=device)  # balls live on no device; an absent one is an error all the same
    return _observed(batch, BITS)
