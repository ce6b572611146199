"""Every test runs on one thread and leaves the global random generators where they were."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
import torch


def pytest_configure() -> None:
    """One thread a worker: the workers themselves fill the cores, and sums are then reproducible."""
    torch.set_num_threads(1)


def _global_generators() -> dict[str, object]:
    numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002 - the legacy generator is what is watched
    return {
        "random": random.getstate(),
        "numpy.random": repr(numpy_state["state"]["key"].tobytes()) + repr(numpy_state["state"]["pos"]),
        "torch": torch.get_rng_state().numpy().tobytes(),
    }


@pytest.fixture(autouse=True)
def global_generators_stay_put() -> Iterator[None]:
    """Fails the test that draws from, or seeds, a global generator: results must depend on the instance alone."""
    before = _global_generators()
    yield
    after = _global_generators()
    moved = [name for name, state in before.items() if after[name] != state]
    if moved:
        pytest.fail(
            f"got moved global generators: {', '.join(moved)}; expected none; draw from simulators.streams.stream(…)",
            pytrace=False,
        )
