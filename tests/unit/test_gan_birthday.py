"""The birthday test of generated images: exact counts, the radius, nearest images, and what a threshold sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simulators import gan_protocol
from simulators.digits import digits
from simulators.gan_birthday import Hits, birthday_test, nearest, squared_distances
from simulators.gan_nets import Layout
from simulators.streams import stream


def brute_force(images: np.ndarray, size: int, within: int) -> int:
    """Batches with a close pair, pair by pair in integers."""
    hit = 0
    for start in range(0, len(images), size):
        some = images[start : start + size].astype(np.int64)
        distance = ((some[:, None] - some[None]) ** 2).sum(-1)
        hit += bool((distance[np.triu_indices(size, 1)] <= within).any())
    return hit


@pytest.mark.parametrize("within", [0, 6, 9])
def test_batches_are_hit_as_pair_by_pair(within: int) -> None:
    images = stream("birthday", within).integers(0, 3, size=(256, 10))
    tested = birthday_test(torch.from_numpy(images).to(torch.float32), (2, 4, 8, 16, 64), within)
    for hits in tested.hits:
        equal = brute_force(images, hits.size, 0)
        assert hits == Hits(hits.size, 256 // hits.size, brute_force(images, hits.size, within), equal)
    blocks = images.reshape(-1, 64, 10).astype(np.int64)
    distance = ((blocks[:, :, None] - blocks[:, None]) ** 2).sum(-1)
    assert tested.pairs == 4 * 64 * 63 // 2
    assert tested.near == int((distance <= within).sum() - 256) // 2


@pytest.mark.parametrize("support", [20, 400])
def test_a_generator_of_known_support_is_measured_as_it_is(support: int) -> None:
    """Pairs by near pairs, of 2^16 images drawn evenly from some real ones: 1 over the exact share, within a few standard errors."""
    shown = digits()[:support].astype(np.float32)
    drawn = shown[stream("known support", support).integers(0, support, size=2**16)]
    exact = float((squared_distances(*[torch.from_numpy(shown)] * 2) <= gan_protocol.radius()).to(torch.float64).mean())
    tested = birthday_test(torch.from_numpy(drawn), gan_protocol.BATCH_SIZES, gan_protocol.radius())
    pairs = tested.hits[0]
    deviation = (exact * (1 - exact) / pairs.batches) ** 0.5
    assert abs(pairs.near / pairs.batches - exact) < 5 * deviation
    assert abs(tested.near / tested.pairs / exact - 1) < 0.05


def test_the_radius_is_the_largest_with_few_real_pairs_inside() -> None:
    images = digits().astype(np.int64)
    norms = (images**2).sum(1)
    distance = (norms[:, None] + norms - 2 * images @ images.T)[np.triu_indices(len(images), 1)]
    allowed = len(distance) / gan_protocol.LEVEL
    radius = gan_protocol.radius()
    assert (distance <= radius).sum() < allowed <= (distance <= radius + 1).sum()
    assert gan_protocol.real_pairs(radius) == (len(distance), int((distance <= radius).sum()))


def test_the_nearest_image_is_found() -> None:
    images = digits()[:700].astype(np.int64)
    distance = ((images[:, None] - images[None]) ** 2).sum(-1)
    tensor = torch.from_numpy(images)
    assert torch.equal(nearest(tensor, tensor), torch.zeros(700, dtype=torch.int64))
    np.fill_diagonal(distance, 10**6)
    assert np.array_equal(nearest(tensor, tensor, itself=True).numpy(), distance.min(1))


def test_a_threshold_is_chosen_on_one_half_and_tried_on_the_other() -> None:
    """A discriminator that reads one pixel: real images have it at 16, generated ones at 0 in the first half, at 16 in the second."""
    layout = Layout((64, 1, 1))
    table = torch.zeros((1, layout.size), dtype=torch.float64)
    (weight, _), (out, _) = layout.layers(table)
    weight[0, 5, 0] = out[0, 0, 0] = 1
    real, made = torch.zeros(10, 64), torch.zeros(8, 64)
    real[:, 5] = 16
    real[0, 5] = 0
    made[4:6, 5] = 16
    assert gan_protocol.seen(table, layout, real, made) == [9, 2, 4]
