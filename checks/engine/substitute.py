"""A relation with the numbers of a counterexample in place of its observables, as a person would check it by hand."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.logic.boolalg import Boolean

from .verdict import Counterexample

_REWRITTEN = (sympy.Add, sympy.Mul, sympy.Pow, sympy.Function, Boolean)


class _Shown(sympy.Symbol):
    """A number as it is shown; two observables of one value stay apart, so that nothing cancels."""

    __slots__ = ("observable",)
    observable: str

    def __new__(cls, shown: str, observable: str) -> _Shown:
        made = sympy.Symbol.__xnew__(cls, shown)
        made.observable = observable
        return made

    def sort_key(self, order: Any = None) -> Any:
        """Numbers that read alike are ordered by what they stand for: the text must not depend on a hash."""
        return self.class_key(), (2, (self.name, self.observable)), sympy.S.One.sort_key(), sympy.S.One

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.name, self.observable)


def substituted(relation: Any, found: Counterexample) -> str:
    """The relation with measured midpoints for observables; six digits, the error bars are listed apart."""
    shown = {
        o: _Shown(_number(found.values[o.name][0]), o.name) for o in relation.free_symbols if o.name in found.values
    }
    return sympy.sstr(_filled(relation, shown))


def _filled(part: Any, shown: dict[Any, Any]) -> Any:
    """The part as it is built, with numbers in it: rebuilding it anew would cancel x - x and sqrt(x)**2."""
    if part in shown:
        return shown[part]
    if not part.args or part.free_symbols.isdisjoint(shown):
        return part
    parts = [_filled(inner, shown) for inner in part.args]
    return part.func(*parts, evaluate=False) if isinstance(part, _REWRITTEN) else part.func(*parts)


def _number(text: str) -> str:
    try:
        short = f"{float(text):.6g}"
    except ValueError:  # a fraction or a truth value
        short = text
    if short in ("0", "-0", "inf", "-inf") and text.strip("-+0.") != "":  # what no float holds
        short = text
    return f"({short})" if short.startswith("-") or "/" in short else short
