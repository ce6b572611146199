"""`theorem-audit check-simulator`: hold a simulator, of this project or of one's own, to the contract of simulators."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # imported where it is used: `--help` is immediate
    from types import ModuleType

    from simulators.measurement import Measurement, Simulator

    from .engine.contract import Trial
    from .engine.rulings import Ruling

VERSION = 1
DRAWN = 3
"""Instances drawn from a family, besides one for each assumption that it can drop."""
USUAL = ("EXAMPLES", "instances")


class BadInput(click.ClickException):
    """Something that the user handed in and that cannot be used: one line, exit code 2."""

    exit_code = 2


@click.command("check-simulator")
@click.argument("name", metavar="MODULE:FUNCTION")
@click.option(
    "--instances", "where", default=None, metavar="MODULE:NAME",
    help="Its instances: a tuple of them, or a family instances(draw).  [default: EXAMPLES or instances of its module]",
)  # fmt: skip
@click.option(
    "--experiment", default=None, metavar="THEOREM/EXPERIMENT", help="Those of an experiment of the catalogue."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def check_simulator(name: str, where: str | None, experiment: str | None, as_json: bool) -> None:
    """Hold a simulator to its contract, on a few instances.

    \b
      theorem-audit check-simulator my_simulator:observe
      theorem-audit check-simulator simulators.fixed_net:observe --experiment fixed-net/exact-laws

    MODULE is found as `python -m` finds it, in the current directory first; its code is run.  Exit code 0: every rule
    holds on these instances, which is no proof; 1: a rule is broken; 2: the simulator or its instances cannot be used.
    """
    if where and experiment:
        raise BadInput("got --instances and --experiment; expected one of them; leave one out")
    import simulators.measurement  # noqa: F401 - ours, before a folder of that name in the current directory
    import theorems  # noqa: F401

    if "" not in sys.path[:1]:
        sys.path.insert(0, "")  # as for `python -m`
    simulator = _simulator(name)
    batch = _of_experiment(experiment) if experiment else _instances(where or name.partition(":")[0], name, where)
    sys.exit(_json(name, simulator, batch) if as_json else _text(name, simulator, batch))


def _module(name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as problem:
        if problem.name and (name == problem.name or name.startswith(problem.name + ".")):
            raise BadInput(
                f"got module {name!r}, which is not found; expected one of the current directory or an installed one;"
                " run it from the folder that holds it"
            ) from None
        raise _unimportable(name, problem) from None
    except (Exception, SystemExit) as problem:  # noqa: BLE001 - a user's module may raise anything when it is run
        raise _unimportable(name, problem) from None


def _unimportable(name: str, problem: BaseException) -> BadInput:
    said = " ".join(str(problem).split())
    return BadInput(f"got module {name!r}, which does not import: {type(problem).__name__}: {said}; mend it")


def _split(name: str, what: str) -> tuple[str, str]:
    module, colon, attribute = name.partition(":")
    if not (colon and attribute.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise BadInput(f"got {name!r}; expected {what} as module:name, such as my_simulator:observe")
    return module, attribute


def _simulator(name: str) -> Simulator:
    from simulators.measurement import Simulator

    module_name, attribute = _split(name, "a simulator")
    module = _module(module_name)
    found = getattr(module, attribute, None)
    if isinstance(found, Simulator):
        return found
    known = [n for n, value in vars(module).items() if isinstance(value, Simulator)]
    if found is None:
        raise BadInput(
            f"got {name}, and {module_name} has no {attribute}; expected a simulator of it: {', '.join(known) or 'none'}"
        )
    raise BadInput(
        f"got {name}, a {type(found).__name__}; expected a simulator; decorate it with"
        " @simulator('columns', limited_by='…') of simulators.measurement"
    )


def _instances(where: str, name: str, asked: str | None) -> tuple[Any, ...]:
    """The instances of ``module:name``, or what the module of the simulator offers under a usual name."""
    if asked:
        module_name, attribute = _split(where, "instances")
        module = _module(module_name)
        if not hasattr(module, attribute):
            raise BadInput(f"got --instances {asked}, and {module_name} has no {attribute}; check the spelling")
        return _batch(getattr(module, attribute), asked)
    module = _module(where)
    for attribute in USUAL:
        if hasattr(module, attribute):
            return _batch(getattr(module, attribute), f"{where}:{attribute}")
    raise BadInput(
        f"got {name} without instances; expected EXAMPLES, a tuple of a few, or a family instances(draw) in"
        f" {where}; add one, or name it with --instances module:name or --experiment theorem/experiment"
    )


def _batch(found: Any, name: str) -> tuple[Any, ...]:
    """A few instances: those listed, or some that a family draws, with one that drops each of its assumptions."""
    if callable(found):
        try:
            return _drawn(found)
        except (Exception, SystemExit) as problem:  # noqa: BLE001 - a user's family may raise anything
            said = " ".join(str(problem).split())
            raise BadInput(
                f"got family {name}, which raises {type(problem).__name__}: {said}; expected an instance for each draw"
            ) from None
    if not isinstance(found, (tuple, list)) or not found:
        shown = f"{type(found).__name__} {found!r:.40}"
        raise BadInput(f"got {name}, a {shown}; expected a tuple of instances, or a family instances(draw)")
    return tuple(found)


def _drawn(family: Any) -> tuple[Any, ...]:
    import inspect

    from .engine.draw import bulk

    keywords = [p.name for p in inspect.signature(family).parameters.values() if p.kind is p.KEYWORD_ONLY]
    plain = [bulk(family, f"contract-{k}")[0] for k in range(DRAWN)]
    return (*plain, *(bulk(family, "contract-0", **{keyword: False})[0] for keyword in keywords))


def _of_experiment(name: str) -> tuple[Any, ...]:
    from .experiments import experiments_of

    theorem, _, wanted = name.partition("/")
    try:
        known = {e.name: e for e in experiments_of(theorem)}
    except LookupError as problem:
        raise BadInput(str(problem)) from None
    if wanted not in known:
        raise BadInput(f"got --experiment {name}; expected one of {', '.join(f'{theorem}/{n}' for n in known)}")
    return (*known[wanted].examples[:1], *_drawn(known[wanted].instances))


def _rulings(simulator: Simulator, batch: tuple[Any, ...]) -> tuple[Trial, Iterator[Ruling]]:
    from .engine.contract import Trial
    from .engine.rulings import rulings

    trial = Trial(simulator, batch)
    return trial, rulings(trial)


def _text(name: str, simulator: Simulator, batch: tuple[Any, ...]) -> int:
    trial, found = _rulings(simulator, batch)
    count = f"{len(batch)} instance{'s' * (len(batch) != 1)}"
    click.echo(f"{name}, limited by {simulator.limited_by}, on {count}")
    broken = judged = 0
    for ruling in found:
        if ruling.rule == "measured" and ruling.held:
            for column, found_in in trial.measured.columns.items():
                click.echo(f"  {column:<16} {_column(found_in)}")
            if _sharp(trial):
                click.echo(
                    f"  Every radius is 0: right only if nothing is rounded, and then the limit is not {simulator.limited_by}."
                )
        judged += ruling.judged
        broken += bool(ruling.broken)
        click.echo(_line(ruling))
    if len(batch) == 1:
        click.echo("One instance says little of the rule `alone`: give two or more.")
    if broken:
        click.echo(f"{broken} of {judged} rules broken" + (f"; {_UNJUDGED}" if judged <= 2 else ""))
        return 1
    click.echo(f"all {judged} rules hold on {'this' if len(batch) == 1 else 'these'} {count}, which is no proof")
    return 0


def _sharp(trial: Trial) -> bool:
    """Whether real numbers of a simulator that errs by its own account come without any error."""
    reals = [column for column in trial.measured.columns.values() if column.kind == "real"]
    return trial.simulator.limited_by != "exact" and bool(reals) and not any(column.rad.any() for column in reals)


_UNJUDGED = "the others need a table"


def _line(ruling: Ruling) -> str:
    if not ruling.judged:
        return f"  -       {ruling.rule:<14} not judged"
    if ruling.held:
        return f"  held    {ruling.rule:<14} {_meaning(ruling.rule)}"
    more = f" (and {len(ruling.broken) - 1} more)" if len(ruling.broken) > 1 else ""
    return f"  broken  {ruling.rule:<14} {ruling.broken[0]}{more}"


def _meaning(rule: str) -> str:
    """The first line of what a rule says."""
    from inspect import getdoc

    from .engine.contract import RULES

    if rule == "measured":
        return "A table of measurements comes back."
    return (getdoc(RULES[rule]) or "").splitlines()[0]


def _column(column: Measurement) -> str:
    kind = f"{column.kind:<8} {len(column)} row{'s' * (len(column) != 1)}"
    if column.kind == "real" and len(column):
        kind += f", radius {min(column.rad):.2g} to {max(column.rad):.2g}"
    failure = float(sum(column.failure))
    return kind + (f", failure {failure:.2g}" if failure else "") + ("" if column.proved else ", not proved")


def _json(name: str, simulator: Simulator, batch: tuple[Any, ...]) -> int:
    import json

    trial, found = _rulings(simulator, batch)
    rulings = list(found)
    columns = trial.measured.columns if rulings[0].held else {}
    document = {
        "version": VERSION,
        "kind": "contract",
        "simulator": name,
        "limited_by": simulator.limited_by,
        "instances": [repr(instance) for instance in batch],
        "columns": {
            title: {
                "kind": column.kind,
                "rows": len(column),
                "radius": [float(min(column.rad)).hex(), float(max(column.rad)).hex()] if len(column) else None,
                "failure": float(sum(column.failure)).hex(),
                "proved": column.proved,
            }
            for title, column in columns.items()
        },
        "rules": [{"rule": r.rule, "held": r.held, "judged": r.judged, "broken": list(r.broken)} for r in rulings],
    }
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    return int(any(r.broken for r in rulings))
