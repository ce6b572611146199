"""What a typed name means: an observable, an unknown, an index, a function or a constant; and what was meant by a wrong one."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from theorems import statement
from theorems.statement import Observable, Theorem

from .evaluate import CONSTANTS, FUNCTIONS
from .parse_error import ParseError, quoted, shown

_OTHER_NAMES = {
    "abs": sympy.Abs, "ln": sympy.log, "max": sympy.Max, "min": sympy.Min, "ceil": sympy.ceiling, "sqrt": sympy.sqrt,
}  # fmt: skip
TERMS: Mapping[str, Any] = {**{f.__name__: f for f in FUNCTIONS}, **_OTHER_NAMES}
NUMBERS: Mapping[str, Any] = {("E" if c is sympy.E else str(c)): c for c in CONSTANTS}
RELATIONS: Mapping[str, Any] = {
    name: getattr(statement, name)
    for name in ("Eq", "Ne", "Le", "Lt", "Ge", "Gt", "And", "Or", "Not", "Implies", "Equivalent")
}
SERIES: Mapping[str, Any] = {"Sum": sympy.Sum, "Product": sympy.Product}
CALLABLE = frozenset({*TERMS, *RELATIONS, *SERIES})
_MEANT = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "sgn": "sign", "fabs": "abs", "Log": "log", "Exp": "exp", "Sqrt": "sqrt", "Gamma": "gamma", "fact": "factorial",
    "choose": "binomial", "comb": "binomial", "C": "binomial", "sum": "Sum", "prod": "Product", "product": "Product",
    "implies": "Implies", "equals": "Eq", "maximum": "max", "minimum": "min", "Floor": "floor", "Sign": "sign",
}  # fmt: skip
_DOT_ABOVE = "\N{COMBINING DOT ABOVE}"  # of a time derivative
_GREEK = {"epsilon": ("epsilon", "eps"), "lamda": ("lambda", "lam"), "final sigma": ("sigma",)}

SUGGESTED = 3


class Scope:
    """The names of a theorem: its observables, unknowns declared for the occasion, and indices of sums while they last."""

    def __init__(self, theorem: Theorem | Sequence[Observable], unknowns: Sequence[str] = ()) -> None:
        observables = theorem.observables if isinstance(theorem, Theorem) else theorem
        self.whose = theorem.name if isinstance(theorem, Theorem) else "this relation"
        self.symbols: dict[str, Any] = {o.name: o for o in observables}
        self.terms = 1
        for name in unknowns:
            if not isinstance(name, str) or not name.isidentifier() or name[0] == "_" or len(name) > 40:
                raise ParseError(
                    f"the unknown {quoted(str(name))}", "a short name that begins with a letter", "rename it"
                )
            if name in self.symbols:
                raise ParseError(
                    f"the unknown {quoted(name)}", f"a name that no observable of {self.whose} has", "rename it"
                )
            self.symbols[name] = sympy.Symbol(name)

    @property
    def words(self) -> frozenset[str]:
        """Every name that may be typed."""
        return CALLABLE | NUMBERS.keys() | self.symbols.keys()

    def symbol(self, name: str) -> Any:
        """What a name that is not called stands for.  Raises `ParseError` for an unknown one."""
        for spelling in (name, *_spelled_out(name)):
            if spelling in self.symbols:
                return self.symbols[spelling]
        if name == "π":
            name = "pi"
        if name in NUMBERS:
            return NUMBERS[name]
        if name in CALLABLE:
            raise ParseError(f"{quoted(name)} without brackets", "the arguments of a function", f"write {name}(…)")
        near = self._near(name, [*self.symbols, *NUMBERS])
        raise ParseError(
            f"the name {_named(name)}",
            f"an observable of {self.whose} or a declared unknown",
            f"did you mean {' or '.join(near)}? or declare an unknown"
            if near
            else "choose from its list, or declare an unknown",
            self.listing(),
        )

    def function(self, name: str) -> Any:
        """The function, relation or series of that name.  Raises `ParseError` for any other."""
        for known in (TERMS, RELATIONS, SERIES):
            if name in known:
                return known[name]
        if any(spelling in self.symbols for spelling in (name, *_spelled_out(name))) or name in NUMBERS:
            raise ParseError(
                f"{quoted(name)} called like a function", "an operator after a quantity", f"write {shown(name)}*(…)"
            )
        near = [_MEANT[name]] if name in _MEANT else self._near(name, CALLABLE)
        raise ParseError(
            f"the function {_named(name)}",
            "one that can be judged",
            f"did you mean {' or '.join(near)}?" if near else "choose from the list",
            f"functions: {', '.join(sorted(CALLABLE, key=lambda c: (c.lower(), c)))}",
        )

    def _near(self, name: str, choices: Any) -> list[str]:
        short = name[:60]
        folded = {c.lower(): c for c in choices}
        guesses = [g for g in (short.lower(), *_spelled_out(short)) if g in folded]
        if guesses:
            return [folded[guesses[0]]]
        begun = [folded[c] for c in folded if c.startswith(f"{short.lower()}_")]
        if len(short) == 1 or begun:
            return begun[:SUGGESTED]
        return [folded[c] for c in difflib.get_close_matches(short.lower(), list(folded), n=SUGGESTED, cutoff=0.6)]

    def listing(self) -> str:
        """The theorem's observables with their meanings, one a line, and the declared unknowns."""
        lines = [
            f"  {name}: {s.meaning} ({s.domain})" if isinstance(s, Observable) else f"  {name}: declared unknown"
            for name, s in self.symbols.items()
        ]
        return "\n".join([f"observables of {self.whose}", *lines])

    def with_index(self, index: Any, terms: int) -> Scope:
        """The scope inside a sum of so many terms over ``index``, which hides an observable of the same name."""
        inner = object.__new__(Scope)
        inner.whose, inner.symbols, inner.terms = self.whose, {**self.symbols, index.name: index}, self.terms * terms
        return inner


def is_boolean(symbol: Any) -> bool:
    """Whether a symbol is true or false rather than a number."""
    return isinstance(symbol, Observable) and symbol.domain == "boolean"


def _spelled_out(name: str) -> list[str]:
    """The name in Latin letters, Greek ones by their names; letters of other fonts are folded to plain ones."""
    if name.isascii():
        return []
    spellings = [""]
    for character in unicodedata.normalize("NFD", name[:60]):
        plain = character
        if unicodedata.category(character) in ("Lu", "Ll"):
            plain = unicodedata.normalize("NFKC", character)
        options = _greek(plain) if len(plain) == 1 else (plain,)
        if character == _DOT_ABOVE:
            options = ("_dot",)
        spellings = [s + o for s in spellings for o in options][:16]
    return spellings


def _greek(letter: str) -> tuple[str, ...]:
    name = unicodedata.name(letter, "")
    for case in ("SMALL", "CAPITAL"):
        head = f"GREEK {case} LETTER "
        if name.startswith(head) and "WITH" not in name:
            word = name[len(head) :].lower()
            words = _GREEK.get(word, (word,))
            return words if case == "SMALL" else tuple(w.capitalize() for w in words)
    return (
        _greek({"ϵ": "ε", "ϑ": "θ", "ϕ": "φ", "ϱ": "ρ", "ϖ": "π", "ϰ": "κ"}[letter])
        if letter in "ϵϑϕϱϖϰ"
        else (letter,)
    )


def _named(name: str) -> str:
    """A name as a message shows it; letters that look Latin and are not are spelled out."""
    if name.isascii():
        return quoted(name)
    odd = next(c for c in name if not c.isascii())
    return f"{quoted(name)} (U+{ord(odd):04X} {unicodedata.name(odd, 'without a name')})"
