"""Bounds on the spread of kernels of finite nets, so that a mean can be given an error bar that heavy tails respect.

One hidden layer: the kernel is an average of m independent terms, whose first four moments are quadratures over the
law of one unit.  They are the very moments that a theorem may state: they scale the error bars of a mean (by V) and of
a squared deviation (by the fourth moment), never the middles of their intervals by more than these bars.  Deeper nets:
E H(x, x')² is bounded by moments of single layers, without a value of E H or of E |H - H*|²,

- ReLU: each layer's share of H(x, x) is |B_h|² |A_{h-1}|², and both factors are products of independent copies of
  R = (2/m) Σ relu(z)²: forwards because a Gaussian layer sees only the length of its input; backwards because even
  functions of a row of weights do not see the half space in which its unit is active (Hanin, Nica 2020, Section 3).
  Hence E (|B_h|² |A_{h-1}|²)² = |x|⁴ Π_l E R_l², and E H² ≤ (Σ_h rate_h)² |x|⁴ Π E R² by the triangle inequality in L².
- bounded σ and σ' (erf, tanh): |A_h|² ≤ c sup σ², and |B_h|² ≤ (c sup σ'²/m_h) |B_{h+1}|² χ², where χ² has
  m_{h+1} + m_h - 1 degrees of freedom and is independent of the layers above.

H(x, x')² ≤ H(x, x) H(x', x') carries both to pairs.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import ceil, comb, factorial, log2, pi, prod, radians, sqrt
from typing import NamedTuple

import numpy as np
import torch

from simulators.dual_activations import Activation, find
from simulators.measurement import MeasurementError
from simulators.wide_net import WideNet, rates

REACH, NODES = 11.0, 16
"""Cut-off of the radius, and Gauss-Legendre nodes of each panel of the coarser rule."""
GRADES = 4
"""Panels halve towards the origin, and in each sector towards both of its lines, until they are 2^-GRADES / |x| wide."""
LARGEST = {"erf": 1e5, "tanh": 1e5, "gelu": 1e5}
"""Norms up to which graded panels resolve activations that bend near 0 only."""
LARGEST_OTHER = 2.0
"""The same of activations that may bend, or swing, anywhere."""
SLACK = 1e-9
"""Relative rounding of a quadrature and of the moments made of it."""
ORDERS = 5
GAUSSIAN = (1, 1, 3, 15, 105)
"""E a^{2j} of a standard normal a."""
SUPREMA = {"erf": (1.0, 2 / sqrt(pi)), "tanh": (1.0, 1.0)}
"""sup |σ| and sup |σ'| of bounded activations."""


class Moments(NamedTuple):
    """Mean and central moments of H_m(x, x')."""

    mean: float
    second: float
    third: float
    fourth: float


def one_layer(net: WideNet, level: int = 1) -> Moments:
    """Moments of the kernel of one hidden layer between the first and the last point, by quadrature.

    The terms of the average are c (rate_2 σ(u)σ(v) + rate_1 a² xᵀx' σ'(u)σ'(v)) with a, (u, v) independent Gaussians.
    """
    (width,) = net.widths
    raw = _raw_moments(net.points[0], net.points[-1], net.activation, rates(net), level)
    mean = raw[1]
    central = [sum(comb(k, j) * raw[j] * (-mean) ** (k - j) for j in range(k + 1)) for k in range(ORDERS)]
    fourth = (central[4] + 3 * (width - 1) * central[2] ** 2) / width**3
    return Moments(mean, max(central[2], 0.0) / width, central[3] / width**2, fourth)


def _halved(bound: object, net: WideNet) -> float:
    coarse, fine = (bound(one_layer(net, level)) for level in (0, 1))  # type: ignore[operator]
    return float(fine + 10 * abs(fine - coarse))


def mean_variance(net: WideNet) -> float:
    """A bound on Var H_m(x, x') between the first and the last point.

    Raises `MeasurementError` for several hidden layers of an activation for which none is known.
    """
    if len(net.widths) == 1:
        return _halved(lambda m: m.second + SLACK * (m.second + m.mean**2), net)
    return second_moment(net)


def square_variance(net: WideNet, centre: float) -> float:
    """A bound on Var (H_m(x, x') - centre)² of one hidden layer: μ_4 - μ_2² + 4Δμ_3 + 4Δ²μ_2, Δ = E H_m - centre."""

    def bound(m: Moments) -> float:
        gap = m.mean - centre
        size = m.fourth + 4 * abs(gap * m.third) + 4 * gap**2 * m.second + m.second * m.mean**2 / net.widths[0]
        return m.fourth - m.second**2 + 4 * gap * m.third + 4 * gap**2 * m.second + 8 * SLACK * size

    return _halved(bound, net)


def kurtosis(net: WideNet) -> tuple[float, float]:
    """μ_4/μ_2² of what a unit of one hidden layer adds to the kernel in the talk's parameterisation, and its error bar.

    The first and the last point count.  1, its least value, where a unit adds nothing.
    """
    unit = replace(net, widths=(1,), parameterisation="ntk")
    coarse, fine = (one_layer(unit, level) for level in (0, 1))
    if fine.second == 0:
        return 1.0, 0.0
    value, other = (m.fourth / m.second**2 for m in (fine, coarse))
    # raw moments of a higher order than the central one are subtracted from it
    share = 16 * (1 + fine.mean**2 / fine.second) ** 2
    return value, 10 * abs(value - other) + SLACK * share * (1 + value)


def second_moment(net: WideNet) -> float:
    """A bound on E H_m(x, x')² between the first and the last point, at any depth."""
    (first, _), (last, _) = net.points[0], net.points[-1]
    if find(net.activation).name == "relu":
        return (1 + SLACK) * (sum(rates(net)) * first * last) ** 2 * prod(layer_moment(m, 2) for m in net.widths)
    return (1 + SLACK) * _bounded(net, first) * _bounded(net, last)


def feature_moment(net: WideNet, order: int) -> float:
    """A bound on E |A_L(x)|^{2 order} at the first point; ``order`` at most 4."""
    norm = net.points[0][0]
    if find(net.activation).name == "relu":
        return (1 + SLACK) * norm ** (2 * order) * prod(layer_moment(m, order) for m in net.widths)
    top, _ = _suprema(net)
    return (1 + SLACK) * (find(net.activation).c * top**2) ** order


def share_moment(net: WideNet) -> float:
    """A bound on the fourth moment of |B_1|² |x|² at the first point, the first layer's share of H(x, x)."""
    norm, widths = net.points[0][0], net.widths
    if find(net.activation).name == "relu":
        return (1 + SLACK) * norm**8 * prod(layer_moment(m, 4) for m in widths)
    _, slope = _suprema(net)
    total = norm**8 * (find(net.activation).c * slope**2) ** (4 * len(widths))
    for h, width in enumerate(widths):
        freedom = width if h == len(widths) - 1 else widths[h + 1] + width - 1
        total *= prod(freedom + 2 * k for k in range(4)) / width**4
    return (1 + SLACK) * total


@lru_cache(maxsize=4096)
def layer_moment(width: int, order: int) -> float:
    """E R^order of R = (2/m) Σ relu(z)²: the sum's exponential generating function is a power of one unit's."""
    unit = [1.0] + [0.5 * prod(range(1, 2 * k, 2)) * (2 / width) ** k for k in range(1, ORDERS)]
    one = [value / factorial(k) for k, value in enumerate(unit)]
    total, left = [1.0] + [0.0] * (ORDERS - 1), width
    while left:
        if left % 2:
            total = _times(total, one)
        one, left = _times(one, one), left // 2
    return total[order] * factorial(order)


def _times(a: list[float], b: list[float]) -> list[float]:
    return [sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(ORDERS)]


def _suprema(net: WideNet) -> tuple[float, float]:
    name = find(net.activation).name
    if name not in SUPREMA:
        raise MeasurementError(
            f"{len(net.widths)} hidden layers of activation {name!r}",
            f"one hidden layer, or one of relu, {', '.join(SUPREMA)}: no bound on the spread is known for others",
        )
    return SUPREMA[name]


def _bounded(net: WideNet, norm: float) -> float:
    """sqrt E H(x, x)² ≤ Σ_h rate_h sqrt E (|B_h|² |A_{h-1}|²)² for bounded σ and σ'."""
    top, slope = _suprema(net)
    c, widths, factors = find(net.activation).c, net.widths, rates(net)
    total, backward = factors[-1] * c * top**2, 1.0
    for h in range(len(widths), 0, -1):
        freedom = widths[h - 1] if h == len(widths) else widths[h] + widths[h - 1] - 1
        backward *= c * slope**2 * sqrt(freedom * (freedom + 2)) / widths[h - 1]
        total += factors[h - 1] * backward * (norm**2 if h == 1 else c * top**2)
    return total


@lru_cache(maxsize=4096)
def _raw_moments(
    first: tuple[float, float], last: tuple[float, float], activation: str, factors: tuple[float, ...], level: int
) -> tuple[float, ...]:
    """E g^k, k = 0…4, of one term: polar sectors between the lines u = 0 and v = 0, where σ is smooth."""
    shape, angle = find(activation), _apart(first[1], last[1])
    panels = _panels(shape, max(first[0], last[0]))
    inner = tuple(0.5**k for k in range(panels, 0, -1))
    place, weight = _composite((0.0, *inner, 1.0), NODES * 2**level)
    radius, radial = place * REACH, weight * REACH
    place, weight = _composite((0.0, *inner, *(1 - t for t in reversed(inner[:-1])), 1.0), NODES * 2**level)
    starts, widths = (angle - pi / 2, pi / 2, angle + pi / 2, 3 * pi / 2), (pi - angle, angle, pi - angle, angle)
    sectors = [(start, width) for start, width in zip(starts, widths, strict=True) if width > 0]
    phi = np.concatenate([start + width * place for start, width in sectors])
    turn = np.concatenate([width * weight for _, width in sectors])
    mass = np.outer(radial * radius * np.exp(-(radius**2) / 2) / (2 * pi), turn)
    u, v = (
        torch.as_tensor(norm * np.outer(radius, np.cos(phi - turned)), device="cpu")
        for norm, turned in ((first[0], 0.0), (last[0], angle))
    )
    product = factors[1] * (shape.function(u) * shape.function(v)).numpy()
    slope = factors[0] * first[0] * last[0] * np.cos(angle) * (shape.slope(u) * shape.slope(v)).numpy()
    out = []
    for k in range(ORDERS):
        parts = [comb(k, j) * GAUSSIAN[j] * np.sum(mass * product ** (k - j) * slope**j) for j in range(k + 1)]
        out.append(float(shape.c**k * sum(parts)))
    return tuple(out)


def _apart(first: float, last: float) -> float:
    turned = abs(first - last) % 360
    return radians(min(turned, 360 - turned))


def _panels(shape: Activation, norm: float) -> int:
    """How often panels are halved.  Raises `MeasurementError` beyond the norm where that is known to be enough."""
    if shape.form == "relu":
        return 1
    largest = LARGEST.get(shape.name, LARGEST_OTHER)
    if norm > largest:
        raise MeasurementError(
            f"a point of norm {norm:g} and activation {shape.name!r}",
            f"norms of at most {largest:g}, where the quadrature of the spread is certified; divide the inputs",
        )
    return GRADES + max(0, ceil(log2(max(norm, 1.0))))


@lru_cache(maxsize=64)
def _composite(edges: tuple[float, ...], nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights of all panels between the edges."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    low, wide = np.array(edges[:-1])[:, None], np.diff(edges)[:, None]
    return (low + wide * (x + 1) / 2).ravel(), (wide * w / 2).ravel()
