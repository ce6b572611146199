"""First-order optimality of language-model features, on models small enough to be certified."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulators import softmax
from simulators.softmax import LanguageModel, gaussian
from simulators.streams import stream
from theorems.first_order_optimality import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

KINDS = ("integers", "gaussian", "dependent rows", "duplicates", "midpoints", "few words", "huge")
Features = tuple[tuple[float, ...], ...]
Weights = tuple[int, ...]


def small(draw: Draw, d: int, words: int, reach: int = 3) -> Features:
    """Small integers, each drawn."""
    return tuple(tuple(float(draw.integer(-reach, reach)) for _ in range(words)) for _ in range(d))


def laws(draw: Draw, words: int) -> Weights:
    """Positive weights: drawn where they are few, else from a seed, even or skewed."""
    if words <= 6:
        return tuple(draw.integer(1, 9) for _ in range(words))
    skew, seed = draw.choice((0.0, 1.0, 2.0)), draw.seed()
    return tuple(int(x) for x in np.ceil(8 * np.exp(skew * stream("weights", words, seed).standard_normal(words))))


def vocabulary(draw: Draw, kind: str) -> tuple[Features, Weights, float]:
    """Features, weights of p* with a minimiser, and the scale of the features."""
    if kind == "integers":
        words = draw.integer(2, 6)
        return small(draw, draw.integer(1, 3), words), laws(draw, words), 1.0
    scale = 1e6 if kind == "huge" else 1.0
    d = draw.integer(1, 8)
    words = draw.integer(2, d + 1) if kind == "few words" else draw.integer(d + 1, 40)
    table = np.array(gaussian(d, words, draw.seed(), scale))
    weights = laws(draw, words)
    if kind == "dependent rows":
        table[-1] = table[0] - 2 * table[d // 2] + 1.0
    elif kind == "duplicates":
        # A word with the features of another needs no mass of its own: Phi p* stays inside the hull.
        table[:, -1] = table[:, 0]
        weights = (*weights[:-1], weights[-1] * draw.integer(0, 1))
    elif kind == "midpoints" and words > 2:
        table[:, -1] = (table[:, 0] + table[:, 1]) / 2
        weights = (*weights[:-1], 0)
    return tuple(tuple(float(x) for x in row) for row in table), weights, scale


def with_face(draw: Draw, features: Features, weights: Weights, scale: float) -> tuple[Features, Weights]:
    """The same with all mass on the words where the last row is largest: Phi p* lies on a face of the hull."""
    words = len(weights)
    outside = draw.integer(1, words - 1)
    row = [scale * (-draw.integer(1, 3) if w < outside else 0) for w in range(words)]
    return (*features[:-1], tuple(row)), tuple(0 if w < outside else max(n, 1) for w, n in enumerate(weights))


def anywhere(draw: Draw, d: int, scale: float) -> tuple[float, ...]:
    """Parameters theta: short decimals, near 0 or far from it."""
    size = draw.choice((1.0, 0.125, 4.0))
    if d <= 3:
        return tuple(draw.integer(-8, 8) / 8 * size / scale for _ in range(d))
    steps = np.rint(stream("theta", d, draw.seed()).standard_normal(d) * 8)
    return tuple(float(x) / 8 * size / scale for x in steps)


def models(draw: Draw, *, minimiser: bool = True, free: bool = True, fixed: bool = True) -> LanguageModel:
    """Language models of every kind; without ``free`` two contexts share f; without ``fixed`` Phi takes a step too."""
    kind = draw.choice(KINDS if fixed else KINDS[:2])
    features, weights, scale = vocabulary(draw, kind)
    if not minimiser:
        features, weights = with_face(draw, features, weights, scale)
    d, words = len(features), len(weights)
    contexts = [weights]
    if not free or draw.integer(0, 3) == 3:
        other = laws(draw, words)
        contexts.append(tuple(n if w else 0 for n, w in zip(other, weights, strict=True)))
    return LanguageModel(
        features,
        tuple(contexts),
        anywhere(draw, d, scale),
        tuple(draw.integer(-2, 2) for _ in range(d)) if 1 < d <= 3 else (1,) * d,
        shared=not free,
        rate=0.0 if fixed else draw.choice((1.0, 0.5, 0.125)),
    )


def with_minimiser(draw: Draw) -> LanguageModel:
    """Models whose cross entropy is attained."""
    return models(draw)


def any_models(draw: Draw) -> LanguageModel:
    """Models with a minimiser, and without."""
    return models(draw, minimiser=draw.integer(0, 2) < 2)


def tight(draw: Draw) -> LanguageModel:
    """Two values of the feature, of nearly equal probability, and theta near the minimiser; otherwise any model."""
    if draw.boolean():
        return any_models(draw)
    half, size = draw.integer(1, 4), draw.power(-3, 3)
    tilt = draw.choice((0, 1, -3))
    weights = (1000 + tilt,) * half + (1000 - tilt,) * half
    step = draw.choice((0.01, 0.03, 0.1)) * draw.choice((1, -1))
    return LanguageModel(((-size,) * half + (size,) * half,), (weights,), (step / size,))


def hulls(draw: Draw) -> LanguageModel:
    """Few words at small integer points, and a p* with zeros: Phi p* inside the hull or on any of its faces."""
    d, words = draw.integer(1, 3), draw.integer(2, 7)
    features = small(draw, d, words, 2)
    weights = [draw.integer(0, 2) for _ in range(words)]
    weights[-1] += not any(weights)
    return LanguageModel(features, (tuple(weights),))


SLIDE = LanguageModel(((-1.0, 1.0),), ((1, 3),), (0.5,))
NO_MINIMISER = replace(SLIDE, contexts=((0, 1),))
BALANCED = LanguageModel(((-1.0, 1.0),), ((1, 1),), (0.01,))
THREE_WORDS = LanguageModel(((0.0, 0.0, 1.0),), ((1, 3, 2),), (0.5,))
TRIANGLE = LanguageModel(((0.0, 1.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0)), ((1, 1, 1, 0),), (0.25, -0.5), (1, 1))

MOMENTS = Experiment(
    "softmax-moments", THEOREM, models, softmax.observe_moments, (SLIDE, THREE_WORDS, TRIANGLE), search=20, bulk=1500
)
ENDINGS = Experiment(
    "softmax-endings",
    THEOREM,
    any_models,
    softmax.observe_moments,
    (NO_MINIMISER,),
    search=10,
    bulk=500,
    only=("first-order-condition-without-existence",),
)
WORDS = Experiment(
    "softmax-words", THEOREM, with_minimiser, softmax.observe_words, (SLIDE, THREE_WORDS), search=10, bulk=500
)
VALUES = Experiment(
    "softmax-values",
    THEOREM,
    with_minimiser,
    softmax.observe_values,
    (SLIDE, THREE_WORDS, TRIANGLE),
    search=30,
    bulk=2000,
)
SHIFTS = Experiment(
    "softmax-shifts", THEOREM, tight, softmax.observe_shift, (SLIDE, NO_MINIMISER, BALANCED), search=20, bulk=1500
)
HULLS = Experiment(
    "softmax-hulls", THEOREM, hulls, softmax.observe_existence, (SLIDE, NO_MINIMISER, TRIANGLE), search=20, bulk=1500
)


class TestFirstOrderOptimality(Audit):
    """Claims, steps, needed assumptions, sayings and mutants of first-order optimality."""

    experiments = [MOMENTS, ENDINGS, WORDS, VALUES, SHIFTS, HULLS]  # noqa: RUF012
