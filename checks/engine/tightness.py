"""How close to its limit a bound is driven: by given examples, by the search, and by an ascent from where they came nearest.

A ratio of 1 means that the sides are equal.  What is reached is a lower bound on the supremum over the family, certified by the
error bars; only 1 settles it.  Where the sides have no common sign there is no ratio, and the slack in error bars stands for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from theorems.statement import Claim, Saying

from .comparisons import Comparison, comparisons
from .evidence import Evidence
from .judge import Judgement
from .reached import Reached, Tightness, combined, measured_again, place_of, record
from .setup import Setup
from .stored import Recalled
from .weigh import Judged, attains, judge_evidence, tightest

if TYPE_CHECKING:  # stored evidence is read without torch and Hypothesis
    from .experiment import Experiment
    from .gather import Gathering, Watch
    from .store import Store

LOOKS = (6, 24)
RANKS = (0, 1, 2, 8, 32, 128)
CANDIDATES = 4


def tightness(
    claim: Claim | Saying,
    *sources: Experiment | Recalled,
    profile: str = "quick",
    device: str = "cpu",
    store: Store | None = None,
    ascend: bool = True,
    watch: Watch | None = None,
) -> Tightness:
    """How nearly the instances of experiments attain a bound, and where.

    First on evidence: that of a `Recalled` source, that which ``store`` kept of an experiment, or else gathered; then, unless it
    is attained there, by an ascent over the choices that instances are made of.  Deterministic; the same evidence that an audit
    of ``profile`` sees.  Ctrl-C during the ascent gives the best so far.  A bound that certified error bars exclude is refuted.
    Raises `ExperimentError` when no experiment covers the claim.
    """
    stated = claim.as_claim() if isinstance(claim, Saying) else claim
    parts = [part for part in comparisons(stated) if part.is_bound]
    if not parts:
        return Tightness("no question", stated, reason=_no_question(stated))
    seen, interrupted = _evidence(stated, sources, profile, device, store, watch)
    search = _Search(profile, device, ascend and not interrupted, watch)
    found = combined(stated, [search.of(part, seen) for part in parts])
    return replace(found, interrupted=found.interrupted or interrupted)


def _no_question(claim: Claim) -> str:
    if claim.kind == "identity":
        return "an identity has no slack: tightness is no question"
    return "no inequality to be attained: tightness is no question"


def _evidence(
    claim: Claim,
    sources: Sequence[Experiment | Recalled],
    profile: str,
    device: str,
    store: Store | None,
    watch: Watch | None,
) -> tuple[list[tuple[Setup, Evidence]], bool]:
    """The setups that judge the claim, each with what was measured; and whether that was cut short."""
    recalled = [(s.setup, s.evidence) for s in sources if isinstance(s, Recalled) and s.setup.covers(claim)]
    experiments = [s for s in sources if not isinstance(s, Recalled)]
    if not experiments and recalled:
        return list(recalled), False
    from .gather import gather
    from .plainly import types_drawn
    from .search import fitting

    found: list[tuple[Setup, Evidence]] = list(recalled)
    making: list[Gathering] = []

    def watched(gathering: Gathering) -> None:
        making[:] = [gathering]
        if watch is not None:
            watch(gathering)

    for experiment in fitting(claim, experiments):
        kept = None
        if store is not None:
            types = types_drawn(experiment)
            kept = store.load(experiment.theorem.name, experiment.name, profile, experiment.observe.source_hash, types)
        try:
            found.append((experiment, kept or gather(experiment, profile, device, watched)))
        except KeyboardInterrupt:
            if making and making[0].experiment == experiment:
                found.append((experiment, making[0].evidence()))
            if not found:
                raise
            return found, True
    return found, False


class _Search:
    def __init__(self, profile: str, device: str, ascend: bool, watch: Watch | None) -> None:
        self.profile, self.device, self.ascend, self.watch = profile, device, ascend, watch

    def of(self, part: Comparison, seen: list[tuple[Setup, Evidence]]) -> Tightness:
        """The tightness of one comparison."""
        claim = part.claim
        read = [(setup, evidence, _spoken(claim, setup, evidence)) for setup, evidence in seen]
        rows = [judged for _, _, judged in read]
        signed = any(math.isfinite(j.judgement.ratio) for judged in rows for j in judged)
        if not any(rows):
            return Tightness("not measured", claim, reason="no row speaks of it")
        fitness = _ratio if signed else _slack
        first = self._best(part, read, fitness, "search")
        found = Tightness(
            "", claim, signed=signed, reached=first, on_evidence=first,
            instances=sum(len({j.element for j in judged}) for judged in rows), rows=sum(map(len, rows)),
            at_most=max((_at_most(j.judgement) for judged in rows for j in judged), default=math.nan),
            approach=record(read, fitness),
        )  # fmt: skip
        found = self._refuted(part, found, read)
        if found.kind or (first is not None and first.attained) or not self.ascend:
            return found
        return self._climbed(part, found, read, fitness)

    def _best(
        self, part: Comparison, read: Any, fitness: Callable[[Judgement], float], found_by: str
    ) -> Reached | None:
        """The place where it is nearest: of those that attain it the first that still does when measured again, finer."""
        best: Reached | None = None
        for setup, evidence, judged in read:
            nearest = _nearest(part.claim, judged, fitness)
            if nearest is None:
                continue
            candidates = [nearest]
            if attains(nearest.judgement, part.claim.goal):
                others = [j for j in judged if j.element != nearest.element and attains(j.judgement, part.claim.goal)]
                candidates += list({j.element: j for j in reversed(others[: 4 * CANDIDATES])}.values())[::-1]
            for candidate in candidates[:CANDIDATES]:
                reached = place_of(part, setup, evidence, candidate, found_by)
                reached = measured_again(part, setup, reached, self.device)
                if best is None or reached.better_than(best):
                    best = reached
                if reached.attained:
                    return reached
        return best

    def _refuted(self, part: Comparison, found: Tightness, read: Any) -> Tightness:
        """Hands over to the search what error bars exclude: it measures again, confirms and shrinks."""
        for setup, evidence, judged in read:
            if not any(j.judgement.status == "violated" for j in judged):
                continue
            if not hasattr(setup, "instances"):  # evidence alone: the search needs the experiment
                return replace(
                    found, kind="refuted", reason="an error bar excludes it; `theorem-audit try` confirms it"
                )
            from .search import examine

            verdict = examine(part.claim, setup, evidence, self.device)
            if verdict.kind == "REFUTED":
                return replace(found, kind="refuted", refutation=verdict, reason="the bound is exceeded")
            found = replace(found, reason="rows that exceed it did not come back when they were measured again")
        return found

    def _climbed(
        self, part: Comparison, found: Tightness, read: Any, fitness: Callable[[Judgement], float]
    ) -> Tightness:
        """The same after ascents from the instances that came nearest, experiment by experiment."""
        starts = _starts(read, fitness)
        if not starts:
            return self._refined(part, found, read, fitness)
        from .ascent import Ascent
        from .gather import Gathering, find_profile

        factor = find_profile(self.profile).factor
        goal, stop = part.claim.goal, False

        def watched(judgement: Judgement) -> float:
            nonlocal stop
            stop = stop or judgement.status == "violated" or attains(judgement, goal)
            return fitness(judgement)

        for setup, evidence, chosen in starts:
            looks = min(max(LOOKS[0], len(evidence.instances) // 64), LOOKS[1] * factor)
            gathering = Gathering(setup, find_profile(self.profile), self.device, looks * 64, self.watch)
            ascent = Ascent(part.claim, gathering, watched)
            try:
                ascent.run(chosen, looks, lambda: stop)
            except KeyboardInterrupt:
                found = replace(found, interrupted=True)
            if gathering.instances:
                found = self._taken_in(part, found, setup, gathering.evidence(), fitness, ascent.looks)
            if stop or found.interrupted:
                break
        if found.kind or found.interrupted or (found.reached is not None and found.reached.attained):
            return found
        return self._refined(part, found, read, fitness)

    def _taken_in(
        self, part: Comparison, found: Tightness, setup: Any, evidence: Evidence, fitness: Any, looks: int
    ) -> Tightness:
        judged = _spoken(part.claim, setup, evidence)
        read = [(setup, evidence, judged)]
        best = self._best(part, read, fitness, "ascent")
        if best is not None and (found.reached is None or best.better_than(found.reached)):
            found = replace(found, reached=best)
        most = [_at_most(j.judgement) for j in judged]
        found = replace(
            found, looks=found.looks + looks, climbed=found.climbed + len(evidence.instances),
            at_most=max([found.at_most, *(m for m in most if not math.isnan(m))]),
            approach=record(read, fitness, found.approach),
        )  # fmt: skip
        return self._refuted(part, found, read)

    def _refined(self, part: Comparison, found: Tightness, read: Any, fitness: Any) -> Tightness:
        best = found.reached
        setup = next((s for s, _, _ in read if best is not None and s.name == best.experiment), None)
        if best is None or setup is None or not hasattr(setup, "instances"):
            return found
        from .nudge import nudged

        try:
            further, looks, exceeded = nudged(part.claim, setup, best.instance, fitness, self.device)
        except KeyboardInterrupt:
            return replace(found, interrupted=True)
        found = replace(found, looks=found.looks + looks, exceeded=exceeded)
        if further is None:
            return found
        off_grid = replace(best, instance=further, found_by="nudge", choices=())
        off_grid = measured_again(part, setup, off_grid, self.device, whatever=True)
        return replace(found, refined=off_grid) if off_grid.better_than(best) else found


def _spoken(claim: Claim, setup: Setup, evidence: Evidence) -> list[Judged]:
    judged = judge_evidence(claim, setup, evidence).judged
    return [j for j in judged if j.judgement.status in ("consistent", "violated")]


def _ratio(judgement: Judgement) -> float:
    return judgement.ratio if math.isfinite(judgement.ratio) else -math.inf


def _slack(judgement: Judgement) -> float:
    return judgement.excess


def _nearest(claim: Claim, judged: list[Judged], fitness: Callable[[Judgement], float]) -> Judged | None:
    """The row that a verdict calls tightest; without a ratio that of the least slack in error bars."""
    if fitness is _ratio:
        return tightest(replace(claim, kind="bound"), judged)[0]
    return max(judged, key=lambda j: j.judgement.excess, default=None)


def _at_most(judgement: Judgement) -> float:
    """The largest ratio that the error bars of a row allow."""
    if math.isnan(judgement.ratio):
        return math.nan
    if math.isinf(judgement.excess) or math.isinf(judgement.blur):
        return judgement.ratio if judgement.blur == 0 else math.nan
    return max(judgement.ratio, 1 + (judgement.excess + 1) * judgement.blur)


def _starts(read: Any, fitness: Callable[[Judgement], float]) -> list[tuple[Any, Evidence, list[tuple[Any, float]]]]:
    """For each experiment, best first, the choices of instances that came near, some of them not the very nearest."""
    found = []
    for setup, evidence, judged in read:
        if not hasattr(setup, "instances"):
            continue
        values: dict[int, float] = {}
        for j in judged:
            if evidence.choices[j.element]:
                values[j.element] = max(values.get(j.element, -math.inf), fitness(j.judgement))
        order = sorted(values, key=lambda e: (-values[e], e))
        chosen = [order[rank] for rank in RANKS if rank < len(order) and values[order[rank]] > -math.inf]
        if chosen:
            found.append((setup, evidence, [(evidence.choices[e], values[e]) for e in chosen]))
    return sorted(found, key=lambda f: -f[2][0][1])
