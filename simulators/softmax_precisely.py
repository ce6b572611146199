"""The observables of `softmax`, of single models, in flint balls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import arb, fmpq

from simulators.measurement import Measurement, Measurements, balls, booleans, integers
from simulators.softmax_balls import Balls, certify, law, loss, precision, rational, whole
from simulators.softmax_exact import interior
from simulators.softmax_fit import Pair, fit, restricted
from simulators.softmax_model import LanguageModel, fitted_features


def _table(columns: dict[str, Measurement], rows: int, **index: list[int]) -> Measurements:
    """One element's rows."""
    return Measurements(
        columns, np.zeros(rows, dtype=np.int64), {name: np.asarray(values) for name, values in index.items()}
    )


def minimum(pair: Pair, bits: int, *, elsewhere: Any = None) -> tuple[bool | None, Balls, tuple[int, ...] | None]:
    """Whether a minimiser exists, p_f* (or p at the point on the way out), and the face that is escaped to."""
    found = fit([pair], "cpu", elsewhere)
    start = found.f[0, : len(pair[0])].tolist()
    if found.exists[0] is False:
        f = tuple(rational(x) for x in start)
        p, logs, _ = law(pair[0], f)
        return False, Balls(False, f, tuple(p), tuple(logs), loss(pair[0], pair[1], f)), found.faces[0]
    proved = certify(pair[0], pair[1], start, bits)
    return (True if proved.certified else None), proved, None


def mean(v: Sequence[fmpq], p: Sequence[arb]) -> arb:
    """The mean of v under p."""
    return sum((whole(x) * q for x, q in zip(v, p, strict=True)), arb(0))


def along(features: Sequence[Sequence[float]], direction: Sequence[int]) -> list[fmpq]:
    """Phi^T lambda."""
    return [sum((rational(x) * n for x, n in zip(column, direction, strict=True) if n), fmpq(0))
            for column in zip(*features, strict=True)]  # fmt: skip


def truth(weights: Sequence[int]) -> list[fmpq]:
    """p*."""
    total = sum(weights)
    return [fmpq(n, total) for n in weights]


def moments(model: LanguageModel, bits: int) -> Measurements:
    """`softmax.observe_moments` of one model."""
    with precision(bits):
        features = fitted_features(model)
        fits = [minimum((features, weights), bits) for weights in model.targets]
        drift = max(abs(rational(a) - rational(b))
                    for x, y in zip(features, model.features, strict=True) for a, b in zip(x, y, strict=True))  # fmt: skip
        rows = []
        for s, weights in enumerate(model.contexts):
            exists, found, _ = fits[0 if model.shared else s]
            if exists is None:
                continue
            for i, direction in enumerate(model.directions):
                v = along(model.features, direction)
                exact = sum((x * q for x, q in zip(v, truth(weights), strict=True)), fmpq(0))
                rows.append((s, i, exists, mean(v, found.p), exact))
        columns = {
            "moment_model": balls(r[3] for r in rows),
            "moment_truth": balls(r[4] for r in rows),
            "exists": booleans(r[2] for r in rows),
            "contexts": integers(len(model.contexts) for _ in rows),
            "parameters": integers(len(model.targets) for _ in rows),
            "drift": balls(drift for _ in rows),
        }
        return _table(columns, len(rows), context=[r[0] for r in rows], direction=[r[1] for r in rows])


def words(model: LanguageModel, bits: int, elsewhere: Any) -> Measurements:
    """`softmax.observe_words` of one model."""
    with precision(bits):
        features, weights = fitted_features(model), model.targets[0]
        exists, first, _ = minimum((features, weights), bits)
        again, second, _ = minimum((features[::-1], weights), bits, elsewhere=elsewhere)
        kept = range(len(weights)) if exists and again else range(0)
        columns = {
            "p_first": balls(first.p[w] for w in kept),
            "p_second": balls(second.p[w] for w in kept),
            "p_truth": balls(truth(weights)[w] for w in kept),
            "exists": booleans(True for _ in kept),
        }
        return _table(columns, len(kept), word=list(kept))


def values(model: LanguageModel, bits: int) -> Measurements:
    """`softmax.observe_values` of one model."""
    with precision(bits):
        features, weights = fitted_features(model), model.targets[0]
        exists, found, _ = minimum((features, weights), bits)
        theta = [rational(x) for x in model.theta or (0.0,) * len(features)]
        _, at, _ = law(features, theta)
        star = truth(weights)
        minus_truth = sum((whole(q) * whole(q).log() for q in star if q != 0), arb(0))
        if not exists:
            return _table({name: balls(()) for name in VALUES} | {"exists": booleans(())}, 0)
        step = [a - b for a, b in zip(found.log, at, strict=True)]
        columns = {
            "cross_entropy": found.value,
            "entropy": -sum((q * x for q, x in zip(found.p, found.log, strict=True)), arb(0)),
            "entropy_truth": -minus_truth,
            "divergence": minus_truth - mean_of(found.log, star),
            "divergence_at": minus_truth - mean_of(at, star),
            "divergence_step": sum((q * x for q, x in zip(found.p, step, strict=True)), arb(0)),
        }
        return _table({k: balls([v]) for k, v in columns.items()} | {"exists": booleans([True])}, 1)


VALUES = ("cross_entropy", "entropy", "entropy_truth", "divergence", "divergence_at", "divergence_step")


def mean_of(x: Sequence[arb], star: Sequence[fmpq]) -> arb:
    """The mean of balls under a rational law."""
    return sum((a * whole(q) for a, q in zip(x, star, strict=True) if q != 0), arb(0))


def shift(model: LanguageModel, bits: int) -> Measurements:
    """`softmax.observe_shift` of one model."""
    with precision(bits):
        features, weights = fitted_features(model), model.targets[0]
        theta = [rational(x) for x in model.theta or (0.0,) * len(features)]
        pair: Pair = (features, weights)
        exists, found, face = minimum(pair, bits)
        while exists is False and face is not None:
            pair = restricted(pair, face)
            exists, found, face = minimum(pair, bits)
        kept = list(enumerate(model.directions)) if exists else []
        at, _, _ = law(features, theta)
        cost = loss(features, weights, theta) - found.value
        rows = []
        for i, direction in kept:
            v = along(features, direction)
            gap = sum((whole(x) * (p - whole(q)) for x, p, q in zip(v, at, truth(weights), strict=True)), arb(0))
            rows.append((i, gap, (max(v) - min(v)) / 2))
        columns = {
            "shift": balls(r[1] for r in rows),
            "half_range": balls(r[2] for r in rows),
            "excess": balls(cost for _ in rows),
        }
        return _table(columns, len(rows), direction=[r[0] for r in rows])


def existence(model: LanguageModel, bits: int) -> Measurements:
    """`softmax.observe_existence` of one model."""
    with precision(bits):
        pair = (fitted_features(model), model.targets[0])
        exists = minimum(pair, bits)[0]
        return _table({"exists": booleans([exists]), "interior": booleans([interior(*pair)])}, 1)
