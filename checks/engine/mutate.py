"""Wrong claims made on purpose: single edits of a claim's sympy tree.

A strong audit refutes every edit that changes what is claimed.  An edit touches one place: a constant by 1 % or
by 1 (an exponent or a coefficient of 1 is a constant too), a sign, a factor, a term, a pair of like symbols, the
direction of a bound, an index, or a non-smooth function.  Edits that no measurement could tell from the claim
(``Eq`` to ``Ne``, ``<=`` to ``<``, a conjunct left out, a side that becomes trivial) are not made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFunction

from theorems.statement import Claim, Eq, Ge, Gt, Implies, Le, Lt, Not, observables_of

from .symbolic import numerical, typed

PERCENT = sympy.Rational(101, 100)
BILLIONTH = 1 + sympy.Rational(1, 10**9)
SWAPS = 6
FLIPPED = {sympy.Le: Ge, sympy.Ge: Le, sympy.Lt: Gt, sympy.Gt: Lt, sympy.Ne: Eq}
SIMPLER = {
    sympy.Abs: lambda x: [(x, "Abs removed")],
    sympy.sign: lambda x: [(sympy.S.One, "sign removed"), (x, "sign replaced by its argument")],
    sympy.floor: lambda x: [(sympy.ceiling(x), "floor replaced by ceiling"), (x, "floor removed")],
    sympy.ceiling: lambda x: [(sympy.floor(x), "ceiling replaced by floor"), (x, "ceiling removed")],
}

Edit = tuple[Any, str, str]


@dataclass(frozen=True)
class Mutant:
    """A claim edited in one place; ``name`` is unique among the claim's mutants, ``edit`` says what was done."""

    name: str
    claim: Claim
    edit: str


def mutants(claim: Claim) -> tuple[Mutant, ...]:
    """The mutants of a claim of kind identity or bound (none for other kinds), in a fixed order.

    Structurally equal edits are made once; the first name is kept.
    """
    if claim.kind not in ("identity", "bound"):
        return ()
    seen = {canonical(claim.relation)}
    counts: dict[str, int] = {}
    made: list[Mutant] = []
    for relation, name, edit in _relation(claim.relation):
        if not isinstance(relation, Boolean) or relation.has(sympy.zoo, sympy.nan, sympy.oo) or _empty(relation):
            continue
        key = canonical(relation)
        if key in seen:
            continue
        seen.add(key)
        counts[name] = counts.get(name, 0) + 1
        unique = name if counts[name] == 1 else f"{name} ({counts[name]})"
        edited = replace(claim, name=f"{claim.name}: {unique}", relation=relation, words=edit, follows_from=())
        made.append(Mutant(unique, edited, edit))
    return tuple(made)


def canonical(relation: Any) -> Any:
    """A hashable form that is the same for relations that differ by moving terms across or by a sign."""
    if isinstance(relation, Relational):
        kind, gap = comparison(relation)
        if kind in ("Eq", "Ne"):
            gap = min(gap, -gap, key=sympy.default_sort_key)
        return kind, gap
    if isinstance(relation, BooleanFunction):
        parts = [canonical(a) for a in relation.args]
        if not isinstance(relation, sympy.Implies):
            parts.sort(key=str)
        return type(relation).__name__, *parts
    return relation


def comparison(relation: Relational) -> tuple[str, Any]:
    """``(kind, gap)``: the relation says ``gap kind 0`` with kind one of Eq, Ne, Ge, Gt."""
    left, right = relation.lhs, relation.rhs
    if isinstance(relation, (sympy.Eq, sympy.Ne)):
        if not numerical(relation):
            return type(relation).__name__, relation
        return ("Eq" if isinstance(relation, sympy.Eq) else "Ne"), sympy.expand_mul(left - right)
    if isinstance(relation, (sympy.Le, sympy.Lt)):
        left, right = right, left
    return ("Ge" if isinstance(relation, (sympy.Le, sympy.Ge)) else "Gt"), sympy.expand_mul(left - right)


def _empty(relation: Any) -> bool:
    """Whether the relation is free of symbols: no measurement speaks about it."""
    return not relation.free_symbols


def _relation(relation: Any) -> Iterator[Edit]:
    if isinstance(relation, sympy.Implies):
        premise, conclusion = relation.args
        for edited, name, words in _relation(conclusion):
            yield Implies(premise, edited), name, words
        for edited, name, words in _premise(premise):
            if _impossible(edited):
                continue
            yield Implies(edited, conclusion), f"{name} in the premise", f"{words}, in the premise"
        return
    if isinstance(relation, sympy.Not):
        for edited, name, words in _relation(relation.args[0]):
            yield Not(edited), name, words
        return
    if isinstance(relation, BooleanFunction):
        for position, part in enumerate(relation.args):
            for edited, name, words in _relation(part):
                yield _rebuild(relation, position, edited), name, words
            if isinstance(relation, sympy.Or):
                rest = [a for i, a in enumerate(relation.args) if i != position]
                yield sympy.Or(*rest, evaluate=False), f"alternative {part} dropped", f"{part} is left out"
        return
    if isinstance(relation, Relational):
        yield from _comparison(relation)
    elif isinstance(relation, sympy.Symbol):
        yield Not(relation), f"{relation} negated", f"{relation} becomes its negation"


def _comparison(relation: Relational) -> Iterator[Edit]:
    equal = isinstance(relation, sympy.Eq)
    left, right = relation.lhs, relation.rhs
    if not numerical(relation):
        return
    for position, side in ((1, right), (0, left)):
        for edited, name, words in _term(side):
            yield _rebuild(relation, position, edited), name, words
        alone = relation.args[1 - position] == 0 and not isinstance(side, sympy.Add)
        if side != 0 and not (equal and (alone or (position == 0 and right != 0))):
            where = "right side" if position else "left side"
            if not side.is_Number:
                yield _rebuild(relation, position, side * PERCENT), f"{where} * 1.01", f"the {where} grows by 1 %"
                if equal:
                    yield (
                        _rebuild(relation, position, side * BILLIONTH),
                        f"{where} * (1 + 1e-9)",
                        f"the {where} grows by one part in 10^9",
                    )
            yield _rebuild(relation, position, -side), f"sign of the {where}", f"the {where} changes sign"
    if type(relation) in FLIPPED:
        flipped = FLIPPED[type(relation)](left, right)
        yield flipped, "relation flipped", f"{relation.rel_op} becomes {flipped.rel_op}"
    yield from _symbols(relation)


def _symbols(relation: Relational) -> Iterator[Edit]:
    """Off-by-one of integers and swaps of like symbols."""
    seen = observables_of(relation)
    for symbol in seen:
        if symbol.domain.endswith("integer"):
            for by in (1, -1):
                shifted = symbol + by
                yield relation.xreplace({symbol: shifted}), f"{symbol} -> {shifted}", f"{symbol} is off by one"
    pairs = [(a, b) for a, b in combinations(seen, 2) if (a.domain, a.unit) == (b.domain, b.unit)]
    richer = max(relation.args, key=lambda side: len(side.free_symbols)).free_symbols
    pairs.sort(key=lambda pair: not {*pair} <= richer)
    for a, b in pairs[:SWAPS]:
        swapped = relation.func(*(side.xreplace({a: b, b: a}) for side in relation.args), evaluate=False)
        yield swapped, f"{a} and {b} swapped", f"{a} and {b} change places"


def _impossible(premise: Any) -> bool:
    """Whether no value of the domains satisfies the premise, such as N = 0 for a positive N."""
    try:
        return bool(typed(premise) == sympy.false)
    except TypeError:  # sympy compares no complex numbers; the rows will tell where the premise is defined
        return False


def _premise(premise: Any) -> Iterator[Edit]:
    """Constants of a premise, where a changed premise can still be certain: inequalities, and integers."""
    if isinstance(premise, BooleanFunction):
        for position, part in enumerate(premise.args):
            for edited, name, words in _premise(part):
                yield _rebuild(premise, position, edited), name, words
    elif isinstance(premise, Relational) and numerical(premise):
        whole = all(o.domain.endswith("integer") for o in observables_of(premise))
        if whole or not isinstance(premise, (sympy.Eq, sympy.Ne)):
            for position, side in enumerate(premise.args):
                for edited, name, words in _constants(side):
                    if not (whole and edited.is_Number and not edited.is_Integer):
                        yield _rebuild(premise, position, edited), name, words


def _constants(term: Any) -> Iterator[Edit]:
    """Edits of the explicit constants only."""
    if term.is_Number:
        yield from _number(term, "")
        return
    # the limits of a sum or product are integers: they are not edited by 1 %
    arguments = term.args[:1] if isinstance(term, (sympy.Sum, sympy.Product)) else term.args
    for position, argument in enumerate(arguments):
        for edited, name, words in _constants(argument):
            yield _rebuild(term, position, edited), name, words


def _number(value: Any, where: str) -> Iterator[Edit]:
    exact = sympy.Rational(value)
    near = [exact * PERCENT] if exact != 0 else []
    for changed in (*near, exact + 1, exact - 1):
        name = f"{_short(exact)} -> {_short(changed)}{where}"
        yield changed, name, f"the constant {_short(exact)} becomes {_short(changed)}{where}"


def _short(value: Any) -> str:
    """A rational as a short decimal where it is one, else as a fraction."""
    value = sympy.Rational(value)
    if value.q != 1 and not (value * 10**4).is_Integer:
        return str(value)
    return f"{float(value):g}" if abs(value) < 10**6 and value.q != 1 else str(value)


def _term(term: Any) -> Iterator[Edit]:
    """Edits inside one term."""
    if term.is_Number:
        yield from _number(term, "")
    elif isinstance(term, sympy.NumberSymbol):
        yield term * PERCENT, f"{term} * 1.01", f"the constant {term} grows by 1 %"
    elif isinstance(term, sympy.Mul):
        yield from _product(term)
    elif isinstance(term, sympy.Add):
        yield from _sum(term)
    elif isinstance(term, sympy.Pow):
        yield from _power(term)
    elif isinstance(term, (sympy.Sum, sympy.Product)):
        yield from _series(term)
    elif isinstance(term, sympy.Piecewise):
        for position, (value, condition) in enumerate(term.args):
            for edited, name, words in _term(value):
                yield _branch(term, position, (edited, condition)), name, words
            for edited, name, words in _premise(condition):
                yield _branch(term, position, (value, edited)), name, words
    elif not isinstance(term, sympy.Symbol):
        yield from _function(term)


def _function(term: Any) -> Iterator[Edit]:
    for edited, name in SIMPLER.get(type(term), lambda *_: [])(*term.args):
        yield edited, f"{name} in {term}", f"{name} in {term}"
    if isinstance(term, (sympy.Max, sympy.Min)):
        other = sympy.Min if isinstance(term, sympy.Max) else sympy.Max
        yield other(*term.args), f"{term.func.__name__} -> {other.__name__}", f"{term} becomes {other.__name__}"
        for argument in term.args:
            yield argument, f"{term.func.__name__} -> {argument}", f"{term} is replaced by {argument}"
    for position, argument in enumerate(term.args):
        if isinstance(argument, sympy.Expr):
            for edited, name, words in _term(argument):
                yield _rebuild(term, position, edited), name, words
            if not argument.is_Number and not isinstance(term, (sympy.Max, sympy.Min, sympy.Abs, sympy.sign)):
                yield _rebuild(term, position, -argument), f"sign inside {term}", f"the argument of {term} changes sign"


def _product(term: Any) -> Iterator[Edit]:
    for position, factor in enumerate(term.args):
        rest = term.func(*(f for i, f in enumerate(term.args) if i != position))
        if factor.is_Number:
            yield -term, f"sign of {term}", f"{term} changes sign"
            for edited, name, words in _number(factor, f" at {term}"):
                yield edited * rest, name, words
            if factor != -1:
                yield rest, f"{_short(factor)} dropped at {term}", f"the factor {_short(factor)} of {term} is left out"
            continue
        yield rest, f"{factor} dropped", f"the factor {factor} of {term} is left out"
        if isinstance(factor, sympy.Symbol):
            yield factor * term, f"exponent of {factor} -> 2", f"{factor} is squared in {term}"
        for edited, name, words in _term(factor):
            yield _rebuild(term, position, edited), name, words


def _sum(term: Any) -> Iterator[Edit]:
    for position, part in enumerate(term.args):
        rest = term.func(*(p for i, p in enumerate(term.args) if i != position))
        yield rest, f"term {part} dropped", f"the term {part} of {term} is left out"
        yield rest - part, f"sign of the term {part}", f"the term {part} of {term} changes sign"
        if part.is_Number:
            for edited, name, words in _number(part, f" at {term}"):
                yield rest + edited, name, words
            continue
        if part.as_coeff_Mul()[0] == 1:
            yield rest + part * PERCENT, f"term {part} * 1.01", f"the term {part} of {term} grows by 1 %"
        for edited, name, words in _term(part):
            yield rest + edited, name, words


def _power(term: Any) -> Iterator[Edit]:
    base, exponent = term.args
    for edited, name, words in _term(base):
        yield edited**exponent, name, words
    if exponent.is_Number:
        for edited, name, words in _number(exponent, f" at {term}"):
            yield base**edited, f"exponent {name}", words.replace("constant", "exponent")
        return
    for edited, name, words in _term(exponent):
        short = name if name.startswith("exponent") else f"exponent {name}"
        yield base**edited, short, f"in the exponent of {term}, {words}"
    yield base ** (-exponent), f"sign of the exponent of {term}", f"the exponent of {term} changes sign"
    yield base ** (exponent * PERCENT), f"exponent of {term} * 1.01", f"the exponent of {term} grows by 1 %"


def _series(term: Any) -> Iterator[Edit]:
    body, *limits = term.args
    for edited, name, words in _term(body):
        yield term.func(edited, *limits), name, words
    for position, (index, low, high) in enumerate(limits):
        for side, ends in (("low", low), ("high", high)):
            for by in (1, -1):
                moved = sympy.Tuple(index, low + by if side == "low" else low, high + by if side == "high" else high)
                changed = [*limits[:position], moved, *limits[position + 1 :]]
                name = f"{side} limit {ends} -> {ends + by}"
                yield term.func(body, *changed), name, f"the {side} limit of {index} is off by one"


def _branch(term: Any, position: int, pair: tuple[Any, Any]) -> Any:
    pairs = [pair if i == position else tuple(p) for i, p in enumerate(term.args)]
    return sympy.Piecewise(*pairs, evaluate=False)


def _rebuild(node: Any, position: int, argument: Any) -> Any:
    """The node with one argument replaced; relations stay unevaluated."""
    arguments = [*node.args[:position], argument, *node.args[position + 1 :]]
    if isinstance(node, (Relational, BooleanFunction)):
        return node.func(*arguments, evaluate=False)
    return node.func(*arguments)
