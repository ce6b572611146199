"""Are advantages of tuple tests what enumerating all tuples gives, and tails of classes what 512 bits say?

TUPLE_TESTS (environment) is the number of tests.
"""

from __future__ import annotations

import math
import os
import statistics
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import comb, prod

import flint
import pytest
import torch

from checks.engine.draw import bulk
from checks.test_tuple_discriminators import generators, repeating, spreads
from simulators import tuple_test_factors
from simulators.measurement import MeasurementError
from simulators.tuple_test import TupleTest, observe
from simulators.tuple_test_blocks import Blocks, observe_blocks
from simulators.tuple_test_cells import Spread, observe_spread

TESTS = int(os.environ.get("TUPLE_TESTS", "200"))
CPU = torch.device("cpu")


def collides(groups: tuple[tuple[int, int], ...], atomless: int, s: int) -> Fraction:
    """P(two of s images are equal) by all tuples; an image of the part without atoms equals none."""
    total = sum(w * c for w, c in groups) + atomless
    atoms = [Fraction(w, total) for w, c in groups for _ in range(c)]
    rest = Fraction(atomless, total)
    distinct = Fraction(0)
    for tuple_ in product(range(len(atoms) + 1), repeat=s):
        kept = [k for k in tuple_ if k < len(atoms)]
        if len(set(kept)) == len(kept):
            distinct += prod((atoms[k] if k < len(atoms) else rest) for k in tuple_)
    return 1 - distinct


def small(groups: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    return tuple((w, min(c, 3)) for w, c in groups[:2])


def test_advantages_are_those_of_an_enumeration_of_all_tuples() -> None:
    for number in range(TESTS):
        drawn = bulk(repeating if number % 2 else generators, f"tuples-{number}")[0]
        test = replace(drawn, generator=small(drawn.generator), real=small(drawn.real), s=min(drawn.s, 4))
        truth = collides(test.generator, 0, test.s)
        truth -= collides(test.real, test.atomless, test.s) if test.real else 0
        column = observe((test,), delta=0.0, device=CPU).columns["advantage"]
        error, radius = abs(Fraction(float(column.mid[0])) - truth), float(column.rad[0])
        assert error <= Fraction(radius), f"{test}"
        assert radius <= 2.0**-50, f"{test}: radius {radius}"
        exact = tuple_test_factors.observe((test,), delta=0.0, device=CPU).columns["advantage"].mid[0]
        assert exact == flint.fmpq(truth.numerator, truth.denominator), f"{test}"


def test_factors_multiplied_out_agree_with_products_of_quotients() -> None:
    """Two ways to count, up to a million images, uneven ones and urns among them."""
    for number in range(TESTS):
        family = (generators, repeating)[number % 2]
        test = bulk(family, f"factors-{number}", independent=number % 3 > 0)[0]
        column = observe((test,), delta=0.0, device=CPU).columns["advantage"]
        exact = tuple_test_factors.observe((test,), delta=0.0, device=CPU).columns["advantage"].mid[0]
        error = abs(Fraction(float(column.mid[0])) - Fraction(int(exact.p), int(exact.q)))
        assert error <= Fraction(float(column.rad[0])), f"{test}"


def tail(tuples: int, eps: Fraction, bits: int) -> flint.arb:
    """ln P(one of 2^bits means of fair bits is eps or more from ½), by whole numbers."""
    far = sum(comb(tuples, k) for k in range(tuples + 1) if abs(Fraction(k, tuples) - Fraction(1, 2)) >= eps)
    with flint.ctx.workprec(512):
        none = (1 - flint.arb(flint.fmpq(far, 2**tuples))) ** (2**bits)
        return (1 - none).log()


@pytest.mark.parametrize("tuples", [2, 3, 10, 77, 512, 600, 3000])
@pytest.mark.parametrize(("eps", "bits"), [("0.1", 0), ("0.1", 3), ("0.25", 7), ("0.5", 5)])
def test_tails_of_classes_are_covered(tuples, eps, bits) -> None:
    column = observe_blocks((Blocks(2 * tuples + 1, 2, bits, float(eps)),), delta=0.0, device=CPU).columns["log_exceed"]
    with flint.ctx.workprec(512):
        assert flint.arb(column.mid[0]).overlaps(tail(tuples, Fraction(eps), bits))
    assert float(flint.arb(column.mid[0]).rad()) < (1e-20 if tuples <= 512 else 1.0)


def test_a_gap_that_cannot_be_avoided_has_probability_one() -> None:
    columns = observe_blocks((Blocks(1, 1, 0, 0.5), Blocks(3, 1, 4, 0.1)), delta=0.0, device=CPU).columns
    assert columns["log_exceed"].mid.tolist() == [0, 0]


def test_even_spreads_have_no_gap_and_uneven_ones_half_the_distance_of_the_cells_masses() -> None:
    for number in range(TESTS):
        case = bulk(spreads, f"spread-{number}", even=bool(number % 2))[0]
        real = [Fraction(w, sum(case.masses)) for w in case.masses]
        fake = [Fraction(c, sum(case.images)) for c in case.images]
        best = sum((abs(p - q) for p, q in zip(real, fake, strict=True)), Fraction(0)) / 2
        column = observe_spread((case,), delta=0.0, device=CPU).columns["single_gap"]
        assert column.mid[0] == flint.fmpq(best.numerator, best.denominator)
        assert (best == 0) == bool(number % 2)


def test_measured_means_and_spans_are_those_of_the_single_images() -> None:
    """Image by image in floats: a mean over the generator's images, and over as many real ones as fill the cells."""
    for number in range(TESTS):
        case = bulk(spreads, f"mean-{number}", even=bool(number % 2))[0]
        values = [math.log(x) if case.power == 0 else x**case.power for x in case.scores]
        columns = observe_spread((case,), delta=0.0, device=CPU).columns
        for name, counts in (("real_measured", case.masses), ("fake_measured", case.images)):
            mean = statistics.fmean(value for value, count in zip(values, counts, strict=True) for _ in range(count))
            assert float(flint.arb(columns[name].mid[0]).mid()) == pytest.approx(mean, rel=1e-12, abs=1e-12)
        span = float(flint.arb(columns["span"].mid[0]).mid())
        assert span == pytest.approx(max(values) - min(values), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("measure", "case", "words"),
    [
        (observe, TupleTest(((1, 3),), 2, atomless=0), "a real law of positive weight"),
        (observe, TupleTest(((0, 3),), 2), "weights >= 1"),
        (tuple_test_factors.observe, TupleTest(((0, 3),), 2), "weights >= 1"),
        (tuple_test_factors.observe, TupleTest(((1, 3),), 2, atomless=0), "a real law of positive weight"),
        (tuple_test_factors.observe, TupleTest(((1, 999),), 65), "at most 64"),
        (observe_spread, Spread((1,) * 13, (1,) * 13, 2, (0.5,) * 13), "1 to 12"),
        (observe_spread, Spread((1, 1), (1,), 2, (0.5, 0.5)), "as many masses"),
        (observe_spread, Spread((1, 1), (1, 1), 2, (0.5, 0.0)), "masses and scores > 0"),
        (observe_blocks, Blocks(3, 5, 0, 0.1), "a tuple or more"),
        (observe_blocks, Blocks(9, 3, 0, 0.1, 2), "copies that divide them"),
    ],
)
def test_what_is_malformed_is_named(measure, case, words) -> None:
    with pytest.raises(MeasurementError, match=words):
        measure((case,), delta=0.0, device=CPU)
