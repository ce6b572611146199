"""The convolutional tangent kernel of nets with the error function, offset by offset.

With Σ the covariance of two patches, n and n' their norms and c = 1/E erf(z)²,

    r = 2 Σ/√((1 + 2 n²)(1 + 2 n'²)),   K = (c/q²)(2/π) asin r,   K̇ = (c/q²)(4/π)/√((1 + 2 n²)(1 + 2 n'²)(1 - r²))

(Williams 1997).  The function is smooth, and covariances are carried as they are; where patches coincide 1 - r² loses as
many digits as n² has before the point.  It is not homogeneous: images are not scaled.
"""

from __future__ import annotations

from math import asin, pi

import torch
from torch import Tensor

from simulators.convolutional_kernel_offsets import Block, Torus, placed, shifted, summed

NORMALISED = 1 / (2 / pi * asin(2 / 3))
"""c = 1/E erf(z)² for a standard normal z."""


def erf_torus(images: Tensor, depth: int, radius: int, circular: bool) -> Torus:
    """Images on their torus; in place of norms 1/√(1 + 2 n²) of the patches that enter each layer."""
    pixels, valid = placed(images, 0 if circular else radius)
    square, roots = (pixels * pixels).sum(0), []
    for _ in range(depth):
        square = summed(square, radius) * valid[0]
        roots.append(torch.rsqrt(1 + 2 * square))
        ratio = 2 * square / (1 + 2 * square)
        square = torch.asin(ratio) * (NORMALISED * 2 / pi / (2 * radius + 1) ** 2)
    table = torch.stack(roots)
    return Torus(pixels, table, table, table, valid)


def propagate_erf(block: Block, left: Torus, right: Torus, first: int, depth: int, ends: bool) -> Tensor:
    """As `propagate` for ReLU, without a power of q to be divided by."""
    b, s = block, block.sizes
    mine = left.each(lambda table: table[:, :, :, None, None])
    theirs = right.each(lambda table: shifted(table, s, first))
    torch.mul(mine.valid[0], theirs.valid[0], out=b.valid)
    weight = NORMALISED / (2 * s.radius + 1) ** 2
    b.gap.zero_()
    for channel in range(mine.pixels.shape[0]):
        b.gap.addcmul_(mine.pixels[channel], theirs.pixels[channel])
    for layer, (root, their_root) in enumerate(zip(mine.norm.unbind(), theirs.norm.unbind(), strict=True)):
        b.filter(b.gap)
        b.gap.mul_(b.valid)
        if layer:
            b.filter(b.theta)
            b.theta.mul_(b.valid).add_(b.gap)
        elif ends:
            b.theta.copy_(b.gap)
        else:
            b.theta.zero_()
        torch.mul(root, their_root, out=b.size)
        torch.mul(b.gap, b.size, out=b.root).mul_(2)
        torch.asin(b.root, out=b.gap).mul_(weight * 2 / pi)
        b.root.mul_(b.root)
        torch.sub(b.one, b.root, out=b.root).rsqrt_().mul_(b.size)
        b.theta.mul_(b.root).mul_(weight * 4 / pi)
    if ends:
        b.theta.add_(b.gap)
    return b.inner(b.theta)
