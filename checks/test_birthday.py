"""The birthday bound on exact laws, and on black boxes that can only be sampled."""

from __future__ import annotations

from dataclasses import replace

from simulators import collision_sampling, collisions
from simulators.collision_sampling import BlackBox
from simulators.collisions import Law
from theorems.birthday import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

SIZES = (1, 2, 3, 4, 5, 6, 10, 23, 50, 100, 365, 1000, 10_000, 1_000_000)
MARGINS = (0.0, 0.0003, -0.0003, 0.003, -0.003, 0.03, -0.03, 0.3, -0.3)


def samples(draw: Draw, points: int) -> int:
    """A sample size: two, a few, as many as the points, or near their square root."""
    how = draw.choice(("pair", "few", "root", "near root", "all"))
    if how == "pair":
        return 2
    if how == "few":
        return draw.integer(1, 12)
    root = round(points**0.5)
    if how == "root":
        return min(max(root, 1), 60)
    if how == "near root":
        return min(max(round(draw.decimal(0.5, 2.5, 1) * points**0.5), 1), 60)
    return min(points, 8) + draw.integer(0, 3)


def uniform_law(draw: Draw) -> tuple[tuple[int, int], ...]:
    """Equal weights."""
    return ((1, draw.choice(SIZES) if draw.boolean() else draw.integer(1, 40)),)


def uneven_law(draw: Draw) -> tuple[tuple[int, int], ...]:
    """At least two points of different weights."""
    shape = draw.choice(("heavy", "few", "nearly uniform", "zipf"))
    if shape == "heavy":
        return ((draw.integer(2, 40), 1), (1, draw.choice(SIZES)))
    if shape == "few":
        first = draw.integer(2, 9)
        return (first, draw.integer(1, 3)), *((draw.integer(1, first - 1), 1) for _ in range(draw.integer(1, 3)))
    if shape == "nearly uniform":
        weight = draw.integer(2, 100)
        return ((weight, draw.choice(SIZES)), (weight - 1, draw.choice(SIZES)))
    length, exponent = draw.integer(2, 6), draw.choice((1, 2))
    return tuple((3600 // rank**exponent, 1) for rank in range(1, length + 1))


def _points(groups: tuple[tuple[int, int], ...]) -> int:
    return sum(count for _, count in groups)


def _dependent(draw: Draw, law: Law) -> Law:
    """The same weights as an urn: without replacement, or with one more ball of each kind that is drawn."""
    law = replace(law, atomless=0)
    if law.returned == 1 and draw.boolean():
        return replace(law, returned=2)
    return replace(law, s=min(law.s, law.total), returned=0)


def uniforms(draw: Draw, *, independent: bool = True, concentrated: bool = True, uniform: bool = True) -> Law:
    """Uniform laws on 1 to 10⁶ points."""
    groups = uniform_law(draw) if uniform else uneven_law(draw)
    if not independent:
        groups = ((1, draw.integer(2, 12)),)
    law = Law(groups, samples(draw, _points(groups)))
    if not concentrated:
        law = replace(law, atomless=draw.integer(1, 5) * law.total)
    return law if independent else _dependent(draw, law)


def laws(draw: Draw, *, independent: bool = True, concentrated: bool = True) -> Law:
    """Laws on N points: uniform, with a heavy point, nearly uniform, Zipf."""
    groups = uneven_law(draw) if draw.boolean() else uniform_law(draw)
    if not independent and _points(groups) < 2:
        groups = ((1, 2),)
    law = Law(groups, samples(draw, _points(groups)), margin=draw.choice(MARGINS))
    if not concentrated:
        law = replace(law, atomless=draw.integer(1, 9) * law.total)
    return law if independent else _dependent(draw, law)


def targets(draw: Draw, *, independent: bool = True, concentrated: bool = True) -> Law:
    """Laws no further from uniform than three to one, with targets near their own probability of a duplicate."""
    points = draw.choice(SIZES) if draw.boolean() else draw.integer(2, 60)
    groups: tuple[tuple[int, int], ...] = ((1, max(points, 2)),)
    if draw.boolean():
        groups = (*groups, (draw.integer(2, 3), draw.choice(SIZES)))
    size = draw.choice((2, 1, 3, round(draw.decimal(0.5, 2, 1) * _points(groups) ** 0.5)))
    size, margin = max(1, min(size, 60)), draw.choice(MARGINS)
    if size == 1:
        margin = abs(margin) or MARGINS[1]  # at a target of 0 nothing could be refuted
    law = Law(groups, size, margin=margin)
    if not concentrated:
        law = replace(law, atomless=draw.integer(1, 9) * law.total)
    return law if independent else _dependent(draw, law)


def mixtures(draw: Draw, *, independent: bool = True) -> Law:
    """Part of the mass on S, the rest on other points or without atoms."""
    groups = uneven_law(draw) if draw.boolean() else uniform_law(draw)
    small = groups if _points(groups) > 1 or independent else ((1, 2),)
    law = Law(small, min(samples(draw, _points(small)), 5), margin=draw.choice(MARGINS))
    if draw.boolean():
        law = replace(law, outside=((draw.integer(1, 9), draw.choice(SIZES)),))
    law = replace(law, atomless=draw.choice((0, 1, 3, law.total, 9 * law.total)))
    return law if independent else _dependent(draw, law)


def black_boxes(draw: Draw) -> BlackBox:
    """Samplers whose law is not used."""
    points = draw.choice((100, 365, 10_000))
    return BlackBox(points, round(draw.decimal(0.8, 1.4, 1) * points**0.5), draw.integer(1, 3), draw.seed())


FOR_EVERY_LAW = (
    "exponential",
    "at-most-uniform",
    "at-most-uniform-closed",
    "at-least-effective",
    "effective-support",
    "effective-support-closed",
    "people",
    "root-N",
    "root-N-corrected",
    "distinct-images",
    "distinct-images-corrected",
)
FOR_EVERY_MASS = ("mass-on-S", "published-theorem-1", "at-least-effective", "effective-support-closed")

UNIFORM = Experiment(
    "uniform", THEOREM, uniforms, collisions.observe,
    examples=(Law(((1, 365),), 23), Law(((1, 365),), 22), Law(((1, 1_000_000),), 1178)),
    search=10, bulk=1000, only=("uniform", "twenty-three"),
)  # fmt: skip
LAWS = Experiment(
    "laws", THEOREM, laws, collisions.observe,
    examples=(
        Law(((1, 365),), 23),
        Law(((1, 10_000),), 119),
        Law(((1, 3),), 4),
        Law(((9, 1), (1, 4)), 2),
        Law(((1, 1_000_000),), 2, margin=0.003),
        Law(((1, 365),), 22),
        Law(((1, 1_000_000),), 1414),  # as many as sqrt(2N): where 1 - exp(-x) is furthest from x among the small
        Law(((1_000_000, 1), (1, 1_000_000)), 4),  # one point with half of the mass, and a million others
    ),
    search=10, bulk=1000, only=FOR_EVERY_LAW,
)  # fmt: skip
TARGETS = Experiment(
    "targets", THEOREM, targets, collisions.observe_at_target,
    examples=(
        Law(((1, 10_000),), 2, margin=0.003),
        Law(((1, 10_000),), 2, margin=-0.003),
        Law(((1, 10_000),), 119, margin=-0.9),  # a target that a few samples more than needed reach
    ),
    search=10, bulk=1000, only=("sufficient-size",),
)  # fmt: skip
MIXTURES = Experiment(
    "mixtures", THEOREM, mixtures, collisions.observe,
    examples=(Law(((2, 1),), 2, outside=((1, 2),)), Law(((1, 1),), 6, atomless=9)),
    search=6, bulk=200, only=FOR_EVERY_MASS,
)  # fmt: skip
SAMPLED = Experiment(
    "sampled", THEOREM, black_boxes, collision_sampling.observe,
    search=2, batch=4, bulk=16, only=("exponential", "root-N", "root-N-corrected"),
)  # fmt: skip


class TestBirthday(Audit):
    """Exact laws in four experiments, black boxes in one."""

    experiments = [UNIFORM, LAWS, TARGETS, MIXTURES, SAMPLED]  # noqa: RUF012
