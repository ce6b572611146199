"""Simulators of classes of bounded dimension on cases that can be worked out by hand, and what they refuse."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest
import torch

from simulators import (
    vc_dichotomies,
    vc_exact_law,
    vc_half_planes,
    vc_half_planes_gaussian,
    vc_intervals,
    vc_thresholds,
    vc_two_sizes,
)
from simulators.measurement import MeasurementError, Simulator
from simulators.vc_dichotomies import Family, Line, Plane
from simulators.vc_exact_law import Thresholds, gap_law, mean_gap
from simulators.vc_half_planes import Planar, collinear_triples
from simulators.vc_half_planes_gaussian import Normal
from simulators.vc_intervals import Sample
from simulators.vc_thresholds import Stumps
from simulators.vc_two_sizes import TwoSizes

CPU = torch.device("cpu")


def measured(simulator: Simulator, case: object) -> dict[str, object]:
    table = simulator((case,), delta=1e-6, device=CPU)
    return {name: column.mid[0] for name, column in table.columns.items()}


def test_one_point_has_a_gap_of_one_half_or_more():
    """One uniform point u: the gap is max(u, 1 - u), the one-sided gap 1 - u."""
    assert gap_law(1, Fraction(3, 4), ()) == (Fraction(1, 4), Fraction(1, 2))
    assert gap_law(1, Fraction(1, 2), ()) == (Fraction(1, 2), 1)


def test_two_equal_atoms_are_a_fair_coin():
    """The gap is |heads/m - ½|: for two tosses 0 or ½, evenly; atoms have a mean of their own."""
    assert gap_law(2, Fraction(1, 2), (1, 1)) == (Fraction(1, 4), Fraction(1, 2))
    assert mean_gap(2, (1, 1)) == Fraction(1, 4)
    assert gap_law(3, Fraction(1, 3), (5,)) == (0, 0)


def test_stumps_on_independent_coordinates_and_on_copies():
    """Two points stay below ½ if each has its own half: with probability ½."""
    assert measured(vc_thresholds.observe, Stumps(2, 1))["P"] == pytest.approx(0.5)
    one = measured(vc_thresholds.observe, Stumps(3, 2))["P"]
    two = measured(vc_thresholds.observe, Stumps(3, 2, 2))["P"]
    copies = measured(vc_thresholds.observe, Stumps(3, 2, 5, 4))["P"]
    assert two == pytest.approx(1 - (1 - one) ** 2)
    assert copies == one


def test_a_doubled_sample_has_the_law_of_its_half():
    doubled = measured(vc_thresholds.observe, Stumps(20, 6, doubled=True))
    half = measured(vc_thresholds.observe, Stumps(10, 3))
    assert doubled["P"] == half["P"]
    assert doubled["repeated"] == 10


def test_a_probability_too_small_to_be_told_from_nothing_is_covered():
    """All points lie in one hundredth of the line: the chance is about 2e-198, and 0 is within the radius."""
    table = vc_thresholds.observe((Stumps(100, 99),), delta=0.0, device=CPU)
    assert 0 <= table.columns["P"].mid[0] <= table.columns["P"].rad[0] < 1e-9


@pytest.mark.parametrize(
    ("sample", "gap"),
    [
        (Sample(4, 2, "even"), Fraction(1, 2)),
        (Sample(4, 4, "even"), 1),
        (Sample(4, 9, "even"), 1),
        (Sample(6, 3, "clusters"), 1),
        (Sample(6, 1, "given", 0, (0,) * 6, 1), 1),
        (Sample(2, 1, "given", 0, (1, 2), 4), Fraction(3, 4)),
    ],
)
def test_intervals_see_what_can_be_counted(sample: Sample, gap: Fraction):
    """Two points at ¼ and ½: [¼, ½] holds both and has length ¼."""
    found = measured(vc_intervals.observe, sample)["gap"]
    assert found == flint.fmpq(Fraction(gap).numerator, Fraction(gap).denominator)


def test_intervals_use_the_law_s_excess_too():
    """One point at the right end: the interval before it has no point and length 1."""
    found = measured(vc_intervals.observe, Sample(1, 1, "given", 0, (1,), 1))
    assert (found["gap"], found["excess"]) == (1, 1)
    assert found["below"] == 1
    assert found["above"] == 0


def test_four_corners_of_a_square_are_not_seen_crosswise():
    corners = ((0, 0), (1, 1), (1, 0), (0, 1))
    found = measured(vc_half_planes.observe, Planar(corners, (1, 1, 1, 1), (1, 1, 0, 0)))
    assert (found["gap"], found["variation"], found["stump"]) == (flint.fmpq(1, 4), flint.fmpq(1, 2), 0)


def test_the_middle_of_three_atoms_on_a_line_is_not_seen_alone():
    found = measured(vc_half_planes.observe, Planar(((0, 0), (1, 1), (2, 2)), (1, 2, 1), (1, 0, 1)))
    assert (found["gap"], found["variation"], found["degenerate"]) == (flint.fmpq(1, 4), flint.fmpq(1, 2), 1)


def test_one_atom_and_one_normal_point():
    """A half-plane whose line passes the point x, away from 0, has mass Φ(-|x|)."""
    assert measured(vc_half_planes.observe, Planar(((3, 4),), (2,), (5,)))["gap"] == 0
    x, y = vc_half_planes_gaussian.drawn(Normal(1, 3), CPU)[0].tolist()
    far = (x * x + y * y) ** 0.5 / vc_half_planes_gaussian.SCALE
    expected = 1 - torch.special.ndtr(torch.tensor(-far, dtype=torch.float64)).item()
    assert measured(vc_half_planes_gaussian.observe, Normal(1, 3))["gap"] == pytest.approx(expected, abs=1e-14)


def test_two_normal_points_in_one_place_are_taken_together():
    """Both at distance t: a half-plane that ends there has both points and mass Φ(-t), or neither and mass Φ(t)."""
    far = vc_half_planes_gaussian.SCALE // 10
    twice = vc_half_planes_gaussian.gaps(torch.tensor([[[far, 0], [far, 0]], [[0, 0], [0, 0]]]))
    expected = torch.special.ndtr(torch.tensor(far / vc_half_planes_gaussian.SCALE, dtype=torch.float64)).item()
    assert twice.tolist() == pytest.approx([expected, 0.5], abs=1e-14)


def test_points_in_one_place_among_others_give_no_line_of_their_own():
    """Four pairs around 0: no line but those through two places or square to one counts."""
    random = torch.tensor([[70000, 1000], [-65000, 9000], [3000, 66000], [5000, -71000]])
    angles = torch.linspace(0, torch.pi, 4000, dtype=torch.float64)
    pairs = random.repeat(2, 1)
    along = pairs.double() / vc_half_planes_gaussian.SCALE @ torch.stack([angles.cos(), angles.sin()])
    mass = torch.special.ndtr(along)
    at_most = (along[None] <= along[:, None] + 1e-12).double().mean(1)
    below = (along[None] < along[:, None] - 1e-12).double().mean(1)
    brute = float(torch.maximum(at_most - mass, mass - below).max())
    assert brute <= float(vc_half_planes_gaussian.gaps(pairs[None])[0]) <= brute + 1e-3


def test_heavy_weights_are_exact_up_to_the_limit_and_refused_from_there():
    """The law sits on two atoms, the sample on the others: a half-plane has all of the one, none of the other.

    Σ |w_i| is 8 · 2^p: below 2^62 for p = 58, not below it from p = 59 on, and sums in int64 overflow soon after.
    """
    atoms = ((0, 0), (1, 0), (0, 1), (3, 5))
    heavy = Planar(atoms, (2**58, 2**58, 1, 1), (0, 0, 1, 1))
    assert sum(abs(w) for w in heavy.signed) < vc_half_planes.HEAVIEST
    found = measured(vc_half_planes.observe, heavy)
    truth = flint.fmpq(2**58, 2**58 + 1)
    assert (found["gap"], found["moved"], found["stump"], found["variation"]) == (truth,) * 4
    for power in (59, 61, 70):
        with pytest.raises(MeasurementError, match=r"expected less than 2\^62: divide the weights"):
            measured(vc_half_planes.observe, Planar(atoms, (2**power, 2**power, 1, 1), (0, 0, 1, 1)))


def test_collinear_triples_of_far_points_are_exact():
    far = 2**70
    assert collinear_triples(((0, 0), (far, far), (2 * far, 2 * far), (far, far + 1))) == 1


def test_collinear_triples_are_counted_once():
    assert collinear_triples(((0, 0), (1, 0), (2, 0), (5, 0))) == 4
    assert collinear_triples(((0, 0), (2, 1), (4, 2), (1, 5))) == 1
    assert collinear_triples(((0, 0), (-1, -1), (1, 1))) == 1


def test_ways_and_dimension_of_small_classes():
    assert measured(vc_dichotomies.observe_line, Line((1, 2, 3), 1))["ways"] == 7  # all but the two outer ones
    plane = measured(vc_dichotomies.observe_plane, Plane(((0, 0), (1, 0), (0, 1), (1, 1))))
    assert (plane["ways"], plane["dimension"]) == (14, 3)
    assert measured(vc_dichotomies.observe_family, Family(3, (0b101,)))["dimension"] == 0
    assert measured(vc_dichotomies.observe_family, Family(3, tuple(range(8))))["dimension"] == 3


@pytest.mark.parametrize(
    ("simulator", "case"),
    [
        (vc_thresholds.observe, Stumps(3, 4)),
        (vc_thresholds.observe, Stumps(3, 1, 2, 2)),
        (vc_thresholds.observe, Stumps(3, 2, doubled=True)),
        (vc_thresholds.observe, Stumps(10**6, 10**4)),
        (vc_exact_law.observe, Thresholds(0, 1)),
        (vc_exact_law.observe, Thresholds(3, 7)),
        (vc_exact_law.observe, Thresholds(3, 2, (1, 0))),
        (vc_exact_law.observe_mean, Thresholds(3, 2, (1,))),
        (vc_intervals.observe, Sample(3, 0)),
        (vc_intervals.observe, Sample(3, 1, "odd")),
        (vc_intervals.observe, Sample(2, 1, "given", 0, (1, 3), 2)),
        (vc_half_planes.observe, Planar(((0, 0), (0, 0)), (1, 1), (1, 1))),
        (vc_half_planes.observe, Planar(((0, 0),), (1,), (0,))),
        (vc_half_planes.observe, Planar(((0, 0),), (1,), (1,), (1, 2, 2, 4, 0, 0))),
        (vc_half_planes.observe, Planar(((2**20, 0),), (1,), (1,))),
        (vc_half_planes.observe, Planar(((2**32, 0), (0, 2**32)), (1, 1), (1, 0))),
        (vc_half_planes.observe, Planar(((0, 0), (1, 0)), (1, 1), (1, 0), (2**20, 0, 0, 1, 0, 0))),
        (vc_half_planes.observe, Planar(((0, 0), (1, 0), (0, 1), (3, 5)), (2**61, 2**61, 1, 1), (0, 0, 1, 1))),
        (vc_half_planes.observe, Planar(((0, 0), (1, 0)), (0.5, 1), (1, 0))),
        (vc_half_planes_gaussian.observe, Normal(0)),
        (vc_dichotomies.observe_line, Line((), 1)),
        (vc_dichotomies.observe_line, Line((1,), 0)),
        (vc_dichotomies.observe_plane, Plane(((0, 0),) * 15)),
        (vc_dichotomies.observe_family, Family(2, (4,))),
        (vc_two_sizes.observe, TwoSizes("discs", (10, 20))),
        (vc_two_sizes.observe, TwoSizes("half-planes", (10, 20), (1, 2))),
    ],
)
def test_a_malformed_case_is_one_clear_error(simulator: Simulator, case: object):
    with pytest.raises(MeasurementError, match="expected"):
        measured(simulator, case)
