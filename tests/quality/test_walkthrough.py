"""The walk-through of CONTRIBUTING quotes lines that exist, and its commands do what it says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from checks import __main__ as command_line
from tests.statistics import bulk

ROOT = Path(__file__).resolve().parents[2]
TITLE = "## One theorem, step by step\n"
PROGRAM = """if True:
    import json, sys
    from checks.__main__ import main
    for command in json.loads(sys.argv[1]):
        code = main(command)
        if code:
            sys.exit(code)
"""


def section() -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert text.count(TITLE) == 1
    return text.split(TITLE)[1].split("\n## ")[0]


def blocks(language: str) -> list[list[str]]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", section(), re.DOTALL | re.MULTILINE)
    return [text.splitlines() for text in found]


QUOTED = [pytest.param(path.removeprefix("# "), lines, id=f"{k}") for k, (path, *lines) in enumerate(blocks("python"))]
COMMANDS = [shlex.split(line) for block in blocks("sh") for line in block]
OURS = [words[1:] for words in COMMANDS if words[0] == "theorem-audit"]


def missing(lines: list[str], text: list[str]) -> list[str]:
    return [line for line in lines if line not in text]


@pytest.mark.parametrize(("path", "lines"), QUOTED)
def test_every_quoted_line_is_a_line_of_the_file_that_is_named(path, lines):
    assert lines and not missing(lines, (ROOT / path).read_text(encoding="utf-8").splitlines())


def test_a_line_that_is_not_there_is_noticed():
    assert missing(["x = 1", "x = 2"], ["x = 1", "x = 3"]) == ["x = 2"]
    assert len(QUOTED) >= 9


def test_whole_statements_are_quoted_without_gaps():
    """A quoted claim, saying or step stands in the file as it stands here, line after line."""
    for path, *lines in blocks("python"):
        text = (ROOT / path.removeprefix("# ")).read_text(encoding="utf-8").splitlines()
        if re.match(r" +(Claim|Saying|Step)\(", lines[0]):
            starts = [k for k in range(len(text)) if text[k : k + len(lines)] == lines]
            assert len(starts) == 1, lines


def test_every_command_exists_and_takes_these_options(capsys):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for program, *arguments in COMMANDS:
        if program == "theorem-audit":
            command = command_line.cli.commands[arguments[0]]
            command.make_context(arguments[0], list(arguments[1:]))
        elif program == "pytest":
            assert (ROOT / arguments[0]).is_file()
        elif program == "make":
            assert re.search(rf"^{arguments[0]}\b.*:", makefile, re.MULTILINE)
        elif program == "python":
            assert arguments[:2] == ["-m", "tests.statistics.bulk"]
            assert bulk.main(["20", *arguments[3:]]) == 0
        else:
            assert (program, arguments) == (".", [".venv/bin/activate"])
    assert {"new", "check-simulator", "show"} <= {words[0] for words in OURS}


def test_files_that_are_named_exist():
    made = {"theorems/my_bound.py", "simulators/my_bound.py", "checks/test_my_bound.py"}
    named = set(re.findall(r"`((?:theorems|simulators|checks|tests)/[\w/]+\.py)`", section()))
    assert made <= named and all((ROOT / path).is_file() for path in named - made)


def test_its_commands_run_as_written_in_a_checkout(tmp_path):

    for room in ("theorems", "simulators", "checks"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "data"))
    own = [words for words in OURS if any("my" in word for word in words)]
    assert [words[0] for words in own] == ["new", "check-simulator"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(own)], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules hold" in done.stdout
    for room in ("theorems/my_bound.py", "simulators/my_bound.py", "checks/test_my_bound.py"):
        assert (tmp_path / room).is_file()


def test_the_commands_about_the_example_succeed(capsys):
    for words in OURS:
        if not any("my" in word for word in words):
            assert command_line.main(words) == 0
    assert "rules hold" in capsys.readouterr().out


def test_the_steps_are_numbered_without_a_gap():
    numbers = [int(n) for n in re.findall(r"^\*\*(\d+)\. ", section(), re.MULTILINE)]
    assert numbers[0] == 1 and all(b == a + 1 for a, b in pairwise(numbers)) and len(numbers) == 10
