"""How strong the check of a claim is: whether it can fail at all, and which wrong claims it tells from the right one.

Pure functions over evidence, stored or fresh; neither torch nor Hypothesis is needed.  Two sanity phases come first, as in
mutation testing: unmutated, everything passes on the evidence; under a forced failure (`engine.corrupt`), everything fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from simulators.measurement import Measurements
from theorems.statement import Claim, Theorem

from .engine.corrupt import corrupt, corruptions
from .engine.evaluate import EvaluationError
from .engine.evidence import Evidence
from .engine.judge import Judgement, compile_claim, rows
from .engine.kill import Outcome, kill_matrix
from .engine.lint_values import holds_of_everything
from .engine.measure import select
from .engine.prove import prove, proved_claims
from .engine.setup import Setup
from .engine.stored import spread
from .engine.verdict import Verdict, strongest
from .engine.weigh import admitted, weigh

COUNTED = ("identity", "bound")
UNCOUNTED = ("limit",)
NOT_MUTATED = {
    "existence": "one instance makes it true, and an edit that another instance makes true is no wrong claim",
    "empirical": "its intervals are as wide as its protocol makes them, and an edit within them is no wrong claim",
}
NUMBERS = "it speaks of numbers alone, and no measurement enters it"
EVERY_VALUE = "it holds of every value of its observables, and no measurement can contradict it"
UNMOVED = "no corrupted row excludes it"
GLANCES = (256, 4096)


class Source(NamedTuple):
    """Evidence, and the setup that it is judged in."""

    setup: Setup
    evidence: Evidence


@dataclass(frozen=True)
class Red:
    """The corruption that makes one experiment's evidence refute the claim (empty: none does)."""

    experiment: str
    corruption: str


@dataclass(frozen=True)
class Check:
    """A claim on evidence: unmutated, corrupted and mutated.

    ``green``: it passes unmutated (None: nothing was asked).  ``red``: what became of it under corruption, by experiment;
    ``stuck``: why no corruption makes it fail (empty: one does).
    """

    theorem: str
    claim: str
    kind: str
    experiments: tuple[str, ...]
    verdict: str = ""
    green: bool | None = None
    reason: str = ""
    red: tuple[Red, ...] = ()
    stuck: str = ""
    outcomes: tuple[Outcome, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether its mutants count: edits of an identity or a bound are wrong claims, those of a limit need not be."""
        return self.kind in COUNTED

    @property
    def can_fail(self) -> bool | None:
        """Whether some corruption turned its verdict into a failure (None: nothing was asked, or nothing measures it)."""
        return any(r.corruption for r in self.red) if self.red else None

    def count(self, kind: str) -> int:
        """How many of its mutants ended so."""
        return sum(o.kind == kind for o in self.outcomes)


def check(
    theorem: Theorem,
    claim: Claim,
    sources: Sequence[Source],
    *,
    sanity: bool = True,
    every: bool = False,
    limits: bool = False,
    judge: Callable[[Claim, Setup, Evidence], Verdict] = weigh,
) -> Check:
    """Everything about one claim.  ``every`` shows each mutant to every experiment; ``limits`` mutates limits too."""
    covering = [s for s in sources if s.setup.covers(claim) and not s.setup.dropped]
    found = Check(theorem.name, claim.name, claim.kind, tuple(s.setup.name for s in covering))
    if not covering:
        return found
    if sanity:
        verdict = strongest([judge(claim, s.setup, s.evidence) for s in covering])
        found = replace(
            found,
            verdict=verdict.kind,
            reason=verdict.reason,
            green=verdict.passed or _derived(theorem, claim, verdict),
        )
        found = replace(found, red=tuple(Red(s.setup.name, reddened(claim, s)) for s in covering))
        found = replace(found, stuck="" if found.can_fail else _why_stuck(claim))
    if claim.kind in COUNTED or (limits and claim.kind in UNCOUNTED):
        edited = claim if claim.kind in COUNTED else replace(claim, kind="bound")
        setups, evidences = [s.setup for s in covering], [s.evidence for s in covering]
        # of a limit nothing is counted, and searching for a proof that an edit of it says less may take minutes
        matrix = kill_matrix(edited, setups, evidences, every=every, proofs=claim.kind in COUNTED)
        found = replace(found, outcomes=matrix)
    return found


def _why_stuck(claim: Claim) -> str:
    """Why no corruption of what was measured makes the claim fail."""
    if not claim.observables:
        return NUMBERS
    return EVERY_VALUE if holds_of_everything(claim) else UNMOVED


def _derived(theorem: Theorem, claim: Claim, verdict: Verdict) -> bool:
    """Whether a search that cannot tell is made up for by the derivation."""
    if verdict.kind == "REFUTED" or not claim.follows_from:
        return False
    return claim.name in proved_claims(theorem, tuple(prove(s, theorem) for s in theorem.derivation))


def reddened(claim: Claim, source: Source) -> str:
    """The first corruption under which the evidence refutes the claim, or no longer witnesses it (empty: there is none).

    That no row speaks any more is not enough: a check that corruption silences has not objected.
    """
    theorem, table = source.setup.theorem, source.evidence.measurements
    existence = claim.kind == "existence"
    order = np.arange(len(table)) if existence else spread(source.evidence)
    sizes = (len(table),) if existence else GLANCES
    for start, stop in zip((0, *sizes), sizes, strict=False):
        if start >= len(order):
            break
        seen = select(table, order[start:stop])
        for corruption in corruptions(theorem, claim):
            judged = _judged(claim, source.setup, corrupt(seen, corruption, theorem))
            if _no_witness(judged) if existence else any(j.status == "violated" for j in judged):
                return str(corruption)
    return ""


def _no_witness(judged: Iterable[Judgement]) -> bool:
    """Whether rows speak of the claim and none certainly obeys."""
    spoken = [j for j in judged if j.status in ("violated", "consistent")]
    return bool(spoken) and not any(j.certain for j in spoken)


def _judged(claim: Claim, setup: Setup, table: Measurements) -> Iterator[Judgement]:
    judge = compile_claim(claim.relation)
    chosen = select(table, np.flatnonzero(admitted(claim, setup, table)))
    for row in rows(chosen, [o.name for o in claim.observables]):
        try:
            yield judge(row)
        except EvaluationError:  # such as more terms than are summed: this row says nothing
            continue


def by_experiment(checks: Iterable[Check]) -> dict[str, tuple[int, int]]:
    """Experiment -> (mutants that it kills, of these those that no other experiment kills); needs ``every``.

    An experiment that kills mutants of no claim is there with zeros.
    """
    checks = list(checks)
    kills, alone = Counter[str](), Counter[str]()
    for found in checks:
        for outcome in found.outcomes:
            kills.update(outcome.killers)
            if len(outcome.killers) == 1:
                alone.update(outcome.killers)
    names = dict.fromkeys(name for found in checks if found.outcomes for name in found.experiments)
    return {name: (kills[name], alone[name]) for name in names}


def incomplete(theorem: Theorem, checks: Iterable[Check]) -> bool:
    """Whether more evidence could change the picture: what is killed or red stays so, the rest need not."""
    return any(
        not c.experiments
        or c.green is False
        or c.stuck == UNMOVED
        or (c.counted and any(o.kind in ("surviving", "below resolution") for o in c.outcomes))
        for c in checks
    )


def total(checks: Iterable[Check]) -> tuple[int, int]:
    """Mutants killed and mutants surviving, over the claims that count."""
    counted = [c for c in checks if c.counted]
    return sum(c.count("killed") for c in counted), sum(c.count("surviving") for c in counted)


def plainly(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """The checks as JSON data."""
    from .engine.verdict import plain

    return [{**plain(c), "counted": c.counted, "can_fail": c.can_fail} for c in checks]
