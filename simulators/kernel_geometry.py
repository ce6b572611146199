"""Angles between inputs, with both ends exact: y = sin²(t/2) and z = cos²(t/2) to full relative accuracy.

A cosine from a matrix product errs by a few units of roundoff, which near t = 0 or t = π is an error of their square
root in t.  There the difference of the unit vectors, or their sum, is taken itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .dual_activations import Activation
from .kernel_recursion import Angle
from .measurement import MeasurementError

NEAR = 2.5e-5
"""Below this y or z (t nearer than 0.01 to 0 or π) the difference or the sum of the vectors is taken."""
GATHERED = 2**20
"""Numbers gathered at a time for such pairs."""
LARGEST = 1e75
"""Norms above this would overflow in the fourth power."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Rows as unit vectors (n, d) and norms (n,), float64; a row of zeros stays 0."""

    unit: Tensor
    norm: Tensor

    def rows(self, start: int, stop: int) -> Inputs:
        """Rows start … stop."""
        return Inputs(self.unit[start:stop], self.norm[start:stop])


def inputs(rows: Tensor, dtype: torch.dtype, activation: Activation, depth: int) -> Inputs:
    """Rows (n, d) as unit vectors and norms.

    Raises `MeasurementError`, which names a row, where the kernel would overflow in ``dtype``.
    """
    rows = rows.double()
    scale = rows.abs().amax(1, keepdim=True) if rows.shape[1] else rows.new_zeros(len(rows), 1)
    scaled = rows / torch.where(scale > 0, scale, 1.0)
    length = torch.linalg.vector_norm(scaled, dim=1, keepdim=True)
    unit = scaled / torch.where(length > 0, length, 1.0)
    norm = (length * scale)[:, 0]
    growth = max(1.0, activation.keep) ** depth * (depth + 1) if activation.form == "relu" else 16.0 * (depth + 1)
    limit = min((torch.finfo(dtype).max / growth) ** 0.5 / 2, torch.inf if activation.form == "relu" else LARGEST)
    large = torch.nonzero(~(norm < limit))
    if len(large):
        row = int(large[0])
        raise MeasurementError(
            f"a row of norm {float(norm[row]):.3g}",
            f"norms below {limit:.3g} in {str(dtype).removeprefix('torch.')}; scale the inputs down",
            element=row,
        )
    return Inputs(unit, norm)


def room(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Two flat tensors for the angles of ``size`` pairs."""
    return tuple(torch.empty(size, dtype=torch.float64, device=device) for _ in range(2))  # type: ignore[return-value]


def angles(left: Inputs, right: Inputs, scratch: tuple[Tensor, Tensor]) -> Angle:
    """Every pair of a left and a right row, shape (n, m), in the memory of ``scratch``."""
    shape = len(left.norm), len(right.norm)
    y, z = (s[: shape[0] * shape[1]].view(shape) for s in scratch)
    torch.mm(left.unit, right.unit.t(), out=y)
    y.mul_(-0.5).add_(0.5)
    torch.neg(y, out=z).add_(1)
    if y.numel():
        low, high = torch.aminmax(y)
        if float(low) < NEAR:
            _replace(y, left.unit, right.unit, -1.0)
        if float(high) > 1 - NEAR:
            _replace(z, left.unit, right.unit, 1.0)
    return Angle(y, z, left.norm[:, None], right.norm[None, :])


def paired_angles(left: Inputs, right: Inputs) -> Angle:
    """Row k of ``left`` with row k of ``right``, shape (n,), by the same rules."""
    y = 0.5 - 0.5 * (left.unit * right.unit).sum(1)
    z = 1 - y
    for square, sign in ((y, -1), (z, 1)):
        near = square < NEAR
        square[near] = (left.unit[near] + sign * right.unit[near]).square().sum(1) / 4
    return Angle(y, z, left.norm, right.norm)


def _replace(square: Tensor, left: Tensor, right: Tensor, sign: float) -> None:
    """|x ± x'|²/4 in place of every entry below `NEAR`."""
    width = max(1, GATHERED // max(1, left.shape[1]))
    for at in torch.nonzero(square < NEAR).split(width):
        i, j = at.unbind(1)
        square[i, j] = left[i].add_(right[j], alpha=sign).square_().sum(1).mul_(0.25)
