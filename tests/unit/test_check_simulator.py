"""`theorem-audit check-simulator`: simulators that keep the contract pass, each way of breaking it is named, in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks import __main__ as command_line
from checks.engine.contract import RULES

HONEST = """
import itertools, random, sys
from dataclasses import dataclass
import flint
import numpy as np
import torch
from theorem_audit import Measurements, balls, integers, reals, simulator, stream

@dataclass(frozen=True)
class Disc:
    radius: float = 1.0

@dataclass
class Rough:
    radius: float = 1.0

EXAMPLES = (Disc(), Disc(0.5), Disc(3.0))
calls = itertools.count()

def table(batch, values, rad=1e-13, failure=0.0):
    return Measurements({"area": reals(values, rad, failure)}, np.arange(len(batch)))

def areas(batch, device):
    return (torch.pi * torch.tensor([disc.radius for disc in batch], dtype=torch.float64, device=device) ** 2).cpu().numpy()

def precisely(disc, bits):
    with flint.ctx.workprec(bits):
        return Measurements({"area": balls([flint.arb.pi() * flint.arb(disc.radius) ** 2])}, np.zeros(1))

def instances(draw, *, large=True):
    return Disc(draw.decimal(1, 9) if large else 0.1)

@simulator("area", limited_by="LIMIT", precisely=PRECISELY)
def observe(batch, *, delta, effort=0, device):
    BODY
"""
RIGHT = "return table(batch, areas(batch, device))"
# rule -> what is broken of it: the body, and what else is replaced in the honest file
BROKEN: dict[str, list[tuple[str, dict[str, str]]]] = {
    "measured": [
        ("return 1 / 0", {}),
        ("return None", {}),
        ("return table(batch, np.full(len(batch), np.nan))", {}),
        ("return table(batch, areas(batch, device), -1.0)", {}),
        ("return table(batch, areas(batch, device)[1:])", {}),
        ("return undefined", {}),
        ("raise SystemError", {}),
        ("sys.exit(0)", {}),
    ],
    "plain": [
        (RIGHT, {"EXAMPLES = (Disc()": "EXAMPLES = (Rough()"}),
        (RIGHT, {"Disc(3.0)": "Disc(np.float64(3.0))"}),
    ],
    "columns": [(RIGHT, {'simulator("area"': 'simulator("area edge"'})],
    "budget": [("return table(batch, areas(batch, device), 1e-6, 2 * delta)", {"rounding": "sampling"})],
    "pure": [("return table(batch, areas(batch, device) + 1e-14 * next(calls))", {})],
    "generators": [
        ("random.random(); " + RIGHT, {}),
        ("np.random.seed(3); " + RIGHT, {}),
        ("torch.manual_seed(0); " + RIGHT, {}),
        ("torch.rand(2, device=device); " + RIGHT, {}),
    ],
    "alone": [("return table(batch, areas(batch, device) + 1e-6 * len(batch))", {})],
    "device_clean": [("torch.ones(1).numpy(); " + RIGHT, {})],
    "absent_device": [("return table(batch, areas(batch, 'cpu'))", {})],
    "effort": [
        ("return table(batch, areas(batch, device) + 1e-6 * effort)", {}),
        ("return table(batch, areas(batch, device), 1e-6 * 2**effort)", {"rounding": "discretisation"}),
    ],
    "precise": [(RIGHT, {"PRECISELY": "None"}), ("return table(batch, areas(batch, device) * (1 + 1e-9))", {})],
}
CASES = [pytest.param(rule, case, id=f"{rule}-{k}") for rule, found in BROKEN.items() for k, case in enumerate(found)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of somebody else's, in which commands are run; what they import is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if "." not in name and getattr(sys.modules[name], "__file__", None) in map(str, tmp_path.glob("*.py")):
            del sys.modules[name]


def write(folder: Path, body: str = RIGHT, replaced: dict[str, str] | None = None, name: str = "mine") -> None:
    text = HONEST
    for old, new in (replaced or {}).items():
        assert old in text
        text = text.replace(old, new)
    text = text.replace("BODY", body).replace("LIMIT", "rounding").replace("PRECISELY", "precisely")
    (folder / f"{name}.py").write_text(text)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    sys.modules.pop("mine", None)
    code = command_line.main(("check-simulator", *arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_an_honest_simulator_keeps_every_rule(here, capsys):
    write(here)
    code, out, err = run(capsys, "mine:observe")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "mine:observe, limited by rounding, on 3 instances"
    assert "real     3 rows, radius 1e-13 to 1e-13" in out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("  held")] == ["measured", *RULES]
    assert out.splitlines()[-1] == f"all {1 + len(RULES)} rules hold on these 3 instances, which is no proof"


def test_every_rule_has_a_simulator_that_breaks_it():
    assert set(BROKEN) == {"measured", *RULES}


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_broken_rule_is_named_in_one_line(here, capsys, rule, case):
    body, replaced = case
    if "rounding" in replaced:
        replaced = {"LIMIT": replaced["rounding"]}
    write(here, body, replaced)
    code, out, err = run(capsys, "mine:observe")
    assert code == 1
    broken = [line.split(maxsplit=2) for line in out.splitlines() if line.startswith("  broken")]
    assert rule in [name for _, name, _ in broken]
    assert all(said.startswith("got ") and "; expected " in said for _, _, said in broken)
    assert "Traceback" not in out + err and out.splitlines()[-1].split(";")[0].endswith("rules broken")


def test_a_simulator_that_raises_is_told_with_its_line(here, capsys):
    write(here, "return 1 / 0")
    code, out, _ = run(capsys, "mine:observe")
    line = 1 + next(k for k, text in enumerate((here / "mine.py").read_text().splitlines()) if "1 / 0" in text)
    assert code == 1 and f"got ZeroDivisionError at mine.py:{line}: division by zero; expected none" in out
    assert out.count("not judged") == len(RULES) - 1


def test_a_rule_whose_measurement_alone_raises_is_the_one_that_breaks(here, capsys):
    write(here, "assert effort == 0, 'no more effort'; " + RIGHT)
    code, out, _ = run(capsys, "mine:observe")
    assert code == 1 and [x.split()[1] for x in out.splitlines() if x.startswith("  broken")] == ["effort"]
    assert "AssertionError at mine.py" in out and "no more effort" in out


def test_a_family_is_drawn_from_and_each_assumption_dropped(here, capsys):
    write(here)
    code, out, _ = run(capsys, "mine:observe", "--instances", "mine:instances", "--json")
    found = json.loads(out)
    assert code == 0 and len(found["instances"]) == 4 and "Disc(radius=0.1)" in found["instances"]
    assert found["columns"]["area"]["radius"][0] == (1e-13).hex()
    assert [r["rule"] for r in found["rules"]] == ["measured", *RULES] and all(r["held"] for r in found["rules"])


def test_one_instance_is_said_to_be_few(here, capsys):
    write(here, replaced={"EXAMPLES = (Disc(), Disc(0.5), Disc(3.0))": "EXAMPLES = (Disc(),)"})
    code, out, _ = run(capsys, "mine:observe")
    assert code == 0 and "One instance says little" in out


def test_an_error_that_claims_to_be_none_is_remarked_upon(here, capsys):
    write(here, "return table(batch, areas(batch, device), 0.0)")
    _, out, _ = run(capsys, "mine:observe")
    assert "Every radius is 0: right only if nothing is rounded, and then the limit is not rounding." in out


MISTAKES = {
    ("mine",): "got 'mine'; expected a simulator as module:name",
    ("mine:",): "got 'mine:'; expected a simulator as module:name",
    ("../mine:observe",): "got '../mine:observe'; expected a simulator as module:name",
    ("yours:observe",): "got module 'yours', which is not found; expected one of the current directory",
    ("halves:observe",): "got module 'halves', which does not import: SyntaxError",
    ("needs:observe",): "got module 'needs', which does not import: ModuleNotFoundError: No module named 'nowhere'",
    ("leaves:observe",): "got module 'leaves', which does not import: SystemExit",
    ("mine:obsrve",): "and mine has no obsrve; expected a simulator of it: observe",
    ("mine:areas",): "got mine:areas, a function; expected a simulator; decorate it",
    ("bare:observe",): "got bare:observe without instances; expected EXAMPLES",
    ("mine:observe", "--instances", "mine:EXMPLES"): "mine has no EXMPLES",
    ("mine:observe", "--instances", "mine:np"): "a module",
    ("mine:observe", "--instances", "mine:areas"): "got family mine:areas, which raises TypeError",
    ("mine:observe", "--experiment", "nothing/here"): "got theorem 'nothing'",
    ("mine:observe", "--experiment", "fixed-net/here"): "expected one of fixed-net/exact-laws",
    ("mine:observe", "--experiment", "a/b", "--instances", "mine:EXAMPLES"): "expected one of them; leave one out",
}


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_a_mistake_is_one_line_and_exit_code_two(here, capsys, arguments):
    write(here)
    write(here, replaced={"EXAMPLES": "SOME", "def instances": "def others"}, name="bare")
    (here / "halves.py").write_text("def (:\n")
    (here / "leaves.py").write_text("import sys; sys.exit(0)\n")
    (here / "needs.py").write_text("import nowhere\n")
    code, out, err = run(capsys, *arguments)
    assert code == 2 and not out
    assert err.startswith("Error: ") and err.count("\n") == 1
    assert MISTAKES[arguments] in err


def test_the_simulators_of_an_experiment_keep_the_contract_from_the_command_line(capsys):
    code, out, _ = run(capsys, "simulators.fixed_net:observe", "--experiment", "fixed-net/exact-laws")
    assert code == 0 and "on 7 instances" in out


def test_the_current_directory_comes_first_but_never_hides_our_own_rooms(here):
    (here / "simulators").mkdir()
    (here / "simulators" / "__init__.py").write_text("raise ImportError('not ours')\n")
    write(here)
    program = [sys.executable, "-c", "import checks, sys; from checks.__main__ import main; sys.exit(main())"]
    environment = os.environ | {"PYTHONPATH": str(Path(command_line.__file__).parents[1]), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [*program, "check-simulator", "mine:observe"], cwd=here, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
