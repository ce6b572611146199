"""Nets with one hidden layer that pass through given points, built neuron by neuron in exact arithmetic.

The inputs are projected on a line on which they stay apart.  One neuron starts just before each projection, so that the
k-th point sees the first k neurons only, and the output weights follow one after another.  What is measured is the net
that results: its outputs, its parameters and the rank of their derivatives, whether or not it passes through the points.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import flint
import numpy as np
import torch

from .interpolation_net import (
    ZERO,
    Net,
    Neuron,
    Vector,
    column,
    generic_projection,
    hidden_distance,
    least_squares,
    matrix,
    rational,
    rationals,
)
from .measurement import MeasurementError, Measurements, balls, booleans, integers, simulator
from .streams import stream

OFF_DECIMALS = flint.fmpq(1, 7)
"""Added to drawn biases, so that the kink of no spare neuron meets an input: those are decimals."""
COLUMNS = "n d width units p distinct_inputs hidden_biases degree f y scale f_rescaled size distance nullity"


@dataclass(frozen=True)
class Problem:
    """Points (x_i, y_i) and the net that is to pass through them.

    ``inputs``: n tuples of d decimals; ``labels``: n decimals.  The net has n + ``spare`` neurons, its output bias
    counted as one.  ``biased``: hidden neurons have biases (without them the output weights are fitted by least
    squares).  ``degree``: σ(z) = max(z, 0)^degree.  ``scale`` rescales one neuron.  ``seed`` places the kinks (0: in
    the middle) and draws the spare neurons.
    """

    inputs: tuple[tuple[float, ...], ...]
    labels: tuple[float, ...]
    spare: int = 0
    output_bias: bool = False
    biased: bool = True
    degree: int = 1
    scale: float = 2.0
    seed: int = 0


def _sound(problem: Problem, element: int) -> tuple[list[Vector], Vector]:
    """Inputs and labels as rationals; raises `MeasurementError` where there is no problem to solve."""
    n = len(problem.inputs)
    if n == 0 or len(problem.labels) != n:
        raise MeasurementError(f"{n} inputs and {len(problem.labels)} labels", "as many, at least one", "y", element)
    if len({len(x) for x in problem.inputs}) != 1 or not problem.inputs[0]:
        raise MeasurementError("inputs of different sizes or none", "tuples of one length >= 1", "f", element)
    if n + problem.spare - problem.output_bias < 1:
        raise MeasurementError(f"spare {problem.spare} for {n} points", "at least one neuron", "width", element)
    if problem.degree not in (1, 2):
        raise MeasurementError(f"degree {problem.degree}", "1 (ReLU) or 2", "degree", element)
    if problem.scale == 0:
        raise MeasurementError("scale 0", "a factor other than 0", "scale", element)
    inputs = [rationals(x, "f", element) for x in problem.inputs]
    return inputs, rationals(problem.labels, "y", element)


def _between(low: Any, high: Any, random: np.random.Generator | None) -> Any:
    share = flint.fmpq(1, 2) if random is None else flint.fmpq(int(random.integers(1, 8)), 8)
    return low + (high - low) * share


def _whole(random: np.random.Generator, count: int) -> list[Any]:
    return [flint.fmpq(int(v)) for v in random.integers(-3, 4, size=count)]


def _spare_neurons(problem: Problem, count: int) -> list[Neuron]:
    """Neurons drawn at random, in any direction."""
    d = len(problem.inputs[0])
    random = stream(problem, "spare neurons")
    drawn = []
    for _ in range(count):
        weights = _whole(random, d)
        weights[0] = weights[0] if any(weights) else flint.fmpq(1)
        bias, output = _whole(random, 2)
        bias += OFF_DECIMALS
        drawn.append(Neuron(tuple(weights), bias if problem.biased else ZERO, output))
    return drawn


def fitted_net(problem: Problem, inputs: list[Vector], labels: Vector) -> Net:
    """The net of a problem: n + spare units, of which as many as are needed are solved for."""
    units = len(inputs) + problem.spare
    hidden = units - problem.output_bias
    offset = ZERO if problem.output_bias else None
    if not problem.biased:
        net = Net(tuple(_spare_neurons(problem, hidden)), offset, problem.degree, biased=False)
        return net.with_outputs(least_squares(matrix([net.features(x) for x in inputs]), column(labels)))
    direction, projections = generic_projection(inputs)
    # Of inputs that coincide the first one is heard: no net has two values there.
    heard = sorted({t: i for i, t in reversed(list(enumerate(projections)))}.items(), key=lambda pair: pair[0])
    heard = heard[:units]
    random = stream(problem, "kinks") if problem.seed else None
    edges = [heard[0][0] - 1, *(t for t, _ in heard)]
    kinks = [_between(low, high, random) for low, high in pairwise(edges)]
    if problem.output_bias:
        kinks = kinks[1:]
    free = _spare_neurons(problem, hidden - len(kinks))
    net = Net(tuple(free), offset, problem.degree)
    if problem.output_bias:
        net = net.with_outputs([*net.outputs[:-1], labels[heard[0][1]] - net.value(inputs[heard[0][1]])])
        heard = heard[1:]
    for kink, (t, i) in zip(kinks, heard, strict=True):
        missing = labels[i] - net.value(inputs[i])
        new = Neuron(direction, -kink, missing / (t - kink) ** problem.degree)
        net = Net((*net.neurons, new), net.offset, problem.degree)
    return net


def _row(problem: Problem, element: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What is the same for all points of a problem, and what is measured at each."""
    inputs, labels = _sound(problem, element)
    net = fitted_net(problem, inputs, labels)
    number, scale = problem.seed % len(net.neurons), rational(problem.scale, "scale", element)
    other = net.rescaled(number, scale)
    neuron = net.neurons[number]
    derivatives = matrix([net.gradient(x) for x in inputs])
    p = derivatives.ncols()
    shared = {
        "n": len(inputs),
        "d": len(inputs[0]),
        "width": len(net.neurons),
        "units": len(net.outputs),
        "p": p,
        "distinct_inputs": len(set(inputs)),
        "hidden_biases": problem.biased,
        "degree": problem.degree,
        "scale": scale,
        "size": max(abs(v) for v in (*neuron.weights, neuron.bias)),
        "distance": hidden_distance(net, other),
        "nullity": p - derivatives.rank(),
    }
    points = [{"f": net.value(x), "y": y, "f_rescaled": other.value(x)} for x, y in zip(inputs, labels, strict=True)]
    return shared, points


WHOLE = ("n", "d", "width", "units", "p", "distinct_inputs", "degree", "nullity")


@simulator(COLUMNS, limited_by="exact")
def observe(batch: tuple[Problem, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for each point: output f and label y there, the output after one neuron is rescaled, and of the net
    the number of parameters p and the dimension of the null space of their n × p derivatives.

    Rationals are exact: no error bars.  A malformed problem raises `MeasurementError`.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    rows: list[dict[str, Any]] = []
    element: list[int] = []
    point: list[int] = []
    for k, problem in enumerate(batch):
        shared, points = _row(problem, k)
        rows += [{**shared, **values} for values in points]
        element += [k] * len(points)
        point += range(len(points))
    columns = {
        name: integers(row[name] for row in rows)
        if name in WHOLE
        else booleans(row[name] for row in rows)
        if name == "hidden_biases"
        else balls(row[name] for row in rows)
        for name in observe.observables
    }
    return Measurements(columns, np.array(element), {"point": np.array(point)})
