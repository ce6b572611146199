"""Families of inputs for the kernels of infinitely wide nets: free ones, and those at which kernels degenerate."""

from __future__ import annotations

from dataclasses import replace

from simulators.gaussian_integrals import PROPER
from simulators.kernel_points import Points
from simulators.kernel_spectrum import Related, Weighted
from simulators.node_values import Signal

from .engine.draw import Draw

Vector = tuple[int, ...]
NEAR = 100_000
"""Near-duplicates and near-antipodes differ by one part in this."""
FREE, DUPLICATE = "free", "duplicate"
SHAPES = (FREE, "orthogonal", DUPLICATE, "parallel", "antipode", "near", FREE, "near antipode", "zero", FREE)
LARGE = ((0, 0), (1, 0), (0, -20), (20, 0), (100, -100), (-300, -300))
MILD = ((0, 0), (1, 0), (0, -20), (8, 0), (8, -20), (10, 10))
"""Powers of 2: for erf inputs of norm 10⁴ are huge, and 10⁻⁶ tiny."""


def vector(draw: Draw, dimension: int) -> Vector:
    """A vector of small integers, not 0; shrinks to the first unit vector."""
    return (draw.integer(1, 4), *(draw.integer(-3, 3) for _ in range(dimension - 1)))


def negative(x: Vector) -> Vector:
    """-x."""
    return tuple(-v for v in x)


def beside(draw: Draw, x: Vector, shape: str) -> tuple[Vector, Vector]:
    """x, perhaps scaled, and a second vector placed to it as the shape says."""
    near = tuple(NEAR * v + (k == len(x) - 1) for k, v in enumerate(x))
    if shape == "orthogonal" and len(x) > 1:
        return x, (-x[1], x[0], *(0,) * (len(x) - 2))
    if shape == "near":
        return tuple(NEAR * v for v in x), near
    if shape == "near antipode":
        return tuple(NEAR * v for v in x), negative(near)
    if shape == "parallel":
        k = draw.integer(2, 5)
        return x, tuple(k * v for v in x)
    if shape in (DUPLICATE, "orthogonal"):
        return x, x
    if shape == "antipode":
        return x, negative(x)
    if shape == "zero":
        return x, (0,) * len(x)
    y = vector(draw, len(x))
    return x, (negative(y) if draw.boolean() else y)


def points(draw: Draw, activation: str, shapes: tuple[str, ...] = SHAPES, depth: int = 5) -> Points:
    """Two inputs of one to three coordinates, often of very different norms."""
    shape = draw.choice(shapes)
    rows = beside(draw, vector(draw, draw.integer(1, 3)), shape)
    powers = draw.choice(LARGE if activation == "relu" else MILD)
    if activation != "relu" and shape.startswith("near"):
        powers = draw.choice(((-17, -17), (-14, -17)))
    return Points(rows, powers, draw.integer(1, depth), activation)


def deeper(draw: Draw, found: Points) -> Points:
    """One in ten with ten hidden layers, through which a lost digit of each layer would show."""
    return replace(found, depth=10) if found.depth == 5 and draw.boolean() else found


def relu_layers(draw: Draw, *, relu: bool = True) -> Points:
    """ReLU nets of one to five hidden layers, some of ten; otherwise of erf or leaky ReLU."""
    return deeper(draw, points(draw, "relu" if relu else draw.choice(("erf", "leaky_relu"))))


def erf_layers(draw: Draw, *, erf: bool = True) -> Points:
    """erf nets of one to five hidden layers, some of ten; otherwise of ReLU or leaky ReLU."""
    return deeper(draw, points(draw, "erf" if erf else draw.choice(("relu", "leaky_relu"))))


def leaky_layers(draw: Draw) -> Points:
    """Leaky ReLU nets of one to five hidden layers, some of ten."""
    return deeper(draw, replace(points(draw, "relu"), activation="leaky_relu"))


def any_layers(draw: Draw) -> Points:
    """Nets of any activation, by quadrature."""
    rows = beside(draw, vector(draw, draw.integer(1, 2)), draw.choice((FREE, "antipode", DUPLICATE, "orthogonal")))
    return Points(rows, (-1, -1), draw.integer(1, 2), draw.choice(("tanh", "leaky_relu", "sin", "relu", "erf", "gelu")))


PROPER_SHAPES = tuple(s for s in SHAPES if s not in ("zero", "near antipode"))
"""Near antipodes have an expectation of 10⁻¹⁶: no relative deviation could be seen in float64."""


def relu_expectations(draw: Draw, *, relu: bool = True) -> Points:
    """Pairs of inputs of which neither is 0, before a ReLU layer."""
    return points(draw, "relu" if relu else "erf", PROPER_SHAPES, 1)


def erf_expectations(draw: Draw, *, erf: bool = True) -> Points:
    """Pairs of inputs of which neither is 0, before an erf layer."""
    return points(draw, "erf" if erf else "relu", PROPER_SHAPES, 1)


def signals(draw: Draw, *, homogeneous: bool = True, normalised: bool = True) -> Signal:
    """Inputs of any norm through layers of homogeneous activations; otherwise of a norm that others do not keep."""
    entries = vector(draw, draw.integer(1, 3))
    power = draw.choice((0, 1, -3, 10))
    if not homogeneous:
        entries, power = (entries[0] + 1, *entries[1:]), 0
    names = ("relu", "leaky_relu") if homogeneous else ("tanh", "erf", "sin")
    return Signal(entries, _widths(draw), draw.choice(names), 1 if normalised else draw.integer(2, 3), power)


def unit_signals(draw: Draw, *, unit_norm: bool = True, normalised: bool = True) -> Signal:
    """Inputs of norm 1 through layers of any activation."""
    entries = vector(draw, draw.integer(1, 3))
    if not unit_norm:
        entries = (entries[0] + 1, *entries[1:])
    factor = 1 if normalised else draw.integer(2, 3)
    return Signal(entries, _widths(draw), draw.choice(tuple(PROPER)), factor, unit=unit_norm)


def _widths(draw: Draw) -> tuple[int, ...]:
    return tuple(draw.integer(1, 6) for _ in range(draw.integer(1, 2)))


def pairs(draw: Draw, *, homogeneous: bool = True) -> Related:
    """Two inputs and multiples of them, in nets of up to five hidden layers."""
    found = points(draw, "relu" if homogeneous else "erf")
    return Related(found, draw.integer(1, 4), draw.integer(1, 4))


def parallel_pairs(draw: Draw, *, homogeneous: bool = True, parallel: bool = True) -> Related:
    """An input and a positive multiple; otherwise an orthogonal or an opposite one."""
    shapes = ("parallel",) if parallel else ("antipode", "orthogonal")
    x = vector(draw, draw.integer(2, 3))
    rows = beside(draw, x, draw.choice(shapes))
    powers = draw.choice(LARGE[:4]) if homogeneous else (0, 0)
    return Related(Points(rows, powers, draw.integer(1, 5), "relu" if homogeneous else "erf"))


def odd_pairs(draw: Draw, *, relu: bool = True, one_hidden_layer: bool = True) -> Related:
    """Two inputs of a net with one hidden ReLU layer; otherwise with more layers, or of erf."""
    found = points(draw, "relu" if relu else "erf", (FREE, DUPLICATE, "antipode", "near", "orthogonal"), 1)
    if one_hidden_layer:
        return Related(found)
    return Related(Points(found.rows, found.powers, draw.integer(2, 4), found.activation))


def antipodal_pairs(draw: Draw, *, relu: bool = True, one_hidden_layer: bool = True) -> Weighted:
    """One to three inputs with their opposites and opposite weights, a third of them with Σ α_i x_i = 0."""
    count, dimension = draw.integer(1, 3), draw.integer(2, 3)
    rows = tuple(vector(draw, dimension) for _ in range(count))
    weights = vector(draw, count)
    if count == 3 and dimension == 2:
        (u0, v0), (u1, v1), (u2, v2) = rows
        minors = (u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0)
        weights = minors if any(minors) else weights
    depth = 1 if one_hidden_layer else draw.integer(2, 3)
    return Weighted(Points(rows, (), depth, "relu" if relu else "erf"), weights, mirrored=True)


def sets(draw: Draw) -> Weighted:
    """One to five inputs, sometimes with duplicates or opposites among them."""
    dimension = draw.integer(1, 3)
    rows = [vector(draw, dimension) for _ in range(draw.integer(1, 4))]
    if draw.integer(0, 3) == 3:
        rows.append(draw.choice((rows[0], negative(rows[0]))))
    activation = draw.choice(("relu", "erf"))
    powers = tuple(draw.choice((0, 0, 1, -2)) for _ in rows)
    return Weighted(Points(tuple(rows), powers, draw.integer(1, 4), activation), (1,) * len(rows))


def three_pairs(draw: Draw) -> Weighted:
    """Three antipodal pairs of the plane, in nets with one or two hidden ReLU layers."""
    rows = ((1, 0), (draw.integer(-3, 0), 1), (draw.integer(1, 3), 1))
    return Weighted(Points(rows, (), draw.integer(1, 2)), (1, 1, 1), mirrored=True)
