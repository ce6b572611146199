"""Exact arithmetic on softmax models: independent rows, directions of escape, and membership of a hull.

Floats are exact dyadic rationals, so that ranks and faces are decided, never estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

import flint
import numpy as np

Rows = tuple[tuple[float, ...], ...]


def whole_rows(features: Sequence[Sequence[float]]) -> list[list[int]]:
    """Each row of Phi times a power of two, as integers.  Rank, faces and hulls do not change."""
    rows = []
    for row in features:
        ratios = [float(x).as_integer_ratio() for x in row]
        common = max(d for _, d in ratios)
        rows.append([n * (common // d) for n, d in ratios])
    return rows


@lru_cache(maxsize=4096)
def independent_rows(features: Rows) -> tuple[int, ...]:
    """Rows of Phi (d, V) that are independent modulo constants, and span the others."""
    differences = [[x - row[0] for x in row[1:]] for row in whole_rows(features)]
    d, words = len(differences), len(differences[0])
    if words == 0:
        return ()
    matrix = flint.fmpz_mat(words, d, [differences[i][w] for w in range(words) for i in range(d)])
    reduced, _, rank = matrix.rref()
    if rank == d:
        return tuple(range(d))
    return tuple(next(i for i in range(d) if reduced[r, i] != 0) for r in range(rank))


def offsets(features: Sequence[Sequence[float]], weights: Sequence[int]) -> list[list[int]]:
    """Integer multiples of phi_w - Phi p* (row by row, each row with a positive factor of its own)."""
    total = sum(weights)
    out = []
    for row in whole_rows(features):
        mean = sum(n * x for n, x in zip(weights, row, strict=True))
        out.append([total * x - mean for x in row])
    return out


def escape(
    features: Sequence[Sequence[float]], weights: Sequence[int], f: np.ndarray, p: np.ndarray
) -> tuple[int, ...] | None:
    """The words of a face that f is escaping to, or None: a proof that no minimiser exists.

    ``f`` (d,), ``p`` (V,): an iterate that diverges.  Words of vanishing probability suggest a face; from f a
    direction u is made with u . (phi_w - Phi p*) = 0 on the face and < 0 off it, in exact arithmetic.
    Then L(f + t u) decreases strictly in t from every f.
    """
    table = offsets(features, weights)
    d, words = len(table), len(weights)
    units = np.array([_ratio(whole, row) for whole, row in zip(whole_rows(features), features, strict=True)])
    for threshold in (1e-8, 1e-6, 1e-4):
        face = tuple(w for w in range(words) if p[w] > threshold or weights[w])
        if len(face) == words:
            continue
        basis = _null_space([[table[i][w] for i in range(d)] for w in face], d)
        if not basis:
            continue
        span = np.array([[float(x) for x in vector] for vector in basis]).T
        share, *_ = np.linalg.lstsq(span, f / units, rcond=None)
        top = np.abs(share).max()
        if not top > 0:
            continue
        rounded = [round(float(x) / top * 4096) for x in share]
        u = [sum(c * vector[i] for c, vector in zip(rounded, basis, strict=True)) for i in range(d)]
        slopes = [sum(u[i] * table[i][w] for i in range(d)) for w in range(words)]
        if all(s <= 0 for s in slopes) and any(s < 0 for s in slopes):
            return tuple(w for w in range(words) if slopes[w] == 0)
    return None


def interior(features: Sequence[Sequence[float]], weights: Sequence[int]) -> bool:
    """Whether Phi p* lies in the relative interior of the hull of the columns: no facet contains it.

    Facets through the point are enumerated, in the affine hull (rank k): each is spanned by k - 1 of the columns.
    For small models only: V choose k - 1 hyperplanes.
    """
    table = offsets(features, weights)
    rows = independent_rows(tuple(map(tuple, features)))
    k, words = len(rows), len(weights)
    points = [[table[i][w] for i in rows] for w in range(words)]
    distinct = [list(x) for x in dict.fromkeys(map(tuple, points))]
    for chosen in combinations(distinct, max(k - 1, 0)):
        normals = _null_space(list(chosen), k)
        if len(normals) != 1:
            continue
        sides = [sum(n * x for n, x in zip(normals[0], point, strict=True)) for point in distinct]
        if min(sides) >= 0 or max(sides) <= 0:
            return False
    return True


def _ratio(whole: Sequence[int], row: Sequence[float]) -> float:
    for n, x in zip(whole, row, strict=True):
        if x:
            return n / x
    return 1.0


def _null_space(vectors: list[list[int]], d: int) -> list[list[int]]:
    """Integer basis of {u in Q^d: u . v = 0 for all v}."""
    if not vectors:
        return [[int(i == j) for j in range(d)] for i in range(d)]
    reduced, den, rank = flint.fmpz_mat(len(vectors), d, [x for v in vectors for x in v]).rref()
    pivots = [next(i for i in range(d) if reduced[r, i] != 0) for r in range(rank)]
    basis = []
    for free in (i for i in range(d) if i not in pivots):
        u = [0] * d
        u[free] = int(den)
        for r, i in enumerate(pivots):
            u[i] = -int(reduced[r, free])
        basis.append(u)
    return basis
