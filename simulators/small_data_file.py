"""The measurement file of the small-data experiment: every finished cell, hashed, without clock, host or path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .kernel_machines import METHODS
from .measured_experiment import seal, unchanged
from .measurement import MeasurementError
from .small_data_protocol import SEEDS, Cell, protocol
from .small_data_sets import NAMES, DataSet

FILE = Path(__file__).parent / "data" / "small-data.json"
REMEDY = "run `theorem-audit measure small-data`"
Key = tuple[str, int, str]


@dataclass(frozen=True)
class Facts:
    """A data set as the file knows it."""

    rows: int
    classes: int
    digest: str


@dataclass(frozen=True, eq=False)
class Measured:
    """What the file holds.  ``library`` is the version of scikit-learn that measured it."""

    cells: Mapping[Key, Cell]
    data: Mapping[str, Facts]
    library: str

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """The split seeds, in order."""
        return tuple(sorted({seed for _, seed, _ in self.cells}))

    def cell(self, key: Key) -> Cell:
        """The cell of a data set, seed and method; `MeasurementError` where it was not measured."""
        if key not in self.cells:
            raise MeasurementError(f"no cell {'/'.join(map(str, key))}", f"one that was measured: {REMEDY}")
        return self.cells[key]

    def right(self, data: str, method: str, seeds: int) -> np.ndarray:
        """Who was predicted rightly, booleans (seeds, rows), on the first ``seeds`` split seeds."""
        if data not in self.data:
            raise MeasurementError(f"data set {data!r}", f"one of {', '.join(self.data)}")
        if not 1 <= seeds <= len(self.seeds):
            raise MeasurementError(f"{seeds} split seeds", f"1 to {len(self.seeds)}, those measured")
        rows = self.data[data].rows
        return np.array([self.cell((data, seed, method)).hits(rows) for seed in self.seeds[:seeds]])


def wanted() -> tuple[Key, ...]:
    """The cells of the experiment, in the order in which they are measured."""
    return tuple((data, seed, method) for data in NAMES for seed in SEEDS for method in METHODS)


def facts(data: DataSet) -> Facts:
    """What the file keeps of a data set."""
    return Facts(len(data), data.classes, data.digest)


def encode(cells: Iterable[Cell], data: Mapping[str, Facts], library: str) -> str:
    """The text of the file: sorted, and hashed over everything else that it says."""
    tree: dict[str, dict[str, dict[str, Any]]] = {}
    for cell in cells:
        entry = {"right": cell.right, "setting": dict(cell.setting)}
        tree.setdefault(cell.data, {}).setdefault(str(cell.seed), {})[cell.method] = entry
    said = {
        "cells": tree,
        "data": {name: vars(known) for name, known in data.items()},
        "library": {"scikit-learn": library},
        "protocol": protocol(),
    }
    return json.dumps({**said, "hash": seal(said)}, indent=1, sort_keys=True) + "\n"


def decode(text: str) -> Measured:
    """The file's text read back.

    Raises `MeasurementError` where it was edited by hand, measured by another protocol or is no such file.
    """
    try:
        said = json.loads(text)
        claimed = said.pop("hash")
        cells = {
            (data, int(seed), method): Cell(data, int(seed), method, _setting(entry["setting"]), entry["right"])
            for data, seeds in said["cells"].items()
            for seed, methods in seeds.items()
            for method, entry in methods.items()
        }
        data = {name: Facts(**known) for name, known in said["data"].items()}
        library, _ = said["library"]["scikit-learn"], said["protocol"]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise MeasurementError(f"{type(problem).__name__}: {problem}", f"a measurement file: {REMEDY}") from None
    unchanged(said, claimed, protocol(), REMEDY)
    return Measured(cells, data, library)


def _setting(entry: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """A setting in its own order, which sorting the file's keys lost: C comes last."""
    return tuple(sorted(entry.items(), key=lambda item: (item[0] == "C", item[0])))


@lru_cache
def measured(path: Path = FILE) -> Measured:
    """The file that comes with the project, read once.  Raises `MeasurementError` where there is none."""
    if not path.is_file():
        raise MeasurementError(f"no file {path.name}", f"the measured cells: {REMEDY}")
    return decode(path.read_text(encoding="utf-8"))
