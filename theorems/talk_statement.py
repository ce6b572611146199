"""A statement of the talk: its words, what became of it, and which theorems of the catalogue judge it."""

from __future__ import annotations

from dataclasses import dataclass

STATUSES = ("stands", "stands corrected", "false", "open", "definition")


@dataclass(frozen=True)
class JudgedBy:
    """A theorem that audits a statement: the claims that say it right, the sayings that judge the talk's own words."""

    theorem: str
    claims: tuple[str, ...] = ()
    sayings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One statement of the talk.

    ``part`` and ``slide`` place it; ``words`` quotes it; ``judges`` are the theorems that audit it (empty: none yet); ``note``
    says what is to be known beside.  ``status`` is one of `STATUSES`: *stands corrected* is true once a constant, a condition
    or a quantity is supplied, *false* has no such repair on the page, *open* is not audited.
    """

    part: str
    slide: str
    words: str
    status: str
    judges: tuple[JudgedBy, ...] = ()
    note: str = ""


def unaudited(words: str, note: str = "") -> Statement:
    """A statement that no theorem of the catalogue audits yet."""
    return Statement("", "", words, "open", note=note)


def definition(words: str, note: str = "") -> Statement:
    """A statement that defines something: there is nothing to audit."""
    return Statement("", "", words, "definition", note=note)


def audited(words: str, status: str, judges: tuple[JudgedBy, ...], note: str = "") -> Statement:
    """A statement that theorems of the catalogue audit."""
    return Statement("", "", words, status, judges, note)
