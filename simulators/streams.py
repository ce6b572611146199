"""Random streams that depend on the instance alone, never on its batch or on a global generator."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np


def stream(*key: Any) -> np.random.Generator:
    """A numpy generator seeded by the text of ``key`` (plain values and frozen dataclasses of them)."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest[:16], dtype=np.uint64)))


def octets(size: int, *key: Any) -> bytes:
    """``size`` bytes hashed from the text of ``key``: small integer data, ten times cheaper than a generator."""
    return hashlib.shake_256(repr(key).encode()).digest(size)
