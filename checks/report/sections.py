"""One theorem's part of the report."""

from __future__ import annotations

import math
import re
from collections import Counter

from theorems.statement import Assumption, Claim, Saying, Theorem

from ..engine.kill import Outcome
from ..engine.prove import dark
from ..engine.verdict import MEANING_NOT, Counterexample, Verdict, describe
from .gather import Findings
from .graph import mermaid
from .mathematics import display, escaped, inline
from .rounding import about, at_least, at_most
from .wording import METHOD_WORDS

CLASSES = ("killed", "surviving", "equivalent", "implied", "true and sharper", "below resolution")


def section(found: Findings, theorem: Theorem) -> str:
    """Statement, assumptions, derivation, sayings, mutants, non-claims and sources of one theorem."""
    blocks = [f'<a id="{theorem.name}"></a>\n\n## {escaped(theorem.title)}', "### Claims"]
    blocks += [_claim(theorem, claim, found.claims[claim.name]) for claim in theorem.claims]
    blocks += ["### Quantities", _observables(theorem)]
    if theorem.assumptions:
        blocks += ["### Assumptions, and what breaks without each"]
        blocks += ["\n".join(_assumption(a, found.needed[a.name]) for a in theorem.assumptions)]
    if theorem.derivation:
        blocks += ["### Derivation", _derivation(theorem, found)]
    if theorem.sayings:
        blocks += ["### The talk's words"]
        blocks += [_saying(theorem, saying, found.sayings[saying.name]) for saying in theorem.sayings]
    if any(found.outcomes.values()):
        blocks += ["### Wrong theorems made on purpose", _mutants(found)]
    for title, items in (("What is not claimed", theorem.non_claims), ("Sources", theorem.sources)):
        if items:
            blocks += [f"### {title}", "\n".join(f"- {escaped(str(item))}" for item in items)]
    return "\n\n".join(blocks)


def _claim(theorem: Theorem, claim: Claim, verdict: Verdict) -> str:
    facts = [*_search(verdict), *_tightness(claim, verdict), *_reason(verdict)]
    assumed = ", ".join(f"`{name}`" for name in theorem.assumed_by(claim)) or "nothing"
    facts.append(f"Assumes {assumed}.")
    facts += [f"{what}: {_example(example)}" for what, example in _examples(verdict)]
    facts.append(f"*{MEANING_NOT[verdict.kind]}*")
    return "\n\n".join(
        [
            f"#### `{claim.name}`: {_kind(verdict)}",
            *([escaped(claim.words)] if claim.words else []),
            display(claim.relation),
            "\n".join(f"- {fact}" for fact in facts),
        ]
    )


def _kind(verdict: Verdict) -> str:
    sure = "certified" if verdict.certified else f"wrong with probability {at_most(verdict.failure)}"
    return f"**REFUTED** ({sure})" if verdict.kind == "REFUTED" else f"**{verdict.kind}**"


def _search(verdict: Verdict) -> list[str]:
    if not verdict.instances:
        return []
    words = f"Searched by experiment `{verdict.experiment}` on {at_least(verdict.instances)} instances"
    words += f" ({at_least(verdict.rows)} comparisons)."
    if verdict.rows and verdict.kind != "REFUTED":
        seen = verdict.resolution
        words += f" Resolution {at_most(seen.median)} in the median, {at_most(seen.best)} at best."
        if seen.infinite:
            words += (
                f" On a share {at_most(seen.infinite)} both sides may be 0: there no relative deviation can be seen."
            )
    return [words]


def _tightness(claim: Claim, verdict: Verdict) -> list[str]:
    if claim.kind != "bound":
        return []
    words = f"Tight at: {escaped(claim.tight_at)}."
    if math.isfinite(verdict.tightness) and verdict.tightest is not None:
        room = 1 - verdict.tightness
        reached = f"to within {at_most(room)} (relative)" if room > 0 else "within the error bars"
        words += f" Attained {reached} by `{describe(verdict.tightest)}`."
    return [words]


def _reason(verdict: Verdict) -> list[str]:
    return [f"{_told(verdict.reason)}."] if verdict.reason and verdict.kind != "REFUTED" else []


def _examples(verdict: Verdict) -> list[tuple[str, Counterexample]]:
    found = [("Simplest counterexample", verdict.simplest)]
    if verdict.worst != verdict.simplest:
        found.append(("Worst counterexample", verdict.worst))
    return [(what, example) for what, example in found if example is not None]


def _example(example: Counterexample) -> str:
    place = "".join(f", {name} = {i}" for name, i in example.index.items())
    return f"`{describe(example.instance)}{place}: left side {example.measured}, right side {example.claimed}`"


def _observables(theorem: Theorem) -> str:
    lines = ["| symbol | name | meaning | domain |", "| --- | --- | --- | --- |"]
    for o in theorem.observables:
        domain = f"{o.domain}, in {o.unit}" if o.unit else o.domain
        lines.append(f"| {inline(o)} | `{o.name}` | {escaped(o.meaning)} | {escaped(domain)} |")
    return "\n".join(lines)


def _assumption(assumption: Assumption, verdicts: tuple[Verdict, ...]) -> str:
    relation = f": {inline(assumption.relation)}" if assumption.relation is not None else ""
    words = f"- `{assumption.name}` ({escaped(assumption.words)}){relation}"
    broken = [v for v in verdicts if v.kind == "REFUTED" and v.simplest is not None]
    if not broken:
        return f"{words}\n  - not shown needed: dropping it refuted none of the claims judged"
    lines = [words]
    for verdict in broken:
        assert verdict.simplest is not None
        lines.append(f"  - without it `{verdict.claim}` is {_kind(verdict)}: {_example(verdict.simplest)}")
    kept = sorted(v.claim for v in verdicts if v.kind in ("SURVIVED", "PROVED", "WITNESSED"))
    if kept:
        lines.append(f"  - not refuted without it: {', '.join(f'`{name}`' for name in kept)}")
    return "\n".join(lines)


def _derivation(theorem: Theorem, found: Findings) -> str:
    shade = dark(theorem, tuple(found.proofs.values()))
    lines = ["| step | says | formula | rests on | status |", "| --- | --- | --- | --- | --- |"]
    for step in theorem.derivation:
        proof = found.proofs[step.name]
        status = "**not proved**" if proof.kind == "FAILED" else METHOD_WORDS[step.method]
        status += f" (claim `{step.claim}`)" if step.claim else ""
        status += f": {escaped(step.source)}" if step.source else ""
        if proof.kind == "PROVED" and step.name not in shade:
            status += ", on steps that are not"
        rests = ", ".join(f"`{name}`" for name in step.depends_on)
        formula = inline(step.relation) if step.relation is not None else ""
        lines.append(f"| `{step.name}` | {escaped(step.words)} | {formula} | {rests} | {status} |")
    explained = "Dark: proved here together with all that it rests on. Light green: proved, on steps that are not. "
    explained += "Blue: searched. Dashed: cited. Rounded: claims."
    return "\n\n".join(["\n".join(lines), explained, mermaid(theorem, found.proofs, shade)])


def _saying(theorem: Theorem, saying: Saying, verdict: Verdict) -> str:
    agreed = "as expected" if verdict.kind == saying.expected else f"**expected {saying.expected}**"
    facts = [f"{what}: {_example(example)}" for what, example in _examples(verdict)]
    facts += _search(verdict) if verdict.kind != "REFUTED" else []
    facts += [f"Corrected: {_corrected(theorem, saying.corrected)}"] if saying.corrected else []
    return "\n\n".join(
        [
            f"#### `{saying.name}`: {_kind(verdict)}, {agreed}",
            f"> {escaped(saying.words)} — {escaped(saying.place)}",
            display(saying.relation),
            *(["\n".join(f"- {fact}" for fact in facts)] if facts else []),
        ]
    )


def _corrected(theorem: Theorem, corrected: str) -> str:
    """The corrected form: a claim of the theorem, or words."""
    claim = next((c for c in theorem.claims if c.name == corrected), None)
    return escaped(corrected) if claim is None else f"`{claim.name}`, {inline(claim.relation)}"


def _mutants(found: Findings) -> str:
    lines = [f"| claim | {' | '.join(CLASSES)} |", f"| --- |{' ---: |' * len(CLASSES)}"]
    others: list[str] = []
    for claim, outcomes in found.outcomes.items():
        counts = Counter(o.kind for o in outcomes)
        lines.append(f"| `{claim}` | {' | '.join(str(counts[kind]) for kind in CLASSES)} |")
        others += [_outcome(claim, o) for o in outcomes if o.kind != "killed"]
    told = "Every mutant that was not killed, and why:" if others else "Every mutant was killed."
    return "\n\n".join(["\n".join(lines), told, *(["\n".join(others)] if others else [])])


def _outcome(claim: str, outcome: Outcome) -> str:
    return (
        f"- `{claim}`, {escaped(outcome.mutant)} ({escaped(outcome.edit)}): *{outcome.kind}*. {_told(outcome.reason)}"
    )


def _told(reason: str) -> str:
    """A sentence of the engine: measured numbers marked as approximate, instances as code."""
    call = re.search(r"\b[A-Z]\w*\(", reason)
    if call is None:
        return escaped(about(reason))
    depth, end = 1, call.end()
    while depth and end < len(reason):
        depth += {"(": 1, ")": -1}.get(reason[end], 0)
        end += 1
    return f"{escaped(about(reason[: call.start()]))}`{reason[call.start() : end]}`{_told(reason[end:])}"
