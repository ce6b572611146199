"""What evidence says of unknown constants, in a form for people, notebooks and programs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

from .plainly import PlainError, encode
from .verdict import describe

Side = tuple[float, float]
Box = tuple[Side, ...]
VERSION = 1
SCHEMA = "theorem-audit/enclosure"
ENCLOSED, BOUNDED, CONTRADICTED = "ENCLOSED", "BOUNDED", "NO CONSTANT FITS"
UNDETERMINED, UNDECIDED, VACUOUS = "NOT DETERMINED", "UNDECIDED", "VACUOUS"
EXIT = {ENCLOSED: 0, BOUNDED: 0, CONTRADICTED: 1, UNDETERMINED: 3, UNDECIDED: 3, VACUOUS: 3}
INTERRUPTED = 130
MEANING_NOT = {
    ENCLOSED: "It does not say that these constants make the claim true: only that no others are compatible with what was measured.",
    BOUNDED: "It does not say that every constant left holds on instances that were not measured.",
    CONTRADICTED: "It does not say that no formula of this form holds: only none with constants in the box.",
    UNDETERMINED: "It does not say that any constant left makes the claim true.",
    UNDECIDED: "It does not say that the constants cannot be told apart: more boxes may do it.",
    VACUOUS: "It does not support any constant: nothing was tested.",
}
SHOWN = 8


@dataclass(frozen=True)
class End:
    """One end of the range of an unknown.  ``cut``: the box given ends there; ``instance``: whose row limits it, ``index`` which."""

    unknown: str
    upper: bool
    value: float
    cut: bool
    instance: Any = None
    index: str = ""


@dataclass(frozen=True)
class Party:
    """One instance of a contradiction: ``alone`` is what it allows by itself, ``others`` what the rest allows without it.

    ``measured`` are its rows in words.
    """

    instance: Any
    alone: Box | None
    others: Box | None
    measured: tuple[str, ...] = ()


@dataclass(frozen=True)
class Free:
    """A direction that the evidence leaves free: how far each unknown moves along it (log: its logarithm does)."""

    step: tuple[float, ...]
    by_log: tuple[bool, ...]

    def words(self, unknowns: tuple[str, ...]) -> str:
        """The unknowns that move, and by how much beside each other."""
        parts = [
            f"{f'log {name}' if log else name} by {s:.4g}"
            for name, s, log in zip(unknowns, self.step, self.by_log, strict=True)
            if s
        ]
        return ", ".join(parts)


@dataclass(frozen=True)
class Enclosure:
    """The constants that evidence allows.

    ``boxes``: parts of ``box`` that together hold every constant that no row excludes, ``outer`` the smallest box around them
    (None: there is none).  ``inner``: boxes of constants that every row certainly allows.  ``ends``: what limits each
    unknown.  ``contradiction``: instances that together exclude everything, and none of which can be left out.  ``free``: directions
    that nothing limits; ``advice`` what would.  ``rows`` spoke, ``silent`` did not, ``undefined`` had no value at the middle of what is
    left.  ``failure``: the summed probability that an interval behind what is excluded is wrong (0: none that may be was
    needed); ``proved``: all error bars behind it are proofs.
    ``asked`` new instances were drawn, ``kept`` of them told the candidates apart.  ``settled`` is False where the number of
    boxes was used up, and splitting on would bring more.
    """

    kind: str
    theorem: str
    claim: str
    relation: Any
    unknowns: tuple[str, ...]
    box: Box
    goal: float
    outer: Box | None = None
    boxes: tuple[Box, ...] = ()
    inner: tuple[Box, ...] = ()
    ends: tuple[End, ...] = ()
    contradiction: tuple[Party, ...] = ()
    minimal: bool = True
    free: tuple[Free, ...] = ()
    advice: str = ""
    notes: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()
    instances: int = 0
    rows: int = 0
    silent: int = 0
    undefined: int = 0
    failure: float = 0.0
    proved: bool = True
    asked: int = 0
    kept: int = 0
    looked: int = 0
    settled: bool = True
    interrupted: bool = False
    seconds: float = field(default=0.0, compare=False)

    @property
    def widths(self) -> tuple[float, ...]:
        """How wide the range of each unknown is (infinite: no constant fits)."""
        return tuple(high - low for low, high in self.outer) if self.outer else (math.inf,) * len(self.unknowns)

    @property
    def exit_code(self) -> int:
        """0: enclosed or bounded, 1: no constant fits, 3: not determined, undecided or vacuous, 130: interrupted."""
        return INTERRUPTED if self.interrupted else EXIT[self.kind]

    @property
    def how_sure(self) -> str:
        """`certified`, `at confidence …`, or `not certified` where an error bar rests on an unproved allowance."""
        if self.failure:
            up = Context(prec=1, rounding=ROUND_CEILING).create_decimal(self.failure)
            return f"at confidence 1 - {up:.0e}" + ("" if self.proved else ", by error bars that are not all proved")
        return "certified" if self.proved else "not certified"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        facts = [self.how_sure if self.rows else "", f"{self.instances} instances", f"{self.rows} rows"]
        facts += [f"{self.seconds:.1f} s"] if self.seconds >= 0.05 else []
        so_far = " so far (interrupted)" if self.interrupted else ""
        lines = [f"{self.kind}{so_far}  {self.theorem} / {self.claim}    {', '.join(f for f in facts if f)}"]
        if self.outer is not None and self.kind != VACUOUS:
            lines += [f"  {self.words(name)}" for name in self.unknowns]
        lines += [f"  {line}" for line in self._limits()]
        lines += [f"  {line}" for line in self._parts()]
        lines += [f"  {line}" for line in self._conflict()]
        lines += [
            f"  free       {f.words(self.unknowns)}: no row tells constants along this direction apart"
            for f in self.free
        ]
        lines += [f"  to decide  {self.advice}"] if self.advice else []
        lines += [f"  {note}" for note in self.notes]
        return [*lines, f"  {MEANING_NOT[self.kind]}"]

    def words(self, unknown: str) -> str:
        """The range of one unknown in words: a number with an error, an interval, or one side of it."""
        k = self.unknowns.index(unknown)
        if self.outer is None:
            return f"{unknown}: none"
        (low, high), (first, last) = self.outer[k], self.box[k]
        cut = low <= first, high >= last
        if all(cut):
            return f"{unknown} anywhere in the box, [{first:.12g}, {last:.12g}]"
        inner = [box[k] for box in self.inner]
        if cut[0]:
            sure = f"; certainly allowed up to {_down(max(i[1] for i in inner))}" if inner else ""
            return f"{unknown} <= {_up(high)}{sure}; the box given cuts it at {first:.12g}"
        if cut[1]:
            sure = f"; certainly allowed from {_up(min(i[0] for i in inner))}" if inner else ""
            return f"{unknown} >= {_down(low)}{sure}; the box given cuts it at {last:.12g}"
        sure = f"; certainly allowed in [{_up(inner[0][0])}, {_down(inner[0][1])}]" if len(inner) == 1 else ""
        if low == high:
            return f"{unknown} = {low!r}"
        digits = _shared(low, high)
        return f"{unknown} in [{_down(low, digits)}, {_up(high, digits)}], {high - low:.2g} wide{sure}"

    def _limits(self) -> list[str]:
        if self.kind != BOUNDED:  # of an equality, the error bars of one row or other
            return []
        shown = [e for e in self.ends if e.instance is not None and not e.cut]
        return [
            f"{e.unknown} {'<=' if e.upper else '>='} {_up(e.value) if e.upper else _down(e.value)} by {describe(e.instance)}{e.index}"
            for e in shown[:SHOWN]
        ]

    def _parts(self) -> list[str]:
        if len(self.boxes) < 2 or len(self.boxes) > SHOWN:
            return [f"in {len(self.boxes)} separate or adjoining parts"] if len(self.boxes) > SHOWN else []
        return [
            "or " * (n > 0)
            + ", ".join(f"{u} in [{_down(a)}, {_up(b)}]" for u, (a, b) in zip(self.unknowns, box, strict=True))
            for n, box in enumerate(self.boxes)
        ]

    def _conflict(self) -> list[str]:
        if not self.contradiction:
            return []
        count = len(self.contradiction)
        if count == 1:
            head = "one instance excludes every constant of the box:"
        else:
            less = "and none of them can be left out" if self.minimal else "a smaller set was not found"
            head = f"{count} instances contradict each other, {less}:"
        lines = [head]
        for party in self.contradiction:
            lines.append(f"  {describe(party.instance)}")
            lines += [f"    measured            {line}" for line in party.measured]
            if count > 1:
                lines.append(f"    alone allows        {self._box_words(party.alone)}")
            if count > 2:
                lines.append(f"    the others allow    {self._box_words(party.others)}")
        return lines

    def _box_words(self, box: Box | None) -> str:
        if box is None:
            return "nothing"
        parts = [
            f"{u} anywhere" if side == whole else f"{u} in [{_down(side[0])}, {_up(side[1])}]"
            for u, side, whole in zip(self.unknowns, box, self.box, strict=True)
        ]
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Plain values; every number of a range as text in hexadecimal (exact) beside a decimal."""
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "kind": self.kind,
            "theorem": self.theorem,
            "claim": self.claim,
            "relation": str(self.relation),
            "unknowns": list(self.unknowns),
            "box": _plain(self.box),
            "goal": self.goal,
            "outer": _plain(self.outer),
            "boxes": [_plain(b) for b in self.boxes],
            "inner": [_plain(b) for b in self.inner],
            "ends": [
                {"unknown": e.unknown, "side": "upper" if e.upper else "lower", "value": _number(e.value), "cut": e.cut,
                 "instance": _instance(e.instance), "index": e.index}
                for e in self.ends
            ],
            "contradiction": [
                {"instance": _instance(p.instance), "alone": _plain(p.alone), "others": _plain(p.others),
                 "measured": list(p.measured)}
                for p in self.contradiction
            ],
            "minimal": self.minimal,
            "free": [
                {"step": {u: s for u, s in zip(self.unknowns, f.step, strict=True) if s},
                 "by_log": [u for u, log in zip(self.unknowns, f.by_log, strict=True) if log]}
                for f in self.free
            ],
            "advice": self.advice,
            "notes": list(self.notes),
            "experiments": list(self.experiments),
            "counts": {
                "instances": self.instances, "rows": self.rows, "silent": self.silent, "undefined": self.undefined,
                "asked": self.asked, "kept": self.kept, "boxes": self.looked,
            },
            "failure": self.failure,
            "proved": self.proved,
            "how_sure": self.how_sure,
            "settled": self.settled,
            "interrupted": self.interrupted,
            "seconds": self.seconds,
        }  # fmt: skip

    def _repr_html_(self) -> str:
        from theorems.notebook import formula, rows, words

        table = ""
        if self.outer is not None:
            table = rows([(words(u), words(self.words(u))) for u in self.unknowns], ("unknown", "constants allowed"))
        said = [line.strip() for line in self._lines()]
        skip = {self.words(u) for u in self.unknowns}
        rest = "".join(f"<div>{words(line)}</div>" for line in said[1:] if line not in skip)
        return f"<div><b>{words(said[0])}</b><div>{formula(self.relation)}</div>{table}{rest}</div>"

    def _repr_latex_(self) -> str:
        from theorems.notebook import latex

        if self.outer is None:
            return f"$${latex(self.relation)}$$"
        parts = [
            rf"{latex(symbol)} \in [{_down(low)}, {_up(high)}]"
            for symbol, (low, high) in zip(self._symbols(), self.outer, strict=True)
        ]
        return f"$${latex(self.relation)}, \\quad {', '.join(parts)}$$"

    def _symbols(self) -> list[Any]:
        import sympy

        return [sympy.Symbol(name) for name in self.unknowns]


def _shared(low: float, high: float) -> int:
    """Enough digits to tell the ends apart, and two more."""
    if low == high:
        return 17
    scale = max(abs(low), abs(high))
    return min(max(6, math.ceil(-math.log10((high - low) / scale)) + 3), 17)


def _up(value: float, digits: int = 8) -> str:
    return _rounded(value, digits, ROUND_CEILING)


def _down(value: float, digits: int = 8) -> str:
    return _rounded(value, digits, ROUND_FLOOR)


def _rounded(value: float, digits: int, rounding: str) -> str:
    """A number in decimal, rounded outward."""
    if not math.isfinite(value):
        return str(value)
    number = Context(prec=digits, rounding=rounding).create_decimal(value)
    if number and -6 < number.adjusted() < digits:
        text = f"{number:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{number.normalize():g}" if number else "0"


def _number(value: float) -> dict[str, Any]:
    return {"decimal": value, "hex": float(value).hex()}


def _plain(box: Box | None) -> Any:
    return None if box is None else [[_number(low), _number(high)] for low, high in box]


def _instance(instance: Any) -> Any:
    try:
        return {"shown": describe(instance), "fields": encode(instance, exactly=True)}
    except PlainError:
        return {"shown": describe(instance)}
