"""Mistakes that people make with the tangent kernel, each stated as a claim: one small look refutes every one of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sympy import Rational, asin, cos, pi, sin, sqrt

from checks.engine.gather import gather
from checks.engine.search import examine
from checks.test_tangent_kernel import EXPERIMENTS
from theorems.statement import Claim, Eq
from theorems.tangent_kernel import CLAIMS
from theorems.tangent_kernel_terms import (
    E_dd,
    E_ss,
    H_none,
    H_xx,
    H_xy,
    L,
    S_dot,
    S_next,
    S_xx,
    S_xy,
    S_yy,
    T_next,
    T_prev,
    a,
    arc_cosine,
    arc_cosine_slope,
    b,
    c,
    d,
    erf_dual,
    inner,
    keep,
    square_x,
    t,
)  # fmt: skip

NAMED = {e.name: replace(e, only=None, search=0, bulk=60, examples=e.examples[:2]) for e in EXPERIMENTS}

MISTAKES = {
    "no c_sigma": ("relu-expectations", Eq(S_next, E_ss)),
    "no c_sigma in the slopes": ("relu-expectations", Eq(S_dot, E_dd)),
    "c_sigma = E s^2": ("erf-expectations", Eq(S_next, E_ss / c)),
    "c_sigma of ReLU for erf": ("erf-expectations", Eq(S_next, 2 * E_ss)),
    "c_sigma 1 % off": ("relu-layers", Eq(S_next, Rational(101, 100) * c * arc_cosine)),
    "first layer divided by d": ("pairs", Eq(H_none, inner / d)),
    "first layer divided by sqrt(d)": ("pairs", Eq(H_none, inner / sqrt(d))),
    "one layer frozen": ("pairs", Eq(H_xx, L * square_x)),
    "depth L + 1": ("pairs", Eq(H_xx, (L + 2) * square_x)),
    "norms ignored": ("relu-layers", Eq(S_next, c * (sin(t) + (pi - t) * cos(t)) / (2 * pi))),
    "kappas swapped": ("relu-layers", Eq(S_next, c * a * b * arc_cosine_slope)),
    "kappas swapped in the slopes": ("relu-layers", Eq(S_dot, c * (sin(t) + (pi - t) * cos(t)) / (2 * pi))),
    "t for pi - t": ("relu-layers", Eq(S_dot, c * t / (2 * pi))),
    "no sine": ("relu-layers", Eq(S_next, c * a * b * (pi - t) * cos(t) / (2 * pi))),
    "1/pi for 1/(2 pi)": ("relu-layers", Eq(S_dot, c * (pi - t) / pi)),
    "erf without 1 +": ("erf-layers", Eq(S_next, c * 2 / pi * asin(2 * S_xy / sqrt(4 * S_xx * S_yy + 1)))),
    "erf without the factor 2": ("erf-layers", Eq(S_next, c / 2 * erf_dual)),
    "no new term": ("relu-layers", Eq(T_next, T_prev * S_dot)),
    "the Gaussian process kernel alone": ("relu-layers", Eq(T_next, S_next)),
    "slopes forgotten": ("relu-layers", Eq(T_next, T_prev + S_next)),
    "slopes of the sum": ("erf-layers", Eq(T_next, (T_prev + S_next) * S_dot)),
    "1 % more": ("relu-layers", Eq(T_next, Rational(101, 100) * (T_prev * S_dot + S_next))),
    "one part in 10^9 more": ("relu-layers", Eq(T_next, (1 + Rational(1, 10**9)) * (T_prev * S_dot + S_next))),
    "one part in 10^12 more": ("relu-layers", Eq(T_next, (1 + Rational(1, 10**12)) * (T_prev * S_dot + S_next))),
    "an integral wrong by one part in 10^12": ("relu-expectations", Eq(S_next, (1 + Rational(1, 10**12)) * c * E_ss)),
    "another constant does not matter": ("pairs", Eq(keep * H_xy, keep**L * H_xy)),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refuted(mistake):
    experiment, relation = MISTAKES[mistake]
    chosen = NAMED[experiment]
    verdict = examine(Claim(mistake, relation, assumes=()), chosen, gather(chosen))
    assert verdict.kind == "REFUTED" and verdict.certified


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.kind == "identity"], ids=lambda c: c.name)
def test_the_claims_survive_the_same_look(claim):
    for experiment in EXPERIMENTS:
        if experiment.covers(claim) and experiment.name != "any-layers":
            chosen = NAMED[experiment.name]
            assert examine(claim, chosen, gather(chosen)).kind == "SURVIVED"
