"""The measured small-data experiment, read from its file: accuracies and paired gaps, each with its interval.

The intervals speak of patients, at 95 %: Clopper and Pearson's of each split seed, or the paired one, merged by a vote that holds
however the seeds depend on each other.  Their ends are numbers of the report, so the columns are exact; that an interval may miss
is part of what it is, not of how it was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import torch

from .kernel_machines import METHODS, RIVALS
from .measurement import Measurements, integers, simulator
from .small_data import rationals
from .small_data_comparison import Gap, Interval, accuracy, compare
from .small_data_file import measured
from .small_data_protocol import FOLDS

FIRST = "ntk"
ACCURACY = ("a", "a_above", "a_below")
GAP = ("gap", "gap_above", "gap_below", "gap_least", "gap_most", "p", "p_flips")


def part(what: str, method: str) -> str:
    """The name of a column: ``gap_below`` of the forest is ``gap_forest_below``."""
    stem, *side = what.split("_")
    return "_".join((stem, method, *side))


STUDY = [part(what, m) for m in METHODS for what in ACCURACY] + [part(what, m) for m in RIVALS for what in GAP]


@dataclass(frozen=True)
class Study:
    """A data set of the experiment, and on how many of its split seeds it is compared."""

    data: str
    seeds: int


@dataclass(frozen=True)
class Compared:
    """All methods on one study: mean accuracy and interval by method, the gaps to the tangent kernel by rival."""

    rows: int
    classes: int
    accuracies: dict[str, tuple[Fraction, Interval]]
    gaps: dict[str, Gap]


def compared(right: dict[str, np.ndarray], classes: int) -> Compared:
    """All methods compared, from who was predicted rightly: method -> booleans (seeds, patients)."""
    first = right[FIRST]
    gaps = {rival: compare(first, right[rival]) for rival in right if rival != FIRST}
    return Compared(first.shape[1], classes, {m: accuracy(hits) for m, hits in right.items()}, gaps)


@lru_cache
def study(instance: Study) -> Compared:
    """The measured experiment on one study.  Raises `MeasurementError` for what was not measured."""
    file = measured()
    right = {m: file.right(instance.data, m, instance.seeds) for m in METHODS}
    return compared(right, file.data[instance.data].classes)


def _around(middle: Fraction, interval: Interval) -> tuple[Fraction, Fraction]:
    """How far an interval reaches above and below the estimate."""
    return Fraction(interval[1]) - middle, middle - Fraction(interval[0])


@simulator(" ".join(["n", "classes", "training", *STUDY]), limited_by="exact")
def observe(batch: tuple[Study, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a study.  ``training`` is the size of its largest training set, ``gap_…_least`` and ``gap_…_most`` a gap's range over seeds."""
    torch.empty(0, device=torch.device(device))
    values: dict[str, list[Fraction]] = {name: [] for name in STUDY}
    found = [study(instance) for instance in batch]
    for one in found:
        for m, (mean, interval) in one.accuracies.items():
            for name, value in zip(ACCURACY, (mean, *_around(mean, interval)), strict=True):
                values[part(name, m)].append(value)
        for rival, gap in one.gaps.items():
            single = [table.gap for table in gap.tables]
            row = (gap.mean, *_around(gap.mean, gap.interval), min(single), max(single), gap.p_merged, gap.p_flips)
            for name, value in zip(GAP, row, strict=True):
                values[part(name, rival)].append(value)
    columns = {
        "n": integers(one.rows for one in found),
        "classes": integers(one.classes for one in found),
        "training": integers(one.rows - one.rows // FOLDS for one in found),
        **{name: rationals(column) for name, column in values.items()},
    }
    return Measurements(columns, np.arange(len(batch)))
