"""The convolutional tangent kernel of nets with the error function, offset by offset.

With Σ the covariance of two patches, n and n' their norms and c = 1/E erf(z)²,

    D = (1 + 2 n²)(1 + 2 n'²) - 4 Σ²,   K = (c/q²)(2/π) atan2(2 Σ, √D),   K̇ = (c/q²)(4/π)/√D         (Williams 1997).

The function is smooth, and covariances are carried as they are.  Those of hidden layers are below c, and D is computed
as it is written.  Those of images are not: in the first layer D = 1 + 2 n² + 2 n'² + 4 (n² n'² - Σ²), with
4 (n² n'² - Σ²) = (|p - p'|² - (n - n')²)(|p + p'|² - (n - n')²) and both factors put to 0 where they are nothing but
rounding, as for ReLU.  A factor is then wrong by at most 20 units in the last place of n² - n'², so that the relative
error of √D is at most 6 u N² for patch norms up to N: hence `LARGEST`, and float64 whatever comes in.
It is not homogeneous: images are not scaled.
"""

from __future__ import annotations

from math import asin, pi

import torch
from torch import Tensor

from simulators.convolutional_kernel_offsets import ROUNDINGS, Block, Torus, distance, placed, shifted, summed
from simulators.measurement import MeasurementError

NORMALISED = 1 / (2 / pi * asin(2 / 3))
"""c = 1/E erf(z)² for a standard normal z."""
LARGEST = 1e4
"""The largest norm of a patch: there 6 u N² is 7e-8.  Bytes in filters of 3 or 5 pixels and three channels are below."""


def erf_torus(images: Tensor, depth: int, radius: int, circular: bool) -> Torus:
    """Images on their torus, in float64; as ``inverse`` 1/√(1 + 2 n²) of the patches that enter each layer.

    Raises `MeasurementError` for patches of a norm above `LARGEST`.
    """
    pixels, valid = placed(images.double(), 0 if circular else radius)
    square, squares = (pixels * pixels).sum(0), []
    for _ in range(depth):
        square = summed(square, radius) * valid[0]
        squares.append(square)
        # D of a patch with itself is 1 + 4 n²
        square = torch.atan2(2 * square, (1 + 4 * square).sqrt()) * (NORMALISED * 2 / pi / (2 * radius + 1) ** 2)
    table = torch.stack(squares)
    _check(table[0].nan_to_num(torch.inf, torch.inf).amax((0, 1)).sqrt())
    noise = table * (ROUNDINGS * torch.finfo(table.dtype).eps / 2)
    return Torus(pixels, noise, table.sqrt(), torch.rsqrt(1 + 2 * table), valid)


def _check(norms: Tensor) -> None:
    """Norms (images,) of the largest patches, infinite where they are too large to be squared."""
    bad = norms > LARGEST
    if bool(bad.any()):
        first = int(bad.nonzero()[0, 0])
        raise MeasurementError(
            f"a patch of norm {float(norms[first]):.3g} with the error function",
            f"at most {LARGEST:g}, above which rounding of float64 is seen; divide the pixels, bytes by 255",
            element=first,
        )


def propagate_erf(block: Block, left: Torus, right: Torus, first: int, depth: int, ends: bool) -> Tensor:
    """As `propagate` for ReLU, without a power of q to be divided by."""
    b, s = block, block.sizes
    mine = left.each(lambda table: table[:, :, :, None, None])
    theirs = right.each(lambda table: shifted(table, s, first))
    torch.mul(mine.valid[0], theirs.valid[0], out=b.valid)
    weight = NORMALISED / (2 * s.radius + 1) ** 2
    for layer, (root, their_root) in enumerate(zip(mine.inverse.unbind(), theirs.inverse.unbind(), strict=True)):
        if layer == 0:
            _first(b, mine, theirs)
            torch.mul(b.gap, float(ends), out=b.theta)
        else:
            b.filter(b.gap)
            b.gap.mul_(b.valid)
            b.filter(b.theta)
            b.theta.mul_(b.valid).add_(b.gap)
            torch.mul(root, their_root, out=b.size)
            torch.mul(b.gap, b.size, out=b.root).mul_(2)  # 2 Σ/√((1 + 2 n²)(1 + 2 n'²))
            b.root.mul_(b.root)
            torch.sub(b.one, b.root, out=b.root).sqrt_().div_(b.size)
        b.theta.div_(b.root).mul_(weight * 4 / pi)
        torch.atan2(b.gap.mul_(2), b.root, out=b.gap).mul_(weight * 2 / pi)
    if ends:
        b.theta.add_(b.gap)
    return b.inner(b.theta)


def _first(b: Block, mine: Torus, theirs: Torus) -> None:
    """Σ of the patches of images in ``gap`` and √D in ``root``."""
    norm, their_norm = mine.norm[0], theirs.norm[0]
    distance(b, b.gap, torch.sub, mine, theirs)
    distance(b, b.half, torch.add, mine, theirs)
    b.theta.zero_()
    for channel in range(mine.pixels.shape[0]):
        b.theta.addcmul_(mine.pixels[channel], theirs.pixels[channel])
    b.filter(b.theta)
    torch.sub(norm, their_norm, out=b.spread)
    b.spread.mul_(b.spread)
    torch.sub(mine.noise[0], theirs.noise[0], out=b.scratch)
    b.scratch.abs_()
    for factor in (b.gap, b.half):
        torch.ge(factor.sub_(b.spread), b.scratch, out=b.root)
        factor.mul_(b.root)
    b.root.fill_(1).addcmul_(norm, norm, value=2).addcmul_(their_norm, their_norm, value=2)
    b.root.addcmul_(b.gap, b.half).sqrt_()
    torch.mul(b.theta, b.valid, out=b.gap)
