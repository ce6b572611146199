"""Nets with one hidden layer in exact rationals: fitted ones, given ones on a line and at multiples, two beyond the data."""

from __future__ import annotations

from dataclasses import replace

from simulators import interpolation, interpolation_given, interpolation_least
from simulators.interpolation import Problem
from simulators.interpolation_given import Beyond, Line, Multiple
from simulators.interpolation_least import Economy
from theorems.two_layer_interpolation import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment
from .families_nets import neurons

Points = tuple[tuple[float, ...], ...]
GAPS = (1.0, 0.5, 0.01, 0.000001, 1000.0)
FACTORS = (2.0, 0.5, 3.0, 1.0, 0.001, 1000.0)
WIDE = (0, 1, 2, 5, -1)


def separate(draw: Draw, count: int, inputs: int) -> Points:
    """Distinct points of R^inputs: one coordinate increases, by steps of any size; the others are drawn freely."""
    axis, place = draw.integer(0, inputs - 1), draw.decimal(-2, 2, 1)
    points = []
    for _ in range(count):
        free = [draw.decimal(-1, 1, 1) if inputs > 1 else 0.0 for _ in range(inputs)]
        free[axis] = round(place, 9)
        points.append(tuple(free))
        place += draw.choice(GAPS)
    return tuple(reversed(points)) if draw.boolean() else tuple(points)


def values(draw: Draw, count: int) -> tuple[float, ...]:
    """Labels: drawn freely, alternating, or all zero."""
    how = draw.choice(("free", "alternating", "huge", "zero"))
    if how == "free":
        return tuple(draw.decimal(-3, 3, 1) for _ in range(count))
    size = {"alternating": 1.0, "huge": 1e6, "zero": 0.0}[how]
    return tuple(size * (-1) ** k for k in range(count))


def problems(
    draw: Draw, *, distinct: bool = True, biases: bool = True, relu: bool = True, positive: bool = True
) -> Problem:
    """One to six points in up to three dimensions, nets with n units, a few more, or one less."""
    n, inputs = draw.integer(1, 6), draw.integer(1, 3)
    points, labels = separate(draw, n, inputs), values(draw, n)
    if not distinct:  # an input twice, with two labels
        points, labels = (*points, points[0]), (*labels, labels[0] + 1)
    if not biases:  # an input and twice the same, with equal labels: f(2x) = 2 f(x) cannot be both
        first = (1.0, *points[0][1:])
        points = (first, tuple(2 * v for v in first), *((v[0] + 2000, *v[1:]) for v in points[1:5]))
        labels = (1.0, 1.0, *labels[1:5])
    output_bias = draw.boolean()
    spare = draw.choice(WIDE if len(points) - output_bias > 1 else WIDE[:4])
    if output_bias and len(points) + spare == 1:
        spare = 1
    scale = draw.choice(FACTORS)
    return Problem(
        points, labels, spare, output_bias, biases, 1 if relu else 2, scale if positive else -scale, draw.integer(0, 50)
    )


def zigzag(width: int, size: float = 1.0) -> Line:
    """A net of width >= 3 that changes direction at each of its kinks 1, 2, …; the third neuron faces the other way.

    Its slopes are -2, 1, -1, 1, …: left of all kinks only the third neuron is active.
    """
    outputs = [3 * size, *(2 * size * (-1) ** k for k in range(1, width))]
    made = tuple(
        ((-1.0,), float(k), output) if k == 3 else ((1.0,), -float(k), output) for k, output in enumerate(outputs, 1)
    )
    return Line(made, tuple(float(k) for k in range(width + 2)))


def lines(draw: Draw) -> Line:
    """Zigzags, which turn at every kink, and drawn nets along lines in up to three dimensions."""
    if draw.boolean():
        return zigzag(draw.integer(3, 8), draw.choice((1.0, -1.0, 0.001, 1000.0)))
    inputs, count = draw.integer(1, 3), draw.integer(2, 12)
    direction = [draw.decimal(-1, 1, 1) for _ in range(inputs)]
    direction[0] = direction[0] if any(direction) else 1.0
    step = draw.choice((0.5, 0.1, 2.0))
    times = tuple(round(step * (k - count / 2), 9) for k in range(count))
    start = tuple(draw.decimal(-1, 1, 1) for _ in range(inputs))
    return Line(neurons(draw, draw.integer(1, 8), inputs), times, start, tuple(direction), draw.decimal(-2, 2, 1))


def economies(draw: Draw, *, distinct: bool = True) -> Economy:
    """Two to ten points in up to three dimensions, labels of any kind, with an output bias and without."""
    n, inputs = draw.integer(2, 10), draw.integer(1, 3)
    points, labels = separate(draw, n, inputs), values(draw, n)
    if not distinct:  # an input twice, with two labels
        points, labels = (*points, points[0]), (*labels, labels[0] + 1)
    return Economy(points, labels, draw.boolean())


def multiples(draw: Draw, *, relu: bool = True, positive: bool = True) -> Multiple:
    """Nets with and without biases at x and c x; one label may be the net's own output."""
    inputs, width, biased = draw.integer(1, 3), draw.integer(1, 5), draw.boolean()
    x = tuple(draw.decimal(-2, 2, 1) for _ in range(inputs))
    scale = draw.choice(FACTORS)
    return Multiple(
        neurons(draw, width, inputs, biased),
        x,
        draw.choice((2.0, 1.0, 0.5, 0.0, 3.0, 1000.0)),
        (draw.decimal(-3, 3, 1), draw.decimal(-3, 3, 1)),
        draw.choice(("", "first", "second")),
        draw.decimal(-2, 2, 1) if biased else 0.0,
        1 if relu else 2,
        draw.integer(0, width - 1),
        scale if positive else -scale,
    )


def beyond(draw: Draw) -> Beyond:
    """Teachers of width 1 to 4, up to five inputs, a query off the data and errors of any size and sign."""
    inputs, count = draw.integer(1, 3), draw.integer(1, 5)
    *points, query = separate(draw, count + 1, inputs)
    if draw.boolean():
        points, query = [query, *points[1:]], points[0]
    height = draw.choice((1.0, -1.0, 0.001, 1e6, -1e9, 0.0))
    return Beyond(neurons(draw, draw.integer(1, 4), inputs), tuple(points), query, height, draw.decimal(-2, 2, 1))


XOR = Problem(((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)), (0.0, 1.0, 1.0, 0.0))
FITTED = Experiment(
    "fitted", THEOREM, problems, interpolation.observe,
    examples=(
        XOR,
        replace(XOR, output_bias=True),
        replace(XOR, spare=20),
        Problem(((1.0,), (-1.0,)), (1.0, 1.0)),
        Problem(((0.0,),), (1.0,), output_bias=False, scale=0.5),
    ),
    search=12, batch=8, bulk=200, chunk=100,
)  # fmt: skip
LINES = Experiment(
    "lines", THEOREM, lines, interpolation_given.observe_line,
    examples=(zigzag(3), zigzag(8)), search=16, batch=8, bulk=400,
)  # fmt: skip
ECONOMIES = Experiment(
    "economies", THEOREM, economies, interpolation_least.observe_least,
    examples=(Economy(tuple((float(k),) for k in range(5)), (1.0, -1.0, 1.0, -1.0, 1.0)),),
    search=12, batch=8, bulk=200, chunk=100,
)  # fmt: skip
MULTIPLES = Experiment(
    "multiples", THEOREM, multiples, interpolation_given.observe_multiple,
    examples=(Multiple((((1.0,), 0.0, 1.0),), (1.0,), 2.0, (1.0, 1.0)),), search=16, batch=8, bulk=500,
)  # fmt: skip
BEYOND = Experiment(
    "beyond", THEOREM, beyond, interpolation_given.observe_beyond,
    examples=(Beyond((((1.0,), 0.0, 1.0),), ((0.0,), (1.0,)), (0.5,), 1.0),), search=12, batch=8, bulk=150,
)  # fmt: skip


class TestTwoLayerInterpolation(Audit):
    """Fitted nets, the narrowest ones, and given nets on a line, at two multiples of an input, and off the data."""

    experiments = [FITTED, LINES, ECONOMIES, MULTIPLES, BEYOND]  # noqa: RUF012
