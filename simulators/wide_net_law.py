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
from simulators.empirical_kernel import slope_beside
from simulators.kernel_inputs import as_given, checked
from simulators.measurement import MeasurementError
from simulators.streams import octets

NUMBERS = 2**18
"""Normal numbers drawn at once for each hidden layer: what is made of them fits the cache."""
PARALLEL = {torch.float32: 2.0**-20, torch.float64: 2.0**-48}
"""A direction shorter than this share of its vector is rounding: the inputs are parallel there."""
MEMORY = 7 * 2**22
"""Bytes of a block of memory that is freed once: after that the C library keeps freed memory of this size, and fresh
pages, a quarter of the time, are not asked for again and again."""
SURE = 0.03
"""Where more than this share of a squared length is left, a direction is taken from the Gram matrix."""
FEW = 4
"""Up to this many inputs a triangle is factored entry by entry, for all nets at once."""
AGAIN = 0.1
"""Where less than this share of a length is left, Gram and Schmidt's step is made twice."""
WIDE = 128
"""From this width on inner products are matrix products; below, sums over units with the nets side by side."""

Numbers = list[Tensor]
"""One number a net, (nets,), each."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Some nets: inner products of features and of backward vectors, layer by layer, and outputs.

    ``features[h][:, i, j]`` = ⟨A_h(x_i), A_h(x_j)⟩ and ``backward[h][:, i, j]`` = ⟨B_{h+1}(x_i), B_{h+1}(x_j)⟩ for
    h = 0…L, each (nets, n, n).  ``outputs``: f(x_i), (nets, n).
    """

    features: tuple[Tensor, ...]
    backward: tuple[Tensor, ...]
    outputs: Tensor

    def term(self, h: int, i: int, j: int) -> Tensor:
        """What layer h + 1 of the weights adds to H(x_i, x_j), (nets,) float64."""
        return self.features[h][:, i, j].double() * self.backward[h][:, i, j].double()

    def kernel(self, i: int, j: int, rates: Sequence[float] | None = None) -> Tensor:
        """H(x_i, x_j), (nets,) float64; ``rates``: factors of the layers' terms."""
        total = self.term(0, i, j) * (1.0 if rates is None else rates[0])
        for h in range(1, len(self.features)):
            total = torch.add(total, self.term(h, i, j), alpha=1.0 if rates is None else rates[h])
        return total

    def norm(self, h: int, i: int) -> Tensor:
        """|A_h(x_i)|², (nets,) float64."""
        return self.features[h][:, i, i].double()


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
        if self.X.device.type == "cpu":
            torch.empty(MEMORY, dtype=torch.uint8, device=self.X.device)
        for block, start in enumerate(range(0, nets, size)):
            yield self._block(block, size, min(size, nets - start))

    def _block(self, block: int, size: int, wanted: int) -> Drawn:
        n, shape = len(self.X), self.activation
        source = _Source(size, wanted, self.dtype, self.X.device, (*self.key, block))
        frame = self.frame.to(self.dtype)
        coefficients = frame.expand(wanted, *frame.shape)
        exact = self.X @ self.X.mT
        features = [exact.expand(wanted, n, n)]
        slopes, normal, directions = [], [], []
        factors = [(shape.c / m) ** 0.5 for m in self.widths]
        for h, (width, factor) in enumerate(zip(self.widths, factors, strict=True)):
            normal.append(source.take(coefficients.shape[-1], width))
            z = _combine(coefficients, normal[-1])
            a = shape.function(z)
            slopes.append(slope_beside(shape, z, a))
            if h + 1 < len(self.widths):
                triangle, q = orthogonalise(a)
                coefficients = factor * triangle
                directions.append(q)
                features.append(coefficients @ coefficients.mT)
            else:
                features.append(factor**2 * _inner(a, a))
        last = source.take(1, self.widths[-1])
        backward = [exact.new_ones(()).expand(wanted, n, n)]
        b = last * slopes[-1]
        for h in range(len(self.widths) - 1, 0, -1):
            coefficients = factors[h] * orthogonalise(b, directions_wanted=False)[0]
            backward.append(coefficients @ coefficients.mT)
            q, moved = directions[h - 1], _combine(coefficients, source.take(n, self.widths[h - 1]))
            share = factors[h] * _inner(b, normal[h]) - _inner(moved, q)
            b = (moved + _combine(share, q)) * slopes[h - 1]
        backward.append(factors[0] ** 2 * _inner(b, b))
        return Drawn(tuple(features), tuple(reversed(backward)), factors[-1] * _inner(a, last)[..., 0])


class _Source:
    """Hands out the normal numbers of a block, each as (nets, count, width).

    Of wide layers a vector is contiguous in memory, of narrow ones a unit of all nets.
    """

    def __init__(self, size: int, wanted: int, dtype: torch.dtype, device: torch.device, key: tuple[Any, ...]) -> None:
        self._size, self._wanted, self._dtype, self._device = size, wanted, dtype, device
        seed = int.from_bytes(octets(8, *key), "big") >> 1
        self._generator = torch.Generator(device=device).manual_seed(seed)

    def take(self, count: int, width: int) -> Tensor:
        wide = width >= WIDE
        shape = (self._size, count, width) if wide else (count, width, self._size)
        drawn = torch.randn(shape, generator=self._generator, device=self._device, dtype=self._dtype)
        return (drawn if wide else drawn.movedim(-1, 0))[: self._wanted]


def orthogonalise(vectors: Tensor, directions_wanted: bool = True) -> tuple[Tensor, Tensor]:
    """(C, Q) of vectors (nets, n, width): v_i = Σ_{k ≤ i} C[i, k] q_k with orthonormal q_k.

    C is (nets, n, n), Q (nets, n, width), or empty if no directions are wanted.  Cholesky's factor of the Gram matrix
    where no vector is near the span of its predecessors, else Gram and Schmidt.  A vector that is parallel to its
    predecessors, or zero, gets no direction of its own: q_k = 0 and C[k, k] = 0.
    """
    if vectors.shape[-1] >= WIDE:
        gram = _inner(vectors, vectors)
        if vectors.shape[1] > FEW:
            triangle, failed = torch.linalg.cholesky_ex(gram.double())
            left = triangle.diagonal(dim1=-2, dim2=-1).square()
            if not bool(failed.any()) and bool((left > SURE * gram.diagonal(dim1=-2, dim2=-1)).all()):
                triangle = triangle.to(vectors.dtype)
                solved = (
                    torch.linalg.solve_triangular(triangle, vectors, upper=False) if directions_wanted else gram[:0]
                )
                return triangle, solved
        elif (rows := _cholesky(gram)) is not None:
            return _triangle(rows), _combine(_triangle(_inverse(rows)), vectors) if directions_wanted else gram[:0]
    return _gram_schmidt(vectors, directions_wanted)


def _cholesky(gram: Tensor) -> list[Numbers] | None:
    """The rows of Cholesky's factor, or None where rounding could tell in one of its pivots."""
    rows: list[Numbers] = []
    for i in range(gram.shape[1]):
        row: Numbers = []
        left = gram[:, i, i]
        for k in range(i):
            rest = gram[:, i, k]
            for j in range(k):
                rest = rest - row[j] * rows[k][j]
            row.append(rest / rows[k][k])
            left = torch.addcmul(left, row[-1], row[-1], value=-1)
        if not bool((left > SURE * gram[:, i, i]).all()):
            return None
        rows.append([*row, left.sqrt()])
    return rows


def _inverse(rows: list[Numbers]) -> list[Numbers]:
    """The rows of the inverse of a lower triangle."""
    inverse: list[Numbers] = []
    for i, row in enumerate(rows):
        scale = 1 / row[i]
        out: Numbers = []
        for k in range(i):
            total = row[k] * inverse[k][k]
            for j in range(k + 1, i):
                total = torch.addcmul(total, row[j], inverse[j][k])
            out.append(-total * scale)
        inverse.append([*out, scale])
    return inverse


def _triangle(rows: list[Numbers]) -> Tensor:
    """Rows of a lower triangle, one number a net each, as (nets, n, n)."""
    nothing = torch.zeros_like(rows[0][0])
    return _matrix([[*row, *[nothing] * (len(rows) - len(row))] for row in rows])


def _matrix(rows: list[Numbers]) -> Tensor:
    """Rows of numbers, each (nets,), as (nets, n, k) with the nets side by side in memory."""
    flat = torch.stack([entry for row in rows for entry in row])
    return flat.view(len(rows), len(rows[0]), -1).movedim(-1, 0)


def _gram_schmidt(vectors: Tensor, directions_wanted: bool) -> tuple[Tensor, Tensor]:
    size, n = PARALLEL[vectors.dtype], vectors.shape[1]
    rows: list[Numbers] = []
    directions: list[Tensor] = []
    for i in range(n):
        rest, row = vectors[:, i], []
        for q in directions:
            row.append(_dot(rest, q))
            rest = torch.addcmul(rest, row[-1][:, None], q, value=-1)
        length = _dot(rest, rest).sqrt()
        if i:
            whole = sum((c * c for c in row), length * length).sqrt()
            if bool((length < AGAIN * whole).any()):  # what is left of the vector may not be orthogonal yet
                for k, q in enumerate(directions):
                    share = _dot(rest, q)
                    rest = torch.addcmul(rest, share[:, None], q, value=-1)
                    row[k] = row[k] + share
                length = _dot(rest, rest).sqrt()
            length = torch.where(length > size * whole, length, torch.zeros_like(length))
        rows.append([*row, length])
        if directions_wanted or i + 1 < n:
            directions.append(rest * torch.where(length > 0, 1 / length, torch.zeros_like(length))[:, None])
    if not directions_wanted:
        return _triangle(rows), vectors[:0]
    if vectors.shape[-1] < WIDE:
        return _triangle(rows), torch.stack([q.mT for q in directions]).movedim(-1, 0)
    return _triangle(rows), torch.stack(directions, dim=1)


def _combine(coefficients: Tensor, vectors: Tensor) -> Tensor:
    """Σ_k C[i, k] v_k: (nets, n, k) and (nets, k, width) to (nets, n, width)."""
    if vectors.shape[-1] >= WIDE:
        return coefficients.contiguous() @ vectors
    total = coefficients[..., :1] * vectors[:, :1]
    for k in range(1, vectors.shape[1]):
        total = torch.addcmul(total, coefficients[..., k : k + 1], vectors[:, k : k + 1])
    return total


def _inner(left: Tensor, right: Tensor) -> Tensor:
    """Inner products of (nets, n, width) and (nets, k, width): (nets, n, k)."""
    if left.shape[-1] >= WIDE:
        return left @ right.mT
    rows: list[Numbers] = []
    for i in range(left.shape[1]):
        known = [row[i] for row in rows] if left is right else []
        rows.append(known + [_dot(left[:, i], right[:, j]) for j in range(len(known), right.shape[1])])
    return _matrix(rows)


def _dot(left: Tensor, right: Tensor) -> Tensor:
    return (left * right).sum(-1)


def ensemble(
    X: Tensor, widths: Sequence[int], activation: str | Activation, *key: Any, dtype: torch.dtype = torch.float32
) -> Ensemble:
    """Nets at the inputs X (n, d), on the device of X."""
    return Ensemble(X.double(), tuple(widths), find(activation), key, dtype)


def finite_width_kernels(
    X: Any, widths: Sequence[int], nets: int, activation: str | Activation = "relu", *, seed: int = 0
) -> Any:
    """Tangent kernels at initialisation of ``nets`` independent nets of hidden ``widths``, (nets, n, n).

    X (n, d) of NumPy or torch, float32 or float64; the result has its library, dtype and device.  Time and memory grow
    with the sum of the widths, never their square, and with n² a unit: it pays for up to some 50 inputs, fewer than units.
    The net is the talk's, f = W_{L+1} sqrt(c/m_L) σ(… σ(W_1 x)).  Raises `MeasurementError` for what makes no sense.
    """
    rows, dtype = checked(X, "X")
    if not (len(rows) and widths and all(m >= 1 for m in widths) and nets >= 1):
        raise MeasurementError(f"{len(rows)} inputs, widths {tuple(widths)} and {nets} nets", "at least one of each")
    blocks = ensemble(rows, widths, activation, "finite width", seed, dtype=dtype).draw(nets)
    kernels = [torch.stack(d.features).double().mul(torch.stack(d.backward).double()).sum(0) for d in blocks]
    return as_given(torch.cat(kernels).to(dtype), X)
