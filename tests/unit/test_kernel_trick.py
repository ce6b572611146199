"""Regression from features and from Gram values: numpy and autograd as references, and clear errors."""

from __future__ import annotations

import flint
import numpy as np
import pytest
import torch

from simulators import kernel_trick, kernel_trick_flow
from simulators.interpolation_net import dot, matrix, rational, rationals
from simulators.kernel_trick import Regression, Tangent, feature_map, kernel, null_space
from simulators.kernel_trick_flow import Flow
from simulators.measurement import MeasurementError

CPU = torch.device("cpu")
NEURONS = (((1.0, 0.5), 0.0, 2.0), ((-0.5, 1.0), 0.2, -1.0), ((0.3, 0.3), -0.1, 0.5))
DATA = Regression(((1.0, 0.0), (0.5, 2.0), (-1.0, 0.3)), (1.0, -1.0, 0.5), (3.0, 1.0), "quadratic", 0.5, (1.0, -0.5))


def row(case):
    table = kernel_trick.observe((case,), delta=0.0, device=CPU)
    return {name: float(column.mid[0]) for name, column in table.columns.items()}


def floats(case):
    phi = feature_map(case, 0)
    at = [np.array([float(v) for v in phi(rationals(x))]) for x in (*case.inputs, case.query)]
    start = np.resize(np.array(case.start), len(at[0])) if case.start else np.zeros(len(at[0]))
    return np.array(at[:-1]), at[-1], np.array(case.labels), start


@pytest.mark.parametrize("kind", ["linear", "quadratic", "net"])
def test_the_kernel_is_the_inner_product_of_the_features(kind):
    case = Regression(DATA.inputs, DATA.labels, DATA.query, kind, neurons=NEURONS)
    phi, inner = feature_map(case, 0), kernel(case, 0)
    points = [rationals(x) for x in (*case.inputs, case.query)]
    for x in points:
        for z in points:
            assert inner(x, z) == dot(phi(x), phi(z))


@pytest.mark.parametrize("ridge", [0.5, 0.0])
def test_predictions_agree_with_numpy(ridge):
    case = Regression(DATA.inputs, DATA.labels, DATA.query, "quadratic", ridge, DATA.start)
    phi, at, labels, start = floats(case)
    pinv = np.linalg.pinv(phi) if ridge == 0 else np.linalg.solve(phi.T @ phi + ridge * np.eye(phi.shape[1]), phi.T)
    w = pinv @ labels
    found = row(case)
    assert found["primal"] == pytest.approx(at @ w, rel=1e-12)
    assert found["norm"] == pytest.approx(w @ w, rel=1e-12)
    assert found["start"] == pytest.approx(at @ start, rel=1e-12)


def test_long_gradient_descent_ends_where_conjugate_gradients_do():
    case = Regression(DATA.inputs, DATA.labels, DATA.query, "quadratic", 0.0, (1.0, -0.5, 2.0))
    phi, at, labels, w = floats(case)
    step = 1 / np.linalg.norm(phi, 2) ** 2
    for _ in range(20_000):
        w = w - step * phi.T @ (phi @ w - labels)
    found = row(case)
    assert found["limit"] == pytest.approx(at @ w, rel=1e-9)
    assert found["limit_norm"] == pytest.approx(w @ w, rel=1e-9)
    assert abs(found["limit"] - found["gram"]) > 1e-3


def flowing(case, time):
    table = kernel_trick_flow.observe_flow((Flow(case, time),), delta=0.0, device=CPU)
    return {name: float(column.mid[0]) for name, column in table.columns.items()}


@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_gradient_flow_agrees_with_its_eigenvectors(ridge):
    case = Regression(DATA.inputs, DATA.labels, DATA.query, "quadratic", ridge, DATA.start)
    phi, at, labels, start = floats(case)
    values, vectors = np.linalg.eigh(phi.T @ phi + ridge * np.eye(phi.shape[1]))
    for time in (0.0, 0.1, 2.0):
        grown = [time if abs(v) < 1e-9 else (1 - np.exp(-v * time)) / v for v in values]
        w = vectors @ (np.exp(-values * time) * (vectors.T @ start) + grown * (vectors.T @ (phi.T @ labels)))
        found = flowing(case, time)
        assert found["flow"] == pytest.approx(at @ w, rel=1e-9)
        assert found["flow_gram"] == pytest.approx(at @ w, rel=1e-9)
    assert flowing(case, 0.0)["flow"] == pytest.approx(at @ start, rel=1e-15)
    assert flowing(case, 1e4)["flow"] == pytest.approx(row(case)["limit"], rel=1e-9)


def test_the_rate_is_below_every_eigenvalue_that_acts():
    phi, *_ = floats(Regression(DATA.inputs, DATA.labels, DATA.query, "quadratic"))
    rate = flowing(Regression(DATA.inputs, DATA.labels, DATA.query, "quadratic"), 1.0)["rate"]
    least = np.linalg.eigvalsh(phi @ phi.T)[0]
    assert least / 3 <= rate <= least
    assert flowing(Regression(((1.0,), (1.0,)), (0.0, 1.0), (1.0,), ridge=0.5), 1.0)["rate"] == 0.5


def test_a_negative_time_is_one_clear_error():
    with pytest.raises(MeasurementError, match="at least 0"):
        flowing(DATA, -1.0)


def test_the_null_space_is_what_the_matrix_sends_to_zero():
    rows = matrix([rationals((1.0, 2.0, 3.0, 0.0)), rationals((2.0, 4.0, 6.0, 0.0))])
    basis = null_space(rows)
    assert len(basis) == 3
    assert all(dot(basis_vector, rationals((1.0, 2.0, 3.0, 0.0))) == 0 for basis_vector in basis)


def test_tangent_features_are_the_derivatives_of_autograd():
    x = (1.0, -0.3)
    table = kernel_trick.observe_tangent((Tangent(NEURONS, x),), delta=0.0, device=CPU)
    weights = torch.tensor([w for w, _, _ in NEURONS], dtype=torch.float64, requires_grad=True)
    outer = torch.tensor([a for _, _, a in NEURONS], dtype=torch.float64, requires_grad=True)
    bias = torch.tensor([b for _, b, _ in NEURONS], dtype=torch.float64)
    value = torch.relu(weights @ torch.tensor(x, dtype=torch.float64) + bias) @ outer
    by_weights, by_outer = torch.autograd.grad(value, (weights, outer))
    reference = [*by_weights.reshape(-1).tolist(), *by_outer.tolist()]
    assert [float(v) for v in table.columns["feature"].mid] == pytest.approx(reference, rel=1e-15)
    assert [float(v) for v in table.columns["slope"].mid] == pytest.approx(reference, rel=1e-15)


def test_a_neuron_at_its_kink_has_no_row():
    table = kernel_trick.observe_tangent((Tangent((((1.0,), -1.0, 1.0),), (1.0,)),), delta=0.0, device=CPU)
    assert len(table) == 0


def test_repeated_features_have_no_inverse_gram():
    assert row(Regression(((1.0,), (1.0,)), (0.0, 1.0), (1.0,)))["determinant"] == 0
    assert row(Regression(((1.0,), (1.0,)), (0.0, 1.0), (1.0,)))["fit"] == 0.5
    assert rational(0.5) == flint.fmpq(1, 2)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (Regression((), (), (1.0,)), "as many, of one size"),
        (Regression(((1.0,),), (1.0,), (1.0, 2.0)), "as many, of one size"),
        (Regression(((1.0,),), (1.0,), (1.0,), "cubic"), "one of linear, quadratic, net"),
        (Regression(((1.0,),), (1.0,), (1.0,), ridge=-1.0), "at least 0"),
        (Regression(((1.0,),), (1.0,), (1.0,), "net"), "at least one, of 1 input weights"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_input_is_one_clear_error(case, words):
    with pytest.raises(MeasurementError, match=words) as caught:
        row(case)
    assert "batch element 0" in str(caught.value)
