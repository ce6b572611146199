"""`theorem-audit birthday`: one line, exit code 2 and nothing written for whatever cannot be used."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from checks import __main__ as command_line
from simulators.streams import stream
from tests.generators import elsewhere, functions, modes, run, saved  # noqa: F401 - fixtures


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("generator:few", "63 samples from generator:few(64); expected 64; return as many samples as are asked for"),
        ("generator:one", "a single number from generator:one(64); expected 64; return as many"),
        (
            "generator:raises",
            "ValueError from generator:raises(64): no weights loaded; expected an array of 64 samples;",
        ),
        ("generator:same", "the same 64 samples from two calls of generator:same; expected a new draw at each call;"),
        ("generator:constant", "64 samples of generator:constant that are all the same; expected samples that differ;"),
        (
            "generator:shapes",
            "samples of shape (3,) from generator:shapes(256); expected (2,) as before; draw them all",
        ),
        ("generator:nan", "nan at [3, 2] in generator:nan(64); expected finite numbers; leave such samples out"),
        ("generator:late", "inf at [0, 1] in generator:late(5); expected finite numbers; leave such samples out"),
        ("generator:words", "strings in generator:words(64); expected real numbers of at most 64 bits; convert"),
        ("generator:ragged", "expected an array of numbers; return one array"),
        (
            "generator:nothing",
            "generator:nothing(64), which returned None; expected an array of 64 samples; return the samples",
        ),
        (
            "generator:leaves",
            "generator:leaves(64), which left Python by sys.exit(3); expected an array of 64 samples; return it instead",
        ),
        (
            "leaving:draw",
            "module leaving, which left Python by sys.exit('usage'); expected one that imports; put that under if"
            " __name__ == '__main__':",
        ),
        (
            "generator:Model.draw",
            "generator:Model.draw, a method that needs an object of Model; expected a function, or a method of an object;"
            " make an object in generator: model = Model(…), and name generator:model.draw",
        ),
        ("generator:Model.absent", "no Model.absent in generator; expected a function that draws a batch; check the"),
        ("generator:wants", "TypeError from generator:wants(64): wants() missing 1 required positional argument:"),
        ("generator:absent", "no absent in generator; expected a function that draws a batch; check the name"),
        ("generator:NUMBER", "generator:NUMBER, of type int; expected a function that draws a batch; check the name"),
        ("absent:draw", "no module absent; expected a file of samples (.npy, .npz or .pt), or module:function; check"),
        ("generator.absent:draw", "no module generator.absent; expected a file of samples"),
        ("needs:draw", "module needs, which needs a_package_that_is_not_there; expected one that imports; install it"),
        ("broken:draw", "ZeroDivisionError on importing broken: division by zero; expected one that imports; mend it"),
    ],
)
@pytest.mark.usefixtures("functions")
def test_a_function_that_cannot_be_used_is_one_line_and_exit_code_2(capsys, name, said) -> None:
    size = ("--size", 5) if name.endswith("late") else ()
    code, out, err = run(capsys, name, *size)
    lines = [line for line in err.splitlines() if line != "drawing" and not line.endswith(" …")]
    assert (code, out, len(lines)) == (2, "", 1)
    assert lines[0].startswith("Error: got ")
    assert said in lines[0]
    assert not Path("birthday.html").exists()


def _bad_files() -> dict[str, Callable[[Path], None]]:
    good = np.arange(24.0).reshape(6, 4)

    def cut(path: Path) -> None:
        np.save(path, np.arange(1000.0))
        path.write_bytes(path.read_bytes()[:500])

    def torch_code(path: Path) -> None:
        torch.save({"x": Path("x")}, path)

    return {
        "text.npy": lambda path: path.write_text("1,2\n3,4\n"),
        "cut.npy": cut,
        "head.npy": lambda path: path.write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr'"),
        "empty.npy": lambda path: path.write_bytes(b""),
        "objects.npy": lambda path: np.save(path, np.array([{}, []], dtype=object), allow_pickle=True),
        "archive.npy": lambda path: path.write_bytes(_bytes(lambda f: np.savez(f, a=good))),
        "words.npy": lambda path: np.save(path, np.array(["a", "b"])),
        "complex.npy": lambda path: np.save(path, good + 1j),
        "long.npy": lambda path: np.save(path, good.astype(np.longdouble)),
        "records.npy": lambda path: np.save(path, np.zeros(3, dtype=[("a", float)])),
        "dates.npy": lambda path: np.save(path, np.zeros(3, dtype="M8[s]")),
        "number.npy": lambda path: np.save(path, 3.0),
        "one.npy": lambda path: np.save(path, good[:1]),
        "none.npy": lambda path: np.save(path, good[:0]),
        "void.npy": lambda path: np.save(path, np.zeros((5, 0))),
        "nan.npy": lambda path: np.save(path, np.where(good == 9, np.nan, good)),
        "inf.npy": lambda path: np.save(path, np.where(good > 21, -np.inf, good).astype(np.float16)),
        "large.npy": lambda path: np.save(path, np.array([1, 2**53 + 1])),
        "constant.npy": lambda path: np.save(path, np.ones((500, 3))),
        "few.npy": lambda path: np.save(path, good),
        "two.npz": lambda path: np.savez(path, a=good, b=good),
        "text.npz": lambda path: path.write_text("no archive"),
        "array.npz": lambda path: path.write_bytes(_bytes(lambda f: np.save(f, good))),
        "objects.npz": lambda path: np.savez(path, np.array([{}, []], dtype=object)),
        "text.pt": lambda path: path.write_text("no tensor"),
        "empty.pt": lambda path: path.write_bytes(b""),
        "code.pt": torch_code,
        "state.pt": lambda path: torch.save({"weight": torch.zeros(3), "bias": torch.zeros(1)}, path),
        "sparse.pt": lambda path: torch.save(torch.eye(5).to_sparse(), path),
        "complex.pt": lambda path: torch.save(torch.zeros(5, 2, dtype=torch.complex64), path),
        "table.csv": lambda path: path.write_text("1,2\n3,4\n"),
    }


def _bytes(write: Callable[[io.BytesIO], None]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


REAL = "real numbers of at most 64 bits; convert them to float32 or float64"
SAVED = {
    "text.npy": "text.npy, which is no .npy file; expected an array saved by numpy.save; save it again",
    "cut.npy": "cut.npy, which is cut off or damaged; expected an array saved by numpy.save, whole; save it again",
    "head.npy": "head.npy, which is cut off or damaged; expected an array saved by numpy.save, whole; save it again",
    "empty.npy": "empty.npy, which is no .npy file; expected an array saved by numpy.save; save it again",
    "objects.npy": "Python objects in objects.npy, which could run code when read; expected an array of numbers; save the"
    " numbers alone",
    "archive.npy": "archive.npy, an archive of arrays; expected one array in a .npy file; rename it to .npz",
    "words.npy": f"strings in words.npy; expected {REAL}",
    "complex.npy": f"complex numbers in complex.npy; expected {REAL}",
    "long.npy": f"numbers of type {np.dtype(np.longdouble)} in long.npy; expected {REAL}",
    "records.npy": f"records in records.npy; expected {REAL}",
    "dates.npy": f"numbers of type datetime64[s] in dates.npy; expected {REAL}",
    "number.npy": "a single number in number.npy; expected at least 2 samples along the first axis; save an array"
    " (samples, …)",
    "one.npy": "1 sample in one.npy; expected at least 2 samples along the first axis; save an array (samples, …)",
    "none.npy": "0 samples in none.npy; expected at least 2 samples along the first axis; save an array (samples, …)",
    "void.npy": "void.npy of shape (5, 0); expected samples of at least one number; check the file",
    "nan.npy": "nan at [2, 1] in nan.npy; expected finite numbers; leave such samples out or mend the generator",
    "inf.npy": "-inf at [5, 2] and 1 more in inf.npy; expected finite numbers; leave such samples out or mend the"
    " generator",
    "large.npy": "9007199254740993 at [1] in large.npy; expected integers of at most 2**53; leave such samples out or"
    " mend the generator",
    "constant.npy": "500 samples in constant.npy that are all the same; expected samples that differ; check the"
    " generator, or how it was saved",
    "few.npy": "6 samples in few.npy; expected at least 20 to choose a batch size on a fifth of them; draw more, or give"
    " --size",
    "two.npz": "2 arrays in two.npz (a, b); expected one, the samples; save them alone with numpy.save",
    "text.npz": "text.npz, which is no .npz file or is damaged; expected an archive by numpy.savez; save it again",
    "array.npz": "array.npz, which is no .npz file; expected an archive by numpy.savez; rename it to .npy",
    "objects.npz": "Python objects in objects.npz, which could run code when read; expected an array of numbers; save the"
    " numbers alone",
    "text.pt": "text.pt, which is no .pt file; expected a tensor saved by torch.save; save it again",
    "empty.pt": "empty.pt, which is no .pt file; expected a tensor saved by torch.save; save it again",
    "code.pt": "Python objects in code.pt, which could run code when read; expected an array of numbers; save the"
    " numbers alone",
    "state.pt": "a dict (weight, bias) in state.pt; expected one tensor, the samples; save the tensor alone",
    "sparse.pt": "a sparse tensor from sparse.pt; expected real numbers; convert them to float32",
    "complex.pt": "complex64 from complex.pt; expected real numbers; convert them to float32",
    "table.csv": "table.csv; expected a file that ends in .npy, .npz or .pt; save the samples with numpy.save (a table of"
    " text: numpy.save('x.npy', numpy.loadtxt('x.csv', delimiter=',')))",
}


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("name", SAVED)
def test_a_bad_file_is_one_line_and_exit_code_2(capsys, name) -> None:
    _bad_files()[name](Path(name))
    Path("birthday.html").write_text("old")
    assert run(capsys, name) == (2, "", f"Error: got {SAVED[name]}\n")
    assert Path("birthday.html").read_text() == "old"
    assert sorted(path.name for path in Path().iterdir()) == sorted(("birthday.html", name))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("absent.npy",),
            "no file absent.npy; expected a file of samples (.npy, .npz or .pt), or module:function; check",
        ),
        ((".",), "the directory .; expected a file of samples (.npy, .npz or .pt); name a file in it"),
        (("x.npy", "--radius", -1), "--radius -1; expected a distance of at least 0; 0 counts exact duplicates only"),
        (("x.npy", "--radius", "nan"), "--radius nan; expected a distance of at least 0"),
        (("x.npy", "--size", 1), "--size 1; expected at least 2; one sample has no pair"),
        (("x.npy", "--size", 51), "--size 51 for 50 samples in x.npy; expected at most 50; draw more, or take smaller"),
        (
            ("x.npy", "--size", 10, "--batches", 6),
            "50 samples in x.npy; expected at least 60 for 6 batches of 10; draw",
        ),
        (("x.npy", "--batches", 0), "--batches 0; expected at least 1; leave it out to use all"),
        (
            ("x.npy", "--batches", 30),
            "50 samples in x.npy; expected at least 60 for 30 batches of 2; draw more, or give",
        ),
        (("x.npy", "--confidence", 95), "--confidence 95; expected a number between 0 and 1; 95 % is 0.95"),
        (("x.npy", "--confidence", 1), "--confidence 1; expected a number between 0 and 1"),
        (("x.npy", "--output", ""), "--output ., a directory; expected the name of a file; for instance birthday.html"),
        (
            ("l.npy",),
            "1e+305 at [0, 0, 0] in l.npy; expected numbers of at most 1e+300, whose distances float64 holds;",
        ),
        (("x.npy", "--show", -1), "--show -1; expected at least 0; 0 shows none"),
        (("x.npy", "--output", "no/x.html"), "no directory no to write x.html in; expected one; make it or choose"),
        (("x.npy", "--output", "x.npy"), "--output x.npy, which is the samples; expected another file; choose another"),
        (("x.npy", "--reference", "r.npy", "--output", "r.npy"), "--output r.npy, which is the reference; expected"),
        (
            ("x.npy", "--reference", "x.npy"),
            "--reference x.npy, which is the samples; expected real samples; name their",
        ),
        (("x.npy", "--reference", "absent.npy"), "no file absent.npy; expected a file of samples"),
        (
            ("x.npy", "--reference", "r.npy"),
            "60 samples in r.npy; expected at least 100 to calibrate a radius on; take",
        ),
        (
            ("x.npy", "--reference", "f.npy"),
            "samples of shape (4, 4) and a reference of shape (16,); expected one shape",
        ),
        (("x.npy", "--reference", "c.npy"), "200 samples in c.npy that are all the same; expected real samples; check"),
        (("x.npy", "--draw-as", "5x4"), "--draw-as 5x4 for samples of 16 numbers; expected curve, or HEIGHTxWIDTH"),
        (("x.npy", "--draw-as", "round"), "--draw-as round for samples of 16 numbers; expected curve"),
        (("x.npy", "--draw-as", "4x4xx"), "--draw-as 4x4xx for samples of 16 numbers; expected curve"),
    ],
)
def test_a_bad_argument_is_one_line_and_exit_code_2(capsys, arguments, said) -> None:
    saved("x.npy", modes(50))
    saved("r.npy", modes(60))
    saved("f.npy", modes(200).reshape(200, 16))
    saved("c.npy", np.ones((200, 4, 4)))
    saved("l.npy", np.full((50, 4, 4), 1e305))
    there = {path.name: path.read_bytes() for path in Path().iterdir()}
    code, out, err = run(capsys, *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(f"Error: got {said}")
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == there


def test_a_place_that_cannot_be_written_is_one_line_before_the_work(capsys, monkeypatch) -> None:
    def full(**where: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    saved("x.npy", modes(50))
    assert run(capsys, "x.npy") == (
        2,
        "",
        "Error: got --output birthday.html, which cannot be written (read-only file system); expected a place; choose"
        " another --output\n",
    )


def test_an_absent_gpu_is_one_line(capsys, monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    saved("x.npy", modes(50))
    said = "Error: got --device cuda, which torch does not see here; expected a GPU; leave --device out\n"
    assert run(capsys, "x.npy", "--device", "cuda") == (2, "", said)


def test_pictures_need_pillow_and_say_so_before_the_work(capsys, monkeypatch) -> None:
    saved("x.npy", modes(60))
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    said = (
        "Error: got no pillow; expected it to draw the candidate pairs;"
        " run pip install 'theorem-audit[data]', or give --no-picture\n"
    )
    assert run(capsys, "x.npy") == (2, "", said)
    assert run(capsys, "x.npy", "--no-picture")[0] == 0
    assert run(capsys, "x.npy", "--draw-as", "curve")[0] == 0


@pytest.mark.usefixtures("functions")
def test_all_pairs_are_of_a_file(capsys) -> None:
    code, out, err = run(capsys, "generator:draw", "--all-pairs")
    said = "Error: got --all-pairs for a function; expected a file of samples; leave --all-pairs out\n"
    assert (code, out, err.replace("drawing\n", "")) == (2, "", said)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_exits_130_and_writes_nothing() -> None:
    saved("x.npy", stream("interrupted").standard_normal((40_000, 64)))
    Path("birthday.html").write_text("old")
    command = [sys.executable, "-m", "checks", "birthday", "x.npy", "--size", "40000", "--radius", "1"]
    root = Path(command_line.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "2"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "searching 1 batch of 40,000 × 64 …\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "\ninterrupted; nothing was written\n")
    assert Path("birthday.html").read_text() == "old"
    assert sorted(path.name for path in Path().iterdir()) == ["birthday.html", "x.npy"]


@pytest.mark.usefixtures("functions")
def test_ctrl_c_within_a_function_exits_130(capsys) -> None:
    assert run(capsys, "generator:stops")[0] == 130
    assert not Path("birthday.html").exists()
