"""Heavy sets against points written out one by one, and least samples against products of fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product
from math import ceil

import pytest
import torch

from simulators import collisions_sets, collisions_threshold
from simulators.collisions import Law
from simulators.collisions_sets import Weighed
from simulators.collisions_threshold import MOST, Points, least
from simulators.measurement import MeasurementError
from simulators.streams import stream

CPU = torch.device("cpu")


def drawn(number: int) -> Weighed:
    """A law on a few points of a few weights, some with an atomless part, up to three samples, from an urn or not."""
    random = stream("laws for heavy sets", number)
    sizes = [int(random.integers(1, 4)) for _ in range(int(random.integers(1, 4)))]
    groups = tuple((int(random.integers(1, 9)), size) for size in sizes)
    returned = int(random.choice((1, 1, 0, 2)))
    law = Law(groups, 1, atomless=int(random.choice((0, 2, 20))) if returned == 1 else 0, returned=returned)
    percent = int(random.integers(1, 101)) * (law.total - law.atomless) // law.total
    return Weighed(Law(groups, min(int(random.integers(1, 4)), law.total), (), law.atomless, returned), max(percent, 1))


def listed(law: Law) -> list[Fraction]:
    """The probability of every point."""
    return [Fraction(weight, law.total) for weight, count in law.groups for _ in range(count)]


def duplicate(law: Law) -> Fraction:
    """P(duplicate), over every sample in order; the atomless part never repeats."""
    weights = [w for w, count in law.groups for _ in range(count)] + [law.atomless] * (law.atomless > 0)
    fresh, total = len(weights) - 1 if law.atomless else None, Fraction(0)
    for sample in product(range(len(weights)), repeat=law.s):
        if any(a == b != fresh for a, b in combinations(sample, 2)):
            chance = Fraction(1)
            for k, point in enumerate(sample):
                left = weights[point] + sample[:k].count(point) * (law.returned - 1)
                chance *= Fraction(max(left, 0), law.total + k * (law.returned - 1))
            total += chance
    return total


def test_sets_and_probabilities_are_those_of_points_written_out():
    cases = [drawn(k) for k in range(150)]
    table = collisions_sets.observe_mass(tuple(cases), delta=0.0, device=CPU).columns
    for row, case in enumerate(cases):
        law, points = case.law, sorted(listed(case.law), reverse=True)
        kappa = sum(p * p for p in points)
        level = [p for p in points if p >= kappa / 2]
        truth = {
            "N": Fraction(len(points)),
            "s": Fraction(law.s),
            "kappa": kappa,
            "top": sum(points[: ceil(1 / kappa)], Fraction(0)),
            "n": Fraction(len(level)),
            "m": sum(level, Fraction(0)),
            "atomless": 1 - sum(points),
            "rho": Fraction(case.percent, 100),
            "n_rho": Fraction(next(n for n in range(1, 99) if sum(points[:n]) >= Fraction(case.percent, 100))),
            "P_dup": duplicate(law),
            "P_none": 1 - duplicate(law),
        }
        precise = collisions_sets.observe_mass_precisely(case, 128).columns
        assert set(truth) | {"dependence"} == set(table)
        for name, value in truth.items():
            column = table[name]
            assert abs(Fraction(column.mid[row]) - value) <= Fraction(float(column.rad[row])) <= value / 2**48
            assert Fraction(str(precise[name].mid[0])) == value, (name, case)


def test_a_mass_that_no_points_have_is_an_error():
    with pytest.raises(MeasurementError, match="points of 60 % of the mass"):
        collisions_sets.observe_mass((Weighed(Law(((1, 1),), 2, atomless=1), 60),), delta=0.0, device=CPU)
    for percent in (0, 101, 99.5):
        with pytest.raises(MeasurementError, match="1 to 100"):
            collisions_sets.observe_mass((Weighed(Law(((1, 1),), 2), percent),), delta=0.0, device=CPU)  # type: ignore[arg-type]


def test_least_samples_are_those_of_products_of_fractions():
    for points in [*range(1, 120), 365, 1000]:
        distinct, samples = Fraction(1), 0
        while distinct > Fraction(1, 2):
            distinct, samples = distinct * (1 - Fraction(samples, points)), samples + 1
        assert least(points) == samples
    assert least(365) == 23


@pytest.mark.parametrize("number", [0, MOST + 1, 2.5, True])
def test_numbers_of_points_out_of_range_are_errors(number):
    with pytest.raises(MeasurementError, match="points"):
        collisions_threshold.observe((Points(number),), delta=0.0, device=CPU)
