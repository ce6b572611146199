"""One description of a family, two drivers: what the bulk search finds, Hypothesis can replay and shrink."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.internal.conjecture.data import ConjectureData

from checks.engine.draw import Draw, bulk, strategy


@dataclass(frozen=True)
class Net:
    depth: int
    loss: str
    sigma: tuple[float, ...]
    scale: float
    masked: bool
    seed: int


def nets(draw: Draw, *, balanced: bool = True) -> Net:
    depth = draw.integer(1 if balanced else 2, 8)
    size = draw.integer(1, 4)
    return Net(
        depth,
        draw.choice(("completion", "sensing", "logistic")),
        tuple(draw.decimal(-1.6, 1.6) for _ in range(size)),
        draw.power(-3, 3),
        draw.boolean(),
        draw.seed(),
    )


def test_bulk_is_determined_by_its_seed():
    assert bulk(nets, "k") == bulk(nets, "k")
    assert len({bulk(nets, f"k-{i}")[0] for i in range(20)}) == 20


def test_flags_reach_the_family_in_both_drivers():
    assert all(bulk(nets, f"k-{i}", balanced=False)[0].depth >= 2 for i in range(50))
    shallowest, _ = hypothesis.find(strategy(nets, balanced=False), lambda drawn: True)
    assert shallowest.depth == 2


@pytest.mark.parametrize("seed", range(20))
def test_the_choices_of_a_bulk_instance_replayed_in_hypothesis_give_that_instance(seed):
    instance, choices = bulk(nets, f"replay-{seed}")
    replayed = ConjectureData.for_choices(choices).draw(strategy(nets))
    assert replayed == (instance, choices)


def test_a_family_shrinks_to_the_textbook_instance():
    simplest, _ = hypothesis.find(strategy(nets), lambda drawn: True)
    assert simplest == Net(1, "completion", (0.0,), 1.0, False, 0)


def test_a_shrunk_decimal_is_short():
    found, _ = hypothesis.find(strategy(nets), lambda drawn: max(drawn[0].sigma) > 0.3)
    assert found.sigma == (0.31,)


@hypothesis.settings(max_examples=50, deadline=None)
@hypothesis.given(st.integers(0, 10**6), st.floats(-10, 10).map(lambda v: round(v, 3)), st.integers(0, 40))
def test_decimals_stay_in_their_interval(seed, low, hundredths):
    high = round(low + 0.01 + hundredths / 100, 3)

    def family(draw: Draw) -> float:
        return draw.decimal(low, high)

    assert low <= bulk(family, str(seed))[0] <= high


def test_powers_span_their_scales():
    values = [bulk(lambda draw: draw.power(-3, 3), f"p-{i}")[0] for i in range(300)]
    assert 1e-3 <= min(values) < 1e-2
    assert 1e2 < max(values) <= 1e3
