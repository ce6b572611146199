"""What the birthday test says of the support: an estimate and three bounds, read off the audited theorems.

No formula of the theorems is written here.  Each bound is the last candidate that a claim's own relation, judged in
balls, excludes.  What is added is the step from counts to probabilities, the interval of Clopper and Pearson (1934).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral
from typing import Any

EFFECTIVE = ("near-duplicates", "effective-support")
VARIETY = ("near-duplicates", "packing")
SUPPORT = ("birthday", "at-most-uniform-closed")
BISECTIONS = 40
"""Halvings of a real bound: it is sharp to one part in 10^12."""


class SupportError(ValueError):
    """Counts that no birthday test gives: got, expected, remedy."""

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


@dataclass(frozen=True)
class SupportBounds:
    """The result of a birthday test.

    ``point``: estimate of the effective support 1/κ, the inverse of the unbiased estimate of κ (None without a pair).
    ``effective_at_most``: 1/κ is less than this, for any law and any near-duplicate relation (infinite without a hit).
    ``support_at_least``: any law on fewer points has exact duplicates more often (1 where every batch has one).
    ``variety_at_least``: so many samples exist no two of which are near (1 where every batch has a near pair).
    The two lower bounds need that no near pair was overlooked.  ``folklore``: s², which no theorem supports as a number
    of images; where batches repeat with probability above ½ it bounds the effective support.
    ``failure_each``: probability that any one of the bounds fails, at most; all hold with probability ``confidence`` or
    more.  ``near_at_least``, ``near_at_most``, ``equal_at_most``: the ends of the intervals for the probabilities of a
    near and of an equal pair in a batch.  ``claims``: the audited claims of the three bounds, as `theorem / claim`.
    """

    point: float | None
    effective_at_most: float
    support_at_least: int
    variety_at_least: int
    folklore: int
    confidence: float
    failure_each: float
    near_at_least: float
    near_at_most: float
    equal_at_most: float
    claims: tuple[str, ...] = (" / ".join(EFFECTIVE), " / ".join(SUPPORT), " / ".join(VARIETY))


def support_bounds(size: int, batches: int, near: int, equal: int, pairs: int, confidence: float) -> SupportBounds:
    """Bounds from ``batches`` independent batches of ``size`` samples.

    ``near`` and ``equal`` batches hold a near-duplicate and an exact duplicate; ``pairs`` near-duplicate pairs were
    counted over all batches, each unordered pair once, exact duplicates included.  Each bound uses a third of what
    ``confidence`` leaves.  Raises `SupportError` for counts that are impossible.
    """
    from simulators.intervals import proportion

    _possible(size, batches, near, equal, pairs, confidence)
    size, batches, near, equal, pairs = (int(n) for n in (size, batches, near, equal, pairs))  # numpy's overflow
    failure = (1 - confidence) / 3
    low, high = (ends.tolist() for ends in proportion([near, equal], batches, 2 * failure))
    return SupportBounds(
        point=batches * math.comb(size, 2) / pairs if pairs else None,
        effective_at_most=_effective_at_most(size, low[0]),
        support_at_least=_at_least(SUPPORT, "N", "P_none", size, high[1]),
        variety_at_least=_at_least(VARIETY, "alpha", "P_far", size, high[0]),
        folklore=size**2,
        confidence=confidence,
        failure_each=failure,
        near_at_least=low[0],
        near_at_most=high[0],
        equal_at_most=high[1],
    )


def _possible(size: int, batches: int, near: int, equal: int, pairs: int, confidence: float) -> None:
    counts = {"size": size, "batches": batches, "near": near, "equal": equal, "pairs": pairs}
    for name, value in counts.items():
        least = {"size": 2, "batches": 1}.get(name, 0)
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise SupportError(f"{name} = {value!r}", f"an integer of at least {least}", "count again")
    if not 0 < confidence < 1:
        raise SupportError(f"confidence {confidence}", "a number between 0 and 1", "95 % is 0.95")
    if not equal <= near <= batches:
        raise SupportError(
            f"{equal} batches with an equal pair and {near} with a near pair, of {batches}",
            "equal <= near <= batches, for an equal pair is a near one",
            "count batches, not pairs, and compare with <= radius",
        )
    most = int(near) * math.comb(int(size), 2)
    if not near <= pairs <= most:
        raise SupportError(
            f"{pairs} near pairs in {near} batches of {size}",
            f"between {near} and {most}",
            "count the unordered pairs of all batches, exact duplicates included",
        )


@lru_cache(maxsize=8)
def _judge(theorem: str, claim: str) -> Callable[[dict[str, Any]], Any]:
    from checks.engine.judge import compile_claim
    from theorems import get

    return compile_claim(get(theorem).claim(claim).relation)


def _complement(probability: float) -> Any:
    """1 - probability, exactly."""
    from flint import fmpq

    top, bottom = probability.as_integer_ratio()
    return fmpq(bottom - top, bottom)


def _effective_at_most(size: int, near_at_least: float) -> float:
    """The least b found that 1/κ = b would violate the claim with P(no near pair) at most 1 - ``near_at_least``.

    The premise of the claim grows with b and its conclusion speaks of b κ alone: what excludes 1/κ = b excludes all
    that is larger.
    """
    if near_at_least == 0:
        return math.inf
    from flint import fmpq

    judge, far = _judge(*EFFECTIVE), _complement(near_at_least)

    def excluded(support: float) -> bool:
        b = fmpq(*support.as_integer_ratio())
        return judge({"b": b, "s": fmpq(size), "P_far": far, "kappa": 1 / b}).status == "violated"

    low, high = 0.5, 1.0
    while not excluded(high):
        low, high = high, 2 * high
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if excluded(middle) else (middle, high)
    return high


def _at_least(claim: tuple[str, str], points: str, none: str, size: int, pair_at_most: float) -> int:
    """The first number of ``points`` that the claim does not exclude with P(``none``) at least 1 - ``pair_at_most``.

    The claim bounds that probability above by a function that grows with the points: what it excludes lies below.
    """
    if pair_at_most == 1:
        return 1
    from flint import fmpq

    judge, none_at_least = _judge(*claim), _complement(pair_at_most)

    def excluded(number: int) -> bool:
        return judge({points: fmpq(number), "s": fmpq(size), none: none_at_least}).status == "violated"

    low, high = 0, 1
    while excluded(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if excluded(middle) else (low, middle)
    return high
