"""Neurons: enclosures from both sides, what ascent finds, and their honest limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simulators.measurement import MeasurementError
from simulators.net_distance_ascent import slope
from simulators.net_distance_branch import Problem, _ranks, bounds, enclose, values
from simulators.net_distance_neuron import Neuron, observe, observe_search, problem_of, sound

CPU = torch.device("cpu")
APART = Neuron(((1.0,), (-1.0,)), (1, 0), (0, 1), "tanh", 1.0, False)
PLANE = Neuron(((1.0, 0.3), (-0.2, 1.1), (0.7, -1.3)), (3, 1, 2), (1, 2, 1), "tanh", 2.0)
WIDE = Neuron(((1.0, 0.3), (-0.2, 1.1), (0.7, -1.3), (-1.0, -0.4), (0.2, 0.1)), (3, 1, 2, 1, 0), (1, 2, 1, 3, 3))


def problem(case: Neuron) -> Problem:
    """The tensors of one instance."""
    return problem_of([(case, *sound(case, 0))], CPU)


def measured(case: Neuron, name: str, effort: int = 0) -> tuple[float, float]:
    """(mid, rad) of one observable of one instance."""
    found = observe((case,), delta=0.0, effort=effort, device=CPU).columns[name]
    return float(found.mid[0]), float(found.rad[0])


@pytest.mark.parametrize(
    ("activation", "expected"),
    [("tanh", np.tanh(1.0)), ("sigmoid", np.tanh(0.5)), ("relu", 1.0)],
)
def test_one_parameter_on_opposite_atoms(activation: str, expected: float) -> None:
    """g(v) = D(v) - D(-v): tanh(v), tanh(v/2) and max(v, 0)/S - max(-v, 0)/S, largest at v = 1."""
    case = Neuron(APART.atoms, APART.one, APART.other, activation, 1.0, False)
    mid, rad = measured(case, "distance")
    assert abs(mid - expected) <= rad < 1e-6
    assert measured(case, "ascent")[0] == pytest.approx(expected, abs=1e-12)
    assert measured(case, "variation") == (1.0, 0.0)


def test_a_net_of_the_box_and_its_constants() -> None:
    case = Neuron(APART.atoms, APART.one, APART.other, "tanh", 2.0, False, 2)
    assert measured(case, "net_maximum")[0] == pytest.approx(np.tanh(1.0), abs=1e-12)
    assert measured(case, "mesh")[0] == 1.0
    assert measured(case, "lipschitz")[0] == 0.5


def test_an_atom_listed_twice_is_one_atom() -> None:
    twice = Neuron(((1.0,), (-1.0,), (1.0,)), (1, 0, 1), (0, 1, 0), "tanh", 1.0, False)
    assert measured(twice, "distance") == measured(APART, "distance")
    nothing = Neuron(((1.0, 2.0), (1.0, 2.0)), (1, 0), (0, 1))
    assert measured(nothing, "distance") == measured(nothing, "variation") == (0.0, 0.0)


def test_four_parameters_are_enclosed() -> None:
    """g(v) = tanh(v·x) on opposite atoms ±(1, 1, 1), largest at the corner: tanh(3/2)."""
    case = Neuron(((1.0,) * 3, (-1.0,) * 3), (1, 0), (0, 1), "tanh", 0.5)
    mid, rad = measured(case, "distance")
    assert abs(mid - np.tanh(1.5)) <= rad < 1e-6


def test_total_variation_caps_the_enclosure() -> None:
    case = Neuron(((1.0,), (-1.0,)), (3, 1), (1, 3), "tanh", 64.0, False)
    mid, rad = measured(case, "distance")
    assert mid + rad <= 0.5 * (1 + 1e-12)
    assert mid - rad > 0.5 - 1e-6


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_bounds_of_a_box_hold_at_its_points(activation: str) -> None:
    case = Neuron(PLANE.atoms, PLANE.one, PLANE.other, activation, 2.0)
    given = problem(case)
    random = np.random.default_rng(0)
    for _ in range(50):
        centre = torch.as_tensor(random.uniform(-1, 1, (1, 3)))
        radius = torch.as_tensor(random.uniform(0, 1, (1, 3)) * 10.0 ** -random.integers(0, 4))
        attained, upper, _ = bounds(given, centre, radius)
        inside = centre[:, None] + radius[:, None] * torch.as_tensor(random.uniform(-1, 1, (1, 200, 3)))
        found, error = values(given, inside)
        assert float((found.abs() - error).max()) <= float(upper[0])
        assert float(attained[0]) <= float(upper[0])


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_the_slope_is_the_derivative(activation: str) -> None:
    given = problem(Neuron(PLANE.atoms, PLANE.one, PLANE.other, activation, 2.0))
    v = torch.tensor([[[0.3, -0.7, 0.2]]], dtype=torch.float64)
    value, gradient = slope(given, v)
    for j in range(3):
        step = torch.zeros_like(v)
        step[..., j] = 1e-6
        ahead, behind = values(given, v + step)[0], values(given, v - step)[0]
        assert float(gradient[0, 0, j]) == pytest.approx(float(ahead - behind) / 2e-6, abs=1e-8)
    assert float(value) == float(values(given, v)[0])


def test_more_effort_narrows_an_enclosure() -> None:
    widths = [measured(PLANE, "distance", effort)[1] for effort in (0, 1, 2)]
    assert widths[0] > widths[1] > widths[2]


def test_few_boxes_leave_a_wide_but_valid_enclosure() -> None:
    given = problem(Neuron(WIDE.atoms, WIDE.one, WIDE.other, "tanh", 4.0))
    cap = torch.ones(1, dtype=torch.float64)
    (wide_low, wide_high), (low, high) = (
        (float(e[0]) for e in enclose(given, cap, 1e-6, 60, kept)) for kept in (2, 2048)
    )
    assert wide_low <= high
    assert low <= wide_high
    assert wide_high - wide_low > 100 * (high - low)


def test_boxes_are_halved_while_their_centres_are_exact() -> None:
    """Asked for no width at all, the search ends where float64 does, and still holds the supremum tanh(1)."""
    low, high = (float(e[0]) for e in enclose(problem(APART), torch.ones(1, dtype=torch.float64), 0.0, 10**4, 64))
    assert low <= np.tanh(1.0) <= high
    assert high - low < 1e-11


def test_an_instance_takes_the_same_course_in_a_batch() -> None:
    batch = (APART, PLANE, Neuron(PLANE.atoms, PLANE.other, PLANE.one, "tanh", 1.0))
    together = observe(batch, delta=0.0, device=CPU).columns["distance"]
    for k, case in enumerate(batch):
        assert measured(case, "distance")[0] == pytest.approx(together.mid[k], abs=1e-15)


def test_ranks_count_within_an_owner() -> None:
    assert _ranks(torch.tensor([0, 0, 2, 2, 2, 5])).tolist() == [0, 1, 0, 1, 2, 0]


def test_ascent_beyond_three_parameters_stays_below_the_total_variation() -> None:
    steep = Neuron(((1.0,) * 5, (-1.0,) * 5), (3, 1), (1, 3), "tanh", 32.0)
    found = observe_search((steep,), delta=0.0, device=CPU).columns
    assert found["variation"].mid[0] == 0.5
    for name in ("ascent", "net_ascent"):
        assert 0.5 - 1e-9 < found[name].mid[0] <= 0.5 + found[name].rad[0]


@pytest.mark.parametrize(
    "case",
    [
        Neuron(APART.atoms, APART.one, APART.other, "gelu"),
        Neuron(APART.atoms, APART.one, APART.other, "tanh", 0.3),
        Neuron(APART.atoms, APART.one, APART.other, "tanh", 128.0),
        Neuron(((1.0,) * 6, (0.0,) * 6), (1, 0), (0, 1)),
        Neuron(APART.atoms, APART.one, APART.other, "tanh", 1.0, True, 100),
        Neuron(((0.0,), (0.0,)), (1, 0), (0, 1), "relu", 1.0, False),
        Neuron(APART.atoms, (1,), APART.other),
    ],
)
def test_what_is_no_neuron_is_one_clear_error(case: Neuron) -> None:
    with pytest.raises(MeasurementError, match="expected"):
        observe((case,), delta=0.0, device=CPU)
