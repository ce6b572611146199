"""Near pairs: every count beside one in fractions, whatever the blocks, threads, scales and repetitions."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import torch

from simulators import near_pairs
from simulators.measurement import MeasurementError
from simulators.near_pairs import search
from simulators.near_pairs_exact import distances, distinct, unrounded, within
from simulators.near_pairs_nearest import LEVEL, calibrate, nearest
from simulators.streams import stream

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def no_set_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products for the small sets of this file too."""
    monkeypatch.setattr(near_pairs, "DIRECT", 0)


def squares(x: np.ndarray) -> dict[tuple[int, int], Fraction]:
    """The squared distance of every pair of rows, exactly."""
    rows = [[Fraction(v) for v in row] for row in x.tolist()]
    return {
        (i, j): sum(((a - b) ** 2 for a, b in zip(rows[i], rows[j], strict=True)), Fraction(0))
        for i, j in combinations(range(len(rows)), 2)
    }


def agrees(x: np.ndarray, radius: float, closest: int = 3) -> None:
    """Counts and closest pairs of a search beside those in fractions."""
    truth, heard = squares(x), []
    found = search(x, radius, closest=closest, device=CPU, told=heard.append)
    assert found.near == sum(d <= Fraction(radius) ** 2 for d in truth.values())
    assert found.equal == sum(d == 0 for d in truth.values())
    assert sum(heard) == len(truth)
    assert len(found.closest) == min(closest, len(truth))
    for distance, i, j in found.closest:
        assert i < j
        assert abs(Fraction(distance) ** 2 - truth[i, j]) <= truth[i, j] / 10**14 + Fraction(5e-324) ** 2
    if found.equal < closest:
        last = sorted(truth.values())[len(found.closest) - 1]
        assert Fraction(found.closest[-1].distance) ** 2 <= last * (1 + Fraction(1, 10**9))


@pytest.mark.parametrize("kind", ["plain", "integers", "repeated", "offset", "spread", "negative zeros", "line"])
def test_counts_are_those_in_fractions(kind) -> None:
    random = stream("near pairs", kind)
    for _ in range(8):
        n, d = int(random.integers(2, 24)), int(random.integers(1, 6))
        x = random.standard_normal((n, d))
        if kind == "integers":
            x = np.rint(2 * x)
        elif kind == "repeated":
            x = x[random.integers(0, n // 2 + 1, n)]
        elif kind == "offset":
            x = 1e-6 * x + 1e6
        elif kind == "spread":
            x = x * 10.0 ** random.integers(-9, 9, (n, d))
        elif kind == "negative zeros":
            x = np.where(x > 0, 0.0, -0.0)
        elif kind == "line":
            x = np.linspace(0, 1, n)[:, None] * np.ones(d)
        far = math.sqrt(sorted(squares(x).values())[int(random.integers(0, math.comb(n, 2)))])  # of some pair
        for radius in (far, math.nextafter(far, 0), math.nextafter(far, math.inf), 0.0):
            agrees(x, radius)


@pytest.mark.parametrize("scale", [5e-324, 1e-320, 1e-200, 1e-30, 1e30, 1e150, 1e200, 1e307])
def test_no_scale_overflows_or_vanishes(scale) -> None:
    x = np.array([[0.0, 0.0], [3.0, 4.0], [-3.0, -4.0], [0.0, 0.0]]) * scale
    for radius in (0.0, 5 * scale, 10 * scale, 4 * scale):
        agrees(x, radius)


@pytest.mark.parametrize(("size", "threads", "rows"), [(1024, 1, 300), (137, 1, 300), (137, 2, 300), (1, 1, 12)])
def test_many_blocks_in_one_thread_or_more_count_the_same(monkeypatch, size, threads, rows) -> None:
    """Integers, whose distances tie with the radius hundreds of times; 137 is no multiple of anything here."""
    x = stream("blocks").integers(0, 5, (rows, 4)).astype(np.float64)
    truth = ((x[:, None] - x[None]) ** 2).sum(axis=-1)[np.triu_indices(rows, 1)]
    monkeypatch.setitem(near_pairs.BLOCK, "cpu", size)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for radius in (0.0, 2.0, math.sqrt(5), 100.0):
            found = search(x, radius, closest=5, device=CPU)
            assert found.near == (truth <= Fraction(radius) ** 2).sum()
            assert found.equal == (truth == 0).sum()
            assert [pair.distance for pair in found.closest] == pytest.approx(np.sqrt(np.sort(truth)[:5]), rel=1e-14)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_a_collapsed_set_is_counted_without_measuring_every_pair() -> None:
    x = stream("collapsed").standard_normal((1500, 8))
    found = search(x, 5.0, device=CPU)
    distances = np.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=-1))[np.triu_indices(1500, 1)]
    assert np.abs(distances - 5.0).min() > 1e-9  # so that float64 decides
    assert found.near == (distances <= 5.0).sum() > 900_000
    assert found.again < 0.01 * found.near


def test_single_precision_is_used_only_where_it_decides(monkeypatch) -> None:
    """Far from the origin relative to the radius, or under a relaxed precision of products, it is double."""
    x = stream("precision").standard_normal((30, 3))
    kinds = []
    original = near_pairs._Strip.__init__

    def noted(self, search, start, told):
        kinds.append(search.left.dtype)
        original(self, search, start, told)

    monkeypatch.setattr(near_pairs._Strip, "__init__", noted)
    for values, radius, expected in (
        (x, 0.5, torch.float32),
        (x + 1e9, 0.5, torch.float32),  # centred first
        (x, 1e-4, torch.float64),
        (x, 0.0, torch.float64),
        (np.vstack((x, x[:1] + 1e6)), 0.5, torch.float64),
    ):
        agrees(values, radius)
        assert kinds.pop() == expected
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "high")
    agrees(x, 0.5)
    assert kinds.pop() == torch.float64


def test_the_default_device_is_not_used() -> None:
    x = stream("device").standard_normal((40, 3))
    with torch.device("meta"):
        assert search(x, 1.0, device=CPU) == search(x, 1.0, device=CPU)
        nearest(x, x, others=True, device=CPU)


def test_what_told_raises_ends_the_search() -> None:
    def stop(pairs: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(stream("stop").standard_normal((2500, 3)), 1.0, device=CPU, told=stop)


@pytest.mark.parametrize(
    ("samples", "radius", "said"),
    [
        (np.zeros((3, 2), dtype=np.float32), 1.0, "samples, float32 of shape (3, 2); expected a float64 array (n, d)"),
        (np.zeros(3), 1.0, "samples, float64 of shape (3,); expected"),
        (np.zeros((3, 0)), 1.0, "samples, float64 of shape (3, 0); expected"),
        ([[1.0]], 1.0, "samples, list of shape unknown; expected"),
        (np.array([[0.0], [np.nan]]), 1.0, "sample 1 with a NaN or an infinity; expected finite samples"),
        (np.array([[np.inf], [0.0]]), 1.0, "sample 0 with a NaN"),
        (np.zeros((3, 2)), -1.0, "radius -1.0; expected a finite radius of at least 0"),
        (np.zeros((3, 2)), math.nan, "radius nan"),
    ],
)
def test_what_cannot_be_searched_is_an_error(samples, radius, said) -> None:
    with pytest.raises(MeasurementError) as problem:
        search(samples, radius, device=CPU)
    assert said in str(problem.value)


def test_one_sample_has_no_pair() -> None:
    assert search(np.zeros((1, 3)), 1.0, device=CPU) == near_pairs.Found(0, 0, ())


def test_small_sets_are_measured_pair_by_pair_with_the_same_result(monkeypatch) -> None:
    for number in range(10):
        random = stream("small", number)
        x = np.rint(random.standard_normal((12, 3)) * 2) * float(random.choice((1.0, 0.1)))
        for radius in (0.0, 0.3, 2.0):
            product = search(x, radius, closest=4, device=CPU)
            with monkeypatch.context() as direct:
                direct.setattr(near_pairs, "DIRECT", 2**15)
                agrees(x, radius, 4)
                found = search(x, radius, closest=4, device=CPU)
            assert (found.near, found.equal) == (product.near, product.equal)
            assert [p.distance for p in found.closest] == [p.distance for p in product.closest]


def test_grids_are_recognised() -> None:
    bytes_ = stream("grid").integers(0, 256, (50, 64)).astype(np.float64)
    for values, expected in (
        (bytes_, True),
        (bytes_ / 1024, True),
        (bytes_ * 2.0**40, True),
        (bytes_ / 255, False),
        (np.zeros((3, 2)), True),
        (np.array([[1.0, 2.0**30]]), False),
        (np.array([[1.0, 2.0**24]]), True),
    ):
        assert unrounded(torch.from_numpy(values)) is expected


def test_within_knows_which_pairs_need_fractions() -> None:
    x = torch.tensor([[0.1, 0.2], [1.0, 2.0]], dtype=torch.float64)
    y = torch.tensor([[0.4, 0.6], [4.0, 6.0]], dtype=torch.float64)
    near, fractions = within(x, y, 0.5)
    true = Fraction(0.1) - Fraction(0.4), Fraction(0.2) - Fraction(0.6)
    assert near.tolist() == [true[0] ** 2 + true[1] ** 2 <= Fraction(1, 4), False]
    assert fractions == 1
    assert distances(x, y).tolist() == pytest.approx([0.5, 5.0])
    assert within(x[1:], y[1:], 5.0, unrounded(torch.cat((x[1:], y[1:]))))[1] == 0


def test_equal_rows_are_compared_and_not_only_hashed(monkeypatch) -> None:
    """With a hash that is the same for all."""
    x = np.array([[0.0, 1.0], [2.0, 1.0], [-0.0, 1.0], [2.0, 1.0], [2.0, 1.0]])
    for constant in (False, True):
        if constant:
            monkeypatch.setitem(distinct.__globals__, "hash", lambda content: 1)
        first, counts, group = distinct(x)
        assert (first.tolist(), counts.tolist(), group.tolist()) == ([0, 1], [2, 3], [0, 1, 0, 1, 1])


def test_the_nearest_are_the_nearest() -> None:
    random = stream("nearest")
    x, y = random.standard_normal((30, 6)) + 1e3, random.standard_normal((2100, 6)) + 1e3
    y[77] = x[3]
    distance, row = nearest(x, y, device=CPU)
    truth = np.sqrt(((x[:, None] - y[None]) ** 2).sum(axis=-1))
    assert np.array_equal(row, truth.argmin(axis=1))
    assert distance == pytest.approx(truth.min(axis=1), rel=1e-13)
    assert distance[3] == 0
    distance, row = nearest(y, y, others=True, device=CPU)
    assert (row != np.arange(len(y))).all()


def test_a_radius_is_calibrated_by_pairs_or_by_neighbours() -> None:
    large, small = stream("large").standard_normal((3000, 3)), stream("small").standard_normal((300, 3))
    by_pairs = calibrate(large, 0.95, device=CPU)
    distances = np.sqrt(((large[:, None] - large[None]) ** 2).sum(axis=-1))[np.triu_indices(3000, 1)]
    assert by_pairs.how == "pairs"
    assert by_pairs.of == len(distances)
    assert by_pairs.within == (distances <= by_pairs.radius).sum()
    assert by_pairs.at_most <= LEVEL
    assert (distances <= 1.001 * by_pairs.radius).sum() > by_pairs.within  # the largest of four digits
    by_neighbours = calibrate(small, 0.95, device=CPU)
    others = np.sqrt(((small[:, None] - small[None]) ** 2).sum(axis=-1)) + np.diag(np.full(300, np.inf))
    assert (by_neighbours.how, by_neighbours.of) == ("neighbours", 300)
    assert by_neighbours.within == (others.min(axis=1) <= by_neighbours.radius).sum() <= 3
    assert (others.min(axis=1) <= 1.001 * by_neighbours.radius).sum() > 3
    for values, once in ((small, by_neighbours), (large, by_pairs)):
        assert calibrate(np.concatenate((values, values[:50])), 0.95, device=CPU) == replace(once, repeated=50)
    with pytest.raises(MeasurementError, match="a reference of 99 distinct samples; expected at least 100"):
        calibrate(np.repeat(small[:99], 2, axis=0), 0.95, device=CPU)


@pytest.mark.parametrize("power", [-1000, -600, -530, 480, 600, 990])
@pytest.mark.parametrize("direct", [0, 2**20])
def test_samples_of_any_scale_give_the_same_pairs(monkeypatch, power, direct) -> None:
    monkeypatch.setattr(near_pairs, "DIRECT", direct)
    x = stream("scale").integers(0, 9, (200, 3)).astype(float)
    x[0] += 2.0**-20
    plain, scaled = (search(x * 2.0**k, 3.0 * 2.0**k, closest=5000, device=CPU) for k in (0, power))
    assert (plain.near, plain.equal) == (scaled.near, scaled.equal)
    assert 0 < plain.equal < plain.near < 200 * 199 // 2
    assert scaled.fractions == plain.fractions
    assert [pair.distance for pair in scaled.closest] == [pair.distance * 2.0**power for pair in plain.closest]
    assert unrounded(torch.tensor(x[1:] * 2.0**power)) == (-537 <= power <= 480)
    far, _ = nearest(x, x, others=True, device=CPU)
    assert np.array_equal(nearest(x * 2.0**power, x * 2.0**power, others=True, device=CPU)[0], far * 2.0**power)
    assert calibrate(np.unique(x, axis=0) * 2.0**power, 0.95, device=CPU).radius > 0


def test_samples_of_two_scales_are_not_rounded_together() -> None:
    x = np.concatenate((2.0**-700 * np.arange(9.0), 2.0**300 * np.arange(1.0, 5)))[:, None]
    assert search(x, 2.0**-700, device=CPU).near == 8
    assert search(x, 2.0**300, device=CPU).near == math.comb(9, 2) + 9 + 3
