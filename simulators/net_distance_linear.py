"""Discriminators that are linear in features, D_v(x) = ½(1 + v·ψ(x)) with v in the unit ball of a norm: exact suprema.

The objective E_μ D_v - E_ν D_v is evaluated at parameters, never through a dual norm.  A ball that is a polytope (ℓ₁, ℓ_∞)
is searched vertex by vertex, where a linear function has its maximum; on the Euclidean ball the square of the objective
is a quadratic form, whose maximum is the largest root of its characteristic polynomial.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import flint
import numpy as np
import torch

from .interpolation_net import ONE, ZERO, Vector, dot, matrix, rationals
from .measurement import MeasurementError, Measurements, balls, integers, simulator
from .net_distance_laws import BITS, difference, means, points, probabilities, variation

BALLS = ("l2", "l1", "linf")
LARGEST = 12
"""Parameters of an ℓ_∞ ball, or cells of a table, at most: their vertices are enumerated."""


@dataclass(frozen=True)
class Linear:
    """Two laws on the same atoms, the feature vectors ψ of the atoms, and the ball that v runs over.

    ``atoms`` are the features themselves, short decimals; ``one`` and ``other`` integer weights of μ and ν.
    """

    atoms: tuple[tuple[float, ...], ...]
    one: tuple[int, ...]
    other: tuple[int, ...]
    ball: str = "l2"


def root(square: Any) -> Any:
    """The square root of a rational at least 0 or of a ball, as a ball; of a rational square a rational."""
    if isinstance(square, flint.fmpq):
        if square == 0:
            return ZERO
        top, bottom = square.p.isqrt(), square.q.isqrt()
        if top * top == square.p and bottom * bottom == square.q:
            return flint.fmpq(top, bottom)
    with flint.ctx.workprec(BITS):
        square = flint.arb(square)
        return flint.arb(0).union(square.abs_upper().sqrt()) if square.contains(0) else square.sqrt()


def length(vector: Sequence[Any], norm: str) -> Any:
    """The norm of a rational vector: *l2*, *l1* or *linf*."""
    if norm == "l2":
        return root(dot(vector, vector))
    sizes = [abs(x) for x in vector]
    return sum(sizes, ZERO) if norm == "l1" else max(sizes)


DUAL = {"l2": "l2", "l1": "linf", "linf": "l1"}


def vertices(ball: str, size: int) -> Iterator[tuple[int, ...]]:
    """The vertices of the unit ball of ℓ₁ or ℓ_∞ in that many dimensions, one of each pair ±v."""
    if ball == "l1":
        yield from (tuple(int(i == j) for i in range(size)) for j in range(size))
    else:
        yield from ((1, *rest) for rest in product((1, -1), repeat=size - 1))


def objective(v: Sequence[Any], signed: Sequence[Any], values: Sequence[Vector]) -> Any:
    """E_μ D_v - E_ν D_v, atom by atom."""
    half = flint.fmpq(1, 2)
    return sum((c * half * (1 + dot(v, x)) for c, x in zip(signed, values, strict=True)), ZERO)


def supremum(signed: Sequence[Any], values: Sequence[Vector], ball: str, element: int | None = None) -> Any:
    """The largest |E_μ D_v - E_ν D_v| over the ball, for a signed measure μ - ν; rational, or a ball for *l2*."""
    size = len(values[0])
    if ball not in BALLS:
        raise MeasurementError(f"ball {ball!r}", f"one of {', '.join(BALLS)}", "distance", element)
    if ball == "linf" and size > LARGEST:
        raise MeasurementError(f"{size} parameters of an l_inf ball", f"at most {LARGEST}", "distance", element)
    along = [objective([ONE if i == j else ZERO for i in range(size)], signed, values) for j in range(size)]
    if ball != "l2":
        return max(abs(dot(v, along)) for v in vertices(ball, size))
    form = matrix([[a * b for b in along] for a in along])
    return root(largest_root(form.charpoly()))


def largest_root(polynomial: Any) -> Any:
    """The largest root of a rational polynomial whose roots are all rational."""
    roots = []
    for factor, _ in polynomial.factor()[1]:
        if factor.degree() != 1:
            raise MeasurementError(f"the irreducible factor {factor}", "rational roots only", "distance")
        roots.append(-factor[0] / factor[1])
    return max(roots)


def table_supremum(signed: Sequence[Any]) -> Any:
    """The largest |E_μ D - E_ν D| over tables, one value in [0, 1] for each atom: vertex by vertex."""
    if len(signed) > LARGEST:
        raise MeasurementError(f"a table of {len(signed)} cells", f"at most {LARGEST}", "table")
    return max(abs(dot(v, signed)) for v in product((0, 1), repeat=len(signed)))


def reach(values: Sequence[Vector], ball: str) -> Any:
    """The largest |v·ψ(x)| over the ball and the atoms: at most 1 where every D_v has its values in [0, 1]."""
    if ball == "l2":
        return root(max(dot(x, x) for x in values))
    return max(abs(dot(v, x)) for x in values for v in vertices(ball, len(values[0])))


def prepared(case: Linear, element: int) -> tuple[list[Vector], list[Any]]:
    """The features and the signed measure μ - ν; raises `MeasurementError` where they are none."""
    values = points(case.atoms, element)
    one, other = (probabilities(w, len(values), element) for w in (case.one, case.other))
    return values, difference(one, other)


def _row(case: Linear, element: int) -> dict[str, Any]:
    values, signed = prepared(case, element)
    return {
        "distance": supremum(signed, values, case.ball, element),
        "dual_norm": length(means(signed, values), DUAL[case.ball]),
        "reach": reach(values, case.ball),
        "variation": variation(signed),
        "table": table_supremum(signed),
        "features": len(values[0]),
    }


@simulator("distance dual_norm reach variation table features", limited_by="exact")
def observe(batch: tuple[Linear, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each pair of laws: the supremum over the ball, the dual norm of the difference of the mean features,
    the largest |v·ψ|, the total variation distance and the supremum over all tables.

    Rationals, and for Euclidean lengths balls of 192 bits.  A malformed instance raises `MeasurementError`.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_row(case, k) for k, case in enumerate(batch)], observe.observables, ("features",))


def table(rows: list[dict[str, Any]], names: Sequence[str], whole: Sequence[str] = ()) -> Measurements:
    """One row for each element; ``whole`` names the columns of integers."""
    columns = {name: (integers if name in whole else balls)(row[name] for row in rows) for name in names}
    return Measurements(columns, np.arange(len(rows)))


@dataclass(frozen=True)
class Net:
    """A linear class and a net of its unit ball: ``cells`` points a side, the centres of equal cubes (ℓ_∞ ball).

    ``v`` and ``w`` are two parameters, for what a move from one to the other changes.
    """

    linear: Linear
    cells: int
    v: tuple[float, ...]
    w: tuple[float, ...]


def _net_row(case: Net, element: int) -> dict[str, Any]:
    values, signed = prepared(case.linear, element)
    size, cells = len(values[0]), case.cells
    v, w = rationals(case.v, "moved", element), rationals(case.w, "moved", element)
    if case.linear.ball != "linf" or cells < 1 or cells**size > 4096 or not len(v) == len(w) == size:
        raise MeasurementError(
            f"{case}", "an l_inf ball, at most 4096 points, v and w of p entries", "distance", element
        )
    sides = [flint.fmpq(2 * k + 1, cells) - 1 for k in range(cells)]
    one = probabilities(case.linear.one, len(values), element)
    value = [dot(one, [(1 + dot(u, x)) * flint.fmpq(1, 2) for x in values]) for u in (v, w)]
    moves = [abs(a - b) for a, b in zip(v, w, strict=True)]
    slopes = [sum((abs(x) for x in psi), ZERO) / 2 for psi in values]
    return {
        "distance": supremum(signed, values, "linf", element),
        "net_maximum": max(abs(objective(u, signed, values)) for u in product(sides, repeat=size)),
        "mesh": flint.fmpq(1, cells),
        "lipschitz": max(slopes),
        "changed": abs(value[0] - value[1]),
        "moved": max(moves),
    }


@simulator("distance net_maximum mesh lipschitz changed moved", limited_by="exact")
def observe_net(batch: tuple[Net, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each net of an ℓ_∞ ball: the supremum over the ball and over the net, how far (in ℓ_∞) a parameter is
    from the net at most, the Lipschitz constant of v -> D_v(x) over the atoms, and how far E_μ D moves from v to w.
    """
    torch.empty(0, device=device)
    return table([_net_row(case, k) for k, case in enumerate(batch)], observe_net.observables)
