"""Deep linear nets in exact arithmetic: one net at a time, rationals where the loss is rational, else arb balls.

The frames of a `DeepLinear` are rational and floats are dyadic rationals, so that completion, sensing and Huber
losses give exact rows; the logistic loss gives balls of the precision asked for.  The rows and their order are
those of `deep_linear`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat, fmpz

from .deep_linear_net import (
    SENSORS,
    Data,
    DeepLinear,
    Positions,
    balance_positions,
    complement_positions,
    data_of,
    entry_positions,
    pair_positions,
    singular_positions,
)
from .measurement import Measurements, balls, integers

Matrix = Any  # fmpq_mat | arb_mat


def rational(value: float) -> fmpq:
    """The float64 number as the rational that it is."""
    return fmpq(*(fmpz(part) for part in float(value).as_integer_ratio()))


@dataclass(frozen=True, eq=False)
class Moving:
    """What `deep_linear_motion` holds in balls: factors and matrices of one net, exact or in arb."""

    net: DeepLinear
    left: Matrix
    right: Matrix
    sigma: list[fmpq]
    factors: list[Matrix]
    loss_gradient: Matrix
    descent: list[Matrix]
    rates: list[Matrix]
    velocity: Matrix


def _identity(n: int) -> fmpq_mat:
    return fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def _projection(vector: Sequence[int]) -> fmpq_mat:
    """vvᵀ/vᵀv, or 0 for v = 0."""
    square = sum(v * v for v in vector) or 1
    return fmpq_mat(len(vector), len(vector), [fmpq(a * b, square) for a in vector for b in vector])


def _frame(pair: np.ndarray, width: int) -> fmpq_mat:
    one, other = (_identity(width) - 2 * _projection([int(v) for v in row[:width]]) for row in pair)
    return one * other


def _chain(matrices: Sequence[Matrix], width: int) -> Matrix:
    """The product of the matrices, first one leftmost; the identity for none."""
    found: Matrix = None
    for matrix in matrices:
        found = matrix if found is None else found * matrix
    return _identity(width) if found is None else found


def _factors(net: DeepLinear, frames: list[fmpq_mat], data: Data) -> list[Matrix]:
    widths, values = net.widths, [rational(s) for s in net.factor_values]
    factors = []
    for j in range(1, net.depth + 1):
        entries = [fmpq(0)] * (widths[j] * widths[j - 1])
        for r, value in enumerate(values):
            entries[r * widths[j - 1] + r] = value * (net.signs[r] if j == net.depth else 1)
        factors.append(frames[j] * fmpq_mat(widths[j], widths[j - 1], entries) * frames[j - 1].transpose())
    if net.gauge:
        layer = net.gauge_layer
        direction = _projection([int(v) for v in data.gauge[0, : widths[layer]]])
        eye, scale = _identity(widths[layer]), rational(1 + net.gauge)
        factors[layer - 1] = (eye + direction) * scale * factors[layer - 1]
        factors[layer] = factors[layer] * ((eye - direction * fmpq(1, 2)) * (1 / scale))
    return factors


def _gradient(net: DeepLinear, data: Data, product: Matrix) -> Matrix:
    rows, cols = net.rows, net.cols
    target, observed, labels = data.target[0], data.observed[0], data.labels[0]
    places = [(r, s) for r in range(rows) for s in range(cols)]
    if net.loss == "sensing":
        total = fmpq_mat(rows, cols)
        for k in range(SENSORS):
            sensor = fmpq_mat(rows, cols, [int(data.sensors[0, k, r, s]) for r, s in places])
            inner = sum((a * b for a, b in zip(sensor.entries(), product.entries(), strict=True)), fmpq(0))
            total = total + sensor * (inner - fmpq(int(data.readings[0, k]), 8))
        return total
    if net.loss == "logistic":
        found = []
        for r, s in places:
            y = int(labels[r, s])
            found.append(-y / (1 + (y * arb(product[r, s])).exp()) if observed[r, s] else arb(0))
        return arb_mat(rows, cols, found)
    differences = [(product[r, s] - fmpq(int(target[r, s]), 8)) if observed[r, s] else fmpq(0) for r, s in places]
    if net.loss == "huber":
        differences = [max(fmpq(-1), min(fmpq(1), d)) for d in differences]
    return fmpq_mat(rows, cols, differences)


def _move(net: DeepLinear) -> Moving:
    data, widths, depth = data_of([net]), net.widths, net.depth
    frames = [_frame(data.reflections[0, j], widths[j]) for j in range(depth + 1)]
    factors = _factors(net, frames, data)
    slope = _gradient(net, data, _chain(factors[::-1], 0))
    after = [_chain(factors[:j:-1], net.rows) for j in range(depth)]
    before = [_chain(factors[:j][::-1], net.cols) for j in range(depth)]
    descent = [after[j].transpose() * slope * before[j].transpose() * (-1) for j in range(depth)]
    decay = rational(net.decay)
    rates = [d - f * decay for d, f in zip(descent, factors, strict=True)]
    if net.step:
        moved = _stepped(net, factors, rates)
        velocity = (_chain(moved[::-1], 0) - _chain(factors[::-1], 0)) * (1 / rational(net.step))
    else:
        velocity = after[0] * rates[0] * before[0]
        for j in range(1, depth):
            velocity = velocity + after[j] * rates[j] * before[j]
    sigma = [sign * rational(s) ** depth for s, sign in zip(net.factor_values, net.signs, strict=True)]
    return Moving(net, frames[-1], frames[0], sigma, factors, slope, descent, rates, velocity)


def _stepped(net: DeepLinear, factors: list[Matrix], rates: list[Matrix]) -> list[Matrix]:
    return [f + r * rational(net.step) for f, r in zip(factors, rates, strict=True)]


def _grams(factors: list[Matrix]) -> tuple[list[Matrix], list[Matrix]]:
    """W_{j+1}ᵀ W_{j+1} and W_j W_jᵀ at every hidden layer."""
    return [f.transpose() * f for f in factors[1:]], [f * f.transpose() for f in factors[:-1]]


def _balances(factors: list[Matrix]) -> list[Matrix]:
    return [upper - lower for upper, lower in zip(*_grams(factors), strict=True)]


def _imbalance(moving: Moving) -> Any:
    squares = sum((x * x for defect in _balances(moving.factors) for x in defect.entries()), fmpq(0))
    return fmpq(0) if squares == 0 else arb(squares).sqrt()


Row = dict[str, Any]


def _exactly(
    net: DeepLinear,
    bits: int,
    columns: str,
    names: str,
    positions: Callable[[tuple[int, ...]], Positions],
    measure: Callable[[Moving], Callable[..., Row]],
    given: Callable[[Moving], Row],
) -> Measurements:
    with ctx.workprec(bits):
        moving, places = _move(net), positions(net.widths)
        steps = {"eta": rational(net.step), "decay": rational(net.decay), **given(moving)}
        at = measure(moving)
        rows = [steps | at(*place) for place in places]
        table = {name: balls(row[name] for row in rows) for name in (*columns.split(), *steps)}
    if "imbalance" in table:
        table["N"] = integers([net.depth] * len(rows))
    index = np.array(places, dtype=np.int64).reshape(len(rows), len(names.split()))
    return Measurements(table, np.zeros(len(rows)), {n: index[:, k] for k, n in enumerate(names.split())})


def _with_imbalance(moving: Moving) -> Row:
    return {"imbalance": _imbalance(moving)}


def _nothing(moving: Moving) -> Row:
    return {}


def _in_frames(moving: Moving, matrix: Matrix) -> Matrix:
    return moving.left.transpose() * matrix * moving.right


def _value(moving: Moving, r: int) -> fmpq:
    return moving.sigma[r] if r < len(moving.sigma) else fmpq(0)


def rates(net: DeepLinear, bits: int) -> Measurements:
    """`deep_linear.observe_rates`, exactly."""

    def measure(moving: Moving) -> Callable[..., Row]:
        velocity, slope = _in_frames(moving, moving.velocity), _in_frames(moving, moving.loss_gradient)
        return lambda r: {"sigma": moving.sigma[r], "sigma_dot": velocity[r, r], "g": slope[r, r]}

    return _exactly(net, bits, "sigma sigma_dot g", "r", singular_positions, measure, _with_imbalance)


def entries(net: DeepLinear, bits: int) -> Measurements:
    """`deep_linear.observe_entries`, exactly."""

    def measure(moving: Moving) -> Callable[..., Row]:
        velocity, slope = _in_frames(moving, moving.velocity), _in_frames(moving, moving.loss_gradient)
        return lambda r, s: {
            "sigma_r": _value(moving, r), "sigma_s": _value(moving, s),
            "velocity": velocity[r, s], "g_rs": slope[r, s],
        }  # fmt: skip

    return _exactly(net, bits, "sigma_r sigma_s velocity g_rs", "r s", entry_positions, measure, _with_imbalance)


def vectors(net: DeepLinear, bits: int) -> Measurements:
    """`deep_linear.observe_vectors`, exactly."""

    def measure(moving: Moving) -> Callable[..., Row]:
        velocity, slope = _in_frames(moving, moving.velocity), _in_frames(moving, moving.loss_gradient)

        def at(r: int, s: int) -> Row:
            here, there = moving.sigma[r], moving.sigma[s]
            one, other, gap = velocity[r, s], velocity[s, r], there**2 - here**2
            first, divisor = (here, gap) if gap else (-here, 4 * there**2 or fmpq(1))
            return {
                "sigma_r": here, "sigma_s": there, "gap": gap, "g_rs": slope[r, s], "g_sr": slope[s, r],
                "turn_u": (there * one + first * other) / divisor, "turn_v": (first * one + there * other) / divisor,
            }  # fmt: skip

        return at

    return _exactly(
        net, bits, "sigma_r sigma_s gap g_rs g_sr turn_u turn_v", "r s", pair_positions, measure, _with_imbalance
    )


def complement(net: DeepLinear, bits: int) -> Measurements:
    """`deep_linear.observe_complement`, exactly."""

    def measure(moving: Moving) -> Callable[..., Row]:
        velocity, slope = _in_frames(moving, moving.velocity), _in_frames(moving, moving.loss_gradient)

        def at(r: int, s: int) -> Row:
            sigma = moving.sigma[min(r, s)]
            return {"sigma": sigma, "turn_out": velocity[r, s] / sigma, "g_out": slope[r, s], "gap": sigma**2}

        return at

    return _exactly(net, bits, "sigma turn_out g_out gap", "r s", complement_positions, measure, _with_imbalance)


def gram_rates(net: DeepLinear, bits: int) -> Measurements:
    """`deep_linear.observe_gram_rates`, exactly."""

    def measure(moving: Moving) -> Callable[..., Row]:
        factors, moves = moving.factors, moving.rates
        if net.step:
            before, after = _grams(factors), _grams(_stepped(net, factors, moves))
            rate = [
                [(b - a) * (1 / rational(net.step)) for a, b in zip(*pair, strict=True)]
                for pair in zip(before, after, strict=True)
            ]
        else:
            upper = [f.transpose() * m for f, m in zip(factors[1:], moves[1:], strict=True)]
            lower = [m * f.transpose() for f, m in zip(factors[:-1], moves[:-1], strict=True)]
            rate = [[u + u.transpose() for u in upper], [w + w.transpose() for w in lower]]
        return lambda layer, p, q: {
            "gram_rate_upper": rate[0][layer - 1][p, q],
            "gram_rate_lower": rate[1][layer - 1][p, q],
        }

    return _exactly(net, bits, "gram_rate_upper gram_rate_lower", "layer p q", balance_positions, measure, _nothing)


def descent(net: DeepLinear, bits: int) -> Measurements:
    """`deep_linear.observe_descent`, exactly."""

    def measure(moving: Moving) -> Callable[..., Row]:
        upper, lower = _grams(moving.descent)
        tables = {
            "defect": _balances(moving.factors),
            "defect_next": _balances(_stepped(net, moving.factors, moving.descent)),
            "gram_upper": upper,
            "gram_lower": lower,
        }
        return lambda layer, p, q: {name: table[layer - 1][p, q] for name, table in tables.items()}

    return _exactly(
        net, bits, "defect defect_next gram_upper gram_lower", "layer p q", balance_positions, measure, _nothing
    )
