"""The tangent kernel of infinitely wide convolutional nets: a callable on arrays of images.

    kernel = ConvolutionalTangentKernel(depth=5, pooling="average")
    gram = kernel(X)          # X (n, height, width, channels); gram (n, n), of the library, dtype and device of X

The net has ``depth`` convolutions with ReLU, or the error function, and a linear output layer, weights N(0, 1) and factors
√(c/(C q²)) after each convolution, c = 2 for ReLU; published code counts depth + 1 layers.  Pooling "average" is global average pooling before the output
layer, "none" gives every pixel an output weight of its own.  trained="middle" leaves out the first and the last layer,
as in the published CIFAR-10 numbers.  Channels come last: torch's (n, channels, height, width) take X.movedim(1, -1);
arrays that look like them, (n, 1 or 3, k, k) with k > 4, are taken as they are with a `LayoutWarning`.

Formulas: Arora, Du, Hu, Li, Salakhutdinov, Wang (2019), section 4, arXiv:1904.11955.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from simulators.convolutional_kernel_erf import erf_torus, propagate_erf
from simulators.convolutional_kernel_offsets import CACHE, Block, Sizes, Torus, propagate, torus
from simulators.kernel_inputs import taken
from simulators.measurement import MeasurementError

POOLING = ("average", "none")
PADDING = ("zero", "circular")
TRAINED = ("all", "middle")
ACTIVATION = ("relu", "erf")


class LayoutWarning(UserWarning):
    """Images whose channels seem to come first."""


@dataclass(frozen=True)
class ConvolutionalTangentKernel:
    """The kernel of nets with ``depth`` hidden convolutions of odd size ``filter``; see the module.

    Raises `MeasurementError` for options that it does not know.
    """

    depth: int
    filter: int = 3
    pooling: str = "average"
    padding: str = "zero"
    trained: str = "all"
    activation: str = "relu"

    def __post_init__(self) -> None:
        if isinstance(self.depth, bool) or not isinstance(self.depth, int) or self.depth < 1:
            raise MeasurementError(f"depth {self.depth!r}", "a whole number of hidden layers, at least 1")
        if isinstance(self.filter, bool) or not isinstance(self.filter, int) or self.filter < 1 or self.filter % 2 == 0:
            raise MeasurementError(f"filter {self.filter!r}", "an odd size of at least 1, such as 3")
        options = {"pooling": POOLING, "padding": PADDING, "trained": TRAINED, "activation": ACTIVATION}
        for name, known in options.items():
            if getattr(self, name) not in known:
                raise MeasurementError(f"{name} {getattr(self, name)!r}", f"one of {', '.join(known)}")

    def __call__(self, X: Any, Y: Any = None) -> Any:
        """The matrix (n, m) of kernel values of images X (n, h, w, c) and Y (m, h, w, c); Y = None stands for X.

        numpy in, numpy out; torch in, torch out; float32 and float64 are computed as they are, integers and lists in float64,
        two dtypes in the wider one.  No gradient flows: inputs that require one are an error.
        The error function is computed in float64 throughout, within 1e-14 + 1e-15 N² times √(H(x, x) H(x', x')) for
        patches of norms up to N.
        Raises `MeasurementError` for other shapes, types, NaN and infinity, with the error function for N > 1e4, and for
        ReLU where an image's norm is not below
        √(largest number/(2 (depth + 1))), to which the kernel is finite.
        """
        left = _images(X, "X")
        if Y is None:
            return _like(X, self._gram(left))
        right = _images(Y, "Y")
        if right.shape[1:] != left.shape[1:] or right.device != left.device:
            raise MeasurementError(
                f"X of {_described(left)} and Y of {_described(right)}",
                "images of one size and device; crop or move one of them",
            )
        left, right = (a.to(torch.promote_types(left.dtype, right.dtype)) for a in (left, right))
        return _like(X, self._matrix(left, right))

    def diagonal(self, X: Any) -> Any:
        """The values (n,) of each image with itself; as for a call."""
        images, scale = self._scaled(_images(X, "X"))
        out = images.new_zeros(len(images))
        if len(images):
            whole = self._torus(images)
            for k in range(len(images)):
                out[k] = _row(self, whole.chosen(k, k + 1), None)[0]
        return _like(X, out * scale * scale)

    def _gram(self, images: Tensor) -> Tensor:
        images, scale = self._scaled(images)
        whole, n = self._torus(images), len(images)
        out = images.new_zeros(n, n)
        for k in range(n):
            out[k, k] = _row(self, whole.chosen(k, k + 1), None)[0]
            if k + 1 < n:
                out[k, k + 1 :] = out[k + 1 :, k] = _row(self, whole.chosen(k, k + 1), whole.chosen(k + 1, n))
        return out * scale[:, None] * scale

    def _matrix(self, left: Tensor, right: Tensor) -> Tensor:
        (left, left_scale), (right, right_scale) = self._scaled(left), self._scaled(right)
        out = left.new_zeros(len(left), len(right))
        if out.numel():
            mine, theirs = self._torus(left), self._torus(right)
            for k in range(len(left)):
                out[k] = _row(self, mine.chosen(k, k + 1), theirs)
        return out * left_scale[:, None] * right_scale

    def _scaled(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if self.activation == "erf":
            return images, images.new_ones(len(images))
        small, scale = scaled(images)
        # each layer adds at most |x|² to the kernel, of which pooling takes a mean
        largest = (torch.finfo(images.dtype).max / (2 * (self.depth + 1))) ** 0.5
        norm = torch.linalg.vector_norm(small.double(), dim=(1, 2, 3)) * scale.double()
        above = (norm >= largest).nonzero()
        if len(above):
            element, dtype = int(above[0, 0]), str(images.dtype).removeprefix("torch.")
            raise MeasurementError(
                f"an image of norm {float(norm[element]):.3g}",
                f"norms below {largest:.3g} in {dtype}; scale the images down",
                element=element,
            )
        return small, scale

    def _torus(self, images: Tensor) -> Torus:
        if self.activation == "erf":
            return erf_torus(images, self.depth, self.filter // 2, self.padding == "circular")
        # what is carried grows by q² a layer: starting q^(-depth/2) below keeps it in range on both sides
        small = self.filter ** (-self.depth / 2)
        return torus(images * small, self.depth, self.filter // 2, self.padding == "circular")


def _row(kernel: ConvolutionalTangentKernel, one: Torus, others: Torus | None) -> Tensor:
    """Values (images,) of one image with others, or (1,) with itself, whose offsets (d, e) and (-d, -e) agree."""
    itself, others = others is None, one if others is None else others
    radius, circular, pooled = kernel.filter // 2, kernel.padding == "circular", kernel.pooling == "average"
    _, height, width, images = others.pixels.shape
    rows, columns = (size if circular else size - radius for size in (height, width))
    across = width if pooled else 1
    last = (height // 2 + 1 if itself else height) if pooled else 1
    unit = (rows + 2 * radius) * (columns + 2 * radius) * across * one.pixels.element_size()
    together = max(1, min(images, CACHE // unit))
    down = max(1, min(last, CACHE // (unit * together)))
    out = torch.zeros(images, dtype=torch.float64, device=one.pixels.device)
    step = propagate if kernel.activation == "relu" else propagate_erf
    blocks: dict[tuple[int, int], Block] = {}
    left = one.window(radius)
    for start in range(0, images, together):
        count = min(together, images - start)
        right = others.chosen(start, start + count).window(radius, (last - 1, across - 1))
        for first in range(0, last, down):
            size = min(down, last - first)
            if (size, count) not in blocks:
                sizes = Sizes(rows, columns, size, across, count, radius, circular)
                blocks[size, count] = Block(sizes, one.pixels)
            entries = step(blocks[size, count], left, right, first, kernel.depth, kernel.trained == "all")
            totals = entries.sum((0, 1, 3)).double()
            if itself and pooled:
                totals *= _multiplicity(height, first, size, totals.device)[:, None]
            out[start : start + count] += totals.sum(0)
    grown = float(kernel.filter) ** kernel.depth if kernel.activation == "relu" else 1.0
    return (out / grown / ((rows * columns) ** 2 if pooled else 1)).to(one.pixels.dtype)


def _multiplicity(rows: int, first: int, size: int, device: torch.device) -> Tensor:
    """How many row offsets of the torus, d and -d, each of the computed ones stands for."""
    offsets = torch.arange(first, first + size, device=device)
    twice = torch.full((size,), 2.0, dtype=torch.float64, device=device)
    return torch.where((2 * offsets) % rows == 0, twice / 2, twice)


def scaled(images: Tensor) -> tuple[Tensor, Tensor]:
    """Images (n, …) over the powers of two that bring their largest entry to [1, 2), and those powers (n,)."""
    if images.numel() == 0:
        return images, images.new_ones(len(images))
    _, exponent = torch.frexp(images.abs().amax((1, 2, 3)))
    scale = torch.ldexp(torch.ones_like(images[:, 0, 0, 0]), exponent - 1)
    return images / scale[:, None, None, None], scale


def channels_first(shape: Sequence[int]) -> bool:
    """Whether (n, height, width, channels) looks like images whose channels come first: 1 or 3 rows, a square behind."""
    return shape[1] in (1, 3) and shape[2] == shape[3] > 4


def layout(shape: Sequence[int]) -> str:
    """How images that look so are read."""
    return (
        f"of shape {tuple(shape)} is taken as images of {shape[1]} x {shape[2]} pixels with {shape[3]} channels;"
        " where channels come first"
    )


def _images(given: Any, name: str) -> Tensor:
    images = taken(given, name)
    if images.dim() != 4 or min(images.shape[1:]) < 1:
        raise MeasurementError(
            f"{name} of shape {tuple(images.shape)}",
            "(n, height, width, channels); one image takes X[None], images without channels X[..., None]",
        )
    bad = ~torch.isfinite(images).flatten(1).all(1)
    if bool(bad.any()):
        raise MeasurementError(f"{name} with NaN or infinity", "finite numbers", element=int(bad.nonzero()[0, 0]))
    if channels_first(images.shape):
        moved = f"{name}.movedim(1, -1)" if isinstance(given, Tensor) else f"np.moveaxis({name}, 1, -1)"
        warnings.warn(f"{name} {layout(images.shape)}, pass {moved}", LayoutWarning, stacklevel=3)
    return images


def _like(given: Any, values: Tensor) -> Any:
    return values if isinstance(given, Tensor) else values.numpy()


def _described(images: Tensor) -> str:
    return f"shape {tuple(images.shape)}, {str(images.dtype).removeprefix('torch.')} on {images.device}"
