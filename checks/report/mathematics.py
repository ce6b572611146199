"""LaTeX that GitHub shows: sympy's, without what its Markdown or its list of allowed macros trips over."""

from __future__ import annotations

import re
from typing import Any

from theorems import notebook

# Markdown eats a backslash before punctuation, `|` ends a table cell and `\operatorname` is refused outright.
_SPELLED = (
    (r"\\operatorname\*?", r"\\mathrm"),
    (r"\\\\", r"\\cr "),
    (r"\\\{", r"\\lbrace "),
    (r"\\\}", r"\\rbrace "),
    (r"\\\|", r"\\Vert "),
    (r"\\[,:>]", r"\\thinspace "),
    (r"\\;", r"\\thickspace "),
    (r"\\!", ""),
    (r"\|", r"\\vert "),
    (r"\*", r"\\ast "),
    (r"<", r"\\lt "),
    (r">", r"\\gt "),
    (r"(?<![\w\\])_", " _ "),  # after a brace or a space an underscore could open Markdown's emphasis
)


def latex(relation: Any) -> str:
    """The relation in LaTeX, printed from the object that is judged; nothing is simplified."""
    return github_safe(notebook.latex(relation))


def github_safe(text: str) -> str:
    """LaTeX with every construction replaced that GitHub's Markdown would damage."""
    for pattern, spelled in _SPELLED:
        text = re.sub(pattern, spelled, text)
    return re.sub(r" {2,}", " ", text).strip()


def inline(relation: Any) -> str:
    """Mathematics within a sentence or a table cell."""
    return f"${latex(relation)}$"


def display(relation: Any) -> str:
    """Mathematics on lines of its own."""
    return f"$$\n{latex(relation)}\n$$"


def escaped(text: str) -> str:
    """Plain words as Markdown shows them: nothing is emphasised, linked, or taken for a cell or for mathematics.

    Names in backticks stay code.
    """
    parts = re.split(r"(`[\w-]+`)", re.sub(r"\s+", " ", text))
    parts[::2] = [re.sub(r"([\\`*_\[\]<>|~#])", r"\\\1", part).replace("$", "&#36;") for part in parts[::2]]
    return "".join(parts)
