"""Do the bounds of the birthday test cover what generators of known support have?

SUPPORT_GENERATORS (environment) scales the run: 500 generators of five families, each tested end to end with batches of
its own; every bound goes through `checks.support_bounds`, every truth is computed without it.
"""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from scipy.stats import binom, ncx2

from checks.support_bounds import SupportBounds, support_bounds
from simulators.intervals import proportion
from simulators.streams import stream

GENERATORS = int(os.environ.get("SUPPORT_GENERATORS", "500"))
FAMILIES = ("uniform", "Zipf", "heavy atom and tail", "ring", "mixture with noise")
CONFIDENCE = 0.95
BATCHES = 60


def weights_of(family: str, random: np.random.Generator) -> np.ndarray:
    """Probabilities of the points of a generator."""
    points = int(random.integers(5, 3000))
    if family == "Zipf":
        weights = np.arange(1, points + 1) ** -random.uniform(0.5, 1.5)
    elif family == "heavy atom and tail":
        weights = np.r_[points * random.uniform(0.05, 1), np.ones(points)]
    elif family == "mixture with noise":
        weights = random.dirichlet(np.ones(points % 40 + 2))
    else:
        weights = np.ones(points)
    return weights / weights.sum()


class Known:
    """A generator whose κ, support and packing number are known; samples are points of the plane, or labels."""

    def __init__(self, number: int) -> None:
        self.random = random = stream("generators of known support", number)
        self.family = FAMILIES[number % len(FAMILIES)]
        self.weights = weights = weights_of(self.family, random)
        self.support = self.variety = float(len(weights))
        if self.family == "ring":  # each point is near both of its neighbours: not transitive
            self.kappa = float(weights @ (weights + np.roll(weights, 1) + np.roll(weights, -1)))
            self.variety = len(weights) // 2
        elif self.family == "mixture with noise":
            self.centres, self.noise, self.radius = random.normal(0, 20, (len(weights), 2)), random.uniform(0.2, 2), 1.0
            apart = ((self.centres[:, None] - self.centres) ** 2).sum(-1) / (2 * self.noise**2)
            within = ncx2.cdf(self.radius**2 / (2 * self.noise**2), 2, apart)
            self.kappa, self.support, self.variety = float(weights @ within @ weights), math.inf, math.inf
        else:
            self.kappa = float(weights @ weights)
        self.size = max(2, round(random.uniform(0.6, 1.7) / math.sqrt(self.kappa)))

    def counts(self, batches: int, repeats: int = 1) -> tuple[int, int, int]:
        """Batches with a near pair, with an equal pair, and near pairs, each batch counted so many times."""
        shape = (batches // repeats, self.size)
        labels = self.random.choice(len(self.weights), shape, p=self.weights)
        apart = labels[:, :, None] - labels[:, None, :]
        equal = close = apart == 0
        if self.family == "mixture with noise":
            samples = self.centres[labels] + self.random.normal(0, self.noise, (*shape, 2))
            close = ((samples[:, :, None] - samples[:, None, :]) ** 2).sum(-1) <= self.radius**2
            equal = np.broadcast_to(np.eye(self.size, dtype=bool), close.shape)
        elif self.family == "ring":
            close = np.isin(apart % len(self.weights), (0, 1, len(self.weights) - 1))
        near, same = ((pairs.sum((1, 2)) - self.size) // 2 for pairs in (close, equal))
        return int((near > 0).sum()) * repeats, int((same > 0).sum()) * repeats, int(near.sum()) * repeats

    def right(self, bounds: SupportBounds) -> tuple[bool, bool, bool]:
        """Which of the three bounds hold of the truth."""
        return (
            1 / self.kappa < bounds.effective_at_most,
            bounds.support_at_least <= self.support,
            bounds.variety_at_least <= self.variety,
        )


def judged(generators: int, repeats: int) -> tuple[np.ndarray, list[str]]:
    """Which bounds were right for each generator, shape (generators, 3), and the families."""
    right, families = [], []
    for number in range(generators):
        known = Known(number)
        near, equal, pairs = known.counts(BATCHES, repeats)
        right.append(known.right(support_bounds(known.size, BATCHES, near, equal, pairs, CONFIDENCE)))
        families.append(known.family)
    return np.array(right), families


def reaches(right: np.ndarray, level: float) -> bool:
    """Whether the 99 % Clopper-Pearson interval of the coverage reaches the level."""
    return bool(proportion(int(right.sum()), len(right), 0.01)[1] >= level)


def test_all_bounds_together_cover_at_95_per_cent() -> None:
    right, families = judged(GENERATORS, 1)
    for name, column in zip(("effective support", "support", "variety", "all"), [*right.T, right.all(1)], strict=True):
        low, high = proportion(int(column.sum()), len(column), 0.01)
        print(f"{name}: {column.sum()} of {len(column)} right, 99 % interval of the coverage {low:.4f} to {high:.4f}")
        assert reaches(column, CONFIDENCE)
    for family in FAMILIES:
        assert reaches(right[[f == family for f in families]].all(1), CONFIDENCE), family


def test_batches_that_are_counted_ten_times_do_not_cover() -> None:
    right, _ = judged(50, 10)
    assert not reaches(right.all(1), CONFIDENCE)


def distinct(weights: np.ndarray, size: int) -> float:
    """P(no two of so many samples equal): s! e_s, a sum of positive terms."""
    terms = np.zeros(size + 1)
    terms[0] = 1
    for p in weights:
        terms[1:] += np.arange(1, size + 1) * p * terms[:-1]
    return float(terms[size])


@pytest.mark.parametrize("number", [0, 1, 2, 5, 6, 7])
def test_each_bound_covers_exactly_summed_over_every_count(number: int) -> None:
    """No sampling: the binomial law of the hits, and the bounds after each number of them."""
    known, batches = Known(number), 20
    hit = 1 - distinct(known.weights, known.size)
    found = [support_bounds(known.size, batches, h, h, h, CONFIDENCE) for h in range(batches + 1)]
    law = binom.pmf(np.arange(batches + 1), batches, hit)
    right = np.array([known.right(bounds) for bounds in found])
    assert np.all(law @ right >= 1 - found[0].failure_each)
    assert np.any(law @ right < 1)


def test_the_truth_of_noise_is_what_independent_pairs_say() -> None:
    """κ of a mixture of Gaussians in the plane, against independent pairs."""
    known = Known(FAMILIES.index("mixture with noise"))
    random, count = stream("pairs of a mixture"), 500_000
    first, second = (random.choice(len(known.weights), count, p=known.weights) for _ in range(2))
    apart = known.centres[first] - known.centres[second] + random.normal(0, known.noise, (2, count, 2)).sum(0)
    low, high = proportion(int(((apart**2).sum(-1) <= known.radius**2).sum()), count, 1e-9)
    assert low < known.kappa < high
    assert (high - low) / known.kappa < 0.3
