"""Exact nets with one hidden layer: textbook cases, autograd and another solver as references, and clear errors."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import flint
import numpy as np
import pytest
import torch

from checks.engine.gather import gather
from checks.engine.weigh import weigh
from checks.test_two_layer_interpolation import FITTED, XOR, zigzag
from simulators import interpolation, interpolation_given, interpolation_least
from simulators.interpolation import Problem, fitted_net
from simulators.interpolation_given import Beyond, Line, Multiple, hat, turns
from simulators.interpolation_least import Economy, least_net, pieces
from simulators.interpolation_net import Net, Neuron, generic_projection, least_squares, matrix, rational, rationals
from simulators.measurement import MeasurementError, balls, simulator
from simulators.streams import stream
from theorems.two_layer_interpolation import THEOREM

CPU = torch.device("cpu")
SPREAD = Problem(((0.0, 1.0), (0.5, -1.0), (2.0, 0.3), (-1.0, 0.0)), (1.0, -1.0, 0.5, 2.0), 3, True, seed=5)


def columns(observe, *batch):
    table = observe(batch, delta=0.0, device=CPU)
    return {name: column.mid.tolist() for name, column in table.columns.items()}


def parameters(net: Net) -> torch.Tensor:
    """The parameters in the order of `Net.gradient`."""
    hidden = [float(v) for neuron in net.neurons for v in (*neuron.weights, neuron.bias)]
    return torch.tensor([*hidden, *(float(v) for v in net.outputs)], dtype=torch.float64)


def output(theta: torch.Tensor, net: Net, inputs: torch.Tensor) -> torch.Tensor:
    """The same net as torch people write it: inputs (n, d), outputs (n,)."""
    width, d = len(net.neurons), inputs.shape[1]
    hidden, rest = theta[: width * (d + 1)].reshape(width, d + 1), theta[width * (d + 1) :]
    values = torch.relu(inputs @ hidden[:, :d].T + hidden[:, d]) ** net.degree @ rest[:width]
    return values if net.offset is None else values + rest[width]


def test_a_decimal_is_the_rational_that_it_prints_as():
    assert rational(0.1) == flint.fmpq(1, 10)
    assert rational(-1e-6) == flint.fmpq(-1, 10**6)
    assert rational(np.float64(0.25)) == rational(1) / 4
    with pytest.raises(MeasurementError, match="finite decimal"):
        rational(float("nan"))


def test_exclusive_or_is_fitted_by_four_neurons():
    found = columns(interpolation.observe, XOR)
    assert found["f"] == found["y"] == [0, 1, 1, 0]
    assert set(found["width"]) == {4}
    assert set(found["p"]) == {4 * (2 + 2)}
    assert set(found["nullity"]) == {4 * (2 + 2) - 4}


@pytest.mark.parametrize("problem", [SPREAD, replace(SPREAD, degree=2), replace(SPREAD, output_bias=False, spare=0)])
def test_outputs_and_derivatives_agree_with_autograd(problem):
    inputs, labels = [rationals(x) for x in problem.inputs], rationals(problem.labels)
    net = fitted_net(problem, inputs, labels)
    points = torch.tensor(problem.inputs, dtype=torch.float64)
    values = output(parameters(net), net, points).numpy()
    assert np.abs(values - np.array(problem.labels)).max() < 1e-9
    jacobian = torch.autograd.functional.jacobian(lambda theta: output(theta, net, points), parameters(net)).numpy()
    exact = np.array([[float(v) for v in net.gradient(x)] for x in inputs])
    width, d = len(net.neurons), len(inputs[0])
    assert jacobian.shape == exact.shape == (len(inputs), width * (d + 2) + problem.output_bias)
    assert np.abs(jacobian - exact).max() < 1e-9 * np.abs(exact).max()
    assert np.linalg.matrix_rank(exact) == len(inputs)


def test_a_net_one_unit_short_misses_a_point():
    found = columns(interpolation.observe, replace(SPREAD, spare=-1, seed=0))
    assert sum(f != y for f, y in zip(found["f"], found["y"], strict=True)) == 1


def test_least_squares_agrees_with_numpy():
    random = stream("least squares")
    system = random.integers(-3, 4, size=(6, 3))
    right = random.integers(-3, 4, size=6)
    exact = [flint.fmpq(int(v)) for v in right]
    found = least_squares(matrix([[flint.fmpq(int(v)) for v in row] for row in system]), flint.fmpq_mat(6, 1, exact))
    reference = np.linalg.lstsq(system.astype(float), right.astype(float), rcond=None)[0]
    assert np.abs(np.array([float(v) for v in found]) - reference).max() < 1e-12


def test_projections_keep_different_points_apart():
    points = [rationals(x) for x in ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (2.0, -1.0))]
    _, projections = generic_projection(points)
    assert len(set(projections)) == 4
    assert len(set(generic_projection([*points, points[0]])[1])) == 4


def test_turns_are_counted_over_level_steps():
    assert turns([0, 1, 0, 1]) == 2
    assert turns([0, 1, 1, 2, 2, 1]) == 1
    assert turns([3, 3, 3]) == 0


@pytest.mark.parametrize("width", [3, 4, 7])
def test_zigzags_turn_at_every_kink(width):
    found = columns(interpolation_given.observe_line, zigzag(width))
    assert found == {"turns": [width], "width": [width], "n": [width + 2]}


@pytest.mark.parametrize("labels", [(1.0, -1.0, 1.0, -1.0, 1.0), (0.0, 1.0, 3.0, 6.0, 10.0), (0.0,) * 5])
def test_three_neurons_and_an_output_bias_fit_five_points(labels):
    times = [rational(t) for t in (-1.0, 0.0, 0.1, 2.0, 2.5)]
    net = least_net([(t,) for t in times], rationals(labels))
    assert len(net.neurons) == 3
    assert [net.value((t,)) for t in times] == list(rationals(labels))
    _, kinks = pieces(times, rationals(labels))
    assert all(a < b for a, b in pairwise(kinks))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("output_bias", [True, False])
def test_two_neurons_fewer_than_points_fit_any_labels(seed, output_bias):
    random = stream("least", seed)
    n = int(random.integers(5 if output_bias else 7, 12))
    times = [flint.fmpq(int(v), 10) for v in sorted(random.choice(200, size=n, replace=False))]
    labels = [flint.fmpq(int(v)) * (-1) ** k for k, v in enumerate(random.integers(-3 + 2 * (seed % 3), 5, size=n))]
    net = least_net([(t,) for t in times], labels, output_bias)
    assert len(net.neurons) == n - 2
    assert (net.offset is not None) == output_bias
    assert [net.value((t,)) for t in times] == labels
    _, kinks = pieces(times, labels, output_bias)
    assert all(a < b for a, b in pairwise(kinks))


def test_a_hat_has_its_height_at_the_query_alone():
    points = [rationals(x) for x in ((0.0, 0.0), (1.0, 0.0), (0.5, 0.6))]
    query = rationals((0.5, 0.5))
    net = Net(hat(points, query, rational(1000.0)))
    assert net.value(query) == 1000
    assert [net.value(x) for x in points] == [0, 0, 0]


def test_a_rescaled_neuron_has_moved_and_computes_the_same():
    net = Net((Neuron(rationals((1.0, -2.0)), rational(0.5), rational(3.0)),))
    other = net.rescaled(0, rational(4.0))
    assert other.neurons[0] == Neuron(rationals((4.0, -8.0)), rational(2.0), rational(0.75))
    assert other.value(rationals((1.0, 0.1))) == net.value(rationals((1.0, 0.1)))


@simulator(interpolation.COLUMNS, limited_by="exact")
def _built_on_the_mirrored_line(batch, *, delta, effort=0, device):
    """A builder that sees the inputs mirrored, so that its kinks lie behind the points that they are for."""
    table = interpolation.observe(batch, delta=delta, device=device)
    outputs = []
    for problem in batch:
        inputs, labels = [rationals(x) for x in problem.inputs], rationals(problem.labels)
        net = fitted_net(problem, [tuple(-v for v in x) for x in inputs], labels)
        outputs += [net.value(x) for x in inputs]
    return replace(table, columns={**table.columns, "f": balls(outputs)})


def test_a_builder_with_its_kinks_on_the_wrong_side_is_refuted():
    broken = replace(FITTED, name="broken", observe=_built_on_the_mirrored_line, examples=(), search=0, bulk=20)
    assert weigh(THEOREM.claim("interpolates"), broken, gather(broken)).kind == "REFUTED"


WRONG = [
    (interpolation.observe, Problem((), ()), "as many, at least one"),
    (interpolation.observe, Problem(((1.0,), (1.0, 2.0)), (0.0, 0.0)), "tuples of one length"),
    (interpolation.observe, Problem(((1.0,),), (0.0,), spare=-1), "at least one neuron"),
    (interpolation.observe, Problem(((1.0,),), (0.0,), degree=3), r"1 \(ReLU\) or 2"),
    (interpolation.observe, Problem(((1.0,),), (0.0,), scale=0.0), "other than 0"),
    (interpolation.observe, Problem(((float("inf"),),), (0.0,)), "finite decimal"),
    (interpolation_given.observe_line, Line((), (0.0, 1.0)), "at least one, of 1 input weights"),
    (interpolation_given.observe_line, Line((((1.0,), 0.0, 1.0),), (1.0, 0.0)), "increasing"),
    (interpolation_given.observe_multiple, Multiple((((1.0,), 0.0, 1.0),), (1.0,), -1.0), "at least 0"),
    (interpolation_given.observe_multiple, Multiple((((1.0,), 0.0, 1.0),), (1.0,), 1.0, fits="both"), "first, second"),
    (interpolation_given.observe_multiple, Multiple((((1.0,), 0.0, 1.0),), (1.0,), 1.0, number=1), "a neuron"),
    (
        interpolation_given.observe_beyond,
        Beyond((((1.0,), 0.0, 1.0),), ((0.0,), (1.0,)), (1.0,), 1.0),
        "a point off the data",
    ),
    (interpolation_least.observe_least, Economy(((1.0,),), (1.0,)), "at least two"),
]


@pytest.mark.parametrize(("observe", "instance", "words"), WRONG, ids=lambda value: str(value)[:30])
def test_bad_input_is_one_clear_error(observe, instance, words):
    with pytest.raises(MeasurementError, match=words) as caught:
        observe((instance,), delta=0.0, device=CPU)
    assert str(caught.value).count("got ") == 1
    assert "; expected " in str(caught.value)
    assert "batch element 0" in str(caught.value)
