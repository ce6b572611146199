"""What is claimed: the words of a theorem, as data.

Everything here is a frozen dataclass over sympy relations.  An `Observable` is a sympy symbol without
sympy assumptions (sympy would rewrite ``(sigma**2)**(1 - 1/N)`` to a power of ``Abs(sigma)`` and
``P >= 0`` to ``True``); its facts (domain, unit, meaning) are attributes that the engine reads.
Relations are built unevaluated by `Eq`, `Ne`, `Le`, `Lt`, `Ge`, `Gt`, `And`, `Or`, `Not`, `Implies`
and `Equivalent` of this module, so that the formula shown is the formula tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.core.sympify import _sympify
from sympy.logic.boolalg import Boolean

from .notebook import claim_html, claim_latex, theorem_html, theorem_latex

DOMAINS = (
    "real", "nonnegative", "positive", "probability", "positive probability", "integer", "nonnegative integer",
    "positive integer", "boolean",
)  # fmt: skip
KINDS = ("identity", "bound", "limit", "existence", "empirical")
METHODS = ("symbolic", "exact", "certified", "searched", "cited")
VERDICTS = ("PROVED", "SURVIVED", "REFUTED", "WITNESSED", "MEASURED", "UNDECIDED", "VACUOUS")


class StatementError(ValueError):
    """A theorem that is not well stated: what was found, what was expected, what to do."""

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


class Observable(sympy.Symbol):
    """A named quantity that a simulator measures: a symbol with a meaning, a domain and a unit."""

    __slots__ = ("domain", "latex_name", "meaning", "unit")
    meaning: str
    domain: str
    unit: str
    latex_name: str

    def __new__(cls, name: str, meaning: str = "", domain: str = "real", unit: str = "", latex: str = "") -> Observable:
        made = sympy.Symbol.__xnew__(cls, name)
        made.meaning, made.domain, made.unit, made.latex_name = meaning, domain, unit, latex
        return made

    def __getnewargs_ex__(self) -> Any:
        return ((self.name, self.meaning, self.domain, self.unit, self.latex_name), {})

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.name, self.meaning, self.domain, self.unit)

    def _latex(self, printer: Any) -> str:
        return self.latex_name or str(printer._print(sympy.Symbol(self.name)))


def observable(name: str, meaning: str, domain: str = "real", unit: str = "", latex: str = "") -> Observable:
    """Declare an observable.

    ``name`` is the column that simulators fill; ``domain`` is one of `DOMAINS`.
    Raises `StatementError` for a name that is no identifier or an unknown domain.
    """
    if not name.isidentifier():
        raise StatementError(f"the name {name!r}", "a Python identifier", "rename the observable")
    if domain not in DOMAINS:
        raise StatementError(f"domain {domain!r} of {name}", f"one of {', '.join(DOMAINS)}", "choose one")
    return Observable(name, meaning, domain, unit, latex)


def _unevaluated(function: Any) -> Any:
    def build(*arguments: Any) -> Boolean:
        return function(*(_sympify(a) for a in arguments), evaluate=False)

    build.__name__, build.__doc__ = function.__name__, f"sympy's {function.__name__}, unevaluated."
    return build


Eq, Ne = _unevaluated(sympy.Eq), _unevaluated(sympy.Ne)
Le, Lt = _unevaluated(sympy.Le), _unevaluated(sympy.Lt)
Ge, Gt = _unevaluated(sympy.Ge), _unevaluated(sympy.Gt)
And, Or, Not = _unevaluated(sympy.And), _unevaluated(sympy.Or), _unevaluated(sympy.Not)
Implies, Equivalent = _unevaluated(sympy.Implies), _unevaluated(sympy.Equivalent)


def times(*factors: Any) -> Any:
    """A product that stays as it is written, of numbers or of matrices: a step shows what it proves, not its result."""
    kind = sympy.MatMul if any(getattr(f, "is_Matrix", False) for f in factors) else sympy.Mul
    return kind(*(_sympify(f) for f in factors), evaluate=False)


def plus(*terms: Any) -> Any:
    """A sum that stays as it is written."""
    return sympy.Add(*(_sympify(t) for t in terms), evaluate=False)


@dataclass(frozen=True)
class Assumption:
    """A named hypothesis: words, and the relation (or boolean observable) that verifies it on a row.

    An experiment whose instances can drop it has a keyword of this name.
    """

    name: str
    words: str
    relation: Boolean | None = None


@dataclass(frozen=True)
class Claim:
    """A relation over observables and its kind.

    ``assumes`` names the assumptions it rests on (None: all of the theorem).  ``goal`` is the relative
    resolution below which a survival is informative.  A bound names the family that attains it in
    ``tight_at``.  ``follows_from`` names derivation steps: the claim is PROVED when all of their
    ancestors are symbolic, exact or certified.  A variant names in ``like`` the claim that it varies: it is judged by
    the experiments that judge that one.
    """

    name: str
    relation: Boolean
    kind: str = "identity"
    words: str = ""
    assumes: tuple[str, ...] | None = None
    goal: float = 1e-6
    tight_at: str = ""
    follows_from: tuple[str, ...] = ()
    like: str = ""
    _repr_html_, _repr_latex_ = claim_html, claim_latex

    @property
    def observables(self) -> tuple[Observable, ...]:
        """The free symbols that simulators must measure, by name."""
        return observables_of(self.relation)


@dataclass(frozen=True)
class Step:
    """One step of the derivation.

    ``method``: *symbolic* (sympy proves it), *exact* (exhaustive over ``domain``, symbol name -> values),
    *certified* (balls over the box ``domain``, symbol name -> (low, high)), *searched* (by the claim named
    ``claim``) or *cited* (``source``; not checked here).
    """

    name: str
    words: str
    method: str
    relation: Boolean | None = None
    depends_on: tuple[str, ...] = ()
    domain: Mapping[str, Any] = field(default_factory=dict, hash=False)
    claim: str = ""
    source: str = ""


@dataclass(frozen=True)
class Saying:
    """The talk's words, a relation of its own, and the verdict we expect."""

    name: str
    place: str
    words: str
    relation: Boolean
    expected: str
    corrected: str = ""
    kind: str = "identity"
    assumes: tuple[str, ...] | None = None
    goal: float = 1e-6
    tight_at: str = ""

    def as_claim(self) -> Claim:
        """The saying as a claim, so that it is judged like any other."""
        return Claim(
            self.name, self.relation, self.kind, self.words, self.assumes, self.goal,
            self.tight_at or "the talk gives none",
        )  # fmt: skip


@dataclass(frozen=True)
class Source:
    """Where a theorem comes from."""

    authors: str
    year: int
    title: str
    place: str = ""
    arxiv: str = ""

    def __str__(self) -> str:
        where = f", {self.place}" if self.place else ""
        arxiv = f", arXiv:{self.arxiv}" if self.arxiv else ""
        return f"{self.authors} ({self.year}). {self.title}{where}{arxiv}."


@dataclass(frozen=True)
class Theorem:
    """Claims, assumptions, derivation, sayings, non-claims and sources, as one value."""

    name: str
    title: str
    claims: tuple[Claim, ...]
    assumptions: tuple[Assumption, ...] = ()
    derivation: tuple[Step, ...] = ()
    sayings: tuple[Saying, ...] = ()
    sources: tuple[Source, ...] = ()
    non_claims: tuple[str, ...] = ()
    parent: str = ""
    _repr_html_, _repr_latex_ = theorem_html, theorem_latex

    def __post_init__(self) -> None:
        for what in ("claims", "assumptions", "derivation", "sayings", "sources", "non_claims"):
            object.__setattr__(self, what, tuple(getattr(self, what)))
        _validate(self)

    def claim(self, name: str) -> Claim:
        """The claim or saying of that name."""
        return _named(name, [*self.claims, *(s.as_claim() for s in self.sayings)], f"claims of {self.name}")

    def assumption(self, name: str) -> Assumption:
        """The assumption of that name."""
        return _named(name, self.assumptions, f"assumptions of {self.name}")

    def assumed_by(self, claim: Claim) -> tuple[str, ...]:
        """Names of the assumptions that a claim rests on."""
        return tuple(a.name for a in self.assumptions) if claim.assumes is None else claim.assumes

    @property
    def observables(self) -> tuple[Observable, ...]:
        """Every observable that the theorem speaks of, by name."""
        relations = [c.relation for c in self.claims] + [s.relation for s in self.sayings]
        relations += [a.relation for a in self.assumptions if a.relation is not None]
        found = {o.name: o for r in relations for o in observables_of(r)}
        return tuple(found[name] for name in sorted(found))

    def replace(self, **fields: Any) -> Theorem:
        """The theorem with other fields; where claims or assumptions change, the derivation does not extend to them."""
        if {"claims", "assumptions"} & set(fields) and "derivation" not in fields:
            claims = fields.get("claims", self.claims)
            fields |= {"claims": tuple(replace(c, follows_from=()) for c in claims), "derivation": ()}
        return replace(self, **{"parent": self.name, **fields})

    def variant(self, *claims: Claim, claim: Claim | None = None, name: str = "") -> Theorem:
        """The same setting with other claims: a theorist's conjecture, to which the derivation does not extend."""
        alone = tuple(replace(c, follows_from=()) for c in (*claims, *([claim] if claim is not None else [])))
        return replace(self, name=name or self.name, claims=alone, derivation=(), sayings=(), parent=self.name)

    def without(self, assumption: str) -> Theorem:
        """The same claims with one assumption dropped, and no proof of those that rested on it.

        Raises `StatementError` for an unknown name.
        """
        self.assumption(assumption)

        def relax(item: Any) -> Any:
            left = None if item.assumes is None else tuple(a for a in item.assumes if a != assumption)
            return replace(item, assumes=left)

        def unproved(claim: Claim) -> Claim:
            return replace(claim, follows_from=()) if assumption in self.assumed_by(claim) else claim

        return replace(
            self,
            assumptions=tuple(a for a in self.assumptions if a.name != assumption),
            claims=tuple(relax(unproved(c)) for c in self.claims),
            sayings=tuple(relax(s) for s in self.sayings),
            parent=self.name,
        )


def observables_of(relation: Any) -> tuple[Observable, ...]:
    """The free observables of a relation, by name."""
    return tuple(sorted((s for s in relation.free_symbols if isinstance(s, Observable)), key=lambda s: s.name))


def _named(name: str, items: Iterable[Any], where: str) -> Any:
    items = list(items)
    for item in items:
        if item.name == name:
            return item
    known = ", ".join(item.name for item in items) or "none"
    raise StatementError(f"the name {name!r}", f"one of the {where}: {known}", "check the spelling")


_CONSTANT = re.compile(r"[cC](onst(ant)?)?_?\d*")
_CONSTANT_IN_WORDS = re.compile(r"\b(universal|absolute|unspecified|some|large enough|sufficiently large) constant\b")


def _unspecified(relation: Boolean) -> str:
    """What hides a constant that nobody states: a bare C, an O(…), an unknown function, or an observable that is one.

    The index of a sum is bound, and an observable that a simulator measures may have any name.
    """
    for symbol in sorted(relation.free_symbols, key=str):
        if isinstance(symbol, Observable):
            if _CONSTANT_IN_WORDS.search(symbol.meaning):
                return f"{symbol.name} ({symbol.meaning!r})"
        elif _CONSTANT.fullmatch(symbol.name):
            return symbol.name
    vague = sorted(str(term) for term in relation.atoms(sympy.Order, AppliedUndef, sympy.AccumBounds))
    return vague[0] if vague else ""


def _validate(theorem: Theorem) -> None:
    claims, steps = theorem.claims, theorem.derivation
    stated: list[Claim | Saying] = [*claims, *theorem.sayings]
    parts: tuple[tuple[str, Sequence[Any]], ...] = (
        ("claims or sayings", stated),
        ("assumptions", theorem.assumptions),
        ("steps", steps),
    )
    for what, items in parts:
        names = [item.name for item in items]
        for name in names:
            if names.count(name) > 1:
                raise StatementError(f"two {what} named {name!r} in {theorem.name}", "distinct names", "rename one")
    if not claims:
        raise StatementError(f"{theorem.name} without claims", "at least one", "state what is claimed")
    known = {a.name for a in theorem.assumptions}
    for item in stated:
        where = f"{theorem.name} / {item.name}"
        if item.kind not in KINDS:
            raise StatementError(f"kind {item.kind!r} of {where}", f"one of {', '.join(KINDS)}", "choose one")
        if not isinstance(item.relation, Boolean):
            raise StatementError(
                f"relation {item.relation!r} of {where}",
                "a relation",
                "write Eq(left, right), Le, … of theorems.statement",
            )
        hidden = _unspecified(item.relation)
        if hidden:
            raise StatementError(
                f"an unspecified constant, {hidden}, in {where}",
                "its value, as in 2 or Rational(1, 2)",
                "an unspecified universal constant cannot be refuted by any instance: write the constant that is claimed",
            )
        stray = sorted(str(s) for s in item.relation.free_symbols if not isinstance(s, Observable))
        if stray:
            raise StatementError(
                f"{', '.join(stray)} in {where}, which no simulator can measure",
                "observables only, no bare symbols",
                "import the theorem's observable of that name, or declare one with observable(…)",
            )
        if isinstance(item.assumes, str):
            raise StatementError(
                f"assumes={item.assumes!r} of {where}", "a tuple of names", f"write assumes=({item.assumes!r},)"
            )
        unknown = set(item.assumes or ()) - known
        if unknown:
            raise StatementError(
                f"assumption {sorted(unknown)[0]!r} in {where}",
                f"one of {', '.join(sorted(known)) or 'none'}",
                "check the spelling or declare it",
            )
    for claim in claims:
        if claim.kind == "bound" and not claim.tight_at:
            raise StatementError(
                f"bound {theorem.name} / {claim.name} without tight_at",
                "words for where it is attained",
                "write tight_at='…' ('unknown' if it is)",
            )
    for saying in theorem.sayings:
        if saying.expected not in VERDICTS:
            raise StatementError(
                f"expected {saying.expected!r} of saying {saying.name}", f"one of {', '.join(VERDICTS)}", "choose one"
            )
    named = {s.name for s in steps}
    claimed = {c.name for c in claims}
    for step in steps:
        where = f"step {step.name} of {theorem.name}"
        if step.method not in METHODS:
            raise StatementError(f"method {step.method!r} of {where}", f"one of {', '.join(METHODS)}", "choose one")
        if step.method == "cited" and not step.source:
            raise StatementError(f"{where} cited from nowhere", "a source", "fill source")
        if step.method == "searched" and step.claim not in claimed:
            raise StatementError(f"{where} searched by {step.claim!r}", f"one of {sorted(claimed)}", "name a claim")
        if step.method in ("symbolic", "exact", "certified") and step.relation is None:
            raise StatementError(f"{where} without a relation", "a relation to prove", "fill relation")
    for wanted in [d for s in steps for d in s.depends_on] + [d for c in claims for d in c.follows_from]:
        if wanted not in named:
            raise StatementError(f"step {wanted!r} in {theorem.name}", f"one of {sorted(named)}", "add the step")
    by_name: dict[str, Observable] = {}
    verified = [a.relation for a in theorem.assumptions if a.relation is not None]
    for relation in [*(item.relation for item in stated), *verified]:
        for o in observables_of(relation):
            if by_name.setdefault(o.name, o) != o:
                raise StatementError(
                    f"two observables named {o.name!r} in {theorem.name}", "one", "share the declaration"
                )
