"""Laws of the tangent kernel of finite convolutional nets at initialisation, beside the kernel of infinite width.

Means are Catoni's with a bound of the variance that is derived from Gaussian moments alone (`second_moments`, and
`one_layer_moments` for one hidden layer).  Where it would take too many nets, a net of several layers with two images
or with pooling, the bound is twice the variance of as many independent nets, which nobody proved.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import flint
import numpy as np
import torch

from simulators.balls import UNIT
from simulators.convolutional_kernel_images import ImagePair, images, windows
from simulators.convolutional_kernel_measured import fast, value_balls
from simulators.convolutional_net import ConvNets, second_moments, tangent_kernels
from simulators.intervals import catoni, median
from simulators.measurement import MeasurementError, Measurements, integers, reals, simulator

FLOAT = 2.0**-24
OPERATIONS = 64
"""Roundings behind an entry of a net of one layer; sums of many terms are in float64."""
NETS = 1 << 15
SELF_NETS = 1 << 14
RATE_NETS = 640
RATIO = 16
"""The widths of a rate are m and 16 m."""
PAIRS = ((0, 0), (0, 1), (1, 1))
Cell = tuple[float, float]


def one_layer_moments(nets: ConvNets) -> np.ndarray:
    """Upper bounds (3,) of the variance of H_m with one hidden layer, for (x, x), (x, x') and (x', x').

    H_m is the mean of m independent g.  For (x, x), g = (2/q²)(Σ_i s(z_i)² + |Σ_i a_i s'(z_i) p_i|²), with the sums
    replaced by squares of means and one a under pooling.  Its two parts have second moments of at most 3/2 τ², with
    τ = Σ_i |p_i|², or (mean |p_i|)² under pooling: the gate halves the moments of even functions, E z⁴ = 3|p|⁴, E a⁴ = 3.
    """
    pair = nets.pair
    pixel = np.append((images(pair) ** 2).sum(3).reshape(2, -1), np.zeros((2, 1)), 1)
    square = pixel[:, windows(pair)].sum(1)
    tau = np.sqrt(square).mean(1) ** 2 if nets.pooled else square.sum(1)
    root = 2 * np.sqrt(1.5) * 2 / pair.filter**2 * tau / np.sqrt(nets.width)
    return np.array([root[0] ** 2, root[0] * root[1], root[1] ** 2]) * (1 + 1e-12)


def _check(nets: ConvNets, element: int) -> None:
    if nets.width < 1 or nets.pair.depth < 1:
        raise MeasurementError(f"{nets}", "a width and a depth of at least 1", "mean_H", element)


def limits(nets: ConvNets, device: torch.device) -> list[Cell]:
    """The kernel of infinite width for (x, x), (x, x') and (x', x'), by the fast code: (value, radius)."""
    both, name = images(nets.pair), "gap" if nets.pooled else "flat"
    x, y = np.stack([both[[a for a, _ in PAIRS]], both[[b for _, b in PAIRS]]])
    rad = value_balls(x, y, nets.pair, device)[name].rad.cpu().numpy()
    pooling = "average" if nets.pooled else "none"
    mid = [float(fast(nets.pair, x[k], y[k : k + 1], device, pooling=pooling)[0]) for k in range(3)]
    return [(m, float(r) + 8 * UNIT * abs(m)) for m, r in zip(mid, rad, strict=True)]


def _means(nets: ConvNets, count: int, chosen: tuple[int, ...], delta: float, device: torch.device) -> list[Cell]:
    """Catoni's means of H_m with their radii, which share ``delta``."""
    drawn = tangent_kernels(nets, count, device).cpu().numpy()
    if nets.pair.depth == 1:
        bound = one_layer_moments(nets)
    elif not nets.pooled and chosen == (0, 2):
        bound = second_moments(nets)
    else:
        pilot = tangent_kernels(replace(nets, seed=nets.seed + 7_000_003), count, device).cpu().numpy()
        bound = 2 * pilot.var(0) + 1e-300
    values = drawn[:, chosen].T
    mid, rad = catoni(values, bound[list(chosen)], delta / len(chosen))
    # |H_m(x, x')| ≤ √(H_m(x, x) H_m(x', x')), to which the rounding of every product is relative
    size = np.sqrt(np.outer(drawn.mean(0)[[0, 2]], drawn.mean(0)[[0, 2]]))[np.triu_indices(2)]
    noise = OPERATIONS * nets.pair.depth * FLOAT * size[list(chosen)]
    return [(float(m), float(r + n)) for m, r, n in zip(mid, rad, noise, strict=True)]


def _table(
    rows: list[tuple[int, int, Any]], names: tuple[str, str], delta: float, batch: tuple[ConvNets, ...]
) -> Measurements:
    """Rows (element, pair, (mean, limit, share of delta))."""
    mean, limit = names
    columns = {
        "L": integers(batch[k].pair.depth for k, _, _ in rows),
        mean: reals([c[0][0] for *_, c in rows], [c[0][1] for *_, c in rows], [c[2] for *_, c in rows], proved=False),
        limit: reals([c[1][0] for *_, c in rows], [c[1][1] for *_, c in rows]),
    }
    return Measurements(columns, np.array([k for k, _, _ in rows]), {"pair": np.array([p for _, p, _ in rows])})


def _observed(
    batch: tuple[ConvNets, ...], chosen: tuple[int, ...], names: tuple[str, str], delta: float, effort: int, device: Any
) -> Measurements:
    device, rows = torch.device(device), []
    for k, nets in enumerate(batch):
        _check(nets, k)
        count = (SELF_NETS if len(chosen) == 2 else NETS) * 4**effort
        means, limit = _means(nets, count, chosen, delta, device), limits(nets, device)
        rows += [(k, p, (means[n], limit[p], delta / len(chosen))) for n, p in enumerate(chosen)]
    return _table(rows, names, delta, batch)


@simulator("L mean_H H", limited_by="sampling")
def observe_mean(batch: tuple[ConvNets, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """Rows for (x, x), (x, x') and (x', x'): the mean kernel of 2^15 nets, and that of infinite width."""
    return _observed(batch, (0, 1, 2), ("mean_H", "H"), delta, effort, device)


@simulator("L mean_self H_own", limited_by="sampling")
def observe_self(batch: tuple[ConvNets, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """Rows for (x, x) and (x', x'): the mean kernel of 2^14 nets, and that of infinite width."""
    return _observed(batch, (0, 2), ("mean_self", "H_own"), delta, effort, device)


def together(pair: ImagePair, bits: int = 400) -> flint.arb:
    """The smallest probability that a filter is open at two patches, (π - t)/(2π) at an angle t, over pairs of patches.

    Patches of zeros, where nothing is open, are left out; without others it is 1/2, which no probability is above.
    """
    both = np.append(images(pair).reshape(2, -1, pair.channels), np.zeros((2, 1, pair.channels)), 1)
    seen = np.frompyfunc(lambda v: flint.arb(float(v)), 1, 1)(both[:, windows(pair)])
    mine, theirs = seen.swapaxes(1, 2).reshape(2, pair.pixels, -1)
    with flint.ctx.workprec(bits):
        least = flint.arb(1) / 2
        for x, y in itertools.product(mine, theirs):
            square, other, cross = x @ x, y @ y, x @ y
            if square != 0 and other != 0:
                sine = (square * other - cross * cross).max(0).sqrt()
                least = least.min((1 - flint.arb.atan2(sine, cross) / flint.arb.pi()) / 2)
        return least


@simulator("L m together spread_narrow spread_wide", limited_by="sampling")
def observe_rate(batch: tuple[ConvNets, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each: medians of |H_m - H| at (x, x'), at the given width and at 16 times as much, by order statistics."""
    device, rows, shares = torch.device(device), [], []
    for k, nets in enumerate(batch):
        _check(nets, k)
        mid, rad = limits(nets, device)[1]
        ends = []
        for width in (nets.width, RATIO * nets.width):
            drawn = tangent_kernels(replace(nets, width=width), RATE_NETS * 4**effort, device).cpu().numpy()
            low, high = median(np.abs(drawn[:, 1] - mid), delta / 2)
            noise = rad + OPERATIONS * nets.pair.depth * FLOAT * np.sqrt(drawn[:, 0] * drawn[:, 2]).max()
            ends.append((float(low) - noise, float(high) + noise))
        rows.append(ends)
        shares.append(together(nets.pair))
    spans = np.array(rows).reshape(-1, 2, 2)
    middle, half = spans.mean(2), (spans[:, :, 1] - spans[:, :, 0]) / 2 * (1 + 1e-12)
    columns = {
        "L": integers(nets.pair.depth for nets in batch),
        "m": integers(nets.width for nets in batch),
        "together": reals([float(v.mid()) for v in shares], [float(v.rad()) + UNIT for v in shares]),
        "spread_narrow": reals(middle[:, 0], half[:, 0], delta / 2, proved=False),
        "spread_wide": reals(middle[:, 1], half[:, 1], delta / 2, proved=False),
    }
    return Measurements(columns, np.arange(len(batch)))
