"""A theorem as a JSON document: what `theorem-audit show NAME --json` prints.

``schema`` is `theorem-audit/theorem` and ``version`` that of all documents (`checks.engine.document`).  Relations are text that the
parser reads back over the ``observables`` listed, or null; ``latex`` is the same relation for display.
"""

from __future__ import annotations

from typing import Any

from theorems.notebook import latex
from theorems.statement import Saying, Theorem

from ..engine.document import head, relation_text, write_claim

THEOREM_SCHEMA = "theorem-audit/theorem"


def write_theorem(theorem: Theorem) -> dict[str, Any]:
    """The document of a theorem."""
    return {
        **head(THEOREM_SCHEMA),
        "name": theorem.name,
        "title": theorem.title,
        "parent": theorem.parent,
        "claims": [
            {**_stated(theorem, c), "follows_from": list(c.follows_from)}
            for c in theorem.claims
        ],
        "observables": [
            {"name": o.name, "meaning": o.meaning, "domain": o.domain, "unit": o.unit, "latex": latex(o)}
            for o in theorem.observables
        ],
        "assumptions": [{"name": a.name, "words": a.words, **_relation(a.relation)} for a in theorem.assumptions],
        "derivation": [
            {
                "name": s.name, "words": s.words, "method": s.method, **_relation(s.relation),
                "depends_on": list(s.depends_on), "claim": s.claim, "source": s.source,
            }
            for s in theorem.derivation
        ],
        "sayings": [
            {**_stated(theorem, s), "place": s.place, "expected": s.expected, "corrected": s.corrected}
            for s in theorem.sayings
        ],
        "non_claims": list(theorem.non_claims),
        "sources": [
            {"authors": s.authors, "year": s.year, "title": s.title, "place": s.place, "arxiv": s.arxiv}
            for s in theorem.sources
        ],
    }  # fmt: skip


def _stated(theorem: Theorem, item: Any) -> dict[str, Any]:
    """A claim or a saying, with the assumptions that it rests on by name."""
    claim = item.as_claim() if isinstance(item, Saying) else item
    data = write_claim(claim) | {"assumes": list(theorem.assumed_by(claim)), "latex": latex(claim.relation)}
    return {name: value for name, value in data.items() if name not in ("observables", "like")}


def _relation(relation: Any) -> dict[str, Any]:
    stated = relation is not None
    return {"relation": relation_text(relation) if stated else None, "latex": latex(relation) if stated else None}
