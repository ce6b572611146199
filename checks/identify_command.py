"""``theorem-audit identify``: the constants that evidence allows; what ``try --unknown`` says, under its own name."""

from __future__ import annotations

import click

from .try_command import Usage, attempt


@click.command("identify")
@click.argument("name")
@click.argument("relation")
@click.option("--unknown", multiple=True, metavar="c=LOW:HIGH", help="A constant to find in a range.  One to four.")
@click.option("--like", default="", metavar="CLAIM", help="The claim that it varies (default: the nearest).")
@click.option("--drop", multiple=True, metavar="ASSUMPTION", help="An assumption to do without.  May be repeated.")
@click.option("--profile", type=click.Choice(["quick", "thorough", "deep"]), default="quick", show_default=True)
@click.option("--stored", is_flag=True, help="Judge stored evidence and stop: nothing is measured.")
@click.option("--device", default="cpu", show_default=True, help="Where simulators compute: cpu or cuda.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
@click.pass_context
def identify(
    context: click.Context, name: str, relation: str, unknown: tuple[str, ...], like: str, drop: tuple[str, ...],
    profile: str, stored: bool, device: str, as_json: bool,
) -> None:  # fmt: skip
    """Find the constants for which no measured instance excludes RELATION, a claim of theorem NAME.

    \b
      theorem-audit identify birthday "P_dup >= 1 - exp(-c*s*(s-1)/N)" --unknown c=0:10

    It says a range that holds every such constant, or that none fits and which instances contradict each other, or which
    direction the evidence leaves free.  Exit code 0: a range, 1: no constant fits, 3: not determined, 130: interrupted.
    """
    if not unknown:
        raise Usage("got no --unknown; expected one to four; write for example --unknown c=0:10")
    context.invoke(
        attempt, name=name, relation=relation, like=like, drop=drop, unknown=unknown, profile=profile, stored=stored,
        device=device, seed=0, as_json=as_json,
    )  # fmt: skip
