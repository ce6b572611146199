"""A generator of few images that no readout of p features can tell from all of them, found and checked in rationals.

Features of an image are integers; discriminators are linear in them.  A reduction moves weight between the images that a
linear dependence of (1, ψ) ties together, until no such dependence is left.  What it finds is then checked by itself:
weights, their sum and every mean are rational numbers without error.  `fewest` is found by trying every set of images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import flint
import numpy as np
import torch

from .measurement import MeasurementError, Measurements, balls, integers, simulator

KINDS = ("relu", "powers", "coordinates")
MOST = 9
"""Images of which every small set is tried."""
ONE, ZERO = flint.fmpq(1), flint.fmpq(0)
Features = tuple[tuple[int, ...], ...]
"""Integer features, a row of p for each image."""


@dataclass(frozen=True)
class Images:
    """n images with positive integer masses, and p features of them.

    ``features``: *relu* max(0, w · x + b) for each (w, b) of ``neurons``; *powers* x, x², …, x^``size`` of the first entry;
    *coordinates* the entries themselves.  ``products``: discriminators also see products of two features.  ``equal``: the
    images of the generator must have equal weights.
    """

    images: tuple[tuple[int, ...], ...]
    masses: tuple[int, ...]
    features: str = "coordinates"
    neurons: tuple[tuple[tuple[int, ...], int], ...] = ()
    size: int = 1
    products: bool = False
    equal: bool = False


def features_of(case: Images, element: int) -> Features:
    """The features of every image.  Raises `MeasurementError` for a malformed case."""
    n = len(case.images)
    whole = [v for x in case.images for v in x] + list(case.masses) + [v for w, b in case.neurons for v in (*w, b)]
    if n == 0 or len(case.masses) != n or any(type(v) is not int for v in whole) or min(case.masses) < 1:
        raise MeasurementError(
            f"{n} images, masses {case.masses}, neurons {case.neurons}",
            "integers throughout, as many masses of at least 1 as images",
            "p",
            element,
        )
    if case.features == "coordinates":
        rows = case.images
    elif case.features == "powers" and all(case.images):
        rows = tuple(tuple(x[0] ** j for j in range(1, case.size + 1)) for x in case.images)
    elif case.features == "relu":
        rows = tuple(tuple(max(0, _argument(w, x) + b) for w, b in case.neurons) for x in case.images)
    else:
        raise MeasurementError(
            f"features {case.features!r} of images {case.images}",
            f"one of {', '.join(KINDS)}, of an entry at least", "p", element,
        )  # fmt: skip
    if not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise MeasurementError(f"features {rows}", "at least one, the same number for each image", "p", element)
    return rows


def _argument(weights: tuple[int, ...], x: tuple[int, ...]) -> int:
    if len(weights) != len(x):
        raise MeasurementError(f"{len(weights)} weights for an image of {len(x)} entries", "as many", "p")
    return sum(w * v for w, v in zip(weights, x, strict=True))


def lifted(rows: Sequence[Sequence[int]]) -> Any:
    """The matrix with a column (1, ψ) for each image."""
    p = len(rows[0])
    return flint.fmpq_mat(p + 1, len(rows), [1] * len(rows) + [row[j] for j in range(p) for row in rows])


def _dependence(columns: Any) -> list[Any] | None:
    """A non-zero combination of the columns that vanishes, or None where they are independent."""
    reduced, rank = columns.rref()
    size = columns.ncols()
    if rank == size:
        return None
    pivots = [next(j for j in range(size) if reduced[i, j] != 0) for i in range(rank)]
    free = next(j for j in range(size) if j not in pivots)
    found = [ZERO] * size
    found[free] = ONE
    for i, pivot in enumerate(pivots):
        found[pivot] = -reduced[i, free]
    return found


def reduced(rows: Sequence[Sequence[int]], weights: dict[int, Any]) -> dict[int, Any]:
    """Positive weights on images with independent (1, ψ), of the same sum and means as the weights given."""
    held = {i: w for i, w in weights.items() if w > 0}
    while True:
        # p + 2 columns are never independent: the dependence of a few of them is as good as one of all
        some = list(held)[: len(rows[0]) + 2]
        move = _dependence(lifted([rows[i] for i in some]))
        if move is None:
            return held
        if not any(c > 0 for c in move):
            move = [-c for c in move]
        step = min(held[i] / c for i, c in zip(some, move, strict=True) if c > 0)
        for i, c in zip(some, move, strict=True):
            held[i] -= step * c
        held = {i: w for i, w in held.items() if w > 0}


def law(masses: Sequence[int]) -> dict[int, Any]:
    """Probabilities of the images as rationals."""
    total = sum(masses)
    return {i: flint.fmpq(m, total) for i, m in enumerate(masses)}


def mean(values: Sequence[int], weights: dict[int, Any]) -> Any:
    """Weighted sum of a value of each image."""
    return sum((w * values[i] for i, w in weights.items()), ZERO)


def mean_of_all(values: Sequence[int], masses: Sequence[int], total: int) -> Any:
    """Mean of a value over all images, summed in integers."""
    return flint.fmpq(sum(v * m for v, m in zip(values, masses, strict=True)), total)


def readouts(rows: Sequence[Sequence[int]], products: bool) -> list[tuple[int, list[int]]]:
    """(degree, value at every image) of each readout: the features, and their products where these are seen."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    found = [(1, column) for column in columns]
    if products:
        pairs = [(j, k) for j in range(len(columns)) for k in range(j, len(columns))]
        found += [(2, [a * b for a, b in zip(columns[j], columns[k], strict=True)]) for j, k in pairs]
    return found


def equalised(weights: dict[int, Any]) -> dict[int, Any]:
    """Equal weights on the same images."""
    return dict.fromkeys(weights, flint.fmpq(1, len(weights)))


def compared(
    rows: Sequence[Sequence[int]], masses: Sequence[int], made: dict[int, Any], products: bool, equal: bool
) -> list[dict[str, Any]]:
    """A row for each readout: its mean over the generator's images and over all, and what the generator is."""
    total = sum(masses)
    whole = {
        "atoms": len(made), "p": len(rows[0]), "n": len(rows), "equal": int(equal),
        "mass": sum(made.values(), ZERO), "least": min(made.values()),
    }  # fmt: skip
    return [
        {**whole, "degree": degree, "generated": mean(values, made), "real": mean_of_all(values, masses, total)}
        for degree, values in readouts(rows, products)
    ]


def _won(case: Images, element: int) -> list[dict[str, Any]]:
    rows = features_of(case, element)
    made = reduced(rows, law(case.masses))
    return compared(rows, case.masses, equalised(made) if case.equal else made, case.products, case.equal)


def table(found: list[list[dict[str, Any]]], names: tuple[str, ...], index: str) -> Measurements:
    """Rows of exact values: Python integers as integers, rationals as they are."""
    rows = [row for case in found for row in case]
    columns = {}
    for name in names:
        values = [row[name] for row in rows]
        columns[name] = (integers if all(type(v) is int for v in values) else balls)(values)
    element = np.repeat(np.arange(len(found)), [len(case) for case in found])
    return Measurements(columns, element, {index: np.array([k for case in found for k in range(len(case))], dtype=int)})


WON = "atoms p n equal mass least degree generated real"


@simulator(WON, limited_by="exact")
def observe(batch: tuple[Images, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for each readout of each case: its mean over the generator's images and over all, all rationals exact.

    ``atoms`` images with weights of sum ``mass``, the smallest ``least``; ``degree`` 2 marks a product of two features.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_won(case, k) for k, case in enumerate(batch)], observe.observables, "readout")


def _joined(columns: Any, target: Any) -> Any:
    """The columns with the target beside them."""
    count = columns.ncols()
    entries = [v for i in range(columns.nrows()) for v in (*(columns[i, j] for j in range(count)), target[i, 0])]
    return flint.fmpq_mat(columns.nrows(), count + 1, entries)


def _inside(columns: Any, target: Any) -> bool:
    """Whether the columns are independent and non-negative weights carry them to the target."""
    count = columns.ncols()
    echelon, rank = _joined(columns, target).rref()
    independent = rank == count and all(echelon[i, i] == 1 for i in range(count))
    return independent and all(echelon[i, count] >= 0 for i in range(count))


def _fewest(case: Images, element: int) -> list[dict[str, Any]]:
    rows = features_of(case, element)
    n, p = len(rows), len(rows[0])
    if n > MOST:
        raise MeasurementError(f"{n} images", f"at most {MOST}, of which every set is tried", "fewest", element)
    real = law(case.masses)
    target = lifted(rows) * flint.fmpq_mat(n, 1, [real[i] for i in range(n)])

    def sets(size: int) -> Iterator[Any]:
        return (lifted([rows[i] for i in some]) for some in combinations(range(n), size))

    coplanar = sum(_joined(columns, target).rank() == columns.rank() for columns in sets(min(p, n)))
    # a set of all images need not be independent, but a smaller one that does as well then is
    fewest = next(size for size in range(1, n + 1) if any(_inside(columns, target) for columns in sets(size)))
    return [{"fewest": fewest, "p": p, "n": n, "coplanar": coplanar}]


@simulator("fewest p n coplanar", limited_by="exact")
def observe_fewest(batch: tuple[Images, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each case: the fewest images of any generator that matches every mean, by trying every set.

    ``coplanar`` counts the sets of p images whose affine hull contains the mean of all.
    """
    torch.empty(0, device=device)
    return table([_fewest(case, k) for k, case in enumerate(batch)], observe_fewest.observables, "case")
