"""Which constants fit: a claim with unknowns, over all that was measured of it.

Branch and prune in balls.  A constant is excluded when the error bars of a row exclude the claim with it; everything else is
kept, so that the true constant of a true claim is never lost.  A row on which the claim is undefined or silent excludes nothing;
one on which it is certainly undefined for some constants and defined for others of the box excludes the former.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sympy

from theorems.statement import Claim, Observable

from .identify_answer import Enclosure
from .identify_rows import Box, Question

if TYPE_CHECKING:
    from .experiment import Experiment

EFFORT = 300
GOAL = 1e-3
MOST = 4


class IdentifyError(ValueError):
    """A question that cannot be asked: got, expected, remedy."""

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


def identify(
    claim: Claim,
    unknowns: Sequence[Any],
    box: Mapping[Any, tuple[float, float]] | Sequence[tuple[float, float]],
    *sources: Any,
    ask: Experiment | Sequence[Experiment] | Callable[[], Sequence[Experiment]] | None = None,
    goal: float = GOAL,
    effort: int = EFFORT,
    profile: str = "quick",
    device: str = "cpu",
) -> Enclosure:
    """The constants for which no row of the evidence excludes the claim.

    ``unknowns``: one to four names or bare sympy symbols of the claim's relation, ``box`` their finite ranges.  A source is a pair
    of a setup and its evidence, something with both (`engine.stored.recall`), or an experiment, which then gathers.  While
    the range of an unknown is wider than ``goal`` (relative), new instances are drawn from the experiments ``ask``, if any (a
    function gives them when they are needed: importing simulators takes seconds).
    ``effort`` is the most boxes looked at.  Ctrl-C returns what is known so far.

    Raises `IdentifyError` for a box that is infinite or empty, symbols that are neither observables nor unknowns, or no source.
    """
    from .identify_search import Search

    started = time.perf_counter()
    names = tuple(str(getattr(u, "name", u)) for u in unknowns)
    whole = _box(names, box)
    _check(claim, names, goal, effort)
    search = Search(Question(claim, names, whole), whole, goal, effort, device)
    fitting = 0
    given = [_source(source, claim, profile, device) for source in sources]
    for setup, evidence in given:
        if setup.covers(claim):
            fitting += 1
            search.add(setup, evidence)

    def asked() -> list[Any]:
        given_ = ask() if callable(ask) else ask
        several: Sequence[Any] = () if given_ is None else (given_ if isinstance(given_, (list, tuple)) else [given_])
        return [experiment for experiment in several if experiment.covers(claim)]

    if not fitting and not asked():
        measured = sorted({name for setup, _ in given for name in setup.observables})
        raise IdentifyError(
            f"no evidence that covers {', '.join(o.name for o in claim.observables) or 'no observable'}",
            f"a source that measures them ({', '.join(measured) or 'none given'})",
            "gather evidence first (run the audit), or hand in an experiment",
        )
    return search.run(asked, started)


def _box(names: tuple[str, ...], box: Any) -> Box:
    if isinstance(box, Mapping):
        by_name = {str(getattr(u, "name", u)): ends for u, ends in box.items()}
        missing = [name for name in names if name not in by_name]
        if missing:
            raise IdentifyError(f"no range of {missing[0]}", "one for each unknown", f"write {missing[0]}: (0, 10)")
        box = [by_name[name] for name in names]
    if len(box) != len(names):
        raise IdentifyError(f"{len(box)} ranges", f"{len(names)}, one for each unknown", "hand in one pair for each")
    found = []
    for name, (first, last) in zip(names, box, strict=True):
        low, high = float(first), float(last)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise IdentifyError(
                f"the range {low:g} to {high:g} of {name}",
                "a finite one",
                f"choose a largest value, such as {name}=0:1000",
            )
        if not low < high:
            raise IdentifyError(f"the range {low:g} to {high:g} of {name}", "LOW below HIGH", "swap them or widen it")
        found.append((low, high))
    return tuple(found)


def _check(claim: Claim, names: tuple[str, ...], goal: float, effort: int) -> None:
    if not 1 <= len(set(names)) <= MOST or len(set(names)) < len(names):
        raise IdentifyError(f"{len(names)} unknowns", f"one to {MOST}, each named once", "leave some out, or fix them")
    bare = {
        s.name for s in claim.relation.free_symbols if isinstance(s, sympy.Symbol) and not isinstance(s, Observable)
    }
    absent = [name for name in names if name not in bare]
    if absent:
        raise IdentifyError(
            f"unknown {absent[0]}, which {claim.name} does not contain", f"one of {', '.join(sorted(bare)) or 'none'}",
            "write it into the relation as sympy.Symbol of that name",
        )  # fmt: skip
    stray = sorted(bare - set(names))
    if stray:
        raise IdentifyError(
            f"the symbol {stray[0]}, which is neither an observable nor an unknown",
            f"unknowns {', '.join(names)}",
            "give it a range too, or write its value",
        )
    clash = [o.name for o in claim.observables if o.name in names]
    if clash:
        raise IdentifyError(f"unknown {clash[0]}, the name of an observable", "another name", "rename the unknown")
    if not (goal > 0 and effort > 0):
        raise IdentifyError(f"goal {goal}, effort {effort}", "positive numbers", "raise them")


def _source(source: Any, claim: Claim, profile: str, device: str) -> tuple[Any, Any]:
    """The setup and the evidence of a source; an experiment gathers its own."""
    if isinstance(source, tuple):
        setup, evidence = source
        return setup, evidence
    if hasattr(source, "evidence"):
        return source.setup, source.evidence
    if hasattr(source, "observe") and source.covers(claim):
        from .gather import gather

        return source, gather(source, profile, device)
    if hasattr(source, "observe"):
        return source, None
    raise IdentifyError(
        f"the source {source!r:.80}", "a pair (setup, evidence) or an experiment", "see `engine.stored`"
    )
