"""Families of laws and samples for classes of bounded dimension."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, log, sqrt

from simulators.vc_dichotomies import Family, Line, Plane
from simulators.vc_exact_law import Thresholds
from simulators.vc_half_planes import Atom, Planar
from simulators.vc_half_planes_gaussian import Normal
from simulators.vc_intervals import Sample
from simulators.vc_thresholds import Stumps
from simulators.vc_two_sizes import TwoSizes

from .engine.draw import Draw

MANY = (1, 2, 3, 10, 100, 1000, 10**6)
MAPS = ((1, 0, 0, 1, 0, 0), (0, 1, 1, 0, 0, 0), (2, 1, 1, 1, 3, -5), (1000, 0, 0, 1, 0, 0), (1, 7, 0, -1, 2, 2))


def stumps(draw: Draw, *, independent: bool = True, product: bool = True) -> Stumps:
    """Stumps on 1 to 10⁶ coordinates, at edges of 0.5 to 2.8 over the square root of m."""
    m, d = draw.choice((1, 2, 3, 5, 10, 30, 100, 200)), draw.choice(MANY)
    scaled = draw.decimal(0.5, 2.8, 1)
    if not product:
        d = max(d, 2)
    if not independent:
        m = max(m, 10) // 2 * 2
    a = min(max(round(scaled * sqrt(m)), 1), m)
    if not independent:
        a = max(a // 2 * 2, 2)
    return Stumps(m, a, d, 0 if product else d - 1, doubled=not independent)


def large_gaps(draw: Draw) -> Stumps:
    """Thresholds and gaps at which 4 (2m + 1) exp(-m ε²/8) is below ½, short of 1."""
    m = draw.choice((100, 70, 150))
    return Stumps(m, draw.integer(ceil(sqrt(8 * m * log(8 * (2 * m + 1)))), m - 1))


def coordinates(draw: Draw, *, product: bool = True) -> Stumps:
    """Stumps on 2 to 10⁶ coordinates with samples of 100 points or more."""
    m, d = draw.choice((100, 200, 400)), draw.choice((2, 3, 10, 30, 100, 1000, 10**4, 10**6))
    a = max(int(draw.decimal(0.3, 2.6, 1) * sqrt(m)), 1)
    return Stumps(m, a, d, 0 if product else d - 1)


def thresholds(draw: Draw, *, independent: bool = True, atomless: bool = True) -> Thresholds:
    """Samples of 1 to 12 points at edges that are multiples of 1/(2m)."""
    m = draw.integer(1, 12)
    if not independent:
        m = 2 * draw.integer(1, 6)
    half = draw.integer(1, 2 * m - 1)
    weights = () if atomless else tuple(draw.integer(1, 4) for _ in range(draw.integer(1, 4)))
    if not independent:
        half = min(half, m)
    return Thresholds(m, half, weights, not independent)


def atomic(draw: Draw, *, independent: bool = True) -> Thresholds:
    """Samples of 1 to 8 points of laws with 2 to 4 atoms."""
    m = draw.integer(1, 8) if independent else 2 * draw.integer(1, 4)
    weights = tuple(draw.integer(1, 4) for _ in range(draw.integer(2, 4)))
    return Thresholds(m, draw.integer(1, 2 * m), weights, not independent)


def samples(draw: Draw, *, even: bool = True) -> Sample:
    """Samples in [0, 1], evenly spaced ones."""
    m, k = draw.integer(1, 60), draw.integer(1, 12)
    return Sample(m, k, "even") if even else scattered(draw, m, k)


def scattered(draw: Draw, m: int, k: int) -> Sample:
    """Two points or more, uniform, in heaps or given."""
    m, layout = max(m, 2), draw.choice(("given", "uniform", "clusters"))
    if layout == "uniform":
        return Sample(m, k, "uniform", draw.seed())
    if layout == "clusters":
        return Sample((m // k + 1) * max(k, 2), k, "clusters") if k > 1 else Sample(m, 1, "clusters")
    grid = draw.choice((10, 2, 100))
    points = [draw.integer(0, grid) for _ in range(min(m, 8))]
    if points[0] == points[1]:  # evenly spaced points are never equal
        points = [points[0], *points]
    return Sample(len(points), k, "given", 0, tuple(points), grid)


def any_samples(draw: Draw) -> Sample:
    """Evenly spaced, uniform, in heaps or given."""
    m, k = draw.integer(1, 40), draw.integer(1, 12)
    return Sample(m, k, "even") if draw.integer(0, 3) == 0 else scattered(draw, m, k)


def lines(draw: Draw, *, general: bool = True) -> Line:
    """Up to nine points on a line, distinct or the first of them twice; one to four intervals."""
    points = [0]
    for _ in range(draw.integer(1, 8)):
        points.append(points[-1] + draw.integer(1, 3))
    if not general:
        points = [points[0], *points[:8]]
    return Line(tuple(points), draw.integer(1, 4))


def general_points(draw: Draw, count: int) -> tuple[Atom, ...]:
    """Points no three of which are on a line: on a parabola, in convex position, or with one inside a triangle."""
    shear, first = draw.integer(-3, 3), draw.integer(-6, 0)
    xs = [first]
    for _ in range(count - 1):
        xs.append(xs[-1] + draw.integer(1, 3))
    points = tuple((x + shear * x * x, x * x) for x in xs)
    if count == 4 and draw.boolean():
        return ((0, 0), (9, 1), (1, 8), (3, 3))
    return points


def planes(draw: Draw, *, general: bool = True) -> Plane:
    """Up to eight points in general position, or with three of them on a line."""
    if general:
        return Plane(general_points(draw, draw.integer(1, 8)))
    x, y = draw.integer(1, 3), draw.integer(0, 3)
    more = tuple((draw.integer(-9, 9), draw.integer(-9, 9)) for _ in range(draw.integer(0, 4)))
    return Plane(((0, 0), (x, y), (2 * x, 2 * y), *more))


def subset_families(draw: Draw) -> Family:
    """All subsets of up to V points, or any subsets of up to six points."""
    n = draw.integer(1, 6)
    if draw.boolean():
        size = draw.integer(0, n)
        return Family(n, tuple(s for s in range(1 << n) if s.bit_count() <= size))
    members = {draw.integer(0, (1 << n) - 1) for _ in range(draw.integer(1, 40))}
    return Family(n, tuple(sorted(members)))


def planar(draw: Draw, *, general: bool = True) -> Planar:
    """Laws on two to seven atoms in the plane and a sample of theirs; an affine map."""
    if not general:
        atoms: tuple[Atom, ...] = ((0, 0), (1, 2), (2, 4))
        middle = draw.integer(1, 5)
        return Planar(atoms, (middle, 2 * middle, middle), (draw.integer(2, 5), 0, draw.integer(2, 5)))
    return sampled(draw, general_points(draw, draw.integer(2, 7)))


def sampled(draw: Draw, atoms: tuple[Atom, ...]) -> Planar:
    """A law on the atoms and a sample that has not the same masses, if there are two atoms."""
    weights = (draw.integer(1, 4), *(draw.integer(0, 4) for _ in atoms[1:]))
    counts = (draw.integer(0, 3), *(draw.integer(0, 3) for _ in atoms[1:]))
    case = Planar(atoms, weights, counts, draw.choice(MAPS))
    if sum(counts) == 0 or not any(case.signed):
        case = replace(case, weights=(1,) * len(atoms), counts=(1, *[0] * (len(atoms) - 1)))
    return case


def grids(draw: Draw) -> Planar:
    """Laws on atoms of a small grid, many of them on a line."""
    width, height = draw.integer(2, 5), draw.integer(1, 3)
    atoms = tuple((x, y) for x in range(width) for y in range(height))
    return sampled(draw, atoms)


def normal_samples(draw: Draw) -> Normal:
    """Samples of 1 to 60 points."""
    return Normal(draw.integer(1, 60), draw.seed())


def interval_sizes(draw: Draw) -> TwoSizes:
    """Unions of k intervals on 20 k to 30 k points, k = 1 or 2 and 8 times as many."""
    k, ratio = draw.choice((2, 1)), draw.integer(20, 30)
    return TwoSizes("intervals", (ratio * k, 8 * ratio * k), (k, 8 * k), (960 // k, 120 // k), draw.seed())


def half_plane_sizes(draw: Draw) -> TwoSizes:
    """Half-planes on 8 to 12 points and on four times as many."""
    m = draw.integer(8, 12)
    return TwoSizes("half-planes", (m, 4 * m), (1, 1), (1000, 1000), draw.seed())
