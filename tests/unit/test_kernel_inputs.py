"""Arrays as people bring them to the kernels: dtypes, single rows, lists, masks, devices."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import simulators
from simulators import MeasurementError, TangentKernel, empirical_tangent_kernel, measurement, tangent_kernel_ball

try:  # importing it moves a global generator: not inside a test
    from sklearn import kernel_ridge, metrics
except ImportError:
    kernel_ridge = metrics = None

X = np.random.default_rng(0).standard_normal((6, 5))
KERNEL = TangentKernel(2)


def test_two_dtypes_make_the_wider_one():
    narrow, wide = X.astype(np.float32), X.astype(np.float32).astype(np.float64)
    for left, right in ((X, narrow), (narrow, X)):
        both = KERNEL(left.astype(np.float64), right.astype(np.float64))
        assert KERNEL(left, right).dtype == np.float64 and np.array_equal(KERNEL(left, right), both)
        tensors = KERNEL(torch.tensor(left), torch.tensor(right))
        assert tensors.dtype == torch.float64 and np.array_equal(tensors.numpy(), both)
    assert np.array_equal(KERNEL(narrow, wide), KERNEL(wide, wide))
    assert KERNEL(narrow, narrow[:2]).dtype == np.float32


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool])
def test_integers_of_torch_count_as_float64(dtype):
    whole = torch.tensor([[1, 0, 1], [0, 1, 1]]).to(dtype)
    assert torch.equal(KERNEL(whole), KERNEL(whole.double()))
    assert np.array_equal(KERNEL(whole.numpy()), KERNEL(whole.double().numpy()))


@pytest.mark.parametrize("kernel", [KERNEL, KERNEL.nngp, TangentKernel(1, "tanh")], ids=["H", "nngp", "tanh"])
def test_two_single_rows_make_a_number(kernel):
    whole = kernel(X, X[:2])
    for left, right in ((X[3], X[1]), (list(X[3]), tuple(X[1]))):
        assert np.ndim(kernel(left, right)) == 0 and float(kernel(left, right)) == pytest.approx(whole[3, 1], rel=1e-13)
    number = kernel(torch.tensor(X[3]), torch.tensor(X[1]))
    assert number.ndim == 0 and float(number) == pytest.approx(whole[3, 1], rel=1e-13)
    for one in ((X[0],), (X[0], X), (X, X[0])):
        with pytest.raises(MeasurementError, match=r"reshape\(1, -1\)"):
            kernel(*one)
    with pytest.raises(MeasurementError, match="expected an array"):
        kernel([[1.0], [1.0, 2.0]], X)
    with pytest.raises(MeasurementError, match="X with 5 and Y with 3 features"):
        kernel(X[0], X[0, :3])


@pytest.mark.skipif(metrics is None, reason="scikit-learn comes with the extra `data`")
def test_scikit_learn_s_pairwise_kernels_call_it_on_rows():
    assert metrics.pairwise_kernels(X, X[:2], metric=KERNEL) == pytest.approx(KERNEL(X, X[:2]), rel=1e-13)
    fitted = kernel_ridge.KernelRidge(kernel=KERNEL, alpha=0.1).fit(X, X[:, 0])
    given = kernel_ridge.KernelRidge(kernel="precomputed", alpha=0.1).fit(KERNEL(X), X[:, 0])
    assert fitted.predict(X) == pytest.approx(given.predict(KERNEL(X)), rel=1e-9)


def test_balls_check_what_they_are_given():
    for wrong, words in (
        (np.ma.masked_array(X, X > 1), "masked"), (torch.ones(2, 2, requires_grad=True), "gradients"), (X[0], "reshape"),
        (np.where(X[1, 1] == X, np.nan, X), r"X\[1, 1\] = nan"),
    ):  # fmt: skip
        with pytest.raises(MeasurementError, match=words):
            tangent_kernel_ball(wrong)
        with pytest.raises(MeasurementError, match=words):
            KERNEL(wrong)


@pytest.mark.parametrize("device", ["cuda:127", "nowhere"])
def test_a_device_that_is_absent_is_one_clear_error(device):
    with pytest.raises(MeasurementError, match=f"got device {device} .*; expected one that this torch has"):
        tangent_kernel_ball(X, device=device)


def test_the_error_is_exported():
    assert simulators.MeasurementError is measurement.MeasurementError and "MeasurementError" in dir(simulators)


def test_kernels_of_given_weights_take_parameters_and_name_what_is_wrong(monkeypatch):
    monkeypatch.setattr(torch.nn.Linear, "reset_parameters", lambda layer: None)  # it draws from the global generator
    kind = {"bias": False, "dtype": torch.float64, "device": "cpu"}
    net = torch.nn.Sequential(torch.nn.Linear(5, 7, **kind), torch.nn.ReLU(), torch.nn.Linear(7, 1, **kind))
    for count, weight in enumerate(net.parameters()):
        weight.data = torch.tensor(np.random.default_rng(count).standard_normal(tuple(weight.shape)))
    x = torch.tensor(X)
    assert torch.equal(empirical_tangent_kernel(net.parameters(), x), empirical_tangent_kernel([*net.parameters()], x))
    weights = [w.detach() for w in net.parameters()]
    bad = x.clone()
    bad[1, 2] = torch.nan
    for given, other, words in (
        (bad, None, "X, Y with NaN"), (x, bad, "got Y with NaN"), (x * torch.inf, x, "got X with NaN"), (x * 1e200, None, "overflows"),
    ):  # fmt: skip
        with pytest.raises(MeasurementError, match=words):
            empirical_tangent_kernel(weights, given, "relu", other)
    with pytest.raises(MeasurementError, match=r"got W_1 with NaN"):
        empirical_tangent_kernel([weights[0] * torch.nan, weights[1]], x)
    with pytest.raises(MeasurementError, match=r"ndarray; expected tensors, for this kernel is torch's only"):
        empirical_tangent_kernel(weights, X)  # type: ignore[arg-type]
