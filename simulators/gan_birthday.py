"""The birthday test on generated images: how many batches of each size hold a near-duplicate pair, counted exactly.

Images have integer pixels, so that squared distances are integers below 2^24 and float32 products of them are exact on any device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

CHUNK = 2**22
"""Entries of a table of distances that are held at once."""


@dataclass(frozen=True)
class Hits:
    """Of ``batches`` disjoint batches of ``size`` samples, those with a pair within the radius, and those with an equal pair."""

    size: int
    batches: int
    near: int
    equal: int


@dataclass(frozen=True)
class Tested:
    """``hits`` by batch size; ``pairs`` and ``near`` count the pairs within batches of the largest size."""

    hits: tuple[Hits, ...]
    pairs: int
    near: int


def squared_distances(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Exact squared distances (…, rows, rows) between images of integer pixels from 0 to 16, as float32."""
    first, second = first.to(torch.float32), second.to(torch.float32)
    norms = (first * first).sum(-1)[..., :, None] + (second * second).sum(-1)[..., None, :]
    return norms - 2 * (first @ second.mT)


def birthday_test(images: torch.Tensor, sizes: Sequence[int], within: int) -> Tested:
    """Counts for images (rows, pixels), a pair being near when its squared distance is at most ``within``.

    ``sizes`` are powers of 2, the largest last, which divides the number of rows; batches are runs of consecutive rows.
    """
    largest, device = sizes[-1], images.device
    blocks = images.view(-1, largest, images.shape[-1])
    place = torch.arange(largest, device=device)
    earlier = place[:, None] < place[None, :]
    near, latest = 0, {"near": [], "equal": []}  # type: tuple[int, dict[str, list[torch.Tensor]]]
    for some in blocks.split(max(1, CHUNK // largest**2)):
        distance = squared_distances(some, some)
        for name, level in (("near", within), ("equal", 0)):
            close = (distance <= level) & earlier
            latest[name].append(torch.where(close, place[:, None], -1).amax(1))
            near += int(close.sum()) if name == "near" else 0
    found = {name: torch.cat(parts) for name, parts in latest.items()}
    hits = []
    for size in sizes:
        start = place // size * size  # a batch is hit where an image has a near one at or after the batch's start
        hit = {name: int((last >= start).view(-1, size).any(1).sum()) for name, last in found.items()}
        hits.append(Hits(size, len(images) // size, hit["near"], hit["equal"]))
    return Tested(tuple(hits), len(blocks) * largest * (largest - 1) // 2, near)


def nearest(images: torch.Tensor, others: torch.Tensor, itself: bool = False) -> torch.Tensor:
    """The squared distance (rows,) of each image to the nearest of ``others``; ``itself`` leaves out the image of the same row."""
    found = []
    for start in range(0, len(images), 512):
        distance = squared_distances(images[start : start + 512], others)
        if itself:
            rows = torch.arange(len(distance), device=images.device)
            distance[rows, rows + start] = torch.inf
        found.append(distance.amin(1))
    return torch.cat(found).to(torch.int64)
