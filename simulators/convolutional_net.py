"""Finite convolutional ReLU nets at initialisation, and their tangent kernels layer by layer.

x^(h) = √(2/(m q²)) relu(W^(h) * x^(h-1)) for h = 1..L with m channels, weights N(0, 1) and no biases.  The output is
Σ_α ⟨w_α, x_α^(L)⟩ with a weight for each pixel, or Σ_α w_α mean(x_α^(L)) with global average pooling.  The tangent
kernel ⟨∇f(x), ∇f(x')⟩ is the sum over layers of Σ_{i,i'} ⟨δ_i, δ'_i'⟩⟨p_i, p'_i'⟩, with δ_i what reaches the
pre-activations of pixel i from the output and p_i the patch that the filter sees there: explicit weights, explicit
patches, and nothing of the limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from simulators.convolutional_kernel import scaled
from simulators.convolutional_kernel_images import ImagePair, images, windows
from simulators.measurement import MeasurementError
from simulators.streams import normals

NUMBERS = 1 << 22
"""Numbers of one array of a batch of nets: bounds the memory."""


@dataclass(frozen=True)
class ConvNets:
    """Independent nets of ``width`` channels on a pair of images; ``pooled``: global average pooling."""

    pair: ImagePair
    width: int
    pooled: bool
    seed: int = 0


def tangent_kernels(nets: ConvNets, count: int, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """Kernels of ``count`` nets: (count, 3) in float64 for (x, x), (x, x') and (x', x').

    Raises `MeasurementError` for a width or a number of nets below 1.
    """
    if nets.width < 1 or count < 1:
        raise MeasurementError(f"{count} nets of width {nets.width}", "at least 1 of each")
    pair = nets.pair
    largest = max(2 * pair.pixels * pair.filter**2 * max(nets.width, pair.channels), nets.width**2 * pair.filter**2)
    step = max(1, NUMBERS // largest)
    parts = []
    for k, start in enumerate(range(0, count, step)):
        weights = _weights(nets, min(step, count - start), k, device, dtype)
        parts.append(kernels(nets, weights))
    return torch.cat(parts)


def _weights(nets: ConvNets, count: int, part: int, device: torch.device, dtype: torch.dtype) -> list[Tensor]:
    """Filters (count, channels in · q², m) of every layer and output weights (count, 1 or pixels, m)."""
    pair, made, channels = nets.pair, [], nets.pair.channels
    fixed = replace(nets, pair=replace(pair, shift=(0, 0)))  # the kernels do not know the shift
    for layer in range(pair.depth):
        shape = (count, channels * pair.filter**2, nets.width)
        made.append(normals(shape, "convolutional nets", fixed, part, layer, device=device, dtype=dtype))
        channels = nets.width
    shape = (count, 1 if nets.pooled else pair.pixels, nets.width)
    return [*made, normals(shape, "convolutional nets", fixed, part, "output", device=device, dtype=dtype)]


def kernels(nets: ConvNets, weights: list[Tensor]) -> Tensor:
    """The kernels (count, 3) of nets with these weights, for (x, x), (x, x') and (x', x')."""
    pair, like = nets.pair, weights[0]
    device, n = like.device, pair.pixels
    factor = (2 / (nets.width * pair.filter**2)) ** 0.5
    table = torch.from_numpy(windows(pair)).to(device)
    # over powers of two, which the kernel is multiplied by in float64: squares of tiny images are 0 in float32
    small, powers = scaled(torch.from_numpy(images(pair)).to(device))
    x = small.to(like.dtype).reshape(1, 2 * n, pair.channels)
    patches, gates = [], []
    for w in weights[:-1]:
        patch = _patches(x, table, n)
        z = patch @ w  # (count, 2 n, m)
        gate = z > 0
        x = factor * torch.where(gate, z, torch.zeros((), dtype=z.dtype, device=device))
        patches.append(patch)
        gates.append(gate)
    out = weights[-1]
    features = x.unflatten(1, (2, n))
    if nets.pooled:
        delta = (out / n).expand(-1, n, -1).repeat(1, 2, 1)
        total = _grams(features.mean(2, keepdim=True).flatten(1, 2), None, 1)
    else:
        delta = out.repeat(1, 2, 1)
        total = _grams(features.flatten(2).unsqueeze(2).flatten(1, 2), None, 1)
    for layer in range(pair.depth - 1, -1, -1):
        delta = delta * gates[layer] * factor
        total = total + _grams(patches[layer], delta, n)
        if layer:
            delta = _scattered(delta @ weights[layer].mT, table, n)
    return total * torch.stack([powers[0] * powers[0], powers[0] * powers[1], powers[1] * powers[1]])


def _patches(x: Tensor, table: Tensor, n: int) -> Tensor:
    """Patches (…, 2 n, q² C) of two images of n pixels (…, 2 n, C); blank pixels are 0."""
    one = x.unflatten(1, (2, n))
    padded = torch.cat([one, torch.zeros_like(one[:, :, :1])], 2)
    return padded[:, :, table.T].flatten(-2).flatten(1, 2)


def _scattered(grown: Tensor, table: Tensor, n: int) -> Tensor:
    """The transpose of `_patches`: (…, 2 n, q² C) summed into (…, 2 n, C)."""
    parts = grown.unflatten(1, (2, n)).unflatten(-1, (table.shape[0], -1))
    out = torch.zeros((*parts.shape[:2], n + 1, parts.shape[-1]), dtype=grown.dtype, device=grown.device)
    for a in range(table.shape[0]):
        out.index_add_(2, table[a], parts[:, :, :, a])
    return out[:, :, :n].flatten(1, 2)


def _grams(patches: Tensor, delta: Tensor | None, n: int) -> Tensor:
    """Σ_{i,i'} ⟨δ_i, δ'_i'⟩⟨p_i, p'_i'⟩ for the three pairs, (count, 3) in float64."""
    p = patches.unflatten(1, (2, n))
    values = []
    for a, b in ((0, 0), (0, 1), (1, 1)):
        gram = p[:, a] @ p[:, b].mT
        if delta is not None:
            d = delta.unflatten(1, (2, n))
            gram = gram * (d[:, a] @ d[:, b].mT)
        values.append(gram.double().sum((1, 2)))
    return torch.stack(values, 1)


def second_moments(nets: ConvNets) -> np.ndarray:
    """Upper bounds (3,) of E H_m² for (x, x), (x, x') and (x', x'), from Gaussian moments alone.

    Let S_h be Σ_i Σ_v |y_v(i)|² for all derivatives y_v of x^(h) in the directions v of one layer's weights.  Given the
    earlier layers, S_h is a mean over independent channels whose law is even in the filter, so that the gate halves
    every moment: E S_h ≤ τ/q² and the variance is at most 6/m of its square, with τ = Σ_i Σ_v |p(y_v)(i)|²,
    for Gaussian forms of trace t have a second moment of at most 3 t², and w q² the most windows that hold a pixel, so
    that τ ≤ w q² S_{h-1}.  So ‖S_L‖₂ ≤ (1 + 6/m)^(L/2) w^(L-1) τ₁/q² with τ₁ = Σ_i |p_i|² of the image; the derivative of f adds a factor √3 for its Gaussian output weights, and there are
    L + 1 layers, the last without that factor.  Pooling divides by the pixels at most (Cauchy-Schwarz), and
    H(x, x')² ≤ H(x, x) H(x', x') holds for every net.
    """
    pair = nets.pair
    pixel = np.append((images(pair) ** 2).sum(3).reshape(2, -1), np.zeros((2, 1)), 1)
    seen = windows(pair)
    most = np.bincount(seen.reshape(-1), minlength=pair.pixels + 1)[:-1].max() / pair.filter**2
    tau = pixel[:, seen].sum((1, 2)) / pair.filter**2 / (pair.pixels if nets.pooled else 1) * most ** (pair.depth - 1)
    root = (1 + np.sqrt(3) * pair.depth) * (1 + 6 / nets.width) ** (pair.depth / 2) * tau
    return np.array([root[0] ** 2, root[0] * root[1], root[1] ** 2]) * (1 + 1e-12)
