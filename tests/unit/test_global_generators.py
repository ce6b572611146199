"""What moves a global random generator is noticed, and put back where it was."""

from __future__ import annotations

import random
from functools import partial

import numpy as np
import pytest
import torch

from checks.engine.global_generators import watched

MOVES = {
    "random": [random.random, partial(random.seed, 1)],
    "numpy.random": [np.random.random, partial(np.random.seed, 1)],
    "torch": [partial(torch.rand, 1), partial(torch.manual_seed, 1)],
}


@pytest.mark.parametrize(("name", "move"), [(name, move) for name, moves in MOVES.items() for move in moves])
def test_a_generator_that_is_moved_is_named_every_time(name, move):
    for _ in range(2):  # one that is seeded is left in the same state twice
        with watched() as moved:
            move()
        assert moved == [name]


def test_generators_of_ones_own_may_move():
    own, numbers = random.Random(1), np.random.default_rng(1)
    with watched() as moved:
        own.random(), numbers.random(), torch.rand(1, generator=torch.Generator().manual_seed(1))
    assert moved == []


def test_they_are_put_back_after_an_error_too():
    with pytest.raises(ZeroDivisionError), watched():
        random.random()
        raise ZeroDivisionError
