"""A comparison with unknown constants, in forms that contract well: g = 0 or g <= 0, with the slopes of g.

`y = k A^a exp(-c t)` is linear in a, c and log k once logs are taken, and `P >= 1 - exp(-c t)` once the exponential stands
alone; such forms need no splitting of boxes at all.  Each is used only on the rows where the steps to it are certain (a sign, a
divisor that is not 0); the plain difference of both sides is always there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from flint import arb, fmpq

from .evaluate import Row, Term, Undefined, Value, ball, compile_term
from .identify_terms import Dual, NoSlope, Slopes, Slots, added, compile_dual, free_of, hoist, is_unknown, scaled

Names = Mapping[str, int]


class Impossible(ArithmeticError):
    """Both sides have different signs on all of the box: no constant of it obeys."""


class Unavailable(ArithmeticError):
    """A form whose steps are not certain on this row or box."""


@dataclass(frozen=True)
class Factor:
    """A factor |base|^exponent with unknowns: log|base| times the exponent.  ``unknown``: the base is that one, bare."""

    base: Dual
    base_value: Term
    exponent: Dual
    exponent_value: Term
    whole: int | None
    unknown: int | None


@dataclass(frozen=True)
class Product:
    """A side that is a product: what has no unknown (slots of its sign and its log), factors, arguments of exp.

    ``inside``: the unknowns that occur otherwise than as a bare factor.
    """

    sign: str
    log: str
    factors: tuple[Factor, ...]
    exponents: tuple[tuple[Dual, Term], ...]
    inside: frozenset[int]


@dataclass(frozen=True)
class Signs:
    """What the steps to a form rest on: divisors whose signs turn an inequality, and terms that must be positive.

    ``partial``: a log or a root was undone, which is not defined wherever the form is.
    """

    divisors: tuple[Any, ...] = ()
    positive: tuple[Any, ...] = ()
    partial: bool = False


class Form:
    """g of a row: ``dual`` on a box (value, slopes, orientation), ``point`` at one constant.

    ``equality``: g = 0 is claimed, else g <= 0 (``strict``: g < 0).  ``partial``: g may be defined where the claim is not.  Slopes at ~j are those by the logarithm of unknown j.
    Both raise `Unavailable`, `Impossible`, `NoSlope` or `Undefined`.
    """

    equality: bool
    strict: bool = False
    partial: bool = False
    needs: frozenset[str]
    divisors: tuple[str, ...]
    positive: tuple[str, ...]

    def _rest_on(self, signs: Signs, slots: Slots, needs: frozenset[str]) -> None:
        self.divisors = tuple(slots.slot(term).name for term in signs.divisors)
        self.positive = tuple(slots.slot(term).name for term in signs.positive)
        self.needs = needs | {*self.divisors, *self.positive}
        self.partial = signs.partial

    def _turn(self, row: Row) -> int:
        """1, or -1 where an inequality is turned."""
        turn = 1
        for name in self.positive:
            if not row[name] > 0:
                raise Unavailable
        for name in self.divisors:
            turn *= _sign(row[name])
        return 1 if self.equality else turn

    def dual(self, row: Row) -> tuple[Value, Slopes, int] | None:
        """None: all of the box obeys, whatever it is."""
        raise NotImplementedError

    def point(self, row: Row, orientation: int) -> Value:
        """g at the constants of the row, of the orientation that `dual` gave."""
        raise NotImplementedError


class Difference(Form):
    """One side less the other."""

    def __init__(self, left: Any, right: Any, equality: bool, signs: Signs, names: Names, slots: Slots) -> None:
        # the sides are hoisted as one sum, so that what is exact cancels exactly
        whole = sympy.Add(left, sympy.Mul(-1, right, evaluate=False), evaluate=False)
        hoisted = hoist(_flat(whole), names, slots)
        self.equality, self.value, self.slopes = equality, compile_term(hoisted), compile_dual(hoisted, names)
        self._rest_on(signs, slots, _slots_in(hoisted))

    def dual(self, row: Row) -> tuple[Value, Slopes, int] | None:
        if self.slopes is None:
            raise NoSlope("none")
        value, slopes = self.slopes(row)
        turn = self._turn(row)
        return (value, slopes, turn) if turn > 0 else (-value, scaled(slopes, fmpq(-1)), turn)

    def point(self, row: Row, orientation: int) -> Value:
        value = self.value(row)
        return value if orientation > 0 else -value


class Logarithm(Form):
    """log|left| - log|right| of two products of the same certain sign."""

    def __init__(self, left: Product, right: Product, equality: bool, signs: Signs, slots: Slots) -> None:
        self.left, self.right, self.equality = left, right, equality
        self._rest_on(signs, slots, frozenset({left.sign, left.log, right.sign, right.log}))

    def dual(self, row: Row) -> tuple[Value, Slopes, int] | None:
        turn = self._turn(row)
        signs = self._sign(self.left, row), self._sign(self.right, row)
        if signs[0] != signs[1]:
            if self.equality or signs[0] * turn > 0:
                raise Impossible
            return None
        orientation = 1 if self.equality else turn * signs[0]
        value: Value = row[self.left.log] - row[self.right.log]
        slopes: Slopes = {}
        for side, plus in ((self.left, True), (self.right, False)):
            for v, ds in self._terms(side, row):
                value = value + v if plus else value - v
                slopes = added(slopes, ds if plus else scaled(ds, fmpq(-1)))
        return (value, slopes, 1) if orientation > 0 else (-value, scaled(slopes, fmpq(-1)), -1)

    def _sign(self, side: Product, row: Row) -> int:
        sign = _sign(row[side.sign])
        for factor in side.factors:
            base = _sign(factor.base_value(row))
            if factor.whole is None and base < 0:
                raise Unavailable
            sign *= base if factor.whole is not None and factor.whole % 2 else 1
        return sign

    @staticmethod
    def _terms(side: Product, row: Row) -> Any:
        for factor in side.factors:
            exponent, de = factor.exponent(row)
            base, db = factor.base(row)
            log = abs(ball(base)).log()
            inner = {~factor.unknown: fmpq(1)} if factor.unknown is not None else scaled(db, 1 / ball(base))
            yield exponent * log, added(scaled(inner, exponent), scaled(de, log))
        for dual, _ in side.exponents:
            yield dual(row)

    def point(self, row: Row, orientation: int) -> Value:
        value = row[self.left.log] - row[self.right.log]
        for side, plus in ((self.left, True), (self.right, False)):
            for factor in side.factors:
                log = factor.exponent_value(row) * abs(ball(factor.base_value(row))).log()
                value = value + log if plus else value - log
            for _, term in side.exponents:
                value = value + term(row) if plus else value - term(row)
        return value if orientation > 0 else -value


def _sign(value: Value) -> int:
    if value > 0:
        return 1
    if value < 0:
        return -1
    raise Unavailable


def _flat(expression: Any) -> Any:
    """A sum of sums as one sum, so that everything without unknowns meets in one slot."""
    terms = []
    for term in expression.args if isinstance(expression, sympy.Add) else (expression,):
        if isinstance(term, sympy.Add):
            terms += _flat(term).args
        elif isinstance(term, sympy.Mul) and len(term.args) == 2 and term.args[0] == -1:
            inner = term.args[1]
            parts = _flat(inner).args if isinstance(inner, sympy.Add) else (inner,)
            terms += [sympy.Mul(-1, p, evaluate=False) for p in parts]
        else:
            terms.append(term)
    return sympy.Add(*terms, evaluate=False)


def _slots_in(hoisted: Any) -> frozenset[str]:
    return frozenset(s.name for s in hoisted.free_symbols if s.name.startswith("_slot_"))


def forms(kind: type, left: Any, right: Any, names: Names, slots: Slots) -> tuple[Form, ...]:
    """The forms of a comparison, best first; the last one is the plain difference."""
    if kind in (sympy.Ge, sympy.Gt):
        left, right = right, left
    equality = kind is sympy.Eq
    found: list[Form] = []
    alone = _alone(left, right, names)
    if alone is not None:
        one, other, signs = alone
        first, second = _product(one, names, slots), _product(other, names, slots)
        if first is not None and second is not None and _worthwhile(first, second):
            found.append(Logarithm(first, second, equality, signs, slots))
        found.append(Difference(one, other, equality, signs, names, slots))
    found.append(Difference(left, right, equality, Signs(), names, slots))
    for form in found:
        form.strict = kind in (sympy.Lt, sympy.Gt)
    return tuple(found)


def _alone(left: Any, right: Any, names: Names) -> tuple[Any, Any, Signs] | None:
    """Both sides once the unknown part stands alone, and the signs that this rests on."""
    (mine, free), (theirs, known) = _split(left, names), _split(right, names)
    if len(mine) == 1 and len(theirs) == 1 and not free and not known:
        return left, right, Signs()
    if len(mine) + len(theirs) != 1:
        return None
    turned = bool(theirs)
    term = (mine or theirs)[0]
    rest = _less(right, free) if mine else _less(left, known)
    flips: list[Any] = []
    positive: list[Any] = []
    partial = False
    while True:
        if isinstance(term, sympy.Mul):
            unknown = [a for a in term.args if not free_of(a, names)]
            factors = [a for a in term.args if free_of(a, names)]
            if len(unknown) > 1 or not factors or not isinstance(unknown[0], (sympy.Add, sympy.log)):
                break
            divisor = sympy.Mul(*factors, evaluate=False)
            rest, term = sympy.Mul(rest, sympy.Pow(divisor, -1, evaluate=False), evaluate=False), unknown[0]
            flips.append(divisor)
        elif isinstance(term, sympy.Add):
            inner, outer = _split(term, names)
            if len(inner) != 1:
                break
            rest, term = _less(rest, outer), inner[0]
        elif isinstance(term, sympy.log):
            rest, term, partial = sympy.exp(rest, evaluate=False), term.args[0], True
        elif isinstance(term, sympy.Pow) and term.exp.is_Rational and not term.exp.is_Integer:
            positive.append(rest)  # as a root is
            flips += [sympy.Integer(-1)] if term.exp < 0 else []
            rest, term, partial = sympy.Pow(rest, 1 / term.exp, evaluate=False), term.base, True
        else:
            break
    signs = Signs(tuple(flips), tuple(positive), partial)
    return (rest, term, signs) if turned else (term, rest, signs)


def _split(side: Any, names: Names) -> tuple[list[Any], list[Any]]:
    terms = side.args if isinstance(side, sympy.Add) else (side,)
    return [t for t in terms if not free_of(t, names)], [t for t in terms if free_of(t, names) and t != 0]


def _less(side: Any, terms: list[Any]) -> Any:
    if not terms:
        return side
    return _flat(sympy.Add(side, *(sympy.Mul(-1, t, evaluate=False) for t in terms), evaluate=False))


def _worthwhile(left: Product, right: Product) -> bool:
    """Whether taking logs makes it simpler: an unknown in an exponent, or a product of several."""
    factors = [*left.factors, *right.factors]
    if left.exponents or right.exponents or len(factors) > 1:
        return True
    return any(f.whole is None for f in factors)


def _product(side: Any, names: Names, slots: Slots) -> Product | None:
    known, factors, exponents = [], [], []
    inside: set[int] = set()
    for part in side.args if isinstance(side, sympy.Mul) else (side,):
        if free_of(part, names):
            known.append(part)
            continue
        if isinstance(part, sympy.exp):
            argument = hoist(part.exp, names, slots)
            dual = compile_dual(argument, names)
            if dual is None:
                return None
            exponents.append((dual, compile_term(argument)))
            inside |= _unknowns(argument, names)
            continue
        base, exponent = (part.base, part.exp) if isinstance(part, sympy.Pow) else (part, sympy.Integer(1))
        hoisted, power = hoist(base, names, slots), hoist(exponent, names, slots)
        both = compile_dual(hoisted, names), compile_dual(power, names)
        if both[0] is None or both[1] is None:
            return None
        whole = int(exponent) if exponent.is_Integer else None
        bare = names[base.name] if is_unknown(base, names) else None
        inside |= _unknowns(power, names) | (_unknowns(hoisted, names) if bare is None else set())
        factors.append(Factor(both[0], compile_term(hoisted), both[1], compile_term(power), whole, bare))
    constant = sympy.Mul(*known, evaluate=False)
    log = sympy.log(sympy.Abs(constant, evaluate=False), evaluate=False)
    return Product(slots.slot(constant).name, slots.slot(log).name, tuple(factors), tuple(exponents), frozenset(inside))


def _unknowns(expression: Any, names: Names) -> set[int]:
    return {names[s.name] for s in expression.free_symbols if is_unknown(s, names)}


__all__ = ["Form", "Impossible", "NoSlope", "Unavailable", "Undefined", "arb", "forms"]
