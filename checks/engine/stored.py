"""Stored evidence as something that claims are judged on, without torch or Hypothesis.

An audit keeps what its experiments measured.  Whatever is claimed later is judged on that first: a counterexample that is
already on the disk needs no search.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from simulators.measurement import source_hash
from theorems.statement import Claim, Theorem

from .evidence import Evidence
from .measure import select
from .setup import Setup
from .store import Store
from .weigh import Judged, Weighed, admitted, judge_table

S = TypeVar("S", bound=Setup)
GLANCE = 2_000
BLOCK = 512
PROFILES = ("quick", "thorough", "deep")
GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Remembered(Setup):
    """An experiment as its evidence tells it: enough to judge, not to measure anew."""

    name: str
    theorem: Theorem
    measured: tuple[str, ...]
    limit: str
    dropped: tuple[str, ...]
    only: tuple[str, ...] | None
    maker: tuple[str, str]

    @property
    def made_by(self) -> tuple[str, str]:
        """The simulator that made it."""
        return self.maker

    @property
    def observables(self) -> tuple[str, ...]:
        """The columns of the evidence."""
        return self.measured

    @property
    def limited_by(self) -> str:
        """What limited the simulator."""
        return self.limit


@dataclass(frozen=True, eq=False)
class Recalled:
    """Evidence of one experiment, read back, with the setup that judging needs."""

    setup: Remembered
    evidence: Evidence


def recall(
    theorem: Theorem,
    store: Store,
    needed: Collection[str] = (),
    *,
    dropped: tuple[str, ...] = (),
    or_dropped: Collection[tuple[str, ...]] = (),
    profile: str | None = None,
) -> tuple[Recalled, ...]:
    """The stored evidence of a theorem's experiments that measured every column ``needed``, by experiment.

    Only what today's simulators made counts, with exactly the assumptions ``dropped`` (or of one of ``or_dropped``); of several profiles the
    largest (or the one asked for), of several files the newest.
    """
    found: dict[str, Recalled] = {}
    hashes: dict[str, str] = {}  # of this moment: in a notebook simulators are edited between two questions
    allowed = {tuple(sorted(names)) for names in (dropped, *or_dropped)}

    def wanted(facts: Mapping[str, Any]) -> bool:
        known = found.get(facts["experiment"])
        return (
            set(needed) <= set(facts["columns"])
            and tuple(sorted(facts["dropped"])) in allowed
            and profile in (None, facts["profile"])
            and (known is None or _size(known.evidence.profile) < _size(facts["profile"]))
            and hash_of(facts["measured_by"]) == facts["simulator"]
        )

    def hash_of(simulator: str) -> str:
        if simulator not in hashes:
            hashes[simulator] = current_hash(simulator)
        return hashes[simulator]

    for evidence in store.recall(theorem.name, wanted):
        columns = tuple(evidence.measurements.columns)
        maker = (evidence.measured_by, evidence.simulator)
        setup = Remembered(
            evidence.experiment, theorem, columns, evidence.limited_by, evidence.dropped, evidence.only, maker
        )
        found[evidence.experiment] = Recalled(setup, evidence)
    return tuple(found[name] for name in sorted(found))


def _size(profile: str) -> int:
    return PROFILES.index(profile) if profile in PROFILES else -1


def current_hash(simulator: str) -> str:
    """The hash that a simulator `module:function` has now (empty: its module is not found)."""
    module = simulator.partition(":")[0]
    loaded = sys.modules.get(module)
    if loaded is not None:
        path = getattr(loaded, "__file__", None)
    else:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            return ""
        path = spec.origin if spec is not None else None
    return source_hash(simulator, Path(path)) if path and Path(path).is_file() else ""


def glance(claim: Claim, setup: S, evidence: Evidence, limit: int = GLANCE) -> Weighed[S]:
    """The claim judged on the rows of given examples and on evenly spread others, about ``limit`` that count."""
    judged: list[Judged] = []
    for block in _blocks(spread(evidence)):
        table = select(evidence.measurements, block)
        for row, judgement in judge_table(claim, table, admitted(claim, setup, table)):
            judged.append(Judged(evidence.measurements, int(block[row]), judgement))
        if len(judged) >= limit:
            break
    return Weighed(claim, setup, evidence.instances, tuple(judged))


def spread(evidence: Evidence) -> np.ndarray:
    """Row numbers: those of given examples, then all others in an order whose every beginning is spread over the table."""
    element = evidence.measurements.element
    given = np.array([not made for made in evidence.choices] or [False], dtype=bool)
    first = given[element] if len(element) else np.zeros(0, dtype=bool)
    others = np.flatnonzero(~first)
    return np.concatenate([np.flatnonzero(first), others[golden(len(others))]])


def golden(size: int) -> np.ndarray:
    """The numbers below ``size`` by a stride near the golden ratio: a permutation."""
    step = max(1, round(size * GOLDEN))
    while np.gcd(step, max(size, 1)) != 1:
        step += 1
    return (np.arange(size, dtype=np.int64) * step) % max(size, 1)


def _blocks(order: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(order), BLOCK):
        yield order[start : start + BLOCK]
