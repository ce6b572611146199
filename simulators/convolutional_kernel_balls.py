"""The layers of the convolutional tangent kernel of small images, entry by entry, in balls.

One recursion in two arithmetics: batches in float64 with rounding radii, and single pairs in flint at any precision.
The quantities and their order are those of `convolutional_kernel_offsets`, with rounding bounds that hold for every
order of summation, so that the radius of a total is one of the fast code in float64 too.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any, Protocol

import flint
import numpy as np
import torch
from torch import Tensor

from simulators.balls import TINY, UNIT, UP, ScalarBall, gamma
from simulators.convolutional_kernel_images import ImagePair, windows
from simulators.convolutional_kernel_offsets import ROUNDINGS

ANGLE = 16 * UNIT
"""More than the rounding of an angle up to π/2 computed from square roots and an arctangent."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: arrays (…, pixels, pixels) over pixels of x and x'; the squares of norms (…, pixels).

    ``left``, ``right``, ``cross``: Σ(x, x), Σ(x', x') on their diagonals and Σ(x, x'); ``theta``: Θ; all of these enter
    the layer.  ``k``, ``derivative``, ``pixel``: K, K̇ and K̇ ⊙ Θ + K, its results before they are filtered;
    ``middle``: K̇ ⊙ Θ of a net whose first and last layer are not trained.
    """

    left: Any
    right: Any
    cross: Any
    theta: Any
    k: Any
    derivative: Any
    pixel: Any
    middle: Any


class Arithmetic(Protocol):
    """What the recursion needs beyond + and -, * and indexing."""

    def filtered(self, values: Any, table: np.ndarray, axes: int) -> Any:
        """Sums over windows of one or of two like axes; the last position of an axis is the blank pixel."""

    def root(self, values: Any) -> Any:
        """Square roots of squares of norms."""

    def fraction(self, gap: Any, product: Any, squares: Any) -> Any:
        """gap/(4 product) within [0, 1]; 0 where the product is 0.  ``squares`` is n² - n'², which rounding is told by."""

    def dual(self, e: Any, f: Any) -> tuple[Any, Any]:
        """κ0 and e' from e = (1 - cos t)/2 and f = 1 - e."""

    def scaled(self, values: Any, over: int) -> Any:
        """Values over a whole number."""


def outer(left: Any, right: Any) -> tuple[Any, Any]:
    """Two arrays (…, pixels) as columns and rows that broadcast."""
    return left[..., :, None], right[..., None, :]


def recursion(arithmetic: Arithmetic, x: Any, y: Any, table: np.ndarray, depth: int) -> list[Layer]:
    """All layers for pixels x and y (…, pixels + 1, channels), the last of them blank."""
    a, window = arithmetic, len(table)
    square_x, square_y = (_total(v * v) for v in (x, y))
    minus, plus = x[..., :, None, :] - y[..., None, :, :], x[..., :, None, :] + y[..., None, :, :]
    gap, opposite = _total(minus * minus), _total(plus * plus)
    theta = middle = carried = None
    layers = []
    for layer in range(depth):
        left, right = a.filtered(square_x, table, 1), a.filtered(square_y, table, 1)
        gap = a.filtered(gap, table, 2)
        column, row = outer(left, right)
        cross = a.scaled(column + row - gap, 2)
        norm_x, norm_y = outer(a.root(left), a.root(right))
        product, spread = norm_x * norm_y, (norm_x - norm_y) * (norm_x - norm_y)
        e = a.fraction(gap - spread, product, column - row)
        f = a.fraction(a.filtered(opposite, table, 2) - spread, product, column - row) if layer == 0 else None
        kappa, e = a.dual(e, f)
        k = a.scaled(product - (e + e) * product, window)
        derivative = a.scaled(kappa, window)
        theta = cross if layer == 0 else a.filtered(theta, table, 2)
        pixel = derivative * theta + k
        middle = k - k if carried is None else derivative * a.filtered(carried, table, 2)
        layers.append(Layer(left, right, cross, theta, k, derivative, pixel, middle))
        square_x, square_y = a.scaled(_blank(left), window), a.scaled(_blank(right), window)
        wide_x, wide_y = outer(square_x, square_y)
        inner = a.scaled(spread + (e + e + e + e) * product, window)
        gap = _bordered(inner, wide_x + wide_y)
        theta, carried = _blank(_blank(pixel), 2), _blank(_blank(middle + k), 2)
    return layers


def _total(values: Any) -> Any:
    """The sum over the last axis, channels."""
    total = values[..., 0]
    for channel in range(1, (values.mid if isinstance(values, ScalarBall) else values).shape[-1]):
        total = total + values[..., channel]
    return total


def _blank(values: Any, axis: int = 1) -> Any:
    """A further position on the last axis but ``axis`` - 1, holding 0."""
    if isinstance(values, ScalarBall):
        return ScalarBall(_blank(values.mid, axis), _blank(values.rad, axis))
    if isinstance(values, Tensor):
        return torch.nn.functional.pad(values, (0, 1) if axis == 1 else (0, 0, 0, 1))
    width = [(0, 0)] * values.ndim
    width[-axis] = (0, 1)
    return np.pad(values, width, constant_values=flint.arb(0))  # type: ignore[call-overload]


def _bordered(inner: Any, border: Any) -> Any:
    """``inner`` (…, n, n) with the last row and column of ``border`` (…, n + 1, n + 1): one of the pixels is blank."""
    if isinstance(inner, ScalarBall):
        return ScalarBall(_bordered(inner.mid, border.mid), _bordered(inner.rad, border.rad))
    out = border.clone() if isinstance(border, Tensor) else border.copy()
    out[..., :-1, :-1] = inner
    return out


class Floats:
    """Batches in float64 with rounding radii."""

    def filtered(self, values: ScalarBall, table: np.ndarray, axes: int) -> ScalarBall:
        """Sums over windows; γ covers any order of summation."""
        at = torch.from_numpy(table).to(values.mid.device)

        def gathered(part: Tensor) -> Tensor:
            if axes == 1:
                return part[..., at].sum(-2)
            return torch.stack([part[..., t[:, None], t] for t in at]).sum(0)

        size = gathered(values.mid.abs())
        rad = (gathered(values.rad) + gamma(len(table)) * size) * (UP + 4 * len(table) * UNIT)
        return ScalarBall(gathered(values.mid), torch.where((size == 0) & (rad <= TINY * 1e6), 0.0, rad))

    def root(self, values: ScalarBall) -> ScalarBall:
        """√; an exact 0 stays exact."""
        mid = values.mid.sqrt()
        positive = torch.where(mid > 0, mid, 1.0)
        rad = (values.rad / positive + UNIT * mid) * UP
        return ScalarBall(mid, torch.where(mid > 0, rad, 0.0))

    def fraction(self, gap: ScalarBall, product: ScalarBall, squares: ScalarBall) -> ScalarBall:
        """Clipped to [0, 1], which no truth leaves; it reaches to 0 where the fast code may take it for rounding."""
        taken = ROUNDINGS * UNIT * (squares.mid.abs() + squares.rad)
        near = gap.mid - gap.rad <= 2 * taken
        gap = ScalarBall(gap.mid, torch.where(near, gap.rad + gap.mid.abs() + taken, gap.rad) * UP)
        some = product.mid > 0
        safe = ScalarBall(torch.where(some, 4 * product.mid, 1.0), torch.where(some, 4 * product.rad, 0.0))
        ratio = gap / safe
        return ScalarBall(torch.where(some, ratio.mid, 0.0).clamp(0, 1), torch.where(some, ratio.rad, 0.0))

    def dual(self, e: ScalarBall, f: ScalarBall | None) -> tuple[ScalarBall, ScalarBall]:
        """The angle lies between those at the ends; e' has the derivative κ0, at most 1."""
        f = ScalarBall(1 - e.mid, (e.rad + UNIT) * UP) if f is None else f
        low = torch.atan2(_end(e, -1), _end(f, 1))
        high = torch.atan2(_end(e, 1), _end(f, -1))
        kappa = ScalarBall(1 - (low + high) / pi, ((high - low) / pi + ANGLE) * UP)
        other = 1 - e.mid
        half = torch.atan2(e.mid.sqrt(), other.sqrt())
        after = e.mid - ((e.mid * other).sqrt() - half * (other - e.mid)) / pi
        return kappa, ScalarBall(after, (e.rad + ANGLE) * UP)

    def scaled(self, values: ScalarBall, over: int) -> ScalarBall:
        """A quotient by an exact number."""
        return ScalarBall(values.mid / over, (values.rad / over + UNIT * (values.mid / over).abs()) * UP)


def _end(ball: ScalarBall, side: int) -> Tensor:
    """√ of one end of a ball within [0, 1]."""
    return (ball.mid + side * ball.rad * UP).clamp(0, 1).sqrt()


class Balls:
    """Single pairs in flint: object arrays of arb."""

    def filtered(self, values: np.ndarray, table: np.ndarray, axes: int) -> np.ndarray:
        """Sums over windows."""
        parts = [values[t] if axes == 1 else values[t[:, None], t] for t in table]
        return np.add.reduce(parts)

    def root(self, values: np.ndarray) -> np.ndarray:
        """√ of what is not negative."""
        return _each(_nonnegative_root, values)

    def fraction(self, gap: np.ndarray, product: np.ndarray, squares: np.ndarray) -> np.ndarray:
        """0 where a norm is exactly 0."""
        return _each(lambda g, p: flint.arb(0) if p == 0 else g / (4 * p), gap, product)

    def dual(self, e: np.ndarray, f: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Straight from the definitions; e' at the middle of its ball, for its derivative κ0 is at most 1."""
        f = 1 - e if f is None else f
        half = _each(lambda s, c: flint.arb.atan2(s, c), self.root(e), self.root(f))
        return 1 - half * 2 / flint.arb.pi(), _each(_after, e)

    def scaled(self, values: np.ndarray, over: int) -> np.ndarray:
        """A quotient by an exact number."""
        return values / flint.arb(over)


def _after(e: Any) -> Any:
    """e' of a ball e, some of which may lie outside of [0, 1], where no truth does."""
    middle = e.mid()
    middle = flint.arb(0) if middle < 0 else flint.arb(1) if middle > 1 else middle
    sine, cosine = _nonnegative_root(middle), _nonnegative_root(1 - middle)
    half = flint.arb.atan2(sine, cosine)
    after = middle - (sine * cosine - half * (1 - 2 * middle)) / flint.arb.pi()
    return after + flint.arb(0, e.rad())


def _each(function: Any, *arrays: np.ndarray) -> np.ndarray:
    out = np.empty(arrays[0].shape, dtype=object)
    for at in np.ndindex(out.shape):
        out[at] = function(*(a[at] for a in arrays))
    return out


def _nonnegative_root(value: Any) -> Any:
    if value == 0:
        return flint.arb(0)
    return value.sqrt() if value > 0 else flint.arb(0).union(value.upper().sqrt())


def float_layers(x: np.ndarray, y: np.ndarray, pair: ImagePair, device: torch.device) -> list[Layer]:
    """Layers of a batch of images x and y (batch, height, width, channels), with the net that ``pair`` asks about."""
    # the fast code scales its images first, with two roundings at most
    balls = [ScalarBall(v, 2 * UNIT * v.abs() * UP) for v in (_flat(part, device) for part in (x, y))]
    return recursion(Floats(), balls[0], balls[1], windows(pair), pair.depth)


def float_products(x: np.ndarray, y: np.ndarray, device: torch.device) -> ScalarBall:
    """Products of pixels x and y (batch, pixels, pixels), summed over channels: what enters the first window."""
    mine, theirs = (ScalarBall(v[:, :-1], torch.zeros_like(v[:, :-1])) for v in (_flat(x, device), _flat(y, device)))
    return _total(mine[:, :, None, :] * theirs[:, None, :, :])


def _flat(pixels: np.ndarray, device: torch.device) -> Tensor:
    return torch.nn.functional.pad(torch.from_numpy(pixels).to(device).flatten(1, 2), (0, 0, 0, 1))


def total(values: ScalarBall) -> ScalarBall:
    """The sums over all axes but the first; γ covers any order of summation."""
    mid, size = values.mid.flatten(1).sum(1), values.mid.abs().flatten(1).sum(1)
    terms = max(1, values.mid[0].numel())
    return ScalarBall(mid, (values.rad.flatten(1).sum(1) + gamma(terms) * size) * (UP + 4 * terms * UNIT))


def exact_layers(x: np.ndarray, y: np.ndarray, pair: ImagePair) -> list[Layer]:
    """Layers of one pair of images (height, width, channels) in balls of the working precision of flint."""
    blank = np.zeros((1, pair.channels))
    made = [_each(flint.arb, np.vstack([v.reshape(-1, pair.channels), blank])) for v in (x, y)]
    return recursion(Balls(), made[0], made[1], windows(pair), pair.depth)


def exact_products(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """`float_products` of one pair, exactly."""
    mine, theirs = (_each(flint.arb, v.reshape(-1, v.shape[-1])) for v in (x, y))
    return mine @ theirs.T
