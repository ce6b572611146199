"""The generator experiment's file and command: one cell is recomputed, nothing finished is lost, edits are noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rich.progress  # noqa: F401 - the first import of it moves a global generator

from checks import __main__ as command_line
from simulators import gan_experiment, gan_file, gan_protocol, gan_subset
from simulators.gan_file import FILE, decode, encode, measured, real
from simulators.gan_study import Size, Trained, observe_sizes, observe_trained
from simulators.measurement import MeasurementError


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    code = command_line.main(("measure", "gan-diversity", *arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sizes, two seeds, a few steps and samples."""
    monkeypatch.setattr(gan_protocol, "SIZES", (2, 4))
    monkeypatch.setattr(gan_protocol, "SEEDS", (0, 1))
    monkeypatch.setattr(gan_protocol, "STAGES", (5, 10))
    monkeypatch.setattr(gan_protocol, "SAMPLES", 1024)
    monkeypatch.setattr(gan_protocol, "COMPARED", 64)
    monkeypatch.setattr(gan_protocol, "TOGETHER", 3)
    monkeypatch.setattr(gan_protocol, "SUBSETS", (50,))
    monkeypatch.setattr(gan_protocol, "SUBSET_SEEDS", (0,))
    monkeypatch.setattr(gan_subset, "GAINED", 3)


@pytest.mark.parametrize("name", [gan_experiment.GanDiversity.example, "subset/50/2/6"])
def test_the_committed_measurement_is_what_one_cell_recomputes(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """What CI does: from the digits to the counts, through all steps of training."""
    code, out, err = run(capsys, "--check", "--cell", name)
    assert (code, out) == (0, "")
    assert f"{name}: recomputed, as in the file (" in err


def test_a_measurement_is_the_same_again_and_goes_on_where_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, output = tmp_path / "whole.json", tmp_path / "cells.json"
    assert run(capsys, "--output", str(whole))[0] == 0
    assert len(decode(whole.read_text()).cells) == 2 * 2 + 3
    measure, groups = gan_protocol.measure, []

    def interrupted(*arguments: object) -> object:
        groups.append(arguments[0])
        if len(groups) == 2:
            raise KeyboardInterrupt
        return measure(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gan_protocol, "measure", interrupted)
    code, out, err = run(capsys, "--output", str(output))
    assert (code, out) == (130, "")
    assert err.endswith("interrupted; 3 finished cells are kept in cells.json.unfinished: start again to go on\n")
    assert run(capsys, "--output", str(output))[0] == 0
    assert output.read_bytes() == whole.read_bytes()
    assert [len(keys) for keys in groups] == [3, 1, 1, 3]  # type: ignore[arg-type]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cells.json", "whole.json"]
    assert str(tmp_path) not in output.read_text()


def test_a_cell_that_differs_is_shown_and_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = measured()
    cells = {**file.cells, ("subset", "50", "2", "6"): {"shown": 1, "all": 2}}
    output = tmp_path / "cells.json"
    output.write_text(encode(cells, file.real, "0.0.1"))
    code, out, err = run(capsys, "--check", "--cell", "subset/50/2/6", "--output", str(output))
    assert code == 1
    assert out.startswith("- subset/50/2/6: sums 0.0 over what it is shown and 0.0 over all 1797; {")
    assert "\n+ subset/50/2/6: sums " in out
    assert "measured with torch 0.0.1, here " in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--check", "--cell", "trained/2"), "expected trained/SIZE/SEED or subset/IMAGES/SIZE/SEED"),
        (("--check", "--cell", "drawn/2/0"), "such as trained/32/24"),
        (("--check", "--cell", "trained/3/0"), "no cell trained/3/0"),
        (("--check", "--output", "nowhere.json"), "write one with `theorem-audit measure gan-diversity --output"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"distance": 1', '"distance": 2', "content of hash"),
        ('"near": 16', '"near": 17', "content of hash"),
        ("{", "[", "a measurement file"),
        ('"library"', '"Library"', "KeyError"),
    ],
)
def test_a_file_that_was_edited_is_noticed(old: str, new: str, said: str) -> None:
    text = FILE.read_text()
    assert old in text
    with pytest.raises(MeasurementError, match=said):
        decode(text.replace(old, new, 1))


def test_a_file_of_another_protocol_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gan_protocol, "LEVEL", 1000)
    with pytest.raises(MeasurementError, match="another protocol"):
        decode(FILE.read_text())


def test_the_committed_file_is_complete_and_of_these_digits() -> None:
    file = measured()
    assert set(file.cells) == set(gan_protocol.wanted())
    assert file.real == real()
    assert file.real.radius == 97
    assert json.loads(FILE.read_text())["protocol"] == json.loads(json.dumps(gan_protocol.protocol()))
    assert encode(file.cells, file.real, file.library) == FILE.read_text()


def test_what_was_not_measured_is_said(tmp_path: Path) -> None:
    for instance, said in ((Trained(3, 0, 1500), "no cell trained/3/0"), (Trained(2, 24, 7), "one of 750, 1500")):
        with pytest.raises(MeasurementError, match=said):
            observe_trained((instance,), delta=1e-8, device="cpu")
    with pytest.raises(MeasurementError, match="no cell trained/5/24"):
        observe_sizes((Size(5, 750),), delta=1e-8, device="cpu")
    with pytest.raises(MeasurementError, match="theorem-audit measure gan-diversity"):
        gan_file.measured(tmp_path / "gan-diversity.json")
