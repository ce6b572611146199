"""What the simulators of trained generators make of the file, against scipy, numpy and counting by hand."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from scipy.stats import beta

from simulators.digits import digits
from simulators.gan_file import FILE
from simulators.gan_memory import Memory, observe_memory
from simulators.gan_protocol import SEEDS, SIZES, STAGES
from simulators.gan_study import (
    INTERVALS,
    Shown,
    Size,
    Sweep,
    Trained,
    observe_batches,
    observe_shown,
    observe_sizes,
    observe_sweeps,
    observe_trained,
)
from simulators.measurement import MeasurementError
from simulators.streams import stream

CELLS = json.loads(FILE.read_text())["cells"]
TRAINED = tuple(Trained(size, SEEDS[k], steps) for steps in STAGES for k, size in enumerate(SIZES))


def stage(one: Trained) -> dict:
    return CELLS[f"trained/{one.size}/{one.run}"][str(one.steps)]


def supports(size: int, steps: int) -> np.ndarray:
    pairs = [stage(Trained(size, seed, steps))["pairs"] for seed in SEEDS]
    return np.array([total / near for total, near in pairs])


def column(table, name: str) -> np.ndarray:
    return np.array([float(Fraction(int(fmpq(v).p), int(fmpq(v).q))) for v in table.columns[name].mid])


def look(simulator, *batch):
    return simulator(batch, delta=1e-8, device="cpu")


def test_intervals_of_probabilities_are_scipy_s() -> None:
    table = look(observe_trained, *TRAINED)
    for k, one in enumerate(TRAINED):
        hits = next(h for h in [*stage(one)["hits"], stage(one)["hits"][-1]] if 2 * h[2] >= h[1] or h[0] == 128)
        low = beta.ppf(0.05 / INTERVALS / 2, hits[2], hits[1] - hits[2] + 1)
        assert column(table, "s")[k] == hits[0]
        assert column(table, "P_low")[k] == pytest.approx(low, rel=1e-7)
        _, batches, near, _ = stage(one)["hits"][0]
        high = beta.ppf(1 - 0.05 / INTERVALS / 2, near + 1, batches - near)
        assert column(table, "support_low")[k] == pytest.approx(1 / high, rel=1e-7)


def test_sampled_intervals_share_what_they_may_spend() -> None:
    table = look(observe_batches, *TRAINED[:2])
    assert len(table) == 12
    for name in ("P_near", "kappa"):
        measured = table.columns[name]
        assert np.allclose(measured.failure, 1e-8 / 12, rtol=1e-12)
        assert (measured.mid - measured.rad >= -1e-300).all()
    _, batches, near, _ = stage(TRAINED[0])["hits"][1]
    assert abs(table.columns["P_near"].mid[0] - near / batches) < table.columns["P_near"].rad[0]


def test_medians_and_order_statistics_are_numpy_s() -> None:
    table = look(observe_sizes, *(Size(size, steps) for steps in STAGES for size in SIZES))
    for k, (steps, size) in enumerate((steps, size) for steps in STAGES for size in SIZES):
        found = np.sort(supports(size, steps))
        ratio = np.sort(supports(size, STAGES[1]) / supports(size, STAGES[0]))
        expected = {
            "support_median": np.median(found),
            "support_median_low": found[5],
            "support_median_high": found[-6],
            "least": found[0],
            "most": found[-1],
            "later_low": ratio[5],
        }
        for name, value in expected.items():
            assert column(table, name)[k] == pytest.approx(value, rel=1e-12)


def test_exponents_are_slopes_of_logarithms() -> None:
    table = look(observe_sweeps, *(Sweep(steps) for steps in STAGES))
    for k, steps in enumerate(STAGES):
        slope = {
            (a, b): np.sort(np.log(supports(b, steps) / supports(a, steps)) / np.log(b / a))
            for a, b in ((2, 8), (32, 128), (2, 128))
        }
        for (a, b), ordered in slope.items():
            assert column(table, f"growth_{a}_{b}_low")[k] == pytest.approx(ordered[5], rel=1e-12)
            assert column(table, f"growth_{a}_{b}_high")[k] == pytest.approx(ordered[-6], rel=1e-12)
        by_seed = (supports(8, steps) / supports(2, steps)) / (supports(128, steps) / supports(32, steps))
        assert column(table, "bend_low")[k] == pytest.approx(np.sort(np.log(by_seed) / np.log(4))[5], rel=1e-9)


def test_gains_against_a_subset_are_differences_of_means() -> None:
    one = Shown(50, 2, 6)
    cell = CELLS["subset/50/2/6"]
    (found,) = column(look(observe_shown, one), "advantage")
    assert found == pytest.approx(cell["shown"] / 2**16 / 50 - cell["all"] / 2**16 / 1797, rel=1e-12)
    assert found > 0.1


@pytest.mark.parametrize(
    "one", [Memory(50, 7), Memory(50, 50, 3), Memory(3, 2, 1, 250, 5), Memory(1797, 1797), Memory(5, 0, 5)]
)
def test_a_discriminator_that_knows_by_heart_is_counted_image_by_image(one: Memory) -> None:
    rows = sorted(stream("gan subset", one.shown, one.seed).choice(1797, size=one.shown, replace=False).tolist())
    shown = [tuple(image) for image in digits()[rows].tolist()]
    shown = [(17, *image[1:]) if k < one.changed else image for k, image in enumerate(shown)]
    real = [tuple(image) for image in digits().tolist()]
    known = shown[: one.known]
    value = one.value / 100
    expected = value * (sum(x in known for x in shown) / len(shown) - sum(x in known for x in real) / len(real))
    table = look(observe_memory, one)
    assert column(table, "advantage")[0] == pytest.approx(expected, abs=1e-12)
    assert table.columns["foreign"].mid[0] == one.changed
    values = {value if x in known else 0.0 for x in [*shown, *real]}
    assert column(table, "span")[0] == max(values) - min(values)


def test_memory_of_more_than_there_is_is_refused() -> None:
    for one in (Memory(0, 0), Memory(1798, 1), Memory(5, 6), Memory(5, 5, 6), Memory(5, 5, 0, 0)):
        with pytest.raises(MeasurementError, match="1 to 1797 images"):
            look(observe_memory, one)
