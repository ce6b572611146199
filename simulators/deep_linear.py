"""Deep linear nets at one moment: singular values, singular vectors, balance, and their measured rates.

Every observer takes nets whose singular value decomposition is known by construction (`DeepLinear`), moves their
factors, and reads the motion off in singular coordinates: K_rs = u_rᵀ Ẇ v_s.  Radii are proved rounding errors
(`balls`); the same rows in exact rationals or arb balls come from `deep_linear_exact`.
Source of the set-up: Arora, Cohen, Hu, Luo (2019), arXiv:1905.13655.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from . import deep_linear_exact as exactly
from .balls import MatrixBall, ScalarBall
from .deep_linear_motion import Group, advanced, balances, groups, motion
from .deep_linear_net import (
    DeepLinear,
    Positions,
    balance_positions,
    complement_positions,
    entry_positions,
    pair_positions,
    singular_positions,
)
from .measurement import Measurement, Measurements, integers, reals, simulator

Columns = dict[str, ScalarBall | np.ndarray]
Measure = Callable[[Group, Tensor, Tensor], Columns]
"""(group, net of each row, position of each row) to columns: balls, or exact integers."""


def _table(
    batch: tuple[DeepLinear, ...],
    device: torch.device,
    names: str,
    positions: Callable[[tuple[int, ...]], Positions],
    measure: Measure,
) -> Measurements:
    """The columns of all groups, in the order of the batch."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    elements, places = [], []
    for group in groups(batch, device):
        rows = [positions(net.widths) for net in group.nets]
        owner = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        place = np.array([p for r in rows for p in r], dtype=np.int64).reshape(len(owner), len(names.split()))
        elements.append(group.elements[owner])
        places.append(place)
        columns = measure(group, torch.as_tensor(owner, device=device), torch.as_tensor(place, device=device))
        for name, column in columns.items():
            pair = (
                (column.mid.cpu().numpy(), column.rad.cpu().numpy())
                if isinstance(column, ScalarBall)
                else (column[owner], np.zeros(0))
            )
            found.setdefault(name, []).append(pair)
    element = np.concatenate(elements)
    order = np.argsort(element, kind="stable")
    table: dict[str, Measurement] = {}
    for name, parts in found.items():
        mid = np.concatenate([p[0] for p in parts])[order]
        if mid.dtype.kind == "i":
            table[name] = integers(mid.tolist())
        else:
            table[name] = reals(mid, np.concatenate([p[1] for p in parts])[order])
    place = np.concatenate(places)[order]
    return Measurements(table, element[order], {n: place[:, k] for k, n in enumerate(names.split())})


def _given(group: Group, row: Tensor) -> Columns:
    """Depth, and how far the net is from a balanced gradient flow."""
    if group.depth > 1:
        imbalance = balances(group.factors).length()
    else:
        imbalance = ScalarBall(torch.zeros_like(group.step), torch.zeros_like(group.step))
    return {"N": group.column("depth"), "imbalance": imbalance[row], **_steps(group, row)}


def _steps(group: Group, row: Tensor) -> Columns:
    zero = torch.zeros_like(group.step[row])
    return {"eta": ScalarBall(group.step[row], zero), "decay": ScalarBall(group.decay[row], zero)}


def _in_frames(group: Group, matrices: MatrixBall) -> MatrixBall:
    """UᵀXV, entry by entry."""
    return matrices.between(group.left, group.right)


def _rates(group: Group, row: Tensor, place: Tensor) -> Columns:
    moving, r = motion(group), place[:, 0]
    return {
        "sigma": group.sigma[row, r],
        "sigma_dot": _in_frames(group, moving.velocity).entry(row, r, r),
        "g": _in_frames(group, moving.loss_gradient).entry(row, r, r),
        **_given(group, row),
    }


@simulator("N sigma sigma_dot g imbalance eta decay", limited_by="rounding", precisely=exactly.rates)
def observe_rates(
    batch: tuple[DeepLinear, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (net, r): signed singular value σ_r, its rate u_rᵀ Ẇ v_r and the gradient component u_rᵀ ∇ℓ v_r."""
    return _table(batch, device, "r", singular_positions, _rates)


def _entries(group: Group, row: Tensor, place: Tensor) -> Columns:
    moving, (r, s) = motion(group), place.unbind(1)
    return {
        "sigma_r": group.sigma[row, r],
        "sigma_s": group.sigma[row, s],
        "velocity": _in_frames(group, moving.velocity).entry(row, r, s),
        "g_rs": _in_frames(group, moving.loss_gradient).entry(row, r, s),
        **_given(group, row),
    }


@simulator("N sigma_r sigma_s velocity g_rs imbalance eta decay", limited_by="rounding", precisely=exactly.entries)
def observe_entries(
    batch: tuple[DeepLinear, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (net, r, s) over all left and right directions: the velocity u_rᵀ Ẇ v_s and the gradient u_rᵀ ∇ℓ v_s."""
    return _table(batch, device, "r s", entry_positions, _entries)


def _vectors(group: Group, row: Tensor, place: Tensor) -> Columns:
    moving, (r, s) = motion(group), place.unbind(1)
    velocity, slope = _in_frames(group, moving.velocity), _in_frames(group, moving.loss_gradient)
    one, other = velocity.entry(row, r, s), velocity.entry(row, s, r)
    here, there = group.sigma[row, r], group.sigma[row, s]
    tied = group.values[row, r].abs() == group.values[row, s].abs()
    turn_u, turn_v = _turns(one, other, here, there, tied)
    difference = there * there - here * here
    gap = ScalarBall(torch.where(tied, 0.0, difference.mid), torch.where(tied, 0.0, difference.rad))
    return {
        "sigma_r": here, "sigma_s": there, "turn_u": turn_u, "turn_v": turn_v, "gap": gap,
        "g_rs": slope.entry(row, r, s), "g_sr": slope.entry(row, s, r), **_given(group, row),
    }  # fmt: skip


def _turns(
    one: ScalarBall, other: ScalarBall, here: ScalarBall, there: ScalarBall, tied: Tensor
) -> tuple[ScalarBall, ScalarBall]:
    """Least-norm least-squares a, b of K_rs = σ_s a - σ_r b, K_sr = -σ_r a + σ_s b.

    For |σ_r| ≠ |σ_s| the one solution a = u_rᵀ u̇_s, b = v_rᵀ v̇_s.  For a tie the system is singular: its
    pseudo-inverse is its own matrix over 4σ², and at σ = 0 it is 0.
    """
    minus = ScalarBall(-here.mid, here.rad)
    first = ScalarBall(torch.where(tied, minus.mid, here.mid), here.rad)
    square, zero = there * there, tied & (there.mid == 0) & (there.rad == 0)
    four = ScalarBall(4 * square.mid, 4 * square.rad)
    spread = square - here * here
    divisor = ScalarBall(torch.ones_like(here.mid), torch.zeros_like(here.mid)).where(zero, four.where(tied, spread))
    return (there * one + first * other) / divisor, (first * one + there * other) / divisor


@simulator(
    "N sigma_r sigma_s g_rs g_sr turn_u turn_v gap imbalance eta decay",
    limited_by="rounding",
    precisely=exactly.vectors,
)
def observe_vectors(
    batch: tuple[DeepLinear, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (net, r < s): the turning rates u_rᵀ u̇_s and v_rᵀ v̇_s of the singular vectors.

    They come from the measured Ẇ by first-order perturbation, Ẇ = U̇SVᵀ + UṠVᵀ + USV̇ᵀ, as its least-norm
    least-squares solution (`_turns`): the derivatives themselves where |σ_r| ≠ |σ_s|, their best approximation
    at a tie.  Radii grow as 1 / |σ_s² - σ_r²|.  ``gap`` is σ_s² - σ_r², exactly 0 at a tie.
    """
    return _table(batch, device, "r s", pair_positions, _vectors)


def _complement(group: Group, row: Tensor, place: Tensor) -> Columns:
    moving, (r, s) = motion(group), place.unbind(1)
    inner = torch.minimum(r, s)
    sigma = group.sigma[row, inner]
    return {
        "sigma": sigma,
        "turn_out": _in_frames(group, moving.velocity).entry(row, r, s) / sigma,
        "g_out": _in_frames(group, moving.loss_gradient).entry(row, r, s),
        "gap": sigma * sigma,
        **_given(group, row),
    }


@simulator("N sigma turn_out g_out gap imbalance eta decay", limited_by="rounding", precisely=exactly.complement)
def observe_complement(
    batch: tuple[DeepLinear, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (net, q, s) or (net, r, q), q outside the range: u_qᵀ u̇_s = K_qs / σ_s, or v_qᵀ v̇_r = K_rq / σ_r.

    For rectangular nets with non-zero singular values; ``gap`` is σ², the distance to the value 0 of the complement.
    """
    return _table(batch, device, "r s", complement_positions, _complement)


def _grams(factors: MatrixBall, layer: tuple[Tensor, Tensor], p: Tensor, q: Tensor) -> tuple[ScalarBall, ScalarBall]:
    """Entries of W_{j+1}ᵀ W_{j+1} and of W_j W_jᵀ."""
    upper, lower = factors[:, 1:], factors[:, :-1].T
    return upper.dots(upper, *layer, p, q), lower.dots(lower, *layer, p, q)


def _gram_rates(group: Group, row: Tensor, place: Tensor) -> Columns:
    rates, stepping = motion(group).rates, (group.step > 0)[row]
    layer, p, q = place.unbind(1)
    at = (row, layer - 1)
    found = []
    for factor, rate in ((group.factors[:, 1:], rates[:, 1:]), (group.factors[:, :-1].T, rates[:, :-1].T)):
        found.append(factor.dots(rate, *at, p, q) + rate.dots(factor, *at, p, q))
    if bool(stepping.any()):
        step = torch.where(stepping, group.step[row], 1.0)
        size = ScalarBall(step, torch.zeros_like(step))
        pairs = zip(_grams(advanced(group, rates), at, p, q), _grams(group.factors, at, p, q), found, strict=True)
        found = [((after - before) / size).where(stepping, flow) for after, before, flow in pairs]
    return {"gram_rate_upper": found[0], "gram_rate_lower": found[1], **_steps(group, row)}


@simulator("gram_rate_upper gram_rate_lower eta decay", limited_by="rounding", precisely=exactly.gram_rates)
def observe_gram_rates(
    batch: tuple[DeepLinear, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (net, layer, p, q): the rates of an entry of W_{j+1}ᵀ W_{j+1} and of W_j W_jᵀ, by the product rule.

    For nets of depth 2 or more.
    """
    return _table(batch, device, "layer p q", balance_positions, _gram_rates)


def _descent(group: Group, row: Tensor, place: Tensor) -> Columns:
    descent = motion(group).descent
    layer, p, q = place.unbind(1)
    at = (row, layer - 1)
    upper, lower = _grams(descent, at, p, q)
    before, after = _grams(group.factors, at, p, q), _grams(advanced(group, descent), at, p, q)
    return {
        "defect": before[0] - before[1],
        "defect_next": after[0] - after[1],
        "gram_upper": upper,
        "gram_lower": lower,
        **_steps(group, row),
    }


@simulator("eta decay defect defect_next gram_upper gram_lower", limited_by="rounding", precisely=exactly.descent)
def observe_descent(
    batch: tuple[DeepLinear, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (net, layer, p, q): entries of D_j = W_{j+1}ᵀ W_{j+1} - W_j W_jᵀ before and after one step of gradient
    descent, of G_{j+1}ᵀ G_{j+1} and of G_j G_jᵀ, with G_j the loss gradient of factor j.

    For nets of depth 2 or more; weight decay is left out of the step.
    """
    return _table(batch, device, "layer p q", balance_positions, _descent)
