"""Verdicts and counterexamples as notebooks show them: HTML in which everything is escaped, formulas in LaTeX."""

from __future__ import annotations

from collections.abc import Iterator

from theorems.notebook import formula, rows, words

from .verdict import MEANING_NOT, Counterexample, Verdict, describe

COLOURS = {
    "PROVED": "#1a7f37", "SURVIVED": "#1a7f37", "WITNESSED": "#1a7f37", "MEASURED": "#0969da", "REFUTED": "#cf222e",
    "UNDECIDED": "#9a6700", "VACUOUS": "#9a6700",
}  # fmt: skip


def verdict_html(verdict: Verdict) -> str:
    """A verdict: what it is, the formula, the counterexamples as a table, the resolution, what it does not mean."""
    v = verdict
    dropped = "".join(f' without "{name}"' for name in v.dropped)
    where = f"{v.theorem} / {v.claim}{dropped}"
    badge = f'<b style="color:{COLOURS.get(v.kind, "inherit")}">{words(v.kind)}</b>'
    facts = "; ".join(_facts(v))
    parts = [f"<div>{badge} {words(where)}</div>", f"<div>{formula(v.relation)}</div>"]
    parts += [f"<div>{words(line)}</div>" for line in (facts, v.reason) if line]
    examples = [("simplest", v.simplest), ("worst", v.worst if v.worst != v.simplest else None)]
    parts += [_example(what, found) for what, found in examples if found is not None]
    parts += [f"<div>{words(line)}</div>" for line in v.measured]
    if v.witness is not None:
        parts.append(f"<div>witness <code>{words(describe(v.witness))}</code></div>")
    parts.append(f"<div><i>{words(MEANING_NOT[v.kind])}</i></div>")
    return f"<div>{''.join(parts)}</div>"


def counterexample_html(found: Counterexample) -> str:
    """A counterexample: the claim, the instance, both sides of what fails, and the values measured."""
    claim = "" if found.claim is None else f"<div>{formula(found.claim.relation)}</div>"
    return f"<div>{claim}{_example('counterexample', found)}</div>"


def _facts(v: Verdict) -> Iterator[str]:
    if v.how_sure:
        yield v.how_sure
    if v.instances:
        yield f"{v.instances} instances"
    if v.experiment:
        yield f"experiment {v.experiment}"
    if v.kind in ("SURVIVED", "UNDECIDED", "PROVED") and v.rows:
        r = v.resolution
        yield f"resolution {r.median:.1g} median, {r.best:.1g} best over {v.rows} rows, {r.infinite:.0%} blind"


def _example(what: str, found: Counterexample) -> str:
    index = "".join(f", {name} = {value}" for name, value in found.index.items())
    at = f"{describe(found.instance)}{index}"
    said = [
        ("instance", f"<code>{words(at)}</code>"),
        ("claimed", f"<code>{words(found.comparison)}</code>"),
    ]
    if found.claimed:  # what is true or false has no sides
        said += [
            ("right side", words(found.claimed)),
            ("left side", words(found.measured)),
            ("fails by", words(found.fails_by)),
        ]
    values = [(words(name), words(mid), words(rad)) for name, (mid, rad) in sorted(found.values.items())]
    line = found.python
    replay = f"<details><summary>replay</summary><pre>{words(line)}</pre></details>" if line else ""
    return (
        f"<details open><summary>{words(what)}</summary>{rows(said)}"
        f"<details><summary>values</summary>{rows(values, ('quantity', 'value', 'error bar'))}</details>{replay}</details>"
    )
