"""A relation with numbers in it is the relation that was judged: nothing cancels, nothing is decided."""

from __future__ import annotations

import pytest
import sympy

from checks.engine.parse import parse
from checks.engine.substitute import substituted
from theorems.statement import observable

a, b, c = (observable(name, name) for name in "abc")
VALUES = {"a": "2", "b": "2", "c": "-0.5"}


class Found:
    """What is read of a counterexample."""

    values = {name: (value, "") for name, value in VALUES.items()}  # noqa: RUF012


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a*b = c", "Eq(2*2, (-0.5))"),
        ("a - b = c", "Eq(2 - 2, (-0.5))"),
        ("a - a = c", "Eq(-2 + 2, (-0.5))"),
        ("a*c/a = b", "Eq((-0.5)*2/2, 2)"),
        ("sqrt(c)**2 <= a", "(sqrt((-0.5)))**2 <= 2"),
        ("not (a > 1/b)", "~(2 > 1/2)"),
        ("Implies(a <= a, b < c)", "Implies(2 <= 2, 2 < (-0.5))"),
        ("max(a, b) + abs(c) >= 0", "Abs((-0.5)) + Max(2, 2) >= 0"),
        ("Sum(a**k, (k, 0, b)) = c", "Eq(Sum(2**k, (k, 0, 2)), (-0.5))"),
    ],
)
def test_numbers_stand_where_observables_stood(typed, shown):
    assert substituted(parse(typed, [a, b, c]), Found()) == shown


def test_nothing_is_left_of_the_names():
    relation = parse("a**2 + b = log(a) or c <= exp(b)", [a, b, c])
    names = {str(symbol) for symbol in sympy.sympify(relation).free_symbols}
    assert names == set(VALUES) and not any(name in substituted(relation, Found()).split() for name in names)
