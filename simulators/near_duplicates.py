"""The probability of a near-duplicate in a sample, for any law on points of which some are near each other.

Nearness is a graph: clusters of points with edges, in many copies that are not near each other; a part without atoms,
whose points are near nothing; and a hub, a point that is near every other.  No two of s samples are near each other when
they fall on distinct points of an independent set of the graph, so that

    P(no near pair) W^s = Σ_j s!/(s - j)! a_j c^{s-j},      a_j = Σ over independent sets of j points of their weights' product,

with integer weights, W their total and c that of the atomless part.  The a_j of a disjoint union are those of the product
of polynomials.  All of it is exact integer arithmetic; what is returned is rounded once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any

import flint
import numpy as np
import torch

from simulators.collisions import rationals
from simulators.measurement import MeasurementError, Measurements, balls, integers, simulator

POINTS = 12
"""Points of a cluster, at most: its independent sets are enumerated."""
Edges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Cluster:
    """``count`` copies of a few points with integer ``weights``; ``near`` are the pairs (i, j), i < j, that are near.

    ``missed``: near pairs that a heuristic overlooks; ``wrongly``: pairs that it flags although they are not near.
    """

    weights: tuple[int, ...]
    near: Edges = ()
    count: int = 1
    missed: Edges = ()
    wrongly: Edges = ()

    @property
    def flagged(self) -> Edges:
        """The pairs that the heuristic flags."""
        return tuple(sorted({*self.near, *self.wrongly} - {*self.missed}))


@dataclass(frozen=True)
class Generator:
    """A law and how s samples are drawn from it.

    ``atomless``: weight of the part without atoms; ``hub``: weight of a point near every other (0: there is none).
    ``returned`` balls of the drawn kind go back into the urn of weights: 1 is independent sampling, 0 sampling without
    replacement, 2 Pólya's urn.  ``margin`` in (-1, 1) places b = (1 + margin)/κ.
    """

    clusters: tuple[Cluster, ...]
    s: int
    atomless: int = 0
    hub: int = 0
    returned: int = 1
    margin: float = 0.0

    @property
    def total(self) -> int:
        """The sum of all weights."""
        return sum(sum(c.weights) * c.count for c in self.clusters) + self.atomless + self.hub


@lru_cache(maxsize=4096)
def independent_sets(weights: tuple[int, ...], edges: Edges) -> tuple[int, ...]:
    """a_0, a_1, … of a graph: the summed products of weights over its independent sets of j points."""
    neighbours = [0] * len(weights)
    for i, j in edges:
        neighbours[i] |= 1 << j
        neighbours[j] |= 1 << i
    found: list[int] = [0] * (len(weights) + 1)
    stack = [(0, 0, 1, 0)]  # next point, points excluded, product, size
    while stack:
        point, excluded, product, size = stack.pop()
        if point == len(weights):
            found[size] += product
            continue
        stack.append((point + 1, excluded, product, size))
        if not excluded >> point & 1:
            stack.append((point + 1, excluded | neighbours[point], product * weights[point], size + 1))
    while len(found) > 1 and not found[-1]:
        found.pop()
    return tuple(found)


def _power(coefficients: tuple[int, ...], count: int, s: int) -> Any:
    """A power of a polynomial up to the term of order s; that of 1 + wz by binomial coefficients."""
    if len(coefficients) > 2:
        return flint.fmpz_poly(list(coefficients[: s + 1])).pow_trunc(count, s + 1)
    terms, term = [], flint.fmpz(1)
    for j in range(s + 1):
        terms.append(term)
        term = term * (count - j) * coefficients[1] // (j + 1)
    return flint.fmpz_poly(terms)


def _series(parts: Iterable[tuple[tuple[int, ...], int]], s: int) -> list[int]:
    """Coefficients 0..s of a product of powers of polynomials."""
    counts: Counter[tuple[int, ...]] = Counter()
    for coefficients, count in parts:
        counts[coefficients] += count
    whole = None
    for coefficients, count in counts.items():
        power = _power(coefficients, count, s)
        whole = power if whole is None else (whole * power).truncate(s + 1)
    return [1] + [0] * s if whole is None else [int(whole[j]) for j in range(s + 1)]


def _ways(coefficients: list[int], s: int, atomless: int) -> int:
    """Σ_j s!/(s - j)! a_j c^{s-j}."""
    total, falling = 0, 1
    for j, a in enumerate(coefficients):
        total += falling * a * atomless ** (s - j)
        falling *= s - j
    return total


def _paired(cluster: Cluster, name: str, element: int) -> None:
    """Raises `MeasurementError` unless that field holds pairs (i, j) of points, i < j, each once."""
    pairs, size = getattr(cluster, name), len(cluster.weights)
    if any(len(e) != 2 or {*map(type, e)} != {int} or not 0 <= e[0] < e[1] < size for e in pairs):
        raise MeasurementError(f"{name} {pairs} of {cluster}", f"pairs (i, j), 0 <= i < j < {size}", "kappa", element)
    if len({*pairs}) < len(pairs):  # a pair that is listed twice would count twice
        wanted = f"each pair once: remove the repeated ones from {name}"
        raise MeasurementError(f"{name} {pairs} of {cluster}", wanted, "kappa", element)


def _sound(law: Generator, element: int) -> Generator:
    """The generator itself; raises `MeasurementError` where it is none."""
    whole = [law.s, law.atomless, law.hub, law.returned, *(c.count for c in law.clusters)]
    whole += [w for c in law.clusters for w in c.weights]
    if any(type(x) is not int for x in whole) or min(law.atomless, law.hub, law.returned) < 0 or law.s < 1:
        raise MeasurementError(f"{law}", "integers of at least 0, and s >= 1", "s", element)
    for c in law.clusters:
        if not 1 <= len(c.weights) <= POINTS or min(c.weights) < 1 or c.count < 1:
            raise MeasurementError(f"{c}", f"1 to {POINTS} weights >= 1, and count >= 1", "kappa", element)
        for name in ("near", "missed", "wrongly"):
            _paired(c, name, element)
        if not {*c.missed} <= {*c.near} or {*c.wrongly} & {*c.near}:
            wanted = "missed pairs that are near, wrongly flagged pairs that are not"
            raise MeasurementError(f"{c}", wanted, "P_flagged", element)
    if law.total < 1 or not (law.clusters or law.hub):
        raise MeasurementError(f"{law}", "at least one point", "kappa", element)
    if law.returned != 1 and (law.atomless or law.total + (law.s - 1) * (law.returned - 1) < 1):
        raise MeasurementError(f"{law}", "an urn that holds s balls and no atomless part", "P_near", element)
    if not -1 < law.margin < 1:
        raise MeasurementError(f"margin {law.margin}", "a margin between -1 and 1", "b", element)
    return law


def _open_chains(cluster: Cluster) -> int:
    """Σ over ordered (u, v, w) with u near v, v near w and u not near w of the weights' product."""
    size = len(cluster.weights)
    near = {(i, j) for i, j in cluster.near} | {(j, i) for i, j in cluster.near} | {(i, i) for i in range(size)}
    return sum(
        cluster.weights[u] * cluster.weights[v] * cluster.weights[w]
        for u, v in near
        for w in range(size)
        if (v, w) in near and (u, w) not in near
    )


def _values(law: Generator) -> dict[str, Any]:
    """Every column of one generator, as integers and rationals."""
    s, total, urn = law.s, law.total, law.returned - 1
    whole = total**s if urn == 0 else prod(total + k * urn for k in range(s))

    def near_pairs(pairs: str) -> int:
        return sum(2 * c.count * sum(c.weights[i] * c.weights[j] for i, j in getattr(c, pairs)) for c in law.clusters)

    def unrelated(pairs: str) -> int:
        parts = [(independent_sets(c.weights, getattr(c, pairs)), c.count) for c in law.clusters]
        return _ways(_series(parts, s), s, law.atomless) + (law.hub if s == 1 else 0)

    squares = sum(c.count * sum(w * w for w in c.weights) for c in law.clusters) + law.hub**2
    related = squares + near_pairs("near") + 2 * law.hub * (total - law.hub)
    chains = sum(c.count * _open_chains(c) for c in law.clusters) + law.hub * (total**2 - related)
    distinct = [((1, w), c.count) for c in law.clusters for w in c.weights] + [((1, law.hub), 1)] * (law.hub > 0)
    far = unrelated("near")
    unflagged = unrelated("flagged") if any(c.missed or c.wrongly for c in law.clusters) else far
    kappa = Fraction(related, total**2)
    return {
        "s": s,
        "kappa": kappa,
        "b": (1 + Fraction(law.margin)) / kappa,
        "P_far": Fraction(far, whole),
        "P_near": Fraction(whole - far, whole),
        "P_equal": Fraction(whole - _ways(_series(distinct, s), s, law.atomless), whole),
        "P_flagged": Fraction(whole - unflagged, whole),
        "open_chains": Fraction(chains, total**3),
        "wrongly": Fraction(near_pairs("wrongly"), total**2),
        "dependence": abs(urn) * (1 - Fraction(squares, total**2)) / (total + urn) if urn else Fraction(0),
    }


def packing(law: Generator) -> int:
    """The largest number of points no two of which are near; raises `MeasurementError` where it is infinite."""
    if law.atomless:
        raise MeasurementError(f"{law}", "a law without an atomless part: its packing number is infinite", "alpha")
    return max(1, sum(c.count * (len(independent_sets(c.weights, c.near)) - 1) for c in law.clusters))


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    whole = {"s", "alpha"}
    return {
        name: integers(row[name] for row in rows) if name in whole else rationals(row[name] for row in rows)
        for name in (rows[0] if rows else {})
    }


def _precise(row: dict[str, Any]) -> Measurements:
    exact = {name: Fraction(value) for name, value in row.items()}
    return Measurements({n: balls([flint.fmpq(v.numerator, v.denominator)]) for n, v in exact.items()}, np.zeros(1))


def observe_precisely(law: Generator, bits: int) -> Measurements:
    """The columns of `observe` for one generator, as exact rationals (``bits`` is not needed)."""
    return _precise(_values(_sound(law, 0)))


def observe_packed_precisely(law: Generator, bits: int) -> Measurements:
    """The columns of `observe_packed` for one generator, as exact rationals (``bits`` is not needed)."""
    return _precise({**_values(_sound(law, 0)), "alpha": packing(law)})


NAMES = "s kappa b P_far P_near P_equal P_flagged open_chains wrongly dependence"


@simulator(NAMES, limited_by="rounding", precisely=observe_precisely)
def observe(laws: tuple[Generator, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each generator: κ = P(X near X'), and the probability of a near, equal or flagged pair in s draws.

    ``open_chains``: P(X near Y near Z, X not near Z); ``wrongly``: P(X, X' flagged and not near); ``dependence``: total
    variation distance between the law of two draws and the product of their laws.  A malformed generator raises
    `MeasurementError`.
    """
    torch.empty(0, device=device)  # a device that is absent is an error even where integers decide
    rows = [_values(_sound(law, k)) for k, law in enumerate(laws)]
    return Measurements(_columns(rows), np.arange(len(laws)))


@simulator(NAMES + " alpha", limited_by="rounding", precisely=observe_packed_precisely)
def observe_packed(laws: tuple[Generator, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """The columns of `observe` and α, the largest number of points no two of which are near (no atomless part)."""
    torch.empty(0, device=device)
    rows = [{**_values(_sound(law, k)), "alpha": packing(law)} for k, law in enumerate(laws)]
    return Measurements(_columns(rows), np.arange(len(laws)))
