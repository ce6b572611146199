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

from .corrupt import forced
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


class Gathering:
    """Evidence in the making: what was measured so far is evidence at any time, also after an interruption.

    ``planned`` is the number of instances that the whole will have; ``watch`` is called after every look.
    """

    def __init__(
        self, experiment: Experiment, profile: Profile, device: str, planned: int, watch: Watch | None = None
    ) -> None:
        self.experiment, self.profile, self.device = experiment, profile, device
        self.planned, self.watch = planned, watch
        self.instances: list[Any] = []
        self._delta = BUDGET / (2 * (planned or 1))
        self._spent = LEDGER.total
        self._choices: list[tuple[int, ...]] = []
        self._looks: list[tuple[Measurements, int]] = []

    def visit(self, batch: Sequence[tuple[Any, tuple[int, ...]]]) -> Measurements:
        """Measure a batch of (instance, the choices that made it)."""
        table = look(self.experiment, [instance for instance, _ in batch], delta=self._delta, device=self.device)
        offset = len(self.instances)
        self.instances.extend(instance for instance, _ in batch)
        self._choices.extend(made for _, made in batch)
        self._looks.append(
            (table, offset)
        )  # last, and at once: whoever interrupts this leaves no row without its instance
        if self.watch is not None:
            self.watch(self)
        return table

    def evidence(self) -> Evidence:
        """What was seen so far.  Raises `ExperimentError` if that is nothing."""
        experiment = self.experiment
        if not self._looks:
            raise ExperimentError(
                f"experiment {experiment.name} without instances", "examples, search or bulk", "raise one"
            )
        tables, offsets = zip(*self._looks, strict=True)
        return Evidence(
            experiment.theorem.name,
            experiment.name,
            self.profile.name,
            experiment.observe.source_hash,
            tuple(self.instances),
            tuple(self._choices),
            concatenate(tables, offsets),
            LEDGER.total - self._spent,
            experiment.observe.name,
            experiment.limited_by,
            experiment.dropped,
            experiment.only,
        )


Watch = Callable[[Gathering], None]


def gather(experiment: Experiment, profile: str = "quick", device: str = "cpu", watch: Watch | None = None) -> Evidence:
    """Everything one experiment sees, once per process.

    Given examples first, then Hypothesis examples (each a batch, guided towards large excess of every
    claim that the experiment covers), then bulk instances from a seeded generator.
    """
    if forced() is not None:  # corrupted on purpose: not to be remembered
        return _gather(experiment, find_profile(profile), device, watch)
    key = (experiment, tuple(sorted(experiment.flags.items())), profile, device)
    if key not in _GATHERED:
        _GATHERED[key] = _gather(experiment, find_profile(profile), device, watch)
    return _GATHERED[key]


def _gather(experiment: Experiment, profile: Profile, device: str, watch: Watch | None) -> Evidence:
    searched, many = experiment.search * profile.factor, experiment.bulk * profile.factor
    planned = len(experiment.examples) + searched * experiment.batch + many
    gathering = Gathering(experiment, profile, device, planned, watch)
    if experiment.examples:
        gathering.visit([(instance, ()) for instance in experiment.examples])
    if searched:
        explore(gathering, searched, [c for c in experiment.theorem.claims if experiment.covers(c)])
    for start in range(0, many, experiment.chunk):
        numbers = range(start, min(start + experiment.chunk, many))
        gathering.visit([bulk(experiment.instances, f"{experiment.name}:{n}", **experiment.flags) for n in numbers])
    return gathering.evidence()


def first_look(gathering: Gathering, many: int) -> None:
    """The given examples and a few drawn instances, one look: what is plainly wrong is seen here."""
    experiment = gathering.experiment
    given = [(instance, ()) for instance in experiment.examples]
    drawn = [bulk(experiment.instances, f"{experiment.name}:{n}", **experiment.flags) for n in range(min(many, 64))]
    gathering.visit([*given, *drawn])


def explore(gathering: Gathering, examples: int, claims: Sequence[Claim], salt: str = "") -> None:
    """Hypothesis examples, each a batch, guided towards large excess of the claims; another ``salt``, other draws."""
    experiment = gathering.experiment
    one = strategy(experiment.instances, **experiment.flags)
    problems: list[Exception] = []

    @seed(int.from_bytes(hashlib.sha256(f"{experiment.name}{salt}".encode()).digest()[:4], "big"))
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.target),
        suppress_health_check=tuple(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(st.tuples(*[one] * experiment.batch))
    def visited(batch: Any) -> None:
        if problems:
            return
        try:
            table = gathering.visit(batch)
        except Exception as problem:  # noqa: BLE001 - raised again below, outside Hypothesis, which would search on
            problems.append(problem)
            return
        for claim in claims:
            rows = admitted(claim, experiment, table)
            excess = [j.excess for _, j in judge_table(claim, table, rows) if abs(j.excess) < TARGET_LIMIT]
            if excess:
                target(max(excess), label=claim.name)

    visited()
    if problems:
        raise problems[0]
