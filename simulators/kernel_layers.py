"""Layers of H* as the fast kernel code computes them, for batches of small sets of inputs.

The recursion of `kernel_recursion` is the subject: it is measured here, layer by layer and pair by pair, with the radii of
`kernel_balls`.  Nothing here says how one layer follows from another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import torch
from torch import Tensor

from .dual_activations import LEVEL, Activation
from .infinite_width import layer_balls
from .kernel_balls import UNIT, radii
from .kernel_geometry import Inputs, inputs, paired_angles
from .kernel_layers_precisely import observe_precisely
from .kernel_points import Points, trait_columns
from .kernel_recursion import BUFFERS, Angle, ReluLayer, recursion
from .measurement import Measurements, reals, simulator

COLUMNS = ("S_xx", "S_yy", "S_xy", "a", "b", "t", "c", "S_next", "S_dot", "T_prev", "T_next")
TRAITS = ("from_relu", "from_erf")


@dataclass(frozen=True, eq=False)
class _Flat:
    """All pairs of the instances of one activation: the place of (x, x) and (y, y) beside (x, y), all (P,)."""

    pairs: Angle
    element: np.ndarray
    number: np.ndarray
    first: Tensor
    second: Tensor
    features: int


def pairs_of(count: int) -> list[tuple[int, int]]:
    """Pairs i ≤ j of ``count`` inputs, in the order of rows."""
    return list(combinations_with_replacement(range(count), 2))


def _flat(batch: tuple[Points, ...], chosen: list[int], device: torch.device) -> _Flat:
    arrays = [batch[e].array() for e in chosen]
    features = max(a.shape[1] for a in arrays)
    padded = np.concatenate([np.pad(a, ((0, 0), (0, features - a.shape[1]))) for a in arrays])
    rows = torch.as_tensor(padded, device=device)
    deepest = max(batch[e].depth for e in chosen)
    points = inputs(rows, torch.float64, batch[chosen[0]].kind, deepest)
    places: list[tuple[int, int, int, int]] = []
    element: list[int] = []
    number: list[int] = []
    start = 0
    for e, array in zip(chosen, arrays, strict=True):
        ordered = pairs_of(len(array))
        place = {pair: len(places) + k for k, pair in enumerate(ordered)}
        places += [(start + i, start + j, place[i, i], place[j, j]) for i, j in ordered]
        element += [e] * len(ordered)
        number += range(len(ordered))
        start += len(array)
    i, j, first, second = torch.tensor(places, device=device).T
    left, right = (Inputs(points.unit[k], points.norm[k]) for k in (i, j))
    return _Flat(paired_angles(left, right), np.array(element), np.array(number), first, second, features)


def _groups(batch: tuple[Points, ...]) -> Iterator[list[int]]:
    kinds: dict[tuple[str, float], list[int]] = {}
    for e, instance in enumerate(batch):
        kinds.setdefault((instance.activation, instance.constant), []).append(e)
    yield from kinds.values()


@simulator(" ".join((*COLUMNS, *TRAITS)), limited_by="rounding", precisely=observe_precisely)
def observe(batch: tuple[Points, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One layer of the kernels of a pair of inputs, and the layer before; ReLU, leaky ReLU and erf.  Rows: element, pair, layer.

    S is Σ, T is Θ; ``t`` is the angle of the Gaussian pair and a = √S_xx, b = √S_yy its deviations before the layer.
    """
    parts = [part for chosen in _groups(batch) for part in _closed(batch, chosen, device)]
    return _table(batch, parts)


def _closed(batch: tuple[Points, ...], chosen: list[int], device: torch.device) -> Iterator[dict[str, np.ndarray]]:
    flat, activation = _flat(batch, chosen, device), batch[chosen[0]].kind
    depths = np.array([batch[e].depth for e in flat.element])
    deepest = int(depths.max())
    size, like = len(flat.element), flat.pairs.y
    work = tuple(torch.empty(size, dtype=like.dtype, device=device) for _ in range(BUFFERS))
    out = torch.empty((3, deepest + 1, size), dtype=like.dtype, device=device)
    halves = torch.zeros((deepest + 1, size), dtype=like.dtype, device=device)
    for h, layer in enumerate(recursion(flat.pairs, deepest, activation, LEVEL, work)):
        layer.sigma(out[0, h]), layer.sigma_dot(out[1, h]), layer.theta(out[2, h])
        if isinstance(layer, ReluLayer):
            halves[h] = layer.sigma_
    bars = list(radii(flat.pairs, flat.features, activation, *out))
    for h in range(1, deepest + 1):
        before, after = bars[h - 1], bars[h]
        s, s_off = out[0, h - 1], before.sigma
        found = {
            "S_xx": (s[flat.first], s_off[flat.first]), "S_yy": (s[flat.second], s_off[flat.second]),
            "S_xy": (s, s_off),
            "a": _root(s[flat.first], s_off[flat.first]), "b": _root(s[flat.second], s_off[flat.second]),
            "S_next": (out[0, h], after.sigma), "S_dot": (out[1, h], after.sigma_dot),
            "T_prev": (out[2, h - 1], before.theta), "T_next": (out[2, h], after.theta),
        }  # fmt: skip
        found["t"] = _angle(flat, h - 1, halves[h - 1], before.angle, found)
        c = torch.full_like(s, activation.c)
        found["c"] = (c, c * UNIT * (0 if activation.c.is_integer() or batch[chosen[0]].constant else 3))
        keep = depths >= h
        named = {n: torch.stack(pair).cpu().numpy()[:, keep] for n, pair in found.items()}
        yield named | {"element": flat.element[keep], "pair": flat.number[keep], "layer": np.full(keep.sum(), h)}


def _root(value: Tensor, off: Tensor) -> tuple[Tensor, Tensor]:
    """√ of a non-negative value."""
    root = value.clamp_min(0).sqrt()
    return root, torch.where(root > 0, off / root.clamp_min(1e-300), off.sqrt()) + 2 * UNIT * root


def _angle(
    flat: _Flat, h: int, half: Tensor, turn: Tensor | None, found: dict[str, tuple[Tensor, Tensor]]
) -> tuple[Tensor, Tensor]:
    """The angle before a layer: of the inputs, carried along (ReLU), or from the cosine."""
    if h == 0:
        half, other = flat.pairs.y, flat.pairs.z
    else:
        other = 1 - half
    if turn is not None:
        return 2 * torch.atan2(half.sqrt(), other.sqrt()), turn + 30 * UNIT
    product = (found["a"][0] * found["b"][0]).clamp_min(1e-300)
    spread = found["S_xy"][1] / product + sum(found[n][1] / found[n][0].clamp_min(1e-300) for n in "ab") + 4 * UNIT
    half = (0.5 - 0.5 * found["S_xy"][0] / product).clamp(0, 1)
    root = torch.sqrt(half * (1 - half)).clamp_min(1e-300)
    # |Δt| ≤ π √Δy always; away from the ends Δy/√(y z) twice over.
    wide = math.pi * spread.sqrt()
    return 2 * torch.asin(half.sqrt()), torch.where(spread < root.square() / 8, 2 * spread / root, wide) + 30 * UNIT


def _table(batch: tuple[Points, ...], parts: list[dict[str, np.ndarray]], proved: bool = True) -> Measurements:
    joined = {name: np.concatenate([p[name] for p in parts], -1) for name in parts[0]}
    order = np.lexsort([joined[n] for n in ("layer", "pair", "element")])
    joined = {name: values[..., order] for name, values in joined.items()}
    element = joined.pop("element")
    index = {name: joined.pop(name) for name in ("pair", "layer")}
    columns = {name: reals(mid, rad, proved=proved) for name, (mid, rad) in joined.items()}
    return Measurements(columns | trait_columns(batch, element, TRAITS), element, index)


@simulator("S_next S_dot T_prev T_next from_relu from_erf", limited_by="discretisation")
def observe_quadrature(
    batch: tuple[Points, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """The same for any activation: sums over nodes, whose error bars are not proved.  Rows: element, pair, layer."""
    parts = []
    for e, instance in enumerate(batch):
        activation: Activation = instance.kind
        open_form = Activation(
            activation.name, activation.function, activation.derivative, activation.kinked, activation.constant
        )
        rows = torch.as_tensor(instance.array(), device=device)
        mid, rad = layer_balls(rows, None, instance.depth, open_form, effort)
        ordered = pairs_of(len(rows))
        i, j = (torch.tensor(k, device=device) for k in zip(*ordered, strict=True))
        for h in range(1, instance.depth + 1):
            found = {
                name: torch.stack([getattr(x, part)[layer, i, j] for x in (mid, rad)]).cpu().numpy()
                for name, part, layer in (
                    ("S_next", "sigma", h), ("S_dot", "sigma_dot", h), ("T_prev", "theta", h - 1), ("T_next", "theta", h)
                )
            }  # fmt: skip
            many = len(ordered)
            parts.append(found | {"element": np.full(many, e), "pair": np.arange(many), "layer": np.full(many, h)})
    return _table(batch, parts, proved=False)
