"""The least sample with a duplicate, for numbers of points up to a million."""

from __future__ import annotations

from simulators import collisions_threshold
from simulators.collisions_threshold import Points
from theorems.birthday_number import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

CLOSE = (10, 43, 83, 136, 253, 310, 870, 1082, 1317, 1784, 5426, 9829, 16172)
"""Numbers of points at which three terms are just below a whole number, and the last three right: from all to 20 000.

At 14 084 the last of the four terms comes nearest to deciding: twice as large it does not, four times as large it would.
"""


def points(draw: Draw) -> Points:
    """A few points, thousands, or one of the close calls."""
    how = draw.choice(("few", "thousands", "close"))
    if how == "few":
        return Points(draw.integer(1, 400))
    return Points(draw.integer(1, 20_000) if how == "thousands" else draw.choice(CLOSE))


def many(draw: Draw) -> Points:
    """Up to a million points."""
    return Points(draw.integer(20_000, 1_000_000))


FEW = Experiment(
    "up-to-20000", THEOREM, points, collisions_threshold.observe,
    examples=(Points(365), Points(2), Points(10), Points(6), Points(16172), Points(14084)), search=5, bulk=500,
)  # fmt: skip
MANY = Experiment(
    "millions", THEOREM, many, collisions_threshold.observe,
    examples=(Points(1_000_000),), search=2, batch=4, bulk=20, only=("three-terms-below", "four-terms"),
)  # fmt: skip


class TestBirthdayNumber(Audit):
    """Exact integers in two experiments."""

    experiments = [FEW, MANY]  # noqa: RUF012
