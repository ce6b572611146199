"""The convolutional kernel of the error function against 400 bits, up to the largest images that it takes."""

from __future__ import annotations

import math

import flint
import numpy as np
import pytest

from simulators.convolutional_kernel import ConvolutionalTangentKernel
from simulators.measurement import MeasurementError
from tests.unit import test_convolutional_kernel as reference


def erf_in_balls(cross: np.ndarray, left: np.ndarray, right: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """`erf` of arrays of arb, with the angle from its tangent."""
    pi, root = flint.arb.pi(), np.frompyfunc(lambda v: v.sqrt(), 1, 1)
    scale = (1 + 2 * np.einsum("ijij->ij", left))[:, :, None, None] * (1 + 2 * np.einsum("ijij->ij", right))
    slope = root(scale - 4 * cross * cross)
    weight = pi / 2 / (flint.arb(2) / 3).asin() / size**2
    angle = np.frompyfunc(lambda a, b: flint.arb.atan2(a, b), 2, 1)(2 * cross, slope)
    return weight * 2 / pi * angle, weight * 4 / pi / slope


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1000.0])
@pytest.mark.parametrize(("pooling", "padding"), [("none", "zero"), ("average", "circular")])
def test_the_error_function_keeps_its_digits_up_to_large_images(scale, pooling, padding, monkeypatch):
    monkeypatch.setattr(reference, "erf", erf_in_balls)
    generator = np.random.default_rng(3)
    x, other = generator.standard_normal((2, 2, 3, 2))
    kernel = ConvolutionalTangentKernel(2, 3, pooling, padding, activation="erf")
    balls = np.frompyfunc(lambda v: flint.arb(float(v)), 1, 1)

    def truth(a: np.ndarray, b: np.ndarray) -> float:
        with flint.ctx.workprec(400):
            return reference.by_definition(balls(a), balls(b), kernel)

    first = scale * x
    own = truth(first, first)
    assert abs(kernel.diagonal(first[None])[0] - own) <= 1e-14 * own
    # squares of norms are not subtracted where patches are equal, opposite or not parallel
    sharp, blunt = (first, -first, scale * other, 1e-3 * other), (1.25 * first, scale * (1.3 * x + 1e-5 * other))
    for second, keeps in [(v, True) for v in sharp] + [(v, False) for v in blunt]:
        size = math.sqrt(own * truth(second, second))
        allowed = 1e-14 if keeps else 1e-14 + 1e-15 * max((first**2).sum(), (second**2).sum())
        assert abs(kernel(first[None], second[None])[0, 0] - truth(first, second)) <= allowed * size
        narrow = first[None].astype("f"), second[None].astype("f")
        assert kernel(*narrow) == kernel(*(v.astype("d") for v in narrow)).astype("f")


@pytest.mark.parametrize("scale", [1e5, 1e8, 1e200])
def test_images_that_the_error_function_saturates_are_an_error_and_never_nan(scale):
    X = reference.drawn((3, 3, 2))
    kernel = ConvolutionalTangentKernel(2, activation="erf")
    for call in (kernel, kernel.diagonal, lambda large: kernel(X, large)):
        with pytest.raises(MeasurementError, match=r"error function \(batch element 0\); expected at most 10000"):
            call(scale * X)


def test_small_blocks_give_the_same_kernel(monkeypatch):
    X = reference.drawn((4, 3, 2), 5)
    for pooling in ("average", "none"):
        kernel = ConvolutionalTangentKernel(3, pooling=pooling)
        whole, gram = kernel(X, X[:4]), kernel(X)
        with monkeypatch.context() as small:
            small.setattr(convolutional_kernel, "CACHE", 3000)
            np.testing.assert_allclose(kernel(X, X[:4]), whole, rtol=1e-13)
            np.testing.assert_allclose(kernel(X), gram, rtol=1e-13)


@pytest.mark.parametrize("name", ["same", "near", "opposite", "near opposite", "double", "brighter", "shared", "grey"])
@pytest.mark.parametrize("pooling", ["average", "none"])
def test_coinciding_and_opposite_patches_keep_their_digits(name, pooling):
    generator = np.random.default_rng(2)
    x = generator.standard_normal((3, 3, 2))
    other = generator.standard_normal((3, 3, 2))
    y = {
        "same": x,
        "near": x + 1e-5 * other,
        "opposite": -x,
        "near opposite": -x + 1e-5 * other,
        "double": 2 * x,
        "brighter": 1.25 * x,
        "shared": np.concatenate([x[:2], 3 * other[:1]]),
        "grey": np.full_like(x, 0.5),
    }[name]
    depth, kernel = 4, ConvolutionalTangentKernel(4, pooling=pooling)
    with flint.ctx.workprec(320):
        truth = [_exact(a, b, depth, pooling) for a, b in ((x, y), (x, x), (y, y))]
        scale = math.sqrt(float(truth[1]) * float(truth[2]))
        wide = float(abs(flint.arb(float(kernel(x[None], y[None])[0, 0])) - truth[0]))
        narrow = float(abs(flint.arb(float(kernel(x[None].astype("f"), y[None].astype("f"))[0, 0])) - truth[0]))
    assert wide <= 1e-12 * scale
    assert narrow <= (3e-6 if "near" in name else 1e-6) * scale  # near ones are rounded to float32 first


def _exact(x, y, depth, pooling):
    pixel = exact_layers(x, y, ImagePair(3, 3, 2, depth))[-1].pixel
    return pixel.trace() if pooling == "none" else pixel.sum() / 81


@pytest.mark.parametrize("kind", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_comes_out_is_of_the_kind_that_went_in(kind, dtype):
    X = reference.drawn((3, 3, 1)).astype(dtype)
    given = torch.from_numpy(X) if kind == "torch" else X
    for found, shape in (
        (ConvolutionalTangentKernel(2)(given), (3, 3)),
        (ConvolutionalTangentKernel(2)(given, given[:2]), (3, 2)),
        (ConvolutionalTangentKernel(2).diagonal(given), (3,)),
    ):
        assert type(found) is type(given)
        assert str(found.dtype).removeprefix("torch.") == dtype
        assert tuple(found.shape) == shape


def test_images_without_number_and_bytes_are_taken():
    assert ConvolutionalTangentKernel(2)(np.zeros((0, 3, 3, 1))).shape == (0, 0)
    assert ConvolutionalTangentKernel(2)(np.zeros((0, 3, 3, 1)), np.ones((2, 3, 3, 1))).shape == (0, 2)
    bytes_ = np.arange(18, dtype=np.uint8).reshape(2, 3, 3, 1)
    np.testing.assert_array_equal(ConvolutionalTangentKernel(2)(bytes_), ConvolutionalTangentKernel(2)(bytes_ * 1.0))


def test_no_tensor_is_created_on_the_default_device():
    X = torch.from_numpy(drawn((3, 2, 2)))
    with torch.device("meta"):
        for padding, pooling in itertools.product(("zero", "circular"), ("average", "none")):
            kernel = ConvolutionalTangentKernel(2, padding=padding, pooling=pooling)
            assert kernel(X).device.type == kernel(X, X).device.type == kernel.diagonal(X).device.type == "cpu"


def test_scales_from_tiny_to_huge_only_scale_the_kernel():
    X = reference.drawn((3, 3, 2))
    for dtype, powers in (("float32", (-40, -3, 40)), ("float64", (-300, -3, 300))):
        kernel = ConvolutionalTangentKernel(12)
        images = X.astype(dtype)
        for power in powers:
            scaled = kernel(images * np.array(2.0**power, dtype=dtype), images)
            np.testing.assert_array_equal(scaled, kernel(images, images) * np.array(2.0**power, dtype=dtype))
