"""One theorem's part of the report."""

from __future__ import annotations

from collections import Counter

from theorems.statement import Assumption, Claim, Saying, Theorem

from ..engine.kill import KINDS
from ..engine.prove import dark
from ..engine.verdict import MEANING_NOT, Verdict
from .gather import Findings
from .graph import mermaid
from .mathematics import display, escaped, inline
from .sentences import counterexample, example, kind, reason, search, tightness, told
from .wording import METHOD_WORDS


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
    facts = [*search(verdict), *tightness(claim, verdict), *reason(verdict)]
    assumed = ", ".join(f"`{name}`" for name in theorem.assumed_by(claim)) or "nothing"
    facts.append(f"Assumes {assumed}.")
    facts += counterexample(verdict)
    facts.append(f"*{MEANING_NOT[verdict.kind]}*")
    return "\n\n".join(
        [
            f"#### `{claim.name}`: {kind(verdict)}",
            *([escaped(claim.words)] if claim.words else []),
            display(claim.relation),
            "\n".join(f"- {fact}" for fact in facts),
        ]
    )


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
        lines.append(f"  - without it `{verdict.claim}` is {kind(verdict)}: {example(verdict.simplest)}")
    kept = sorted(v.claim for v in verdicts if v.kind in ("SURVIVED", "PROVED", "WITNESSED"))
    if kept:
        lines.append(f"  - not refuted without it: {', '.join(f'`{name}`' for name in kept)}")
    return "\n".join(lines)


def _derivation(theorem: Theorem, found: Findings) -> str:
    shade = dark(theorem, tuple(found.proofs.values()))
    lines = ["| step | says | rests on | status |", "| --- | --- | --- | --- |"]
    formulas = ["<details><summary>The formulas of the steps</summary>"]
    for step in theorem.derivation:
        proof = found.proofs[step.name]
        status = f"**not proved**: {told(proof.reason)}" if proof.kind == "FAILED" else METHOD_WORDS[step.method]
        status += f" (claim `{step.claim}`)" if step.claim else ""
        status += f": {escaped(step.source)}" if step.source else ""
        if proof.kind == "PROVED" and step.name not in shade:
            status += ", on steps that are not"
        rests = ", ".join(f"`{name}`" for name in step.depends_on)
        lines.append(f"| `{step.name}` | {escaped(step.words)} | {rests} | {status} |")
        if step.relation is not None:
            formulas.append(f"`{step.name}`\n\n{display(step.relation)}")
    explained = "Dark: proved here together with all that it rests on. Light green: proved, on steps that are not. "
    explained += "Blue: searched. Dashed: cited. Rounded: claims."
    blocks = ["\n".join(lines), explained, mermaid(theorem, found.proofs, shade)]
    return "\n\n".join([*blocks, *formulas, "</details>"] if len(formulas) > 1 else blocks)


def _saying(theorem: Theorem, saying: Saying, verdict: Verdict) -> str:
    agreed = "as expected" if verdict.kind == saying.expected else f"**expected {saying.expected}**"
    facts = counterexample(verdict)
    facts += search(verdict) if verdict.kind != "REFUTED" else []
    if saying.corrected:
        facts.append(
            f"{'Corrected' if verdict.kind == 'REFUTED' else 'Said exactly'}: {_corrected(theorem, saying.corrected)}"
        )
    return "\n\n".join(
        [
            f"#### `{saying.name}`: {kind(verdict)}, {agreed}",
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
    lines = [f"| claim | {' | '.join(KINDS)} |", f"| --- |{' ---: |' * len(KINDS)}"]
    others: dict[tuple[str, str, str], list[str]] = {}
    for claim, outcomes in found.outcomes.items():
        counts = Counter(o.kind for o in outcomes)
        lines.append(f"| `{claim}` | {' | '.join(str(counts[became]) for became in KINDS)} |")
        for outcome in outcomes:
            if outcome.kind != "killed":
                others.setdefault((claim, outcome.kind, outcome.reason), []).append(outcome.mutant)
    summary = "Every mutant that was not killed, and why:" if others else "Every mutant was killed."
    named = [
        f"- `{claim}`, *{became}* ({told(why)}): {', '.join(f'`{name}`' for name in mutants)}"
        for (claim, became, why), mutants in others.items()
    ]
    return "\n\n".join(["\n".join(lines), summary, *(["\n".join(named)] if named else [])])
