"""Few of the 1797 handwritten digits that p random ReLU neurons cannot tell from all of them.

A vertex of the polytope {w ≥ 0, Σ w = 1, Σ w ψ = mean ψ} is found by linear programming in floating point.  Only the
names of its images are kept: their weights are solved for again in rationals, and every equation is checked in rationals,
so that nothing rests on the solver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import torch

from .digits import digits
from .few_atoms import WON, compared, equalised, reduced, table
from .measurement import MeasurementError, Measurements, simulator
from .streams import stream

PRIME = 2**61 - 1
"""Ranks are taken modulo this prime: independent there is independent; what is not is reduced in rationals."""


@dataclass(frozen=True)
class Digits:
    """The digits, ``neurons`` random ReLU neurons with integer weights, and a direction that picks the vertex.

    ``start`` and ``count`` take a part of the digits (0: all that are left).  ``products``: discriminators also see products of
    two neurons; ``equal``: the images of the generator must have equal weights.
    """

    neurons: int = 20
    seed: int = 0
    start: int = 0
    count: int = 0
    products: bool = False
    equal: bool = False


def features(case: Digits) -> np.ndarray:
    """(images, neurons) int64: max(0, w · x + b) with entries of w in -3 … 3, and the kink at one of the images."""
    every = digits().astype(np.int64)
    if case.neurons < 1 or not 0 <= case.start < len(every) or not 0 <= case.count <= len(every) - case.start:
        raise MeasurementError(f"{case}", f"at least one neuron, and a part of the {len(every)} digits", "p")
    images = every[case.start :][: case.count or None]
    random = stream("digit neurons", case.neurons, case.seed)
    weights = random.integers(-3, 4, (images.shape[1], case.neurons))
    arguments = images @ weights
    kinks = arguments[random.integers(0, len(images), case.neurons), np.arange(case.neurons)]
    return np.maximum(0, arguments - kinks)


def vertex(values: np.ndarray, seed: int) -> np.ndarray:
    """The images that a vertex gives weight to, as the solver sees it: a proposal.  ``values`` (images, p)."""
    from scipy.optimize import linprog

    n, p = values.shape
    rows = np.vstack([np.ones(n), (values / np.maximum(values.max(0), 1)).T])
    cost = stream("digit vertex", p, seed).random(n)
    found = linprog(cost, A_eq=rows, b_eq=rows.mean(1), method="highs-ds")
    if found.x is None:
        raise MeasurementError(f"{found.message}", "a vertex: all images with equal weights are a solution", "atoms")
    return np.flatnonzero(found.x > 0)


def solved(values: np.ndarray, chosen: np.ndarray) -> dict[int, Any] | None:
    """The weights on the chosen images that match every mean exactly, or None where none are found.

    Solves as many independent equations as there are images and checks all others.
    """
    n, p = values.shape
    left = np.vstack([np.ones(len(chosen), dtype=np.int64), values[chosen].T])
    right = [n, *values.sum(0).tolist()]  # the equations times n: integers
    echelon, rank = flint.nmod_mat(len(chosen), p + 1, left.T.ravel().tolist(), PRIME).rref()
    if rank < len(chosen):
        return None
    kept = [next(j for j in range(p + 1) if echelon[i, j] != 0) for i in range(rank)]
    square = flint.fmpz_mat(rank, rank, left[kept].ravel().tolist())
    weights: Any = square.solve(flint.fmpz_mat(rank, 1, [right[j] for j in kept]))
    all_rows = flint.fmpq_mat(flint.fmpz_mat(p + 1, rank, left.ravel().tolist()))
    if all_rows * weights != flint.fmpq_mat(p + 1, 1, right) or any(weights[i, 0] < 0 for i in range(rank)):
        return None
    return {int(k): weights[i, 0] / n for i, k in enumerate(chosen) if weights[i, 0] > 0}


def generator(values: np.ndarray, seed: int) -> dict[int, Any]:
    """Exact weights of few images that match the mean of every feature; the vertex, or a reduction in rationals."""
    found = solved(values, vertex(values, seed))
    if found is None:
        n = len(values)
        found = reduced(values.tolist(), dict.fromkeys(range(n), flint.fmpq(1, n)))
    return found


def _digits(case: Digits) -> list[dict[str, Any]]:
    values = features(case)
    made = generator(values, case.seed)
    made = equalised(made) if case.equal else made
    return compared(values.tolist(), [1] * len(values), made, case.products, case.equal)


@simulator(WON, limited_by="exact")
def observe(batch: tuple[Digits, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for each neuron of each case: its mean over the generator's digits and over all, exact rationals.

    Raises `MissingExtra` where scikit-learn, which ships the digits, is absent.
    """
    torch.empty(0, device=device)
    return table([_digits(case) for case in batch], observe.observables, "readout")
