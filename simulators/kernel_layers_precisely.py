"""The layers of H* in balls, from exact inputs: what the fast code is confirmed by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from flint import arb, ctx, fmpq

from .kernel_points import Points, exact_traits, inner
from .measurement import Measurements, balls

SPARE = 3
"""Working precision over the asked one: a root near 0 halves it, twice."""
Ball = arb | fmpq


def root(value: Ball) -> arb:
    """√ of what is known not to be below 0, though its ball may reach there."""
    value = arb(value)
    if value.lower() > 0:
        return value.sqrt()
    return arb(0).union(value.upper().max(arb(0)).sqrt())


def constant(instance: Points) -> arb:
    """The factor c of every layer of ReLU and erf nets, at the precision in force."""
    if instance.constant:
        return arb(instance.constant)
    return arb(2) if instance.activation == "relu" else arb.pi() / (2 * arb(fmpq(2, 3)).asin())


def angle(xx: Ball, yy: Ball, xy: Ball) -> arb:
    """The angle of a Gaussian pair; π/2 where one of the two is 0."""
    if xx == 0 or yy == 0:
        return arb.pi() / 2
    return arb.atan2(root(arb(xx) * arb(yy) - arb(xy) ** 2 if isinstance(xy, arb) else xx * yy - xy * xy), arb(xy))


def step(name: str, c: arb, xx: Ball, yy: Ball, xy: Ball) -> tuple[arb, arb]:
    """Σ and Σ̇ of the next layer."""
    if name == "relu":
        t = angle(xx, yy, xy)
        size = root(arb(xx) * arb(yy))
        turn = arb.pi() - t
        return c / 2 * (size * t.sin() + turn * arb(xy)) / arb.pi(), c / 2 * turn / arb.pi()
    width = root(1 + 2 * arb(xx) + 2 * arb(yy) + 4 * (arb(xx) * arb(yy) - arb(xy) ** 2))
    return c * 2 / arb.pi() * arb.atan2(2 * arb(xy), width), c * 4 / arb.pi() / width


class Pair(NamedTuple):
    """Σ_xx, Σ_yy, Σ_xy, Θ, the slope part Σ̇ (0 at h = 0) and the angle of a pair after some layers."""

    xx: Ball
    yy: Ball
    xy: Ball
    theta: Ball
    slope: Ball
    angle: arb


def chain(instance: Points, i: int, j: int) -> list[Pair]:
    """The kernels of a pair of inputs for h = 0 … depth.

    An input of 0 counts as orthogonal to all others, and stays so for ReLU: its angle and slope are a convention.
    """
    rows, c, name = instance.exact(), constant(instance), instance.activation
    xx: Ball = inner(rows[i], rows[i])
    yy: Ball = inner(rows[j], rows[j])
    xy: Ball = inner(rows[i], rows[j])
    if name == "relu" and (xx == 0 or yy == 0):
        one = fmpq(1)
        stand_in = _chain(name, c, instance.depth, one, one, fmpq(0))
        alone = _chain(name, c, instance.depth, xx, xx, xx), _chain(name, c, instance.depth, yy, yy, yy)
        zero = fmpq(0)
        return [Pair(x.xx, y.xx, zero, zero, p.slope, p.angle) for x, y, p in zip(*alone, stand_in, strict=True)]
    return _chain(name, c, instance.depth, xx, yy, xy)


def _chain(name: str, c: arb, depth: int, xx: Ball, yy: Ball, xy: Ball) -> list[Pair]:
    found = [Pair(xx, yy, xy, xy, fmpq(0), angle(xx, yy, xy))]
    for _ in range(depth):
        xx, yy, xy, theta, _, _ = found[-1]
        value, slope = step(name, c, xx, yy, xy)
        xx, yy = step(name, c, xx, xx, xx)[0], step(name, c, yy, yy, yy)[0]
        found.append(Pair(xx, yy, value, theta * slope + value, slope, angle(xx, yy, value)))
    return found


def observe_precisely(instance: Points, bits: int) -> Measurements:
    """What `kernel_layers.observe` measures, in balls of ``bits`` bits."""
    count = len(instance.rows)
    ordered = [(i, j) for i in range(count) for j in range(i, count)]
    with ctx.workprec(SPARE * bits):
        c, rows = constant(instance), []
        for k, (i, j) in enumerate(ordered):
            pairs = chain(instance, i, j)
            for h in range(1, instance.depth + 1):
                p, q = pairs[h - 1], pairs[h]
                rows.append(
                    (p.xx, p.yy, p.xy, root(p.xx), root(p.yy), p.angle, c, q.xy, q.slope, p.theta, q.theta, k, h)
                )
        columns = list(zip(*rows, strict=True))
        names = ("S_xx", "S_yy", "S_xy", "a", "b", "t", "c", "S_next", "S_dot", "T_prev", "T_next")
        table = {name: balls(column) for name, column in zip(names, columns, strict=False)}
        table |= exact_traits(instance, len(rows), ("from_relu", "from_erf"))
        index = {"pair": np.array(columns[-2]), "layer": np.array(columns[-1])}
        return Measurements(table, np.zeros(len(rows), dtype=np.int64), index)
