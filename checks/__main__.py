"""The command line.  Commands import what they need when they run, so that ``--help`` is immediate."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from .birthday_command import birthday
from .check_simulator_command import check_simulator
from .compare_command import compare_kernels
from .gram_command import gram
from .identify_command import identify
from .measure_command import measure
from .needs_command import needs
from .new_command import new
from .replay_command import replay
from .strength_command import strength
from .tightness_command import tightness
from .try_command import attempt

INTERRUPTED, UNREAD, OURS = 130, 141, 70


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="theorem-audit", prog_name="theorem-audit", message="%(prog)s %(version)s")
def cli() -> None:
    """An executable proof audit of deep-learning theory.

    Theorems are relations, simulators measure with error bars, checks search for an instance where they disagree.
    Run the audit itself with `pytest checks/`.
    """


@cli.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def list_theorems(as_json: bool) -> None:
    """List the theorems of the catalogue."""
    from theorems import titles

    if as_json:
        return _document("list", {"theorems": [{"name": name, "title": title} for name, title in titles().items()]})
    width = max(map(len, titles()), default=0)
    click.echo("\n".join(f"{name:<{width}}  {title}" for name, title in titles().items()))


@cli.command()
@click.argument("name")
@click.argument("claim", required=False, default="")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def show(name: str, claim: str, as_json: bool) -> None:
    """Show a theorem: claims, assumptions, derivation, sayings, non-claims and sources; or one CLAIM of it."""
    from .report.terminal import known, one_claim, statement

    if claim:
        return click.echo(one_claim(known(name), claim))

    if as_json:
        from .report.statement_data import write_theorem

        return click.echo(json.dumps(write_theorem(known(name)), indent=1, ensure_ascii=False))
    click.echo(statement(known(name)))


@cli.command()
@click.option("--check", is_flag=True, help="Recompute and compare with the file; exit 1 where they differ.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("REPORT.md"), show_default=True, metavar="FILE",
    help="The file to write, or to compare with.",
)  # fmt: skip
def report(check: bool, output: Path) -> None:
    """Run the whole audit in a fresh store and write it up.

    Takes as long as the audit itself: a few minutes.
    """
    from .report import write

    sys.exit(write.check(output) if check else write.write(output))


@cli.command()
@click.argument("verdict")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def explain(verdict: str, as_json: bool) -> None:
    """Explain a verdict: when it is given, and what it does not mean."""
    from .report.terminal import explanation

    said = explanation(verdict)
    if as_json:
        kind, _, given = said.split("\n")[0].partition(": ")
        return _document("explanation", {"verdict": kind, "given": given, "means_not": said.split("\n")[1]})
    click.echo(said)


@cli.command()
def clean() -> None:
    """Remove the evidence that audits stored in this directory."""
    from .engine.store import Store

    freed = Store(".audit").clean()
    click.echo(
        f"removed {freed / 1e6:.1f} MB of evidence from .audit" if freed else "nothing to remove: no evidence here"
    )


def _document(schema: str, data: dict[str, Any]) -> None:
    """Print a JSON document, with the version of its schema."""
    click.echo(json.dumps({"schema": f"theorem-audit/{schema}", "version": 1, **data}, indent=1, ensure_ascii=False))


for tool in (
    attempt,
    birthday,
    measure,
    compare_kernels,
    gram,
    identify,
    replay,
    check_simulator,
    new,
    tightness,
    needs,
    strength,
):
    cli.add_command(tool)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0, 1 (differs or refuted), 2 (usage), 3 (undecided or vacuous), 70 (an error of ours), 130 (interrupted), 141 (the
    reader of a pipe is gone): what went wrong is never taken for a refutation.
    """
    try:
        cli.main(None if arguments is None else list(arguments), prog_name="theorem-audit", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing was written", err=True)
        return INTERRUPTED
    except SystemExit as done:
        if type(sys.stdout).__module__ == "click.utils":  # click has wrapped a stream that nobody reads any more
            return UNREAD
        return done.code if isinstance(done.code, int) else 1
    except Exception:  # noqa: BLE001 - shown whole; only its exit code must not be that of a refutation
        traceback.print_exc()
        return OURS
    return 0


if __name__ == "__main__":
    sys.exit(main())
