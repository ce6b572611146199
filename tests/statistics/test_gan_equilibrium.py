"""Are the values of games, the worst cases of mixtures and the paths of play what other ways to compute them say, exactly?

ZERO_SUM_GAMES (environment) is the number of games.
"""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import combinations, product

import flint
import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from checks.engine.draw import bulk
from checks.test_gan_equilibrium import games, mixtures, plays, regularised_plays
from simulators import zero_sum_contest, zero_sum_dynamics, zero_sum_mixtures
from simulators.interpolation_net import rational
from simulators.zero_sum_contest import law_of, payoffs_of, scores_of
from simulators.zero_sum_value import largest_assured, least_worst_case

GAMES = int(os.environ.get("ZERO_SUM_GAMES", "1000"))
CPU = torch.device("cpu")


def payoffs(number: int) -> list[list[Fraction]]:
    """The payoffs of a drawn contest."""
    contest = bulk(games, f"value-{number}")[0]
    laws = [law_of(g, len(contest.real), 0) for g in contest.generators]
    return payoffs_of(scores_of(contest, 0), laws, law_of(contest.real, len(contest.real), 0))


def worst(matrix: list[list[Fraction]], mixture: list[Fraction]) -> Fraction:
    """What the column player gets against a mixture of the rows."""
    return max(sum(p * row[v] for p, row in zip(mixture, matrix, strict=True)) for v in range(len(matrix[0])))


def vertices(matrix: list[list[Fraction]]) -> Fraction:
    """The least worst case by enumeration: some optimal mixture makes as many columns equal as it has parts."""
    found = []
    for size in range(1, min(len(matrix), len(matrix[0])) + 1):
        for rows in combinations(range(len(matrix)), size):
            for columns in combinations(range(len(matrix[0])), size):
                system = [[matrix[u][v] for u in rows] + [Fraction(-1)] for v in columns]
                system.append([Fraction(1)] * size + [Fraction(0)])
                flat = [flint.fmpq(x.numerator, x.denominator) for line in system for x in line]
                left = flint.fmpq_mat(size + 1, size + 1, flat)
                if left.det() == 0:
                    continue
                solved = left.solve(flint.fmpq_mat(size + 1, 1, [0] * size + [1]))
                parts = [Fraction(int(solved[k, 0].p), int(solved[k, 0].q)) for k in range(size)]
                if min(parts) >= 0:
                    mixture = [Fraction(0)] * len(matrix)
                    for u, part in zip(rows, parts, strict=True):
                        mixture[u] = part
                    found.append(worst(matrix, mixture))
    return min(found)


def test_values_are_those_of_an_enumeration_of_all_vertices() -> None:
    for number in range(GAMES):
        matrix = payoffs(number)
        assert least_worst_case(matrix).value == vertices(matrix), f"game {number}"


def test_values_lie_between_what_an_independent_linear_program_guarantees() -> None:
    """Mixtures found in floats guarantee exact rationals: no tolerance is needed."""
    for number in range(GAMES):
        matrix = payoffs(number)
        turned = [[-x for x in column] for column in zip(*matrix, strict=True)]
        above, below = worst(matrix, floating(matrix)), -worst(turned, floating(turned))
        value = least_worst_case(matrix).value
        assert below <= value <= above, f"game {number}"
        assert below <= largest_assured(matrix).value <= above, f"game {number}"
        assert above - below < Fraction(1, 10**6), "the enclosure is too wide to say anything"


def floating(matrix: list[list[Fraction]]) -> list[Fraction]:
    """A mixture of the rows of small worst case, by HiGHS, as exact rationals of sum 1."""
    rows, columns = len(matrix), len(matrix[0])
    numbers = np.array([[float(x) for x in row] for row in matrix])
    found = linprog(
        [0.0] * rows + [1.0],
        A_ub=np.hstack([numbers.T, -np.ones((columns, 1))]),
        b_ub=np.zeros(columns),
        A_eq=[[1.0] * rows + [0.0]],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
    )
    parts = [Fraction(max(x, 0.0)) for x in found.x[:-1].tolist()]
    return [part / sum(parts) for part in parts]


def test_mixtures_are_the_best_and_the_mean_over_all_sequences() -> None:
    for number in range(GAMES // 10):
        case = bulk(mixtures, f"mixtures-{number}")[0]
        contest, size = case.contest, min(case.size, 4)
        laws = [law_of(g, len(contest.real), 0) for g in contest.generators]
        matrix = payoffs_of(scores_of(contest, 0), laws, law_of(contest.real, len(contest.real), 0))
        best = least_worst_case(matrix).mixture
        each, mean = [], Fraction(0)
        for sequence in product(range(len(laws)), repeat=size):
            shares = [Fraction(sequence.count(u), size) for u in range(len(laws))]
            chance = Fraction(1)
            for u in sequence:
                chance *= best[u]
            each.append(worst(matrix, shares))
            mean += chance * each[-1]
        row = zero_sum_mixtures.observe((zero_sum_mixtures.Mixtures(contest, size),), delta=0.0, device=CPU).columns
        assert row["sparse"].mid[0] == flint.fmpq(min(each).numerator, min(each).denominator)
        assert row["drawn"].mid[0] == flint.fmpq(mean.numerator, mean.denominator)


@pytest.mark.parametrize("family", [plays, regularised_plays])
def test_paths_are_powers_of_matrices(family) -> None:
    drawn = [bulk(family, f"path-{k}")[0] for k in range(GAMES // 5)]
    columns = zero_sum_dynamics.observe(tuple(drawn), delta=0.0, device=CPU).columns
    for k, play in enumerate(drawn):
        h, c = rational(play.step), rational(play.curvature)
        eye = flint.fmpq_mat(2, 2, [1, 0, 0, 1])
        field = flint.fmpq_mat(2, 2, [-c, -1, 1, -c])
        first, second = flint.fmpq_mat(2, 2, [1 - h * c, -h, 0, 1]), flint.fmpq_mat(2, 2, [1, 0, h, 1 - h * c])
        start = flint.fmpq_mat(2, 1, [rational(play.u), rational(play.v)])
        at_once, in_turn, extra = (eye + field * h), second * first, eye + field * h + field * field * (h * h)
        for name, step in (("simultaneous", at_once), ("alternating", in_turn), ("extragradient", extra)):
            end = start
            for _ in range(play.steps):
                end = step * end
            assert columns[name].mid[k] == end[0, 0] ** 2 + end[1, 0] ** 2, f"{name} of {play}"


def test_a_saddle_point_is_a_pair_from_which_neither_gains() -> None:
    """Pure pairs tried one by one: some leaves both gains at 0 exactly where the simulator sees a saddle point."""
    for number in range(GAMES // 10):
        contest = bulk(games, f"saddle-{number}")[0]
        u, v = len(contest.generators), len(contest.discriminators)
        pairs = [
            zero_sum_contest.Contest(
                contest.discriminators,
                contest.generators,
                contest.real,
                (tuple(int(i == a) for i in range(u)), tuple(int(j == b) for j in range(v))),
                (),
                mixed,
            )
            for a in range(u)
            for b in range(v)
            for mixed in (False, True)
        ]
        columns = zero_sum_contest.observe(tuple(pairs), delta=0.0, device=CPU).columns
        gains = zip(columns["discriminator_gain"].mid, columns["generator_gain"].mid, strict=True)
        assert any(d == 0 and g == 0 for d, g in gains) == bool(columns["saddle"].mid[0]), f"game {number}"
