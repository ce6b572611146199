"""A relation that somebody typed becomes a claim: a variant of the theorem's claim that it is nearest to.

Kind, goal and assumptions come from that claim, so that the variant is judged where, and as finely as, the claim is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import sympy
from sympy.logic.boolalg import Boolean

from theorems.statement import Claim, StatementError, Theorem, observables_of

INEQUALITIES = (sympy.Le, sympy.Lt, sympy.Ge, sympy.Gt)
OWN_KINDS = ("identity", "bound")


@dataclass(frozen=True)
class Conjecture:
    """A claim that nobody has checked, the theorem's claim that it varies, and where the two differ.

    ``difference``: pairs (theirs, yours) of the smallest parts that differ, as text (an empty part: nothing there).
    ``as_near``: other claims, with other assumptions, that it could as well be a variant of (none where one was named).
    """

    theorem: Theorem
    claim: Claim
    parent: Claim
    difference: tuple[tuple[str, str], ...]
    as_near: tuple[Claim, ...] = ()


def conjecture(
    theorem: Theorem,
    relation: Boolean,
    *,
    like: str = "",
    drop: Collection[str] = (),
    name: str = "",
    words: str = "",
) -> Conjecture:
    """The relation as a claim, with kind, goal and assumptions of the claim (or saying) named ``like`` (empty: the nearest).

    ``drop`` names assumptions that it shall do without.  Raises `StatementError` for unknown names, and for an
    assumption to be dropped that the claim does not make.
    """
    parent = theorem.claim(like) if like else nearest(theorem, relation)
    assumed = theorem.assumed_by(parent)
    for assumption in drop:
        theorem.assumption(assumption)
        if assumption not in assumed:
            raise StatementError(
                f"assumption {assumption!r} to be dropped from a variant of {parent.name!r}",
                f"one that this claim makes: {', '.join(assumed) or 'it makes none'}",
                "leave it out, or name another claim by --like",
            )
    claim = Claim(
        name or f"variant of {parent.name}",
        relation,
        _kind(relation, parent),
        words or f"A variant of {parent.name}.",
        tuple(a for a in assumed if a not in drop),
        parent.goal,
        "unknown",
        like=parent.name,
    )
    others = () if like else as_near(theorem, relation, parent)
    return Conjecture(theorem, claim, parent, differences(parent.relation, relation), others)


def _kind(relation: Boolean, parent: Claim) -> str:
    """An identity or a bound by its form; what else the parent is, the variant is too.

    What is said to exist is written as the parent is: "a = b" typed beside the witnessed "a != b" is said of every instance.
    """
    if parent.kind not in OWN_KINDS and not _otherwise(relation, parent):
        return parent.kind
    conclusion = relation.args[1] if isinstance(relation, sympy.Implies) else relation
    return "bound" if conclusion.atoms(*INEQUALITIES) else "identity"


def _otherwise(relation: Boolean, claim: Claim) -> bool:
    """Whether the claim says that something exists, in another form than that of the relation."""
    return claim.kind == "existence" and not _alike_in_form(relation, claim.relation)


def _alike_in_form(relation: Boolean, other: Boolean) -> bool:
    """Whether two relations are built alike; "b < a" is built as "a > b" is, and "b > a" is not."""
    if not (relation.is_Relational and other.is_Relational):
        return relation.func is other.func
    return any(mine.func is other.func and _straight(mine, other) for mine in _spellings(relation))


def _straight(relation: Any, other: Any) -> bool:
    """Whether the sides of a comparison speak of what those of the other do, and not of what the opposite ones do."""
    if relation.func in (sympy.Eq, sympy.Ne):
        return True
    mine, theirs = (
        [{o.name for o in observables_of(side)} for side in (one.lhs, one.rhs)] for one in (relation, other)
    )
    return sum(len(mine[k] & theirs[k]) for k in (0, 1)) >= sum(len(mine[k] & theirs[1 - k]) for k in (0, 1))


def _spellings(relation: Boolean) -> tuple[Any, ...]:
    """A comparison with its sides as they are, and exchanged."""
    if not relation.is_Relational:
        return (relation,)
    return relation, relation.reversed.func(relation.rhs, relation.lhs, evaluate=False)


def nearest(theorem: Theorem, relation: Boolean) -> Claim:
    """The claim or saying that shares most observables with the relation, of several the one that is written most alike.

    What says that something exists gives way to what is said of every instance, and a comparison is no variant of a
    consequence, unless the forms are the same.  The sides of a comparison may be exchanged.
    """
    texts = [sympy.sstr(spelling) for spelling in _spellings(relation)]

    def alike(claim: Claim) -> tuple[float, bool, bool, float]:
        theirs = sympy.sstr(claim.relation)
        written = max(SequenceMatcher(None, text, theirs, autojunk=False).ratio() for text in texts)
        return (*_shared(relation, claim), relation.is_Relational is claim.relation.is_Relational, written)

    stated = [*theorem.claims, *(s.as_claim() for s in theorem.sayings)]
    return max(stated, key=alike)


def as_near(theorem: Theorem, relation: Boolean, parent: Claim) -> tuple[Claim, ...]:
    """Claims that share as many observables and assume something else: only the way it is written spoke for the parent."""
    if relation == parent.relation:
        return ()
    wanted, assumed = _shared(relation, parent), set(theorem.assumed_by(parent))
    return tuple(c for c in theorem.claims if _shared(relation, c) == wanted and set(theorem.assumed_by(c)) != assumed)


def _shared(relation: Boolean, claim: Claim) -> tuple[float, bool]:
    names, theirs = {o.name for o in observables_of(relation)}, {o.name for o in claim.observables}
    return len(names & theirs) / max(len(names | theirs), 1), not _otherwise(relation, claim)


def differences(theirs: Any, yours: Any) -> tuple[tuple[str, str], ...]:
    """Where two expressions differ, as pairs of the smallest differing parts; a lone symbol or number with what it stands in."""
    return tuple((_text(a), _text(b)) for a, b in _differing(theirs, yours))


def _differing(theirs: Any, yours: Any) -> list[tuple[Any, Any]]:
    if theirs == yours:
        return []
    pairs = _within(theirs, yours) if theirs.func is yours.func and theirs.args and yours.args else []
    bare = any(part is not None and part.is_Atom for pair in pairs for part in pair)
    return [(theirs, yours)] if bare or not pairs else pairs


def _within(theirs: Any, yours: Any) -> list[tuple[Any, Any]]:
    if isinstance(theirs, (sympy.Add, sympy.Mul, sympy.And, sympy.Or)):
        old, new = _left_over(theirs.args, yours.args)
        if len(old) != 1 or len(new) != 1:
            return [(_together(theirs, old), _together(yours, new))]
        return _differing(old[0], new[0])
    if len(theirs.args) != len(yours.args):
        return []
    return [pair for a, b in zip(theirs.args, yours.args, strict=True) for pair in _differing(a, b)]


def _left_over(theirs: tuple[Any, ...], yours: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    old, new = Counter(theirs), Counter(yours)
    return list((old - new).elements()), list((new - old).elements())


def _together(whole: Any, parts: list[Any]) -> Any:
    return whole.func(*parts) if parts else None


def _text(part: Any) -> str:
    return "" if part is None else sympy.sstr(part)
