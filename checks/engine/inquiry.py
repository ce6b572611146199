"""A conjecture on its way to a verdict: stored evidence first, then confirmation, then a search of its own.

The first look needs neither torch nor Hypothesis and answers at once where the evidence on the disk excludes the claim.
Whatever is known at any time can be asked for, also after an interruption.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sympy

from theorems.statement import Claim, observables_of

from .conjecture import Conjecture
from .counterexample import Excluded, describe_row
from .evidence import Evidence
from .lint import Lint
from .lint_rows import lint_rows
from .setup import Setup
from .store import Decoded, Store
from .stored import Recalled, glance, recall
from .verdict import Verdict, order, simplicity, strongest
from .weigh import Judged, Weighed, admitted, failure_of, proved_row, summarise

if TYPE_CHECKING:  # what measures needs torch, what searches Hypothesis: neither for a first look
    from .experiment import Experiment
    from .gather import Gathering, Watch

COMPARED = 256
CONFIRMED = 3


@dataclass
class Inquiry:
    """What is known of a conjecture.

    ``so_far`` is the strongest verdict at any time (None: nothing was judged yet); ``tried`` has a line for every body of
    evidence that was judged.
    """

    conjecture: Conjecture
    store: Store
    profile: str = "quick"
    device: str = "cpu"
    salt: str = ""
    tried: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    _recalled: list[tuple[Recalled, Weighed[Any]]] = field(default_factory=list)
    _glanced: list[Verdict] = field(default_factory=list)
    _violating: set[str] = field(default_factory=set)
    _gathering: Gathering | None = None

    def look(self) -> Verdict | None:
        """The claim on stored evidence: the rows of given examples and an even spread of the others."""
        for recalled in self._stored():
            started = time.perf_counter()
            weighed = glance(self.conjecture.claim, recalled.setup, recalled.evidence)
            verdict = excluded_here(weighed, recalled.evidence)
            verdict = replace(verdict, seconds=time.perf_counter() - started)
            self._recalled.append((recalled, weighed))
            self._note(verdict, recalled.setup, recalled.evidence, "at a glance")
        return self.so_far

    @property
    def so_far(self) -> Verdict | None:
        """The strongest verdict so far, also from a search that was interrupted."""
        verdicts = list(self.verdicts)
        if self._gathering is not None and self._gathering.instances:
            evidence = self._gathering.evidence()
            weighed = glance(self.conjecture.claim, self._gathering.experiment, evidence)
            verdicts.append(excluded_here(weighed, evidence))
        verdicts = verdicts or self._glanced
        return self._tried_without(strongest(verdicts)) if verdicts else None

    def read_rows(self) -> tuple[Lint, ...]:
        """What the linter says of the stored rows: a tie under a strict sign, undefined corners, assumptions nobody meets."""
        if self.so_far is None or self.so_far.kind == "REFUTED":  # then the counterexample says it
            return ()
        claim = self.conjecture.claim
        found = [lint_rows(claim, recalled.setup, recalled.evidence) for recalled, _ in self._recalled]
        return tuple(dict.fromkeys(finding for findings in found for finding in findings))

    def recalled(self) -> list[tuple[Setup, Evidence]]:
        """The stored evidence that the claim can be judged on."""
        return [(r.setup, r.evidence) for r in self._stored()]

    def settle(self, experiments: Sequence[Experiment], watch: Watch | None = None) -> Verdict:
        """Confirm and shrink what was seen; else judge all evidence, gather what is missing, and search for this claim.

        Raises `ExperimentError` when no experiment measures what the claim speaks of.
        """
        from .search import fitting

        setups = fitting(self.conjecture.claim, experiments)
        return self._confirmed(setups) or self._tried_without(self._searched(setups, watch))

    def _tried_without(self, verdict: Verdict) -> Verdict:
        """The verdict, undecided where an assumption was to be dropped and nothing that was judged violates it."""
        untried = [name for name in self.dropped() if name not in self._violating]
        if verdict.kind != "SURVIVED" or not untried:
            return verdict
        reason = f"no instance tried violates {', '.join(untried)}; a family of instances that does would be needed"
        return replace(verdict, kind="UNDECIDED", reason=reason)

    def dropped(self) -> list[str]:
        """What the claim that is varied assumes, and this one does not."""
        found = self.conjecture
        return [a for a in found.theorem.assumed_by(found.parent) if a not in found.theorem.assumed_by(found.claim)]

    def _stored(self) -> Iterator[Recalled]:
        claim, theorem = self.conjecture.claim, self.conjecture.theorem
        names = [o.name for o in claim.observables]
        for recalled in recall(theorem, self.store, names, or_dropped=[(a,) for a in self._free()]):
            relations = [theorem.assumption(a).relation for a in recalled.setup.dropped]
            verified = {o.name for relation in relations for o in observables_of(relation)}
            if recalled.setup.covers(claim) and verified <= set(recalled.setup.observables):
                yield recalled

    def _free(self) -> list[str]:
        """What the claim does not assume, so that it is claimed where that fails too."""
        claim, theorem = self.conjecture.claim, self.conjecture.theorem
        if claim.kind == "existence":
            return []
        assumed = theorem.assumed_by(claim)
        return [a.name for a in theorem.assumptions if a.name not in assumed and a.relation is not None]

    def _confirmed(self, experiments: Sequence[Experiment]) -> Verdict | None:
        """A refutation seen in stored evidence, measured again and shrunk; None where there is none, or it is not confirmed."""
        from .plainly import types_drawn
        from .refute import refute

        by_name = {e.name: e for e in experiments}
        found_in = [(v, r, w) for v, (r, w) in zip(self.verdicts, self._recalled, strict=True) if v.kind == "REFUTED"]
        confirmed: list[Verdict] = []
        for glanced, recalled, weighed in sorted(found_in, key=lambda vrw: order(vrw[0])):
            if confirmed and (len(confirmed) == CONFIRMED or confirmed[0].certified > glanced.certified):
                break
            experiment = by_name.get(recalled.setup.name)
            if experiment is None or not made_like(experiment, recalled):
                continue
            started = time.perf_counter()
            evidence = typed(recalled.evidence, types_drawn(experiment))
            real = Weighed(weighed.claim, experiment, evidence.instances, weighed.judged)
            found = refute(real, evidence, self.device)
            if found is not None:
                verdict = replace(
                    summarise(real, evidence.profile),
                    simplest=found.simplest,
                    worst=found.worst,
                    certified=found.certified,
                    failure=found.failure,
                    seconds=time.perf_counter() - started,
                )
                confirmed.append(self._note(verdict, experiment, evidence, "measured again and shrunk"))
        if not confirmed:
            return None
        examples = [v.simplest for v in confirmed if v.simplest is not None]
        return replace(confirmed[0], simplest=min(examples, key=lambda e: simplicity(e.instance)))

    def _searched(self, experiments: Sequence[Experiment], watch: Watch | None) -> Verdict:
        from .search import examine

        # what a glance saw is judged again, whole; until then it is what is known, but for what did not come back
        self._glanced = [v for v in self.verdicts if v.kind != "REFUTED"]
        self.verdicts.clear()
        claim = self.conjecture.claim

        def judged(experiment: Experiment, evidence: Evidence, whence: str) -> Verdict | None:
            verdict = examine(claim, experiment, evidence, self.device)
            self._note(verdict, experiment, evidence, whence)
            return verdict if verdict.kind == "REFUTED" else None

        missing = [e for e in experiments if self._kept(e) is None]
        for experiment in missing:  # what is plainly wrong needs no more than a look
            evidence = self._first_look(experiment, watch)
            excluded = claim.kind != "existence" and glance(claim, experiment, evidence).violations
            hit = judged(experiment, evidence, "a first look") if excluded else None
            if hit:
                return hit
        for experiment in experiments:
            kept = self._kept(experiment)
            evidence = kept or self._gathered(experiment, watch)
            hit = judged(experiment, evidence, "stored" if kept else "gathered")
            if hit:
                return hit
        for experiment in experiments:
            if experiment.search and not experiment.dropped:
                hit = judged(experiment, self._pursue(experiment, watch), "searched for this claim")
                if hit:
                    return hit
        return strongest([self._together(e.name) for e in experiments])

    def _together(self, experiment: str) -> Verdict:
        """What all evidence of one experiment says: the verdict on the largest part, with the counts of all parts.

        One witness is enough, wherever it is.
        """
        parts = [v for v in self.verdicts if v.experiment == experiment]
        main = max(parts, key=lambda v: (v.kind == "WITNESSED", v.rows))
        counts = ("instances", "rows", "silent", "undefined", "outside", "failure", "seconds")
        return replace(main, **{name: sum(getattr(v, name) for v in parts) for name in counts})

    def _kept(self, experiment: Experiment) -> Evidence | None:
        """What is stored of an experiment, in the profile asked for."""
        from .plainly import types_drawn

        for recalled, _ in self._recalled:
            if recalled.evidence.profile == self.profile and made_like(experiment, recalled):
                return typed(recalled.evidence, types_drawn(experiment))
        return None

    def _first_look(self, experiment: Experiment, watch: Watch | None) -> Evidence:
        from .gather import Gathering, find_profile, first_look

        self._gathering = Gathering(experiment, find_profile(self.profile), self.device, COMPARED, watch)
        first_look(self._gathering, COMPARED)
        return self._done()

    def _gathered(self, experiment: Experiment, watch: Watch | None) -> Evidence:
        from .gather import gather

        def keep(gathering: Gathering) -> None:
            self._gathering = gathering
            if watch is not None:
                watch(gathering)

        evidence = gather(experiment, self.profile, self.device, keep)
        self._gathering = None
        try:
            self.store.save(evidence)
        except OSError as problem:
            self.store.tell(f"evidence is not kept: {problem}")
        return evidence

    def _done(self) -> Evidence:
        assert self._gathering is not None
        evidence, self._gathering = self._gathering.evidence(), None
        return evidence

    def _pursue(self, experiment: Experiment, watch: Watch | None) -> Evidence:
        """Instances that a search guided by this claim alone comes to."""
        from .gather import Gathering, explore, find_profile

        profile, claim = find_profile(self.profile), self.conjecture.claim
        examples = experiment.search * profile.factor
        self._gathering = Gathering(experiment, profile, self.device, examples * experiment.batch, watch)
        explore(self._gathering, examples, [claim], salt=f":{sympy.sstr(claim.relation)}:{self.salt}")
        return self._done()

    def _note(self, verdict: Verdict, setup: Setup, evidence: Evidence, whence: str) -> Verdict:
        self.verdicts.append(verdict)
        self._violating.update(a for a in self.dropped() if violates(a, self.conjecture.claim, setup, evidence))
        seen = f"{verdict.instances} of {len(evidence.instances)} instances of {setup.name} ({whence})"
        finest = verdict.resolution.median
        resolved = f", resolution {finest:.1g}" if verdict.kind == "SURVIVED" and finest < math.inf else ""
        self.tried.append(f"{verdict.kind:<9} {seen}{resolved}, {verdict.seconds:.1f} s")
        return verdict


def violates(assumption: str, claim: Claim, setup: Setup, evidence: Evidence) -> bool:
    """Whether a row that counts for the claim violates an assumption, which the claim does not make."""
    if assumption in setup.dropped:
        return len(evidence.measurements) > 0
    counted, table = admitted(claim, setup, evidence.measurements), evidence.measurements
    assuming = replace(claim, assumes=(*setup.theorem.assumed_by(claim), assumption))
    return bool((counted & ~admitted(assuming, setup, table)).any())


def made_like(experiment: Experiment, recalled: Recalled) -> bool:
    """Whether stored evidence is what the experiment gathers today, as far as its first instances tell.

    A theorist's own file may have an experiment of that name, and a family may have been edited since.
    """
    from .draw import bulk
    from .gather import find_profile
    from .plainly import types_drawn

    setup, evidence = recalled.setup, recalled.evidence
    said = (setup.name, setup.made_by, setup.dropped, setup.only)
    if said != (experiment.name, experiment.made_by, experiment.dropped, experiment.only):
        return False
    kept = typed(evidence, types_drawn(experiment)).instances
    many, given = experiment.bulk * find_profile(evidence.profile).factor, experiment.examples
    if len(kept) < many + len(given):
        return False
    start = len(kept) - many
    drawn = (bulk(experiment.instances, f"{experiment.name}:{n}", **experiment.flags)[0] for n in range(min(many, 32)))
    return all(kept[k] == example for k, example in enumerate(given)) and all(
        kept[start + n] == instance for n, instance in enumerate(drawn)
    )


def typed(evidence: Evidence, types: dict[str, type]) -> Evidence:
    """Stored evidence with instances of their own classes."""
    instances = evidence.instances
    return replace(evidence, instances=instances.typed(types)) if isinstance(instances, Decoded) else evidence


def excluded_here(weighed: Weighed[Any], evidence: Evidence) -> Verdict:
    """The verdict on judged rows, with the counterexamples among them: not yet measured again, not shrunk."""
    verdict = summarise(weighed, evidence.profile)
    hits = weighed.violations
    if verdict.kind != "REFUTED":
        return verdict
    seen: dict[int, Judged] = {}
    for hit in hits:
        seen.setdefault(hit.element, hit)
    simplest = min(list(seen.values())[:COMPARED], key=lambda j: simplicity(weighed.instances[j.element]))
    chosen = [_excluded(weighed, j) for j in (simplest, hits[0])]
    first, worst = (describe_row(weighed.claim, e, weighed.experiment) for e in chosen)
    return replace(
        verdict,
        simplest=first,
        worst=worst,
        certified=all(e.certified for e in chosen),
        failure=evidence.ledger,
        reason=f"{verdict.reason}, as stored",
    )


def _excluded(weighed: Weighed[Any], hit: Judged) -> Excluded:
    claim, setup = weighed.claim, weighed.experiment
    return Excluded(
        weighed.instances[hit.element],
        hit.table,
        hit.row,
        hit.judgement,
        53,
        proved_row(claim, setup, hit.table, hit.row),
        failure_of(claim, hit.table, hit.row, setup),
        False,
    )
