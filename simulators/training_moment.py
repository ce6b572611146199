"""How the outputs of a net move at one moment, and its tangent kernel: two routes that share no step.

The motion is the derivative of the outputs along the velocity of the weights, carried forwards through the layers (or
the difference quotient of a finite step).  The kernel is the sum over layers of the products of backward and forward
Grams, H = Σ_h k_h² (B_hᵀB_h) ∘ (X_(h-1)ᵀX_(h-1)).  Nothing here multiplies the kernel by a velocity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import torch
from torch import Tensor

from .balls import TINY, UNIT, UP, ScalarBall
from .measurement import Measurement, MeasurementError, Measurements, booleans, integers, reals, simulator
from .training_bounds import (
    LEAST,
    Columns,
    Unit,
    Weights,
    activated,
    applied,
    columns_scaled,
    exactly,
    gram,
    lengths,
    norms,
    outer,
    pushed,
    sloped,
    weights_ball,
)
from .training_net import Net, numbers
from .training_precisely import few_precisely, many_precisely

FEW = 3
"""Inputs of the nets whose kernel has a column for each entry of a row."""
BUCKETS = (1, 4, 8, 16, 32, 64, 128, 256, 512)
"""Widths are padded up to one of these, so that nets of similar widths share a batch."""
LOGISTIC_ULPS = 8 * UNIT


@dataclass(frozen=True, eq=False)
class Group:
    """Nets of one depth, activation and loss, padded to one shape (batch first).

    ``units`` (batch, width) a hidden layer, and ``present`` (batch, n): which units and inputs are there.
    """

    elements: tuple[int, ...]
    nets: tuple[Net, ...]
    weights: tuple[Tensor, ...]
    memory: tuple[Tensor, ...]
    scale: Tensor
    inputs: Tensor
    labels: Tensor
    present: Tensor
    units: tuple[Tensor, ...]


def groups(batch: tuple[Net, ...], device: torch.device) -> Iterator[Group]:
    """The nets of a batch, those of similar shape together; absent units and inputs are zero."""
    found: dict[tuple[int, int, tuple[object, ...]], list[int]] = {}
    for element, net in enumerate(batch):
        width = max(net.hidden, default=1)
        if width > BUCKETS[-1]:
            raise MeasurementError(f"width {width}", f"at most {BUCKETS[-1]}; take a narrower net", "", element)
        bucket = next(b for b in BUCKETS if b >= width)
        found.setdefault((len(net.hidden), bucket, (net.activation, net.loss, net.eta > 0)), []).append(element)
    for (depth, bucket, _), elements in found.items():
        nets = [batch[e] for e in elements]
        count, dimension = max(len(net.norms) for net in nets), max(net.dimension for net in nets)
        widths = (dimension, *([bucket] * depth), 1)
        made = [numbers(net) for net in nets]
        stacks = []
        for kind in ("weights", "memory"):
            for layer in range(depth + 1):
                stack = np.zeros((len(nets), widths[layer + 1], widths[layer]))
                for k, own in enumerate(made):
                    matrix = getattr(own, kind)[layer]
                    stack[k, : matrix.shape[0], : matrix.shape[1]] = matrix
                stacks.append(torch.as_tensor(stack, device=device))
        inputs, labels = np.zeros((len(nets), dimension, count)), np.zeros((len(nets), count))
        present = np.zeros((len(nets), count), dtype=bool)
        for k, own in enumerate(made):
            rows, columns = own.inputs.shape
            inputs[k, :rows, :columns], labels[k, :columns], present[k, :columns] = own.inputs, own.labels, True
        yield Group(
            tuple(elements),
            tuple(nets),
            tuple(stacks[: depth + 1]),
            tuple(stacks[depth + 1 :]),
            torch.as_tensor(np.stack([own.scale for own in made]), device=device),
            torch.as_tensor(inputs, device=device),
            torch.as_tensor(labels, device=device),
            torch.as_tensor(present, device=device),
            tuple(
                torch.tensor([[r < net.hidden[layer] for r in range(bucket)] for net in nets], device=device)
                for layer in range(depth)
            ),
        )


@dataclass(frozen=True, eq=False)
class Forward:
    """A net on its inputs: what enters each layer, the units in between, the outputs (batch, n), and smoothness.

    ``open`` (batch, n): a unit that this input reaches may be at a kink, and can leave it.
    """

    forms: list[Columns]
    units: list[Unit]
    outputs: ScalarBall
    open: Tensor
    at_kink: Tensor


def forward(group: Group, weights: list[Weights]) -> Forward:
    """The outputs, layer by layer."""
    name = group.nets[0].activation
    form = exactly(group.inputs)
    forms, units = [form], []
    open_, kink = torch.zeros_like(group.present), torch.zeros_like(group.present)
    for layer, weight in enumerate(weights[:-1]):
        below, entry = applied(weight, form, group.scale[:, layer])
        unit = activated(name, below, entry)
        # Nothing enters: z stays 0 for all weights nearby.  An absent unit has no weights that could move it.
        reached = ((form.mid != 0).any(-2) | (form.rad > 0))[:, None]
        here = group.units[layer][..., None]
        open_ = open_ | (unit.open & reached & here).any(-2)
        kink = kink | (unit.at_kink & reached & here).any(-2)
        form = unit.value
        forms.append(form)
        units.append(unit)
    last, entry = applied(weights[-1], form, group.scale[:, -1])
    return Forward(forms, units, ScalarBall(last.mid[:, 0], entry[:, 0]), open_, kink)


def backward(group: Group, weights: list[Weights], net: Forward) -> list[Columns]:
    """∂u_i/∂z_h as column i of B_h, first layer first; the last one is 1."""
    name = group.nets[0].activation
    back = exactly(torch.ones_like(group.inputs[:, :1]))
    found = [back]
    for layer in reversed(range(1, len(weights))):
        weight = weights[layer]
        turned = Weights(weight.mid.mT, weight.rad, weight.spectral, weight.size)
        pulled, _ = applied(turned, back, group.scale[:, layer])
        back = sloped(name, net.units[layer - 1], pulled)
        found.append(back)
    return found[::-1]


def tangent_kernel(group: Group, net: Forward, back: list[Columns]) -> ScalarBall:
    """H (batch, n, n), by layers."""
    mid = torch.zeros_like(group.inputs[:, :1].mT @ group.inputs[:, :1])
    rad, total = torch.zeros_like(mid), torch.zeros_like(mid)
    for layer, (form, b) in enumerate(zip(net.forms, back, strict=True)):
        square = (group.scale[:, layer] ** 2)[:, None, None]
        (one, its_rad), (other, other_rad) = gram(b), gram(form)
        term = square * one * other
        error = one.abs() * other_rad + its_rad * other.abs() + its_rad * other_rad
        mid, total = mid + term, total + term.abs()
        rad = rad + square * error * UP + 8 * UNIT * term.abs() + LEAST * (1 + other.abs())
    layers = len(net.forms)
    return ScalarBall(mid, (rad + layers * UNIT * total) * (1 + 64 * layers * UNIT))


def slopes(group: Group, outputs: ScalarBall) -> ScalarBall:
    """∂ℓ/∂u_i; 0 for absent inputs."""
    if group.nets[0].loss == "square":
        found = outputs - ScalarBall(group.labels, torch.zeros_like(group.labels))
    else:
        mid = torch.sigmoid(outputs.mid)
        found = ScalarBall(mid - group.labels, (outputs.rad / 4 + LOGISTIC_ULPS) * UP)
    zero = torch.zeros_like(found.mid)
    return ScalarBall(torch.where(group.present, found.mid, zero), torch.where(group.present, found.rad, zero))


def _parameter(group: Group, name: str) -> Tensor:
    values = [getattr(net, name) for net in group.nets]
    return torch.tensor(values, dtype=torch.float64, device=group.inputs.device)


def velocities(group: Group, net: Forward, back: list[Columns], slope: ScalarBall) -> tuple[list[Weights], ScalarBall]:
    """The velocity of every weight matrix, and the rate of the loss along it, Σ ⟨∇ℓ, Ẇ⟩."""
    decay, memory = _parameter(group, "decay"), _parameter(group, "memory")
    found, rate, its_rad = [], torch.zeros_like(decay), torch.zeros_like(decay)
    for layer, (form, b) in enumerate(zip(net.forms, back, strict=True)):
        gradient, error = outer(columns_scaled(b, slope.mid, slope.rad), form, group.scale[:, layer])
        mid = -gradient - decay[:, None, None] * group.weights[layer] + memory[:, None, None] * group.memory[layer]
        sizes = [norms(m, (-2, -1)) for m in (gradient, group.weights[layer], group.memory[layer])]
        rad = error + 4 * UNIT * (sizes[0] + decay * sizes[1] + memory * sizes[2]) * (1 + 1e-12)
        moving = weights_ball(mid, rad)
        found.append(moving)
        rate = rate + (gradient * mid).sum((-2, -1))
        terms = (mid.shape[-1] * mid.shape[-2] + 16) * UNIT
        its_rad = its_rad + (error * moving.size + (sizes[0] + error) * rad + terms * sizes[0] * moving.size) * (
            1 + 1e-12
        )
    return found, ScalarBall(rate, its_rad + len(found) * (UNIT * rate.abs() + TINY))


def motion(group: Group, weights: list[Weights], net: Forward, moving: list[Weights]) -> ScalarBall:
    """u̇ (batch, n): the derivative of the outputs along the velocity, layer after layer."""
    name = group.nets[0].activation
    rising = exactly(torch.zeros_like(group.inputs))
    for layer, (weight, velocity) in enumerate(zip(weights, moving, strict=True)):
        k = group.scale[:, layer]
        direct, direct_entry = applied(velocity, net.forms[layer], k)
        carried, carried_entry = applied(weight, rising, k)
        mid = direct.mid + carried.mid
        if layer == len(weights) - 1:
            return ScalarBall(mid[:, 0], ((direct_entry + carried_entry)[:, 0] + UNIT * mid[:, 0].abs()) * UP)
        both = Columns(mid, (direct.rad + carried.rad + UNIT * lengths(mid)) * UP)
        rising = pushed(name, net.units[layer], both)
    raise AssertionError("a net has a last layer")


def losses(group: Group, outputs: ScalarBall) -> ScalarBall:
    """ℓ (batch,): half the squares, or log(1 + e^u) - y u, summed over the inputs."""
    label = ScalarBall(group.labels, torch.zeros_like(group.labels))
    if group.nets[0].loss == "square":
        gap = outputs - label
        each = gap * gap * ScalarBall(torch.full_like(gap.mid, 0.5), torch.zeros_like(gap.mid))
    else:
        soft = torch.logaddexp(outputs.mid, torch.zeros_like(outputs.mid))
        each = ScalarBall(soft, (outputs.rad + LOGISTIC_ULPS * soft) * UP) - label * outputs
    zero, terms = torch.zeros_like(each.mid), each.mid.shape[-1]
    mid = torch.where(group.present, each.mid, zero)
    rad = torch.where(group.present, each.rad, zero).sum(-1) + terms * UNIT * mid.abs().sum(-1)
    return ScalarBall(mid.sum(-1), rad * (1 + terms * UNIT) * UP)


def quotients(
    group: Group, weights: list[Weights], moving: list[Weights], before: ScalarBall
) -> tuple[ScalarBall, ScalarBall]:
    """(u(θ + ηθ̇) - u(θ))/η, and the same quotient of the loss."""
    eta, stepped = _parameter(group, "eta"), []
    for weight, velocity in zip(weights, moving, strict=True):
        mid = weight.mid + eta[:, None, None] * velocity.mid
        stepped.append(weights_ball(mid, (eta * velocity.rad + 4 * UNIT * (weight.size + eta * velocity.size)) * UP))
    after, step = forward(group, stepped).outputs, ScalarBall(eta, torch.zeros_like(eta))
    rate = (after - before) / step[:, None]
    return rate, (losses(group, after) - losses(group, before)) / step


def contracted(kernel: ScalarBall, slope: ScalarBall) -> ScalarBall:
    """Σ_j H_ij r_j (batch, n)."""
    product = kernel * ScalarBall(slope.mid[:, None], slope.rad[:, None])
    terms = product.mid.shape[-1]
    size = product.mid.abs().sum(-1)
    return ScalarBall(product.mid.sum(-1), (product.rad.sum(-1) + terms * UNIT * size) * (1 + terms * UNIT) * UP)


@dataclass(frozen=True, eq=False)
class Moment:
    """What was measured of a group: balls (batch, n) and (batch, n, n), and how smooth the net is there."""

    outputs: ScalarBall
    slope: ScalarBall
    kernel: ScalarBall
    moving: ScalarBall
    loss_rate: ScalarBall
    open: Tensor
    at_kink: Tensor


def moment(group: Group) -> Moment:
    """Everything that happens at the moment."""
    weights = [weights_ball(w) for w in group.weights]
    net = forward(group, weights)
    back = backward(group, weights, net)
    slope = slopes(group, net.outputs)
    moving, loss_rate = velocities(group, net, back, slope)
    if group.nets[0].eta:
        rate, loss_rate = quotients(group, weights, moving, net.outputs)
    else:
        rate = motion(group, weights, net, moving)
    return Moment(net.outputs, slope, tangent_kernel(group, net, back), rate, loss_rate, net.open, net.at_kink)


Cells = dict[str, list[tuple[float, float]]]


def _smooth(m: Moment, k: int, group: Group) -> bool | None:
    """Whether every output of the net is differentiable in the weights; None where rounding cannot tell."""
    present = group.present[k]
    if bool((m.open[k] & present).any()):
        return False if bool((m.at_kink[k] & present).any()) else None
    return True


def _table(batch: tuple[Net, ...], device: torch.device, names: str, few: bool) -> Measurements:
    if few and any(len(net.norms) > FEW for net in batch):
        element = next(k for k, net in enumerate(batch) if len(net.norms) > FEW)
        raise MeasurementError(
            f"{len(batch[element].norms)} inputs", f"at most {FEW}; use observe_many for more", "", element
        )
    rows: dict[int, list[tuple[dict[str, tuple[float, float]], bool | None]]] = {}
    for group in groups(batch, device):
        m = moment(group)
        pulled = contracted(m.kernel, m.slope)
        energy = contracted(ScalarBall(m.slope.mid[:, None], m.slope.rad[:, None]), pulled)
        scalars = {"loss_rate": m.loss_rate, "energy": ScalarBall(energy.mid[:, 0], energy.rad[:, 0])}
        vectors = {"u_dot": m.moving, "u": m.outputs, "slope": m.slope, "pull": pulled}
        here = {key: (b.mid.tolist(), b.rad.tolist()) for key, b in {**scalars, **vectors, "H": m.kernel}.items()}
        for k, element in enumerate(group.elements):
            net, smooth = group.nets[k], _smooth(m, k, group)
            labels = group.labels[k].tolist()
            rows[element] = []
            for i in range(len(net.norms)):
                cell = {key: tuple(part[k] for part in here[key]) for key in scalars}
                cell |= {key: tuple(part[k][i] for part in here[key]) for key in ("u_dot", "pull")}
                cell["H_own"] = tuple(part[k][i][i] for part in here["H"])
                cell["r_own"] = tuple(part[k][i] for part in here["slope"])
                if few:
                    for j, _ in zip_longest(range(FEW), range(len(net.norms))):
                        inside = j < len(net.norms)
                        cell[f"H_{j + 1}"] = tuple(p[k][i][j] for p in here["H"]) if inside else (0.0, 0.0)
                        cell[f"u_{j + 1}"] = tuple(p[k][j] for p in here["u"]) if inside else (0.0, 0.0)
                        cell[f"slope_{j + 1}"] = tuple(p[k][j] for p in here["slope"]) if inside else (0.0, 0.0)
                        cell[f"y_{j + 1}"] = (labels[j], 0.0) if inside else (0.0, 0.0)
                cell |= {key: (getattr(net, key), 0.0) for key in ("eta", "decay", "memory")}
                rows[element].append((cell, smooth))
    flat = [(e, i, *row) for e in sorted(rows) for i, row in enumerate(rows[e])]
    table: dict[str, Measurement] = {}
    for name in names.split():
        if name == "smooth":
            table[name] = booleans(smooth for *_, smooth in flat)
        elif name == "n":
            table[name] = integers(len(batch[e].norms) for e, *_ in flat)
        else:
            table[name] = reals([c[name][0] for _, _, c, _ in flat], [c[name][1] for _, _, c, _ in flat])
    return Measurements(table, np.array([e for e, *_ in flat]), {"i": np.array([i for _, i, *_ in flat])})


_MOVING = "eta decay memory smooth n"
_EACH = " ".join(f"H_{j} u_{j} y_{j} slope_{j}" for j in range(1, FEW + 1))


@simulator(f"u_dot {_EACH} {_MOVING}", limited_by="rounding", precisely=few_precisely)
def observe_few(batch: tuple[Net, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """Nets of up to three inputs: one row an output, with a row of the kernel (0 for absent inputs)."""
    return _table(batch, device, f"u_dot {_EACH} {_MOVING}", True)


@simulator(f"u_dot pull H_own r_own loss_rate energy {_MOVING}", limited_by="rounding", precisely=many_precisely)
def observe_many(batch: tuple[Net, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """Nets of any number of inputs: one row an output, with the kernel applied to the slopes of the loss."""
    return _table(batch, device, f"u_dot pull H_own r_own loss_rate energy {_MOVING}", False)
