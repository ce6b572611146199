"""A forced failure: measurements corrupted on purpose, so that whoever judges them must notice.

The corrupted values stay in their observables' domains: it is the judgement that has to object, not the domain check.
Nothing is drawn: a column is moved by numbers that hang on its name, so that a repeated or more precise look agrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, fmpq

from simulators.measurement import Measurement, Measurements
from theorems.statement import Claim, Theorem, observables_of

FAR = 1024
FLOORS = {"nonnegative integer": 0, "positive integer": 1}


@dataclass(frozen=True)
class Corruption:
    """Every column moved ``upward`` or downward, by about half or ``far``; those ``spared`` stay as they were measured.

    ``only`` names the one column that is moved (empty: all).  Booleans are flipped.
    """

    upward: bool = True
    far: bool = False
    spared: tuple[str, ...] = ()
    only: str = ""

    def __str__(self) -> str:
        which = self.only or ("every column but those of the assumptions" if self.spared else "every column")
        return f"{which} {'far ' if self.far else ''}{'up' if self.upward else 'down'}"


def corruptions(theorem: Theorem, claim: Claim) -> Iterator[Corruption]:
    """The corruptions that a claim is tried on, coarse ones first.

    Where all columns move, the rows may no longer satisfy an assumption or a premise, and say nothing; so those of the
    assumptions are spared next, and then one column is moved at a time.
    """
    ways = [(up, far) for far in (False, True) for up in (True, False)]
    verified = [a.relation for a in theorem.assumptions if a.relation is not None]
    assumed = tuple(sorted({o.name for relation in verified for o in observables_of(relation)}))
    for spared in dict.fromkeys(((), assumed)):
        yield from (Corruption(up, far, spared) for up, far in ways)
    for observable in claim.observables:
        yield from (Corruption(up, far, only=observable.name) for up, far in ways)


def corrupt(table: Measurements, corruption: Corruption, theorem: Theorem) -> Measurements:
    """The table with its columns moved inside the domains that the theorem gives to its observables."""
    domains = {o.name: o.domain for o in theorem.observables}
    columns = {
        name: _moved(name, column, corruption, domains) if _touched(name, corruption) else column
        for name, column in table.columns.items()
    }
    return Measurements(columns, table.element, table.index)


def _touched(name: str, corruption: Corruption) -> bool:
    return name == corruption.only if corruption.only else name not in corruption.spared


def _moved(name: str, column: Measurement, corruption: Corruption, domains: Mapping[str, str]) -> Measurement:
    domain = domains.get(name, "integer" if column.kind in ("integer", "choice") else "real")
    if column.kind == "boolean":
        mid = np.where(column.mid < 0, column.mid, 1 - column.mid).astype(column.mid.dtype)
        return Measurement("boolean", mid, column.rad, column.failure, column.proved)
    one, two = hashlib.sha256(name.encode()).digest()[:2]
    if column.kind in ("integer", "choice") or "integer" in domain:
        step = ((100 if corruption.far else 1) + one % 3) * (1 if corruption.upward else -1)
        return _with(column, [_whole(v, step, FLOORS.get(domain)) for v in column.mid.tolist()])
    # eighths: exact in binary, so that floats and balls are moved alike
    factor, shift = fmpq(8 + 1 + one % 7, 8) * (FAR if corruption.far else 1), fmpq(1 + two % 7, 8)
    if column.kind == "ball":
        return _with(column, [_ball(v, factor, shift, corruption.upward, domain) for v in column.mid.tolist()])
    size, gap = float(factor.p) / float(factor.q), float(shift.p) / float(shift.q)
    mid, rad = _real(column.mid, size, gap, corruption.upward, domain), column.rad
    growing = corruption.upward and not domain.endswith("probability")
    return Measurement("real", mid, rad * size if growing else rad / size, column.failure, column.proved)


def _with(column: Measurement, values: list[Any]) -> Measurement:
    mid = np.empty(len(values), dtype=object)
    mid[:] = values
    return Measurement(column.kind, mid, column.rad, column.failure, column.proved)


def _whole(value: Any, step: int, floor: int | None) -> Any:
    """An integer (also as a rational or a ball), or each of the possible ones."""
    if isinstance(value, tuple):
        return tuple(_whole(v, step, floor) for v in value)
    moved = value + step
    return type(value)(floor) if floor is not None and moved < floor else moved


def _real(value: Any, factor: Any, shift: Any, upward: bool, domain: str) -> Any:
    """Numbers of either library: only + - * / are used."""
    if domain.endswith("probability"):
        return 1 - (1 - value) / factor if upward else value / factor
    if upward:
        return value * factor + shift
    return value / factor if domain in ("nonnegative", "positive") else value / factor - factor * shift


def _ball(value: Any, factor: fmpq, shift: fmpq, upward: bool, domain: str) -> Any:
    if isinstance(value, arb):
        return _real(value, arb(factor), arb(shift), upward, domain)
    return _real(fmpq(value), factor, shift, upward, domain)


_FORCED: list[Corruption] = []


@contextmanager
def forced_failure(corruption: Corruption) -> Iterator[None]:
    """Within this context every simulator that the engine calls has its output corrupted.

    What is gathered meanwhile is neither remembered nor to be stored.
    """
    _FORCED.append(corruption)
    try:
        yield
    finally:
        _FORCED.pop()


def forced() -> Corruption | None:
    """The corruption in force (None: measurements are as they were measured)."""
    return _FORCED[-1] if _FORCED else None
