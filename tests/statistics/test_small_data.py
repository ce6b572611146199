"""The paired intervals cover: exactly, over every outcome, and under splits that depend on each other."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from scipy.stats import binomtest

from simulators.small_data import outcomes
from simulators.small_data_comparison import (
    Interval,
    Paired,
    accuracy_interval,
    compare,
    gap_interval,
    mcnemar,
    merged,
    voted,
)
from simulators.streams import stream

LEVELS = (0.05, 0.32)
LAWS = [(0, 0), (1, 1), (5, 5), (50, 50), (30, 10), (95, 0), (0, 1), (8, 2), (20, 25)]  # per cent


@cache
def interval(patients: int, a: int, b: int, delta: float) -> Interval:
    return gap_interval(Paired(0, a, b, patients - a - b), delta)


def coverage(patients: int, first: Fraction, second: Fraction, delta: float, counted: int = 1) -> Fraction:
    """The probability that the interval holds the true difference, patients being counted so many times."""
    truth = first - second
    total = Fraction(0)
    for a, b, probability in outcomes(patients, first, second):
        low, high = interval(counted * patients, counted * a, counted * b, delta)
        if Fraction(low) <= truth <= Fraction(high):
            total += probability
    return total


@pytest.mark.parametrize("delta", LEVELS)
@pytest.mark.parametrize("patients", [1, 4, 25])
def test_the_paired_interval_covers_over_every_outcome(patients: int, delta: float) -> None:
    for first, second in LAWS:
        assert coverage(patients, Fraction(first, 100), Fraction(second, 100), delta) >= 1 - Fraction(delta)


def test_patients_counted_eight_times_are_not_eight_times_as_many() -> None:
    assert coverage(25, Fraction(1, 4), Fraction(1, 4), 0.05, counted=8) < Fraction(3, 5)


@pytest.mark.parametrize("patients", [60, 330])
def test_the_interval_is_not_needlessly_wide(patients: int) -> None:
    """Beside the interval of a normal law: within a factor of two where few are discordant, and closer where many are."""
    for a, b in ((13, 10), (30, 20)):
        table = Paired(0, a, b, patients - a - b)
        low, high = gap_interval(table)
        deviation = np.sqrt(a + b - (a - b) ** 2 / patients) / patients
        assert 2 * 1.96 * deviation < high - low < 2 * 2 * 1.96 * deviation
        assert low < table.gap < high


def test_mcnemar_agrees_with_scipy() -> None:
    for a, b in ((0, 0), (1, 0), (5, 5), (13, 10), (0, 9), (40, 61)):
        expected = binomtest(a, a + b).pvalue if a + b else 1.0
        assert float(mcnemar(Paired(3, a, b, 4))) == pytest.approx(expected, rel=1e-12)


def splits(seeds: int, patients: int, own: float, *key: object) -> np.ndarray:
    """Right answers of two classifiers (2, seeds, patients): the same patients in every split, shared but for a part ``own``."""
    random = stream("dependent splits", *key)
    shared = random.random((2, 1, patients))
    fresh = random.random((2, seeds, patients))
    drawn = np.where(random.random((2, seeds, patients)) < own, fresh, shared)
    return drawn < 0.5  # both classifiers are right with probability one half


@pytest.mark.parametrize("own", [0.0, 0.3, 1.0])
def test_the_vote_covers_however_splits_depend_on_each_other(own: float) -> None:
    """100 experiments of 8 splits at 20 %: more than 37 misses would have probability below 1e-4."""
    missed = pooled = 0
    for trial in range(100):
        first, second = splits(8, 40, own, own, trial)
        found = compare(first, second, 0.2).interval
        missed += not found[0] <= 0 <= found[1]
        together = gap_interval(Paired(0, int((first & ~second).sum()), int((~first & second).sum()), 0), 0.2)
        pooled += not together[0] <= 0 <= together[1]
    assert missed <= 37
    if own == 0.0:
        assert pooled > 37, "pooling the splits as if they were patients must fail where they are the same"


@pytest.mark.parametrize("own", [0.0, 0.3, 1.0])
def test_merged_p_values_and_sign_flips_stay_valid(own: float) -> None:
    low = flips = 0
    for trial in range(100):
        found = compare(*splits(8, 40, own, "p", own, trial))
        low += found.p_merged <= Fraction(1, 5)
        flips += found.p_flips <= Fraction(1, 5)
    assert low <= 37
    assert flips <= 37


def test_votes_and_merges_of_one_are_itself() -> None:
    assert voted([(0.1, 0.4)]) == (0.1, 0.4)
    assert merged([Fraction(1, 7)]) == Fraction(1, 7)
    right = np.array([[True] * 30 + [False] * 10])
    assert compare(right, right).interval == gap_interval(Paired(30, 0, 0, 10))


def test_a_vote_is_the_median_of_the_ends() -> None:
    assert voted([(0.0, 1.0), (0.1, 0.9), (0.2, 0.8), (0.3, 0.7)]) == (0.2, 0.8)
    assert voted([(0.0, 1.0), (0.1, 0.9), (0.2, 0.8)]) == (0.1, 0.9)
    assert voted([(0.0, 0.1), (0.2, 0.3)]) == (0.1, 0.2)


def test_accuracy_intervals_hold_their_estimate() -> None:
    for right in (0, 1, 170, 330):
        low, high = accuracy_interval(right, 330)
        assert low <= right / 330 <= high
