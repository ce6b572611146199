"""From a violated row to a counterexample: shrink it, confirm it, write it down."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass, replace
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis.database import InMemoryExampleDatabase, choices_to_bytes
from hypothesis.errors import NoSuchExample

from simulators.measurement import Measurements
from theorems.statement import Claim

from .counterexample import Excluded, describe_row, violated
from .draw import strategy
from .evidence import Evidence
from .experiment import Experiment
from .judge import Judgement
from .measure import BUDGET, LEDGER, SimulatorError, look, look_precisely
from .verdict import Counterexample, simplicity
from .weigh import Weighed, failure_of, proved_row

LOOKS = 300
TRIED = 16
SORTED = 2_000
MET = 4
CONFIRM_BITS = 256
_KEY = b"offender"


@dataclass(frozen=True)
class Refutation:
    """What the search shows of a refuted claim."""

    simplest: Counterexample
    worst: Counterexample
    certified: bool
    failure: float


def refute(weighed: Weighed[Experiment], evidence: Evidence, device: str) -> Refutation | None:
    """Confirm the worst violation and the simplest one; None when none of the `TRIED` worst elements is confirmed.

    Raises `SimulatorError` when a radius that claims to be a proof is contradicted at higher precision.
    """
    claim, experiment, spent = weighed.claim, weighed.experiment, LEDGER.total
    elements = list(dict.fromkeys(j.element for j in weighed.violations))
    worst = next((c for e in elements[:TRIED] if (c := confirm(claim, experiment, weighed.instances[e], device))), None)
    if worst is None:
        return None
    # what only a finer measurement excludes is not shrunk: a search at the first effort would not see it
    seen = {j.element for j in weighed.violations if j.table is evidence.measurements}
    drawn = [evidence.choices[e] for e in elements if e in seen and evidence.choices[e]]
    offender = min(drawn, key=lambda choices: (len(choices), choices), default=())
    shrunk = shrink(claim, experiment, offender, device) if seen else None
    met = sorted((weighed.instances[e] for e in elements[:SORTED]), key=simplicity)[:MET]
    candidates = sorted([*met, *([] if shrunk is None else [shrunk])], key=simplicity)
    simplest = next((c for i in candidates if (c := confirm(claim, experiment, i, device))), worst)
    certified = simplest.certified and worst.certified
    return Refutation(
        describe_row(claim, simplest, experiment),
        describe_row(claim, worst, experiment),
        certified,
        0.0 if certified else LEDGER.total - spent,  # every look that could have brought about this answer
    )


def shrink(claim: Claim, experiment: Experiment, offender: tuple[int, ...], device: str) -> Any:
    """The simplest instance that Hypothesis finds from the offender's choices (None: it found none)."""
    seen: dict[tuple[int, ...], bool] = {}

    def offends(drawn: Any) -> bool:
        instance, made = drawn
        if made not in seen:  # the last word must not depend on how many looks are left: Hypothesis asks again
            if len(seen) == LOOKS:
                return False
            table = look(experiment, [instance], delta=BUDGET / (4 * LOOKS), device=device)
            seen[made] = violated(claim, experiment, table) is not None
        return seen[made]

    database = InMemoryExampleDatabase()
    if offender:
        # The secondary key is the one that Hypothesis shrinks again instead of trusting as already minimal.
        database.save(_KEY + b".secondary", choices_to_bytes(offender))
    try:
        return find(
            strategy(experiment.instances, **experiment.flags),
            offends,
            settings=settings(
                max_examples=LOOKS,
                database=database,
                derandomize=False,
                deadline=None,
                phases=(Phase.reuse if offender else Phase.generate, Phase.shrink),
                suppress_health_check=tuple(HealthCheck),
                verbosity=Verbosity.quiet,
            ),
            # With a seed of ours Hypothesis reads no database; without one it needs none: nothing is generated.
            random=None if offender else Random(0),
            database_key=_KEY,
        )[0]
    except NoSuchExample:
        return None


def confirm(claim: Claim, experiment: Experiment, instance: Any, device: str) -> Excluded | None:
    """Measure the instance again, independently or more precisely; None when the violation does not come back.

    A violation that the first effort cannot see came from a finer look: a still finer one must agree.
    """
    observe = experiment.observe
    first = look(experiment, [instance], delta=BUDGET / 8, device=device)
    before = violated(claim, experiment, first)
    if observe.precisely is not None:
        table = look_precisely(experiment, instance, CONFIRM_BITS)
        hit = violated(claim, experiment, table, CONFIRM_BITS)
        if hit is None:
            if before is not None and proved_row(claim, experiment, first, before[0]):
                raise SimulatorError(
                    experiment,
                    f"its radius at 53 bits excludes {claim.name}, which {CONFIRM_BITS} bits allow",
                    instance,
                )
            return None
        return _confirmed(claim, experiment, instance, table, hit, CONFIRM_BITS)
    finer = 0 if before is not None else 1
    if observe.limited_by == "sampling" and is_dataclass(instance) and hasattr(instance, "seed"):
        instance = replace(instance, seed=instance.seed + 1_000_003)  # type: ignore[type-var]
        table = look(experiment, [instance], delta=BUDGET / 8, effort=finer, device=device)
    else:
        table = look(experiment, [instance], delta=BUDGET / 8, effort=finer + 1, device=device)
    hit = violated(claim, experiment, table)
    return None if hit is None else _confirmed(claim, experiment, instance, table, hit, 53)


def _confirmed(
    claim: Claim, experiment: Experiment, instance: Any, table: Measurements, hit: tuple[int, Judgement], bits: int
) -> Excluded:
    failure = failure_of(claim, table, hit[0], experiment)
    return Excluded(instance, table, *hit, bits, proved_row(claim, experiment, table, hit[0]), failure, True)
