"""``theorem-audit tightness``: how near its instances drive each bound of a theorem, and what a search could have seen."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # imported where it is used: `--help` is immediate
    from theorems.statement import Claim, Theorem

    from .engine.gather import Gathering
    from .engine.reached import Tightness

INTERRUPTED = 130


class Usage(click.ClickException):
    """A user's mistake: one line, exit code 2."""

    exit_code = 2


@click.command()
@click.argument("name")
@click.argument("claim", required=False)
@click.option("--profile", type=click.Choice(["quick", "thorough", "deep"]), default="quick", show_default=True)
@click.option("--stored", is_flag=True, help="Read stored evidence and stop: nothing is measured, no ascent.")
@click.option(
    "--curve", is_flag=True, help="Also show which deviation would have been refuted with how many instances."
)
@click.option("--device", default="cpu", show_default=True, help="Where simulators compute: cpu or cuda.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def tightness(
    name: str, claim: str | None, profile: str, stored: bool, curve: bool, device: str, as_json: bool
) -> None:
    """How near to equality the bounds of theorem NAME are driven, and by which instance.

    First on stored evidence, or evidence gathered now; then by an ascent from where that came nearest.  Without CLAIM every bound
    has an entry: how near, the instance, and where the theorem says that it is tight.

    Exit code 0, or 1 where a bound is exceeded; 130: interrupted (what is known so far is printed).
    """
    from .engine.measure import DeviceError, find_device
    from .report.terminal import known

    theorem = known(name)
    claims = _claims(theorem, claim)
    try:
        if not stored:
            find_device(device)
    except DeviceError as problem:
        raise Usage(str(problem)) from None
    sources = _stored(theorem, profile) if stored else _experiments(theorem)
    found: list[Tightness] = []
    curves: list[Any] = []
    interrupted = False
    try:
        with _progress() as watch:
            for stated in claims:
                covering = [s for s in sources if getattr(s, "setup", s).covers(stated)]
                if not covering:
                    click.echo(
                        f"{stated.name}: no {'stored evidence' if stored else 'experiment'} measures it", err=True
                    )
                    continue
                found.append(_tightness(stated, covering, profile, device, stored, watch))
                if curve:
                    curves += _curves(stated, covering, profile, device)
                interrupted = found[-1].interrupted
                if interrupted:
                    break
    except KeyboardInterrupt:
        interrupted = True
    if interrupted and not found:
        raise KeyboardInterrupt
    click.echo(_json(theorem, found, curves, interrupted) if as_json else _text(theorem, found, curves, claim))
    sys.exit(INTERRUPTED if interrupted else int(any(t.kind == "refuted" for t in found)))


def _claims(theorem: Theorem, name: str | None) -> list[Claim]:
    from theorems.statement import StatementError

    if name is not None:
        try:
            return [theorem.claim(name)]
        except StatementError as problem:
            raise Usage(str(problem)) from None
    bounds = [c for c in theorem.claims if c.kind == "bound"]
    if not bounds:
        raise Usage(
            f"got {theorem.name}, which has no bound; expected a theorem with one; name a CLAIM to see its curve"
        )
    return bounds


def _stored(theorem: Theorem, profile: str) -> list[Any]:
    from .engine.store import Store
    from .engine.stored import recall

    found = list(recall(theorem, Store(".audit", tell=_aside), profile=profile))
    if not found:
        raise Usage(
            f"got no stored evidence of {theorem.name} in profile {profile}; expected some in .audit;"
            " run `pytest checks/`, or leave out --stored"
        )
    return found


def _experiments(theorem: Theorem) -> list[Any]:
    from .experiments import experiments_of

    return list(experiments_of(theorem.name))


def _tightness(claim: Claim, sources: list[Any], profile: str, device: str, stored: bool, watch: Any) -> Tightness:
    from .engine.store import Store
    from .engine.tightness import tightness as measured

    store = None if stored else Store(".audit", tell=_aside)
    return measured(claim, *sources, profile=profile, device=device, store=store, watch=watch)


def _curves(claim: Claim, sources: list[Any], profile: str, device: str) -> list[Any]:
    from .engine.comparisons import comparisons
    from .engine.resolution_curve import resolution_curve

    if not comparisons(claim):
        return []
    return [resolution_curve(claim, source, profile=profile, device=device) for source in sources]


def _text(theorem: Theorem, found: list[Tightness], curves: list[Any], claim: str | None) -> str:
    from .engine.reached_words import NOT, row

    if claim is not None:
        return "\n\n".join([*map(str, found), *map(str, curves)])
    head = f"{theorem.name}: {len(found)} bound{'s' if len(found) != 1 else ''}"
    return "\n\n".join([head, *map(row, found), *map(str, curves), NOT])


def _json(theorem: Theorem, found: list[Tightness], curves: list[Any], interrupted: bool) -> str:
    from .engine.document import head

    data = {
        **head("theorem-audit/bounds"),
        "theorem": theorem.name,
        "bounds": [t.to_json() for t in found],
        "curves": [c.to_json() for c in curves],
        "interrupted": interrupted,
    }
    return json.dumps(data, indent=1, ensure_ascii=False)


def _aside(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _progress() -> Iterator[Any]:
    """Says on a terminal's stderr what is being measured."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading evidence") as status:

        def watch(gathering: Gathering) -> None:
            status.update(f"{gathering.experiment.name}: {len(gathering.instances)} of {gathering.planned} instances")

        yield watch
