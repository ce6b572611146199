"""A simulator that breaks its contract is named: theorem, experiment, observable and instance."""

from dataclasses import replace

import numpy as np
import pytest

from checks.engine.measure import LEDGER, DeviceError, SimulatorError, concatenate, find_device, look, select
from simulators.measurement import Measurements, choices, integers, reals, simulator
from tests.toy import DRAWN, SAMPLED, Parallelogram

BATCH = (Parallelogram(1.0, 2.0), Parallelogram(3.0, 4.0))


def broken(**changes):
    """The drawn experiment with some columns of the honest simulator replaced (None: left out)."""

    @simulator("width height tilt area corners is_square", limited_by="rounding")
    def observe(batch, *, delta, effort=0, device):
        table = DRAWN.observe(batch, delta=delta, effort=effort, device=device)
        columns = {**table.columns, **changes}
        return Measurements({k: v for k, v in columns.items() if v is not None}, table.element)

    return replace(DRAWN, observe=observe)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: {"area": reals([2.0, np.nan], 0.0)}, ["area", "midpoint nan", "Parallelogram(width=3.0, height=4.0"]),
        (lambda: {"area": reals([2.0, 12.0], [0.0, np.inf])}, ["area", "radius inf", "width=3.0"]),
        (lambda: {"area": reals([2.0, 12.0], [-1.0, 0.0])}, ["area", "radius -1.0", "width=1.0"]),
        (lambda: {"area": reals([2.0], 0.0)}, ["area", "got 1 rows", "expected 2 rows"]),
        (lambda: {"area": reals([2.0, 12.0], [0.0] * 3)}, ["area", "3 radii", "1 or 2"]),
        (lambda: {"corners": choices([(4,), ()])}, ["corners", "no possible value", "width=3.0"]),
        (lambda: {"corners": integers([-(10**400)] * 2)}, ["corners", "positive integer", "width=1.0"]),
        (lambda: {"area": np.zeros(2)}, ["area", "ndarray", "reals"]),
        (lambda: {"area": None}, ["area", "declared but not in the table", "width=1.0"]),
        (lambda: {"area": reals([2.0, -12.0], 1.0)}, ["area", "-12.0 ± 1.0", "nonnegative", "width=3.0"]),
        (lambda: {"is_square": reals([0.0, 1.0], 0.0)}, ["is_square", "real column", "boolean"]),
    ],
    ids=[
        "nan",
        "infinity",
        "negative-radius",
        "short",
        "radii",
        "choices",
        "large",
        "array",
        "missing",
        "domain",
        "type",
    ],
)
def test_a_broken_contract_names_theorem_observable_and_instance(change, words):
    changes = change()
    with pytest.raises(SimulatorError) as caught:
        look(broken(**changes), BATCH)
    for word in ["rectangle", "drawn", *words]:
        assert word in str(caught.value)


def test_rows_must_speak_of_the_batch():
    @simulator("area", limited_by="exact")
    def observe(batch, *, delta, effort=0, device):
        return Measurements({"area": reals([1.0], 0.0)}, [7])

    with pytest.raises(SimulatorError, match="element 7"):
        look(replace(DRAWN, observe=observe), BATCH)


def test_a_device_that_is_absent_is_an_error():
    with pytest.raises(DeviceError, match="expected"):
        find_device("quantum")


def test_the_ledger_adds_up_every_interval_measured():
    before = LEDGER.total
    look(SAMPLED, BATCH, delta=1e-9)
    assert LEDGER.total - before == pytest.approx(2e-9)
    look(DRAWN, BATCH)
    assert LEDGER.total - before == pytest.approx(2e-9)


def test_tables_are_joined_and_cut_with_their_elements():
    first = Measurements({"rank": integers([1, 2])}, [0, 1])
    second = Measurements({"rank": choices([(0, 1)])}, [0])
    joined = concatenate([first, second], [0, 2])
    assert joined.element.tolist() == [0, 1, 2]
    assert joined.columns["rank"].mid.tolist() == [(1,), (2,), (0, 1)]
    assert select(joined, np.array([2])).columns["rank"].mid.tolist() == [(0, 1)]
