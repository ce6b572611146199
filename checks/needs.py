"""Which assumption is needed for which claim: the smallest counterexample without it, or how hard one was looked for.

An assumption may be needed for one claim and idle for another that lists it.  Of two assumptions that are both idle for a claim,
`pairs` asks whether they are needed together: whether it fails where both are violated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from theorems.statement import Claim, Theorem, observables_of

from .engine.verdict import PASSING, Verdict, describe

if TYPE_CHECKING:
    from .engine.experiment import Audit, Experiment
    from .engine.store import Store

NEEDED, IDLE, OPEN, UNTRIED, FALSE = "needed", "idle", "undecided", "not tried", "fails with it too"
JOINTLY = "jointly needed"
ORDER = (IDLE, OPEN, UNTRIED, FALSE, JOINTLY, NEEDED)
Judge = Callable[[Claim, tuple[str, ...]], Verdict | None]


@dataclass(frozen=True)
class Need:
    """A claim where the ``dropped`` assumptions are violated, all others that it rests on being satisfied.

    ``kind`` is *needed* (or *jointly needed*) where a certified instance refutes it, *idle* where it passes: not needed at this
    resolution; *undecided* where the error bars, or too few rows, could not tell; *not tried* where no experiment that can
    drop them measures what the claim speaks of; *fails with it too* where the claim is refuted anyway.
    """

    theorem: str
    claim: str
    dropped: tuple[str, ...]
    kind: str
    verdict: Verdict | None = None

    @property
    def found(self) -> str:
        """The smallest counterexample in one line; of an idle assumption, how hard one was looked for."""
        verdict = self.verdict
        if verdict is None:
            return "no experiment that can drop it measures this claim"
        if verdict.kind == "REFUTED":
            shown = verdict.simplest
            if shown is None:
                return f"{verdict.rows} rows"
            place = "".join(f", {name} = {i}" for name, i in shown.index.items())
            return f"{describe(shown.instance)}{place}: left side {shown.measured}, right side {shown.claimed}"
        if verdict.kind == "WITNESSED":
            return "an instance without it is a witness too; what exists is more with it than without"
        if self.kind == IDLE:
            median = verdict.resolution.median
            seen = "exact" if median == 0 else f"{median:.1g} in the median"
            return f"survives on {verdict.instances} instances, resolution {seen}"
        return verdict.reason


def needs(audit: type[Audit], profile: str = "quick", device: str = "cpu", *, pairs: bool = False) -> tuple[Need, ...]:
    """Every assumption for every claim that lists it, and ``pairs`` of those that are idle alone."""
    from . import items

    known: Any = audit  # mypy takes no class for `Hashable`, which remembered functions ask for

    def judge(claim: Claim, dropped: tuple[str, ...]) -> Verdict | None:
        if not dropped:
            return items.claim_verdict(known, claim.name, profile, device)
        return items.verdict_without(known, claim.name, dropped, profile, device)

    return tuple(necessity(audit.theorem(), judge, pairs=pairs))


def necessity(theorem: Theorem, judge: Judge, *, pairs: bool = False, alone: Sequence[Need] = ()) -> Iterator[Need]:
    """The needs of a theorem, one at a time, as ``judge(claim, dropped)`` finds them (None: nobody can tell).

    ``alone`` holds those of single assumptions where they are known already.
    """
    known = {(n.claim, n.dropped): n for n in alone}
    for assumption in theorem.assumptions:
        for claim in theorem.claims:
            if assumption.name in theorem.assumed_by(claim) and (claim.name, (assumption.name,)) not in known:
                found = _need(theorem, claim, (assumption.name,), judge)
                known[claim.name, found.dropped] = found
                yield found
    if not pairs:
        return
    for claim in theorem.claims:
        idle = [a for a in theorem.assumed_by(claim) if known[claim.name, (a,)].kind in (IDLE, OPEN)]
        for pair in combinations(idle, 2):
            found = _need(theorem, claim, pair, judge)
            if found.kind != UNTRIED:
                yield found


def _need(theorem: Theorem, claim: Claim, dropped: tuple[str, ...], judge: Judge) -> Need:
    verdict = judge(claim, dropped)
    kind = UNTRIED if verdict is None else IDLE if verdict.kind in PASSING else OPEN
    if verdict is not None and verdict.kind == "REFUTED":
        with_it = judge(claim, ())
        kind = FALSE if with_it is not None and with_it.kind == "REFUTED" else NEEDED if len(dropped) == 1 else JOINTLY
    return Need(theorem.name, claim.name, dropped, kind, verdict)


def on_stored(theorem: Theorem, store: Store, profile: str = "quick") -> Judge:
    """Judges on stored evidence alone: counterexamples are rows of it, neither shrunk nor measured again."""
    from .engine.inquiry import excluded_here
    from .engine.stored import recall
    from .engine.verdict import strongest
    from .engine.weigh import judge_evidence

    recalled: dict[tuple[str, ...], Any] = {}

    def judge(claim: Claim, dropped: tuple[str, ...]) -> Verdict | None:
        if dropped not in recalled:
            recalled[dropped] = recall(theorem, store, verifying(theorem, dropped), dropped=dropped, profile=profile)
        covering = [r for r in recalled[dropped] if r.setup.covers(claim)]
        weighed = [(judge_evidence(claim, r.setup, r.evidence), r.evidence) for r in covering]
        return strongest([excluded_here(w, evidence) for w, evidence in weighed]) if weighed else None

    return judge


def on_experiments(
    theorem: Theorem, experiments: Sequence[Experiment], store: Store, profile: str = "quick", watch: Any = None
) -> Judge:
    """Judges on stored evidence where it is fresh, else on what is measured now, and stored; counterexamples are shrunk.

    Whether a claim holds with all its assumptions is asked of stored evidence only.
    """
    from .engine.search import examine
    from .engine.verdict import strongest
    from .items import without

    stored = on_stored(theorem, store, profile)

    def judge(claim: Claim, dropped: tuple[str, ...]) -> Verdict | None:
        if not dropped:
            return stored(claim, ())
        covering = [e for e in without(theorem, experiments, dropped) if e.covers(claim)]
        found = [examine(claim, e, evidence_of(e, store, profile, watch)[0]) for e in covering]
        return strongest(found) if found else None

    return judge


def evidence_of(experiment: Experiment, store: Store, profile: str = "quick", watch: Any = None) -> tuple[Any, bool]:
    """The evidence of an experiment, and whether it was measured now (else it was stored, and is fresh)."""
    from .engine.gather import gather
    from .engine.plainly import types_drawn

    source = experiment.observe.source_hash
    stored = store.load(experiment.theorem.name, experiment.name, profile, source, types_drawn(experiment))
    if stored is not None:
        return stored, False
    evidence = gather(experiment, profile, watch=watch)
    store.save(evidence)
    return evidence, True


def verifying(theorem: Theorem, dropped: Sequence[str]) -> tuple[str, ...]:
    """The observables that show whether assumptions hold."""
    relations = [theorem.assumption(name).relation for name in dropped]
    return tuple(sorted({o.name for r in relations if r is not None for o in observables_of(r)}))
