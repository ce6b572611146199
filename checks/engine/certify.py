"""Inequalities over boxes, decided in balls: split a box until every part certainly obeys.

Balls alone never decide a bound that is attained.  There the slack is reduced to a face: where a partial derivative
is certainly of one sign (found in the same way, up to three derivatives deep), the slack is least on one end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import sympy
from flint import arb, ctx, fmpq

from .evaluate import Row, Undefined, compile_term
from .judge import compile_claim
from .symbolic import difference

Box = dict[str, tuple[fmpq, fmpq]]
BOXES = 20_000
BITS = 128
MONOTONE = 3
NARROW = 2**24
READ_OFF = (sympy.Symbol, sympy.Mul, sympy.Pow)


@dataclass(frozen=True)
class Certificate:
    """Whether every part of the box certainly obeys; ``boxes`` looked at; ``where`` it was left undecided or fails."""

    holds: bool
    boxes: int
    where: str = ""


def rational(value: Any) -> fmpq:
    """An int, float, Fraction, text or sympy rational as an exact rational.  Raises `ValueError` for anything else."""
    try:
        exact = sympy.Rational(value)
    except TypeError:
        exact = sympy.nan
    if not exact.is_Rational:
        raise ValueError(f"got {value!r}; expected a rational number; write it as an int, a float or sympy.Rational")
    return fmpq(int(exact.p), int(exact.q))


def certify(relation: Any, box: Mapping[str, tuple[Any, Any]], whole: Mapping[str, range]) -> Certificate:
    """Decide a relation over ``box`` (symbol name -> low, high) for each integer choice in ``whole``."""
    ends: Box = {name: (rational(low), rational(high)) for name, (low, high) in box.items()}
    looked = 0
    for chosen in product(*whole.values()):
        fixed = {name: rational(value) for name, value in zip(whole, chosen, strict=True)}
        for part in _parts(relation):
            result = _branch(part, ends, fixed, BOXES - looked)
            looked += result.boxes
            if not result.holds:
                return Certificate(False, looked, result.where)
    if not looked:
        return Certificate(False, 0, "the domain is empty: nothing was checked")
    return Certificate(True, looked)


def _parts(relation: Any) -> tuple[Any, ...]:
    return relation.args if isinstance(relation, sympy.And) else (relation,)


def _branch(relation: Any, box: Box, fixed: Row, budget: int) -> Certificate:
    judge = compile_claim(relation)
    slack = _slack(relation)
    waiting, looked = [box], 0
    while waiting:
        part = waiting.pop()
        looked += 1
        judgement = judge({**fixed, **_row(part)})
        if judgement.certain or (slack is not None and _least(*slack, part, fixed, MONOTONE)):
            continue
        centre = {name: ((low + high) / 2,) * 2 for name, (low, high) in part.items()}
        for at, found in ((part, judgement), (centre, judge({**fixed, **_row(centre)}))):
            if found.status in ("violated", "outside"):
                what = "it fails" if found.status == "violated" else "it is undefined"
                return Certificate(False, looked, f"{what} on {_text(at, fixed)}")
        if looked >= budget or _narrow(part, box):
            return Certificate(False, looked, f"undecided on {_text(part, fixed)}")
        waiting.extend(_halves(part, box))
    return Certificate(True, looked)


def _narrow(part: Box, whole: Box) -> bool:
    return all((high - low) * NARROW <= whole[name][1] - whole[name][0] for name, (low, high) in part.items())


def _row(box: Box) -> Row:
    return {name: low if low == high else arb(low).union(arb(high)) for name, (low, high) in box.items()}


def _halves(part: Box, whole: Box) -> list[Box]:
    """The box cut across the side that is longest relative to the whole."""
    wide = max(
        (n for n in part if whole[n][0] < whole[n][1]),
        key=lambda n: (part[n][1] - part[n][0]) / (whole[n][1] - whole[n][0]),
    )
    low, high = part[wide]
    middle = (low + high) / 2
    return [{**part, wide: (low, middle)}, {**part, wide: (middle, high)}]


def _slack(relation: Any) -> tuple[Any, bool] | None:
    """The slack of an inequality between differentiable sides, and whether it must be positive."""
    if not isinstance(relation, (sympy.Le, sympy.Lt, sympy.Ge, sympy.Gt)):
        return None
    slack = difference(relation)
    rough = (
        sympy.Abs,
        sympy.sign,
        sympy.Max,
        sympy.Min,
        sympy.floor,
        sympy.ceiling,
        sympy.Piecewise,
        sympy.Product,
        sympy.Sum,
    )
    return None if slack.has(*rough) else (slack, isinstance(relation, (sympy.Lt, sympy.Gt)))


@lru_cache(maxsize=1024)
def _compiled(slack: Any) -> Callable[[Row], Any]:
    return compile_term(slack)


@lru_cache(maxsize=1024)
def _partial(slack: Any, name: str) -> Any:
    (symbol,) = [s for s in slack.free_symbols if s.name == name]
    return sympy.factor_terms(sympy.diff(slack, symbol))


def _least(slack: Any, strict: bool, box: Box, fixed: Row, depth: int) -> bool:
    """Whether the slack is certainly at least 0 on the box, by balls or on the face where it is least."""
    value = _ball(slack, box, fixed)
    if value is None:
        return False
    if value > 0 or (not strict and value >= 0):
        return True
    if not strict and isinstance(slack, READ_OFF) and _sign(slack, 1, box, fixed, depth):
        return True
    if depth == 0:
        return False
    names = {s.name for s in slack.free_symbols}
    for name, (low, high) in box.items():
        if name not in names or low == high:
            continue
        slope = _partial(slack, name)
        for sign, end in ((1, low), (-1, high)):
            if _ball(slope, box, fixed) is not None and _sign(slope, sign, box, fixed, depth - 1):
                return _least(slack, strict, {**box, name: (end, end)}, fixed, depth)
    return False


def _sign(term: Any, sign: int, box: Box, fixed: Row, depth: int) -> bool:
    """Whether sign * term is certainly at least 0: read off products, even powers and symbols, else by `_least`.

    A ball that touches 0 reaches a little below it; a product of certain signs does not.
    """
    if isinstance(term, sympy.Symbol) and term.name in box:
        return bool(sign * box[term.name][0] >= 0 and sign * box[term.name][1] >= 0)
    if isinstance(term, sympy.Mul):
        for factor in term.args:
            if _sign(factor, 1, box, fixed, depth):
                continue
            if not _sign(factor, -1, box, fixed, depth):
                return False
            sign = -sign
        return sign > 0
    if isinstance(term, sympy.Pow) and sign > 0 and (term.exp.is_even or _sign(term.base, 1, box, fixed, depth)):
        return True
    if depth < 0 or isinstance(term, READ_OFF):
        value = _ball(term, box, fixed)
        return value is not None and bool(sign * value >= 0)
    return _least(sign * term, False, box, fixed, depth)


def _ball(slack: Any, box: Box, fixed: Row) -> Any:
    """The slack on the box as a value; None where a function is not defined on all of it."""
    before = ctx.prec
    ctx.prec = BITS
    try:
        return _compiled(slack)({**fixed, **_row(box)})
    except Undefined:
        return None
    finally:
        ctx.prec = before


def _text(box: Box, fixed: Row) -> str:
    sides = [f"{n} = {v}" for n, v in fixed.items()]
    for name, (low, high) in box.items():
        sides.append(f"{name} = {low}" if low == high else f"{name} in [{_decimal(low)}, {_decimal(high)}]")
    return ", ".join(sides)


def _decimal(value: fmpq) -> str:
    return f"{int(value.p) / int(value.q):.6g}"
