"""How nearly a bound was attained, and where: as values, before they become words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from flint import arb, ctx

from theorems.statement import Claim

from .comparisons import Comparison
from .counterexample import text
from .evaluate import BITS, ball
from .evidence import Evidence
from .judge import Judgement, Value, has_scale
from .measure import BUDGET, look, look_precisely
from .setup import Setup
from .verdict import Counterexample, Verdict
from .weigh import Judged, admitted, attains, judge_table, tightest

PRECISE_BITS = 192
NEAR = 0.01
KEPT = 8
WEAKEST = ("refuted", "not measured", "not attained", "approached", "attained")


@dataclass(frozen=True)
class Reached:
    """The row where a bound came nearest.

    ``gap`` encloses 1 - ratio, rounded outward (not numbers where the sides have no common sign); ``attained``: the error bars
    allow the sides to be equal; ``exactly``: they certainly are.  ``excess`` is minus the slack in error bars.  ``left`` and
    ``right`` are the sides as (midpoint, radius) in text.  ``found_by`` is example, search, ascent or nudge.  ``claim`` says this
    comparison alone.
    """

    experiment: str
    instance: Any
    index: Mapping[str, int]
    choices: tuple[int, ...]
    found_by: str
    gap: tuple[float, float]
    attained: bool
    exactly: bool
    excess: float
    left: tuple[str, str]
    right: tuple[str, str]
    claim: Claim
    theorem: str
    parent: str = ""
    dropped: tuple[str, ...] = ()

    @property
    def python(self) -> str:
        """One line of Python that measures the instance anew and prints the ratio (empty: it cannot be written down)."""
        from .spelled import line_of

        place = Counterexample(
            self.instance, self.index, {}, "", "", "", 0.0, 0.0, claim=self.claim, theorem=self.theorem,
            parent=self.parent, experiment=self.experiment, dropped=self.dropped,
        )  # fmt: skip
        line = line_of(place)
        return f"{line[:-1]}.tightness)" if line else ""

    @property
    def ratio(self) -> float:
        """The ratio that the error bars certify, to within the rounding of a float."""
        return 1 - self.gap[1]

    def better_than(self, other: Reached) -> bool:
        """Whether it attains the bound more nearly than another place."""
        return self._order > other._order

    @property
    def _order(self) -> tuple[bool, float, float]:
        known = not math.isnan(self.gap[1])
        return self.attained, -self.gap[1] if known else -math.inf, self.excess


@dataclass(frozen=True)
class Tightness:
    """How near a claim's bound was driven.

    ``kind``: *attained* (the error bars allow equality), *approached* (to within one percent), *not attained*, *refuted* (then
    ``refutation`` is the verdict), *not measured* or *no question* (the claim is no bound).  ``signed``: the sides have a common
    sign, so that there is a ratio.  ``on_evidence`` is the nearest place before the ascent, ``reached`` after it, ``refined``
    a nearer one outside the family's grid.  ``at_most`` is the largest ratio that the error bars of any instance allow.
    ``approach``: ratios that rise, one for each power of ten of the gap, with their instances.
    ``instances`` and ``rows`` count the evidence, ``climbed`` the instances of the ascent, in so many ``looks``.
    ``exceeded`` is an instance outside the family that exceeds the bound: it refutes nothing.  A claim of several bounds has
    ``parts``, and is as tight as the weakest.
    """

    kind: str
    claim: Claim
    reached: Reached | None = None
    on_evidence: Reached | None = None
    refined: Reached | None = None
    at_most: float = math.nan
    approach: tuple[tuple[float, Any], ...] = ()
    signed: bool = True
    instances: int = 0
    rows: int = 0
    climbed: int = 0
    looks: int = 0
    exceeded: Any = None
    refutation: Verdict | None = None
    interrupted: bool = False
    reason: str = ""
    parts: tuple[Tightness, ...] = field(default=())

    @property
    def ratio(self) -> float:
        """The largest ratio that the family's instances certainly reach."""
        known = [r.ratio for r in (self.reached, self.on_evidence) if r is not None and not math.isnan(r.ratio)]
        return max(known, default=math.nan)

    @property
    def enough(self) -> float:
        """What the right side could be multiplied by on the instances seen: a hint, not a proof (not a number: nothing)."""
        relation = comparison_of(self.claim)
        if self.kind != "not attained" or relation is None or not self.at_most > 0:
            return math.nan
        upper = relation.rel_op in ("<=", "<")
        negative = self.reached is not None and self.reached.right[0].startswith("-")
        return self.at_most if upper != negative else 1 / self.at_most

    def __str__(self) -> str:
        from .reached_words import told

        return told(self)

    def to_json(self) -> dict[str, Any]:
        """Plain values; instances exact, as `checks.engine.plainly` writes them."""
        from .reached_words import document

        return document(self)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def comparison_of(claim: Claim) -> Any:
    """The inequality that a claim of one comparison makes (None: it makes several)."""
    from .comparisons import comparisons

    found = [part.relation for part in comparisons(claim) if part.is_bound]
    return found[0] if len(found) == 1 else None


def combined(claim: Claim, parts: Sequence[Tightness]) -> Tightness:
    """The tightness of a claim of these comparisons: its own, or that of the weakest."""
    finished = [replace(part, kind=_kind(part)) for part in parts]
    if len(finished) == 1:
        return replace(finished[0], claim=claim)
    weakest = min(finished, key=lambda part: WEAKEST.index(part.kind))
    return replace(weakest, claim=claim, parts=tuple(finished))


def _kind(part: Tightness) -> str:
    if part.kind or part.reached is None:
        return part.kind or "not measured"
    if part.reached.attained:
        return "attained"
    return "approached" if part.reached.gap[1] <= NEAR else "not attained"


def place_of(part: Comparison, setup: Setup, evidence: Evidence, judged: Judged, found_by: str) -> Reached:
    """A judged row as a place where the bound is near."""
    choices = evidence.choices[judged.element]
    return _reached(
        part, setup, judged, evidence.instances[judged.element], choices,
        found_by if choices or found_by == "ascent" else "example", BITS,
    )  # fmt: skip


def measured_again(part: Comparison, setup: Any, before: Reached, device: str, whatever: bool = False) -> Reached:
    """The same instance measured more precisely, where its simulator can; ``whatever``: whatever comes out, even if worse."""
    observe = getattr(setup, "observe", None)
    if observe is None or (observe.limited_by in ("exact", "rounding") and observe.precisely is None and not whatever):
        return before
    bits = PRECISE_BITS if observe.precisely is not None else BITS
    if observe.precisely is not None:
        table = look_precisely(setup, before.instance, bits)
    else:
        table = look(
            setup, [before.instance], delta=BUDGET / 8, effort=0 if observe.limited_by == "exact" else 1, device=device
        )
    mask = admitted(part.claim, setup, table)
    judged = [Judged(table, r, j) for r, j in judge_table(part.claim, table, mask, bits)]
    spoken = [j for j in judged if j.judgement.status in ("consistent", "violated")]
    best = tightest(replace(part.claim, kind="bound"), spoken)[0] or max(
        spoken, key=lambda j: j.judgement.excess, default=None
    )
    return (
        before if best is None else _reached(part, setup, best, before.instance, before.choices, before.found_by, bits)
    )


def _reached(
    part: Comparison, setup: Setup, judged: Judged, instance: Any, choices: tuple[int, ...], found_by: str, bits: int
) -> Reached:
    judgement, table = judged.judgement, judged.table
    pairs = next(part.sides(table, np.array([judged.row]), bits))
    before, ctx.prec = ctx.prec, bits
    try:
        gaps = [_gap(left, right, part.upward) for left, right in pairs if has_scale(part.relation)]
        gaps = gaps or [(math.nan, math.nan)]
        left, right = pairs[0] if pairs else (arb(0), arb(0))
        shown = text(left), text(right)
        exactly = bool(pairs) and all(a - b == 0 for a, b in pairs)
    finally:
        ctx.prec = before
    return Reached(
        setup.name, instance, {k: int(v[judged.row]) for k, v in table.index.items()}, choices, found_by,
        (min(g[0] for g in gaps), max(g[1] for g in gaps)), _attained(judgement, part.claim.goal), exactly,
        judgement.excess, *shown, part.claim, setup.theorem.name, setup.theorem.parent, setup.dropped,
    )  # fmt: skip


def _attained(judgement: Judgement, goal: float) -> bool:
    if math.isnan(judgement.ratio):  # no relative error bar where the sides have no common sign
        return judgement.status == "consistent" and judgement.excess >= -1
    return attains(judgement, goal)


def _gap(left: Value, right: Value, upward: bool) -> tuple[float, float]:
    """Bounds of 1 - ratio as floats, rounded outward; not numbers without a common sign."""
    lesser, greater = (left, right) if upward else (right, left)
    if lesser >= 0 and greater > 0:
        gap = (greater - lesser) / greater
    elif greater < 0 and lesser < 0:
        gap = (greater - lesser) / -lesser
    else:
        return math.nan, math.nan
    if gap == 0:  # certainly: of a ball, only if it is the point 0
        return 0.0, 0.0
    gap = ball(gap)
    return math.nextafter(float(gap.lower()), -math.inf), math.nextafter(float(gap.upper()), math.inf)


def record(
    read: Sequence[tuple[Setup, Evidence, Sequence[Judged]]],
    fitness: Callable[[Judgement], float],
    before: tuple[tuple[float, Any], ...] = (),
) -> tuple[tuple[float, Any], ...]:
    """For each power of ten of the gap the instance that first left so small a one; in the last the nearest of all."""
    steps: dict[int, tuple[float, Any]] = {_decade(value): (value, instance) for value, instance in before}
    last = min(steps, default=0)
    for _, evidence, judged in read:
        values: dict[int, float] = {}
        for j in judged:
            if math.isfinite(j.judgement.ratio):
                values[j.element] = max(values.get(j.element, -math.inf), fitness(j.judgement))
        for element, value in sorted(values.items()):
            if not 0 < value < 1:
                continue
            step = _decade(value)
            last = min(last, step)
            if step not in steps or (step == last and value > steps[step][0]):
                steps[step] = (value, evidence.instances[element])
    return tuple(steps[step] for step in sorted(steps, reverse=True)[-KEPT:])


def _decade(ratio: float) -> int:
    return math.floor(math.log10(1 - ratio))
