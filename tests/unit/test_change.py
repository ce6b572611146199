"""A mutant that says less is proved to do so, and the look that spares a hopeless search takes no proof away."""

from __future__ import annotations

import pytest
import sympy

from checks.engine import change
from checks.engine.change import Change, weaker
from theorems.statement import Ge, Le, observable

p = observable("p", "chance", "probability")
q = observable("q", "positive chance", "positive probability")
n = observable("n", "count", "positive integer")
t = observable("t", "time", "nonnegative")
x = observable("x", "number")
k = sympy.Symbol("k")
SUM = sympy.Sum(p**k, (k, 0, n))
LOOSER = (
    (Le(x, t), Le(x, 2 * t)),
    (Le(x, 1 - p), Le(x, 1)),
    (Le(x, (1 - p) ** n), Le(x, (1 - p) ** n + p)),
    (Ge(x, p), Ge(x, p**2)),
    (Le(x, SUM), Le(x, SUM + n)),
    (Ge(x, sympy.exp(-t)), Ge(x, sympy.exp(-2 * t))),
)


@pytest.mark.parametrize(("before", "after"), LOOSER, ids=str)
def test_what_says_less_is_proved_to(before: sympy.Rel, after: sympy.Rel) -> None:
    assert weaker(Change(before, after, 1))
    assert not weaker(Change(after, before, 1))


@pytest.mark.parametrize(
    ("small", "large", "larger"),
    [
        (x, x + 1, False),
        (x + 1, x, True),
        (p, 1, False),
        (p + sympy.Rational(1, 2), 1, True),  # at a chance above one half
        (p**2, p, False),
        (p, p**2, True),
        (1 / q, 2, True),
        (n, n**2, False),
        (t, t**2, True),  # below 1
        (sympy.log(x), x, False),  # undefined at half of the points
        (sympy.zeta(n), n, False),  # a function that balls do not know
    ],
)
def test_a_point_where_one_side_is_larger(small: sympy.Expr, large: sympy.Expr, larger: bool) -> None:
    assert change._larger_somewhere(sympy.sympify(small), sympy.sympify(large)) is larger


@pytest.mark.parametrize(("before", "after"), LOOSER, ids=str)
def test_the_look_spares_only_searches_that_find_nothing(
    before: sympy.Rel, after: sympy.Rel, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [weaker(Change(*pair, 1)) for pair in ((before, after), (after, before))]
    monkeypatch.setattr(change, "_larger_somewhere", lambda small, large: False)
    assert [weaker(Change(*pair, 1)) for pair in ((before, after), (after, before))] == found
