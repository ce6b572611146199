"""Families of deep linear nets at one moment, of paths where singular values meet, and their experiments.

A family mixes, within one draw, generic nets and the edges where formulas change: values 0, 1/2, 1 and 2, ties,
signs, depth 1, 2, 3 and more, square and oblong shapes, hidden layers wider than the ends.
"""

from __future__ import annotations

from simulators import deep_linear, matrix_paths
from simulators.deep_linear_net import DeepLinear
from simulators.matrix_paths import Crossing, Turning
from theorems.singular_value_ode import THEOREM

from .engine.draw import Draw
from .engine.experiment import Experiment

LOSSES = ("completion", "sensing", "logistic", "huber")
EDGES = (1.0, 0.0, 0.5, 2.0)
CHUNK = 2_048
"""Nets are grouped by depth: large chunks cost half as much for each net."""
LOW, HIGH = 0.05, 1.6
"""Generic singular values of the end-to-end matrix."""


def depths(draw: Draw, least: int = 1) -> int:
    """Half of the nets have depth 1, 2 or 3."""
    return draw.integer(least, 8) if draw.boolean() else draw.integer(least, 3)


def shape(draw: Draw, largest: int) -> tuple[int, int]:
    """Rows and columns; half of the matrices are square."""
    rows = draw.integer(1, largest)
    return rows, (rows if not draw.boolean() else draw.integer(1, largest))


def generic(draw: Draw, depth: int) -> float:
    """A factor's singular value whose power of the depth lies in [LOW, HIGH], to two places; shrinks towards 1."""
    low, high = LOW ** (1 / depth) - 1, HIGH ** (1 / depth) - 1
    return round(1 + draw.decimal(round(low + 0.005, 2), round(high - 0.005, 2)), 2)


def any_values(draw: Draw, depth: int, count: int) -> tuple[float, ...]:
    """Generic values; now and then one at an edge, or two alike."""
    values = [generic(draw, depth) for _ in range(count)]
    where = draw.choice(("generic", "edge", "tie", "generic"))
    if where == "edge":
        values[draw.integer(0, count - 1)] = draw.choice(EDGES)
    elif where == "tie":
        values[-1] = values[0]
    return tuple(values)


def spread_values(draw: Draw, depth: int, count: int) -> tuple[float, ...]:
    """Values at least 0.05 apart, none of them 0."""
    value, values = 0.5 + draw.decimal(-0.2, 0.4), []
    for _ in range(count):
        values.append(round(value, 2))
        value += 0.5 - draw.decimal(0, 0.45)
    return tuple(values if draw.boolean() else values[::-1])


def signs(draw: Draw, count: int) -> tuple[int, ...]:
    """Signs of the end-to-end singular values."""
    return tuple(draw.choice((1, -1)) for _ in range(count))


def departed(draw: Draw, balanced: bool, gradient_flow: bool) -> dict[str, float]:
    """Fields that violate what is dropped: a gauge unbalances, a finite step or weight decay leaves the flow."""
    fields: dict[str, float] = {}
    if not balanced:
        fields["gauge"] = draw.choice((1.0, 0.1, 0.001))
    if not gradient_flow:
        if draw.boolean():
            fields["decay"] = draw.choice((1.0, 0.1, 0.01))
        else:
            fields["step"] = draw.choice((1.0, 0.1, 0.01))
    return fields


def net(draw: Draw, depth: int, rows: int, cols: int, values: tuple[float, ...], **fields: float) -> DeepLinear:
    """A net of that depth, shape and spectrum, with a loss and data of its own."""
    return DeepLinear(
        depth, rows, cols, values, signs(draw, len(values)),
        extra=draw.integer(0, 2), loss=draw.choice(LOSSES), seed=draw.seed(), **fields,
    )  # fmt: skip


def nets(draw: Draw, *, balanced: bool = True, gradient_flow: bool = True) -> DeepLinear:
    """Nets of up to 8 x 8, of every depth up to 8."""
    least = 1 if balanced and gradient_flow else 2
    depth, (rows, cols) = depths(draw, least), shape(draw, 8 if draw.boolean() else 3)
    values = any_values(draw, depth, min(rows, cols))
    if not balanced:
        values = tuple(v or 1.0 for v in values)
    return net(draw, depth, rows, cols, values, **departed(draw, balanced, gradient_flow))


def small_nets(draw: Draw, *, balanced: bool = True, gradient_flow: bool = True) -> DeepLinear:
    """Nets of up to 3 x 3, where every entry is looked at."""
    least = 1 if balanced and gradient_flow else 2
    depth, (rows, cols) = depths(draw, least), shape(draw, 3)
    values = tuple(v or 1.0 for v in any_values(draw, depth, min(rows, cols)))
    return net(draw, depth, rows, cols, values, **departed(draw, balanced, gradient_flow))


def pairs(draw: Draw, *, balanced: bool = True, gradient_flow: bool = True, distinct: bool = True) -> DeepLinear:
    """Nets with at least two singular values, apart from each other; without `distinct`, all of one size."""
    least = 1 if balanced and gradient_flow else 2
    depth, count = depths(draw, least), draw.integer(2, 3)
    rows, cols = (count, count) if not draw.boolean() else (count + draw.integer(0, 2), count)
    values = spread_values(draw, depth, count) if distinct else (generic(draw, depth),) * count
    if draw.boolean():
        rows, cols = cols, rows
    return net(draw, depth, rows, cols, values, **departed(draw, balanced, gradient_flow))


def oblong(draw: Draw, *, balanced: bool = True, gradient_flow: bool = True) -> DeepLinear:
    """Rectangular nets without singular values 0, half of them tall."""
    least = 1 if balanced and gradient_flow else 2
    depth, short = depths(draw, least), draw.integer(1, 3)
    long = short + draw.integer(1, 2)
    rows, cols = (long, short) if not draw.boolean() else (short, long)
    values = spread_values(draw, depth, short)
    return net(draw, depth, rows, cols, values, **departed(draw, balanced, gradient_flow))


def layered(draw: Draw, *, gradient_flow: bool = True) -> DeepLinear:
    """Nets of depth 2 to 5, half of them unbalanced: what the flow conserves from any start."""
    depth, (rows, cols) = draw.integer(2, 5), shape(draw, 2)
    values = tuple(v or 1.0 for v in any_values(draw, depth, min(rows, cols)))
    fields = departed(draw, True, gradient_flow)
    # Weight decay shrinks both Grams alike when they agree: without a gauge it would violate nothing.
    if draw.boolean() or "decay" in fields:
        fields["gauge"] = draw.choice((1.0, 0.1))
    return net(draw, depth, rows, cols, values, **fields)


def descents(draw: Draw) -> DeepLinear:
    """The same nets, half of them unbalanced, at the start of a step of gradient descent."""
    depth, (rows, cols) = draw.integer(2, 5), shape(draw, 2)
    values = tuple(v or 1.0 for v in any_values(draw, depth, min(rows, cols)))
    gauge = draw.choice((1.0, 0.1)) if draw.boolean() else 0.0
    return net(draw, depth, rows, cols, values, gauge=gauge, step=draw.decimal(0.05, 1.0))


def crossings(draw: Draw) -> Crossing:
    """Straight paths of diagonal matrices, some of whose singular values meet 0 or each other at t = 0."""
    count = draw.integer(1, 4)
    starts = tuple(float(draw.integer(-2, 2)) for _ in range(count))
    return Crossing(starts, tuple(draw.decimal(-2, 2, 1) for _ in range(count)))


def turnings(draw: Draw, *, analytic: bool = True) -> Turning:
    """Paths on which two singular values meet, at two times before 1/3."""
    late = draw.integer(3, 60)
    early = late + draw.integer(1, 20)
    if not analytic:
        return Turning(late, early, analytic=False)
    first = (draw.integer(1, 3), draw.integer(-3, 3))
    return Turning(late, early, first, (draw.decimal(-1, 1), draw.decimal(-1, 1)))


RATES = Experiment(
    "rates", THEOREM, nets, deep_linear.observe_rates,
    examples=(DeepLinear(2, 1, 1, (1.0,), (1,)), DeepLinear(1, 2, 2, (0.0, 1.0), (1, -1), seed=1)),
)  # fmt: skip
MOMENTS: list[Experiment] = [
    RATES,
    Experiment("entries", THEOREM, small_nets, deep_linear.observe_entries, search=50, bulk=2_000, chunk=CHUNK),
    Experiment("vectors", THEOREM, pairs, deep_linear.observe_vectors, search=50, bulk=2_000, chunk=CHUNK),
    Experiment("complements", THEOREM, oblong, deep_linear.observe_complement, search=50, bulk=2_000, chunk=CHUNK),
    Experiment("balance-rates", THEOREM, layered, deep_linear.observe_gram_rates, search=30, bulk=1_000),
    Experiment("descents", THEOREM, descents, deep_linear.observe_descent, search=30, bulk=1_000),
    Experiment("crossings", THEOREM, crossings, matrix_paths.observe_crossings, search=20, bulk=500),
    Experiment(
        "turnings", THEOREM, turnings, matrix_paths.observe_turning, search=20, bulk=1_000,
        examples=(Turning(3, 10**6, (1, 0), (-1.0, 1.0)),),  # from the tie itself, across and against it
    ),
]  # fmt: skip
