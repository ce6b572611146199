"""An item of an audit run: whether it passed, what it says to people, and its data for tables and pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .engine.experiment import Audit, ExperimentError
from .engine.lint import Lint, LintError, lint_claim
from .engine.lint_rows import lint_rows
from .engine.search import gather
from .engine.verdict import Verdict, plain
from .items import (
    ENOUGH,
    Item,
    assumption_needed,
    claim_verdict,
    gathered,
    mutant_outcomes,
    saying_verdict,
    step_proof,
    theorem_strength,
    well_stated,
)

PERFECT = 1.0


@dataclass(frozen=True)
class Finding:
    """``passed`` is None where the item says nothing (``text`` says why); ``verdict`` is plain JSON data.

    ``refuted`` is the verdict whose counterexample is worth keeping.
    """

    passed: bool | None
    text: str
    verdict: Any
    refuted: Verdict | None = None


def find(audit: type[Audit], item: Item, profile: str, device: str) -> Finding:
    """Run one item."""
    return _FIND[item.kind](audit, item.name, profile, device)


def unfinished(item: Item) -> Any:
    """The data of an item that an error ended."""
    if item.kind in ("needed", "mutants"):
        return []
    if item.kind == "strength":
        return {"killed": 0, "surviving": 0}
    return {"kind": "ERROR", "experiment": "", "instances": 0, "resolution": {"median": "inf"}}


def remarks(audit: type[Audit], item: Item, profile: str, device: str) -> tuple[Lint, ...]:
    """What the linter says of a claim that was judged: warnings about its words, and findings on the rows it was judged on."""
    if item.kind != "claim":
        return ()
    theorem = audit.theorem()
    claim = theorem.claim(item.name)
    said = lint_claim(theorem, claim)
    seen = [found for e in gathered(audit, item) for found in lint_rows(claim, e, gather(e, profile, device))]
    return (
        *said,
        *{found.rule: found for found in reversed(seen) if found.rule not in {s.rule for s in said}}.values(),
    )


def _claim(audit: type[Audit], name: str, profile: str, device: str) -> Finding:
    verdict = claim_verdict(audit, name, profile, device)
    return Finding(verdict.passed, str(verdict), verdict.to_json(), None if verdict.passed else verdict)


def _step(audit: type[Audit], name: str, profile: str, device: str) -> Finding:
    proof, where = step_proof(audit, name), f"{audit.theorem().name} / step {name}"
    data = plain(proof)
    if proof.kind == "CITED":
        return Finding(None, f"{where}: cited, not checked here ({proof.reason})", data)
    if proof.kind == "SEARCHED":
        step = next(s for s in audit.theorem().derivation if s.name == name)
        verdict = claim_verdict(audit, step.claim, profile, device)
        return Finding(verdict.passed, f"{where} rests on a search\n{verdict}", data)
    return Finding(proof.kind == "PROVED", f"{proof.kind:<9} {where}, {proof.method}\n  {proof.reason}", data)


def _needed(audit: type[Audit], name: str, profile: str, device: str) -> Finding:
    verdicts = assumption_needed(audit, name, profile, device)
    data = [v.to_json() for v in verdicts]
    refuted = [v.claim for v in verdicts if v.kind == "REFUTED"]
    if any(claim_verdict(audit, claim, profile, device).kind != "REFUTED" for claim in refuted):
        return Finding(True, "", data)
    head = f"{audit.theorem().name} / assumption {name!r} is not shown to be needed: "
    if refuted:
        return Finding(None, f"{head}what fails without it ({', '.join(refuted)}) fails with it too", data)
    if not verdicts:
        theorem = audit.theorem()
        assuming = [c for c in theorem.claims if name in theorem.assumed_by(c) and not c.follows_from]
        if not all(well_stated(audit, c) for c in assuming):  # said once, by the claims
            return Finding(None, f"{head}a claim that assumes it is not well stated", data)
        if assuming and not any(e.covers(c) for e in audit.experiments for c in assuming):  # said once, by the claims
            return Finding(None, f"{head}no experiment covers a claim that assumes it", data)
        return Finding(False, f"{head}no experiment that drops it covers a claim that assumes it", data)
    return Finding(False, "\n".join([f"{head}no claim is refuted without it", *map(str, verdicts)]), data)


def _saying(audit: type[Audit], name: str, profile: str, device: str) -> Finding:
    verdict = saying_verdict(audit, name, profile, device)
    saying = next(s for s in audit.theorem().sayings if s.name == name)
    text = (
        f"{verdict.theorem} / saying {name} ({saying.place}): got {verdict.kind}; expected {saying.expected}\n{verdict}"
    )
    return Finding(verdict.kind == saying.expected, text, verdict.to_json())


def _mutants(audit: type[Audit], name: str, profile: str, device: str) -> Finding:
    where = f"{audit.theorem().name} / mutants of {name}"
    try:
        verdict = claim_verdict(audit, name, profile, device)
    except (ExperimentError, LintError):  # said once, by the claim's own item
        return Finding(None, f"{where}: the claim itself cannot be judged", [])
    if not verdict.passed:
        return Finding(None, f"{where}: the claim itself is {verdict.kind}, so its mutants say nothing", [])
    outcomes = mutant_outcomes(audit, name, profile, device)
    if not outcomes:
        return Finding(None, f"{where}: no experiment measures what the claim speaks of", [])
    alive = [o for o in outcomes if o.kind == "surviving"]
    told = [f"  {o.mutant}: {o.edit}: {o.relation} ({o.reason})" for o in alive]
    kept = len(alive) < len(outcomes)
    return Finding(
        kept, "\n".join([f"{where}: none of {len(outcomes)} is killed", *told]), [plain(o) for o in outcomes]
    )


def _strength(audit: type[Audit], name: str, profile: str, device: str) -> Finding:
    theorem = audit.theorem()
    killed, surviving = theorem_strength(audit, profile, device)
    data = {"killed": killed, "surviving": surviving}
    if not killed + surviving:
        return Finding(None, f"{theorem.name} / strength: no claim stands whose mutants could be judged", data)
    enough = ENOUGH.get(profile, PERFECT)
    outcomes = [o for c in theorem.claims for o in mutant_outcomes(audit, c.name, profile, device)]
    alive = [f"  {o.claim}: {o.mutant}: {o.relation} ({o.reason})" for o in outcomes if o.kind == "surviving"]
    text = (
        f"{theorem.name} / strength: got {killed} of {killed + surviving} mutants killed;"
        f" expected at least {enough:.0%} in profile {profile};"
        " give the experiments instances that tell these apart from the claims"
    )
    return Finding(killed >= enough * (killed + surviving), "\n".join([text, *alive]), data)


_FIND: dict[str, Callable[[type[Audit], str, str, str], Finding]] = {
    "claim": _claim,
    "step": _step,
    "needed": _needed,
    "saying": _saying,
    "mutants": _mutants,
    "strength": _strength,
}
