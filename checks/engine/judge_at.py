"""A relation judged on one instance, measured anew: what a counterexample's line of Python and `theorem-audit replay` do."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from theorems import get
from theorems.statement import Claim, Theorem

from .counterexample import describe_row
from .experiment import Experiment, ExperimentError
from .measure import BUDGET, look
from .refute import confirm
from .verdict import Verdict
from .weigh import Judged, Weighed, admitted, judge_table, summarise


def judge_at(
    theorem: str | Theorem,
    relation: Any,
    experiment: str | Experiment,
    instance: Any,
    *,
    without: tuple[str, ...] = (),
    assumes: tuple[str, ...] | None = None,
    device: str = "cpu",
) -> Verdict:
    """Measure one instance and judge a relation on it.

    ``theorem`` and ``experiment`` are those of the catalogue by name, or one's own; ``relation`` is text as people type it
    (parsed, never run), or a relation.  ``without`` names the assumptions that the instance violates, ``assumes`` those
    that the relation rests on (None: all of the theorem).  A violation is confirmed, with more bits or on another stream.

    Raises `StatementError` for an unknown theorem, LookupError for an unknown experiment, `ExperimentError` for symbols that
    are not measured, `ParseError` for text that states no relation, `SimulatorError` where the simulator refuses the instance.
    """
    stated = get(theorem) if isinstance(theorem, str) else theorem
    found = _experiment(stated, experiment, without)
    claim = _claim(stated, relation, assumes)
    unmeasured = sorted({o.name for o in claim.observables} - set(found.observables))
    if unmeasured:
        raise ExperimentError(
            f"a relation over {', '.join(unmeasured)}, which experiment {found.name} does not measure",
            f"symbols among {', '.join(sorted(found.observables))}",
            "name another experiment",
        )
    return judge_again(claim, found, instance, device)


def judge_again(claim: Claim, experiment: Experiment, instance: Any, device: str = "cpu") -> Verdict:
    """The verdict on one instance alone: measured at the first effort, and where it is refuted confirmed."""
    started = time.perf_counter()
    table = look(experiment, [instance], delta=BUDGET / 8, device=device)
    judged = judge_table(claim, table, admitted(claim, experiment, table))
    weighed = Weighed(claim, experiment, (instance,), tuple(Judged(table, r, j) for r, j in judged))
    verdict = summarise(weighed, "")
    again = confirm(claim, experiment, instance, device) if claim.kind != "existence" else None
    if again is not None:
        example = describe_row(claim, again, experiment)
        verdict = replace(
            verdict,
            kind="REFUTED",
            reason=verdict.reason if verdict.kind == "REFUTED" else "excluded when measured more precisely",
            simplest=example,
            worst=example,
            certified=again.certified,
            failure=again.failure,
        )
    elif verdict.kind == "REFUTED":
        verdict = replace(verdict, kind="UNDECIDED", reason="the violation did not come back when measured again")
    return replace(verdict, seconds=time.perf_counter() - started)


def _experiment(theorem: Theorem, given: str | Experiment, without: tuple[str, ...]) -> Experiment:
    if not isinstance(given, str):
        return given.without(*without) if without else given
    from ..experiments import find_experiment

    return find_experiment(theorem.name, given, without, parent=theorem.parent)


def _claim(theorem: Theorem, relation: Any, assumes: tuple[str, ...] | None) -> Claim:
    """The theorem's own claim or saying of that relation, else one without a name."""
    from .parse import parse

    stated = parse(relation, theorem) if isinstance(relation, str) else relation
    known = [*theorem.claims, *(s.as_claim() for s in theorem.sayings)]
    claim = next((c for c in known if c.relation == stated), Claim("relation", stated))
    return replace(claim, assumes=theorem.assumed_by(claim) if assumes is None else assumes)
