"""Gaussian expectations of smooth activations as Hermite series: E f(u) f(v) = Σ_k f_k(a) f_k(b) ρ^k (Mehler).

f_k(a) = E f(a z) h_k(z), with the orthonormal Hermite polynomials h_k, is one integral for each deviation and not for
each pair: some hundred multiplications are left for a pair, where a quadrature of the plane takes 10⁴ evaluations.
What is cut off obeys |rest| ≤ |ρ|^K √(rest(a) rest(b)), rest(a) = E f(a z)² - Σ_{k<K} f_k(a)² (Parseval).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

REACH, STEP = 13.0, 0.03
"""The trapezoid rule of the coefficients: √φ h_k is cut off where √φ is below 5e-19; step at level 0."""
TERMS, MOST = 64, 4096
"""Terms added at a time, and at most at level 0; twice as many at each further level."""
CUT = (1e-11, 1e-13)
"""Share of E f² that is cut off at level 0 and from level 1 on; rounding hides less."""
REST = 1e-8
"""Share that may be cut off after the last term: no series leaves more."""

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Expansion:
    """Coefficients (n, K) of f(a z) for n deviations, and E f(a z)² (n,)."""

    coefficients: Tensor
    square: Tensor


def expand(function: Function, deviation: Tensor, level: int) -> Expansion | None:
    """The coefficients of f(a z) for deviations ``a`` (n,), float64; None where too many terms were needed."""
    points, weights = (torch.tensor(x, device=deviation.device) for x in _rule(level))
    values = function(deviation[:, None] * points) * weights
    square = values.square().sum(1)
    found: list[Tensor] = []
    left, end = square.clone(), MOST * 2**level
    start = 0
    while start < end:
        part = values @ torch.tensor(_basis(level, start), device=deviation.device)
        found.append(part)
        left -= part.square().sum(1)
        start += TERMS
        if end == MOST * 2**level and bool((left <= CUT[min(level, 1)] * square).all()):
            # Half as many terms again at each finer level, so that two levels also differ by what was cut off.
            end = math.ceil(start * 1.5 ** max(level - 1, 0))
    return Expansion(torch.cat(found, 1), square) if bool((left <= REST * square).all()) else None


def expectation(left: Expansion, right: Expansion, rho: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """E f(u) f(v) at correlations ``rho``; the deviations of ``left`` and ``right`` have the shapes of ``a`` and ``b``."""
    terms = min(left.coefficients.shape[1], right.coefficients.shape[1])
    first, second = (x.coefficients.T[:terms].contiguous() for x in (left, right))
    total = torch.zeros_like(rho)
    for k in range(terms - 1, -1, -1):
        total.mul_(rho).addcmul_(first[k].view(a.shape), second[k].view(b.shape))
    return total


@lru_cache(maxsize=4)
def _rule(level: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes z and the root of their Gaussian weights, both (N,)."""
    step = STEP / 2**level
    count = math.ceil(REACH / step)
    z = np.arange(-count, count + 1) * step
    return z, np.sqrt(step / math.sqrt(2 * math.pi)) * np.exp(-(z**2) / 4)


@lru_cache(maxsize=4 * MOST // TERMS)
def _basis(level: int, start: int) -> np.ndarray:
    """h_k(z) times the root of the weight for `TERMS` orders from ``start`` on, (N, `TERMS`)."""
    z, root = _rule(level)
    before, last = (_basis(level, start - TERMS)[:, -2:].T) if start else (np.zeros_like(z), np.zeros_like(z))
    columns = []
    for k in range(start, start + TERMS):
        now = root if k == 0 else (z * last - math.sqrt(k - 1) * before) / math.sqrt(k)
        columns.append(now)
        before, last = last, now
    return np.stack(columns, 1)
