"""The tangent kernel H* of infinitely wide fully connected nets, fast and to full accuracy.

f(x) = W^{L+1} √(c/d_L) σ(W^L √(c/d_{L-1}) ⋯ √(c/d_1) σ(W^1 x)) with independent W_ij ~ N(0, 1), no biases,
c = 1/E σ(z)², all widths d_1 … d_L to infinity.  The first layer is not divided by √d: Σ^(0)(x, x') = xᵀx'.

    from simulators import TangentKernel
    kernel = TangentKernel(depth=4)
    H = kernel(X)                                # (n, n); NumPy in, NumPy out; torch in, torch out
    SVC(kernel=kernel).fit(X, labels)            # scikit-learn's callable kernels

Sources: Jacot, Gabriel, Hongler (2018), arXiv:1806.07572; Arora, Du, Hu, Li, Salakhutdinov, Wang (2019),
arXiv:1904.11955; Cho, Saul (2009) for the arc-cosine kernels; Williams (1997) for erf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .dual_activations import LEVEL, Activation, find
from .kernel_balls import HALVING, UNIT, radii
from .kernel_balls_open import rounding_radii
from .kernel_convergence import settled
from .kernel_geometry import angles, inputs, room
from .kernel_inputs import as_given, checked, checked_pair, two_rows
from .kernel_recursion import BUFFERS, Angle, Layer, recursion
from .measurement import MeasurementError

__all__ = ["Activation", "Layers", "TangentKernel", "layer_balls", "layers", "tangent_kernel_ball"]


OPEN = 16
"""Blocks are this many times as large where the activation has no closed form."""


@dataclass(frozen=True)
class TangentKernel:
    """H*(x, x') of nets with ``depth`` hidden layers, as a callable kernel.

    ``activation``: "relu", "erf", "leaky_relu" (of slope 0.1 below 0; closed forms), "tanh", "gelu", "sin", a function of
    torch such as torch.nn.functional.silu, or an `Activation`: smooth ones by Hermite series (some hundred multiplications a
    pair and layer; inputs of norm above 8 may need a quadrature of the plane, which is a thousand times slower), ones with a
    kink at 0 by quadrature; kinks elsewhere are not supported.  ``block``: bytes of a work buffer; ten of them are
    used beside the result (sixteen times as many for activations without a closed form).

    Inputs are arrays (n, d) of NumPy or torch, float32 or float64 (integers and lists count as float64), without NaN;
    the result has their library, the wider of their dtypes and their device.  Two single rows (d,) make a number.  No
    gradient flows.  float32 inputs are compared in float64.  Relative to √(H_xx H_x'x') the error of closed forms stays
    below 1e-12 (float64) and 3e-7 (float32) for up to 5 hidden layers, duplicates and antipodes included.  Without a
    closed form two quadratures are compared at the smallest and the largest norm: they agree to 1e-8, or the kernel is
    an error; `tangent_kernel_ball` compares them at every pair.
    Raises `MeasurementError` for anything else.
    """

    depth: int
    activation: str | Activation | Callable[[Tensor], Tensor] = "relu"
    block: int = 2**18

    def __post_init__(self) -> None:
        if isinstance(self.depth, bool) or not isinstance(self.depth, int | np.integer) or self.depth < 0:
            raise MeasurementError(f"depth {self.depth!r}", "a number of hidden layers, an integer from 0 on")
        if isinstance(self.block, bool) or not isinstance(self.block, int | np.integer) or self.block < 1:
            raise MeasurementError(f"block {self.block!r}", "a number of bytes, such as 2**18")
        find(self.activation)

    def __call__(self, X: Any, Y: Any = None) -> Any:
        """H* between the rows of X and those of Y (X itself where None): (n, m); a number for two rows (d,)."""
        return self._gram(X, Y, Layer.theta.__name__)

    def nngp(self, X: Any, Y: Any = None) -> Any:
        """Σ^(L), the kernel of the Gaussian process that the output is at initialisation: (n, m)."""
        return self._gram(X, Y, Layer.sigma.__name__)

    def diagonal(self, X: Any) -> Any:
        """H*(x, x) of each row: (n,)."""
        rows, dtype = checked(X, "X")
        points = inputs(rows, dtype, find(self.activation), self.depth)
        settled(find(self.activation), int(self.depth), points.norm)
        same = torch.zeros_like(points.norm)
        out = torch.empty_like(same, dtype=dtype)
        pairs = Angle(same, same + 1, points.norm, points.norm)
        _last(self._layers(pairs, _work(out.numel(), same))).theta(out)
        return as_given(out, X)

    def _layers(self, pairs: Angle, work: tuple[Tensor, ...]) -> Iterator[Layer]:
        return recursion(pairs, int(self.depth), find(self.activation), LEVEL, work)

    def _gram(self, X: Any, Y: Any, what: str) -> Any:
        if (rows := two_rows(X, Y)) is not None:
            return self._gram(*rows, what)[0, 0]
        (points, others), dtype = checked_pair(X, Y)
        activation = find(self.activation)
        left = inputs(points, dtype, activation, self.depth)
        right = left if others is None else inputs(others, dtype, activation, self.depth)
        settled(activation, int(self.depth), left.norm, right.norm)
        n, m = len(left.norm), len(right.norm)
        out = torch.empty((n, m), dtype=dtype, device=points.device)
        # Series and sums cost more for a block than for a pair of it: fewer, larger ones.
        block = int(self.block) * (1 if activation.form else OPEN)
        size = max(min(block // out.element_size(), n * m), m)
        scratch = room(size, points.device)
        # Only the ReLU recursion keeps its accuracy in float32: each layer of another amplifies relative errors.
        work = _work(size, out if activation.form == "relu" else scratch[0])
        for start, stop, first in _blocks(n, m, size, symmetric=others is None):
            pairs = angles(left.rows(start, stop), right.rows(first, m), scratch)
            part = out[start:stop, first:]
            getattr(_last(self._layers(pairs, work)), what)(part)
            if others is None:
                square = part[:, : stop - start]
                square.copy_(square.triu() + square.triu(1).t())  # symmetric to the last bit
                out[stop:, start:stop].copy_(part[:, stop - start :].t())
        return as_given(out, X)


@dataclass(frozen=True, eq=False)
class Layers:
    """Σ^(h), Σ̇^(h) and Θ^(h) for h = 0 … L, each (L + 1, n, m) float64; Σ̇^(0) = 0, where no layer lies below."""

    sigma: Tensor
    sigma_dot: Tensor
    theta: Tensor


def layers(
    X: Any,
    Y: Any = None,
    depth: int = 1,
    activation: str | Activation | Callable[[Tensor], Tensor] = "relu",
    level: int = LEVEL,
) -> Layers:
    """Every layer of the kernels between the rows of X and Y, by the code that `TangentKernel` runs, in float64."""
    kind = find(activation)
    pairs, _, like = _pairs(X, Y, depth, kind)
    settled(kind, depth, pairs.a, pairs.b)
    return _layers(pairs, like, depth, kind, level)


def layer_balls(
    X: Any,
    Y: Any = None,
    depth: int = 1,
    activation: str | Activation | Callable[[Tensor], Tensor] = "relu",
    effort: int = 0,
) -> tuple[Layers, Layers]:
    """Midpoints and radii of every layer; ``effort`` is the level of quadrature to begin with.

    The radius is proved for closed forms (rounding of float64).  Otherwise it is the rounding that angles and norms pass on
    and what a series cuts off (`kernel_balls_open`), the rounding of the sums, and ten times the difference of two
    quadratures, which is no proof; the midpoint is the finer of them.
    """
    kind = find(activation)
    pairs, features, like = _pairs(X, Y, depth, kind)
    if kind.form:
        mid = _layers(pairs, like, depth, kind, LEVEL)
        rad = list(radii(pairs, features, kind, mid.sigma, mid.sigma_dot, mid.theta))
        return mid, Layers(*(torch.stack([getattr(r, part) for r in rad]) for part in ("sigma", "sigma_dot", "theta")))
    coarse, mid = (_layers(pairs, like, depth, kind, effort + more) for more in (0, 1))
    rough = (64 + 4 * features) * (depth + 1) * UNIT

    passed_on = list(rounding_radii(pairs, features, kind, effort + 1, mid.sigma, mid.sigma_dot, mid.theta))

    def radius(part: str) -> Tensor:
        fine, other = getattr(mid, part), getattr(coarse, part)
        rounding = rough * _leading(torch.maximum(fine.abs(), other.abs()).amax((1, 2), keepdim=True))
        through = _leading(torch.stack([getattr(r, part) for r in passed_on]))
        # A difference of the size of rounding is rounding; what angles and norms pass on is the same in both.
        return through + rounding + HALVING * ((fine - other).abs() - rounding).clamp_min(0)

    return mid, Layers(*(radius(part) for part in ("sigma", "sigma_dot", "theta")))


def _leading(value: Tensor) -> Tensor:
    """The leading 26 bits: a radius need not know more."""
    shifted = value * (2.0**27 + 1)
    return shifted - (shifted - value)


def tangent_kernel_ball(
    X: Any,
    Y: Any = None,
    depth: int = 1,
    activation: str | Activation | Callable[[Tensor], Tensor] = "relu",
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor]:
    """H* between the rows of X and Y and its radius, (n, m) float64 on ``device``; see `layer_balls`.

    ``X`` and ``Y``: tensors, arrays or nested tuples of numbers, taken as they are in float64.
    Raises `MeasurementError` for a device that is absent.
    """
    given = (None if a is None else checked(a, name)[0].double() for a, name in ((X, "X"), (Y, "Y")))
    try:
        rows, columns = (None if a is None else a.to(device) for a in given)
    except (RuntimeError, AssertionError) as absent:
        words = str(absent).splitlines()[0]
        raise MeasurementError(f"device {device} ({words})", "one that this torch has, such as cpu") from None
    mid, rad = layer_balls(rows, columns, depth, activation)
    return mid.theta[-1], rad.theta[-1]


def _pairs(x: Any, y: Any, depth: int, activation: Activation) -> tuple[Angle, int, Tensor]:
    """The angles of all pairs in float64, the number of features, and a tensor of the wanted shape."""
    (rows, columns), _ = checked_pair(x, y)
    left = inputs(rows, torch.float64, activation, depth)
    right = left if columns is None else inputs(columns, torch.float64, activation, depth)
    size = len(left.norm) * len(right.norm)
    pairs = angles(left, right, room(size, rows.device))
    return pairs, rows.shape[1], pairs.y


def _layers(pairs: Angle, like: Tensor, depth: int, activation: Activation, level: int) -> Layers:
    out = torch.empty((3, depth + 1, *like.shape), dtype=like.dtype, device=like.device)
    for h, layer in enumerate(recursion(pairs, depth, activation, level, _work(like.numel(), like))):
        layer.sigma(out[0, h]), layer.sigma_dot(out[1, h]), layer.theta(out[2, h])
    return Layers(*out)


def _work(size: int, like: Tensor) -> tuple[Tensor, ...]:
    return tuple(torch.empty(size, dtype=like.dtype, device=like.device) for _ in range(BUFFERS))


def _last(found: Iterator[Layer]) -> Layer:
    layer = next(found)
    for layer in found:  # noqa: B007
        pass
    return layer


def _blocks(n: int, m: int, size: int, symmetric: bool) -> Iterator[tuple[int, int, int]]:
    """Rows start … stop and the first column of each block of about ``size`` pairs."""
    start = 0
    while start < n and m:
        first = start if symmetric else 0
        stop = min(n, start + max(1, size // (m - first)))
        yield start, stop, first
        start = stop
