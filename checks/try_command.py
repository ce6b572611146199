"""``theorem-audit try``: from a formula that nobody has checked to a verdict."""

from __future__ import annotations

import json
import re
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .engine.conjecture import Conjecture
    from .engine.gather import Gathering
    from .engine.inquiry import Inquiry
    from .engine.lint import Lint, LintError
    from .engine.verdict import Verdict

EXIT = {"SURVIVED": 0, "PROVED": 0, "WITNESSED": 0, "MEASURED": 0, "REFUTED": 1, "UNDECIDED": 3, "VACUOUS": 3}
INTERRUPTED = 130
MOST_UNKNOWNS = 4
MOST_AS_NEAR = 3
LONGEST = 600
MISTYPED = ("symbol", "unknown", "number", "function")
_UNKNOWN = re.compile(r"\s*([^\W\d]\w*)\s*=\s*([^:]+):([^:]+)")


class Usage(click.ClickException):
    """A user's mistake: one line, exit code 2."""

    exit_code = 2


@click.command("try")
@click.argument("name")
@click.argument("relation")
@click.option("--like", default="", metavar="CLAIM", help="The claim that it varies (default: the nearest).")
@click.option("--drop", multiple=True, metavar="ASSUMPTION", help="An assumption to do without.  May be repeated.")
@click.option("--unknown", multiple=True, metavar="c=LOW:HIGH", help="A constant to find in a range.  Up to four.")
@click.option("--profile", type=click.Choice(["quick", "thorough", "deep"]), default="quick", show_default=True)
@click.option("--stored", is_flag=True, help="Judge stored evidence at a glance and stop: nothing is measured.")
@click.option("--device", default="cpu", show_default=True, help="Where simulators compute: cpu or cuda.")
@click.option("--seed", default=0, show_default=True, help="Another seed makes the claim's own search another one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def attempt(
    name: str, relation: str, like: str, drop: tuple[str, ...], unknown: tuple[str, ...], profile: str, stored: bool,
    device: str, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Try RELATION, a variant of a claim of theorem NAME.

    \b
      theorem-audit try singular-value-ode "sigma_dot = -N*(sigma**2)**(1-2/N)*g"

    It is judged on stored evidence first, then searched for; a counterexample is measured again and shrunk.  Exit code 0:
    survived, 1: refuted, 3: undecided, 130: interrupted (the verdict so far is printed).
    """
    from theorems.statement import StatementError

    from .engine.conjecture import conjecture
    from .engine.inquiry import Inquiry
    from .engine.lint import LintError, lint_claim, refuse
    from .engine.parse import ParseError, parse
    from .engine.store import Store
    from .report.terminal import known

    theorem = known(name)
    box = _box(unknown)
    try:
        found = conjecture(theorem, parse(relation, theorem, tuple(box)), like=like, drop=drop)
    except (ParseError, StatementError) as problem:
        details = getattr(problem, "details", "")
        raise Usage(f"{problem}\n{details}" if details else str(problem)) from None
    teller = Teller(found, as_json)
    try:
        teller.warn(refuse(lint_claim(theorem, found.claim, tuple(box))))
    except LintError as problem:
        if problem.findings[0].rule in MISTYPED:
            raise Usage(str(problem)) from None
        sys.exit(teller.nothing_claimed(problem))
    inquiry = Inquiry(found, Store(".audit", tell=teller.aside), profile, device, str(seed))
    answer = _identified(inquiry, box, stored, teller) if box else _judged(inquiry, stored, teller)
    sys.exit(answer)


def _box(unknown: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """The ranges of ``--unknown c=0:10``, by name."""
    box: dict[str, tuple[float, float]] = {}
    for text in unknown:
        match = _UNKNOWN.fullmatch(text)
        try:
            low, high = (float(match[2]), float(match[3])) if match else (1.0, 0.0)
        except ValueError:
            low, high = 1.0, 0.0
        if match is None or not low < high:
            raise Usage(f"got --unknown {text!r:.80}; expected NAME=LOW:HIGH with LOW < HIGH; write for example c=0:10")
        box[match[1]] = (low, high)
    if len(box) > MOST_UNKNOWNS or len(box) < len(unknown):
        raise Usage(f"got {len(unknown)} unknowns; expected at most {MOST_UNKNOWNS}, each named once; leave some out")
    return box


def _judged(inquiry: Inquiry, stored: bool, teller: Teller) -> int:
    from .engine.experiment import ExperimentError
    from .experiments import experiments_of

    try:
        first = inquiry.look()
        if stored:
            if first is None:
                raise Usage(nothing_stored(inquiry.conjecture.theorem.name))
            return teller.close(inquiry, first)
        if first is None:
            from .engine.search import fitting

            fitting(
                inquiry.conjecture.claim, experiments_of(inquiry.conjecture.theorem.name)
            )  # or it cannot be gathered
        teller.preview(first)
        teller.warn(inquiry.read_rows())
        with teller.progress() as watch:
            verdict = inquiry.settle(experiments_of(inquiry.conjecture.theorem.name), watch)
    except ExperimentError as problem:  # nothing measures these observables together
        raise Usage(str(problem)) from None
    except KeyboardInterrupt:
        so_far = inquiry.so_far
        if so_far is None:
            raise
        return teller.close(inquiry, so_far, interrupted=True)
    return teller.close(inquiry, verdict)


def _identified(inquiry: Inquiry, box: dict[str, tuple[float, float]], stored: bool, teller: Teller) -> int:
    """The constants that fit: on stored evidence (without it, gathered), asking for instances where it does not decide."""
    from .engine.experiment import ExperimentError
    from .engine.identify import IdentifyError, identify

    claim, dropped = inquiry.conjecture.claim, inquiry.dropped()
    evidence: list[Any] = list(inquiry.recalled())
    if stored and not evidence:
        raise Usage(nothing_stored(inquiry.conjecture.theorem.name))

    def covering() -> list[Any]:
        from .experiments import experiments_of  # importing them takes torch, which stored evidence may spare

        return [] if stored else [e for e in experiments_of(inquiry.conjecture.theorem.name) if e.covers(claim)]

    if not stored and (dropped or not evidence):
        from .engine.search import fitting

        known = {setup.name for setup, _ in evidence}
        evidence += [e for e in fitting(claim, covering()) if e.name not in known]
    without = {name for source in evidence for name in (source[0] if isinstance(source, tuple) else source).dropped}
    untried = [name for name in dropped if name not in without]
    try:
        found = identify(
            claim, tuple(box), box, *evidence, ask=covering, profile=inquiry.profile, device=inquiry.device
        )
    except (IdentifyError, ExperimentError) as problem:
        raise Usage(str(problem)) from None
    return teller.enclosure(found, untried)


def nothing_stored(theorem: str) -> str:
    """Why stored evidence cannot answer."""
    return (
        f"got no stored evidence of {theorem} that measures this together and that today's simulators made; expected some in"
        " .audit; run `pytest checks/`, or leave out --stored, which also says what is not measured together"
    )


class Teller:
    """Says what is found, as text while it is found, or as one JSON document at the end."""

    def __init__(self, found: Conjecture, as_json: bool) -> None:
        self.found, self.as_json = found, as_json
        self.warnings: list[str] = []
        if not as_json:
            click.echo(introduction(found))

    def aside(self, line: str) -> None:
        """A remark that is no part of the answer."""
        click.echo(line, err=True)

    def warn(self, findings: tuple[Lint, ...]) -> None:
        """What the linter finds odd about the statement, and does not forbid."""
        lines = [str(finding) for finding in findings]
        self.warnings += lines
        if not self.as_json:
            for line in lines:
                click.echo(f"  {line}")

    def nothing_claimed(self, problem: LintError) -> int:
        """A statement that no instance could exclude: nothing is searched."""
        if self.as_json:
            lines = [str(finding) for finding in problem.findings]
            click.echo(json.dumps({**statement_of(self.found), "verdict": None, "linter": lines}, indent=1))
        else:
            click.echo(f"\nVACUOUS   nothing was searched\n  {problem}")
        return EXIT["VACUOUS"]

    def preview(self, verdict: Verdict | None) -> None:
        """What stored evidence says already, and what is done next."""
        if self.as_json:
            return
        if verdict is None:
            click.echo("\nno stored evidence measures this yet; gathering it, for this claim and later ones …")
        elif verdict.kind == "REFUTED":
            click.echo(f"\n{evidence_of(replace(verdict, worst=None))}\n\nmeasuring it again, and shrinking it …")
        else:
            click.echo(
                f"\n{verdict.kind} so far: {verdict.instances} stored instances, resolution {verdict.resolution.median:.1g};"
                " judging all of them, and searching for this claim …"
            )

    def close(self, inquiry: Inquiry, verdict: Verdict, interrupted: bool = False) -> int:
        """The answer, and the exit code that it means."""
        if self.as_json:
            document = {
                **statement_of(self.found),
                "verdict": verdict.to_json(),
                "judged": inquiry.tried,
                "linter": self.warnings,
                "interrupted": interrupted,
            }
            click.echo(json.dumps(document, indent=1))
        else:
            head = "\ninterrupted; the verdict so far:" if interrupted else ""
            tried = "\n".join(f"  {line}" for line in inquiry.tried)
            click.echo(f"{head}\n{evidence_of(verdict)}\n\njudged on\n{tried}")
        return INTERRUPTED if interrupted else EXIT[verdict.kind]

    def enclosure(self, found: Any, untried: Sequence[str]) -> int:
        """The constants that evidence allows; ``untried`` assumptions were to be dropped and no instance violates them."""
        if self.as_json:
            document = {**statement_of(self.found), "enclosure": found.to_json(), "untried": list(untried)}
            click.echo(json.dumps(document, indent=1))
        else:
            click.echo(f"\n{found}")
            if untried:
                click.echo(f"  no instance tried violates {', '.join(untried)}: of those that do nothing is said")
        return EXIT["UNDECIDED"] if untried and not found.exit_code else found.exit_code

    def progress(self) -> Any:
        """A context in which gathering shows how far it is; on a terminal only."""
        return _Progress()


class _Progress:
    def __enter__(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._stack = ExitStack()
        shown = self._stack.enter_context(
            Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        )
        tasks: dict[int, Any] = {}

        def watch(gathering: Gathering) -> None:
            if id(gathering) not in tasks:
                tasks[id(gathering)] = shown.add_task(gathering.experiment.name, total=gathering.planned)
            shown.update(tasks[id(gathering)], completed=len(gathering.instances))

        return watch

    def __exit__(self, *problem: Any) -> None:
        self._stack.close()


def introduction(found: Conjecture) -> str:
    """What was understood: the relation, the claim that it varies, and where they differ."""
    import sympy

    theorem, claim, parent = found.theorem, found.claim, found.parent
    assumed = ", ".join(theorem.assumed_by(claim)) or "nothing"
    theirs, yours = short(sympy.sstr(parent.relation)), short(sympy.sstr(claim.relation))
    said = "existence: one instance is enough" if claim.kind == "existence" else claim.kind
    lines = [
        f"{theorem.name}: a variant of {parent.name} ({said}; assumes {assumed})",
        f"  theirs      {theirs}",
        f"  yours       {yours}",
    ]
    if found.difference != ((sympy.sstr(parent.relation), sympy.sstr(claim.relation)),):  # or it is all of it
        lines += [
            f"  difference  {short(before) or 'nothing'}  became  {short(after) or 'nothing'}"
            for before, after in found.difference
        ]
    if not found.difference:
        lines.append("  difference  none: it is the theorem's own claim")
    for other in found.as_near[:MOST_AS_NEAR]:
        assumed = ", ".join(theorem.assumed_by(other)) or "nothing"
        lines.append(
            f"  as near is  {other.name} (assumes {assumed}); --like {other.name} judges it as a variant of that"
        )
    return "\n".join(lines)


def short(text: str) -> str:
    """A formula for the eye: a very long one is cut, and says so."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text)} characters)"


def evidence_of(verdict: Verdict) -> str:
    """A verdict, with the relation in numbers and the line that replays it."""
    from .engine.substitute import substituted

    lines = [str(verdict)]
    example = verdict.simplest
    if example is not None:
        lines.append(f"  in numbers  {substituted(verdict.relation, example)}")
        if example.python:
            lines.append(f"  replay      python -c {_quoted(example.python)}")
    return "\n".join(lines)


def _quoted(line: str) -> str:
    import shlex

    return shlex.quote(line) if set('"$`\\!') & set(line) else f'"{line}"'


def statement_of(found: Conjecture) -> dict[str, Any]:
    """The conjecture as plain JSON data."""
    import sympy

    return {
        "theorem": found.theorem.name,
        "relation": sympy.sstr(found.claim.relation),
        "like": found.parent.name,
        "kind": found.claim.kind,
        "assumes": list(found.theorem.assumed_by(found.claim)),
        "difference": [list(pair) for pair in found.difference],
    }
