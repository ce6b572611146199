"""Fully connected nets at a moment of their training: instances, and the floating-point numbers that they stand for.

f(x) = k_(L+1) W_(L+1) σ(k_L W_L σ(… σ(k_1 W_1 x))), with k_1 = 1 and k_(h+1) = √(c/d_h): the weights, scales, inputs
and labels of an instance are the float64 numbers made here, exactly, whatever formula rounded to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import erf, expit

from .measurement import MeasurementError
from .streams import stream

SECOND_MOMENT = {"relu": 0.5, "erf": 2 / np.pi * np.arcsin(2 / 3), "tanh": 0.394294}
"""E σ(z)² of a standard normal z; any other scale would do as well."""
RELATIONS = ("generic", "duplicate", "antipode", "parallel")
LOSSES = ("square", "logistic")
STEP = 0.3
"""A step of the descent before the moment, in units of one over the trace of the kernel."""


@dataclass(frozen=True)
class Net:
    """A net, its data and the moment at which it is looked at.

    ``hidden`` widths (none: f = w·x), ``norms`` of the inputs in ``dimension`` coordinates; ``relation`` makes the last
    input a copy, an antipode or a multiple of the first.  ``weight`` is the standard deviation of the weights,
    ``label`` the size of the labels.  The net has made ``trained`` steps of descent before the moment.
    Moving by gradient flow unless ``eta`` (a finite step), ``decay`` (of the weights) or ``memory`` (of an earlier
    velocity) is positive.  ``kink``: one unit of a ReLU net sits exactly at its kink and is pushed on by another input.
    Seed 0 has weights 1 and inputs along the axes.
    """

    hidden: tuple[int, ...] = ()
    activation: str = "relu"
    norms: tuple[float, ...] = (1.0,)
    dimension: int = 1
    relation: str = "generic"
    loss: str = "square"
    label: float = 0.0
    weight: float = 1.0
    trained: int = 0
    eta: float = 0.0
    decay: float = 0.0
    memory: float = 0.0
    kink: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for what, value, known in (
            ("activation", self.activation, tuple(SECOND_MOMENT)),
            ("relation", self.relation, RELATIONS),
            ("loss", self.loss, LOSSES),
        ):
            if value not in known:
                raise MeasurementError(f"{what} {value!r}", f"one of {', '.join(known)}; choose one")
        if not self.norms or self.dimension < 1 or any(m < 1 for m in self.hidden):
            raise MeasurementError(
                f"{len(self.norms)} inputs of dimension {self.dimension}, widths {self.hidden}",
                "at least one input, one coordinate and one unit a layer; raise what is 0",
            )

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of each weight matrix."""
        return tuple(zip((*self.hidden, 1), (self.dimension, *self.hidden), strict=True))


@dataclass(frozen=True, eq=False)
class Numbers:
    """What an instance stands for: float64 arrays that no tier of measurement may change.

    ``weights`` and ``memory``: one matrix a layer; ``scale`` (layers,); ``inputs`` (d, n); ``labels`` (n,).
    """

    weights: tuple[np.ndarray, ...]
    memory: tuple[np.ndarray, ...]
    scale: np.ndarray
    inputs: np.ndarray
    labels: np.ndarray


def scales(net: Net) -> np.ndarray:
    """The factors k_h before each layer."""
    c = 1 / SECOND_MOMENT[net.activation]
    return np.array([1.0, *(float(np.sqrt(c / m)) for m in net.hidden)])


def activate(name: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """σ(z) and σ'(z), with σ'(0) = 0 for ReLU."""
    if name == "relu":
        return np.maximum(z, 0.0), (z > 0).astype(np.float64)
    if name == "erf":
        return erf(z), 2 / np.sqrt(np.pi) * np.exp(-z * z)
    value = np.tanh(z)
    return value, 1 - value**2


@lru_cache(maxsize=64)
def numbers(net: Net) -> Numbers:
    """The numbers of an instance, made one net at a time, so that its batch cannot touch them."""
    if net.kink:
        return _at_the_kink(net)
    draw = stream("net", net.seed, net.hidden, net.dimension, len(net.norms))
    if net.seed:
        weights = [net.weight * draw.standard_normal(shape) for shape in net.shapes]
        directions = draw.standard_normal((net.dimension, len(net.norms)))
        directions /= np.linalg.norm(directions, axis=0)
        labels = draw.standard_normal(len(net.norms))
        memory = tuple(draw.standard_normal(shape) for shape in net.shapes)
    else:
        weights = [np.full(shape, net.weight) for shape in net.shapes]
        directions = np.eye(net.dimension)[:, [i % net.dimension for i in range(len(net.norms))]]
        labels = np.ones(len(net.norms))
        memory = tuple(np.ones(shape) for shape in net.shapes)
    sign = {"generic": 0.0, "duplicate": 1.0, "parallel": 1.0, "antipode": -1.0}[net.relation]
    if sign and len(net.norms) > 1:
        directions[:, -1] = sign * directions[:, 0]
    norms = np.array(net.norms)
    if net.relation == "duplicate":
        norms[-1] = norms[0]
    labels = (labels > 0).astype(np.float64) if net.loss == "logistic" else np.round(net.label * labels, 3)
    made = Numbers(tuple(weights), memory, scales(net), directions * norms, labels)
    for _ in range(net.trained):
        made = _descended(net, made)
    return made


def _at_the_kink(net: Net) -> Numbers:
    """One unit with w·x_1 = 0 exactly, and an input x_2 that pushes it towards x_1 as long as its label is high."""
    first, second = net.norms[0], net.norms[-1]
    inputs = np.array([[0.0, second], [first, second]])
    weights = (np.array([[net.weight, 0.0]]), np.array([[net.weight]]))
    labels = np.array([0.0, net.label])
    return Numbers(weights, tuple(np.zeros_like(w) for w in weights), scales(net), inputs, labels)


def _descended(net: Net, now: Numbers) -> Numbers:
    """One step of descent on the instance's loss, short beside the curvature that the kernel sets."""
    forms, slopes = [now.inputs], []
    for weight, k in zip(now.weights[:-1], now.scale[:-1], strict=True):
        value, slope = activate(net.activation, k * (weight @ forms[-1]))
        forms.append(value)
        slopes.append(slope)
    outputs = (now.scale[-1] * (now.weights[-1] @ forms[-1]))[0]
    residual = (expit(outputs) if net.loss == "logistic" else outputs) - now.labels
    back = np.ones((1, len(now.labels)))
    gradients, trace = [], 0.0
    for layer in reversed(range(len(now.weights))):
        k, form = now.scale[layer], forms[layer]
        gradients.append(k * (back * residual) @ form.T)
        trace += float(k * k * ((back**2).sum(0) * (form**2).sum(0)).sum())
        if layer:
            back = slopes[layer - 1] * (k * (now.weights[layer].T @ back))
    step = STEP / trace if trace > 0 else 0.0
    moved = tuple(w - step * g for w, g in zip(now.weights, reversed(gradients), strict=True))
    return Numbers(moved, now.memory, now.scale, now.inputs, now.labels)
