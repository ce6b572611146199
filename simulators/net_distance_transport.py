"""The Wasserstein distance of the uniform law on a cube's corners from m samples: all 1-Lipschitz discriminators.

The corners are {±1}^d/√d, of length 1.  The distance is a linear program over transport plans, solved by HiGHS.  Its dual
solution, made feasible by taking for each corner the least of (distance - price) over the samples, bounds it from below;
its plan, with what it misses of the marginals sent across the whole cube, from above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .balls import UNIT
from .measurement import Measurement, MeasurementError, Measurements, integers, reals, simulator

LARGEST = 8
"""Dimensions at most: the linear program has 2^d m unknowns."""


@dataclass(frozen=True)
class Cube:
    """The dimension d, m samples as numbers of corners (bit k is the sign of coordinate k), and a Hamming radius h."""

    dimension: int
    samples: tuple[int, ...]
    radius: int = 0


def _sound(case: Cube, element: int) -> None:
    corners = 2**case.dimension if 1 <= case.dimension <= LARGEST else 0
    if not corners or not 1 <= len(case.samples) <= 32 or any(not 0 <= s < corners for s in case.samples):
        raise MeasurementError(
            f"{case}", f"1 to {LARGEST} dimensions, 1 to 32 samples from 0 to 2^d - 1", "transport", element
        )
    if not 0 <= case.radius < case.dimension:
        raise MeasurementError(f"radius {case.radius}", "at least 0 and below d", "near_share", element)


def differing(case: Cube) -> np.ndarray:
    """In how many coordinates each corner and each sample differ: (2^d, m)."""
    apart = np.arange(2**case.dimension)[:, None] ^ np.array(case.samples)[None]
    return np.array([x.bit_count() for x in apart.ravel().tolist()]).reshape(apart.shape)


def transport(cost: np.ndarray) -> tuple[float, float]:
    """(low, high) of the least cost of moving the uniform law on the rows to that on the columns of ``cost``."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, kron, vstack

    rows, columns = cost.shape
    plan = vstack([
        kron(eye_array(rows), np.ones((1, columns))), kron(np.ones((1, rows)), eye_array(columns)),
    ])  # fmt: skip
    marginals = np.concatenate([np.full(rows, 1 / rows), np.full(columns, 1 / columns)])
    found = linprog(cost.ravel(), A_eq=csr_array(plan), b_eq=marginals, method="highs")
    if not found.success:
        raise MeasurementError(f"a linear program that ended with {found.message!r}", "a solution", "transport")
    prices = found.eqlin.marginals[rows:]
    low = float((cost - prices).min(1).mean() + prices.mean())
    moved = np.maximum(found.x, 0).reshape(rows, columns)
    missing = np.abs(moved.sum(1) - 1 / rows).sum() + np.abs(moved.sum(0) - 1 / columns).sum()
    high = float((moved * cost).sum() + missing * cost.max())
    # sums of rows * columns terms of size at most max(cost) + max|prices|, in any order, and costs right to 3 roundings
    size = float(cost.max() + np.abs(prices).max())
    slack = 4 * (rows * columns + 8) * UNIT * size
    return max(low - slack, 0.0), high + slack


def _row(case: Cube, element: int) -> dict[str, Any]:
    _sound(case, element)
    hamming = differing(case)
    cost = 2 * np.sqrt(hamming / case.dimension)
    low, high = transport(cost)
    near = hamming[:, 0] <= case.radius
    return {"low": low, "high": high, "share": near.sum() / 2**case.dimension, "beyond": cost[~near, 0].min()}


@simulator("transport near_share beyond m", limited_by="optimisation")
def observe(batch: tuple[Cube, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each set of samples: the Wasserstein distance (between the two solutions of a linear program), the share
    of the corners that differ from one sample in at most h coordinates, how far from it the nearest of the others is, and m.

    The share is a fraction of a power of two: exact.  Rounding is in every other radius.
    """
    torch.empty(0, device=device)  # the linear program lives on no device; an absent one is an error all the same
    rows = [_row(case, k) for k, case in enumerate(batch)]
    low, high, share, beyond = (np.array([row[name] for row in rows]) for name in ("low", "high", "share", "beyond"))
    columns: dict[str, Measurement] = {
        "transport": reals((low + high) / 2, np.maximum(high - low, 0) / 2 + 2 * UNIT * high),
        "near_share": reals(share, 0.0),
        "beyond": reals(beyond, 4 * UNIT * beyond),
        "m": integers(len(case.samples) for case in batch),
    }
    return Measurements(columns, np.arange(len(batch)))
