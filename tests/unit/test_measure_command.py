"""`theorem-audit measure`: what it writes, that nothing finished is lost, and that CI would notice a changed cell."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import sklearn.ensemble
import sklearn.svm  # noqa: F401 - the first import of it moves a global generator

from checks import __main__ as command_line
from checks.measure_command import heeded
from simulators import kernel_machines, small_data_file, small_data_protocol
from simulators.small_data_file import decode


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    code = command_line.main(("measure", *arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """One small data set, two seeds, few settings and few trees."""
    monkeypatch.setattr(small_data_file, "NAMES", ("wine",))
    monkeypatch.setattr(small_data_file, "SEEDS", (0, 1))
    monkeypatch.setattr(kernel_machines, "TREES", 3)
    for name, method in kernel_machines.METHODS.items():
        if method.kernels is not None:
            monkeypatch.setitem(kernel_machines.METHODS, name, replace(method, costs=(1.0,)))


def test_the_committed_measurement_is_what_one_cell_recomputes(capsys: pytest.CaptureFixture[str]) -> None:
    """What CI does: the cell of the talk's data set and method, from the data to who was predicted rightly."""
    assert run(capsys, "small-data", "--check") == (
        0, "", "recomputing …\nprimary-tumor-330/0/ntk: recomputed, as in the file (163 of 330 right)\n",
    )  # fmt: skip


def test_a_measurement_is_written_whole_and_is_the_same_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, short: None
) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    assert run(capsys, "small-data", "--output", str(first))[0] == 0
    assert run(capsys, "small-data", "--output", str(second)) == (0, "", f"measuring …\nwrote {second}\n")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["first.json", "second.json"]
    found = decode(first.read_text())
    assert len(found.cells) == 2 * len(kernel_machines.METHODS)
    assert all(cell.hits(178).mean() > 0.8 for cell in found.cells.values())
    assert str(tmp_path) not in first.read_text()


def test_an_interrupted_measurement_goes_on_where_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, output = tmp_path / "whole.json", tmp_path / "cells.json"
    assert run(capsys, "small-data", "--output", str(whole))[0] == 0
    measure, measured = small_data_protocol.measure, []

    def interrupted(*arguments: object) -> object:
        if len(measured) == 3:
            raise KeyboardInterrupt
        measured.append(arguments)
        return measure(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(small_data_protocol, "measure", interrupted)
    code, out, err = run(capsys, "small-data", "--output", str(output))
    assert (code, out) == (130, "")
    assert err.endswith("interrupted; 3 finished cells are kept in cells.json.unfinished: start again to go on\n")
    assert not output.exists()
    again: list[object] = []
    monkeypatch.setattr(small_data_protocol, "measure", lambda *a: again.append(a) or measure(*a))
    code, _, err = run(capsys, "small-data", "--output", str(output))
    assert (code, len(again)) == (0, 8 - 3)
    assert err.startswith("going on after 3 cells that are finished\n")
    assert output.read_bytes() == whole.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cells.json", "whole.json"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_is_heeded_at_the_next_step_and_never_lost() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), heeded() as stop:
        stop()
        try:
            os.kill(os.getpid(), signal.SIGINT)  # here a library would swallow it
            reached.append("after it arrived")
        except KeyboardInterrupt:
            reached.append("raised where it arrived")
        stop()
    assert reached == ["after it arrived"]
    with pytest.raises(KeyboardInterrupt), heeded():
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), heeded():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the second one is raised at once")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_cell_that_differs_is_shown_and_fails(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, short: None
) -> None:
    output = tmp_path / "cells.json"
    run(capsys, "small-data", "--output", str(output))
    said = decode(output.read_text())
    wrong = replace(said.cells["wine", 0, "linear"], right="1")
    cells = [wrong if cell.key == wrong.key else cell for cell in said.cells.values()]
    output.write_text(small_data_file.encode(cells, said.data, "0.0.1"))
    code, out, err = run(capsys, "small-data", "--check", "--cell", "wine/0/linear", "--output", str(output))
    assert code == 1
    assert out.startswith("- wine/0/linear: C = 1; 1 of 178 right\n+ wine/0/linear: C = 1; 17")
    assert "measured with scikit-learn 0.0.1, here" in err
    assert run(capsys, "small-data", "--check", "--cell", "wine/1/forest", "--output", str(output))[0] == 0


def test_a_file_that_was_edited_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said = json.loads(small_data_file.FILE.read_text())
    said["cells"]["wine"]["0"]["ntk"]["right"] = "1"
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(said))
    code, out, err = run(capsys, "small-data", "--check", "--output", str(edited))
    assert (code, out) == (1, "")
    assert err.startswith("Error: got content of hash ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("big-data",), "unknown experiment 'big-data'; expected one of small-data, gan-diversity"),
        (("small-data", "--cell", "wine/0/ntk", "--output", "cells.json"), "--cell goes with --check"),
        (("small-data", "--check", "--cell", "wine"), "cell 'wine'; expected DATA/SEED/METHOD"),
        (("small-data", "--check", "--cell", "wine/-1/ntk"), "expected DATA/SEED/METHOD"),
        (("small-data", "--check", "--cell", "iris/0/ntk"), "no cell iris/0/ntk"),
        (("small-data", "--check", "--output", "nowhere.json"), "no measurement at nowhere.json"),
        (("small-data", "--output", "/nowhere/cells.json"), "cannot write /nowhere/cells.json.unfinished"),
        (("small-data", "--output", "."), "is a directory"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
