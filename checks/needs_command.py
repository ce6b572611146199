"""`theorem-audit needs`: which assumption is needed for which claim, with the smallest counterexample without it."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # imported where it is used: `--help` is immediate
    from theorems.statement import Theorem

    from .needs import Need

INTERRUPTED = 130
PROFILES = ("quick", "thorough", "deep")
WIDE = 160


@click.command()
@click.argument("name")
@click.option("--pairs", is_flag=True, help="Drop two assumptions together where neither alone is shown needed.")
@click.option(
    "--profile", type=click.Choice(PROFILES), default="quick", show_default=True, help="How much is searched."
)
@click.option("--stored", is_flag=True, help="Judge on stored evidence alone; nothing is measured or shrunk.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def needs(name: str, pairs: bool, profile: str, stored: bool, as_json: bool) -> None:
    """Show what breaks without each assumption of theorem NAME, claim by claim.

    Each assumption is violated while all others hold.  What survives without it comes first: the claim may do without it, or a
    better family of instances is needed.  Stored evidence is used first; what is missing is measured, and stored.
    """
    from .measure_command import bar
    from .report.terminal import known

    theorem = known(name)
    found: list[Need] = []
    interrupted = False
    asked = sum(a.name in theorem.assumed_by(c) for a in theorem.assumptions for c in theorem.claims)
    try:
        with bar("dropping assumptions", asked) as step:
            for need in _search(theorem, profile, stored, pairs, lambda _: step(0)):
                found.append(need)
                step(len(need.dropped) == 1)
    except KeyboardInterrupt:
        interrupted = True
    width = shutil.get_terminal_size((WIDE, 24)).columns if sys.stdout.isatty() else WIDE
    click.echo(document(theorem, found, profile, asked) if as_json else table(theorem, found, width))
    if interrupted:
        click.echo(f"interrupted; {len(found)} of {asked} were judged", err=True)
        sys.exit(INTERRUPTED)


def _search(theorem: Theorem, profile: str, stored: bool, pairs: bool, watch: Any) -> Any:
    from .engine.store import Store
    from .needs import necessity, on_experiments, on_stored

    store = Store(".audit")
    if stored:
        judge = on_stored(theorem, store, profile)
    else:
        from .experiments import experiments_of

        judge = on_experiments(theorem, experiments_of(theorem.name), store, profile, watch)
    return necessity(theorem, judge, pairs=pairs)


def table(theorem: Theorem, found: list[Need], width: int) -> str:
    """One line for each assumption and claim: idle ones first."""
    from .needs import ORDER

    if not theorem.assumptions:
        return f"{theorem.name} assumes nothing"
    counts = Counter(n.kind for n in found)
    said = ", ".join(f"{counts[kind]} {kind}" for kind in ORDER if counts[kind])
    lines = [f"{theorem.name}: {len(theorem.assumptions)} assumptions; {said or 'nothing was judged'}", ""]
    rows = [
        (" and ".join(n.dropped), n.claim, n.kind, n.found, n.verdict.experiment if n.verdict is not None else "")
        for n in sorted(found, key=lambda n: ORDER.index(n.kind))
    ]
    heads = ("without", "claim", "is", "smallest counterexample, or how hard one was looked for")
    sizes = [max(len(r[k]) for r in (*rows, heads)) for k in range(3)] if rows else [0, 0, 0]
    for *cells, last, experiment in (*((*heads, ""),), *rows):
        begin = "  ".join(f"{cell:<{size}}" for cell, size in zip(cells, sizes, strict=True))
        where = f"  [{experiment}]" if experiment else ""
        room = max(width - len(begin) - len(where) - 4, 30)
        lines.append(f"  {begin}  {last if len(last) <= room else last[: room - 1] + '…'}{where}")
    return "\n".join(lines)


def document(theorem: Theorem, found: list[Need], profile: str, asked: int) -> str:
    """The table as JSON: every verdict whole."""
    listed = [
        {
            "claim": n.claim,
            "without": list(n.dropped),
            "is": n.kind,
            "found": n.found,
            "verdict": None if n.verdict is None else n.verdict.to_json(),
        }
        for n in found
    ]
    head = {"schema": "theorem-audit/needs", "version": 1, "theorem": theorem.name, "profile": profile, "asked": asked}
    return json.dumps({**head, "needs": listed}, indent=1, ensure_ascii=False)
