"""The convolutional tangent kernel against its definition, written out over all pairs of pixels, and its interface."""

from __future__ import annotations

import itertools
import math

import flint
import numpy as np
import pytest
import torch

from simulators import convolutional_kernel
from simulators.convolutional_kernel import ConvolutionalTangentKernel, LayoutWarning
from simulators.convolutional_kernel_balls import exact_layers
from simulators.convolutional_kernel_images import ImagePair
from simulators.infinite_width import TangentKernel
from simulators.measurement import MeasurementError

SHAPES = ((1, 1, 1), (2, 3, 2), (4, 3, 1), (3, 1, 2))


def filtered(values: np.ndarray, size: int, circular: bool) -> np.ndarray:
    """tr_q of an array (P, Q, P, Q) by its definition."""
    rows, columns, reach = *values.shape[:2], size // 2
    wide = np.pad(values, reach, mode="wrap" if circular else "constant")
    moves = itertools.product(range(size), repeat=2)
    return sum(wide[a : a + rows, b : b + columns, a : a + rows, b : b + columns] for a, b in moves)


def relu(cross: np.ndarray, left: np.ndarray, right: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """2/q² times the arc-cosine formulas, straight."""
    norms = np.sqrt(np.einsum("ijij->ij", left)[:, :, None, None] * np.einsum("ijij->ij", right))
    cosine = np.clip(np.divide(cross, norms, out=np.zeros_like(cross), where=norms > 0), -1, 1)
    angle = np.arccos(cosine)
    moment = norms * (np.sin(angle) + (np.pi - angle) * cosine) / (np.pi * size**2)
    return moment, (np.pi - angle) / (np.pi * size**2)


def erf(cross: np.ndarray, left: np.ndarray, right: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """1/E erf(z)² over q² times Williams' formulas."""
    scale = (1 + 2 * np.einsum("ijij->ij", left))[:, :, None, None] * (1 + 2 * np.einsum("ijij->ij", right))
    weight = 1 / (2 / np.pi * np.arcsin(2 / 3)) / size**2
    moment = weight * 2 / np.pi * np.arcsin(2 * cross / np.sqrt(scale))
    return moment, weight * 4 / np.pi / np.sqrt(scale - 4 * cross**2)


def by_definition(x: np.ndarray, y: np.ndarray, kernel: ConvolutionalTangentKernel) -> float:
    """The kernel of two images from arrays over all pairs of pixels."""
    size, circular = kernel.filter, kernel.padding == "circular"
    xx, xy, yy = (filtered(np.einsum("ijc,kmc->ijkm", a, b), size, circular) for a, b in ((x, x), (x, y), (y, y)))
    theta = xy if kernel.trained == "all" else np.zeros_like(xy)
    dual = relu if kernel.activation == "relu" else erf
    for layer in range(kernel.depth):
        moment, slope = dual(xy, xx, yy, size)
        last = layer == kernel.depth - 1
        tangents = slope * theta + (moment if kernel.trained == "all" or not last else 0)
        xx, yy = (filtered(dual(v, v, v, size)[0], size, circular) for v in (xx, yy))
        xy, theta = filtered(moment, size, circular), filtered(tangents, size, circular)
    return float(np.einsum("ijij->", tangents) if kernel.pooling == "none" else tangents.mean())


def drawn(shape: tuple[int, int, int], count: int = 3) -> np.ndarray:
    images = np.random.default_rng(1).standard_normal((count, *shape))
    images[1] *= 30
    return images


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pooling", ["average", "none"])
@pytest.mark.parametrize("padding", ["zero", "circular"])
def test_the_kernel_is_what_its_definition_says(shape, pooling, padding):
    X = drawn(shape)
    ways = ((3, 1, "all"), (3, 3, "all"), (5, 2, "all"), (1, 2, "all"), (3, 3, "middle"))
    for (size, depth, trained), activation in itertools.product(ways, ("relu", "erf")):
        kernel = ConvolutionalTangentKernel(depth, size, pooling, padding, trained, activation)
        expected = np.array([[by_definition(x, y, kernel) for y in X] for x in X])
        scale = np.sqrt(np.outer(expected.diagonal(), expected.diagonal()))
        # the definition loses half of the digits where pixels are parallel
        near = 1e-7 if activation == "relu" else 1e-10  # 1 - r² loses as many digits as n² has
        for found in (kernel(X), kernel(X, X), np.vstack([kernel(X[:1], X), kernel(X[1:], X)])):
            assert (np.abs(found - expected) <= near * scale).all()
        assert np.abs(kernel.diagonal(X) - kernel(X).diagonal()).max() <= 1e-14 * scale.max()


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_an_image_of_one_pixel_is_a_vector_and_its_kernel_that_of_a_fully_connected_net(activation):
    X = drawn((1, 1, 5))
    expected = TangentKernel(3, activation)(X.reshape(3, 5))
    for pooling in ("average", "none"):
        found = ConvolutionalTangentKernel(3, 1, pooling, activation=activation)(X)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_small_blocks_give_the_same_kernel(monkeypatch):
    X = drawn((4, 3, 2), 5)
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
    X = drawn((3, 3, 1)).astype(dtype)
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
    X = drawn((3, 3, 2))
    for dtype, powers in (("float32", (-40, -3, 40)), ("float64", (-300, -3, 300))):
        kernel = ConvolutionalTangentKernel(12)
        images = X.astype(dtype)
        for power in powers:
            scaled = kernel(images * np.array(2.0**power, dtype=dtype), images)
            np.testing.assert_array_equal(scaled, kernel(images, images) * np.array(2.0**power, dtype=dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pooling", ["average", "none"])
def test_a_kernel_is_finite_below_the_largest_norm_and_an_error_above(dtype, pooling):
    kernel = ConvolutionalTangentKernel(3, pooling=pooling, padding="circular")
    largest = (float(np.finfo(dtype).max) / 8) ** 0.5
    flat = np.ones((2, 3, 3, 1))
    flat[1, 1:] = 0
    flat /= np.sqrt((flat**2).sum((1, 2, 3), keepdims=True))
    for images in (flat, drawn((3, 3, 1))[:2]):
        images = images / np.sqrt((images**2).sum((1, 2, 3), keepdims=True))
        below = (images * largest * 0.999).astype(dtype)
        assert np.isfinite(kernel(below)).all()
        assert np.isfinite(kernel.diagonal(below)).all()
        above = (images * np.array([1, largest * 1.001])[:, None, None, None]).astype(dtype)
        words = rf"norm .* \(batch element 1\); expected norms below .* in {dtype}"
        for call in (kernel, kernel.diagonal):
            with pytest.raises(MeasurementError, match=words):
                call(above)
        with pytest.raises(MeasurementError, match=words):
            kernel(images.astype(dtype), above)


def test_channels_that_seem_to_come_first_are_warned_of():
    X = drawn((3, 5, 5))
    kernel = ConvolutionalTangentKernel(1)
    with pytest.warns(LayoutWarning, match=r"3 x 5 pixels with 5 channels; .* pass np.moveaxis\(X, 1, -1\)"):
        kernel(X)
    with pytest.warns(LayoutWarning, match=r"pass X.movedim\(1, -1\)"):
        kernel(torch.from_numpy(X))
    for shape in ((3, 5, 3), (5, 5, 3), (3, 4, 4), (2, 5, 5), (3, 6, 5)):
        kernel(drawn(shape))


def test_a_gram_matrix_has_no_negative_eigenvalues_beyond_rounding():
    X = drawn((4, 4, 3), 6)
    for pooling in ("average", "none"):
        gram = ConvolutionalTangentKernel(3, pooling=pooling)(X)
        assert np.array_equal(gram, gram.T)
        values = np.linalg.eigvalsh(gram)
        assert values[0] > -1e-13 * values[-1]


def test_black_images_and_middle_layers_of_one_are_exactly_zero():
    X = np.concatenate([drawn((3, 3, 2)), np.zeros((1, 3, 3, 2))])
    for pooling in ("average", "none"):
        assert (ConvolutionalTangentKernel(3, pooling=pooling)(X)[3] == 0).all()
        assert (ConvolutionalTangentKernel(1, pooling=pooling, trained="middle")(X) == 0).all()
        assert (ConvolutionalTangentKernel(2, pooling=pooling, trained="middle")(X)[:3, :3].diagonal() > 0).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"depth": 0}, "got depth 0; expected a whole number of hidden layers"),
        ({"depth": 2.0}, "got depth 2.0; expected"),
        ({"depth": 2, "filter": 4}, "got filter 4; expected an odd size"),
        ({"depth": 2, "pooling": "max"}, "got pooling 'max'; expected one of average, none"),
        ({"depth": 2, "padding": "reflect"}, "got padding 'reflect'; expected one of zero, circular"),
        ({"depth": 2, "activation": "tanh"}, "got activation 'tanh'; expected one of relu, erf"),
        ({"depth": 2, "trained": "last"}, "got trained 'last'; expected one of all, middle"),
    ],
)
def test_unknown_options_are_named(options, words):
    with pytest.raises(MeasurementError, match=words):
        ConvolutionalTangentKernel(**options)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([[1.0]], r"X of shape \(1, 1\); expected \(n, height, width, channels\)"),
        (np.ma.masked_array(np.zeros((2, 3, 3, 1))), "X, a masked array"),
        (torch.zeros(2, 3, 3, 1, requires_grad=True), "X that requires gradients.*detach"),
        (np.zeros((3, 3, 2)), r"X of shape \(3, 3, 2\); expected \(n, height, width, channels\)"),
        (np.zeros((2, 3, 3, 0)), r"shape \(2, 3, 3, 0\)"),
        (np.zeros((2, 3, 3, 1), dtype=complex), "complex128.*expected an array of float32, float64 or integers"),
        (np.zeros((2, 3, 3, 1), dtype=np.float16), "float16.*expected an array of float32"),
        (np.array(["cat"]).reshape(1, 1, 1, 1), "expected an array of float32, float64 or integers"),
        (np.stack([np.zeros((3, 3, 1)), np.full((3, 3, 1), np.nan)]), r"NaN or infinity \(batch element 1\)"),
    ],
)
def test_bad_images_are_one_clear_error(given, words):
    with pytest.raises(MeasurementError, match=words):
        ConvolutionalTangentKernel(2)(given)


def test_images_that_do_not_match_are_one_clear_error():
    X = np.zeros((2, 3, 3, 1))
    with pytest.raises(MeasurementError, match="images of one size and device"):
        ConvolutionalTangentKernel(2)(X, np.zeros((2, 3, 4, 1)))


def test_two_dtypes_make_the_wider_one_and_lists_are_float64():
    X, kernel = drawn((3, 3, 2)), ConvolutionalTangentKernel(2)
    narrow = X.astype(np.float32)
    for left, right in ((X, narrow), (narrow, X)):
        assert np.array_equal(kernel(left, right), kernel(left.astype(np.float64), right.astype(np.float64)))
        assert torch.equal(kernel(torch.tensor(left), torch.tensor(right)), torch.tensor(kernel(left, right)))
    assert np.array_equal(kernel(X.tolist()), kernel(X))
    whole = np.arange(18).reshape(2, 3, 3, 1)
    assert torch.equal(kernel(torch.tensor(whole)), torch.tensor(kernel(whole.astype(np.float64))))
