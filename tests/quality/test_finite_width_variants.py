"""Does the audit of finite widths catch wrong rates and wrong constants, each on evidence of a few seconds?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from sympy import Rational

from checks.engine.experiment import Experiment
from checks.engine.gather import gather
from checks.engine.weigh import weigh
from checks.test_finite_width_kernel import DEEP, LAST_WIDTHS, MEANS, SHARP, SPREAD, VARIANCES, WIDTHS
from simulators import kernel_statistics
from simulators.wide_net import TwoWidths, WideNet
from theorems.finite_width_kernel import THEOREM
from theorems.finite_width_kernel_terms import (
    A_fourth,
    H_diagonal,
    H_mean,
    H_mean_a,
    H_mean_b,
    H_star,
    L,
    deviation,
    gap_a,
    gap_b,
    k_a,
    k_b,
    m,
    m_a,
    m_b,
    n_x,
    n_y,
    q,
    variance,
)
from theorems.statement import Claim, Eq

PERCENT, TWO_PERCENT = Rational(101, 100), Rational(102, 100)
V = n_x**2 * n_y**2 * variance / m


def only(experiment: Experiment, *examples: Any) -> Experiment:
    """The experiment on its examples, or on these, alone."""
    chosen = examples or experiment.examples
    return replace(experiment, name=f"{experiment.name}-examples", examples=chosen, search=0, bulk=0, only=None)


RATES = only(WIDTHS)
SLOW = TwoWidths(((1.0, 0.0), (1.0, 60.0)), (32,), (2048,), 3200)
CASES = {
    "1/m": (Eq(gap_a, q * gap_b), RATES),
    "m^(-1/4)": (Eq(gap_a, q ** Rational(1, 4) * gap_b), only(WIDTHS, SLOW)),
    "no rate": (Eq(gap_a, gap_b), RATES),
    "H* + 1 %": (Eq(H_mean, PERCENT * H_star), only(MEANS, SHARP)),
    "H* - 1 %": (Eq(H_mean, H_star / PERCENT), only(MEANS, SHARP)),
    "V + 2 %": (Eq(deviation, TWO_PERCENT * V), only(VARIANCES, SPREAD)),
    "V - 2 %": (Eq(deviation, V / TWO_PERCENT), only(VARIANCES, SPREAD)),
    "V/m^2": (Eq(deviation, V / m), only(VARIANCES, SPREAD)),
    "one layer less": (Eq(H_diagonal, L * n_x**2), only(DEEP)),
    "1 + 4/m": (Eq(A_fourth, n_x**4 * (1 + 4 / m_a) ** k_a * (1 + 4 / m_b) ** k_b), only(DEEP)),
    "last width counts": (Eq(H_mean_a, 2 * H_mean_b), only(LAST_WIDTHS)),
}


@pytest.mark.parametrize(("relation", "experiment"), CASES.values(), ids=CASES.keys())
def test_a_wrong_law_is_refuted(relation: Any, experiment: Experiment) -> None:
    variant = THEOREM.variant(Claim("wrong", relation, assumes=(), goal=1.0)).claim("wrong")
    verdict = weigh(variant, experiment, gather(experiment))
    assert verdict.kind == "REFUTED", verdict.reason


RARE_PAIRS = (
    TwoWidths(((1.0, 0.0), (1.0, 179.0)), (32,), (2048,), 3200),
    TwoWidths(((1.0, 0.0), (1.0, 179.9)), (32,), (2048,), 3200),
    TwoWidths(((100.0, 0.0), (100.0, 0.0)), (32,), (2048,), 3200, "erf"),
    TwoWidths(((1000.0, 0.0), (1000.0, 60.0)), (32,), (2048,), 3200, "erf"),
)


@pytest.mark.parametrize("pair", RARE_PAIRS, ids=lambda p: f"{p.activation}-{p.points[0][0]:g}-{p.points[1][1]:g}")
def test_rare_units_refute_the_rate_and_are_left_out_of_it(pair: TwoWidths) -> None:
    rate = THEOREM.claim("rate")
    bare = THEOREM.variant(Claim("wrong", rate.relation, "limit", assumes=(), goal=1.0)).claim("wrong")
    found = gather(only(WIDTHS, pair))
    assert weigh(bare, only(WIDTHS, pair), found).kind == "REFUTED"
    assert weigh(rate, only(WIDTHS, pair), found).kind != "REFUTED"


@pytest.mark.parametrize(
    "experiment", [RATES, only(MEANS, SHARP), only(VARIANCES, SPREAD), only(DEEP), only(LAST_WIDTHS)]
)
def test_the_true_laws_survive_the_same_evidence(experiment: Experiment) -> None:
    claims = [c for c in THEOREM.claims if experiment.covers(c)]
    assert claims
    assert [c.name for c in claims if weigh(c, experiment, gather(experiment)).kind != "SURVIVED"] == []


def test_a_variance_wrong_by_two_percent_shows_in_three_hundred_thousand_nets() -> None:
    """Width 16, delta 1e-6: the interval around the truth 12/16 excludes 2 % more and 2 % less."""
    net = WideNet(((1.0, 0.0), (1.0, 0.0)), (16,), 300_000)
    found = kernel_statistics.observe_deviation((net,), delta=1e-6, device=torch.device("cpu")).columns["deviation"]
    assert abs(found.mid[0] - 0.75) <= found.rad[0] < 0.02 * 0.75
    assert min(abs(found.mid[0] - 0.75 * factor) for factor in (0.98, 1.02)) > 0.5 * found.rad[0]
