"""The mean gap of a class at two sizes, from samples: how it grows with the number of parameters and of points.

One point more or less moves a gap by 1/m, so that the mean of R gaps of m points each is within
sqrt(ln(2/delta)/(2 m R)) of their expectation except with probability delta (McDiarmid 1989): no law of the gap is needed,
no variance and no tail.

Points are drawn on a grid, which is not the law itself.  A point of the grid is paired with one of the law at most η away:
a set widened (narrowed) by η says as much too much (too little) on the other sample, but for what its mass changes.  Unions of k intervals have 2k ends: their gaps differ by 2 k η at most, with
η = 1/(GRID + 1), since floor(U (GRID + 1))/GRID is that close to a uniform U.  A half-plane that is widened or narrowed by η
has an edge where the density is 1/sqrt(2π) or less: η/sqrt(2π), with η = 1/(sqrt(2) SCALE), half a diagonal of the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np
import torch

from .measurement import MeasurementError, Measurements, integers, reals, simulator
from .streams import normals, stream
from .vc_half_planes_gaussian import RADIUS, SCALE, whole
from .vc_half_planes_gaussian import gaps as half_plane_gaps
from .vc_intervals import GRID
from .vc_intervals import gaps as interval_gaps

CLASSES = ("intervals", "half-planes")


@dataclass(frozen=True)
class TwoSizes:
    """A class at two sizes: ``k`` intervals on samples of ``m`` points, ``draws`` samples of each; all are pairs.

    *intervals*: unions of k intervals under the uniform law; *half-planes* under the standard normal law of the plane
    (k is 1 for both).
    """

    name: str
    m: tuple[int, int]
    k: tuple[int, int] = (1, 1)
    draws: tuple[int, int] = (40, 40)
    seed: int = 0


def _sound(case: TwoSizes, element: int) -> TwoSizes:
    if case.name not in CLASSES or min(*case.m, *case.k, *case.draws) < 1:
        raise MeasurementError(f"{case}", f"one of {', '.join(CLASSES)}, sizes and draws >= 1", "mean_a", element)
    if case.name == "half-planes" and case.k != (1, 1):
        raise MeasurementError(f"{case}", "k = (1, 1) for half-planes", "mean_a", element)
    return case


def _intervals(m: int, k: int, draws: int, key: tuple[object, ...], device: torch.device) -> list[float]:
    random, out = stream("two sizes", *key), []
    for _ in range(draws):
        points = sorted(random.integers(0, GRID + 1, m).tolist())
        out.append(max(side[k] for side in interval_gaps(points, GRID, k)) / (m * GRID))
    return out


def _half_planes(m: int, k: int, draws: int, key: tuple[object, ...], device: torch.device) -> list[float]:
    points = whole(normals((draws, m, 2), "two sizes", *key, device=device))
    return [float(v) for v in half_plane_gaps(points)]


_GAPS: dict[str, Callable[..., list[float]]] = {"intervals": _intervals, "half-planes": _half_planes}
_PARAMETERS = {"intervals": 2, "half-planes": 3}


def moved_by_the_grid(name: str, k: int) -> float:
    """How far the gap of a sample on the grid may be from that of its neighbour of the law."""
    return 2 * k / (GRID + 1) if name == "intervals" else 1 / (2 * sqrt(pi) * SCALE)


@simulator("plane p_a m_a mean_a p_b m_b mean_b", limited_by="sampling")
def observe(cases: tuple[TwoSizes, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row a case: parameters p, points m and the mean gap at both sizes.  Effort e draws 4^e times as many samples.

    ``plane`` is 1 for half-planes and 0 for unions of intervals.
    """
    cases, device = tuple(_sound(c, k) for k, c in enumerate(cases)), torch.device(device)
    torch.empty(0, device=device)  # an absent device is an error for intervals too
    columns = {"plane": integers(int(c.name == "half-planes") for c in cases)}
    # half-planes trust Φ to eight units and normals to be normal before they are rounded: neither is proved.  A column has
    # one flag, which is not to depend on the other cases of a batch: it is down for intervals too.
    for side, name in enumerate("ab"):
        mids, radii = [], []
        for case in cases:
            m, k, draws = case.m[side], case.k[side], case.draws[side] * 4**effort
            values = _GAPS[case.name](m, k, draws, (case, side), device)
            mids.append(float(np.mean(values)))
            chance = sqrt(log(4 / delta) / (2 * m * draws)) * (1 + 1e-12)
            # the grid's term and the sum of the radii are rounded too: by less than RADIUS, of which there is one to spare
            radii.append(chance + moved_by_the_grid(case.name, k) + 2 * RADIUS + draws * 2.0**-53)
        columns[f"p_{name}"] = integers(_PARAMETERS[c.name] * c.k[side] for c in cases)
        columns[f"m_{name}"] = integers(c.m[side] for c in cases)
        columns[f"mean_{name}"] = reals(mids, radii, delta / 2, proved=False)
    return Measurements(columns, np.arange(len(cases)))
