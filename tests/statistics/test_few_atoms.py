"""Are the suprema, the fewest images and the chances what other ways of finding them give?

FEW_ATOMS_INSTANCES (environment) scales the comparisons with brute force.
"""

from __future__ import annotations

import math
import os
from fractions import Fraction
from itertools import combinations, pairwise, product

import flint
import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from checks.engine.draw import bulk
from checks.test_few_atoms import cells, curves, images, laws, tables, two_sizes
from simulators import few_atoms, few_atoms_chance, few_atoms_digits, few_atoms_greedy, few_atoms_sine, few_atoms_table
from simulators.few_atoms import Images, features_of
from simulators.few_atoms_chance import Equal, Subsample, TwoSizes
from simulators.few_atoms_digits import Digits
from simulators.few_atoms_greedy import Greedy
from simulators.few_atoms_sine import Waves, above
from simulators.few_atoms_table import Table

CPU = torch.device("cpu")
INSTANCES = int(os.environ.get("FEW_ATOMS_INSTANCES", "1000"))


def fraction(value: object) -> Fraction:
    """A flint rational as a fraction."""
    return Fraction(int(value.p), int(value.q))  # type: ignore[attr-defined]


def differences(case: Table) -> np.ndarray:
    """Integer differences (p,) of the laws of the cell, times both totals."""
    places = case.cells or tuple(range(len(case.masses)))
    real, made = sum(case.masses), sum(case.generated)
    found = dict.fromkeys(places, 0)
    for cell, a, b in zip(places, case.masses, case.generated, strict=True):
        found[cell] += a * made - b * real
    return np.array(list(found.values()))


@pytest.mark.parametrize("family", [tables, laws, cells], ids=lambda f: f.__name__)
def test_the_supremum_over_tables_is_that_over_all_corners(family) -> None:
    cases = tuple(bulk(family, f"corner-{k}")[0] for k in range(INSTANCES))
    measured = few_atoms_table.observe(cases, delta=0.0, device=CPU).columns["gap"].mid
    for case, gap in zip(cases, measured, strict=True):
        excess = differences(case)
        corners = np.arange(2 ** len(excess))[:, None] >> np.arange(len(excess)) & 1
        assert fraction(gap) == Fraction(int((corners @ excess).max()), sum(case.masses) * sum(case.generated))


def test_the_supremum_over_many_like_cells_is_the_sum_of_what_is_missing() -> None:
    """365 cells have 2^365 corners, and few different values at them."""
    case = Table((1,) * 365, (1,) * 19 + (0,) * 346)
    gap = few_atoms_table.observe((case,), delta=0.0, device=CPU).columns["gap"].mid[0]
    assert fraction(gap) == Fraction(int(differences(case).clip(min=0).sum()), 365 * 19) == Fraction(346, 365)


def test_the_supremum_over_tables_is_never_below_a_linear_program() -> None:
    cases = tuple(bulk(cells, f"program-{k}")[0] for k in range(INSTANCES))
    measured = few_atoms_table.observe(cases, delta=0.0, device=CPU).columns["gap"].mid
    for case, gap in zip(cases, measured, strict=True):
        excess = differences(case) / (sum(case.masses) * sum(case.generated))
        found = linprog(-excess, bounds=(0, 1), method="highs")
        best = sum(Fraction(float(v)) * Fraction(float(d)) for v, d in zip(found.x, excess, strict=True))
        # rounding of the differences: one unit of each, times a number of at most 1
        assert fraction(gap) >= best - Fraction(float(np.abs(excess).sum())) * Fraction(1, 2**52)


def test_no_fewer_images_are_feasible_for_a_linear_program() -> None:
    """A program in floating point on every smaller set, against the exact search; and one of that size is feasible."""
    for k in range(max(INSTANCES // 10, 20)):
        case = bulk(curves, f"sets-{k}", general=bool(k % 3))[0]
        if max(case.masses) > 10**6:
            continue  # beyond what a solver with tolerances tells apart
        fewest = few_atoms.observe_fewest((case,), delta=0.0, device=CPU).columns["fewest"].mid[0]
        rows = np.array(features_of(case, 0), dtype=float)
        lifted = np.vstack([np.ones(len(rows)), rows.T])
        target = lifted @ (np.array(case.masses) / sum(case.masses))

        def feasible(size: int, lifted: np.ndarray = lifted, target: np.ndarray = target) -> bool:
            sets = combinations(range(lifted.shape[1]), size)
            return any(
                linprog(np.zeros(size), A_eq=lifted[:, s], b_eq=target, method="highs").status == 0
                for s in map(list, sets)
            )

        assert feasible(fewest)
        assert fewest == 1 or not feasible(fewest - 1)


def test_a_reduction_leaves_independent_images_with_the_same_means() -> None:
    for k in range(INSTANCES):
        case = bulk(images, f"reduction-{k}")[0]
        rows = features_of(case, 0)
        made = few_atoms.reduced(rows, few_atoms.law(case.masses))
        chosen = few_atoms.lifted([rows[i] for i in made])
        assert chosen.rank() == len(made)
        whole = sum(case.masses)
        for column in (*zip(*rows, strict=True), (1,) * len(rows)):
            real = Fraction(sum(m * v for m, v in zip(case.masses, column, strict=True)), whole)
            assert sum(fraction(w) * column[i] for i, w in made.items()) == real
        assert min(made.values()) > 0


def test_equal_images_are_counted_as_all_sequences_are() -> None:
    for p, m in [(2, 1), (2, 5), (3, 4), (3, 6), (4, 4), (5, 3)]:
        row = few_atoms_chance.observe_equal((Equal(p, m),), delta=0.0, device=CPU).columns
        gaps = [
            sum(max(Fraction(0), Fraction(1, p) - Fraction(sequence.count(cell), m)) for cell in range(p))
            for sequence in product(range(p), repeat=m)
        ]
        assert fraction(row["mean_gap"].mid[0]) == sum(gaps) / p**m
        assert fraction(row["P_exact"].mid[0]) == Fraction(gaps.count(Fraction(0)), p**m)


def test_a_win_of_training_images_is_counted_as_all_training_sets_are() -> None:
    case = TwoSizes(2, 5, 2, 3, 4, 1.0)
    row = few_atoms_chance.observe_two_sizes((case,), delta=0.0, device=CPU).columns
    theta, within = Fraction(2, 5), Fraction(1, 2)
    for name, n in (("P_small", 3), ("P_large", 4)):
        won = Fraction(0)
        for training in product((0, 1), repeat=n):
            chance = theta ** sum(training) * (1 - theta) ** (n - sum(training))
            means = [Fraction(sum(some), 2) for some in combinations(training, 2)]
            won += chance * Fraction(sum(abs(mean - theta) <= within for mean in means), len(means))
        assert fraction(row[name].mid[0]) == won


def test_wins_are_neither_certain_nor_impossible_in_the_family() -> None:
    """An equality of two probabilities says most where neither is 0 or 1."""
    cases = tuple(bulk(two_sizes, f"sizes-{k}")[0] for k in range(100))
    chances = few_atoms_chance.observe_two_sizes(cases, delta=0.0, device=CPU).columns["P_small"].mid
    assert sum(0 < chance < 1 for chance in chances) >= 50


def test_logarithms_of_tails_are_covered_by_radii_near_a_rounding() -> None:
    random = np.random.Generator(np.random.Philox(7))
    cases = []
    while len(cases) < min(INSTANCES, 500):
        n = int(random.integers(2, 400))
        m, ones = int(random.integers(1, n + 1)), int(random.integers(1, n + 1))
        low, high = max(-(-ones * m // n), m - (n - ones)), min(ones, m)
        cases.append(Subsample(n, ones, m, int(random.integers(low, high + 1))))
    table = few_atoms_chance.observe_subsample(tuple(cases), delta=0.0, device=CPU).columns["log_tail"]
    for case, mid, rad in zip(cases, table.mid, table.rad, strict=True):
        hits = range(case.hits, min(case.ones, case.m) + 1)
        ways = sum(math.comb(case.ones, j) * math.comb(case.n - case.ones, case.m - j) for j in hits)
        with flint.ctx.workprec(200):
            truth = flint.arb(flint.fmpq(ways, math.comb(case.n, case.m))).log()
            assert abs(truth - flint.arb(float(mid))) <= flint.arb(float(rad))
        assert rad <= 2.0**-50 * max(abs(mid), 1)


def test_a_tail_of_many_images_agrees_with_all_of_its_terms() -> None:
    """The geometric bound of what is left out covers it."""
    case = Subsample(4000, 2000, 2000, 1010)
    column = few_atoms_chance.observe_subsample((case,), delta=0.0, device=CPU).columns["log_tail"]
    mid, rad = column.mid[0], column.rad[0]
    ways = sum(math.comb(2000, j) * math.comb(2000, 2000 - j) for j in range(1010, 2001))
    with flint.ctx.workprec(200):
        truth = flint.arb(flint.fmpq(ways, math.comb(4000, 2000))).log()
        assert abs(truth - flint.arb(float(mid))) <= flint.arb(float(rad))
    assert rad <= 2.0**-50 * abs(mid)


def test_half_waves_are_measured_as_they_are_summed() -> None:
    for v in (Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2), Fraction(17, 3), Fraction(40, 7), Fraction(9)):
        ends = sorted({min(Fraction(k) / v, Fraction(1)) for k in range(int(v) + 2)})
        pieces = pairwise(ends)
        assert above(v) == sum((b - a for k, (a, b) in enumerate(pieces) if k % 2 == 0), Fraction(0))


def test_a_sine_wave_is_above_0_at_every_image_and_on_half_of_the_interval() -> None:
    case = Waves((1, 3, 5, 7), 8, 1, 1.0)
    row = few_atoms_sine.observe((case,), delta=0.0, device=CPU).columns
    assert fraction(row["v"].mid[0]) == 17
    assert min(math.sin(math.pi * 17 * a / 8) for a in case.numerators) > 0.1
    assert fraction(row["seen"].mid[0]) == 1 - Fraction(9, 17)


def test_greedy_images_are_no_worse_than_the_average_sequence() -> None:
    """All sequences of m images: their mean square is the variance over m, and the best is no better than greedy's bound."""
    case = Images(((0, 1), (2, 0), (5, 3)), (1, 2, 1))
    for m in (1, 2, 4):
        row = few_atoms_greedy.observe((Greedy(case, m),), delta=0.0, device=CPU).columns
        square, variance = fraction(row["square"].mid[0]), fraction(row["variance"].mid[0])
        rows, theta = features_of(case, 0), [Fraction(w, 4) for w in case.masses]
        middle = [sum(t * row[j] for t, row in zip(theta, rows, strict=True)) for j in range(2)]
        total, best = Fraction(0), None
        for sequence in product(range(3), repeat=m):
            here = sum((Fraction(sum(rows[i][j] for i in sequence), m) - middle[j]) ** 2 for j in range(2))
            chance = Fraction(1)
            for i in sequence:
                chance *= theta[i]
            total += chance * here
            best = here if best is None else min(best, here)
        assert total == variance / m
        assert best <= square <= variance / m


@pytest.mark.parametrize("neurons", [20, 64, 200])
def test_weights_of_digits_solve_every_equation_in_integers(neurons: int) -> None:
    case = Digits(neurons)
    values = few_atoms_digits.features(case)
    made = few_atoms_digits.generator(values, case.seed)
    shared = 1
    for w in made.values():
        shared = shared * int(w.q) // np.gcd.reduce([shared, int(w.q)], dtype=object)
    whole = [int(w.p) * (shared // int(w.q)) for w in made.values()]
    assert len(made) <= neurons + 1
    assert sum(whole) == shared
    assert min(whole) > 0
    for column in values.T.tolist():
        assert len(values) * sum(w * column[i] for w, i in zip(whole, made, strict=True)) == shared * sum(column)
