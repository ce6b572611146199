"""Rules about the form of a relation: where it is undefined, what cancels, parts that say nothing, and units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sympy
from flint import fmpq
from sympy.core.relational import Relational
from sympy.logic import boolalg

from theorems.statement import And, Eq, Gt, Le, Lt, Observable

from .draw import Seeded
from .evaluate import Row, exact, nonnegative
from .lint_values import Space, allows, alternatives, around, domain_of, judge, met, satisfy, side_at

BASES = 12
EXPANDED = 500
HUNT = 12
Guard = tuple[Any, str]


def guards(relation: Any) -> Iterator[Guard]:
    """Conditions of one symbol (or one tie of two) under which a part of a relation is undefined, and words for each."""
    seen: set[Any] = set()
    for part in sympy.preorder_traversal(relation):
        for condition, words in _guards_of(part):
            if condition not in seen and condition.free_symbols:
                seen.add(condition)
                yield condition, words


def _guards_of(part: Any) -> Iterator[Guard]:
    if isinstance(part, sympy.Pow):
        yield from _guards_of_power(part.base, part.exp)
    elif isinstance(part, sympy.log):
        yield from _one(Le(part.args[0], 0), f"{part} of what is not positive")
        if len(part.args[0].free_symbols) > 1:
            yield from _vanishes(part.args[0], f"{part} of 0")
    elif isinstance(part, (sympy.asin, sympy.acos, sympy.atanh)):
        yield from _one(Gt(sympy.Abs(part.args[0]), 1), f"{part} beyond 1")
    elif isinstance(part, sympy.acosh):
        yield from _one(Lt(part.args[0], 1), f"{part} below 1")


def _guards_of_power(base: Any, exponent: Any) -> Iterator[Guard]:
    if exponent.is_Integer:
        if exponent < 0:
            yield from _vanishes(base, f"division by {base}")
        return
    if not nonnegative(base):
        yield from _one(Lt(base, 0), f"({base})**({exponent}) of a negative number")
    if exponent.is_Number and exponent < 0:
        yield from _vanishes(base, f"division by a power of {base}")
    elif not exponent.is_Number and max(len(base.free_symbols), len(exponent.free_symbols)) == 1:
        yield And(Eq(base, 0), Lt(exponent, 0)), f"0 to the power {exponent}"


def _one(condition: Any, words: str) -> Iterator[Guard]:
    """A condition of several symbols may be excluded by how they belong together, which is not for a linter to know."""
    if len(condition.free_symbols) == 1:
        yield condition, words


def _vanishes(base: Any, words: str) -> Iterator[Guard]:
    for factor in sympy.Mul.make_args(base):
        symbols = sorted(factor.free_symbols, key=str)
        if len(symbols) == 1:
            yield Eq(factor, 0), words
        elif len(symbols) == 2 and factor.xreplace({symbols[0]: symbols[1]}).is_zero:
            yield Eq(symbols[0], symbols[1]), words


def undefined_at(relation: Any, given: Any, space: Space) -> Iterator[tuple[str, Row]]:
    """What is undefined at values that satisfy the premise and what is ``given``: words, and the values that show it."""
    premise = relation.args[0] if isinstance(relation, boolalg.Implies) else sympy.true
    for condition, words in guards(relation):
        if not condition.free_symbols <= set(space.symbols):  # the index of a sum
            continue
        if not all(_possible(part, space) for part in sympy.And.make_args(condition)):
            continue
        row = satisfy(alternatives(And(condition, premise, given)), space, "undefined", HUNT)
        if row is None:
            continue
        judged = judge(relation, row)
        if judged is not None and judged.status == "outside":
            yield words, {s.name: row[s.name] for s in condition.free_symbols}


def _possible(condition: Any, space: Space) -> bool:
    """Whether a value worth trying meets a condition of one symbol."""
    if len(condition.free_symbols) != 1:
        return True
    (symbol,) = condition.free_symbols
    row = {symbol.name: space.pool(symbol)[0]}
    values = [*space.pool(symbol), *around(condition, symbol, row, space)]
    return any(met((condition, True), {symbol.name: value}) for value in values)


def cancelled(leaf: Any, space: Space) -> Iterator[str]:
    """Symbols of a comparison on which its sides' difference does not depend, at values of ordinary size."""
    if not isinstance(leaf, Relational):
        return
    for symbol in sorted(leaf.free_symbols & set(space.symbols), key=str):
        if domain_of(symbol) != "boolean" and not _matters(leaf, symbol, space) and _gone(leaf, symbol):
            yield symbol.name


def _gone(leaf: Any, symbol: Any) -> bool:
    """Whether sympy's expansion of the difference of both sides is free of a symbol; long ones are not expanded."""
    gap = leaf.lhs - leaf.rhs
    return _terms(gap) <= EXPANDED and symbol not in sympy.expand(gap, deep=False).free_symbols


def _terms(expression: Any) -> int:
    """How many terms an expansion has at most, up to a limit."""
    if isinstance(expression, sympy.Add):
        return min(sum(map(_terms, expression.args)), 2 * EXPANDED)
    if isinstance(expression, sympy.Mul):
        total = 1
        for factor in expression.args:
            total = min(total * _terms(factor), 2 * EXPANDED)
        return total
    if isinstance(expression, sympy.Pow) and expression.exp.is_Integer and expression.exp > 0:
        return min(_terms(expression.base) ** min(int(expression.exp), 12), 2 * EXPANDED)
    return 1


def _matters(leaf: Any, symbol: Any, space: Space) -> bool:
    seen = 0
    for base in range(BASES):
        draw = Seeded(f"ordinary-{base}")
        row = {s.name: _ordinary(draw, domain_of(s)) for s in space.symbols}
        sides = [side_at(leaf, row), side_at(leaf, {**row, symbol.name: _ordinary(draw, domain_of(symbol))})]
        if sides[0] is None or sides[1] is None:
            continue
        seen += 1
        gap = sides[0] - sides[1]
        if not (gap == 0 if exact(gap) else gap.contains(0)):
            return True
    return seen < BASES // 2


def _ordinary(draw: Seeded, domain: str) -> Any:
    if domain == "boolean":
        return draw.boolean()
    if domain.endswith("probability"):
        return fmpq(draw.integer(1, 99), 100)
    if "integer" in domain:
        return fmpq(draw.integer(1, 12))
    value = fmpq(draw.integer(1, 60), 10)
    return value if allows(domain, -value) is False or draw.boolean() else -value


Unit = Mapping[str, sympy.Rational]


class Mismatch(ValueError):
    """Two things of different units that are added or compared."""

    def __init__(self, left: Any, left_unit: Unit, right: Any, right_unit: Unit) -> None:
        self.sides = (left, spelled(left_unit), right, spelled(right_unit))
        super().__init__(f"{left} in {self.sides[1]} with {right} in {self.sides[3]}")


def unit_of(expression: Any) -> Unit | None:
    """The unit of an expression; None where it is not known.  Raises `Mismatch` where a sum mixes two.

    Counts and probabilities have none; other observables have one if it is declared.  Numbers fit every unit.
    """
    if isinstance(expression, Observable):
        if expression.unit:
            return parsed(expression.unit)
        return {} if "integer" in expression.domain or expression.domain.endswith("probability") else None
    if isinstance(expression, sympy.Mul):
        units = [unit_of(a) for a in expression.args if a.free_symbols]
        return None if any(u is None for u in units) else _product([(u, sympy.S.One) for u in units if u is not None])
    if isinstance(expression, sympy.Pow):
        unit = unit_of(expression.base)
        if unit is None or not expression.exp.is_Rational:
            return {} if unit == {} and not expression.exp.free_symbols else None
        return _product([(unit, expression.exp)])
    if isinstance(expression, (sympy.Add, sympy.Max, sympy.Min)):
        return _alike(expression.args)
    if isinstance(expression, sympy.Abs):
        return unit_of(expression.args[0])
    return None


def _alike(parts: Any) -> Unit | None:
    known = [(p, u) for p in parts if p.free_symbols and (u := unit_of(p)) is not None]
    for part, unit in known[1:]:
        if unit != known[0][1]:
            raise Mismatch(*known[0], part, unit)
    return known[0][1] if known and len(known) == len(parts) else None


def mismatch(leaf: Any) -> Mismatch | None:
    """The two things of different units that a comparison compares or adds."""
    if not isinstance(leaf, Relational):
        return None
    try:
        _alike(leaf.args)
    except Mismatch as found:
        return found
    return None


def parsed(unit: str) -> Unit:
    """A unit such as `length^2` or `nat/s` as powers of its parts."""
    powers: list[tuple[Unit, Any]] = []
    for place, factor in enumerate(unit.replace("**", "^").split("/")):
        for name in factor.replace("*", " ").split():
            base, _, power = name.partition("^")
            size = sympy.Rational(power) if power.lstrip("-").isdigit() else sympy.S.One
            powers.append(({base: sympy.S.One}, -size if place else size))
    return _product(powers)


def _product(parts: list[tuple[Unit, Any]]) -> Unit:
    total: dict[str, Any] = {}
    for unit, power in parts:
        for name, size in unit.items():
            total[name] = total.get(name, sympy.S.Zero) + size * power
    return {name: total[name] for name in sorted(total) if total[name] != 0}


def spelled(unit: Unit) -> str:
    """A unit in words."""
    return " ".join(name if size == 1 else f"{name}^{size}" for name, size in unit.items()) or "no unit"
