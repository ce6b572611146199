"""Are exact suprema of classes of bounded dimension never below brute force, and do their radii cover the truth?

VC_INSTANCES (environment; 1000 for the full run) scales the comparisons with brute force, VC_DIRECTIONS (20000) their
directions.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product
from math import sqrt

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from scipy.special import ndtr
from scipy.stats import ksone, kstwo

from simulators import vc_half_planes, vc_half_planes_gaussian, vc_intervals, vc_thresholds, vc_two_sizes
from simulators.streams import stream
from simulators.vc_dichotomies import half_plane_subsets
from simulators.vc_exact_law import gap_law, mean_gap
from simulators.vc_half_planes import Atom, Planar
from simulators.vc_half_planes_gaussian import SCALE, Normal, drawn
from simulators.vc_intervals import Sample, gaps, largest_sums, pieces, points_of
from simulators.vc_thresholds import staying, staying_precisely
from simulators.vc_two_sizes import TwoSizes

CPU = torch.device("cpu")
INSTANCES = int(os.environ.get("VC_INSTANCES", "100"))
DIRECTIONS = int(os.environ.get("VC_DIRECTIONS", "2000"))


def by_dynamic_program(values: Sequence[int], most: int) -> list[int]:
    """The largest sum of at most k disjoint runs for k = 0..most: element by element, inside or outside run j."""
    never = -(10**40)
    outside, inside = [0] + [never] * most, [never] * (most + 1)
    for value in values:
        inside = [never] + [max(inside[j], outside[j - 1], inside[j - 1]) + value for j in range(1, most + 1)]
        outside = [max(pair) for pair in zip(outside, inside, strict=True)]
    return [max(outside[: k + 1]) for k in range(most + 1)]


def separable(points: Sequence[Atom], chosen: Sequence[int]) -> bool:
    """Whether a line has the chosen points on one side and the others on the other, by a linear program."""
    signs = [(-1 if i in chosen else 1) for i in range(len(points))]
    rows = [[s * x, s * y, s] for s, (x, y) in zip(signs, points, strict=True)]
    if len(set(signs)) < 2:
        return True
    return bool(linprog([0, 0, 0], A_ub=rows, b_ub=[-1] * len(rows), bounds=[(None, None)] * 3).status == 0)


def random_points(random: np.random.Generator, count: int, size: int) -> tuple[Atom, ...]:
    """Distinct points of a grid: many on a line if it is small."""
    found = random.integers(-size, size + 1, (3 * count, 2)).tolist()
    return tuple(dict.fromkeys((x, y) for x, y in found))[:count]


def random_planar(number: int, count: int) -> Planar:
    random = stream("laws in the plane", number)
    points = random_points(random, count, int(random.choice((1, 2, 3, 30, 1000))))
    weights, counts = random.integers(1, 6, len(points)), random.integers(0, 4, len(points))
    counts[0] += 1
    return Planar(points, tuple(weights.tolist()), tuple(counts.tolist()), (2, 1, 1, -3, 4, 5))


def test_intervals_equal_the_dynamic_program() -> None:
    for number in range(INSTANCES):
        random = stream("runs", number)
        values = random.integers(-5, 6, int(random.integers(1, 40))).tolist()
        assert largest_sums(values, 8) == by_dynamic_program(values, 8), values
        case = Sample(int(random.integers(1, 60)), 1, ("uniform", "even", "clusters")[number % 3], number)
        points, grid = points_of(case)
        sequence = pieces(points, grid)
        turned = [-v for v in sequence]
        assert gaps(points, grid, 8) == (by_dynamic_program(sequence, 8), by_dynamic_program(turned, 8)), case


def best_union(pairs: Sequence[tuple[int, int, int]], k: int, apart: int) -> int:
    """The largest sum of worths over at most k of the triples (first, last, worth) that lie in order, ``apart`` from
    each other."""
    best = {(-9, 0): 0}
    for first, last, worth in sorted(pairs):
        for (end, used), total in list(best.items()):
            if used < k and first >= end + apart:
                best[last, used + 1] = max(best.get((last, used + 1), total + worth), total + worth)
    return max(best.values())


def test_intervals_equal_the_best_of_all_unions() -> None:
    """Closed intervals from point to point, and open ones between the points and the ends of the line."""
    for number in range(INSTANCES):
        random = stream("few points", number)
        m, k, grid = int(random.integers(1, 8)), int(random.integers(1, 5)), int(random.choice((5, 1000)))
        points = sorted(random.integers(0, grid + 1, m).tolist())
        closed = [(i, j, (j - i + 1) * grid - m * (points[j] - points[i])) for i in range(m) for j in range(i, m)]
        ends = [0, *points, grid]
        between = [(i, j, m * (ends[j] - ends[i]) - (j - i - 1) * grid) for j in range(1, m + 2) for i in range(j)]
        excess, deficit = gaps(points, grid, k)
        assert (excess[k], deficit[k]) == (best_union(closed, k, 1), best_union(between, k, 0)), (points, k)


def test_half_planes_equal_the_best_separable_subset() -> None:
    for number in range(INSTANCES):
        case = random_planar(number, 1 + number % 7)
        points, signed = case.atoms, case.signed
        subsets = [c for r in range(len(points)) for c in combinations(range(len(points)), r)]
        ordered = sorted(subsets, key=lambda c: -abs(sum(signed[i] for i in c)))
        best = next(c for c in ordered if separable(points, c))
        expected = Fraction(abs(sum(signed[i] for i in best)), sum(case.counts) * sum(case.weights))
        columns = vc_half_planes.observe((case,), delta=0.0, device=CPU).columns
        for name in ("gap", "moved"):
            found = columns[name].mid[0]
            assert Fraction(int(found.p), int(found.q)) == expected, (name, case)


def test_half_plane_subsets_are_the_separable_ones() -> None:
    for number in range(INSTANCES // 10):
        random = stream("subsets", number)
        points = random_points(random, 1 + number % 6, int(random.choice((1, 2, 20))))
        every = [c for r in range(len(points) + 1) for c in combinations(range(len(points)), r)]
        expected = {sum(1 << j for j in c) for c in every if separable(points, c)}
        assert half_plane_subsets(points) == expected, points


def swept(projections: np.ndarray, masses: np.ndarray) -> float:
    """The largest gap of half-planes orthogonal to each of the directions, columns of ``projections`` (m, directions)."""
    rank = np.arange(len(projections))[:, None]
    return float(np.maximum((rank + 1) / len(projections) - masses, masses - rank / len(projections)).max())


def test_half_planes_are_never_below_many_directions() -> None:
    """Normal samples: at least the best of the directions, and no further above it than their distance allows.

    Between two directions that are η apart the mass of a half-plane that passes p moves by at most φ(0) |p| η, and at the
    nearest direction to the best one a point may have changed sides: where it has not, the gap is lost by that much.
    """
    angles = np.linspace(0, np.pi, DIRECTIONS, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    lost = []
    for number in range(max(INSTANCES // 4, 5)):
        case = Normal(1 + number % 40, number)
        points = drawn(case, CPU).numpy() / SCALE
        projections = np.sort(points @ directions, axis=0)
        brute = swept(projections, ndtr(projections))
        gap = vc_half_planes_gaussian.observe((case,), delta=0.0, device=CPU).columns["gap"]
        assert gap.mid[0] + gap.rad[0] >= brute - 1e-14, case
        lost.append(gap.mid[0] - brute)
    assert np.median(lost) <= 0.4 * 4 * np.pi / DIRECTIONS


def test_atoms_are_never_below_many_directions() -> None:
    # no direction is orthogonal to a line through two atoms: sorting would break such ties at will
    angles = np.linspace(0, np.pi, DIRECTIONS, endpoint=False) + 0.3 / DIRECTIONS
    directions = np.stack([np.cos(angles), np.sin(angles)])
    equal = 0
    cases = [random_planar(1000 + number, 20) for number in range(max(INSTANCES // 4, 5))]
    columns = vc_half_planes.observe(tuple(cases), delta=0.0, device=CPU).columns
    for case, found in zip(cases, columns["gap"].mid, strict=True):
        signed = np.array(case.signed)
        order = np.argsort(np.array(case.atoms) @ directions, axis=0)
        brute = np.abs(np.cumsum(signed[order], axis=0)).max()
        top = int(found.p) * (sum(case.counts) * sum(case.weights) // int(found.q))
        assert top >= brute, case
        equal += top == brute
    assert equal >= 0.8 * len(cases)


def test_radii_of_half_planes_cover_fifty_digits() -> None:
    for number in range(max(INSTANCES // 10, 10)):
        case = Normal(1 + 3 * number % 50, 500 + number)
        rough = vc_half_planes_gaussian.observe((case,), delta=0.0, device=CPU).columns
        fine = vc_half_planes_gaussian.observe_precisely(case, 192).columns
        for name in ("gap", "stump"):
            assert abs(float((fine[name].mid[0] - rough[name].mid[0]).mid())) <= rough[name].rad[0], (name, case)


@pytest.mark.parametrize("m", [1, 2, 3, 7, 20, 64, 200, 1000])
def test_the_law_of_thresholds_is_covered(m: int) -> None:
    """Against balls of 192 bits, and by other methods: scipy's law, exact to 140 points and good to 2e-6 beyond."""
    import flint

    for scaled in (0.5, 0.9, 1.4, 2.0):
        a = min(max(round(scaled * sqrt(m)), 1), m)
        value, radius = staying(m, a, CPU)
        assert abs(1 - value - kstwo.sf(a / m, m)) <= radius + (1e-13 if m <= 140 else 2e-6)
        if m <= 200:
            with flint.ctx.workprec(192):
                error = abs(float((staying_precisely(m, a) - value).mid()))
            assert error <= radius <= 1e-10


@pytest.mark.parametrize("m", [1, 2, 3, 5, 8, 12, 20])
def test_rationals_agree_with_published_laws(m: int) -> None:
    for half in range(1, 2 * m):
        above, both = gap_law(m, Fraction(half, 2 * m), ())
        assert float(above) == pytest.approx(ksone.sf(half / (2 * m), m), abs=1e-12)
        assert float(both) == pytest.approx(kstwo.sf(half / (2 * m), m), abs=1e-12)
    for a in range(1, m):
        value, radius = staying(m, a, CPU)
        assert abs(Fraction(1) - gap_law(m, Fraction(a, m), ())[1] - Fraction(value)) <= Fraction(radius)


@pytest.mark.parametrize("weights", [(1, 1), (1, 2, 1), (3, 1, 1, 2)])
def test_laws_of_atoms_agree_with_counting_every_sample(weights: tuple[int, ...]) -> None:
    m, balls = 4, [i for i, w in enumerate(weights) for _ in range(w)]
    mass = [Fraction(s, len(balls)) for s in np.cumsum(weights)[:-1].tolist()]
    found = []
    for sample in product(balls, repeat=m):
        found.append([Fraction(sum(x <= i for x in sample), m) - q for i, q in enumerate(mass)])
    top = [max(abs(v) for v in row) for row in found]
    assert mean_gap(m, weights) == sum(top, Fraction(0)) / len(top)
    for edge in (Fraction(1, 8), Fraction(1, 4), Fraction(2, 5), Fraction(3, 4)):
        above, both = gap_law(m, edge, weights)
        assert both == Fraction(sum(t >= edge for t in top), len(top))
        assert above == Fraction(sum(max(row) >= edge for row in found), len(found))


def test_stumps_agree_with_samples() -> None:
    """Three independent coordinates, 20 points: 4000 samples against the law, 4 standard errors."""
    random = stream("stumps")
    points = np.sort(random.random((4000, 20, 3)), axis=1)
    rank = np.arange(20)[None, :, None] / 20
    gap = np.maximum(points - rank, rank + 0.05 - points).max(axis=(1, 2))
    law = vc_thresholds.observe((vc_thresholds.Stumps(20, 6, 3),), delta=0.0, device=CPU).columns["P"].mid[0]
    assert abs((gap >= 0.3).mean() - law) <= 4 * sqrt(law * (1 - law) / 4000)


@pytest.mark.parametrize(
    ("case", "truth"),
    [
        # one interval and two points: the arcs of a circle, 1 - min(u, 1 - u); one normal point: P(Z < |x|) averaged
        (TwoSizes("intervals", (2, 2), (1, 1), (20, 20)), 0.75),
        (TwoSizes("half-planes", (1, 1), (1, 1), (20, 20)), 0.5 + 0.5 / sqrt(2)),
    ],
)
def test_means_are_covered_at_their_confidence(case: TwoSizes, truth: float) -> None:
    """At delta = 0.1 McDiarmid's interval misses in a tenth of the cases at most, and is not so wide as to miss none of
    an interval a quarter as wide."""
    cases = tuple(TwoSizes(case.name, case.m, case.k, case.draws, seed) for seed in range(100))
    columns = vc_two_sizes.observe(cases, delta=0.2, device=CPU).columns
    errors = np.abs(columns["mean_a"].mid - truth) / columns["mean_a"].rad
    assert np.count_nonzero(errors > 1) <= 10
    assert errors.max() >= 0.1


def test_no_proof_rests_on_the_means_at_two_sizes() -> None:
    """Φ is trusted, not proved: the flag is down, of a case alone as of a batch."""
    cases = (TwoSizes("intervals", (2, 3), draws=(2, 2)), TwoSizes("half-planes", (2, 3), draws=(2, 2)))
    for batch in (cases, cases[:1], cases[1:]):
        columns = vc_two_sizes.observe(batch, delta=0.2, device=CPU).columns
        assert not columns["mean_a"].proved and not columns["mean_b"].proved


def test_neighbours_on_a_grid_have_gaps_as_close_as_derived() -> None:
    """Points moved by up to η: gaps differ by 2 k η for intervals and η/sqrt(2π) for half-planes, η as large as a step."""
    grid, worst = 64, 0.0
    for number in range(INSTANCES):
        random = stream("neighbours", number)
        m, k = int(random.integers(1, 30)), int(random.integers(1, 6))
        fine = sorted(random.integers(0, grid * (grid + 1), m).tolist())  # whole numbers over grid (grid + 1)
        coarse = [x // grid * (grid + 1) for x in fine]  # floor(U (grid + 1))/grid, over the same
        unit = grid * (grid + 1)
        pair = [max(side[k] for side in gaps(points, unit, k)) / (m * unit) for points in (fine, coarse)]
        worst = max(worst, abs(pair[0] - pair[1]) * (grid + 1) / (2 * k))
    assert 0.2 <= worst <= 1 + 1e-12
    assert vc_two_sizes.moved_by_the_grid("intervals", 3) == pytest.approx(6 / (vc_intervals.GRID + 1))
    step, worst = SCALE // 8, 0.0
    for number in range(INSTANCES):
        m = 1 + number % 12
        random = stream("neighbours in the plane", number)
        points = np.round(random.normal(size=(m, 2)) * SCALE).astype(np.int64)
        near = np.floor(points / step + 0.5).astype(np.int64) * step
        found = vc_half_planes_gaussian.gaps(torch.tensor(np.stack([points, near])))
        worst = max(worst, abs(float(found[0] - found[1])) / (step / SCALE / sqrt(2) / sqrt(2 * np.pi)))
    assert 0.2 <= worst <= 1
    eta = 1 / (sqrt(2) * SCALE)
    assert vc_two_sizes.moved_by_the_grid("half-planes", 1) == pytest.approx(eta / sqrt(2 * np.pi))


def test_the_grid_s_term_is_in_the_radius() -> None:
    for case in (TwoSizes("intervals", (2, 2), (1, 1), (20, 20)), TwoSizes("half-planes", (1, 1), (1, 1), (20, 20))):
        radius = vc_two_sizes.observe((case,), delta=0.2, device=CPU).columns["mean_a"].rad[0]
        chance = sqrt(np.log(20) / (2 * case.m[0] * 20))
        assert radius >= chance + vc_two_sizes.moved_by_the_grid(case.name, 1)


def test_the_order_of_the_sweep_is_exact_for_large_coordinates() -> None:
    """Three points almost on a line, coordinates near 2^20: their determinant is 1, which angles in float64 still tell."""
    far = 2**20 - 2
    case = Planar(((0, 0), (far, far - 1), (far - 1, far - 2)), (1, 1, 1), (1, 0, 1))
    columns = vc_half_planes.observe((case,), delta=0.0, device=CPU).columns
    assert columns["degenerate"].mid[0] == 0
    assert columns["gap"].mid[0] == columns["variation"].mid[0]
    assert vc_intervals.observe((Sample(3, 1),), delta=0.0, device=CPU).columns["gap"].mid[0] <= 1
