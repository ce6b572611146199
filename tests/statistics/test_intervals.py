"""Do the distribution-free intervals cover on heavy tails, where Student's t and the chi-square interval do not?

The samples are kernels of ReLU nets with one hidden unit at one input of norm 1, 100 nets an interval: mean 2,
variance 12, a third of the mass at 0 to 0.1.  INTERVAL_REPETITIONS (environment) scales the runs.  A number of misses
is compared with its nominal share by an exact binomial interval of failure probability 1e-6.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from scipy import stats

from simulators.intervals import catoni, median, proportion, samples_for
from simulators.measurement import MeasurementError
from simulators.streams import stream

REPETITIONS = int(os.environ.get("INTERVAL_REPETITIONS", "20000"))
SAMPLES, ALPHA, TEST = 100, 1e-2, 1e-6
MEAN, VARIANCE = 2.0, 12.0


def kernels(repetitions: int, samples: int = SAMPLES, seed: int = 0) -> np.ndarray:
    """Tangent kernels of ReLU nets of width 1 at a unit input, shape (repetitions, samples)."""
    z, a = stream("narrow kernels", seed).standard_normal((2, repetitions, samples))
    return 2 * np.maximum(z, 0) ** 2 + 2 * a**2 * (z > 0)


KERNELS = kernels(REPETITIONS)


def quantile_of(p: float) -> float:
    """The p-quantile of the kernel by its distribution function: P(H ≤ t) = ½ + ½ P(χ²_2 ≤ t/2)."""
    return float(2 * stats.chi2.ppf(2 * p - 1, 2)) if p > 0.5 else 0.0


def misses(ends: tuple[np.ndarray, np.ndarray], truth: float) -> int:
    return int(np.count_nonzero((ends[0] > truth) | (ends[1] < truth)))


def undercovers(missed: int, nominal: float = ALPHA) -> bool:
    """Whether the misses exclude a failure probability of at most ``nominal``."""
    return bool(proportion(missed, REPETITIONS, TEST)[0] > nominal)


def test_catoni_covers_the_mean() -> None:
    mid, rad = catoni(KERNELS, VARIANCE, ALPHA)
    assert not undercovers(misses((mid - rad, mid + rad), MEAN))


@pytest.mark.parametrize("p", [0.25, 0.5, 0.75, 0.9])
def test_order_statistics_cover_a_quantile(p: float) -> None:
    assert not undercovers(misses(median(KERNELS, ALPHA, p), quantile_of(p)))


def test_clopper_pearson_covers_a_probability() -> None:
    chance = 1 - stats.chi2.cdf(3.0, 2)
    hits = (KERNELS > 6.0).sum(axis=1)
    assert not undercovers(misses(proportion(hits, SAMPLES, ALPHA), chance / 2))


def test_student_and_chi_square_do_not() -> None:
    """The same test, able to fail: what a textbook would have used is caught by it."""
    mean, deviation = KERNELS.mean(axis=1), KERNELS.std(axis=1, ddof=1)
    half = stats.t.ppf(1 - ALPHA / 2, SAMPLES - 1) * deviation / np.sqrt(SAMPLES)
    assert undercovers(misses((mean - half, mean + half), MEAN))
    squares = (SAMPLES - 1) * deviation**2
    ends = [squares / stats.chi2.ppf(q, SAMPLES - 1) for q in (1 - ALPHA / 2, ALPHA / 2)]
    assert undercovers(misses((ends[0], ends[1]), VARIANCE))


def test_a_variance_bound_that_is_none_is_caught() -> None:
    mid, rad = catoni(KERNELS, VARIANCE / 12, ALPHA)
    assert undercovers(misses((mid - rad, mid + rad), MEAN))


@pytest.mark.parametrize("delta", [1e-3, 1e-8, 1e-14])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.75])
def test_ranks_are_the_tightest_that_keep_the_level(delta: float, p: float) -> None:
    """Ranks by exact sums of binomial weights in integers of thousandths, for samples 1, 2, …, n."""
    n = 1000
    low, high = (int(end) for end in median(np.arange(1.0, n + 1), delta, p))
    weights = stats.binom.logpmf(np.arange(n + 1), n, p)
    below = [float(np.exp(np.logaddexp.reduce(weights[:k]))) for k in (low, low + 1)]
    above = [float(np.exp(np.logaddexp.reduce(weights[r:]))) for r in (high, high - 1)]
    for tail in (below, above):
        assert tail[0] <= delta / 2 < tail[1]


@pytest.mark.parametrize("delta", [1e-3, 1e-8, 1e-14])
@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (1, 1), (3, 10), (0, 1000), (999, 1000), (500_000, 1_000_000)])
def test_clopper_pearson_ends_have_their_tails(delta: float, hits: int, trials: int) -> None:
    low, high = (float(end) for end in proportion(hits, trials, delta))
    assert 0 <= low <= hits / trials <= high <= 1
    if hits < trials and high < 1:  # 1 - 5e-18 is 1 in float64
        assert np.exp(stats.binom.logcdf(hits, trials, high)) == pytest.approx(delta / 2, rel=1e-6)
    if hits:
        assert np.exp(stats.binom.logsf(hits - 1, trials, low)) == pytest.approx(delta / 2, rel=1e-6)
    else:
        assert low == 0
    if hits == trials:
        assert high == 1


def test_catoni_solves_its_equation_and_is_hardly_wider_than_student() -> None:
    values, bound, delta = kernels(3, 5000), VARIANCE, 1e-6
    mid, rad = catoni(values, bound, delta)
    level = np.log(2 / delta)
    share = 2 * level / values.shape[1]
    scale = np.sqrt(share * (1 - share) / bound)
    for row, at, half in zip(values, mid, rad, strict=True):
        for theta, sign in ((at - 2e-3 * half, 1), (at + 2e-3 * half, -1)):
            y = scale * (row - theta)
            assert sign * np.sum(np.sign(y) * np.log(1 + abs(y) + y**2 / 2)) > 0
    student = stats.norm.isf(delta / 2) * np.sqrt(bound / values.shape[1])
    assert (rad <= 1.2 * student).all()


def test_leading_axes_are_independent_problems() -> None:
    block = KERNELS[:6].reshape(2, 3, SAMPLES)
    low, high = median(block, ALPHA)
    mid, rad = catoni(block, np.array([[VARIANCE], [2 * VARIANCE]]), ALPHA)
    assert low.shape == high.shape == mid.shape == rad.shape == (2, 3)
    alone = catoni(block[1, 2], 2 * VARIANCE, ALPHA)
    assert abs(alone[0] - mid[1, 2]) <= 2e-3 * rad[1, 2]
    assert (low[0, 1], high[0, 1]) == median(block[0, 1], ALPHA)


def test_constant_samples_need_no_variance() -> None:
    assert catoni(np.full(100, 3.0), 0.0, 1e-3) == (3.0, 0.0)
    with pytest.raises(MeasurementError, match="variance bound of 0"):
        catoni(np.arange(100.0), 0.0, 1e-3)


def test_enough_samples_are_enough() -> None:
    needed = samples_for(0.1, VARIANCE / MEAN**2, 1e-6)
    mid, rad = catoni(kernels(1, needed)[0], VARIANCE, 1e-6)
    assert 0.09 * MEAN <= rad <= 0.1 * MEAN
    assert abs(mid - MEAN) <= rad


def test_too_few_samples_is_an_error_that_says_how_many() -> None:
    with pytest.raises(MeasurementError, match=r"got 10 samples; expected at least 45 for the 0\.5 quantile"):
        median(np.arange(10.0), 1e-13)
    assert median(np.arange(45.0), 1e-13) == (0, 44)
    with pytest.raises(MeasurementError, match=r"got 10 samples; expected more than 4 ln\(2/delta\): at least 31"):
        catoni(np.arange(10.0), 100.0, 1e-3)
    catoni(np.arange(31.0), 100.0, 1e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: median([1.0, np.nan], 0.5), lambda: median(1.0, 0.5), lambda: median([1.0] * 9, 0.0),
        lambda: median([1.0] * 9, 0.5, 1.0), lambda: catoni([1.0] * 9, -1.0, 0.5), lambda: catoni([], 1.0, 0.5),
        lambda: proportion(3, 2, 0.5), lambda: proportion(0.5, 2, 0.5), lambda: proportion(1, 2, 1.5),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_error(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MeasurementError, match="expected"):
        wrong()
