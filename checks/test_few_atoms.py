"""Few images that win exactly, small enough to try every set; digits; tables, chance and one sine wave."""

from __future__ import annotations

from dataclasses import replace

from simulators import (
    few_atoms,
    few_atoms_chance,
    few_atoms_digits,
    few_atoms_greedy,
    few_atoms_sine,
    few_atoms_table,
)
from simulators.few_atoms import Images
from simulators.few_atoms_chance import Equal, Subsample, TwoSizes
from simulators.few_atoms_digits import Digits
from simulators.few_atoms_greedy import Greedy
from simulators.few_atoms_sine import Waves
from simulators.few_atoms_table import Table, Trained
from theorems.few_atoms import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

PRIMES = (2, 3, 5, 7, 11, 13)
CORNERS = tuple(tuple(int(i == j) for j in range(8)) for i in range(8))


def simplex(draw: Draw, p: int) -> tuple[tuple[int, ...], ...]:
    """The origin and a point on each axis: p + 1 images in general position."""
    corners = [tuple(draw.integer(1, 5) if i == j else 0 for j in range(p)) for i in range(p)]
    return ((0,) * p, *corners)


def images(draw: Draw, *, linear: bool = True, weighted: bool = True) -> Images:
    """Images of one or two entries under ReLU neurons or powers; a simplex with prime masses."""
    if not (linear and weighted):
        points = simplex(draw, draw.integer(1, 3))
        # prime masses and entries 0 and c ≥ 1: neither equal weights nor fewer images give these means
        case = Images(points, PRIMES[: len(points)])
        if not linear:  # one image more, so that there is something to leave out
            double = tuple(2 * v for v in points[1])
            case = replace(case, images=(*points, double), masses=PRIMES[: len(points) + 1])
        return replace(case, products=not linear, equal=not weighted)
    how = draw.choice(("relu", "powers", "simplex"))
    if how == "simplex":
        points = simplex(draw, draw.integer(1, 4))
        return Images(points, tuple(draw.integer(1, 9) for _ in points))
    count, size = draw.integer(1, 9), draw.integer(1, 2)
    points = tuple(tuple(draw.integer(-4, 4) for _ in range(size)) for _ in range(count))
    masses = tuple(draw.integer(1, 9) for _ in points)
    if how == "powers":
        return Images(points, masses, "powers", size=draw.integer(1, 4))
    neurons = tuple(
        (tuple(draw.integer(-3, 3) for _ in range(size)), draw.integer(-3, 3)) for _ in range(draw.integer(1, 5))
    )
    return Images(points, masses, "relu", neurons)


def greedy(draw: Draw) -> Greedy:
    """Any of these images, and one to twenty of equal weights in their place; corners of a simplex or of a cube."""
    how = draw.choice(("corners", "signs", "any"))
    count = draw.integer(1, 20)
    if how == "corners":
        size = draw.integer(2, 8)
        return Greedy(Images(CORNERS[:size], (1,) * size), count)
    if how == "signs":
        size = draw.integer(1, 3)
        points = tuple(tuple(2 * (i >> j & 1) - 1 for j in range(size)) for i in range(2**size))
        return Greedy(Images(points, (1,) * 2**size), count)
    return Greedy(images(draw), count)


def curves(draw: Draw, *, general: bool = True) -> Images:
    """A simplex, or points of a moment curve whose masses are powers of a large base.

    A hyperplane through p images takes integer values of at most base - 1 at the others, so that no such combination of the
    masses vanishes.
    """
    size = draw.integer(1, 3)
    if not general:  # equal masses, and the mean is one of the images
        corners = tuple(tuple((size + 1) * (i == j) for j in range(size)) for i in range(size))
        return Images(((0,) * size, *corners, (1,) * size), (draw.integer(1, 9),) * (size + 1) + (draw.integer(1, 9),))
    if draw.boolean():
        points = simplex(draw, size)
        return Images(points, tuple(draw.integer(1, 9) for _ in points))
    last = size + draw.integer(1, 2)
    base = last ** (size * (size + 1) // 2) + 1  # Vandermonde: a product of differences of 0 … last
    line = tuple((x,) for x in range(last + 1))
    return Images(line, tuple(base**i for i in range(last + 1)), "powers", size=size)


def digits(draw: Draw, *, linear: bool = True, weighted: bool = True) -> Digits:
    """A part of the handwritten digits under up to twelve neurons."""
    part = draw.integer(0, 1000), draw.choice((50, 100, 200, 400))
    return Digits(draw.integer(1, 12), draw.seed(), *part, products=not linear, equal=not weighted)


def tables(draw: Draw, *, apart: bool = True, uniform: bool = True) -> Table:
    """Two to twelve images; a generator of some of them, as the law weighs them or otherwise."""
    n = draw.integer(2, 12)
    masses = (1,) * n if uniform else (draw.integer(2, 20), *(draw.integer(0, 1) for _ in range(n - 1)))
    kept = draw.integer(1, n) if apart and uniform else 1 if apart else n // 2
    how = draw.choice(("as the law", "one weight", "any"))
    made = tuple(
        (masses[i] if how == "as the law" or not uniform else draw.integer(1, 5)) * (i < kept) for i in range(n)
    )
    if how == "one weight" and uniform:
        made = tuple(3 * (i == 0) + (0 < i < kept) for i in range(n))
    # the two images of a cell cannot be told apart, and the generator makes one of each
    cells = () if apart else tuple(i % kept for i in range(n))
    return Table(masses, made if apart else (1,) * kept + (0,) * (n - kept), cells)


def laws(draw: Draw, *, apart: bool = True) -> Table:
    """Images of any masses, the heaviest first or last."""
    n = draw.integer(2, 10)
    masses = tuple(draw.integer(1, 20) for _ in range(n))
    if draw.boolean():
        masses = tuple(sorted(masses, reverse=True))
    kept = draw.integer(1, n) if apart else n // 2
    if not apart:
        half = masses[:kept]
        whole = half + half + (1,) * (n % 2)
        return Table(whole, half + (0,) * (n - kept), tuple(i % kept for i in range(n)))
    weighed = draw.choice(("as the law", "any"))
    made = tuple((m if weighed == "as the law" else draw.integer(1, 20)) * (i < kept) for i, m in enumerate(masses))
    return Table(masses, made)


def cells(draw: Draw) -> Table:
    """Two laws on images that share cells; or one image in twenty to thirty, and two cells."""
    if draw.choice((False, False, False, True)):
        n = draw.integer(20, 30)
        masses = tuple(draw.integer(1, 9) for _ in range(n))
        return Table(masses, (1,) + (0,) * (n - 1), (0, *(draw.integer(0, 1) for _ in range(n - 1))))
    n = draw.integer(2, 10)
    both = [tuple(draw.integer(0, 9) for _ in range(n - 1)) for _ in range(2)]
    return Table((1, *both[0]), (draw.integer(1, 9), *both[1]), tuple(draw.integer(0, n - 1) for _ in range(n)))


def trained(draw: Draw) -> Trained:
    """A law on two to six images, a training set, and some of its images."""
    n = draw.integer(2, 6)
    masses = tuple(draw.integer(1, 5) for _ in range(n))
    training = (draw.integer(1, 6), *(draw.integer(0, 6) for _ in range(n - 1)))
    return Trained(masses, training, (1, *(draw.integer(0, c) for c in training[1:])))


def equals(draw: Draw) -> Equal:
    """Two to six cells and up to a dozen draws; more of two cells."""
    if draw.boolean():
        return Equal(2, draw.integer(1, 60))
    return Equal(draw.integer(2, 6), draw.integer(1, 12))


def two_sizes(draw: Draw) -> TwoSizes:
    """A feature of any share, and training sets of up to twelve images."""
    of = draw.integer(2, 9)
    m = draw.integer(1, 5)
    small = m + draw.integer(0, 3)
    ones = draw.integer(1, of - 1)
    return TwoSizes(ones, of, m, small, small + draw.integer(1, 5), draw.decimal(0.5, 2, 1))


def subsamples(draw: Draw) -> Subsample:
    """A few images of a small training set, or up to 10⁶ of many, at up to forty standard deviations."""
    if draw.boolean():
        n = draw.integer(2, 12)
        m, ones = draw.integer(1, n), draw.integer(1, n)
        least = -(-ones * m // n)
        return Subsample(n, ones, m, max(least, min(ones, m) - draw.integer(0, 2)))
    n = 10 ** draw.integer(3, 6)
    m = n // draw.choice((2, 3, 10, 100))
    away = round(draw.integer(1, 40) * (m * (1 - m / n)) ** 0.5 / 2)
    return Subsample(n, n // 2, m, min(-(-m // 2) + away, m, n // 2))


def waves(draw: Draw) -> Waves:
    """One to six dyadic images, or thirds and tenths; from one whole turn to 10⁹."""
    q = draw.choice((2, 3, 4, 8, 10, 64, 1024))
    numerators = tuple(draw.integer(1, q - 1) for _ in range(draw.integer(1, 6)))
    return Waves(numerators, q, draw.choice((1, 2, 10, 10**9)), draw.choice((1.0, 0.5, 0.125)))


WON = ("matched", "law", "few", "linear-readout", "incapable-linear")
IMAGES = Experiment(
    "images", THEOREM, images, few_atoms.observe,
    examples=(
        Images(((0,), (1,)), (1, 1)),
        Images(((-1,), (0,), (1,), (2,)), (1, 1, 1, 1), "relu", (((1,), 0), ((-1,), 0))),
    ),
    search=16, batch=8, bulk=500, only=WON,
)  # fmt: skip
CURVES = Experiment(
    "curves", THEOREM, curves, few_atoms.observe_fewest,
    examples=(Images(tuple((x,) for x in range(4)), (1, 9, 81, 729), "powers", size=2),),
    search=10, batch=6, bulk=150, chunk=50, only=("fewest", "N-images"),
)  # fmt: skip
EQUAL_WEIGHTS = Experiment(
    "equal-weights", THEOREM, greedy, few_atoms_greedy.observe,
    examples=(Greedy(Images(((-1,), (1,)), (1, 1)), 1), Greedy(Images(CORNERS, (1,) * 8), 2)), search=16, bulk=500,
)  # fmt: skip
DIGITS = Experiment(
    "digits", THEOREM, digits, few_atoms_digits.observe,
    examples=(Digits(20), Digits(64), Digits(200)), search=1, batch=2, bulk=16, chunk=8, only=WON,
)  # fmt: skip
TABLES = Experiment(
    "tables", THEOREM, tables, few_atoms_table.observe,
    examples=(Table((1,) * 4, (1, 1, 0, 0)), Table((1,) * 365, (1,) * 19 + (0,) * 346)),
    search=16, bulk=1000, only=("total-variation", "missed", "heaviest", "necessary", "square-root-support"),
)  # fmt: skip
LAWS = Experiment(
    "laws", THEOREM, laws, few_atoms_table.observe,
    examples=(Table((3, 2, 1), (3, 2, 0)),),
    search=16, bulk=1000, only=("total-variation", "missed", "heaviest"),
)  # fmt: skip
CELLS = Experiment(
    "cells", THEOREM, cells, few_atoms_table.observe,
    examples=(Table((1,) * 40, (1,) * 20 + (0,) * 20, (0,) * 20 + (1,) * 20),),
    search=8, bulk=500, only=("total-variation", "incapable"),
)  # fmt: skip
TRAINED = Experiment(
    "training-sets", THEOREM, trained, few_atoms_table.observe_trained,
    examples=(Trained((1, 1), (3, 1), (1, 0)), Trained((1, 1), (1, 3), (1, 0))), search=16, bulk=1000,
)  # fmt: skip
EQUAL = Experiment(
    "equal-images", THEOREM, equals, few_atoms_chance.observe_equal,
    examples=(Equal(2, 1), Equal(2, 2), Equal(2, 4), Equal(3, 6), Equal(9, 1)), search=8, bulk=200,
)  # fmt: skip
SIZES = Experiment(
    "two-sizes", THEOREM, two_sizes, few_atoms_chance.observe_two_sizes,
    examples=(TwoSizes(1, 2, 2, 2, 4, 0.5),), search=8, bulk=200,
)  # fmt: skip
SUBSAMPLES = Experiment(
    "subsamples", THEOREM, subsamples, few_atoms_chance.observe_subsample,
    examples=(Subsample(2, 1, 1, 1), Subsample(400_000, 200_000, 200_000, 107_000)), search=12, bulk=400,
)  # fmt: skip
WAVES = Experiment(
    "sine-waves", THEOREM, waves, few_atoms_sine.observe, examples=(Waves((1,), 2, 1),), search=8, bulk=200,
)  # fmt: skip


class TestFewAtoms(Audit):
    """Exact rationals throughout, except the logarithm of a hypergeometric tail."""

    experiments = [  # noqa: RUF012
        IMAGES, CURVES, EQUAL_WEIGHTS, DIGITS, TABLES, LAWS, CELLS, TRAINED, EQUAL, SIZES, SUBSAMPLES, WAVES,
    ]  # fmt: skip
