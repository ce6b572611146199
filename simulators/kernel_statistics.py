"""What finite nets show at initialisation: means, spreads and medians of their kernels, with error bars.

Means are Catoni's, with the bounds of `simulators.kernel_moments`; medians are order statistics.  Nets come from the
exact-in-law simulator, in float32: the allowance for its rounding and for the grid of its uniform numbers (`FLOAT`) is
measured and not proved, so that no column made of it claims to be a proof.

Observables of every table: ``L`` hidden layers, the first of width ``m``; norms ``n_x`` and ``n_y`` of the first and the
last point and the angle ``theta`` between them; ``kappa``, the factor of the last layer's term of the kernel relative to
the talk's parameterisation; ``relu``, whether the activation is.  ``effort`` multiplies the nets by 4 each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from math import pi, sqrt

import numpy as np
import torch
from torch import Tensor

from simulators import intervals, kernel_moments
from simulators.dual_activations import find
from simulators.infinite_width import tangent_kernel_ball
from simulators.measurement import Measurement, MeasurementError, Measurements, booleans, integers, reals, simulator
from simulators.wide_net import TwoWidths, WideNet, coordinates, rates, sound
from simulators.wide_net_law import Drawn, ensemble

FLOAT = 4e-6
"""Relative error of a kernel, for each layer of weights.  torch makes float32 normal numbers of 24-bit uniform ones by
Box and Muller, which lowers E z² by 6e-7 of itself and E z⁴ by 6e-6; products and sums add less than 3e-6."""
ULP = 2.0**-50
DESCRIBED = "L m n_x n_y theta kappa relu"
MEAN = f"{DESCRIBED} H_star H_mean"
DEVIATION = f"{DESCRIBED} H_star deviation"
DEEP = f"{DESCRIBED} k_a m_a k_b m_b H_diagonal H_standard A_fourth f_fourth share_second"
LAST_WIDTH = f"{DESCRIBED} lower_gap H_mean_a H_mean_b"
RATE = f"{DESCRIBED} q kurtosis gap_a gap_b"
WHOLE = frozenset({"L", "m", "k_a", "m_a", "k_b", "m_b", "lower_gap", "q"})
STREAM = "wide net"

Cell = tuple[float, float, float]
"""Value, radius and failure probability."""
Statistic = Callable[[Drawn], Iterable[Tensor]]


def sample(net: WideNet, statistic: Statistic, effort: int, device: torch.device, run: str = "") -> np.ndarray:
    """The statistics of ``net.nets`` · 4^effort nets, (statistics, nets); a deeper look begins with the same nets."""
    key = replace(net, nets=1, parameterisation="ntk")
    drawn = ensemble(coordinates(net.points, device), net.widths, net.activation, STREAM, key, run)
    blocks = []
    for d in drawn.draw(net.nets * 4**effort):
        blocks.append(torch.stack([s.double() for s in statistic(d)]).cpu().numpy())
    return np.concatenate(blocks, axis=1)


@simulator(MEAN, limited_by="sampling")
def observe_mean(nets: tuple[WideNet, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each instance: E H_m(x, x') between the first and the last point, and H*(x, x')."""
    device = torch.device(device)

    def row(net: WideNet) -> dict[str, Cell]:
        return {"H_star": _limit(net, device), "H_mean": _kernel_mean(net, delta, effort, device)}

    return _table(MEAN, [{**_described(net), **row(net)} for net in _all_sound(nets)], _closed(nets))


@simulator(DEVIATION, limited_by="sampling")
def observe_deviation(
    nets: tuple[WideNet, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """One row for each instance of one hidden layer: E |H_m(x, x') - H*(x, x')|², and H*(x, x')."""
    device = torch.device(device)

    def row(net: WideNet) -> dict[str, Cell]:
        star, error, _ = _limit(net, device)
        (values,) = sample(net, _pair(net), effort, device)
        known = kernel_moments.one_layer(net)
        spread = known.second + (known.mean - star) ** 2
        mid, rad = intervals.catoni((values - star) ** 2, kernel_moments.square_variance(net, star), delta)
        # E G² / m for the terms G of the average, and the rounding of H in a difference
        allowed = 6 * FLOAT * (known.second + known.mean**2 / net.widths[0] + sqrt(spread * (spread + star**2)))
        centre = 2 * error * sqrt(spread) + error**2
        return {"H_star": (star, error, 0.0), "deviation": (float(mid), float(rad) + allowed + centre, delta)}

    for k, net in enumerate(nets):
        if len(net.widths) != 1:
            raise MeasurementError(
                f"{len(net.widths)} hidden layers", "one: its fourth moment is known", "deviation", k
            )
    return _table(DEVIATION, [{**_described(net), **row(net)} for net in _all_sound(nets)], _closed(nets))


@simulator(DEEP, limited_by="sampling")
def observe_deep(nets: tuple[WideNet, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each instance of ``k_a`` hidden layers of width ``m_a`` below ``k_b`` of ``m_b``, at the first point.

    ``H_diagonal``: E H_m(x, x); ``H_standard``: the same in the standard parameterisation; ``A_fourth``: E |A_L(x)|⁴;
    ``f_fourth``: E f(x)⁴; ``share_second``: the second moment of what the first layer of weights adds to the kernel, in
    the talk's parameterisation.  Raises `MeasurementError` for a third width.
    """
    device = torch.device(device)

    def row(net: WideNet) -> dict[str, Cell]:
        alike = [(width, len(list(same))) for width, same in groupby(net.widths)]
        (m_a, k_a), (m_b, k_b) = (*alike, (1, 0)) if len(alike) == 1 else alike
        standard, depth = replace(net, parameterisation="standard"), len(net.widths)

        def statistics(d: Drawn) -> list[Tensor]:
            squares = [d.norm(depth, 0).square(), d.outputs[:, 0].double() ** 4, d.term(0, 0, 0).square()]
            return [d.kernel(0, 0, rates(net)), d.kernel(0, 0, rates(standard)), *squares]

        values = sample(net, statistics, effort, device)
        eighth = kernel_moments.feature_moment(net, 4)
        share = kernel_moments.share_moment(net)
        bounds = [kernel_moments.second_moment(each) for each in (net, standard)] + [eighth, 105 * eighth, share]
        mid, rad = intervals.catoni(values, np.array(bounds), delta / 5)
        allowed = 4 * (depth + 1) * FLOAT * (np.abs(values).mean(axis=1) + rad)
        names = ("H_diagonal", "H_standard", "A_fourth", "f_fourth", "share_second")
        measured = {n: (float(m), float(r), delta / 5) for n, m, r in zip(names, mid, rad + allowed, strict=True)}
        return {"k_a": _known(k_a), "m_a": _known(m_a), "k_b": _known(k_b), "m_b": _known(m_b), **measured}

    for k, net in enumerate(nets):
        if len(list(groupby(net.widths))) > 2 or net.points[0] != net.points[-1]:
            raise MeasurementError(
                f"{net}", "one point and hidden layers of at most two widths, in two blocks", "m_a", k
            )
    return _table(DEEP, [{**_described(net), **row(net)} for net in _all_sound(nets)])


@simulator(LAST_WIDTH, limited_by="sampling")
def observe_last_width(
    pairs: tuple[TwoWidths, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """One row for each instance: E H_m(x, x') of both sets of nets, between the first and the last point.

    ``lower_gap``: summed differences of the widths of all hidden layers but the last.
    """
    device = torch.device(device)

    def row(pair: TwoWidths) -> dict[str, Cell]:
        gap = sum(abs(a - b) for a, b in zip(pair.widths[:-1], pair.other_widths[:-1], strict=True))
        means = [_kernel_mean(net, delta / 2, effort, device, run) for net, run in zip(pair.runs, "ab", strict=True)]
        return {"lower_gap": _known(gap), "H_mean_a": means[0], "H_mean_b": means[1]}

    return _table(LAST_WIDTH, [{**_described(pair.runs[0]), **row(pair)} for pair in _all_paired(pairs)])


@simulator(RATE, limited_by="sampling")
def observe_rate(pairs: tuple[TwoWidths, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each instance of two widths, ``m`` and ``q`` · m in every hidden layer.

    ``gap_a`` and ``gap_b``: the median of |H_m(x, x') - H*(x, x')| between the first and the last point at either width.
    ``kurtosis``: of what a unit of one hidden layer adds to the kernel of these points, see `kernel_moments.kurtosis`.
    """
    device = torch.device(device)

    def row(pair: TwoWidths) -> dict[str, Cell]:
        narrow, _ = pair.runs
        gaps = [_median_gap(net, delta / 2, effort, device, run) for net, run in zip(pair.runs, "ab", strict=True)]
        heavy = (*kernel_moments.kurtosis(narrow), 0.0)
        known = {"q": _known(pair.other_widths[0] // narrow.widths[0]), "kurtosis": heavy}
        return {**known, "gap_a": gaps[0], "gap_b": gaps[1]}

    for k, pair in enumerate(pairs):
        m, other = pair.widths[0], pair.other_widths[0]
        if other % m or set(pair.widths) != {m} or set(pair.other_widths) != {other}:
            raise MeasurementError(f"{pair}", "one width for all hidden layers and a multiple of it", "q", k)
    return _table(RATE, [{**_described(pair.runs[0]), **row(pair)} for pair in _all_paired(pairs)])


def _kernel_mean(net: WideNet, delta: float, effort: int, device: torch.device, run: str = "") -> Cell:
    (values,) = sample(net, _pair(net), effort, device, run)
    bound = kernel_moments.mean_variance(net)
    mid, rad = intervals.catoni(values, bound, delta)
    # The rounding of a kernel is relative to both norms: it does not fade where H(x, x') does.
    size = sqrt(bound * net.widths[0]) + abs(float(mid)) + sum(rates(net)) * net.points[0][0] * net.points[-1][0]
    return float(mid), float(rad) + FLOAT * (len(net.widths) + 1) * size, delta


def _median_gap(net: WideNet, delta: float, effort: int, device: torch.device, run: str) -> Cell:
    star, error, _ = _limit(net, device)
    last = len(net.points) - 1

    def statistics(d: Drawn) -> list[Tensor]:
        return [d.kernel(0, last, rates(net)), (d.kernel(0, 0, rates(net)) * d.kernel(last, last, rates(net))).sqrt()]

    values, size = sample(net, statistics, effort, device, run)
    rounding = FLOAT * (len(net.widths) + 1) * size + error
    gap = np.abs(values - star)
    low, _ = intervals.median(gap - rounding, delta)
    _, high = intervals.median(gap + rounding, delta)
    low = np.maximum(low, 0.0)
    mid = float(low + high) / 2
    return mid, float(np.nextafter(max(float(high) - mid, mid - float(low)), np.inf)), delta


def _pair(net: WideNet) -> Statistic:
    return lambda d: [d.kernel(0, len(net.points) - 1, rates(net))]


def _limit(net: WideNet, device: torch.device) -> Cell:
    """H*(x, x') between the first and the last point, in the talk's parameterisation."""
    points = coordinates((net.points[0], net.points[-1]), device)
    mid, rad = tangent_kernel_ball(points[:1], points[1:], len(net.widths), net.activation, device)
    return float(mid[0, 0]), float(rad[0, 0]), 0.0


def _known(value: float) -> Cell:
    return float(value), 0.0, 0.0


def _described(net: WideNet) -> dict[str, Cell]:
    (first, turn), (last, other) = net.points[0], net.points[-1]
    apart = abs(turn - other) % 360
    theta, kappa = min(apart, 360 - apart) * pi / 180, rates(net)[-1]
    return {
        "L": _known(len(net.widths)),
        "m": _known(net.widths[0]),
        "n_x": _known(first),
        "n_y": _known(last),
        "theta": (theta, 4 * ULP * theta, 0.0),
        "kappa": (kappa, 0.0 if kappa == 1 else 4 * ULP * kappa, 0.0),
        "relu": _known(find(net.activation).name == "relu"),
    }


def _closed(nets: Iterable[WideNet]) -> bool:
    return all(find(net.activation).form for net in nets)


def _all_sound(nets: Iterable[WideNet]) -> list[WideNet]:
    return [sound(net, k) for k, net in enumerate(nets)]


def _all_paired(pairs: Sequence[TwoWidths]) -> Sequence[TwoWidths]:
    for k, pair in enumerate(pairs):
        _ = [sound(net, k) for net in pair.runs]
        if len(pair.widths) != len(pair.other_widths):
            raise MeasurementError(f"{pair}", "as many hidden layers in both sets of nets", "L", k)
    return pairs


def _table(names: str, found: list[dict[str, Cell]], closed: bool = True) -> Measurements:
    """``closed``: whether every H* has a closed form; the error bar of a quadrature is no proof."""
    columns: dict[str, Measurement] = {}
    for name in names.split():
        cells = np.array([row[name] for row in found], dtype=np.float64).reshape(-1, 3)
        if name in WHOLE:
            columns[name] = integers(int(v) for v in cells[:, 0])
        elif name == "relu":
            columns[name] = booleans(bool(v) for v in cells[:, 0])
        else:
            by_quadrature = name == "kurtosis" or (name == "H_star" and not closed)
            proved = not (cells[:, 2].any() or by_quadrature)
            columns[name] = reals(cells[:, 0], cells[:, 1], cells[:, 2], proved)
    return Measurements(columns, np.arange(len(found)))
