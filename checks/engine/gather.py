"""Gathering evidence: Hypothesis examples and a bulk search, measured once, whatever is claimed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings, target
from hypothesis import strategies as st

from simulators.measurement import Measurements
from theorems.statement import Claim

from .draw import bulk, strategy
from .evidence import Evidence
from .experiment import Experiment, ExperimentError
from .measure import BUDGET, LEDGER, concatenate, look
from .weigh import admitted, judge_table

TARGET_LIMIT = 1e6


@dataclass(frozen=True)
class Profile:
    """How much is searched, in instances: a multiple of what experiments declare for `quick`."""

    name: str
    factor: int


PROFILES = {p.name: p for p in (Profile("quick", 1), Profile("thorough", 10), Profile("deep", 100))}
_GATHERED: dict[tuple[Any, ...], Evidence] = {}


def find_profile(name: str) -> Profile:
    """The profile of that name.  Raises `ExperimentError` listing the known ones."""
    if name not in PROFILES:
        raise ExperimentError(f"profile {name!r}", f"one of {', '.join(PROFILES)}", "see the README")
    return PROFILES[name]


def gather(experiment: Experiment, profile: str = "quick", device: str = "cpu") -> Evidence:
    """Everything one experiment sees, once per process.

    Given examples first, then Hypothesis examples (each a batch, guided towards large excess of every
    claim that the experiment covers), then bulk instances from a seeded generator.
    """
    key = (experiment, tuple(sorted(experiment.flags.items())), profile, device)
    if key not in _GATHERED:
        _GATHERED[key] = _gather(experiment, find_profile(profile), device)
    return _GATHERED[key]


def _gather(experiment: Experiment, profile: Profile, device: str) -> Evidence:
    searched, many = experiment.search * profile.factor, experiment.bulk * profile.factor
    delta = BUDGET / (2 * (len(experiment.examples) + searched * experiment.batch + many or 1))
    claims = [c for c in experiment.theorem.claims if experiment.covers(c)]
    spent = LEDGER.total
    instances: list[Any] = []
    choices: list[tuple[int, ...]] = []
    tables: list[Measurements] = []
    offsets: list[int] = []

    def visit(batch: Sequence[tuple[Any, tuple[int, ...]]]) -> Measurements:
        table = look(experiment, [instance for instance, _ in batch], delta=delta, device=device)
        tables.append(table)
        offsets.append(len(instances))
        instances.extend(instance for instance, _ in batch)
        choices.extend(made for _, made in batch)
        return table

    if experiment.examples:
        visit([(instance, ()) for instance in experiment.examples])
    if searched:
        _explore(experiment, searched, claims, visit)
    for start in range(0, many, experiment.chunk):
        numbers = range(start, min(start + experiment.chunk, many))
        visit([bulk(experiment.instances, f"{experiment.name}:{n}", **experiment.flags) for n in numbers])
    if not tables:
        raise ExperimentError(
            f"experiment {experiment.name} without instances", "examples, search or bulk", "raise one"
        )
    return Evidence(
        experiment.theorem.name,
        experiment.name,
        profile.name,
        experiment.observe.source_hash,
        tuple(instances),
        tuple(choices),
        concatenate(tables, offsets),
        LEDGER.total - spent,
        experiment.observe.name,
        experiment.limited_by,
        experiment.dropped,
        experiment.only,
    )


def _explore(experiment: Experiment, examples: int, claims: list[Claim], visit: Callable[[Any], Measurements]) -> None:
    one = strategy(experiment.instances, **experiment.flags)
    problems: list[Exception] = []

    @seed(int.from_bytes(hashlib.sha256(experiment.name.encode()).digest()[:4], "big"))
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.target),
        suppress_health_check=tuple(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(st.tuples(*[one] * experiment.batch))
    def explore(batch: Any) -> None:
        if problems:
            return
        try:
            table = visit(batch)
        except Exception as problem:  # noqa: BLE001 - raised again below, outside Hypothesis, which would search on
            problems.append(problem)
            return
        for claim in claims:
            rows = admitted(claim, experiment, table)
            excess = [j.excess for _, j in judge_table(claim, table, rows) if abs(j.excess) < TARGET_LIMIT]
            if excess:
                target(max(excess), label=claim.name)

    explore()
    if problems:
        raise problems[0]
