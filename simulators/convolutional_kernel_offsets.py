"""The convolutional tangent kernel of ReLU nets, offset by offset.

A box filter and a pixelwise map keep the offset (d, e) of two pixels (i, j) and (i + d, j + e), so that the P Q P Q
numbers of a pair of images split into independent problems of P Q numbers, one for each offset.  A block of offsets
goes through all layers while it is in the cache.  Images lie on a torus: for circular padding it is the image, for
zero padding it has r = (filter - 1)/2 further blank rows and columns, which separate the offsets d and d - P.

Carried is G_ij,i'j' = Σ(x,x)_ij,ij + Σ(x',x')_i'j',i'j' - 2 Σ(x,x')_ij,i'j', the squared distance of two patches, rather
than their covariance: G starts as a direct difference and filters of it add non-negative numbers, so that equal and
nearly equal patches keep the accuracy that arccos of a cosine near 1 would lose.  With n, n' the norms of the patches,

    e = (1 - cos t)/2 = (G - (n - n')²)/(4 n n'),   κ0 = 1 - t/π,   e' = e - (½ sin t - ½ t cos t)/π,
    K = n n' (1 - 2 e')/q²,   K̇ = κ0/q²             (Cho, Saul 2009; Arora, Du, Hu, Li, Salakhutdinov, Wang 2019)

where e is put to 0 if it is below a few units in the last place of n² - n'²: of parallel patches with different norms
the difference is nothing but rounding, whose square root would be the angle.  G of the next layer is the filter of (n - n')² + 4 n n' e'.  The first layer also has the squared distance from the
opposite patch, for pairs that are nearly antipodal; deeper cosines are not negative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

CACHE = 1 << 18
"""Bytes of one buffer: seven buffers fit the cache of a core."""
ROUNDINGS = 16
"""Units in the last place by which the squares of two norms may be wrong, relative to their difference."""
LEAST = 1e-36
"""Put for (1 - cos t)/2 = 0: vectorised square roots and arcsines of an exact 0 are five times slower."""


@dataclass(frozen=True, eq=False)
class Torus:
    """Images on a torus with their patch norms; pixels before images, so that a block of images is contiguous.

    ``pixels`` (channels, rows, columns, images); ``noise``, ``norm`` and ``inverse`` (layers, rows, columns, images):
    what rounding may do to n², n and 1/(2n) of the patches that enter each layer, 0 where a patch is zero or blank; ``valid`` (1, rows, columns,
    images): 1 in the image and 0 where it is blank.
    """

    pixels: Tensor
    noise: Tensor
    norm: Tensor
    inverse: Tensor
    valid: Tensor

    def each(self, change: Callable[[Tensor], Tensor]) -> Torus:
        """The same change of every table."""
        tables = (self.pixels, self.noise, self.norm, self.inverse, self.valid)
        return Torus(*(change(table) for table in tables))

    def layers(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Noise, norms and inverses layer by layer."""
        return zip(self.noise.unbind(), self.norm.unbind(), self.inverse.unbind(), strict=True)

    def chosen(self, start: int, stop: int) -> Torus:
        """Images from ``start`` to ``stop``."""
        return self.each(lambda table: table[..., start:stop].contiguous())

    def window(self, radius: int, extra: tuple[int, int] = (0, 0)) -> Torus:
        """Rows and columns from -radius on, cyclically, so many that ``extra`` further ones than the image's are there."""
        rows, columns = self.valid.shape[1:3]
        inner = (int(self.valid[0, :, 0, 0].sum()), int(self.valid[0, 0, :, 0].sum()))
        device = self.pixels.device
        down = torch.arange(-radius, inner[0] + radius + extra[0], device=device) % rows
        right = torch.arange(-radius, inner[1] + radius + extra[1], device=device) % columns
        return self.each(lambda table: table.index_select(1, down).index_select(2, right))


def placed(images: Tensor, margin: int) -> tuple[Tensor, Tensor]:
    """Images (n, rows, columns, channels) as ``pixels`` and ``valid`` of a torus with ``margin`` blank rows and columns."""
    n, rows, columns, channels = images.shape
    pixels = images.new_zeros(channels, rows + margin, columns + margin, n)
    pixels[:, :rows, :columns] = images.permute(3, 1, 2, 0)
    valid = images.new_zeros(1, rows + margin, columns + margin, n)
    valid[:, :rows, :columns] = 1
    return pixels, valid


def summed(values: Tensor, radius: int) -> Tensor:
    """Sums over windows of the first two axes of a torus."""
    for axis in (0, 1):
        values = sum((values.roll(a, axis) for a in range(-radius, radius + 1)), torch.zeros_like(values))
    return values


def torus(images: Tensor, depth: int, radius: int, circular: bool) -> Torus:
    """Images (n, rows, columns, channels) on their torus, with the norms of their patches layer by layer."""
    pixels, valid = placed(images, 0 if circular else radius)
    square, squares = (pixels * pixels).sum(0), []
    for _ in range(depth):
        square = summed(square, radius) * valid[0]
        squares.append(square)
    table = torch.stack(squares)
    norm, noise = table.sqrt(), table * (ROUNDINGS * torch.finfo(table.dtype).eps / 2)
    inverse = torch.where(norm > 0, 0.5 / norm, torch.zeros_like(norm))
    return Torus(pixels, noise, norm, inverse, valid)


@dataclass(frozen=True)
class Sizes:
    """A block: rows and columns of an image, offsets in each direction, images; reach of the filter, kind of padding."""

    rows: int
    columns: int
    down: int
    across: int
    images: int
    radius: int
    circular: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a buffer: the image with a halo of ``radius``, offsets, images."""
        return self.rows + 2 * self.radius, self.columns + 2 * self.radius, self.down, self.across, self.images


class Block:
    """Buffers of one shape, used again for every block of offsets.

    What windows gather for the halo is never used: there norms are 0 for zero padding, and values are copied round for
    circular padding.
    """

    def __init__(self, sizes: Sizes, like: Tensor) -> None:
        self.sizes = sizes
        self.gap, self.theta, self.spread, self.size, self.half, self.root, self.scratch, self.valid = (
            torch.zeros(sizes.shape, dtype=like.dtype, device=like.device) for _ in range(8)
        )
        self.one = torch.ones((), dtype=like.dtype, device=like.device)
        self.slides = {v.data_ptr(): self._slides(v) for v in (self.gap, self.half, self.theta) if sizes.radius}

    def _slides(self, values: Tensor) -> list[tuple[Tensor, ...]]:
        """Additions (first, second, out) that sum over the window: views of the whole buffer, made once."""
        s = self.sizes
        row, column = values.stride()[:2]
        there, back = values.view(-1), self.scratch.view(-1)
        return [*_slide(there, back, row, s.radius), *_slide(back, there, column, s.radius)]

    def filter(self, values: Tensor) -> None:
        """Sums over the window, in place; ``values`` is ``gap``, ``half`` or ``theta``."""
        s = self.sizes
        if s.radius == 0:
            return
        for first, second, out in self.slides[values.data_ptr()]:
            torch.add(first, second, out=out)
        if s.circular:
            for axis, size in ((0, s.rows), (1, s.columns)):
                halo = torch.tensor(
                    [*range(s.radius), *range(size + s.radius, size + 2 * s.radius)], device=values.device
                )
                values.index_copy_(axis, halo, values.index_select(axis, (halo - s.radius) % size + s.radius))

    def fraction(self, gap: Tensor, noise: Tensor, inverse: Tensor, their_inverse: Tensor) -> None:
        """(1 - cos t)/2 from squared distances, in place; ``noise`` is what is taken for 0."""
        torch.ge(gap.sub_(self.spread), noise, out=self.root)
        gap.mul_(self.root).mul_(inverse).mul_(their_inverse).clamp_(LEAST, 1)

    def inner(self, values: Tensor) -> Tensor:
        """The values without the halo."""
        r = self.sizes.radius
        return values[r : r + self.sizes.rows, r : r + self.sizes.columns]


def _slide(source: Tensor, out: Tensor, step: int, radius: int) -> Iterator[tuple[Tensor, ...]]:
    """Sums of the ``2 radius + 1`` numbers at multiples of ``step`` around each, where they are inside."""
    yield source[:-step], source[step:], out[:-step]
    yield source[-step:], source.new_zeros(()), out[-step:]
    yield out[step:], source[:-step], out[step:]
    for a in range(2, radius + 1):
        yield out[: -a * step], source[a * step :], out[: -a * step]
        yield out[a * step :], source[: -a * step], out[a * step :]


def shifted(table: Tensor, sizes: Sizes, first: int) -> Tensor:
    """The view (…, rows, columns, offsets down, offsets across, images) of a table (…, rows, columns, images)."""
    *lead, row, column, image = table.stride()
    start = table.storage_offset() + first * row
    return table.as_strided((*table.shape[:-3], *sizes.shape), (*lead, row, column, row, column, image), start)


def propagate(block: Block, left: Torus, right: Torus, first: int, depth: int, ends: bool) -> Tensor:
    """Entries of the last layer of row offsets from ``first``, times q^(2 depth): (rows, columns, offsets …, images).

    ``left``: the window of one image; ``right``: images in a window wide enough for all offsets.  ``ends``: whether the
    first and the last layer are trained.  The result is a view of a buffer.
    """
    b, s = block, block.sizes
    mine = left.each(lambda table: table[:, :, :, None, None])
    theirs = right.each(lambda table: shifted(table, s, first))
    torch.mul(mine.valid[0], theirs.valid[0], out=b.valid)
    for layer, ((noise, norm, inverse), (their_noise, their_norm, their_inverse)) in enumerate(
        zip(mine.layers(), theirs.layers(), strict=True)
    ):
        torch.mul(norm, their_norm, out=b.size)
        if layer == 0:
            distance(b, b.gap, torch.sub, mine, theirs)
            distance(b, b.half, torch.add, mine, theirs)
        else:
            b.filter(b.gap)
            b.filter(b.theta)
        torch.sub(norm, their_norm, out=b.spread)
        b.spread.mul_(b.spread)
        torch.sub(noise, their_noise, out=b.scratch)
        b.scratch.abs_()
        b.fraction(b.gap, b.scratch, inverse, their_inverse)
        if layer == 0:
            b.fraction(b.half, b.scratch, inverse, their_inverse)
            torch.mul(b.gap, b.half, out=b.root).sqrt_()
            torch.sqrt(b.gap, out=b.scratch)
            torch.atan2(b.scratch, b.half.sqrt_(), out=b.half)
        else:
            torch.addcmul(b.gap, b.gap, b.gap, value=-1, out=b.root).sqrt_()
            torch.sqrt(b.gap, out=b.half).asin_()
        torch.add(b.one, b.gap, alpha=-2, out=b.scratch)  # the cosine
        if layer:
            b.theta.addcmul_(b.size, b.scratch)
        elif ends:
            torch.mul(b.size, b.scratch, out=b.theta)
        else:
            b.theta.zero_()
        b.gap.add_(b.root, alpha=-1 / pi).addcmul_(b.half, b.scratch, value=1 / pi)
        torch.add(b.valid, b.half, alpha=-2 / pi, out=b.half)  # κ0; where a pixel is blank, t is 0
        b.theta.mul_(b.half)
        if layer < depth - 1:
            torch.addcmul(b.spread, b.size, b.gap, value=4, out=b.gap)
    if ends:
        torch.add(b.one, b.gap, alpha=-2, out=b.scratch)
        b.theta.addcmul_(b.size, b.scratch)
    return b.inner(b.theta)


def distance(block: Block, out: Tensor, combine: Callable[..., Tensor], mine: Torus, theirs: Torus) -> None:
    """Squared distances of the first patches, or of the opposite ones."""
    out.zero_()
    for channel in range(mine.pixels.shape[0]):
        combine(mine.pixels[channel], theirs.pixels[channel], out=block.root)
        out.addcmul_(block.root, block.root)
    block.filter(out)
