"""A net with one hidden layer, an output bias and as few neurons as any labels on a line allow: n - 2 from five points on.

Along the line the net is n - 1 straight pieces that meet at n - 2 kinks.  Left of all kinks only neurons that face left
are active, here the third alone, so that its output is tied to the first slope; steep pieces through single points give
the room to meet that condition whatever the labels are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from .interpolation import Problem, fitted_net
from .interpolation_net import ZERO, Net, Neuron, generic_projection, rationals
from .measurement import MeasurementError, Measurements, balls, integers, simulator

FIVE = 5


@dataclass(frozen=True)
class Economy:
    """Points (x_i, y_i), at least two: ``inputs`` n tuples of d decimals, ``labels`` n decimals."""

    inputs: tuple[tuple[float, ...], ...]
    labels: tuple[float, ...]


def pieces(times: Sequence[Any], labels: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Slopes of n - 1 pieces through n >= 5 points of increasing ``times``, and the n - 2 kinks between them.

    The first three pieces pass through one point each and are steep, the others join neighbours; the first slope is the
    third less the fourth.
    """
    chords = [(b - a) / (later - sooner) for (sooner, a), (later, b) in pairwise(list(zip(times, labels, strict=True)))]
    natural = chords[3:]
    missing = labels[3] - natural[0] * (times[3] - times[2]) - labels[2]
    steep = 1 + max(abs(chord) for chord in chords)
    sign = -1 if missing < 0 else 1
    third = sign * 2 * steep
    slopes = [third - natural[0], -sign * steep, third, *natural]
    anchors = [0, 1, 2, 3]
    kinks = []
    for k in range(3):
        (p, m), (q, s) = (anchors[k], slopes[k]), (anchors[k + 1], slopes[k + 1])
        # y_p + m (x - t_p) = y_q + s (x - t_q)
        kinks.append((labels[q] - labels[p] + m * times[p] - s * times[q]) / (m - s))
    return slopes, [*kinks, *times[4:-1]]


def least_net(inputs: Sequence[Any], labels: Sequence[Any]) -> Net:
    """The net through the first of the points at every different input; ``inputs`` at least five different ones."""
    direction, projections = generic_projection(inputs)
    heard = sorted({t: i for i, t in reversed(list(enumerate(projections)))}.items(), key=lambda pair: pair[0])
    times, heights = [t for t, _ in heard], [labels[i] for _, i in heard]
    slopes, kinks = pieces(times, heights)
    neurons = []
    for k, ((before, after), kink) in enumerate(zip(pairwise(slopes), kinks, strict=True), 1):
        side = -1 if k == 3 else 1
        neurons.append(Neuron(tuple(side * u for u in direction), -side * kink, after - before))
    net = Net(tuple(neurons), ZERO)
    here = inputs[heard[0][1]]
    return Net(net.neurons, heights[0] - net.value(here))


def _economy(case: Economy, element: int) -> list[dict[str, Any]]:
    n = len(case.inputs)
    if n < 2 or len(case.labels) != n or len({len(x) for x in case.inputs}) != 1 or not case.inputs[0]:
        raise MeasurementError(
            f"{n} inputs and {len(case.labels)} labels", "as many, at least two, of one size", "y", element
        )
    inputs = [rationals(x, "f_least", element) for x in case.inputs]
    labels = rationals(case.labels, "y", element)
    different = len(set(inputs))
    if different < FIVE:
        net = fitted_net(Problem(case.inputs, case.labels, output_bias=True), inputs, labels)
    else:
        net = least_net(inputs, labels)
    shared = {"n": n, "distinct_inputs": different, "width_least": len(net.neurons)}
    return [{**shared, "f_least": net.value(x), "y": y} for x, y in zip(inputs, labels, strict=True)]


@simulator("n distinct_inputs width_least f_least y", limited_by="exact")
def observe_least(batch: tuple[Economy, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for each point: the label y and the output f_least of a net of ``width_least`` neurons and an output bias.

    Rationals are exact: no error bars.  Fewer than two points raise `MeasurementError`.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    found = [_economy(case, k) for k, case in enumerate(batch)]
    rows = [row for case in found for row in case]
    whole = ("n", "distinct_inputs", "width_least")
    columns = {
        name: (integers if name in whole else balls)(row[name] for row in rows) for name in observe_least.observables
    }
    element = np.repeat(np.arange(len(found)), [len(case) for case in found])
    return Measurements(columns, element, {"point": np.array([k for case in found for k in range(len(case))])})
