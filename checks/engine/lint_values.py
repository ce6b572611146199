"""Values that the domains of observables allow: ends, ties, boundaries of comparisons, and what satisfies a relation.

Nothing here is measured.  A *row* gives each symbol a value of its domain (a symbol that is no observable is a real
number); the judge says what a relation makes of it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy
from flint import arb, ctx, fmpq
from sympy.core.relational import Relational
from sympy.logic import boolalg

from theorems.statement import Claim, Not

from .draw import Seeded
from .evaluate import BITS, EvaluationError, Row, Undefined, Value, compile_term, exact
from .judge import Judgement, compile_claim, number

TRIES = 200
AGREED = 2.0**-60
ENOUGH = 50
FEW = 12
LONGEST, SERIES, NESTED = 1000, 60, 16
ALTERNATIVES = 8
STEPS = 8
_REAL = [fmpq(n) for n in (0, 1, 2, 3, 10, 10**6, 10**20)] + [fmpq(1, n) for n in (2, 3, 10**6)]
_WHOLE = [fmpq(n) for n in (*range(13), 50, 1000)]
_SHARE = [fmpq(n, 10**6) for n in (0, 1, 10**5, 333333, 5 * 10**5, 9 * 10**5, 10**6 - 1, 10**6)]
_LEAST = {"nonnegative": 0, "probability": 0, "nonnegative integer": 0, "positive integer": 1}

Literal = tuple[Any, bool]


def domain_of(symbol: Any) -> str:
    """The domain of an observable; an unknown constant may be any real number."""
    return getattr(symbol, "domain", "real")


def allows(domain: str, value: Any) -> bool:
    """Whether a value certainly lies in a domain."""
    if domain == "boolean" or isinstance(value, bool):
        return domain == "boolean" and isinstance(value, bool)
    if "integer" in domain and not (exact(value) and value.q == 1):
        return False
    if domain in ("positive", "positive probability") and not value > 0:
        return False
    if domain in _LEAST and not value >= _LEAST[domain]:
        return False
    return not domain.endswith("probability") or bool(value <= 1)


def numbers_in(relation: Any) -> tuple[fmpq, ...]:
    """The rational numbers that are written in a relation, short ones only."""
    found = {sympy.Rational(n) for n in relation.atoms(sympy.Rational, sympy.Float) if n.is_finite}
    short = sorted(n for n in found if max(abs(n.p), n.q) < 10**12)
    return tuple(fmpq(int(n.p), int(n.q)) for n in short[:12])


@dataclass(frozen=True)
class Space:
    """The symbols of some relations, and for each the values worth trying.

    ``pools`` holds ends and textbook values, then the numbers of the relations and their neighbours, sorted.
    """

    symbols: tuple[Any, ...]
    pools: tuple[tuple[Any, ...], ...]
    longest: int | None

    def pool(self, symbol: Any) -> tuple[Any, ...]:
        """The values worth trying for a symbol."""
        return self.pools[self.symbols.index(symbol)]

    def allows(self, symbol: Any, value: Any) -> bool:
        """Whether the domain has the value, and no series becomes too long by it."""
        domain = domain_of(symbol)
        if not allows(domain, value):
            return False
        return self.longest is None or "integer" not in domain or abs(value) <= self.longest

    def row(self, draw: Seeded, trial: int) -> Row:
        """One row: plain values, one value for all, ends, or anything."""
        kind = trial % 6
        common = fmpq(draw.integer(-2, 12), draw.choice((1, 1, 2, 10)))
        row: Row = {}
        for symbol in self.symbols:
            domain = domain_of(symbol)
            if kind == 0 and domain != "boolean":
                low = {"real": -1, "integer": -1}.get(domain, int("positive" in domain))
                row[symbol.name] = fmpq(draw.integer(low, 1))
            elif kind == 1 and self.allows(symbol, common):
                row[symbol.name] = common
            elif kind == 2:
                row[symbol.name] = draw.choice(self.pool(symbol))
            else:
                row[symbol.name] = anything(draw, domain, 50 if self.longest is None else min(50, self.longest))
        return row


def anything(draw: Seeded, domain: str, most: int = 50) -> Any:
    """A value of a domain: a real number over six orders of magnitude, an integer up to ``most``."""
    if domain == "boolean":
        return draw.boolean()
    if domain.endswith("probability"):
        return fmpq(draw.integer(int("positive" in domain), 1000), 1000)
    if "integer" in domain:
        return fmpq(draw.integer({"nonnegative integer": 0, "positive integer": 1}.get(domain, -most), most))
    value = fmpq(draw.integer(1, 1000), 100) * fmpq(10) ** draw.integer(-3, 3)
    return value if domain in ("positive", "nonnegative") or draw.boolean() else -value


@lru_cache(maxsize=1024)
def space_of(*relations: Any) -> Space:
    """The space of everything that some relations speak of."""
    symbols = tuple(sorted({s for r in relations for s in r.free_symbols}, key=str))
    written = sorted({n for r in relations for n in numbers_in(r)})
    space = Space(symbols, (), _longest(relations, written))
    near = [v for n in written for v in (n, n - 1, n + 1, n * fmpq(1001, 1000), n * fmpq(999, 1000))]
    pools: list[tuple[Any, ...]] = []
    for symbol in symbols:
        domain = domain_of(symbol)
        if domain == "boolean":
            pools.append((True, False))
            continue
        plain = _WHOLE if "integer" in domain else _SHARE if domain.endswith("probability") else _REAL
        signed = [*plain, *(-v for v in plain)] if domain in ("real", "integer") else plain
        pools.append(tuple(sorted({v for v in [*signed, *near] if space.allows(symbol, v)})))
    return Space(symbols, tuple(pools), space.longest)


def _longest(relations: Sequence[Any], written: Sequence[fmpq]) -> int | None:
    """The largest integer tried: sums over sums are kept short, and a sum as long as a number that is written allows."""
    series = [s for r in relations for s in r.atoms(sympy.Sum, sympy.Product)]
    if any(s.function.has(sympy.Sum, sympy.Product) for s in series):
        return NESTED
    if series or any(r.has(sympy.binomial, sympy.factorial, sympy.gamma) for r in relations):
        return max([SERIES, *(int(n.p) for n in written if n.q == 1 and n <= LONGEST)])
    return None


def judge(relation: Any, row: Row) -> Judgement | None:
    """What the judge makes of a row; None where the relation cannot be evaluated, as in a sum to half a number."""
    try:
        return compile_claim(relation)(row)
    except EvaluationError:
        return None


def alternatives(relation: Any, wanted: bool = True) -> list[tuple[Literal, ...]]:
    """Ways of making a relation true (or false): each a conjunction of comparisons and booleans; at most eight."""
    kind = relation.func
    if kind is boolalg.Not:
        return alternatives(relation.args[0], not wanted)
    if kind in (boolalg.And, boolalg.Or):
        parts = [alternatives(a, wanted) for a in relation.args]
        return _together(parts) if (kind is boolalg.And) == wanted else _either(parts)
    if kind is boolalg.Implies:
        premise, conclusion = relation.args
        parts = [alternatives(premise, not wanted), alternatives(conclusion, wanted)]
        return _either(parts) if wanted else _together(parts)
    if kind is boolalg.Equivalent:
        first, *others = relation.args
        sides = [(True, wanted), (False, not wanted)]
        return _either([_together([alternatives(first, a), *(alternatives(o, b) for o in others)]) for a, b in sides])
    return [((relation, wanted),)]


def _together(parts: Sequence[list[tuple[Literal, ...]]]) -> list[tuple[Literal, ...]]:
    joined = (tuple(literal for way in ways for literal in way) for ways in itertools.product(*parts))
    return list(itertools.islice(joined, ALTERNATIVES))


def _either(parts: Sequence[list[tuple[Literal, ...]]]) -> list[tuple[Literal, ...]]:
    mixed = (way for ways in itertools.zip_longest(*parts) for way in ways if way is not None)
    return list(itertools.islice(mixed, ALTERNATIVES))


def met(literal: Literal, row: Row) -> bool:
    """Whether a row certainly satisfies a literal; an equation between irrational sides need only be consistent."""
    leaf, wanted = literal
    judged = judge(leaf if wanted else Not(leaf), row)
    if judged is None:
        return False
    equation = leaf.func is (sympy.Eq if wanted else sympy.Ne)
    return judged.certain or (equation and judged.status == "consistent")


def satisfy(ways: Sequence[Sequence[Literal]], space: Space, seed: str, tries: int) -> Row | None:
    """A row that satisfies one of the conjunctions, found by mending one symbol at a time; None: none was found."""
    for trial in range(tries):
        draw = Seeded(f"{seed}-{trial}")
        way = ways[trial % len(ways)]
        row = _mend(way, space, space.row(draw, 2 if trial % 2 else 3), draw)
        if row is not None:
            return row
    return None


def _mend(way: Sequence[Literal], space: Space, row: Row, draw: Seeded) -> Row | None:
    for _ in range(STEPS):
        unmet = [literal for literal in way if not met(literal, row)]
        if not unmet:
            return row
        leaf, _wanted = draw.choice(unmet)
        symbols = sorted(leaf.free_symbols, key=str)
        if not symbols:
            return None
        symbol = draw.choice(symbols)
        values = [*around(leaf, symbol, row, space), draw.choice(space.pool(symbol)), draw.choice(space.pool(symbol))]
        rows = [{**row, symbol.name: v} for v in values]
        row = min(rows, key=lambda r: sum(not met(literal, r) for literal in way))
    return row if all(met(literal, row) for literal in way) else None


def around(leaf: Any, symbol: Any, row: Row, space: Space) -> list[Any]:
    """Values of one symbol at which the sides of a comparison are equal, and a little to both sides."""
    if not isinstance(leaf, Relational) or domain_of(symbol) == "boolean":
        return []
    found: list[Any] = []
    for root in roots(leaf, symbol, row, space):
        if "integer" in domain_of(symbol):
            whole = fmpq(root.floor()) if exact(root) else _near(root.floor())
            found += [whole + k for k in (0, 1, -1, 2)]
        else:
            near = root if exact(root) else _near(root)
            found += [root, near * fmpq(9, 8) + fmpq(1, 1000), near * fmpq(7, 8) - fmpq(1, 1000)]
            found += [near * fmpq(1001, 1000), near * fmpq(999, 1000)]
    return [v for v in found if space.allows(symbol, v)]


def _near(value: arb) -> fmpq:
    middle = number(value)
    return fmpq(*middle.as_integer_ratio()) if abs(middle) < 1e300 else fmpq(0)


@lru_cache(maxsize=1024)
def _difference(leaf: Any) -> Any:
    left, right = compile_term(leaf.lhs), compile_term(leaf.rhs)
    return lambda row: left(row) - right(row)


def side_at(leaf: Any, row: Row) -> Value | None:
    """Left minus right side of a comparison on a row; None where it is undefined."""
    before, ctx.prec = ctx.prec, BITS
    try:
        return _difference(leaf)(row)
    except (Undefined, EvaluationError):
        return None
    finally:
        ctx.prec = before


def roots(leaf: Any, symbol: Any, row: Row, space: Space) -> Iterator[Value]:
    """Values of one symbol, the others kept, at which a comparison is (nearly) an equation."""
    points = [fmpq(v) for v in (1, 2, 4)] if "integer" in domain_of(symbol) else [fmpq(1, 4), fmpq(1, 2), fmpq(1)]

    def at(value: Any) -> Value | None:
        return side_at(leaf, {**row, symbol.name: value})

    a, b, c = (at(p) for p in points)
    if a is not None and b is not None and c is not None:
        bend = (c - b) - 2 * (b - a)
        slope = (b - a) / (points[1] - points[0])
        if _zero(bend) and not _zero(slope):
            yield points[0] - a / slope
            return
    known = [(p, v) for p in space.pool(symbol) if (v := at(p)) is not None]
    for (low, first), (high, last) in itertools.pairwise(known):
        if first == 0:
            yield low
        if (first < 0 and last > 0) or (first > 0 and last < 0):
            yield _bisect(at, low, high, bool(first < 0), "integer" in domain_of(symbol))


def _zero(value: Value) -> bool:
    return bool(value == 0) if exact(value) else bool(value.contains(0))


def _bisect(at: Any, low: fmpq, high: fmpq, rising: bool, whole: bool) -> Value:
    for _ in range(24):
        middle = (low + high) / 2
        if whole:
            middle = fmpq(middle.floor())
            if middle == low:
                break
        value = at(middle)
        if value is None:
            break
        if (value < 0) == rising:
            low = middle
        else:
            high = middle
    return low if whole else arb(low).union(arb(high))


def rows_of(space: Space, relation: Any, tries: int = TRIES) -> Iterator[tuple[Row, Judgement]]:
    """Rows of every kind and what the relation says on each."""
    for trial in range(tries):
        row = space.row(Seeded(f"every-{trial}"), trial)
        judged = judge(relation, row)
        if judged is not None:
            yield row, judged


def fails(judged: Judgement) -> bool:
    """Whether the relation does not certainly hold on a row where it speaks and is defined."""
    return judged.status == "violated" or (judged.status == "consistent" and not judged.certain)


def _agrees(relation: Any, judged: Judgement) -> bool:
    """Whether two irrational sides, which no ball shows to be equal, agree to many digits (or are beyond all floats)."""
    close = judged.blur < AGREED or judged.blur == math.inf
    return relation.func in (sympy.Eq, sympy.Le, sympy.Ge) and judged.status == "consistent" and close


def holds_of_everything(claim: Claim) -> bool:
    """Whether the relation certainly holds of whatever values its observables' domains allow.

    Values are tried (ends, ties, numbers that the relation names, both sides of the boundary of each comparison, and values
    that satisfy its premise), so that True is no proof.  False is none either: too few of them may decide the relation.
    """
    return exception_of(claim.relation) is None


def exception_of(relation: Any) -> Row | str | None:
    """A row on which the relation does not hold; None when every value tried obeys; words when too few decide it."""
    space = space_of(relation)
    if not space.symbols:
        judged = judge(relation, {})
        return None if judged is not None and judged.certain else {}
    held = undefined = 0
    for row, judged in rows_of(space, relation):
        tie = _agrees(relation, judged)
        if fails(judged) and not tie:
            return row
        held += judged.certain or (tie and judged.blur < AGREED)
        undefined += judged.status in ("undefined", "outside")
    if undefined > held:
        return f"it is not defined of {undefined} of {TRIES} values"
    for row in boundary_rows(relation, space):
        judged = judge(relation, row)
        if judged is not None and fails(judged) and not _agrees(relation, judged):
            return row
    found = satisfy(alternatives(relation, False), space, "exception", FEW)
    if found is not None or held >= ENOUGH:
        return found
    if isinstance(relation, boolalg.Implies):
        ways = alternatives(relation.args[0])
        rows = [r for n in range(FEW) if (r := satisfy(ways, space, f"premise-{n}", 1)) is not None]
        held += sum(j is not None and j.certain for j in (judge(relation, r) for r in rows))
    return None if held >= FEW // 2 else f"only {held} of {TRIES} values decide it"


def boundary_rows(relation: Any, space: Space) -> Iterable[Row]:
    """Rows at the boundary of each comparison of a relation, and a little to both sides of it."""
    leaves = sorted(relation.atoms(Relational), key=str)
    for leaf, trial in itertools.product(leaves, range(2)):
        row = space.row(Seeded(f"boundary-{trial}"), 2 + trial)
        for symbol in sorted(leaf.free_symbols & set(space.symbols), key=str):
            yield from ({**row, symbol.name: v} for v in around(leaf, symbol, row, space) if exact(v))
