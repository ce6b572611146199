"""Nets at a moment of their training in flint balls: one net at a time, from the same floating-point numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx

from .measurement import Measurements, balls, booleans, integers
from .training_net import Net, Numbers, numbers

FEW = 3


@dataclass(frozen=True, eq=False)
class Pass:
    """A net on its inputs: what enters each layer, the slopes of its units, outputs, and smoothness (None: unknown)."""

    forms: list[arb_mat]
    slopes: list[arb_mat]
    kinks: list[list[bool]]
    outputs: list[arb]
    smooth: bool | None


def _matrix(values: np.ndarray) -> arb_mat:
    return arb_mat(values.shape[0], values.shape[1], [arb(v) for v in values.reshape(-1).tolist()])


def _each(matrix: arb_mat, function: Callable[[arb], Any]) -> arb_mat:
    return arb_mat(matrix.nrows(), matrix.ncols(), [function(x) for x in matrix.entries()])


def _times(left: arb_mat, right: arb_mat) -> arb_mat:
    """Entrywise."""
    pairs = zip(left.entries(), right.entries(), strict=True)
    return arb_mat(left.nrows(), left.ncols(), [x * y for x, y in pairs])


def _relu(z: arb) -> arb:
    if z > 0 or z == 0:
        return z
    return arb(0) if z < 0 else z.union(arb(0))


def _step(z: arb) -> arb:
    if z > 0:
        return arb(1)
    return arb(0) if z < 0 or z == 0 else arb(0.5, 0.5)


VALUE: dict[str, Callable[[arb], arb]] = {"relu": _relu, "erf": lambda z: z.erf(), "tanh": lambda z: z.tanh()}
SLOPE: dict[str, Callable[[arb], arb]] = {
    "relu": _step,
    "erf": lambda z: 2 / arb.pi().sqrt() * (-z * z).exp(),
    "tanh": lambda z: 1 - z.tanh() ** 2,
}


def _forward(net: Net, own: Numbers, weights: list[arb_mat]) -> Pass:
    form = _matrix(own.inputs)
    forms, slopes, kinks = [form], [], []
    smooth: bool | None = True
    for layer, weight in enumerate(weights[:-1]):
        z = weight * form * arb(own.scale[layer])
        entries, count = z.entries(), z.ncols()
        kinked = [net.activation == "relu" and x == 0 for x in entries]
        entered = [any(form[p, i] != 0 or not form[p, i].is_exact() for p in range(form.nrows())) for i in range(count)]
        if net.activation == "relu":
            for at, x in enumerate(entries):
                if x.contains(0) and entered[at % count]:
                    smooth = False if x == 0 or smooth is False else None
        kinks.append(kinked)
        slopes.append(_each(z, SLOPE[net.activation]))
        form = _each(z, VALUE[net.activation])
        forms.append(form)
    outputs = (weights[-1] * form * arb(own.scale[-1])).entries()
    return Pass(forms, slopes, kinks, outputs, smooth)


def _backward(own: Numbers, weights: list[arb_mat], net: Pass) -> list[arb_mat]:
    count = len(own.labels)
    back = arb_mat(1, count, [arb(1)] * count)
    found = [back]
    for layer in reversed(range(1, len(weights))):
        back = _times(net.slopes[layer - 1], weights[layer].transpose() * back * arb(own.scale[layer]))
        found.append(back)
    return found[::-1]


def _slope(net: Net, output: arb, label: float) -> arb:
    return output - label if net.loss == "square" else 1 / (1 + (-output).exp()) - label


def _loss(net: Net, outputs: list[arb], labels: list[float]) -> arb:
    pairs = zip(outputs, labels, strict=True)
    if net.loss == "square":
        return sum(((u - y) ** 2 / 2 for u, y in pairs), arb(0))
    return sum(((1 + u.exp()).log() - u * y for u, y in pairs), arb(0))


def _diagonal(values: list[arb]) -> arb_mat:
    n = len(values)
    return arb_mat(n, n, [values[i] if i == j else arb(0) for i in range(n) for j in range(n)])


def _motion(own: Numbers, weights: list[arb_mat], moving: list[arb_mat], net: Pass) -> list[arb]:
    rising = arb_mat(own.inputs.shape[0], own.inputs.shape[1])
    for layer, (weight, velocity) in enumerate(zip(weights, moving, strict=True)):
        z_dot = (velocity * net.forms[layer] + weight * rising) * arb(own.scale[layer])
        if layer == len(weights) - 1:
            return z_dot.entries()
        plain = _times(net.slopes[layer], z_dot).entries()
        parts = zip(plain, z_dot.entries(), net.kinks[layer], strict=True)
        rising = arb_mat(z_dot.nrows(), z_dot.ncols(), [_relu(d) if kink else p for p, d, kink in parts])
    raise AssertionError("a net has a last layer")


def _measured(net: Net) -> dict[str, Any]:
    own = numbers(net)
    weights = [_matrix(w) for w in own.weights]
    found = _forward(net, own, weights)
    back = _backward(own, weights, found)
    labels = own.labels.tolist()
    slope = [_slope(net, u, y) for u, y in zip(found.outputs, labels, strict=True)]
    moving, loss_rate = [], arb(0)
    for layer, (b, form) in enumerate(zip(back, found.forms, strict=True)):
        gradient = b * _diagonal(slope) * form.transpose() * arb(own.scale[layer])
        velocity = gradient * -1
        if net.decay:
            velocity = velocity - weights[layer] * arb(net.decay)
        if net.memory:
            velocity = velocity + _matrix(own.memory[layer]) * arb(net.memory)
        moving.append(velocity)
        loss_rate += sum(_times(gradient, velocity).entries(), arb(0))
    if net.eta:
        stepped = [w + v * arb(net.eta) for w, v in zip(weights, moving, strict=True)]
        after = _forward(net, own, stepped).outputs
        u_dot = [(a - b) / net.eta for a, b in zip(after, found.outputs, strict=True)]
        loss_rate = (_loss(net, after, labels) - _loss(net, found.outputs, labels)) / net.eta
    else:
        u_dot = _motion(own, weights, moving, found)
    count = len(labels)
    kernel = arb_mat(count, count)
    for layer, (b, form) in enumerate(zip(back, found.forms, strict=True)):
        kernel = kernel + _times(b.transpose() * b, form.transpose() * form) * arb(own.scale[layer]) ** 2
    pull = (kernel * arb_mat(count, 1, slope)).entries()
    energy = sum((a * b for a, b in zip(slope, pull, strict=True)), arb(0))
    return {
        "u_dot": u_dot, "pull": pull, "slope": slope, "u": found.outputs, "y": labels, "H": kernel,
        "loss_rate": loss_rate, "energy": energy, "smooth": found.smooth,
    }  # fmt: skip


def _rows(net: Net, bits: int, few: bool) -> Measurements:
    before, ctx.prec = ctx.prec, bits
    try:
        found, count = _measured(net), len(net.norms)
        each = range(count)
        table: dict[str, Any] = {"u_dot": balls(found["u_dot"])}
        if few:
            for j in range(FEW):
                inside = j < count
                table[f"H_{j + 1}"] = balls(found["H"][i, j] if inside else arb(0) for i in each)
                for key in ("u", "slope", "y"):
                    table[f"{key}_{j + 1}"] = balls(arb(found[key][j]) if inside else arb(0) for _ in each)
        else:
            table |= {"pull": balls(found["pull"]), "H_own": balls(found["H"][i, i] for i in each)}
            table["r_own"] = balls(found["slope"])
            table |= {key: balls([found[key]] * count) for key in ("loss_rate", "energy")}
        table |= {key: balls([arb(getattr(net, key))] * count) for key in ("eta", "decay", "memory")}
        table["smooth"] = booleans([found["smooth"]] * count)
        table["n"] = integers([count] * count)
        return Measurements(table, np.zeros(count), {"i": np.arange(count)})
    finally:
        ctx.prec = before


def few_precisely(net: Net, bits: int) -> Measurements:
    """`training_moment.observe_few` of one net, in balls of ``bits`` bits."""
    return _rows(net, bits, True)


def many_precisely(net: Net, bits: int) -> Measurements:
    """`training_moment.observe_many` of one net, in balls of ``bits`` bits."""
    return _rows(net, bits, False)
