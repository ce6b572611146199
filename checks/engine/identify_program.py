"""The largest value of a coordinate under many inequalities in a few variables: the dual simplex method, in floats.

Nothing is concluded from the floats: the multipliers are weights, and whatever weights one takes, the weighted sum of what the
rows claim is again something that they claim.  It is evaluated in balls elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import numpy as np

PIVOTS = 100
TINY = 1e-11


class Optimum(NamedTuple):
    """The vertex found, row numbers and their multipliers (>= 0); ``feasible`` is False where they contradict each other."""

    vertex: np.ndarray
    rows: np.ndarray
    weights: np.ndarray
    feasible: bool


def largest(rows: np.ndarray, ends: np.ndarray, objective: np.ndarray) -> Optimum:
    """Maximise ``objective @ t`` under ``rows @ t <= ends`` and -1 <= t <= 1.

    Row numbers of at least ``len(rows)`` are those of the box: first t <= 1, then -t <= 1.
    """
    size = len(objective)
    matrix = np.concatenate([rows, np.eye(size), -np.eye(size)])
    limits = np.concatenate([ends, np.ones(2 * size)])
    basis = np.array([len(rows) + k + (0 if objective[k] >= 0 else size) for k in range(size)])
    vertex = np.zeros(size)
    weights = np.abs(objective)
    for _ in range(PIVOTS):
        square = matrix[basis]
        try:
            vertex = np.linalg.solve(square, limits[basis])
            over = matrix @ vertex - limits
            enter = int(np.argmax(over))
            if over[enter] <= TINY or enter in basis:
                break
            share = np.linalg.solve(square.T, matrix[enter])
        except np.linalg.LinAlgError:
            break
        candidates = np.flatnonzero(share > 1e-12)
        if not candidates.size:
            return Optimum(vertex, np.append(basis, enter), np.append(np.maximum(-share, 0.0), 1.0), False)
        leave = candidates[np.argmin(weights[candidates] / share[candidates])]
        step = weights[leave] / share[leave]
        weights = np.maximum(weights - step * share, 0.0)
        weights[leave] = step
        basis[leave] = enter
    # the multipliers anew from the basis, free of what the pivots have gathered
    with suppress(np.linalg.LinAlgError):
        weights = np.maximum(np.linalg.solve(matrix[basis].T, objective), 0.0)
    return Optimum(vertex, basis, weights, True)
