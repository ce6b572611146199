"""What notebooks show: balanced HTML in which everything is escaped, and LaTeX that every renderer reads."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from checks.engine.notebook import COLOURS
from checks.engine.verdict import MEANING_NOT, Counterexample, Verdict
from checks.items import claim_verdict, saying_verdict
from tests.toy import BIASED, FALSE, THEOREM, Parallelogram, RectangleAudit, variant
from theorems import all_theorems
from theorems.notebook import latex, words
from theorems.statement import VERDICTS, Assumption, Claim, Eq, Implies, Le, Source, Theorem, observable

VOID = {"br", "hr", "img"}
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'single' $x$ $$ \\frac"
# what MathJax and KaTeX both know, of what sympy's printer and the theorems' own names use
KNOWN = (
    "alpha beta gamma delta epsilon varepsilon eta theta kappa lambda mu nu pi rho sigma tau phi varphi psi ell"
    " Gamma Delta Theta Lambda Pi Sigma Phi left right lfloor rfloor lceil rceil langle rangle begin end array"
    " text textstyle mathrm mathbb mathcal frac tfrac sqrt binom sum prod int limits lim max min inf log ln exp cos sin cosh"
    " det dim ker operatorname leq le geq ne neq sim approx in to wedge vee neg not Rightarrow Leftrightarrow exists partial"
    " nabla infty dot bar hat tilde top perp prime cdot pm substack backslash , | { } \\ $ % & #"
)
COMMANDS = set(KNOWN.split())


class Tags(HTMLParser):
    """Reads a page and complains about tags that do not match; keeps its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more open tag."""
        self.seen.add(tag)
        assert all(name in ("style", "open") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It closes the tag opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Words."""
        self.text += data


def mathematics(text: str) -> list[str]:
    """The parts between dollar signs, of which there is an even number."""
    parts = text.split("$")
    assert len(parts) % 2 == 1
    return parts[1::2]


def well_formed(formula: str) -> None:
    """Braces balance, delimiters come in pairs, and no command is beyond what renderers know."""
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", formula):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert formula.count(r"\left") - formula.count(r"\leftarrow") == len(re.findall(r"\\right(?!arrow)", formula))
    assert formula.count(r"\begin{") == formula.count(r"\end{")
    assert not set(re.findall(r"\\([a-zA-Z]+|.)", formula)) - COMMANDS
    for wrong in (r"\operatorname{Observable}", "None", r"\mathtt", "Symbol("):
        assert wrong not in formula


@pytest.mark.parametrize("theorem", all_theorems().values(), ids=lambda t: t.name)
def test_a_theorem_is_shown_whole(theorem: Theorem) -> None:
    page = Tags(theorem._repr_html_())
    assert {"h3", "table", "details"} <= page.seen
    shown = mathematics(page.text)
    assert len(shown) >= len(theorem.claims) + len(theorem.observables)
    for formula in (*shown, theorem._repr_latex_()):
        well_formed(formula)
    for item in (*theorem.claims, *theorem.assumptions):
        assert item.name in page.text
    for line in (*theorem.non_claims, *map(str, theorem.sources)):
        assert " ".join(line.split()) in " ".join(page.text.split())
    for claim in theorem.claims:
        assert latex(claim.relation) in shown
        assert claim._repr_latex_() == f"$${latex(claim.relation)}$$"
        assert claim.name in Tags(claim._repr_html_()).text


def test_a_superscript_in_a_name_is_bracketed_before_a_power() -> None:
    late = observable("late", "a later value", latex="x^+")
    assert latex(late**2) == r"\left(x^+\right)^{2}"


def test_names_are_words_where_they_are_words_and_letters_where_they_are_letters() -> None:
    names = ("x", "x_1", "sigma", "sigma_1_0", "gap", "is_square", "P_low", "alpha_wide_net")
    shown = [latex(observable(name, "")) for name in names]
    assert shown == [
        "x", "x_{1}", r"\sigma", r"\sigma_{1 0}", r"\text{gap}", r"\text{is square}", "P_{low}", r"\alpha_{wide net}",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    """Every kind of verdict."""
    wrong = variant(FALSE, BIASED)
    found = [claim_verdict(wrong, c.name) for c in (FALSE, BIASED)]
    found += [claim_verdict(RectangleAudit, c.name) for c in THEOREM.claims]
    found.append(saying_verdict(RectangleAudit, "triangle"))
    return found + [Verdict(kind, "t", "c", FALSE.relation, "e", "quick", 3, 4) for kind in VERDICTS]


def test_a_verdict_is_shown_with_formula_counterexample_and_resolution(verdicts: list[Verdict]) -> None:
    assert set(COLOURS) == set(VERDICTS)
    for verdict in verdicts:
        page = Tags(verdict._repr_html_())
        assert page.text.startswith(f"{verdict.kind} {verdict.theorem} / {verdict.claim}")
        assert latex(verdict.relation) in mathematics(page.text)
        assert MEANING_NOT[verdict.kind] in page.text
        well_formed(verdict._repr_latex_())
        if verdict.kind == "SURVIVED":
            assert "resolution" in page.text
        for found in (verdict.simplest, verdict.worst):
            if found is not None:
                assert found.claimed in page.text
                assert f"fails by{found.gap:.3g}" in page.text
                assert latex(found.claim.relation) in Tags(found._repr_html_()).text
                well_formed(found._repr_latex_())


def test_nothing_that_somebody_wrote_becomes_a_tag_or_mathematics() -> None:
    size = observable("size", HOSTILE, unit=HOSTILE)
    claim = Claim("c", Implies(Eq(size, 1), Le(size, 2)), "bound", HOSTILE, tight_at="1")
    theorem = Theorem(
        HOSTILE, HOSTILE, (claim,), (Assumption("a", HOSTILE),), sources=(Source(HOSTILE, 1, HOSTILE),), non_claims=(HOSTILE,)
    )  # fmt: skip
    found = Counterexample(
        Parallelogram(1.0, 1.0), {HOSTILE: 1}, {HOSTILE: (HOSTILE, HOSTILE)}, HOSTILE, "1", "2", 1.0, 2.0
    )
    verdict = Verdict(
        "REFUTED", HOSTILE, HOSTILE, claim.relation, HOSTILE, reason=HOSTILE, simplest=found, measured=(HOSTILE,),
        dropped=(HOSTILE,), witness=HOSTILE,
    )  # fmt: skip
    for shown in (theorem, claim, found, verdict):
        markup = shown._repr_html_()
        page = Tags(markup)
        assert "script" not in page.seen
        assert HOSTILE in page.text
        for formula in re.findall(r"\$[^$]*\$", markup.replace("<span>&#36;</span>", "")):
            assert "script" not in formula
    assert words("$") == "<span>&#36;</span>"
    well_formed(theorem._repr_latex_())
