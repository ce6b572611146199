"""The closing table of an audit: plain text, made of what the items recorded."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

Entry = Mapping[str, Any]
Line = tuple[str, bool | None]
WIDE = 104
FULL = {"verdict": 9, "experiment": 20, "instances": 9, "resolution": 10, "strength": 16, "seconds": 7}
NARROW = {"verdict": 9, "experiment": 12, "inst.": 6, "resol.": 6, "str.": 5, "sec.": 5}
LEFT = ("verdict", "experiment")


def table(entries: Iterable[Entry], width: int, budget: float) -> Iterator[Line]:
    """The lines of the table, each with whether it is good (True), bad (False) or neither (None).

    ``budget`` is the largest false-alarm total that the session may have.
    """
    entries = list(entries)
    columns = FULL if width >= WIDE else NARROW
    room = max(16, width - 2 - sum(columns.values()) - len(columns))
    yield _row("claim (kind)", list(columns), room, columns, indent=2), None
    for theorem in sorted({e["theorem"] for e in entries}):
        mine = sorted((e for e in entries if e["theorem"] == theorem), key=lambda e: e["place"])
        yield theorem, None
        for entry in (e for e in mine if e["item"] == "claim"):
            score = _score(e for e in mine if e["item"] == "mutants" and e["name"] == entry["name"])
            yield _claim(entry, score, room, columns)
        for line in _wrapped(_rest(mine), width):
            yield line, None if all(e["passed"] is not False for e in mine if e["item"] != "claim") else False
    yield from _total(entries, width, budget)


def _claim(entry: Entry, score: tuple[int, int], room: int, columns: Mapping[str, int]) -> Line:
    verdict = entry["verdict"]
    cells = [
        verdict["kind"],
        _cut(verdict["experiment"] or "-", columns["experiment"]),
        _count(verdict["instances"], columns is FULL),
        _resolution(verdict) if entry["kind"] != "existence" else "-",
        _strength(*score, counts=columns is FULL),
        _seconds(entry["seconds"]),
    ]
    name = f"{_cut(entry['name'], room - len(entry['kind']) - 3)} ({entry['kind']})"
    return _row(name, cells, room, columns, indent=2), entry["passed"]


def _row(name: str, cells: list[str], room: int, columns: Mapping[str, int], indent: int) -> str:
    placed = [
        f"{cell:<{size}}" if column in LEFT else f"{cell:>{size}}"
        for cell, (column, size) in zip(cells, columns.items(), strict=True)
    ]
    return f"{'':{indent}}{_cut(name, room):<{room}} {' '.join(placed)}".rstrip()


def _rest(entries: list[Entry]) -> str:
    """What became of the items that are no claims, in one sentence."""
    parts = []
    steps = Counter(e["verdict"]["kind"].lower() for e in entries if e["item"] == "step")
    if steps:
        parts.append("steps: " + ", ".join(f"{n} {kind}" for kind, n in sorted(steps.items())))
    for item, words in (("assumption", "assumptions needed"), ("saying", "sayings as expected")):
        mine = [e for e in entries if e["item"] == item and e["passed"] is not None]
        if mine:
            missed = [e["name"] for e in mine if not e["passed"]]
            unlike = f" (not {', '.join(missed)})" if missed else ""
            parts.append(f"{words}: {len(mine) - len(missed)} of {len(mine)}{unlike}")
    score = _score(e for e in entries if e["item"] == "mutants")
    if sum(score):
        parts.append(f"strength: {_strength(*score, counts=True)}")
    return "; ".join(parts)


def _total(entries: list[Entry], width: int, budget: float) -> Iterator[Line]:
    spent = sum(e["spent"] for e in entries)
    kinds = Counter(e["verdict"]["kind"] for e in entries if e["item"] == "claim")
    claims = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    killed, surviving = _score(e for e in entries if e["item"] == "mutants")
    parts = [
        f"{sum(kinds.values())} claim{'s' if sum(kinds.values()) > 1 else ''}: {claims}" if kinds else "no claims",
        f"strength: {_strength(killed, surviving, counts=True)}" if killed + surviving else "",
        f"{sum(e['seconds'] for e in entries):.1f} s of work",
    ]
    yield "", None
    for line in _wrapped("; ".join(p for p in parts if p), width):
        yield line.strip(), None
    alarm = f"false-alarm total: {_up(spent)} of at most {_up(budget)}"
    yield (
        (alarm if spent <= budget else f"{alarm}: too many intervals may be wrong, so the session fails"),
        (None if spent <= budget else False),
    )


def _score(entries: Iterable[Entry]) -> tuple[int, int]:
    kinds = Counter(outcome["kind"] for e in entries for outcome in e["verdict"])
    return kinds["killed"], kinds["surviving"]


def _strength(killed: int, surviving: int, *, counts: bool) -> str:
    if not killed + surviving:
        return "-"
    share = f"{100 * killed // (killed + surviving)} %"
    return f"{share} ({killed}/{killed + surviving})" if counts else share


def _resolution(verdict: Entry) -> str:
    """The median resolution, rounded up to one digit."""
    median = float(verdict["resolution"]["median"])
    if verdict["kind"] not in ("SURVIVED", "PROVED", "UNDECIDED") or not math.isfinite(median):
        return "-"
    return "exact" if median == 0 else _up(median)


def _up(value: float) -> str:
    """A non-negative figure rounded up to one significant digit."""
    if value == 0:
        return "0"
    exact = Decimal(value)
    digit = Decimal((0, (1,), exact.adjusted()))
    rounded = exact.quantize(digit, rounding=ROUND_CEILING)
    return f"{rounded:.0e}"


def _count(count: int, full: bool) -> str:
    text = f"{count:,}" if full else str(count)
    return text if len(text) <= (9 if full else 6) else f"{count:.1e}".replace("e+0", "e").replace("e+", "e")


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < 999 else f"{seconds:.0f}"


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: max(1, size - 2)] + ".."


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ") if text else []
