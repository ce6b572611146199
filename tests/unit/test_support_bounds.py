"""The bounds of the birthday test: against independent arithmetic, at their edges, and their errors."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.stats import beta

import theorems
from checks import support_bounds as module
from checks.support_bounds import SupportError, support_bounds
from theorems.statement import Le, observable


def distinct(points: Fraction, samples: int) -> Fraction:
    """P(samples from equally likely points are distinct), factor by factor."""
    value = Fraction(1)
    for k in range(samples):
        value *= max(Fraction(0), 1 - k / points)
    return value


CASES = [(2, 10, 3, 1), (8, 60, 30, 20), (23, 60, 30, 0), (40, 25, 24, 5), (3, 500, 7, 7), (30, 60, 60, 59)]


@pytest.mark.parametrize(("size", "batches", "near", "equal"), CASES)
def test_bounds_are_where_independent_arithmetic_puts_them(size, batches, near, equal):
    found = support_bounds(size, batches, near, equal, max(near, 1), 0.95)
    share = 0.05 / 3
    assert found.near_at_least == pytest.approx(beta.ppf(share, near, batches - near + 1), rel=1e-6)
    assert found.equal_at_most == pytest.approx(beta.isf(share, equal + 1, batches - equal), rel=1e-6)
    far = 1 - Fraction(found.near_at_least)
    assert distinct(Fraction(found.effective_at_most), size) > far
    assert distinct(Fraction(found.effective_at_most) * (1 - Fraction(1, 10**10)), size) <= far
    for bound, most in ((found.support_at_least, found.equal_at_most), (found.variety_at_least, found.near_at_most)):
        assert distinct(Fraction(bound), size) >= 1 - Fraction(most)
        assert bound == 1 or distinct(Fraction(bound - 1), size) < 1 - Fraction(most)


def test_the_estimate_is_that_of_an_unbiased_rate():
    weights, size = (3, 2, 1), 3
    expected = Fraction(0)
    for sample in product(range(3), repeat=size):
        pairs = sum(sample[i] == sample[j] for j in range(size) for i in range(j))
        rate = 1 / Fraction(support_bounds(size, 1, 1, 1, pairs, 0.9).point).limit_denominator(100) if pairs else 0
        expected += Fraction(math.prod(weights[i] for i in sample), 6**size) * rate
    assert expected == Fraction(9 + 4 + 1, 36)


def test_no_hit_bounds_nothing_from_above_and_hits_everywhere_nothing_from_below():
    none = support_bounds(500, 60, 0, 0, 0, 0.95)
    assert none.point is None
    assert math.isinf(none.effective_at_most)
    assert none.support_at_least == none.variety_at_least > 500**2
    every = support_bounds(500, 60, 60, 60, 10_000, 0.95)
    assert every.support_at_least == every.variety_at_least == 1
    assert every.effective_at_most < every.folklore == 250_000


def test_more_hits_and_less_confidence_sharpen_the_upper_bound():
    bounds = [support_bounds(23, 60, k, 0, k, 0.95).effective_at_most for k in range(1, 61)]
    assert bounds == sorted(bounds, reverse=True)
    sure, unsure = (support_bounds(23, 60, 30, 10, 40, c) for c in (0.999, 0.9))
    assert unsure.effective_at_most < sure.effective_at_most
    assert unsure.support_at_least > sure.support_at_least
    assert unsure.variety_at_least > sure.variety_at_least


def test_failures_add_up_to_what_the_confidence_leaves():
    found = support_bounds(23, 60, 30, 10, 40, 0.99)
    assert 3 * found.failure_each == pytest.approx(0.01)
    assert len(found.claims) == 3


def test_large_batches_are_quick():
    support_bounds(3, 2, 1, 1, 1, 0.95)
    started = time.process_time()
    found = support_bounds(16_000, 60, 30, 0, 40, 0.95)
    large = support_bounds(100_000, 10**6, 3, 0, 3, 0.95)
    assert time.process_time() - started < 1
    assert found.support_at_least > 10**9
    assert large.support_at_least > 10**15
    assert large.effective_at_most > large.support_at_least


def test_the_bounds_are_read_off_the_claims(monkeypatch):
    """A claim that excludes nothing gives no bound: nothing else knows the formula."""
    theorem = theorems.get("near-duplicates")
    far = observable(
        "P_far", "probability that no two of s samples are near", domain="probability", latex=r"P_{\not\sim}"
    )
    empty = replace(theorem.claim("packing"), relation=Le(far, 1))
    monkeypatch.setattr(theorems, "get", lambda name: theorem.variant(empty))
    module._judge.cache_clear()
    try:
        assert module._at_least(module.VARIETY, "alpha", "P_far", 500, 0.5) == 1
    finally:
        module._judge.cache_clear()


def test_integers_of_numpy_are_integers():
    assert support_bounds(*(np.int64(n) for n in (60_000, 60, 30, 0, 40)), 0.95) == support_bounds(
        60_000, 60, 30, 0, 40, 0.95
    )


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((1, 60, 0, 0, 0, 0.95), "got size = 1; expected an integer of at least 2"),
        ((2.5, 60, 0, 0, 0, 0.95), "got size = 2.5"),
        ((23, 0, 0, 0, 0, 0.95), "got batches = 0; expected an integer of at least 1"),
        ((23, 60, -1, 0, 0, 0.95), "got near = -1; expected an integer of at least 0"),
        ((23, 60, True, 0, 1, 0.95), "got near = True"),
        ((23, 60, 61, 0, 61, 0.95), "expected equal <= near <= batches"),
        ((23, 60, 5, 6, 9, 0.95), "got 6 batches with an equal pair and 5 with a near pair, of 60"),
        ((23, 60, 5, 0, 4, 0.95), "got 4 near pairs in 5 batches of 23; expected between 5 and 1265"),
        ((23, 60, 5, 0, 1266, 0.95), "expected between 5 and 1265"),
        ((23, 60, 0, 0, 1, 0.95), "expected between 0 and 0"),
        ((23, 60, 5, 0, 5, 95), "got confidence 95; expected a number between 0 and 1; 95 % is 0.95"),
        ((23, 60, 5, 0, 5, float("nan")), "got confidence nan"),
    ],
)
def test_impossible_counts_are_one_clear_line(counts, words):
    with pytest.raises(SupportError) as caught:
        support_bounds(*counts)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
