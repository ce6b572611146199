"""The softmax certificate in flint balls, for single models: an iterate polished to any precision, then judged.

The same inequalities as `softmax_certificate`, with H^-1 applied by a certified solve, so that no rounding bound is
needed beside the balls themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

import flint
from flint import arb, fmpq

from simulators.softmax_exact import independent_rows

POLISH = 12


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work at ``bits`` bits, and restore what was there."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def rational(x: float | int | Fraction) -> fmpq:
    """A float, integer or fraction as the rational that it is."""
    return fmpq(*x.as_integer_ratio())


def whole(x: float | fmpq) -> arb:
    """A rational as a ball."""
    return arb(x if isinstance(x, fmpq) else rational(x))


def up_to(bound: arb) -> arb:
    """The ball [0, bound]."""
    half = bound.abs_upper() / 2
    return arb(half.mid(), half.abs_upper())


def around(bound: arb) -> arb:
    """The ball [-bound, bound]."""
    return arb(0, bound.abs_upper())


@dataclass(frozen=True, eq=False)
class Balls:
    """What is proved of one problem: ``p`` and ``log`` hold p_f* and its logarithms, ``value`` the infimum of L.

    ``f``: the iterate, one rational for each row of Phi.  ``certified``: a minimiser exists; else the balls are at f.
    """

    certified: bool
    f: tuple[fmpq, ...]
    p: tuple[arb, ...]
    log: tuple[arb, ...]
    value: arb


def law(features: Sequence[Sequence[float]], f: Sequence[fmpq]) -> tuple[list[arb], list[arb], arb]:
    """p_f, log p_f and the log partition at a rational f."""
    columns = zip(*[[rational(x) for x in row] for row in features], strict=True)
    logits = [whole(sum((a * x for a, x in zip(f, column, strict=True)), fmpq(0))) for column in columns]
    top = max(logits, key=lambda x: float(x.mid()))
    level = top + sum(((x - top).exp() for x in logits), arb(0)).log()
    logs = [x - level for x in logits]
    return [x.exp() for x in logs], logs, level


def loss(features: Sequence[Sequence[float]], weights: Sequence[int], f: Sequence[fmpq]) -> arb:
    """L(f) = -sum p*_w log p_f(w)."""
    _, logs, _ = law(features, f)
    total = sum(weights)
    return -sum((x * n for n, x in zip(weights, logs, strict=True) if n), arb(0)) / total


def certify(features: Sequence[Sequence[float]], weights: Sequence[int], start: Sequence[float], bits: int) -> Balls:
    """Polish ``start`` (d,) by Newton steps, then prove where a minimiser lies.  Works at the caller's precision."""
    rows = independent_rows(tuple(map(tuple, features)))
    total = sum(weights)
    f = [rational(float(x)) for x in start]
    exact = [[rational(x) for x in features[i]] for i in rows]
    centre = [sum((x * n for x, n in zip(row, weights, strict=True)), fmpq(0)) / total for row in exact]
    table = [[x - c for x in row] for row, c in zip(exact, centre, strict=True)]
    columns = [[whole(row[w]) for row in table] for w in range(len(weights))]
    k = len(rows)
    if k == 0:
        p, logs, _ = law(features, f)
        return Balls(True, tuple(f), tuple(p), tuple(logs), loss(features, weights, f))
    tiny = arb(2) ** (-bits)
    for attempt in range(POLISH):
        p, logs, _ = law(features, f)
        mean = [_dot(p, row) for row in zip(*columns, strict=True)]
        arms = [[x - m for x, m in zip(column, mean, strict=True)] for column in columns]
        flat = [
            sum((q * a[i] * a[j] for q, a in zip(p, arms, strict=True)), arb(0)) for i in range(k) for j in range(k)
        ]
        covariance = flint.arb_mat(k, k, flat)
        try:
            inverse = covariance.inv()
        except ZeroDivisionError:
            break
        # The mean of centred features is the gradient.
        gradient = flint.arb_mat(k, 1, mean)
        move = inverse * gradient
        square = _dot(mean, [move[i, 0] for i in range(k)])
        if attempt == POLISH - 1 or square.abs_upper() < tiny:
            return _proved(features, weights, f, p, logs, arms, inverse, square)
        if not square < arb(1):
            break
        for position, i in enumerate(rows):
            f[i] = f[i] - _rational(move[position, 0])
    p, logs, _ = law(features, f)
    return Balls(False, tuple(f), tuple(p), tuple(logs), loss(features, weights, f))


def _proved(
    features: Sequence[Sequence[float]], weights: Sequence[int], f: list[fmpq], p: list[arb], logs: list[arb],
    arms: list[list[arb]], inverse: flint.arb_mat, square: arb,
) -> Balls:  # fmt: skip
    k = inverse.nrows()
    decrement = square.abs_upper().sqrt().abs_upper()
    norms = []
    for arm in arms:
        column = flint.arb_mat(k, 1, arm)
        norms.append(((column.transpose() * inverse * column)[0, 0]).abs_upper().sqrt().abs_upper())
    # Floats order them: what ties among floats is within this factor.
    reach = sum(sorted(norms, key=float)[-2:], arb(0)) * (1 + arb(2) ** -50)
    product = decrement * reach
    if not product < arb(0.5):
        return Balls(False, tuple(f), tuple(p), tuple(logs), loss(features, weights, f))
    radius = decrement / (1 - product)
    bend = radius * radius * (reach * radius).exp() / 2
    moved = [around(n * radius + bend) for n in norms]
    near = [x + m for x, m in zip(logs, moved, strict=True)]
    value = loss(features, weights, f) - up_to(decrement * decrement)
    return Balls(True, tuple(f), tuple(q * m.exp() for q, m in zip(p, moved, strict=True)), tuple(near), value)


def _dot(a: Sequence[arb], b: Sequence[arb]) -> arb:
    return sum((x * y for x, y in zip(a, b, strict=True)), arb(0))


def _rational(x: arb) -> fmpq:
    mantissa, exponent = x.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)
