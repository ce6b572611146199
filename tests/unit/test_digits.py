"""The handwritten digits: those of scikit-learn, read without importing it, or one line that says why not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

import simulators.digits as module
from simulators.digits import MissingDigits, digits
from simulators.measurement import MeasurementError
from simulators.small_data_sets import MissingExtra


@pytest.fixture(autouse=True)
def read_anew():
    """The file is read once a process: forget it before and after."""
    digits.cache_clear()
    yield
    digits.cache_clear()


def test_they_are_those_that_scikit_learn_loads() -> None:
    assert np.array_equal(digits(), datasets.load_digits().data)


def test_without_scikit_learn_one_line_says_what_to_run(monkeypatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"run python -m pip install 'theorem-audit\[data\]'") as found:
        digits()
    assert isinstance(found.value, MissingDigits)
    assert len(str(found.value).splitlines()) == 1


def test_other_digits_are_noticed(monkeypatch) -> None:
    monkeypatch.setattr(module, "SHA256", "0" * 64)
    with pytest.raises(MeasurementError, match=r"digits of shape .*; install another version of scikit-learn$"):
        digits()


def test_a_missing_file_is_noticed(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(module, "file", lambda: tmp_path / "digits.csv.gz")
    with pytest.raises(MeasurementError, match=r"no digits\.csv\.gz inside scikit-learn"):
        digits()
