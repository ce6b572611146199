"""Two classifiers on the same patients: exact tests and intervals for the difference of their accuracies.

Everything rests on the discordant patients, those whom exactly one of the two gets right.  A patient is the unit: patients
are taken to be independent.  Predictions from one split are treated as those of fixed classifiers, although the folds share
training rows; and repeating the split gives no new patients, so repetitions are merged by rules that allow any dependence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .intervals import proportion
from .measurement import MeasurementError

LEVEL = 0.05
Interval = tuple[float, float]


@dataclass(frozen=True)
class Paired:
    """Patients by who was right: both classifiers, only the first, only the second, neither."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def rows(self) -> int:
        """How many patients."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def gap(self) -> Fraction:
        """The accuracy of the first minus that of the second."""
        first, second = self.both + self.only_first, self.both + self.only_second
        return Fraction(first, self.rows) - Fraction(second, self.rows)


def paired(first: np.ndarray, second: np.ndarray) -> Paired:
    """The table of two boolean arrays, one entry a patient: who was right."""
    if first.shape != second.shape or not len(first):
        raise MeasurementError(f"shapes {first.shape} and {second.shape}", "two equal ones, not empty")
    counts = [first & second, first & ~second, ~first & second, ~(first | second)]
    return Paired(*(int(np.count_nonzero(c)) for c in counts))


def sign_flip(differences: Sequence[int]) -> Fraction:
    """The exact p-value, two-sided, of the test that flips the sign of each difference at random.

    All 2^m sign patterns are counted: the generating function Π (1 + z^|d|) is kept in the bits of one integer.
    Valid where under the hypothesis each patient's difference is as likely as its opposite, whatever else is so.
    """
    sizes = [abs(int(d)) for d in differences if d]
    width = 8 * (len(sizes) // 8 + 1)  # bits a coefficient, none of which exceeds 2^m
    patterns = 1
    for size in sizes:
        patterns += patterns << (size * width)
    total, seen = sum(sizes), abs(sum(int(d) for d in differences))
    digits = patterns.to_bytes((total + 1) * width // 8, "little")
    step = width // 8
    # the sum of a pattern is total - 2k, where k is what its minus signs take away
    extreme = sum(
        int.from_bytes(digits[k * step : (k + 1) * step], "little")
        for k in range(total + 1)
        if abs(total - 2 * k) >= seen
    )
    return Fraction(extreme, 2 ** len(sizes))


def mcnemar(table: Paired) -> Fraction:
    """The exact p-value of McNemar's test: the sign-flip test of single right and wrong answers."""
    return sign_flip([1] * table.only_first + [-1] * table.only_second)


def accuracy_interval(right: int, rows: int, delta: float = LEVEL) -> Interval:
    """Clopper and Pearson's interval for a probability of being right, wrong with probability at most ``delta``."""
    low, high = proportion(right, rows, delta)
    return float(low), float(high)


def gap_interval(table: Paired, delta: float = LEVEL) -> Interval:
    """An interval for P(only the first is right) - P(only the second is), wrong with probability at most ``delta``.

    The difference is ψ (2θ - 1): ψ the probability of being discordant, θ the share of the first among the discordant.  Each has
    Clopper and Pearson's interval at δ/2, θ's given the number of discordant patients; the difference is extreme in corners.
    """
    discordant = table.only_first + table.only_second
    share_low, share_high = accuracy_interval(discordant, table.rows, delta / 2)
    low, high = accuracy_interval(table.only_first, discordant, delta / 2) if discordant else (0.0, 1.0)
    ends = [share * (2 * theta - 1) for share in (share_low, share_high) for theta in (low, high)]
    return max(-1.0, float(np.nextafter(min(ends), -2))), min(1.0, float(np.nextafter(max(ends), 2)))


def voted(intervals: Sequence[Interval]) -> Interval:
    """What more than half of the intervals hold, as one interval.

    If each is wrong with probability at most α, the result is wrong with probability at most 2α, however they depend on each
    other: at least half of them must be wrong, which by Markov's inequality has probability at most 2α.
    """
    half = len(intervals) // 2
    lows, highs = sorted(low for low, _ in intervals), sorted(high for _, high in intervals)
    low, high = sorted((lows[half], highs[len(intervals) - 1 - half]))  # disjoint intervals: what lies between
    return low, high


def merged(p_values: Sequence[Fraction]) -> Fraction:
    """One p-value from K dependent ones: K/k times the k-th smallest with k = ⌈K/2⌉ (Rüger 1978), at most 1."""
    k = (len(p_values) + 1) // 2
    return min(Fraction(1), Fraction(len(p_values), k) * sorted(p_values)[k - 1])


@dataclass(frozen=True)
class Gap:
    """The first method against a second, over all split seeds.

    ``tables`` has one entry a seed; ``mean`` averages their gaps; ``interval`` is the vote of the seeds' intervals, wrong with
    probability at most ``delta``; ``p_merged`` merges McNemar's p-values; ``p_flips`` is the sign-flip test of the patients'
    differences summed over the seeds.
    """

    tables: tuple[Paired, ...]
    mean: Fraction
    interval: Interval
    p_merged: Fraction
    p_flips: Fraction


def compare(first: np.ndarray, second: np.ndarray, delta: float = LEVEL) -> Gap:
    """Two boolean arrays of shape (seeds, patients) compared."""
    tables = tuple(paired(a, b) for a, b in zip(first, second, strict=True))
    return Gap(
        tables=tables,
        mean=sum((t.gap for t in tables), Fraction(0)) / len(tables),
        interval=voted([gap_interval(t, _each(delta, tables)) for t in tables]),
        p_merged=merged([mcnemar(t) for t in tables]),
        p_flips=sign_flip((first.astype(np.int64) - second.astype(np.int64)).sum(0).tolist()),
    )


def accuracy(right: np.ndarray, delta: float = LEVEL) -> tuple[Fraction, Interval]:
    """The mean accuracy of a boolean array (seeds, patients), and the vote of the seeds' Clopper-Pearson intervals."""
    seeds, rows = right.shape
    mean = Fraction(int(np.count_nonzero(right)), seeds * rows)
    each = _each(delta, right)
    return mean, voted([accuracy_interval(int(hits), rows, each) for hits in right.sum(1)])


def _each(delta: float, repetitions: Sequence[object] | np.ndarray) -> float:
    """What each of several intervals may spend so that their vote spends ``delta``; one alone may spend it all."""
    return delta if len(repetitions) == 1 else delta / 2
