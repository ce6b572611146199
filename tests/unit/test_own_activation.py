"""Activations that people bring: functions of torch work, and what cannot work is one clear error, never a number."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from simulators import Activation, MeasurementError, TangentKernel, empirical_tangent_kernel, layers
from simulators.dual_activations import ERF, NAMED, RELU, find, normaliser
from simulators.infinite_width import layer_balls

X = np.random.default_rng(0).standard_normal((4, 3)) / 2


def squared(z: Tensor) -> Tensor:
    return z.square()


class Doubled(torch.nn.Module):
    def forward(self, z: Tensor) -> Tensor:
        return 2 * torch.tanh(z)


@pytest.mark.parametrize(
    ("given", "kinked", "name"),
    [
        (functional.silu, False, "silu"), (squared, False, "squared"), (Doubled(), False, "Doubled"),
        (partial(functional.softplus, beta=2), False, "partial"), (functional.elu, True, "elu"),
        (torch.nn.LeakyReLU(0.1), True, "LeakyReLU"), (lambda z: z.abs(), True, "<lambda>"),
    ],
    ids=lambda x: getattr(x, "__name__", type(x).__name__) if callable(x) else str(x),
)  # fmt: skip
def test_a_function_of_torch_is_an_activation(given, kinked, name):
    made = find(given)
    assert (made.name, made.kinked, made.form) == (name, kinked, "")
    mid, bar = layer_balls(X, None, 2, given, 1)
    found = TangentKernel(2, given)
    assert np.abs(found(X) - mid.theta[-1].numpy()).max() <= 1e-8 * float(mid.theta[-1].abs().max())
    assert float(bar.theta.max()) <= 1e-8 * float(mid.theta.abs().max())
    assert found.diagonal(X) == pytest.approx(np.diag(found(X)), rel=1e-9)


def test_functions_with_a_name_here_are_the_named_ones():
    for given in (torch.relu, functional.relu, torch.nn.ReLU()):
        assert find(given) is RELU
    assert find(torch.erf) is NAMED["erf"]
    assert np.array_equal(TangentKernel(3, torch.relu)(X), TangentKernel(3)(X))
    assert TangentKernel(2, torch.nn.LeakyReLU(0.1))(X) == pytest.approx(TangentKernel(2, "leaky_relu")(X), abs=1e-9)
    weights = [torch.tensor(X), torch.ones(1, 4, dtype=torch.float64)]
    assert torch.equal(*(empirical_tangent_kernel(weights, weights[0], a) for a in ("tanh", torch.tanh)))


SHIFTED = partial(Activation, "shifted", lambda z: torch.relu(z - 0.5))


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        (Activation("relu", functional.relu), "'relu' that did not converge .*is it kinked at 0. declare kinked=True"),
        (Activation("elu", functional.elu), "'elu' that did not converge .*kinked=True"),
        (Activation("hard", functional.hardtanh), "'hard' that did not converge .*kinks elsewhere"),
        (Activation("hard", functional.hardtanh, constant=2.0), "'hard' that did not converge .*at norms"),
        (Activation("hard", functional.hardtanh, kinked=True, constant=2.0), "not converge.*kinks elsewhere"),
        (SHIFTED(), "'shifted' that did not converge"),
        (SHIFTED(kinked=True), "'shifted' that did not converge"),
        (functional.hardtanh, "'hardtanh' that did not converge"),
    ],
    ids=range(8),
)
def test_a_kink_that_is_not_declared_or_not_at_0_is_an_error_and_no_number(activation, words):
    for asked in (lambda k: k(X), lambda k: k.nngp(X, X[:2]), lambda k: k.diagonal(X)):
        with pytest.raises(MeasurementError, match=words):
            asked(TangentKernel(2, activation))
    with pytest.raises(MeasurementError, match=words):
        layers(X, None, 1, activation)


def test_declared_kinks_converge():
    assert TangentKernel(2, Activation("relu", functional.relu, kinked=True))(X) == pytest.approx(
        TangentKernel(2)(X), abs=1e-12
    )


@pytest.mark.parametrize("rate", [0.26, 0.3, 1.0])
def test_an_infinite_second_moment_is_an_error(rate):
    activation = Activation("growing", lambda z: torch.exp(rate * z * z))
    with pytest.raises(MeasurementError, match=r"E s\(z\)\^2"):
        normaliser(activation)
    for call in (activation, activation.function):
        with pytest.raises(MeasurementError, match=r"not finite|not converge"):
            TangentKernel(1, call)(X)


def test_an_expectation_that_is_infinite_at_a_larger_norm_only_is_an_error():
    activation = Activation("growing", lambda z: torch.exp(0.05 * z * z))  # E exp(0.1 a² z²) is finite to a² < 5
    assert np.isfinite(TangentKernel(1, activation)(X)).all()
    with pytest.raises(MeasurementError, match=r"not converge.*scale the inputs down"):
        TangentKernel(1, activation)(np.full((1, 1), 3.0))


def test_steep_ones_of_large_norm_are_an_error():
    with pytest.raises(MeasurementError, match=r"not converge.*scale the inputs down"):
        TangentKernel(1, Activation("steep", lambda z: torch.tanh(40 * z), constant=1.0))(X)


def test_a_bar_says_so_where_a_function_is_too_steep_for_its_nodes():
    c = math.pi / (2 * math.asin(800 / 801))
    steep = Activation("steep", lambda z: torch.erf(20 * z), lambda z: 20 * ERF.slope(20 * z), constant=c)
    mid, rad = layer_balls(np.array([[1.0, 0.0], [0.8, 0.6]]), None, 1, steep)
    exact = math.asin(800 * 0.8 / 801) / math.asin(800 / 801)
    assert abs(float(mid.sigma[1, 0, 1]) - exact) <= float(rad.sigma[1, 0, 1])


def step(z: Tensor) -> Tensor:
    return (z > 0).double()


def flat(z: Tensor) -> Tensor:
    return torch.ones_like(z)


WRONG: list[tuple[Callable[..., Any], str]] = [
    (np.tanh, "NumPy"), (lambda z: np.tanh(z), "NumPy"), (math.tanh, "fails on a float64 tensor"),
    (lambda z: torch.tanh(z).sum(), r"shape \(\) of float64"), (lambda z: z[0], r"shape \(\)"),
    (lambda z: z.float(), "float32"), (lambda z: torch.softmax(z, -1), "each number alone"),
    (torch.nn.Dropout(0.5), r"randomness.*eval"), (torch.nn.ReLU(inplace=True), "changes its argument"),
    (torch.nn.PReLU(), "double"), (torch.nn.PReLU().double(), "requires_grad_"), (torch.log, "nan at -6"),
    (step, "without a derivative"), (flat, "without a derivative"), (torch.sign, "integral of its derivative"),
    (torch.round, "integral of its derivative"), (lambda z: 1.0, "returns float"), (torch.nn.ReLU, "spelling"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "words"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_activation_is_one_clear_error(function, words):
    for kernel in (lambda: TangentKernel(1, function)(X), lambda: TangentKernel(1, Activation("mine", function))(X)):
        if not isinstance(function, type):
            with pytest.raises(MeasurementError, match=f"{words}.*; expected|expected.*{words}"):
                kernel()
    with pytest.raises(MeasurementError, match="expected"):
        find(function)


def test_a_derivative_of_another_function_is_an_error():
    with pytest.raises(MeasurementError, match="integral of its derivative"):
        TangentKernel(1, Activation("mine", torch.tanh, torch.ones_like))


@pytest.mark.parametrize(
    "fields",
    [
        (torch.tanh, "tanh"), ("tanh", "tanh"), ("tanh", torch.tanh, "slope"), ("tanh", torch.tanh, None, False, -1.0),
        ("relu", torch.relu, None, True, 2.0, "rely"), ("leaky", torch.relu, None, True, 2.0, "relu", 0.5),
    ],
    ids=range(6),
)  # fmt: skip
def test_fields_of_another_kind_are_one_clear_error(fields):
    with pytest.raises(MeasurementError, match=r"got .*; expected"):
        Activation(*fields)
