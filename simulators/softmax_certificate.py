"""A certificate for softmax minimisers that never uses the first-order condition it will be used to test.

Let H be the covariance of the features at an iterate f, a_w the features, R = max |a_w - a_w'| in the norm of H^-1,
and lam the Newton decrement, the H^-1 norm of the gradient.  Along any line the third derivative of L is at most
(range of the logits' change) times the second, so that L'' decays no faster than exp(-R t).  Hence

*value* (weak duality, Gibbs): q_w = p_w (1 - (a_w - mean) . H^-1 grad) is a law with the moments of p* when
lam R < 1, and L(f) - inf L <= KL(q | p) <= chi^2(q | p) = lam^2;
*existence and location*: when lam R <= 1/2, L increases along every ray from f beyond
r = -ln(1 - lam R) / R <= lam / (1 - lam R), so that a minimiser exists and lies within r in the norm of H;
*error bars*: on the way there each log p_w moves by at most n_w r + r^2 exp(R r) / 2, n_w = |a_w - mean| in H^-1,
and the mean of any v moves by at most exp(R r) sd_p(v) r.

Everything is a-posteriori: H^-1 enters as a whitening matrix T taken as exact, and |T^T H T - 1| is bounded, so that
no rounding of a factorisation is left out.  Logits, p and the gradient are pairs of floats, centring included, so that
the bars are not those of worst-case rounding.  Sums are trees of fixed shape, the same in any batch.
Source: Bach (2010), Self-concordant analysis for logistic regression, for the third derivative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from simulators.doubled import Doubled
from simulators.softmax_newton import Problems, Solution

U = 2.0**-53
# The bounds themselves are sums of at most 2^20 non-negative terms and products: their own rounding is below this.
OUTWARD = 1 + 2.0**-30
# log, log1p and expm1 are taken to be accurate to 1 unit in the last place, as libm, SLEEF and CUDA state.
LIBRARY = 2 * U
# At most 32 operations on pairs deep, each off by 8 U^2 relatively.
PAIRS = 256 * U**2
EXPONENTIAL = 2.0**-67
LN2 = (0.6931471805599453, 2.3190468138462996e-17)
REACH = 0.5


def tree(x: Tensor, dim: int) -> Tensor:
    """Sum along ``dim`` by halving: `depth` roundings, independent of the batch."""
    x = x.movedim(dim, -1)
    while x.shape[-1] > 1:
        half = x.shape[-1] // 2
        folded = x[..., :half] + x[..., half : 2 * half]
        x = torch.cat([folded, x[..., 2 * half :]], dim=-1) if x.shape[-1] % 2 else folded
    return x[..., 0]


def depth(n: int) -> int:
    """Roundings on the longest path of `tree` over n terms."""
    return math.ceil(math.log2(n)) + 1 if n > 1 else 0


def compound(x: Tensor) -> Tensor:
    """First-order relative errors that sum to x, compounded: x / (1 - x); infinite from 1/2 on."""
    return torch.where(x < 0.5, x / (1 - x.clamp_max(0.5)), torch.full_like(x, math.inf))


def signed_total(x: Doubled) -> Doubled:
    """Sum over the last axis.  An addition of pairs errs by at most 8 u^2 (|a| + |b|), whatever their signs."""
    return x.total()


def exponential(x: Doubled) -> Doubled:
    """exp of pairs in [-660, 0], to a relative error below `EXPONENTIAL`.

    exp(x) = 2^n exp(s)^64 with |s| < 0.0055; the terms of exp(s) from s^3 / 6 < 2^-25 on are plain floats.
    """
    n = torch.round(x.high / math.log(2.0))
    away = Doubled(-n, torch.zeros_like(n)).times(Doubled(torch.full_like(n, LN2[0]), torch.full_like(n, LN2[1])))
    s = x.plus(away)
    s = Doubled(s.high / 64, s.low / 64)
    tail = torch.ones_like(n)
    for k in range(9, 3, -1):
        tail = 1 + s.high / k * tail
    square = s.times(s)
    zero, one = torch.zeros_like(n), torch.ones_like(n)
    rest = Doubled(square.high / 2, square.low / 2).plus(Doubled(s.high * s.high * s.high / 6 * tail, zero))
    value = Doubled(one, zero).plus(s.plus(rest))
    for _ in range(6):
        value = value.times(value)
    # 2^n by its bits: no library call is trusted to be exact.
    power = ((n.to(torch.int64) + 1023) << 52).view(torch.float64)
    return Doubled(value.high * power, value.low * power)


@dataclass(frozen=True, eq=False)
class Law:
    """softmax probabilities with bounds.

    ``p``, ``log`` (B, V): floats, off by ``relative`` (relatively) and ``wide`` (absolutely); ``low`` (B, V): p + low is off by
    ``fine`` (B, 1) relatively.  All errors are infinite where a probability leaves the range of floats.
    """

    p: Tensor
    low: Tensor
    fine: Tensor
    log: Tensor
    wide: Tensor

    @property
    def relative(self) -> Tensor:
        """Relative error of ``p`` (B, V)."""
        return (self.fine + U).expand_as(self.p) * OUTWARD


def law(features: Doubled, f: Doubled, word: Tensor) -> Law:
    """softmax(features^T f) for exact features (B, k, V) and parameters (B, k), to about 20 digits."""
    f = Doubled(f.high[:, :, None], f.low[:, :, None])
    terms = features.times(f)
    logits = signed_total(Doubled(terms.high.movedim(1, 2), terms.low.movedim(1, 2)))
    slack = PAIRS * (tree(terms.high.abs(), 1) + logits.high.abs()) * OUTWARD
    zero = torch.zeros_like(logits.high)
    top = logits.high.masked_fill(~word, -math.inf).amax(1, keepdim=True)
    below = logits.plus(Doubled(-top.expand_as(zero), zero))
    lost = ((below.high < -650.0) & word).any(1, keepdim=True) | ~torch.isfinite(below.high).all(1, keepdim=True)
    inside = word & ~lost
    below = Doubled(torch.where(inside, below.high, zero), torch.where(inside, below.low, zero))
    slack = (torch.where(inside, slack, zero) + PAIRS * top.nan_to_num(0.0).abs()).amax(1, keepdim=True)
    weight = exponential(below)
    weight = Doubled(torch.where(word, weight.high, zero), torch.where(word, weight.low, zero))
    total = weight.total()
    total = Doubled(total.high[:, None], total.low[:, None])
    # Every weight, and so their sum, is off by this much relatively; a quotient of pairs adds less than PAIRS.
    off = compound(slack + EXPONENTIAL) + PAIRS
    quotient = weight.high / total.high
    left = weight.plus(total.times(Doubled(-quotient, zero)))
    rest = (left.high + left.low) / total.high
    p = quotient + rest
    low = rest - (p - quotient)
    fine = torch.where(lost, torch.full_like(off, math.inf), compound(2 * off + 2 * PAIRS) * OUTWARD)
    # log(total): a float, and one Newton step, whose error is the square of the float's.
    rough = torch.log(total.high)
    ratio = total.times(exponential(Doubled(-rough, torch.zeros_like(rough))))
    step = (ratio.high - 1) + ratio.low
    log = below.plus(Doubled(-rough.expand_as(zero), zero)).plus(Doubled(-step.expand_as(zero), zero))
    wide = fine + EXPONENTIAL + step**2 + PAIRS * (below.high.abs() + rough) + U * step.abs() + U * log.high.abs()
    return Law(p, low, fine, torch.where(word, log.high, zero), torch.where(word, wide * OUTWARD, zero))


@dataclass(frozen=True, eq=False)
class Certificate:
    """What is proved about the minimisers of a batch of problems.

    ``certified`` (B,): a minimiser exists, within ``radius`` (B,) of the iterate in the norm of H; ``growth``: exp(R r);
    ``decrement`` (B,): upper bound of lam; ``range`` (B,): of R; ``norms`` (B, V): of n_w; ``step`` (B, V): of the change
    of log p_w; ``law``: p at the iterate.  Where nothing is proved radii are infinite.
    """

    certified: Tensor
    law: Law
    decrement: Tensor
    range: Tensor
    norms: Tensor
    radius: Tensor
    growth: Tensor
    step: Tensor


def certify(given: Problems, found: Solution) -> Certificate:
    """Bound the distance of an iterate from a minimiser.  Costs about as much as the solve."""
    features, word, truth = given.features, given.word, given.truth
    words = features.shape[2]
    here = law(given.exact, Doubled(found.f, torch.zeros_like(found.f)), word)
    p, relative = here.p, here.relative
    frame = found.whitening
    white, noise = _product(frame, features)
    # Gradient: sum of (p_w - p*_w) a_w in pairs, whitened at the end, when it is tiny.
    gap = Doubled(p, here.low).plus(Doubled(-truth.high, -truth.low))
    pulls = given.exact.times(Doubled(gap.high[:, None, :], gap.low[:, None, :]))
    pull = signed_total(pulls)
    slack = tree(((here.fine + PAIRS) * p + PAIRS * truth.high)[:, None, :] * features.abs(), 2) * OUTWARD
    force = pull.high + pull.low
    terms = frame * force[:, :, None]
    slack = tree(frame.abs() * (slack + U * force.abs())[:, :, None] + (depth(len(frame[0])) + 1) * U * terms.abs(), 1)
    gradient = _length(tree(terms, 1).abs() + slack)
    # Covariance in whitened coordinates against the unit matrix.
    centre = tree(p[:, None, :] * white, 2)
    arms = torch.where(word[:, None, :], white - centre[:, :, None], torch.zeros_like(white))
    arm_noise = noise + U * arms.abs()
    drift = _length(tree(p[:, None, :] * arms, 2).abs() + tree(
        p[:, None, :] * (arm_noise * (1 + relative)[:, None, :]
                         + arms.abs() * (relative + (depth(words) + 1) * U)[:, None, :]), 2))  # fmt: skip
    lengths, fuzz = _length(arms.movedim(1, 2)), _length(arm_noise.movedim(1, 2))
    shape = tree(p[:, None, None, :] * arms[:, :, None, :] * arms[:, None, :, :], 3)
    unit = torch.diag_embed(given.row.to(features.dtype))
    spread = p * ((relative + (depth(words) + 3) * U) * lengths**2 * (1 + relative)
                  + (1 + relative) * (2 * lengths * fuzz + fuzz**2))  # fmt: skip
    off = _length((shape - unit).abs().flatten(1)) + (tree(spread, 1) + drift**2 + U) * OUTWARD
    kept = (1 - off).clamp_min(0.0)
    root = torch.sqrt(kept)
    decrement = gradient / root * OUTWARD
    norms = (lengths + fuzz + drift[:, None]) / root[:, None] * OUTWARD
    ranked = torch.topk(norms, 2, dim=1).values if words > 1 else torch.cat([norms, norms], dim=1)
    reach = ranked.sum(1) * OUTWARD
    product = decrement * reach * OUTWARD
    certified = (product <= REACH) & torch.isfinite(product) & (off < 0.5) & torch.isfinite(relative).all(1)
    infinite = torch.full_like(decrement, math.inf)
    radius = torch.where(certified, decrement / (1 - product.clamp(0.0, REACH)) * OUTWARD, infinite)
    safe = torch.where(certified, radius, torch.zeros_like(radius))
    growth = torch.where(certified, torch.exp(reach.nan_to_num(0.0, 0.0, 0.0) * safe) * OUTWARD, infinite)
    moved = norms * safe[:, None] + (safe**2 * torch.exp(safe * reach.nan_to_num(0.0, 0.0, 0.0)) / 2)[:, None]
    step = torch.where(certified[:, None], moved * OUTWARD, torch.full_like(moved, math.inf))
    return Certificate(certified, here, decrement, reach, norms, radius, growth, step)


def _product(frame: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
    """T^T A and a bound of its error: one rounding per feature, one per product, a tree of k terms."""
    terms = frame[:, :, :, None] * features[:, :, None, :]
    return tree(terms, 1), (depth(features.shape[1]) + 2) * U * tree(terms.abs(), 1) * OUTWARD


def _length(x: Tensor) -> Tensor:
    """Euclidean length along the last dimension, rounded outward."""
    return torch.sqrt(tree(x * x, x.dim() - 1)) * OUTWARD


def spread(v: Tensor, p: Tensor) -> Tensor:
    """Upper bound of the standard deviation of v (..., V) under a law whose float probabilities are p.

    E (v - c)^2 >= Var for every c.  The caller multiplies by `OUTWARD` and (1 + relative error of p).
    """
    mean = tree(p * v, v.dim() - 1)
    return torch.sqrt(tree(p * (v - mean[..., None]) ** 2, v.dim() - 1)) * OUTWARD
