"""Expressions with unknown constants in balls, together with their slopes: what contraction needs.

Whatever contains no unknown is computed once for a row and kept in a slot.  Values come from `evaluate`, so that what is
contracted is what is judged; slopes are carried forward by the chain rule, in balls over the whole box.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from flint import arb, fmpq

from theorems.statement import Observable

from .evaluate import FUNCTIONS, Row, Term, Undefined, Value, ball, compile_term, nonnegative, power

Slopes = dict[int, Value]
Dual = Callable[[Row], tuple[Value, Slopes]]
ONE = fmpq(1)


class NoSlope(ArithmeticError):
    """A slope that does not exist, or is not finite, on all of the box."""


class Unknown(Observable):
    """An unknown constant: a symbol that knows whether its range reaches below 0."""

    __slots__ = ()


def renamed(expression: Any, unknowns: Mapping[str, Unknown]) -> Any:
    """The relation with unknowns for the bare symbols of their names, and nothing else evaluated."""
    if isinstance(expression, sympy.Symbol):
        return unknowns.get(expression.name, expression) if not isinstance(expression, Observable) else expression
    if not any(s.name in unknowns and not isinstance(s, Observable) for s in expression.free_symbols):
        return expression
    if isinstance(expression, (sympy.Sum, sympy.Product)):
        return expression.func(renamed(expression.function, unknowns), *expression.limits)
    arguments = [renamed(a, unknowns) for a in expression.args]
    if isinstance(expression, sympy.exp):
        return sympy.exp(arguments[-1], evaluate=False)
    return expression.func(*arguments, evaluate=False)


@dataclass(frozen=True)
class Slots:
    """What a row says of a term: slot name -> the expression without unknowns that fills it."""

    filled: dict[Any, Observable]

    def slot(self, expression: Any) -> Observable:
        """The slot of an expression without unknowns; one for equal expressions."""
        if expression not in self.filled:
            facts = "nonnegative" if nonnegative(expression) else "real"
            self.filled[expression] = Observable(f"_slot_{len(self.filled)}", domain=facts)
        return self.filled[expression]

    def terms(self) -> dict[str, Term]:
        """The slots as functions of a row."""
        return {slot.name: compile_term(expression) for expression, slot in self.filled.items()}


def free_of(expression: Any, unknowns: Mapping[str, int]) -> bool:
    """Whether an expression contains no unknown."""
    return not any(is_unknown(s, unknowns) for s in expression.free_symbols)


def is_unknown(symbol: Any, unknowns: Mapping[str, int]) -> bool:
    """Whether a symbol is one of the unknowns."""
    return isinstance(symbol, Unknown) and symbol.name in unknowns


def hoist(expression: Any, unknowns: Mapping[str, int], slots: Slots) -> Any:
    """The expression with every largest part that contains no unknown replaced by its slot."""
    if expression.is_Number or is_unknown(expression, unknowns):
        return expression
    if free_of(expression, unknowns):
        return slots.slot(expression)
    if isinstance(expression, (sympy.Sum, sympy.Product)):
        return expression
    if isinstance(expression, (sympy.Add, sympy.Mul)):
        known = [a for a in expression.args if free_of(a, unknowns)]
        if len(known) > 1:  # one slot for all of them
            rest = [hoist(a, unknowns, slots) for a in expression.args if not free_of(a, unknowns)]
            return expression.func(slots.slot(expression.func(*known, evaluate=False)), *rest, evaluate=False)
    arguments = [hoist(a, unknowns, slots) for a in expression.args]
    if isinstance(expression, (sympy.Add, sympy.Mul, sympy.Pow)):
        return expression.func(*arguments, evaluate=False)
    return expression.func(*arguments, evaluate=False) if expression.func in FUNCTIONS else expression


def _smooth(name: str) -> Callable[[Value, Value], Value]:
    """The derivative of a function of one argument, given the argument and the value."""
    x_of: Mapping[str, Callable[[arb, Value], Value]] = {
        "exp": lambda x, y: y,
        "log": lambda x, y: 1 / x,
        "Abs": lambda x, y: _sign(x),
        "sin": lambda x, y: x.cos(),
        "cos": lambda x, y: -x.sin(),
        "tan": lambda x, y: 1 + ball(y) ** 2,
        "asin": lambda x, y: 1 / (1 - x * x).sqrt(),
        "acos": lambda x, y: -1 / (1 - x * x).sqrt(),
        "atan": lambda x, y: 1 / (1 + x * x),
        "sinh": lambda x, y: x.cosh(),
        "cosh": lambda x, y: x.sinh(),
        "tanh": lambda x, y: x.sech() ** 2,
        "asinh": lambda x, y: 1 / (1 + x * x).sqrt(),
        "acosh": lambda x, y: 1 / (x * x - 1).sqrt(),
        "atanh": lambda x, y: 1 / (1 - x * x),
        "erf": lambda x, y: 2 * (-x * x).exp() / arb.pi().sqrt(),
        "gamma": lambda x, y: y * x.digamma(),
    }
    function = x_of[name]
    return lambda x, y: function(ball(x), y)


def _sign(x: arb) -> Value:
    """The slope of the absolute value: any of [-1, 1] where the ball reaches 0."""
    return ONE if x > 0 else (-ONE if x < 0 else arb(0, 1))


SLOPES = {
    sympy.exp: _smooth("exp"), sympy.log: _smooth("log"), sympy.Abs: _smooth("Abs"), sympy.sin: _smooth("sin"),
    sympy.cos: _smooth("cos"), sympy.tan: _smooth("tan"), sympy.asin: _smooth("asin"), sympy.acos: _smooth("acos"),
    sympy.atan: _smooth("atan"), sympy.sinh: _smooth("sinh"), sympy.cosh: _smooth("cosh"), sympy.tanh: _smooth("tanh"),
    sympy.asinh: _smooth("asinh"), sympy.acosh: _smooth("acosh"), sympy.atanh: _smooth("atanh"),
    sympy.erf: _smooth("erf"), sympy.gamma: _smooth("gamma"),
}  # fmt: skip


def compile_dual(expression: Any, unknowns: Mapping[str, int]) -> Dual | None:
    """A hoisted expression as a function of a row that gives its value and its slopes; None where it has none."""
    try:
        return _dual(expression, unknowns)
    except NoSlope:
        return None


def _dual(expression: Any, unknowns: Mapping[str, int]) -> Dual:
    if free_of(expression, unknowns):
        term = compile_term(expression)
        return lambda row: (term(row), {})
    if isinstance(expression, sympy.Symbol):
        name, at = expression.name, unknowns[expression.name]
        return lambda row: (row[name], {at: ONE})
    if isinstance(expression, (sympy.Add, sympy.Mul)):
        first, *rest = [_dual(a, unknowns) for a in expression.args]
        combine = _sum if isinstance(expression, sympy.Add) else _product

        def fold(row: Row) -> tuple[Value, Slopes]:
            total = first(row)
            for part in rest:
                total = combine(total, part(row))
            return total

        return fold
    if isinstance(expression, sympy.Pow):
        return _dual_power(expression, unknowns)
    if expression.func in SLOPES:
        inner, function, slope = (
            _dual(expression.args[0], unknowns),
            FUNCTIONS[expression.func],
            SLOPES[expression.func],
        )

        def chain(row: Row) -> tuple[Value, Slopes]:
            x, dx = inner(row)
            y = function(x)
            return y, scaled(dx, finite(slope(x, y)))

        return chain
    raise NoSlope(f"{expression.func.__name__} has no slope here")


def _dual_power(expression: Any, unknowns: Mapping[str, int]) -> Dual:
    base, exponent = _dual(expression.base, unknowns), _dual(expression.exp, unknowns)
    value, known = compile_term(expression), nonnegative(expression.base)

    def chain(row: Row) -> tuple[Value, Slopes]:
        (b, db), (e, de) = base(row), exponent(row)
        y = value(row)
        slopes = scaled(db, finite(e * power(b, e - 1, known))) if db else {}
        if de:
            positive = ball(b)
            if not positive > 0:
                raise NoSlope("the log of a base that reaches 0")
            slopes = added(slopes, scaled(de, y * positive.log()))
        return y, slopes

    return chain


def finite(slope: Value) -> Value:
    """The slope, where it is finite.  Raises `NoSlope` elsewhere."""
    if isinstance(slope, arb) and not slope.is_finite():
        raise NoSlope("not finite")
    return slope


def scaled(slopes: Slopes, factor: Value) -> Slopes:
    """Every slope times a factor."""
    return {at: slope * factor for at, slope in slopes.items()}


def added(one: Slopes, other: Slopes) -> Slopes:
    """The slopes of a sum."""
    total = dict(one)
    for at, slope in other.items():
        total[at] = total[at] + slope if at in total else slope
    return total


def _sum(one: tuple[Value, Slopes], other: tuple[Value, Slopes]) -> tuple[Value, Slopes]:
    return one[0] + other[0], added(one[1], other[1])


def _product(one: tuple[Value, Slopes], other: tuple[Value, Slopes]) -> tuple[Value, Slopes]:
    (x, dx), (y, dy) = one, other
    return x * y, added(scaled(dx, y), scaled(dy, x))


__all__ = [
    "Dual", "NoSlope", "Slopes", "Slots", "Undefined", "Unknown", "added", "compile_dual", "finite", "free_of",
    "hoist", "is_unknown", "renamed", "scaled",
]  # fmt: skip
