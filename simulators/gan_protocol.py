"""The protocol of the generator experiment: train, stop twice, and run the birthday test on what is generated.

Two kinds of cell.  *trained/SIZE/SEED*: a generator trained against a discriminator of SIZE hidden units, tested after half of the steps
and after all.  *subset/IMAGES/SIZE/SEED*: a discriminator of SIZE hidden units trained against the uniform law on IMAGES of the real
images.  Everything kept of a cell is an integer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import torch

from . import gan_nets, gan_training
from .digits import LEVELS, ROWS, digits
from .gan_birthday import birthday_test, nearest, squared_distances
from .gan_nets import LATENT, Layout, generated, judged, latents
from .gan_subset import GAINED, Subset, gains
from .gan_training import Trained, Trial, train

SIZES = (2, 8, 32, 128)
SEEDS = tuple(range(24, 48))
"""Runs 0 to 23 were looked at before the claims were worded, and are not in the file."""
STAGES = (750, 1500)
BATCH_SIZES = (2, 4, 8, 16, 32, 64, 128)
SAMPLES = 2**17
COMPARED = 2**12
LEVEL = 100_000
"""The radius is the largest within which fewer than one of this many pairs of real images lies."""
SUBSETS = (50, 200, 800)
SUBSET_SIZES = (2, 8, 32)
SUBSET_SEEDS = tuple(range(6, 12))
TOGETHER = 12
"""Nets that are trained as one batch: on a device with many units more would do, with the same result."""
Key = tuple[str, ...]
Values = dict[str, Any]


def wanted() -> tuple[Key, ...]:
    """The cells of the experiment, in the order in which they are measured."""
    trained = [("trained", str(size), str(seed)) for seed in SEEDS for size in SIZES]
    subsets = [("subset", str(m), str(h), str(s)) for m in SUBSETS for h in SUBSET_SIZES for s in SUBSET_SEEDS]
    return (*trained, *subsets)


def groups(keys: Sequence[Key]) -> Iterator[tuple[Key, ...]]:
    """The keys in batches that are trained together, each of one kind."""
    for kind in ("trained", "subset"):
        some = [key for key in keys if key[0] == kind]
        for start in range(0, len(some), TOGETHER):
            yield tuple(some[start : start + TOGETHER])


def work(key: Key) -> int:
    """How much of a progress bar a cell is worth: steps of training."""
    return STAGES[-1] if key[0] == "trained" else GAINED


@lru_cache
def radius() -> int:
    """The squared radius of near-duplicates: the largest integer within which fewer than 1 of `LEVEL` real pairs lie."""
    images = torch.from_numpy(digits().copy())
    distance = squared_distances(images, images)
    row, column = torch.triu_indices(ROWS, ROWS, 1, device=images.device)
    ordered = distance[row, column].sort().values
    return int(ordered[(len(ordered) - 1) // LEVEL]) - 1


def real_pairs(within: int) -> tuple[int, int]:
    """Pairs of different real images, and how many of them are within that squared distance."""
    images = torch.from_numpy(digits().copy())
    close = int((squared_distances(images, images) <= within).sum()) - ROWS
    return ROWS * (ROWS - 1) // 2, close // 2


def measure(
    keys: Sequence[Key], told: Callable[[int], None] = lambda done: None, device: torch.device | None = None
) -> list[Values]:
    """The cells of one group, trained as one batch.  ``told`` hears the work done, which adds up to the cells' `work`."""
    images = torch.from_numpy(digits().copy()).to(device or torch.device("cpu"))
    with one_thread():
        return _measured(keys, images, told)


@contextmanager
def one_thread() -> Iterator[None]:
    """Small matrices are multiplied on one thread: threads that wait for each other take many times as long on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _measured(keys: Sequence[Key], images: torch.Tensor, told: Callable[[int], None]) -> list[Values]:
    if keys[0][0] == "subset":
        subsets = [Subset(int(m), int(size), int(seed)) for _, m, size, seed in keys]
        return gains(subsets, images, told)
    trials = [Trial(int(size), int(seed)) for _, size, seed in keys]
    cells: list[Values] = [{} for _ in trials]
    for steps, nets in train(trials, images, STAGES, told):
        for k, trial in enumerate(trials):
            cells[k][str(steps)] = stage(nets, k, trial, images)
    return cells


def stage(nets: Trained, k: int, trial: Trial, images: torch.Tensor) -> Values:
    """What is kept of one generator: the birthday test, the nearest real images, what its discriminator sees."""
    made = samples(nets.generators[k : k + 1], trial, SAMPLES, images.device)
    tested = birthday_test(made, BATCH_SIZES, radius())
    distance = nearest(made[:COMPARED], images)
    return {
        "hits": [list(asdict(hits).values()) for hits in tested.hits],
        "pairs": [tested.pairs, tested.near],
        "compared": COMPARED,
        "copies": [int((distance <= radius()).sum()), int((distance == 0).sum())],
        "distance": int(distance.sort().values[COMPARED // 2]),
        "seen": seen(nets.discriminators[k : k + 1], nets.layout, images, made[:COMPARED]),
    }


def samples(generator: torch.Tensor, trial: Trial, rows: int, device: torch.device) -> torch.Tensor:
    """Generated images (rows, 64), pixels rounded to the integers from 0 to 16 that real ones have; float32 holds them."""
    latent = latents((1, rows, LATENT), "samples", trial.size, trial.seed, device=device)
    return torch.round(generated(generator, latent)[0] * LEVELS).to(torch.float32)


def seen(table: torch.Tensor, layout: Layout, images: torch.Tensor, made: torch.Tensor) -> list[int]:
    """What the discriminator tells apart by a threshold: real images above it, generated ones above it, generated ones tried.

    The threshold that separates best on the first half of ``made`` is tried on the second half.  Values are rounded to the grid.
    """
    values = [
        gan_nets.on_grid(judged(table, layout, some[None].to(torch.float64) / LEVELS)[0]) for some in (images, made)
    ]
    real, first, second = values[0], *values[1].chunk(2)
    cuts = real.unique()

    def above(some: torch.Tensor) -> torch.Tensor:
        return len(some) - torch.searchsorted(some.sort().values, cuts, right=True)

    gain = above(real) * len(first) - above(first) * len(real)
    cut = cuts[gain.argmax()]
    return [int((real > cut).sum()), int((second > cut).sum()), len(second)]


def protocol() -> Values:
    """Everything that decides the result beside the images, as plain values."""
    return {
        "objective": "Wasserstein, one step each in turn, discriminator clipped",
        "sizes": list(SIZES),
        "seeds": list(SEEDS),
        "stages": list(STAGES),
        "latent": LATENT,
        "hidden": gan_nets.HIDDEN,
        "leak": gan_nets.LEAK,
        "grid": gan_nets.GRID,
        "batch": gan_training.BATCH,
        "rate": gan_training.RATE,
        "clip": gan_training.CLIP,
        "memory": list(gan_training.MEMORY),
        "samples": SAMPLES,
        "batch sizes": list(BATCH_SIZES),
        "level": LEVEL,
        "compared": COMPARED,
        "subsets": {"images": list(SUBSETS), "sizes": list(SUBSET_SIZES), "seeds": list(SUBSET_SEEDS), "steps": GAINED},
        "version": 1,
    }
