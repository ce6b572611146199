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
