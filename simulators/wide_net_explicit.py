"""Nets drawn weight by weight: the slow and plain way, an independent check of `simulators.wide_net_law`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from simulators.dual_activations import Activation
from simulators.empirical_kernel import passes
from simulators.streams import normals
from simulators.wide_net_law import Drawn

NUMBERS = 2**20
"""Weights drawn at once."""


def draw(
    X: Tensor,
    widths: Sequence[int],
    activation: str | Activation,
    nets: int,
    *key: Any,
    dtype: torch.dtype = torch.float32,
) -> Iterator[Drawn]:
    """``nets`` independent nets of hidden ``widths`` at the inputs X (n, d), on the device of X, block by block."""
    sizes = list(zip((*widths, 1), (X.shape[1], *widths), strict=True))
    size = max(1, NUMBERS // sum(out * into for out, into in sizes))
    inputs = X.to(dtype)
    for block, start in enumerate(range(0, nets, size)):
        count = min(size, nets - start)
        weights = [
            normals((size, *s), *key, block, layer, device=X.device, dtype=dtype)[:count]
            for layer, s in enumerate(sizes)
        ]
        found = passes(weights, inputs, activation)
        features, backward = (
            tuple((v.double() @ v.double().mT).expand(count, -1, -1) for v in vectors)
            for vectors in (found.features, found.backward)
        )
        yield Drawn(features, backward, found.output)
