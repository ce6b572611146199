"""Discriminators trained against a generator that memorised: the uniform law on some of the real images.

Both expectations are sums over all real images, so that no sampling error enters, and what ascent finds is a lower bound of the gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .digits import LEVELS
from .gan_nets import GRID, discriminator, judged
from .gan_training import Adam
from .streams import stream

GAINED = 400
RATE = 1e-2
TOLD = 20


@dataclass(frozen=True, order=True)
class Subset:
    """A generator that shows ``images`` of the real images, and a discriminator of ``size`` hidden units against it."""

    images: int
    size: int
    seed: int


def chosen(rows: int, images: int, seed: int) -> list[int]:
    """Which real images the generator shows; discriminators of every size see the same."""
    return sorted(stream("gan subset", images, seed).choice(rows, size=images, replace=False).tolist())


def gains(subsets: Sequence[Subset], images: torch.Tensor, told: Callable[[int], None]) -> list[dict[str, Any]]:
    """What each discriminator makes of its generator's images and of all, after ascent: sums of its values in units of 1/GRID.

    A discriminator is a sigmoid of a net with one hidden layer, its values rounded to multiples of 1/GRID.
    """
    device, rows = images.device, len(images)
    layout = discriminator(max(subset.size for subset in subsets))
    table = torch.cat([discriminator(s.size).drawn(("subset", s), layout, device) for s in subsets])
    pixels = (images.to(torch.float64) / LEVELS).expand(len(subsets), -1, -1)
    shown = torch.zeros((len(subsets), rows), dtype=torch.float64, device=device)
    for k, subset in enumerate(subsets):
        shown[k, chosen(rows, subset.images, subset.seed)] = 1
    weights = shown / shown.sum(1, keepdim=True) - 1 / rows
    ascent = Adam(table, RATE)
    for step in range(1, GAINED + 1):
        ascent.descend(-(torch.sigmoid(judged(ascent.table, layout, pixels)) * weights).sum())
        if step % TOLD == 0:
            told(TOLD * len(subsets))
    with torch.no_grad():
        values = torch.round(torch.sigmoid(judged(ascent.table, layout, pixels)) * GRID)
    return [{"shown": int((values[k] * shown[k]).sum()), "all": int(values[k].sum())} for k in range(len(subsets))]
