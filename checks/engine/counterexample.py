"""A violated row written down: the instance, what was claimed of it and what was measured.

Needs neither torch nor Hypothesis, so that stored evidence can speak.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import arb, ctx
from sympy import sstr

from simulators.measurement import Measurements
from theorems.statement import Claim

from .evaluate import exact
from .judge import Judgement, number, rows, severity, sides
from .measure import select
from .setup import Setup
from .verdict import Counterexample
from .weigh import admitted, judge_table


@dataclass(frozen=True, eq=False)
class Excluded:
    """A violated row of one instance: ``again`` says that it was measured anew, on another stream or more precisely."""

    instance: Any
    table: Measurements
    row: int
    judgement: Judgement
    bits: int
    certified: bool
    failure: float
    again: bool


def violated(claim: Claim, experiment: Setup, table: Measurements, bits: int = 128) -> tuple[int, Judgement] | None:
    """The worst violated row, if any."""
    judged = judge_table(claim, table, admitted(claim, experiment, table), bits)
    hits = [(r, j) for r, j in judged if j.status == "violated"]
    return max(hits, key=lambda rj: (*severity(rj[1]), -rj[0])) if hits else None


def describe_row(claim: Claim, found: Excluded, setup: Setup) -> Counterexample:
    """The counterexample that a violated row is, with all that measuring and judging it anew needs."""
    theorem = setup.theorem
    simulator, source = setup.made_by
    names = sorted(found.table.columns)
    row = next(iter(rows(select(found.table, np.array([found.row])), names)))
    before, ctx.prec = ctx.prec, max(found.bits, 128)
    try:
        failing = sides(claim.relation, row)
        gap = abs(failing[1] - failing[2]) if failing else arb(0)
        return Counterexample(
            instance=found.instance,
            index={k: int(v[found.row]) for k, v in found.table.index.items()},
            values={name: text(value) for name, value in row.items()},
            comparison=sstr(failing[0] if failing else claim.relation),
            measured=" ± ".join(p for p in text(failing[1]) if p) if failing else "",
            claimed=" ± ".join(p for p in text(failing[2]) if p) if failing else "",
            gap=number(gap),
            excess=found.judgement.excess,
            bits=found.bits,
            confirmed=found.again,
            certified=found.certified,
            failure=found.failure,
            claim=replace(claim, assumes=theorem.assumed_by(claim), follows_from=()),
            theorem=theorem.name,
            parent=theorem.parent,
            experiment=setup.name,
            dropped=setup.dropped,
            simulator=simulator,
            source=source,
            exactly={name: exact_text(value) for name, value in row.items()},
        )
    finally:
        ctx.prec = before


def text(value: Any) -> tuple[str, str]:
    """A measured value as (midpoint, radius) in decimals; the radius is empty for an exact value."""
    if exact(value):
        short = str(value)
        if len(short) <= 24:
            return short, ""
        within = abs(value.p.bit_length() - value.q.bit_length()) < 1000
        return (f"{int(value.p) / int(value.q):.15g}" if within else _beyond_floats(arb(value))), ""
    if isinstance(value, arb):
        return _decimal(value.mid(), 15), "" if value.is_exact() else _decimal(value.rad(), 1)
    return str(value), ""


def exact_text(value: Any) -> tuple[str, str]:
    """A measured value as (midpoint, radius) without any rounding: `-0x1f3p-12`, or `1/3`; the radius may be empty."""
    if isinstance(value, arb):
        return _dyadic(value.mid()), "" if value.is_exact() else _dyadic(value.rad())
    return str(value), ""


def _dyadic(value: arb) -> str:
    mantissa, exponent = (int(part) for part in value.man_exp())
    return f"{'-' if mantissa < 0 else ''}{abs(mantissa):#x}p{exponent:+d}"


def _decimal(value: arb, digits: int) -> str:
    short = float(value)
    return f"{short:.{digits}g}" if value == 0 or 1e-300 < abs(short) < 1e300 else _beyond_floats(value, digits)


def _beyond_floats(value: arb, digits: int = 15) -> str:
    return str(value.str(digits, radius=False))
