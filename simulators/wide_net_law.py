"""Kernels of wide nets at initialisation, exact in law, without any matrix of weights.

A net of depth L and width m at n inputs touches its weights only through products with a few vectors.  With the
features of a layer written A = C Q (n directions, Q orthonormal), W Aᵀ needs only G = Q Wᵀ, which is Gaussian: Z = C G.
On the way back B W = (B Gᵀ) Q + (B W)(I - QᵀQ), and W (I - QᵀQ) is independent of G and hence of B: its product with B
is Gaussian with covariance B Bᵀ between inputs, drawn and then projected.  That needs O(L m n) normal numbers a net
instead of O(L m²), and uses nothing but that the weights are independent standard normal numbers.

Numbers are drawn and multiplied in float32 unless told otherwise, and reduced over nets in float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from simulators.dual_activations import Activation, find
from simulators.streams import normals

NUMBERS = 2**18
"""Normal numbers drawn at once for each hidden layer: what is made of them fits the cache."""
PARALLEL = {torch.float32: 2.0**-20, torch.float64: 2.0**-48}
"""A direction shorter than this share of its vector is rounding: the inputs are parallel there."""

Vectors = list[Tensor]
"""One tensor (nets, width) for each input or direction."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Some nets: inner products of features and of backward vectors, layer by layer, and outputs.

    ``features[h][i][j]`` = ⟨A_h(x_i), A_h(x_j)⟩, h = 0…L, and ``backward[h][i][j]`` = ⟨B_{h+1}(x_i), B_{h+1}(x_j)⟩,
    h = 0…L, each (nets,) for i ≥ j.  ``outputs``: f(x_i), each (nets,).
    """

    features: tuple[Any, ...]
    backward: tuple[Any, ...]
    outputs: tuple[Tensor, ...]

    def term(self, h: int, i: int, j: int) -> Tensor:
        """What layer h + 1 of the weights adds to H(x_i, x_j), (nets,) float64."""
        i, j = max(i, j), min(i, j)
        return self.features[h][i][j].double() * self.backward[h][i][j].double()

    def kernel(self, i: int, j: int, rates: Sequence[float] | None = None) -> Tensor:
        """H(x_i, x_j), (nets,) float64; ``rates``: factors of the layers' terms."""
        terms = [self.term(h, i, j) for h in range(len(self.features))]
        return sum(terms) if rates is None else sum(r * t for r, t in zip(rates, terms, strict=True))  # type: ignore[return-value]

    def norm(self, h: int, i: int) -> Tensor:
        """|A_h(x_i)|², (nets,) float64."""
        return self.features[h][i][i].double()


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Nets of hidden ``widths`` at the inputs ``X`` (n, d) float64, with a stream keyed by ``key``."""

    X: Tensor
    widths: tuple[int, ...]
    activation: Activation
    key: tuple[Any, ...]
    dtype: torch.dtype = torch.float32

    @cached_property
    def frame(self) -> Tensor:
        """C (n, r) with X = C Q: Householder's QR of the *directions*, so that no norm is too small for its rank."""
        norms = self.X.norm(dim=1, keepdim=True)
        directions = self.X / torch.where(norms > 0, norms, torch.ones_like(norms))
        # On a host: a few small vectors, once.
        triangle = torch.linalg.qr(directions.cpu().mT, mode="r").R.mT
        kept = triangle.abs().amax(dim=0) > PARALLEL[torch.float64]
        return (norms.cpu() * triangle[:, kept]).to(self.X.device)

    @cached_property
    def numbers(self) -> int:
        """Normal numbers a net."""
        n, widths = len(self.X), self.widths
        return self.frame.shape[1] * widths[0] + n * sum(widths[1:]) + n * sum(widths[:-1]) + widths[-1]

    def draw(self, nets: int) -> Iterator[Drawn]:
        """``nets`` independent nets, block by block; a longer draw begins with the same nets."""
        size = max(1, NUMBERS * len(self.widths) // self.numbers)
        for block, start in enumerate(range(0, nets, size)):
            yield self._block(block, size, min(size, nets - start))

    def _block(self, block: int, size: int, wanted: int) -> Drawn:
        device, n = self.X.device, len(self.X)
        flat = normals((self.numbers * size,), *self.key, block, device=device, dtype=self.dtype)
        source = _Source(flat, size, wanted)
        frame = self.frame.to(self.dtype)
        coefficients: Any = [[frame[i, k] for k in range(frame.shape[1])] for i in range(n)]
        exact = self.X @ self.X.mT
        features: list[Any] = [[[exact[i, j] for j in range(i + 1)] for i in range(n)]]
        slopes: list[Vectors] = []
        normal: list[Vectors] = []
        directions: list[Vectors] = []
        factors = [(self.activation.c / m) ** 0.5 for m in self.widths]
        for h, (width, factor) in enumerate(zip(self.widths, factors, strict=True)):
            g = source.take(len(coefficients[-1]), width)
            z = [_combine(row, g) for row in coefficients]
            slopes.append([self.activation.slope(v) * factor for v in z])
            a = [self.activation.function(v) * factor for v in z]
            normal.append(g)
            if h + 1 < len(self.widths):
                coefficients, q = orthogonalise(a)
                directions.append(q)
                features.append(_products(coefficients))
            else:
                features.append(_gram(a))
        (last,) = source.take(1, self.widths[-1])
        one = flat.new_ones(())
        backward: list[Any] = [[[one] * (i + 1) for i in range(n)]]
        b = [last * s for s in slopes[-1]]
        for h in range(len(self.widths) - 1, 0, -1):
            coefficients, _ = orthogonalise(b, directions_wanted=False)
            backward.append(_products(coefficients))
            q, fresh = directions[h - 1], source.take(n, self.widths[h - 1])
            above = []
            for v, row in zip(b, coefficients, strict=True):
                moved = _combine(row, fresh)
                for g_k, q_k in zip(normal[h], q, strict=True):
                    moved = torch.addcmul(moved, (_dot(v, g_k) - _dot(moved, q_k))[:, None], q_k)
                above.append(moved)
            b = [v * s for v, s in zip(above, slopes[h - 1], strict=True)]
        backward.append(_gram(b))
        outputs = tuple(_dot(v, last) for v in a)
        return Drawn(tuple(features), tuple(reversed(backward)), outputs)


class _Source:
    """Hands out the numbers of a block in order, each as (nets, width), with the longer axis contiguous."""

    def __init__(self, flat: Tensor, size: int, wanted: int) -> None:
        self._flat, self._size, self._wanted, self._at = flat, size, wanted, 0

    def take(self, count: int, width: int) -> Vectors:
        each = width * self._size
        parts = []
        for k in range(count):
            piece = self._flat[self._at + k * each : self._at + (k + 1) * each]
            shaped = piece.view(self._size, width) if width >= self._size else piece.view(width, self._size).mT
            parts.append(shaped[: self._wanted])
        self._at += count * each
        return parts


def orthogonalise(vectors: Vectors, directions_wanted: bool = True) -> tuple[list[Vectors], Vectors]:
    """(C, Q): v_i = Σ_{k ≤ i} C[i][k] q_k with orthonormal q_k; Gram and Schmidt, twice.

    C is (nets,) each, Q (nets, width) each.  A vector that is parallel to its predecessors, or zero, gets no direction
    of its own: q_k = 0 and C[k][k] = 0.
    """
    size = PARALLEL[vectors[0].dtype]
    coefficients: list[Vectors] = []
    directions: Vectors = []
    for i, v in enumerate(vectors):
        row: Vectors = []
        rest = v
        for q in directions:
            share = _dot(rest, q)
            rest = torch.addcmul(rest, share[:, None], q, value=-1)
            row.append(share)
        for k, q in enumerate(directions):
            share = _dot(rest, q)
            rest = torch.addcmul(rest, share[:, None], q, value=-1)
            row[k] = row[k] + share
        length = _dot(rest, rest).sqrt()
        if i:
            whole = torch.stack([*(c.square() for c in row), length.square()]).sum(0).sqrt()
            length = torch.where(length > size * whole, length, torch.zeros_like(length))
        row.append(length)
        coefficients.append(row)
        if directions_wanted or i + 1 < len(vectors):
            directions.append(rest * torch.where(length > 0, 1 / length, torch.zeros_like(length))[:, None])
    return coefficients, directions


def _combine(row: Sequence[Tensor], vectors: Vectors) -> Tensor:
    """Σ_k row[k] vectors[k]; a coefficient is a number or one a net."""
    total: Tensor | None = None
    for c, v in zip(row, vectors, strict=False):  # the rows of a triangle are shorter
        factor = c[:, None] if c.ndim else c
        total = v * factor if total is None else torch.addcmul(total, v, factor)
    assert total is not None
    return total


def _dot(left: Tensor, right: Tensor) -> Tensor:
    return (left * right).sum(-1)


def _gram(vectors: Vectors) -> list[Vectors]:
    return [[_dot(vectors[i], vectors[j]) for j in range(i + 1)] for i in range(len(vectors))]


def _products(coefficients: list[Vectors]) -> list[Vectors]:
    """Inner products of the vectors that a triangle of coefficients describes."""
    return [
        [sum(a * b for a, b in zip(coefficients[i], coefficients[j], strict=False)) for j in range(i + 1)]
        for i in range(len(coefficients))
    ]  # type: ignore[misc]


def ensemble(
    X: Tensor, widths: Sequence[int], activation: str | Activation, *key: Any, dtype: torch.dtype = torch.float32
) -> Ensemble:
    """Nets at the inputs X (n, d), on the device of X."""
    return Ensemble(X.double(), tuple(widths), find(activation), key, dtype)
