"""Small games of known value, and what malformed ones are told."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import flint
import pytest
import torch

from simulators import zero_sum_contest, zero_sum_dynamics, zero_sum_mixtures
from simulators.measurement import MeasurementError
from simulators.zero_sum_contest import Contest
from simulators.zero_sum_dynamics import Play
from simulators.zero_sum_mixtures import Mixtures
from simulators.zero_sum_value import largest_assured, least_worst_case

CPU = torch.device("cpu")
PENNIES = Contest(((1.0, 0.0), (0.0, 1.0)), ((1, 0), (0, 1)), (1, 1))


def fractions(rows: list[list[int]]) -> list[list[Fraction]]:
    return [[Fraction(x) for x in row] for row in rows]


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        ([[7]], Fraction(7)),
        ([[0, 1, -1], [-1, 0, 1], [1, -1, 0]], Fraction(0)),
        ([[3, 0], [1, 2]], Fraction(3, 2)),
        ([[2, 2], [2, 2]], Fraction(2)),
        ([[1, 5], [0, 4]], Fraction(4)),
        ([[-1, 2, 0]], Fraction(2)),
        ([[-1], [2], [0]], Fraction(-1)),
    ],
)
def test_values_of_small_games(rows, value):
    matrix = fractions(rows)
    assert least_worst_case(matrix).value == value == largest_assured(matrix).value


def test_degenerate_games_end_and_both_sides_meet():
    """Ties everywhere, on which a careless pivot rule may cycle."""
    random = Random(4)
    for _ in range(60):
        rows, columns = random.randint(2, 9), random.randint(2, 9)
        matrix = fractions([[random.randint(-1, 1) for _ in range(columns)] for _ in range(rows)])
        best, answer = least_worst_case(matrix), largest_assured(matrix)
        assert sum(best.mixture) == 1 == sum(answer.mixture)
        assert min(best.mixture) >= 0
        assert best.value == answer.value


def observed(contest: Contest) -> dict[str, object]:
    columns = zero_sum_contest.observe((contest,), delta=0.0, device=CPU).columns
    return {name: column.mid[0] for name, column in columns.items()}


def test_matching_pennies():
    row = observed(PENNIES)
    assert (row["minmax"], row["maxmin"], row["upper"], row["lower"]) == (flint.fmpq(1, 2), flint.fmpq(-1, 2), 0, 0)
    assert not row["saddle"]
    assert (row["unreached"], row["unmatched"]) == (0, 0)
    alone = observed(replace(PENNIES, mixed=False))
    assert (alone["upper"], alone["lower"]) == (flint.fmpq(1, 2), flint.fmpq(-1, 2))


def test_gains_and_regrets_of_a_played_pair():
    row = observed(replace(PENNIES, played=((1, 1), (1, 0))))
    assert (row["objective"], row["discriminator_gain"], row["generator_gain"]) == (0, 0, flint.fmpq(1, 2))
    assert (row["generator_regret"], row["discriminator_regret"]) == (0, flint.fmpq(1, 2))
    charged = observed(replace(PENNIES, played=((0, 1), (1, 0)), beside=(0.0, 0.25)))
    assert (charged["objective"], charged["conflict"]) == (flint.fmpq(1, 2), flint.fmpq(1, 4))
    assert charged["generator_gain"] == flint.fmpq(5, 4)


def test_what_a_real_law_out_of_reach_is_missed_by():
    row = observed(Contest(((1.0, 0.0, 0.0),), ((1, 0, 0), (0, 1, 0)), (1, 1, 2)))
    assert (row["unreached"], row["unmatched"]) == (flint.fmpq(1, 2), 1)


@pytest.mark.parametrize(
    ("contest", "words"),
    [
        (replace(PENNIES, real=(1, -1)), "whole numbers >= 0"),
        (replace(PENNIES, real=(0, 0)), "not all 0"),
        (replace(PENNIES, generators=()), "at least one of each"),
        (replace(PENNIES, discriminators=((1.5, 0.0),)), r"in \[0, 1\]"),
        (replace(PENNIES, beside=(1.0,)), "one a generator"),
        (replace(PENNIES, played=((1, 1), ()), mixed=False), "one strategy"),
    ],
)
def test_a_malformed_contest_is_named(contest, words):
    with pytest.raises(MeasurementError, match=words):
        zero_sum_contest.observe((contest,), delta=0.0, device=CPU)


@pytest.mark.parametrize("size", [0, 10_000])
def test_mixtures_that_are_not_enumerated(size):
    with pytest.raises(MeasurementError, match="1 or more, at most"):
        zero_sum_mixtures.observe((Mixtures(PENNIES, size),), delta=0.0, device=CPU)


def test_payoffs_of_many_digits_are_not_cut_to_machine_words():
    """The sum over 9 generators of payoffs in units of their common denominator needs more than 64 bits."""
    contest = Contest(((0.1234567890123457, 0.0), (0.0, 0.9999999999999999)), ((1, 0), (0, 1)), (1, 400))
    columns = zero_sum_mixtures.observe((Mixtures(contest, 9),), delta=0.0, device=CPU).columns
    laws = [[Fraction(k, 9), Fraction(9 - k, 9)] for k in range(10)]
    scores = [[Fraction("0.1234567890123457"), Fraction(0)], [Fraction(0), Fraction("0.9999999999999999")]]
    real = [Fraction(1, 401), Fraction(400, 401)]
    least = min(max(sum(d * (r - g) for d, r, g in zip(row, real, law, strict=True)) for row in scores) for law in laws)
    assert columns["sparse"].mid[0] == flint.fmpq(least.numerator, least.denominator)
    assert 0 == columns["upper"].mid[0] < columns["sparse"].mid[0]


@pytest.mark.parametrize("play", [Play(0.0, 0.0, 0.1, 3), Play(1.0, 0.0, 0.0, 3), Play(1.0, 0.0, 0.1, 0)])
def test_a_malformed_play_is_named(play):
    with pytest.raises(MeasurementError, match="a start other than 0"):
        zero_sum_dynamics.observe((play,), delta=0.0, device=CPU)


def test_half_a_turn_in_three_steps():
    columns = zero_sum_dynamics.observe((Play(1.0, 1.0, 1.0, 3),), delta=0.0, device=CPU).columns
    assert (columns["last_u"].mid[0], columns["last_v"].mid[0]) == (-1, -1)
    assert columns["simultaneous"].mid[0] == 16
