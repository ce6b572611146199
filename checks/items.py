"""What an audit consists of, item by item, as pure functions: the pytest plugin and the report both run these.

Every function is remembered for the life of the process, so that a claim that is an item, a derivation step and the
ground of its mutants is judged once.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, wraps
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from theorems.statement import Claim, Step, Theorem, observables_of

from .engine.corrupt import forced
from .engine.experiment import Audit, Experiment, ExperimentError
from .engine.kill import Outcome, kill_matrix, strength
from .engine.lint import LintError, lint_claim, refuse
from .engine.prove import Proof, prove, proved_claims
from .engine.search import audit as judge
from .engine.search import gather
from .engine.verdict import Verdict

P = ParamSpec("P")
R = TypeVar("R")

MUTATED = ("identity", "bound")
ENOUGH = {"quick": 0.95}


@dataclass(frozen=True)
class Item:
    """One thing that an audit asks: ``kind`` is claim, step, needed, saying, mutants or strength."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}[{self.name}]" if self.name else self.kind


def _remembered(function: Callable[P, R]) -> Callable[P, R]:
    """functools.cache with the signature kept (type checkers hold that classes are not Hashable).

    What is found under a forced failure is not remembered.
    """
    kept = cast("Callable[P, R]", cache(function))

    @wraps(function)
    def recall(*arguments: P.args, **keywords: P.kwargs) -> R:
        return (kept if forced() is None else function)(*arguments, **keywords)

    return recall


def audits() -> dict[str, type[Audit]]:
    """Theorem name -> audit class, of every check file of this folder that has experiments."""
    room = Path(__file__).parent
    names = sorted(m.name for m in pkgutil.iter_modules([str(room)]) if m.name.startswith("test_"))
    modules = [importlib.import_module(f".{name}", __package__) for name in names]
    classes = [v for module in modules for v in vars(module).values() if isinstance(v, type) and issubclass(v, Audit)]
    return {c.theorem().name: c for c in sorted(classes, key=lambda c: c.__name__) if c.experiments}


def audit_named(name: str) -> type[Audit] | None:
    """The audit class of one theorem, without importing those of others (None: it is none of the catalogue)."""
    try:
        module = importlib.import_module(f".test_{name.replace('-', '_')}", __package__)
    except ModuleNotFoundError:
        return audits().get(name)
    classes = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Audit) and v.experiments]
    return next((c for c in classes if c.theorem().name == name), None)


def items(audit: type[Audit]) -> tuple[Item, ...]:
    """The items of an audit, in the order in which they are run."""
    theorem = audit.theorem()
    mutated = [c.name for c in theorem.claims if c.kind in MUTATED]
    return (
        *(Item("claim", c.name) for c in theorem.claims),
        *(Item("step", s.name) for s in theorem.derivation),
        *(Item("needed", name) for name in _to_be_needed(audit)),
        *(Item("saying", s.name) for s in theorem.sayings),
        *(Item("mutants", name) for name in mutated),
        *([Item("strength", "")] if mutated else []),
    )


def _to_be_needed(audit: type[Audit]) -> tuple[str, ...]:
    """Every assumption of a theorem; of a variant, those that its claims rest on and its experiments can drop."""
    theorem = audit.theorem()
    assumed = {name for claim in theorem.claims for name in theorem.assumed_by(claim)}
    droppable = {name for experiment in audit.experiments for name in experiment.assumptions}
    return tuple(a.name for a in theorem.assumptions if not theorem.parent or a.name in assumed & droppable)


@_remembered
def claim_verdict(audit: type[Audit], name: str, profile: str = "quick", device: str = "cpu") -> Verdict:
    """The strongest verdict over the experiments; PROVED if the derivation proves the claim and none refutes it.

    Raises `LintError` for a statement that is wrong before anything is searched, and `ExperimentError` when no experiment
    covers a claim that the derivation does not prove either.
    """
    theorem = audit.theorem()
    claim = theorem.claim(name)
    refuse(lint_claim(theorem, claim))
    proved = bool(claim.follows_from) and name in proved_claims(theorem, _proofs(audit))
    if not proved:
        return judge(claim, *audit.experiments, profile=profile, device=device)
    reason = f"derived: {', '.join(_with_domain(audit, name) for name in claim.follows_from)}"
    if not _covering(audit.experiments, claim):
        return Verdict("PROVED", theorem.name, name, claim.relation, profile=profile, reason=reason)
    found = judge(claim, *audit.experiments, profile=profile, device=device)
    if found.kind == "REFUTED":
        return replace(found, reason=f"{found.reason}, although {reason}: a simulator or a step is wrong")
    if not found.passed:
        reason = f"{reason}; the search alone is {found.kind}: {found.reason}"
    return replace(found, kind="PROVED", reason=reason)


def _with_domain(audit: type[Audit], name: str) -> str:
    """The name of a step, and of one that was checked over a finite domain or a box what was checked."""
    return f"{name} ({step_proof(audit, name).reason})" if _step(audit, name).domain else name


@_remembered
def step_proof(audit: type[Audit], name: str) -> Proof:
    """What became of a step of the derivation."""
    theorem = audit.theorem()
    return prove(_step(audit, name), theorem)


@_remembered
def assumption_needed(
    audit: type[Audit], name: str, profile: str = "quick", device: str = "cpu"
) -> tuple[Verdict, ...]:
    """The verdicts, without the assumption, of the claims that assume it; one REFUTED shows that it is needed.

    Raises `ExperimentError` when no experiment can drop it.
    """
    theorem = audit.theorem()
    assuming = [c for c in theorem.claims if name in theorem.assumed_by(c) and well_stated(audit, c)]
    if not _dropping(audit, (name,)):
        raise ExperimentError(
            f"assumption {name!r} of {theorem.name}, which no experiment can drop",
            f"an experiment whose instances take the keyword {name}",
            "add the keyword: False constructs an instance that violates this assumption and no other",
        )
    found = [verdict_without(audit, claim.name, (name,), profile, device) for claim in assuming]
    return tuple(verdict for verdict in found if verdict is not None)


@_remembered
def verdict_without(
    audit: type[Audit], claim: str, dropped: tuple[str, ...], profile: str = "quick", device: str = "cpu"
) -> Verdict | None:
    """The verdict on a claim where the named assumptions are violated and all others hold.

    None where no experiment that can drop them all covers the claim.
    """
    stated = audit.theorem().claim(claim)
    found = _covering(_dropping(audit, dropped), stated)
    return judge(stated, *found, profile=profile, device=device) if found else None


@_remembered
def saying_verdict(audit: type[Audit], name: str, profile: str = "quick", device: str = "cpu") -> Verdict:
    """The verdict on the talk's words; right when it is the kind that the theorem expects."""
    return judge(audit.theorem().claim(name), *audit.experiments, profile=profile, device=device)


@_remembered
def mutant_outcomes(audit: type[Audit], name: str, profile: str = "quick", device: str = "cpu") -> tuple[Outcome, ...]:
    """What became of each mutant of a claim, on the evidence that its experiments gathered.

    Empty for a claim that no experiment covers, or that is itself refuted: its mutants say nothing.
    """
    claim = audit.theorem().claim(name)
    covering = _covering(audit.experiments, claim)
    if not covering or not well_stated(audit, claim) or not claim_verdict(audit, name, profile, device).passed:
        return ()
    return kill_matrix(claim, covering, [gather(e, profile, device) for e in covering])


def theorem_strength(audit: type[Audit], profile: str = "quick", device: str = "cpu") -> tuple[int, int]:
    """Mutants killed and mutants surviving, over all claims of the theorem."""
    claims = [c for c in audit.theorem().claims if c.kind in MUTATED]
    scores = [strength(mutant_outcomes(audit, c.name, profile, device)) for c in claims]
    return sum(killed for killed, _ in scores), sum(surviving for _, surviving in scores)


def gathered(audit: type[Audit], item: Item) -> tuple[Experiment, ...]:
    """The experiments whose evidence an item rests on."""
    theorem = audit.theorem()
    if item.kind in ("claim", "saying", "mutants"):
        return _covering(audit.experiments, theorem.claim(item.name))
    if item.kind == "needed":
        assuming = [c for c in theorem.claims if item.name in theorem.assumed_by(c)]
        return tuple(e for e in _dropping(audit, (item.name,)) if any(e.covers(c) for c in assuming))
    if item.kind == "step" and _step(audit, item.name).method == "searched":
        return _covering(audit.experiments, theorem.claim(_step(audit, item.name).claim))
    return ()


def well_stated(audit: type[Audit], claim: Claim) -> bool:
    """Whether the linter finds no error in a claim."""
    try:
        refuse(lint_claim(audit.theorem(), claim))
    except LintError:
        return False
    return True


def _proofs(audit: type[Audit]) -> tuple[Proof, ...]:
    return tuple(step_proof(audit, s.name) for s in audit.theorem().derivation)


def _step(audit: type[Audit], name: str) -> Step:
    return next(s for s in audit.theorem().derivation if s.name == name)


def _dropping(audit: type[Audit], names: tuple[str, ...]) -> list[Experiment]:
    return without(audit.theorem(), audit.experiments, names)


def without(theorem: Theorem, experiments: Iterable[Experiment], names: tuple[str, ...]) -> list[Experiment]:
    """The experiments without the named assumptions; those that measure what verifies their absence, if there are any."""
    relations = [theorem.assumption(name).relation for name in names]
    wanted = {o.name for relation in relations if relation is not None for o in observables_of(relation)}
    dropping = [e.without(*names) for e in experiments if set(names) <= set(e.assumptions)]
    return [e for e in dropping if wanted <= set(e.observables)] or dropping


def _covering(experiments: Iterable[Experiment], claim: Claim) -> tuple[Experiment, ...]:
    return tuple(e for e in experiments if e.covers(claim))
