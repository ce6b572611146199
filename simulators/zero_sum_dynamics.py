"""Gradient play of two players on one payoff in two numbers, in exact rationals.

The payoff f(u, v) = u v + λ (u² - v²)/2 is lowered by u and raised by v; its only equilibrium is (0, 0).  Slopes are
central differences of the payoff's values, which are exact for a quadratic.  Four ways to play start at one point: both
players step at once; v steps after it has seen u step (alternating); both step by the slopes at a trial point
(extragradient, Korpelevich 1976); and the velocity of the flow at the start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .interpolation_net import ZERO, rational
from .measurement import MeasurementError, Measurements, balls, integers, simulator

Point = tuple[Any, Any]
STEPS = 200
"""Most steps: numerators and denominators grow by a factor each step."""


@dataclass(frozen=True)
class Play:
    """A start (u, v) other than (0, 0), a step size, how many steps, and the weight λ of the regulariser."""

    u: float
    v: float
    step: float
    steps: int
    curvature: float = 0.0


def _payoff(u: Any, v: Any, curvature: Any) -> Any:
    return u * v + curvature * (u * u - v * v) / 2


def _velocity(point: Point, curvature: Any) -> Point:
    """(-∂f/∂u, ∂f/∂v) by central differences of width 2."""
    u, v = point
    along_u = (_payoff(u + 1, v, curvature) - _payoff(u - 1, v, curvature)) / 2
    along_v = (_payoff(u, v + 1, curvature) - _payoff(u, v - 1, curvature)) / 2
    return -along_u, along_v


def _moved(point: Point, velocity: Point, step: Any) -> Point:
    return point[0] + step * velocity[0], point[1] + step * velocity[1]


def _at_once(point: Point, step: Any, curvature: Any) -> Point:
    return _moved(point, _velocity(point, curvature), step)


def _in_turn(point: Point, step: Any, curvature: Any) -> Point:
    u = point[0] + step * _velocity(point, curvature)[0]
    return u, point[1] + step * _velocity((u, point[1]), curvature)[1]


def _extragradient(point: Point, step: Any, curvature: Any) -> Point:
    trial = _at_once(point, step, curvature)
    return _moved(point, _velocity(trial, curvature), step)


def _path(update: Callable[..., Point], start: Point, step: Any, steps: int, curvature: Any) -> list[Point]:
    points = [start]
    for _ in range(steps):
        points.append(update(points[-1], step, curvature))
    return points


def _square(point: Point) -> Any:
    return point[0] ** 2 + point[1] ** 2


def _mean(values: list[Any]) -> Any:
    return sum(values, ZERO) / len(values)


def _observed(play: Play, element: int) -> dict[str, Any]:
    u, v, step, curvature = (rational(x, "start", element) for x in (play.u, play.v, play.step, play.curvature))
    if (u, v) == (0, 0) or step <= 0 or not 1 <= play.steps <= STEPS:
        raise MeasurementError(f"{play}", f"a start other than 0, a step > 0, 1 to {STEPS} steps", "start", element)
    start = (u, v)
    at_once, in_turn, extra = (
        _path(update, start, step, play.steps, curvature) for update in (_at_once, _in_turn, _extragradient)
    )
    velocity = _velocity(start, curvature)
    mean = _mean([p[0] for p in at_once[:-1]]), _mean([p[1] for p in at_once[:-1]])
    return {
        "u": u,
        "v": v,
        "eta": step,
        "steps": play.steps,
        "lam": curvature,
        "start": _square(start),
        "simultaneous": _square(at_once[-1]),
        "extragradient": _square(extra[-1]),
        "alternating": _square(in_turn[-1]),
        "last_u": in_turn[-1][0],
        "last_v": in_turn[-1][1],
        # u steps first: its mean is over the points that v has answered, that of v over those that u has
        "mean_u": _mean([p[0] for p in in_turn[1:]]),
        "mean_v": _mean([p[1] for p in in_turn[:-1]]),
        "mean_square": _square(mean),
        "velocity_u": velocity[0],
        "velocity_v": velocity[1],
    }


@simulator(
    "u v eta steps lam start simultaneous extragradient alternating last_u last_v mean_u mean_v mean_square "
    "velocity_u velocity_v",
    limited_by="exact",
)
def observe(batch: tuple[Play, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a play: squared distances from the equilibrium at the start and after the steps of each method, the last
    point and the means of the alternating method, the squared mean of the simultaneous one, the flow's velocity.

    Rationals are exact; a malformed play raises `MeasurementError`.
    """
    torch.empty(0, device=device)
    rows = [_observed(play, k) for k, play in enumerate(batch)]
    columns = {
        name: (integers if name == "steps" else balls)(row[name] for row in rows) for name in observe.observables
    }
    return Measurements(columns, np.arange(len(rows)))
