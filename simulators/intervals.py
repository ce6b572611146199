"""Intervals that hold at the sample size at hand, whatever the tails: quantiles, probabilities and means.

Averages of kernels of narrow nets have heavy tails, under which Student's t and the chi-square interval undercover by
one to two orders of magnitude.  What is here is exact or rigorous for independent samples of any law: order
statistics for quantiles, Clopper-Pearson for probabilities, Catoni's M-estimator for means of bounded variance.
``delta`` is always the total (two-sided) failure probability of one interval.
"""

from __future__ import annotations

from math import ceil, log, log1p
from typing import Any

import numpy as np

from simulators.measurement import MeasurementError

SAFETY = 1e-9
"""Relative share of ``delta`` that is set aside for the rounding of scipy's incomplete beta function."""
WIDEN = 1e-3
"""Catoni's root is bracketed to this share of its radius, and the bracket is added to the radius."""
BLOCK = 2**15
"""Samples that are summed at once."""


def median(values: Any, delta: float, quantile: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Order-statistic interval (low, high) for a quantile; samples along the last axis of float64 ``values``.

    With q a p-quantile, P(X ≤ q) ≥ p and P(X < q) ≤ p.  The k-th smallest sample exceeds q only if fewer than k
    samples are at most q, which has probability at most P(Bin(n, p) ≤ k - 1); the r-th smallest is below q only if at
    least r samples are, with probability at most P(Bin(n, p) ≥ r).  k is the largest and r the smallest index that
    keep either below delta/2: exact for continuous laws, conservative for others, no assumption on the tails.
    Raises `MeasurementError` if no such indices exist, and says how many samples give them.
    """
    samples = _samples(values, delta)
    if not 0 < quantile < 1:
        raise MeasurementError(f"quantile {quantile}", "a number strictly between 0 and 1")
    low, high = _ranks(samples.shape[-1], quantile, delta)
    ordered = np.partition(samples, (low - 1, high - 1), axis=-1)
    return ordered[..., low - 1], ordered[..., high - 1]


def _ranks(n: int, p: float, delta: float) -> tuple[int, int]:
    """The ranks k and r, counted from 1, of `median`."""
    from scipy.special import betainc

    share = delta / 2 * (1 - SAFETY)
    needed = ceil(max(log(share) / log(p), log(share) / log1p(-p)))
    if n < needed:
        raise MeasurementError(f"{n} samples", f"at least {needed} for the {p:g} quantile at delta {delta:.3g}")

    def below(k: int) -> float:  # P(Bin(n, p) <= k - 1) = I_{1-p}(n - k + 1, k)
        return float(betainc(n - k + 1, k, 1 - p))

    def above(r: int) -> float:  # P(Bin(n, p) >= r) = I_p(r, n - r + 1)
        return float(betainc(r, n - r + 1, p))

    k, fails = 1, n + 1  # below(k) is within the share, below(fails) is not
    while fails - k > 1:
        middle = (k + fails) // 2
        k, fails = (middle, fails) if below(middle) <= share else (k, middle)
    r, fails = n, 0
    while r - fails > 1:
        middle = (r + fails) // 2
        r, fails = (middle, fails) if above(middle) <= share else (r, middle)
    return k, r


def proportion(successes: Any, trials: Any, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Clopper-Pearson interval (low, high) for a probability after ``successes`` of ``trials``, broadcast.

    The lower end is the p at which P(Bin(n, p) ≥ x) = delta/2, the upper one that at which P(Bin(n, p) ≤ x) = delta/2:
    quantiles of the laws Beta(x, n - x + 1) and Beta(x + 1, n - x).  Each end is moved outward until the incomplete
    beta function confirms its tail.  Without a trial the interval is [0, 1].
    """
    from scipy.special import betainc, betaincc, betainccinv, betaincinv

    _probability(delta)
    x, n = np.broadcast_arrays(np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64))
    if not np.all((x >= 0) & (x <= n) & (x == np.floor(x)) & (n == np.floor(n))):
        raise MeasurementError(f"{successes} successes of {trials} trials", "whole numbers, 0 <= successes <= trials")
    share = delta / 2 * (1 - SAFETY)
    some, rest = np.maximum(x, 1), np.maximum(n - x, 1)
    low, high = betaincinv(some, n - some + 1, share), betainccinv(x + (n > x), rest, share)
    for step in 2.0 ** np.arange(-40, 0):
        low = np.where(betainc(some, n - some + 1, low) > share, low * (1 - step), low)
        high = np.where(betaincc(x + (n > x), rest, high) > share, np.minimum(high + step * (1 - high), 1.0), high)
    low = np.where(betainc(some, n - some + 1, low) > share, 0.0, low)
    high = np.where(betaincc(x + (n > x), rest, high) > share, 1.0, high)
    return np.where(x == 0, 0.0, low), np.where(x == n, 1.0, high)


def catoni(values: Any, variance_bound: Any, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean of independent samples along the last axis, (mid, rad); ``variance_bound`` broadcasts over the others.

    Catoni's M-estimator (2012, Proposition 2.4): θ is the root of r(θ) = Σ ψ(α(x_i - θ)) with
    ψ(y) = sign(y) ln(1 + |y| + y²/2).  From exp(±ψ(y)) ≤ 1 ± y + y²/2 and Markov's inequality, with l = ln(2/delta),
    ϱ = 2l/n and α² = ϱ(1 - ϱ)/V, r is positive at m - R and negative at m + R, R² = V ϱ/(1 - ϱ), except with
    probability delta: the root is within R = sqrt(2 V l/(n(1 - 2l/n))) of the mean m of any law of variance at most V.
    The root is bracketed by the sign of r, and the bracket enters the radius.
    Raises `MeasurementError` unless n > 4 l.
    """
    samples = _samples(values, delta)
    n, level = samples.shape[-1], log(2 / delta)
    if n <= 4 * level:
        raise MeasurementError(f"{n} samples", f"more than 4 ln(2/delta): at least {int(4 * level) + 1}")
    bound = np.broadcast_to(np.asarray(variance_bound, dtype=np.float64), samples.shape[:-1])
    if not np.all(np.isfinite(bound) & (bound >= 0)):
        raise MeasurementError(f"variance bound {variance_bound}", "a finite number of at least 0")
    constant = bound == 0
    if np.any(constant & (samples.max(axis=-1) > samples.min(axis=-1))):
        raise MeasurementError("samples that differ under a variance bound of 0", "a bound on their variance")
    share = 2 * level / n
    radius = np.sqrt(bound * share / (1 - share))
    scale = np.where(constant, 1.0, np.sqrt(share * (1 - share) / np.where(constant, 1.0, bound)))
    mid, half = _root(samples, scale, np.where(constant, 0.0, radius))
    return np.where(constant, samples[..., 0], mid), np.where(constant, 0.0, radius + half)


def _influence(samples: np.ndarray, theta: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of ψ(α(x - θ)) over the last axis, and minus its derivative with respect to αθ; block by block, in cache."""
    total, slope, n = np.zeros(theta.shape), np.zeros(theta.shape), samples.shape[-1]
    for start in range(0, n, BLOCK):
        y = samples[..., start : start + BLOCK] - theta[..., None]
        y *= scale[..., None]
        size = np.abs(y)
        inner = size * size
        inner *= 0.5
        inner += size
        inner += 1
        size += 1
        slope += np.divide(size, inner, out=size).sum(axis=-1)
        total += np.copysign(np.log(inner, out=inner), y, out=inner).sum(axis=-1)
    return total / n, slope / n


def _root(samples: np.ndarray, scale: np.ndarray, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(θ, half): the root lies within ``half`` of θ.  Newton's steps, then signs at both ends of a bracket."""
    theta = np.median(samples, axis=-1)
    for _ in range(30):
        mean, slope = _influence(samples, theta, scale)
        step = mean / (slope * scale)
        theta = theta + step
        if np.all(np.abs(step) <= WIDEN / 8 * radius):
            break
    half = WIDEN / 2 * radius + 8 * np.finfo(np.float64).eps * np.abs(theta)
    for _ in range(60):
        outside = (_influence(samples, theta - half, scale)[0] <= 0) | (
            _influence(samples, theta + half, scale)[0] >= 0
        )
        outside &= half > 0
        if not outside.any():
            break
        half = np.where(outside, 2 * half, half)
    else:
        raise MeasurementError("a root that no bracket holds", "finite samples of moderate size")
    return theta, half


def samples_for(relative_radius: float, relative_variance: float, delta: float) -> int:
    """How many samples give `catoni` a radius of ``relative_radius`` of a mean, at Var = ``relative_variance`` mean²."""
    level = log(2 / delta)
    return ceil(max(4 * level + 1, 2 * level * (1 + relative_variance / ((1 - WIDEN) * relative_radius) ** 2)))


def _probability(delta: float) -> None:
    if not 0 < delta < 1:
        raise MeasurementError(f"delta {delta}", "a probability strictly between 0 and 1")


def _samples(values: Any, delta: float) -> np.ndarray:
    _probability(delta)
    samples = np.asarray(values, dtype=np.float64)
    if samples.ndim == 0 or samples.shape[-1] == 0:
        raise MeasurementError(f"an array of shape {samples.shape}", "samples along its last axis")
    if not np.isfinite(samples).all():
        raise MeasurementError("samples that are not finite", "finite samples")
    return samples
