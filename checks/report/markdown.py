"""REPORT.md: the whole page, from findings to Markdown."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from theorems.statement import VERDICTS, Theorem
from theorems.talk import Statement

from ..engine.kill import strength
from ..engine.verdict import PASSING
from .gather import Findings
from .mathematics import escaped
from .rounding import at_most
from .sections import section
from .spoken import spoken
from .wording import VERDICT_WORDS

HOW_TO_READ = """\
# What the audit found

Each theorem below is a relation between named quantities. A simulator that cannot see the relation measures these quantities
on many instances, each with an error bar; a search then looks for an instance whose error bars exclude the relation. This page is
written by `theorem-audit report` from a run in profile `quick`; `theorem-audit report --check` repeats the run and compares.

How to read it:

- **Resolution** is what the audit could have seen: the smallest relative deviation of the right-hand side that would have been
  refuted. A claim that survived at `≤ 1e-12` would have failed had it been wrong by one part in 10¹².
- **Strength** counts wrong theorems made on purpose (*mutants*): killed, out of killed and surviving.
- **Figures** after ≤ or ≥ have one significant digit and are rounded outward, so that they are true as they stand.
- **Counterexamples** are exact: the constructor shown rebuilds the instance, and fields left out have their defaults.

| verdict | when |
| --- | --- |
{verdicts}"""


def page(
    found: Sequence[Findings], theorems: Mapping[str, Theorem], statements: Iterable[Statement], profile: str = "quick"
) -> str:
    """The report as GitHub Markdown, the same text for the same findings."""
    verdicts = "\n".join(f"| {kind} | {VERDICT_WORDS[kind]} |" for kind in VERDICTS)
    blocks = [HOW_TO_READ.format(verdicts=verdicts), "## Summary", _summary(found, theorems), _faults(found, theorems)]
    blocks.append(
        f"The probability that any interval behind these verdicts is wrong is {at_most(sum(f.failure for f in found))}"
        " (union bound over all sampled intervals; error bars that are proofs contribute 0)."
    )
    contents = [f"- [{escaped(theorems[f.theorem].title)}](#{f.theorem})" for f in found]
    blocks.append("\n".join([*contents, "- [The talk, statement by statement](#the-talk)"]))
    blocks += [section(f, theorems[f.theorem]) for f in found]
    blocks.append(spoken(statements, theorems))
    return "\n\n".join(blocks) + "\n"


def _summary(found: Sequence[Findings], theorems: Mapping[str, Theorem]) -> str:
    lines = [
        "| theorem | claims | verdicts of the claims | median resolution | strength | assumptions shown needed "
        "| sayings as expected |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for f in found:
        theorem = theorems[f.theorem]
        kinds = Counter(v.kind for v in f.claims.values())
        seen = [v.resolution.median for v in f.claims.values() if v.rows]
        killed, surviving = strength([o for outcomes in f.outcomes.values() for o in outcomes])
        needed = sum(any(v.kind == "REFUTED" for v in verdicts) for verdicts in f.needed.values())
        expected = sum(f.sayings[s.name].kind == s.expected for s in theorem.sayings)
        cells = (
            f"[{f.theorem}](#{f.theorem})",
            str(len(f.claims)),
            ", ".join(_counted(kinds[kind], kind) for kind in VERDICTS if kinds[kind]),
            at_most(statistics.median_high(seen)) if seen else "–",
            f"{killed} of {killed + surviving}",
            f"{needed} of {len(f.needed)}",
            f"{expected} of {len(f.sayings)}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _counted(number: int, kind: str) -> str:
    return f"{number} {kind}" if kind in PASSING else f"**{number} {kind}**"


def _faults(found: Sequence[Findings], theorems: Mapping[str, Theorem]) -> str:
    """What is not as the theorems state it, by name; or that all is."""
    faults: list[str] = []
    for f in found:
        faults += [f"claim `{name}` is {v.kind}" for name, v in f.claims.items() if not v.passed]
        faults += [f"step `{name}` is not proved" for name, proof in f.proofs.items() if proof.kind == "FAILED"]
        faults += [
            f"assumption `{name}` is not shown needed"
            for name, verdicts in f.needed.items()
            if all(v.kind != "REFUTED" for v in verdicts)
        ]
        faults += [
            f"saying `{s.name}` is {f.sayings[s.name].kind}, expected {s.expected}"
            for s in theorems[f.theorem].sayings
            if f.sayings[s.name].kind != s.expected
        ]
    if not faults:
        return "Every claim passes, every assumption is shown needed, and every saying gets the verdict expected of it."
    return "\n".join(["Not as it should be:", "", *(f"- {fault}" for fault in faults)])
