"""The probabilities of near-duplicates against the enumeration of every sample, and coverages against scipy's binomial.

NEAR_INSTANCES (environment) scales the run.
"""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import combinations, product
from math import prod

import numpy as np
import pytest
import torch
from scipy.stats import beta, binom

from checks.engine.draw import bulk
from checks.test_near_duplicates import batches
from simulators import near_duplicates, near_duplicates_batches
from simulators.measurement import MeasurementError
from simulators.near_duplicates import Cluster, Generator
from simulators.near_duplicates_batches import Batches
from simulators.streams import stream

CPU = torch.device("cpu")
INSTANCES = int(os.environ.get("NEAR_INSTANCES", "60"))


def drawn(number: int) -> Generator:
    """A generator of at most seven points, some with copies, a hub or an atomless part; up to four samples."""
    random = stream("generators for enumeration", number)

    def edges(size: int) -> tuple[tuple[int, int], ...]:
        return tuple(e for e in combinations(range(size), 2) if random.random() < 0.5)

    clusters = []
    for size in (int(random.integers(1, 4)), int(random.integers(1, 3))):
        near = edges(size)
        missed = tuple(e for e in near if random.random() < 0.4)
        wrongly = tuple(e for e in combinations(range(size), 2) if e not in near and random.random() < 0.4)
        count = int(random.integers(1, 3)) if size < 3 else 1
        clusters.append(Cluster(tuple(random.integers(1, 5, size).tolist()), near, count, missed, wrongly))
    returned = int(random.choice((0, 1, 1, 2)))
    atomless = int(random.choice((0, 0, 3))) if returned == 1 else 0
    hub = int(random.choice((0, 0, 2)))
    return Generator(tuple(clusters), int(random.integers(1, 5)), atomless, hub, returned, 0.25)


class Listed:
    """Every point of a generator by itself; the atomless part is one point that is not even near itself."""

    def __init__(self, law: Generator) -> None:
        self.law, self.weights = law, []
        self.near: set[tuple[int, int]] = set()
        self.flagged: set[tuple[int, int]] = set()
        for c in law.clusters:
            for _ in range(c.count):
                start = len(self.weights)
                self.weights += c.weights
                for kind, pairs in ((self.near, c.near), (self.flagged, c.flagged)):
                    kind |= {(start + i, start + j) for i, j in pairs} | {(start + j, start + i) for i, j in pairs}
        if law.atomless:
            self.weights.append(law.atomless)
        fresh = {(len(self.weights) - 1,) * 2} if law.atomless else set()
        if law.hub:
            hub = len(self.weights)
            self.weights.append(law.hub)
            star = {(hub, i) for i in range(hub)} | {(i, hub) for i in range(hub)}
            self.near, self.flagged = self.near | star, self.flagged | star
        self.equal = {(i, i) for i in range(len(self.weights))} - fresh
        self.near, self.flagged = self.near | self.equal, self.flagged | self.equal

    def probability(self, pairs: set[tuple[int, int]]) -> Fraction:
        """P(some two of the samples are such a pair), over every sample in order."""
        law, total = self.law, Fraction(0)
        for sample in product(range(len(self.weights)), repeat=law.s):
            if any((a, b) in pairs for a, b in combinations(sample, 2)):
                chance = Fraction(1)
                for k, point in enumerate(sample):
                    balls = self.weights[point] + sample[:k].count(point) * (law.returned - 1)
                    chance *= Fraction(max(balls, 0), law.total + k * (law.returned - 1))
                total += chance
        return total

    def packing(self) -> int:
        """The size of the largest set of points no two of which are near."""
        points = range(len(self.weights))
        sizes = [n for n in points for some in combinations(points, n + 1) if not self.near & {*combinations(some, 2)}]
        return max(sizes) + 1


def test_every_column_is_what_enumeration_gives() -> None:
    laws = [drawn(k) for k in range(INSTANCES)]
    table = near_duplicates.observe(tuple(laws), delta=0.0, device=CPU).columns
    for row, law in enumerate(laws):
        listed, whole = Listed(law), law.total
        weights = listed.weights
        near = listed.probability(listed.near)
        kappa = Fraction(sum(weights[i] * weights[j] for i, j in listed.near), whole**2)
        chains = sum(
            weights[i] * weights[j] * weights[k]
            for i, j in listed.near
            for k in range(len(weights))
            if (j, k) in listed.near and (i, k) not in listed.near
        )
        pair = Fraction(sum(weights[i] * weights[j] for i, j in listed.flagged - listed.near), whole**2)
        truth = {
            "s": Fraction(law.s),
            "kappa": kappa,
            "b": Fraction(5, 4) / kappa,
            "P_near": near,
            "P_far": 1 - near,
            "P_equal": listed.probability(listed.equal),
            "P_flagged": listed.probability(listed.flagged),
            "open_chains": Fraction(chains, whole**3),
            "wrongly": pair,
        }
        precise = near_duplicates.observe_precisely(law, 128).columns
        for name, value in truth.items():
            mid = Fraction(table[name].mid[row])
            assert abs(mid - value) <= Fraction(float(table[name].rad[row])) <= value / 2**52, (name, law)
            assert Fraction(str(precise[name].mid[0])) == value, (name, law)


def test_the_dependence_of_an_urn_is_its_distance_from_independence() -> None:
    for law in (d for k in range(INSTANCES) if (d := drawn(k)).returned != 1):
        weights, whole, urn = Listed(law).weights, law.total, law.returned - 1
        distance = sum(
            abs(Fraction(w * (v + urn * (i == j)), whole * (whole + urn)) - Fraction(w * v, whole**2))
            for i, w in enumerate(weights)
            for j, v in enumerate(weights)
        )
        found = near_duplicates.observe_precisely(law, 128).columns["dependence"].mid[0]
        assert Fraction(str(found)) == distance / 2, law


def test_packing_numbers_are_those_of_the_largest_set() -> None:
    laws = [law for k in range(INSTANCES) if not (law := drawn(k)).atomless]
    found = near_duplicates.observe_packed(tuple(laws), delta=0.0, device=CPU).columns["alpha"].mid
    assert [int(n) for n in found] == [Listed(law).packing() for law in laws]


def test_copies_are_as_good_as_points_written_out() -> None:
    chain = ((0, 1), (1, 2))
    copied = Generator((Cluster((3, 1, 2), chain, 3), Cluster((5,), (), 4)), 6, 7)
    written = Generator((*[Cluster((3, 1, 2), chain)] * 3, *[Cluster((5,))] * 4), 6, 7)
    one, other = (near_duplicates.observe_precisely(law, 128).columns for law in (copied, written))
    assert all(one[name].mid[0] == other[name].mid[0] for name in one)


def test_coverages_are_those_of_the_binomial_law() -> None:
    cases = [case for k in range(INSTANCES) if (case := bulk(batches, f"coverage {k}")[0]).repeats == 1]
    table = near_duplicates_batches.observe(tuple(cases), delta=0.0, device=CPU).columns
    for row, case in enumerate(cases):
        n, level, hit = case.batches, case.percent / 100, float(table["P"].mid[row])
        hits = np.arange(n + 1)
        low = np.where(hits > 0, beta.ppf(level, np.maximum(hits, 1), n - hits + 1), 0)
        high = np.where(hits < n, beta.isf(level, hits + 1, np.maximum(n - hits, 1)), 1)
        # scipy's end may lie on the other side of a probability that was placed at that end: both readings are allowed
        for name, gap in (("right_below", hit - low), ("right_above", high - hit)):
            law, near = binom.pmf(hits, n, hit), np.abs(gap) <= 1e-7
            least, most = law[(gap > 0) & ~near].sum(), law[(gap > 0) | near].sum()
            assert least - 1e-12 <= table[name].mid[row] <= most + 1e-12, (case, name)


def test_a_probability_beside_an_end_leaves_the_level_and_no_more() -> None:
    case = Batches(60, 30, "lower", 1e-9)
    found = near_duplicates_batches.observe((case,), delta=0.0, device=CPU).columns
    assert 0.95 <= found["right_below"].mid[0] <= 0.95 + 1e-6


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (Generator((Cluster((1, 0)),), 2), "weights >= 1"),
        (Generator((Cluster((1, 1), ((1, 0),)),), 2), "pairs"),
        (Generator((Cluster((1, 1), ((0, 0),)),), 2), "pairs"),
        (Generator((Cluster((1, 1), ((0, 1, 1),)),), 2), "pairs"),  # type: ignore[arg-type]
        (Generator((Cluster((1, 1), ((0, 1.0),)),), 2), "pairs"),  # type: ignore[arg-type]
        (Generator((Cluster((1, 1), ((0, 1), (0, 1))),), 2), "repeated ones from near"),
        (Generator((Cluster((1, 1), ((0, 1),), 1, ((0, 1), (0, 1))),), 2), "repeated ones from missed"),
        (Generator((Cluster((1, 1), (), 1, (), ((0, 1), (0, 1))),), 2), "repeated ones from wrongly"),
        (Generator((Cluster((1,), (), True),), 2), "integers"),
        (Generator((Cluster((1, 1), ((0, 1),), 1, (), ((0, 1),)),), 2), "wrongly flagged"),
        (Generator((Cluster((1, 1), (), 1, ((0, 1),)),), 2), "missed"),
        (Generator((Cluster((1,)),), 0), "s >= 1"),
        (Generator((), 2, 5), "at least one point"),
        (Generator((Cluster((1,)),), 2, 0, 0, 0), "an urn that holds s balls"),
        (Generator((Cluster((1,)),), 2, margin=1.0), "margin"),
    ],
)
def test_a_malformed_generator_is_named(law: Generator, words: str) -> None:
    with pytest.raises(MeasurementError, match=words):
        near_duplicates.observe((law,), delta=0.0, device=CPU)


@pytest.mark.parametrize("case", [Batches(2.0), Batches(5, True), Batches(6, 1, repeats=4), Batches(5, percent=50)])  # type: ignore[arg-type]
def test_malformed_batches_are_named(case: Batches) -> None:
    with pytest.raises(MeasurementError, match="expected"):
        near_duplicates_batches.observe((case,), delta=0.0, device=CPU)


def test_an_atomless_part_has_no_finite_packing() -> None:
    with pytest.raises(MeasurementError, match="infinite"):
        near_duplicates.observe_packed((Generator((Cluster((1,)),), 2, 5),), delta=0.0, device=CPU)


def test_the_product_bound_is_attained_by_classes_and_not_by_chains() -> None:
    """The reference is written out here: equal classes give Π (1 - kκ), a chain of three more."""
    classes = Generator((Cluster((1, 1), ((0, 1),), 6),), 4)
    found = near_duplicates.observe_precisely(classes, 128).columns
    assert Fraction(str(found["P_far"].mid[0])) == prod(1 - Fraction(k, 6) for k in range(4))
