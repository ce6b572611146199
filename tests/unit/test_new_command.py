"""`theorem-audit new`: three files that are well formed, run anywhere, and fail until they are filled in."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks import __main__ as command_line
from checks import unfilled
from checks.engine.contract import Trial, breaches
from checks.engine.lint import lint
from checks.new_template import MARK, files
from tests.unit.test_plugin import run as run_in
from theorems import all_theorems

ROOT = Path(__file__).resolve().parents[2]
FLAT = ["my_bound.py", "my_bound_simulator.py", "test_my_bound.py"]
ROOMS = ["checks/test_my_bound.py", "simulators/my_bound.py", "theorems/my_bound.py"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command_line.main(("new", *arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def listed(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def catalogue(folder: Path) -> Path:
    """What marks a checkout of this project."""
    for part in ("theorems/statement.py", "simulators/measurement.py", "checks/engine/experiment.py"):
        (folder / part).parent.mkdir(parents=True)
        (folder / part).write_text("")
    return folder


def test_three_files_and_what_to_do_next(here, capsys):
    code, out, err = new(capsys, "my-bound")
    assert (code, err, listed(here)) == (0, "", FLAT)
    assert [line[:2] for line in out.splitlines()] == ["1.", "2.", "3."]
    assert "theorem-audit check-simulator my_bound_simulator:observe" in out and "pytest test_my_bound.py" in out


def test_in_a_checkout_each_room_gets_its_file(here, capsys):
    before = set(listed(catalogue(here)))
    code, out, _ = new(capsys, "my-bound")
    assert code == 0 and sorted(set(listed(here)) - before) == ROOMS
    assert "check-simulator simulators.my_bound:observe" in out


def test_another_folder_is_named_in_what_to_run(here, capsys):
    (here / "elsewhere").mkdir()
    code, out, _ = new(capsys, "my-bound", "--into", "elsewhere")
    assert code == 0 and listed(here) == [f"elsewhere/{name}" for name in FLAT]
    assert "run in elsewhere: theorem-audit" in out and "pytest elsewhere/test_my_bound.py" in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My-Bound", "lower-case words"), ("my_bound", "lower-case words"), ("a--b", "lower-case words"),
        ("-a", ""), ("a-", "lower-case words"), ("../a", "lower-case words"), ("a b", "lower-case words"),
        ("", "lower-case words"), ("1st", "lower-case words"), ("ε-net", "lower-case words"), ("a/b", "lower-case words"),
        ("class", "a keyword of Python"), ("random", "a module of Python"), ("numpy", "a module numpy exists"),
        ("theorems", "a module theorems exists"), ("birthday", "a theorem of the catalogue"),
        ("x" * 61, "at most 60 characters"),
    ],
)  # fmt: skip
def test_a_bad_name_is_one_line(here, capsys, name, said):
    code, out, err = new(capsys, name)
    assert code == 2 and not out and said in err and listed(here) == []
    assert name == "-a" or (err.startswith("Error: ") and err.count("\n") == 1)


def test_a_folder_that_is_not_there_is_one_line(here, capsys):
    code, _, err = new(capsys, "my-bound", "--into", "nowhere")
    assert (
        code == 2 and err == "Error: got --into nowhere, which is no folder; expected one that exists; make it first\n"
    )


@pytest.mark.parametrize("name", FLAT)
def test_nothing_is_overwritten_and_no_half_set_left(here, capsys, name):
    (here / name).write_text("mine")
    code, out, err = new(capsys, "my-bound")
    assert code == 2 and not out and err.count("\n") == 1 and name.removesuffix(".py") in err
    assert listed(here) == [name] and (here / name).read_text() == "mine"


@pytest.mark.parametrize(("error", "code"), [(OSError(28, "No space left on device"), 2), (KeyboardInterrupt(), 130)])
def test_what_cannot_be_written_whole_is_not_written(here, capsys, monkeypatch, error, code):
    opened, real = [], Path.open

    def full(path, mode="r", **keywords):
        if mode == "x":
            opened.append(path)
            if len(opened) == 3:
                real(path, mode, **keywords).close()
                raise error
        return real(path, mode, **keywords)

    monkeypatch.setattr(Path, "open", full)
    assert new(capsys, "my-bound")[0] == code
    assert set(listed(here)) <= {"test_my_bound.py"} and len(opened) == 3


@pytest.fixture
def flat(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The template as modules that can be imported."""
    assert new(capsys, "my-bound")[0] == 0
    monkeypatch.syspath_prepend(here)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield here
    for name in FLAT:
        sys.modules.pop(name.removesuffix(".py"), None)


def test_the_template_is_well_stated_and_its_simulator_keeps_the_contract(flat):
    theorem = importlib.import_module("my_bound").THEOREM
    assert theorem.name == "my-bound" and lint(theorem) == ()
    assert unfilled(theorem) == ("title", "claims", "assumptions", "derivation", "sources", "non_claims")
    simulator = importlib.import_module("my_bound_simulator")
    assert breaches(Trial(simulator.observe, simulator.EXAMPLES)) == []


def test_no_theorem_of_the_catalogue_is_still_a_template():
    assert [name for name, theorem in all_theorems().items() if unfilled(theorem)] == []


@pytest.mark.skipif(shutil.which("ruff", path=Path(sys.executable).parent) is None, reason="ruff is not installed")
def test_the_templates_pass_the_linter():
    ruff = Path(sys.executable).parent / "ruff"
    for check in (["check", "-"], ["format", "--check", "-"]):
        for path, text in files("my-bound", catalogue=True).items():
            done = subprocess.run(
                [ruff, *check, "--stdin-filename", path], input=text, cwd=ROOT, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout + done.stderr


def filled(text: str) -> str:
    """What somebody would have made of the template: y is the square of x, and that is tried."""
    for old, new_text in {
        "Le(y, x)": "Eq(y, x**2)", "Gt, Le": "Eq, Ge, Gt", '"bound",': '"identity",', MARK: "Filled", "Gt(x, 0)": "Ge(x, 0)",
        "my-bound": "her-bound", "my_bound": "her_bound", '            tight_at="Filled: where it is attained",\n': "",
        '            follows_from=("first-step",),\n': "", "assumptions=(Assump": "assumptions=() and (Assump",
        ", *, positive: bool = True": "", "size if positive else -size": "size", "Eq, Ge, Gt,": "Eq, Gt, Ge,",
    }.items():  # fmt: skip
        text = text.replace(old, new_text)
    return text


def test_it_fails_honestly_until_it_is_filled_and_passes_then(flat):
    for name in FLAT:
        (flat / name.replace("my_bound", "her_bound")).write_text(filled((flat / name).read_text()))
    ran = run_in(flat, "pytest", "test_my_bound.py", "test_her_bound.py", "-q", "-rA")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    mine = [
        line
        for line in ran.stdout.splitlines()
        if line.startswith(("PASSED", "FAILED", "ERROR")) and "my_bound" in line
    ]
    assert len(mine) == 2 and all(line.startswith("FAILED") for line in mine)
    assert "this theorem is still the template: fill in title, claims" in ran.stdout
    hers = [
        line
        for line in ran.stdout.splitlines()
        if line.startswith(("PASSED", "FAILED", "ERROR")) and "her_bound" in line
    ]
    assert len(hers) >= 3 and all(line.startswith("PASSED") for line in hers), hers
    assert "Traceback" not in ran.stdout + ran.stderr
