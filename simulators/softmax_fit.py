"""Fits of softmax models with what is proved of each: a minimiser and its error bar, or that there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simulators.doubled import Doubled
from simulators.softmax_certificate import (
    LIBRARY,
    OUTWARD,
    PAIRS,
    Certificate,
    Law,
    U,
    certify,
    depth,
    law,
    signed_total,
    spread,
    tree,
)
from simulators.softmax_exact import escape
from simulators.softmax_newton import Problems, problems, softmax, solve

Pair = tuple[Sequence[Sequence[float]], Sequence[int]]
PROBE_STEPS = 12
PROBE_BITS = 12


@dataclass(frozen=True, eq=False)
class Fit:
    """A batch of fitted problems.

    ``exists``: per problem True (certified), False (an escape proves that there is no minimiser) or None.
    ``f`` (B, d): the iterate in the coordinates of Phi, exactly; where no minimiser exists a short decimal on the way out.
    ``law``: p at f.  p_f* differs from it by at most the factor exp(``step``) (B, V) per word; means of v move by at
    most ``growth`` sd(v) ``radius``, and L(f) - inf L <= ``decrement``^2.  All three are 0 (growth 1) where none exists.
    ``faces``: the words of the face that a fit without minimiser escapes to.
    """

    given: Problems
    exists: tuple[bool | None, ...]
    f: Tensor
    law: Law
    step: Tensor
    radius: Tensor
    growth: Tensor
    decrement: Tensor
    faces: tuple[tuple[int, ...] | None, ...]

    def mean(self, v: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """(mid, rad) of the mean of v (B, m, V) under p_f*; ``noise`` (B, m, V) bounds the error of v."""
        p, relative = self.law.p[:, None, :], self.law.relative[:, None, :]
        mid = tree(p * v, 2)
        rounding = tree(p * ((relative + (depth(v.shape[2]) + 1) * U) * v.abs() + (1 + relative) * noise), 2)
        sd = spread(v, p.expand_as(v)) * (1 + relative.amax(2)) + noise.amax(2)
        return mid, (rounding + (self.growth * self.radius)[:, None] * sd) * OUTWARD


def fit(pairs: Sequence[Pair], device: Any, from_elsewhere: Tensor | None = None) -> Fit:
    """Fit (Phi, weights of p*) pairs; ``from_elsewhere`` (B, at least k) is another place to start from."""
    given = problems(pairs, device)
    start = None if from_elsewhere is None else from_elsewhere[:, : given.features.shape[1]]
    found = solve(given, start)
    proved = certify(given, found)
    exists: list[bool | None] = [True if ok else None for ok in proved.certified.tolist()]
    faces: list[tuple[int, ...] | None] = [None] * len(pairs)
    f = given.parameters(found.f)
    table = {field.name: getattr(proved.law, field.name) for field in fields(Law)}
    left = [b for b, ok in enumerate(exists) if ok is None]
    if left:
        f, table, proved = f.clone(), {k: v.clone() for k, v in table.items()}, _copy(proved)
        probability = softmax(given.features, found.f, given.word)[0].cpu().numpy()
        for b in left:
            features, weights = pairs[b]
            if 0 in weights:
                here = f[b, : len(features)].cpu().numpy()
                faces[b] = escape(features, weights, here, probability[b, : len(weights)])
        out = [b for b in left if faces[b] is not None]
        if out:
            away = probe([pairs[b] for b in out], device)
            some = problems([pairs[b] for b in out], device)
            at = law(some.plain, exactly(away), some.word)
            for field in fields(Law):
                new = getattr(at, field.name)
                where = (out, slice(new.shape[1])) if new.dim() == 2 else out
                table[field.name][where] = new
            f[out] = 0.0
            f[out, : away.shape[1]] = away
            for b in out:
                exists[b] = False
                proved.step[b], proved.radius[b], proved.growth[b], proved.decrement[b] = 0.0, 0.0, 1.0, 0.0
    return Fit(
        given, tuple(exists), f, Law(**table), proved.step, proved.radius, proved.growth, proved.decrement, tuple(faces)
    )


def probe(pairs: Sequence[Pair], device: Any) -> Tensor:
    """A point on the way out for problems without minimiser: a few Newton steps, rounded to `PROBE_BITS` bits.

    Each is solved alone, in numpy, so that the point is a property of the problem: in other company sums round
    otherwise, and where features are nearly dependent a rounding error moves the point visibly.
    """
    points = [_probe(pair) for pair in pairs]
    out = torch.zeros((len(points), max(len(p) for p in points)), dtype=torch.float64, device="cpu")
    for row, point in zip(out, points, strict=True):
        row[: len(point)] = torch.from_numpy(point)
    return out.to(device)


def _probe(pair: Pair) -> np.ndarray:
    """Steps that self-concordance proves to descend: full ones where they change the logits by at most 1."""
    given = problems([pair], "cpu")
    features, truth = given.features[0].numpy(), given.truth.high[0].numpy()
    f = np.zeros(len(features))
    for _ in range(PROBE_STEPS):
        logits = f @ features
        p = np.exp(logits - logits.max())
        p /= p.sum()
        arms = features - (features @ p)[:, None]
        move = -np.linalg.lstsq((arms * p) @ arms.T, features @ (p - truth), rcond=None)[0]
        change = move @ features
        reach = change.max() - change.min()
        f += move * (1.0 if reach <= 1 else math.log1p(reach) / reach)
    point = given.parameters(torch.from_numpy(f)[None])[0].numpy()
    # A power of two above the largest entry, without a library's logarithm.
    grid = math.ldexp(1.0, math.frexp(max(np.abs(point).max(), 2.0**-500))[1] - 1 - PROBE_BITS)
    return np.asarray(np.round(point / grid) * grid)


def _copy(proved: Certificate) -> Certificate:
    return replace(
        proved,
        step=proved.step.clone(),
        radius=proved.radius.clone(),
        growth=proved.growth.clone(),
        decrement=proved.decrement.clone(),
    )


def exactly(x: Tensor) -> Doubled:
    """Floats as pairs."""
    return Doubled(x, torch.zeros_like(x))


def remainder(z: Tensor) -> Tensor:
    """exp(z) - 1 - z, to a relative error below 8 U: a series for |z| < 1, where the difference would cancel."""
    series = torch.ones_like(z)
    small = z.clamp(-1.0, 1.0)
    for k in range(24, 2, -1):
        series = 1 + small / k * series
    return torch.where(z.abs() < 1.0, small * small / 2 * series, torch.expm1(z) - z)


def excess(fitted: Fit, theta: Tensor) -> tuple[Tensor, Tensor]:
    """(mid, rad) of L(theta) - inf L, without cancellation; needs a certified fit.  ``theta`` (B, d).

    With x the change of the logits from the iterate f, z = x - mean and p the law at f,
    L(theta) - L(f) = log(1 + sum p (e^z - 1 - z)) + (p - p*) . x, whose last term is at most lam sd(x).
    """
    given, p, relative = fitted.given, fitted.law.p, fitted.law.relative
    words = p.shape[1]
    away = exactly(theta).plus(exactly(-fitted.f))
    terms = given.plain.times(Doubled(away.high[:, :, None], away.low[:, :, None]))
    x = signed_total(Doubled(terms.high.movedim(1, 2), terms.low.movedim(1, 2))).high
    slack = (U * x.abs() + PAIRS * tree(terms.high.abs(), 1)) * OUTWARD
    z = x - tree(p * x, 1)[:, None]
    slack = torch.where(given.word, slack + U * z.abs(), torch.zeros_like(slack))
    z = torch.where(given.word, z, torch.zeros_like(z))
    bent = remainder(z)
    total = tree(p * bent, 1)
    error = tree(
        p * ((relative + (depth(words) + 9) * U) * bent + (1 + relative) * slack * torch.expm1(z.abs() + slack)), 1
    )
    off = tree(p * z, 1).abs() + tree(p * ((relative + (depth(words) + 1) * U) * z.abs() + (1 + relative) * slack), 1)
    mid = torch.log1p(total)
    sd = (spread(x, p) * (1 + relative.amax(1)) + slack.amax(1)) * OUTWARD
    # d log1p(t) <= dt / (1 + t - dt); a mean of z that is off by m changes log1p(t + m) - m by at most m (t + m).
    error = error / (1 + total - error).clamp_min(0.5) + off * (total + off).clamp_max(1.0) + LIBRARY * mid
    gap = fitted.decrement**2
    rad = (error + fitted.decrement * sd + gap / 2 + U * gap + U * mid) * OUTWARD
    good = torch.isfinite(mid) & torch.isfinite(rad)
    return torch.where(good, mid + gap / 2, torch.zeros_like(mid)), torch.where(
        good, rad, torch.full_like(rad, math.inf)
    )


def restricted(pair: Pair, face: Sequence[int]) -> Pair:
    """The problem on the words of a face: the same infimum, because u . (phi_w - Phi p*) < 0 off the face for some u."""
    features, weights = pair
    return tuple(tuple(row[w] for w in face) for row in features), tuple(weights[w] for w in face)


def outside(full: Law, faces: Sequence[tuple[int, ...] | None]) -> tuple[Tensor, Tensor]:
    """(mid, rad) of ln(1 + Z_rest / Z_face) at the parameters of ``full``: the loss that words off the face cost."""
    inside = torch.zeros_like(full.p, dtype=torch.bool)
    for b, face in enumerate(faces):
        inside[b, list(face) if face is not None else slice(None)] = True
    kept = tree(torch.where(inside, full.p, torch.zeros_like(full.p)), 1)
    rest = tree(torch.where(inside, torch.zeros_like(full.p), full.p), 1)
    relative = full.relative.amax(1) + depth(full.p.shape[1]) * U
    mid = torch.where(rest < 0.5, -torch.log1p(-rest.clamp_max(0.5)), -torch.log(kept.clamp_min(2.0**-1000)))
    steep = torch.where(rest < 0.5, rest / (1 - rest).clamp_min(0.5), torch.ones_like(rest))
    rad = (steep * relative * 2 + LIBRARY * mid) * OUTWARD
    return torch.where(rest > 0, mid, torch.zeros_like(mid)), torch.where(rest > 0, rad, torch.zeros_like(rad))
