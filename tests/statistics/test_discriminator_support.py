"""Are tails in log space covered by their bounds, and is every gap that is called exact the supremum that it claims to be?

The references are independent: sums of binomial coefficients in exact rationals, linear programs and every corner of the
parameters, samples drawn and discriminators evaluated one by one.  DISCRIMINATOR_INSTANCES scales the runs (1000 each
where the figures of the project are measured; a part of it by default).
"""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from math import comb, log, pi, sqrt

import numpy as np
import pytest
import torch
from flint import arb, ctx, fmpq
from scipy.optimize import linprog

from simulators import discriminator_bits, discriminator_class, discriminator_lemmas, discriminator_table
from simulators.discriminator_bits import BitTable, Measured
from simulators.discriminator_class import FiniteClass
from simulators.discriminator_lemmas import Toss
from simulators.discriminator_patterns import Patterns, least_gap
from simulators.discriminator_sine import parameter, sign_is_up
from simulators.discriminator_table import Drawn, Table, largest_at_corners, mean_gap
from simulators.discriminator_tails import log_any, log_two_sided, threshold
from simulators.streams import stream

CPU = torch.device("cpu")
INSTANCES = int(os.environ.get("DISCRIMINATOR_INSTANCES", "200"))


def two_sided(m: int, a: int) -> Fraction:
    """P(|K - m/2| ≥ a - m/2), by counting."""
    return Fraction(sum(comb(m, j) for j in range(m + 1) if j >= a or j <= m - a), 2**m)


def logarithm(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator)).log()


def test_tails_are_covered_and_their_bounds_are_narrow() -> None:
    random = stream("tails")
    cases = [(m, int(random.integers(m // 2 + 1, m + 1))) for m in random.integers(1, 400, INSTANCES).tolist()]
    counts = [1 << int(random.integers(0, 60)) for _ in cases]
    m, a = (torch.tensor(v, dtype=torch.float64, device=CPU) for v in zip(*cases, strict=True))
    n = torch.tensor([log(c) for c in counts], dtype=torch.float64, device=CPU)
    low, high = log_two_sided(m, a)
    least, most = log_any((n - n * 1e-15, n + n * 1e-15), (low, high))
    widths = []
    with ctx.workprec(400):
        for i, ((size, threshold_), count) in enumerate(zip(cases, counts, strict=True)):
            q = two_sided(size, threshold_)
            some = 1 - (1 - arb(fmpq(q.numerator, q.denominator))) ** count
            assert not logarithm(q) < arb(low[i].item())
            assert not logarithm(q) > arb(high[i].item())
            assert not some.log() < arb(least[i].item())
            assert not some.log() > arb(most[i].item())
            widths.append(high[i].item() - low[i].item())
    # Several hundred roundings of size 1e-16, and Stirling's error of 2e-12.
    assert max(widths) < 1e-11


def test_tails_of_huge_classes_agree_with_balls() -> None:
    """Up to 10⁹ images and 2^13000 discriminators: Gamma functions in balls in place of Stirling's series."""
    random = stream("huge tails")
    cases = []
    for _ in range(INSTANCES // 4):
        b = int(random.integers(0, 13_001))
        m = int((b + 3) * log(2) * 10 ** random.uniform(0.3, 4))
        cases.append(BitTable(b, m, round(float(random.uniform(0, 2) * b), 1), place=0.25))
    column = discriminator_bits.observe(tuple(cases), delta=0.0, device=CPU).columns["log_P"]
    for case, mid, rad in zip(cases, column.mid, column.rad, strict=True):
        truth = discriminator_bits.observe_precisely(case, 128).columns["log_P"].mid[0]
        assert truth.overlaps(arb(mid, rad)), case
        assert rad <= 1e-6 + 1e-12 * abs(mid), case


def largest_deviation(bits: np.ndarray) -> float:
    return float(np.abs(bits.mean(axis=0) - 0.5).max())


@pytest.mark.parametrize("doublings", [0, 3, 6])
def test_the_law_of_the_largest_deviation_is_that_of_drawn_bits(doublings: int) -> None:
    """5000 samples of bits; a frequency lies within 5 standard deviations except once in a million."""
    case = BitTable(doublings, 25, 1.0, place=0.25)
    table = discriminator_bits.observe((case,), delta=0.0, device=CPU)
    chance, eps = float(np.exp(table.columns["log_P"].mid[0])), table.columns["eps"].mid[0]
    random = stream("drawn bits", doublings)
    bits = random.random((5000, 25, 2**doublings + 1)) < 0.5
    above = np.abs(bits.mean(axis=1) - 0.5).max(axis=1) > eps
    assert abs(above.mean() - chance) <= 5 * sqrt(chance * (1 - chance) / len(above))


def interpolated(rows: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The values (images, parameters) of straight lines through the bits of each image."""
    left = np.minimum(at.astype(int), rows.shape[1] - 2)
    return rows[:, left] + (at - left) * (rows[:, left + 1] - rows[:, left])


def test_no_parameter_of_a_bit_table_exceeds_its_knots() -> None:
    """A grid of 97 parameters on each segment, knots among them, against the knots alone."""
    random = stream("knots")
    for _ in range(INSTANCES):
        knots, images = int(random.integers(2, 7)), int(random.integers(1, 9))
        rows = random.integers(0, 2, (images, knots)).astype(float)
        gaps = np.abs(interpolated(rows, np.linspace(0, knots - 1, 97 * (knots - 1) + 1)).mean(axis=0) - 0.5)
        assert gaps.max() <= largest_deviation(rows) + 1e-12
        assert gaps.max() >= largest_deviation(rows) - 1e-12


def test_cells_fitted_bit_by_bit_have_the_largest_gap() -> None:
    """The sum over cells of the largest deviation, from drawn images, is ½ as often as the certified bound says."""
    case = BitTable(40, 20, cells=2, place=0.25)
    table = discriminator_bits.observe((case,), delta=0.0, device=CPU)
    least = float(np.exp(table.columns["log_P"].mid[0] - table.columns["log_P"].rad[0]))
    assert least > 0.99
    assert table.columns["eps"].mid[0] < 0.5
    # With 2^40 columns no draw can list them; with 2^12 and 4 images a cell the same event is seen.
    random = stream("fitted")
    fitted = 0
    for _ in range(200):
        cells = np.bincount(random.integers(0, 2, 8), minlength=2)
        bits = [random.integers(0, 2, (n, 2**12 + 1)) for n in cells.tolist() if n]
        fitted += sum(int(b.sum(axis=0).max()) * 2 - len(b) for b in bits) == 8
    assert fitted >= 190  # fails for 8 images in one cell: 2 · 2^-8 of the draws, and there (1 - 2^-8)^4097


def test_the_gap_of_a_table_is_that_of_a_linear_program() -> None:
    random = stream("linear programs")
    for number in range(INSTANCES // 4):
        table = Drawn(
            tuple(int(w) for w in random.integers(1, 6, int(random.integers(1, 8)))),
            int(random.integers(1, 30)),
            number,
        )
        found = discriminator_table.observe_drawn((table,), delta=0.0, device=CPU)
        gap = found.columns["gap"].mid[0]
        masses = np.array(table.weights) / sum(table.weights) - np.array(table.counts()) / table.samples
        program = max(-linprog(sign * masses, bounds=[(0, 1)] * len(masses)).fun for sign in (1, -1))
        value = int(gap.p) / int(gap.q)
        assert value >= program - 1e-12
        assert value <= program + 1e-9


def test_corners_are_all_tried() -> None:
    assert largest_at_corners((3, -1, -2)) == 3
    assert largest_at_corners((1, 1, -5)) == 5
    assert largest_at_corners((-2, -2, 1, 3)) == 4


def test_the_mean_gap_is_that_of_every_sample() -> None:
    """All p^m samples of small tables, in rationals."""
    for groups, m in product((((1, 2),), ((1, 3),), ((1, 1), (2, 1))), (1, 2, 3, 4)):
        weights = [w for w, count in groups for _ in range(count)]
        total, mean = sum(weights), Fraction(0)
        for sample in product(range(len(weights)), repeat=m):
            chance = Fraction(1)
            for cell in sample:
                chance *= Fraction(weights[cell], total)
            gap = sum(abs(Fraction(w, total) - Fraction(sample.count(c), m)) for c, w in enumerate(weights)) / 2
            mean += chance * gap
        assert mean_gap(Table(groups, m)) == mean


def test_the_gap_of_a_table_has_the_scale_of_the_root() -> None:
    """sqrt((p - 1)/(2πm)) for many images a cell, but for 1/(12 mq) of it."""
    q = 1 / 20
    assert float(mean_gap(Table(((1, 20),), 1500))) == pytest.approx(
        sqrt(19 / (2 * pi * 1500)), rel=1.1 / (12 * 1500 * q)
    )


def test_tables_exceed_what_their_bracket_says() -> None:
    """2000 drawn samples: the gap exceeds ε at least as often as McDiarmid's bracket says, less 5 standard deviations."""
    table = Table(((1, 100),), 50, part=0.75)
    row = discriminator_table.observe((table,), delta=0.0, device=CPU)
    least = float(np.exp(row.columns["log_P"].mid[0] - row.columns["log_P"].rad[0]))
    eps = row.columns["eps"].mid[0]
    counts = stream("bracket").multinomial(50, [0.01] * 100, 2000)
    above = (np.abs(counts / 50 - 0.01).sum(axis=1) / 2 > int(eps.p) / int(eps.q)).mean()
    assert above >= least - 5 * sqrt(0.25 / 2000)


def pattern_gap(masses: np.ndarray, images: int, weights: np.ndarray) -> float:
    """The largest |Σ (mass - weight) D_v| over a grid of parameters of each cell, 8 to a segment, knots among them."""
    patterns = np.array(list(product((0.0, 1.0), repeat=images))).T
    values = interpolated(patterns, np.linspace(0, patterns.shape[1] - 1, 8 * (patterns.shape[1] - 1) + 1))
    parts = (masses - weights).reshape(-1, images) @ values
    return float(max(parts.max(axis=1).sum(), -parts.min(axis=1).sum()))


@pytest.mark.parametrize("case", [Patterns(2, 2), Patterns(1, 4), Patterns(2, 3, heavier=3)])
def test_the_least_gap_is_that_of_a_program_over_all_generators(case) -> None:
    """For every set of images the best weights by a linear program, and the gap that interpolated discriminators see."""
    n, total = case.points, case.points - 1 + case.heavier
    masses = np.array([case.heavier] + [1] * (n - 1)) / total
    for k in range(1, n + 1):
        found = []
        for support in combinations(range(n), k):
            # minimise Σ t/2 with t ≥ ±(mass - weight), weights ≥ 0 on the support, of sum 1
            cost = np.concatenate([np.zeros(n), np.full(n, 0.5)])
            above = np.block([[np.eye(n), -np.eye(n)], [-np.eye(n), -np.eye(n)]])
            bounds = [(0, None if i in support else 0) for i in range(n)] + [(0, None)] * n
            best = linprog(
                cost, above, np.concatenate([masses, -masses]), [[1.0] * n + [0.0] * n], [1.0], bounds=bounds
            )
            found.append(best.fun)
            assert pattern_gap(masses, case.images, best.x[:n]) == pytest.approx(best.fun, abs=1e-9)
        assert float(least_gap(replace(case, support=k))) == pytest.approx(min(found), abs=1e-9)


def test_an_image_and_its_complement_win_exactly_where_random_images_fail() -> None:
    """On bit tables and classes of coins: why no claim about every generator rests on them."""
    bits = stream("complement").integers(0, 2, 50)
    pair = np.stack([bits, 1 - bits]).astype(float)
    assert np.all(interpolated(pair, np.linspace(0, 49, 500)).mean(axis=0) == 0.5)


def test_clusters_gain_twice_their_radius() -> None:
    """Every choice of s in {-1, 1} on the sample and off it, around each of three coins."""
    random, r = stream("clusters"), 0.125
    for _ in range(50):
        bits = random.integers(0, 2, (5, 3))
        centre = np.abs(bits.mean(axis=0) - 0.5).max()
        best = max(
            abs((r + (1 - 2 * r) * 0.5 + r * off) - (r + (1 - 2 * r) * bits[:, j].mean() + r * np.mean(on)))
            for j in range(3) for off in (-1, 1) for on in product((-1, 1), repeat=5)
        )  # fmt: skip
        assert best == pytest.approx((1 - 2 * r) * centre + 2 * r, abs=1e-12)
    case = FiniteClass(3, 0, 5, 1.0, place=0.25, resolution=r)
    a = threshold(5, log(3), 1.0)
    eps = discriminator_class.observe((case,), delta=0.0, device=CPU).columns["eps"].mid[0]
    assert eps == pytest.approx((1 - 2 * r) * (a - 2.5 - 0.25) / 5 + 2 * r, abs=1e-15)


def test_one_sine_has_every_sign() -> None:
    """All 2^n subsets of n images, with the sine itself in balls."""
    n = 6
    with ctx.workprec(200):
        for drawn in product((False, True), repeat=n):
            w = parameter({i for i in range(1, n + 1) if drawn[i - 1]}, n)
            for i in range(1, n + 1):
                x = 1 << (n - i)
                value = (arb.pi() * fmpq(w * x, 1 << n)).sin()
                assert (value > 0) == drawn[i - 1]
                assert sign_is_up(w, x, n) == drawn[i - 1]


def test_moments_agree_with_their_series() -> None:
    """ln E exp(s (X - q)) = q(1 - q) s²/2 + q(1 - q)(1 - 2q) s³/6 + …, with the next term as the bound."""
    for q, s in product((0.5, 0.25, 0.9), (0.01, 0.001)):
        found = discriminator_lemmas.observe_moment((Toss(q, s),), delta=0.0, device=CPU).columns["log_moment"].mid[0]
        series = q * (1 - q) * s**2 / 2 + q * (1 - q) * (1 - 2 * q) * s**3 / 6
        assert abs(float(found.mid()) - series) <= s**4 / 64


def test_a_logarithmic_measuring_function_spans_its_range_on_bits() -> None:
    """φ(1) - φ(0) = -log d, and its slope is largest at 0."""
    row = discriminator_bits.observe_measured(
        (Measured(BitTable(3, 9, place=0.25), "log", 2.0),), delta=0.0, device=CPU
    )
    plain = discriminator_bits.observe((BitTable(3, 9, place=0.25),), delta=0.0, device=CPU)
    d = np.exp(-2.0)
    phi = lambda t: np.log(d + (1 - d) * t)  # noqa: E731 - a formula
    assert float(row.columns["eps"].mid[0].mid()) == pytest.approx(
        plain.columns["eps"].mid[0] * (phi(1.0) - phi(0.0)), rel=1e-12
    )
    slopes = np.diff(phi(np.linspace(0, 1, 100_001))) * 100_000
    assert slopes.max() <= float(row.columns["L_phi"].mid[0].mid()) <= slopes.max() * 1.001
