"""Aligned modes by validated integration: Taylor series in balls, with a proved remainder.

A mode of a balanced diagonal net is w**N, all its factors being equal to w, and w' = w^(N−1) (λ − c w^N) with c = 0 for a
linear loss and 1 for least squares.  A step first finds a ball B that the solution cannot leave (Picard), then adds
the Lagrange remainder, the last coefficient over all of B (Moore, Interval Analysis, 1966).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from flint import arb, ctx, fmpq

from .aligned_net import Aligned
from .measurement import Measurements, balls, integers

ORDER = 24
GUARD_BITS = 32
STEP_BITS = 96
"""A step is halved until its remainder is below 2**−STEP_BITS of the mode."""
GROW = fmpq(5, 4)
"""A step that was right at once is followed by one so much longer."""
SMALLEST = 2**20
"""Steps below one in so many of the time are given up."""


def grown(start: float, pull: float, depth: int, linear: bool, time: float, bits: int) -> arb:
    """The entry w of every factor at ``time``, as a ball of about STEP_BITS correct bits.

    Raises `ArithmeticError` where no enclosure is found (the mode blows up).
    """
    before, ctx.prec = ctx.prec, bits + GUARD_BITS
    try:
        w, now, end = arb(start), fmpq(0), _exactly(time)
        step = end
        while now < end:
            step = min(step, end - now)
            tried = step
            while (following := _advance(w, step, pull, depth, linear)) is None:
                step /= 2
                if step * SMALLEST < end:
                    raise ArithmeticError(f"got no enclosure of the mode at {w}; expected one; shorten the time")
            w, now = following, now + step
            if step == tried:
                step *= GROW
        return w
    finally:
        ctx.prec = before


def _exactly(value: float) -> fmpq:
    return fmpq(*value.as_integer_ratio())


def _velocity(w: arb, pull: float, depth: int, linear: bool) -> arb:
    return w ** (depth - 1) * (arb(pull) - (arb(0) if linear else w**depth))


def _series(w: arb, pull: float, depth: int, linear: bool) -> list[arb]:
    """Taylor coefficients 0 … ORDER of the solution through w, one after another.

    ``powers[p]`` are those of w^(p + 1).
    """
    powers: list[list[arb]] = [[] for _ in range(depth if not linear else depth - 1)]
    found, force = [w], arb(pull)
    for k in range(ORDER):
        for p, power in enumerate(powers):
            power.append(found[k] if p == 0 else _convolve(powers[p - 1], found, k))
        before = powers[depth - 2] if depth > 1 else [arb(1), *[arb(0)] * k]
        rise = before[k] * force
        if not linear:
            rise -= _convolve(before, powers[depth - 1], k)
        found.append(rise / (k + 1))
    return found


def _convolve(a: list[arb], b: list[arb], k: int) -> arb:
    return sum((a[i] * b[k - i] for i in range(1, k + 1)), a[0] * b[k])


def _advance(w: arb, step: fmpq, pull: float, depth: int, linear: bool) -> arb | None:
    """The mode after a step, or None where the step is too long for an enclosure or a small remainder."""
    h = arb(step)
    path = _enclosure(w, h, pull, depth, linear)
    if path is None:
        return None
    remainder = _series(path, pull, depth, linear)[ORDER] * h**ORDER
    if not remainder.rad() < abs(w.mid()) * arb(2) ** -STEP_BITS:
        return None
    total = arb(0)
    for value in reversed(_series(w, pull, depth, linear)[:ORDER]):
        total = total * h + value
    return total + remainder


def _enclosure(w: arb, h: arb, pull: float, depth: int, linear: bool) -> arb | None:
    """A ball B with w + [0, h] f(B) inside: the solution stays in it over the step."""
    span = h.union(arb(0))
    guess = w.union(w + h * _velocity(w, pull, depth, linear))
    for _ in range(8):
        wide = arb(guess.mid(), 2 * guess.rad() + abs(w.mid()) * arb(2) ** -60)
        image = w + span * _velocity(wide, pull, depth, linear)
        if wide.contains_interior(image):
            return image
        if not image.is_finite():
            return None
        guess = wide.union(image)
    return None


def precisely(names: str, modes: int, linear: bool, depth: int = 0) -> Callable[[Aligned, int], Measurements]:
    """A measurement of one instance in balls: the columns ``names``, as the floating-point simulator fills them.

    No rows for instances of fewer modes, of the other kind of loss, or of another ``depth`` (0: any).
    """

    def measure(run: Aligned, bits: int) -> Measurements:
        speaks = len(run.start) >= modes and run.linear == linear and depth in (0, run.depth)
        values = _values(run, bits) if speaks else {}
        before, ctx.prec = ctx.prec, bits
        try:
            columns = {
                name: integers([run.depth] * speaks) if name == "N" else balls([values[name]] if speaks else [])
                for name in names.split()
            }
        finally:
            ctx.prec = before
        return Measurements(columns, np.zeros(int(speaks), dtype=np.int64))

    return measure


def _values(run: Aligned, bits: int) -> dict[str, arb]:
    """Every observable of an aligned net, by name; with one mode, without its number."""
    before, ctx.prec = ctx.prec, bits
    try:
        found = {"t": arb(run.time)}
        for r, (start, pull) in enumerate(zip(run.start, run.pull, strict=True), start=1):
            end = grown(start, pull, run.depth, run.linear, run.time, bits)
            for mode in (f"_{r}", "") if r == 1 else (f"_{r}",):
                found[f"sigma{mode}_0"] = arb(start) ** run.depth
                found[f"sigma{mode}_t"] = end**run.depth
                found[f"strength{mode}"] = found[f"target{mode}"] = arb(pull)
        return found
    finally:
        ctx.prec = before
