"""Constants that are known from the literature come out of what was measured, on theorems of the catalogue."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest
import sympy

from checks.engine.evidence import Evidence
from checks.engine.experiment import Experiment
from checks.engine.gather import gather
from checks.engine.identify import identify
from checks.engine.measure import select
from checks.items import audit_named
from theorems import get
from theorems.statement import Claim, Eq, Ge, Implies, Le, Ne

k, v, u, w = sympy.symbols("k v u w")
exp, log, pi = sympy.exp, sympy.log, sympy.pi


@lru_cache(maxsize=8)
def small(theorem: str, name: str, bulk: int) -> tuple[Experiment, Evidence]:
    """An experiment of the catalogue, and its examples with a few drawn instances."""
    audit = audit_named(theorem)
    assert audit is not None
    (found,) = [e for e in audit.experiments if e.name == name]
    few = replace(found, search=0, bulk=bulk)
    return few, gather(few)


def of(theorem: str, **named: str) -> dict[str, Any]:
    """Observables of a theorem."""
    known = {o.name: o for o in get(theorem).observables}
    return {short: known[name] for short, name in named.items()}


def asked(theorem: str, claim: str, relation: Any) -> Claim:
    """A claim of a theorem with another relation."""
    return replace(get(theorem).claim(claim), relation=relation)


def rate(exponents: Any, factor: Any = 1) -> Claim:
    """The singular-value rate with unknowns."""
    o = of("singular-value-ode", N="N", sigma="sigma", rate="sigma_dot", g="g")
    right = -factor * o["N"] ** exponents[0] * (o["sigma"] ** 2) ** (exponents[1] - exponents[2] / o["N"]) * o["g"]
    return asked("singular-value-ode", "rate", Eq(o["rate"], right))


def test_three_exponents_of_the_singular_value_rate() -> None:
    found = identify(
        rate((u, w, v)), (u, w, v), {u: (0, 4), w: (-2, 2), v: (-2, 4)}, small("singular-value-ode", "rates", 40)
    )
    assert found.kind == "ENCLOSED"
    assert found.how_sure == "certified"
    assert max(found.widths) < 1e-12
    assert all(low <= 1 <= high for low, high in found.outer)


def test_the_same_with_a_factor_whose_sign_is_not_known() -> None:
    box = {k: (-10, 10), u: (0, 4), w: (-2, 2), v: (-2, 4)}
    found = identify(rate((u, w, v), k), (k, u, w, v), box, small("singular-value-ode", "rates", 40))
    assert max(found.widths) < 1e-12
    assert all(low <= 1 <= high for low, high in found.outer)


def test_one_depth_leaves_a_direction_free_and_new_depths_do_not() -> None:
    experiment, evidence = small("singular-value-ode", "rates", 40)
    shallow = [depth == 2 for depth in evidence.measurements.columns["N"].mid]
    two = replace(evidence, measurements=select(evidence.measurements, [i for i, yes in enumerate(shallow) if yes]))
    box = {u: (0, 4), w: (-2, 2), v: (-2, 4)}
    open_ = identify(rate((u, w, v)), (u, w, v), box, (experiment, two))
    assert open_.kind == "NOT DETERMINED"
    assert open_.outer[0][1] - open_.outer[0][0] < 1e-12  # the power of N is 1 all the same
    (free,) = open_.free
    assert free.step == pytest.approx((0, 1, 2))
    assert "every row has N = 2" in open_.advice
    closed = identify(rate((u, w, v)), (u, w, v), box, (experiment, two), ask=experiment)
    assert closed.kind == "ENCLOSED"
    assert closed.asked >= closed.kept > 0
    assert max(closed.widths) < 1e-12
    assert f"asked for {closed.asked} new instances" in str(closed)


def test_an_exponent_that_is_wrong_contradicts_itself() -> None:
    claim = rate((2, w, v))  # the square of the depth
    found = identify(claim, (w, v), {w: (-2, 2), v: (-2, 4)}, small("singular-value-ode", "rates", 40))
    assert found.kind == "NO CONSTANT FITS"
    assert found.exit_code == 1
    assert len(found.contradiction) == 1
    without_depth = identify(
        rate((0, w, 0), k), (k, w), {k: (0, 9), w: (-2, 2)}, small("singular-value-ode", "rates", 40)
    )
    assert without_depth.kind == "NO CONSTANT FITS"
    assert without_depth.minimal


def test_the_constant_of_the_birthday_bound() -> None:
    o = of("birthday", N="N", s="s", P="P_dup")
    evidence = small("birthday", "laws", 150)
    claim = asked("birthday", "exponential", Ge(o["P"], 1 - exp(-k * o["s"] * (o["s"] - 1) / o["N"])))
    found = identify(claim, (k,), {k: (0, 10)}, evidence)
    assert found.kind == "BOUNDED"
    ((low, high),) = found.outer
    assert low == 0
    assert 0.5 <= high < 0.5000005
    ((_, sure),) = found.inner[0]
    assert high - 1e-9 < sure <= high
    assert "c <= " not in str(found)
    assert found.ends[0].cut
    assert found.ends[1].instance == evidence[1].instances[4]  # two samples from a million points
    o_two = Implies(Ge(o["s"], 2), Ge(o["P"], 1 - exp(-k * o["s"] ** 2 / o["N"])))
    square = identify(asked("birthday", "exponential", o_two), (k,), {k: (0, 10)}, evidence)
    points = 10**6  # two samples from a million points
    assert square.outer[0][1] == pytest.approx(-points * math.log1p(-1 / points) / 4, rel=1e-9)
    assert square.silent > 0


def test_the_two_of_hoeffding() -> None:
    o = of("fixed-net", n="n", e="eps", P="P_far")
    claim = asked("fixed-net", "hoeffding", Implies(Ne(o["P"], 0), Le(k * o["n"] * o["e"] ** 2, log(2 / o["P"]))))
    ((low, high),) = identify(claim, (k,), {k: (0, 100)}, small("fixed-net", "large-samples", 24)).outer
    assert low == 0
    assert 2 <= high < 2.05


def test_the_two_of_dvoretzky_kiefer_wolfowitz() -> None:
    o = of("vc-deviation", m="m", e="eps", P="P_one")
    claim = asked("vc-deviation", "dkw", Le(o["P"], 2 * exp(-k * o["m"] * o["e"] ** 2)))
    ((low, high),) = identify(claim, (k,), {k: (0, 100)}, small("vc-deviation", "stumps", 60)).outer
    assert low == 0
    assert 2 <= high < 2.2


def test_the_coefficients_of_the_arc_cosine_kernel() -> None:
    o = of("tangent-kernel", a="a", b="b", t="t", E="E_ss")
    scale = o["a"] * o["b"]
    right = scale * (k * sympy.sin(o["t"]) + v * (pi - o["t"]) * sympy.cos(o["t"]))
    claim = asked("tangent-kernel", "arc-cosine", Eq(o["E"], right))
    found = identify(claim, (k, v), {k: (-1, 1), v: (-1, 1)}, small("tangent-kernel", "relu-expectations", 20))
    assert found.kind == "ENCLOSED"
    assert all(low <= 1 / (2 * math.pi) <= high for low, high in found.outer)
    assert max(found.widths) < 1e-6
