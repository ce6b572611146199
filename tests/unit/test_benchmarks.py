"""The benchmark runner: an absent peer is reported, an absent part of the project is an error."""

from __future__ import annotations

import io
import sys
import types

import pytest
from rich.console import Console

from tests.benchmarks import __main__ as benchmarks


@pytest.fixture
def bench(monkeypatch):
    def install(name, run):
        module = types.ModuleType(f"tests.benchmarks.bench_{name}")
        module.run = run
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(benchmarks, "modules", lambda: [name])

    return install


def printed(*wanted):
    out = io.StringIO()
    code = benchmarks.main(wanted, Console(file=out, width=120))
    return code, out.getvalue()


@pytest.mark.parametrize(("measured", "outcome", "code"), [(30.0, "reached", 0), (20.0, "missed", 1)])
def test_a_figure_is_printed_beside_its_reach(bench, measured, outcome, code):
    bench("solver", lambda: [("problems per second against a loop", measured, 25)])
    returned, text = printed()
    assert returned == code
    assert outcome in text
    assert f"{measured:.3g}" in text


def test_an_absent_peer_is_not_measured(bench):
    def run():
        raise ModuleNotFoundError(name="torchdiffeq")

    bench("integrator", run)
    code, text = printed()
    assert code == 0
    assert "needs torchdiffeq" in text
    assert "not measured" in text


def test_an_absent_part_of_the_project_is_an_error(bench):
    def run():
        raise ModuleNotFoundError(name="simulators.gone")

    bench("integrator", run)
    with pytest.raises(ModuleNotFoundError):
        printed()


def test_an_unknown_name_lists_the_known_ones(bench):
    bench("solver", list)
    code, text = printed("sovler")
    assert code == 2
    assert "expected one of solver" in text
