"""Heavy sets and duplicates of exact laws: uniform, Zipf, one atom beside many points or none."""

from __future__ import annotations

from dataclasses import replace

from simulators import collisions_sets
from simulators.collisions import Law
from simulators.collisions_sets import Weighed
from theorems.effective_support import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

COUNTS = (1, 2, 3, 10, 100, 1000, 100_000, 10_000_000)
Groups = tuple[tuple[int, int], ...]


def groups_of(draw: Draw) -> Groups:
    """Equal weights; one heavy point, at times with light ones at κ/2 or with a crowd of them; or a few unlike."""
    shape = draw.choice(("uniform", "heavy", "critical", "few", "crowd", "zipf"))
    if shape == "uniform":
        return ((1, draw.choice(COUNTS)),)
    if shape == "heavy":
        return ((draw.integer(2, 40), draw.integer(1, 3)), (1, draw.choice(COUNTS)))
    if shape == "critical":
        heavy = draw.integer(3, 2000)
        return ((heavy, 1), (1, heavy * (heavy - 2) - draw.integer(0, 1)))
    if shape == "crowd":
        return ((10**9, 1), (1, draw.integer(1, 9) * 10**9))
    if shape == "few":
        return tuple((draw.integer(1, 99), draw.integer(1, 3)) for _ in range(draw.integer(1, 3)))
    length, exponent = draw.integer(2, 6), draw.choice((1, 2))
    return tuple((3600 // rank**exponent, 1) for rank in range(1, length + 1))


def laws(draw: Draw, *, independent: bool = True) -> Weighed:
    """Any law, half of them with a part without atoms; few samples or as many as make a duplicate likely."""
    groups = groups_of(draw)
    law = Law(groups, 1)
    if draw.boolean():
        law = replace(law, atomless=draw.choice((1, law.total, 30 * law.total)))
    root = float(law.effective_support) ** 0.5
    law = replace(law, s=draw.choice((2, 1, 3, min(60, max(1, round(draw.decimal(0.3, 3, 1) * root))))))
    if independent:
        return Weighed(law)
    law = replace(law, groups=(*groups, (1, 2)), atomless=0)
    if draw.boolean():
        return Weighed(replace(law, returned=2))
    return Weighed(replace(law, s=min(law.s, law.total), returned=0))


def atomic(draw: Draw, *, independent: bool = True, purely_atomic: bool = True) -> Weighed:
    """Laws without an atomless part, and a mass to be reached; or with one that the mass leaves out."""
    law = replace(laws(draw, independent=independent).law, atomless=0)
    if not purely_atomic:
        return Weighed(replace(law, atomless=9 * law.total), 5)
    return Weighed(law, draw.choice((99, 100, 90, 50)))


def many(draw: Draw, *, independent: bool = True, in_range: bool = True) -> Weighed:
    """Any law of an effective support above 1000, up to 5 √(1/κ) samples (2 √ln 1000 is 5.26); or a small support."""
    shape = draw.choice(("uniform", "one atom", "one frequent", "two kinds"))
    weight, points = draw.integer(45, 300), draw.choice((1001, 2000, 10_000, 1_000_000))
    law = {
        "uniform": Law(((1, points),), 1),
        "one atom": Law(((1, 1),), 1, atomless=weight),
        "one frequent": Law(((weight, 1), (1, weight**2)), 1),
        "two kinds": Law(((draw.integer(2, 9), points), (1, draw.choice((1, 10, 1000)) * points)), 1),
    }[shape]
    root = float(law.effective_support) ** 0.5
    law = replace(law, s=max(2, min(500, round(draw.decimal(0.1, 5, 1) * root))))
    if not in_range:
        few = draw.integer(2, 30)
        return Weighed(Law(((1, few),), few + draw.integer(0, 2)))
    if not independent:
        return Weighed(Law(((1, points),), min(law.s, 100), returned=2))
    return Weighed(law)


SETS = Experiment(
    "laws", THEOREM, laws, collisions_sets.observe,
    examples=(
        Weighed(Law(((1, 1),), 2, atomless=2)),
        Weighed(Law(((1, 1),), 500, atomless=500)),
        Weighed(Law(((1000, 1), (1, 1000 * 998)), 2)),
        Weighed(Law(((1000, 1), (1, 1000 * 998 - 1)), 2)),
        Weighed(Law(((3, 1), (1, 3)), 2)),
    ),
    search=5, bulk=300,
    only=("heavy-set", "heavy-points", "heavy-points-number", "exponential-above"),
)  # fmt: skip
ATOMIC = Experiment(
    "atomic", THEOREM, atomic, collisions_sets.observe_mass,
    examples=(Weighed(Law(((1, 365),), 23)), Weighed(Law(((10**9, 1), (1, 9 * 10**9)), 20)), Weighed(Law(((1, 1), (9, 1)), 2))),
    search=5, bulk=300, only=("at-most-support", "no-upper-bound", "published-theorem-2"),
)  # fmt: skip
MANY = Experiment(
    "many", THEOREM, many, collisions_sets.observe,
    examples=(
        Weighed(Law(((1, 1001),), 166)),
        Weighed(Law(((1, 10_000),), 500)),
        Weighed(Law(((1, 1),), 180, atomless=40)),
        Weighed(Law(((100, 1), (1, 10_000)), 300)),
    ),
    search=5, bulk=100, only=("exponential-below", "published-theorem-2-effective"),
)  # fmt: skip


class TestEffectiveSupport(Audit):
    """Exact laws in three experiments."""

    experiments = [SETS, ATOMIC, MANY]  # noqa: RUF012
