"""Generators trained in batches: the same bits alone, in any batch, on any number of threads, and under rounding errors."""

from __future__ import annotations

import pytest
import torch

from simulators import gan_nets, gan_training
from simulators.digits import digits
from simulators.gan_nets import GENERATOR, GRID, discriminator, judged
from simulators.gan_training import CLIP, Trial, train

STAGES = (4, 8)
TRIALS = (Trial(2, 0), Trial(128, 0), Trial(8, 1))


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.from_numpy(digits().copy())


@pytest.fixture(scope="module")
def together(images) -> dict[int, gan_training.Trained]:
    return dict(train(TRIALS, images, STAGES))


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def same(found, expected, rows) -> bool:
    """Whether generators are the same, bit by bit."""
    return all(torch.equal(found[steps].generators, expected[steps].generators[rows]) for steps in STAGES)


@pytest.mark.parametrize("place", range(len(TRIALS)))
def test_a_net_alone_is_the_net_of_its_batch(images, together, place: int) -> None:
    alone = dict(train(TRIALS[place : place + 1], images, STAGES))
    assert same(alone, together, [place])
    size = TRIALS[place].size
    for narrow, wide in zip(
        alone[8].layout.layers(alone[8].discriminators),
        together[8].layout.layers(together[8].discriminators[[place]]),
        strict=True,
    ):
        for mine, padded in zip(narrow, wide, strict=True):
            kept = padded[:, : mine.shape[1], : mine.shape[2]]
            assert torch.equal(mine, kept)
            assert int(padded.count_nonzero()) == int(kept.count_nonzero()), f"padding of {size} units moved"


def test_another_number_of_threads_gives_the_same_bits(images, together, two_threads) -> None:
    assert same(dict(train(TRIALS, images, STAGES)), together, [0, 1, 2])


def disturbed(table, layout, pixels):
    """A discriminator whose sums another machine rounds differently."""
    values = judged(table, layout, pixels)
    return values * (1 + 2e-15 * torch.sin(1e6 * values.detach()))


def test_rounding_errors_vanish_on_the_grid(images, together, monkeypatch) -> None:
    monkeypatch.setattr(gan_training, "judged", disturbed)
    assert same(dict(train(TRIALS, images, STAGES)), together, [0, 1, 2])


def test_without_a_grid_the_same_errors_are_seen(images, monkeypatch) -> None:
    monkeypatch.setattr(gan_training, "on_grid", lambda values: values)
    plain = dict(train(TRIALS, images, STAGES))
    monkeypatch.setattr(gan_training, "judged", disturbed)
    assert not same(dict(train(TRIALS, images, STAGES)), plain, [0, 1, 2])


def test_parameters_stay_on_the_grid_and_discriminators_in_their_box(together) -> None:
    nets = together[8]
    for table in (nets.generators, nets.discriminators):
        assert torch.equal(table * GRID, torch.round(table * GRID))
    assert float(nets.discriminators.abs().max()) <= CLIP
    assert float(nets.generators.abs().max()) > CLIP


def test_seeds_share_all_but_the_discriminator(images) -> None:
    """Before a discriminator has had a say, generators of one seed are the same; of two seeds they are not."""
    device = images.device
    first, again, other = (GENERATOR.drawn(("generator", seed), GENERATOR, device) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert discriminator(32).size == 66 * 32 + 1


def test_training_brings_generated_images_towards_real_ones(images) -> None:
    trial = Trial(32, 0)
    ((_, nets),) = train([trial], images, (300,))
    start = GENERATOR.drawn(("generator", 0), GENERATOR, images.device)
    latent = gan_nets.latents((1, 500, gan_nets.LATENT), "test", device=images.device)
    mean = images.to(torch.float64).mean(0) / 16
    far, near = (float((gan_nets.generated(g, latent)[0].mean(0) - mean).norm()) for g in (start, nets.generators))
    assert near < far / 2


def test_work_is_told_as_it_is_done(images) -> None:
    told: list[int] = []
    list(train(TRIALS, images, (50, 100), told.append))
    assert told == [150, 150]
