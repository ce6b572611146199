"""From a violated row to a counterexample: shrink it, confirm it, write it down."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass, replace
from random import Random
from typing import Any

import numpy as np
from flint import arb, ctx
from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis.database import InMemoryExampleDatabase, choices_to_bytes
from hypothesis.errors import NoSuchExample
from sympy import sstr

from simulators.measurement import Measurements
from theorems.statement import Claim

from .draw import strategy
from .evaluate import exact
from .evidence import Evidence
from .experiment import Experiment
from .judge import Judgement, number, rows, sides
from .measure import BUDGET, SimulatorError, look, look_precisely, select
from .verdict import Counterexample
from .weigh import Weighed, admitted, failure_of, judge_table, proved_row

LOOKS = 300
TRIED = 16
CONFIRM_BITS = 256
_KEY = b"offender"


@dataclass(frozen=True, eq=False)
class Confirmed:
    """A violated row of one instance, measured again: on another stream, with more effort or in more bits."""

    instance: Any
    table: Measurements
    row: int
    judgement: Judgement
    bits: int
    certified: bool
    failure: float


@dataclass(frozen=True)
class Refutation:
    """What the search shows of a refuted claim."""

    simplest: Counterexample
    worst: Counterexample
    certified: bool
    failure: float


def refute(weighed: Weighed, evidence: Evidence, device: str) -> Refutation | None:
    """Confirm the worst violation and the simplest one; None when none of the `TRIED` worst elements is confirmed.

    Raises `SimulatorError` when a radius that claims to be a proof is contradicted at higher precision.
    """
    claim, experiment = weighed.claim, weighed.experiment
    elements = list(dict.fromkeys(j.element for j in weighed.violations))
    worst = next((c for e in elements[:TRIED] if (c := confirm(claim, experiment, weighed.instances[e], device))), None)
    if worst is None:
        return None
    # what only a finer measurement excludes is not shrunk: a search at the first effort would not see it
    seen = {j.element for j in weighed.violations if j.table is evidence.measurements}
    drawn = [evidence.choices[e] for e in elements if e in seen and evidence.choices[e]]
    offender = min(drawn, key=lambda choices: (len(choices), choices), default=())
    found = shrink(claim, experiment, offender, device) if seen else None
    simplest = (confirm(claim, experiment, found, device) if found is not None else None) or worst
    both = (simplest, worst)
    return Refutation(
        _describe(claim, simplest),
        _describe(claim, worst),
        all(c.certified for c in both),
        sum(c.failure for c in both),
    )


def violated(
    claim: Claim, experiment: Experiment, table: Measurements, bits: int = 128
) -> tuple[int, Judgement] | None:
    """The violated row of largest excess, if any."""
    judged = judge_table(claim, table, admitted(claim, experiment, table), bits)
    hits = [(r, j) for r, j in judged if j.status == "violated"]
    return max(hits, key=lambda rj: (rj[1].excess, -rj[0])) if hits else None


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


def confirm(claim: Claim, experiment: Experiment, instance: Any, device: str) -> Confirmed | None:
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
) -> Confirmed:
    failure = failure_of(claim, table, hit[0], experiment)
    return Confirmed(instance, table, *hit, bits, proved_row(claim, experiment, table, hit[0]), failure)


def _describe(claim: Claim, found: Confirmed) -> Counterexample:
    names = sorted(found.table.columns)
    row = next(iter(rows(select(found.table, np.array([found.row])), names)))
    before, ctx.prec = ctx.prec, max(found.bits, 128)
    try:
        failing = sides(claim.relation, row)
        gap = abs(failing[1] - failing[2]) if failing else arb(0)
        return Counterexample(
            instance=found.instance,
            index={k: int(v[found.row]) for k, v in found.table.index.items()},
            values={name: text(value) for name, value in row.items()},
            comparison=sstr(failing[0] if failing else claim.relation),
            measured=" ± ".join(p for p in text(failing[1]) if p) if failing else "",
            claimed=" ± ".join(p for p in text(failing[2]) if p) if failing else "",
            gap=number(gap),
            excess=found.judgement.excess,
            bits=found.bits,
            confirmed=True,
        )
    finally:
        ctx.prec = before


def text(value: Any) -> tuple[str, str]:
    """A measured value as (midpoint, radius) in decimals; the radius is empty for an exact value."""
    if exact(value):
        short = str(value)
        if len(short) <= 24:
            return short, ""
        within = abs(value.p.bit_length() - value.q.bit_length()) < 1000
        return (f"{int(value.p) / int(value.q):.15g}" if within else _beyond_floats(arb(value))), ""
    if isinstance(value, arb):
        return _decimal(value.mid(), 15), "" if value.is_exact() else _decimal(value.rad(), 1)
    return str(value), ""


def _decimal(value: arb, digits: int) -> str:
    short = float(value)
    return f"{short:.{digits}g}" if value == 0 or 1e-300 < abs(short) < 1e300 else _beyond_floats(value, digits)


def _beyond_floats(value: arb, digits: int = 15) -> str:
    return str(value.str(digits, radius=False))
