"""`theorem-audit strength`: which wrong claims an audit tells from the right ones, and whether its checks can fail."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # imported where it is used: `--help` is immediate
    from theorems.statement import Claim, Theorem

    from .engine.store import Store
    from .power import Check, Source

INTERRUPTED = 130
PROFILES = ("quick", "thorough", "deep")
WIDE = 160


class Usage(click.ClickException):
    """A user's mistake: one line, exit code 2."""

    exit_code = 2


@click.command()
@click.argument("name", required=False)
@click.option("--claim", "claims", multiple=True, metavar="CLAIM", help="Only this claim (may be repeated).")
@click.option("--matrix", is_flag=True, help="Show every mutant to every experiment: which of them has the power?")
@click.option("--limits", is_flag=True, help="Mutate claims of kind limit too; what becomes of them is not counted.")
@click.option("--no-sanity", is_flag=True, help="Skip the two sanity phases: all pass unmutated, all fail corrupted.")
@click.option(
    "--profile", type=click.Choice(PROFILES), default="quick", show_default=True, help="How much is searched."
)
@click.option("--stored", is_flag=True, help="Judge on stored evidence alone; nothing is measured.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def strength(
    name: str | None,
    claims: tuple[str, ...],
    matrix: bool,
    limits: bool,
    no_sanity: bool,
    profile: str,
    stored: bool,
    as_json: bool,
) -> None:
    """Show how strong an audit is: wrong claims made on purpose, and what became of each.

    NAME is a theorem; without it the whole catalogue is summed up.  Stored evidence is judged first; where it leaves something
    open, what is missing is measured.  Exit code 1 if a mutant survives or a check fails its sanity phases.
    """
    from theorems import all_theorems
    from theorems.statement import StatementError

    from .measure_command import bar
    from .report.terminal import known

    if claims and name is None:
        raise Usage("--claim goes with the NAME of a theorem; write it before the options")
    theorems = [known(name)] if name is not None else list(all_theorems().values())
    try:
        chosen = {t.name: [t.claim(c) for c in claims] or list(t.claims) for t in theorems}
    except StatementError as problem:
        raise Usage(str(problem)) from None
    asked: dict[str, Any] = {"sanity": not no_sanity, "every": matrix, "limits": limits}
    found: dict[str, tuple[list[Check], str]] = {}
    interrupted = False
    try:
        with bar("judging wrong claims", sum(map(len, chosen.values()))) as step:
            for theorem in theorems:
                partly: list[Check] = []
                found[theorem.name] = partly, ""
                head = _checks(theorem, chosen[theorem.name], profile, stored, asked, partly, step)
                found[theorem.name] = partly, head
    except KeyboardInterrupt:
        interrupted = True
    if stored and not any(c.experiments for checks, _ in found.values() for c in checks) and not interrupted:
        where = f"of {name}" if name is not None else "of any theorem"
        raise Usage(f"no stored evidence {where} by today's simulators; leave out --stored, or run `make audit` first")
    found = {theorem: (checks, head) for theorem, (checks, head) in found.items() if checks}
    click.echo(_document(found, profile) if as_json else _text(found, name is not None, matrix))
    if interrupted:
        click.echo("interrupted; what is shown was finished", err=True)
        sys.exit(INTERRUPTED)
    sys.exit(_exit_code([c for checks, _ in found.values() for c in checks]))


def _checks(
    theorem: Theorem,
    claims: list[Claim],
    profile: str,
    stored: bool,
    asked: dict[str, Any],
    into: list[Check],
    step: Callable[[int], None],
) -> str:
    """Fill ``into`` with the checks of the claims; returns what they rest on."""
    from .engine.store import Store
    from .engine.stored import recall
    from .power import Source, check, incomplete

    store = Store(".audit")
    sources = [Source(r.setup, r.evidence) for r in recall(theorem, store, profile=profile)]
    for claim in claims:
        into.append(check(theorem, claim, sources, **asked))
        step(1)
    head = f"{profile}, stored evidence of {len(sources)} experiments"
    if stored or not incomplete(theorem, into):
        return head
    sources, measured = gathered(theorem, store, profile, lambda: step(0))
    into[:] = []  # what is shown after an interruption rests on all of the evidence
    for claim in claims:
        into.append(check(theorem, claim, sources, judge=_examined, **asked))
        step(0)
    return f"{profile}, evidence of {len(sources)} experiments, {measured} of them measured now"


def gathered(theorem: Theorem, store: Store, profile: str, step: Callable[[], None]) -> tuple[list[Source], int]:
    """The evidence of every experiment of a theorem: stored if it is fresh, else measured and stored; how many were measured."""
    from .experiments import experiments_of
    from .needs import evidence_of
    from .power import Source

    sources, measured = [], 0
    for experiment in experiments_of(theorem.name):
        evidence, fresh = evidence_of(experiment, store, profile, watch=lambda _: step())
        sources.append(Source(experiment, evidence))
        measured += fresh
        step()
    return sources, measured


def _examined(claim: Claim, setup: Any, evidence: Any) -> Any:
    """The verdict of an audit: what is close is measured again, what is violated confirmed."""
    from .engine.search import examine

    return examine(claim, setup, evidence)


def _exit_code(checks: list[Check]) -> int:
    from .power import UNMOVED

    failed = any(
        c.green is False or c.stuck == UNMOVED or (c.counted and any(o.kind == "surviving" for o in c.outcomes))
        for c in checks
    )
    return int(failed)


def _text(found: dict[str, tuple[list[Check], str]], one: bool, matrix: bool) -> str:
    from .strength_words import score, theorem_lines

    width = shutil.get_terminal_size((WIDE, 24)).columns if sys.stdout.isatty() else WIDE
    blocks = [
        "\n".join(theorem_lines(checks, width, head=head, matrix=matrix, every=one)) for checks, head in found.values()
    ]
    every = [c for checks, _ in found.values() for c in checks]
    blocks.append(
        f"in all: strength {score(every)} over {sum(c.counted for c in every)} claims with mutants that count"
    )
    return "\n\n".join(blocks)


def _document(found: dict[str, tuple[list[Check], str]], profile: str) -> str:
    from .power import by_experiment, plainly, total

    every = [c for checks, _ in found.values() for c in checks]
    killed, surviving = total(every)
    listed = [
        {
            "theorem": theorem,
            "evidence": head,
            "checks": plainly(checks),
            "power": {name: {"kills": kills, "alone": alone} for name, (kills, alone) in by_experiment(checks).items()},
        }
        for theorem, (checks, head) in found.items()
    ]
    head = {"schema": "theorem-audit/strength", "version": 1, "profile": profile}
    return json.dumps(
        {**head, "killed": killed, "surviving": surviving, "theorems": listed}, indent=1, ensure_ascii=False
    )
