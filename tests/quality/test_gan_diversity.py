"""The audit of trained generators sees wrong theorems of memory, and would see other generators if they were others."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace

import pytest
from sympy import Rational

from checks import audit
from checks.test_gan_diversity import (
    AGAINST_FEWEST,
    AGAINST_MOST,
    AGAINST_TWO,
    ALL_STEPS,
    BATCHES,
    BOTH_SWEEPS,
    BY_SIZE,
    GENERATORS,
    HALF_THE_STEPS,
    MEMORY,
    SUBSETS,
    SUBSETS_OF_EIGHT_HUNDRED,
    SUBSETS_OF_FIFTY,
)
from simulators import gan_study
from simulators.gan_file import Measured, measured
from simulators.gan_protocol import SEEDS, SIZES
from theorems.gan_diversity import THEOREM
from theorems.gan_diversity_terms import advantage, known, m, n, span
from theorems.statement import Claim, Eq, Le

FRESH = itertools.count()
WRONG = (
    ("known twice", Eq(advantage, 2 * span * known * (1 / m - 1 / n)), "identity"),
    ("real images forgotten", Eq(advantage, span * known / m), "identity"),
    ("one less", Eq(advantage, span * known * (1 / m - 1 / (n - 1))), "identity"),
    ("a hundredth less", Le(advantage, Rational(99, 100) * (1 - m / n)), "bound"),
    ("one image more", Le(advantage, 1 - (m + 1) / n), "bound"),
    ("half", Le(advantage, Rational(1, 2)), "bound"),
)


@pytest.mark.parametrize(("name", "relation", "kind"), WRONG, ids=[w[0] for w in WRONG])
def test_wrong_theorems_of_memory_are_refuted(name, relation, kind) -> None:
    wrong = Claim(name, relation, kind, name, None, tight_at="nowhere")
    experiment = replace(MEMORY, theorem=THEOREM.variant(wrong), only=None, search=2, bulk=20)
    assert audit(wrong, experiment).kind == "REFUTED"


@pytest.fixture
def changed(monkeypatch):
    """The experiment as it would be with other cells: what the given function makes of (key, values)."""

    def change(edit) -> None:
        file = measured()
        cells = {key: edit(key, copy.deepcopy(values)) for key, values in file.cells.items()}
        other = Measured(cells, file.real, file.library)
        monkeypatch.setattr(gan_study, "measured", lambda: other)

    return change


def judged(name: str, experiment) -> str:
    """The verdict of a claim or saying, on evidence of its own: what was gathered once is remembered by name."""
    return audit(THEOREM.claim(name), replace(experiment, name=f"{experiment.name}-{next(FRESH)}")).kind


def of_trained(edit):
    """An edit of both stages of trained generators; other cells stay."""

    def whole(key, values):
        if key[0] == "trained":
            for steps, stage in values.items():
                edit(int(key[1]), int(key[2]), int(steps), stage)
        return values

    return whole


def test_the_file_as_it_is_agrees(changed) -> None:
    """The other tests show something only because of this."""
    changed(lambda key, values: values)
    assert judged("diversity-grows", BOTH_SWEEPS) == judged("linear-inside", ALL_STEPS) == "MEASURED"


def test_diversity_that_does_not_depend_on_the_size_would_be_seen(changed) -> None:
    changed(of_trained(lambda size, seed, steps, stage: stage.update(pairs=[10**6, 1000 + 97 * seed])))
    assert judged("diversity-grows", BOTH_SWEEPS) == "REFUTED"
    assert judged("levels-off", BOTH_SWEEPS) == "REFUTED"
    assert judged("no-single-power", ALL_STEPS) == "REFUTED"
    assert judged("linear-inside", ALL_STEPS) == "REFUTED"
    assert judged("more-than-memory", AGAINST_MOST) == "REFUTED"
    assert judged("steps-matter", AGAINST_MOST) == "REFUTED"


@pytest.mark.parametrize("power", [1, 2])
def test_a_single_power_would_be_seen(changed, power: int) -> None:
    changed(of_trained(lambda size, seed, steps, stage: stage.update(pairs=[size**power * (100 + seed), 100])))
    assert judged("levels-off", BOTH_SWEEPS) == "REFUTED"
    assert judged("no-single-power", ALL_STEPS) == "REFUTED"
    assert judged("linear-outside", HALF_THE_STEPS) == "REFUTED"


@pytest.mark.parametrize("spread", [1, 1000])
def test_seeds_that_agree_or_differ_widely_would_be_seen(changed, spread: int) -> None:
    changed(
        of_trained(lambda size, seed, steps, stage: stage.update(pairs=[1000 * (spread if seed > SEEDS[0] else 1), 10]))
    )
    assert judged("seeds-differ", BY_SIZE) == "REFUTED"
    assert judged("seeds-differ-tenfold", AGAINST_FEWEST) == ("REFUTED" if spread == 1 else "MEASURED")


def test_generators_as_diverse_as_the_data_would_be_seen(changed) -> None:
    def rarely(size, seed, steps, stage) -> None:
        stage["hits"] = [[s, batches, 1 if s == 2 else 2, 0] for s, batches, _, _ in stage["hits"]]
        stage["pairs"] = [10**8, 100]

    changed(of_trained(rarely))
    assert judged("far-from-data", BY_SIZE) == "REFUTED"
    assert judged("real-life", GENERATORS) == "REFUTED"
    assert judged("less-than-memory", AGAINST_FEWEST) == judged("collapse-happens", AGAINST_FEWEST) == "REFUTED"


def test_a_collapse_of_every_one_would_be_seen(changed) -> None:
    def collapse(size, seed, steps, stage) -> None:
        stage["hits"] = [[s, batches, batches, 0] for s, batches, _, _ in stage["hits"]]

    changed(of_trained(collapse))
    assert judged("every-one-collapses", AGAINST_TWO) == "MEASURED"


def test_copies_of_real_images_would_be_seen(changed) -> None:
    def edit(size, seed, steps, stage) -> None:
        stage["copies"] = [1, 0] if (size, seed, steps) == (SIZES[-1], SEEDS[3], 750) else stage["copies"]

    changed(of_trained(edit))
    assert judged("no-copies", GENERATORS) == "REFUTED"
    changed(of_trained(lambda size, seed, steps, stage: stage.update(distance=200)))
    assert judged("no-copies", GENERATORS) == "REFUTED"


def test_batches_that_are_hit_too_often_would_be_seen(changed) -> None:
    """Images that come in pairs, so that they are not independent: batches of four are all hit, disjoint pairs hardly ever."""

    def edit(size, seed, steps, stage) -> None:
        stage["hits"] = [[s, batches, 20 if s == 2 else batches, 0] for s, batches, _, _ in stage["hits"]]

    changed(of_trained(edit))
    assert judged("union", BATCHES) == "REFUTED"
    assert judged("test-agrees", GENERATORS) == "REFUTED"


def test_discriminators_that_see_more_or_less_would_be_seen(changed) -> None:
    changed(of_trained(lambda size, seed, steps, stage: stage.update(seen=[900, 0, 2048])))
    assert judged("blind-at-the-end", AGAINST_FEWEST) == "REFUTED"
    grid = 2**16
    changed(lambda key, values: {"shown": 0, "all": 0} if key[0] == "subset" else values)
    assert judged("two-units-notice-fifty", SUBSETS_OF_FIFTY) == "REFUTED"
    changed(lambda key, values: {"shown": int(key[1]) * grid, "all": 0} if key[0] == "subset" else values)
    assert judged("eight-hundred-pass", SUBSETS_OF_EIGHT_HUNDRED) == "REFUTED"
    assert judged("cap", SUBSETS) == "REFUTED"
