"""What is claimed is kept as it was written, and a badly stated theorem is refused with a remedy."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
import sympy

from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Equivalent,
    Ge,
    Gt,
    Implies,
    Le,
    Lt,
    Ne,
    Not,
    Or,
    Saying,
    Source,
    StatementError,
    Step,
    Theorem,
    observable,
    observables_of,
)

x = observable("x", "a real number")
P = observable("P", "a probability", domain="probability", latex=r"\mathbb{P}")
N = observable("N", "the depth", domain="positive integer")
SMALL = Assumption("small", "x is small", Le(x, 1))
CLAIM = Claim("square", Ge(x**2, 0), kind="bound", tight_at="x = 0")


def theorem(**parts: object) -> Theorem:
    return Theorem(**{"name": "squares", "title": "Squares", "claims": (CLAIM,), "assumptions": (SMALL,), **parts})


@pytest.mark.parametrize("build", [Eq, Ne, Le, Lt, Ge, Gt])
def test_a_relation_that_sympy_would_decide_stays_a_relation(build):
    relation = build(x, x)
    assert not isinstance(relation, sympy.logic.boolalg.BooleanAtom)
    assert relation.args == (x, x)


def test_a_probability_is_not_assumed_nonnegative_by_sympy():
    assert Ge(P, 0).free_symbols == {P}
    assert P.is_nonnegative is None


def test_a_power_of_a_square_is_not_rewritten_to_an_absolute_value():
    power = (x**2) ** (1 - 1 / N)
    assert not power.has(sympy.Abs)
    assert sympy.latex(power) == r"\left(x^{2}\right)^{1 - \frac{1}{N}}"


def test_connectives_that_sympy_would_decide_stay_connectives():
    inner = Gt(x, 0)
    assert set(And(inner, Not(inner)).args) == {inner, Not(inner)}
    assert set(Or(inner, Not(inner)).args) == {inner, Not(inner)}
    assert Not(inner).func is sympy.Not
    assert Implies(inner, inner).args == (inner, inner)
    assert Equivalent(inner, Not(inner)).func is sympy.Equivalent


def test_text_is_never_sympified():
    with pytest.raises(sympy.SympifyError):
        Eq(x, "__import__('os')")


def test_observables_survive_pickling_with_their_facts():
    copy = pickle.loads(pickle.dumps(Eq(P, x)))  # noqa: S301 - our own bytes
    assert copy == Eq(P, x)
    (found, _) = observables_of(copy)
    assert (found.domain, found.meaning, found.latex_name) == ("probability", "a probability", r"\mathbb{P}")


def test_observables_of_one_name_but_different_facts_differ():
    assert observable("x", "another thing") != x
    assert observable("x", "a real number") == x


def test_latex_uses_the_declared_name():
    assert sympy.latex(Ge(P, 0)) == r"\mathbb{P} \geq 0"


@pytest.mark.parametrize(("name", "domain"), [("two words", "real"), ("x", "imaginary")])
def test_an_observable_needs_an_identifier_and_a_known_domain(name, domain):
    with pytest.raises(StatementError, match=r"got .*; expected .*; "):
        observable(name, "nothing", domain=domain)


SAYING = Saying("slide", "Part 1", "always positive", Gt(x**2, 0), expected="REFUTED")
BAD = {
    "no claim": {"claims": ()},
    "two claims of one name": {"claims": (CLAIM, CLAIM)},
    "a saying named like a claim": {"sayings": (Saying("square", "Part 1", "…", Gt(x, 0), expected="REFUTED"),)},
    "unknown kind": {"claims": (Claim("c", Ge(x, 0), kind="theorem"),)},
    "no relation": {"claims": (Claim("c", x + 1),)},
    "a stray symbol": {"claims": (Claim("c", Ge(sympy.Symbol("y"), 0)),)},
    "an unknown assumption": {"claims": (Claim("c", Ge(x, 0), assumes=("large",)),)},
    "a bound without witness": {"claims": (Claim("c", Ge(x, 0), kind="bound"),)},
    "an unknown verdict": {"sayings": (Saying("s", "Part 1", "…", Gt(x, 0), expected="TRUE"),)},
    "an unknown method": {"derivation": (Step("s", "…", "obvious"),)},
    "a citation of nothing": {"derivation": (Step("s", "…", "cited"),)},
    "a search by no claim": {"derivation": (Step("s", "…", "searched", claim="cube"),)},
    "nothing to prove": {"derivation": (Step("s", "…", "symbolic"),)},
    "a missing step": {"derivation": (Step("s", "…", "cited", depends_on=("t",), source="here"),)},
    "two observables of one name": {"sayings": (Saying("s", "p", "…", Gt(observable("x", "y"), 0), "REFUTED"),)},
}


@pytest.mark.parametrize("parts", BAD.values(), ids=BAD.keys())
def test_a_badly_stated_theorem_is_refused(parts):
    with pytest.raises(StatementError, match=r"got .*; expected .*; "):
        theorem(**parts)


UNSPECIFIED = {
    "C": (Le(x, sympy.Symbol("C") * N), "C"),
    "c_1": (Implies(Ge(x, sympy.Symbol("c_1") * N), Le(x, 1)), "c_1"),
    "const": (Ge(P, 1 - sympy.Symbol("const") / N), "const"),
    "an observable": (
        Le(x, observable("U", "some universal constant", "positive") * N),
        "U ('some universal constant')",
    ),
    "O(N)": (Le(x, sympy.Order(N, (N, sympy.oo), evaluate=False)), "O(N, (N, oo))"),
    "f(N)": (Le(x, sympy.Function("f")(N)), "f(N)"),
}


@pytest.mark.parametrize(("relation", "what"), UNSPECIFIED.values(), ids=UNSPECIFIED.keys())
@pytest.mark.parametrize("part", ["claims", "sayings"])
def test_an_unspecified_constant_is_no_claim(relation, what, part):
    stated = Claim("rate", relation) if part == "claims" else Saying("rate", "p", "…", relation, "SURVIVED")
    with pytest.raises(StatementError) as caught:
        theorem(**{part: (stated,)})
    assert str(caught.value) == (
        f"got an unspecified constant, {what}, in squares / rate; expected its value, as in 2 or Rational(1, 2); "
        "an unspecified universal constant cannot be refuted by any instance: write the constant that is claimed"
    )


def test_a_measured_constant_and_the_index_of_a_sum_are_no_unspecified_constants():
    k, C = sympy.Symbol("k"), observable("C", "the Lipschitz constant", "positive")
    theorem(claims=(Claim("sum", Le(sympy.Sum(k, (k, 0, N)), C * N**2)),))


def test_a_claim_assumes_everything_unless_it_says_otherwise():
    free = Claim("free", Ge(x**2, 0), assumes=())
    stated = theorem(claims=(CLAIM, free))
    assert stated.assumed_by(stated.claim("square")) == ("small",)
    assert stated.assumed_by(stated.claim("free")) == ()


def test_a_saying_is_found_and_judged_as_a_claim():
    found = theorem(sayings=(SAYING,)).claim("slide")
    assert found.relation == SAYING.relation
    assert found.words == "always positive"


def test_a_variant_has_the_setting_but_neither_sayings_nor_proof():
    steps = (Step("search", "…", "searched", claim="square"), Step("sum", "…", "cited", source="a book"))
    proved = Claim("square", Ge(x**2, 0), follows_from=("sum",))
    variant = theorem(claims=(proved,), derivation=steps, sayings=(SAYING,)).variant(
        Claim("cube", Ge(x**3, 0)), replace(proved, name="root", relation=Ge(x, 0))
    )
    assert [(c.name, c.follows_from) for c in variant.claims] == [("cube", ()), ("root", ())]
    assert variant.sayings == variant.derivation == ()
    assert variant.assumptions == (SMALL,)
    assert variant.parent == "squares"


def test_dropping_an_assumption_relaxes_the_claims_that_name_it():
    named = Claim("named", Ge(x, 0), assumes=("small",))
    relaxed = theorem(claims=(named,)).without("small")
    assert relaxed.assumptions == ()
    assert relaxed.claim("named").assumes == ()
    with pytest.raises(StatementError, match="small"):
        theorem().without("tiny")


def test_a_proof_does_not_outlive_the_assumption_it_rests_on():
    steps = (Step("sum", "…", "cited", source="a book"),)
    resting = Claim("resting", Ge(x, 0), follows_from=("sum",))
    free = Claim("free", Ge(x**2, 0), assumes=(), follows_from=("sum",))
    relaxed = theorem(claims=(resting, free), derivation=steps).without("small")
    assert relaxed.claim("resting").follows_from == ()
    assert relaxed.claim("free").follows_from == ("sum",)


def test_the_observables_of_a_theorem_include_those_of_its_assumptions_and_sayings():
    stated = theorem(claims=(Claim("c", Ge(P, 0)),), sayings=(Saying("s", "p", "…", Gt(N, 0), "SURVIVED"),))
    assert [o.name for o in stated.observables] == ["N", "P", "x"]


def test_a_source_reads_like_a_reference():
    source = Source("A. Author", 2019, "A title", "Theorem 3", arxiv="1905.13655")
    assert str(source) == "A. Author (2019). A title, Theorem 3, arXiv:1905.13655."
