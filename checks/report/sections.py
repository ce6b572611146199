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
from .rounding import at_least, at_most
from .sentences import counterexample, example, kind, reason, search, tightness, told
from .wording import METHOD_WORDS


def section(found: Findings, theorem: Theorem) -> str:
    """Statement, assumptions, derivation, sayings, mutants, non-claims and sources of one theorem."""
    blocks = [f'<a id="{theorem.name}"></a>\n\n## {escaped(theorem.title)}', "### Claims"]
    blocks += [_claim(theorem, claim, found.claims[claim.name]) for claim in theorem.claims]
    blocks += ["### Quantities", _observables(theorem)]
    if theorem.assumptions:
        blocks += ["### Assumptions, and what breaks without each"]
        blocks += ["\n".join(_assumption(a) for a in theorem.assumptions), _needs(theorem, found)]
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


def _assumption(assumption: Assumption) -> str:
    relation = f": {inline(assumption.relation)}" if assumption.relation is not None else ""
    return f"- `{assumption.name}` ({escaped(assumption.words)}){relation}"


def _needs(theorem: Theorem, found: Findings) -> str:
    """What breaks without each assumption, then what survives, then what fails only without two."""
    lines = ["| without | claim | is | smallest counterexample |", "| --- | --- | --- | --- |"]
    for assumption in theorem.assumptions:
        name, verdicts = assumption.name, found.needed[assumption.name]
        lines += [_broken((name,), v) for v in verdicts if v.kind == "REFUTED" and v.simplest is not None]
        kept = [_kept(v) for v in verdicts if v.kind != "REFUTED"]
        judged = {v.claim for v in verdicts}
        untried = [f"`{c.name}`" for c in theorem.claims if name in theorem.assumed_by(c) and c.name not in judged]
        for claims, words in ((kept, "not refuted"), (untried, "not tried")):
            if claims:
                lines.append(f"| `{name}` | {', '.join(claims)} | {words} | |")
        if not verdicts and not untried:
            lines.append(f"| `{name}` | | no claim assumes it | |")
    lines += [_broken(n.dropped, n.verdict) for n in found.jointly if n.verdict is not None]
    return "\n".join(lines)


def _broken(dropped: tuple[str, ...], verdict: Verdict) -> str:
    assert verdict.simplest is not None
    names = " and ".join(f"`{name}`" for name in dropped)
    together = ", though neither alone is needed" if len(dropped) > 1 else ""
    shown = example(verdict.simplest).replace("|", "\\|")
    return f"| {names} | `{verdict.claim}` | {kind(verdict)}{together} | {shown} |"


def _kept(verdict: Verdict) -> str:
    """A claim that is not refuted without an assumption, and what would have been seen."""
    if verdict.kind in ("UNDECIDED", "VACUOUS"):
        return f"`{verdict.claim}` ({verdict.kind})"
    seen = f", resolution {at_most(verdict.resolution.median)}" if verdict.resolution.infinite < 1 else ""
    return f"`{verdict.claim}` ({at_least(verdict.instances)} instances{seen})"


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
