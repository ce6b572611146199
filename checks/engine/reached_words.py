"""A tightness in words, and as a document."""

from __future__ import annotations

import math
import shlex
from typing import Any

import sympy

from .document import head, number
from .plainly import encode
from .reached import Reached, Tightness
from .verdict import describe

SCHEMA = "theorem-audit/tightness"
LONG = 300
LINE = 600
FOUND_BY = {
    "example": "a given example",
    "search": "an instance that the search drew",
    "ascent": "an ascent over the choices of drawn instances",
    "nudge": "an instance outside the family's grid",
}
NOT = "What instances reach is a lower bound on the supremum over the family; it does not say that none is nearer."


def told(t: Tightness) -> str:
    """The tightness as text for a terminal."""
    if t.kind == "no question":
        return f"{t.claim.name}: {t.reason}"
    seen = f"{t.instances} instances" + (f" and {t.climbed} of an ascent ({t.looks} looks)" if t.looks else "")
    lines = [
        f"{t.kind.upper():<13} {t.claim.name}    {seen}{', interrupted' if t.interrupted else ''}",
        f"  bound      {sympy.sstr(t.claim.relation)}",
    ]
    if t.parts:
        for part in t.parts:
            lines += [f"  part       {part.kind}: {sympy.sstr(part.claim.relation)}", *_places(part, replayed=False)]
    else:
        lines += _places(t)
    if t.claim.tight_at:
        lines.append(f"  stated     {t.claim.tight_at}")
    if t.refutation is not None:
        lines += ["", str(t.refutation)]
    elif t.reason:
        lines.append(f"  {t.reason}")
    return "\n".join([*lines, f"  {NOT}"])


def row(t: Tightness) -> str:
    """A tightness as an entry of a table: how near, where, and where the theorem says that it is."""
    name, kind = t.claim.name, t.kind
    if t.reached is None:
        return f"{name}\n  {kind}: {t.reason}"
    beyond = f"\n  beyond  {reach(t.refined)} outside the family's grid" if t.refined is not None else ""
    hint = (
        "" if math.isnan(t.enough) else f"\n  hint    {t.enough:.4g} times the right side would do on these instances"
    )
    why = f"\n{t.refutation}" if t.refutation is not None else ""
    return (
        f"{name}\n  {kind}: {reach(t.reached)}, by {FOUND_BY[t.reached.found_by]}"
        f"\n  at      {_at(t.reached)}{beyond}{hint}\n  stated  {t.claim.tight_at or 'nothing'}{why}"
    )


def _places(t: Tightness, replayed: bool = True) -> list[str]:
    lines = []
    if t.reached is not None:
        lines += [
            f"  reached    {reach(t.reached)}, by {FOUND_BY[t.reached.found_by]}",
            f"  at         {_at(t.reached)}",
        ]
        lines.append(f"  sides      {_with_bar(t.reached.left)} and {_with_bar(t.reached.right)}")
        if replayed and t.reached.python and len(t.reached.python) <= LINE:
            lines.append(f"  replay     python -c {_quoted(t.reached.python)}")
    if t.kind in ("approached", "not attained") and len(t.approach) > 1:
        lines += [f"  approach   1 - {1 - ratio:.2g} at {_short(instance)}" for ratio, instance in t.approach]
    if t.refined is not None:
        lines.append(
            f"  beyond     {reach(t.refined)} at {_short(t.refined.instance)}, which lies outside the family's grid"
        )
    if t.exceeded is not None:
        lines.append(f"  beyond     {_short(t.exceeded)} exceeds it, outside the family's grid: no refutation")
    if not math.isnan(t.enough):
        lines.append(
            f"  hint       at most {t.at_most:.4g} of the bound on these instances:"
            f" {t.enough:.4g} times the right side would do there; a hint, no proof"
        )
    return lines


def reach(r: Reached) -> str:
    """How near, in a few words."""
    if r.exactly:
        return "attained exactly"
    most = r.gap[1]
    if math.isnan(most):
        return "attained within the error bars" if r.attained else f"{-r.excess:.2g} error bars away"
    if r.attained:
        return f"attained within the error bars (1 - ratio is at most {most:.1g})"
    return f"ratio {1 - most:.6g}" if most > 1e-3 else f"ratio 1 - {most:.3g}"


def _quoted(line: str) -> str:
    return shlex.quote(line) if set('"$`\\!') & set(line) else f'"{line}"'


def _with_bar(side: tuple[str, str]) -> str:
    return f"{side[0]} ± {side[1]}" if side[1] else side[0]


def _at(r: Reached) -> str:
    return _short(r.instance) + "".join(f", {k} = {i}" for k, i in r.index.items())


def _short(instance: Any) -> str:
    shown = describe(instance)
    return shown if len(shown) <= LONG else f"{shown[:LONG]}… ({len(shown)} characters)"


def document(t: Tightness) -> dict[str, Any]:
    """The tightness as JSON-ready data, instances exact."""
    return {**head(SCHEMA), **_data(t)}


def _data(t: Tightness) -> dict[str, Any]:
    return {
        "claim": t.claim.name,
        "relation": sympy.sstr(t.claim.relation),
        "kind": t.kind,
        "ratio": number(t.ratio),
        "at_most": number(t.at_most),
        "enough": number(t.enough),
        "stated": t.claim.tight_at,
        "reached": _place(t.reached),
        "on_evidence": _place(t.on_evidence),
        "refined": _place(t.refined),
        "approach": [{"ratio": ratio, "instance": encode(instance, exactly=True)} for ratio, instance in t.approach],
        "instances": t.instances,
        "rows": t.rows,
        "climbed": t.climbed,
        "looks": t.looks,
        "interrupted": t.interrupted,
        "reason": t.reason,
        "refutation": None if t.refutation is None else t.refutation.to_json(),
        "parts": [_data(part) for part in t.parts],
    }


def _place(r: Reached | None) -> dict[str, Any] | None:
    if r is None:
        return None
    return {
        "experiment": r.experiment,
        "instance": encode(r.instance, exactly=True),
        "constructor": describe(r.instance),
        "replay": r.python,
        "index": dict(r.index),
        "choices": list(r.choices),
        "found_by": r.found_by,
        "gap": [number(end) for end in r.gap],
        "attained": r.attained,
        "exactly": r.exactly,
        "left": list(r.left),
        "right": list(r.right),
    }
