"""The derivation as a graph that GitHub draws: dark where everything above it is proved."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from theorems.statement import Theorem

from ..engine.prove import Proof


def mermaid(theorem: Theorem, proofs: Mapping[str, Proof], dark: Collection[str]) -> str:
    """Steps as boxes, claims as rounded boxes, an arrow from what is used to what it is used for."""
    number = {step.name: f"s{i}" for i, step in enumerate(theorem.derivation)}
    lines = ["```mermaid", "graph TD"]
    for step in theorem.derivation:
        style = "dark" if step.name in dark else proofs[step.name].kind.lower()
        lines.append(f'  {number[step.name]}["{_label(step.name)}"]:::{style}')
    for i, claim in enumerate(c for c in theorem.claims if c.follows_from):
        style = "dark" if set(claim.follows_from) <= set(dark) else "searched"
        lines.append(f'  c{i}(["{_label(claim.name)}"]):::{style}')
        lines += [f"  {number[name]} --> c{i}" for name in claim.follows_from]
    lines += [f"  {number[above]} --> {number[step.name]}" for step in theorem.derivation for above in step.depends_on]
    lines += [
        "  classDef dark fill:#1b4332,color:#ffffff,stroke:#1b4332",
        "  classDef proved fill:#b7e4c7,color:#000000,stroke:#1b4332",
        "  classDef cited fill:#ffffff,color:#000000,stroke:#888888,stroke-dasharray:4",
        "  classDef searched fill:#dbe9ff,color:#000000,stroke:#335599",
        "  classDef failed fill:#ffd6d6,color:#000000,stroke:#aa0000",
        "```",
    ]
    return "\n".join(lines)


def _label(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
