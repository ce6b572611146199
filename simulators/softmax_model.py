"""Softmax language models as instances: features Phi, and contexts with their laws p* of the next word."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulators.softmax_newton import problems, shares, softmax, solve
from simulators.streams import stream

Features = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class LanguageModel:
    """A softmax language model at one or more contexts.

    ``features``: Phi, d rows of V floats (taken as exact).  ``contexts``: for each context the V integer weights of p*.
    ``theta`` (d,): parameters to measure the loss at.  ``direction`` (d,): a direction beside the coordinates.
    ``shared``: one f serves all contexts, and the mean loss is minimised.  ``rate``: 0 if Phi is fixed; else the length of
    one gradient step on Phi at the minimiser, after which f is fitted again.
    """

    features: Features
    contexts: tuple[tuple[int, ...], ...]
    theta: tuple[float, ...] = ()
    direction: tuple[int, ...] = ()
    shared: bool = False
    rate: float = 0.0

    def __post_init__(self) -> None:
        words = {len(row) for row in self.features} | {len(weights) for weights in self.contexts}
        if len(words) != 1 or not self.features or not self.contexts or 0 in words:
            raise ValueError(
                f"got rows and contexts of lengths {sorted(words)}; expected one length V >= 1;"
                " give each row of features and each context one entry per word"
            )
        for weights in self.contexts:
            if min(weights) < 0 or sum(weights) == 0:
                raise ValueError(
                    f"got weights {weights}; expected non-negative integers, not all 0; p* is weights / total"
                )
        for what, vector in (("theta", self.theta), ("direction", self.direction)):
            if vector and len(vector) != len(self.features):
                raise ValueError(
                    f"got {what} of length {len(vector)}; expected d = {len(self.features)}; or leave it out"
                )

    @property
    def targets(self) -> tuple[tuple[int, ...], ...]:
        """Weights of the laws that are fitted: one a context, or their mean if f is shared."""
        if not self.shared:
            return self.contexts
        totals = [sum(weights) for weights in self.contexts]
        common = 1
        for total in totals:
            common *= total
        shares = [common // total for total in totals]
        return (tuple(sum(s * w for s, w in zip(shares, column, strict=True))
                      for column in zip(*self.contexts, strict=True)),)  # fmt: skip

    @property
    def directions(self) -> tuple[tuple[int, ...], ...]:
        """The coordinate directions and ``direction``."""
        d = len(self.features)
        units = tuple(tuple(int(i == j) for j in range(d)) for i in range(d))
        return (*units, self.direction) if any(self.direction) and d > 1 else units


def gaussian(d: int, words: int, seed: int, scale: float = 1.0) -> Features:
    """Normal features on a grid of 1/64 times ``scale``; seed 0 gives word w the unit vector e_(w mod d), times 1 + w // d."""
    if seed == 0:
        return tuple(tuple(scale * (1 + w // d) * (w % d == i) for w in range(words)) for i in range(d))
    table = np.rint(stream("gaussian features", d, words, seed).standard_normal((d, words)) * 64) / 64
    return tuple(tuple(float(x) for x in row) for row in table * scale)


@lru_cache(maxsize=4096)
def fitted_features(model: LanguageModel) -> Features:
    """Phi when f is fitted for the last time: as given, or after one gradient step on the mean loss.

    The step starts at the float minimiser of each context, solved alone on the CPU; the floats that result are the
    features, exactly.
    """
    if not model.rate:
        return model.features
    phi = np.asarray(model.features)
    gradient = np.zeros_like(phi)
    for weights in model.targets:
        given = problems([(model.features, weights)], "cpu")
        found = solve(given)
        p = softmax(given.features, found.f, given.word)[0][0].numpy()
        f = given.parameters(found.f)[0].numpy()
        gradient += np.outer(f, p - shares(weights)) / len(model.targets)
    moved = phi - model.rate * gradient
    return tuple(tuple(float(x) for x in row) for row in moved)
