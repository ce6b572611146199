"""Singular triplets of the end-to-end matrix of integrated factors, with error bars by perturbation theory.

The matrix is known within δ in 2-norm.  Computed vectors û, v̂ are an approximate eigenvector of the dilation
[[0, W], [Wᵀ, 0]], whose eigenvalues are ±σ_r and zeros: an eigenvalue lies within the residual ε of σ̂ (Weyl), and the
true vectors within 2 ε / gap of the computed ones, gap the distance from σ̂ to the other eigenvalues (Davis–Kahan).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .deep_linear_flow import Trained
from .factor_flow import spectral_bound
from .flow import UNIT_ROUNDOFF

UP = 1 + 2.0**-20
"""Covers the rounding of radii."""


@dataclass(frozen=True, eq=False)
class EndToEnd:
    """W = W_N ⋯ W_1, its velocity and −∇ℓ (rows, d, d), each with a radius (rows,) in 2-norm."""

    matrix: torch.Tensor
    matrix_radius: torch.Tensor
    velocity: torch.Tensor
    velocity_radius: torch.Tensor
    residual: torch.Tensor
    residual_radius: torch.Tensor


def end_to_end(group: Trained) -> EndToEnd:
    """The end-to-end matrix after training and how it moves, from the motion of each factor."""
    flow, state, bar = group.flow, group.after, group.bar
    depth, width = flow.depth, state.shape[-1]
    size = spectral_bound(state)
    length = torch.linalg.vector_norm(state, dim=(2, 3)).amax(0)
    matrix = flow.end_to_end(state)
    others = torch.stack([torch.cat([size[:j], size[j + 1 :]]).prod(0) for j in range(depth)])
    # Σ_j bar_j Π_{k≠j} ‖W_k‖ with Σ_j bar_j² ≤ bar², plus everything of second order.
    second = (size + bar).prod(0) - size.prod(0) - bar * others.sum(0)
    chain = (depth + 1) * (width + 2) * UNIT_ROUNDOFF
    # The difference cancels: what its terms are rounded by is added.
    second = second.clamp_min(0) + 4 * depth * UNIT_ROUNDOFF * (size + bar).prod(0)
    off = (bar * torch.linalg.vector_norm(others, dim=0) + second + chain * length**depth) * UP

    velocity, residual = torch.empty_like(state), torch.empty_like(matrix)
    flow.velocity(state, velocity)
    flow.loss.residual(matrix, residual)
    slope = spectral_bound(residual)
    bend = flow.loss.bend()
    slope_off = (bend * off + flow.loss.noise(length**depth)) * UP
    decay = torch.zeros_like(bar) if flow.decay is None else flow.decay

    motion, far, near = torch.zeros_like(matrix), torch.zeros_like(bar), torch.zeros_like(bar)
    for j in range(depth):
        term = velocity[j]
        for k in range(j + 1, depth):
            term = state[k] @ term
        for k in range(j - 1, -1, -1):
            term = term @ state[k]
        motion += term
        wide = others[j].new_ones(()) * torch.cat([size[:j], size[j + 1 :]]).add(bar).prod(0)
        far += wide**2 * (slope + slope_off)
        near += others[j] ** 2 * slope
    decay_off = decay * depth * off
    rough = (
        2 * chain * depth * length ** (2 * depth - 2) * width**0.5 * slope + 2 * chain * depth * decay * length**depth
    )
    return EndToEnd(
        matrix, off, motion, (far - near + decay_off + rough) * UP + UNIT_ROUNDOFF * far, residual, slope_off
    )


@dataclass(frozen=True, eq=False)
class Triplets:
    """``columns``: name -> (rows, d) midpoints and radii in turn; ``known`` (rows, d): whether the vectors are."""

    known: torch.Tensor
    columns: dict[str, torch.Tensor]


def triplets(group: Trained) -> Triplets:
    """σ_r, its rate u_rᵀ Ẇ v_r and the gradient u_rᵀ ∇ℓ v_r along it, for every net of the group."""
    whole = end_to_end(group)
    u, values, vt = torch.linalg.svd(whole.matrix)
    v = vt.transpose(1, 2)
    width = values.shape[1]
    identity = torch.eye(width, dtype=values.dtype, device=values.device)
    # Distances of the computed vectors from orthonormal ones, their polar factors: half of ‖QᵀQ − I‖.
    room = width**2 * UNIT_ROUNDOFF * UP
    skew = sum(0.51 * (torch.linalg.matrix_norm(q.transpose(1, 2) @ q - identity) + room) for q in (u, v))
    rest = torch.linalg.matrix_norm(whole.matrix - (u * values[:, None]) @ vt)
    top = values[:, 0]
    # Every singular value is this close to the computed one of its rank.
    off = (whole.matrix_radius + rest + top * (skew + (width + 2) * width * UNIT_ROUNDOFF)) * UP
    shape = torch.tensor([(min(r.widths), r.widths[0], r.widths[-1]) for r in group.runs], device=values.device)
    gap = _gap(values, shape) - 2 * off[:, None]
    known = gap > 4 * off[:, None]
    turn = 2 * 2**0.5 * off[:, None] / torch.where(known, gap, torch.ones_like(gap)) + skew[:, None]

    def along(matrix: torch.Tensor, radius: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mid = (u * (matrix @ v)).sum(1)
        size = spectral_bound(matrix)[:, None]
        rough = 4 * width * UNIT_ROUNDOFF * torch.linalg.matrix_norm(matrix)[:, None] * width**0.5
        return mid, (radius[:, None] * (1 + turn) ** 2 + size * (turn * 2**0.5 + turn**2) + rough) * UP

    rate, rate_radius = along(whole.velocity, whole.velocity_radius)
    pull, pull_radius = along(whole.residual, whole.residual_radius)
    columns = {
        "sigma": values, "sigma_radius": off[:, None].expand_as(values),
        "sigma_dot": rate, "sigma_dot_radius": rate_radius,
        "g": -pull, "g_radius": pull_radius,
    }  # fmt: skip
    return Triplets(known.cpu(), {k: c.cpu() for k, c in columns.items()})


def _gap(values: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
    """Distance from σ_r to the other eigenvalues of the dilation, for matrices padded with zeros.

    ``shape`` (rows, 3): the smallest width, columns and rows of each net before padding.
    """
    width = values.shape[1]
    place = torch.arange(width, device=values.device)
    ends = shape[:, 1:].amin(1, keepdim=True)
    inside = place < ends
    apart = (values[:, :, None] - values[:, None, :]).abs()
    other = inside[:, None, :] & (place[:, None] != place[None, :])
    apart = torch.where(other, apart, torch.inf)
    gap = torch.minimum(apart.amin(2), 2 * values)
    oblong = shape[:, 1:2] != shape[:, 2:3]
    return torch.where(oblong, torch.minimum(gap, values), gap)
