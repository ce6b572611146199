"""Discriminators with exact laws: textbook values, and one clear line for what is none."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import exp, log, sqrt

import numpy as np
import pytest
import torch

from simulators import (
    discriminator_bits,
    discriminator_class,
    discriminator_coins,
    discriminator_lemmas,
    discriminator_patterns,
    discriminator_sine,
    discriminator_table,
)
from simulators.discriminator_bits import BitTable, Measured
from simulators.discriminator_class import FiniteClass
from simulators.discriminator_coins import Coins
from simulators.discriminator_lemmas import Cube, Segment, Toss, apart, covers
from simulators.discriminator_patterns import Patterns, least_gap
from simulators.discriminator_sine import SineTable
from simulators.discriminator_table import Drawn, Table, mean_deviation
from simulators.discriminator_tails import threshold
from simulators.measurement import MeasurementError

CPU = torch.device("cpu")


def first(simulator, *instances):
    """The first row of each column, as floats."""
    table = simulator(instances, delta=0.0, device=CPU)
    return {name: _number(column.mid[0]) for name, column in table.columns.items()}


def _number(value):
    if hasattr(value, "p"):
        return int(value.p) / int(value.q)
    return float(value.mid()) if hasattr(value, "mid") else float(value)


def test_two_coins_and_two_images() -> None:
    """One coin is constant on two images with probability 1/2, one of two with probability 3/4."""
    row = first(discriminator_class.observe, FiniteClass(2, 0, 2, 0.25))
    assert row["net"] == 2
    assert exp(row["log_P"]) == pytest.approx(0.75, rel=1e-12)
    assert row["q"] == pytest.approx(0.5, rel=1e-12)
    assert row["eps"] == pytest.approx(0.5, abs=1e-6)


def test_one_image_always_deviates() -> None:
    row = first(discriminator_class.observe, FiniteClass())
    assert (row["log_P"], row["q"]) == (0.0, 1.0)


def test_epsilon_inside_a_cluster_is_always_exceeded() -> None:
    row = first(discriminator_class.observe, FiniteClass(1, 0, 100, resolution=0.25, inside=0.5))
    assert (row["eps"], row["log_P"]) == (0.25, 0.0)


def test_more_tail_is_a_larger_deviation() -> None:
    found = [threshold(1000, log(7), tail) for tail in (-5.0, 0.0, 1.0, 10.0, 100.0, 1e6)]
    assert found == sorted(found)
    assert found[0] == 501
    assert found[-1] == 1000


def test_none_of_four_coins_is_constant_on_three_images() -> None:
    row = first(discriminator_coins.observe_memory, Coins(1, 2, 3))
    assert row["log_none"] == pytest.approx(4 * log(3 / 4), rel=1e-14)


def test_a_bit_table_declares_what_it_is_unless_told_otherwise() -> None:
    row = first(discriminator_bits.observe, BitTable(10, 50, stretch=3))
    assert (row["L"], row["steepest"], row["R"], row["extent"]) == (2**7, 2**7, 4, 4)
    less = first(discriminator_bits.observe, BitTable(10, 50, steeper=2, farther=1))
    assert (less["L"], less["steepest"], less["R"], less["extent"]) == (2**8, 2**10, 0.25, 0.5)


def test_cells_have_the_radius_of_their_cube() -> None:
    row = first(discriminator_bits.observe, BitTable(100, 90, cells=9))
    assert row["R"] == pytest.approx(1.5, rel=1e-15)
    assert -1e-6 < row["log_P"] <= 0


def test_lipschitz_constants_beyond_floats_are_exact() -> None:
    table = discriminator_bits.observe((BitTable(13_000, 20_000),), delta=0.0, device=CPU)
    steep = table.columns["L"].mid[0]
    assert steep.is_exact()
    assert steep == 2**13_000


def test_an_affine_measuring_function_stretches_the_gap() -> None:
    plain = first(discriminator_bits.observe, BitTable(3, 20))
    row = first(discriminator_bits.observe_measured, Measured(BitTable(3, 20), "affine", 4.0))
    assert row["eps"] == pytest.approx(8 * plain["eps"], rel=1e-14)
    assert (row["L_phi"], row["Delta"], row["log_P"]) == (8, 4, pytest.approx(plain["log_P"], rel=1e-12))


def test_the_mean_deviation_of_a_fair_coin() -> None:
    """E|K - 1| = 1/2 for two tosses, and 3/4 from the middle of four."""
    assert mean_deviation(1, 2, 2) == Fraction(1, 2)
    assert mean_deviation(1, 2, 4) == Fraction(3, 4)
    row = first(discriminator_table.observe_mean, Table(((1, 2),), 2))
    assert row["E_gap"] == 0.25


def test_a_table_of_one_cell_sees_nothing() -> None:
    assert first(discriminator_table.observe_drawn, Drawn((3,), 5)) == {"gap": 0.0, "variation": 0.0}


def test_a_sine_sees_half_of_the_images() -> None:
    row = first(discriminator_sine.observe, SineTable(4, 1))
    assert row["advantage"] == 0.75
    assert row["log_P"] == 0
    assert row["eps"] < 0.75


def test_a_net_covers_whole_edges_and_just_more() -> None:
    whole = first(discriminator_lemmas.observe_net, Cube((3, 1), (1, 1), (1, 1), 2))
    more = first(discriminator_lemmas.observe_net, Cube((3001, 1000), (1, 1), (1, 1), 2))
    assert (whole["net"], more["net"]) == (9, 16)


def test_a_hole_in_a_cover_and_points_too_near_are_seen() -> None:
    """Four squares of edge 2 cover [0, 4]², three do not; corners 2 apart are not more than 2 apart."""
    corners = np.array([(0, 0), (0, 2), (2, 0), (2, 2)])
    assert covers(corners, 2, 4)
    assert not any(covers(np.delete(corners, k, axis=0), 2, 4) for k in range(4))
    assert not covers(corners, 2, 5)
    assert apart(corners, 1)
    assert not apart(corners, 2)


def test_no_gap_of_fair_bits_exceeds_a_half() -> None:
    """However many bits: ln 2^100 images' worth of them, and m = 5."""
    row = first(discriminator_coins.observe, Coins(1, 100, 5, beyond=True))
    assert (row["eps"], row["exceed"]) == (0.5, 0.0)
    below = first(discriminator_coins.observe, Coins(1, 100, 5))
    assert below["eps"] < 0.5
    assert below["exceed"] == pytest.approx(1, abs=1e-12)


def test_equal_bits_are_counted_and_add_nothing() -> None:
    row = first(discriminator_coins.observe_memory, Coins(1, 1, 3, alike=4))
    assert (row["net"], row["alike"]) == (32, 16)
    assert row["log_none"] == pytest.approx(2 * log(3 / 4), rel=1e-14)


def test_a_steep_measuring_function_spreads_small_values() -> None:
    """Values in [0, 1/8] of slope 2^7, seen through φ of slope 16 and span 2."""
    row = first(discriminator_bits.observe_measured, Measured(BitTable(10, 50, reach=0.125), height=1.0))
    plain = first(discriminator_bits.observe, BitTable(10, 50))
    assert (row["L"], row["L_phi"]) == (2**7, 16)
    assert row["eps"] == pytest.approx(2 * plain["eps"], rel=1e-14)


def test_generators_of_few_images_leave_what_they_miss() -> None:
    """Of images with masses 3, 1, 1, 1 (over 6): ½, ⅓ … are left; L = 3 for two images of a cell."""
    gaps = [first(discriminator_patterns.observe, Patterns(2, 2, k, heavier=3))["least"] for k in (1, 2, 3, 4)]
    assert gaps == pytest.approx([1 / 2, 1 / 3, 1 / 6, 0], abs=1e-15)
    row = first(discriminator_patterns.observe, Patterns(2, 2, 1, stretch=1))
    assert (row["L"], row["net"], row["heaviest"]) == (1.5, 16, 1)
    assert row["R"] == pytest.approx(sqrt(2), rel=1e-15)


def test_a_fair_coin_has_the_moment_of_a_hyperbolic_cosine() -> None:
    row = first(discriminator_lemmas.observe_moment, Toss(0.5, 2.0))
    assert row["log_moment"] == pytest.approx(log((exp(1) + exp(-1)) / 2), rel=1e-14)


def test_a_segment_moves_in_proportion() -> None:
    row = first(discriminator_lemmas.observe_segment, Segment(masses=(1, 3), v=(0, 1), w=(1, 2)))
    assert (row["distance"], row["changed"], row["moved"]) == (0.5, 0.5, 0.75)


def test_the_gap_grows_with_the_root_of_the_logarithm() -> None:
    """At P about 1/e the gap of 2^b + 1 coins is sqrt(b ln 2/(2m)) to 2 %, for large b."""
    row = first(discriminator_bits.observe, BitTable(13_000, 10_000_000, 1.0))
    assert row["eps"] == pytest.approx(sqrt(13_000 * log(2) / 2e7), rel=0.02)


MALFORMED = [
    (discriminator_class.observe, FiniteClass(samples=0)),
    (discriminator_class.observe, FiniteClass(doublings=20_000)),
    (discriminator_class.observe, FiniteClass(place=0.5)),
    (discriminator_class.observe, FiniteClass(resolution=0.5)),
    (discriminator_class.observe, FiniteClass(inside=0.5)),
    (discriminator_coins.observe_memory, Coins(multiple=0, samples=2)),
    (discriminator_coins.observe, Coins(alike=-1)),
    (discriminator_patterns.observe, Patterns(2, 3, 7)),
    (discriminator_patterns.observe, Patterns(eps=0.0)),
    (discriminator_bits.observe, BitTable(doublings=-1)),
    (discriminator_bits.observe, BitTable(place=0.75)),
    (discriminator_bits.observe, BitTable(samples=2**31)),
    (discriminator_bits.observe, BitTable(40, 400, cells=10)),
    (discriminator_bits.observe, BitTable(steeper=-1)),
    (discriminator_bits.observe_measured, Measured(BitTable(), "square")),
    (discriminator_bits.observe_measured, Measured(BitTable(reach=0.5), "log")),
    (discriminator_bits.observe_measured, Measured(BitTable(), height=1e9)),
    (discriminator_table.observe, Table(((1, 1),))),
    (discriminator_table.observe_mean, Table(((0, 3),))),
    (discriminator_table.observe_mean, Table(samples=10**6)),
    (discriminator_table.observe_drawn, Drawn((1,) * 13)),
    (discriminator_sine.observe, SineTable(2, 2)),
    (discriminator_lemmas.observe_net, Cube(radius=(10**9, 1))),
    (discriminator_lemmas.observe_net, Cube((20, 1), parameters=3)),
    (discriminator_lemmas.observe_moment, Toss(1.5)),
    (discriminator_lemmas.observe_segment, Segment(drawn=(0, 0))),
    (discriminator_lemmas.observe_segment, Segment(w=(3, 1))),
]


@pytest.mark.parametrize(("simulator", "instance"), MALFORMED)
def test_what_is_no_instance_is_one_clear_line(simulator, instance) -> None:
    with pytest.raises(MeasurementError, match=r"got .*; expected ") as caught:
        simulator((instance,), delta=0.0, device=CPU)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("support", "eps"), list(itertools.product((1, 2, 3, 4), (0.125, 0.375, 0.6))))
def test_a_table_is_lost_only_where_no_sample_wins(support, eps):
    """P(gap > ε) = 1 is measured only if every sample of so many images, all listed, is farther than ε from the law."""
    case = Patterns(1, 4, support, heavier=2, eps=eps)
    law = [Fraction(2, 5), *[Fraction(1, 5)] * 3]
    samples = itertools.combinations_with_replacement(range(4), support)
    distances = [sum(abs(p - Fraction(s.count(k), support)) for k, p in enumerate(law)) / 2 for s in samples]
    table = discriminator_patterns.observe_lost((case,), delta=0.0, device=CPU)
    assert len(table) == 0 or min(distances) > Fraction(eps)
    assert (len(table) == 1) == (least_gap(case) > Fraction(eps))
