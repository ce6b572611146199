"""What `python -m tests.statistics.bulk` can be asked for."""

from __future__ import annotations

import pytest

from tests.statistics.bulk import main, names


def test_an_experiment_has_a_name_within_its_theorem() -> None:
    """`samples` are experiments of several theorems; `neural-net-distance/samples` is one."""
    assert names("one", "samples") & names("other", "samples") == {"samples"}


@pytest.mark.parametrize("wanted", ["neural-net-distance/nothing", "samples/neural-net-distance"])
def test_a_name_that_nothing_has_is_an_error(wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["1", wanted]) == 2
    assert "expected a theorem" in capsys.readouterr().out


def test_one_experiment_of_one_theorem(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["20", "neural-net-distance/three-laws"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if " / " in line]
    assert len(lines) == 1
    assert lines[0].startswith("neural-net-distance / three-laws")
