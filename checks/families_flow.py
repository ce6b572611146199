"""Families of deep linear nets that are followed along their training, and their experiments."""

from __future__ import annotations

from simulators import aligned_flow, rank_and_sign, trajectories
from simulators.aligned_net import Aligned
from simulators.deep_linear_flow import DeepLinearRun
from simulators.measurement import Simulator
from theorems.singular_value_ode import THEOREM

from .engine.draw import Draw, Family
from .engine.experiment import Experiment

LOSSES = ("full", "completion", "sensing", "logistic")
"""Losses that are bounded below: under a linear one, nets of depth 3 and more blow up in finite time."""


def flows(draw: Draw, *, gradient_flow: bool = True) -> DeepLinearRun:
    """Nets of any initialisation: what the flow conserves.  Without the flow: large steps, or weight decay."""
    depth = draw.integer(2, 4)
    widths = tuple(draw.integer(1, 3) for _ in range(depth + 1))
    descent = not gradient_flow and draw.boolean()
    return DeepLinearRun(
        widths=widths,
        stretch=tuple(draw.decimal(0.2, 0.8, 1) for _ in range(draw.integer(1, min(widths)))),
        loss=draw.choice(LOSSES),
        target=draw.decimal(-1.5, 1.5, 1),
        time=draw.decimal(0.1, 1.5, 1),
        tilt=draw.decimal(0.1, 0.4, 1),
        eta=draw.decimal(0.05, 0.2) if descent else 0.0,
        decay=0.0 if gradient_flow or descent else draw.decimal(0.1, 0.5, 1),
        seed=draw.seed(),
    )


def balanced_flows(draw: Draw, *, balanced: bool = True, gradient_flow: bool = True) -> DeepLinearRun:
    """Balanced nets of depth 1 to 4, square and oblong.  Unbalanced: the first factor is tilted out of its frame."""
    depth = draw.integer(1 if balanced else 2, 4)
    hidden = draw.integer(0, 1)
    columns = draw.integer(1, 3)
    rows = columns if draw.boolean() else draw.integer(1, 3)
    rank = min(rows, columns)
    stretch = []
    level = 0.3
    for _ in range(rank):
        level += draw.decimal(0.1, 0.4, 1)
        stretch.append(round(level, 1))
    return DeepLinearRun(
        widths=(columns, *([rank + hidden] * (depth - 1)), rows),
        stretch=tuple(stretch),
        loss=draw.choice(LOSSES),
        target=draw.decimal(-1.5, 1.5, 1),
        time=draw.decimal(0, 1, 1),
        tilt=0.0 if balanced else draw.choice((0.5, 0.3, 1.0)),
        decay=0.0 if gradient_flow else draw.decimal(0.1, 0.5, 1),
        seed=draw.seed(),
    )


def pushed_flows(draw: Draw, *, balanced: bool = True) -> DeepLinearRun:
    """Square nets driven towards the other side of zero.

    Unbalanced: only the first factor is large, so that another passes through zero.
    """
    return _pushed(draw, False, balanced)


def deficient_flows(draw: Draw, *, balanced: bool = True) -> DeepLinearRun:
    """Square nets driven towards the other side of zero, half of them with a mode that starts there.

    Unbalanced: all factors but the first are zero, so that the net leaves rank zero.
    """
    return _pushed(draw, True, balanced)


def _pushed(draw: Draw, deficient: bool, balanced: bool) -> DeepLinearRun:
    depth = draw.integer(1 if balanced else 2, 4)
    size = draw.integer(1, 3)
    stretch = [draw.decimal(0.3, 1.0, 1) for _ in range(size)]
    if deficient and draw.boolean():
        stretch[-1] = 0.0
    if not balanced:
        stretch = [0.0 if deficient else draw.choice((0.1, 0.2))] * size
    return DeepLinearRun(
        widths=(size,) * (depth + 1),
        stretch=tuple(stretch),
        target=-draw.decimal(0.5, 1.5, 1),
        time=draw.decimal(0.5, 2.0, 1),
        tilt=0.0 if balanced else 1.0,
        seed=draw.seed() if balanced else 0,
    )


def logistic_growth(draw: Draw) -> Aligned:
    """One mode of least squares at depth 2."""
    return Aligned(2, (draw.decimal(0.01, 1.5),), (draw.decimal(0.1, 2.0, 1),), draw.decimal(0, 2, 1), linear=False)


def escapes(draw: Draw) -> Aligned:
    """One mode leaving a small start under a constant gradient, up to four fifths of its time to blow up."""
    depth = draw.integer(1, 6)
    return Aligned(depth, (draw.decimal(0.02, 1.0),), (draw.decimal(0.1, 2.0, 1),), draw.decimal(0.1, 0.8, 1))


def two_modes(draw: Draw) -> Aligned:
    """Two modes under constant gradients, half of the time equal ones; the first starts larger.

    Near equal starts and near time 0 no mode has gained ground yet: that is where the inequalities are tight.
    """
    depth = draw.integer(1, 5)
    low = draw.decimal(0.05, 0.8)
    high = low + draw.choice((draw.decimal(0.05, 0.5), 0.001))
    first = draw.decimal(0.2, 2.0, 1)
    second = first if draw.boolean() else draw.decimal(0.2, 2.0, 1)
    return Aligned(depth, (round(high, 3), low), (first, second), draw.choice((draw.decimal(0.1, 0.8, 1), 0.001)))


def two_targets(draw: Draw) -> Aligned:
    """Two modes of least squares, mostly around the time when the first has half of its height.

    A second start far below the first has not begun to saturate: that is where the bound on it is tight.  A second
    start above its own target only falls.
    """
    depth = draw.choice((2, 2, 2, 1, 3))
    first = draw.decimal(0.5, 2.0, 1)
    start = draw.power(-3, -1)
    second = first if draw.boolean() else draw.decimal(0.1, 2.0, 1)
    other = start * draw.choice((1.0, 0.03))
    if draw.integer(0, 4) == 4:
        start, other, second = round(0.65 * first**0.5, 2), 0.7, 0.1
    moment = draw.decimal(0.95, 1.05, 3) if draw.boolean() else 0.9999
    if depth == 3:
        return _head_start(draw, first)
    return Aligned(depth, (start, other), (first, second), moment, linear=False)


def _head_start(draw: Draw, first: float) -> Aligned:
    """At depth 3 a weak mode with three times the factors is done before the strong one has begun."""
    start = draw.decimal(0.05, 0.15)
    second = round(first * draw.decimal(0.2, 0.5, 1), 2)
    moment = round(draw.decimal(0.5, 1.2, 1) / (start * first), 1)
    return Aligned(3, (start, round(3 * start, 2)), (first, second), moment, linear=False)


def _followed(name: str, instances: Family, observe: Simulator) -> Experiment:
    # The cost of a batch is that of its longest trajectory: few batches, of many nets each.
    return Experiment(name, THEOREM, instances, observe, search=5, batch=32, bulk=512)


FLOWS: list[Experiment] = [
    _followed("conserved", flows, trajectories.observe_conservation),
    _followed("along-flows", balanced_flows, trajectories.observe_rate),
    _followed("rank", deficient_flows, rank_and_sign.observe_rank),
    _followed("sign", pushed_flows, rank_and_sign.observe_sign),
    _followed("logistic-growth", logistic_growth, aligned_flow.observe_logistic),
    _followed("escape", escapes, aligned_flow.observe_escape),
    _followed("two-modes", two_modes, aligned_flow.observe_two_modes),
    _followed("two-targets", two_targets, aligned_flow.observe_two_targets),
]
