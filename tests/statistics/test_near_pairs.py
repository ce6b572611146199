"""Near pairs beside fractions, where all pairs sit within a few units of the last place of the radius."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import torch

from simulators import near_pairs, near_pairs_exact
from simulators.near_pairs import search
from simulators.near_pairs_exact import within
from simulators.streams import stream

CPU = torch.device("cpu")
SETS, MEMBERS = 120, 10


@pytest.fixture(autouse=True)
def no_set_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products for the small sets of this file too."""
    monkeypatch.setattr(near_pairs, "DIRECT", 0)


def star(number: int) -> tuple[np.ndarray, float]:
    """A centre and samples around it at the radius, to rounding: ten pairs a set that only exact arithmetic decides."""
    random = stream("star", number)
    d, radius = int(random.integers(1, 20)), float(10.0 ** random.integers(-3, 4) * random.uniform(0.5, 2))
    away = random.standard_normal((MEMBERS, d))
    away *= radius / np.sqrt((away**2).sum(axis=1, keepdims=True))
    centre = radius * 10.0 ** random.integers(-1, 6) * random.standard_normal(d)
    return np.vstack((centre, centre + away)), radius


def exactly(x: np.ndarray, y: np.ndarray) -> Fraction:
    """The squared distance of two samples."""
    return sum(((Fraction(a) - Fraction(b)) ** 2 for a, b in zip(x.tolist(), y.tolist(), strict=True)), Fraction(0))


def counts() -> list[tuple[int, int, float, int]]:
    """Of each set: pairs found, pairs there are, the closest that a pair comes to the radius, fractions used."""
    out = []
    for number in range(SETS):
        x, radius = star(number)
        truth = [exactly(x[i], x[j]) for i, j in combinations(range(len(x)), 2)]
        nearest = min(abs(float(d / Fraction(radius) ** 2) - 1) for d in truth[:MEMBERS])
        found = search(x, radius, device=CPU)
        out.append((found.near, sum(d <= Fraction(radius) ** 2 for d in truth), nearest, found.fractions))
    return out


def test_twelve_hundred_pairs_at_the_radius_are_decided_as_in_fractions() -> None:
    found = counts()
    assert [near for near, _, _, _ in found] == [truth for _, truth, _, _ in found]
    assert sum(near for near, _, _, _ in found) > SETS * MEMBERS / 4
    assert sum(nearest < 1e-15 for _, _, nearest, _ in found) > SETS / 4  # the trial is as hard as it claims to be
    assert sum(fractions for _, _, _, fractions in found) > SETS


def test_without_its_bounds_the_search_errs(monkeypatch) -> None:
    """The product's bound and that of float64 are both needed: without either, counts are wrong."""
    bounds = near_pairs._bounds

    def none(radius, top, width, dtype):
        true = bounds(radius, 0.0, width, dtype)
        middle = (true.maybe + true.surely) / 2
        return near_pairs._Bounds(middle, middle)

    with monkeypatch.context() as without:
        without.setattr(near_pairs, "_bounds", none)
        assert any(near != truth for near, truth, _, _ in counts())
    with monkeypatch.context() as without:
        without.setattr(near_pairs_exact, "UNIT", 0.0)
        assert any(near != truth for near, truth, _, _ in counts())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_products_are_within_their_bound_and_the_bound_is_not_idle(dtype) -> None:
    """Entries beside minus half the squared distances of the factors' samples, in float64 or in fractions."""
    worst = 0.0
    for number in range(24):
        random = stream("bound", number)
        n, d = 12, int(random.integers(1, 200))
        z = torch.from_numpy(random.uniform(0.2, 1.0, (n, d))).to(dtype)  # one sign: sums lose the most
        left, right, top = near_pairs._factors(z)
        bounds = near_pairs._bounds(Fraction(1), top, d, dtype)
        error = (bounds.surely - bounds.maybe) / 2
        product = (left @ right.T)[0].to(torch.float64)
        if dtype == torch.float32:
            truth = -(z.to(torch.float64) - z[0].to(torch.float64)).square().sum(dim=1) / 2
            off = float((product - truth).abs().max())
        else:
            values = z.numpy()
            off = max(
                abs(float(Fraction(p) + exactly(values[0], values[j]) / 2)) for j, p in enumerate(product.tolist())
            )
        assert off <= error
        worst = max(worst, off / error)
    assert worst > 1e-3


def test_float64_errs_within_its_bound() -> None:
    """Sums of squared differences beside fractions; some pairs need them and most do not."""
    needed = 0
    for number in range(40):
        random = stream("float64", number)
        d = int(random.integers(1, 100))
        x, y = random.standard_normal((2, 6, d))
        radius = math.sqrt(float(exactly(x[0], y[0]))) * (1 + float(random.choice((0, 1e-16, 1e-15, 1e-13, 1e-6))))
        near, fractions = within(torch.from_numpy(x), torch.from_numpy(y), radius)
        truth = [exactly(a, b) <= Fraction(radius) ** 2 for a, b in zip(x, y, strict=True)]
        assert near.tolist() == truth
        needed += fractions
    assert 0 < needed < 40
