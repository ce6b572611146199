"""The three rooms: who may import whom, and what must not be found in them."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from theorems import all_theorems

ROOT = Path(__file__).resolve().parents[2]
THIRD_PARTY = {
    "theorems": {"sympy"},
    "simulators": {"torch", "numpy", "scipy", "flint"},
}
ROOMS = ("theorems", "simulators", "checks")
OPTIONAL = {"sklearn", "skimage", "cvxpy", "dask", "distributed"}
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
ALL_FILES = [*FILES, *sorted((ROOT / "tests").rglob("*.py")), ROOT / "theorem_audit.py"]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize("room", THIRD_PARTY)
def test_a_room_imports_its_own_tools_and_no_other_room(room):
    allowed = set(sys.stdlib_module_names) | THIRD_PARTY[room] | {room}
    if room == "simulators":
        allowed |= OPTIONAL
    strays = {
        f"{named(path)} imports {name}"
        for path in (ROOT / room).rglob("*.py")
        for name in imported(ast.parse(path.read_text()))
        if name.split(".")[0] not in allowed
    }
    assert not strays


# What is really loaded, chains included (sympy itself loads mpmath, numpy or flint): a simulator that cannot see the formula cannot agree with it by construction.
@pytest.mark.parametrize(
    ("room", "never"),
    [("theorems", "torch scipy hypothesis simulators checks"), ("simulators", "hypothesis theorems checks")],
)
def test_importing_a_room_loads_nothing_of_the_others(room, never):
    program = (
        "import importlib, pkgutil, sys\n"
        f"import {room} as room\n"
        "for module in pkgutil.iter_modules(room.__path__): importlib.import_module(f'{room.__name__}.{module.name}')\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not set(run.stdout.split()) & set(never.split())


def test_checks_know_no_tolerance():
    words = re.compile(r"\b(rtol|atol|isclose|allclose|approx)\b")
    found = [
        f"{named(path)}:{number}: {line.strip()}"
        for path in (ROOT / "checks").rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if words.search(line)
    ]
    assert not found


RUNS_TEXT = r"(eval|exec|compile|__import__)|(.*\.)?(sympify|S|parse_expr|parse_latex|lambdify)"
MODULE_RANDOM = r"random\.(?!Random$|SystemRandom$).*"
GLOBAL_RANDOM = (
    r"(np|numpy)\.random\.(?!default_rng$|Generator$|SeedSequence$|Philox$|PCG64$).*"
    r"|torch\.(cuda\.)?(manual_seed|manual_seed_all|seed)"
)
TORCH_DRAWS = r"torch\.(rand|randn|randint|randperm|normal|bernoulli|multinomial|poisson)"

WATCHES = "checks/engine/global_generators.py"  # finds out whether others move them, and puts them back


@pytest.mark.parametrize("path", [path for path in FILES if named(path) != WATCHES], ids=named)
def test_no_room_runs_text_as_code_or_draws_from_a_global_generator(path):
    tree, found = ast.parse(path.read_text()), []
    forbidden = f"{RUNS_TEXT}|{GLOBAL_RANDOM}"
    if "random" in imported(tree):  # else `random` is a local name, for a generator of one's own
        forbidden += f"|{MODULE_RANDOM}"
    for name, call in called(tree):
        generator = any(keyword.arg == "generator" for keyword in call.keywords)
        if re.fullmatch(forbidden, name) or (re.fullmatch(TORCH_DRAWS, name) and not generator):
            found.append(f"line {call.lineno}: {name}")
    assert not found


def test_files_are_short():
    lengths = {named(path): len(path.read_text().splitlines()) for path in ALL_FILES}
    assert {name: length for name, length in lengths.items() if length > 400} == {}
    assert statistics.median(lengths.values()) <= 200


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_module_and_public_name_says_what_it_is(path):
    tree = ast.parse(path.read_text())
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith(("_", "Test"))
    ]
    assert ast.get_docstring(tree)
    assert not [node.name for node in public if not ast.get_docstring(node)]


def test_names_are_the_field_s_own():
    vague = {"utils", "util", "helpers", "common", "manager", "base", "misc"}
    assert not [named(path) for path in ALL_FILES if set(path.stem.split("_")) & vague]


def test_every_check_of_a_theorem_carries_its_name():
    theorems = {name.replace("-", "_") for name in all_theorems()}
    checks = {path.stem.removeprefix("test_") for path in (ROOT / "checks").glob("test_*.py")}
    assert checks == theorems
    assert theorems <= {path.stem for path in (ROOT / "theorems").glob("*.py")}
