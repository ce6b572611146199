"""Regression on explicit features and on Gram values, in exact rationals; tangent features against slopes."""

from __future__ import annotations

from dataclasses import replace

from simulators import kernel_trick, kernel_trick_flow
from simulators.kernel_trick import KINDS, Regression, Tangent
from simulators.kernel_trick_flow import Flow
from theorems.kernel_trick import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment
from .families_nets import neurons

RIDGES = (0.0, 1.0, 0.0, 0.1, 10.0)
STARTS: tuple[tuple[float, ...], ...] = ((1.0,), (1.0, 0.0), (0.5, -2.0, 1.0), (-3.0, 0.1))


def independent_inputs(draw: Draw, count: int, size: int) -> tuple[tuple[float, ...], ...]:
    """Inputs whose k-th entry is the last that is not 0: linearly independent, and distinct."""
    rows = []
    for k in range(count):
        free = [draw.decimal(-1, 1, 1) for _ in range(k)]
        rows.append((*free, draw.choice((1.0, -1.0, 0.5, 2.0, 0.01, 10.0)), *[0.0] * (size - k - 1)))
    return tuple(rows)


def regressions(draw: Draw, *, zero_start: bool = True, independent: bool = True) -> Regression:
    """One to three independent inputs, or the first of them twice with two labels; three kinds of features."""
    kind, count = draw.choice(KINDS), draw.integer(1, 3)
    size = count + draw.integer(0, 1) if zero_start else count + 1
    inputs = independent_inputs(draw, count, size)
    labels = tuple(draw.decimal(-3, 3, 1) for _ in inputs)
    if not independent:
        inputs, labels = (*inputs, inputs[0]), (*labels, labels[0] + 1)
    query = tuple(draw.decimal(-2, 2, 1) for _ in range(size))
    ridge, start = draw.choice(RIDGES), draw.choice(((), *STARTS))
    if not zero_start:  # the last entry of every input is 0, that of the query is not
        ridge, start, query = 0.0, (*[0.5] * (size - 1), draw.choice((1.0, -2.0))), (*query[:-1], 1.0)
    elif ridge == 0:
        start = ()
    made = neurons(draw, draw.integer(1, 3), size) if kind == "net" else ()
    return Regression(inputs, labels, query, kind, ridge, start, made)


def starts(draw: Draw, *, independent: bool = True) -> Regression:
    """The same without a ridge, from starts with parts in and outside the span of the features."""
    case = regressions(draw, independent=independent)
    return replace(case, ridge=0.0, start=draw.choice(STARTS))


def flows(draw: Draw, *, independent: bool = True) -> Flow:
    """Flows of regressions of both kinds from any start; half of them of one input, along its line."""
    time = draw.choice((1.0, 0.0, 0.1, 0.001, 10.0, 0.3))
    if draw.boolean():
        x, label = draw.choice((1.0, -1.0, 0.5, 2.0)), draw.choice((1.0, -1.0, 3.0))
        ridge, query = draw.choice((0.0, 0.5)), draw.choice((1.0, -1.0, 0.5, 3.0))
        twice = () if independent else (x,)
        return Flow(Regression(((x,), *((v,) for v in twice)), (label, *twice), (query,), "linear", ridge), time)
    case = regressions(draw, independent=independent)
    return Flow(replace(case, start=draw.choice(((), *STARTS))), time)


def tangents(draw: Draw, *, initial: bool = True) -> Tangent:
    """Nets of width 1 to 5 at an input, at t = 0 or after every weight has moved."""
    size = draw.integer(1, 3)
    x = tuple(draw.decimal(-2, 2, 1) for _ in range(size))
    moved = 0.0 if initial else draw.choice((1.0, -0.5, 0.01))
    made = neurons(draw, draw.integer(1, 5), size)
    if draw.integer(0, 3):  # most neurons active: of a silent one all slopes are 0
        made = tuple((w, abs(b) + sum(abs(u * v) for u, v in zip(w, x, strict=True)), a) for w, b, a in made)
        made = tuple((w, round(b, 2), a) for w, b, a in made)
    return Tangent(made, x, moved)


REGRESSIONS = Experiment(
    "regressions", THEOREM, regressions, kernel_trick.observe,
    examples=(
        Regression(((1.0, 0.0),), (1.0,), (1.0, 1.0)),
        Regression(((1.0,), (2.0,)), (1.0, 4.0), (3.0,), "quadratic", 1.0, (1.0,)),
        Regression(((1.0, 0.0),), (1.0,), (1.0, 1.0), start=(1.0, 0.0)),
    ),
    search=12, batch=8, bulk=200, chunk=100,
)  # fmt: skip
STARTED = Experiment(
    "starts", THEOREM, starts, kernel_trick.observe,
    examples=(Regression(((1.0, 0.0),), (1.0,), (1.0, 1.0), start=(1.0,)),),
    search=6, batch=8, bulk=150, chunk=50, only=("start-term", "least-norm", "kernel-trick-from-any-start"),
)  # fmt: skip
FLOWS = Experiment(
    "flows", THEOREM, flows, kernel_trick_flow.observe_flow,
    examples=(Flow(Regression(((1.0,),), (1.0,), (1.0,)), 1.0),),
    search=8, batch=8, bulk=150, chunk=50,
)  # fmt: skip
TANGENTS = Experiment(
    "tangents", THEOREM, tangents, kernel_trick.observe_tangent,
    examples=(Tangent((((1.0,), 0.0, 1.0),), (1.0,)),), search=12, batch=8, bulk=200,
)  # fmt: skip


class TestKernelTrick(Audit):
    """Regressions from features, from Gram values and by a gradient method; gradient flows; tangent features."""

    experiments = [REGRESSIONS, STARTED, FLOWS, TANGENTS]  # noqa: RUF012
