"""Sentences about one verdict."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from theorems.statement import Claim

from ..engine.reached import NEAR
from ..engine.verdict import Counterexample, Verdict, describe
from .mathematics import escaped
from .rounding import about, at_least, at_most

LONG = 400


def kind(verdict: Verdict) -> str:
    """The verdict's word, and for a refutation how sure it is."""
    if verdict.kind != "REFUTED":
        return f"**{verdict.kind}**"
    if verdict.certified:
        return "**REFUTED** (certified)"
    if verdict.failure:
        return f"**REFUTED** (wrong with probability {at_most(verdict.failure)})"
    return "**REFUTED** (not certified: the error bars rest on an unproved allowance)"


def search(verdict: Verdict) -> list[str]:
    """Where it was searched, how hard, and what could have been seen."""
    if not verdict.instances:
        return []
    if verdict.kind == "MEASURED":
        estimates = "".join(f"\n  - {told(line, escaped)}" for line in verdict.measured)
        return [f"Measured by experiment `{verdict.experiment}`:{estimates}"]
    words = f"Searched by experiment `{verdict.experiment}` on {at_least(verdict.instances)} instances"
    words += f" ({at_least(verdict.rows)} comparisons)."
    seen = verdict.resolution
    if verdict.kind not in ("REFUTED", "WITNESSED") and seen.infinite < 1:
        words += f" Resolution {at_most(seen.median)} in the median, {at_most(seen.best)} at best."
        if seen.infinite:
            words += f" A share {at_most(seen.infinite)} of the comparisons could see no relative deviation: both sides may be 0 there."
    witness = [f"Witness: `{_instance(verdict.witness)}`."] if verdict.witness is not None else []
    return [words, *witness]


def tightness(claim: Claim, verdict: Verdict) -> list[str]:
    """For a bound: where it should be attained, and how nearly it was."""
    if claim.kind != "bound":
        return []
    words = f"Tight at: {escaped(claim.tight_at)}."
    if math.isfinite(verdict.tightness) and verdict.tightest is not None:
        room = 1 - verdict.tightness
        near = f"to within {at_most(room)} (relative)" if room > 0 else "within the error bars"
        words += f" {'Attained' if room <= NEAR else 'Nearest,'} {near} by `{_instance(verdict.tightest)}`."
    return [words]


def reason(verdict: Verdict) -> list[str]:
    """The engine's own sentence, where it says more than the verdict."""
    if not verdict.reason or verdict.kind == "REFUTED":
        return []
    words = told(verdict.reason)
    return [f"{words[0].upper()}{words[1:]}."]


def _instance(instance: Any) -> str:
    """The constructor call that rebuilds an instance; of a very long one, its beginning."""
    text = describe(instance)
    return text if len(text) <= LONG else f"{text[:LONG]}… ({len(text)} characters)"


def counterexample(verdict: Verdict) -> list[str]:
    """The simplest counterexample.  The worst is left out: processors that round differently may find another."""
    return [f"Simplest counterexample: {example(verdict.simplest)}"] if verdict.simplest is not None else []


def example(found: Counterexample) -> str:
    """The instance and row, and the two sides of what failed there."""
    place = "".join(f", {name} = {i}" for name, i in found.index.items())
    return f"`{_instance(found.instance)}{place}: left side {found.measured}, right side {found.claimed}`"


def told(reason: str, words: Callable[[str], str] = lambda text: escaped(about(text))) -> str:
    """A sentence of the engine: instances as code, the rest by ``words``, which marks measured numbers as approximate."""
    call = re.search(r"\b[A-Z]\w*\(", reason)
    if call is None:
        return words(reason)
    depth, end = 1, call.end()
    while depth and end < len(reason):
        depth += {"(": 1, ")": -1}.get(reason[end], 0)
        end += 1
    return f"{words(reason[: call.start()])}`{reason[call.start() : end]}`{told(reason[end:], words)}"
