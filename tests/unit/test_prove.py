"""The prover: every method proves true steps, and each has a wrong step that it does not."""

import pytest
import sympy

from checks.engine.prove import dark, prove, proved_claims
from theorems.statement import And, Claim, Eq, Ge, Gt, Implies, Le, Lt, Ne, Or, Step, Theorem, observable

x, y = observable("x", "real"), observable("y", "real")
u = observable("u", "size", "nonnegative")
r = observable("r", "rate", "positive")
p = observable("p", "chance", "probability")
n = observable("n", "count", "positive integer")
k = sympy.Symbol("k", integer=True)
t = sympy.Symbol("t", real=True)
G = sympy.Symbol("G", real=True)
A, B = sympy.MatrixSymbol("A", 3, 3), sympy.MatrixSymbol("B", 3, 3)
a, b = sympy.Function("a")(t), sympy.Function("b")(t)
third = sympy.Rational(1, 3)
FLOW = And(Eq(sympy.Derivative(a, t), -b * G), Eq(sympy.Derivative(b, t), -a * G))


def checked(method, relation, **domain):
    return prove(Step("step", "", method, relation, domain=domain))


@pytest.mark.parametrize(
    ("true", "wrong"),
    [
        (Eq((x + y) ** 2, x**2 + 2 * x * y + y**2), Eq((x + y) ** 2, x**2 + x * y + y**2)),
        (Eq((r**2) ** (1 - 1 / n), r ** (2 - 2 / n)), Eq((x**2) ** sympy.Rational(1, 2), x)),
        (Eq(sympy.Sum(k, (k, 1, n - 1)), n * (n - 1) / 2), Eq(sympy.Sum(k, (k, 1, n)), n * (n - 1) / 2)),
        (Eq((1 - r) * sympy.Sum(r**k, (k, 0, n - 1)), 1 - r**n), Eq((1 - r) * sympy.Sum(r**k, (k, 0, n)), 1 - r**n)),
        (Eq(sympy.Product(1 + 1 / k, (k, 1, n)), n + 1), Eq(sympy.Product(1 + 1 / k, (k, 1, n)), n)),
        (Eq(sympy.Derivative(sympy.log(1 + u), u), 1 / (1 + u)), Eq(sympy.Derivative(u**3, u), 2 * u**2)),
        (
            Implies(FLOW, Eq(sympy.Derivative(a**2 - b**2, t), 0)),
            Implies(FLOW, Eq(sympy.Derivative(a**2 + b**2, t), 0)),
        ),
        (Eq(sympy.Limit((1 + 1 / r) ** r, r, sympy.oo), sympy.E), Eq(sympy.Limit(sympy.sin(r) / r, r, 0), 2)),
        (Eq(sympy.Trace(A * B.T), sympy.Trace(A.T * B)), Eq(sympy.Trace(A * B), sympy.Trace(A * B.T))),
        (Eq((A * B).T, B.T * A.T), Eq((A * B).T, A.T * B.T)),
        (Ge(x**2 + y**2, 2 * x * y), Ge(x**2 + y**2, 3 * x * y)),
        (Le(1 + x, sympy.exp(x)), Le(1 + x + x**2 / 2, sympy.exp(x))),
        (Le(sympy.log(r), r - 1), Le(sympy.log(r), r - 2)),
        (Le(p * (1 - p), sympy.Rational(1, 4)), Le(p * (1 - p), sympy.Rational(1, 5))),
        (Gt(sympy.exp(x), 0), Gt(x**2, 0)),
        (Ne(sympy.exp(x), 0), Ne(x, 0)),
        (Implies(Ge(x, y), Ge((x - y) * r, 0)), Implies(Ge(x, y), Ge(x**2, y**2))),
        (Implies(Eq(2 * x + y, 1), Eq(4 * x, 2 - 2 * y)), Implies(Eq(2 * x + y, 1), Eq(4 * x, 2 + 2 * y))),
        (Or(Eq(x, y), Ge(x**2, 0)), Or(Eq(x, y), Ge(x, 0))),
    ],
)
def test_symbolic(true, wrong):
    assert checked("symbolic", true).kind == "PROVED"
    failed = checked("symbolic", wrong)
    assert failed.kind == "FAILED" and failed.reason


def test_a_pole_is_not_stepped_over():
    assert checked("symbolic", Ge(-1 / (r - 1), 0)).kind == "FAILED"
    assert checked("symbolic", Ge(-1 / (x - 1), -1)).kind == "FAILED"


@pytest.mark.parametrize(
    ("true", "wrong", "domain"),
    [
        (Gt(1 - sympy.exp(-sympy.log(2)), sympy.Rational(49, 100)), Gt(sympy.exp(-1), sympy.Rational(37, 100)), {}),
        (
            Eq(sympy.sqrt(2) * sympy.sqrt(3), sympy.sqrt(6)),
            Eq(sympy.exp(sympy.pi * sympy.sqrt(163)), 640320**3 + 744),
            {},
        ),
        (Ge(n**2, 2 * n - 1), Gt(n**2, 2 * n - 1), {"n": range(1, 40)}),
        (Implies(Gt(n, 1), Gt(n**2, n)), Gt(n**2, n), {"n": range(1, 10)}),
        (Lt(x + y, 2), Lt(x + y, 0.75), {"x": ["1/3", 0.5], "y": [third, -1]}),
        (Eq(sympy.sqrt(u) * sympy.sqrt(u), u), Eq(sympy.sqrt(u), u), {"u": [2, 3]}),
    ],
)
def test_exact(true, wrong, domain):
    assert checked("exact", true, **domain).kind == "PROVED"
    failed = checked("exact", wrong, **domain)
    assert failed.kind == "FAILED" and ("fails" in failed.reason or "undecided" in failed.reason)


@pytest.mark.parametrize(
    ("true", "wrong", "domain"),
    [
        (Le(1 - x, sympy.exp(-x)), Le(sympy.Rational(101, 100) - x, sympy.exp(-x)), {"x": (-3, 5)}),
        (Le(p * (1 - p), sympy.Rational(1, 4)), Lt(p * (1 - p), sympy.Rational(1, 4)), {"p": (0, 1)}),
        (Ge(sympy.exp(x * y), 1 + x * y), Ge(sympy.exp(x * y), 1 + 2 * x * y), {"x": (0, 1), "y": (0, 1)}),
        (Gt(sympy.exp(-n * x), 1 - n * x - third), Gt(sympy.exp(-n * x), 1 - n * x), {"n": (1, 4), "x": (0, 1)}),
        (And(Gt(sympy.log(r), 0), Lt(sympy.log(r), 2)), Gt(sympy.log(r), 1), {"r": ("1.5", 7)}),
    ],
)
def test_certified(true, wrong, domain):
    assert checked("certified", true, **domain).kind == "PROVED"
    failed = checked("certified", wrong, **domain)
    assert failed.kind == "FAILED" and any(name in failed.reason for name in domain)


def test_what_is_not_checked_says_so():
    assert checked("exact", Eq(n, n + x), n=[1]).reason.startswith("got step step without a domain for x")
    assert prove(Step("c", "", "cited", source="a paper")).kind == "CITED"
    assert prove(Step("s", "", "searched", claim="rate")).kind == "SEARCHED"
    assert checked("exact", Ge(n, 1), n=[]).kind == "FAILED"
    assert checked("exact", Implies(Gt(n, 5), Eq(n, 0)), n=range(1, 4)).reason.startswith(
        "its premise holds in no case"
    )


def test_a_claim_is_proved_only_if_every_ancestor_is():
    steps = (
        Step("one", "", "symbolic", Ge(x**2, 0)),
        Step("two", "", "symbolic", Ge(x**4, 0), depends_on=("one",)),
        Step("paper", "", "cited", source="a paper"),
        Step("three", "", "symbolic", Ge(x**6, 0), depends_on=("two", "paper")),
        Step("wrong", "", "symbolic", Ge(x, 0)),
    )
    claims = (
        Claim("sure", Ge(x**4, 0), follows_from=("two",)),
        Claim("cited", Ge(x**6, 0), follows_from=("two", "three")),
        Claim("failed", Ge(x, 0), follows_from=("wrong",)),
        Claim("alone", Ge(x**2, 0)),
    )
    theorem = Theorem("toy", "a toy", claims, derivation=steps)
    proofs = [prove(step, theorem) for step in steps]
    assert dark(theorem, proofs) == {"one", "two"}
    assert proved_claims(theorem, proofs) == {"sure"}


def test_a_case_is_left_out_only_where_its_premise_certainly_fails():
    one = sympy.sin(x) ** 2 + sympy.cos(x) ** 2
    undecided = checked("exact", Implies(Ge(one, 1), Le(x, 1)), x=(0, 2))
    assert undecided.kind == "FAILED" and "undecided" in undecided.reason
    assert checked("exact", Implies(Ge(x, 1), Ge(x**2, 1)), x=(0, 2)).kind == "PROVED"
    cases = And(Implies(Eq(n, 1), Le(x, 1)), Implies(Eq(n, 2), Le(x, 2)))
    assert checked("exact", And(*cases.args, Le(x, n)), n=(1, 2, 3), x=(0, 1)).kind == "PROVED"
    assert checked("exact", And(*cases.args, Le(x, n)), n=(1, 2, 3), x=(0, 2)).kind == "FAILED"


@pytest.mark.parametrize("domain", [{"n": (5, 3)}, {"n": (1.5, 2)}, {"n": ("a", "b")}, {"n": None}, {"n": []}])
def test_an_empty_or_malformed_domain_proves_nothing(domain):
    for method in ("exact", "certified"):
        failed = checked(method, Le(n, 0), **domain)
        assert failed.kind == "FAILED" and failed.reason


def test_a_sum_that_may_run_backwards_is_not_sympys_to_decide():
    whole = observable("m", "count", "nonnegative integer")
    backwards = checked("symbolic", Eq(sympy.Sum(k, (k, 1, whole - 5)), (whole - 5) * (whole - 4) / 2))
    assert backwards.kind == "FAILED" and "backwards" in backwards.reason
    assert checked("symbolic", Eq(sympy.Sum(k, (k, 1, whole)), whole * (whole + 1) / 2)).kind == "PROVED"
