"""Two-layer nets along their training: outputs, kernels and losses at many times, each with its error bar.

The largest distance of the kernel from a reference over a stretch of time is searched on a grid and closed by a proof:
between two times the weights move by at most √(Δt (E - E')), E the energy that the flow spends, and the kernel by at
most its Lipschitz constant times that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from .balls import UNIT, gamma
from .flow import integrate
from .lazy_net import BEND, SLOPE, WIDEST, LazyFlow, LazyNet, start
from .measurement import MeasurementError

GRID = (8, 32)
"""Times at which a path is looked at, by effort."""
POINTS = 3
"""Most inputs of a net; fewer are filled up with inputs 0, which nothing feels."""
RTOL = (1e-9, 1e-11)
BUCKETS = (4, 16, 64, WIDEST)
EIGHT_ULPS = 8 * UNIT


@dataclass(frozen=True, eq=False)
class Path:
    """Nets of one shape along their training; times first, then rows (the nets), then inputs.

    ``outputs`` (times, rows, n), ``kernel`` (times, rows, n, n) and ``energy`` (times, rows) with radii (times, rows)
    (one for all outputs, one in Frobenius norm), 0 for absent inputs; ``between`` (times - 1, rows) bounds how far the kernel goes from the
    nearer end between two times.  ``slope_gap`` (rows,): the largest |ℓ'(u) - (u - y)| at the start, its radius last.
    """

    elements: tuple[int, ...]
    nets: tuple[LazyNet, ...]
    flow: LazyFlow
    times: Tensor
    outputs: Tensor
    outputs_rad: Tensor
    kernel: Tensor
    kernel_rad: Tensor
    loss: Tensor
    loss_rad: Tensor
    between: Tensor
    slope_gap: Tensor


def paths(batch: tuple[LazyNet, ...], *, effort: int, device: torch.device, looks: int = 0) -> Iterator[Path]:
    """The nets of a batch along their training, grouped by shape; a net whose bar is lost is in no group.

    ``looks``: at how many times they are looked at after the start (0: as many as `GRID` says).
    """
    groups: dict[tuple[str, str, int], list[int]] = {}
    for element, net in enumerate(batch):
        if net.points > POINTS or net.width > WIDEST:
            raise MeasurementError(
                f"{net.points} inputs, width {net.width}", f"at most {POINTS} and {WIDEST}", "", element
            )
        bucket = next(b for b in BUCKETS if b >= net.width)
        groups.setdefault((net.activation, net.loss, bucket), []).append(element)
    for (_, _, width), elements in groups.items():
        nets = [batch[e] for e in elements]
        initial = np.zeros((1, len(nets), width, POINTS + 1))
        inputs, labels = np.zeros((len(nets), POINTS, POINTS)), np.zeros((len(nets), POINTS))
        for k, net in enumerate(nets):
            state, x, y = start(net)
            inputs[k, : len(x), : net.points], labels[k, : net.points] = x, y
            initial[0, k, : net.width, : len(x)], initial[0, k, : net.width, -1] = state[:, :-1], state[:, -1]
        flow = _flow(nets, inputs, labels, device)
        steps = looks or GRID[min(effort, len(GRID) - 1)]
        horizon = torch.tensor([net.time for net in nets], dtype=torch.float64, device=device)
        times = horizon[:, None] * torch.arange(1, steps + 1, dtype=torch.float64, device=device) / steps
        times[:, -1] = horizon
        first = torch.as_tensor(initial, device=device)
        found = integrate(flow, first, times, rtol=RTOL[min(effort, len(RTOL) - 1)])
        kept = torch.nonzero(torch.isfinite(found.bar).all(0)).flatten()
        chosen = kept.tolist()
        if not chosen:
            continue
        states = torch.cat([first[:, kept], found.state[:, 0, kept]])
        bars = torch.cat([torch.zeros_like(found.bar[:1, kept]), found.bar[:, kept]])
        clock = torch.cat([torch.zeros_like(times[kept, :1]), times[kept]], dim=1).mT
        own = tuple(nets[k] for k in chosen)
        yield _measured(tuple(elements[k] for k in chosen), own, flow.rows(kept), clock, states, bars)


def _flow(nets: list[LazyNet], inputs: np.ndarray, labels: np.ndarray, device: torch.device) -> LazyFlow:
    def each(values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=device)

    return LazyFlow(
        nets[0].activation,
        nets[0].loss == "logistic",
        torch.as_tensor(inputs, device=device),
        torch.as_tensor(labels, device=device),
        torch.tensor([[i < net.points for i in range(POINTS)] for net in nets], device=device),
        each([net.scale for net in nets]),
        each([net.rate for net in nets]),
        each([net.decay for net in nets]),
        each([0.0 if net.first_only else 1.0 for net in nets]),
    )


@dataclass(frozen=True, eq=False)
class _Look:
    outputs: Tensor
    outputs_rad: Tensor
    kernel: Tensor
    kernel_rad: Tensor
    loss: Tensor
    loss_rad: Tensor
    energy_high: Tensor
    energy_low: Tensor
    reach: Tensor
    bend: Tensor


def _look(flow: LazyFlow, state: Tensor, bar: Tensor) -> _Look:
    """One moment: everything that is measured of a state (rows, m, d + 1) within ``bar`` of the truth."""
    m, n = state.shape[1], flow.labels.shape[1]
    outer, value, slope, outputs = flow.units(state)
    square = flow.scale**2 * flow.rate
    tangent = outer[..., None] * slope
    gram = flow.inputs.mT @ flow.inputs
    kernel = square[:, None, None] * (flow.train[:, None, None] * (value.mT @ value) + gram * (tangent.mT @ tangent))
    sizes = flow.sizes(state[None])
    largest, outer_size, whole = (sizes[3 * n + k] for k in range(3))
    bend = torch.linalg.vector_norm(flow.curvature(largest + bar * flow.train), dim=1)
    gradient = sizes[n : 2 * n].mT
    jacobian = torch.linalg.vector_norm(gradient, dim=1)
    # z = w·x is rounded as if w were off by γ_d ‖W‖; then σ, σ' and the products of length m
    blur = bar + gamma(flow.inputs.shape[1] + 2) * whole
    features = sizes[2 * n : 3 * n].mT.amax(1)
    fuzz = blur * bend + 24 * UNIT * flow.scale * (features + outer_size * SLOPE[flow.name]) * n
    kernel_rad = flow.rate * ((2 * jacobian + fuzz) * fuzz + gamma(m + 16) * jacobian**2) * (1 + 1e-9)
    far = gradient.amax(1) + bend * blur
    outputs_rad = far * blur + flow.scale * outer_size * (gamma(m + 8) + EIGHT_ULPS) * features
    gap = flow.slopes(outputs) if not flow.logistic else outputs
    if flow.logistic:
        each = torch.where(flow.present, torch.nn.functional.softplus(gap) - flow.labels * gap, 0.0)
        loss, steepness = each.sum(1), torch.full_like(outputs_rad, float(n))
    else:
        loss, steepness = (gap**2).sum(1) / 2, gap.abs().sum(1) + n * outputs_rad
    loss_rad = steepness * outputs_rad + 16 * n * UNIT * (loss + gap.abs().sum(1))
    held = torch.where(flow.train[:, None, None] > 0, state, torch.cat([state[..., :-1], 0 * state[..., -1:]], -1))
    weight = torch.linalg.vector_norm(held, dim=(1, 2))
    spring = flow.decay / (2 * flow.rate) * weight**2
    slack = loss_rad + flow.decay / flow.rate * (weight * bar + bar**2) + 1e-13 * spring
    return _Look(
        outputs, outputs_rad, kernel, kernel_rad, loss, loss_rad,
        loss + spring + slack, loss + spring - slack, jacobian, bend,
    )  # fmt: skip


def _measured(
    elements: tuple[int, ...], nets: tuple[LazyNet, ...], flow: LazyFlow, times: Tensor, states: Tensor, bars: Tensor
) -> Path:
    looks = [_look(flow, state, bar) for state, bar in zip(states, bars, strict=True)]
    between = []
    for k, (one, two) in enumerate(pairwise(looks)):
        spent = (one.energy_high - two.energy_low).clamp_min(0.0)
        length = torch.sqrt(flow.rate * (times[k + 1] - times[k]) * spent) / 2
        ends = []
        for look, bar in ((one, bars[k]), (two, bars[k + 1])):
            moved = length + bar
            steep = look.bend + _bend_added(flow, moved)
            change = steep * moved
            ends.append(flow.rate * (2 * look.reach + change) * change * (1 + 1e-9))
        between.append(torch.maximum(*ends))
    first = looks[0]
    gap = torch.where(flow.present, flow.slopes(first.outputs) - (first.outputs - flow.labels), 0.0).abs().amax(1)

    def along(name: str) -> Tensor:
        return torch.stack([getattr(look, name) for look in looks])

    return Path(
        elements, nets, flow, times, along("outputs"), along("outputs_rad"), along("kernel"), along("kernel_rad"),
        along("loss"), along("loss_rad"), torch.stack(between), gap if flow.logistic else torch.zeros_like(gap),
    )  # fmt: skip


def _bend_added(flow: LazyFlow, moved: Tensor) -> Tensor:
    """How much the curvature may grow where weights are ``moved`` (rows,) further."""
    more = flow.scale[:, None] * BEND[flow.name] * flow.lengths**2 * (moved * flow.train)[:, None]
    return torch.linalg.vector_norm(more, dim=1) * (1 + 1e-9)
