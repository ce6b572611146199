"""Does the audit of the support theorem catch constants and powers that are 2 % off, on what it sees in profile quick?"""

from __future__ import annotations

from functools import lru_cache

import pytest
from sympy import Rational, log, sqrt

from checks.engine.evidence import Evidence
from checks.engine.experiment import Experiment
from checks.engine.gather import gather
from checks.engine.search import examine
from checks.engine.weigh import weigh
from checks.test_discriminator_scale import CHANCES
from checks.test_discriminator_support import BITS, CLASSES, TOSSES
from simulators.discriminator_bits import BitTable
from simulators.discriminator_class import FiniteClass
from simulators.discriminator_lemmas import Toss
from theorems.discriminator_support import ALL, THEOREM
from theorems.discriminator_terms import L, R, eps, exceed, k, log_moment, log_P, m, net, p, r, s
from theorems.statement import And, Claim, Ge, Implies, Le, Lt

one, two = Rational(1), Rational(2)
inside = log(1 + 4 * L * R / (k * eps))
rest = log(2) - log_P
size = (1 - k) * eps


def sharp(constant: Rational, exponent: Rational = two, power: Rational = one) -> Le:
    """m ≤ constant/((1 - k)ε)^exponent · (p ln(…)^power + ln 2/P): the theorem at ½, 2 and 1."""
    return Le(size**exponent * m / constant, p * inside**power + rest)


WRONG = {
    "constant .49 for ½": sharp(Rational(49, 100)),
    "constant .48": sharp(Rational(48, 100)),
    "constant ¼": sharp(Rational(1, 4)),
    "exponent 1.98 for 2": sharp(Rational(1, 2), Rational(198, 100)),
    "exponent 1.9": sharp(Rational(1, 2), Rational(19, 10)),
    "exponent 1": sharp(Rational(1, 2), Rational(1)),
    "log^.98": sharp(Rational(1, 2), two, Rational(98, 100)),
    "log^.9": sharp(Rational(1, 2), two, Rational(9, 10)),
    "sqrt(log)": sharp(Rational(1, 2), two, Rational(1, 2)),
    "no logarithm": Le(2 * size**2 * m, p + rest),
    "no p": Le(2 * size**2 * m, inside + rest),
    "p^.95": Le(2 * size**2 * m, p ** Rational(95, 100) * inside + rest),
    "sqrt(p)": Le(2 * size**2 * m, sqrt(p) * inside + rest),
    "log p for log L": Le(2 * size**2 * m, p * log(1 + 4 * p / (k * eps)) + rest),
    "no R": Le(2 * size**2 * m, p * log(1 + 4 * L / (k * eps)) + rest),
    "no L": Le(2 * size**2 * m, p * log(1 + 4 * R / (k * eps)) + rest),
    "no δ": Le(2 * size**2 * m, p * inside + log(2)),
    "√(1/δ)": Le(2 * size**2 * m, p * inside + log(2) - log_P / 2),
}


@lru_cache
def evidence(experiment: Experiment) -> Evidence:
    """What the experiment sees in profile quick."""
    return gather(experiment, "quick")


@pytest.mark.parametrize("relation", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_support_theorem_is_refuted(relation) -> None:
    verdict = weigh(Claim("variant", relation, assumes=ALL), BITS, evidence(BITS))
    assert verdict.kind == "REFUTED", verdict


def test_the_refutation_is_certified() -> None:
    """Confirmed in balls of higher precision, at failure probability 0."""
    verdict = examine(Claim("variant", WRONG["constant .49 for ½"], assumes=ALL), BITS, evidence(BITS))
    assert (verdict.kind, verdict.certified, verdict.failure) == ("REFUTED", True, 0.0)


def test_the_sharp_form_survives_and_its_bars_are_narrow() -> None:
    verdict = weigh(THEOREM.claim("support-lipschitz"), BITS, evidence(BITS))
    assert verdict.kind == "SURVIVED"
    assert verdict.resolution.best < 0.005


LEMMAS = {
    "s²/8.16": (Claim("moment", Le(log_moment, s**2 / Rational(816, 100)), assumes=("bounded",)), TOSSES),
    "2.02 m ε²": (
        Claim("class", Le(Rational(202, 100) * m * eps**2, log(net) + log(2) - log_P), assumes=("bounded", "independent")),
        CLASSES,
    ),
    "1.99 r": (
        Claim(
            "cluster",
            Implies(Le(2 * r, eps), Le(2 * m * (eps - Rational(199, 100) * r) ** 2, log(net) + log(2) - log_P)),
            assumes=("bounded", "independent"),
        ),
        CLASSES,
    ),
    "no ln 2": (Claim("one side", Le(2 * m * (eps - 2 * r) ** 2, log(net) - log_P), assumes=("bounded", "independent")), CLASSES),
}  # fmt: skip


@pytest.mark.parametrize(("claim", "experiment"), LEMMAS.values(), ids=LEMMAS.keys())
def test_a_wrong_lemma_is_refuted(claim, experiment) -> None:
    verdict = weigh(claim, experiment, evidence(experiment))
    assert verdict.kind == "REFUTED", verdict


def test_more_classes_than_the_theorem_allows_are_not_deaf() -> None:
    """The need for a logarithm with 1.96 in place of 4 ln 2 would contradict the support theorem, and is refuted."""
    wanted = Ge(log(net), Rational(196, 100) * m * (eps + 1 / m) ** 2 + log(2 * m) / 2)
    claim = Claim("deaf", Implies(And(Lt(2 * eps, 1), wanted), Ge(exceed, one / 2)), assumes=("independent",))
    assert weigh(claim, CHANCES, evidence(CHANCES)).kind == "REFUTED"


def test_the_need_for_a_logarithm_stops_at_one_half() -> None:
    """No gap of bits exceeds ½, so that the claim without its premise is refuted."""
    wanted = Ge(log(net), 4 * log(2) * m * (eps + 1 / m) ** 2 + log(2 * m) / 2)
    claim = Claim("any gap", Implies(wanted, Ge(exceed, one / 2)), assumes=("independent", "independent_bits"))
    assert weigh(claim, CHANCES, evidence(CHANCES)).kind == "REFUTED"


def test_power_comes_from_steepness() -> None:
    """Without large classes a constant 4 % off is not seen: the instances make the audit strong, not their number."""
    modest = Experiment("modest", THEOREM, lambda draw: BitTable(draw.integer(0, 10), draw.integer(1, 500)), BITS.observe,
                        search=0, bulk=600)  # fmt: skip
    claim = Claim("variant", WRONG["constant .48"], assumes=ALL)
    assert weigh(claim, modest, gather(modest)).kind == "SURVIVED"


def test_extremal_instances_are_examples() -> None:
    assert any(isinstance(case, BitTable) and case.doublings >= 10_000 for case in BITS.examples)
    assert any(isinstance(case, FiniteClass) and case.resolution for case in CLASSES.examples)
    assert Toss() in TOSSES.examples
