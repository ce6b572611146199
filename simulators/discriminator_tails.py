"""Tails of fair coins in log space, with their rounding: how likely the largest of many deviations is.

K counts the heads of m fair coins, and a > m/2.  The tail is its first term times a sum of products of ratios,

    P(K ≥ a) = P(K = a) (1 + r_1 + r_1 r_2 + …),    r_j = (m - a - j + 1)/(a + j),

whose remainder after any term is at most a geometric series, because the ratios fall.  P(K = a) comes from Stirling's
series, whose error is below its first omitted term.  Logarithms throughout: e^-10⁴ is an ordinary value here.
"""

from __future__ import annotations

from math import factorial, log, pi

import torch
from flint import arb, ctx, fmpq
from torch import Tensor

UNIT = 2.0**-53
TERMS = 4096
SMALL = 16
"""Below this Stirling's error is tabulated."""
_TABLE = [0.0, *(log(factorial(n)) - (n + 0.5) * log(n) + n - 0.5 * log(2 * pi) for n in range(1, SMALL))]
_TABLE_ERROR = 200 * UNIT
"""Five terms of at most 40, each with its rounding."""

Interval = tuple[Tensor, Tensor]


def _stirling(n: Tensor) -> Interval:
    """log n! - (n + ½) log n + n - ½ log 2π and its error; 0 at n = 0, where it is not used."""
    table = torch.tensor(_TABLE, dtype=torch.float64, device=n.device)
    big = n.clamp(min=SMALL)
    series = (1 / 12 - (1 / 360 - 1 / (1260 * big**2)) / big**2) / big
    small = n < SMALL
    value = torch.where(small, table[n.clamp(max=SMALL - 1).long()], series)
    return value, torch.where(small, _TABLE_ERROR, 1 / (1680 * big**7) + UNIT)


def log_tail(m: Tensor, a: Tensor) -> Interval:
    """Bounds of log P(K ≥ a) for K ~ Bin(m, ½); integers m/2 < a ≤ m below 2⁵⁰ as float64 of one shape."""
    rest = m - a
    open_ = rest > 0
    left = rest.clamp(min=1)
    high, low = torch.log(2 * a / m), torch.log(2 * left / m)
    entropy = a * high + left * low
    # The quotient moves a logarithm by one unit, the logarithm rounds by two of its own.
    error = UNIT * (a * (1 + 3 * high.abs()) + left * (1 + 3 * low.abs()))
    root = 0.5 * torch.log(m / (2 * pi * a * left))
    corrections = [_stirling(n) for n in (m, a, left)]
    first = -entropy + root + corrections[0][0] - corrections[1][0] - corrections[2][0]
    error = error + 8 * UNIT * (entropy.abs() + root.abs() + 1) + sum(e for _, e in corrections)
    everything = -m * log(2.0)
    first = torch.where(open_, first, everything)
    error = torch.where(open_, error, 2 * UNIT * everything.abs())
    total, term = torch.ones_like(m), torch.ones_like(m)
    used = 0
    for j in range(1, TERMS + 1):
        used = j
        term = term * ((rest - j + 1).clamp(min=0) / (a + j))
        total = total + term
        if j % 16 == 0 and not bool((term > 1e-13 * total * (2 * a - m) / m).any()):
            break
    ratio = (rest - used).clamp(min=0) / (a + used + 1)
    remainder = term * ratio / (1 - ratio)
    slack = 4 * (used + 2) * UNIT * (total + remainder)
    bottom = first - error + torch.log(total - slack) - 4 * UNIT
    top = first + error + torch.log(total + remainder + slack) + 4 * UNIT
    size = 4 * UNIT * (first.abs() + 1)
    return bottom - size, (top + size).clamp(max=0.0)


def log_two_sided(m: Tensor, a: Tensor) -> Interval:
    """Bounds of log P(|K - m/2| ≥ a - m/2): twice one tail, and exactly 0 where every outcome is as far."""
    bottom, top = log_tail(m, a)
    sure = 2 * a <= m + 1
    two = log(2.0)
    step = 4 * UNIT * (1 + bottom.abs())
    return torch.where(sure, 0.0, bottom + two - step), torch.where(sure, 0.0, (top + two + step).clamp(max=0.0))


def log_any(log_count: Interval, log_each: Interval) -> Interval:
    """Bounds of log P(some of n independent events) from bounds of log n and of the log probability of each."""
    ends = [_log_any(n, q, sign) for n, q, sign in zip(log_count, log_each, (-1, 1), strict=True)]
    return ends[0], ends[1].clamp(max=0.0)


def _log_any(log_count: Tensor, log_each: Tensor, outward: int) -> Tensor:
    """log(1 - (1 - q)^n), moved outward by its rounding: -n log(1 - q) = λ, then log(1 - e^-λ)."""
    shift = outward * UNIT
    each = torch.exp(log_each.clamp(min=-700.0))
    tiny = log_each < -40
    # -log(1 - q) lies between q and q + q² there.
    hazard = torch.log(-torch.log1p(-each.clamp(max=1 - UNIT)))
    hazard = torch.where(tiny, log_each + (each if outward > 0 else 0.0), hazard)
    level = log_count + hazard
    # q itself is rounded by 2 units, which 1 - q magnifies; the top is kept at 0 where that matters.
    level = level + 8 * shift * (1 + log_count.abs() + log_each.abs()) / (1 - each.clamp(max=1 - UNIT))
    rate = torch.exp(level.clamp(max=700.0))
    middle = torch.where(rate < 0.7, torch.log(-torch.expm1(-rate.clamp(min=1e-300))), torch.log1p(-torch.exp(-rate)))
    middle = middle + 8 * shift * (middle.abs() + (rate + 1) * torch.exp(-rate.clamp(max=700.0)))
    # For a small rate λ: λ - λ²/2 ≤ 1 - e^-λ ≤ λ.
    rare = level < -30
    value = torch.where(rare, level - (0.0 if outward > 0 else rate) + 4 * shift * level.abs(), middle)
    return torch.where(log_each >= 0, 0.0, value)


def threshold(m: int, log_count: float, tail: float) -> int:
    """The largest a whose tail, as an approximation has it, is at least e^-tail for the largest of the deviations.

    Decided in plain floats, one instance at a time, so that it never depends on the batch.
    """

    def rare(a: int) -> bool:
        x = a / m
        y = 1 - x
        drop = m * (x * log(2 * x) + (y * log(2 * y) if a < m else 0.0))
        spread = 0.5 * log(max(m / (2 * pi * a * max(m - a, 1)), 1e-300)) if a < m else 0.0
        gain = -log(max(1 - (m - a) / (a + 1), 1 / m))
        return log_count + log(2) - drop + spread + gain < -tail

    low, high = m // 2 + 1, m + 1  # low is admitted, high is not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if rare(middle) else (middle, high)
    return low


def precise_log_two_sided(m: int, a: int) -> arb:
    """log P(|K - m/2| ≥ a - m/2) at the precision in force."""
    if 2 * a <= m + 1:
        return arb(0)
    inner = 2 * a - m - 1  # outcomes nearer to m/2 than a
    if inner * inner < m:
        return (1 - _around_the_middle(m, a)).log()
    first = _log_factorial(m) - _log_factorial(a) - _log_factorial(m - a) - (m - 1) * arb(2).log()
    total, term = arb(1), arb(1)
    for j in range(1, m - a + 1):
        term = term * (m - a - j + 1) / (a + j)
        total = total + term
        ratio = arb(fmpq(m - a - j, a + j + 1))
        remainder = term * ratio / (1 - ratio)
        if remainder < total * arb(2) ** (-ctx.prec):
            total = total + remainder.union(arb(0))
            break
    return first + total.log()


def _around_the_middle(m: int, a: int) -> arb:
    """P(m - a < K < a): a few of very many outcomes."""
    j = m - a + 1
    term = (_log_factorial(m) - _log_factorial(j) - _log_factorial(m - j) - m * arb(2).log()).exp()
    total = arb(0)
    for i in range(j, a):
        total = total + term
        term = term * (m - i) / (i + 1)
    return total


def _log_factorial(n: int) -> arb:
    return arb(n + 1).lgamma()


def precise_log_any(count: int, log_each: arb) -> arb:
    """log(1 - (1 - q)^count) at the precision in force."""
    if log_each == 0:
        return arb(0)
    hazard = -(-log_each.exp()).log1p() * count
    return (-(-hazard).expm1()).log()
