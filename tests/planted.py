"""Problems with a planted truth, for tests of `identify`: rows of a law whose constants are known, measured with error bars."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from checks.engine.evidence import Evidence
from checks.engine.setup import Setup
from simulators.measurement import Measurements, integers, reals
from theorems.statement import Claim, Eq, Ge, Le, Theorem, observable

x = observable("x", "a measured quantity", domain="positive")
n = observable("n", "a whole number", domain="positive integer")
y = observable("y", "what the law predicts")
a, b, c, d = sympy.symbols("a b c d")
exp, log = sympy.exp, sympy.log


@dataclass(frozen=True)
class Point:
    """Where a law was measured."""

    x: float
    n: int
    number: int


@dataclass(frozen=True)
class Planted(Setup):
    """What judging needs to know."""

    name: str
    theorem: Theorem
    dropped: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None

    @property
    def observables(self) -> tuple[str, ...]:
        """The columns."""
        return ("x", "n", "y")

    @property
    def limited_by(self) -> str:
        """What the error bars come from."""
        return "rounding"


@dataclass(frozen=True)
class Law:
    """Right side, the same in floats, unknowns with the ranges that their truth is drawn from, and the box searched."""

    right: Any
    value: Callable[..., float]
    unknowns: Mapping[str, tuple[float, float]]
    box: Mapping[str, tuple[float, float]]


LAWS = (
    Law(a * x, lambda x, n, a: a * x, {"a": (-3, 3)}, {"a": (-5, 5)}),
    Law(a * x + b * n, lambda x, n, a, b: a * x + b * n, {"a": (-3, 3), "b": (-3, 3)}, {"a": (-5, 5), "b": (-5, 5)}),
    Law(n**a * x, lambda x, n, a: n**a * x, {"a": (-2, 2)}, {"a": (-4, 4)}),
    Law(a * x**b, lambda x, n, a, b: a * x**b, {"a": (0.2, 4), "b": (-2, 2)}, {"a": (-10, 10), "b": (-4, 4)}),
    Law(-a * x**b, lambda x, n, a, b: -a * x**b, {"a": (-4, -0.2), "b": (-2, 2)}, {"a": (-9, 9), "b": (-4, 4)}),
    Law(
        n**a * x ** (b - c / n), lambda x, n, a, b, c: n**a * x ** (b - c / n),
        {"a": (-2, 2), "b": (-2, 2), "c": (-2, 2)}, {"a": (-4, 4), "b": (-4, 4), "c": (-4, 4)},
    ),
    Law(
        d * n**a * x ** (b - c / n), lambda x, n, a, b, c, d: d * n**a * x ** (b - c / n),
        {"a": (-2, 2), "b": (-2, 2), "c": (-2, 2), "d": (0.3, 3)},
        {"a": (-4, 4), "b": (-4, 4), "c": (-4, 4), "d": (0, 10)},
    ),
    Law(exp(-a * x / n) * b, lambda x, n, a, b: math.exp(-a * x / n) * b, {"a": (0.1, 2), "b": (0.5, 2)}, {"a": (0, 5), "b": (0.1, 9)}),
    Law(1 - exp(-a * x / n), lambda x, n, a: 1 - math.exp(-a * x / n), {"a": (0.1, 2)}, {"a": (0, 10)}),
    Law(log(1 + a * x) / n, lambda x, n, a: math.log(1 + a * x) / n, {"a": (0.1, 2)}, {"a": (0, 10)}),
    Law(sympy.sqrt(a + b * x), lambda x, n, a, b: math.sqrt(a + b * x), {"a": (0.1, 2), "b": (0.1, 2)}, {"a": (0, 5), "b": (0, 5)}),
    Law(x**2 + a * x - a**2 * n, lambda x, n, a: x**2 + a * x - a**2 * n, {"a": (-2, 2)}, {"a": (-4, 4)}),
    Law(sympy.sin(a * x), lambda x, n, a: math.sin(a * x), {"a": (0.2, 1.2)}, {"a": (0, 3)}),
    Law(sympy.Max(a, x) * n, lambda x, n, a: max(a, x) * n, {"a": (0.5, 3)}, {"a": (0, 5)}),
    Law(abs(x - a) + n, lambda x, n, a: abs(x - a) + n, {"a": (0.5, 3)}, {"a": (0, 5)}),
    Law(
        a * exp(-b * x) + c, lambda x, n, a, b, c: a * math.exp(-b * x) + c,
        {"a": (0.5, 2), "b": (0.3, 2), "c": (-1, 1)}, {"a": (0.1, 4), "b": (0.1, 4), "c": (-2, 2)},
    ),
    Law(sympy.tanh(a * x) ** 2, lambda x, n, a: math.tanh(a * x) ** 2, {"a": (0.2, 1.2)}, {"a": (0, 3)}),
    Law(x ** (1 / a), lambda x, n, a: x ** (1 / a), {"a": (0.5, 3)}, {"a": (0.1, 5)}),
)  # fmt: skip


def source(
    xs: Sequence[float],
    ns: Sequence[int],
    ys: Sequence[float],
    bars: Any,
    *,
    failure: float = 0.0,
    name: str = "planted",
) -> tuple[Planted, Evidence]:
    """Measurements of a law as a source: one instance for each row."""
    theorem = Theorem("planted", "A planted law", (Claim("law", Eq(y, x)), Claim("size", Eq(n, n))))
    table = Measurements(
        {"x": reals(xs, 0.0), "n": integers(ns), "y": reals(ys, bars, failure=failure)}, np.arange(len(xs))
    )
    instances = tuple(Point(v, m, k) for k, (v, m) in enumerate(zip(xs, ns, strict=True)))
    setup = Planted(name, theorem)
    return setup, Evidence("planted", name, "quick", "", instances, ((),) * len(instances), table)


def planted(
    law: Law, seed: str, rows: int, bound: str = ""
) -> tuple[Claim, dict[str, float], tuple[Planted, Evidence]]:
    """A claim, its true constants, and rows that obey it; a ``bound`` is `<=` or `>=` and holds with random slack."""
    draw = random.Random(seed)
    truth = {name: round(draw.uniform(*ends), draw.choice((1, 4, 12))) for name, ends in law.unknowns.items()}
    xs = [draw.uniform(0.2, 3) for _ in range(rows)]
    ns = [draw.randint(1, 5) for _ in range(rows)]
    size = 10.0 ** draw.randint(-11, -1)
    ys, bars = [], []
    for v, m in zip(xs, ns, strict=True):
        exact = law.value(v, m, **truth)
        slack = draw.choice((0.0, draw.random())) * (abs(exact) + 0.1) if bound else 0.0
        bar = size * (0.1 + draw.random()) * (abs(exact) + 0.1)
        bars.append(bar + 1e-14 * (abs(exact) + abs(slack) + 1))
        ys.append(exact + (slack if bound == ">=" else -slack) + draw.uniform(-1, 1) * bar)
    kind = {"": Eq, "<=": Le, ">=": Ge}[bound]
    return (
        Claim("law", kind(y, law.right), "bound" if bound else "identity", tight_at="ties"),
        truth,
        source(xs, ns, ys, bars),
    )
