"""Judgements on balls: violated exactly when the balls exclude the relation."""

import math

import numpy as np
import pytest
import sympy
from flint import arb, fmpq

from checks.engine.evaluate import EvaluationError
from checks.engine.judge import compile_claim, rows, sides
from checks.engine.parse import parse
from simulators.measurement import Measurements, booleans, choices, integers, reals
from theorems.statement import And, Eq, Equivalent, Ge, Gt, Implies, Le, Lt, Ne, Not, Or, observable

x, y = observable("x", "left"), observable("y", "right")
b, c = observable("b", "a fact", "boolean"), observable("c", "another", "boolean")


def status(relation, **values):
    return compile_claim(relation)(values).status


@pytest.mark.parametrize(
    ("relation", "apart", "touching", "ordered"),
    [
        (Eq(x, y), "violated", "consistent", "violated"),
        (Le(x, y), "violated", "consistent", "consistent"),
        (Lt(x, y), "violated", "consistent", "consistent"),
        (Ge(x, y), "consistent", "consistent", "violated"),
        (Gt(x, y), "consistent", "consistent", "violated"),
        (Ne(x, y), "consistent", "consistent", "consistent"),
    ],
    ids=str,
)
def test_comparisons_of_balls(relation, apart, touching, ordered):
    assert status(relation, x=arb(2, 0.4), y=arb(1, 0.4)) == apart
    assert status(relation, x=arb(1, 0.4), y=arb(1.5, 0.4)) == touching
    assert status(relation, x=arb(1, 0.4), y=arb(2, 0.4)) == ordered


def test_strictness_shows_only_on_exact_values():
    assert status(Lt(x, y), x=fmpq(1), y=fmpq(1)) == "violated"
    assert status(Le(x, y), x=fmpq(1), y=fmpq(1)) == "consistent"
    assert status(Ne(x, y), x=fmpq(1), y=fmpq(1)) == "violated"
    assert status(Ne(x, y), x=arb(1, 1e-30), y=fmpq(1)) == "consistent"


def test_excess_is_distance_over_radius_and_resolution_what_would_have_been_seen():
    found = compile_claim(Eq(x, y))({"x": arb(1, 0.25), "y": arb(1.25, 0.25)})
    # flint rounds radii up to 30 bits.
    assert found.excess == pytest.approx(0.5, rel=1e-8)
    # Half the summed radius is used up; the right side times (1 + rho) leaves when rho (1.25 - 0.25) passes the rest.
    assert found.resolution == pytest.approx(0.25, rel=1e-8)
    assert compile_claim(Eq(x, y))({"x": arb(0, 1), "y": arb(0, 1)}).resolution == math.inf


@pytest.mark.parametrize("factor", [1.001, 0.999])
def test_resolution_is_the_threshold_of_refutation(factor):
    left, right = arb(1, 1e-6), arb(1, 1e-6)
    rho = compile_claim(Eq(x, y))({"x": left, "y": right}).resolution
    moved = right * (1 + arb(rho * factor))
    assert (status(Eq(x, y), x=left, y=moved) == "violated") == (factor > 1)


def test_logic_above_comparisons_is_three_valued():
    low, high, wide = fmpq(0), fmpq(2), arb(1, 3)
    holds, fails = Le(x, 1), Le(y, 1)
    assert status(And(holds, fails), x=low, y=high) == "violated"
    assert status(Or(holds, fails), x=low, y=high) == "consistent"
    assert status(Or(holds, fails), x=high, y=high) == "violated"
    assert status(Not(And(holds, fails)), x=low, y=low) == "violated"
    assert status(Implies(holds, fails), x=low, y=high) == "violated"
    assert status(Implies(holds, fails), x=wide, y=high) == "silent"
    assert status(Implies(holds, fails), x=high, y=high) == "silent"
    assert status(Equivalent(holds, fails), x=low, y=high) == "violated"
    assert status(Equivalent(holds, fails), x=high, y=high) == "consistent"
    assert status(Equivalent(holds, fails), x=wide, y=high) == "silent"


def test_booleans_may_be_unknown():
    assert status(Equivalent(b, c), b=True, c=False) == "violated"
    assert status(Equivalent(b, c), b=True, c=None) == "silent"
    assert status(Implies(b, Eq(x, 0)), b=True, x=fmpq(1)) == "violated"
    assert status(Not(b), b=True) == "violated"


def test_undecided_choices_violate_only_together():
    assert status(Eq(x, y), x=(1, 2), y=fmpq(2)) == "consistent"
    assert status(Eq(x, y), x=(1, 2), y=fmpq(3)) == "violated"


def test_leaving_the_domain_is_told_from_touching_its_edge():
    relation = Eq(sympy.log(x), y)
    assert status(relation, x=arb(-1, 0.5), y=fmpq(0)) == "outside"
    assert status(relation, x=arb(0, 0.5), y=fmpq(0)) == "undefined"


def test_rows_enter_exactly():
    table = Measurements(
        {
            "x": reals([0.1], [0.0]),
            "y": integers([10**40]),
            "b": booleans([None]),
            "c": choices([(0, 1)]),
        },
        np.array([0]),
    )
    row = next(iter(rows(table, ["x", "y", "b", "c"])))
    assert row["x"] == arb(fmpq(*(0.1).as_integer_ratio()))
    assert row["y"] == fmpq(10**40)
    assert row["b"] is None and row["c"] == (0, 1)


def test_the_failing_comparison_is_found_inside_logic():
    relation = Implies(Ge(x, 0), And(Le(x, 5), Le(y, 1)))
    leaf, left, right = sides(relation, {"x": fmpq(1), "y": fmpq(3)})
    assert (leaf, left, right) == (Le(y, 1), 3, 1)


def test_arithmetic_is_no_claim():
    with pytest.raises(EvaluationError, match="a relation built of"):
        compile_claim(x + 1)


def test_the_ratio_of_a_bound_is_the_least_that_the_balls_allow():
    assert compile_claim(Le(x, y))({"x": fmpq(3), "y": fmpq(4)}).ratio == 0.75
    assert compile_claim(Ge(x, y))({"x": fmpq(4), "y": fmpq(3)}).ratio == 0.75
    assert compile_claim(Le(x, y))({"x": arb(6e-20, 1e-15), "y": arb(1e-23, 1e-15)}).ratio < 0


def test_negative_sides_are_compared_by_size_and_sides_of_opposite_signs_not_at_all():
    assert compile_claim(Le(x, y))({"x": fmpq(-4), "y": fmpq(-3)}).ratio == 0.75
    assert compile_claim(Ge(x, y))({"x": fmpq(-3), "y": fmpq(-4)}).ratio == 0.75
    assert 0.59 < compile_claim(Le(x, y))({"x": arb(-4, 0.5), "y": arb(-3, 0.25)}).ratio < 2.75 / 4.5
    assert math.isnan(compile_claim(Le(x, y))({"x": fmpq(-4), "y": fmpq(3)}).ratio)
    assert math.isnan(compile_claim(Le(x, y))({"x": fmpq(-4), "y": fmpq(0)}).ratio)
    assert math.isnan(compile_claim(Ge(x, 0))({"x": fmpq(4)}).ratio) and math.isnan(
        compile_claim(Le(x, 0))({"x": fmpq(-4)}).ratio
    )
    assert compile_claim(And(Le(x, 8), Le(x, y)))({"x": fmpq(4), "y": fmpq(5)}).ratio == 0.8


def test_a_part_that_is_undefined_hides_no_other_part():
    undefined = Le(sympy.log(y), 3)
    assert status(And(Eq(x, 1), undefined), x=fmpq(2), y=arb(0, 1)) == "violated"
    assert status(And(Eq(x, 1), undefined), x=fmpq(1), y=arb(0, 1)) == "undefined"
    assert status(Or(Eq(x, 1), undefined), x=fmpq(1), y=arb(0, 1)) == "consistent"
    assert status(Or(Eq(x, 1), undefined), x=fmpq(2), y=arb(0, 1)) == "undefined"
    assert status(Or(Eq(x, 1), b), x=fmpq(1), b=None) == "consistent"


def test_a_conjunction_sees_no_finer_than_its_coarsest_part():
    row = {"x": arb(1, 1e-12), "y": arb(2, 0.5)}
    both, blurred = (compile_claim(relation)(row) for relation in (And(Eq(x, 1), Eq(y, 2)), Eq(y, 2)))
    assert both.resolution == blurred.resolution and both.blur == blurred.blur
    unequal = compile_claim(And(Eq(y, 2), Ne(x, 0)))(row)
    assert unequal.blur == blurred.blur and unequal.resolution == blurred.resolution


def test_sides_of_a_comparison_that_no_possible_value_obeys():
    leaf, left, right = sides(Eq(x, y), {"x": (1, 2), "y": fmpq(3)})
    assert leaf == Eq(x, y) and left == 1 and right == 3


@pytest.mark.parametrize(
    ("typed", "fails"),
    [
        ("Implies(not (a <= b), c = d)", "Eq(c, d)"),
        ("Implies(a > b, c = d)", "Eq(c, d)"),
        ("not (a > b)", "a <= b"),
        ("not Implies(a > b, c <= d)", "c > d"),
        ("c <= a and c <= d", "c <= a"),
        ("a <= b or c = d", "Eq(c, d)"),
        ("a - a + c = d", "Eq(-a + a + c, d)"),
    ],
)
def test_the_comparison_that_is_shown_is_one_that_is_claimed_and_fails(typed, fails):
    names = [observable(name, name) for name in "abcd"]
    row = dict(zip("abcd", map(fmpq, (2, 1, 3, 5)), strict=True))
    found = sides(parse(typed, names), row)
    assert found is not None and sympy.sstr(found[0]) == fails
