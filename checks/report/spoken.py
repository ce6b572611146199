"""The claim-by-claim page of the talk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from theorems.statement import Theorem
from theorems.talk import STATUSES, Statement

from .mathematics import escaped

INTRODUCTION = """\
*Opening the black box of deep learning*, statement by statement, in the talk's own order. *Stands*: an audited theorem says the same.
*Stands corrected*: an audited theorem says what was meant. *False*: refuted as said. *Open*: no theorem of this catalogue audits it yet;
a note then says what an audit should expect, and is no finding. *Definition*: there is nothing to audit."""


def spoken(statements: Iterable[Statement], theorems: Mapping[str, Theorem]) -> str:
    """The talk's statements as one table a part."""
    statements = tuple(statements)
    counts = Counter(s.status for s in statements)
    tally = ", ".join(f"{status} {counts[status]}" for status in STATUSES if counts[status])
    blocks = [
        '<a id="the-talk"></a>\n\n## The talk, statement by statement',
        INTRODUCTION,
        f"{len(statements)} statements: {tally}.",
    ]
    for part in dict.fromkeys(s.part for s in statements):
        lines = [
            f"### {escaped(part)}",
            "",
            "| slide | the talk says | status | judged by | note |",
            "| --- | --- | --- | --- | --- |",
        ]
        previous = ""
        for s in (s for s in statements if s.part == part):
            slide = "" if s.slide == previous else escaped(s.slide)
            previous = s.slide
            status = s.status if s.status in ("open", "definition") else f"**{s.status}**"
            lines.append(f"| {slide} | {escaped(s.words)} | {status} | {_judges(s, theorems)} | {escaped(s.note)} |")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _judges(statement: Statement, theorems: Mapping[str, Theorem]) -> str:
    said = []
    for judge in statement.judges:
        items = ", ".join(f"`{name}`" for name in (*judge.claims, *judge.sayings))
        link = f"[{judge.theorem}](#{judge.theorem})" if judge.theorem in theorems else judge.theorem
        said.append(f"{link}: {items}" if items else link)
    return "; ".join(said)
