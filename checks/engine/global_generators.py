"""Whether a call draws from, or seeds, a global random generator: those of Python, numpy and torch."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def watched() -> Iterator[list[str]]:
    """A context that lists, once it is left, the generators that moved within it; they are put back where they were."""
    moved: list[str] = []
    kept = _states()
    try:
        _stir()  # a call that seeds a generator leaves it where an earlier call has left it
        before = _states()
        yield moved
        after = _states()
        moved += [name for name in before if _plain(before[name]) != _plain(after[name])]
    finally:
        _restore(kept)


def _states() -> dict[str, Any]:
    """The states of the global generators, by name."""
    import torch

    states = {
        "random": random.getstate(),
        "numpy.random": np.random.get_state(),  # noqa: NPY002 - the legacy generator is what is watched
        "torch": torch.get_rng_state(),
    }
    return states | ({"torch.cuda": torch.cuda.get_rng_state_all()} if torch.cuda.is_initialized() else {})


def _stir() -> None:
    import torch

    random.random()
    np.random.random()  # noqa: NPY002
    torch.rand(1, device="cpu")


def _restore(states: dict[str, Any]) -> None:
    import torch

    random.setstate(states["random"])
    np.random.set_state(states["numpy.random"])  # noqa: NPY002
    torch.set_rng_state(states["torch"])
    if "torch.cuda" in states:
        torch.cuda.set_rng_state_all(states["torch.cuda"])


def _plain(state: Any) -> Any:
    """A state as something that can be compared."""
    if isinstance(state, (tuple, list)):
        return tuple(_plain(part) for part in state)
    return tuple(state.tolist()) if hasattr(state, "tolist") else state
