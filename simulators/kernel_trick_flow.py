"""Gradient flow on ½|Φw - y|² + ½λ|w|², followed in the space of weights and in that of outputs, at any time.

Both flows are linear, so that each is the exponential of one matrix: of P + 1 rows for the weights w, and of n + 2 rows for
the outputs at the data and at the query, in which only Gram values and the outputs at the start occur.  The exponentials
are taken in balls (flint); all else is rational.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import torch

from .interpolation_net import ONE, ZERO, column, dot, matrix, rational
from .kernel_trick import (
    Regression,
    component,
    conjugate_gradients,
    feature_map,
    kernel,
    null_space,
    sound,
    start_of,
)
from .measurement import MeasurementError, Measurements, balls, reals, simulator

BITS = 128
GUARD = 64
"""Further bits for the exponential, whose balls grow in its repeated squaring."""


@dataclass(frozen=True)
class Flow:
    """A regression and the time at which its gradient flow is looked at."""

    regression: Regression
    time: float


def flowed(generator: Sequence[Sequence[Any]], state: Sequence[Any], time: Any) -> list[Any]:
    """exp(time · generator) state, in balls: where the linear flow of a rational ``generator`` has come."""
    size = len(state)
    scaled = flint.arb_mat(size, size, [flint.arb(time * entry) for row in generator for entry in row])
    moved = scaled.exp() * flint.arb_mat(size, 1, [flint.arb(entry) for entry in state])
    return [moved[j, 0] for j in range(size)]


def _weights(features: Any, labels: Sequence[Any], ridge: Any, start: Sequence[Any], time: Any) -> list[Any]:
    """w at the given time."""
    turned = features.transpose()
    curvature, pull = turned * features, turned * column(labels)
    size = curvature.nrows()
    rows = [[*(-curvature[i, j] - (ridge if i == j else ZERO) for j in range(size)), pull[i, 0]] for i in range(size)]
    return flowed([*rows, [ZERO] * (size + 1)], [*start, ONE], time)[:size]


def _outputs(
    gram: Sequence[Sequence[Any]],
    row: Sequence[Any],
    labels: Sequence[Any],
    ridge: Any,
    start: Sequence[Any],
    time: Any,
) -> Any:
    """The output at the query at the given time; ``start``: the outputs at the data and at the query when it starts."""
    rows = []
    for i, values in enumerate([*gram, row]):
        decay = [ridge if i == j else ZERO for j in range(len(labels) + 1)]
        rows.append([*(-g - r for g, r in zip((*values, ZERO), decay, strict=True)), dot(values, labels)])
    return flowed([*rows, [ZERO] * (len(labels) + 2)], [*start, ONE], time)[len(labels)]


def _flow(flow: Flow, element: int, bits: int) -> dict[str, Any]:
    case = flow.regression
    inputs, query, labels, ridge = sound(case, element)
    time = rational(flow.time, "time", element)
    if time < 0:
        raise MeasurementError(f"time {flow.time}", "at least 0", "time", element)
    feature, inner = feature_map(case, element), kernel(case, element)
    features, at_query = matrix([feature(x) for x in inputs]), feature(query)
    start = start_of(case, len(at_query))
    outputs = features * column(start)
    gram = [[inner(x, z) for z in inputs] for x in inputs]
    at_start = [*(outputs[i, 0] for i in range(len(inputs))), dot(at_query, start)]
    end = conjugate_gradients(features, labels, ridge, start)
    left = [v - w for v, w in zip(start, end, strict=True)]
    beside = component(null_space(features), left)
    with flint.ctx.workprec(bits + GUARD):
        weights = _weights(features, labels, ridge, start, time)
        by_gram = _outputs(gram, [inner(query, z) for z in inputs], labels, ridge, at_start, time)
        reach = flint.arb(dot(at_query, at_query) * dot(left, left)).sqrt()
        by_weights = sum((flint.arb(v) * w for v, w in zip(at_query, weights, strict=True)), flint.arb(0))
        return {
            "flow": by_weights,
            "flow_gram": by_gram,
            "gap": by_weights - flint.arb(dot(at_query, end)),
            "reach": reach,
            "rate": ridge if any(beside) else ridge + _slowest(matrix(gram)),
            "time": time,
            "determinant": matrix(gram).det(),
        }


def _slowest(gram: Any) -> Any:
    """A lower bound of the least eigenvalue of a Gram matrix: one over the trace of its inverse, 0 if it has none."""
    if gram.det() == 0:
        return ZERO
    inverse = gram.inv()
    return 1 / sum((inverse[i, i] for i in range(gram.nrows())), ZERO)


def rounded(value: Any) -> tuple[float, float]:
    """A ball or rational as a float64 and a radius that holds it, rounded up."""
    middle = float(flint.arb(value).mid())
    with flint.ctx.workprec(BITS + GUARD):
        radius = (flint.arb(value) - flint.arb(middle)).abs_upper()
    return middle, 0.0 if radius == 0 else math.nextafter(float(radius), math.inf)


def observe_flow_precisely(flow: Flow, bits: int) -> Measurements:
    """The columns of `observe_flow` for one flow, in balls of ``bits`` bits and exact rationals."""
    row = _flow(flow, 0, bits)
    return Measurements({name: balls([row[name]]) for name in observe_flow.observables}, np.zeros(1))


@simulator("flow flow_gram gap reach rate time determinant", limited_by="rounding", precisely=observe_flow_precisely)
def observe_flow(batch: tuple[Flow, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each flow: its prediction at the query from the weights and from Gram values, the first less that where
    the flow ends, |Φ(x)| times the distance of start and end, and a lower bound of the rate of the slowest part.

    Computed in balls of 128 bits: the radii are the rounding to float64.  A malformed regression or a negative time raises
    `MeasurementError`.
    """
    torch.empty(0, device=device)  # balls live on no device; an absent one is an error all the same
    rows = [_flow(flow, k, BITS) for k, flow in enumerate(batch)]
    pairs = {name: [rounded(row[name]) for row in rows] for name in observe_flow.observables}
    return Measurements(
        {name: reals([m for m, _ in found], [r for _, r in found]) for name, found in pairs.items()},
        np.arange(len(rows)),
    )
