"""What the README shows is run: its conjecture is refuted, its lines of Python work, its commands and options exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from checks.__main__ import cli

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = sorted({line.strip("` ") for line in re.findall(r"theorem-audit [a-z][^`\n]*", README)})


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in another folder, where only what is installed (or on our path) is found."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )


def test_the_conjecture_in_a_file_is_refuted_in_words(tmp_path):
    block = next(b for b in BLOCKS if "class TestMine(Audit)" in b)
    assert len([line for line in block.splitlines() if line.strip()]) <= 15
    (tmp_path / "test_mine.py").write_text(block)
    ran = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py", "-k", "claim", cwd=tmp_path)
    assert ran.returncode == 1 and "Traceback" not in ran.stdout
    assert re.search(r"^REFUTED +singular-value-ode / no-depth +certified", ran.stdout, re.MULTILINE), ran.stdout
    assert "simplest counterexample   DeepLinear(depth=2" in ran.stdout


@pytest.mark.parametrize("block", [b for b in BLOCKS if "class TestMine" not in b], ids=lambda b: b.splitlines()[0])
def test_lines_of_python_run(block, tmp_path):
    ran = run("-W", "error", "-c", block, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_and_options_exist(line):
    words = shlex.split(line)[1:]
    command = cli.commands[words[0].split(",")[0].rstrip(".")]
    known = {name for p in command.params if isinstance(p, click.Option) for name in (*p.opts, *p.secondary_opts)}
    assert {w.split("=")[0] for w in words if w.startswith("--")} <= known | {"--help"}
