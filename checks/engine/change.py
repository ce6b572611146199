"""One comparison changed: whether the relation still says the same, or says less."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy
from flint import ctx, fmpq
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFunction

from theorems.statement import observables_of

from .evaluate import BITS, EvaluationError, Undefined, compile_term
from .order import order, peeled
from .symbolic import OPERATIONS, decide, difference, forms, typed

POINTS = 8
ROOTS = 20


@dataclass(frozen=True)
class Change:
    """The one comparison in which a mutant differs; ``sign`` is -1 where it stands under a negation or a premise."""

    before: Relational
    after: Relational
    sign: int


@lru_cache(maxsize=512)
def find_change(before: Any, after: Any, sign: int = 1) -> Change | None:
    """The change between two relations that differ in one comparison; None where there is no such."""
    if isinstance(before, Relational) and isinstance(after, Relational):
        numbers = all(isinstance(side, sympy.Expr) for relation in (before, after) for side in relation.args)
        return Change(before, after, sign) if numbers else None
    if not isinstance(before, BooleanFunction) or before.func is not after.func or isinstance(before, sympy.Equivalent):
        return None
    if isinstance(before, sympy.Implies):
        pairs = [(b, a, s) for b, a, s in zip(before.args, after.args, (-sign, sign), strict=True) if a != b]
    else:
        old = [a for a in before.args if a not in after.args]
        new = [a for a in after.args if a not in before.args]
        turned = -sign if isinstance(before, sympy.Not) else sign
        pairs = [(b, a, turned) for b, a in zip(old, new, strict=False)] if len(old) == len(new) else []
    return find_change(*pairs[0]) if len(pairs) == 1 else None


def equivalent(change: Change, unmoved: bool) -> str:
    """Why both relations say the same (empty: not shown).  ``unmoved``: no row of evidence tells their slacks apart."""
    before, after = typed(difference(change.before)), typed(difference(change.after))
    equality = isinstance(change.before, (sympy.Eq, sympy.Ne))
    if equality != isinstance(change.after, (sympy.Eq, sympy.Ne)):
        return ""
    if _strict(change.before) != _strict(change.after) or (equality and change.before.func is not change.after.func):
        return ""
    if unmoved and _forwards(before) == _forwards(after):
        return "the sums run over the same terms in the other direction"
    if unmoved and order(before, after) == 0:
        return "sympy: the difference of the sides is the same for every value of the domains"
    if too_large(before, after):
        return ""
    if unmoved:
        if any(form == 0 for form in forms(after - before)):
            return "sympy: the difference of the sides is the same for every value of the domains"
        if equality and sympy.expand(after + before) == 0:
            return "sympy: the difference of the sides is the same up to sign"
        if equality and _zeros(before) == _zeros(after) is not None:
            return "sympy: the sides agree at the same places"
    if any(_fine_roots(term) for term in (before, after)):
        return ""
    factor = sympy.cancel(sympy.factor_terms(after) / sympy.factor_terms(before)) if before != 0 else sympy.S.Zero
    if factor.is_positive or (equality and unmoved and factor.is_nonzero and factor.is_finite):
        return f"sympy: the differences of the sides are proportional, with factor {factor}"
    return ""


def _fine_roots(term: Any) -> bool:
    """Whether exponents hold hundredths: as a polynomial in such a root a term has a degree in the hundreds.

    Cancelling would then take minutes, and an exponent that was edited by 1 % makes no proportional difference.
    """
    powers = term.atoms(sympy.Pow, sympy.exp)
    return any(number.q > ROOTS for power in powers for number in power.exp.atoms(sympy.Rational))


def weaker(change: Change) -> str:
    """A proof that the mutant says less, for every value of the domains."""
    slack = room_gained(change)
    if slack is None:
        return ""
    before, after = (change.before, change.after) if change.sign > 0 else (change.after, change.before)
    (small, large), (new_small, new_large) = _ordered(before), _ordered(after)
    if all(_at_most(a, b) for a, b in ((new_small, small), (large, new_large))) or sure(typed(slack)):
        return "sympy: the mutant leaves at least as much room for every value of the domains"
    if change.sign > 0 and not _strict(after) and sure(peeled(typed(difference(after)))):
        return "sympy: it holds for every value of the domains"
    return ""


def _at_most(small: Any, large: Any) -> bool:
    """Whether one side is at most the other for every value of the domains; a chance p is 0 or 1/(1 + t), t >= 0."""
    if small == large:
        return True
    if _larger_somewhere(small, large):
        return False
    chances = [o for o in {*observables_of(small), *observables_of(large)} if o.domain.endswith("probability")]
    cases: list[dict[Any, Any]] = [{}]
    for chance in sorted(chances, key=str):
        inside = 1 / (1 + sympy.Dummy(f"{chance}", nonnegative=True))
        cases = [{**case, chance: value} for case in cases for value in (sympy.S.Zero, inside)]
    plain = order(typed(small), typed(large))
    if plain is not None:
        return plain >= 0
    if not chances or len(cases) > 4:
        return False
    found = (order(typed(small.xreplace(case)), typed(large.xreplace(case))) for case in cases)
    return all(f is not None and f >= 0 for f in found)  # the first case that is not ordered ends the search


def _larger_somewhere(small: Any, large: Any) -> bool:
    """Whether balls show at one of a few points of the domains that one side exceeds the other: then no rule can order them.

    A cheap look that spares sympy the search for a proof that there is not.
    """
    names = sorted({*observables_of(small), *observables_of(large)}, key=str)
    try:
        gap = compile_term(large - small)
    except EvaluationError:
        return False
    for point in range(POINTS):
        row = {o.name: _value(o.domain, point, place) for place, o in enumerate(names)}
        try:
            with ctx.workprec(BITS):
                if gap(row) < 0:
                    return True
        except (Undefined, EvaluationError):
            continue
    return False


def _value(domain: str, point: int, place: int) -> fmpq:
    """A value inside the domain: small integers, odd sixteenths for chances, powers of two for the rest."""
    step = (5 * point + 3 * place) % 8
    if "integer" in domain:
        return fmpq(step + 1 if "positive" in domain else step)
    if domain.endswith("probability"):
        return fmpq(2 * step + 1, 16)
    size = fmpq(2) ** (2 * step - 6)
    return -size if domain == "real" and (point + place) % 2 else size


def case_added(before: Any, after: Any) -> str:
    """Why an implication whose premise admits other integers says no more: its conclusion holds there for all values."""
    if not (isinstance(before, sympy.Implies) and isinstance(after, sympy.Implies) and before.args[1] == after.args[1]):
        return ""
    change = find_change(before, after)
    if change is None or not change.after.lhs.is_Symbol or not change.after.rhs.is_Integer:
        return ""
    symbol, value = change.after.lhs, change.after.rhs
    one_more = isinstance(change.after, sympy.Ge) and change.before.rhs == value + 1 and typed(symbol).is_integer
    if not (one_more or isinstance(change.after, sympy.Eq)):
        return ""
    try:
        conclusion = typed(before.args[1]).xreplace({typed(symbol): value})
    except TypeError:  # a comparison that is not real at this value
        return ""
    holds = conclusion == sympy.true or (sympy.count_ops(conclusion) <= OPERATIONS and decide(conclusion)[0])
    return f"sympy: where {symbol} = {value}, which the edit admits, it holds for all values" if holds else ""


def _ordered(relation: Relational) -> tuple[Any, Any]:
    """The side that is claimed to be the smaller one, and the other."""
    return relation.lts, relation.gts


def sure(term: Any) -> bool:
    """Whether the term is at least 0 by its form: cheap rules only."""
    if too_large(term):
        return bool(term.is_nonnegative)
    return any(form.is_nonnegative for form in (term, sympy.expand(term), sympy.factor_terms(term)))


def room_gained(change: Change) -> Any:
    """The mutant's slack minus the claim's (for a premise the other way round): at least 0 where the mutant says less."""
    if any(isinstance(r, (sympy.Eq, sympy.Ne)) for r in (change.before, change.after)):
        return None
    if _strict(change.before) != _strict(change.after):
        return None
    return change.sign * (difference(change.after) - difference(change.before))


def _strict(relation: Relational) -> bool:
    return isinstance(relation, (sympy.Lt, sympy.Gt))


def too_large(*terms: Any) -> bool:
    """Whether sympy should not be asked to rewrite the terms."""
    return any(sympy.count_ops(term) > OPERATIONS for term in terms)


def _zeros(gap: Any) -> frozenset[Any] | None:
    """Bases of the factors that may vanish, or None where an exponent may be negative."""
    bases = set()
    for part in sympy.Mul.make_args(sympy.factor(gap)):
        base, exponent = part.as_base_exp()
        if not base.is_nonzero:
            if not exponent.is_positive:
                return None
            bases.add(base)
    return frozenset(bases)


def _forwards(term: Any) -> Any:
    """The term with each sum over j = a…b in one of its two directions, j or a + b - j: the first in order."""

    def first(total: Any) -> Any:
        if len(total.limits) != 1 or len(total.limits[0]) != 3:
            return total
        index, low, high = total.limits[0]
        ways = (total.function, total.function.xreplace({index: low + high - index}))
        return sympy.Sum(min(ways, key=sympy.default_sort_key), (index, low, high))

    return term.replace(lambda part: isinstance(part, sympy.Sum), first)
