"""How a batch of deep linear nets moves: factors, gradients and rates as matrix balls.

Nothing here knows an ordinary differential equation of the singular values: the end-to-end velocity is the sum
over the factors Σ_j W_N…W_{j+1} Ẇ_j W_{j-1}…W_1 with Ẇ_j = -(W_N…W_{j+1})ᵀ ∇ℓ(W) (W_{j-1}…W_1)ᵀ - λ W_j, or for
a finite step the increment of the product over the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from .balls import TINY, UNIT, UP, MatrixBall, ScalarBall, frobenius, gamma, matrix_ball, stacked, where
from .deep_linear_net import SENSORS, Data, DeepLinear, data_of

EXP = 8 * UNIT
"""Relative error of exp in float64: libraries document 1 unit in the last place, four are allowed here."""


@dataclass(frozen=True, eq=False)
class Group:
    """Nets of one depth, zero-padded to one width n (padding is invariant under the motion).

    ``elements`` (B,): positions in the batch.  ``left``, ``right`` (B): the singular frames.  ``factors``
    (B, depth).  ``sigma``: signed singular values (B, n), exactly 0 beyond their number; ``values``: those of the factors, unsigned.
    """

    nets: tuple[DeepLinear, ...]
    elements: np.ndarray
    left: MatrixBall
    right: MatrixBall
    factors: MatrixBall
    sigma: ScalarBall
    values: Tensor
    step: Tensor
    decay: Tensor
    data: Data

    @property
    def depth(self) -> int:
        """Number of factors."""
        return self.nets[0].depth

    def column(self, name: str) -> np.ndarray:
        """A field of the nets, one value each."""
        return np.array([getattr(net, name) for net in self.nets])


def groups(batch: Sequence[DeepLinear], device: torch.device) -> Iterator[Group]:
    """The batch, grouped by depth and layout."""
    keyed: dict[tuple[int, int], list[int]] = {}
    for position, net in enumerate(batch):
        keyed.setdefault((net.depth, net.span), []).append(position)
    for positions in keyed.values():
        yield _group(tuple(batch[p] for p in positions), np.array(positions), device)


def _tensor(values: np.ndarray, device: torch.device) -> Tensor:
    return torch.as_tensor(np.ascontiguousarray(values, dtype=np.float64), device=device)


def _group(nets: tuple[DeepLinear, ...], elements: np.ndarray, device: torch.device) -> Group:
    data = data_of(nets)
    depth, n, count = nets[0].depth, data.inside.shape[-1], len(nets)
    inside, slack = _tensor(data.inside, device), gamma(_tensor(data.widths, device))
    frames = _frames(_tensor(data.reflections, device), inside, slack)
    padded = np.zeros((2, count, n))
    for k, net in enumerate(nets):
        padded[0, k, : len(net.signs)] = net.factor_values
        padded[1, k, : len(net.signs)] = net.signs
    values, signs = _tensor(padded[0], device), _tensor(padded[1], device)
    scales = values[:, None, :].repeat(1, depth, 1)
    scales[:, -1] *= signs
    # Only the columns that carry singular values enter the products.
    carried, rank = signs.abs()[:, None, None, :], gamma(signs.abs().sum(-1))[:, None].expand(count, depth)
    kept = matrix_ball(frames.mid * carried, frames.rad, slack, slack)
    kept = MatrixBall(kept.mid, kept.rad, frames.norm, kept.size, slack, rank[:, :1].expand(slack.shape))
    factors = kept[:, 1:].columns_scaled(scales) @ kept[:, :-1].T
    gauges = _tensor(np.array([net.gauge for net in nets]), device)
    if depth > 1 and bool((gauges > 0).any()):
        factors = _unbalanced(factors, nets, data, gauges, inside)
    power = values
    for _ in range(depth - 1):
        power = power * values
    # A power may underflow, to 0 even; the number 0 is exact.
    sigma = ScalarBall(power * signs, power * (gamma(depth - 1) * UP) + (values > 0).to(values.dtype) * TINY)
    step, decay = (_tensor(np.array([getattr(net, name) for net in nets]), device) for name in ("step", "decay"))
    return Group(nets, elements, frames[:, -1], frames[:, 0], factors, sigma, values, step, decay, data)


def _frames(vectors: Tensor, inside: Tensor, slack: Tensor) -> MatrixBall:
    """Q = (I - 2vvᵀ/v²)(I - 2wwᵀ/w²) for the pairs v, w of ``vectors`` (B, frames, 2, n) of integers.

    Over the common denominator v²w² the numerators are exact integers, so that each entry is rounded once.
    """
    squares = (vectors * vectors).sum(-1).clamp(min=1)[..., None, None]
    v, w, vv, ww = vectors[:, :, 0, :], vectors[:, :, 1, :], squares[:, :, 0], squares[:, :, 1]
    inner = (v * w).sum(-1)[..., None, None]
    down, cross = v[..., :, None], w[..., None, :]
    above = torch.diag_embed(inside) * (vv * ww) - 2 * ww * (down * v[..., None, :])
    above = above + 4 * inner * (down * cross) - 2 * vv * (w[..., :, None] * cross)
    mid = above / (vv * ww)
    size = frobenius(mid)
    rad = (vectors != 0).any(-1).any(-1) * (UNIT * UP * size)
    return MatrixBall(mid, rad, (1 + rad) * UP, size, slack, slack)


def _unbalanced(
    factors: MatrixBall, nets: tuple[DeepLinear, ...], data: Data, gauges: Tensor, inside: Tensor
) -> MatrixBall:
    """W_j → T W_j and W_{j+1} → W_{j+1} T⁻¹ at the gauge layer, T = c(I + P), P = vvᵀ/vᵀv, c = 1 + gauge in float64."""
    device, depth = gauges.device, nets[0].depth
    layer = torch.as_tensor(data.gauge_layers, device=device)
    pick = torch.arange(len(nets), device=device)
    vectors, eye = _tensor(data.gauge, device), torch.diag_embed(inside[pick, layer])
    squares = (vectors * vectors).sum(-1).clamp(min=1)[:, None, None]
    projection = vectors[:, :, None] * vectors[:, None, :] / squares
    scale = (1 + gauges)[:, None, None]
    mid, inverse = (eye + projection) * scale, (eye - projection / 2) / scale
    # P carries u ‖P‖ ≤ u; the sum and the scaling round once each.
    rad = (UNIT + UNIT * frobenius(eye + projection)) * (1 + gauges) + UNIT * frobenius(mid)
    rad_inverse = (UNIT + UNIT * frobenius(eye)) / (1 + gauges) + UNIT * frobenius(inverse)
    upper, lower = factors[pick, layer], factors[pick, layer - 1]
    slack = upper.across
    lower = matrix_ball(mid, rad * UP, slack, slack) @ lower
    upper = upper @ matrix_ball(inverse, rad_inverse * UP, slack, slack)
    index, chosen = torch.arange(1, depth + 1, device=device), gauges[:, None] > 0
    factors = where(chosen & (index == layer[:, None]), stacked([lower] * depth), factors)
    return where(chosen & (index == layer[:, None] + 1), stacked([upper] * depth), factors)


def gradient(group: Group, product: MatrixBall) -> MatrixBall:
    """∇ℓ(W) of every net's own loss, at balls of end-to-end matrices."""
    device, data = product.mid.device, group.data
    names, found = group.column("loss"), None
    observed = _tensor(data.observed, device)
    for loss in dict.fromkeys(names.tolist()):
        if loss == "sensing":
            part = _sensing(data, product)
        elif loss == "logistic":
            labels = _tensor(data.labels, device)
            mid = -labels * observed / (1 + torch.exp(labels * product.mid))
            # |σ'| <= 1/4; beyond the range of exp the true gradient is below 1e-300.
            rad = (product.rad / 4 + (EXP + 4 * UNIT) * frobenius(mid)) * UP + TINY
            part = matrix_ball(mid, rad, product.down, product.across)
        else:
            part = (product - matrix_ball(_tensor(data.target / 8, device), None, product.down, product.across)).masked(
                observed
            )
            if loss == "huber":
                part = matrix_ball(part.mid.clamp(-1, 1), part.rad, part.down, part.across)
        found = part if found is None else where(torch.as_tensor(names == loss, device=device), part, found)
    assert found is not None
    return found


def _sensing(data: Data, product: MatrixBall) -> MatrixBall:
    """Σ_k (⟨A_k, W⟩ - b_k) A_k, with the measurements as one matrix over vec(W)."""
    batch, n = product.mid.shape[0], product.mid.shape[-1]
    device = product.mid.device
    entries = gamma(_tensor(data.widths[:, 0] * data.widths[:, -1], device))
    sensors = matrix_ball(_tensor(data.sensors.reshape(batch, SENSORS, n * n), device), None, None, entries)
    vector = matrix_ball(product.mid.reshape(batch, n * n, 1), product.rad, entries)
    misfit = sensors @ vector - matrix_ball(_tensor(data.readings[:, :, None] / 8, device))
    back = sensors.T @ misfit
    return matrix_ball(back.mid.reshape(batch, n, n), back.rad, product.down, product.across)


@dataclass(frozen=True, eq=False)
class Motion:
    """End-to-end matrix, its loss gradient, minus the factors' gradients (decay excluded), rates and velocity."""

    product: MatrixBall
    loss_gradient: MatrixBall
    descent: MatrixBall
    rates: MatrixBall
    velocity: MatrixBall


def chains(factors: MatrixBall) -> tuple[list[MatrixBall], list[MatrixBall]]:
    """For j = 1…N the products W_N…W_{j+1} and W_{j-1}…W_1; the empty ones are identities."""
    depth, n = factors.mid.shape[-3], factors.mid.shape[-1]
    eye = torch.eye(n, dtype=torch.float64, device=factors.mid.device).expand(factors.mid[:, 0].shape)
    unit = matrix_ball(eye)
    # A product with the identity rounds nothing: a γ of 0.
    none = torch.zeros_like(unit.rad)
    after = [MatrixBall(eye, none, 1 + none, unit.size, none, none)]
    before = [after[0]]
    for j in range(depth - 1):
        after.append(after[-1] @ factors[:, depth - 1 - j] if j else factors[:, depth - 1])
        before.append(factors[:, j] @ before[-1] if j else factors[:, 0])
    return after[::-1], before


def motion(group: Group) -> Motion:
    """The motion of every net of the group."""
    factors, depth = group.factors, group.depth
    after, before = (stacked(part) for part in chains(factors))
    product = factors[:, -1] @ before[:, -1] if depth > 1 else factors[:, 0]
    slope = gradient(group, product)
    descent = -(after.T @ stacked([slope] * depth) @ before.T if depth > 1 else stacked([slope]))
    # The empty products round nothing and say γ = 0, which is not how many rows and columns a gradient has.
    descent = replace(descent, down=factors.down, across=factors.across)
    rates = descent
    if bool((group.decay > 0).any()):
        rates = rates - factors.scaled(group.decay[:, None])
    velocity = (after @ rates @ before).total() if depth > 1 else rates[:, 0]
    if bool((group.step > 0).any()):
        moved = advanced(group, rates)
        last = moved[:, 0]
        for j in range(1, depth):
            last = moved[:, j] @ last
        velocity = where(group.step > 0, _over(last - product, group.step), velocity)
    return Motion(product, slope, descent, rates, velocity)


def advanced(group: Group, rates: MatrixBall) -> MatrixBall:
    """The factors after one step of each net's own size."""
    return group.factors + rates.scaled(group.step[:, None])


def _over(ball: MatrixBall, step: Tensor) -> MatrixBall:
    """The ball divided by positive exact steps; where the step is 0 the result is not used."""
    step = torch.where(step > 0, step, 1.0)
    mid = ball.mid / step[..., None, None]
    rad = (ball.rad / step + UNIT * frobenius(mid)) * UP
    return matrix_ball(mid, rad, ball.down, ball.across)


def balances(factors: MatrixBall) -> MatrixBall:
    """W_{j+1}ᵀ W_{j+1} - W_j W_jᵀ for j = 1…N-1."""
    upper, lower = factors[:, 1:], factors[:, :-1]
    return upper.T @ upper - lower @ lower.T
