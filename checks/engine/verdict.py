"""What a search found about a claim, in a form for people, notebooks and programs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Context
from typing import Any

from theorems.statement import Claim

from .judge import CLEARLY

PASSING = frozenset({"PROVED", "SURVIVED", "WITNESSED", "MEASURED"})
MEANING_NOT = {
    "PROVED": "It does not say that the simulator, or a net outside the stated domain, obeys the claim.",
    "SURVIVED": "It does not say that the claim is true: only that no instance tried excludes it, at this resolution.",
    "REFUTED": "It does not say that the idea behind the claim is worthless: only that these words fail on this instance.",
    "WITNESSED": "It does not say how common such instances are.",
    "MEASURED": "It does not say that another protocol, seed or data set would give the same figure.",
    "UNDECIDED": "It says neither that the claim holds nor that it fails: the error bars were too wide to tell.",
    "VACUOUS": "It does not support the claim: nothing was tested.",
}
RANK = ("REFUTED", "PROVED", "WITNESSED", "MEASURED", "SURVIVED", "UNDECIDED", "VACUOUS")


@dataclass(frozen=True)
class Counterexample:
    """An instance and a row of it whose error bars exclude the claim.

    ``values``: observable -> (midpoint, radius) as decimal text.  ``claimed`` and ``measured`` are the right and
    the left side of the comparison that failed, as text with their radii; ``gap`` is the distance between their
    balls' midpoints and ``excess`` the same in units of the summed radius (infinite when both are exact).
    ``bits`` is the precision that confirmed it (53 when only floats did) and ``confirmed`` whether a second,
    independent or more precise measurement agreed; ``certified``: every error bar behind it is a proof; ``failure``: the
    probability that one of them is wrong.

    What judging it anew needs: the ``claim`` with the assumptions that it rests on, the names of ``theorem`` (of a variant
    also of its ``parent``) and ``experiment``, the assumptions that were ``dropped``, the ``simulator`` (`module:function`)
    and the hash of its ``source``; and ``exactly``, the values as (midpoint, radius) in exact text, to compare with.
    """

    instance: Any
    index: Mapping[str, int]
    values: Mapping[str, tuple[str, str]]
    comparison: str
    measured: str
    claimed: str
    gap: float
    excess: float
    bits: int = 53
    confirmed: bool = False
    certified: bool = False
    failure: float = 0.0
    claim: Claim | None = None
    theorem: str = ""
    parent: str = ""
    experiment: str = ""
    dropped: tuple[str, ...] = ()
    simulator: str = ""
    source: str = ""
    exactly: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def fails_by(self) -> str:
        """By how much the comparison fails, in words: as a number, and in error bars."""
        if math.isinf(self.gap):
            return "more than any float"
        if self.gap == 0:
            return "less than any float"
        if math.isinf(self.excess):
            size = "exactly"
        else:
            size = f"{self.excess:.2g} error bars" if self.excess < CLEARLY else "more than a million error bars"
        return f"{self.gap:.3g}, {size}"

    @property
    def python(self) -> str:
        """One line of Python that measures this instance anew and judges the claim on it.

        Empty where the instance cannot be written down, or is of a class that only the file of its experiment has.
        """
        from .spelled import line_of

        return line_of(self)

    def __str__(self) -> str:
        return "\n".join(_example("counterexample", self))

    def to_json(self) -> dict[str, Any]:
        """A document that `replay` judges anew, wherever it is read: see `checks.engine.document`."""
        from .document import write_counterexample

        return write_counterexample(self)

    @classmethod
    def from_json(cls, data: Any, types: Mapping[str, type] | None = None) -> Counterexample:
        """The counterexample of a document; ``types`` as for `Verdict.from_json`.  Raises `DocumentError`."""
        from .document import read_counterexample

        return read_counterexample(data, types)

    def _repr_html_(self) -> str:
        from .notebook import counterexample_html

        return counterexample_html(self)

    def _repr_latex_(self) -> str:
        from theorems.notebook import claim_latex

        return claim_latex(self.claim) if self.claim is not None else ""


@dataclass(frozen=True)
class Resolution:
    """The smallest relative deviation of the right side that would have been refuted, over the rows judged.

    ``best`` and ``median`` are over rows with a finite one; ``infinite`` is the share of rows where no relative
    deviation could be seen (both sides compatible with 0); ``missed`` the share of the others whose error bar
    alone is wider than the claim's goal.
    """

    best: float = math.inf
    median: float = math.inf
    infinite: float = 0.0
    missed: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """A claim over a whole search.

    ``rows`` were judged with a certain premise; ``silent`` had none (a premise not certain), ``undefined`` touched the
    boundary of a function's domain, ``outside`` lay certainly outside it.  ``failure`` is the summed
    probability that some interval behind the verdict is wrong.  ``reason`` is one sentence.  ``measured`` has a line for each
    instance behind MEASURED: the protocol's part that it is, and what was measured there.
    """

    kind: str
    theorem: str
    claim: str
    relation: Any
    experiment: str = ""
    profile: str = ""
    instances: int = 0
    rows: int = 0
    silent: int = 0
    undefined: int = 0
    outside: int = 0
    resolution: Resolution = field(default_factory=Resolution)
    tightest: Any = None
    tightness: float = -math.inf
    simplest: Counterexample | None = None
    worst: Counterexample | None = None
    witness: Any = None
    certified: bool = False
    failure: float = 0.0
    reason: str = ""
    seconds: float = 0.0
    dropped: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether a claim believed true passes with this verdict."""
        return self.kind in PASSING

    @property
    def how_sure(self) -> str:
        """`certified`, `at confidence …`, or nothing when there is nothing to be sure of."""
        if self.kind != "REFUTED":
            return ""
        if self.certified or not self.failure:
            return "certified" if self.certified else "not certified"  # an error bar rests on an unproved allowance
        up = Context(prec=1, rounding=ROUND_CEILING).create_decimal(self.failure)
        return f"at confidence 1 - {up:.0e}"

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def to_json(self) -> dict[str, Any]:
        """A document of plain values, exact and with a version: see `checks.engine.document`."""
        from .document import write_verdict

        return write_verdict(self)

    @classmethod
    def from_json(cls, data: Any, types: Mapping[str, type] | None = None) -> Verdict:
        """The verdict of a document.

        ``types`` are the dataclasses of its instances by qualified name; an instance of another becomes a frozen look-alike.
        None: those of the catalogue's experiment, which importing it finds.  Raises `DocumentError` for what is no such document.
        """
        from .document import read_verdict

        return read_verdict(data, types)

    def _repr_html_(self) -> str:
        from .notebook import verdict_html

        return verdict_html(self)

    def _repr_latex_(self) -> str:
        from theorems.notebook import claim_latex

        return claim_latex(self)


def order(verdict: Verdict) -> tuple[int, bool, bool, float]:
    """What sorts the verdicts on one claim, the strongest first."""
    return RANK.index(verdict.kind), not verdict.certified, bool(verdict.dropped), verdict.resolution.median


def strongest(verdicts: list[Verdict]) -> Verdict:
    """The strongest refutation, else the finest resolution, of one claim judged by several experiments.

    Its tightest instance is that of all of them: where a bound is nearest need not be where it is seen most finely.
    """
    best = min(verdicts, key=order)
    nearest = max([v for v in verdicts if not v.dropped] or verdicts, key=lambda v: v.tightness)
    return replace(
        best,
        failure=sum(v.failure for v in verdicts),
        seconds=sum(v.seconds for v in verdicts),
        tightest=nearest.tightest,
        tightness=nearest.tightness,
    )


def plain(value: Any) -> Any:
    """A value as JSON-ready data."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def describe(instance: Any) -> str:
    """An instance as one readable line, leaving out fields at their defaults."""
    if not dataclasses.is_dataclass(instance) or isinstance(instance, type):
        return repr(instance)
    shown = []
    for f in dataclasses.fields(instance):
        value = getattr(instance, f.name)
        if value != f.default:
            shown.append(f"{f.name}={value!r}")
    return f"{type(instance).__name__}({', '.join(shown)})"


def simplicity(instance: Any) -> tuple[int, str]:
    """What sorts instances, the simplest first: how long it takes to write one down."""
    text = describe(instance)
    return len(text), text


def _lines(v: Verdict) -> list[str]:
    dropped = "".join(f' without "{name}"' for name in v.dropped)
    facts = [v.how_sure, f"{v.instances} instances" if v.instances else "", f"{v.seconds:.1f} s" if v.seconds else ""]
    lines = [f"{v.kind:<9} {v.theorem} / {v.claim}{dropped}    {', '.join(f for f in facts if f)}"]
    if v.reason:
        lines.append(f"  {v.reason}")
    seen: list[Counterexample] = []
    for what, found in (("simplest counterexample", v.simplest), ("worst counterexample", v.worst)):
        if found is None or found in seen:
            continue
        seen.append(found)
        lines += _example(what, found)
    if v.kind in ("SURVIVED", "UNDECIDED") and v.rows:
        r = v.resolution
        lines.append(
            f"  resolution {r.median:.1g}: half of {v.rows} rows would have excluded a relative deviation of that size"
        )
        lines += [f"             {words}" for words in unheard(v)]
    lines += [f"  measured   {line}" for line in v.measured]
    if v.witness is not None:
        lines.append(f"  witness    {describe(v.witness)}")
    lines.append(f"  {MEANING_NOT[v.kind]}")
    return lines


def unheard(v: Verdict) -> list[str]:
    """Which rows said nothing, in words; none where all spoke."""
    counts = (
        (v.silent, "rows are silent: the premise is not certain there"),
        (v.undefined + v.outside, "rows are undefined: a division by 0, a root or a logarithm of what is negative"),
        (round(v.resolution.infinite * v.rows), "rows are blind: both sides are 0 within their error bars"),
    )
    return [f"{number} {words}" for number, words in counts if number]


def _example(what: str, found: Counterexample) -> list[str]:
    index = "".join(f", {k} = {i}" for k, i in found.index.items())
    again = f" (confirmed at {found.bits} bits)" if found.confirmed else ""
    lines = [f"  {what}   {describe(found.instance)}{index}", f"    claimed    {found.comparison}"]
    if not found.claimed:  # what is true or false has no sides
        return [*lines, f"    but that is false there{again}"]
    return [
        *lines,
        f"    right side {found.claimed}",
        f"    left side  {found.measured}",
        f"    fails by   {found.fails_by}{again}",
    ]
