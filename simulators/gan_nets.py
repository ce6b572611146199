"""Generators and discriminators with one or two hidden layers, many at once: each net is a row of a table of parameters.

A generator maps a latent vector to pixels in (0, 1): two hidden layers of leaky rectifiers, then a sigmoid.  A discriminator maps
pixels to a number: one hidden layer.  A net that is narrower than its batch is padded with units whose weights are 0; a padded unit
receives no gradient, as both its weights are 0, and stays what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
import torch

from .digits import PIXELS
from .streams import stream

LATENT = 8
HIDDEN = 32
LEAK = 0.2
GRID = 2.0**16
"""Parameters are multiples of 1/GRID: what two machines round differently is then the same number again."""


def on_grid(values: torch.Tensor) -> torch.Tensor:
    """The nearest multiples of 1/`GRID`."""
    return torch.round(values * GRID) * (1 / GRID)


@dataclass(frozen=True)
class Layout:
    """Where the weights and biases of a net of these layer widths lie in its row of parameters."""

    widths: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many parameters a net has."""
        return sum(a * b + b for a, b in pairwise(self.widths))

    def layers(self, table: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Weights (nets, from, to) and biases (nets, 1, to) of each layer, as views of the table (nets, size)."""
        found, start = [], 0
        for a, b in pairwise(self.widths):
            weight = table[:, start : start + a * b].view(-1, a, b)
            bias = table[:, start + a * b : start + a * b + b].view(-1, 1, b)
            found.append((weight, bias))
            start += a * b + b
        return found

    def drawn(self, key: tuple[object, ...], padded: Layout, device: torch.device) -> torch.Tensor:
        """One row of parameters of the ``padded`` layout: independent normals of variance 2/from on the grid, biases 0."""
        row = torch.zeros((1, padded.size), dtype=torch.float64, device=device)
        random = stream("gan weights", self.widths, *key)
        for (weight, _), (a, b) in zip(padded.layers(row), pairwise(self.widths), strict=True):
            values = random.normal(size=(a, b)) * sqrt(2 / a)
            weight[0, :a, :b] = on_grid(torch.from_numpy(values).to(device))
        return row


GENERATOR = Layout((LATENT, HIDDEN, HIDDEN, PIXELS))


def discriminator(hidden: int) -> Layout:
    """The layout of a discriminator with that many hidden units: 66 parameters a unit and one."""
    return Layout((PIXELS, hidden, 1))


def _through(layers: Sequence[tuple[torch.Tensor, torch.Tensor]], values: torch.Tensor) -> torch.Tensor:
    for weight, bias in layers[:-1]:
        values = torch.nn.functional.leaky_relu(torch.baddbmm(bias, values, weight), LEAK)
    weight, bias = layers[-1]
    return torch.baddbmm(bias, values, weight)


def generated(table: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
    """Pixels in (0, 1), (nets, rows, 64), of latent vectors (nets, rows, LATENT)."""
    return torch.sigmoid(_through(GENERATOR.layers(table), latent))


def judged(table: torch.Tensor, layout: Layout, pixels: torch.Tensor) -> torch.Tensor:
    """What discriminators make of pixels (nets, rows, 64): numbers (nets, rows), large for real."""
    return _through(layout.layers(table), 2 * pixels - 1)[..., 0]


def latents(shape: tuple[int, ...], *key: object, device: torch.device) -> torch.Tensor:
    """Standard normal latent numbers on the grid, the same on every device."""
    return on_grid(torch.from_numpy(stream("gan latent", *key).normal(size=shape)).to(device))


def drawn_rows(rows: int, shape: tuple[int, ...], *key: object, device: torch.device) -> torch.Tensor:
    """Row numbers below ``rows``, drawn with replacement, the same on every device."""
    return torch.from_numpy(stream("gan rows", *key).integers(0, rows, size=shape).astype(np.int64)).to(device)
