"""The linter catches what makes a statement pointless, with words that say what to do, and leaves sound ones alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import sympy
from sympy import Max, Min, Rational, acos, cos, exp, floor, log, sqrt

from checks.engine.conjecture import conjecture
from checks.engine.lint import LintError, lint, lint_claim, refuse
from checks.engine.lint_form import mismatch, parsed
from checks.engine.lint_values import holds_of_everything
from checks.engine.parse import parse
from theorems import get
from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Ge,
    Gt,
    Implies,
    Le,
    Lt,
    Ne,
    Not,
    Or,
    Theorem,
    observable,
    plus,
)

x, y = observable("x", "a number"), observable("y", "another")
P, Q = observable("P", "a chance", "probability"), observable("Q", "another", "probability")
R = observable("R", "a chance that is not 0", "positive probability")
N, M = observable("N", "a count", "positive integer"), observable("M", "another", "positive integer")
k = observable("k", "a count from 0", "nonnegative integer")
q, p = observable("q", "a size", "nonnegative"), observable("p", "a positive size", "positive")
b = observable("b", "whether", "boolean")
length = observable("length", "a length", "positive", "m")
area = observable("area", "an area", "positive", "m^2")
energy = observable("energy", "an energy", "nonnegative", "nat")
j = sympy.Symbol("j")


def stated(relation, *assumptions, kind="identity", follows_from=()):
    """A theorem of one claim."""
    claim = Claim("claim", relation, kind, tight_at="nowhere", assumes=tuple(a.name for a in assumptions))
    theorem = Theorem("theorem", "Theorem", (claim,), assumptions)
    return theorem, replace(claim, follows_from=follows_from)


def rules(relation, *assumptions, **more):
    """The findings about one relation, as rule: severity."""
    return {f.rule: f.severity for f in lint_claim(*stated(relation, *assumptions, **more))}


def given(relation, name="given"):
    return Assumption(name, "…", relation)


ALWAYS = {
    "a square": Ge(x**2, 0),
    "a sum of squares": Ge(x**2 + y**2, 2 * x * y),
    "one or the other": Or(Ge(x, 1), Not(Ge(x, 1))),
    "a boolean or not": Or(b, Not(b)),
    "a minimum": Le(Min(x, y), x),
    "a probability": Le(P, 1),
    "two probabilities": Le(P * Q, P),
    "a domain": Gt(p, 0),
    "a positive probability": Gt(R, 0),
    "an exponential": Gt(exp(x), 0),
    "a binomial theorem": Eq((x + y) ** 2, x**2 + 2 * x * y + y**2),
    "a triangle": Le(abs(x + y), abs(x) + abs(y)),
    "Bernoulli": Ge((1 + q) ** N, 1 + N * q),
    "a floor": Le(floor(x), x),
    "a rare premise": Implies(Eq(N, 500), Ge(P, 0)),
    "a premise that says it": Implies(Ge(x, 2), Ge(x, 1)),
    "a logarithm": Ge(log(1 + q), 0),
    "irrational sides": Eq(exp(x + y), exp(x) * exp(y)),
    "the same twice": Eq((x + y) ** 200, (x + y) ** 200),
    "a sum": Le(sympy.Sum(P**j, (j, 1, N)), N),
}
NOT_ALWAYS = {
    "one exception": Ne(x, Rational(37, 100)),
    "one large exception": Ne(N, 1369),
    "a small one": Ge(2**N, N**2),
    "far out": Le(x**2, sympy.Integer(10) ** 30),
    "beyond any measurement": Le(exp(x), sympy.Integer(10) ** 100),
    "nearly 1": Le(P, Rational(999999, 1000000)),
    "at one end": Lt(P, 1),
    "a product": Le(P + Q, 1),
    "the other minimum": Ge(Min(x, y), x),
    "a premise with room": Implies(Ge(x, 1), Ge(x, 2)),
    "a tie": Ne(N, M),
    "an identity that fails": Eq((x + y) ** 2, x**2 + x * y + y**2),
    "irrational sides that differ": Eq(exp(x + y), exp(x) * exp(y) * (1 + Rational(1, 10**9))),
    "a sum one longer": Le(sympy.Sum(P**j, (j, 0, N)), N),
}


@pytest.mark.parametrize("relation", ALWAYS.values(), ids=ALWAYS.keys())
def test_what_holds_of_every_value_is_an_error(relation):
    assert rules(relation).get("always true") == "error"
    assert holds_of_everything(Claim("claim", relation))


@pytest.mark.parametrize("relation", NOT_ALWAYS.values(), ids=NOT_ALWAYS.keys())
def test_what_a_value_excludes_is_left_alone(relation):
    assert "always true" not in rules(relation)
    assert not holds_of_everything(Claim("claim", relation))


def test_a_lemma_that_the_derivation_proves_may_hold_of_all_values():
    assert rules(Ge(x**2, 0), follows_from=("step",)) == {}


@pytest.mark.parametrize(
    "relation",
    [
        Gt(P, 2),
        Lt(x**2, 0),
        Eq(cos(x), 2),
        Eq(N, Rational(5, 2)),
        Eq(2 * N, 7),
        Lt(p + q, 0),
        And(Gt(x, 1), Lt(x, 0)),
        And(b, Not(b)),
    ],
)
def test_what_no_value_satisfies_is_a_warning_and_of_existence_an_error(relation):
    assert rules(relation)["never true"] == "warning"
    assert rules(relation, kind="existence")["never true"] == "error"


@pytest.mark.parametrize(
    "relation",
    [
        Gt(P, Rational(999, 1000)),
        Eq(cos(x), 1),
        Eq(2 * N, 8),
        Eq(x**2, 2),
        Eq(P, exp(-q)),
        And(Gt(P, 1 - Rational(1, 100)), Gt(N, 10**6 * M**2)),
        Eq(N**2 + M**2, 25),
    ],
)
def test_what_some_value_satisfies_is_no_finding(relation):
    assert rules(relation) == {}


def test_a_premise_that_no_value_satisfies_says_whether_that_is_certain():
    assert rules(Implies(Lt(x**2, 0), Eq(x, y))) == {"premise": "error"}
    assert rules(Implies(Gt(P, 1), Eq(x, y))) == {"premise": "error"}
    assert rules(Implies(Eq(N, Rational(1, 2)), Eq(x, y))) == {"premise": "error"}
    assert rules(Implies(And(Gt(x, y), Lt(x, y)), Eq(x, 1))) == {"premise": "warning"}
    assert rules(Implies(And(Eq(N, 365), Eq(M, 23)), Gt(P, Rational(1, 2)))) == {}
    assert rules(Implies(And(Eq(N**2, M), Ge(N, 30)), Gt(P, Rational(1, 2)))) == {}
    assert rules(Implies(Ge(N, sqrt(2 * M * log(2)) + 1), Ge(P, Rational(1, 2)))) == {}


def test_a_premise_against_the_assumptions_is_noticed():
    assert rules(Implies(Eq(N, 2), Eq(x, y)), given(Eq(N, 1))) == {"premise": "warning"}
    assert rules(Implies(Ge(N, 2), Eq(x, y)), given(Ge(N, 1))) == {}


def test_assumptions_that_no_value_satisfies_alone_or_together():
    assert rules(Eq(x, y), given(Gt(P, 1))) == {"assumption": "error"}
    found = lint_claim(*stated(Eq(x, y), given(Le(q, 1), "small"), given(Ge(q, 2), "large"), given(Eq(N, 1), "one")))
    assert [(f.rule, f.severity) for f in found] == [("assumption", "error")]
    assert "'small' and 'large'" in found[0].text and "'one'" not in found[0].text
    assert rules(Eq(x, y), given(Le(q, 1), "small"), given(Ge(q, 1), "large")) == {}


UNDEFINED = {
    "a denominator": (Le(x, 1 / q), "q = 0"),
    "a difference": (Le(x, 1 / (q - 1)), "q = 1"),
    "a tie": (Le(1 / (x - y), 1), "x = "),
    "a product": (Le(x, y / (P * p)), "P = 0"),
    "a logarithm": (Le(log(1 - P), x), "P = 1"),
    "a root": (Le(sqrt(1 - q), x), "q = "),
    "an angle": (Le(acos(q), x), "q = "),
    "a power": (Le(x, (y**2) ** (Rational(1, 2) - 1 / N)), "N = 1"),
}


@pytest.mark.parametrize(("relation", "at"), UNDEFINED.values(), ids=UNDEFINED.keys())
def test_what_is_undefined_at_a_value_of_the_domains_is_a_warning_with_the_value(relation, at):
    found = [f for f in lint_claim(*stated(relation)) if f.rule == "undefined"]
    assert found and found[0].severity == "warning" and at in found[0].at


DEFINED = {
    "a positive denominator": (Le(x, 1 / p), ()),
    "one that the premise excludes": (Implies(Gt(q, 0), Le(x, 1 / q)), ()),
    "one that an assumption excludes": (Le(x, 1 / q), (given(Ge(q, 1)),)),
    "never 0": (Le(x, 1 / (1 + q)), ()),
    "a logarithm of what is positive": (Le(log(1 + x**2), y), ()),
    "a probability that is not 0": (Le(x, 1 / R), ()),
    "three that belong together": (Le(acos(x / sqrt(p * q + p)), y), ()),
    "a square under a root": (Le(sqrt(x**2), y), ()),
    "counts from 1": (Le(x, (y**2) ** (1 - 1 / N)), ()),
}


@pytest.mark.parametrize(("relation", "assumed"), DEFINED.values(), ids=DEFINED.keys())
def test_what_is_defined_wherever_it_is_claimed_is_left_alone(relation, assumed):
    assert "undefined" not in rules(relation, *assumed)


def test_what_no_value_defines_is_an_error():
    assert rules(Eq(x, sqrt(-1 - q)))["undefined"] == "error"
    assert rules(Eq(x, log(-p)))["undefined"] == "error"
    assert rules(Eq(x, log(1 - p))).get("undefined") == "warning"


def test_a_strict_sign_that_fails_at_a_tie_alone_is_a_warning_with_the_tie():
    (found,) = lint_claim(*stated(Gt(x**2, 0)))
    assert (found.rule, found.severity, found.at) == ("strict", "warning", "x = 0")
    assert "x**2 >= 0" in found.text
    assert rules(Lt(Min(x, y), x)) == {"strict": "warning"}
    assert rules(Lt(x**2, y)) == {}
    assert rules(Lt(P, 1)) == {} and rules(Gt(q, 0)) == {}
    assert rules(Lt(P, Rational(99, 100))) == {}


def test_a_part_that_says_nothing_is_a_warning():
    assert rules(And(Le(P, 1), Le(x, y))) == {"idle part": "warning"}
    assert rules(Implies(Ge(N, 1), Le(x, y))) == {"idle part": "warning"}
    assert rules(Or(Gt(P, 2), Le(x, y))) == {"idle part": "warning"}
    assert rules(And(Le(P, Q), Le(x, y))) == {}


def test_what_cancels_is_a_warning():
    assert rules(Eq(plus(x, y), plus(x, q))) == {"cancels": "warning"}
    assert rules(Le(plus(N * x, y, -N * x), q)) == {"cancels": "warning"}
    assert rules(Eq(x + y, 2 * x + q)) == {}
    assert rules(Le(abs(y - x), Max(x, q))) == {}
    assert rules(Eq(x, floor(N / 1000))) == {}


def test_units_that_do_not_match_are_a_warning():
    assert rules(Eq(area, length)) == {"unit": "warning"}
    assert rules(Eq(area, length**2 + N * length)) == {"unit": "warning"}
    assert rules(Le(2 * energy, Max(area, energy))) == {"unit": "warning"}
    assert rules(Eq(area, N * length**2 / 2)) == {}
    assert rules(Eq(sqrt(area), length * P)) == {}
    assert rules(Eq(area, x * length)) == {}
    assert rules(Le(area, 5)) == {}
    assert mismatch(Eq(area, length)).sides == (area, "m^2", length, "m")
    assert parsed("m/s^2") == {"m": 1, "s": -2} and parsed("m**2") == {"m": 2}


def test_a_constant_that_is_not_given_to_identify_is_an_error_that_names_the_option():
    c = sympy.Symbol("c")
    theorem, claim = stated(Eq(x, y))
    typed = replace(claim, relation=Le(P, c * q))
    (found,) = lint_claim(theorem, typed)
    assert (found.rule, found.severity) == ("symbol", "error") and "--unknown c=0:10" in found.text
    assert lint_claim(theorem, typed, unknowns=("c",)) == ()
    (unused,) = lint_claim(theorem, claim, unknowns=("c",))
    assert unused.rule == "unknown" and "leave --unknown c out" in unused.text


def test_a_division_by_a_constant_to_identify_is_a_matter_of_its_box():
    theorem = get("fixed-net")
    typed = conjecture(theorem, parse("gap <= sqrt(log(2/delta)/(c*n))", theorem, ("c",))).claim
    assert lint_claim(theorem, typed, unknowns=("c",)) == ()
    typed = conjecture(theorem, parse("gap <= c/(1 - test)", theorem, ("c",))).claim
    assert [found.rule for found in lint_claim(theorem, typed, unknowns=("c",))] == ["undefined"]


def test_what_is_no_number_and_what_speaks_of_nothing_are_errors():
    assert rules(Eq(x, sympy.zoo)) == {"number": "error"}
    assert rules(Eq(x, sympy.I * y)) == {"number": "error"}
    assert rules(Eq(x, sympy.zeta(y))) == {"function": "error"}
    assert rules(Le(sympy.Integer(1), 2)) == {"no observable": "error"}
    assert rules(Le(sympy.Integer(1), 2), kind="existence") == {}


def test_errors_are_refused_in_one_line_and_warnings_are_handed_back():
    findings = lint_claim(*stated(Ge(x**2, 0)))
    with pytest.raises(LintError) as caught:
        refuse(findings)
    text = str(caught.value)
    assert text.startswith("theorem / claim: got x**2 >= 0, which holds of every value") and "\n" not in text
    assert "; expected " in text and caught.value.findings == findings
    warnings = lint_claim(*stated(Gt(x**2, 0)))
    assert refuse(warnings) == warnings
    assert str(warnings[0]).startswith("warning   theorem / claim: got x**2 > 0")
    assert lint(stated(Eq(x, y))[0]) == ()


def test_the_linter_loads_neither_torch_nor_hypothesis():
    code = "import sys, checks.engine.lint, checks.engine.lint_rows; print({'torch', 'hypothesis', 'scipy'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
