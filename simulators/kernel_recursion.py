"""The kernels of infinitely wide fully connected nets, layer by layer, without cancellation.

f(x) = W^{L+1} √(c/d_L) σ(W^L ⋯ √(c/d_1) σ(W^1 x)) with independent W_ij ~ N(0, 1), no biases; the first layer is not
divided by √d.  A pair of inputs enters by its norms and by y = sin²(t/2), z = cos²(t/2) of its angle t, both known to
full *relative* accuracy.  ReLU nets keep y along: arccos of a cosine near 1 would lose half of the digits.

Layers 0 … L are yielded in tensors that the next layer overwrites, so that blocks stay in cache: read them first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from .dual_activations import Activation
from .gaussian_quadrature import Pair, moments
from .hermite_series import Expansion, expand, expectation

BUFFERS = 6
"""Work tensors of a recursion."""
FINER = 3
"""Levels by which quadrature is refined for inputs of large norm, at most."""


class Angle(NamedTuple):
    """Pairs of inputs: y = sin²(t/2) and z = cos²(t/2), and their norms ``a`` and ``b``, of broadcastable shapes."""

    y: Tensor
    z: Tensor
    a: Tensor
    b: Tensor


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of the recursion: Σ^(h), its slope part Σ̇^(h) (None at h = 0) and Θ^(h), of the shape of the pairs."""

    sigma_: Tensor
    sigma_dot_: Tensor | None
    theta_: Tensor

    def sigma(self, out: Tensor) -> Tensor:
        """Σ^(h), the kernel of the Gaussian process, written to ``out``."""
        return out.copy_(self.sigma_)

    def sigma_dot(self, out: Tensor) -> Tensor:
        """Σ̇^(h), written to ``out``; 0 at h = 0, where no layer lies below."""
        return out.zero_() if self.sigma_dot_ is None else out.copy_(self.sigma_dot_)

    def theta(self, out: Tensor) -> Tensor:
        """Θ^(h), the tangent kernel of the net of h hidden layers, written to ``out``."""
        return out.copy_(self.theta_)


@dataclass(frozen=True, eq=False)
class ReluLayer(Layer):
    """A layer of ReLU nets (leaky ones too), for unit vectors: y and half of the angle before it in place of Σ and Σ̇."""

    a: Tensor
    b: Tensor
    keep: float
    scale: float
    bend: float

    def sigma(self, out: Tensor) -> Tensor:
        """a b keep^h (1 - 2 y)."""
        return torch.mul(self.sigma_, -2 * self.scale, out=out).add_(self.scale).mul_(self.b).mul_(self.a)

    def sigma_dot(self, out: Tensor) -> Tensor:
        """keep (1 - bend t/π)."""
        if self.sigma_dot_ is None:
            return out.zero_()
        return torch.mul(self.sigma_dot_, -2 / math.pi * self.keep * self.bend, out=out).add_(self.keep)

    def theta(self, out: Tensor) -> Tensor:
        """a b times Θ of the unit vectors."""
        return torch.mul(self.theta_, self.b, out=out).mul_(self.a)


def recursion(
    pairs: Angle, depth: int, activation: Activation, level: int, work: tuple[Tensor, ...]
) -> Iterator[Layer]:
    """Layers 0 … depth of the kernels of ``pairs``.

    ``work``: `BUFFERS` flat tensors, each at least as long as there are pairs; their dtype is that of the result.
    ``level``: of the quadrature, where the activation has no closed form.
    """
    shape = torch.broadcast_shapes(*(x.shape for x in pairs))
    buffers = [w[: math.prod(shape)].view(shape) for w in work]
    if activation.form == "relu":
        return _relu(pairs, depth, activation, *buffers)
    if activation.form == "erf":
        return _erf(pairs, depth, activation.c, *buffers)
    return (_kinked if activation.kinked else _smooth)(pairs, depth, activation, level, *buffers[:3])


def _relu(
    pairs: Angle,
    depth: int,
    activation: Activation,
    y: Tensor,
    r: Tensor,
    q: Tensor,
    t: Tensor,
    w: Tensor,
    theta: Tensor,
) -> Iterator[Layer]:
    """With q = sin(t/2), r = cos(t/2) and t halved: 1 - cos t' = 2 y', where y' = y - (q r - t (1 - 2 y))/π.

    A leak multiplies what a layer changes, the bracket here and t in the slopes, by the bend (1 - leak)²/(1 + leak²).
    """
    keep, bend, scale = activation.keep, activation.bend, 1.0
    a, b = pairs.a.to(y.dtype), pairs.b.to(y.dtype)
    y.copy_(pairs.y), r.copy_(pairs.z)
    torch.mul(y, -2, out=theta).add_(1)
    torch.sqrt(y, out=q), r.sqrt_()
    torch.atan2(q, r, out=t)
    yield ReluLayer(y, None, theta, a, b, keep, scale, bend)
    for h in range(1, depth + 1):
        if h > 1:
            torch.sqrt(y, out=q)
            torch.asin(q, out=t)
            torch.neg(y, out=r).add_(1).sqrt_()
        theta.addcmul_(theta, t, value=-2 / math.pi * bend)
        torch.addcmul(t, t, y, value=-2, out=w).addcmul_(q, r, value=-1)
        y.add_(w, alpha=bend / math.pi).clamp_(min=0)
        scale *= keep
        if keep != 1:
            theta.mul_(keep)
        theta.add_(y, alpha=-2 * scale).add_(scale)
        yield ReluLayer(y, t, theta, a, b, keep, scale, bend)


def _erf(
    pairs: Angle, depth: int, c: float, s: Tensor, dot: Tensor, theta: Tensor, q: Tensor, *_: Tensor
) -> Iterator[Layer]:
    """E erf(u) erf(v) = (2/π) φ with tan φ = 2 Σ_xy/√(1 + 2 Σ_xx + 2 Σ_yy + 4 det Σ), E erf'(u) erf'(v) = (4/π)/√….

    The first layer is computed in float64, its determinant from y z: of large inputs nothing cancels.
    """
    across, slope = c * 2 / math.pi, c * 4 / math.pi
    both = pairs.a * pairs.b
    first = (pairs.z - pairs.y) * both
    s.copy_(first), theta.copy_(first)
    yield Layer(s, None, theta)
    xx, yy = pairs.a.square(), pairs.b.square()
    root = (16 * (pairs.y * pairs.z) * both.square()).add_(1 + 2 * xx).add_(2 * yy).sqrt_()
    for h in range(1, depth + 1):
        if h == 1:
            dot.copy_(slope / root)
            s.copy_(torch.atan2(2 * first, root).mul_(across))
        else:
            torch.mul(1 + 2 * xx.to(s.dtype), 1 + 2 * yy.to(s.dtype), out=q)
            torch.addcmul(q, s, s, value=-4, out=dot).rsqrt_().mul_(slope)
            s.mul_(2).mul_(q.rsqrt_()).asin_().mul_(across)
        xx, yy = (across * torch.atan2(2 * x, torch.sqrt(1 + 4 * x)) for x in (xx, yy))
        theta.mul_(dot).add_(s)
        yield Layer(s, dot, theta)


def _smooth(
    pairs: Angle, depth: int, activation: Activation, level: int, s: Tensor, dot: Tensor, theta: Tensor
) -> Iterator[Layer]:
    """Hermite series in float64; quadrature of the plane from the first layer on at which they do not converge.

    A smooth activation makes smooth functions of the correlation ρ: nothing is lost where it is near 1.
    """
    c, a, b = activation.c, pairs.a, pairs.b
    rho = torch.where(pairs.y < pairs.z, 1 - 2 * pairs.y, 2 * pairs.z - 1)
    whole = rho * (a * b)
    s.copy_(whole), theta.copy_(whole)
    yield Layer(s, None, theta)
    for h in range(depth):
        found = [[_expanded(f, x, level) for x in (a, b)] for f in (activation.function, activation.slope)]
        (left, right), (left_slope, right_slope) = found
        if left is None or right is None or left_slope is None or right_slope is None:
            angle = 2 * torch.asin(torch.sqrt((1 - rho).clamp(0, 2) / 2))
            yield from _plane(activation, depth - h, level, whole, Pair(a, b, angle), s, dot, theta)
            return
        value = c * expectation(left, right, rho, a, b)
        slope = c * expectation(left_slope, right_slope, rho, a, b)
        a, b = ((c * e.square).sqrt().view(x.shape) for e, x in ((left, a), (right, b)))
        size = a * b
        rho = torch.where(size > 0, value / torch.where(size > 0, size, 1.0), 0.0).clamp_(-1, 1)
        whole = whole * slope + value
        s.copy_(value), dot.copy_(slope), theta.copy_(whole)
        yield Layer(s, dot, theta)


def _expanded(function: Callable[[Tensor], Tensor], deviation: Tensor, level: int) -> Expansion | None:
    """The expansion for every deviation, computed once for equal ones."""
    distinct, where = torch.unique(deviation.reshape(-1), return_inverse=True)
    found = expand(function, distinct, level)
    return None if found is None else Expansion(found.coefficients[where], found.square[where])


def _kinked(
    pairs: Angle, depth: int, activation: Activation, level: int, s: Tensor, dot: Tensor, theta: Tensor
) -> Iterator[Layer]:
    """Quadrature of polar sectors, in float64."""
    first = (pairs.z - pairs.y) * pairs.a * pairs.b
    s.copy_(first), theta.copy_(first)
    yield Layer(s, None, theta)
    angle = 2 * torch.atan2(pairs.y.sqrt(), pairs.z.sqrt())
    yield from _plane(activation, depth, level, first, Pair(pairs.a, pairs.b, angle), s, dot, theta)


def _plane(
    activation: Activation, depth: int, level: int, whole: Tensor, pair: Pair, s: Tensor, dot: Tensor, theta: Tensor
) -> Iterator[Layer]:
    """``depth`` layers above the tangent kernel ``whole``, by quadrature.

    4 sin²(t/2) of the next layer is c E (σ(u)/α - σ(v)/β)² with its deviations α and β: nothing cancels.
    """
    shape, c = s.shape, activation.c
    a, b, angle = (x.expand(shape).reshape(-1) for x in (pair.a, pair.b, pair.angle))
    zero = torch.zeros(1, dtype=torch.float64, device=a.device)
    for _ in range(depth):
        fine = level + _refinement(activation, a, b)
        before = Pair(a, b, angle)
        a, b = (_spread(activation, x, zero, fine) for x in (a, b))
        sizes = torch.where(a > 0, a, torch.inf), torch.where(b > 0, b, torch.inf)
        found = moments(activation.function, activation.slope, activation.kinked, before, fine, sizes)
        angle = 2 * torch.asin((torch.sqrt(c * found.apart) / 2).clamp_max(1))
        value, slope = (c * found.product).view(shape), (c * found.slope).view(shape)
        whole = whole * slope + value
        s.copy_(value), dot.copy_(slope), theta.copy_(whole)
        yield Layer(s, dot, theta)


def _spread(activation: Activation, deviation: Tensor, zero: Tensor, level: int) -> Tensor:
    """Standard deviation after a layer, of each distinct one before it."""
    distinct, where = torch.unique(deviation, return_inverse=True)
    pair = Pair(distinct, distinct, zero.expand(len(distinct)))
    found = moments(activation.function, activation.slope, activation.kinked, pair, level)
    return (activation.c * found.product).sqrt()[where]


def _refinement(activation: Activation, a: Tensor, b: Tensor) -> int:
    """Levels to add where deviations are large, so that the features of a smooth activation are narrow."""
    largest = max((float(x.max()) for x in (a, b) if x.numel()), default=0.0)
    return 0 if activation.kinked else min(FINER, max(0, math.ceil(math.log2(max(largest, 1.0) / 2))))
