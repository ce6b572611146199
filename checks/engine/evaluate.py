"""A sympy expression over rows of balls: a walk over the tree, with a whitelist, into flint.

Exact values stay exact rationals; everything else is an arb ball at the precision in force (128 bits when
judging).  A walk, not `lambdify`: printed code silently drops radii.  Values that touch the boundary of a
function's domain raise `Undefined`, certain only if the whole ball lies outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from flint import arb, fmpq, fmpz

from theorems.statement import Observable

Value = Any  # fmpq | arb
Row = dict[str, Any]
Term = Callable[[Row], Value]

BITS = 128
MAX_TERMS = 1_000_000
_EXACT_BITS = 512
WORD = 2**20
_ONE, _ZERO = fmpq(1), fmpq(0)


class Undefined(ArithmeticError):
    """A ball touches the boundary of a function's domain, or lies outside it (``certain``)."""

    def __init__(self, reason: str, certain: bool) -> None:
        super().__init__(reason)
        self.reason, self.certain = reason, certain


class EvaluationError(ValueError):
    """An expression that cannot be evaluated in balls: got, expected, remedy."""

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


def ball(value: Any) -> arb:
    """Any value as an arb ball."""
    return value if isinstance(value, arb) else arb(value)


def exact(value: Any) -> bool:
    """Whether a value is an exact rational."""
    return isinstance(value, fmpq)


def _finite(value: arb, what: str) -> arb:
    if not value.is_finite():
        raise Undefined(f"{what} is not finite here", certain=False)
    return value


def _lighten(value: Value) -> Value:
    """An exact rational that has grown long becomes a ball, so that folds stay cheap."""
    if exact(value) and max(value.p.bit_length(), value.q.bit_length()) > _EXACT_BITS:
        return arb(value)
    return value


def _integer_power(base: Value, n: int) -> Value:
    if n == 0:
        return _ONE
    if exact(base):
        if base == 0 and n < 0:
            raise Undefined("division by 0", certain=True)
        if abs(n) * max(base.p.bit_length(), base.q.bit_length()) <= 8 * _EXACT_BITS:
            return base**n
        base = arb(base)
    if n < 0:
        if base.contains(0):
            raise Undefined("division by a ball that contains 0", certain=base.is_exact())
        return 1 / (base ** (-n))
    if n % 2 == 0 and base.contains(0):
        return arb(0).union(base.abs_upper() ** n)
    return base**n


def power(base: Value, exponent: Value, nonnegative: bool = False) -> Value:
    """base**exponent over the reals, with 0**0 = 1 only for an exact zero exponent.

    Powers of non-negative bases are taken at the end-points of the base.  ``nonnegative`` states that the base is
    known to be so, whatever its ball says.
    """
    if exact(exponent) and exponent.q == 1:
        return _integer_power(base, int(exponent.p))
    if exact(base) and base == 1:
        return _ONE
    base, exponent_ball = ball(base), ball(exponent)
    low, high = base.lower(), base.upper()
    if high < 0:
        raise Undefined("a fractional power of a negative number", certain=exact(exponent))
    if low < 0 and not nonnegative:
        raise Undefined("a fractional power of a ball that reaches below 0", certain=False)
    if low > 0:
        if base.rel_accuracy_bits() > 20:
            return _finite(base**exponent_ball, "a power")
        return _finite((low**exponent_ball).union(high**exponent_ball), "a power")
    if not exponent_ball > 0:
        raise Undefined("0 to a power that is not positive", certain=bool(high == 0 and exponent_ball < 0))
    if high == 0:
        return _ZERO
    return arb(0).union(_finite(high**exponent_ball, "a power").upper())


def _log(x: Value) -> Value:
    if exact(x) and x == 1:
        return _ZERO
    x = ball(x)
    if not x > 0:
        raise Undefined("log of a ball that reaches 0", certain=bool(x <= 0))
    return x.log()


def _abs(x: Value) -> Value:
    if exact(x) or not x.contains(0):
        return abs(x)
    return arb(0).union(x.abs_upper())


def _sign(x: Value) -> Value:
    if x > 0:
        return _ONE
    if x < 0:
        return -_ONE
    return _ZERO if x == 0 else arb(0, 1)


def _maximum(*values: Value) -> Value:
    best = values[0]
    for value in values[1:]:
        best = (value if value > best else best) if exact(best) and exact(value) else ball(best).max(ball(value))
    return best


def _minimum(*values: Value) -> Value:
    return -_maximum(*(-v for v in values))


def _floor(x: Value) -> Value:
    return fmpq(x.floor()) if exact(x) else ball(x).floor()


def _ceiling(x: Value) -> Value:
    return -_floor(-x)


def _gamma(x: Value) -> Value:
    if exact(x) and x.q == 1:
        if x <= 0:
            raise Undefined("gamma at a pole", certain=True)
        if x <= 200:
            return fmpq(fmpz.fac_ui(int(x.p) - 1))  # type: ignore[arg-type]
    return _finite(ball(x).gamma(), "gamma")


def _binomial(n: Value, k: Value) -> Value:
    if exact(n) and exact(k) and n.q == 1 and k.q == 1 and n >= 0:
        if k < 0 or k > n:
            return _ZERO
        if n < WORD:
            return fmpq(fmpz.bin_uiui(int(n.p), int(k.p)))
    return _gamma(n + 1) / (_gamma(k + 1) * _gamma(n - k + 1))


def _monotone_domain(name: str, low: int, high: int) -> Callable[[Value], Value]:
    def apply(x: Value) -> Value:
        x = ball(x)
        if not (x >= low and x <= high):
            raise Undefined(f"{name} outside [{low}, {high}]", certain=bool(x < low or x > high))
        return getattr(x, name)()

    return apply


def _arb(name: str, what: str = "") -> Callable[[Value], Value]:
    return lambda x: _finite(getattr(ball(x), name)(), what or name)


def _exp(x: Value) -> Value:
    return _ONE if exact(x) and x == 0 else _finite(ball(x).exp(), "exp")


def _acosh(x: Value) -> Value:
    x = ball(x)
    if not x >= 1:
        raise Undefined("acosh below 1", certain=bool(x < 1))
    return x.acosh()


FUNCTIONS: Mapping[Any, Callable[..., Value]] = {
    sympy.exp: _exp,
    sympy.log: _log,
    sympy.Abs: _abs,
    sympy.sign: _sign,
    sympy.Max: _maximum,
    sympy.Min: _minimum,
    sympy.floor: _floor,
    sympy.ceiling: _ceiling,
    sympy.gamma: _gamma,
    sympy.factorial: lambda n: _gamma(n + 1),
    sympy.binomial: _binomial,
    sympy.erf: _arb("erf"),
    sympy.sin: _arb("sin"),
    sympy.cos: _arb("cos"),
    sympy.tan: _arb("tan"),
    sympy.asin: _monotone_domain("asin", -1, 1),
    sympy.acos: _monotone_domain("acos", -1, 1),
    sympy.atan: _arb("atan"),
    sympy.sinh: _arb("sinh"),
    sympy.cosh: _arb("cosh"),
    sympy.tanh: _arb("tanh"),
    sympy.asinh: _arb("asinh"),
    sympy.acosh: _acosh,
    sympy.atanh: lambda x: _finite(ball(x).atanh(), "atanh"),
}
CONSTANTS: Mapping[Any, Callable[[], arb]] = {sympy.pi: arb.pi, sympy.E: lambda: arb(1).exp()}
_NONNEGATIVE = {
    "nonnegative",
    "positive",
    "probability",
    "positive probability",
    "nonnegative integer",
    "positive integer",
}


def nonnegative(expression: Any) -> bool:
    """Whether an expression is non-negative by its form alone."""
    if isinstance(expression, Observable):
        return expression.domain in _NONNEGATIVE
    if expression.is_Number:
        return bool(expression >= 0)
    if isinstance(expression, sympy.Pow):
        return nonnegative(expression.base) or (expression.exp.is_Integer and expression.exp % 2 == 0)
    if isinstance(expression, (sympy.Add, sympy.Mul, sympy.Min)):
        return all(nonnegative(a) for a in expression.args)
    if isinstance(expression, sympy.Max):
        return any(nonnegative(a) for a in expression.args)
    return isinstance(expression, (sympy.Abs, sympy.exp, sympy.cosh)) or expression in (sympy.pi, sympy.E)


def compile_term(expression: Any) -> Term:
    """The expression as a function of a row.  Raises `EvaluationError` for anything off the whitelist."""
    if isinstance(expression, sympy.Symbol):
        name = expression.name
        return lambda row: row[name]
    if expression.is_Rational:
        constant = fmpq(int(expression.p), int(expression.q))
        return lambda row: constant
    if expression.is_Float:
        rational = sympy.Rational(expression)
        constant = fmpq(int(rational.p), int(rational.q))
        return lambda row: constant
    if expression in CONSTANTS:
        make = CONSTANTS[expression]
        return lambda row: make()
    if isinstance(expression, sympy.Add):
        return _fold([compile_term(a) for a in expression.args], lambda x, y: x + y)
    if isinstance(expression, sympy.Mul):
        return _fold([compile_term(a) for a in expression.args], lambda x, y: x * y)
    if isinstance(expression, sympy.Pow):
        return _compile_power(expression)
    if isinstance(expression, (sympy.Sum, sympy.Product)):
        return _compile_series(expression)
    function = FUNCTIONS.get(expression.func)
    if function is None:
        known = ", ".join(sorted(f.__name__ for f in FUNCTIONS))
        raise EvaluationError(f"{expression.func.__name__} in {expression}", f"one of {known}", "rewrite the relation")
    terms = [compile_term(a) for a in expression.args]
    if len(terms) == 1:
        only = terms[0]
        return lambda row: function(only(row))
    return lambda row: function(*(t(row) for t in terms))


def _fold(terms: list[Term], combine: Callable[[Value, Value], Value]) -> Term:
    first, *rest = terms
    if len(rest) == 1:
        second = rest[0]
        return lambda row: combine(first(row), second(row))

    def fold(row: Row) -> Value:
        total = first(row)
        for term in rest:
            total = combine(total, term(row))
        return total

    return fold


def _compile_power(expression: Any) -> Term:
    base, known = compile_term(expression.base), nonnegative(expression.base)
    if expression.exp.is_Integer:
        n = int(expression.exp)
        return lambda row: _integer_power(base(row), n)
    exponent = compile_term(expression.exp)
    return lambda row: power(base(row), exponent(row), known)


def _compile_series(expression: Any) -> Term:
    """A Sum or Product over exact integers; what does not depend on the index is computed once a row."""
    *outer, (index, low, high) = expression.limits
    body = expression.function if not outer else expression.func(expression.function, *outer)
    if any(s.name == index.name and s != index for s in body.free_symbols):
        fresh = sympy.Symbol(f"_{index.name}_index")  # an observable of the same name keeps its own value
        body, index = body.xreplace({index: fresh}), fresh
    is_sum = isinstance(expression, sympy.Sum)
    hoisted: dict[str, Term] = {}
    inner = compile_term(_hoist(body, index, hoisted))
    first, last, name = compile_term(low), compile_term(high), index.name

    def fold(row: Row) -> Value:
        start, stop = first(row), last(row)
        if not (exact(start) and exact(stop) and start.q == 1 and stop.q == 1):
            raise EvaluationError(
                f"limits {start} to {stop} of {expression}", "exact integers", "use integer observables"
            )
        if stop - start >= MAX_TERMS:
            raise EvaluationError(
                f"{stop - start + 1} terms in {expression}", f"at most {MAX_TERMS}", "shorten the range"
            )
        scope = dict(row)
        total = _ZERO if is_sum else _ONE
        if stop < start:
            return total
        for slot, term in hoisted.items():
            scope[slot] = term(scope)
        for k in range(int(start.p), int(stop.p) + 1):
            scope[name] = fmpq(k)
            value = inner(scope)
            total = _lighten(total + value if is_sum else total * value)
            if not is_sum and exact(total) and total == 0:
                return total
        return total

    return fold


def _hoist(body: Any, index: Any, slots: dict[str, Term]) -> Any:
    if isinstance(body, sympy.Symbol) or body.is_Number:
        return body
    if index not in body.free_symbols and not isinstance(body, Observable):
        slot = f"_{index.name}_{len(slots)}"
        slots[slot] = compile_term(body)
        facts = "nonnegative" if nonnegative(body) else "real"
        return Observable(slot, domain=facts)
    if isinstance(body, (sympy.Add, sympy.Mul, sympy.Pow)) or body.func in FUNCTIONS:
        return body.func(*(_hoist(a, index, slots) for a in body.args))
    return body
