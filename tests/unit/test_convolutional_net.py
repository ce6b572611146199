"""Finite convolutional nets: their kernels against autograd, their draws, and the bounds of their moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, pad

from simulators.convolutional_kernel_images import KINDS, ImagePair, images, windows
from simulators.convolutional_net import ConvNets, _weights, kernels, second_moments, tangent_kernels
from simulators.convolutional_net_law import observe_mean, observe_rate, observe_self, one_layer_moments, together
from simulators.measurement import MeasurementError

CPU = torch.device("cpu")


def output(nets: ConvNets, weights: list[torch.Tensor], image: torch.Tensor) -> torch.Tensor:
    """One net on one image (height, width, channels), by torch's own convolution."""
    pair = nets.pair
    x, reach = image.permute(2, 0, 1)[None], pair.filter // 2
    for w in weights[:-1]:
        # rows of w are positions of the window, then channels
        kernel = w.reshape(pair.filter, pair.filter, -1, nets.width).permute(3, 2, 0, 1)
        mode = "circular" if pair.padding == "circular" else "constant"
        x = conv2d(pad(x, (reach,) * 4, mode=mode), kernel).relu() * (2 / (nets.width * pair.filter**2)) ** 0.5
    flat = x[0].flatten(1).T  # pixels, channels
    return (weights[-1] * (flat.mean(0, keepdim=True) if nets.pooled else flat)).sum()


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("padding", ["zero", "circular"])
@pytest.mark.parametrize(("depth", "size"), [(1, 3), (2, 3), (3, 3), (2, 1)])
def test_the_layerwise_kernel_is_that_of_autograd(pooled, padding, depth, size):
    nets = ConvNets(ImagePair(2, 3, 2, depth, size, padding, seed=3), 4, pooled, seed=1)
    weights = _weights(nets, 3, 0, CPU, torch.float64)
    found = kernels(nets, weights)
    x, y = torch.from_numpy(images(nets.pair))
    for k in range(3):
        leaves = [w[k].clone().requires_grad_() for w in weights]
        mine, theirs = (torch.autograd.grad(output(nets, leaves, image), leaves) for image in (x, y))
        expected = [
            sum((a * b).sum() for a, b in zip(*both, strict=True))
            for both in ((mine, mine), (mine, theirs), (theirs, theirs))
        ]
        torch.testing.assert_close(found[k], torch.stack(expected), rtol=1e-12, atol=1e-12)


def test_draws_depend_on_the_instance_alone():
    nets = ConvNets(ImagePair(2, 2, 1, 2, seed=3), 4, True, seed=1)
    first = tangent_kernels(nets, 64, CPU)
    assert torch.equal(first, tangent_kernels(nets, 64, CPU))
    assert not torch.equal(first, tangent_kernels(replace(nets, seed=2), 64, CPU))
    with torch.device("meta"):
        assert torch.equal(first, tangent_kernels(nets, 64, CPU))


@pytest.mark.parametrize("power", [-250, -70, 60, 250])
def test_kernels_of_tiny_and_huge_images_are_those_of_ordinary_ones(power):
    pair = ImagePair(2, 2, 2, 2, seed=3)
    nets = ConvNets(pair, 4, True, seed=1)
    weights = _weights(nets, 5, 0, CPU, torch.float32)
    scaled = replace(nets, pair=replace(pair, scale=2.0**power))
    assert torch.equal(kernels(scaled, weights), kernels(nets, weights) * 4.0**power)


def test_how_often_a_filter_is_open_at_two_patches():
    one = ImagePair(1, 1, 2, 1, 1)  # (1, 1) and (1, 2)
    angle = np.arccos(3 / np.sqrt(10))
    assert float(together(one).mid()) == pytest.approx((np.pi - angle) / (2 * np.pi), rel=1e-14)
    assert together(replace(one, kind="double", seed=2)) == 0.5
    assert together(replace(one, kind="black")) == 0.5  # nothing is open at a patch of zeros
    assert float(together(replace(one, kind="opposite", scale=1e-200)).upper()) < 1e-50
    # the frequency among drawn filters, at the pair of patches where it is least
    pair = ImagePair(2, 1, 2, 1, seed=8)
    seen = np.concatenate([images(pair).reshape(2, 2, 2), np.zeros((2, 1, 2))], 1)[:, windows(pair)].swapaxes(1, 2)
    w = np.random.default_rng(0).standard_normal((40_000, 18))
    opened = [(w @ patches.reshape(2, -1).T > 0).astype(float) for patches in seen]
    least = (opened[0].T @ opened[1] / len(w)).min()
    assert abs(least - float(together(pair).mid())) < 5 * np.sqrt(0.25 / len(w))


def test_rows_of_a_rate_say_how_wide_and_deep_the_nets_are_and_how_much_is_open():
    batch = (ConvNets(ImagePair(1, 1, 1, 2, 1, kind="double"), 3, False), ConvNets(ImagePair(1, 1, 2, 1, 1), 5, True))
    columns = observe_rate(batch, delta=1e-6, device=CPU).columns
    assert list(columns["m"].mid) == [3, 5]
    assert list(columns["L"].mid) == [2, 1]
    for k, nets in enumerate(batch):
        assert abs(float(together(nets.pair).mid()) - columns["together"].mid[k]) <= columns["together"].rad[k]


def test_no_nets_and_no_channels_are_errors():
    nets = ConvNets(ImagePair(2, 2, 1, 1), 0, True)
    with pytest.raises(MeasurementError, match="at least 1 of each"):
        tangent_kernels(nets, 10, CPU)
    for observe in (observe_mean, observe_self, observe_rate):
        with pytest.raises(MeasurementError, match=r"a width and a depth of at least 1|batch element 0"):
            observe((nets,), delta=1e-6, device=CPU)


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize(("depth", "width"), [(1, 1), (1, 4), (2, 2), (3, 8)])
@pytest.mark.parametrize("padding", ["zero", "circular"])
def test_moment_bounds_are_above_what_is_seen(pooled, depth, width, padding):
    nets = ConvNets(ImagePair(2, 2, 2, depth, padding=padding, kind="positive", seed=9), width, pooled, seed=5)
    drawn = tangent_kernels(nets, 4000, CPU).numpy()
    assert ((drawn**2).mean(0) <= second_moments(nets)).all()
    if depth == 1:
        seen = drawn.var(0)
        assert (seen <= one_layer_moments(nets)).all()
        assert (one_layer_moments(nets)[[0, 2]] <= 20 * seen[[0, 2]]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_every_kind_are_finite_and_alike(kind):
    pair = ImagePair(2, 3, 2, 1, kind=kind, scale=0.5, seed=4)
    both = images(pair)
    assert both.shape == (2, 2, 3, 2)
    assert np.isfinite(both).all()
    assert np.array_equal(both, images(replace(pair, scale=1.0)) * 0.5)


def test_windows_hold_what_a_filter_sees():
    zero, circular = ImagePair(2, 2, 1, 1), ImagePair(2, 2, 1, 1, padding="circular")
    assert (windows(zero) == 4).sum() == 20
    assert sorted(windows(circular)[:, 0]) == [0, 1, 1, 2, 2, 3, 3, 3, 3]
    with pytest.raises(MeasurementError, match="an odd filter"):
        images(replace(zero, filter=2))
