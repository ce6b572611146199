"""Matrices and scalars with rigorous rounding errors, batched.

A `MatrixBall` holds the midpoints of a batch of matrices, one Frobenius radius each and a bound of the
spectral norm each.  Radii grow as ‖ÂB̂ - AB‖_F ≤ ‖A‖₂ r_B + r_A ‖B‖₂ + r_A r_B + γ_k ‖Â‖_F ‖B̂‖_F with
γ_k = k u / (1 - k u), which holds for every order of summation and with fused operations (Higham 2002, §3.5).
Spectral norms keep products of many factors tight where entrywise bounds |A||B| widen by √n at each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

UNIT = 2.0**-53
"""Unit roundoff u of float64."""
UP = 1 + 64 * UNIT
"""Covers the rounding of the few non-negative operations that make up one radius."""
SMALL = 1e-150
"""More than what squares of entries below 1e-154 can hide from a Frobenius norm."""
TINY = 1e-300
"""More than what the underflows of one product can lose."""


def gamma(terms: Any) -> Any:
    """γ_k = k u / (1 - k u): the relative rounding error of a sum of k products, rounded up."""
    return terms * UNIT / (1 - terms * UNIT) * UP


def frobenius(matrices: Tensor) -> Tensor:
    """Upper bounds (...) of the Frobenius norms of matrices (..., n, m) of float64 numbers."""
    terms = matrices.shape[-1] * matrices.shape[-2]
    return torch.linalg.vector_norm(matrices, dim=(-2, -1)) * (1 + (terms + 8) * UNIT) + SMALL


def _product(left: Tensor, right: Tensor) -> Tensor:
    """The matrix product; on the CPU by numpy, ten times faster than torch for batches of small matrices."""
    if left.device.type == "cpu":
        return torch.from_numpy(np.matmul(left.numpy(), right.numpy()))
    return left @ right


@dataclass(frozen=True, eq=False)
class MatrixBall:
    """Matrices X (..., n, m) known up to a Frobenius radius.

    ``mid`` (..., n, m); ``rad``, ``norm``, ``size`` (...): ‖X - mid‖_F ≤ rad, ‖X‖₂ and ‖mid‖₂ ≤ norm,
    ‖mid‖_F ≤ size.  ``down`` and ``across`` (...): γ_k for the number k of non-zero rows and of non-zero columns, so
    that zero padding costs no rounding.  Make one with `matrix_ball`.
    """

    mid: Tensor
    rad: Tensor
    norm: Tensor
    size: Tensor
    down: Tensor
    across: Tensor

    def __matmul__(self, other: MatrixBall) -> MatrixBall:
        # ÂB̂ - AB = A(B̂ - B) + (Â - A)B̂; the sizes are at least SMALL, so that underflows are covered too.
        mid = _product(self.mid, other.mid)
        rad = torch.addcmul(self.rad * other.norm, self.norm, other.rad)
        rad = torch.addcmul(rad, self.across * self.size, other.size) * UP
        norm = torch.addcmul(rad, self.norm, other.norm) * UP
        return MatrixBall(mid, rad, norm, frobenius(mid), self.down, other.across)

    def __add__(self, other: MatrixBall) -> MatrixBall:
        return self._sum(other, self.mid + other.mid)

    def __sub__(self, other: MatrixBall) -> MatrixBall:
        return self._sum(other, self.mid - other.mid)

    def _sum(self, other: MatrixBall, mid: Tensor) -> MatrixBall:
        size = frobenius(mid)
        rad = (self.rad + other.rad + UNIT * size) * UP
        norm = torch.minimum(self.norm + other.norm, size) + rad
        down, across = torch.maximum(self.down, other.down), torch.maximum(self.across, other.across)
        return MatrixBall(mid, rad, norm * UP, size, down, across)

    def __neg__(self) -> MatrixBall:
        return MatrixBall(-self.mid, self.rad, self.norm, self.size, self.down, self.across)

    def __getitem__(self, key: Any) -> MatrixBall:
        """The balls at a position of the leading axes."""
        return _fieldwise(lambda part: part[0][key], [self])

    @property
    def T(self) -> MatrixBall:
        """The transposes."""
        return MatrixBall(self.mid.mT, self.rad, self.norm, self.size, self.across, self.down)

    def scaled(self, factors: Tensor) -> MatrixBall:
        """Multiplied by exact numbers (...)."""
        factors = factors.expand(self.rad.shape)
        return self._scaled(self.mid * factors[..., None, None], factors.abs())

    def columns_scaled(self, factors: Tensor) -> MatrixBall:
        """Column c multiplied by the exact numbers ``factors`` (..., c)."""
        return self._scaled(self.mid * factors[..., None, :], factors.abs().amax(-1))

    def _scaled(self, mid: Tensor, bound: Tensor) -> MatrixBall:
        size = frobenius(mid)
        rad = (bound * self.rad + UNIT * size) * UP
        return MatrixBall(mid, rad, (bound * self.norm + rad) * UP, size, self.down, self.across)

    def masked(self, mask: Tensor) -> MatrixBall:
        """Entries where ``mask`` (..., n, m) is 0 are set to 0, which no radius feels."""
        return matrix_ball(self.mid * mask, self.rad, self.down, self.across)

    def total(self) -> MatrixBall:
        """The sum over the last leading axis."""
        count, mid = self.mid.shape[-3], self.mid.sum(-3)
        rad = (self.rad.sum(-1) + gamma(count - 1) * self.size.sum(-1)) * (1 + 4 * count * UNIT)
        norm = (self.norm.sum(-1) + rad) * (1 + 4 * count * UNIT)
        return MatrixBall(mid, rad, norm, frobenius(mid), self.down.amax(-1), self.across.amax(-1))

    def length(self) -> ScalarBall:
        """The Frobenius norms of the balls' stack along the last leading axis: √Σ‖X_j‖²."""
        mid = torch.linalg.vector_norm(self.mid, dim=(-3, -2, -1))
        terms = self.mid.shape[-1] * self.mid.shape[-2] * self.mid.shape[-3]
        rad = torch.linalg.vector_norm(self.rad, dim=-1) * (1 + 2 * self.mid.shape[-3] * UNIT)
        return ScalarBall(mid, (rad + (terms + 8) * UNIT * mid) * UP + SMALL)

    def between(self, left: MatrixBall, right: MatrixBall) -> MatrixBall:
        """Lᵀ X R for L and R with columns of norm at most 1, with a radius that holds for each entry.

        An entry lᵀ X r has local rounding γ ‖X‖_F ‖r‖ and γ ‖l‖ ‖X r‖, without the √n of whole products.
        Only `entry` may be taken of the result.
        """
        mid = _product(left.mid.mT, _product(self.mid, right.mid))
        reach = (1 + left.rad) * (1 + right.rad)
        rad = self.rad + self.norm * (left.rad + right.rad)
        rad = (rad + right.down * self.size + left.down * (1 + right.down) * self.size) * reach * UP
        return MatrixBall(mid, rad, self.norm, self.size, left.across, right.across)

    def dots(self, other: MatrixBall, *position: Tensor) -> ScalarBall:
        """(Xᵀ Y)_pq at index tensors, from the two columns alone: one for each leading axis, then p and q."""
        *lead, p, q = position
        here = tuple(lead)
        x, y = self.mid.mT[(*here, p)], other.mid.mT[(*here, q)]
        long, wide = frobenius(x[:, None]), frobenius(y[:, None])
        rad = long * other.rad[here] + self.rad[here] * (wide + other.rad[here])
        return ScalarBall((x * y).sum(-1), (rad + self.down[here] * long * wide) * UP)

    def entry(self, *position: Tensor) -> ScalarBall:
        """Entries at index tensors: one for each leading axis, then row and column."""
        return ScalarBall(self.mid[position], self.rad[position[:-2]])


def matrix_ball(
    mid: Tensor, rad: Tensor | None = None, down: Tensor | None = None, across: Tensor | None = None
) -> MatrixBall:
    """A ball around ``mid`` (..., n, m), exact without ``rad``, its spectral norm bounded by the Frobenius norm.

    ``down``, ``across``: γ_k for at most k non-zero rows and columns; by default k = n and k = m.
    """
    size = frobenius(mid)
    rad = torch.zeros_like(size) if rad is None else rad
    down = torch.full_like(size, gamma(mid.shape[-2])) if down is None else down.expand(size.shape)
    across = torch.full_like(size, gamma(mid.shape[-1])) if across is None else across.expand(size.shape)
    return MatrixBall(mid, rad, (size + rad) * UP, size, down, across)


def _fieldwise(operation: Callable[[list[Tensor]], Tensor], balls: list[MatrixBall]) -> MatrixBall:
    parts = zip(*((b.mid, b.rad, b.norm, b.size, b.down, b.across) for b in balls), strict=True)
    return MatrixBall(*(operation(list(part)) for part in parts))


def stacked(balls: list[MatrixBall]) -> MatrixBall:
    """Balls of one shape side by side, along a new last leading axis."""
    axis = balls[0].rad.dim()
    return _fieldwise(lambda part: torch.stack(part, axis), balls)


def where(condition: Tensor, yes: MatrixBall, no: MatrixBall) -> MatrixBall:
    """``yes`` where ``condition`` (...) holds, else ``no``."""

    def choose(part: list[Tensor]) -> Tensor:
        trailing = part[0].dim() - condition.dim()
        return torch.where(condition.reshape(condition.shape + (1,) * trailing), part[0], part[1])

    return _fieldwise(choose, [yes, no])


@dataclass(frozen=True, eq=False)
class ScalarBall:
    """Real numbers (...) known up to radii (...)."""

    mid: Tensor
    rad: Tensor

    def _rounded(self, mid: Tensor, rad: Tensor) -> ScalarBall:
        return ScalarBall(mid, (rad + UNIT * mid.abs()) * UP + TINY)

    def __add__(self, other: ScalarBall) -> ScalarBall:
        return self._rounded(self.mid + other.mid, self.rad + other.rad)

    def __sub__(self, other: ScalarBall) -> ScalarBall:
        return self._rounded(self.mid - other.mid, self.rad + other.rad)

    def __mul__(self, other: ScalarBall) -> ScalarBall:
        rad = self.mid.abs() * other.rad + self.rad * other.mid.abs() + self.rad * other.rad
        return self._rounded(self.mid * other.mid, rad)

    def __truediv__(self, other: ScalarBall) -> ScalarBall:
        """The quotient; infinite radius where the divisor's ball touches 0 (nan where its midpoint is 0)."""
        mid, room = self.mid / other.mid, other.mid.abs() - other.rad
        rad = (self.rad + mid.abs() * (1 + 2 * UNIT) * other.rad) / room * UP
        return self._rounded(mid, torch.where(room > 0, rad, torch.inf))

    def __getitem__(self, key: Any) -> ScalarBall:
        return ScalarBall(self.mid[key], self.rad[key])

    def where(self, condition: Tensor, other: ScalarBall) -> ScalarBall:
        """This where ``condition`` holds, else ``other``."""
        return ScalarBall(torch.where(condition, self.mid, other.mid), torch.where(condition, self.rad, other.rad))
