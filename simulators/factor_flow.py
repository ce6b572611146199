"""Gradient flow of the factors of deep linear nets, W = W_N ⋯ W_1, batched over nets of one depth.

States are (depth, rows, d, d): smaller factors are padded with zeros, which the flow keeps.  The losses are convex,
so that minus the Hessian of the factors exceeds its part without curvature of the loss only downwards, and

    μ = (N − 1) · (product of the N − 2 largest ‖W_j‖₂) · ‖∇ℓ(W)‖₂

bounds the logarithmic norm of the flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

from .flow import UNIT_ROUNDOFF

SQUARINGS = 3
"""The 2-norm is bounded by the Schatten norm of order 4 · 2**SQUARINGS, at most d**(1/32) too large."""
SMALL = 1e-150
"""More than what squares of entries below 1e-154 can hide from a Frobenius norm."""
NORM_SLACK = 1 + 2.0**-30
"""Exceeds the relative rounding of the squarings (a few hundred unit roundoffs at d ≤ 64)."""


class Descent(Protocol):
    """A convex loss ℓ of the end-to-end matrix, for a batch of nets."""

    def residual(self, matrix: torch.Tensor, out: torch.Tensor) -> None:
        """Write −∇ℓ (rows, d, d)."""

    def bend(self) -> torch.Tensor:
        """(rows,): a bound on the largest eigenvalue of the Hessian of ℓ."""

    def noise(self, size: torch.Tensor) -> torch.Tensor:
        """(rows,): a bound on the Frobenius rounding error of the residual at matrices of Frobenius norm ``size``."""

    def rows(self, index: torch.Tensor) -> Descent:
        """The same losses on some rows."""


@dataclass(frozen=True, eq=False)
class Weighted:
    """∇ℓ = weight ∘ W − offset: completion on a mask, full least squares (weight 1) and linear losses (weight 0)."""

    weight: torch.Tensor
    offset: torch.Tensor

    def residual(self, matrix: torch.Tensor, out: torch.Tensor) -> None:
        """−∇ℓ; see `Descent`."""
        torch.addcmul(self.offset, self.weight, matrix, value=-1.0, out=out)

    def bend(self) -> torch.Tensor:
        """The largest weight."""
        return self.weight.amax((1, 2))

    def noise(self, size: torch.Tensor) -> torch.Tensor:
        """Two roundings an entry."""
        scale = self.bend() * size
        return 2 * UNIT_ROUNDOFF * (2 * scale + torch.linalg.vector_norm(self.offset, dim=(1, 2)))

    def rows(self, index: torch.Tensor) -> Weighted:
        """Some rows."""
        return Weighted(self.weight[index], self.offset[index])


@dataclass(frozen=True, eq=False)
class Measured:
    """ℓ = Σ_i link loss of ⟨A_i, W⟩ against y_i: sensing (least squares) or logistic.

    ``probes`` (rows, m, d²) and ``answers`` (rows, m); ``logistic`` takes answers in [0, 1].
    """

    probes: torch.Tensor
    answers: torch.Tensor
    logistic: bool

    def residual(self, matrix: torch.Tensor, out: torch.Tensor) -> None:
        """−∇ℓ; see `Descent`."""
        seen = torch.bmm(self.probes, matrix.reshape(len(matrix), -1, 1))[..., 0]
        missing = self.answers - (torch.sigmoid(seen) if self.logistic else seen)
        torch.bmm(missing[:, None], self.probes, out=out.view(len(matrix), 1, -1))

    def bend(self) -> torch.Tensor:
        """‖A‖², a quarter of it for the logistic link."""
        gain = torch.linalg.vector_norm(self.probes, dim=(1, 2)) ** 2
        return gain / 4 if self.logistic else gain

    def noise(self, size: torch.Tensor) -> torch.Tensor:
        """Two inner products and a link of a few roundings."""
        count, entries = self.probes.shape[1:]
        gain = torch.linalg.vector_norm(self.probes, dim=(1, 2))
        answers = torch.linalg.vector_norm(self.answers, dim=1) + (count**0.5 if self.logistic else 0.0)
        return 2 * UNIT_ROUNDOFF * gain * ((entries + count + 8) * gain * size + (count + 8) * answers)

    def rows(self, index: torch.Tensor) -> Measured:
        """Some rows."""
        return Measured(self.probes[index], self.answers[index], self.logistic)


def spectral_bound(matrices: torch.Tensor) -> torch.Tensor:
    """Upper bounds of the 2-norms of (…, d, d) matrices: a Schatten norm of high order by repeated squaring."""
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    scale = torch.linalg.vector_norm(flat, dim=(1, 2))
    unit = flat / torch.where(scale > 0, scale, torch.ones_like(scale))[:, None, None]
    power = torch.bmm(unit.transpose(1, 2), unit)
    log = torch.zeros_like(scale)
    for k in range(SQUARINGS + 1):
        size = torch.linalg.vector_norm(power, dim=(1, 2))
        log = log + torch.log(size) / 2 ** (k + 1)
        if k < SQUARINGS:
            power = power / torch.where(size > 0, size, torch.ones_like(size))[:, None, None]
            power = torch.bmm(power, power)
    return (scale * torch.exp(log) * NORM_SLACK + SMALL).reshape(matrices.shape[:-2])


def _gamma(count: int) -> float:
    return count * UNIT_ROUNDOFF / (1 - count * UNIT_ROUNDOFF)


class DeepLinearFlow:
    """Ẇ_j = −(W_N ⋯ W_{j+1})ᵀ ∇ℓ(W) (W_{j−1} ⋯ W_1)ᵀ; a `Flow`.  ``decay`` (rows,) adds −λ W_j."""

    def __init__(self, loss: Descent, depth: int, width: int, decay: torch.Tensor | None = None) -> None:
        self.loss, self.depth, self.width, self.decay = loss, depth, width, decay
        self._held: list[torch.Tensor] = []

    def _buffers(self, like: torch.Tensor) -> list[torch.Tensor]:
        if not self._held or self._held[0].shape != like.shape:
            self._held = [torch.empty_like(like) for _ in range(self.depth + 2)]
        return self._held

    def velocity(self, state: torch.Tensor, out: torch.Tensor) -> None:
        """Backward pass; see `Flow`."""
        *product, this, other = self._buffers(state[0])
        product[0] = state[0]
        for j in range(1, self.depth):
            torch.bmm(state[j], product[j - 1], out=product[j])
        self.loss.residual(product[-1], this if self.depth > 1 else out[0])
        for j in range(self.depth - 1, 0, -1):
            torch.bmm(this, product[j - 1].transpose(1, 2), out=out[j])
            target = other if j > 1 else out[0]
            torch.bmm(state[j].transpose(1, 2), this, out=target)
            this, other = other, this
        if self.decay is not None:
            out.sub_(self.decay.view(1, -1, 1, 1) * state)

    def end_to_end(self, state: torch.Tensor) -> torch.Tensor:
        """W_N ⋯ W_1 (rows, d, d)."""
        product = state[0]
        for j in range(1, self.depth):
            product = torch.bmm(state[j], product)
        return product

    def sizes(self, state: torch.Tensor) -> torch.Tensor:
        """‖W_1‖₂ … ‖W_N‖₂, ‖∇ℓ‖₂ and the largest ‖W_j‖_F; see `Flow`."""
        gradient = torch.empty_like(state[0])
        self.loss.residual(self.end_to_end(state), gradient)
        spectral = spectral_bound(torch.cat([state, gradient[None]]))
        return torch.cat([spectral, torch.linalg.vector_norm(state, dim=(2, 3)).amax(0)[None]])

    def growth(self, sizes: torch.Tensor, tube: torch.Tensor) -> torch.Tensor:
        """(N − 1) · (N − 2 largest factors) · ‖∇ℓ‖₂, over the tube; see `Flow`."""
        if self.depth == 1:
            return torch.zeros_like(tube)
        factors = sizes[: self.depth]
        wide = factors + tube
        gradient = sizes[self.depth] + self.loss.bend() * (wide.prod(0) - factors.prod(0))
        largest = wide.topk(self.depth - 2, dim=0).values.prod(0)
        return (self.depth - 1) * largest * gradient

    def stiffness(self, sizes: torch.Tensor, tube: torch.Tensor) -> torch.Tensor:
        """A bound on the 2-norm of the Hessian of the factors (and of the decay) over the tube."""
        wide = sizes[: self.depth] + tube
        others = torch.stack([torch.cat([wide[:j], wide[j + 1 :]]).prod(0) for j in range(self.depth)])
        own = 0.0 if self.decay is None else self.decay
        return self.growth(sizes, tube) + self.loss.bend() * (others**2).sum(0) + own

    def rounding(self, sizes: torch.Tensor) -> torch.Tensor:
        """At most 2N products in a row, each of d terms an entry; see `Flow`."""
        largest = sizes[self.depth + 1]
        matrix = largest**self.depth
        gradient = self.width**0.5 * sizes[self.depth]
        inexact = self.loss.noise(matrix) + self.loss.bend() * _gamma(self.depth * self.width) * matrix
        carried = _gamma(2 * self.depth * self.width) * gradient + inexact
        own = 0.0 if self.decay is None else 2 * UNIT_ROUNDOFF * self.decay * largest
        return self.depth**0.5 * (largest ** (self.depth - 1) * carried + own)

    def rows(self, index: torch.Tensor) -> DeepLinearFlow:
        """Some rows; see `Flow`."""
        decay = None if self.decay is None else self.decay[index]
        return DeepLinearFlow(self.loss.rows(index), self.depth, self.width, decay)
