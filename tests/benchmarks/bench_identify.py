"""Constants of the singular-value rate from 40 nets: how thin the enclosure is, and how many are found in a second."""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import replace
from typing import Any

import sympy

from checks.engine.experiment import Experiment
from checks.engine.gather import gather
from checks.engine.identify import identify
from checks.families_deep_linear import RATES
from theorems import get
from theorems.statement import Claim, Eq

NETS = 40
REPEATS = 7
a, b, c, k = sympy.symbols("a b c k")


def rate(exponent_of_depth: Any, outer: Any, inner: Any, factor: Any) -> Claim:
    """The rate with unknowns for some of its constants, which are all 1."""
    theorem = get("singular-value-ode")
    o = {o.name: o for o in theorem.observables}
    right = -factor * o["N"] ** exponent_of_depth * (o["sigma"] ** 2) ** (outer - inner / o["N"]) * o["g"]
    return replace(theorem.claim("rate"), relation=Eq(o["sigma_dot"], right))


CASES: tuple[tuple[str, Claim, dict[Any, tuple[float, float]], float], ...] = (
    ("one exponent", rate(a, 1, 1, 1), {a: (0, 4)}, 1.0),
    ("two exponents", rate(a, b, 1, 1), {a: (0, 4), b: (-2, 2)}, 1.0),
    ("three exponents", rate(a, b, c, 1), {a: (0, 4), b: (-2, 2), c: (-2, 4)}, 0.5),
    ("three exponents and a factor", rate(a, b, c, k), {a: (0, 4), b: (-2, 2), c: (-2, 4), k: (-10, 10)}, 0.3),
)


def run() -> list[tuple[str, float, float]]:
    """For each case the decimal places of the widest range, and enclosures a second (median of seven)."""
    experiment: Experiment = replace(RATES, search=0, bulk=NETS - len(RATES.examples))
    evidence = gather(experiment)
    figures = []
    for words, claim, box, reach in CASES:
        seconds, width = [], 0.0
        for _ in range(REPEATS):
            started = time.perf_counter()
            found = identify(claim, tuple(box), box, (experiment, evidence))
            seconds.append(time.perf_counter() - started)
            width = max(found.widths)
        figures.append((f"{words}, {NETS} nets: decimal places", -math.log10(width), 5.0))
        figures.append((f"{words}, {NETS} nets: enclosures a second", 1 / statistics.median(seconds), reach))
    return figures
