"""Which of two nearly equal expressions is the larger one, read off their trees: monotone functions keep an order.

Two expressions that differ in one place are ordered by what surrounds that place: sums keep the order, products with a
factor of one sign keep or turn it, exp and log keep it, a power follows its base or its exponent, Max, Min and sums
keep it, and products of non-negative factors keep it.  No simplification, so it costs next to nothing.
"""

from __future__ import annotations

from typing import Any

import sympy

RISING = (sympy.exp, sympy.log, sympy.atan, sympy.tanh, sympy.sinh, sympy.erf, sympy.floor, sympy.ceiling)
TERMS, SMALL, LARGE = 3, 40, 200


def order(before: Any, after: Any) -> int | None:
    """1 where ``after`` is certainly at least ``before``, -1 at most, 0 equal, None unknown; symbols are typed.

    Both are supposed to be defined.
    """
    before, after = peeled(before), peeled(after)
    if before == after:
        return 0
    gap = after - before
    size = sympy.count_ops(gap)
    rewritings = [lambda t: t, *([sympy.expand] if size < LARGE else []), *([sympy.factor] if size < SMALL else [])]
    for rewrite in rewritings:
        form = rewrite(gap)
        if form.is_nonnegative:
            return 1
        if form.is_nonpositive:
            return -1
    for rule in (_power_of, _part_of):
        found = rule(before, after)
        if found is not None:
            return found
    if isinstance(before, sympy.Add) or isinstance(after, sympy.Add):
        return _rest(sympy.Add, before, after)
    if isinstance(before, sympy.Mul) or isinstance(after, sympy.Mul):
        return _rest(sympy.Mul, before, after)
    if isinstance(before, sympy.Pow) and isinstance(after, sympy.Pow):
        return _powers(before, after)
    if before.func is not after.func:
        return None
    if isinstance(before, RISING):
        return order(before.args[0], after.args[0])
    if isinstance(before, (sympy.Max, sympy.Min)):
        return _rest(before.func, before, after)
    if isinstance(before, (sympy.Sum, sympy.Product)):
        return _series(before, after)
    return None


def _rest(kind: Any, before: Any, after: Any) -> int | None:
    """What is left when the arguments that both share are taken away."""
    old, new = list(kind.make_args(before)), list(kind.make_args(after))
    shared = [a for a in old if a in new]
    old, new = [a for a in old if a not in shared], [a for a in new if a not in shared]
    if kind in (sympy.Max, sympy.Min):
        return order(old[0], new[0]) if len(old) == len(new) == 1 else None
    if not shared:
        return None
    found = order(kind(*old), kind(*new))
    if kind is sympy.Add or not found:
        return found
    factor = sympy.Mul(*shared)
    return found if factor.is_nonnegative else -found if factor.is_nonpositive else None


def _power_of(before: Any, after: Any) -> int | None:
    """x against x**m."""
    for one, other, turn in ((before, after, 1), (after, before, -1)):
        if isinstance(other, sympy.Pow) and other.base == one and (other.exp - 1).is_nonnegative:
            if one.is_integer and one.is_nonnegative:
                return turn
            if one.is_nonnegative and (1 - one).is_nonnegative:
                return -turn
    return None


def _part_of(before: Any, after: Any) -> int | None:
    """x against |x|, and x against a maximum or minimum that x takes part in."""
    for one, other, turn in ((before, after, 1), (after, before, -1)):
        if isinstance(other, (sympy.Abs, sympy.Max)) and one in other.args:
            return turn
        if isinstance(other, sympy.Min) and one in other.args:
            return -turn
    return None


def _powers(before: Any, after: Any) -> int | None:
    (base, exponent), (new_base, new_exponent) = before.args, after.args
    if base == new_base:
        found = order(exponent, new_exponent)
        if found is None:
            return None
        if (base - 1).is_nonnegative:
            return found
        return -found if base.is_positive and (1 - base).is_nonnegative else None
    if exponent == new_exponent and base.is_nonnegative and new_base.is_nonnegative:
        found = order(base, new_base)
        if found is None:
            return None
        if exponent.is_nonnegative:
            return found
        return -found if exponent.is_nonpositive and base.is_positive and new_base.is_positive else None
    return None


def _series(before: Any, after: Any) -> int | None:
    """Sums and products over the same index: of ordered terms, or with one more term at the upper end."""
    if len(before.limits) != 1 or len(after.limits) != 1:
        return None
    (index, low, high), (new_index, new_low, new_high) = before.limits[0], after.limits[0]
    if index != new_index or low != new_low:
        return None
    facts = {"nonnegative": True} if low.is_nonnegative else {}
    named = sympy.Dummy(index.name, integer=True, **facts)
    body, new_body = before.function.subs(index, named), after.function.subs(index, named)
    if isinstance(before, sympy.Product) and not (body.is_nonnegative and new_body.is_nonnegative):
        return None
    if high == new_high:
        return order(body, new_body)
    more = order(high, new_high)
    if body != new_body or not more:
        return None
    if isinstance(before, sympy.Sum):
        return more if body.is_nonnegative else None
    bounded = body <= 1
    return -more if bounded == sympy.true or (body - 1).is_nonpositive or _at_most_one(body) else None


def _at_most_one(body: Any) -> bool:
    if isinstance(body, sympy.Max):
        return all(_at_most_one(a) for a in body.args)
    return bool((1 - body).is_nonnegative)


def peeled(term: Any) -> Any:
    """The term with neutral first factors of products (and first terms of sums) taken off, so that limits compare."""
    for series in sorted(term.atoms(sympy.Sum, sympy.Product), key=sympy.default_sort_key):
        if len(series.limits) != 1 or not series.limits[0][1].is_Integer:
            continue
        (index, low, high) = series.limits[0]
        neutral = 0 if isinstance(series, sympy.Sum) else 1
        shorter = series
        for start in range(int(low), int(low) + TERMS):
            first = series.function.subs(index, start)
            if first == 0 and neutral == 1 and (high - start).is_nonnegative:
                shorter = sympy.S.Zero
            if first != neutral or not (high - start + 1).is_nonnegative:
                break
            shorter = series.func(series.function, (index, start + 1, high))
        term = term.xreplace({series: shorter})
    return term
