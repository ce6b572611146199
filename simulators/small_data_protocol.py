"""The protocol of the small-data comparison: settings on one stratified half split, then four folds.

As published (Arora, Du, Li, Salakhutdinov, Wang, Yu 2020, after Fernández-Delgado et al. 2014), except that the split files are
replaced by seeded splits, so that the same experiment can be repeated.  The rows that choose the settings are tested on again in the
folds, as in the publication: every tuned method is a little optimistic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import kernel_machines
from .kernel_machines import METHODS, Setting
from .measurement import MeasurementError
from .small_data_sets import DataSet
from .streams import stream

FOLDS = 4
SEEDS = tuple(range(8))
FOREST = 120  # a forest takes about as long as this many machines


@dataclass(frozen=True)
class Cell:
    """One method on one data set and one split seed.

    ``setting`` is what the half split chose; ``right`` the rows predicted rightly when they were held out, a hexadecimal number
    whose bit k (from the lowest) is row k.
    """

    data: str
    seed: int
    method: str
    setting: Setting
    right: str

    @property
    def key(self) -> tuple[str, int, str]:
        """Data set, seed and method."""
        return self.data, self.seed, self.method

    def hits(self, rows: int) -> np.ndarray:
        """Booleans, one for each of ``rows`` rows."""
        return unpacked(self.right, rows)


def packed(right: np.ndarray) -> str:
    """Booleans as a hexadecimal number, the first row its lowest bit."""
    return format(sum(1 << k for k, hit in enumerate(right.tolist()) if hit), "x")


def unpacked(text: str, rows: int) -> np.ndarray:
    """The booleans that `packed` made.  Raises `MeasurementError` for a number of more than ``rows`` bits."""
    number = int(text, 16)
    if number >> rows:
        raise MeasurementError(f"{number.bit_length()} bits", f"at most {rows}, one for each row")
    return np.array([number >> k & 1 for k in range(rows)], dtype=bool)


def deal(labels: np.ndarray, parts: int, *key: Any) -> np.ndarray:
    """The part, 0 to ``parts`` - 1, of each row: every class and all rows are spread as evenly as can be.

    Rows are shuffled within their class, classes among themselves, and dealt out in turn.
    """
    random = stream("small-data split", parts, *key)
    shuffled = random.permutation(len(labels))
    place = random.permutation(int(labels.max()) + 1)
    order = shuffled[np.argsort(place[labels[shuffled]], kind="stable")]
    part = np.empty(len(labels), dtype=np.int64)
    part[order] = np.arange(len(labels)) % parts
    return part


def measure(data: DataSet, seed: int, method: str, step: Callable[[int], None] = lambda fits: None) -> Cell:
    """One cell of the experiment: deterministic, on one thread.

    ``step`` is called with the work done since its last call; it adds up to `work`.
    """
    how = METHODS[method]
    half, fold = deal(data.labels, 2, "half", seed), deal(data.labels, FOLDS, "folds", seed)
    setting: Setting = ()
    gram = None
    if how.kernels is not None:
        train, validate = np.flatnonzero(half == 0), np.flatnonzero(half == 1)
        setting, gram = kernel_machines.choose(how, data.features, data.labels, train, validate, step)
    right = np.zeros(len(data), dtype=bool)
    for k in range(FOLDS):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        if gram is None:
            right[test] = kernel_machines.right_by_forest(data.features, data.labels, train, test, seed)
        else:
            cost = dict(setting)["C"]
            right[test] = kernel_machines.right_by_machine(gram, data.labels, train, test, cost)
        step(1 if gram is not None else FOREST)
    return Cell(data.name, seed, method, setting, packed(right))


def work(method: str) -> int:
    """How much work one cell is, in fits of a machine."""
    how = METHODS[method]
    return how.fits + FOLDS if how.kernels is not None else FOREST * FOLDS


def protocol() -> dict[str, Any]:
    """Everything that decides the result beside the data, as plain values."""
    return {
        "halves": "settings on one stratified half split: fit on one half, the first best on the other",
        "folds": FOLDS,
        "methods": list(METHODS),
        "ntk": {"depth": list(kernel_machines.DEPTHS), "fixed": "0 to depth", "C": list(kernel_machines.TANGENT_COSTS)},
        "gaussian": {"gamma": list(kernel_machines.GAMMAS), "C": list(kernel_machines.COSTS)},
        "linear": {"C": list(kernel_machines.COSTS)},
        "forest": {"trees": kernel_machines.TREES},
        "steps": kernel_machines.STEPS,
        "features": "mean 0 and variance 1 over all rows, missing cells at the mean",
        "version": 1,
    }
