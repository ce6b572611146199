"""A theorem that everybody knows, with a simulator, for tests of the engine: the area of a rectangle.

The claims of `THEOREM` hold and reach SURVIVED, PROVED, WITNESSED and MEASURED; `FALSE`, `BLURRED` and `EMPTY` are
REFUTED, UNDECIDED and VACUOUS; `BIASED` is refuted at confidence, by samples alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from flint import fmpq

from checks.engine.draw import Draw
from checks.engine.experiment import Audit, Experiment
from simulators.measurement import Measurements, balls, booleans, integers, reals, simulator
from simulators.streams import stream
from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Implies,
    Le,
    Lt,
    Saying,
    Source,
    Step,
    Theorem,
    observable,
)

U = 2.0**-53


@dataclass(frozen=True)
class Parallelogram:
    """Sides ``width`` and ``height`` meeting at a right angle turned by 2 arctan(``tilt``); ``seed`` turns the plane."""

    width: float
    height: float
    tilt: float = 0.0
    seed: int = 0


def rectangles(draw: Draw, *, right_angled: bool = True) -> Parallelogram:
    """Rectangles; without the right angle, parallelograms that are certainly none."""
    width, height = draw.decimal(0.1, 9.9, 1), draw.decimal(0.1, 9.9, 1)
    if draw.boolean():
        height = width
    return Parallelogram(width, height, 0.0 if right_angled else draw.decimal(0.1, 0.9, 1), draw.integer(0, 15))


def _turn(tangent: Any) -> tuple[Any, Any]:
    """Cosine and sine of 2 arctan(t): rational in t."""
    scale = 1 + tangent * tangent
    return (1 - tangent * tangent) / scale, 2 * tangent / scale


def _exactly(instance: Parallelogram, bits: int) -> Measurements:
    width, height, tilt = (fmpq(*v.as_integer_ratio()) for v in (instance.width, instance.height, instance.tilt))
    area = width * height * _turn(tilt)[0]
    return Measurements(
        {
            "width": balls([width]),
            "height": balls([height]),
            "tilt": balls([tilt]),
            "area": balls([area]),
            "corners": integers([4]),
            "is_square": booleans([width == height and tilt == 0]),
        },
        np.zeros(1),
    )


@simulator("width height tilt area corners is_square", limited_by="rounding", precisely=_exactly)
def observe(batch: tuple[Parallelogram, ...], *, delta: float, effort: int = 0, device: Any) -> Measurements:
    """The area as the cross product of the two sides, in float64.

    Radius: each of the two products is of components that took at most 10 roundings each, and one subtraction.
    """
    width, height, tilt = (np.array([getattr(i, name) for i in batch]) for name in ("width", "height", "tilt"))
    c, s = _turn(np.array([i.seed / 16 for i in batch]))
    cosine, sine = _turn(tilt)
    first = width * c, width * s
    second = height * (-s * cosine - c * sine), height * (c * cosine - s * sine)
    size = width * height * (np.abs(c) + np.abs(s)) ** 2 * (np.abs(cosine) + np.abs(sine))
    return Measurements(
        {
            "width": reals(width, 0.0),
            "height": reals(height, 0.0),
            "tilt": reals(tilt, 0.0),
            "area": reals(first[0] * second[1] - first[1] * second[0], 32 * U * size),
            "corners": integers([4] * len(batch)),
            "is_square": booleans([bool(i.width == i.height and i.tilt == 0) for i in batch]),
        },
        np.arange(len(batch)),
    )


@simulator("share half blurred width height", limited_by="sampling")
def sample(batch: tuple[Parallelogram, ...], *, delta: float, effort: int = 0, device: Any) -> Measurements:
    """The share of random points left of the middle (Hoeffding's interval), and an area seen to one percent."""
    points = 2000 * 4**effort
    share = [float(np.mean(stream("share", i, effort).random(points) < 0.5)) for i in batch]
    area = np.array([i.width * i.height * _turn(i.tilt)[0] for i in batch])
    return Measurements(
        {
            "share": reals(share, math.sqrt(math.log(2 / delta) / (2 * points)), failure=delta),
            "half": reals([0.5] * len(batch), 0.0),
            "blurred": reals(area, 0.01 * np.abs(area)),
            "width": reals([i.width for i in batch], 0.0),
            "height": reals([i.height for i in batch], 0.0),
        },
        np.arange(len(batch)),
    )


width = observable("width", "one side", domain="positive")
height = observable("height", "the other side", domain="positive")
tilt = observable("tilt", "tangent of half the deviation from the right angle")
area = observable("area", "the area", domain="nonnegative")
blurred = observable("blurred", "the area, seen to one percent", domain="nonnegative")
share = observable("share", "share of random points left of the middle", domain="probability")
half = observable("half", "one half", domain="probability")
corners = observable("corners", "number of corners", domain="positive integer")
is_square = observable("is_square", "whether it is a square", domain="boolean")

_MEAN = Eq(((width + height) / 2) ** 2 - width * height, ((width - height) / 2) ** 2)
FALSE = Claim("half-area", Eq(area, width * height / 2))
BLURRED = Claim("blurred-area", Eq(blurred, width * height))
EMPTY = Claim("of-five-corners", Implies(Eq(corners, 5), Eq(area, width * height)))
UNSEEN = Claim("five-corners", Eq(corners, 5), kind="existence", assumes=())
BIASED = Claim("left-heavy", Lt(3 * half / 2, share), kind="bound", assumes=(), tight_at="nowhere")

THEOREM = Theorem(
    name="rectangle",
    title="The area of a rectangle",
    claims=(
        Claim("area", Eq(area, width * height)),
        Claim(
            "isoperimetric",
            Le(area, ((width + height) / 2) ** 2),
            kind="bound",
            assumes=(),
            tight_at="squares",
        ),
        Claim("mean", _MEAN, assumes=(), follows_from=("binomial",)),
        Claim("a-square", And(is_square, Eq(corners, 4)), kind="existence", assumes=()),
        Claim("balance", Eq(share, half), kind="empirical", assumes=(), goal=0.1),
    ),
    assumptions=(Assumption("right_angled", "two sides meet at a right angle", Eq(tilt, 0)),),
    derivation=(
        Step("definition", "the area is base times altitude", "cited", source="Euclid, Elements, book I"),
        Step("binomial", "expand both squares", "symbolic", _MEAN),
        Step("product", "the altitude is the other side", "searched", depends_on=("definition",), claim="area"),
    ),
    sayings=(
        Saying("triangle", "Part 0", "half of base times altitude", FALSE.relation, expected="REFUTED"),
        Saying("base-times-altitude", "Part 0", "base times altitude", Eq(area, width * height), expected="SURVIVED"),
    ),
    sources=(Source("Euclid", -300, "Elements", "book I"),),
)

DRAWN = Experiment("drawn", THEOREM, rectangles, observe, (Parallelogram(1.0, 1.0),), search=20, bulk=400)
SAMPLED = Experiment("sampled", THEOREM, rectangles, sample, search=2, batch=4, bulk=20)


class RectangleAudit(Audit):
    """Every item of this audit passes."""

    experiments: ClassVar[list[Experiment]] = [DRAWN, SAMPLED]


def variant(*claims: Claim) -> type[Audit]:
    """An audit of other claims in the same setting."""
    theorem = THEOREM.variant(*claims, name="rectangle-variant")

    class Variant(Audit):
        experiments: ClassVar[list[Experiment]] = [
            Experiment(e.name, theorem, rectangles, e.observe, e.examples, e.search, e.batch, e.bulk)
            for e in (DRAWN, SAMPLED)
        ]

    return Variant
