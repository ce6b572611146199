"""``theorem-audit try``: what it prints, its exit codes, and that a mistake costs one line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import rich.progress  # noqa: F401 - importing it draws the identifiers of its styles from the global generator

from checks.__main__ import main
from checks.engine.gather import gather
from checks.engine.judge_at import judge_at
from checks.engine.store import Store
from simulators.softmax_model import LanguageModel
from tests.unit.test_inquiry import SUBTLE, TRUE, WRONG, small


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def stored(here):
    Store(".audit").save(gather(small()))
    return here


def tried(capsys, *arguments):
    code = main(["try", "birthday", *arguments])
    return code, *capsys.readouterr()


def test_a_wrong_variant_from_stored_evidence(stored, capsys):
    code, out, err = tried(capsys, WRONG, "--stored")
    assert (code, err) == (1, "")
    assert "theirs      P_dup >= 1 - exp(-s*(s - 1)/(2*N))" in out
    assert "difference  s*(s - 1)  became  s**2" in out
    assert re.search(r"^REFUTED   birthday / variant of exponential +certified", out, re.MULTILINE)
    numbers = re.search(r"in numbers +(.*)", out)
    assert numbers and not re.search(r"[sN]\b", numbers[1].replace("exp", ""))
    assert 'python -c "from theorem_audit import judge_at;' in out


def test_the_line_that_is_printed_replays_it(stored, capsys, tmp_path):
    line = re.search(r"python -c (.*)", tried(capsys, WRONG, "--stored")[1])
    assert line is not None
    ran = subprocess.run(f"{sys.executable} -c {line[1]}", shell=True, capture_output=True, text=True, cwd=tmp_path)
    assert "REFUTED" in ran.stdout and ran.stderr == ""


def test_a_true_variant_survives(stored, capsys):
    code, out, _ = tried(capsys, TRUE, "--stored")
    assert code == 0 and "SURVIVED" in out and "resolution" in out


def test_json_is_one_document_with_a_verdict_that_reads_back(stored, capsys):
    from checks.engine.verdict import Verdict

    code, out, _ = tried(capsys, WRONG, "--stored", "--json")
    document = json.loads(out)
    assert code == 1 and document["like"] == "exponential" and document["difference"] == [["s*(s - 1)", "s**2"]]
    assert Verdict.from_json(document["verdict"]).kind == "REFUTED"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["P_dupp >= 0"], "did you mean P_dup"),
        (["P_dup >="], "got"),
        ([WRONG, "--like", "exponentail"], "exponential"),
        ([WRONG, "--drop", "concentratedd"], "concentrated"),
        ([WRONG, "--unknown", "c"], "NAME=LOW:HIGH"),
        ([WRONG, "--unknown", "c=1:0"], "LOW < HIGH"),
        ([WRONG, "--unknown", "c=0:x"], "LOW < HIGH"),
        ([WRONG, "--unknown", "c=0:1"], "leave --unknown c out"),
        ([WRONG, *[f"--unknown=c{k}=0:1" for k in range(5)]], "at most 4"),
        (["P_dup >= 1 - exp(-c*s**2/N)"], "'c'"),
        ([WRONG, "--stored"], "no stored evidence"),
    ],
)
def test_a_mistake_costs_one_line_and_exit_code_2(here, capsys, arguments, told):
    code, _, err = tried(capsys, *arguments)
    assert code == 2 and told in err.splitlines()[0] and "Traceback" not in err


def test_an_unknown_theorem_is_met_with_a_suggestion(here, capsys):
    assert main(["try", "birthdya", WRONG]) == 2
    assert "did you mean birthday" in capsys.readouterr().err


def test_observables_that_nothing_measures_together_are_a_mistake(here, capsys):
    code = main(["try", "first-order-optimality", "moment_model = p_truth"])
    error = capsys.readouterr().err
    assert code == 2 and "symbols that one experiment measures" in error and "Traceback" not in error


def test_what_is_true_or_false_has_no_sides():
    found = judge_at(
        "first-order-optimality", "exists", "softmax-hulls", LanguageModel(((0.0, 1.0),), ((0, 1),)), assumes=()
    )
    assert "but that is false there" in str(found) and "right side" not in str(found)


def test_what_holds_of_everything_is_not_searched(here, capsys):
    code, out, _ = tried(capsys, "P_dup <= 1")
    assert code == 3 and "VACUOUS" in out and not (here / ".audit").exists()


def test_stored_evidence_is_judged_without_torch_or_hypothesis(stored):
    code = (
        "import sys; from checks.__main__ import main\n"
        f"assert main(['try', 'birthday', {WRONG!r}, '--stored']) == 1\n"
        f"assert main(['try', 'birthday', {TRUE!r}, '--stored']) == 0\n"
        "print(sorted({'torch', 'hypothesis', 'scipy'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=stored, env=_found())
    assert ran.stdout.splitlines()[-1] == "[]", ran.stderr


def test_ctrl_c_prints_the_verdict_so_far_and_leaves_the_evidence_whole(stored):
    """Interrupted while it searches for the claim in a profile that takes minutes."""
    command = [sys.executable, "-m", "checks", "try", "birthday", TRUE, "--profile", "deep"]
    ran = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=stored, env=_found()
    )  # fmt: skip
    assert ran.stdout is not None
    while "so far" not in ran.stdout.readline():
        assert ran.poll() is None
    time.sleep(1)
    ran.send_signal(signal.SIGINT)
    out, err = ran.communicate(timeout=60)
    # Python ends itself by the signal where it came while code was being made from text, as in an import: 130 to a shell
    assert ran.returncode in (130, -signal.SIGINT) and "Traceback" not in err
    assert "interrupted; the verdict so far" in out and re.search(r"^(SURVIVED|UNDECIDED)", out, re.MULTILINE)
    assert Store(".audit").load("birthday", "laws", "quick", small().observe.source_hash) is not None


def test_a_subtle_error_is_found_by_its_own_search(here, capsys):
    code, out, _ = tried(capsys, SUBTLE)
    assert code == 1 and "REFUTED" in out


def _found():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "OMP_NUM_THREADS": "1"}
