"""Layers of a net with their rounding errors: columns of float64 numbers, one Euclidean radius each.

Every radius is carried through every operation from the exact numbers of the instance: a product W h is off by at most
‖W‖₂ times the error of h, plus γ_k |W||h| for its own rounding, in any order of summation (Higham 2002, §3.5).
Inputs do not share a radius, so that small ones keep their relative accuracy beside large ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from .balls import TINY, UNIT, UP, gamma
from .factor_flow import spectral_bound

SQRT_PI = 1.7724538509055159
LIPSCHITZ = {"relu": 1.0, "erf": 2 / SQRT_PI * UP, "tanh": 1.0}
"""sup |σ'|."""
BEND = {"erf": 0.97, "tanh": 0.77}
"""sup |σ''|: (4/√π)(2e)^(-1/2) = 0.9679 and 4/(3√3) = 0.7698."""
ULPS = 8 * UNIT
"""erf and tanh are taken to be right to two units in the last place; the slopes e^(-z²) and 1 - tanh² to twice that."""
LEAST = 2.0**-1066
"""Two hundred and fifty-six times what one product loses by underflow: enough after a factor k ≥ 1/16, and for the
radius's own underflows."""
HIDDEN = 1e-140
"""Where no entry is larger, squares may underflow and a Euclidean norm by squares is too small."""
SMALL_MATRIX = 16
"""Up to this size the Frobenius norm bounds the spectral norm well enough."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns (batch, k, n) known up to Euclidean radii (batch, n)."""

    mid: Tensor
    rad: Tensor

    @property
    def size(self) -> Tensor:
        """Upper bounds (batch, n) of the norms of the midpoints."""
        return lengths(self.mid)


@dataclass(frozen=True, eq=False)
class Weights:
    """Matrices (batch, p, q) known up to Frobenius radii (batch,), with bounds of both norms."""

    mid: Tensor
    rad: Tensor
    spectral: Tensor
    size: Tensor


@dataclass(frozen=True, eq=False)
class Unit:
    """A layer after its activation: σ(z), and σ'(z) up to entrywise errors.

    ``at_kink``: z is exactly 0 under a kink.  ``open``: z may be 0 (or is) under a kink.
    """

    value: Columns
    slope: Tensor
    slope_rad: Tensor
    at_kink: Tensor
    open: Tensor


def norms(mid: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """Upper bounds of Euclidean norms over ``dim``; 0 only where all entries are."""
    axes = (dim,) if isinstance(dim, int) else dim
    terms = prod(mid.shape[axis] for axis in axes)
    largest = mid.abs().amax(axes)
    hidden = torch.where(largest < HIDDEN, largest * terms**0.5 * (1 + 8 * UNIT), torch.zeros_like(largest))
    return torch.linalg.vector_norm(mid, dim=axes) * (1 + (terms + 8) * UNIT) + hidden


def lengths(mid: Tensor) -> Tensor:
    """Upper bounds of the Euclidean norms of columns (batch, k, n)."""
    return norms(mid, -2) + TINY


def weights_ball(mid: Tensor, rad: Tensor | None = None) -> Weights:
    """Matrices around ``mid``, exact without ``rad``."""
    size = norms(mid, (-2, -1)) + TINY
    spectral = size if min(mid.shape[-2:]) <= SMALL_MATRIX else torch.minimum(size, spectral_bound(mid))
    rad = torch.zeros_like(size) if rad is None else rad
    return Weights(mid, rad, (spectral + rad) * UP, (size + rad) * UP)


def exactly(mid: Tensor) -> Columns:
    """Columns without error."""
    return Columns(mid, torch.zeros_like(mid[..., 0, :]))


def applied(weights: Weights, columns: Columns, scale: Tensor) -> tuple[Columns, Tensor]:
    """k W h, with an entrywise bound (batch, p, n) of its error; ``scale`` (batch,)."""
    terms, k = weights.mid.shape[-1], scale[:, None, None]
    mid = k * (weights.mid @ columns.mid)
    # Products with an exact 0 are exact, which is how a unit is seen to be at its kink; all others may underflow.
    met = (weights.mid != 0).to(mid.dtype) @ (columns.mid != 0).to(mid.dtype)
    local = gamma(terms + 2) * (weights.mid.abs() @ columns.mid.abs()) + LEAST * met
    row = norms(weights.mid, -1)[..., None]
    far = (weights.rad[:, None] * (columns.size + columns.rad))[:, None]
    blurred = ((row > 0) & (columns.rad[:, None] > 0)) | (weights.rad[:, None, None] > 0)
    entry = k * (row * columns.rad[:, None] + far + local) * (1 + (terms + 8) * UNIT) + LEAST * blurred
    whole = scale[:, None] * (weights.spectral[:, None] * columns.rad + lengths(local)) * (1 + (terms + 8) * UNIT)
    whole = whole + scale[:, None] * far[:, 0] * UP
    return Columns(mid, torch.minimum(whole, norms(entry, -2) * (1 + 1e-12))), entry


def activated(name: str, below: Columns, entry: Tensor) -> Unit:
    """σ and σ' of columns whose entries are off by at most ``entry``."""
    z = below.mid
    never = torch.zeros_like(z, dtype=torch.bool)
    if name == "relu":
        value = z.clamp_min(0.0)
        living = torch.where(z + entry > 0, entry, torch.zeros_like(entry))
        rad = torch.minimum(below.rad, norms(living, -2) * (1 + 1e-12))
        at_kink = (z == 0) & (entry == 0)
        torn = (z.abs() <= entry) & ~at_kink
        half = torch.where(torn, 0.5, 0.0)
        return Unit(Columns(value, rad), torch.where(torn, half, (z > 0).to(z.dtype)), half, at_kink, at_kink | torn)
    if name == "erf":
        value, slope = torch.erf(z), 2 / SQRT_PI * torch.exp(-z * z)
        drift = (2 * z.abs() + entry) * entry + (2 * z * z + 8) * UNIT
    else:
        falling = torch.exp(-2 * z.abs())
        value, slope = torch.tanh(z), 4 * falling / (1 + falling) ** 2
        drift = 2 * entry + 16 * UNIT
    # |(log σ')'| is 2|z| for erf and at most 2 for tanh: a saturated unit has a small slope, known to its own scale.
    error = torch.minimum(BEND[name] * entry + ULPS, slope * torch.expm1(drift)) * UP + TINY
    steep = (slope + error).clamp_max(LIPSCHITZ[name])
    rad = torch.minimum(LIPSCHITZ[name] * below.rad, lengths(steep * entry)) * UP + ULPS * lengths(value)
    return Unit(Columns(value, rad), slope, error, never, never)


def sloped(name: str, unit: Unit, columns: Columns) -> Columns:
    """σ'(z) ∘ v."""
    mid = unit.slope * columns.mid
    bent = lengths(unit.slope_rad * columns.mid)
    steepest = (unit.slope + unit.slope_rad).amax(-2).clamp_max(LIPSCHITZ[name])
    return Columns(mid, (steepest * columns.rad + bent + UNIT * lengths(mid)) * UP)


def pushed(name: str, unit: Unit, columns: Columns) -> Columns:
    """The derivative of σ(z) along ż: σ'(z) ∘ ż, one-sided where z is exactly at a kink."""
    plain = sloped(name, unit, columns)
    rad = torch.where(unit.at_kink.any(-2), columns.rad * UP, plain.rad)
    return Columns(torch.where(unit.at_kink, columns.mid.clamp_min(0.0), plain.mid), torch.maximum(rad, plain.rad))


def columns_scaled(columns: Columns, factor: Tensor, factor_rad: Tensor) -> Columns:
    """Column j times a number known up to ``factor_rad`` (both (batch, n))."""
    mid = columns.mid * factor[:, None]
    size = columns.size
    rad = factor.abs() * columns.rad + factor_rad * (size + columns.rad) + UNIT * factor.abs() * size
    return Columns(mid, rad * UP + TINY)


def gram(columns: Columns) -> tuple[Tensor, Tensor]:
    """All inner products of columns (batch, n, n), with entrywise radii."""
    size, rad = columns.size, columns.rad
    terms = columns.mid.shape[-2]
    both = LEAST * terms + gamma(terms) * size[:, :, None] * size[:, None]
    error = size[:, :, None] * rad[:, None] + rad[:, :, None] * size[:, None] + rad[:, :, None] * rad[:, None]
    return columns.mid.mT @ columns.mid, (both + error) * UP


def outer(left: Columns, right: Columns, scale: Tensor) -> tuple[Tensor, Tensor]:
    """k Σ_j l_j r_jᵀ (batch, p, q) with Frobenius radii (batch,)."""
    terms = left.mid.shape[-1]
    here, there = left.size, right.size
    each = left.rad * (there + right.rad) + here * right.rad + gamma(terms + 2) * here * there
    rad = scale * each.sum(-1) * (1 + (terms + 64) * UNIT) + TINY
    return scale[:, None, None] * (left.mid @ right.mid.mT), rad
