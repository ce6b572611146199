"""Theorems and claims as notebooks show them: HTML in which everything is escaped, formulas in LaTeX.

A formula is printed from the object that is tested; observables named by words are set upright.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter, greek_letters_set

_LETTERS = {*greek_letters_set, *(letter.capitalize() for letter in greek_letters_set)}
_UNSAFE = {"\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "%": r"\%", "&": r"\&", "#": r"\#", "_": " "}


class _Printer(LatexPrinter):
    """sympy's printer, with observables named by words in upright type, where sympy would print a product of letters."""

    def _print(self, expr: Any, **keywords: Any) -> str:
        """Any expression."""
        return _name(expr) if hasattr(expr, "latex_name") else str(super()._print(expr, **keywords))


def _name(symbol: Any) -> str:
    """An observable: as it says itself, in letters with indices, or in words."""
    stem = symbol.name.split("_")[0]
    if symbol.latex_name or len(stem) == 1 or stem in _LETTERS:
        return str(symbol.latex_name) or sympy.latex(sympy.Symbol(symbol.name))
    return rf"\text{{{symbol.name.replace('_', ' ')}}}"


def latex(relation: Any) -> str:
    """A relation in LaTeX."""
    return str(_Printer().doprint(relation))


def formula(relation: Any) -> str:
    """A relation as mathematics within HTML; a dollar sign in it can only be the two around it."""
    return f"<span>${html.escape(latex(relation))}$</span>"


def words(text: Any) -> str:
    """Plain words within HTML: escaped, and with no dollar sign that a notebook could take for mathematics."""
    return html.escape(str(text)).replace("$", "<span>&#36;</span>")


def rows(cells: Iterable[tuple[str, ...]], head: tuple[str, ...] = ()) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f'<th style="text-align:left">{words(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in row) + "</tr>" for row in cells
    )
    return f"<table>{f'<thead><tr>{top}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def claim_latex(claim: Any) -> str:
    """A claim's relation as displayed mathematics."""
    return f"$${latex(claim.relation)}$$"


def claim_html(claim: Any) -> str:
    """A claim: its name, kind, formula, words and assumptions."""
    assumes = "" if claim.assumes is None else f"; assumes {', '.join(claim.assumes) or 'nothing'}"
    said = f"<div>{words(claim.words)}</div>" if claim.words else ""
    return (
        f"<div><b>{words(claim.name)}</b> ({words(claim.kind)}{words(assumes)})"
        f"<div>{formula(claim.relation)}</div>{said}</div>"
    )


def theorem_latex(theorem: Any) -> str:
    """The claims of a theorem, one below the other."""
    lines = r" \\ ".join(rf"\text{{{_upright(c.name)}:}} & {latex(c.relation)}" for c in theorem.claims)
    return rf"$$\begin{{array}}{{ll}} {lines} \end{{array}}$$"


def theorem_html(theorem: Any) -> str:
    """A theorem: claims with formulas, assumptions, quantities, non-claims and sources."""
    claims = rows(
        (
            (words(c.name), words(c.kind), formula(c.relation), words(c.words), words(_assumed(theorem, c)))
            for c in theorem.claims
        ),
        ("claim", "kind", "formula", "in words", "assumes"),
    )
    parts = [f"<h3>{words(theorem.title)}</h3>", f"<p><code>{words(theorem.name)}</code></p>", claims]
    if theorem.assumptions:
        given = [
            (words(a.name), words(a.words), "" if a.relation is None else formula(a.relation))
            for a in theorem.assumptions
        ]
        parts.append(rows(given, ("assumption", "in words", "verified by")))
    quantities = [
        (formula(o), words(o.name), words(o.meaning), words(f"{o.domain}, in {o.unit}" if o.unit else o.domain))
        for o in theorem.observables
    ]
    parts.append(
        f"<details><summary>quantities</summary>{rows(quantities, ('', 'name', 'meaning', 'domain'))}</details>"
    )
    for title, lines in (("not claimed", theorem.non_claims), ("sources", theorem.sources)):
        if lines:
            listed = "".join(f"<li>{words(entry)}</li>" for entry in lines)
            parts.append(f"<p><b>{title}</b></p><ul>{listed}</ul>")
    return f"<div>{''.join(parts)}</div>"


def _assumed(theorem: Any, claim: Any) -> str:
    return ", ".join(theorem.assumed_by(claim)) or "nothing"


def _upright(name: str) -> str:
    return "".join(_UNSAFE.get(c, c) for c in name)
