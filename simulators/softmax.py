"""Softmax language models measured: f is fitted by minimising L(f) = logsumexp(Phi^T f) - f . Phi p*, with certificates.

p_f = softmax(Phi^T f).  The radii are proofs: where a minimiser lies comes from the curvature of L
(`softmax_certificate`), rounding from bounds of each operation.  f itself is not unique and is never measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simulators import softmax_precisely as precisely
from simulators.measurement import Measurements, booleans, integers, reals, simulator
from simulators.softmax_certificate import LIBRARY, OUTWARD, U, depth, law, tree
from simulators.softmax_exact import interior
from simulators.softmax_fit import Fit, Pair, exactly, excess, fit, outside, restricted
from simulators.softmax_model import LanguageModel, fitted_features, gaussian
from simulators.softmax_newton import shares
from simulators.streams import stream

__all__ = [
    "LanguageModel",
    "fitted_features",
    "gaussian",
    "observe_existence",
    "observe_moments",
    "observe_shift",
    "observe_values",
    "observe_words",
]


def _first_pairs(batch: Sequence[LanguageModel]) -> list[Pair]:
    return [(fitted_features(model), model.targets[0]) for model in batch]


def _padded(arrays: Sequence[np.ndarray], device: Any) -> Tensor:
    """Stack arrays of one rank, padded with zeros."""
    out = np.zeros((len(arrays), *np.max([a.shape for a in arrays], axis=0)))
    for part, a in zip(out, arrays, strict=True):
        part[tuple(slice(size) for size in a.shape)] = a
    return torch.from_numpy(out).to(device)


def _along(model: LanguageModel, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Phi^T lambda (m, V) for the directions of a model, and its rounding: none along coordinates."""
    directions = np.asarray(model.directions, dtype=np.float64)
    noise = (np.abs(directions) @ np.abs(phi)) * (len(phi) + 1) * U * OUTWARD
    noise[np.abs(directions).sum(axis=1) == 1] = 0.0
    return directions @ phi, noise


@simulator(
    "moment_model moment_truth exists contexts parameters drift", limited_by="rounding", precisely=precisely.moments
)
def observe_moments(
    batch: tuple[LanguageModel, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (context, direction): lambda^T Phi p_f* and lambda^T Phi p*, with Phi as it was at first.

    Directions are the coordinates and the model's own.  Where no minimiser exists (``exists`` false), p_f is taken
    at a point on the way to the infimum.  Problems that are not decided have no row.
    ``drift``: largest change of an entry of Phi before the last fit; ``parameters``: how many f are fitted.
    """
    features = [fitted_features(model) for model in batch]
    pairs = [(phi, weights) for phi, model in zip(features, batch, strict=True) for weights in model.targets]
    fitted = fit(pairs, device)
    first = np.cumsum([0] + [len(model.targets) for model in batch])
    rows = [(b, s, int(first[b]) + (0 if model.shared else s))
            for b, model in enumerate(batch) for s in range(len(model.contexts))]  # fmt: skip
    chosen = torch.tensor([g for _, _, g in rows], device=device)
    sides = [_along(model, np.asarray(model.features)) for model in batch]
    words = fitted.law.p.shape[1]
    v, noise = (_padded([sides[b][part] for b, _, _ in rows], device) for part in (0, 1))
    v, noise = (torch.nn.functional.pad(x, (0, words - x.shape[2])) for x in (v, noise))
    star = _padded([shares(batch[b].contexts[s]) for b, s, _ in rows], device)[:, None, :]
    model_mid, model_rad = _chosen(fitted, chosen).mean(v, noise)
    truth_mid = tree(star * v, 2)
    truth_rad = tree(star * ((depth(words) + 3) * U * v.abs() + 2 * noise), 2) * OUTWARD
    count = [len(batch[b].directions) for b, _, _ in rows]
    finite = torch.isfinite(model_rad).all(1).tolist()
    kept = [
        (r, i)
        for r, (_, _, g) in enumerate(rows)
        if fitted.exists[g] is not None and finite[r]
        for i in range(count[r])
    ]
    at, along = [r for r, _ in kept], [i for _, i in kept]
    owner = [rows[r][0] for r in at]
    drift = [max(abs(a - c) for x, y in zip(phi, model.features, strict=True) for a, c in zip(x, y, strict=True))
             for phi, model in zip(features, batch, strict=True)]  # fmt: skip
    return Measurements(
        {
            "moment_model": reals(model_mid[at, along].cpu(), model_rad[at, along].cpu().numpy()),
            "moment_truth": reals(truth_mid[at, along].cpu(), truth_rad[at, along].cpu().numpy()),
            "exists": booleans(fitted.exists[rows[r][2]] for r in at),
            "contexts": integers(len(batch[b].contexts) for b in owner),
            "parameters": integers(len(batch[b].targets) for b in owner),
            "drift": reals([drift[b] for b in owner], [U * drift[b] for b in owner]),
        },
        np.asarray(owner),
        {"context": np.asarray([rows[r][1] for r in at]), "direction": np.asarray(along)},
    )


def _chosen(fitted: Fit, chosen: Tensor) -> Fit:
    """The fit with problems picked (and repeated) by number; only what `Fit.mean` reads."""
    here = fitted.law
    picked = type(here)(here.p[chosen], here.low[chosen], here.fine[chosen], here.log[chosen], here.wide[chosen])
    return Fit(fitted.given, fitted.exists, fitted.f, picked, fitted.step[chosen], fitted.radius[chosen],
               fitted.growth[chosen], fitted.decrement[chosen], fitted.faces)  # fmt: skip


def _elsewhere(model: LanguageModel) -> np.ndarray:
    """Another start: random logits of order 1 in scaled coordinates."""
    return stream("another start", model.features, model.targets[0]).standard_normal(len(model.features))


def _words_precisely(model: LanguageModel, bits: int) -> Measurements:
    return precisely.words(model, bits, torch.from_numpy(_elsewhere(model)[None]))


@simulator("p_first p_second p_truth exists", limited_by="rounding", precisely=_words_precisely)
def observe_words(
    batch: tuple[LanguageModel, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (word): p_f* of the first context, fitted twice, and p*.

    The second fit starts elsewhere and has the coordinates in reverse order: where Phi is degenerate it finds another f*.
    """
    pairs = _first_pairs(batch)
    fits = [fit(pairs, device), fit([(features[::-1], weights) for features, weights in pairs], device,
                                    _padded([_elsewhere(model) for model in batch], device))]  # fmt: skip
    kept = [(b, w) for b, (_, weights) in enumerate(pairs) if fits[0].exists[b] and fits[1].exists[b]
            for w in range(len(weights))]  # fmt: skip
    at, word = [b for b, _ in kept], [w for _, w in kept]
    columns = {}
    for name, found in zip(("p_first", "p_second"), fits, strict=True):
        p, relative = found.law.p[at, word], found.law.relative[at, word]
        rad = p * (torch.expm1(found.step[at, word]) * (1 + relative) + relative) * OUTWARD
        columns[name] = reals(p.cpu(), rad.cpu().numpy())
    star = np.array([pairs[b][1][w] / sum(pairs[b][1]) for b, w in kept])
    columns |= {"p_truth": reals(star, U * star), "exists": booleans(True for _ in kept)}
    return Measurements(columns, np.asarray(at), {"word": np.asarray(word)})


@simulator(" ".join((*precisely.VALUES, "exists")), limited_by="rounding", precisely=precisely.values)
def observe_values(
    batch: tuple[LanguageModel, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """One row a model that has a minimiser: entropies and divergences (nats) of p*, p_f* and p_theta, first context.

    ``cross_entropy``: inf L, from L at the iterate and weak duality; ``entropy``: H(p_f*); ``divergence``: KL(p*|p_f*);
    ``divergence_at``: KL(p*|p_theta); ``divergence_step``: KL(p_f*|p_theta).
    """
    pairs = _first_pairs(batch)
    fitted = fit(pairs, device)
    here, star, words = fitted.law, fitted.given.truth.high, fitted.law.p.shape[1]
    at = law(fitted.given.plain, exactly(_thetas(batch, fitted, device)), fitted.given.word)
    log_star = torch.log(torch.where(star > 0, star, torch.ones_like(star)))
    u = (depth(words) + 3) * U

    def under_truth(v: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        return tree(star * v, 1), tree(star * (u * v.abs() + (1 + u) * noise), 1) * OUTWARD

    def under_model(v: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        mid, rad = fitted.mean(v[:, None, :], noise[:, None, :])
        return mid[:, 0], rad[:, 0]

    slip = torch.where(star > 0, LIBRARY * log_star.abs() + U, torch.zeros_like(star))
    gap, turn = fitted.decrement**2 * OUTWARD, fitted.growth * fitted.radius**2 * OUTWARD
    cross, cross_rad = under_truth(-here.log, here.wide)
    table = {
        "cross_entropy": (cross - gap / 2, cross_rad + gap),
        # H(p_f*) is a mean of -log p_f under p_f*, less a divergence of second order.
        "entropy": _widened(under_model(-here.log, here.wide), turn),
        "entropy_truth": under_truth(-log_star, slip),
        "divergence": _widened(under_truth(log_star - here.log, slip + here.wide + U * here.log.abs()), gap),
        "divergence_at": under_truth(log_star - at.log, slip + at.wide + U * at.log.abs()),
        "divergence_step": _widened(
            under_model(here.log - at.log, here.wide + at.wide + U * (here.log - at.log).abs()), turn
        ),
    }
    finite = torch.stack([torch.isfinite(rad) for _, rad in table.values()]).all(0).tolist()
    kept = [b for b, exists in enumerate(fitted.exists) if exists and finite[b]]
    columns = {name: reals(mid[kept].cpu(), rad[kept].cpu().numpy()) for name, (mid, rad) in table.items()}
    return Measurements(columns | {"exists": booleans(True for _ in kept)}, np.asarray(kept))


def _widened(ball: tuple[Tensor, Tensor], by: Tensor) -> tuple[Tensor, Tensor]:
    return ball[0], ball[1] + by


def _thetas(batch: Sequence[LanguageModel], fitted: Fit, device: Any) -> Tensor:
    d = fitted.given.plain.high.shape[1]
    return _padded([np.asarray(model.theta or (0.0,) * len(model.features)) for model in batch]
                   + [np.zeros(d)], device)[:-1]  # fmt: skip


@simulator("shift half_range excess", limited_by="rounding", precisely=precisely.shift)
def observe_shift(
    batch: tuple[LanguageModel, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (direction): lambda^T Phi (p_theta - p*), half the range of Phi^T lambda, and L(theta) - inf L at theta.

    No minimiser is needed: where none exists the infimum is that of the face that the fit escapes to.
    """
    pairs = _first_pairs(batch)
    fitted = fit(pairs, device)
    theta = _thetas(batch, fitted, device)
    cost, cost_rad = excess(fitted, theta)
    faces: list[tuple[int, ...] | None] = [None] * len(batch)
    open_ = [b for b, exists in enumerate(fitted.exists) if exists is False]
    current, known = fitted, {b: b for b in open_}
    decided = [exists is True for exists in fitted.exists]
    while open_:
        for b in open_:
            face = current.faces[known[b]]
            before = faces[b] or range(len(pairs[b][1]))
            faces[b] = tuple(before[w] for w in face or ())
        current = fit([restricted(pairs[b], faces[b] or ()) for b in open_], device)
        known = {b: n for n, b in enumerate(open_)}
        some, some_rad = excess(current, theta[open_, : current.given.plain.high.shape[1]])
        cost[open_], cost_rad[open_] = some, some_rad
        for n, b in enumerate(open_):
            decided[b] = current.exists[n] is True
        open_ = [b for b in open_ if current.exists[known[b]] is False]
    at = law(fitted.given.plain, exactly(theta), fitted.given.word)
    rest, rest_rad = outside(at, faces)
    cost, cost_rad = cost + rest, cost_rad + rest_rad + U * (cost + rest)
    plain, words = fitted.given.plain.high.cpu().numpy(), at.p.shape[1]
    centred = [_along(model, plain[b, : len(model.features)]) for b, model in enumerate(batch)]
    v = _padded([side for side, _ in centred], device)
    # The centred features carry one rounding each.
    noise = _padded([dirt + U * np.abs(np.asarray(model.directions, dtype=np.float64)) @ np.abs(plain[b, : len(model.features)])
                     for b, (model, (_, dirt)) in enumerate(zip(batch, centred, strict=True))], device)  # fmt: skip
    star = fitted.given.truth.high
    gap = at.p - star
    slack = (at.p * at.relative + U * star + U * gap.abs())[:, None, :] * (v.abs() + noise)
    slack = slack + gap.abs()[:, None, :] * (noise + (depth(words) + 1) * U * v.abs())
    shift, shift_rad = tree(gap[:, None, :] * v, 2), tree(slack, 2) * OUTWARD
    sides = [_along(model, np.asarray(fitted_features(model))) for model in batch]
    half = _padded([_half_range(side) for side, _ in sides], device)
    half_rad = _padded([dirt.max(axis=1) + _half_range(side, error=True) for side, dirt in sides], device) * OUTWARD
    kept = [(b, i) for b, model in enumerate(batch) if decided[b] and bool(torch.isfinite(cost_rad[b]))
            and bool(torch.isfinite(shift_rad[b]).all()) for i in range(len(model.directions))]  # fmt: skip
    owner, along = [b for b, _ in kept], [i for _, i in kept]
    return Measurements(
        {
            "shift": reals(shift[owner, along].cpu(), shift_rad[owner, along].cpu().numpy()),
            "half_range": reals(half[owner, along].cpu(), half_rad[owner, along].cpu().numpy()),
            "excess": reals(cost[owner].cpu(), cost_rad[owner].cpu().numpy()),
        },
        np.asarray(owner),
        {"direction": np.asarray(along)},
    )


def _half_range(side: np.ndarray, error: bool = False) -> np.ndarray:
    """Half of max - min along the last axis, or the rounding error of that (Knuth), which is often 0."""
    high, low = side.max(axis=1), side.min(axis=1)
    width = high - low
    part = width - high
    return np.asarray(np.abs((high - (width - part)) - (low + part)) if error else width) / 2


@simulator("exists interior", limited_by="rounding", precisely=precisely.existence)
def observe_existence(
    batch: tuple[LanguageModel, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """One row a model (first context, small d and V): whether L has a minimiser, whether Phi p* is inside the hull.

    ``exists`` is decided by the fit: a certificate of curvature, or a direction of endless descent.
    ``interior`` is decided by geometry: the facets of the hull are enumerated in exact integers.
    """
    pairs = _first_pairs(batch)
    fitted = fit(pairs, device)
    return Measurements(
        {"exists": booleans(fitted.exists), "interior": booleans(interior(*pair) for pair in pairs)},
        np.arange(len(batch)),
    )
