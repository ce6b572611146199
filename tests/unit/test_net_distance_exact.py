"""Exact distances of small classes: textbook values, and what is no instance."""

from __future__ import annotations

import flint
import pytest
import torch

from simulators import net_distance_hull as hull
from simulators import net_distance_linear as linear
from simulators import net_distance_metric as metric
from simulators import net_distance_rkhs as rkhs
from simulators import net_distance_samples as samples
from simulators import net_distance_singular as singular
from simulators import net_distance_transport as transport
from simulators.measurement import MeasurementError
from simulators.net_distance_laws import samples as outcomes
from simulators.net_distance_relu import gap, lifted, neurons, supremum

CPU = torch.device("cpu")
q = flint.fmpq
OPPOSITE = ((1.0,), (-1.0,))


def one(observe, case, name: str):  # type: ignore[no-untyped-def]
    """One measured value of one instance."""
    return observe((case,), delta=0.0, device=CPU).columns[name].mid[0]


@pytest.mark.parametrize(("ball", "expected"), [("l1", q(1, 2)), ("linf", q(7, 10)), ("l2", q(1, 2))])
def test_a_norm_ball_sees_half_the_dual_norm(ball: str, expected) -> None:  # type: ignore[no-untyped-def]
    """Features (0.6, 0.8) and (0, 0), or for ℓ₁ (1, 0.4): norms 1, 1.4 and 1."""
    first = {"l1": (1.0, 0.4), "linf": (0.6, 0.8), "l2": (0.6, 0.8)}[ball]
    case = linear.Linear((first, (0.0, 0.0)), (1, 0), (0, 1), ball)
    assert one(linear.observe, case, "distance") == expected
    assert one(linear.observe, case, "dual_norm") == 2 * expected


def test_a_table_with_one_hot_features_is_a_ball_of_l_infinity() -> None:
    case = linear.Linear(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (3, 1, 0), (1, 1, 2), "linf")
    assert one(linear.observe, case, "distance") == one(linear.observe, case, "table") == q(1, 2)


def test_a_net_of_a_ball_and_its_mesh() -> None:
    case = linear.Net(linear.Linear(OPPOSITE, (1, 0), (0, 1), "linf"), 4, (1.0,), (0.5,))
    found = linear.observe_net((case,), delta=0.0, device=CPU).columns
    assert [found[n].mid[0] for n in ("net_maximum", "mesh", "lipschitz", "distance", "changed", "moved")] == [
        q(3, 4), q(1, 4), q(1, 2), q(1), q(1, 4), q(1, 2),
    ]  # fmt: skip


def test_outcomes_of_draws_have_the_multinomial_law() -> None:
    found = list(outcomes([q(1, 2), q(1, 3), q(1, 6)], 3))
    assert len(found) == 10
    assert sum(chance for chance, _ in found) == 1
    assert {tuple(law): chance for chance, law in found}[(q(1, 3), q(1, 3), q(1, 3))] == q(1, 6)


def test_samples_of_a_fair_sign() -> None:
    """±1 with equal chance, m = 2: distance ½ or 0, each with probability ½."""
    case = samples.Sampled(OPPOSITE, (1, 1), 2)
    assert one(samples.observe, case, "mean_square") == q(1, 8)
    assert one(samples.observe, case, "mean") == q(1, 4)
    assert one(samples.observe, samples.Sampled(OPPOSITE, (1, 1), 2, 2), "mean_square") == q(1, 4)
    assert one(samples.observe, samples.Sampled(OPPOSITE, (1, 1), 2, 2), "dependence") == q(1, 2)


def test_the_gaussian_kernel_of_two_points() -> None:
    """|φ(x) - φ(y)|² = 2 - 2 exp(-(x - y)²/2), summed over infinitely many features."""
    found = one(rkhs.observe, rkhs.Kernel(((3.0,), (1.0,)), (1, 0), (0, 1)), "distance")
    with flint.ctx.workprec(192):
        expected = (2 - 2 * flint.arb(-2).exp()).sqrt()
    assert found.overlaps(expected)
    assert found.rad() < flint.arb("1e-25")


def test_a_relu_neuron_on_the_line() -> None:
    """Atoms ±1: max(v + b, 0) - max(b - v, 0) is largest, 2, at v = b = 1; the kink at b = v is a vertex too."""
    z = lifted([(q(1),), (q(-1),)])
    assert supremum([q(1), q(-1)], z) == 2
    assert (q(1), q(1)) in neurons(z)
    assert gap((q(1), q(1)), [q(1), q(-1)], z) == 2
    assert supremum([q(0), q(0)], z) == 0


def test_the_vertices_of_an_arrangement_in_three_dimensions() -> None:
    """Planes x = 0 and y = 0 meet in the line x = y = 0, which leaves the cube at (0, 0, ±1)."""
    found = neurons([(q(1), q(0), q(0)), (q(0), q(1), q(0))])
    assert (q(0), q(0), q(1)) in found
    assert (q(0), q(0), q(-1)) in found
    assert len(found) == 8 + 8 + 2


def test_a_net_sees_what_its_best_neuron_sees() -> None:
    net = (((1.0, 1.0), 0.5), ((-1.0, 1.0), -0.25))
    found = hull.observe((hull.Hull(OPPOSITE, (1, 0), (0, 1), net, 1.5),), delta=0.0, device=CPU).columns
    assert [found[n].mid[0] for n in ("neuron_distance", "output_weight", "width")] == [2, q(3, 4), 2]
    assert found["net_gap"].mid[0] == q(3, 2)
    nets = found["net_distance"].mid[0]
    assert nets.contains(q(3))
    assert nets.rad() < flint.arb("1e-5")


def test_a_net_is_bounded_from_above_without_breakpoints() -> None:
    """A list that lacks the best neuron leaves a wide ball, up to the bound of all neurons."""
    case = hull.Hull(OPPOSITE, (1, 0), (0, 1), (((1.0, 1.0), 0.5),))
    seen = hull.most_seen(case, 0, 0, CPU)
    assert 2 <= seen < 2 + q(1, 10**5)
    found = hull.best_net([q(1), q(-1, 2)], q(1), seen)
    assert found.contains(q(1))
    assert found.contains(seen)


def test_three_laws_on_a_line() -> None:
    found = metric.observe((metric.Three(OPPOSITE, (1, 1), (1, 0), (0, 1), "relu"),), delta=0.0, device=CPU).columns
    assert [found[n].mid[0] for n in ("d_12", "d_23", "d_13", "d_split", "d_mixed")] == [1, 2, 1, 1, q(1, 2)]


def test_a_table_has_one_value_at_a_point_however_often_it_is_listed() -> None:
    """-1 with mass ½ + ½ beside ½ and ½ at ±1: total variation ½; the same point under two indices is the same law."""
    case = metric.Three(((-1.0,), (-1.0,), (1.0,)), (1, 1, 0), (1, 0, 1), (0, 1, 0), "table")
    assert [one(metric.observe, case, name) for name in ("d_12", "d_23", "d_13", "d_split")] == [
        q(1, 2), q(1, 2), q(0), q(1, 2),
    ]  # fmt: skip


def test_equal_laws_have_distance_zero() -> None:
    for family in metric.CLASSES:
        case = metric.Three(OPPOSITE, (1, 2), (3, 1), (1, 1), family, 0.0)
        assert one(metric.observe, case, "d_mixed") == 0


def test_the_divergence_of_singular_laws_is_log_two() -> None:
    log_two = flint.arb(2).log()
    assert one(singular.observe, singular.Singular((), 1, (-1, -1)), "divergence").overlaps(log_two)
    assert one(singular.observe, singular.Singular((1,), 0, (0,)), "divergence") == 0
    assert one(singular.observe, singular.Singular((1,), 1, (0, -1)), "divergence").overlaps(log_two / 2)


def test_the_transport_distance_of_a_perfect_code() -> None:
    """Each of the six other corners of a cube is 2/√3 from one of (0, 7)."""
    found = transport.observe((transport.Cube(3, (0, 7)),), delta=0.0, device=CPU).columns["transport"]
    assert abs(found.mid[0] - 0.75 * 2 / 3**0.5) <= found.rad[0] < 1e-12


@pytest.mark.parametrize(
    ("observe", "case"),
    [
        (linear.observe, linear.Linear(OPPOSITE, (1, 0), (0, 1), "l3")),
        (linear.observe, linear.Linear(OPPOSITE, (0, 0), (0, 1))),
        (linear.observe, linear.Linear(((1.0,), (1.0, 2.0)), (1, 0), (0, 1))),
        (linear.observe, linear.Linear(((float("nan"),), (1.0,)), (1, 0), (0, 1))),
        (linear.observe, linear.Linear(((1.0,) * 13, (0.0,) * 13), (1, 0), (0, 1), "linf")),
        (linear.observe_net, linear.Net(linear.Linear(OPPOSITE, (1, 0), (0, 1), "l2"), 3, (1.0,), (0.0,))),
        (samples.observe, samples.Sampled(OPPOSITE, (1, 1), 3, 2)),
        (samples.observe, samples.Sampled(OPPOSITE, (1, 1), 2, 1, "gaussian")),
        (samples.observe, samples.Sampled(((0.0,),) * 12, (1,) * 12, 12)),
        (samples.observe_kernel, samples.Sampled(OPPOSITE, (1, 1), 2, 1, "linear")),
        (rkhs.observe, rkhs.Kernel(((5.0,), (1.0,)), (1, 0), (0, 1))),
        (hull.observe, hull.Hull(OPPOSITE, (1, 0), (0, 1), (((2.0, 0.0), 1.0),))),
        (hull.observe, hull.Hull(OPPOSITE, (1, 0), (0, 1), (((1.0, 0.0), 1.0),), 0.0)),
        (hull.observe, hull.Hull(((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), (1, 0), (0, 1), (((0.0,) * 4, 1.0),))),
        (metric.observe, metric.Three(OPPOSITE, (1, 1), (1, 0), (0, 1), "deep")),
        (metric.observe, metric.Three(OPPOSITE, (1, 1), (1, 0), (0, 1), "l2", 1.5)),
        (singular.observe, singular.Singular((), 1, ())),
        (singular.observe, singular.Singular((1,), 0, (-1,))),
        (singular.observe, singular.Singular((1,), 1, (1,))),
        (transport.observe, transport.Cube(9, (0,))),
        (transport.observe, transport.Cube(2, (4,))),
        (transport.observe, transport.Cube(2, (0,), 2)),
    ],
)
def test_what_is_no_instance_is_one_clear_error(observe, case) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MeasurementError, match="expected"):
        observe((case,), delta=0.0, device=CPU)
