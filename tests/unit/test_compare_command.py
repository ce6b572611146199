"""`theorem-audit compare-kernels`: the table and JSON, and one line for every file that cannot be used."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sklearn.ensemble
import sklearn.svm  # noqa: F401 - the first import of it moves a global generator

from checks import __main__ as command_line
from checks.compare_file import MOST_ROWS, read
from simulators import kernel_machines
from simulators.small_data_sets import load
from simulators.streams import stream

GOOD = "width,colour,kind\n" + "".join(f"{k},{'red' if k % 3 else 'blue'},{'a' if k % 2 else 'b'}\n" for k in range(24))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    code = command_line.main(("compare-kernels", *arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few settings and few trees."""
    monkeypatch.setattr(kernel_machines, "TREES", 3)
    for name, method in kernel_machines.METHODS.items():
        if method.kernels is not None:
            monkeypatch.setitem(kernel_machines.METHODS, name, replace(method, costs=(1.0,)))


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file and gives its path."""

    def write(content: str | bytes, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def wine(delimiter: str = ",", missing: str = "") -> str:
    """The wine table as text, with a category, two missing cells and the label in front."""
    data = load("wine")
    lines = [delimiter.join(["cultivar", "shade", *(f"x{k}" for k in range(3))])]
    for k, (label, row) in enumerate(zip(data.labels, data.features[:, :3], strict=True)):
        cells = [f"{v:.6f}" for v in row]
        if k in (3, 70):
            cells[1] = missing
        lines.append(delimiter.join([f"c{label}", "dark" if row[2] > 0 else "light", *cells]))
    return "\n".join(lines) + "\n"


def test_the_table_says_who_is_better_and_who_cannot_be_told_apart(capsys, written, short) -> None:
    path = written(wine())
    code, out, err = run(capsys, str(path), "--label", "cultivar", "--splits", "2", "--seed", "5")
    assert (code, err) == (0, "comparing on data.csv …\n")
    lines = out.splitlines()
    assert lines[0] == "data.csv: 178 rows, 5 features, 3 classes (cultivar); split seeds 5 to 6"
    assert [line.split("  ")[0] for line in lines[3:7]] == [
        "tangent kernel",
        "Gaussian kernel",
        "random forest",
        "linear kernel",
    ]
    assert sum("cannot be told apart" in line or " than the " in line for line in lines) == 3
    assert "One point is 1.8 rows" in out
    assert all(len(line) <= 120 for line in lines)


def test_json_holds_the_same_and_is_the_same_again(capsys, written, short, tmp_path) -> None:
    path, output = written(wine("\t", "?"), "data.tsv"), tmp_path / "out.json"
    arguments = (str(path), "--label", "cultivar", "--splits", "2", "--json")
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert run(capsys, *arguments, "--output", str(output)) == (0, "", f"comparing on data.tsv …\nwrote {output}\n")
    assert output.read_text() == out
    said = json.loads(out)
    assert (said["rows"], said["features"], said["classes"], said["seeds"]) == (178, 5, 3, [0, 1])
    assert set(said["methods"]) == {"ntk", "gaussian", "forest", "linear"}
    gap = said["ntk_against"]["forest"]
    assert gap["interval"][0] <= gap["difference"] <= gap["interval"][1]
    difference = said["methods"]["ntk"]["accuracy"] - said["methods"]["forest"]["accuracy"]
    assert gap["difference"] == pytest.approx(difference, abs=1e-12)
    counted = sum(t["only_ntk"] - t["only_rival"] for t in gap["splits"]) / (2 * 178)
    assert gap["difference"] == pytest.approx(counted, abs=1e-12)
    assert [s["C"] for s in said["methods"]["linear"]["settings"]] == [1.0, 1.0]


def test_a_better_kernel_is_called_better(capsys, written, short) -> None:
    """A checkerboard: no linear kernel is right about it, and nobody is about labels without a cause."""
    random = stream("checkerboard")
    points = random.random((240, 2))
    board = [f"{x:.4f};{y:.4f};{'black' if (x > 0.5) != (y > 0.5) else 'white'}" for x, y in points]
    code, out, _ = run(capsys, str(written("x;y;colour\n" + "\n".join(board))), "--splits", "2")
    assert code == 0
    assert "The tangent kernel is better than the linear kernel on rows like these." in out
    noise = [f"{x:.4f};{y:.4f};{'black' if random.random() < 0.5 else 'white'}" for x, y in points]
    code, out, _ = run(capsys, str(written("x;y;colour\n" + "\n".join(noise))), "--splits", "2")
    assert code == 0
    assert out.count("cannot be told apart") == 3


def test_columns_become_features(written) -> None:
    data, label = read(written(GOOD.replace("\n4,", "\n?,")))
    assert label == "kind"
    assert data.features.shape == (24, 3)
    assert data.features[4, 0] == 0
    assert sorted(set(np.round(data.features[:, 1], 9))) == [-0.707106781, 1.414213562]
    assert read(written(GOOD), "colour", ["kind"])[0].features.shape == (24, 1)
    quoted = GOOD.replace("red", '"red, dark"').replace("\n", "\r\n")
    assert np.array_equal(read(written("\ufeff" + quoted))[0].features, read(written(GOOD))[0].features)


def test_columns_that_say_nothing_are_left_out_and_named(capsys, written, short) -> None:
    content = GOOD.replace("width", "one,none,same,width").replace("\n", "\n1,,x,").rstrip("1,x")
    content = content.replace("1,,x,width", "one,none,same,width")
    data, _ = read(written(content))
    assert np.array_equal(data.features, read(written(GOOD))[0].features)
    code, out, err = run(capsys, str(written(content)), "--splits", "1")
    assert code == 0
    assert err.splitlines()[:3] == [
        "column 'one' is constant and left out",
        "column 'none' is empty and left out",
        "column 'same' is constant and left out",
    ]
    assert "24 rows, 3 features" in out


def test_the_help_states_the_limits_and_the_table_the_level(capsys, written, short) -> None:
    code, out, _ = run(capsys, "--help")
    said = " ".join(out.split())
    assert code == 0
    assert f"at most {MOST_ROWS} rows, 100 classes of at least 4 rows each, 50 different words in a column" in said
    assert "A missing cell is empty, ?, NA or N/A" in said
    for splits, why in (("1", "allows for the number of rows"), ("2", "each split's is taken at 97.5 %")):
        _, out, _ = run(capsys, str(written(GOOD)), "--splits", splits)
        assert out.count("interval, at least 95 %") == 2
        assert f"An interval holds with probability at least 95 %: {'it ' if splits == '1' else ''}{why}" in out
        assert "a small p may stand beside an interval that holds 0." in out
        assert all(len(line) <= 120 for line in out.splitlines())


def test_a_table_of_categories_alone_is_compared(written) -> None:
    """Primary tumor itself has no column of numbers."""
    assert read(written(GOOD), "kind", ["width"])[0].features.shape == (24, 2)


BAD = [
    ("", "data.csv, which is empty"),
    ("\n\n", "data.csv, which is empty"),
    ("a,b\n", "data.csv without rows"),
    ("a\n1\n2\n", "one column"),
    (b"\x89PNG\r\n\x1a\n\0\0", "which is not text"),
    (b"a,b\n1,\xff\xfe\n", "which is not text"),
    ("a,b\n1\0,2\n", "which is not text"),
    ("a,b\n1,x\n2,y,z\n", "3 cells in line 3; expected 2 as in the header"),
    ("a,b\n\n1\n", "1 cells in line 3"),
    ('a,b\n1,"x\n', "a line that is not CSV"),
    ("a,a,b\n1,2,x\n", "two columns named 'a'"),
    ("5.1,3.5,rose\n4.9,3.0,rose\n", "the number 5.1 in the first line"),
    (GOOD.replace(",a\n", ",b\n"), "one class ('b') in column 'kind'"),
    (GOOD + "1,red,c\n", "1 row of class 'c'"),
    ("x,k\n" + "".join(f"{k},c{k // 4}\n" for k in range(404)), "101 classes in column 'k'; expected at most 100"),
    (GOOD + "1,red,\n", "no label in line 26"),
    (GOOD.replace("\n7,", "\nnan,"), "nan in line 9 (column 'width'); expected a finite number"),
    (GOOD.replace("\n7,", "\n-inf,"), "-inf in line 9"),
    (GOOD.replace("\n7,", "\n1e999,"), "1e999 in line 9"),
    (GOOD.replace("\n7,", "\nseven,"), "'seven' among numbers in line 9 (column 'width')"),
    ("x,k\n" + "".join(f"3,{'ab'[k % 2]}\n" for k in range(12)), "features that are all constant"),
    ("x,k\n" + "".join(f"?,{'ab'[k % 2]}\n" for k in range(12)), "without a feature"),
    (
        "x,k\n" + "".join(f"w{k},{'ab'[k % 2]}\n" for k in range(60)),
        "60 different words in column 'x'; expected at most 50",
    ),
    ("x,k\n" + "1,a\n" * (MOST_ROWS + 1), f"more than {MOST_ROWS} rows; expected at most {MOST_ROWS}"),
    ("x,k\n" + "1," + "a" * 200_000 + "\n", "a line that is not CSV"),
]


@pytest.mark.parametrize(("content", "said"), BAD, ids=[said for _, said in BAD])
def test_a_bad_file_is_one_line_and_exit_code_2(capsys, written, tmp_path, content, said) -> None:
    output = tmp_path / "out.txt"
    code, out, err = run(capsys, str(written(content)), "--output", str(output))
    assert (code, out) == (2, "")
    assert err.startswith("Error: got ")
    assert said in err
    assert len(err.splitlines()) == 1
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing.csv",), "no file nothing.csv"),
        ((".",), "the directory ."),
        (("{}", "--label", "sort"), "no column 'sort'; expected one of width, colour, kind"),
        (("{}", "--drop", "with"), "no column 'with'"),
        (("{}", "--drop", "kind"), "--drop kind; expected the label column to stay"),
        (("{}", "--drop", "width", "--drop", "colour"), "data.csv without a feature"),
        (("{}", "--label", "width"), "1 row of class '0' (24 classes in column 'width'"),
        (("{}", "--output", "/nowhere/out.txt"), "no directory /nowhere to write out.txt in"),
        (("{}", "--output", "{}"), "is the table itself"),
        (("{}", "--splits", "0"), "--splits"),
        (("{}", "--seed", "-1"), "--seed"),
    ],
)
def test_a_bad_argument_is_exit_code_2(capsys, written, arguments, said) -> None:
    path = written(GOOD)
    code, out, err = run(capsys, *(a.format(path) for a in arguments))
    assert (code, out) == (2, "")
    assert said in err
    assert path.read_text() == GOOD


def test_a_million_rows_are_not_read_to_their_end(written) -> None:
    path = written("x,k\n" + "1,a\n2,b\n" * 500_000)
    with path.open() as file:
        assert sum(1 for _ in file) == 1_000_001
    with pytest.raises(Exception, match="more than 3000 rows"):
        read(path)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_exits_130_and_writes_nothing(written, tmp_path) -> None:
    path, output = written(wine()), tmp_path / "out.txt"
    output.write_text("old")
    command = [
        sys.executable,
        "-m",
        "checks",
        "compare-kernels",
        str(path),
        "--label",
        "cultivar",
        "--output",
        str(output),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "comparing on data.csv …\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "\ninterrupted; nothing was written\n")
    assert output.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.csv", "out.txt"]
