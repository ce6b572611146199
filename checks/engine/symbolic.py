"""What sympy can prove about a relation, with every symbol typed by its observable's domain.

Every rule is sound for the typed symbols: nothing is forced.  Work is bounded by the size of expressions and the
depth of the rules, never by time, so that a proof found once is found on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixExpr

from theorems.statement import Observable

OPERATIONS = 400
DEPTH = 3
SMOOTH = (sympy.exp, sympy.sinh, sympy.cosh, sympy.tanh, sympy.atan, sympy.sin, sympy.cos)
_STRICT = {sympy.Gt, sympy.Lt}


def typed(term: Any) -> Any:
    """The term with every observable replaced by a sympy symbol that knows the observable's domain."""
    known = {s: type_of(s) for s in term.free_symbols if isinstance(s, Observable) and s.domain != "boolean"}
    return term.xreplace(known)


def type_of(symbol: Observable) -> sympy.Symbol:
    """A sympy symbol of the observable's name with the assumptions of its domain."""
    domain, facts = symbol.domain, {"real": True}
    if "integer" in domain:
        facts["integer"] = True
    if "positive" in domain:
        facts["positive"] = True
    if "nonnegative" in domain or domain == "probability":
        facts["nonnegative"] = True
    return sympy.Symbol(symbol.name, **facts)


def decide(relation: Any) -> tuple[bool, str]:
    """Whether sympy proves the relation, and what it found: a rule that worked, or what is left over."""
    probabilities = {type_of(s) for s in relation.free_symbols if getattr(s, "domain", "").endswith("probability")}
    return _decide(typed(relation), frozenset(probabilities))


def _decide(relation: Any, probabilities: frozenset[Any]) -> tuple[bool, str]:
    if relation in (sympy.true, sympy.false):
        return bool(relation), f"it reduces to {relation}"
    if isinstance(relation, sympy.And):
        return _every([_decide(part, probabilities) for part in relation.args])
    if isinstance(relation, sympy.Or):
        found = [_decide(part, probabilities) for part in relation.args]
        return any(ok for ok, _ in found), "; ".join(text for ok, text in found if ok) or "; ".join(t for _, t in found)
    if isinstance(relation, sympy.Implies):
        premise, conclusion = relation.args
        try:
            return _decide(_suppose(premise, conclusion), probabilities)
        except _Unusable as problem:
            ok, text = _decide(conclusion, probabilities)
            return ok, text if ok else f"{text} (unused premise: {problem})"
    if isinstance(relation, sympy.Equivalent) and len(relation.args) == 2:
        a, b = relation.args
        return _every([_decide(sympy.Implies(x, y, evaluate=False), probabilities) for x, y in ((a, b), (b, a))])
    if isinstance(relation, sympy.Not) and isinstance(relation.args[0], Relational):
        return _decide(relation.args[0].negated, probabilities)
    if not isinstance(relation, Relational) or not numerical(relation):
        return False, f"no rule for {relation}"
    return _compare(relation, probabilities)


def _every(found: list[tuple[bool, str]]) -> tuple[bool, str]:
    failed = [text for ok, text in found if not ok]
    return not failed, "; ".join(failed or [text for _, text in found])


def _compare(relation: Relational, probabilities: frozenset[Any]) -> tuple[bool, str]:
    gap = difference(relation)
    backwards = _may_run_backwards(relation)
    if backwards:
        return False, f"{backwards} may run backwards, which sympy reads otherwise than as no terms"
    if isinstance(relation, sympy.Eq):
        shown = _example(gap)
        if shown:  # a point where the sides differ spares the search for a proof
            return False, f"the sides are not equal: {_short(gap.doit(), False)}{shown}"
        if vanishes(gap):
            return True, "the difference of the sides simplifies to 0"
        return False, f"the difference of the sides simplifies to {_short(gap)}, not 0"
    if isinstance(relation, sympy.Ne):
        nonzero = any(form.is_zero is False for form in forms(gap))
        return nonzero, "the difference of the sides is never 0" if nonzero else f"{_short(gap)} may be 0"
    strict = type(relation) in _STRICT
    if nonnegative(gap, strict) or (not strict and _unit_interval(gap, probabilities)):
        return True, f"the slack is {'positive' if strict else 'at least 0'} for every value of the domains"
    return False, f"the slack {_short(gap)} has no certain sign{_example(gap)}"


def _may_run_backwards(relation: Relational) -> Any:
    """A sum or product of fewer than no terms: -Σ of those between for sympy, empty for the judge (None: there is none)."""
    for series in sorted(relation.atoms(sympy.Sum, sympy.Product), key=sympy.default_sort_key):
        bound = {
            index: sympy.Dummy(index.name, integer=True, nonnegative=True)
            for index, *ends in series.limits
            if ends and ends[0].is_nonnegative
        }
        for _, *ends in series.limits:
            length = (ends[-1] - ends[0] + 1).xreplace(bound) if len(ends) == 2 else sympy.nan
            if not length.is_nonnegative:
                return series
    return None


def numerical(relation: Relational) -> bool:
    """Whether both sides are numbers or matrices, not truth values (a plain symbol may be either)."""
    return all(isinstance(side, (sympy.Expr, MatrixExpr)) for side in relation.args)


def difference(relation: Relational) -> Any:
    """What the relation says of 0: left minus right of Eq and Ne, the slack of an inequality."""
    if isinstance(relation, (sympy.Le, sympy.Lt)):
        return relation.rhs - relation.lhs
    return relation.lhs - relation.rhs


def forms(term: Any) -> Iterator[Any]:
    """Ever simpler forms of a term, as far as its size allows."""
    yield term
    term = term.doit()
    yield term
    if term.has(sympy.Trace):
        term = sympy.expand(term).replace(lambda part: isinstance(part, sympy.Trace), _turned).doit()
        yield term
    if isinstance(term, MatrixExpr):
        yield sympy.expand(term).doit()
        return
    if sympy.count_ops(term) > 10 * OPERATIONS:
        return
    expanded = sympy.expand(term)
    yield expanded
    yield sympy.powsimp(expanded)
    if sympy.count_ops(term) <= OPERATIONS:
        yield sympy.factor(term)
        yield sympy.simplify(term)
        opened = sympy.expand_log(sympy.powdenest(expanded))
        if opened != expanded:
            yield sympy.simplify(opened)


def _turned(trace: Any) -> Any:
    """tr(AB) = tr(BA) = tr(AᵀBᵀ): the first in order of all turns and of all turns of the transpose."""
    scale, product = trace.arg.as_coeff_mmul() if isinstance(trace.arg, sympy.MatMul) else (1, trace.arg)
    turns = []
    for matrix in (product, sympy.Transpose(product).doit()):
        factors = matrix.args if isinstance(matrix, sympy.MatMul) else (matrix,)
        turns += [sympy.MatMul(*factors[k:], *factors[:k]) for k in range(len(factors))]
    return scale * sympy.Trace(min(turns, key=sympy.default_sort_key))


def vanishes(term: Any, depth: int = DEPTH) -> bool:
    """Whether the term is identically 0: by simplification, by cases, or by induction over a summation limit."""
    last = term
    for form in forms(term):
        if form == 0 or getattr(form, "is_ZeroMatrix", False) or form.is_zero:
            return True
        last = form
    if depth and not isinstance(last, MatrixExpr):
        return _by_cases(term, last, depth) or _by_induction(term, depth)
    return False


def _by_cases(term: Any, form: Any, depth: int) -> bool:
    pieces = sorted(form.atoms(sympy.Piecewise), key=sympy.default_sort_key)
    if not pieces:
        return False
    for value, condition in pieces[0].args:
        if isinstance(condition, sympy.Eq) and condition.lhs.is_Symbol:
            case = term.subs(condition.lhs, condition.rhs)
        else:
            case = form.xreplace({pieces[0]: value})
        if not vanishes(case, depth - 1):
            return False
    return True


def _by_induction(term: Any, depth: int) -> bool:
    """f(n) = 0 at the least n, and f(n + 1) = 0 follows from f(n) = 0, where f is linear in one series to n + c."""
    series = sorted(term.atoms(sympy.Sum, sympy.Product), key=sympy.default_sort_key)
    if len(series) != 1 or len(series[0].limits) != 1:
        return False
    (only,) = series
    index, low, high = only.limits[0]
    for n in sorted(high.free_symbols, key=str):
        fixed = not (low.has(n) or only.function.has(n)) and high.diff(n) == 1
        if not (n.is_integer and n.is_nonnegative and fixed):
            continue
        start = 1 if n.is_positive else 0
        first = high.subs(n, start)
        if not (first.is_Integer and low.is_Integer and first >= low - 1):
            continue
        placeholder = sympy.Dummy("series")
        before = term.xreplace({only: placeholder})
        slope = before.diff(placeholder)
        if slope.has(placeholder) or not slope.is_nonzero:
            continue
        supposed = placeholder - sympy.expand(before) / slope
        added = only.function.subs(index, high.subs(n, n + 1))
        longer = supposed + added if isinstance(only, sympy.Sum) else supposed * added
        after = before.subs(n, n + 1).xreplace({placeholder: longer})
        if vanishes(term.subs(n, start), 0) and vanishes(after, depth - 1):
            return True
    return False


def nonnegative(term: Any, strict: bool = False, depth: int = DEPTH) -> bool:
    """Whether the term is certainly at least 0 (positive if ``strict``) for all values of its typed symbols.

    Beyond sympy's own rules: a smooth f on x >= 0 with f(0) >= 0 and f' >= 0 is itself at least 0.
    """
    for form in forms(term):
        if form.is_positive if strict else form.is_nonnegative:
            return True
    if depth == 0 or sympy.count_ops(term) > OPERATIONS:
        return False
    return any(
        all(smooth(branch) and _rises(branch, t, strict, depth) for branch, t in branches)
        for symbol in sorted(term.free_symbols, key=str)
        for branches in _half_lines(term, symbol)
    )


def _half_lines(term: Any, symbol: Any) -> Iterator[list[tuple[Any, Any]]]:
    """Ways to cover the domain of one symbol by half lines t >= 0: lists of (the term in t, t)."""
    t = sympy.Dummy(f"{symbol}", nonnegative=True)
    if symbol.is_integer and symbol.is_positive:
        yield [(term.xreplace({symbol: 1 + t}), t)]
    elif symbol.is_nonnegative:
        yield [(term.xreplace({symbol: t}), t)]
        if symbol.is_positive:
            yield [(term.xreplace({symbol: x}), t) for x in (1 + t, 1 / (1 + t))]
    elif symbol.is_real:
        yield [(term.xreplace({symbol: x}), t) for x in (t, -t)]


def _rises(term: Any, t: Any, strict: bool, depth: int) -> bool:
    return nonnegative(term.subs(t, 0), strict, depth - 1) and nonnegative(term.diff(t), False, depth - 1)


def smooth(term: Any) -> bool:
    """Whether the term is continuously differentiable for all values of its typed symbols."""
    if isinstance(term, (sympy.Symbol, sympy.Number, sympy.NumberSymbol)):
        return term.is_finite is not False
    if isinstance(term, sympy.Pow) and not (term.exp.is_Integer and term.exp >= 0):
        sure = term.base.is_positive or (term.exp.is_Integer and term.base.is_negative)
        return bool(sure) and all(smooth(a) for a in term.args)
    if isinstance(term, sympy.log):
        return bool(term.args[0].is_positive) and smooth(term.args[0])
    return isinstance(term, (sympy.Add, sympy.Mul, sympy.Pow, *SMOOTH)) and all(smooth(a) for a in term.args)


def _unit_interval(gap: Any, probabilities: frozenset[Any]) -> bool:
    """p in (0, 1] is 1/(1 + t) with t >= 0; p = 0 follows by continuity."""
    present = sorted(probabilities & gap.free_symbols, key=str)
    if not present or not smooth(gap):
        return False
    rational = {p: 1 / (1 + sympy.Symbol(f"{p}_", nonnegative=True)) for p in present}
    return nonnegative(sympy.together(gap.xreplace(rational)))


class _Unusable(Exception):
    """A premise that no rule turns into a substitution."""


def _suppose(premise: Any, conclusion: Any) -> Any:
    """The conclusion with what the premise says put in: equations solved, inequalities as x = bound + slack."""
    parts = list(premise.args) if isinstance(premise, sympy.And) else [premise]
    conclusion = conclusion.doit() if conclusion.has(sympy.Derivative) else conclusion
    while parts:
        part = parts.pop(0)
        old, new = _substitution(part)
        conclusion = conclusion.subs(old, new)
        parts = [p.subs(old, new) for p in parts]
        if sympy.false in parts:
            return sympy.true
        parts = [p for p in parts if p != sympy.true]
    return conclusion


def _substitution(part: Any) -> tuple[Any, Any]:
    if isinstance(part, sympy.Eq):
        left, right = part.lhs, part.rhs
        for old, new in ((left, right), (right, left)):
            if isinstance(old, (sympy.Symbol, sympy.Derivative, AppliedUndef)) and not new.has(old):
                return old, new
        gap = sympy.expand(left - right) if isinstance(left, sympy.Expr) else sympy.S.Zero
        for symbol in sorted(gap.free_symbols, key=str):
            slope = gap.diff(symbol)
            if slope.is_nonzero and not slope.has(symbol) and symbol.is_real and not symbol.is_nonnegative:
                return symbol, sympy.expand(symbol - gap / slope)
        return left, right
    if isinstance(part, (sympy.Ge, sympy.Gt, sympy.Le, sympy.Lt)):
        for symbol, bound, upward in ((part.gts, part.lts, True), (part.lts, part.gts, False)):
            if isinstance(symbol, sympy.Symbol) and not bound.has(symbol):
                whole = symbol.is_integer and bound.is_integer
                facts = {"positive" if isinstance(part, (sympy.Gt, sympy.Lt)) else "nonnegative": True}
                slack = sympy.Symbol(f"slack_{symbol}", integer=True if whole else None, **facts)
                return symbol, bound + slack if upward else bound - slack
    raise _Unusable(str(part))


def _short(term: Any, simplified: bool = True) -> str:
    last = term
    for form in forms(term) if simplified else ():
        last = min(last, form, key=lambda f: len(str(f)))
    text = str(last)
    return text if len(text) <= 160 else text[:157] + "..."


def _example(gap: Any) -> str:
    """A point at which the difference shows, for people."""
    if gap.has(sympy.Limit):
        return ""
    gap = gap.doit()
    symbols = sorted(gap.free_symbols, key=str)
    if not symbols or gap.has(MatrixExpr) or gap.atoms(AppliedUndef) or sympy.count_ops(gap) > OPERATIONS:
        return ""
    for sign in (1, -1):
        point = {}
        for k, s in enumerate(symbols):
            value = sympy.Integer(2 + k) if s.is_integer else sympy.Rational(2 * k + 1, 2)
            point[s] = value if s.is_nonnegative else sign * value
        value = gap.subs(point).doit()
        if value.is_number and value.is_finite and abs(sympy.N(value, 30)) > sympy.Rational(1, 10**15):
            return f"; at {', '.join(f'{s} = {v}' for s, v in point.items())} it is {sympy.N(value, 6)}"
    return ""
