"""What is printed is what was typed: an independent evaluator agrees, prints are read back, and any text has one of two outcomes."""

from __future__ import annotations

import ast
import math
from fractions import Fraction

import pytest
import sympy
from flint import fmpq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.engine.evaluate import Undefined, compile_term
from checks.engine.judge import compile_claim
from checks.engine.parse import ParseError, parse
from checks.engine.parse_text import LENGTH
from tests.meant_relations import OBSERVABLES, THEOREM
from theorems import all_theorems, get

QUIET = settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
NAMES = ("x", "y", "lam", "n", "N")
VALUES = {
    "x": st.sampled_from([Fraction(0), Fraction(1), Fraction(-2), Fraction(3, 4), Fraction(-1, 3)]),
    "y": st.sampled_from([Fraction(0), Fraction(-1), Fraction(2), Fraction(5, 2)]),
    "lam": st.sampled_from([Fraction(1, 7), Fraction(1), Fraction(4)]),
    "n": st.sampled_from([Fraction(0), Fraction(1), Fraction(3)]),
    "N": st.sampled_from([Fraction(1), Fraction(2), Fraction(5)]),
}
ROWS = st.fixed_dictionaries(VALUES)


TWICE = (  # what a rewriting would cancel, and where something is undefined must not
    "({0})/({0})", "({0})-({0})", "({0})*({0})", "(({0})**-1)**-1", "(({0})**-1)**2", "({0})**n/({0})**n", "1/({0})**(n - 1)",
    "1/({0})-1/({0})", "({0})*({0})**-1", "1/(1/({0}))", "0*({0})", "({0})**0", "0/({0})", "({0})/2*2/({0})",
)  # fmt: skip
ONCE = (
    "-({0})",
    "abs({0})",
    "floor({0})",
    "ceiling({0})",
    "sign({0})",
    "({0})**2",
    "({0})**-n",
    "({0})**-2",
    "1/({0})",
)
PAIRS = (
    "({0})+({1})",
    "({0})-({1})",
    "({0})*({1})",
    "({0})/({1})",
    "max({0}, {1})",
    "min({0}, {1})",
    "({0})/({1})*({0})",
)


def _extended(inner):
    one = st.tuples(st.sampled_from([*TWICE, *ONCE]), inner).map(lambda t: t[0].format(t[1]))
    return one | st.tuples(st.sampled_from(PAIRS), inner, inner).map(lambda t: t[0].format(*t[1:]))


TERMS = st.recursive(st.sampled_from([*NAMES, "0", "1", "2", "0.5"]), _extended, max_leaves=5)
RELATIONS = st.recursive(
    st.tuples(TERMS, st.sampled_from(["=", "<", "<=", "!=", ">", ">="]), TERMS).map(" ".join) | st.sampled_from(["ok", "also"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or", "&", "|"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda i: f"not ({i})"),
        st.tuples(st.sampled_from(["Implies", "Equivalent"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
    ),
    max_leaves=4,
)  # fmt: skip


class Nowhere(ArithmeticError):
    """The term is undefined."""


def by_hand(node, row):
    """A second evaluator, in fractions, over Python's own tree of the text: it knows nothing of sympy."""
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.Name):
        return row[node.id]
    if isinstance(node, ast.UnaryOp):
        return -by_hand(node.operand, row)
    if isinstance(node, ast.Call):
        values = [by_hand(a, row) for a in node.args]
        functions = {
            "abs": abs,
            "max": max,
            "min": min,
            "floor": math.floor,
            "ceiling": math.ceil,
            "sign": lambda v: (v > 0) - (v < 0),
        }
        return Fraction(functions[node.func.id](*values))  # fmt: skip
    left, right = by_hand(node.left, row), by_hand(node.right, row)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Mult):
        return left * right
    if (isinstance(node.op, ast.Div) and right == 0) or (isinstance(node.op, ast.Pow) and left == 0 and right < 0):
        raise Nowhere
    return left / right if isinstance(node.op, ast.Div) else Fraction(left ** int(right))


def _agrees(text, row):
    """The parser's term and the second evaluator have one value, or neither has any."""
    judged = {name: fmpq(v.numerator, v.denominator) for name, v in row.items()}
    try:
        expected = by_hand(ast.parse(text, mode="eval").body, row)
    except Nowhere:
        expected = None
    try:
        term = parse(f"{text} = 1", THEOREM).lhs
    except ParseError as problem:  # a constant part that is undefined, whatever the row
        assert expected is None and ("zero" in str(problem) or "undefined" in str(problem))
        return
    try:
        found = compile_term(term)(judged)
    except Undefined:
        found = None
    assert (found is None) == (expected is None), (text, row)
    if expected is not None:
        size = fmpq(expected.numerator, expected.denominator)
        assert found == size if isinstance(found, fmpq) else found.contains(size), (text, row)


@settings(QUIET, max_examples=200)
@given(TERMS, ROWS)
def test_a_term_is_what_python_fractions_say_and_undefined_where_they_are(text, row):
    _agrees(text, row)


@pytest.mark.parametrize("inner", ["x", "1/x", "x - 1", "x*y", "x/y", "x**-1 + y", "lam/x", "x**(n - 1)"])
def test_nothing_is_cancelled_that_may_be_undefined(inner):
    ends = {"lam": Fraction(1, 7), "N": Fraction(2)}
    for shape in (*TWICE, *ONCE):
        for x, y, n in ((0, 2, 0), (1, 0, 1), (-2, 2, 3), (0, 0, 3), (0, 2, 1)):
            _agrees(shape.format(inner), {"x": Fraction(x), "y": Fraction(y), "n": Fraction(n), **ends})


@QUIET
@given(RELATIONS, ROWS, st.sampled_from([True, False, None]))
def test_what_is_printed_is_read_back(text, row, ok):
    judged = {name: fmpq(v.numerator, v.denominator) for name, v in row.items()} | {"ok": ok, "also": True}
    try:
        relation = parse(text, THEOREM)
    except ParseError:
        return
    again = parse(sympy.sstr(relation), THEOREM)
    if again == relation:
        return
    before, after = compile_claim(relation)(judged), compile_claim(again)(judged)
    # sympy prints y*x**(-n) as y/x**n, which is undefined where x = 0 and n < 0
    assert before.status == after.status or "outside" in (before.status, after.status)


ITEMS = [
    pytest.param(theorem, relation, id=f"{theorem.name}/{name}")
    for theorem in all_theorems().values()
    for name, relation in (
        *((c.name, c.relation) for c in theorem.claims),
        *((s.name, s.relation) for s in theorem.sayings),
        *((a.name, a.relation) for a in theorem.assumptions if a.relation is not None),
    )
]
AMBIGUOUS = {"P_low <= (test**level*(1 - level)**(level - 1)*(1 - test)**(1 - level)/level**level)**n"}


def test_what_show_prints_of_the_catalogue_can_be_typed_back():
    assert len(ITEMS) > 500
    other = []
    for theorem, relation in (item.values for item in ITEMS):
        printed = sympy.sstr(relation)
        again = parse(printed, theorem)
        compile_claim(again)
        if again != relation:
            other.append(printed)
            assert again.free_symbols == relation.free_symbols
    assert set(other) <= AMBIGUOUS


@pytest.mark.parametrize("level", [fmpq(1, 3), fmpq(1), fmpq(0)])
def test_the_one_print_that_is_ambiguous_is_judged_alike(level):
    theorem = get("fixed-net")
    stated = [c.relation for c in theorem.claims] + [s.relation for s in theorem.sayings]
    found = [relation for relation in stated if sympy.sstr(relation) in AMBIGUOUS]
    assert len(found) == len(AMBIGUOUS)
    for relation in found:
        row = {"P_low": fmpq(1, 2), "test": fmpq(1, 4), "level": level, "n": fmpq(3)}
        again = parse(sympy.sstr(relation), theorem)
        assert compile_claim(relation)(row).status == compile_claim(again)(row).status


# any text at all

ALPHABET = (
    "xyNnpok sigma_dotlamgamma0123456789.eE+-*/=<>!&|~(),≤≥≠−·πσλ\t\n andornot SumProductEqImpliesexplogsqrtfactorial"
)


def _holds(text):
    """Refused in one printable line, or a relation that compiles and, if it is not too long, reads back."""
    try:
        relation = parse(text, THEOREM, ["c"])
    except ParseError as problem:
        said = str(problem)
        assert said.startswith("got ") and said.isprintable() and len(said) < 400
        return
    assert relation.free_symbols <= {*OBSERVABLES, sympy.Symbol("c")}
    compile_claim(relation)
    printed = sympy.sstr(relation)
    if len(printed) <= LENGTH:
        parse(printed, THEOREM, ["c"])


@QUIET
@given(st.text(st.sampled_from(sorted(set(ALPHABET))), max_size=40))
def test_text_over_the_alphabet(text):
    _holds(text)


WORDS = ("x", "y", "N", "ok", "c", "2", "0.5", "pi", "sin", "max", "Sum", "Implies", "and", "or", "not", "+", "-", "*", "/", "**", "=", "<=", "(", ")", ",", "&", "~")  # fmt: skip


@QUIET
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_text_of_the_words_of_the_language(text):
    _holds(text)


@QUIET
@given(st.text(max_size=60))
def test_text_of_all_of_unicode(text):
    _holds(text)


@QUIET
@given(
    st.text(
        st.characters(categories=["Lu", "Ll", "Lm", "Lo", "Nl", "Nd", "No", "Mn", "Mc", "Pc", "Sm", "Cs", "Cf"]),
        max_size=6,
    )
)
def test_names_of_all_of_unicode(text):
    _holds(f"{text} = x")
    _holds(f"x{text} = 1")
