"""Counterexamples from a file, measured anew on this machine: do they still hold?

Nothing in a file is run: its relation is parsed, its instance is made of the classes that the experiment draws and no
others, and every field is held to the schema (`checks.engine.document`).
"""

from __future__ import annotations

import dataclasses
import json
import types as python_types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb

from ..experiments import find_experiment
from .counterexample import exact_text, text
from .document import (
    COUNTEREXAMPLE_SCHEMA,
    DAMAGED,
    VERDICT_SCHEMA,
    DocumentError,
    line,
    opened,
    read_counterexample,
    read_instance,
)
from .experiment import Experiment
from .judge import rows
from .judge_at import judge_again
from .measure import BUDGET, SimulatorError, look, select
from .plainly import ball_of_text, types_drawn, types_in
from .verdict import Counterexample, Verdict, describe

LIMIT = 16 * 2**20
Pair = tuple[str, str]


@dataclass(frozen=True)
class Replayed:
    """A counterexample as it was kept, the verdict that its instance gets now, and what differs.

    ``source`` is the hash of the simulator now; ``changed``: observable -> (then, now), of the values at the same row
    whose error bars do not overlap.
    """

    kept: Counterexample
    verdict: Verdict
    source: str
    changed: Mapping[str, tuple[str, str]]

    @property
    def holds(self) -> bool:
        """Whether the instance still refutes the claim."""
        return self.verdict.kind == "REFUTED"


def documents(path: Path | str) -> list[dict[str, Any]]:
    """The documents of the counterexamples in a file: of one, of a verdict's (also as `try --json` prints it), or of a list.

    Raises `DocumentError`.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        if size > LIMIT:
            raise DocumentError(
                f"{file}, {size / 2**20:.0f} MB", f"at most {LIMIT // 2**20} MB", "is this the right file?"
            )
        data = json.loads(file.read_bytes())
    except DocumentError:
        raise
    except (*DAMAGED, OSError) as problem:
        raise DocumentError(f"{file} ({line(problem)})", "a JSON file of theorem-audit", "check its name") from None
    found = [d for entry in (data if isinstance(data, list) else [data]) for d in _examples(entry)]
    if not found:
        raise DocumentError(
            f"{file} without a counterexample", "a verdict REFUTED, or a counterexample", "there is nothing to replay"
        )
    return [d for place, d in enumerate(found) if d not in found[:place]]


def _examples(entry: Any) -> list[dict[str, Any]]:
    given = entry if isinstance(entry, dict) else {}
    if given.get("schema") != VERDICT_SCHEMA:
        inside = given.get("verdict")  # what `theorem-audit try --json` prints holds a verdict
        return _examples(inside) if isinstance(inside, dict) else [opened(entry, COUNTEREXAMPLE_SCHEMA)]
    given = opened(entry, VERDICT_SCHEMA)
    return [opened(given[k], COUNTEREXAMPLE_SCHEMA) for k in ("simplest", "worst") if given.get(k) is not None]


def replay(document: Any, experiments: Iterable[Experiment] | None = None, device: str = "cpu") -> Replayed:
    """Judge a counterexample from scratch.

    Its experiment is looked for among ``experiments``, else in the catalogue.  Raises `DocumentError` for a document that is
    damaged or does not fit the experiment, `SimulatorError` where a simulator contradicts itself.
    """
    kept = read_counterexample(document, {})
    if kept.claim is None or not kept.experiment:
        raise DocumentError("a counterexample without its claim or experiment", "both", "audit again to write it anew")
    try:
        experiment = find_experiment(kept.theorem, kept.experiment, kept.dropped, parent=kept.parent, among=experiments)
    except LookupError as problem:
        where = document.get("check_file")
        file = (
            f"add --experiments {where}"
            if isinstance(where, str) and where
            else "add --experiments FILE, its check file"
        )
        raise DocumentError(
            f"experiment {kept.experiment[:60]!r} of {kept.theorem[:60]!r}, not found ({line(problem)})",
            "one of the catalogue or of the file given",
            file if experiments is None else "is this the right file of experiments?",
        ) from None
    _same_setting(kept, experiment)
    instance = _instance(document["instance"], experiment)
    try:
        verdict = judge_again(kept.claim, experiment, instance, device)
        now = _values(experiment, instance, kept.index, device)
    except SimulatorError as problem:
        raise DocumentError(line(problem), "an instance that its simulator measures", "is the file damaged?") from None
    except (TimeoutError, MemoryError):  # what it asks for is too much: who bounds it says so
        raise
    except Exception as problem:  # noqa: BLE001 - whatever a simulator raises when it is handed an instance of another making
        raise DocumentError(
            f"instance {describe(instance)[:120]}, which {experiment.observe.name} cannot measure"
            f" ({type(problem).__name__}: {line(problem)})",
            f"an instance as experiment {experiment.name} draws it",
            "is the file damaged?",
        ) from None
    changed = _differences(kept.exactly, now)
    return Replayed(dataclasses.replace(kept, instance=instance), verdict, experiment.observe.source_hash, changed)


def _same_setting(kept: Counterexample, experiment: Experiment) -> None:
    assert kept.claim is not None
    missing = sorted({o.name for o in kept.claim.observables} - set(experiment.observables))
    if missing:
        raise DocumentError(
            f"a relation over {missing[0][:60]}, which experiment {experiment.name} does not measure",
            f"symbols among {', '.join(sorted(experiment.observables))}",
            "is this the right file of experiments?",
        )
    stated = {a.name for a in experiment.theorem.assumptions} | set(experiment.dropped)
    strangers = sorted(set(kept.claim.assumes or ()) - stated)
    if strangers:
        raise DocumentError(
            f"assumption {strangers[0][:60]!r}", f"one of {', '.join(sorted(stated)) or 'none'}", "is the file damaged?"
        )
    # the folder part of a module's name depends on who imports it
    if kept.simulator and kept.simulator.rpartition(".")[2] != experiment.observe.name.rpartition(".")[2]:
        raise DocumentError(
            f"a counterexample that {kept.simulator[:80]} measured",
            f"{experiment.observe.name}, the simulator of experiment {experiment.name}",
            "another experiment of the same name? name its file by --experiments",
        )


def _instance(data: Any, experiment: Experiment) -> Any:
    """The instance, if it is made of the classes that the experiment draws and of what their annotations say."""
    known = types_drawn(experiment)
    instance = read_instance(data, known)
    strangers = sorted({t.__qualname__ for t in types_in(instance)} - set(known))
    drawn = dataclasses.is_dataclass(instance) or not known
    problem = f"class {strangers[0][:60]}" if strangers else "" if drawn else f"a bare {type(instance).__name__}"
    problem = problem or _misfit(instance)
    if problem:
        raise DocumentError(
            f"instance {describe(instance)[:120]} ({problem})",
            f"an instance of {', '.join(sorted(known)) or 'plain values'}, as experiment {experiment.name} draws it",
            "is the file damaged?",
        )
    return instance


def _misfit(instance: Any) -> str:
    """What in an instance is not of the type that its class says; empty where all is."""
    if isinstance(instance, (tuple, list)):
        return next((found for part in instance if (found := _misfit(part))), "")
    if not dataclasses.is_dataclass(instance) or isinstance(instance, type):
        return ""
    try:
        hints = typing.get_type_hints(type(instance))
    except NameError:  # a name that only type checkers see
        hints = {}
    for f in dataclasses.fields(instance):
        value = getattr(instance, f.name)
        if f.name in hints and not _fits(value, hints[f.name]):
            return f"{f.name} is {type(value).__name__}"
        if found := _misfit(value):
            return found
    return ""


def _fits(value: Any, hint: Any) -> bool:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, python_types.UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is typing.Literal:
        return value in parts
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(parts) == 2 and parts[1] is Ellipsis:
            return all(_fits(v, parts[0]) for v in value)
        return len(value) == len(parts) and all(_fits(v, p) for v, p in zip(value, parts, strict=True))
    if hint is float:
        return type(value) in (int, float)
    if hint in (int, bool, str) or hint is type(None):
        return type(value) is hint
    return not isinstance(hint, type) or isinstance(value, hint)


def _values(experiment: Experiment, instance: Any, index: Mapping[str, int], device: str) -> list[dict[str, Pair]]:
    """What is measured now at the rows of that index, exactly."""
    table = look(experiment, [instance], delta=BUDGET / 8, device=device)
    here = np.ones(len(table), dtype=bool)
    for name, value in index.items():
        here &= table.index[name] == value if name in table.index else False
    found = rows(select(table, np.flatnonzero(here)), sorted(table.columns))
    return [{name: exact_text(value) for name, value in row.items()} for row in found]


def _differences(then: Mapping[str, Pair], now: list[dict[str, Pair]]) -> dict[str, tuple[str, str]]:
    """The values that exclude each other, at the row that is most alike: an index need not name one row alone."""
    apart = [{name for name in row if name in then and _apart(then[name], row[name])} for row in now]
    place = min(range(len(apart)), key=lambda k: (len(apart[k]), k), default=0)
    return {
        name: (_shown(then[name]), _shown(now[place][name])) for row in apart[place : place + 1] for name in sorted(row)
    }


def _apart(then: Pair, now: Pair) -> bool:
    """Whether two measured values exclude each other."""
    if then == now:
        return False
    try:
        return not ball_of_text(*then).overlaps(ball_of_text(*now))
    except ValueError:  # truth values and sets, which are as they are
        return True


def _shown(pair: Pair) -> str:
    try:
        value: arb = ball_of_text(*pair)
    except ValueError:
        return pair[0]
    return " ± ".join(part for part in text(value) if part)
