"""Verdicts and counterexamples come back from their documents as they were, and nothing else comes back at all."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from checks import __main__ as command_line
from checks.engine import document
from checks.engine.counterexample import exact_text
from checks.engine.document import DocumentError, read_claim, write_claim
from checks.engine.plainly import ball_of_text
from checks.engine.search import audit
from checks.engine.verdict import MEANING_NOT, Counterexample, Resolution, Verdict
from checks.items import assumption_needed, claim_verdict, saying_verdict
from checks.report.statement_data import write_theorem
from tests.replays import travelled
from tests.toy import BIASED, BLURRED, DRAWN, EMPTY, FALSE, SAMPLED, THEOREM, Parallelogram, RectangleAudit, variant
from theorems import all_theorems, get
from theorems.statement import VERDICTS, Claim, Eq

TYPES = {"Parallelogram": Parallelogram}
HEAD = {"schema", "version", "package"}
ONE_OVER_A_POWER = ("chernoff",)  # sympy prints x**-x as 1/x**x, and reads it as one over a power where x may be 0


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    """What a small audit finds: every kind of verdict, counterexamples certified and at confidence, with and without a drop."""
    theorem = THEOREM
    found = [claim_verdict(RectangleAudit, c.name) for c in theorem.claims]
    found += [saying_verdict(RectangleAudit, s.name) for s in theorem.sayings]
    found += assumption_needed(RectangleAudit, "right_angled")
    found += [audit(c, DRAWN, SAMPLED) for c in (FALSE, BLURRED, EMPTY, BIASED)]
    return found


def test_every_verdict_of_an_audit_comes_back_equal(verdicts: list[Verdict]) -> None:
    assert {v.kind for v in verdicts} == set(VERDICTS)
    assert {v.certified for v in verdicts if v.kind == "REFUTED"} == {True, False}
    assert any(v.dropped and v.simplest for v in verdicts)
    for verdict in verdicts:
        again = Verdict.from_json(travelled(verdict.to_json()), TYPES)
        for f in fields(verdict):
            assert getattr(again, f.name) == getattr(verdict, f.name), f.name
            assert type(getattr(again, f.name)) is type(getattr(verdict, f.name)), f.name
        assert again.to_json() == verdict.to_json()
        assert str(again) == str(verdict)
        for found in (verdict.simplest, verdict.worst):
            if found is not None:
                assert Counterexample.from_json(travelled(found.to_json()), TYPES) == found


def test_documents_have_the_fields_that_the_schema_lists_and_no_others(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        data = travelled(verdict.to_json())
        assert set(data) == HEAD | set(document.VERDICT)
        assert set(data["resolution"]) == set(document.RESOLUTION)
        for entry in data["observables"]:
            assert set(entry) == set(document.OBSERVABLE)
        for example in (data["simplest"], data["worst"]):
            if example is not None:
                assert set(example) == HEAD | set(document.COUNTEREXAMPLE)
                assert set(example["claim"]) == set(document.CLAIM)


@pytest.mark.parametrize("schema", ["VERDICT", "COUNTEREXAMPLE"])
def test_each_field_is_missed_and_each_wrong_type_is_found(schema: str, verdicts: list[Verdict]) -> None:
    refuted = next(v for v in verdicts if v.simplest is not None)
    whole = travelled((refuted if schema == "VERDICT" else refuted.simplest).to_json())
    read = Verdict.from_json if schema == "VERDICT" else Counterexample.from_json
    for name, (expected, _) in getattr(document, schema).items():
        with pytest.raises(DocumentError, match=f"without {name}; expected"):
            read({k: v for k, v in whole.items() if k != name}, TYPES)
        for wrong in ([None], {"a": [1]}, -1.5, "\x00"):
            try:
                read({**whole, name: wrong}, TYPES)
            except DocumentError as problem:
                assert "\n" not in str(problem)
            else:
                assert expected in ("text", "a number", "a plain value"), name


def test_a_verdict_of_the_catalogue_finds_the_classes_of_its_instances() -> None:
    experiment = next(e for e in _experiments("birthday") if e.name == "uniform")
    small = replace(experiment, search=0, bulk=4, only=None)
    wrong = Claim("wrong", Eq(get("birthday").claim("uniform").relation.lhs, 0), assumes=())
    for tried in (small, small.without("independent")):
        verdict = audit(wrong, tried)
        assert verdict.kind == "REFUTED"
        assert Verdict.from_json(travelled(verdict.to_json())) == verdict


def test_an_unknown_class_becomes_a_frozen_look_alike(verdicts: list[Verdict]) -> None:
    found = next(v.simplest for v in verdicts if v.simplest is not None)
    alike = Counterexample.from_json(travelled(found.to_json())).instance
    assert type(alike).__name__ == "Parallelogram"
    assert type(alike) is not Parallelogram
    assert {f.name: getattr(alike, f.name) for f in fields(alike)} == vars(found.instance)
    with pytest.raises(AttributeError):
        alike.width = 2.0


@pytest.mark.parametrize("theorem", all_theorems().values(), ids=lambda t: t.name)
def test_every_relation_of_the_catalogue_comes_back_as_the_same_object(theorem) -> None:
    for claim in (*theorem.claims, *(s.as_claim() for s in theorem.sayings)):
        again = read_claim(travelled(write_claim(claim)))
        if claim.name in ONE_OVER_A_POWER:
            assert again.relation.doit() == claim.relation.doit()
            again = replace(again, relation=claim.relation)
        assert again == replace(claim, follows_from=())


@pytest.mark.parametrize("theorem", all_theorems().values(), ids=lambda t: t.name)
def test_a_theorem_has_a_document(theorem) -> None:
    data = travelled(write_theorem(theorem))
    assert data["schema"] == "theorem-audit/theorem"
    assert [c["name"] for c in data["claims"]] == [c.name for c in theorem.claims]
    assert all(c["relation"] and c["latex"] for c in (*data["claims"], *data["sayings"]))


NUMBERS = st.floats(allow_nan=False) | st.sampled_from([math.inf, -math.inf, 5e-324, -0.0, 0.1])


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(NUMBERS, NUMBERS, st.text(max_size=20), st.integers(0, 10**30), st.lists(NUMBERS, max_size=3))
def test_numbers_and_words_come_back_exactly(number: float, other: float, words: str, count: int, sides) -> None:
    instance = Parallelogram(number, other, *sides[:1], seed=count)
    found = Counterexample(
        instance, {"r": count}, {words: (words, "1e-3")}, words, words, words, number, other, failure=abs(number),
        theorem=words, exactly={words: ("0x1p-2", "")},
    )  # fmt: skip
    verdict = Verdict(
        "REFUTED", words, words, FALSE.relation, words, instances=count, resolution=Resolution(number, other),
        tightest=(instance, tuple(sides)), tightness=other, simplest=found, measured=(words,),
    )  # fmt: skip
    again = Verdict.from_json(travelled(verdict.to_json()), TYPES)
    assert repr(again) == repr(verdict)  # tells 0.0 from -0.0


def test_not_a_number_is_text_and_comes_back() -> None:
    verdict = Verdict("VACUOUS", "t", "c", FALSE.relation, tightness=math.nan, witness=Parallelogram(math.nan, 1.0))
    again = Verdict.from_json(travelled(verdict.to_json()), TYPES)
    assert math.isnan(again.tightness)
    assert math.isnan(again.witness.width)


def test_measured_values_are_kept_without_rounding() -> None:
    before, ctx.prec = ctx.prec, 256
    try:
        for value in (arb.pi(), -arb(2).sqrt(), arb(0), arb(0.1, 1e-9), arb(10) ** 400, arb(10) ** -400):
            again = ball_of_text(*exact_text(value))
            assert again.mid() == value.mid()
            assert again.rad() >= value.rad()
        assert ball_of_text(*exact_text(fmpq(1, 3))).contains(fmpq(1, 3))
        assert float.fromhex(exact_text(arb(0.1))[0]) == 0.1
    finally:
        ctx.prec = before
    for text in ("True", "(1, 2)", "1/0", "0x1", ""):
        with pytest.raises(ValueError, match=r".*"):
            ball_of_text(text, "")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"version": 2}, "got version 2 of theorem-audit/verdict (written by theorem-audit 0.1.0); expected version 1; use"),
        ({"version": True}, "got version True of theorem-audit/verdict"),
        ({"version": "1"}, "got version '1' of theorem-audit/verdict"),
        ({"schema": "pytest"}, "got schema 'pytest'; expected theorem-audit/verdict"),
        ({"kind": "TRUE"}, "got kind 'TRUE' of the verdict; expected one of PROVED, SURVIVED"),
        ({"relation": "__import__('os')"}, "got relation \"__import__('os')\" ("),
        ({"relation": "Eq(area, w)"}, "got relation 'Eq(area, w)' ("),
        ({"observables": [{"name": "a b"}]}, "got observable without meaning; expected meaning: text"),
        ({"tightest": {"@": "fmpq", "value": "1/0"}}, "got instance {'@': 'fmpq', 'value': '1/0'} ("),
        ({"tightest": {"no": "class"}}, "got instance {'no': 'class'} ("),
        ({"tightest": {"@": "Parallelogram", "depth": 2}}, "got instance {'@': 'Parallelogram', 'depth': 2} ("),
        ({"instances": -1}, "got instances -1 of the verdict; expected a count"),
        ({"instances": True}, "got instances True of the verdict; expected a count"),
        ({"seconds": "soon"}, "got seconds 'soon' of the verdict; expected a number"),
        ({"seconds": 10**400}, "got a number beyond all floats"),
    ],
)  # fmt: skip
def test_what_is_no_such_document_gets_one_line(change: dict[str, Any], line: str) -> None:
    data = {**Verdict("SURVIVED", "rectangle", "half-area", FALSE.relation).to_json(), **change}
    with pytest.raises(DocumentError) as problem:
        Verdict.from_json(data, TYPES)
    assert str(problem.value).startswith(line)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("data", [None, 3, "{}", [], {}, {"version": 1}])
def test_foreign_data_is_no_document(data: Any) -> None:
    with pytest.raises(DocumentError, match="expected a document of schema theorem-audit/verdict"):
        Verdict.from_json(data)


def test_a_variant_says_whose_it_is() -> None:
    found = claim_verdict(variant(FALSE), FALSE.name).simplest
    assert (found.theorem, found.parent, found.experiment) == ("rectangle-variant", "rectangle", "drawn")
    assert found.claim.assumes == ("right_angled",)


def test_commands_print_documents(capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for name, arguments in {
        "list": ("list", "--json"), "theorem": ("show", "birthday", "--json"), "explanation": ("explain", "refuted", "--json"),
    }.items():  # fmt: skip
        assert command_line.main(arguments) == 0
        said[name] = json.loads(capsys.readouterr().out)
        assert (said[name]["schema"], said[name]["version"]) == (f"theorem-audit/{name}", 1)
    assert [t["name"] for t in said["list"]["theorems"]] == list(all_theorems())
    assert said["theorem"] == travelled(write_theorem(get("birthday")))
    assert said["explanation"]["verdict"] == "REFUTED"
    assert said["explanation"]["given"] == "the error bars of an instance exclude it."
    assert said["explanation"]["means_not"] == MEANING_NOT["REFUTED"]


def test_a_document_is_read_without_what_made_it(verdicts: list[Verdict], tmp_path) -> None:
    file = tmp_path / "verdict.json"
    file.write_text(json.dumps(next(v for v in verdicts if v.simplest is not None).to_json()))
    program = f"""if True:
        import json, sys
        from pathlib import Path
        from theorem_audit import Verdict
        verdict = Verdict.from_json(json.loads(Path({str(file)!r}).read_text()), {{}})
        assert verdict.kind == "REFUTED" and verdict.simplest.instance.width
        assert not {{"torch", "hypothesis", "pytest"}} & set(sys.modules), sorted(sys.modules)
    """
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def _experiments(name: str):
    from checks.experiments import experiments_of

    return experiments_of(name)
