"""Directions that the evidence leaves free, and what would limit them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from .evaluate import BITS, Undefined, ball
from .identify_answer import Free
from .identify_contract import by_coordinate
from .identify_forms import Impossible, NoSlope, Unavailable
from .identify_rows import Box, Line, constants

LINES = 200
ROUND = 1e-6
FLOOR = 1e-12
"""The least error bar beside the slopes: exact rows limit a direction, rounding errors of slopes do not."""


def free_directions(lines: Sequence[Line], hull: Box, whole: Box, logs: Sequence[bool]) -> tuple[tuple[Free, ...], str]:
    """The directions along which no row tells the ends of the box apart, to first order, and what would.

    Judged by slopes at the middle of what is left: words for people, on which no verdict rests.
    """
    chosen = lines[:LINES]
    if not chosen:
        return (), ""
    middle = tuple(low + (high - low) / 2 for low, high in hull)
    by_log = tuple(log and x > 0 for log, x in zip(logs, middle, strict=True))
    free = _null(_pulls(chosen, middle, by_log), whole, by_log)
    if not len(free):
        return (
            (),
            "every direction is limited, by error bars: smaller ones (more effort, or another simulator) would narrow it",
        )
    advice = _advice(chosen, whole, middle, by_log, len(free))
    return tuple(Free(tuple(map(float, step)), by_log) for step in free), advice


def _pulls(lines: Sequence[Line], middle: tuple[float, ...], by_log: Sequence[bool]) -> np.ndarray:
    """The slopes of every demand at a point, in error bars."""
    rows: list[list[float]] = []
    at = constants(tuple((x, x) for x in middle), lines[0].question.unknowns)
    before, ctx.prec = ctx.prec, BITS
    try:
        for line in lines:
            line.env.update(at)
            for demand in line.demands:
                for form in demand:
                    try:
                        dual = form.dual(line.env)
                    except (Impossible, Unavailable, NoSlope, Undefined):
                        continue
                    if dual is not None:
                        slopes = by_coordinate(dual[1], at, line.question.unknowns, by_log)
                        flat = [0.0 if s is None else float(ball(s).mid()) for s in slopes]
                        bar = max(float(ball(dual[0]).rad()), FLOOR * max(map(abs, flat), default=0.0))
                        if bar > 0 and np.isfinite(flat).all():
                            rows.append([s / bar for s in flat])
                        break
    finally:
        ctx.prec = before
    return np.array(rows).reshape(-1, len(middle))


def _null(pulls: np.ndarray, whole: Box, by_log: Sequence[bool]) -> np.ndarray:
    """Directions of the box that change no demand by an error bar, the largest component 1, as plain as can be."""
    size = np.array([1.0 if log else max(high - low, 1e-300) for log, (low, high) in zip(by_log, whole, strict=True)])
    scaled = pulls * size
    if not len(scaled):
        return np.eye(len(whole))
    scaled = scaled[np.abs(scaled).max(axis=1) > 0]
    if not len(scaled):
        return np.eye(len(whole))
    _, singular, turned = np.linalg.svd(scaled, full_matrices=True)
    loose = [k for k in range(len(whole)) if k >= len(singular) or singular[k] < 1]
    if not loose:
        return np.empty((0, len(whole)))
    steps = _reduced(turned[loose] * size)
    return steps


def _reduced(steps: np.ndarray) -> np.ndarray:
    """A basis of the same directions in which each starts with a 1 that no other has."""
    steps = steps.copy()
    row = 0
    for k in range(steps.shape[1]):
        if row == len(steps):
            break
        pivot = row + int(np.argmax(np.abs(steps[row:, k])))
        if abs(steps[pivot, k]) < 1e-6 * np.abs(steps[row:]).max():
            continue
        steps[[row, pivot]] = steps[[pivot, row]]
        steps[row] /= steps[row, k]
        for other in range(len(steps)):
            if other != row:
                steps[other] -= steps[other, k] * steps[row]
        row += 1
    steps[np.abs(steps) < ROUND] = 0.0
    return steps


def _advice(lines: Sequence[Line], whole: Box, middle: tuple[float, ...], by_log: Sequence[bool], loose: int) -> str:
    """Which observable is the same on every row, and would limit a free direction if it were not."""
    question = lines[0].question
    helpful: list[str] = []
    for name in question.observables:
        values = [line.values[name] for line in lines]
        if not isinstance(values[0], (arb, fmpq)) or not _same(values):
            continue
        moved = [_with(line, name, _moved(values[0], n % 3 + 1)) for n, line in enumerate(lines[:30])]
        if len(_null(_pulls([*lines, *moved], middle, by_log), whole, by_log)) < loose:
            helpful.append(f"every row has {name} = {_shown(values[0])}: instances with another {name} would")
    if helpful:
        return "; ".join(helpful)
    wide = len({line.key for line in lines})
    if wide == 1:
        return "all rows are of one instance: others would"
    return (
        "no observable of the claim is the same on every row: smaller error bars, or instances of another kind, would"
    )


def _with(line: Line, name: str, value: Any) -> Line:
    """The line as it would be if an observable had another value."""
    return line.with_values({**line.values, name: value})


def _same(values: Sequence[Any]) -> bool:
    first = values[0]
    return all(bool(ball(v).overlaps(ball(first))) if isinstance(v, (arb, fmpq)) else False for v in values)


def _moved(value: Any, step: int) -> Any:
    """Another value of the same kind: whole numbers stay whole."""
    if isinstance(value, fmpq) and value.q == 1:
        return value + step
    return value * fmpq(4 + step, 4) if value != 0 else fmpq(step, 8)


def _shown(value: Any) -> str:
    if isinstance(value, fmpq) and value.q == 1:
        return str(value.p)
    return f"{float(ball(value).mid()):.6g}"
