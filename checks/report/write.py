"""REPORT.md written, or compared with a fresh run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from theorems import all_theorems
from theorems.talk import statements

from .compare import differences
from .gather import GatherError, gather
from .markdown import page


def write(output: Path) -> int:
    """Run the audit and write the report; the file is replaced in one step or not at all."""
    _writable(output)
    atomically(output, render())
    click.echo(f"wrote {output}", err=True)
    return 0


def check(output: Path) -> int:
    """Run the audit and compare it with the report: 0 when they agree, 1 with the lines that differ."""
    if not output.is_file():
        raise click.UsageError(f"no report at {output}; write one with `theorem-audit report --output {output}`")
    found = differences(output.read_text(encoding="utf-8"), render())
    if not found:
        click.echo(f"{output} agrees with a fresh run", err=True)
        return 0
    click.echo("\n".join(found))
    click.echo(f"{output} differs from a fresh run in the lines above (- committed, + recomputed)", err=True)
    return 1


def render() -> str:
    """The report of a fresh run of every theorem, two at a time."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    theorems = all_theorems()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("auditing", total=len(theorems))

        def finished(name: str) -> None:
            progress.update(task, advance=1, description=f"{name} done")

        try:
            found = gather(tuple(theorems), finished=finished)
        except GatherError as problem:
            raise click.ClickException(str(problem)) from problem
    return page(found, theorems, statements())


def atomically(output: Path, text: str) -> None:
    """Replace a file in one step: a reader, or an interruption, sees the old text or the new one."""
    descriptor, name = tempfile.mkstemp(dir=output.resolve().parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _writable(output: Path) -> None:
    """Complain before the long run, not after it."""
    if not output.resolve().parent.is_dir():
        raise click.UsageError(f"no directory {output.parent}; create it or choose another --output")
