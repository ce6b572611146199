"""What any given net with one hidden layer does: along a line, at two multiples of an input, and off the data.

The nets are written down neuron by neuron and evaluated in exact rationals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from .interpolation_net import ONE, ZERO, Net, Neuron, generic_projection, hidden_distance, rational, rationals
from .measurement import Measurement, MeasurementError, Measurements, balls, booleans, integers, simulator

Given = tuple[tuple[tuple[float, ...], float, float], ...]
"""Neurons a σ(w · x + b) as (w, b, a)."""


def given_net(neurons: Given, offset: float, degree: int, inputs: int, element: int) -> Net:
    """The net of these neurons.  Raises `MeasurementError` for none, or weights of another size than the input's."""
    if not neurons or any(len(w) != inputs for w, _, _ in neurons):
        raise MeasurementError(f"neurons {neurons}", f"at least one, of {inputs} input weights", "width", element)
    if degree not in (1, 2):
        raise MeasurementError(f"degree {degree}", "1 (ReLU) or 2", "degree", element)
    made = tuple(
        Neuron(rationals(w, "f", element), rational(b, "f", element), rational(a, "f", element)) for w, b, a in neurons
    )
    return Net(made, rational(offset, "f", element), degree)


@dataclass(frozen=True)
class Line:
    """A net on n points of a line: start + times_k · direction, the times increasing."""

    neurons: Given
    times: tuple[float, ...]
    start: tuple[float, ...] = (0.0,)
    direction: tuple[float, ...] = (1.0,)
    offset: float = 0.0


def turns(values: Sequence[Any]) -> int:
    """How often a sequence changes between rising and falling (level steps are passed over)."""
    steps = [b - a for a, b in pairwise(values) if a != b]
    return sum((a > 0) != (b > 0) for a, b in pairwise(steps))


def _line(line: Line, element: int) -> list[dict[str, Any]]:
    times = rationals(line.times, "turns", element)
    if len(times) < 2 or any(b <= a for a, b in pairwise(times)):
        raise MeasurementError(f"times {line.times}", "at least two, increasing", "turns", element)
    net = given_net(line.neurons, line.offset, 1, len(line.start), element)
    start, direction = rationals(line.start, "turns", element), rationals(line.direction, "turns", element)
    values = [net.value(tuple(s + t * u for s, u in zip(start, direction, strict=True))) for t in times]
    return [{"turns": turns(values), "width": len(net.neurons), "n": len(times)}]


@dataclass(frozen=True)
class Multiple:
    """A net at x and at multiple · x, two labels there, and the factor by which one neuron is rescaled.

    ``fits``: the point whose label is the net's output there: "first", "second" or "" for neither.
    """

    neurons: Given
    x: tuple[float, ...]
    multiple: float
    labels: tuple[float, float] = (0.0, 0.0)
    fits: str = ""
    offset: float = 0.0
    degree: int = 1
    number: int = 0
    scale: float = 2.0


def _multiple(case: Multiple, element: int) -> list[dict[str, Any]]:
    net = given_net(case.neurons, case.offset, case.degree, len(case.x), element)
    if not 0 <= case.number < len(net.neurons) or case.scale == 0:
        raise MeasurementError(f"neuron {case.number}, scale {case.scale}", "a neuron and not 0", "scale", element)
    if case.fits not in ("", "first", "second"):
        raise MeasurementError(f"fits {case.fits!r}", "first, second or nothing", "y", element)
    if not case.multiple >= 0:
        raise MeasurementError(f"multiple {case.multiple}", "at least 0", "multiple", element)
    x, multiple = rationals(case.x, "f", element), rational(case.multiple, "multiple", element)
    y, y_multiple = rationals(case.labels, "y", element)
    scale, neuron = rational(case.scale, "scale", element), net.neurons[case.number]
    other = net.rescaled(case.number, scale)
    f, f_multiple = net.value(x), net.value(tuple(multiple * v for v in x))
    y = f if case.fits == "first" else y
    y_multiple = f_multiple if case.fits == "second" else y_multiple
    return [
        {
            "f": f,
            "f_multiple": f_multiple,
            "miss": abs(f - y),
            "miss_multiple": abs(f_multiple - y_multiple),
            "label_gap": y_multiple - multiple * y,
            "multiple": multiple,
            "bias": max(abs(b) for b in (*(n.bias for n in net.neurons), net.offset)),
            "degree": net.degree,
            "scale": scale,
            "f_rescaled": other.value(x),
            "size": max(abs(v) for v in (*neuron.weights, neuron.bias)),
            "distance": hidden_distance(net, other),
        }
    ]


@dataclass(frozen=True)
class Beyond:
    """A teacher net, the inputs at which its outputs are the labels, and a query that is none of them.

    Two students of the teacher's width + 3 are built: the quiet one splits a neuron of the teacher into four, the
    loud one adds a hat of the given ``height`` that is 0 at every input.
    """

    neurons: Given
    inputs: tuple[tuple[float, ...], ...]
    query: tuple[float, ...]
    height: float
    offset: float = 0.0


def hat(points: Sequence[Any], query: Any, height: Any) -> tuple[Neuron, ...]:
    """Three neurons that add up to ``height`` at the query and to 0 at every one of the points."""
    direction, projections = generic_projection([*points, query])
    middle = projections[-1]
    reach = min(abs(t - middle) for t in projections[:-1])
    slope = height / reach
    corners = ((-reach, slope), (ZERO, -2 * slope), (reach, slope))
    return tuple(Neuron(direction, -(middle + shift), output) for shift, output in corners)


def split(net: Net) -> Net:
    """The same function with its first neuron as four, whose outputs are not 0 and add up."""
    first, *rest = net.neurons
    shares = [first.output + ONE, -ONE, ONE / 3, -ONE / 3]
    return replace(net, neurons=(*(replace(first, output=share) for share in shares), *rest))


def _beyond(case: Beyond, element: int) -> list[dict[str, Any]]:
    inputs = [rationals(x, "f_quiet", element) for x in case.inputs]
    query, height = rationals(case.query, "f_loud", element), rational(case.height, "height", element)
    if not inputs or query in inputs:
        raise MeasurementError(f"query {case.query} among the inputs", "a point off the data", "f_loud", element)
    teacher = given_net(case.neurons, case.offset, 1, len(query), element)
    quiet = split(teacher)
    loud = replace(teacher, neurons=(*teacher.neurons, *hat(inputs, query, height)))
    points = [*inputs, query]
    values = [(teacher.value(x), quiet.value(x), loud.value(x)) for x in points]
    losses = [sum(((row[0] - row[k]) ** 2 for row in values[:-1]), ZERO) for k in (1, 2)]
    return [
        {
            "seen": k < len(inputs),
            "y": y,
            "f_quiet": f_quiet,
            "f_loud": f_loud,
            "height": ZERO if k < len(inputs) else height,
            "loss_quiet": losses[0],
            "loss_loud": losses[1],
            "width_teacher": len(teacher.neurons),
            "width": len(quiet.neurons),
            "width_loud": len(loud.neurons),
        }
        for k, (y, f_quiet, f_loud) in enumerate(values)
    ]


MAKERS: dict[str, Callable[[Iterable[Any]], Measurement]] = {
    **dict.fromkeys(("turns", "width", "n", "degree", "width_teacher", "width_loud"), integers),
    "seen": booleans,
}


def _table(names: Sequence[str], found: Sequence[list[dict[str, Any]]], device: torch.device) -> Measurements:
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    rows = [row for rows in found for row in rows]
    columns = {name: MAKERS.get(name, balls)(row[name] for row in rows) for name in names}
    element = np.repeat(np.arange(len(found)), [len(rows) for rows in found])
    point = np.array([k for rows in found for k in range(len(rows))])
    return Measurements(columns, element, {"point": point})


@simulator("turns width n", limited_by="exact")
def observe_line(batch: tuple[Line, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each net: how often its values at the points change between rising and falling, and its width."""
    return _table(observe_line.observables, [_line(line, k) for k, line in enumerate(batch)], device)


@simulator(
    "f f_multiple miss miss_multiple label_gap multiple bias degree scale f_rescaled size distance", limited_by="exact"
)
def observe_multiple(
    batch: tuple[Multiple, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """One row for each net: its outputs at x and c x, how far they miss two labels, and f(x) after one neuron is rescaled."""
    return _table(observe_multiple.observables, [_multiple(case, k) for k, case in enumerate(batch)], device)


@simulator(
    "seen y f_quiet f_loud height loss_quiet loss_loud width_teacher width width_loud",
    limited_by="exact",
)
def observe_beyond(batch: tuple[Beyond, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for each input and for the query: the teacher's output y, the outputs of two students of one width, the
    height asked of the loud one there, and the sums of squared errors of both over the inputs."""
    return _table(observe_beyond.observables, [_beyond(case, k) for k, case in enumerate(batch)], device)
