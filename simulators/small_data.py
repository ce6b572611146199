"""Comparisons of classifiers as instances: drawn tables, trials that could be repeated, and the measured small-data experiment.

Everything is counted in integers and rationals, so that what is returned is exact.  The measured experiment is read from its
file (`small_data_file`), which `theorem-audit measure small-data` writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

import numpy as np
import torch
from flint import fmpq

from .measurement import Measurement, MeasurementError, Measurements, balls, integers, simulator
from .small_data_comparison import Paired, mcnemar

PERCENT = 100
MOST_COUNTED = 60


def rational(value: Fraction) -> fmpq:
    """A Python fraction as flint's."""
    return fmpq(value.numerator, value.denominator)


def rationals(values: Sequence[Fraction]) -> Measurement:
    """A column of exact rationals."""
    return balls(rational(Fraction(v)) for v in values)


@dataclass(frozen=True)
class Table:
    """Patients by who was right: both classifiers, only the first, only the second, neither."""

    both: int
    only_first: int
    only_second: int
    neither: int = 0


@simulator("n only_first only_second discordant fewer gap p", limited_by="exact")
def observe_tables(batch: tuple[Table, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a table: counts, the gap of the accuracies, and the p-value that counting all sign patterns gives."""
    torch.empty(0, device=torch.device(device))  # a device that is absent is an error even where integers are counted
    paired = [_sound(t, k) for k, t in enumerate(batch)]
    columns = {
        "n": integers(t.rows for t in paired),
        "only_first": integers(t.only_first for t in paired),
        "only_second": integers(t.only_second for t in paired),
        "discordant": integers(t.only_first + t.only_second for t in paired),
        "fewer": integers(min(t.only_first, t.only_second) for t in paired),
        "gap": rationals([t.gap for t in paired]),
        "p": rationals([mcnemar(t) for t in paired]),
    }
    return Measurements(columns, np.arange(len(batch)))


def _sound(table: Table, element: int) -> Paired:
    counts = (table.both, table.only_first, table.only_second, table.neither)
    if min(counts) < 0 or not sum(counts):
        raise MeasurementError(f"{table}", "counts of at least 0 and a patient", "n", element)
    return Paired(*counts)


@dataclass(frozen=True)
class Trial:
    """A comparison that could be repeated: ``patients`` independent patients, each counted ``copies`` times.

    Only the first classifier is right with probability ``first`` %, only the second with ``second`` %, both with ``both`` %.
    ``place`` picks the level x among the p-values that the test can take, 0 the smallest.
    """

    patients: int
    both: int
    first: int
    second: int
    place: int = 0
    copies: int = 1


@simulator("n copies p_first p_second q variance x P_below", limited_by="exact")
def observe_trials(batch: tuple[Trial, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a trial, over all outcomes: the variance of the first accuracy, and P(McNemar's p-value ≤ x).

    ``n`` is the number of rows that were counted, patients times copies.
    """
    torch.empty(0, device=torch.device(device))
    for k, trial in enumerate(batch):
        shares = (trial.both, trial.first, trial.second)
        if not (1 <= trial.patients * trial.copies <= MOST_COUNTED and min(shares) >= 0 and sum(shares) <= PERCENT):
            raise MeasurementError(
                f"{trial}", f"1 to {MOST_COUNTED} rows and shares that add up to at most 100", "n", k
            )
    levels, below = zip(*(_level(t) for t in batch), strict=True) if batch else ((), ())
    columns = {
        "n": integers(t.patients * t.copies for t in batch),
        "copies": integers(t.copies for t in batch),
        "p_first": rationals([Fraction(t.first, PERCENT) for t in batch]),
        "p_second": rationals([Fraction(t.second, PERCENT) for t in batch]),
        "q": rationals([Fraction(t.both + t.first, PERCENT) for t in batch]),
        "variance": rationals([_variance(t) for t in batch]),
        "x": rationals(levels),
        "P_below": rationals(below),
    }
    return Measurements(columns, np.arange(len(batch)))


def _variance(trial: Trial) -> Fraction:
    """The variance of the share of rows that the first gets right, over all numbers of patients that it can be right on."""
    n, right = trial.patients, Fraction(trial.both + trial.first, PERCENT)
    law = [comb(n, k) * right**k * (1 - right) ** (n - k) for k in range(n + 1)]
    shares = [Fraction(k * trial.copies, n * trial.copies) for k in range(n + 1)]
    mean = sum((p * s for p, s in zip(law, shares, strict=True)), Fraction(0))
    return sum((p * (s - mean) ** 2 for p, s in zip(law, shares, strict=True)), Fraction(0))


def outcomes(patients: int, first: Fraction, second: Fraction) -> Iterator[tuple[int, int, Fraction]]:
    """Every pair of discordant counts of independent patients, and its probability."""
    rest = 1 - first - second
    for a in range(patients + 1):
        for b in range(patients + 1 - a):
            ways = comb(patients, a) * comb(patients - a, b)
            yield a, b, ways * first**a * second**b * rest ** (patients - a - b)


def _level(trial: Trial) -> tuple[Fraction, Fraction]:
    """The level x, and the probability that the p-value is at most x."""
    r = trial.copies
    found = [
        (mcnemar(Paired(0, r * a, r * b, r * (trial.patients - a - b))), probability)
        for a, b, probability in outcomes(
            trial.patients, Fraction(trial.first, PERCENT), Fraction(trial.second, PERCENT)
        )
        if probability
    ]
    possible = sorted({p for p, _ in found})
    level = possible[min(trial.place, len(possible) - 1)]
    return level, sum((probability for p, probability in found if p <= level), Fraction(0))


@dataclass(frozen=True)
class Votes:
    """Intervals of several split seeds, and a joint law of being wrong.

    ``laws`` holds (weight, pattern) pairs; bit i of a pattern says that interval i is wrong.
    """

    intervals: int
    laws: tuple[tuple[int, int], ...]


@simulator("K alpha P_half", limited_by="exact")
def observe_votes(batch: tuple[Votes, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a law: the largest probability that one interval is wrong, and that at least half of them are."""
    torch.empty(0, device=torch.device(device))
    worst, half = [], []
    for k, votes in enumerate(batch):
        total = sum(weight for weight, _ in votes.laws)
        if votes.intervals < 1 or total < 1 or any(p >> votes.intervals or w < 0 for w, p in votes.laws):
            raise MeasurementError(f"{votes}", "weights of at least 0, one positive, and patterns that fit", "K", k)
        single = [sum(w for w, p in votes.laws if p >> i & 1) for i in range(votes.intervals)]
        many = sum(w for w, p in votes.laws if 2 * p.bit_count() >= votes.intervals)
        worst.append(Fraction(max(single), total))
        half.append(Fraction(many, total))
    columns = {"K": integers(v.intervals for v in batch), "alpha": rationals(worst), "P_half": rationals(half)}
    return Measurements(columns, np.arange(len(batch)))
