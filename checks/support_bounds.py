"""What the birthday test says of the support: an estimate and two bounds, read off the audited theorems.

No formula of the theorems is written here.  The bound on the effective support is the root of the claim's own relation;
the bound on the support is the first number of points that the claim's own relation, judged in balls, does not exclude.
What is added is the step from counts to probabilities, the interval of Clopper and Pearson (1934).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from numbers import Integral
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # imported where they are used: `--help` is immediate
    from theorems.statement import Claim

EFFECTIVE = ("birthday", "effective-support-closed")
SUPPORT = ("birthday", "at-most-uniform-closed")


class SupportError(ValueError):
    """Counts that no birthday test gives: got, expected, remedy."""

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


@dataclass(frozen=True)
class SupportBounds:
    """The result of a birthday test.

    ``point``: estimate of the effective support 1/κ, the inverse of the unbiased estimate of κ (None without a pair).
    ``effective_at_most``: 1/κ is at most this, for any law and any near-duplicate relation (infinite without a hit).
    ``support_at_least``: any law on fewer points has exact duplicates more often (1 where every batch has one).
    ``folklore``: s², which no theorem supports.  ``failure_each``: probability that either bound fails, at most; both
    hold with probability ``confidence`` or more.  ``near_at_least``, ``equal_at_most``: the ends of the intervals for
    the two probabilities.  ``claims``: the audited claims, as `theorem / claim`.
    """

    point: float | None
    effective_at_most: float
    support_at_least: int
    folklore: int
    confidence: float
    failure_each: float
    near_at_least: float
    equal_at_most: float
    claims: tuple[str, str] = (" / ".join(EFFECTIVE), " / ".join(SUPPORT))


def support_bounds(size: int, batches: int, near: int, equal: int, pairs: int, confidence: float) -> SupportBounds:
    """Bounds from ``batches`` independent batches of ``size`` samples.

    ``near`` and ``equal`` batches hold a near-duplicate and an exact duplicate; ``pairs`` near-duplicate pairs were
    counted over all batches, each unordered pair once, exact duplicates included.  Each bound uses half of what
    ``confidence`` leaves.  Raises `SupportError` for counts that are impossible.
    """
    from simulators.intervals import proportion

    _possible(size, batches, near, equal, pairs, confidence)
    size, batches, pairs = int(size), int(batches), int(pairs)  # numpy's integers overflow
    failure = 1 - confidence  # `proportion` gives half of it to each end, and each bound needs one end
    near_at_least = float(proportion(near, batches, failure)[0])
    equal_at_most = float(proportion(equal, batches, failure)[1])
    return SupportBounds(
        point=batches * math.comb(size, 2) / pairs if pairs else None,
        effective_at_most=_effective_at_most(size, near_at_least),
        support_at_least=_support_at_least(size, equal_at_most),
        folklore=size**2,
        confidence=confidence,
        failure_each=failure / 2,
        near_at_least=near_at_least,
        equal_at_most=equal_at_most,
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


def _claim(theorem: str, claim: str) -> Claim:
    from theorems import get

    return get(theorem).claim(claim)


@lru_cache(maxsize=2)
def _solved(theorem: str, claim: str, wanted: str) -> Any:
    """The audited inequality with equality, solved for the symbol named ``wanted``: an expression in the others."""
    import sympy

    relation = _claim(theorem, claim).relation
    (unknown,) = (symbol for symbol in relation.free_symbols if symbol.name == wanted)
    (root,) = sympy.solve(relation.lhs - relation.rhs, unknown)
    return root


def _effective_at_most(size: int, near_at_least: float) -> float:
    """The largest 1/κ that the claim allows with P(near-duplicate) at least ``near_at_least``; rounded upward."""
    if near_at_least == 0:
        return math.inf
    import sympy

    root = _solved(*EFFECTIVE, "beta")
    values = {"s": sympy.Integer(size), "P_dup": sympy.Rational(*near_at_least.as_integer_ratio())}
    exact = root.xreplace({symbol: values[symbol.name] for symbol in root.free_symbols})
    bound = Fraction(int(exact.p), int(exact.q))
    near = bound.numerator / bound.denominator
    return near if Fraction(near) >= bound else math.nextafter(near, math.inf)


def _support_at_least(size: int, equal_at_most: float) -> int:
    """The first N that the claim does not exclude with P(no equal pair) at least 1 - ``equal_at_most``.

    The claim bounds P(no equal pair) above by a function that grows with N: what it excludes lies below what it does not.
    """
    if equal_at_most == 1:
        return 1
    from flint import fmpq

    from checks.engine.judge import compile_claim

    judge = compile_claim(_claim(*SUPPORT).relation)
    top, bottom = equal_at_most.as_integer_ratio()
    none_at_least = fmpq(bottom - top, bottom)

    def excluded(points: int) -> bool:
        return judge({"N": fmpq(points), "s": fmpq(size), "P_none": none_at_least}).status == "violated"

    low, high = 0, 1
    while excluded(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if excluded(middle) else (low, middle)
    return high
