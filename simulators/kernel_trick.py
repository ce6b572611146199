"""ℓ₂ regression on explicit features and on their Gram values alone, side by side in exact rationals.

One side sees the features Φ (n, P) and solves for P weights; the other sees the numbers ⟨Φ(x), Φ(x')⟩ only, which it
computes from x and x' without any feature, and solves for n weights.  A third follows conjugate gradients on the P weights
from a given start to where they end, which exact arithmetic reaches in at most n steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import flint
import numpy as np
import torch

from .interpolation_given import Given, given_net
from .interpolation_net import ONE, ZERO, Net, Vector, column, dot, least_squares, matrix, rational, rationals, solution
from .measurement import MeasurementError, Measurements, balls, integers, simulator

KINDS = ("linear", "quadratic", "net")


@dataclass(frozen=True)
class Regression:
    """n points with labels, a query, features, a ridge λ >= 0 and a start of the P weights.

    ``features``: *linear* x, *quadratic* all products of two entries of (1, x), *net* the derivatives of a net with
    one hidden layer by its weights, at the weights of ``neurons``.  ``start`` is repeated to P entries; empty: 0.
    """

    inputs: tuple[tuple[float, ...], ...]
    labels: tuple[float, ...]
    query: tuple[float, ...]
    features: str = "linear"
    ridge: float = 0.0
    start: tuple[float, ...] = ()
    neurons: Given = ()


def _without_biases(net: Net) -> Net:
    return Net(net.neurons, None, net.degree, biased=False)


def feature_map(case: Regression, element: int) -> Callable[[Vector], list[Any]]:
    """Φ as a function of an input.  Raises `MeasurementError` for features of no known kind."""
    if case.features == "linear":
        return list
    if case.features == "quadratic":
        return lambda x: [a * b for a, b in product((ONE, *x), repeat=2)]
    if case.features == "net":
        return _without_biases(given_net(case.neurons, 0.0, 1, len(case.query), element)).gradient
    raise MeasurementError(f"features {case.features!r}", f"one of {', '.join(KINDS)}", "primal", element)


def kernel(case: Regression, element: int) -> Callable[[Vector, Vector], Any]:
    """⟨Φ(x), Φ(x')⟩ as a function of two inputs, without features."""
    if case.features == "linear":
        return dot
    if case.features == "quadratic":
        return lambda x, z: (1 + dot(x, z)) ** 2
    neurons = given_net(case.neurons, 0.0, 1, len(case.query), element).neurons

    def of_net(x: Vector, z: Vector) -> Any:
        pairs = [(neuron.argument(x), neuron.argument(z), neuron.output) for neuron in neurons]
        both = [(u, v, a) for u, v, a in pairs if u > 0 and v > 0]
        return sum((u * v for u, v, _ in both), ZERO) + dot(x, z) * sum((a * a for _, _, a in both), ZERO)

    return of_net


def with_ridge(gram: Any, ridge: Any) -> Any:
    """A square matrix plus ridge times the identity."""
    size = gram.nrows()
    return gram + flint.fmpq_mat(size, size, [ridge if i == j else ZERO for i in range(size) for j in range(size)])


def null_space(rows: Any) -> list[list[Any]]:
    """A basis of the vectors that a rational matrix sends to 0."""
    reduced, rank = rows.rref()
    size = rows.ncols()
    pivots = [next(j for j in range(size) if reduced[i, j] != 0) for i in range(rank)]
    basis = []
    for free in sorted(set(range(size)) - set(pivots)):
        vector = [ZERO] * size
        vector[free] = ONE
        for i, pivot in enumerate(pivots):
            vector[pivot] = -reduced[i, free]
        basis.append(vector)
    return basis


def component(basis: Sequence[Sequence[Any]], vector: Sequence[Any]) -> list[Any]:
    """The orthogonal projection of a vector onto the span of a basis."""
    if not basis:
        return [ZERO] * len(vector)
    span = matrix(basis)
    shares = solution(span * span.transpose(), span * column(vector))
    return [dot(shares, [b[j] for b in basis]) for j in range(len(vector))]


def weights_from_features(features: Any, labels: Vector, ridge: Any, basis: Sequence[Sequence[Any]]) -> list[Any]:
    """The minimiser over P weights of |Φw - y|² + ridge |w|²; of several that of least norm."""
    turned = features.transpose()
    if ridge > 0:
        return solution(with_ridge(turned * features, ridge), turned * column(labels))
    some = least_squares(features, column(labels))
    return [w - z for w, z in zip(some, component(basis, some), strict=True)]


def weights_from_gram(gram: Any, labels: Vector, ridge: Any) -> list[Any]:
    """α of n entries with (K + ridge I) α = y, in least squares where K is singular and the ridge is 0."""
    if ridge > 0:
        return solution(with_ridge(gram, ridge), column(labels))
    return least_squares(gram, column(labels))


def conjugate_gradients(features: Any, labels: Vector, ridge: Any, start: Sequence[Any]) -> list[Any]:
    """Where conjugate gradients on |Φw - y|² + ridge |w|² end from a start (Hestenes and Stiefel 1952)."""
    turned, w = features.transpose(), column(start)
    descent = turned * (column(labels) - features * w) - w * ridge
    along = descent
    steepness = _square(descent)
    while steepness != 0:
        share = steepness / (_square(features * along) + ridge * _square(along))
        w = w + along * share
        descent = turned * (column(labels) - features * w) - w * ridge
        before, steepness = steepness, _square(descent)
        along = descent + along * (steepness / before)
    return [w[j, 0] for j in range(w.nrows())]


def _square(vector: Any) -> Any:
    return sum((vector[j, 0] ** 2 for j in range(vector.nrows())), ZERO)


def sound(case: Regression, element: int) -> tuple[list[Vector], Vector, Vector, Any]:
    """Inputs, query, labels and ridge as rationals; raises `MeasurementError` where they are no regression."""
    n = len(case.inputs)
    if n == 0 or len(case.labels) != n or not case.query or any(len(x) != len(case.query) for x in case.inputs):
        raise MeasurementError(
            f"{n} inputs, {len(case.labels)} labels, query {case.query}", "as many, of one size", "primal", element
        )
    inputs, query = [rationals(x, "primal", element) for x in case.inputs], rationals(case.query, "primal", element)
    labels, ridge = rationals(case.labels, "y", element), rational(case.ridge, "ridge", element)
    if ridge < 0:
        raise MeasurementError(f"ridge {case.ridge}", "at least 0", "ridge", element)
    return inputs, query, labels, ridge


def start_of(case: Regression, size: int) -> list[Any]:
    """The weights at the start: ``case.start`` repeated to ``size`` entries."""
    return [rational(case.start[j % len(case.start)], "start") if case.start else ZERO for j in range(size)]


def _regression(case: Regression, element: int) -> dict[str, Any]:
    n = len(case.inputs)
    inputs, query, labels, ridge = sound(case, element)
    feature, inner = feature_map(case, element), kernel(case, element)
    features, at_query = matrix([feature(x) for x in inputs]), feature(query)
    start = start_of(case, len(at_query))
    basis = null_space(features)
    weights = weights_from_features(features, labels, ridge, basis)
    end = conjugate_gradients(features, labels, ridge, start)
    outside = component(basis, start)

    gram = matrix([[inner(x, z) for z in inputs] for x in inputs])
    row, first = [inner(query, z) for z in inputs], [inner(inputs[0], z) for z in inputs]
    dual = weights_from_gram(gram, labels, ridge)
    outputs = features * column(start)
    dual_of_start = weights_from_gram(gram, tuple(outputs[i, 0] for i in range(n)), ridge)
    return {
        "primal": dot(at_query, weights),
        "gram": dot(row, dual),
        "norm": dot(weights, weights),
        "gram_norm": dot(dual, [(gram * column(dual))[i, 0] for i in range(n)]),
        "limit": dot(at_query, end),
        "limit_norm": dot(end, end),
        "start": dot(at_query, start),
        "gram_start": dot(row, dual_of_start),
        "outside": dot(outside, outside),
        "ridge": ridge,
        "determinant": gram.det(),
        "fit": dot(first, dual),
        "y": labels[0],
        "features": len(at_query),
        "solved": len(dual),
    }


NAMES = "primal gram norm gram_norm limit limit_norm start gram_start outside ridge determinant fit y features solved"


@simulator(NAMES, limited_by="exact")
def observe(batch: tuple[Regression, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each regression: predictions at the query from features, from Gram values and where conjugate
    gradients end; squared norms of the weights; what is outside the span of the features at the start.

    Rationals are exact: no error bars.  A malformed regression raises `MeasurementError`.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    rows = [_regression(case, k) for k, case in enumerate(batch)]
    whole = ("features", "solved")
    columns = {name: (integers if name in whole else balls)(row[name] for row in rows) for name in observe.observables}
    return Measurements(columns, np.arange(len(rows)))


@dataclass(frozen=True)
class Tangent:
    """A net with one hidden layer at t = 0, an input, and how far every weight has moved by time t."""

    neurons: Given
    x: tuple[float, ...]
    moved: float = 0.0


def _shifted(net: Net, number: int, by: Any) -> Net:
    """The net with one weight changed: w_1, …, w_d, a of each neuron in turn."""
    size = len(net.neurons[0].weights) + 1
    place, entry = divmod(number, size)
    old = net.neurons[place]
    if entry == size - 1:
        new = type(old)(old.weights, old.bias, old.output + by)
    else:
        weights = tuple(w + by if j == entry else w for j, w in enumerate(old.weights))
        new = type(old)(weights, old.bias, old.output)
    return Net((*net.neurons[:place], new, *net.neurons[place + 1 :]), net.offset, net.degree, net.biased)


def _tangent(case: Tangent, element: int) -> list[dict[str, Any]]:
    x, moved = rationals(case.x, "feature", element), rational(case.moved, "moved", element)
    net = _without_biases(given_net(case.neurons, 0.0, 1, len(x), element))
    features = _without_biases(net).gradient(x)
    # gradient() lists w and then the outputs of all neurons; weights are moved neuron by neuron
    d, width = len(x), len(net.neurons)
    order = [*(r * (d + 1) + j for r in range(width) for j in range(d)), *(r * (d + 1) + d for r in range(width))]
    later = net
    for number in order:
        later = _shifted(later, number, moved)
    arguments = [abs(neuron.argument(x)) for neuron in later.neurons]
    largest = max((abs(v) for v in x), default=ZERO)
    # a step this small moves no argument that is not 0 across its kink
    away = [z for z in arguments if z > 0]
    step = min([ONE, *(z / (2 * largest + 1) for z in away)])
    before = later.value(x)
    return [
        {"feature": value, "slope": (_shifted(later, number, step).value(x) - before) / step, "moved": abs(moved)}
        for value, number in zip(features, order, strict=True)
        if later.neurons[number // (d + 1)].argument(x) != 0
    ]


@simulator("feature slope moved", limited_by="exact")
def observe_tangent(batch: tuple[Tangent, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for each weight: its coordinate of Φ(x), and the slope of the output at x along it at time t.

    The output is linear in one weight until a neuron switches, so that a small difference quotient is exact.  A weight
    of a neuron that is at its kink at x has no row.
    """
    torch.empty(0, device=device)
    found = [_tangent(case, k) for k, case in enumerate(batch)]
    rows = [row for case in found for row in case]
    columns = {name: balls(row[name] for row in rows) for name in observe_tangent.observables}
    element = np.repeat(np.arange(len(found)), [len(case) for case in found])
    return Measurements(columns, element, {"weight": np.array([k for case in found for k in range(len(case))])})
