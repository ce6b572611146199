"""Evidence: the instances and measurements of one search, on which later claims are judged first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulators.measurement import Measurements


@dataclass(frozen=True, eq=False)
class Evidence:
    """What one experiment saw.

    ``measurements.element`` points into ``instances``; ``choices`` holds, for each instance drawn by the bulk search, the
    list of choices that made it (empty tuple: a given example).  ``simulator`` is the hash of its source, ``measured_by``
    its `module:function`, and ``limited_by``, ``dropped`` and ``only`` are the experiment's (`engine.setup.Setup`).
    ``ledger`` is the summed failure probability of every interval measured, looks that were discarded included.
    """

    theorem: str
    experiment: str
    profile: str
    simulator: str
    instances: Sequence[Any]
    choices: tuple[tuple[int, ...], ...]
    measurements: Measurements
    ledger: float = 0.0
    measured_by: str = ""
    limited_by: str = "exact"
    dropped: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
