"""A claim on one row: violated, consistent or undefined, decided by balls.

*violated*: the balls exclude the relation.  *consistent*: they do not.  *undefined*: a ball touches the boundary
of a function's domain; *outside*: it lies certainly outside.  *silent*: the premise is not certain, or a
boolean is unknown, so that the row says nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from flint import arb, ctx, fmpq
from sympy.logic import boolalg

from simulators.measurement import Measurement, Measurements

from .evaluate import BITS, EvaluationError, Row, Undefined, Value, compile_term, exact

COMBINATIONS = 64


@dataclass(frozen=True, slots=True)
class Judgement:
    """One row under one claim.

    ``excess``: distance between the sides over the summed radius; above 1 is violated; negative is slack of a
    bound.  ``resolution``: the smallest relative deviation of the right side that would have been refuted.
    ``blur``: the summed radius relative to the right side.  ``gap``: the distance between the sides relative to the larger
    one.  ``ratio``: how nearly a bound is attained, the least that the balls
    allow: the smaller side over the larger one, or of two negative sides the larger over the smaller; 1 where they are
    equal, not a number where the sides have opposite signs or one of them is the number 0.
    """

    status: str
    certain: bool = False
    excess: float = -math.inf
    resolution: float = math.inf
    blur: float = math.inf
    ratio: float = math.nan
    gap: float = 0.0


CLEARLY = 1e6


def severity(judgement: Judgement) -> tuple[float, float]:
    """What orders violations: the excess while error bars matter, then by how much the sides differ, to nine digits."""
    return min(judgement.excess, CLEARLY), round(judgement.gap, 9)


SILENT = Judgement("silent", excess=-math.inf)
Node = Callable[[Row], Judgement]


def number(value: Value) -> float:
    """A float near the value, for ordering and display only; never for a decision."""
    try:
        return float(value.mid()) if isinstance(value, arb) else int(value.p) / int(value.q)
    except (OverflowError, ValueError):
        return math.copysign(math.inf, 1 if value > 0 else -1)


def _compare(kind: type, left: Callable[[Row], Value], right: Callable[[Row], Value], scaled: bool) -> Node:
    equality, strict, unequal = kind is sympy.Eq, kind is sympy.Lt, kind is sympy.Ne

    def judge(row: Row) -> Judgement:
        lhs, rhs = left(row), right(row)
        difference = lhs - rhs
        if exact(difference):
            middle, radius = number(difference), 0.0
            zero = difference == 0
            certain = not zero if unequal else (zero if equality else difference < 0 or (zero and not strict))
            violated = not certain
        else:
            middle, radius = number(difference), float(difference.rad())
            zero = difference == 0
            if equality:
                certain, violated = bool(zero), not difference.contains(0)
            elif unequal:
                certain, violated = not difference.contains(0), bool(zero)
            else:
                certain = bool(difference < 0 if strict else difference <= 0)
                violated = bool(difference >= 0 if strict else difference > 0)
        if unequal:
            seen = 0.0 if certain else math.inf
            return Judgement(
                "violated" if violated else "consistent", certain, math.inf if violated else -math.inf, seen, seen
            )
        distance = abs(middle) if equality else middle
        excess = distance / radius if radius > 0 else (math.copysign(math.inf, distance) if distance else 0.0)
        if violated and not excess > 1:
            excess = math.inf if radius == 0 else 1.0
        resolution, blur, ratio = _scale(lhs, rhs, distance, radius)
        status = "violated" if violated else "consistent"
        size = max(abs(number(lhs)), abs(number(rhs)))
        gap = abs(distance) / size if 0 < size < math.inf else 0.0
        return Judgement(status, certain, excess, resolution, blur, ratio if scaled else math.nan, gap)

    return judge


def _scale(lhs: Value, rhs: Value, distance: float, radius: float) -> tuple[float, float, float]:
    """Resolution, blur and ratio of a comparison."""
    left, right, left_rad, right_rad = number(lhs), number(rhs), _radius(lhs), _radius(rhs)
    size, its_rad = max((abs(right), right_rad), (abs(left), left_rad))
    room = size - its_rad
    ratio = _ratio(left - left_rad, left + left_rad, right + right_rad)
    if not 0 < room < math.inf:
        return math.inf, math.inf, ratio
    return max(radius - distance, 0.0) / room, radius / room, ratio


def _ratio(floor: float, top: float, ceiling: float) -> float:
    """The least ratio of a left side in [``floor``, ``top``] to a right side of at most ``ceiling``.

    A ratio of two error bars would say that any bound is attained.  Of negative sides the size of the right one counts.
    """
    if 0 < ceiling < math.inf and top >= 0:
        return floor / ceiling
    return ceiling / floor if ceiling < 0 and -math.inf < floor < 0 else math.nan


def _radius(value: Value) -> float:
    return float(value.rad()) if isinstance(value, arb) else 0.0


def _each(nodes: list[Node], row: Row) -> tuple[list[Judgement], Undefined | None]:
    """The judgement of every part that is defined, and what kept another part from being so."""
    found, problem = [], None
    for node in nodes:
        try:
            found.append(node(row))
        except Undefined as caught:
            problem = problem or caught
    return found, problem


def _all(nodes: list[Node]) -> Node:
    def judge(row: Row) -> Judgement:
        found, problem = _each(nodes, row)
        if problem is not None and not any(j.status == "violated" for j in found):
            raise problem
        if any(j.status == "silent" for j in found) and not any(j.status == "violated" for j in found):
            return SILENT
        worst = max(found, key=lambda j: (j.status == "violated", j.excess))
        return Judgement(
            worst.status,
            all(j.certain for j in found),
            worst.excess,
            max(j.resolution for j in found),  # as fine as its coarsest part: a blind part must not hide
            max(j.blur for j in found),
            max((j.ratio for j in found if not math.isnan(j.ratio)), default=math.nan),
            worst.gap,
        )

    return judge


def _any(nodes: list[Node]) -> Node:
    def judge(row: Row) -> Judgement:
        found, problem = _each(nodes, row)
        certain = any(j.certain for j in found)
        if problem is not None and not certain:
            raise problem
        best = min(found, key=lambda j: (not j.certain, j.status == "violated", j.excess))
        if not certain and any(j.status == "silent" for j in found):
            return SILENT
        resolution, blur = max(j.resolution for j in found), max(j.blur for j in found)
        return Judgement(best.status, certain, best.excess, resolution, blur, best.ratio, best.gap)

    return judge


def _implies(premise: Node, conclusion: Node) -> Node:
    def judge(row: Row) -> Judgement:
        return conclusion(row) if premise(row).certain else SILENT

    return judge


def _equivalent(nodes: list[Node]) -> Node:
    def judge(row: Row) -> Judgement:
        found = [node(row) for node in nodes]
        if not all(j.certain or j.status == "violated" for j in found):
            return SILENT
        agree = len({j.certain for j in found}) == 1
        return Judgement("consistent" if agree else "violated", agree, 0.0 if agree else math.inf, 0.0, 0.0)

    return judge


def _boolean(name: str, wanted: bool) -> Node:
    def judge(row: Row) -> Judgement:
        value = row[name]
        if value is None:
            return SILENT
        holds = bool(value) == wanted
        return Judgement("consistent" if holds else "violated", holds, 0.0 if holds else math.inf, 0.0, 0.0)

    return judge


def has_scale(comparison: Any) -> bool:
    """Whether neither side is the number 0, beside which nothing is large or small."""
    return not any(side.is_Number and side == 0 for side in (comparison.lhs, comparison.rhs))


_OPPOSITE = {
    sympy.Eq: sympy.Ne,
    sympy.Ne: sympy.Eq,
    sympy.Le: sympy.Gt,
    sympy.Gt: sympy.Le,
    sympy.Lt: sympy.Ge,
    sympy.Ge: sympy.Lt,
}


def _compile(relation: Any, wanted: bool = True) -> Node:
    kind = relation.func
    if kind in _OPPOSITE:
        kind = kind if wanted else _OPPOSITE[kind]
        left, right, scaled = compile_term(relation.lhs), compile_term(relation.rhs), has_scale(relation)
        if kind in (sympy.Ge, sympy.Gt):
            return _compare(sympy.Le if kind is sympy.Ge else sympy.Lt, right, left, scaled)
        return _compare(kind, left, right, scaled)
    if isinstance(relation, sympy.Symbol):
        return _boolean(relation.name, wanted)
    if relation in (sympy.true, sympy.false):
        holds = bool(relation) == wanted
        return lambda row: Judgement("consistent" if holds else "violated", holds, 0.0 if holds else math.inf, 0.0, 0.0)
    if kind is boolalg.Not:
        return _compile(relation.args[0], not wanted)
    if kind in (boolalg.And, boolalg.Or):
        parts = [_compile(a, wanted) for a in relation.args]
        return _all(parts) if (kind is boolalg.And) == wanted else _any(parts)
    if kind is boolalg.Implies:
        premise, conclusion = relation.args
        if wanted:
            return _implies(_compile(premise), _compile(conclusion))
        return _all([_compile(premise), _compile(conclusion, False)])
    if kind is boolalg.Equivalent:
        if wanted:
            return _equivalent([_compile(a) for a in relation.args])
        pairs = itertools.pairwise(relation.args)
        return _any([_equivalent([_compile(a), _compile(b, False)]) for a, b in pairs])
    raise EvaluationError(
        f"{relation}", "a relation built of Eq, Ne, Le, Lt, Ge, Gt, And, Or, Not, Implies, Equivalent", "rewrite it"
    )


@lru_cache(maxsize=4096)
def compile_claim(relation: Any, bits: int = BITS) -> Node:
    """The relation as a function of a row; balls are taken at ``bits`` bits.

    Raises `EvaluationError` for anything off the whitelist.
    """
    node = _compile(relation)

    def judge(row: Row) -> Judgement:
        before = ctx.prec
        ctx.prec = bits
        try:
            open_names = [name for name, value in row.items() if isinstance(value, tuple)]
            return _over_choices(node, row, open_names) if open_names else node(row)
        except Undefined as problem:
            return Judgement("outside" if problem.certain else "undefined")
        finally:
            ctx.prec = before

    return judge


def _over_choices(node: Node, row: Row, names: list[str]) -> Judgement:
    """A row with undecided discrete values is violated only if every combination of them is."""
    combinations = list(itertools.islice(itertools.product(*(row[n] for n in names)), COMBINATIONS + 1))
    if len(combinations) > COMBINATIONS:
        return SILENT
    found = [node({**row, **dict(zip(names, (fmpq(v) for v in c), strict=True))}) for c in combinations]
    best = min(found, key=lambda j: (j.status == "violated", j.status != "silent", j.excess))
    certain, resolution = all(j.certain for j in found), max(j.resolution for j in found)
    return Judgement(best.status, certain, best.excess, resolution, best.blur, best.ratio, best.gap)


def _values(column: Measurement) -> Iterator[Any]:
    if column.kind == "real":
        whole = (column.rad == 0) & (column.mid == np.rint(column.mid)) & (np.abs(column.mid) < 2.0**53)
        if not whole.any():
            return map(arb, column.mid.tolist(), column.rad.tolist())
        # a whole number measured without error stays exact, so that 1 - k/beta is 0 where k = beta
        cells = zip(column.mid.tolist(), column.rad.tolist(), whole.tolist(), strict=True)
        return (fmpq(int(m)) if exactly else arb(m, r) for m, r, exactly in cells)
    if column.kind == "integer":
        return map(fmpq, column.mid.tolist())
    if column.kind == "boolean":
        return (None if v < 0 else bool(v) for v in column.mid.tolist())
    if column.kind == "choice":
        return (fmpq(v[0]) if len(v) == 1 else v for v in column.mid.tolist())
    return (v if isinstance(v, arb) else fmpq(v) for v in column.mid.tolist())


def rows(measurements: Measurements, names: Iterable[str]) -> Iterator[Row]:
    """The rows of a table as balls: midpoints enter exactly, radii rounded up to 30 bits."""
    names = list(names)
    columns = [_values(measurements.columns[name]) for name in names]
    if not columns:
        return iter({} for _ in range(len(measurements)))
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def sides(relation: Any, row: Row) -> tuple[Any, Value, Value] | None:
    """The first comparison that the relation claims of the row and the row violates, with its two sides."""
    for leaf in _claimed(relation, True):
        if compile_claim(leaf, ctx.prec)(row).status == "violated":
            decided = {name: fmpq(v[0]) if isinstance(v, tuple) else v for name, v in row.items()}
            return leaf, compile_term(leaf.lhs)(decided), compile_term(leaf.rhs)(decided)
    return None


def _claimed(relation: Any, wanted: bool) -> Iterator[Any]:
    """The comparisons that are to hold: of "not a <= b" it is a > b, and of a consequence no premise."""
    kind = relation.func
    if kind in _OPPOSITE:
        yield relation if wanted else _OPPOSITE[kind](*relation.args, evaluate=False)
    elif kind is boolalg.Not:
        yield from _claimed(relation.args[0], not wanted)
    elif kind is boolalg.Implies:
        premise, conclusion = relation.args
        yield from [] if wanted else _claimed(premise, True)
        yield from _claimed(conclusion, wanted)
    else:
        for part in relation.args:
            yield from _claimed(part, wanted)
