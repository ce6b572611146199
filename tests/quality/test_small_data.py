"""The audit of small data sees wrong statistics, and would see an effect if there were one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from sympy import Min, Rational, Sum, binomial

from checks import audit
from checks.test_small_data import EVERY_SET, PAIRED, PRIMARY_TUMOR, REPEATED, VOTED
from simulators import small_data_file, small_data_study
from simulators.kernel_machines import METHODS
from simulators.small_data_file import Measured, measured
from simulators.small_data_protocol import packed
from theorems.small_data import THEOREM
from theorems.small_data_terms import P_below, P_half, alpha, discordant, fewer, k, n, p, q, variance, x
from theorems.statement import Claim, Eq, Le

FRESH = itertools.count()
WRONG = (
    ("one tail", PAIRED, Eq(p, Min(1, Sum(binomial(discordant, k), (k, 0, fewer)) / 2**discordant)), "identity"),
    ("not capped", PAIRED, Eq(p, 2 * Sum(binomial(discordant, k), (k, 0, fewer)) / 2**discordant), "identity"),
    ("all rows", PAIRED, Eq(p, Min(1, 2 * Sum(binomial(n, k), (k, 0, fewer)) / 2**n)), "identity"),
    ("one less", REPEATED, Eq((n + 1) * variance, q * (1 - q)), "identity"),
    ("anticonservative", REPEATED, Le(P_below, Rational(99, 100) * x), "bound"),
    ("any half", VOTED, Le(P_half, alpha), "bound"),
)


@pytest.mark.parametrize(("name", "experiment", "relation", "kind"), WRONG, ids=[w[0] for w in WRONG])
def test_wrong_statistics_are_refuted(name, experiment, relation, kind) -> None:
    assumes = ("independent", "alike") if experiment is REPEATED else ()
    wrong = Claim(name, relation, kind, name, assumes, tight_at="nowhere")
    assert audit(wrong, replace(experiment, theorem=THEOREM.variant(wrong))).kind == "REFUTED"


@pytest.fixture
def changed(monkeypatch):
    """The study as it would be with other answers: what the given function makes of (method, booleans)."""

    def change(answers) -> None:
        file = measured()
        cells = {
            key: replace(cell, right=packed(answers(cell.method, cell.hits(file.data[cell.data].rows))))
            for key, cell in file.cells.items()
        }
        other = Measured(cells, file.data, file.library)
        monkeypatch.setattr(small_data_study, "measured", lambda: other)
        small_data_study.study.cache_clear()

    yield change
    monkeypatch.undo()
    small_data_study.study.cache_clear()


def judged(name: str, experiment) -> str:
    """The verdict of a claim or saying, on evidence of its own: what was gathered once is remembered by name."""
    return audit(THEOREM.claim(name), replace(experiment, name=f"{experiment.name}-{next(FRESH)}")).kind


def test_an_effect_of_ten_points_would_be_seen(changed) -> None:
    """A tangent kernel that is right about every tenth patient more, whom the others get wrong."""

    def answers(method: str, right: np.ndarray) -> np.ndarray:
        tenth = np.arange(len(right)) % 10 == 0
        return right | tenth if method == "ntk" else right & ~tenth

    changed(answers)
    for rival in ("gaussian", "forest", "linear"):
        assert judged(f"no-gap-shown-{rival}", EVERY_SET) == "REFUTED"
    assert judged("ranking", PRIMARY_TUMOR) == "MEASURED"
    assert judged("published-gaps-inside", PRIMARY_TUMOR) == "REFUTED"
    assert judged("split-noise", PRIMARY_TUMOR) == "REFUTED"
    assert judged("tests-silent", PRIMARY_TUMOR) == "REFUTED"


def test_a_forest_that_is_better_would_be_seen(changed) -> None:
    changed(lambda method, right: right | (np.arange(len(right)) % 6 == 0) if method == "forest" else right)
    assert judged("competitive", EVERY_SET) == "REFUTED"


def test_accuracies_far_from_the_talk_s_would_be_seen(changed) -> None:
    changed(lambda method, right: right | (np.arange(len(right)) % 4 == 0))
    assert judged("accuracies", PRIMARY_TUMOR) == "REFUTED"


def test_every_method_is_compared() -> None:
    assert {key[2] for key in small_data_file.measured().cells} == set(METHODS)
