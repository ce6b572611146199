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


def leak(instance: Points) -> fmpq:
    """The slope of (leaky) ReLU below 0, as the float that the fast code takes."""
    return fmpq(*instance.kind.leak.as_integer_ratio())


def constant(instance: Points) -> arb:
    """The factor c of every layer of ReLU, leaky ReLU and erf nets, at the precision in force."""
    form = instance.form
    if instance.constant:
        return arb(instance.constant)
    return arb(2 / (1 + leak(instance) ** 2)) if form == "relu" else arb.pi() / (2 * arb(fmpq(2, 3)).asin())


def angle(xx: Ball, yy: Ball, xy: Ball) -> arb:
    """The angle of a Gaussian pair; π/2 where one of the two is 0."""
    if xx == 0 or yy == 0:
        return arb.pi() / 2
    return arb.atan2(root(arb(xx) * arb(yy) - arb(xy) ** 2 if isinstance(xy, arb) else xx * yy - xy * xy), arb(xy))


def kept_angle(form: str, xx: fmpq, yy: fmpq, xy: fmpq) -> arb | None:
    """The angle that no layer changes, where there is one: 0 of a homogeneous net, 0 and π of equal norms in an odd one.

    Only rationals can tell: a determinant of balls would enclose 0, and lose half of the digits at every layer.
    """
    if xx * yy != xy * xy or xx == 0 or (form != "relu" and xx != yy):
        return None
    if xy > 0:
        return arb(0)
    return None if form == "relu" else arb.pi()


def _ramp(t: arb) -> tuple[arb, arb]:
    """E σ(u) σ(v) and E σ'(u) σ'(v) of ReLU for unit deviations at angle t."""
    return (t.sin() + (arb.pi() - t) * t.cos()) / (2 * arb.pi()), (arb.pi() - t) / (2 * arb.pi())


def step(instance: Points, c: arb, xx: Ball, yy: Ball, xy: Ball, kept: arb | None) -> tuple[arb, arb]:
    """Σ and Σ̇ of the next layer; ``kept`` is the angle where it is known to be 0 or π.

    σ(z) = ρ(z) - α ρ(-z) for ReLU ρ and leak α: two angles, t and π - t.
    """
    if instance.form == "relu":
        t, alpha = angle(xx, yy, xy) if kept is None else kept, leak(instance)
        (value, slope), (other, other_slope) = _ramp(t), _ramp(arb.pi() - t)
        value, slope = (1 + alpha**2) * value - 2 * alpha * other, (1 + alpha**2) * slope + 2 * alpha * other_slope
        return c * root(arb(xx) * arb(yy)) * value, c * slope
    determinant = arb(xx) * arb(yy) - arb(xy) ** 2 if kept is None else arb(0)
    width = root(1 + 2 * arb(xx) + 2 * arb(yy) + 4 * determinant)
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

    An input of 0 counts as orthogonal to all others, and stays so for (leaky) ReLU: its angle and slope are a convention.
    Raises `MeasurementError` for an activation without a closed form.
    """
    rows = instance.exact()
    xx, yy, xy = inner(rows[i], rows[i]), inner(rows[j], rows[j]), inner(rows[i], rows[j])
    if instance.form == "relu" and (xx == 0 or yy == 0):
        one, zero = fmpq(1), fmpq(0)
        stand_in = _chain(instance, one, one, zero)
        alone = _chain(instance, xx, xx, xx), _chain(instance, yy, yy, yy)
        return [Pair(x.xx, y.xx, zero, zero, p.slope, p.angle) for x, y, p in zip(*alone, stand_in, strict=True)]
    return _chain(instance, xx, yy, xy)


def _chain(instance: Points, xx: fmpq, yy: fmpq, xy: fmpq) -> list[Pair]:
    c, kept = constant(instance), kept_angle(instance.form, xx, yy, xy)
    found = [Pair(xx, yy, xy, xy, fmpq(0), angle(xx, yy, xy) if kept is None else kept)]
    for _ in range(instance.depth):
        p = found[-1]
        value, slope = step(instance, c, p.xx, p.yy, p.xy, kept)
        here, there = (step(instance, c, s, s, s, arb(0))[0] if s != 0 else s for s in (p.xx, p.yy))
        turn = angle(here, there, value) if kept is None else kept
        found.append(Pair(here, there, value, p.theta * slope + value, slope, turn))
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
