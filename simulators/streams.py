"""Random streams that depend on the instance alone, never on its batch or on a global generator."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch


def stream(*key: Any) -> np.random.Generator:
    """A numpy generator seeded by the text of ``key`` (plain values and frozen dataclasses of them)."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest[:16], dtype=np.uint64)))


def octets(size: int, *key: Any) -> bytes:
    """``size`` bytes hashed from the text of ``key``: small integer data, ten times cheaper than a generator."""
    return hashlib.shake_256(repr(key).encode()).digest(size)


def normals(
    shape: tuple[int, ...], *key: Any, device: torch.device, dtype: torch.dtype = torch.float64
) -> torch.Tensor:
    """Standard normal numbers of ``shape`` from a generator on ``device``, seeded by the text of ``key``.

    The numbers depend on the kind of device: what is claimed of them holds of any.
    """
    digest = hashlib.sha256(repr(key).encode()).digest()
    generator = torch.Generator(device=device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)
    return torch.randn(shape, generator=generator, device=device, dtype=dtype)
