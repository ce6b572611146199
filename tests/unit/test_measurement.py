"""A measurement that breaks the contract is refused at once, and the error names where."""

from __future__ import annotations

import re
from dataclasses import dataclass

import flint
import numpy as np
import pytest

from simulators.measurement import (
    LIMITS,
    MeasurementError,
    Measurements,
    balls,
    booleans,
    choices,
    integers,
    reals,
    simulator,
)
from simulators.streams import stream


def table(column, rows=2):
    return Measurements({"sigma": column}, np.arange(rows))


def test_a_scalar_radius_and_failure_reach_every_row():
    column = reals([1.0, 2.0], 0.5, failure=1e-9)
    assert column.rad.tolist() == [0.5, 0.5]
    assert column.failure.tolist() == [1e-9, 1e-9]
    assert len(table(column)) == 2


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (reals([0.0, np.nan], 0.0), "observable sigma: got midpoint nan (batch element 1); expected a finite number"),
        (reals([np.inf, 0.0], 0.0), "got midpoint inf (batch element 0)"),
        (reals([0.0, 0.0], [0.0, np.nan]), "got radius nan (batch element 1)"),
        (reals([0.0, 0.0], [0.0, -1.0]), "got radius -1.0 (batch element 1); expected a radius of at least 0"),
        (reals([0.0, 0.0], 0.0, failure=[0.0, 1.5]), "got failure 1.5 (batch element 1); expected a probability"),
        (reals([0.0, 0.0], 0.0, failure=[0.0, np.nan]), "got failure nan (batch element 1)"),
        (reals([0.0, 0.0, 0.0], 0.0), "got 3 rows; expected 2 rows"),
        (balls([flint.arb(1), flint.arb("nan")]), "got ball nan (batch element 1)"),
    ],
    ids=["nan", "inf", "nan-radius", "negative-radius", "failure", "nan-failure", "ragged", "nan-ball"],
)
def test_a_broken_column_names_observable_and_element(column, message):
    with pytest.raises(MeasurementError, match=re.escape(message)) as caught:
        table(column)
    assert caught.value.observable == "sigma"


def test_the_element_named_is_the_position_in_the_batch_not_the_row():
    with pytest.raises(MeasurementError, match="batch element 7"):
        Measurements({"x": reals([0.0, np.nan], 0.0)}, np.array([3, 7]))


def test_a_ragged_index_is_refused():
    with pytest.raises(MeasurementError, match="1 rows of index r"):
        Measurements({"x": reals([0.0, 1.0], 0.0)}, np.arange(2), {"r": np.array([0])})


def test_integers_stay_exact_at_any_size():
    assert integers([2**200, np.int64(3)]).mid.tolist() == [2**200, 3]


def test_booleans_are_true_false_or_unknown():
    assert booleans([True, False, None]).mid.tolist() == [1, 0, -1]


def test_choices_keep_every_possible_value():
    assert choices([(1, 2), [3]]).mid.tolist() == [(1, 2), (3,)]


def test_a_simulator_declares_its_columns_and_its_limit():
    @simulator("a b", limited_by="rounding")
    def observe(batch, *, delta, effort=0, device):
        return Measurements({n: reals(np.ones(len(batch)), 0.0) for n in "ab"}, np.arange(len(batch)))

    assert observe.observables == ("a", "b")
    assert observe.name.endswith(":observe")
    assert len(observe([1, 2, 3], delta=1e-9, device="cpu")) == 3
    with pytest.raises(ValueError, match="expected one of " + ", ".join(LIMITS)):
        simulator("a", limited_by="hope")


def test_the_source_hash_distinguishes_functions_of_one_file():
    @simulator("a", limited_by="exact")
    def first(batch, *, delta, effort=0, device): ...

    @simulator("a", limited_by="exact")
    def second(batch, *, delta, effort=0, device): ...

    assert first.source_hash == first.source_hash
    assert first.source_hash != second.source_hash


@dataclass(frozen=True)
class Problem:
    seed: int
    width: int


def test_a_stream_depends_on_its_key_alone():
    draws = [stream(Problem(0, 3), "weights").standard_normal(4).tolist() for _ in range(2)]
    assert draws[0] == draws[1]
    others = [stream(Problem(1, 3), "weights"), stream(Problem(0, 4), "weights"), stream(Problem(0, 3), "data")]
    assert all(other.standard_normal(4).tolist() != draws[0] for other in others)
