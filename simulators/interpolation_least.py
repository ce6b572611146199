"""Nets with one hidden layer and as few neurons as any labels on a line allow: n - 2, from five or seven points on.

Along the line the net is n - 1 straight pieces L_0, L_1, … that meet at n - 2 kinks.  Left of all kinks only neurons that
face left are active, and the neuron at the kink of L_(k-1) and L_k then adds L_(k-1) - L_k: the first piece is the sum of
these, up to the output bias.  Steep pieces through single points give the room to meet that condition whatever the labels
are: L_0 = L_2 - L_3 + bias with an output bias, L_0 = L_2 - L_4 without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from .interpolation import Problem, fitted_net
from .interpolation_net import Net, Neuron, generic_projection, rationals
from .measurement import MeasurementError, Measurements, balls, booleans, integers, simulator

ENOUGH = {True: 5, False: 7}
"""Points from which on n - 2 neurons are enough, with an output bias and without."""
LEFT = {True: (3,), False: (3, 4)}
"""The neurons that face left."""


@dataclass(frozen=True)
class Economy:
    """Points (x_i, y_i), at least two: ``inputs`` n tuples of d decimals, ``labels`` n decimals.

    ``output_bias``: the output has a bias, which is not counted as a neuron.
    """

    inputs: tuple[tuple[float, ...], ...]
    labels: tuple[float, ...]
    output_bias: bool = True


def pieces(times: Sequence[Any], labels: Sequence[Any], output_bias: bool = True) -> tuple[list[Any], list[Any]]:
    """Slopes of n - 1 pieces through n points of increasing ``times``, and the n - 2 kinks between them.

    The first three (five) pieces pass through one point each and are steep, of alternating signs; the others join
    neighbours.  The first slope is the third less the fourth (fifth).
    """
    points = list(zip(times, labels, strict=True))
    chords = [(b - a) / (later - sooner) for (sooner, a), (later, b) in pairwise(points)]
    single = ENOUGH[output_bias] - 2
    natural = chords[single:]
    missing = labels[single] - natural[0] * (times[single] - times[single - 1]) - labels[single - 1]
    steep = (-1 if missing < 0 else 1) * (1 + max(abs(chord) for chord in chords))
    if output_bias:
        slopes = [2 * steep - natural[0], -steep, 2 * steep]
    else:
        # Steep enough that what the labels add to the third slope does not matter, and L_0(t_1) = y_1.
        span, part = times[4] - times[0], times[2] - times[0]
        share = (labels[2] - labels[0] - labels[4]) / part
        fifth = steep * (2 + abs(share) * (part / (span - part)) + part / (span - part))
        third = share + fifth * span / part
        slopes = [third - fifth, -steep, third, -steep, fifth]
    slopes += natural
    kinks = []
    for k in range(single):
        m, s = slopes[k], slopes[k + 1]
        # y_k + m (x - t_k) = y_(k+1) + s (x - t_(k+1))
        kinks.append((labels[k + 1] - labels[k] + m * times[k] - s * times[k + 1]) / (m - s))
    return slopes, [*kinks, *times[single + 1 : -1]]


def least_net(inputs: Sequence[Any], labels: Sequence[Any], output_bias: bool = True) -> Net:
    """The net through the first of the points at every different input: ``inputs`` at least five (seven) different ones."""
    direction, projections = generic_projection(inputs)
    heard = sorted({t: i for i, t in reversed(list(enumerate(projections)))}.items(), key=lambda pair: pair[0])
    times, heights = [t for t, _ in heard], [labels[i] for _, i in heard]
    slopes, kinks = pieces(times, heights, output_bias)
    neurons = []
    for k, ((before, after), kink) in enumerate(zip(pairwise(slopes), kinks, strict=True), 1):
        side = -1 if k in LEFT[output_bias] else 1
        neurons.append(Neuron(tuple(side * u for u in direction), -side * kink, after - before))
    net = Net(tuple(neurons))
    return replace(net, offset=heights[0] - net.value(inputs[heard[0][1]])) if output_bias else net


def _economy(case: Economy, element: int) -> list[dict[str, Any]]:
    n = len(case.inputs)
    if n < 2 or len(case.labels) != n or len({len(x) for x in case.inputs}) != 1 or not case.inputs[0]:
        raise MeasurementError(
            f"{n} inputs and {len(case.labels)} labels", "as many, at least two, of one size", "y", element
        )
    inputs = [rationals(x, "f_least", element) for x in case.inputs]
    labels = rationals(case.labels, "y", element)
    different = len(set(inputs))
    if different < ENOUGH[case.output_bias]:
        net = fitted_net(Problem(case.inputs, case.labels, output_bias=case.output_bias), inputs, labels)
    else:
        net = least_net(inputs, labels, case.output_bias)
    shared = {
        "n": n,
        "distinct_inputs": different,
        "width_least": len(net.neurons),
        "output_bias": net.offset is not None,
    }
    return [{**shared, "f_least": net.value(x), "y": y} for x, y in zip(inputs, labels, strict=True)]


@simulator("n distinct_inputs width_least output_bias f_least y", limited_by="exact")
def observe_least(batch: tuple[Economy, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for each point: the label y and the output f_least of a net of ``width_least`` neurons.

    Rationals are exact: no error bars.  Fewer than two points raise `MeasurementError`.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    found = [_economy(case, k) for k, case in enumerate(batch)]
    rows = [row for case in found for row in case]
    makers = dict.fromkeys(("n", "distinct_inputs", "width_least"), integers) | {"output_bias": booleans}
    columns = {name: makers.get(name, balls)(row[name] for row in rows) for name in observe_least.observables}
    element = np.repeat(np.arange(len(found)), [len(case) for case in found])
    return Measurements(columns, element, {"point": np.array([k for case in found for k in range(len(case))])})
