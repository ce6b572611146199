"""``theorem-audit replay``: does a counterexample of another day, or of another machine, still hold here?"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .engine.replay import Replayed

UNDECIDED = 3
WIDEST = 2_000
SCHEMA, VERSION = "theorem-audit/replay", 1


class Usage(click.ClickException):
    """A file that cannot be replayed: one line, exit code 2."""

    exit_code = 2


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--experiments", type=click.Path(path_type=Path), metavar="CHECK_FILE",
    help="The check file of a theorem of your own.  It is imported: its code is run.",
)  # fmt: skip
@click.option("--unbounded", is_flag=True, help="No bounds of time and memory: for a file that you trust.")
@click.option("--device", default="cpu", show_default=True, help="Where simulators compute: cpu or cuda.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def replay(file: Path, experiments: Path | None, unbounded: bool, device: str, as_json: bool) -> None:
    """Measure the counterexamples of FILE anew and judge them from scratch.

    FILE is a counterexample that an audit kept, or a verdict (or a list of them) written with --json.  Nothing in it is run,
    and what it asks a simulator for is bounded in time and memory.

    Exit code 0: none refutes its claim any longer, 1: one still does, 2: FILE cannot be replayed, 3: it is
    undecided here.
    """
    from .engine.document import DocumentError
    from .engine.measure import DeviceError, find_device

    try:
        find_device(device)
        found = list(_replayed(file, experiments, unbounded, device))
    except (DocumentError, DeviceError, LookupError) as problem:
        raise Usage(_tame(str(problem))) from None
    except (TimeoutError, MemoryError) as problem:
        raise Usage(
            f"got {file}, which asks for too much ({str(problem) or 'memory'}); expected what experiments draw;"
            " write --unbounded if you trust it"
        ) from None
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "version": VERSION, "replayed": [_data(r) for r in found]}, indent=1))
    else:
        click.echo("\n".join(_tame(line) for r in found for line in _lines(r)))
    sys.exit(_code(found))


def _replayed(file: Path, experiments: Path | None, unbounded: bool, device: str) -> Iterator[Replayed]:
    from .bounded import bounded
    from .engine.replay import documents, replay
    from .experiments import experiments_in

    waiting = documents(file)
    own = None if experiments is None else experiments_in(experiments)
    for document in waiting:
        with nullcontext() if unbounded else bounded(device=device), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # a simulator that is handed what nobody draws may overflow on its way to an error
            yield replay(document, own, device)


def _tame(line: str) -> str:
    """A line in which nothing that a file says moves a cursor, or fills the screen."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line[:WIDEST]) + "…" * (len(line) > WIDEST)


def _code(found: list[Replayed]) -> int:
    if any(r.holds for r in found):
        return 1
    return UNDECIDED if any(r.verdict.kind in ("UNDECIDED", "VACUOUS") for r in found) else 0


def _lines(r: Replayed) -> Iterator[str]:
    from .engine.verdict import describe

    kept, now = r.kept, r.verdict
    claim = kept.claim.name if kept.claim is not None else ""
    dropped = "".join(f' without "{name}"' for name in kept.dropped)
    where = f"{kept.theorem} / {claim}{dropped}"
    if now.simplest is not None:
        yield f"still REFUTED      {where}  ({now.how_sure}; fails by {now.simplest.fails_by})"
    else:
        yield f"no longer refuted  {where}  ({now.kind}{': ' if now.reason else ''}{now.reason})"
    yield f"  instance   {describe(kept.instance)}{''.join(f', {k} = {i}' for k, i in kept.index.items())}"
    if now.simplest is not None:
        yield f"  claimed    {now.simplest.comparison}"
        yield f"  right side {now.simplest.claimed}"
        yield f"  left side  {now.simplest.measured}"
    else:
        yield f"  claimed    {kept.comparison}"
        yield f"  then       right side {kept.claimed}, left side {kept.measured}"
    if kept.source != r.source:
        yield f"  simulators {kept.source or 'unknown'} then, {r.source} now"
    for name, (then, value) in r.changed.items():
        yield f"  {name:<10} {then} then, {value} now"
    if not r.changed:
        yield "  values     agree with those kept, within the error bars of both"


def _data(r: Replayed) -> dict[str, Any]:
    claim = r.kept.claim
    return {
        "theorem": r.kept.theorem,
        "claim": claim.name if claim is not None else "",
        "holds": r.holds,
        "source": {"then": r.kept.source, "now": r.source},
        "changed": {name: {"then": then, "now": now} for name, (then, now) in r.changed.items()},
        "verdict": r.verdict.to_json(),
    }
