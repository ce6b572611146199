"""Families of laws, classes of discriminators and samples: exact suprema in short decimals, the extremal ones among them."""

from __future__ import annotations

from dataclasses import replace

from simulators.net_distance_hull import Hull
from simulators.net_distance_linear import BALLS, Linear, Net
from simulators.net_distance_metric import CLASSES, Three
from simulators.net_distance_neuron import Neuron
from simulators.net_distance_rkhs import KERNELS, Kernel
from simulators.net_distance_samples import Sampled
from simulators.net_distance_singular import Singular
from simulators.net_distance_transport import Cube

from .engine.draw import Draw

Point = tuple[float, ...]
Weights = tuple[int, ...]

UNIT_VECTORS: dict[int, tuple[Point, ...]] = {
    1: ((1.0,), (-1.0,)),
    2: ((1.0, 0.0), (0.6, 0.8), (-0.8, 0.6), (0.28, -0.96)),
    3: ((0.0, 1.0, 0.0), (0.48, 0.6, 0.64), (-0.64, 0.48, 0.6), (0.6, 0.0, -0.8)),
}


def opposite(point: Point) -> Point:
    """-x, without negative zeros."""
    return tuple(0.0 - x for x in point)


def scaled(point: Point, factor: float) -> Point:
    """The point times a short decimal, as a short decimal."""
    return tuple(round(factor * x, 4) + 0.0 for x in point)


def decimals(draw: Draw, size: int, most: float = 2.0) -> Point:
    """A point of short decimals."""
    return tuple(draw.decimal(-most, most, 1) for _ in range(size))


def pair(draw: Draw, count: int) -> tuple[Weights, Weights]:
    """Two laws on ``count`` atoms: the first atom has mass in the one only, or both have mass everywhere."""
    if draw.boolean():
        one, other = [draw.integer(0, 4) for _ in range(count)], [draw.integer(0, 4) for _ in range(count)]
        return (one[0] + 1, *one[1:]), (0, *other[1:-1], other[-1] + 1)
    heavy = draw.integer(2, 9)
    return (heavy, *[1] * (count - 1)), (*[1] * (count - 1), heavy)


def normal_feature(draw: Draw, ball: str, size: int) -> Point:
    """A feature vector with |v·ψ| ≤ 1 on the ball, mostly with equality."""
    if ball == "l2":
        vector = draw.choice(UNIT_VECTORS[size])
    elif ball == "l1":
        vector = tuple(draw.choice((1.0, -1.0, 0.5, 0.0)) for _ in range(size))
    else:
        place, first = draw.integer(0, size - 1), draw.choice((1.0, 0.5, -0.25, -1.0))
        vector = tuple(first if j == place else 0.0 for j in range(size))
        if size > 1:
            rest = draw.choice((1, -1)) * (1 - abs(first))
            vector = tuple(rest if j == (place + 1) % size else x for j, x in enumerate(vector))
    return scaled(vector, draw.choice((1.0, 1.0, 0.5, 0.9)))


def linears(draw: Draw, *, normalised: bool = True) -> Linear:
    """Two laws on two to four feature vectors; half of the time a vector and its opposite, which a parameter tells apart."""
    ball, size, count = draw.choice(BALLS), draw.integer(1, 3), draw.integer(2, 4)
    atoms = [normal_feature(draw, ball, size) for _ in range(count)]
    one, other = pair(draw, count)
    if draw.boolean():
        extreme = {"l2": UNIT_VECTORS[size][0], "l1": (1.0,) * size, "linf": (1.0, *[0.0] * (size - 1))}[ball]
        atoms = [extreme, *[opposite(extreme)] * (count - 1)]
    if not normalised:
        largest = atoms[0] if any(atoms[0]) else (1.0,) * size
        atoms = [scaled(largest, 4.0), *(scaled(x, 4.0) for x in atoms[1:])]
        if all(abs(x) <= 1 for x in atoms[0]):
            atoms[0] = (8.0, *atoms[0][1:])
    return Linear(tuple(atoms), one, other, ball)


def nets(draw: Draw) -> Net:
    """Nets of cubes for linear classes on an ℓ_∞ ball; half of the time opposite features, laws on one atom at times."""
    size = draw.integer(1, 2)
    atoms = [decimals(draw, size) for _ in range(draw.integer(2, 3))]
    one, other = pair(draw, len(atoms))
    if draw.boolean():
        first = tuple(draw.choice((1.0, -1.0, 0.5, 2.0)) for _ in range(size))
        atoms, one, other = [first, opposite(first)], (1, 0), (0, 1)
    cells = draw.choice((1, 2, 3, 5, 200 if size == 1 else 6))
    v, w = (tuple(draw.decimal(-1, 1, 1) for _ in range(size)) for _ in range(2))
    if v == w:
        w = (v[0] - 0.5, *v[1:])
    return Net(Linear(tuple(atoms), one, other, "linf"), cells, v, w)


def sampled(draw: Draw, *, independent: bool = True, normalised: bool = True) -> Sampled:
    """Samples of laws on two or three unit vectors; half of the time ±ψ in equal shares; unused parameters at times."""
    size, count = draw.integer(1, 3), draw.integer(2, 3)
    atoms = [normal_feature(draw, "l2", size) for _ in range(count)]
    law = tuple(draw.integer(1, 5) for _ in range(count))
    if not independent or not normalised or draw.boolean():
        vector = draw.choice(UNIT_VECTORS[size])
        atoms, law = [vector, opposite(vector)], (1, 1)
    unused = draw.choice((0, 0, 3, 9))
    factor = 1.0 if normalised else draw.choice((2.0, 1.5, 3.0))
    most = 8 if len(atoms) == 2 else 5
    m, copies = draw.integer(1, most), 1
    if not independent:
        copies = draw.integer(2, 4)
        m = copies * draw.integer(1, 3)
    return Sampled(tuple(scaled((*x, *[0.0] * unused), factor) for x in atoms), law, m, copies)


def copied(draw: Draw, *, normalised: bool = True) -> Sampled:
    """Samples each draw of which is used one to four times, of features of any length."""
    case = sampled(draw, normalised=normalised)
    copies = draw.integer(1, 4)
    return replace(case, m=copies * draw.integer(1, 4), copies=copies)


def kernel_atoms(draw: Draw, kernel: str, count: int, unit: bool) -> tuple[Point, ...]:
    """Points of the line for the Gaussian kernel, else vectors, of length 1 where asked for."""
    if kernel == "gaussian":
        return tuple((draw.decimal(-3, 3, 1),) for _ in range(count))
    size = draw.integer(1, 3)
    if unit:
        return tuple(draw.choice(UNIT_VECTORS[size]) for _ in range(count))
    return tuple(decimals(draw, size) for _ in range(count))


def kernels(draw: Draw) -> Kernel:
    """Two laws on two to four atoms, for three kernels; half of the time two opposite vectors and the kernel x·y."""
    kernel, count = draw.choice(KERNELS), draw.integer(2, 4)
    atoms = kernel_atoms(draw, kernel, count, unit=False)
    one, other = pair(draw, count)
    if draw.boolean():
        first = scaled(draw.choice(UNIT_VECTORS[draw.integer(1, 3)]), draw.choice((1.0, 2.0, 0.5)))
        atoms, kernel, (one, other) = (first, opposite(first)), "dot", pair(draw, 2)
    return Kernel(atoms, one, other, kernel)


def kernel_samples(draw: Draw, *, independent: bool = True, unit_diagonal: bool = True) -> Sampled:
    """Samples of laws on two or three atoms, for the Gaussian kernel and for x·y on unit vectors."""
    kernel, count = draw.choice(("gaussian", "dot")), draw.integer(2, 3)
    atoms = kernel_atoms(draw, kernel, count, unit=True)
    law = tuple(draw.integer(1, 5) for _ in range(count))
    if not independent or not unit_diagonal or draw.boolean():
        vector = draw.choice(UNIT_VECTORS[draw.integer(1, 3)])
        atoms, law, kernel = (vector, opposite(vector)), (1, 1), "dot"
    if not unit_diagonal:
        factor, kernel = draw.choice((2.0, 1.5, 3.0)), draw.choice(("dot", "quadratic"))
        atoms = tuple(scaled(x, factor) for x in atoms)
    m, copies = draw.integer(1, 6 if len(atoms) == 2 else 4), 1
    if not independent:
        copies = draw.integer(2, 4)
        m = copies * draw.integer(1, 3)
    return Sampled(atoms, law, m, copies, kernel)


def copied_kernel_samples(draw: Draw) -> Sampled:
    """The same for three kernels at any vectors, each draw used one to four times."""
    kernel = draw.choice(KERNELS)
    atoms = kernel_atoms(draw, kernel, 2, unit=False)
    copies = draw.integer(1, 4)
    return Sampled(atoms, (draw.integer(1, 5), draw.integer(1, 5)), copies * draw.integer(1, 4), copies, kernel)


def hulls(draw: Draw, *, bounded_outputs: bool = True) -> Hull:
    """Nets of one to four ReLU neurons on the line or in the plane; half of the time the best neuron of opposite atoms."""
    size, width = draw.integer(1, 2), draw.integer(1, 4)
    atoms = tuple(decimals(draw, size) for _ in range(draw.integer(2, 3)))
    one, other = pair(draw, len(atoms))
    net = tuple((decimals(draw, size + 1, 1.0), draw.decimal(-2, 2, 1)) for _ in range(width))
    if not bounded_outputs or draw.boolean():
        first = draw.choice(((1.0,), (2.0,), (1.0, 1.0), (2.0, 1.0)))
        atoms, (one, other) = (first, opposite(first)), pair(draw, 2)
        net = (
            ((*(1.0 for _ in first), 1.0), draw.choice((1.0, 0.5, -2.0))),
            *[((0.0,) * (len(first) + 1), 0.0)] * width,
        )
    used = round(sum(abs(a) for _, a in net), 1)
    budget = used + draw.choice((0.0, 0.0, 0.5)) if bounded_outputs else used / 2
    return Hull(atoms, one, other, net, budget or 1.0)


def neurons(draw: Draw) -> Neuron:
    """Neurons of one to four parameters; half of the time ±x on the line without a bias, up to steep ones."""
    activation = draw.choice(("tanh", "relu", "sigmoid"))
    if draw.boolean():
        x, side = draw.choice((1.0, 2.0)), draw.choice((1.0, 0.0625, 4.0, 32.0))
        one, other = pair(draw, 2)
        return Neuron(((x,), (-x,)), one, other, activation, side, False, draw.choice((1, 2, 4, 200)))
    size = draw.choice((1, 1, 1, 1, 2, 2, 2, 3))
    atoms = tuple(decimals(draw, size) for _ in range(draw.integer(2, 5)))
    one, other = pair(draw, len(atoms))
    side = draw.choice(((1.0, 4.0, 2.0, 0.5), (1.0, 2.0, 0.5), (1.0, 0.5))[size - 1])
    return Neuron(atoms, one, other, activation, side, True, draw.choice((1, 4, 8)))


def searched(draw: Draw) -> Neuron:
    """Neurons of seven to twelve parameters; half of the time laws that a steep neuron tells apart."""
    size, activation = draw.integer(6, 11), draw.choice(("tanh", "relu", "sigmoid"))
    atoms = tuple(decimals(draw, size) for _ in range(draw.integer(2, 6)))
    side = draw.choice((1.0, 4.0))
    if draw.boolean():
        first = tuple(draw.choice((1.0, -1.0, 2.0)) for _ in range(size))
        atoms, side, activation = (first, opposite(first)), 32.0, draw.choice(("tanh", "sigmoid"))
    one, other = pair(draw, len(atoms))
    return Neuron(atoms, one, other, activation, side)


def three_laws(draw: Draw) -> Three:
    """Three laws on two to four atoms in six classes; one of them between the others, or two the same, at times."""
    family, count = draw.choice(CLASSES), draw.integer(2, 4)
    size = 1 if family == "gaussian" else draw.integer(1, 2)
    atoms = tuple((round(k - draw.decimal(0.1, 0.9, 1), 1), *decimals(draw, size - 1)) for k in range(count))
    first, second = pair(draw, count)
    third = (*(draw.integer(0, 4) for _ in range(count - 1)), draw.integer(1, 4))
    how = draw.choice(("any", "between", "ends", "begins"))
    if how == "between":  # μ is the mean of ν and ρ
        first = tuple(a * sum(third) + b * sum(second) for a, b in zip(second, third, strict=True))
    if how == "ends":
        third = second
    if how == "begins":
        third = first
    return Three(atoms, first, second, third, family, draw.choice((0.5, 0.1, 0.9, 0.01)))


def singular(draw: Draw, *, atomless: bool = True) -> Singular:
    """A law without atoms and one to forty samples; or a law with an atom that is sampled."""
    m = draw.integer(1, 40)
    if atomless:
        return Singular((), 1, (-1,) * m)
    return atomic(draw)


def atomic(draw: Draw) -> Singular:
    """A law with one to three atoms, some of the samples there; half of the time as many as its atoms weigh."""
    weights = tuple(draw.integer(1, 4) for _ in range(draw.integer(1, 3)))
    rest = draw.integer(1, 6)
    if draw.boolean():
        hits = tuple(k for k, w in enumerate(weights) for _ in range(w))
        return Singular(weights, rest, (*hits, *[-1] * rest))
    samples = tuple(draw.integer(-1, len(weights) - 1) for _ in range(draw.integer(1, 8)))
    return Singular(weights, rest, (0, *samples))


CODES: dict[int, tuple[int, ...]] = {1: (0,), 2: (0, 3), 3: (0, 7), 4: (0, 7, 8, 15)}
"""Corners of a cube such that every corner is one of them or next to one (of dimension 4: to two)."""


def cubes(draw: Draw) -> Cube:
    """One to eight samples of the corners of a cube of up to six dimensions; half of the time such that all others are near."""
    if draw.boolean():
        dimension = draw.choice((1, 2, 3, 4))
        shift = draw.integer(0, 2**dimension - 1)
        return Cube(dimension, tuple(c ^ shift for c in CODES[dimension]))
    dimension = draw.integer(2, 6)
    samples = tuple(draw.integer(0, 2**dimension - 1) for _ in range(draw.integer(1, 8)))
    return Cube(dimension, samples, draw.integer(0, dimension // 2))
