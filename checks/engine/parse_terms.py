"""Arithmetic as it is typed: sums, products and powers that keep every part, with sympy's order and none of its rewriting.

Exact are: numbers with numbers; x*x as x**2; 1/(a*b) as a product of reciprocals.  Everything else stays: x - x, x/x,
sqrt(x)**2 and exp(log(x)) are not what they seem where a part is undefined.  What sympy would leave alone comes out as sympy
builds it, so that a formula of the catalogue, typed again, is the same object.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import sympy
from flint import arb, ctx, fmpq

from theorems.statement import Observable

from .evaluate import BITS, Undefined, ball, compile_term, nonnegative
from .parse_error import ParseError, quoted

NUMBER_BITS = 8192
DIGITS = 2466  # what so many bits hold, and fewer than Python prints
_SORT = functools.cmp_to_key(sympy.Basic.compare)
_POSITIVE = {"positive", "positive integer", "positive probability"}


def number(text: str) -> Any:
    """A decimal number, exactly: 0.1 is 1/10."""
    mantissa, _, exponent = text.replace("_", "").lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if len(digits) > DIGITS or len(exponent) > 5 or abs(int(exponent or 0)) > DIGITS:
        raise ParseError(f"the number {quoted(text, 24)}", f"at most {DIGITS} digits", "write a shorter one")
    shift = int(exponent or 0) - len(fraction)
    return _bounded(sympy.Rational(int(digits or 0) * 10 ** max(shift, 0), 10 ** max(-shift, 0)))


def _bounded(value: Any) -> Any:
    if max(int(value.p).bit_length(), int(value.q).bit_length()) > NUMBER_BITS:
        raise _too_large()
    return value


def _too_large(what: str = "a number") -> ParseError:
    return ParseError(
        f"{what} with thousands of digits", f"numbers between 2**-{NUMBER_BITS} and 2**{NUMBER_BITS}", "write it with a smaller number, or with its logarithm"
    )  # fmt: skip


def total(terms: Sequence[Any]) -> Any:
    """A sum."""
    flat = [part for term in terms for part in (term.args if isinstance(term, sympy.Add) else (term,))]
    constant = sympy.Integer(0)
    rest = []
    for part in flat:
        if part.is_Rational:
            constant = _bounded(constant + part)
        else:
            rest.append(part)
    rest.sort(key=_SORT)
    if constant != 0 or not rest:
        rest.insert(0, constant)
    return rest[0] if len(rest) == 1 else sympy.Add(*rest, evaluate=False)


def product(factors: Sequence[Any]) -> Any:
    """A product; whole powers of one base are joined where they have one sign."""
    flat = [part for factor in factors for part in (factor.args if isinstance(factor, sympy.Mul) else (factor,))]
    coefficient = sympy.Integer(1)
    powers: dict[tuple[Any, bool], Any] = {}
    rest = []
    for part in flat:
        if part.is_Rational:
            coefficient = _bounded(coefficient * part)
            continue
        base, exponent = part.args if isinstance(part, sympy.Pow) else (part, sympy.Integer(1))
        if exponent.is_Integer and exponent != 0:
            key = (base, bool(exponent > 0))
            powers[key] = _bounded(powers.get(key, sympy.Integer(0)) + exponent)
        else:
            rest.append(part)
    rest += [sympy.Pow(b, n, evaluate=False) if n == -1 else power(b, n) for (b, _), n in powers.items()]
    rest.sort(key=_SORT)
    if coefficient != 1 or not rest:
        rest.insert(0, coefficient)
    return rest[0] if len(rest) == 1 else sympy.Mul(*rest, evaluate=False)


def negative(term: Any) -> Any:
    """A term with its sign turned."""
    return product([sympy.Integer(-1), term])


def reciprocals(below: Any) -> list[Any]:
    """The factors of one over a term."""
    if isinstance(below, sympy.Mul):
        found = [_reciprocal(part) for part in below.args]
        if all(part is not None for part in found):
            return found
        return [finite(sympy.Pow(below, sympy.Integer(-1), evaluate=False))]
    made = _reciprocal(below)
    return [finite(sympy.Pow(below, sympy.Integer(-1), evaluate=False)) if made is None else made]


def _reciprocal(term: Any) -> Any:
    """One over a term, undefined exactly where it is; None where only a nested power says that."""
    if term.is_Rational:
        return power(term, sympy.Integer(-1))
    if term is sympy.E:
        return call(sympy.exp, [sympy.Integer(-1)])
    if not isinstance(term, sympy.Pow):
        return finite(sympy.Pow(term, sympy.Integer(-1), evaluate=False))
    base, exponent = term.args
    if exponent.is_Rational:
        return power(base, -exponent) if exponent > 0 else None
    return power(base, negative(exponent)) if _positive(base) or nonnegative(exponent) else None


def _positive(term: Any) -> bool:
    """Whether a term is positive by its form alone."""
    if isinstance(term, Observable):
        return term.domain in _POSITIVE
    if term.is_Number:
        return bool(term > 0)
    if isinstance(term, (sympy.Add, sympy.Mul)):
        return all(_positive(a) for a in term.args)
    return term in (sympy.pi, sympy.E) or isinstance(term, (sympy.exp, sympy.cosh))


def power(base: Any, exponent: Any) -> Any:
    """A power; numbers to numbers only where the result is an exact number of moderate size."""
    if exponent == 1:
        return base
    if exponent == -1 and not base.is_Rational:
        return product(reciprocals(base))
    if base is sympy.E:
        return call(sympy.exp, [exponent])
    if base.is_Rational and exponent.is_Rational:
        made = _number_power(base, exponent)
        if made is not None:
            return made
    if base.is_Rational and base.p == 1 and base.q > 1 and not isinstance(exponent, sympy.Add):
        base, exponent = 1 / base, negative(exponent)  # sympy prints x*(1/2)**(-n) as if the base were 2
    return finite(sympy.Pow(base, exponent, evaluate=False))


def _number_power(base: Any, exponent: Any) -> Any:
    if base == 0 and exponent < 0:
        raise ParseError("a division by zero", "a real number", "write a relation that is defined")
    root = _root(base, int(exponent.q))
    if root is None:
        return None
    size = max(int(root.p).bit_length(), int(root.q).bit_length())
    if root not in (-1, 0, 1) and (size - 1) * abs(int(exponent.p)) > NUMBER_BITS:
        raise _too_large()
    if root in (0, 1):
        return root if exponent != 0 else sympy.Integer(1)
    return _bounded(root ** (int(exponent.p) if root != -1 else int(exponent.p) % 2))


def _root(base: Any, degree: int) -> Any:
    """The exact root of a non-negative rational, or None."""
    if degree == 1:
        return base
    if base < 0 or degree > 64:
        return None
    above, whole = sympy.integer_nthroot(int(base.p), degree)
    below, also = sympy.integer_nthroot(int(base.q), degree)
    return sympy.Rational(above, below) if whole and also else None


def call(function: Any, arguments: Sequence[Any]) -> Any:
    """A function of the judge's list, unevaluated."""
    return finite(function(*arguments, evaluate=False))


_LARGEST = fmpq(2**NUMBER_BITS)


def finite(term: Any) -> Any:
    """The term, if it is no constant or a constant that is a real number of moderate size."""
    if term.free_symbols or term.has(sympy.Sum, sympy.Product):
        return term
    before = ctx.prec
    ctx.prec = BITS
    try:
        value = compile_term(term)({})
        whole = ball(value)
        if not -_LARGEST < whole < _LARGEST or (not whole.contains(0) and abs(whole) < 1 / arb(_LARGEST)):
            raise _too_large(f"the constant {quoted(sympy.sstr(term))}")
    except Undefined as problem:
        why = "which is undefined" if problem.certain else problem.reason
        raise ParseError(
            f"{quoted(sympy.sstr(term))}, {why}", "constants that are real numbers", "write it otherwise"
        ) from None
    finally:
        ctx.prec = before
    return term
