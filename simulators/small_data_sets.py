"""Small classification tables: primary tumor in its codings, and tables that ship inside scikit-learn.

Features are brought to mean 0 and variance 1 over all rows, missing cells at the mean (0), as in the files of the comparison
by Fernández-Delgado et al. (2014); labels are not used for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .measurement import MeasurementError

TUMOR = Path(__file__).parent / "data" / "primary-tumor.tab"
TUMOR_SHA256 = "35654f4f3ff37c829495df294b14def82fe44e16a0a8e1f78c0db0f0493b034a"
TUMOR_HEADER = 3
FEWEST = 6
MISSING = "?"
INSTALL = "python -m pip install 'theorem-audit[data]'"


class MissingExtra(ImportError):
    """scikit-learn is not installed; the message is one line with the command that installs it."""

    def __init__(self) -> None:
        super().__init__(f"got no scikit-learn; expected it for kernel machines and forests; run {INSTALL}")


@dataclass(frozen=True, eq=False)
class DataSet:
    """A table ready for learning.

    ``features`` (rows, columns) float64, standardised; ``labels`` (rows,) integers from 0; ``classes`` their number;
    ``digest`` hashes the raw cells and the labels.
    """

    name: str
    features: np.ndarray
    labels: np.ndarray
    classes: int
    digest: str

    def __len__(self) -> int:
        return len(self.labels)


def data_set(name: str, raw: np.ndarray, labels: Sequence[Any]) -> DataSet:
    """A data set from raw numbers (rows, columns), missing ones NaN, and one label a row; classes in sorted order."""
    raw = np.ascontiguousarray(raw, dtype="<f8")
    known, numbers = np.unique(np.asarray(labels), return_inverse=True)
    cells = hashlib.sha256(f"{raw.shape}".encode() + np.nan_to_num(raw, nan=np.inf).tobytes())
    cells.update("\n".join(str(v) for v in np.asarray(labels).tolist()).encode())
    return DataSet(name, standardised(raw), numbers.astype(np.int64), len(known), cells.hexdigest())


def standardised(raw: np.ndarray) -> np.ndarray:
    """Each column at mean 0 and variance 1 over the cells that are known, unknown cells at 0; a constant column is 0."""
    known = ~np.isnan(raw)
    many = np.maximum(known.sum(0), 1)
    scale = np.max(np.where(known, np.abs(raw), 0), axis=0)  # first, so that squares neither overflow nor vanish
    filled = np.where(known, raw, 0) / np.where(scale > 0, scale, 1)
    centred = np.where(known, filled - filled.sum(0) / many, 0)
    deviation = np.sqrt((centred**2).sum(0) / many)
    flat = deviation <= 2.0**-50  # what rounding leaves of a constant column
    return np.where(flat, 0, centred / np.where(flat, 1, deviation))


def integers_of(column: Sequence[str], missing: str = MISSING) -> np.ndarray:
    """Categories as the places of their words in alphabetical order; missing cells NaN."""
    places = {word: k for k, word in enumerate(sorted(set(column) - {missing}))}
    return np.array([places.get(word, np.nan) for word in column], dtype=np.float64)


def indicators_of(column: Sequence[str], missing: str = MISSING) -> np.ndarray:
    """Categories as indicators (rows, categories), in alphabetical order; a missing cell is missing in each."""
    places = integers_of(column, missing)
    kinds = np.arange(len(set(column) - {missing}))
    return np.where(np.isnan(places)[:, None], np.nan, places[:, None] == kinds)


def primary_tumor(path: Path = TUMOR) -> tuple[list[str], list[tuple[str, ...]]]:
    """The classes and the 17 attribute words of 339 patients.

    M. Zwitter and M. Soklic, Institute of Oncology, Ljubljana (UCI, CC BY 4.0).  Raises `MeasurementError` for a file
    that is not the one described in NOTICE.txt beside it.
    """
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != TUMOR_SHA256:
        raise MeasurementError(f"{path.name} of sha256 {found}", f"the file of sha256 {TUMOR_SHA256}")
    rows = [line.split("\t") for line in content.decode("ascii").splitlines()[TUMOR_HEADER:] if line]
    return [row[0] for row in rows], [tuple(row[1:]) for row in rows]


def _tumor(name: str, fewest: int, coded: Callable[[Sequence[str]], np.ndarray]) -> DataSet:
    classes, rows = primary_tumor()
    kept = [k for k, label in enumerate(classes) if classes.count(label) >= fewest]
    columns = [coded([rows[k][j] for k in kept]).reshape(len(kept), -1) for j in range(len(rows[0]))]
    return data_set(name, np.hstack(columns), [classes[k] for k in kept])


def _shipped(name: str, loader: str) -> DataSet:
    try:
        from sklearn import datasets
    except ImportError:
        raise MissingExtra from None
    features, labels = getattr(datasets, loader)(return_X_y=True)
    return data_set(name, features, labels)


_SETS: dict[str, Callable[[str], DataSet]] = {
    "primary-tumor-330": lambda name: _tumor(name, FEWEST, integers_of),
    "primary-tumor-330-one-hot": lambda name: _tumor(name, FEWEST, indicators_of),
    "primary-tumor-339": lambda name: _tumor(name, 1, integers_of),
    "wine": lambda name: _shipped(name, "load_wine"),
    "breast-cancer": lambda name: _shipped(name, "load_breast_cancer"),
}
NAMES = tuple(_SETS)


def load(name: str) -> DataSet:
    """The data set of that name, one of `NAMES`.

    *primary-tumor-330*: the classes of at least 6 patients, 15 of them; *-one-hot*: the same with a column for each
    category; *primary-tumor-339*: all 21 classes.  Raises `MissingExtra` where scikit-learn is needed and absent.
    """
    if name not in _SETS:
        raise MeasurementError(f"data set {name!r}", f"one of {', '.join(NAMES)}")
    return _SETS[name](name)
