"""Whether two reports agree: words exactly, figures within one step, instances by their type.

What a report says in words (verdicts above all) must be the same.  A figure (a number after ``≤``, ``≥`` or ``≈``) may be the adjacent
one-digit value, for other processors round differently.  An instance (a constructor call
with named fields, in code) counts by its type: which of many equally good ones attains a bound is not a finding.
"""

from __future__ import annotations

import difflib
import re

from .rounding import steps

_INSTANCE = re.compile(r"`([A-Z]\w*)\((?=\w+=|\))[^`]*`")
_FIGURE = re.compile(r"([≤≥≈]) (−?\d+(?:\.\d+)?(?:e-?\d+)?)")


def differences(committed: str, recomputed: str) -> list[str]:
    """The lines on which two reports disagree, each pair as ``- …`` and ``+ …``; empty when they agree."""
    old, new = committed.splitlines(), recomputed.splitlines()
    matcher = difflib.SequenceMatcher(
        None, [_words(line) for line in old], [_words(line) for line in new], autojunk=False
    )
    found: list[str] = []
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            pairs = [(a, b) for a, b in zip(old[i:j], new[k:m], strict=True) if not _close(a, b)]
            found += [line for a, b in pairs for line in (f"- {a}", f"+ {b}")]
        else:
            found += [f"- {line}" for line in old[i:j]] + [f"+ {line}" for line in new[k:m]]
    return found


def _words(line: str) -> str:
    """The line without its figures, instances by type only."""
    return _FIGURE.sub(r"\1 #", _INSTANCE.sub(r"`\1(…)`", line))


def _close(one: str, two: str) -> bool:
    """Whether the figures of two lines with equal words are within one step each."""
    pairs = zip(_FIGURE.findall(_INSTANCE.sub("", one)), _FIGURE.findall(_INSTANCE.sub("", two)), strict=True)
    return all(steps(a, b) <= 1 for (_, a), (_, b) in pairs)
