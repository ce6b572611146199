"""A claim weighed on stored measurements: which rows count, and what they say together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from flint import arb

from simulators.measurement import Measurement, Measurements
from theorems.statement import Assumption, Claim, observables_of

from .evaluate import BITS
from .evidence import Evidence
from .experiment import ExperimentError
from .judge import Judgement, compile_claim, rows, severity
from .measure import select
from .setup import Setup
from .verdict import Resolution, Verdict, describe

S = TypeVar("S", bound=Setup)
_STATUSES: WeakKeyDictionary[Measurements, dict[Any, np.ndarray]] = WeakKeyDictionary()
MISSED_SHARE = 0.01
BLIND_SHARE = 0.5
SHOWN = 12


class Judged(NamedTuple):
    """One judged row of a table."""

    table: Measurements
    row: int
    judgement: Judgement

    @property
    def element(self) -> int:
        """The instance that the row speaks of."""
        return int(self.table.element[self.row])


@dataclass(frozen=True, eq=False)
class Weighed(Generic[S]):
    """A claim judged row by row: the rows that count.  Elements of every table point into ``instances``."""

    claim: Claim
    experiment: S
    instances: Sequence[Any]
    judged: tuple[Judged, ...]

    @property
    def violations(self) -> list[Judged]:
        """The violated rows, the worst first."""
        hits = [j for j in self.judged if j.judgement.status == "violated"]
        return sorted(hits, key=lambda j: (*(-s for s in severity(j.judgement)), j.row))


def judge_table(
    claim: Claim, table: Measurements, mask: np.ndarray, bits: int = BITS
) -> Iterator[tuple[int, Judgement]]:
    """The judgement of every row that the mask admits, with its row number."""
    numbers = np.flatnonzero(mask)
    judge = compile_claim(claim.relation, bits)
    chosen = table if len(numbers) == len(table) else select(table, numbers)
    for number, row in zip(numbers.tolist(), rows(chosen, [o.name for o in claim.observables]), strict=True):
        yield number, judge(row)


def admitted(claim: Claim, experiment: Setup, table: Measurements) -> np.ndarray:
    """Which rows count for a claim: none of its assumptions is certainly violated, each dropped one certainly is."""
    mask = np.ones(len(table), dtype=bool)
    theorem = experiment.theorem
    for assumption in theorem.assumptions:
        if assumption.name in experiment.dropped:
            mask &= _violated(assumption, experiment, table, required=True)
        elif assumption.name in theorem.assumed_by(claim):
            mask &= ~_violated(assumption, experiment, table, required=False)
    return mask


def _violated(assumption: Assumption, experiment: Setup, table: Measurements, required: bool) -> np.ndarray:
    relation = assumption.relation
    names = [o.name for o in observables_of(relation)] if relation is not None else []
    if relation is None or not set(names) <= set(table.columns):
        if required:
            raise ExperimentError(
                f"assumption {assumption.name!r} dropped in experiment {experiment.name}",
                f"a relation over measured observables ({', '.join(names) or 'none stated'})",
                "measure what verifies it, so that a counterexample is certified to violate it",
            )
        return np.zeros(len(table), dtype=bool)
    cache = _STATUSES.setdefault(table, {})
    if relation not in cache:
        judge = compile_claim(relation)
        cache[relation] = np.array([judge(row).status == "violated" for row in rows(table, names)], dtype=bool)
    return cache[relation]


def judge_evidence(claim: Claim, experiment: S, evidence: Evidence) -> Weighed[S]:
    """The claim on every row of the evidence that counts."""
    table = evidence.measurements
    rows_judged = judge_table(claim, table, admitted(claim, experiment, table))
    return Weighed(claim, experiment, evidence.instances, tuple(Judged(table, r, j) for r, j in rows_judged))


def weigh(claim: Claim, experiment: Setup, evidence: Evidence) -> Verdict:
    """The verdict on stored evidence alone: no new instance, no confirmation."""
    return summarise(judge_evidence(claim, experiment, evidence), evidence.profile)


def summarise(weighed: Weighed[Any], profile: str) -> Verdict:
    """What the judged rows say together; a violation here is not yet confirmed."""
    claim, experiment = weighed.claim, weighed.experiment
    counts = Counter(j.judgement.status for j in weighed.judged)
    spoken = [j for j in weighed.judged if j.judgement.status in ("violated", "consistent")]
    resolution = _resolution([j.judgement for j in spoken], claim.goal)
    kind, reason = _kind(claim, counts, resolution, [j.judgement for j in spoken])
    nearest, tightness = tightest(claim, spoken)
    witness = _witness(claim, experiment, spoken) if kind == "WITNESSED" else None
    if witness is not None and not proved_row(claim, experiment, witness.table, witness.row):
        reason = "an instance shows it, by error bars that are not proved"
    return Verdict(
        kind=kind,
        theorem=experiment.theorem.name,
        claim=claim.name,
        relation=claim.relation,
        experiment=experiment.name,
        profile=profile,
        instances=len({j.element for j in spoken}),
        rows=len(spoken),
        silent=counts["silent"],
        undefined=counts["undefined"],
        outside=counts["outside"],
        resolution=resolution,
        tightest=None if nearest is None else weighed.instances[nearest.element],
        tightness=tightness,
        witness=None if witness is None else weighed.instances[witness.element],
        failure=sum(failure_of(claim, j.table, j.row, experiment) for j in spoken)
        if experiment.limited_by == "sampling"
        else 0.0,
        reason=reason,
        dropped=experiment.dropped,
        measured=_measured(claim, weighed.instances, spoken) if kind == "MEASURED" else (),
    )


def _measured(claim: Claim, instances: Sequence[Any], spoken: list[Judged]) -> tuple[str, ...]:
    """The first rows in words: the instance, and every observable of the claim with its error bar."""
    lines = []
    for element, row, table in [(j.element, j.row, j.table) for j in spoken[:SHOWN]]:
        index = "".join(f", {name} = {values[row]}" for name, values in table.index.items())
        shown = ", ".join(f"{o.name} = {value_of(table.columns[o.name], row)}" for o in claim.observables)
        lines.append(f"{describe(instances[element])}{index}: {shown}")
    left = len(spoken) - SHOWN
    return (*lines, f"and {left} rows more") if left > 0 else tuple(lines)


def value_of(column: Measurement, row: int) -> str:
    """A measured value to four digits, for display only."""
    value, radius = column.mid[row], float(column.rad[row])
    if column.kind == "ball":  # rationals have no radius, and give one to the ball that holds them
        radius = float(value.rad()) if isinstance(value, arb) else 0.0
        value = float(arb(value).mid())
    if column.kind not in ("real", "ball"):
        return str(value)
    return f"{value:.4g}" + (f" ± {radius:.1g}" if radius else "")


def _witness(claim: Claim, experiment: Setup, spoken: list[Judged]) -> Judged:
    """The first row that certainly obeys, one whose error bars are proofs if there is any."""
    certain = [j for j in spoken if j.judgement.certain]
    return next((j for j in certain if proved_row(claim, experiment, j.table, j.row)), certain[0])


def proved_row(claim: Claim, experiment: Setup, table: Measurements, row: int) -> bool:
    """Whether every error bar behind a judged row is a proof."""
    names = names_behind(claim, experiment)
    return all(table.columns[name].proved for name in names) and failure_of(claim, table, row, experiment) == 0


def names_behind(claim: Claim, experiment: Setup) -> tuple[str, ...]:
    """The observables that a judged row rests on: the claim's, and those that certify what is dropped."""
    relations = [a.relation for a in experiment.theorem.assumptions if a.name in experiment.dropped]
    found = {o.name for relation in relations if relation is not None for o in observables_of(relation)}
    return tuple(sorted(found | {o.name for o in claim.observables}))


def failure_of(claim: Claim, table: Measurements, row: int, experiment: Setup) -> float:
    """The probability that some interval behind a row of a claim is wrong."""
    return float(sum(table.columns[name].failure[row] for name in names_behind(claim, experiment)))


def _resolution(judged: list[Judgement], goal: float) -> Resolution:
    finite = sorted(j.resolution for j in judged if j.resolution < math.inf)
    if not finite:
        return Resolution(infinite=1.0 if judged else 0.0)
    missed = sum(1 for j in judged if j.blur < math.inf and j.blur > goal)
    return Resolution(finite[0], finite[len(finite) // 2], 1 - len(finite) / len(judged), missed / len(finite))


def _kind(claim: Claim, counts: Counter[str], resolution: Resolution, spoken: list[Judgement]) -> tuple[str, str]:
    if not spoken:
        if counts["silent"] or counts["undefined"] or counts["outside"]:
            said = ", ".join(f"{n} {what}" for what, n in counts.items() if n)
            return "VACUOUS", f"no row speaks of the claim: {said}"
        return "VACUOUS", "no instance has a row that satisfies the assumptions"
    if claim.kind == "existence":
        if any(j.certain for j in spoken):
            return "WITNESSED", "an instance certifies it"
        return "UNDECIDED", f"no witness among {len(spoken)} rows; a new family of instances would be needed"
    if counts["violated"]:
        return "REFUTED", f"{counts['violated']} of {len(spoken)} rows exclude it"
    if claim.kind == "empirical":
        return "MEASURED", f"the intervals of {len(spoken)} rows agree with it"
    undefined = counts["undefined"] + counts["outside"]
    if undefined > len(spoken):
        return "UNDECIDED", (
            f"it is not defined on {undefined} of {undefined + len(spoken)} rows:"
            " write Implies(…) with a premise that excludes them, or multiply it out"
        )
    if resolution.missed > MISSED_SHARE:
        return "UNDECIDED", (
            f"{resolution.missed:.0%} of the rows have error bars wider than the goal {claim.goal:.0e};"
            " smaller radii (more effort, or another simulator) would decide"
        )
    if resolution.infinite > BLIND_SHARE:
        return "UNDECIDED", (
            f"{resolution.infinite:.0%} of the rows could see no relative deviation at all:"
            " if one side is 0 by construction, write Eq(a, b) for Eq(a - b, 0)"
        )
    unseen = (undefined + resolution.infinite * len(spoken)) / (undefined + len(spoken))
    if unseen > BLIND_SHARE:
        return "UNDECIDED", f"{unseen:.0%} of the rows are blind, or the claim is not defined there"
    return "SURVIVED", ""


def attains(judgement: Judgement, goal: float) -> bool:
    """Whether error bars at least as fine as the goal allow the two sides of a bound, which have a ratio, to be equal."""
    near = judgement.status == "consistent" and judgement.excess >= -1 and judgement.blur <= goal
    return near and not math.isnan(judgement.ratio)


def tightest(claim: Claim, spoken: Iterable[Judged]) -> tuple[Judged | None, float]:
    """For a bound the first instance that attains it (given examples are first), else that of the largest `Judgement.ratio`.

    For any other claim the row of the largest excess.  The number is the ratio, or the excess.
    """
    rows = sorted(spoken, key=lambda j: j.element)  # what was measured again stands behind what was not
    if claim.kind != "bound":
        return _largest([(j, j.judgement.excess) for j in rows])
    rated = [(j, j.judgement.ratio) for j in rows]
    return next((found for found in rated if attains(found[0].judgement, claim.goal)), None) or _largest(rated)


def _largest(rated: list[tuple[Judged, float]]) -> tuple[Judged | None, float]:
    finite = [(judged, value) for judged, value in rated if math.isfinite(value)]
    return max(finite, key=lambda found: found[1], default=(None, -math.inf))
