"""A claim audited: gathered evidence, more effort where it is close, and confirmed counterexamples."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from theorems.statement import Claim, Saying, observables_of

from .evaluate import BITS
from .evidence import Evidence
from .experiment import Experiment, ExperimentError
from .gather import PROFILES, Profile, find_profile, gather
from .lint_values import holds_of_everything
from .measure import BUDGET, concatenate, look, look_precisely
from .refute import TRIED, refute
from .verdict import Verdict, strongest
from .weigh import Judged, Weighed, admitted, judge_evidence, judge_table, summarise, weigh

__all__ = ["PROFILES", "Profile", "audit", "examine", "find_profile", "gather", "weigh"]

CLOSE = 0.5
NEAREST = 4
SHARPENED = 32
PRECISE_BITS = 192


def audit(claim: Claim | Saying, *experiments: Experiment, profile: str = "quick", device: str = "cpu") -> Verdict:
    """Judge a claim on every experiment whose observables cover it: the strongest verdict.

    What a claim does not assume, it claims where it fails too: it is also tried on instances that violate what the
    experiments can drop.

    Raises `ExperimentError` when none covers it.
    """
    stated = claim.as_claim() if isinstance(claim, Saying) else claim
    if not isinstance(stated, Claim):
        raise TypeError(
            f"got {claim!r:.60} to audit; expected a claim; write get(NAME).claim(NAME), or attempt(NAME, relation)"
        )
    return strongest([examine(stated, e, gather(e, profile, device), device) for e in fitting(stated, experiments)])


def fitting(stated: Claim, experiments: Sequence[Experiment]) -> list[Experiment]:
    """The experiments that judge a claim, and those that drop what it does not assume.

    Raises `ExperimentError` when none covers it.
    """
    found = [e for e in experiments if e.covers(stated)]
    left_out = [] if found else [e for e in experiments if replace(e, only=None).covers(stated)]
    if left_out and stated.like:
        judged = dict.fromkeys(name for e in left_out for name in e.only or ())
        raise ExperimentError(
            f"a variant of {stated.like!r} over {', '.join(sorted(o.name for o in stated.observables))}",
            f"a variant of a claim that is judged where these are measured: {', '.join(judged)}",
            "name one by --like",
        )
    if left_out:
        raise ExperimentError(
            f"claim {stated.name!r}, which every experiment leaves out by its `only`",
            "an experiment that names it, or one without `only`",
            "give the claim a listed name, or write replace(experiment, only=None)",
        )
    if not found:
        names = {o.name for o in stated.observables}
        measured = [", ".join(e.observables) for e in experiments if not names.isdisjoint(e.observables)]
        raise ExperimentError(
            f"claim {stated.name!r} over {', '.join(sorted(names)) or 'no observable'}",
            f"symbols that one experiment measures ({'; or '.join(dict.fromkeys(measured)) or 'no experiment given'})",
            "add an experiment, or an observable to its simulator",
        )
    return found + [e.without(name) for e in found for name in _not_assumed(stated, e)]


def _nearest(names: Sequence[str], experiments: Sequence[Experiment]) -> str:
    """The experiments that measure most of the names, and what they lack."""
    if not experiments:
        return "no experiment given"
    lacking = {e.name: [n for n in names if n not in e.observables] for e in experiments}
    least = min(map(len, lacking.values()))
    near = [f"{name} lacks {', '.join(missing)}" for name, missing in lacking.items() if len(missing) == least]
    return "; ".join(near[:NEAREST])


def _not_assumed(claim: Claim, experiment: Experiment) -> tuple[str, ...]:
    """What the claim does not assume and the experiment can drop and verify (existence needs one instance only)."""
    if experiment.dropped or claim.kind == "existence":
        return ()
    theorem, measured = experiment.theorem, set(experiment.observables)
    open_ = [theorem.assumption(a) for a in experiment.assumptions if a not in theorem.assumed_by(claim)]
    verified = [a for a in open_ if a.relation is not None]
    return tuple(a.name for a in verified if {o.name for o in observables_of(a.relation)} <= measured)


def examine(claim: Claim, experiment: Experiment, evidence: Evidence, device: str = "cpu") -> Verdict:
    """Judge a claim on evidence of one experiment, sharpen what is close, confirm what is violated."""
    started = time.perf_counter()
    weighed = sharpen(judge_evidence(claim, experiment, evidence), device)
    verdict = summarise(weighed, evidence.profile)
    if verdict.kind == "REFUTED":
        found = refute(weighed, evidence, device)
        if found is None:
            verdict = _unconfirmed(weighed, evidence.profile)
        else:
            verdict = replace(
                verdict,
                simplest=found.simplest,
                worst=found.worst,
                certified=found.certified,
                failure=found.failure,
            )
    if verdict.kind == "SURVIVED" and holds_of_everything(claim):
        verdict = replace(verdict, kind="VACUOUS", reason="the relation holds of every value of its observables")
    return replace(verdict, seconds=time.perf_counter() - started)


def _unconfirmed(weighed: Weighed[Experiment], profile: str) -> Verdict:
    """The verdict on the other rows, where no violation came back; undecided where not all were measured again."""
    hits = weighed.violations
    again = summarise(replace(weighed, judged=tuple(j for j in weighed.judged if j not in hits)), profile)
    elements = len({j.element for j in hits})
    if elements > TRIED or not again.rows:
        again = replace(again, kind="UNDECIDED")
    tried = f"at the {TRIED} worst of {elements} instances" if elements > TRIED else "when measured again"
    return replace(again, reason=f"{len(hits)} violated rows did not come back {tried}")


def sharpen(weighed: Weighed[Experiment], device: str) -> Weighed[Experiment]:
    """Measure again, with more effort, the elements whose rows are close to violated or too blurred to tell."""
    claim, experiment = weighed.claim, weighed.experiment
    observe = experiment.observe
    if observe.limited_by == "exact" or (observe.limited_by == "rounding" and observe.precisely is None):
        return weighed
    wanted: dict[int, float] = {}
    accused = {j.element for j in weighed.violations}  # `refute` measures these again, and says what became of them
    for judged in weighed.judged:
        j = judged.judgement
        blurred = claim.goal < j.blur < math.inf
        if judged.element in accused:
            continue
        if j.status == "consistent" and (blurred or CLOSE <= j.excess <= 1):
            wanted[judged.element] = max(wanted.get(judged.element, -math.inf), j.excess)
    chosen = sorted(wanted, key=lambda e: (-wanted[e], e))[:SHARPENED]
    if not chosen:
        return weighed
    batch = [weighed.instances[e] for e in chosen]
    if observe.precisely is not None:
        bits = PRECISE_BITS
        table = concatenate([look_precisely(experiment, instance, bits) for instance in batch], chosen)
    else:
        bits = BITS
        finer = look(experiment, batch, delta=BUDGET / (8 * len(batch)), effort=1, device=device)
        table = replace(finer, element=np.array(chosen)[finer.element])
    rows = judge_table(claim, table, admitted(claim, experiment, table), bits)
    kept = tuple(j for j in weighed.judged if j.element not in set(chosen))
    return replace(weighed, judged=kept + tuple(Judged(table, r, j) for r, j in rows))
