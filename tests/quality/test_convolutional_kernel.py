"""Finite convolutional nets tell the kernel from wrong ones: every mistake that was made before is excluded.

The bars are those of the audit; the wrong kernels are written out over all pairs of pixels.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import torch

from simulators.convolutional_kernel_images import ImagePair, images
from simulators.convolutional_net import ConvNets
from simulators.convolutional_net_law import observe_mean, observe_self
from tests.unit.test_convolutional_kernel import filtered, relu

CPU = torch.device("cpu")
SHALLOW = tuple(
    ConvNets(ImagePair(2, 2, 2, 1, padding=padding, kind="positive", seed=3), 16, pooled, seed=1)
    for padding in ("zero", "circular")
    for pooled in (True, False)
)
DEEP = tuple(
    ConvNets(ImagePair(2, 2, 1, depth, padding=padding, kind="positive", seed=3), 8, False, seed=1)
    for padding, depth in (("zero", 2), ("circular", 2), ("circular", 3))
)
PAIRS = ((0, 0), (0, 1), (1, 1))


def kernel(nets: ConvNets, x: np.ndarray, y: np.ndarray, mistake: str = "") -> float:
    """The kernel of two images, with one mistake."""
    pair = nets.pair
    size, circular = pair.filter, pair.padding == "circular"
    if mistake == "other padding":
        circular = not circular
    weight = {"no 1/q²": size**2, "c = 1": 0.5}.get(mistake, 1.0)
    depth = pair.depth + {"a layer more": 1, "a layer less": -1}.get(mistake, 0)
    xx, xy, yy = (filtered(np.einsum("ijc,kmc->ijkm", a, b), size, circular) for a, b in ((x, x), (x, y), (y, y)))
    theta, out = 0 * xy if mistake == "first layer fixed" else xy, xy
    for layer in range(depth):
        moment, slope = (weight * v for v in relu(xy, xx, yy, size))
        if mistake == "moments and slopes exchanged":
            moment, slope = slope, moment
        last = layer == depth - 1
        out = slope * theta + (0 if last and mistake == "last layer fixed" else moment)
        xx, yy = (filtered(weight * relu(v, v, v, size)[0], size, circular) for v in (xx, yy))
        xy, theta = filtered(moment, size, circular), filtered(out, size, circular)
        if mistake == "no filter of tangents":
            theta = out
    if mistake == "a filter after the last layer":
        out = theta
    pooled = nets.pooled if mistake != "other pooling" else not nets.pooled
    return float(out.mean() if pooled else np.einsum("ijij->", out))


@lru_cache
def measured(deep: bool) -> list[tuple[ConvNets, int, float, float]]:
    """Rows (nets, pair, mean, radius) of both families."""
    batch, observe, name = (DEEP, observe_self, "mean_self") if deep else (SHALLOW, observe_mean, "mean_H")
    table = observe(batch, delta=1e-9, effort=0, device=CPU)
    column = table.columns[name]
    pairs = table.index["pair"].tolist()
    return [
        (batch[k], p, float(column.mid[n]), float(column.rad[n]))
        for n, (k, p) in enumerate(zip(table.element.tolist(), pairs, strict=True))
    ]


def excluded(mistake: str, deep: bool) -> int:
    """How many rows exclude the kernel with that mistake."""
    count = 0
    for nets, p, mean, rad in measured(deep):
        both, (a, b) = images(nets.pair), PAIRS[p]
        count += abs(kernel(nets, both[a], both[b], mistake) - mean) > rad
    return count


@pytest.mark.parametrize("deep", [False, True], ids=["one-layer", "self-pairs"])
def test_the_kernel_itself_is_excluded_by_none(deep):
    assert excluded("", deep) == 0


@pytest.mark.parametrize(
    "mistake", ["no 1/q²", "c = 1", "a layer more", "a layer less", "other padding", "other pooling"]
)
def test_wrong_constants_and_sizes_are_excluded_by_nets_of_one_layer(mistake):
    assert excluded(mistake, False)


@pytest.mark.parametrize(
    "mistake",
    ["first layer fixed", "last layer fixed", "a filter after the last layer", "moments and slopes exchanged"],
)
def test_wrong_compositions_are_excluded_by_nets_of_one_layer(mistake):
    assert excluded(mistake, False)


@pytest.mark.parametrize(
    "mistake",
    [
        "first layer fixed",
        "last layer fixed",
        "a filter after the last layer",
        "no filter of tangents",
        "c = 1",
        "no 1/q²",
    ],
)
def test_wrong_compositions_are_excluded_by_deeper_nets_on_single_images(mistake):
    assert excluded(mistake, True)
