"""Every whitelisted function encloses the truth on balls that straddle its kinks, poles and edges."""

import itertools

import pytest
import sympy
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from checks.engine.evaluate import FUNCTIONS, EvaluationError, Undefined, ball, compile_term, power
from theorems.statement import observable

x = observable("x", "anything")
y = observable("y", "anything")
KINKS = [-3, -2, -1, "-1/2", 0, "1/2", 1, "3/2", 2, 3, 10]
RADII = ["0", "1/1000000000000", "1/10", "1", "2"]
UNARY = [f for f in FUNCTIONS if f not in (sympy.Max, sympy.Min, sympy.binomial)]


def interval(middle, radius):
    low, high = fmpq(*_pq(middle)) - fmpq(*_pq(radius)), fmpq(*_pq(middle)) + fmpq(*_pq(radius))
    return low, high, arb(low).union(arb(high))


def _pq(text):
    r = sympy.Rational(text)
    return int(r.p), int(r.q)


def truth(function, point):
    """The value at a rational point at 60 digits, or None where it is not a finite real."""
    with sympy.evaluate(True):
        value = function(sympy.Rational(int(point.p), int(point.q)))
    value = sympy.N(value, 60)
    return arb(str(value)) if value.is_real and value.is_finite else None


@pytest.mark.parametrize("function", UNARY, ids=lambda f: f.__name__)
def test_encloses_the_function_on_balls_that_straddle_its_kinks(function):
    term = compile_term(function(x, evaluate=False))
    defined = 0
    for middle, radius in itertools.product(KINKS, RADII):
        low, high, enclosure = interval(middle, radius)
        points = {low, high, (low + high) / 2, low + (high - low) / 3}
        ctx.prec = 128
        try:
            value = ball(term({"x": enclosure if low != high else low}))
        except Undefined as problem:
            if problem.certain:
                assert all(truth(function, p) is None for p in points)
            elif low == high:
                assert truth(function, low) is None or function is sympy.gamma
            continue
        defined += 1
        for point in points:
            expected = truth(function, point)
            assert expected is not None, f"{function.__name__} claims a value at {point}"
            assert value.overlaps(expected), f"{function.__name__} on [{low}, {high}] misses {point}"
    assert defined >= 5


@pytest.mark.parametrize("pair", [(sympy.Max, max), (sympy.Min, min)], ids=["Max", "Min"])
def test_max_and_min_on_overlapping_balls(pair):
    symbolic, plain = pair
    term = compile_term(symbolic(x, y, evaluate=False))
    for a, b in itertools.product(KINKS, KINKS):
        (la, ha, ball_a), (lb, hb, ball_b) = interval(a, "1/10"), interval(b, "1")
        value = ball(term({"x": ball_a, "y": ball_b}))
        for p, q in itertools.product((la, ha), (lb, hb)):
            assert value.overlaps(arb(plain(p, q)))


def test_binomial_is_exact_on_integers_and_encloses_on_balls():
    term = compile_term(sympy.binomial(x, y, evaluate=False))
    assert term({"x": fmpq(60), "y": fmpq(30)}) == fmpq(118264581564861424)
    assert term({"x": fmpq(3), "y": fmpq(5)}) == 0
    assert term({"x": arb(10, 1e-20), "y": fmpq(3)}).overlaps(arb(120))


@given(
    st.fractions(0, 4, max_denominator=20),
    st.fractions(-3, 3, max_denominator=6),
    st.fractions(0, 2, max_denominator=10),
    st.fractions(0, 1, max_denominator=10),
)
def test_powers_of_nonnegative_bases_enclose_their_corners(base, exponent, base_radius, exponent_radius):
    low, high = max(base - base_radius, 0), base + base_radius
    exponents = [exponent - exponent_radius, exponent + exponent_radius]
    enclosure = arb(fmpq(low.numerator, low.denominator)).union(arb(fmpq(high.numerator, high.denominator)))
    first, last = (fmpq(e.numerator, e.denominator) for e in exponents)
    try:
        value = ball(power(enclosure, first if first == last else arb(first).union(arb(last)), nonnegative=True))
    except Undefined:
        assert low == 0 and exponents[0] <= 0
        return
    for b, e in itertools.product((low, high), exponents):
        if b > 0 or e > 0:
            corner = arb(fmpq(b.numerator, b.denominator)) ** arb(fmpq(e.numerator, e.denominator)) if b else arb(0)
            assert value.overlaps(corner)


def test_zero_to_the_zero_is_one_only_for_an_exact_zero_exponent():
    assert power(fmpq(0), fmpq(0)) == 1
    assert power(arb(0, 1), fmpq(0)) == 1
    with pytest.raises(Undefined) as caught:
        power(fmpq(0), arb(0, 1e-30))
    assert not caught.value.certain


def test_even_power_of_a_straddling_ball_stays_a_base_for_roots():
    term = compile_term((x**2) ** sympy.Rational(1, 2))
    assert term({"x": arb(0, 1e-3)}).overlaps(arb(5e-4))


def test_fractional_power_of_a_certainly_negative_base_is_certainly_undefined():
    with pytest.raises(Undefined) as caught:
        power(arb(-1, 0.5), fmpq(1, 2))
    assert caught.value.certain


def test_sums_and_products_fold_over_exact_integers():
    k = sympy.Symbol("k")
    product = compile_term(sympy.Product(1 - k / x, (k, 0, y - 1)))
    assert product({"x": fmpq(4), "y": fmpq(3)}) == fmpq(3, 8)
    assert product({"x": fmpq(4), "y": fmpq(0)}) == 1
    assert product({"x": fmpq(4), "y": fmpq(9)}) == 0
    total = compile_term(sympy.Sum(x**k, (k, 0, y)))
    assert total({"x": fmpq(1, 2), "y": fmpq(2)}) == fmpq(7, 4)
    with pytest.raises(EvaluationError, match="exact integers"):
        total({"x": fmpq(1), "y": arb(3, 1e-9)})


def test_an_unknown_function_is_an_error_with_a_remedy():
    with pytest.raises(EvaluationError, match=r"zeta.*expected one of.*rewrite"):
        compile_term(sympy.zeta(x))


def test_division_by_a_ball_that_contains_zero():
    term = compile_term(1 / x)
    for value, certain in ((fmpq(0), True), (arb(0, 1e-9), False)):
        with pytest.raises(Undefined) as caught:
            term({"x": value})
        assert caught.value.certain is certain


def test_an_index_does_not_take_the_place_of_an_observable_of_its_name():
    k, named = sympy.Symbol("k"), observable("k", "an observable")
    total = sympy.Sum(k * named, (k, 1, 3))
    assert compile_term(total)({"k": fmpq(7)}) == 42
    nested = sympy.Sum(named * sympy.Sum(k, (k, 1, named)), (k, 1, 2))
    assert compile_term(nested)({"k": fmpq(3)}) == 2 * 3 * 6


def test_binomials_of_large_numbers_are_balls():
    chosen = compile_term(sympy.binomial(observable("n", "", "integer"), 2))
    assert chosen({"n": fmpq(10**30)}).overlaps(arb(10**30) * (10**30 - 1) / 2)
