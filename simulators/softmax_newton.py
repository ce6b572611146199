"""Batched damped Newton for L(f) = logsumexp(Phi^T f) - f . Phi p*, one softmax model per problem.

The solver proposes, it proves nothing: what it found is judged by `softmax_certificate`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simulators.doubled import Doubled, quotient
from simulators.softmax_exact import independent_rows

STEPS = 80
CLOSE = 1e-14  # squared Newton decrement below which two more full steps reach the rounding floor


@dataclass(frozen=True, eq=False)
class Problems:
    """Padded softmax problems of k coordinates and V words.

    ``exact`` (B, k, V): independent rows of Phi, centred at a float near Phi p* and scaled by powers of two, as pairs
    without any rounding; ``features``: the same, rounded; ``truth`` (B, V): p*, as pairs.
    ``plain`` (B, d, V): all rows of Phi, centred, unscaled, as pairs without rounding.
    ``word`` (B, V), ``row`` (B, k): not padding.  ``scale`` and ``rows``: how coordinates came from those of Phi.
    """

    exact: Doubled
    truth: Doubled
    word: Tensor
    row: Tensor
    plain: Doubled
    scale: tuple[np.ndarray, ...]
    rows: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.word)

    @property
    def features(self) -> Tensor:
        """The centred and scaled features (B, k, V), one rounding each."""
        return self.exact.high

    def parameters(self, f: Tensor) -> Tensor:
        """f (B, k) in the coordinates of Phi (B, d), exactly: powers of two, and 0 for dependent rows."""
        out = np.zeros(self.plain.high.shape[:2])
        values = f.cpu().numpy()
        for b, (scale, rows) in enumerate(zip(self.scale, self.rows, strict=True)):
            out[b, list(rows)] = values[b, : len(rows)] * scale[list(rows)]
        return torch.from_numpy(out).to(f.device)


def problems(pairs: Sequence[tuple[Sequence[Sequence[float]], Sequence[int]]], device: Any) -> Problems:
    """Pad problems (Phi of shape (d, V), integer weights of p*) into one batch.

    Dependent rows of Phi are left out in exact arithmetic: they change neither p_f nor which p_f are reached.
    """
    kept = [independent_rows(tuple(map(tuple, features))) for features, _ in pairs]
    words = max(len(weights) for _, weights in pairs)
    rank = max(1, *(len(rows) for rows in kept))
    table = np.zeros((2, len(pairs), rank, words))
    plain = np.zeros((2, len(pairs), max(len(features) for features, _ in pairs), words))
    counts, totals = np.zeros((len(pairs), words)), np.ones((len(pairs), 1))
    large = np.zeros((2, len(pairs), words))
    word = np.zeros((len(pairs), words), dtype=bool)
    row = np.zeros((len(pairs), rank), dtype=bool)
    scales = []
    for b, ((features, weights), rows) in enumerate(zip(pairs, kept, strict=True)):
        phi = np.asarray(features, dtype=np.float64)
        high, low = _difference(phi, (phi @ shares(weights))[:, None])
        scale = _power(high)
        for part, spread in enumerate((high, low)):
            plain[part, b, : len(phi), : phi.shape[1]] = spread
            table[part, b, : len(rows), : phi.shape[1]] = (spread * scale[:, None])[list(rows)]
        total = sum(weights)
        if total < 2**53:
            counts[b, : len(weights)], totals[b] = weights, total
        else:
            large[:, b, : len(weights)] = _exact_shares(weights)
        word[b, : len(weights)] = True
        row[b, : len(rows)] = True
        scales.append(scale)

    def tensor(x: np.ndarray) -> Tensor:
        return torch.from_numpy(x).to(device)

    truth = quotient(tensor(counts), tensor(totals))
    return Problems(
        Doubled(tensor(table[0]), tensor(table[1])),
        Doubled(truth.high + tensor(large[0]), truth.low + tensor(large[1])),
        tensor(word),
        tensor(row),
        Doubled(tensor(plain[0]), tensor(plain[1])),
        tuple(scales),
        tuple(kept),
    )


def stacked(features: np.ndarray, weights: np.ndarray, device: Any) -> Problems:
    """Problems of one shape, Phi (B, d, V) and weights (B, V), all rows kept.

    Quicker than `problems`: no rank is computed.  Where rows are dependent nothing will be certified.
    """
    batch, d, words = features.shape
    total = weights.sum(1, keepdims=True)
    high, low = _difference(features, features @ (weights / total)[:, :, None])
    scale = _power(high)

    def tensor(x: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(x)).to(device)

    plain = Doubled(tensor(high), tensor(low))
    step = tensor(scale)[:, :, None]
    return Problems(
        Doubled(plain.high * step, plain.low * step),
        quotient(tensor(weights.astype(np.float64)), tensor(total.astype(np.float64))),
        torch.ones((batch, words), dtype=torch.bool, device=device),
        torch.ones((batch, d), dtype=torch.bool, device=device),
        plain,
        tuple(scale),
        (tuple(range(d)),) * batch,
    )


def shares(weights: Sequence[int]) -> np.ndarray:
    """p* in floats, rounded once from integers of any size."""
    total = sum(weights)
    return np.array([n / total for n in weights])


def _exact_shares(weights: Sequence[int]) -> np.ndarray:
    """p* as pairs (2, V), for weights that are no floats."""
    total, out = sum(weights), np.zeros((2, len(weights)))
    for w, n in enumerate(weights):
        top, bottom = (n / total).as_integer_ratio()
        out[:, w] = n / total, (n * bottom - top * total) / (total * bottom)
    return out


def _power(rows: np.ndarray) -> np.ndarray:
    """Powers of two that bring the largest entry of each row (last axis) to about 1; `ldexp` alone is sure to be exact."""
    largest = np.maximum(np.abs(rows).max(axis=-1), 2.0**-500)
    return np.ldexp(1.0, -np.ceil(np.log2(largest)).astype(np.int64))


def _difference(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """a - b and its rounding error, exactly (Knuth)."""
    high = a - b
    part = high - a
    return high, (a - (high - part)) - (b + part)


@dataclass(frozen=True, eq=False)
class Solution:
    """``f`` (B, k): the last iterate in the coordinates of `Problems`; ``whitening`` (B, k, k): T with T^T H T near 1."""

    f: Tensor
    whitening: Tensor


def softmax(features: Tensor, f: Tensor, word: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities (B, V) and log partition (B,) at f."""
    logits = (features * f[:, :, None]).sum(1).masked_fill(~word, -math.inf)
    value = torch.logsumexp(logits, dim=1)
    return torch.exp(logits - value[:, None]), value


def covariance(features: Tensor, p: Tensor, row: Tensor) -> Tensor:
    """Covariance (B, k, k) of the columns of ``features`` under p; 1 on the diagonal of padding."""
    centred = features - (features @ p[:, :, None])
    return (centred * p[:, None, :]) @ centred.transpose(1, 2) + torch.diag_embed((~row).to(features.dtype))


def solve(given: Problems, start: Tensor | None = None, steps: int = STEPS) -> Solution:
    """Damped Newton from ``start`` (B, k), default 0, in coordinates whitened at the start.

    A full step when it lowers the loss enough, else ln(1 + R) / R of it (R: range of the step's logits), which
    self-concordance proves to descend.  Finished problems leave the batch.
    """
    features, words = given.features, given.word
    if start is None:
        start = torch.zeros(features.shape[:2], dtype=features.dtype, device=features.device)
    count = words.sum(1, keepdim=True).to(features.dtype)
    frame = _whitening(features, words / count, given.row)
    white = frame.transpose(1, 2) @ features
    # The start enters through its logits, so that it needs no inverse of the frame.
    offset = (features * start[:, :, None]).sum(1)
    y = torch.zeros_like(start)
    alive = torch.arange(len(features), device=features.device)
    settled = torch.zeros(len(features), dtype=torch.int64, device=features.device)
    for _ in range(steps):
        move, decrement = _step(
            white[alive], offset[alive], y[alive], given.truth.high[alive], words[alive], given.row[alive]
        )
        y[alive] += move
        settled[alive] = torch.where(decrement < CLOSE, settled[alive] + 1, torch.zeros_like(settled[alive]))
        alive = alive[settled[alive] < 2]
        if not len(alive):
            break
    f = start + (frame @ y[:, :, None])[:, :, 0]
    p, _ = softmax(features, f, words)
    local = _whitening(white, p, given.row)
    return Solution(f, frame @ local)


def _step(a: Tensor, offset: Tensor, y: Tensor, truth: Tensor, word: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
    logits = ((a * y[:, :, None]).sum(1) + offset).masked_fill(~word, -math.inf)
    value = torch.logsumexp(logits, dim=1)
    p = torch.exp(logits - value[:, None])
    gradient = (a @ (p - truth)[:, :, None])[:, :, 0]
    factor, bad = torch.linalg.cholesky_ex(covariance(a, p, row))
    # A covariance that has collapsed (no minimiser, or p underflows) is replaced by the unit matrix: a gradient step.
    eye = torch.eye(a.shape[1], dtype=a.dtype, device=a.device)
    factor = torch.where((bad != 0)[:, None, None], eye, factor)
    direction = -torch.cholesky_solve(gradient[:, :, None], factor)[:, :, 0]
    slope = (gradient * direction).sum(1)
    change = (a * direction[:, :, None]).sum(1)
    reach = change.masked_fill(~word, -math.inf).amax(1) - change.masked_fill(~word, math.inf).amin(1)
    gain = torch.logsumexp(logits + change, dim=1) - value - (truth * change).sum(1)
    full = (gain <= 0.25 * slope) | (-slope < 1e-10)
    length = torch.where(full, torch.ones_like(reach), torch.log1p(reach) / reach.clamp_min(1e-300))
    return direction * length[:, None], -slope


def _whitening(features: Tensor, p: Tensor, row: Tensor) -> Tensor:
    """T (B, k, k) with T^T cov T near 1: Cholesky, or an SVD of the weighted columns where that is too coarse."""
    eye = torch.eye(features.shape[1], dtype=features.dtype, device=features.device).expand(len(features), -1, -1)
    factor, bad = torch.linalg.cholesky_ex(covariance(features, p, row))
    diagonal = torch.diagonal(factor, dim1=1, dim2=2)
    coarse = (bad != 0) | (diagonal.amin(1) < 1e-5 * diagonal.amax(1))
    factor = torch.where(coarse[:, None, None], eye, factor)
    frame = torch.linalg.solve_triangular(factor, eye, upper=False).transpose(1, 2).contiguous()
    if bool(coarse.any()):
        a, q = features[coarse], p[coarse]
        centred = (a - a @ q[:, :, None]) * q.sqrt()[:, None, :]
        left, values, _ = torch.linalg.svd(centred, full_matrices=False)
        short = a.shape[1] - values.shape[1]
        if short > 0:
            left, values, _ = torch.linalg.svd(torch.nn.functional.pad(centred, (0, short)), full_matrices=False)
        floor = values.amax(1, keepdim=True) * 1e-15 + 1e-300
        fixed = left / torch.maximum(values, floor)[:, None, :]
        # Padding sits in rows of zeros: its singular vectors are set to the unit ones.
        frame[coarse] = torch.where(row[coarse][:, :, None], fixed, torch.zeros_like(fixed))
    return frame
