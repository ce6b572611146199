"""H* of a few inputs as `TangentKernel` returns it: pairs, quadratic forms and smallest eigenvalues of Gram matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from flint import acb, acb_mat, arb, ctx, fmpq

from .dual_activations import Activation
from .gaussian_integrals import rounded
from .infinite_width import TangentKernel, layer_balls
from .kernel_balls import UNIT
from .kernel_layers_precisely import SPARE, chain, constant
from .kernel_points import Points, depths, exact_traits, inner, trait_columns
from .measurement import Measurements, balls, integers, reals, simulator

OTHER = 1.0
"""The constant c of the second net, instead of c_σ."""
CERTIFIED_BITS = 160
SHARED = 16
"""Sets of inputs whose Gram matrix is computed at once."""
TRAITS = ("from_relu", "from_homogeneous")
_PAIR = ("H_xx", "H_yy", "H_xy", "H_opposite", "H_scaled", "H_other", "H_none")


@dataclass(frozen=True)
class Related:
    """Inputs x and y, and multiples ``p`` x and ``q`` y."""

    points: Points
    p: int = 1
    q: int = 1


@dataclass(frozen=True)
class Weighted:
    """Inputs with an integer weight each; where ``mirrored``, their opposites too, with the opposite weights."""

    points: Points
    weights: tuple[int, ...]
    mirrored: bool = False

    @property
    def all_points(self) -> Points:
        """The inputs, with their opposites after them where there are any."""
        given = self.points
        if not self.mirrored:
            return given
        opposite = tuple(tuple(-v for v in row) for row in given.rows)
        return replace(given, rows=given.rows + opposite, powers=given.powers * 2)

    @property
    def all_weights(self) -> tuple[int, ...]:
        """A weight for each of them."""
        return self.weights + (tuple(-w for w in self.weights) if self.mirrored else ())


def _combined(instance: Weighted) -> fmpq:
    """|Σ w_i x_i|² over the given inputs, exactly."""
    rows = instance.points.exact()
    total = [
        sum((w * v for w, v in zip(instance.weights, column, strict=True)), fmpq(0))
        for column in zip(*rows, strict=True)
    ]
    return inner(total, total)


def _seven(instance: Related) -> tuple[Points, Points, Points]:
    """Points x, y, -y, p x, q y; the same with another constant; the same without hidden layers."""
    x, y = instance.points.rows
    powers = instance.points.powers or (0, 0)
    rows = (x, y, tuple(-v for v in y), tuple(instance.p * v for v in x), tuple(instance.q * v for v in y))
    whole = replace(instance.points, rows=rows, powers=(powers[0], powers[1], powers[1], powers[0], powers[1]))
    return whole, replace(whole, constant=OTHER), replace(whole, depth=0)


def _given(batch: Sequence[Related], element: Any) -> dict[str, Any]:
    """What is known exactly: products of the inputs, multiples, depth, dimension."""
    exact = [batch[e].points.exact() for e in element]
    return {
        "inner": balls(inner(x, y) for x, y in exact),
        "square_x": balls(inner(x, x) for x, _ in exact),
        "square_y": balls(inner(y, y) for _, y in exact),
        "p": integers(batch[e].p for e in element),
        "q": integers(batch[e].q for e in element),
        "L": depths(tuple(i.points for i in batch), np.array(element)),
        "d": integers(len(batch[e].points.rows[0]) for e in element),
    }


def related_precisely(instance: Related, bits: int) -> Measurements:
    """What `observe_related` measures, in balls of ``bits`` bits."""
    with ctx.workprec(SPARE * bits):
        whole, other, none = _seven(instance)
        places = {"H_xx": (0, 0), "H_yy": (1, 1), "H_xy": (0, 1), "H_opposite": (0, 2), "H_scaled": (3, 4)}
        table = {name: balls([chain(whole, i, j)[-1].theta]) for name, (i, j) in places.items()}
        table |= {"H_other": balls([chain(other, 0, 1)[-1].theta]), "H_none": balls([chain(none, 0, 1)[-1].theta])}
        table |= {"keep": balls([arb(OTHER) / constant(whole)])}
        table |= _given((instance,), [0]) | exact_traits(instance.points, 1, TRAITS)
    return Measurements(table, np.zeros(1))


@simulator(
    " ".join((*_PAIR, "inner", "square_x", "square_y", "p", "q", "L", "d", "keep", *TRAITS)),
    limited_by="rounding",
    precisely=related_precisely,
)
def observe_related(batch: tuple[Related, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """H* of x and y, of x and -y, of p x and q y, with another constant c, and without hidden layers.  Rows: element.

    ``keep`` is that constant over c_σ.  ReLU, leaky ReLU and erf.
    """
    mids: list[list[float]] = []
    bars: list[list[float]] = []
    seven = [_seven(instance) for instance in batch]
    for found in zip(*(_grams([s[k] for s in seven], device) for k in range(3)), strict=True):
        for which, into in ((0, mids), (1, bars)):
            h, other, none = (f[which] for f in found)
            into.append([h[0, 0], h[1, 1], h[0, 1], h[0, 2], h[3, 4], other[0, 1], none[0, 1]])
    element = np.arange(len(batch))
    mid, rad = np.array(mids), np.array(bars)
    table = {name: reals(mid[:, k], rad[:, k]) for k, name in enumerate(_PAIR)}
    points = tuple(i.points for i in batch)
    keep = np.array([OTHER / p.kind.c for p in points])
    table["keep"] = reals(keep, 4 * UNIT * keep)
    return Measurements(table | _given(batch, element) | trait_columns(points, element, TRAITS), element)


def _grams(sets: Sequence[Points], device: torch.device) -> list[tuple[np.ndarray, np.ndarray]]:
    """H* of every set by the public kernel, and the radius of its rounding; sets of one net share a Gram matrix."""
    nets: dict[tuple[int, Activation], list[int]] = {}
    for k, points in enumerate(sets):
        if points.form:  # an error where the radius would be no proof
            nets.setdefault((points.depth, points.kind), []).append(k)
    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for (depth, activation), members in nets.items():
        for start in range(0, len(members), SHARED):
            some = members[start : start + SHARED]
            found |= zip(some, _blocks([sets[k].array() for k in some], depth, activation, device), strict=True)
    return [found[k] for k in range(len(sets))]


def _blocks(
    arrays: list[np.ndarray], depth: int, activation: Activation, device: torch.device
) -> list[tuple[np.ndarray, np.ndarray]]:
    width = max(a.shape[1] for a in arrays)
    padded = np.concatenate([np.pad(a, ((0, 0), (0, width - a.shape[1]))) for a in arrays])
    rows = torch.as_tensor(padded, device=device)
    mid = TangentKernel(depth, activation)(rows).cpu().numpy()
    rad = layer_balls(rows, None, depth, activation)[1].theta[-1].cpu().numpy()
    ends = np.cumsum([0, *(len(a) for a in arrays)])
    parts = [slice(i, j) for i, j in pairwise(ends)]
    return [(mid[p, p], rad[p, p]) for p in parts]


def _sizes(batch: Sequence[Weighted], element: Any) -> dict[str, Any]:
    return {
        "square": balls(_combined(batch[e]) for e in element),
        "pairs": integers(len(batch[e].weights) if batch[e].mirrored else 0 for e in element),
        "d": integers(len(batch[e].points.rows[0]) for e in element),
        "L": depths(tuple(i.points for i in batch), np.array(element)),
    }


def _least(h: list[list[arb]]) -> arb:
    """The smallest eigenvalue of a symmetric matrix of balls.

    Eigenvalues that balls cannot keep apart (equal inputs) are enclosed by Weyl's inequality from a float matrix.
    """
    try:
        found = [v.real for v in acb_mat([[acb(v) for v in row] for row in h]).eig(multiple=True, algorithm="rump")]
    except ValueError:
        near = np.array([[float(v.mid()) for v in row] for row in h])
        rounding = 16 * len(h) ** 1.5 * UNIT * float(np.linalg.norm(near))
        off = sum(
            ((v - arb(w)) ** 2 for row, r in zip(h, near, strict=True) for v, w in zip(row, r, strict=True)), arb(0)
        )
        return arb(float(np.linalg.eigvalsh(near)[0])) + arb(0, rounding) + arb(0, off.sqrt().upper())
    return min((v.lower() for v in found), key=float).union(min((v.upper() for v in found), key=float))


def spectrum_precisely(instance: Weighted, bits: int) -> Measurements:
    """What `observe_spectrum` measures, in balls of ``bits`` bits."""
    with ctx.workprec(SPARE * bits):
        points, weights = instance.all_points, instance.all_weights
        n = len(weights)
        h = [[arb(0)] * n for _ in range(n)]
        for i in range(n):
            for j in range(i, n):
                h[i][j] = h[j][i] = arb(chain(points, i, j)[-1].theta)
        least = _least(h)
        form = sum((weights[i] * weights[j] * h[i][j] for i in range(n) for j in range(n)), arb(0))
        table = {"lambda_min": balls([least]), "trace": balls([sum((h[i][i] for i in range(n)), arb(0))])}
        table |= {"form": balls([form])} | _sizes((instance,), [0]) | exact_traits(instance.points, 1, TRAITS)
    return Measurements(table, np.zeros(1))


_SPECTRUM = "lambda_min trace form square pairs d L from_relu from_homogeneous"


@simulator(_SPECTRUM, limited_by="rounding", precisely=spectrum_precisely)
def observe_spectrum(
    batch: tuple[Weighted, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Smallest eigenvalue and trace of a Gram matrix H, wᵀHw, and |Σ w_i x_i|² of the given inputs.  Rows: element.

    ``pairs``: antipodal pairs, 0 where the inputs are not mirrored; ``d``: dimension of the inputs.
    """
    columns: dict[str, list[tuple[float, float]]] = {"lambda_min": [], "trace": [], "form": []}
    grams = _grams([instance.all_points for instance in batch], device)
    for instance, (h, off) in zip(batch, grams, strict=True):
        w = np.array(instance.all_weights, dtype=np.float64)
        n = len(w)
        values = np.linalg.eigvalsh(h)
        # Weyl: rounding of H in Frobenius norm, and a backward stable solver.
        error = np.linalg.norm(off) + 16 * n**1.5 * UNIT * np.linalg.norm(h)
        columns["lambda_min"].append((values[0], error))
        columns["trace"].append((np.trace(h), np.trace(off) + n * UNIT * np.trace(h)))
        size = np.abs(w) @ np.abs(h) @ np.abs(w)
        columns["form"].append((w @ h @ w, np.abs(w) @ off @ np.abs(w) + 3 * n * UNIT * size))
    element = np.arange(len(batch))
    table = {name: reals(*np.array(found).T) for name, found in columns.items()}
    points = tuple(i.points for i in batch)
    return Measurements(table | _sizes(batch, element) | trait_columns(points, element, TRAITS), element)


@simulator(_SPECTRUM, limited_by="rounding", precisely=spectrum_precisely)
def observe_certified(
    batch: tuple[Weighted, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """The same from exact inputs in balls of 160 bits: what rounding of float64 would hide.  No tensor is made."""
    torch.empty(0, device=device)  # a device that is absent is an error here too
    tables = [spectrum_precisely(instance, CERTIFIED_BITS) for instance in batch]
    columns = {name: rounded([v for t in tables for v in t.columns[name].mid]) for name in _SPECTRUM.split()}
    for name in ("pairs", "d", "L"):
        columns[name] = integers(int(v) for t in tables for v in t.columns[name].mid)
    return Measurements(columns, np.arange(len(batch)))
