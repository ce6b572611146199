"""`TangentKernel` as people use it: shapes, dtypes, devices, errors, and that blocks change nothing."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from simulators import Activation, TangentKernel, layers, tangent_kernel_ball
from simulators.dual_activations import ERF, NAMED, RELU, normaliser
from simulators.infinite_width import layer_balls
from simulators.measurement import MeasurementError

try:  # importing it moves a global generator: not inside a test
    from sklearn import svm
except ImportError:
    svm = None

X = np.random.default_rng(0).standard_normal((60, 5))
X[1], X[2], X[3], X[4] = X[0], -X[0], 0.0, 2 * X[0]
Y = np.random.default_rng(1).standard_normal((7, 5))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_the_result_has_the_library_and_dtype_of_the_input(dtype, activation):
    kernel = TangentKernel(2, activation)
    x, y = X.astype(dtype), Y.astype(dtype)
    for given, other in ((x, y), (torch.tensor(x), torch.tensor(y))):
        for made, shape in (
            (kernel(given), (60, 60)), (kernel(given, other), (60, 7)), (kernel.nngp(given, other), (60, 7)),
            (kernel.diagonal(given), (60,)),
        ):  # fmt: skip
            assert type(made) is type(given) and made.dtype == given.dtype and tuple(made.shape) == shape
    assert np.array_equal(kernel(torch.tensor(x)).numpy(), kernel(x))


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (1, 1), (4, 1), (3, 0)])
def test_few_points_and_few_features(shape):
    x = np.arange(math.prod(shape), dtype=np.float64).reshape(shape) + 1
    kernel = TangentKernel(3)
    assert kernel(x).shape == kernel(x, x).shape == (shape[0],) * 2
    assert kernel(x, x[:0]).shape == (shape[0], 0)
    assert np.isfinite(kernel(x)).all()
    assert kernel.diagonal(x) == pytest.approx(4 * (x**2).sum(1), rel=1e-14)


def test_inputs_that_numpy_people_bring():
    kernel, plain = TangentKernel(1), TangentKernel(1)(X)
    frozen = X.copy()
    frozen.setflags(write=False)
    for same in (frozen, np.asfortranarray(X), X[::1], X.tolist(), X.astype(">f8"), np.repeat(X, 2, 0)[::2]):
        assert np.array_equal(kernel(same), plain)
    whole = kernel(np.arange(6).reshape(3, 2))
    assert whole.dtype == np.float64 and np.array_equal(whole, kernel(np.arange(6.0).reshape(3, 2)))


def test_inputs_are_left_as_they_are():
    x = X.copy()
    TangentKernel(2)(x, x)
    assert np.array_equal(x, X)


WRONG = [
    (X[0], None, r"shape \(5,\).*reshape"),
    (X[None], None, r"shape \(1, 60, 5\).*write X.reshape\(len\(X\), -1\)"),
    (X[0], Y, r"shape \(5,\).*reshape\(1, -1\)"),
    (X.astype(np.float16), None, "float16"),
    (X + 1j, None, "complex128"),
    (np.array([["a"]]), None, "dtype"),
    ([[1.0], [1.0, 2.0]], None, "array"),
    (np.ma.masked_array(X, X > 1), None, "X, a masked array"),
    ([["a", "b"]], None, "dtype"),
    (torch.ones(2, 2, requires_grad=True), None, "gradients.*detach"),
    (np.where(X[5, 3] == X, np.nan, X), None, r"X\[5, 3\] = nan.*impute"),
    (X, np.full((1, 5), np.inf), r"Y\[0, 0\] = inf"),
    (X, Y[:, :4], "X with 5 and Y with 4 features"),
    (X, torch.tensor(Y), "library NumPy and torch"),
    (np.float32([[1e19]]), None, "norm 1e.19.*scale"),
    (np.array([[1e160]]), None, "norm 1e.160"),
]


@pytest.mark.parametrize(("x", "y", "words"), WRONG, ids=[w[2] for w in WRONG])
def test_what_cannot_be_is_one_clear_error(x, y, words):
    with pytest.raises(MeasurementError, match=f"got .*{words}|{words}"):
        TangentKernel(2)(x, y)


def test_an_error_says_what_was_expected():
    with pytest.raises(MeasurementError, match=r"got X\[5, 3\] = nan; expected finite numbers; impute or drop"):
        TangentKernel(2)(np.where(X[5, 3] == X, np.nan, X))
    with pytest.raises(MeasurementError, match="batch element 3"):
        TangentKernel(2).diagonal(np.where(np.arange(6)[:, None] == 3, 1e200, 1.0))


@pytest.mark.parametrize(
    "made",
    [
        lambda: TangentKernel(-1), lambda: TangentKernel(1.5), lambda: TangentKernel(True), lambda: TangentKernel(1, "rely"),
        lambda: TangentKernel(1, block=0), lambda: TangentKernel(1, np.tanh),
        lambda: TangentKernel(1, Activation("none", torch.zeros_like))(X),
    ],
)  # fmt: skip
def test_a_kernel_that_cannot_be_is_one_clear_error(made):
    with pytest.raises(MeasurementError, match="expected"):
        made()


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_change_nothing_but_rounding(activation, dtype):
    x = X.astype(dtype)
    whole = TangentKernel(4, activation, block=2**24)(x)
    scale = np.sqrt(np.outer(np.diag(whole), np.diag(whole)))
    allowed = scale * 16 * np.finfo(dtype).eps
    assert np.array_equal(whole, whole.T)
    for block in (1, 1000, 2**14):
        kernel = TangentKernel(4, activation, block=block)
        assert np.array_equal(kernel(x), kernel(x).T)
        for other in (kernel(x), kernel(x, x.copy()), kernel(x, x[::-1].copy())[:, ::-1]):
            assert (np.abs(other - whole) <= allowed).all()
        assert (np.abs(kernel.diagonal(x) - np.diag(whole)) <= np.diag(allowed)).all()


def test_equal_rows_have_equal_kernels_and_opposite_ones_none():
    h = TangentKernel(1)(X)
    assert h[0, 0] == h[0, 1] == h[1, 1]
    assert abs(h[0, 2]) <= 1e-15 * h[0, 0]
    assert h[0, 4] == pytest.approx(2 * h[0, 0], rel=1e-15)
    assert (h[3] == 0).all()


@pytest.mark.parametrize("form", [RELU, ERF, NAMED["leaky_relu"]], ids=lambda a: a.name)
@pytest.mark.parametrize("depth", [1, 3])
def test_an_activation_given_as_a_function_agrees_with_its_closed_form(form, depth):
    given = Activation("mine", form.function, form.derivative, form.kinked)
    x = X[:8] / 2
    exact, radius = (b.numpy() for b in tangent_kernel_ball(x, None, depth, form))
    for effort, reach in ((0, 1e-8), (1, 1e-12)):
        found, bar = (b.theta[-1].numpy() for b in layer_balls(x, None, depth, given, effort))
        assert (np.abs(found - exact) <= bar + radius).all()
        assert (bar <= reach * np.abs(exact).max()).all()
    assert TangentKernel(depth, given)(x) == pytest.approx(exact, abs=1e-9)


def test_a_derivative_is_found_by_differentiation_where_none_is_given():
    x = X[:4] / 2
    bare = TangentKernel(2, Activation("tanh", torch.tanh))(x)
    assert bare == pytest.approx(TangentKernel(2, "tanh")(x), abs=1e-13)


@pytest.mark.parametrize("name", NAMED)
def test_constants_make_the_second_moment_one(name):
    assert NAMED[name].c == pytest.approx(normaliser(NAMED[name], 2), rel=1e-11)
    unit = np.array([[0.6, 0.8]])
    assert TangentKernel(2, name).nngp(unit) == pytest.approx(1, abs=1e-10)


def test_layers_end_in_the_kernel():
    found = layers(X, Y, 3)
    assert found.theta.shape == found.sigma.shape == found.sigma_dot.shape == (4, 60, 7)
    kernel = TangentKernel(3)
    assert np.array_equal(found.theta[-1].numpy(), kernel(X, Y))
    assert np.array_equal(found.sigma[-1].numpy(), kernel.nngp(X, Y))
    assert (found.sigma_dot[0] == 0).all() and torch.equal(found.sigma[0], found.theta[0])
    for h in range(4):
        assert found.theta[h].numpy() == pytest.approx(TangentKernel(h)(X, Y), abs=1e-13)


def test_another_constant_is_a_replaced_activation():
    half = replace(RELU, constant=1.0)
    assert TangentKernel(2, half)(X) == pytest.approx(TangentKernel(2)(X) / 4, abs=1e-14)


def test_balls_take_tuples_and_arrays():
    mid, rad = tangent_kernel_ball(((1, 0), (0, 1)), depth=1)
    assert mid.dtype == rad.dtype == torch.float64
    assert mid.diagonal().tolist() == [2.0, 2.0] and abs(float(mid[0, 1]) - 1 / math.pi) <= float(rad[0, 1]) < 1e-13
    middle, bars = layer_balls(X, Y, 2)
    assert middle.theta.shape == bars.theta.shape and (bars.theta >= 0).all()


@pytest.mark.parametrize("activation", ["relu", "erf", "tanh", "leaky_relu"])
def test_every_tensor_is_created_on_the_device_of_the_input(activation):
    x = torch.tensor(X[:3] / 2, device="cpu")
    plain = TangentKernel(2, activation)(x)
    with torch.device("meta"):
        elsewhere = TangentKernel(2, activation)(x, x)
        TangentKernel(2, activation).diagonal(x), layer_balls(x, None, 1, activation)
    assert elsewhere.device.type == "cpu" and torch.allclose(elsewhere, plain, rtol=1e-12, atol=1e-12)


def test_a_kernel_is_a_plain_value():
    kernel = TangentKernel(4)
    assert kernel == TangentKernel(depth=4) and hash(kernel) == hash(TangentKernel(4))
    assert copy.deepcopy(kernel) == pickle.loads(pickle.dumps(kernel)) == kernel  # noqa: S301 - bytes of our own
    assert "depth=4" in repr(kernel)


@pytest.mark.skipif(svm is None, reason="scikit-learn comes with the extra `data`")
def test_scikit_learn_takes_it_as_a_kernel():
    labels = (X[:, 0] * X[:, 1] > 0).astype(int)
    fitted = svm.SVC(kernel=TangentKernel(depth=4), C=100.0, random_state=0).fit(X, labels)
    kernel = TangentKernel(depth=4)
    given = svm.SVC(kernel="precomputed", C=100.0, random_state=0).fit(kernel(X), labels)
    assert (fitted.predict(Y) == given.predict(kernel(Y, X))).all()


def test_importing_the_room_loads_nothing_heavy():
    program = (
        "import sys, simulators; assert 'torch' not in sys.modules; "
        "from simulators import TangentKernel; assert 'TangentKernel' in dir(simulators); print(TangentKernel(3))"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("TangentKernel(depth=3")
    with pytest.raises(AttributeError, match="it exports Activation"):
        import simulators

        _ = simulators.TangentKernl
