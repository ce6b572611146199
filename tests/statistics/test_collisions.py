"""Do the error bars of the collision probabilities cover the truth, and are they no wider than they need be?

COLLISION_INSTANCES and COLLISION_INTERVALS (environment) scale the two coverage runs.
"""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
import pytest
import torch

from simulators import collision_sampling, collisions
from simulators.collision_sampling import BlackBox, duplicates, interval
from simulators.collisions import Law, distinct_exactly
from simulators.measurement import MeasurementError
from simulators.streams import stream

CPU = torch.device("cpu")
INSTANCES = int(os.environ.get("COLLISION_INSTANCES", "10000"))
INTERVALS = int(os.environ.get("COLLISION_INTERVALS", "2000"))
COUNTS = (1, 1, 2, 5, 30, 365, 10**6, 10**12)


def random_law(number: int) -> Law:
    """Up to five groups, half of them with an atomless part, up to 30 samples (one in 500: up to 200)."""
    random = stream("laws for coverage", number)
    groups = tuple(
        (int(random.integers(1, 100)), COUNTS[int(random.integers(len(COUNTS)))])
        for _ in range(int(random.choice((1, 1, 2, 2, 3, 5))))
    )
    longest = 200 if number % 500 == 0 else 30
    groups = groups[:2] if longest > 30 else groups
    atomless = int(random.integers(0, 2)) * int(random.integers(1, 10**6))
    return Law(groups[:1], int(random.integers(1, longest + 1)), groups[1:], atomless, 1, float(random.uniform(-1, 1)))


def errors(measured: object, truth: list[Fraction]) -> tuple[np.ndarray, np.ndarray]:
    """(|error|/radius, |error|/|truth|) of each row with an error or a radius; an uncovered row counts above 1."""
    covered, relative = [], []
    for mid, rad, value in zip(measured.mid, measured.rad, truth, strict=True):  # type: ignore[attr-defined]
        error = abs(Fraction(float(mid)) - value)
        if error > Fraction(float(rad)):
            covered.append(np.inf)
        elif rad > 0:
            covered.append(float(error / Fraction(float(rad))))
        relative.append(float(error / value) if value else float(error > 0))
    return np.array(covered), np.array(relative)


def test_exact_laws_are_covered_by_radii_near_their_true_error() -> None:
    laws = tuple(random_law(k) for k in range(INSTANCES))
    chunks = [laws[k : k + 512] for k in range(0, len(laws), 512)]
    tables = [collisions.observe(c, delta=0.0, device=CPU) for c in chunks]
    truth = [distinct_exactly(law) for law in laws]
    references = {
        "P_none": truth,
        "P_dup": [1 - q for q in truth],
        "beta": [law.effective_support for law in laws],
        "b": [law.effective_support * (1 + Fraction(law.margin)) for law in laws],
        "rho": [Fraction(sum(w * c for w, c in law.groups), law.total) for law in laws],
    }
    for name, values in references.items():
        found = [
            errors(table.columns[name], values[512 * k : 512 * k + len(chunk)])
            for k, (table, chunk) in enumerate(zip(tables, chunks, strict=True))
        ]
        covered, relative = (np.concatenate(parts) for parts in zip(*found, strict=True))
        assert np.count_nonzero(covered > 1) == 0, f"{name}: error bars missed the truth"
        assert np.median(covered) >= 0.01, f"{name}: the median radius is over 100 true errors"
        assert relative.max() <= 1e-13, f"{name}: relative error {relative.max()}"


def test_targets_are_covered() -> None:
    laws = tuple(random_law(k) for k in range(0, min(INSTANCES, 1000)) if k % 500)
    table = collisions.observe_at_target(laws, delta=0.0, device=CPU)
    precise = [collisions.observe_at_target_precisely(laws[k], 128).columns["gamma"].mid[0] for k in table.element]
    truth = [Fraction(int(v.p), int(v.q)) for v in precise]
    covered, relative = errors(table.columns["gamma"], truth)
    assert np.count_nonzero(covered > 1) == 0
    assert np.median(covered) >= 0.01
    assert relative.max() <= 1e-13


def test_a_target_that_underflows_is_covered() -> None:
    laws = (Law(((1, 10**16 // 2),), 1, margin=1e-300), Law(((1, 10**10),), 1, margin=5e-324), Law(((1, 365),), 1))
    gamma = collisions.observe_at_target(laws, delta=0.0, device=CPU).columns["gamma"]
    for k, law in enumerate(laws):
        truth = collisions.observe_at_target_precisely(law, 128).columns["gamma"].mid[0]
        assert abs(Fraction(gamma.mid[k]) - Fraction(int(truth.p), int(truth.q))) <= Fraction(gamma.rad[k])
    assert gamma.rad[2] == 0


@pytest.mark.parametrize("returned", [0, 1, 2])
def test_rationals_agree_with_counting_every_sample(returned: int) -> None:
    """Balls drawn one by one from an urn, all orders enumerated."""
    law = Law(((3, 1), (1, 2)), 3, ((2, 1),), returned=returned)
    weights = [w for w, c in law.atoms for _ in range(c)]
    chance = Fraction(0)
    for sample in product(range(len(weights)), repeat=law.s):
        if len(set(sample)) == law.s:
            total = sum(weights)
            chance += prod(Fraction(weights[i], total + k * (returned - 1)) for k, i in enumerate(sample))
    assert distinct_exactly(law) == chance


def test_an_interval_covers_at_any_stopping_time() -> None:
    """Looks at 64, 128, … samples: the share of sequences that ever miss stays below delta (here 10 %)."""
    delta, chance = 0.1, 0.3
    random = stream("stopping times")
    missed = 0
    for _ in range(INTERVALS // 5):
        hits = np.cumsum(random.random(1024) < chance)
        ends = [interval(int(hits[n - 1]), n, delta) for n in (64, 128, 256, 512, 1024)]
        missed += any(not low <= chance <= high for low, high in ends)
    assert 0 <= missed <= delta * (INTERVALS // 5)


def test_sampled_black_boxes_cover_their_exact_laws() -> None:
    """The least of m uniform integers has integer weights (N - i)^m - (N - i - 1)^m; delta 1e-3 for each box."""
    boxes = tuple(BlackBox(points, s, folds, seed) for points, s in ((20, 4), (50, 8), (365, 23)) for folds in (1, 2, 3)
                  for seed in range(max(1, INTERVALS // 200)))  # fmt: skip
    table = collision_sampling.observe(boxes, delta=1e-3, device=CPU)
    covered = []
    for k, box in enumerate(boxes):
        groups = tuple(
            (((box.points - i) ** box.folds - (box.points - i - 1) ** box.folds), 1) for i in range(box.points)
        )
        truth = 1 - float(distinct_exactly(Law(groups, box.s)))
        covered.append(abs(truth - table.columns["P_dup"].mid[k]) <= table.columns["P_dup"].rad[k])
    # With 90 boxes at 1e-3 two misses have probability below 0.4 %; a wrong interval or sampler misses most.
    assert covered.count(False) <= 1


def test_duplicates_are_found_by_sorting() -> None:
    draws = np.array([[3, 1, 2], [3, 1, 3], [7, 7, 7]], dtype=np.int32)
    assert duplicates(draws.copy(), CPU).tolist() == [False, True, True]


def test_more_effort_narrows_a_sampled_probability() -> None:
    box = (BlackBox(100, 10),)
    radii = [
        collision_sampling.observe(box, delta=1e-6, effort=e, device=CPU).columns["P_dup"].rad[0] for e in (0, 1, 2)
    ]
    assert radii[0] > radii[1] > radii[2]


@pytest.mark.parametrize(
    "law",
    [
        Law(((0, 3),), 2), Law((), 2), Law(((1, 3),), 0), Law(((1, 3),), 4, returned=0),
        Law(((1, 3),), 2, atomless=1, returned=2), Law(((1, 3),), 2, margin=1.0), Law(((1, 2**53),), 2),
    ],
)  # fmt: skip
def test_a_malformed_law_is_one_clear_error(law: Law) -> None:
    with pytest.raises(MeasurementError, match="expected"):
        collisions.observe((law,), delta=0.0, device=CPU)
