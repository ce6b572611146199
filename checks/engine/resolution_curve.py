"""Resolution as a curve: which relative deviation would have been refuted with how many instances.

The deviation is one of the right side of a comparison.  An equation may be wrong in two directions, larger by a share ρ of the
right side or smaller, and a search sees a deviation of that size if it would refute both.  A bound is wrong in one direction
only, that which makes it say more: an upper bound lowered, a lower bound raised, by ρ of its own size; the slack of the bound
counts, so a bound that no instance attains has a coarse curve however fine the error bars are.  (`Judgement.resolution` is of one
row, in its better direction, and relative to the larger side.)
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from flint import arb, ctx

from theorems.statement import Claim, Saying

from .comparisons import Comparison, comparisons
from .document import head
from .document import number as number_or_text
from .evaluate import BITS, Value, ball, exact
from .evidence import Evidence
from .setup import Setup
from .stored import Recalled
from .weigh import admitted

if TYPE_CHECKING:  # stored evidence is read without torch and Hypothesis
    from .experiment import Experiment

SCHEMA = "theorem-audit/resolution-curve"
LEVELS = (1e-2, 1e-3, 1e-6)
BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Record:
    """After so many instances a deviation in one direction above ``deviation`` is excluded, and was not before."""

    instances: int
    deviation: float


@dataclass(frozen=True)
class Curve:
    """What a search of one experiment would have refuted, instance by instance in the order in which they were tried.

    ``records``: for each comparison and direction (*more* and *less* of an equation, *sharper* of a bound) the deviations as they
    shrink.  ``shares``: after n instances, which share of them could each alone see 1 %, 1e-3, 1e-6.  ``points`` are n =
    1, 2, 5, 10, … with the smallest deviation excluded in every direction (infinite: none).
    """

    theorem: str
    claim: Claim
    experiment: str
    instances: int
    records: dict[str, tuple[Record, ...]]
    shares: tuple[tuple[float, ...], ...]

    @property
    def points(self) -> tuple[tuple[int, float], ...]:
        """(instances, deviation) at 1, 2, 5, 10, … and at the end."""
        return tuple((n, self.at(n)) for n in ladder(self.instances))

    def at(self, instances: int) -> float:
        """The deviation above which the first so many instances refute the claim deviated in any direction."""
        return max((_after(made, instances) for made in self.records.values()), default=math.inf)

    def first(self, deviation: float, direction: str = "") -> int | None:
        """The number of instances after which a deviation of this size is refuted (None: never), in one direction or in all."""
        wanted = [made for name, made in self.records.items() if direction in ("", name, name.split(" ")[0])]
        found = [next((r.instances for r in made if r.deviation < deviation), None) for made in wanted]
        known = [n for n in found if n is not None]
        return max(known) if known and len(known) == len(wanted) else None

    @property
    def sparkline(self) -> str:
        """The points as a line of bars, the coarsest highest, each a step of the logarithm."""
        finite = [math.log(max(d, 1e-300)) for _, d in self.points if 0 <= d < math.inf]
        low, high = min(finite, default=0.0), max(finite, default=0.0)
        return "".join(_bar(d, low, high) for _, d in self.points)

    def __str__(self) -> str:
        head = f"RESOLUTION {self.theorem} / {self.claim.name}, experiment {self.experiment}    {self.sparkline}"
        levels = "".join(f"  can see {level:<7g}" for level in LEVELS)
        lines = [head, f"  {'instances':>9}  {'excluded above':>14}{levels}"]
        for (n, deviation), shares in zip(self.points, self.shares, strict=True):
            seen = "".join(f"  {share:<15.0%}" for share in shares)
            lines.append(f"  {n:>9}  {_figure(deviation):>14}{seen}".rstrip())
        return "\n".join([*lines, f"  {meaning(self.claim)}"])

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **head(SCHEMA),
            "theorem": self.theorem,
            "claim": self.claim.name,
            "relation": sympy.sstr(self.claim.relation),
            "experiment": self.experiment,
            "instances": self.instances,
            "points": [{"instances": n, "deviation": number_or_text(d)} for n, d in self.points],
            "levels": list(LEVELS),
            "shares": [list(shares) for shares in self.shares],
            "records": {name: [[r.instances, r.deviation] for r in made] for name, made in self.records.items()},
        }

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{n}</td><td>{_figure(d)}</td>{''.join(f'<td>{s:.0%}</td>' for s in shares)}</tr>"
            for (n, d), shares in zip(self.points, self.shares, strict=True)
        )
        levels = "".join(f"<th>can see {level:g}</th>" for level in LEVELS)
        return f"<table><tr><th>instances</th><th>excluded above</th>{levels}</tr>{cells}</table>"


def meaning(claim: Claim) -> str:
    """What a deviation is of, in a sentence."""
    if any(part.is_bound for part in comparisons(claim)):
        return "Deviations of the right side that make a bound sharper, by a share of its own size; its slack counts."
    return "Deviations of the right side by a share of its own size, in the worse of both directions."


def resolution_curve(
    claim: Claim | Saying, source: Experiment | Recalled, *, profile: str = "quick", device: str = "cpu"
) -> Curve:
    """Which relative deviation of a claim would have been refuted with how many instances of one experiment.

    ``source`` is an experiment, whose evidence is gathered, or evidence that was recalled.  Raises `ExperimentError` for a claim
    without a comparison to deviate from, or that the source does not cover.
    """
    stated = claim.as_claim() if isinstance(claim, Saying) else claim
    parts = comparisons(stated)
    if isinstance(source, Recalled):
        setup: Setup = source.setup
    else:
        setup = source
    if not parts or not setup.covers(stated):
        from .experiment import ExperimentError

        raise ExperimentError(
            f"claim {stated.name!r} on experiment {setup.name}",
            "equations or inequalities, of quantities that it measures",
            "choose another claim or experiment",
        )
    if isinstance(source, Recalled):
        return curve_of(stated, setup, source.evidence)
    from .gather import gather

    return curve_of(stated, setup, gather(source, profile, device))


def curve_of(claim: Claim, setup: Setup, evidence: Evidence) -> Curve:
    """The curve of evidence in the order in which it was gathered."""
    size = len(evidence.instances)
    alone = np.zeros(size)
    records: dict[str, tuple[Record, ...]] = {}
    parts = comparisons(claim)
    for number_, part in enumerate(parts, 1):
        for direction, least in _least(part, setup, evidence, size).items():
            records[direction if len(parts) == 1 else f"{direction} {number_}"] = tuple(_shrinking(least))
            alone = np.maximum(alone, least)
    shares = tuple(tuple(float(np.mean(alone[:n] < level)) for level in LEVELS) for n in ladder(size))
    return Curve(setup.theorem.name, claim, setup.name, size, records, shares)


def _least(part: Comparison, setup: Setup, evidence: Evidence, size: int) -> dict[str, np.ndarray]:
    """For each direction and instance, the deviation above which a row of the instance refutes the comparison."""
    directions = ("sharper",) if part.is_bound else ("more", "less")
    found = {name: np.full(size, math.inf) for name in directions}
    table = evidence.measurements
    numbers = np.flatnonzero(admitted(part.claim, setup, table))
    before, ctx.prec = ctx.prec, BITS
    try:
        for row, pairs in zip(numbers.tolist(), part.sides(table, numbers), strict=True):
            element = int(table.element[row])
            for name in directions:
                value = max((_threshold(part, name, *pair) for pair in pairs), default=math.inf)
                found[name][element] = min(found[name][element], value)
    finally:
        ctx.prec = before
    return found


def _threshold(part: Comparison, direction: str, left: Value, right: Value) -> float:
    """The deviation of the right side above which the balls exclude the comparison.

    A right side of ``size`` and radius b, lowered by a share ρ of itself, has radius b (1 - ρ): with the distance d that the left
    side lies above it and the summed radius s, it is excluded where ρ (size + b) > s - d.  Raised, it has radius b (1 + ρ), and
    is excluded where ρ (size - b) > s + d.
    """
    distance, radius = _parts(left - right)
    if part.is_bound and not part.upward:
        left, right, distance = -left, -right, -distance
    (value, blur), (other, its_blur) = _parts(right), _parts(left)
    size, sign = abs(value), 1 if value > 0 else -1
    lowered = direction == "less" or (direction == "sharper" and sign > 0)
    gap = radius - distance if part.is_bound or (lowered == (sign > 0)) else radius + distance
    if gap < 0:
        return 0.0
    if not lowered:
        return _share(gap, size - blur)
    share = _share(gap, size + blur)
    if share <= 1:
        return share
    beyond = its_blur - sign * other  # lowered by more than all of itself it changes its sign
    return 1 + _share(beyond, size - blur) if beyond > 0 else 1.0


def _parts(value: Value) -> tuple[arb, arb]:
    """Midpoint and radius as points: floats would lose what is smaller than the smallest of them."""
    held = ball(value)
    return held.mid(), arb(0) if exact(value) else held.rad()


def _share(part: arb, whole: arb) -> float:
    return float((part / whole).mid()) if whole > 0 else math.inf


def _shrinking(least: np.ndarray) -> Iterator[Record]:
    best = math.inf
    for element, value in enumerate(least.tolist(), 1):
        if value < best:
            best = value
            yield Record(element, value)


def _after(made: Sequence[Record], instances: int) -> float:
    return min((r.deviation for r in made if r.instances <= instances), default=math.inf)


def ladder(size: int) -> tuple[int, ...]:
    """1, 2, 5, 10, 20, 50, … up to ``size``, and ``size``."""
    steps = itertools.takewhile(lambda n: n < size, (m * 10**e for e in itertools.count() for m in (1, 2, 5)))
    return (*steps, size) if size else ()


def _bar(deviation: float, low: float, high: float) -> str:
    if not deviation < math.inf:
        return BARS[-1]
    share = (math.log(max(deviation, 1e-300)) - low) / (high - low) if high > low else 0.0
    return BARS[min(int(share * len(BARS)), len(BARS) - 1)]


def _figure(deviation: float) -> str:
    if not deviation < math.inf:
        return "none"
    return "every" if deviation == 0 else f"{deviation:.1e}"
