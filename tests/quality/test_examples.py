"""The example notebooks run as they stand, anywhere, quickly and without a warning, on public names only."""

from __future__ import annotations

import ast
import os
import resource
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

import theorem_audit

EXAMPLES = Path(__file__).resolve().parents[2] / "checks" / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHONPATH"))}
SECONDS = 10
PUBLIC = {"theorem_audit", "dataclasses", "json", "math", "flint"}


def test_there_are_two_and_pytest_collects_none_of_them() -> None:
    assert len(SCRIPTS) >= 2
    assert not any(fnmatch(s.name, pattern) for s in SCRIPTS for pattern in ("test_*.py", "*_test.py", "conftest.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_an_example_runs(script: Path, tmp_path: Path) -> None:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True, text=True, cwd=tmp_path, env={**CLEAN, "OMP_NUM_THREADS": "1"}, timeout=120,
    )  # fmt: skip
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stderr) == (0, "")
    assert now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime <= SECONDS
    for kind in ("SURVIVED", "REFUTED"):
        assert f"\n{kind}" in done.stdout
    assert {p.name for p in tmp_path.iterdir()} <= {".hypothesis"}  # Hypothesis keeps a folder of its own


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_an_example_is_a_notebook_of_words_and_checks(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    cells = text.split("# %%")
    assert ast.get_docstring(ast.parse(cells[0]))
    assert cells[1].startswith(" [markdown]\n# # ")
    words = [c for c in cells[1:] if c.startswith(" [markdown]")]
    assert len(words) >= 4
    for cell in words:
        assert all(line.startswith("#") for line in cell.splitlines()[1:] if line)
    for cell in cells[1:]:
        compile(cell if cell not in words else "", script.name, "exec")
    tree = ast.parse(text)
    assert sum(isinstance(node, ast.Assert) for node in ast.walk(tree)) >= 4
    imported = [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
    for node in imported:
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
        assert {str(m).split(".")[0] for m in modules} <= PUBLIC
        if isinstance(node, ast.ImportFrom) and node.module == "theorem_audit":
            public = __import__(theorem_audit.room(), fromlist=["__all__"]).__all__
            assert {a.name for a in node.names} <= set(public)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_an_example_converts_to_a_notebook(script: Path) -> None:
    jupytext = pytest.importorskip("jupytext", reason="jupytext is not required")
    notebook = jupytext.read(script)
    assert {cell["cell_type"] for cell in notebook.cells} == {"markdown", "code"}
