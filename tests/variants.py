"""The tables of variants, and how they are judged: like `theorem-audit try`, on every row of the evidence."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from checks.engine.conjecture import conjecture
from checks.engine.experiment import Experiment
from checks.engine.gather import gather
from checks.engine.inquiry import made_like, typed
from checks.engine.lint import lint_claim, refuse
from checks.engine.parse import parse
from checks.engine.plainly import types_drawn
from checks.engine.refute import TRIED, confirm
from checks.engine.search import fitting, sharpen
from checks.engine.store import Store
from checks.engine.stored import glance, recall
from checks.engine.verdict import Verdict, strongest
from checks.engine.weigh import Weighed, summarise
from checks.items import audit_named
from theorems import get

SPREAD = 4_000
EVERY = 10**9
ROOT = Path(__file__).resolve().parents[1]
TABLES = {p.stem.replace("_", "-"): p for p in (ROOT / "tests" / "quality" / "variants").glob("*.toml")}


@dataclass(frozen=True)
class Variant:
    """A relation about a theorem; ``holds`` if it is true, ``why`` (it is, or somebody would think so).

    ``like`` names the claim that it varies (empty: the nearest); ``profile`` is the smallest search that refutes it.
    ``below``: what is too coarse to refute it, in words (empty: nothing is).
    """

    theorem: str
    relation: str
    holds: bool
    why: str
    like: str
    profile: str
    drop: tuple[str, ...] = ()
    below: str = ""


def variants_of(theorem: str) -> tuple[Variant, ...]:
    """The table of a theorem: true variants, false ones, false ones below the resolution."""
    table = tomllib.loads(TABLES[theorem].read_text(encoding="utf-8"))
    return tuple(
        Variant(
            theorem, row["relation"], which == "true", row["why"], row.get("like", ""), row.get("profile", "quick"),
            tuple(row.get("drop", ())), row.get("resolution", ""),
        )
        for which in ("true", "false", "below")
        for row in table.get(which, [])
    )  # fmt: skip


@cache
def judged(variant: Variant, profile: str = "quick", rows: int = SPREAD) -> Verdict:
    """The verdict on what an audit gathers: the first block of rows where that refutes it, else about so many, evenly spread.

    As an audit judges, but nothing is shrunk: a violation counts when it comes back at higher precision or effort.

    Raises what `theorem-audit try` would say of a statement that is no claim.
    """
    theorem = get(variant.theorem)
    found = conjecture(theorem, parse(variant.relation, theorem), like=variant.like, drop=variant.drop)
    refuse(lint_claim(theorem, found.claim))
    audit = audit_named(theorem.name)
    assert audit is not None
    experiments = fitting(found.claim, audit.experiments)
    for experiment in experiments:
        seen = glance(found.claim, experiment, evidence_of(experiment, profile), limit=1)
        if confirmed(seen):
            return summarise(seen, profile)
    verdicts = []
    for experiment in experiments:
        seen = sharpen(glance(found.claim, experiment, evidence_of(experiment, profile), limit=rows), "cpu")
        if confirmed(seen):
            return summarise(seen, profile)
        left = replace(seen, judged=tuple(j for j in seen.judged if j.judgement.status != "violated"))
        verdicts.append(summarise(left, profile))
    return strongest(verdicts)


def confirmed(seen: Weighed[Experiment]) -> bool:
    """Whether one of the worst violations comes back when it is measured again: of what exists, none refutes it."""
    if seen.claim.kind == "existence":
        return False
    worst = list(dict.fromkeys(hit.element for hit in seen.violations))[:TRIED]
    return any(confirm(seen.claim, seen.experiment, seen.instances[element], "cpu") for element in worst)


@cache
def evidence_of(experiment, profile):
    """What an audit stored of an experiment, if it is what would be gathered today; else gathered here, and stored."""
    store = Store(ROOT / ".audit", tell=lambda line: None)
    names = experiment.observables
    for recalled in recall(experiment.theorem, store, names, dropped=experiment.dropped, profile=profile):
        if made_like(experiment, recalled):
            return typed(recalled.evidence, types_drawn(experiment))
    gathered = gather(experiment, profile)
    store.save(gathered)
    return gathered


def every_variant() -> Iterator[Variant]:
    """All tables, by theorem."""
    for theorem in sorted(TABLES):
        yield from variants_of(theorem)
