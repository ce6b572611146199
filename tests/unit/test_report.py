"""The report: what it prints for known findings, how it rounds, and what counts as a difference."""

from __future__ import annotations

import itertools
import math
import pickle
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from checks.engine.kill import Outcome
from checks.engine.prove import Proof
from checks.engine.verdict import Counterexample, Resolution, Verdict
from checks.needs import Need
from checks.report.compare import differences
from checks.report.gather import Findings
from checks.report.markdown import page
from checks.report.mathematics import escaped, github_safe, latex
from checks.report.rounding import at_least, at_most, digit, steps
from checks.report.sentences import told
from theorems import all_theorems
from theorems.statement import (
    Assumption,
    Claim,
    Eq,
    Implies,
    Le,
    Ne,
    Saying,
    Source,
    Step,
    Theorem,
    observable,
)
from theorems.talk import JudgedBy, Statement

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
x = observable("x", "a side", domain="positive")
area = observable("area", "area | in a table", latex="A")
flat = observable("flat", "whether space is flat", domain="boolean")


@dataclass(frozen=True)
class Square:
    """An instance."""

    side: int = 1
    curved: bool = False


THEOREM = Theorem(
    name="area-of-a-square",
    title="The area of a square",
    claims=(
        Claim("area", Eq(area, x**2), words="The area is the side squared.", follows_from=("tiling",)),
        Claim("small", Le(area, sympy.Max(x, x**2)), kind="bound", tight_at="unit squares", assumes=()),
    ),
    assumptions=(Assumption("flat", "space is flat", flat), Assumption("idle", "nothing else happens")),
    derivation=(
        Step("unit", "a unit square has area 1", "cited", source="Euclid"),
        Step("tiling", "x² unit squares tile it", "symbolic", Eq(x**2, x * x), depends_on=("unit",)),
    ),
    sayings=(Saying("double", "Part 0", "the area is 2x | always", Eq(area, 2 * x), "REFUTED", corrected="It is x²."),),
    sources=(Source("Euclid", -300, "Elements", "Book I"),),
    non_claims=("Nothing about rectangles.",),
)
FAILS = Counterexample(
    Square(3, curved=True), {"r": 0}, {"area": ("8", "0.1")}, "area = x**2", "8 ± 0.1", "9", 1.0, 10.0, 192, True
)
TALK = (
    Statement(
        "Part 0",
        "Squares",
        "the area is 2x | always",
        "false",
        (JudgedBy(THEOREM.name, ("area",), ("double",)),),
        "It is x².",
    ),
    Statement("Part 0", "Squares", "circles are round", "open"),
)


def verdict(kind: str, claim: str, **facts: object) -> Verdict:
    """A verdict over 1234 instances."""
    return Verdict(kind, THEOREM.name, claim, THEOREM.claim(claim).relation, "squares", "quick", 1234, 5678, **facts)


def findings(kind: str = "SURVIVED", median: float = 2.1e-13) -> Findings:
    """What an audit of the squares could have found."""
    seen = Resolution(1e-14, median, 0.021)
    refuted = verdict("REFUTED", "area", simplest=FAILS, worst=FAILS, certified=True)
    return Findings(
        theorem=THEOREM.name,
        claims={
            "area": verdict(kind, "area", resolution=seen),
            "small": verdict("SURVIVED", "small", resolution=seen, tightest=Square(), tightness=0.999),
        },
        proofs={
            "unit": Proof("unit", "cited", "CITED", "Euclid", 0.0),
            "tiling": Proof("tiling", "symbolic", "PROVED", "", 0.1),
        },
        needed={"flat": (refuted, verdict("SURVIVED", "small", resolution=seen)), "idle": ()},
        sayings={"double": verdict("REFUTED", "double", simplest=FAILS, worst=FAILS, certified=True)},
        outcomes={
            "area": (
                Outcome(THEOREM.name, "area", "sign", "sign flipped", "area = -x**2", "killed", "", "squares", 0.5),
                Outcome(
                    THEOREM.name, "area", "1 %", "2 by 1 %", "area = x**2.02", "surviving", "never", "squares", 0.5
                ),
            )
        },
        failure=3.2e-9,
    )


def printed(found: Findings | None = None) -> str:
    """The page on these findings."""
    return page([found or findings()], {THEOREM.name: THEOREM}, TALK)


def test_the_page_reads_as_agreed() -> None:
    assert printed() == (SNAPSHOTS / "report.md").read_text(encoding="utf-8")


def test_what_fails_only_without_two_assumptions_has_a_row() -> None:
    refuted = verdict("REFUTED", "small", simplest=FAILS, worst=FAILS, certified=True)
    together = Need(THEOREM.name, "small", ("flat", "idle"), "jointly needed", refuted)
    shown = printed(replace(findings(), jointly=(together,)))
    assert (
        "| `flat` and `idle` | `small` | **REFUTED** (certified), though neither alone is needed | `Square(side=3"
        in shown
    )
    assert "neither alone" not in printed()


def test_findings_travel_between_processes() -> None:
    assert printed(pickle.loads(pickle.dumps(findings()))) == printed()  # noqa: S301 - what the executor does


def test_a_table_row_has_as_many_cells_as_its_head() -> None:
    for block in printed().split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        if rows:
            cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
            assert len(cells) == 1, rows


# ── rounding ────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.floats(min_value=5e-324, allow_infinity=False, allow_nan=False))
def test_rounding_is_outward_and_no_further_than_one_digit(value: float) -> None:
    (up, high), (down, low) = digit(value, up=True), digit(value, up=False)
    assert 1 <= up <= 9
    assert 1 <= down <= 9
    above, below = up * Fraction(10) ** high, down * Fraction(10) ** low
    assert below <= Fraction(value) <= above
    assert above == below or steps(f"{down}e{low}", f"{up}e{high}") == 1


@pytest.mark.parametrize(
    ("value", "most", "least"),
    [
        (0.0, "0", "0"),
        (math.inf, "∞", "∞"),
        (2.1e-13, "≤ 3e-13", "≥ 2e-13"),
        (0.996, "≤ 1", "≥ 0.9"),
        (12345.0, "≤ 20000", "≥ 10000"),
        (123456789.0, "≤ 2e8", "≥ 1e8"),
        (-0.25, "≤ −0.2", "≥ −0.3"),
        (0.1, "≤ 0.2", "≥ 0.1"),  # the float 0.1 is a little above one tenth
    ],
)
def test_figures(value: float, most: str, least: str) -> None:
    assert at_most(value) == most
    assert at_least(value) == least


def test_nan_is_no_figure() -> None:
    with pytest.raises(ValueError, match="expected a number"):
        at_most(math.nan)


# ── comparison ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_report_agrees_with_itself_and_with_adjacent_figures() -> None:
    assert differences(printed(), printed()) == []
    assert differences(printed(), printed(findings(median=3.9e-13))) == []  # 3e-13 and 4e-13
    assert differences("tight at `Square(side=3)`", "tight at `Square(side=4)`") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("≤ 3e-13", "≤ 5e-13"),
        ("≤ 9e-13", "≤ 2e-12"),
        ("≤ 3e-13", "≥ 3e-13"),
        ("≤ 3e-13", "0"),
        ("SURVIVED", "PROVED"),
        ("12 of 13", "13 of 13"),
        ("`rate`", "`rates`"),
        ("`Square(side=3)`", "`Circle(side=3)`"),
        ("`Sum(k, (k, 0, 3)) dropped`", "`Sum(k, (k, 0, 4)) dropped`"),
        ("one\ntwo", "one"),
    ],
)
def test_everything_else_is_a_difference(old: str, new: str) -> None:
    found = differences(f"before\n{old}\nafter", f"before\n{new}\nafter")
    assert found
    assert all(line.startswith(("- ", "+ ")) for line in found)


def test_a_changed_verdict_is_named() -> None:
    changed = differences(printed(), printed(findings(kind="UNDECIDED")))
    assert "- #### `area`: **SURVIVED**" in changed
    assert "+ #### `area`: **UNDECIDED**" in changed


# ── mathematics ─────────────────────────────────────────────────────────────────────────────────────────────


def relations() -> list[object]:
    """Every relation that the catalogue prints."""
    found = []
    for theorem in all_theorems().values():
        for item in itertools.chain(theorem.claims, theorem.sayings, theorem.assumptions, theorem.derivation):
            if item.relation is not None:
                found.append(pytest.param(item.relation, id=f"{theorem.name}/{item.name}"))
    k = sympy.Symbol("k")
    awkward = Implies(Ne(x, 0), Le(sympy.Abs(area), sympy.Piecewise((x, x > 1), (sympy.Sum(x**k, (k, 0, 3)), True))))
    return [*found, pytest.param(awkward, id="awkward"), pytest.param(flat, id="boolean")]


@pytest.mark.parametrize("relation", relations())
def test_mathematics_survives_github(relation: object) -> None:
    text = latex(relation)
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        assert depth >= 0, text
    assert depth == 0, text
    assert text.count(r"\left") - text.count(r"\leftarrow") == text.count(r"\right") - len(
        re.findall(r"\\right(arrow|harpoon)", text)
    )
    assert not re.search(r"\\operatorname|[|*<>$`]|\\[^A-Za-z]", text), text
    assert not re.search(r"(?<![\w\\])_(?! )", text), text  # Markdown would take it for emphasis


def test_what_markdown_would_eat_is_spelled_out() -> None:
    assert github_safe(r"\{a\}\,|b| \\ \operatorname{sign} x^{*} < {y}_{1}") == (
        r"\lbrace a\rbrace \thinspace \vert b\vert \cr \mathrm{sign} x^{\ast } \lt {y} _ {1}"
    )


def test_sentences_of_the_engine_keep_names_and_mark_what_was_measured() -> None:
    assert told("at most 2.3e-07, bar 1e-06, 4805 rows, 24 rows (Net(depth=2, sigma=(0.1,))) by `rate`") == (
        "at most ≈ 2.3e-7, bar ≈ 1e-6, ≈ 4805 rows, 24 rows (`Net(depth=2, sigma=(0.1,))`) by `rate`"
    )


def test_words_stay_words() -> None:
    assert escaped("a|b *c* _d_ `e` `$f$ [g] <h>\n i") == (r"a\|b \*c\* \_d\_ `e` \`&#36;f&#36; \[g\] \<h\> i")
