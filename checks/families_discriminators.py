"""Families of discriminators: classes of coins, bit tables, tables, and the lemmas' own instances.

Power comes from very many discriminators: with a logarithm of thousands, 1 % of a constant is more than what is lost to
Stirling's factors, to the net and to the logarithm of ε.
"""

from __future__ import annotations

from dataclasses import replace
from math import log

from simulators.discriminator_bits import BitTable, Measured
from simulators.discriminator_class import FiniteClass
from simulators.discriminator_coins import Coins
from simulators.discriminator_lemmas import Cube, Segment, Toss
from simulators.discriminator_patterns import Patterns
from simulators.discriminator_sine import SineTable
from simulators.discriminator_table import Drawn, Table

from .engine.draw import Draw

DOUBLINGS = (0, 1, 5, 20, 40, 300, 3000, 13_000, 13_000, 13_000)
SHARES = (0.01, 0.0003, 0.001, 0.003, 0.1, 0.5)
PLACES = (2.0**-20, 2.0**-10, 0.25)


def samples(draw: Draw, doublings: int) -> int:
    """A few, or enough for a gap between 1/2 and about 1/30."""
    if doublings < 20 and draw.boolean():
        return draw.integer(1, 40)
    return round((doublings + 3) * log(2) * draw.power(0, 3, places=2)) + 1


def tail(draw: Draw, doublings: int) -> float:
    """log 1/P: near 0, a few, or comparable with the logarithm of the class."""
    if draw.boolean():
        return draw.decimal(0, 3, 1)
    return round((doublings + 3) * draw.choice((0.1, 0.5, 1.0, 3.0, 10.0)), 1)


def classes(draw: Draw, *, independent: bool = True, bounded: bool = True) -> FiniteClass:
    """Fair bits, from one to 2^13000 of them, some with clusters around them."""
    doublings = draw.choice(DOUBLINGS)
    case = FiniteClass(
        draw.integer(1, 6) if doublings < 40 else 1, doublings, samples(draw, doublings), tail(draw, doublings),
        draw.choice(PLACES), draw.choice((0.0, 0.001, 0.01, 0.1, 0.3)),
        copies=1 if independent else draw.integer(2, 3), reach=1.0 if bounded else 2.0,
    )  # fmt: skip
    if case.resolution and not draw.integer(0, 3):
        return replace(case, inside=draw.choice((0.75, 0.55, 0.95)))
    return case


def precisions(draw: Draw, *, independent: bool = True, bounded: bool = True) -> FiniteClass:
    """1 to 400 parameters of 0 to 32 bits."""
    bits, parameters = draw.choice((1, 0, 2, 8, 16, 32)), draw.choice((1, 2, 10, 100, 400))
    doublings = bits * parameters
    return FiniteClass(
        samples=samples(draw, doublings), tail=tail(draw, doublings), place=draw.choice(PLACES), bits=bits,
        parameters=parameters, copies=1 if independent else 2, reach=1.0 if bounded else 2.0,
    )  # fmt: skip


def memories(draw: Draw, *, independent: bool = True, independent_bits: bool = True) -> Coins:
    """Samples of nearly as many images as the class has doublings; or all of its members the same."""
    m = draw.choice((2, 3, 5, 12, 40, 300, 3000)) if draw.boolean() else draw.integer(2, 60)
    less = draw.integer(0, min(m, 6))
    if not independent_bits:
        return Coins(1, 0, m, copies=1 if independent else 2, alike=m)
    return Coins(draw.integer(1, 3), m - less, m, copies=1 if independent else 2)


def chances(draw: Draw, *, independent: bool = True, independent_bits: bool = True) -> Coins:
    """Many bits and few enough images; half of a step below the largest gap, and on it; or all bits the same."""
    doublings = draw.choice((1, 5, 16, 32, 100, 400, 3000, 13_000))
    m = samples(draw, doublings) if draw.boolean() else draw.integer(1, 40)
    alike = 0
    if not independent_bits:
        doublings, alike = 0, doublings
    return Coins(
        1, doublings, m, tail(draw, doublings), draw.choice(PLACES), 1 if independent else 2, alike,
        beyond=not draw.integer(0, 7),
    )  # fmt: skip


def patterns(draw: Draw, *, uniform: bool = True) -> Patterns:
    """Up to 100 cells of up to 300 images, and generators of any part of them."""
    cells, images = draw.choice((1, 2, 3, 10, 100)), draw.choice((1, 2, 5, 40, 300))
    images = max(images, 1 if uniform else 2)
    points = cells * images
    support = draw.integer(1, points if uniform else points - 1)
    heavier = 1 if uniform else draw.integer(2, 9)
    return Patterns(cells, images, support, draw.choice((0, 3, -5)), heavier, draw.choice((0.1, 0.25, 0.5)))


def lost(draw: Draw) -> Patterns:
    """Up to 10 cells of up to 1000 images, and nearly as many random images as lose for sure."""
    cells, images = draw.choice((1, 2, 3, 10)), draw.choice((1000, 300, 40))
    eps = draw.choice((0.66, 0.5, 0.25, 0.1))
    return Patterns(
        cells, images, int((1 - eps) * cells * images) - draw.integer(1, 3), draw.choice((0, 3, -5)), eps=eps
    )


def bit_tables(
    draw: Draw, *, lipschitz: bool = True, radius: bool = True, bounded: bool = True, independent: bool = True
) -> BitTable:
    """One cell with an exact law, or up to 100 cells whose every bit some discriminator fits."""
    cells = draw.choice((2, 3, 10, 100)) if not draw.integer(0, 3) else 1
    doublings = draw.choice(DOUBLINGS if cells == 1 and lipschitz and radius else (40, 300, 3000, 13_000))
    if cells == 1:
        m = samples(draw, doublings)
    else:
        filled = {40: (0.2, 0.35), 300: (0.5, 0.2)}.get(doublings, (0.5, 0.9))
        m = cells * round((doublings - 6) * draw.choice(filled))
    return BitTable(
        doublings, m, tail(draw, doublings), draw.choice(SHARES), draw.choice(PLACES), cells,
        draw.choice((0, 3, -5, 50, -50)),
        steeper=0 if lipschitz else doublings - draw.integer(0, 3),
        farther=0 if radius else doublings - draw.integer(0, 3),
        copies=1 if independent else draw.integer(2, 3),
        reach=1.0 if bounded else 2.0,
        risk=draw.choice((0.9, 0.99, 0.5, 0.2)),
    )  # fmt: skip


def measured(
    draw: Draw, *, lipschitz: bool = True, radius: bool = True, independent: bool = True, bounded_phi: bool = True
) -> Measured:
    """One cell seen through an affine or a logarithmic measuring function."""
    doublings = draw.choice(DOUBLINGS if lipschitz and radius else (300, 3000, 13_000))
    table = BitTable(
        doublings, samples(draw, doublings), tail(draw, doublings), draw.choice(SHARES), draw.choice(PLACES),
        stretch=draw.choice((0, 3, -5)),
        steeper=0 if lipschitz else doublings - draw.integer(0, 3),
        farther=0 if radius else doublings - draw.integer(0, 3),
        copies=1 if independent else draw.integer(2, 3),
    )  # fmt: skip
    if not draw.integer(0, 3):  # values near 0, which an affine φ spreads out again
        table = replace(table, reach=2.0 ** -min(draw.choice((1, 5, 300, 900)), doublings))
    shape, height = draw.choice(("affine", "log")), draw.choice((0.5, 1.0, 8.0, 0.125, 100.0))
    if shape == "log":  # between knots it may gain: P is known where knots exceed ε almost surely
        table = replace(table, doublings=max(doublings, 20), tail=-4.0, reach=1.0)
    return Measured(table, shape, height, 1 if bounded_phi else draw.choice((4, 100)))


def tables(draw: Draw, *, independent: bool = True) -> Table:
    """Up to 400 equal cells with a bracket around the mean gap."""
    m, part = draw.choice((50, 100, 200, 400)), draw.choice((0.25, 0.1, 0.4))
    cells = draw.choice((100, 200, 400))
    return Table(((1, cells),), m, 1 if independent else 2, part, draw.choice(SHARES))


def means(draw: Draw, *, uniform: bool = True, independent: bool = True) -> Table:
    """Up to 60 cells, equal or of two weights."""
    cells = draw.integer(1, 12) if draw.boolean() else draw.choice((2, 20, 60))
    m = draw.integer(1, 12) if draw.boolean() else draw.choice((2, 20, 60, 120))
    groups: tuple[tuple[int, int], ...] = ((1, cells),)
    if not uniform:
        groups = ((1, max(cells - 1, 1)), (draw.integer(2, 9), 1))
    return Table(groups, m, 1 if independent else draw.integer(2, 3))


def drawn(draw: Draw) -> Drawn:
    """Samples from tables of up to 7 cells."""
    weights = tuple(draw.integer(1, 5) for _ in range(draw.integer(1, 7)))
    return Drawn(weights, draw.integer(1, 40), draw.seed())


def sines(draw: Draw) -> SineTable:
    """Up to 60 images, or 400 of which half are drawn."""
    if not draw.integer(0, 15):
        return SineTable(400, 200, draw.integer(1, 2), seed=draw.seed())
    n = draw.integer(2, 60)
    return SineTable(n, draw.integer(1, n - 1), draw.integer(1, 5), seed=draw.seed())


def cubes(draw: Draw) -> Cube:
    """Edges of up to 150 radii, fewer in more dimensions; whole numbers of half-edges, and just less."""
    parameters = draw.integer(1, 4)
    twelfths = 12 * draw.integer(1, (150, 12, 6, 4)[parameters - 1]) - draw.choice((0, 1, 6, 11))
    a, b, c, d = draw.integer(1, 9), draw.integer(1, 4), draw.integer(1, 9), draw.integer(1, 3)
    return Cube((a, b), (c, d), (12 * a * c, b * d * twelfths), parameters)


def segments(draw: Draw, *, lipschitz: bool = True) -> Segment:
    """Two parameters anywhere in rows of two to five bits; half of them with one image against all others."""
    knots, units = draw.integer(1, 5), draw.choice((1, 4, 40))
    steeper = 1 if lipschitz else draw.choice((2, 4, 1000))
    if draw.boolean() or not lipschitz:
        first = draw.integer(0, 11)
        v, w = ((place * units, 12 * knots) for place in (first, draw.integer(first + 1, 12)))
        masses = 1, 10 ** draw.integer(1, 7)
        return Segment(((0, 1), (1, 0)), masses, (draw.integer(1, 4), 0), v, w, (knots, units), steeper)
    length = draw.integer(2, 5)
    rows = tuple(tuple(draw.integer(0, 1) for _ in range(length)) for _ in range(3))
    v, w = ((draw.integer(0, 12 * (length - 1)) * units, 12 * knots) for _ in range(2))
    weights = draw.integer(1, 5), draw.integer(1, 5), draw.integer(1, 5)
    return Segment(rows, weights, (1, draw.integer(0, 3), draw.integer(0, 3)), v, w, (knots, units))


def within(draw: Draw) -> Segment:
    """Two different parameters of one segment between bits that differ."""
    knots, units, first = draw.integer(1, 5), draw.choice((1, 3)), draw.integer(0, 11)
    v, w = ((place * units, 12 * knots) for place in (first, draw.integer(first + 1, 12)))
    return Segment(((0, 1), (1, 1)), (1, draw.integer(1, 5)), (1, 1), v, w, (knots, units))


def tosses(draw: Draw, *, bounded: bool = True) -> Toss:
    """Tosses, fair or not, and exponents of both signs from small to large."""
    chance = draw.choice((0.5, 0.25, 0.1, 0.9, 0.5, 0.0))
    exponent = draw.choice((0.1, 1.0, 0.01, 3.0, 10.0, 100.0)) * draw.choice((1, -1))
    if not bounded:
        return Toss(0.5, exponent, draw.choice((2.0, 1.5)))
    return Toss(chance, exponent, draw.choice((1.0, 0.5, 1.0)))
