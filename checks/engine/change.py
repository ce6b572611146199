"""One comparison changed: whether the relation still says the same, or says less."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFunction

from .symbolic import OPERATIONS, decide, difference, forms, nonnegative, typed


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
    if equality != isinstance(change.after, (sympy.Eq, sympy.Ne)) or too_large(before, after):
        return ""
    if _strict(change.before) != _strict(change.after) or (equality and change.before.func is not change.after.func):
        return ""
    if unmoved:
        if any(form == 0 for form in forms(after - before)):
            return "sympy: the difference of the sides is the same for every value of the domains"
        if equality and any(form == 0 for form in forms(after + before)):
            return "sympy: the difference of the sides is the same up to sign"
        if equality and _zeros(before) == _zeros(after) is not None:
            return "sympy: the sides agree at the same places"
    factor = sympy.cancel(sympy.factor_terms(after) / sympy.factor_terms(before)) if before != 0 else sympy.S.Zero
    if factor.is_positive or (equality and unmoved and factor.is_nonzero and factor.is_finite):
        return f"sympy: the differences of the sides are proportional, with factor {factor}"
    return ""


def weaker(change: Change) -> str:
    """A proof that the mutant says less, for every value of the domains."""
    slack = room_gained(change)
    if slack is not None:
        slack = typed(slack)
        if not too_large(slack) and nonnegative(slack):
            return "sympy: the mutant leaves at least as much room for every value of the domains"
    weak = change.after if change.sign > 0 else sympy.Not(change.before, evaluate=False)
    if too_large(difference(change.after)) or isinstance(weak, sympy.Eq):
        return ""
    return "sympy: it holds for every value of the domains" if change.sign > 0 and decide(weak)[0] else ""


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
