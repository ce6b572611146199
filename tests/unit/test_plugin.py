"""The pytest plugin: items and a closing table where an audit is collected, silence everywhere else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import theorem_audit
from checks import closing
from checks.engine.plainly import encode
from checks.findings import find
from checks.items import Item, items
from tests.toy import BLURRED, DRAWN, FALSE, Parallelogram, RectangleAudit, variant

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
SCRIPTS = Path(sys.executable).parent
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COLUMNS", "PYTHONPATH"))}

TOY = """
from dataclasses import replace
import numpy as np
from checks.engine.experiment import Audit
from simulators.measurement import Measurements, reals, simulator
from tests.toy import BIASED, BLURRED, DRAWN, EMPTY, FALSE, UNSEEN, RectangleAudit, THEOREM, variant

class TestRectangle(RectangleAudit):
    pass

TestVariant = variant(FALSE, BLURRED, EMPTY, UNSEEN, BIASED)

@simulator("width height area", limited_by="rounding")
def broken(batch, *, delta, effort=0, device):
    size = np.array([i.width * i.height for i in batch])
    size[-1] = np.nan
    return Measurements({"width": reals(size, 0), "height": reals(size, 0), "area": reals(size, 0)}, np.arange(len(batch)))

NAN = THEOREM.variant(THEOREM.claim("area"), name="rectangle-of-nan")

class TestBroken(Audit):
    experiments = [replace(DRAWN, theorem=NAN, observe=broken)]

class TestEmpty(RectangleAudit):
    experiments = []

class TestTwice(RectangleAudit):
    experiments = [DRAWN, DRAWN]
"""

CONJECTURE = """
from dataclasses import dataclass
import numpy as np
from theorem_audit import Audit, Claim, Eq, Experiment, Measurements, Theorem, observable, reals, simulator

@dataclass(frozen=True)
class Square:
    side: float

@simulator("side diagonal", limited_by="rounding")
def measure(batch, *, delta, effort=0, device):
    side = np.array([square.side for square in batch])
    diagonal = np.hypot(side, side)
    return Measurements({"side": reals(side, 0), "diagonal": reals(diagonal, 2.0**-51 * diagonal)}, np.arange(len(batch)))

side, diagonal = observable("side", "the side"), observable("diagonal", "the diagonal")
CLAIMS = Claim("diagonal", Eq(diagonal**2, 2 * side**2)), Claim("same", Eq(diagonal, side))

def squares(draw):
    return Square(draw.decimal(0.1, 9.9, 1))

class Conjecture(Audit):
    experiments = [Experiment("squares", Theorem("pythagoras", "Diagonals", CLAIMS), squares, measure, search=5, bulk=20)]
"""

# A suite that never heard of us: the plugin may be loaded, and nothing else of ours.
FOREIGN = """
import sys
import checks.mine
HEAVY = {"torch", "hypothesis", "sympy", "flint", "theorems", "simulators", "theorem_audit.checks"}

def test_mine():
    assert checks.mine.MINE == 41
    assert "theorem_audit" in sys.modules
    assert not HEAVY & set(sys.modules)
"""


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "pytest"] if command[0] == "-m" else [str(SCRIPTS / command[0])]
    return subprocess.run(
        [*program, *command[1:], *(["-p", "no:cacheprovider"] if command[0] != "theorem-audit" else [])],
        cwd=folder,
        env=CLEAN | {"OMP_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def foreign(folder: Path, *, package: bool, audit: bool) -> Path:
    """A directory of somebody else with a `checks/` folder of its own."""
    own = folder / "checks"
    own.mkdir()
    if package:
        (own / "__init__.py").write_text("")
    (own / "mine.py").write_text("MINE = 41\n")
    mine = FOREIGN if not audit else FOREIGN.replace("    assert not HEAVY & set(sys.modules)\n", "")
    (own / "test_mine.py").write_text(mine)
    if audit:
        (folder / "test_a_conjecture.py").write_text(CONJECTURE)
    return folder


def snapshot(name: str, text: str) -> None:
    """Compare with the stored text; UPDATE_SNAPSHOTS=1 stores it."""
    path = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text)
    assert text == path.read_text()


def timeless(text: str) -> str:
    """The text without what differs from run to run: seconds, and pytest's own frame around failures."""
    text = re.sub(r"\d+\.\d s\b", "0.0 s", text)
    text = re.sub(r"(?m)^(  \S.*\S +)\d+\.\d$", lambda m: m[1][: len(m[0]) - 3] + "0.0", text)
    return re.sub(r"(?m)^\[gw\d\].*\n", "", text)


def closing_table(text: str) -> str:
    found = re.search(r"(?ms)^=+ theorem audit \(.*?(?=^=+ )", text)
    assert found, text
    return timeless(found[0])


@pytest.fixture(scope="module")
def toy_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    (folder / "test_toy.py").write_text(TOY)
    return folder, run(folder, "pytest", "-rs", "--continue-on-collection-errors", PYTHONPATH=str(ROOT))


def test_every_verdict_of_the_table_is_reached(toy_run):
    table = closing_table(toy_run[1].stdout)
    for kind in ("ERROR", "PROVED", "SURVIVED", "REFUTED", "WITNESSED", "MEASURED", "UNDECIDED", "VACUOUS"):
        assert kind in table
    assert toy_run[1].returncode == 1


def test_the_closing_table_reads_as_it_should(toy_run):
    snapshot("closing-toy.txt", closing_table(toy_run[1].stdout))


def test_a_failure_is_the_verdict_and_no_traceback(toy_run):
    failures = re.search(r"(?ms)^_+ rectangle-variant claim\[half-area\].*?(?=^_+ )", toy_run[1].stdout)[0]
    snapshot("refuted.txt", timeless(failures))
    assert "Traceback" not in toy_run[1].stdout and ".py:" not in failures


def test_a_broken_simulator_is_one_clear_error(toy_run):
    error = re.search(r"(?ms)^_+ rectangle-of-nan claim\[area\].*?(?=^_+ )", toy_run[1].stdout)[0]
    snapshot("broken-simulator.txt", error)


def test_an_audit_without_experiments_is_a_clear_error(toy_run):
    assert "got TestEmpty without experiments; expected at least one" in toy_run[1].stdout
    assert "got two experiments named drawn in TestTwice; expected a name each" in toy_run[1].stdout


def test_what_an_item_cannot_say_is_skipped_with_the_reason(toy_run):
    skipped = [line for line in toy_run[1].stdout.splitlines() if line.startswith("SKIPPED")]
    assert any("cited, not checked here" in line for line in skipped)
    assert any("the claim itself is REFUTED, so its mutants say nothing" in line for line in skipped)


def test_evidence_and_counterexamples_are_kept_beside_the_tests(toy_run):
    store = toy_run[0] / ".audit"
    assert (store / ".gitignore").read_text() == "*\n"
    assert (store / "rectangle--drawn--quick--main.npz").exists()
    assert (store / "rectangle--drawn-without-right_angled--quick--main.npz").exists()
    matrix = json.loads((store / "mutants" / "rectangle--area--quick.json").read_text())
    assert {o["kind"] for o in matrix["outcomes"]} == {"killed"}
    kept = json.loads(next(store.glob("counterexamples/rectangle-variant-half-area-*.json")).read_text())
    assert kept["instance"] == encode(Parallelogram(0.1, 0.1), exactly=True)


def test_workers_give_the_same_table_and_share_no_theorem(toy_run, tmp_path):
    (tmp_path / "test_toy.py").write_text(
        TOY.replace("class TestEmpty", "class Empty").replace("class TestTwice", "class Twice")
    )
    ran = run(tmp_path, "pytest", "-n", "2", "--dist", "loadgroup", PYTHONPATH=str(ROOT))
    assert closing_table(ran.stdout) == closing_table(toy_run[1].stdout)
    evidence = [p.stem.split("--") for p in (tmp_path / ".audit").glob("*.npz")]
    for theorem in ("rectangle", "rectangle-variant"):
        assert len({worker for name, _, _, worker in evidence if name == theorem}) == 1


@pytest.mark.parametrize(("command", "package"), [("pytest", True), ("-m", False)])
def test_a_foreign_suite_runs_untouched(tmp_path, command, package):
    foreign(tmp_path, package=package, audit=False)
    # Our room is on the path as it is once installed: a package, behind the suite's own folder.
    ran = run(tmp_path, command, "-q", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert ran.returncode == 0, ran.stdout
    assert "theorem" not in ran.stdout
    assert not (tmp_path / ".audit").exists()


def test_a_conjecture_is_audited_beside_a_foreign_checks_package(tmp_path):
    foreign(tmp_path, package=True, audit=True)
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--device', default='tpu', help='their own')\n"
    )
    ran = run(tmp_path, "pytest", "-v", "--device=cpu", "-k", "mine or claim")
    assert re.search(r"test_a_conjecture.py::Conjecture::claim\[diagonal\] PASSED", ran.stdout), ran.stdout
    assert re.search(r"test_a_conjecture.py::Conjecture::claim\[same\] FAILED", ran.stdout)
    assert re.search(r"test_mine.py::test_mine PASSED", ran.stdout)
    assert "(quick, cpu)" in ran.stdout


def test_a_conjecture_is_audited_beside_a_foreign_checks_folder(tmp_path):
    foreign(tmp_path, package=False, audit=True)
    ran = run(tmp_path, "-m", "--hypothesis-profile", "thorough")
    assert "1 failed, 4 passed, 1 skipped" in ran.stdout, ran.stdout
    assert re.search(r"diagonal \(identity\) +SURVIVED +squares +1000 ", ran.stdout)
    assert "(thorough, cpu)" in ran.stdout


def test_the_command_line_starts_in_a_foreign_directory(tmp_path):
    foreign(tmp_path, package=True, audit=False)
    ran = run(tmp_path, "theorem-audit", "--help", PYTHONPATH=str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Usage: theorem-audit")


def test_an_absent_device_is_an_error_before_anything_runs(tmp_path):
    hidden = {"CUDA_VISIBLE_DEVICES": ""}
    ran = run(tmp_path, "pytest", "--device", "cuda", **hidden)
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "got --device cuda; expected a device that this machine has; use --device cpu" in ran.stderr
    ran = run(tmp_path, "pytest", "--device=tpu")
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "invalid choice: 'tpu'" in ran.stderr


def test_profiles_are_registered_when_asked_for_and_never_over_the_suite_s_own(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "from hypothesis import settings\nsettings.register_profile('quick', max_examples=7)\n"
    )
    (tmp_path / "test_it.py").write_text(
        "from hypothesis import settings\n"
        "def test_it():\n"
        "    assert settings.default.max_examples == 10_000 and settings.default.derandomize\n"
        "    assert settings.get_profile('quick').max_examples == 7\n"
    )
    ran = run(tmp_path, "pytest", "--hypothesis-profile", "deep")
    assert ran.returncode == 0, ran.stdout


def test_a_false_alarm_total_above_the_budget_fails_the_session(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import json, pytest\n"
        "@pytest.mark.parametrize('entry', json.load(open('entries.json')))\n"
        "def test_it(entry, record_property):\n    record_property('theorem_audit', json.dumps(entry))\n"
    )
    for spent, code in ((4e-7, 0), (6e-7, 1)):
        (tmp_path / "entries.json").write_text(json.dumps([_entry(spent=spent), _entry(name="b", spent=spent)]))
        ran = run(tmp_path, "pytest")
        assert ran.returncode == code
        assert "2 passed" in ran.stdout
        assert ("so the session fails" in ran.stdout) == bool(code)


def test_the_items_of_an_audit():
    assert [str(i) for i in items(RectangleAudit)] == [
        *("claim[area]", "claim[isoperimetric]", "claim[mean]", "claim[a-square]", "claim[balance]"),
        *("step[definition]", "step[binomial]", "step[product]", "needed[right_angled]"),
        *("saying[triangle]", "saying[base-times-altitude]"),
        *("mutants[area]", "mutants[isoperimetric]", "mutants[mean]", "strength"),
    ]


def test_a_saying_that_gets_another_verdict_says_so():
    finding = find(_saying_expects("SURVIVED"), Item("saying", "triangle"), "quick", "cpu")
    assert finding.passed is False
    assert finding.text.startswith("rectangle / saying triangle (Part 0): got REFUTED; expected SURVIVED\nREFUTED")


def test_an_assumption_that_no_claim_needs_fails():
    audit = variant(BLURRED)
    finding = find(audit, Item("needed", "right_angled"), "quick", "cpu")
    assert finding.passed is False
    assert (
        "assumption 'right_angled' is not shown to be needed: no claim" in finding.text
        or "no experiment" in finding.text
    )


def test_mutants_of_a_claim_that_does_not_stand_say_nothing():
    assert find(variant(FALSE), Item("mutants", "half-area"), "quick", "cpu").passed is None


def test_a_weak_experiment_fails_on_strength():
    from dataclasses import replace

    from checks.engine.experiment import Audit
    from tests.toy import THEOREM, Parallelogram

    theorem = THEOREM.variant(THEOREM.claim("area"), name="rectangle-of-ones")

    class Weak(Audit):
        experiments = [  # noqa: RUF012 - as a theorist writes it
            replace(DRAWN, theorem=theorem, instances=lambda draw: Parallelogram(1.0, 1.0), search=1, bulk=1)
        ]

    finding = find(Weak, Item("strength", ""), "quick", "cpu")
    assert finding.passed is False
    assert "expected at least 95% in profile quick" in finding.text
    assert len(finding.text.splitlines()) == 1 + finding.verdict["surviving"]


def _saying_expects(kind: str):
    from dataclasses import replace

    from checks.engine.experiment import Audit
    from tests.toy import THEOREM

    said = tuple(replace(s, expected=kind) for s in THEOREM.sayings)

    class Said(Audit):
        experiments = [replace(DRAWN, theorem=replace(THEOREM, sayings=said))]  # noqa: RUF012

    return Said


def _entry(**changes):
    verdict = {"kind": "SURVIVED", "experiment": "pointwise", "instances": 11_600, "resolution": {"median": 2.4e-14}}
    entry = {
        "item": "claim",
        "theorem": "singular-value-ode",
        "name": "rate",
        "kind": "identity",
        "place": 0,
        "passed": True,
        "verdict": verdict,
        "spent": 0.0,
        "profile": "quick",
        "device": "cpu",
        "seconds": 3.14159,
    }
    verdict |= changes.pop("verdict", {}) if isinstance(changes.get("verdict"), dict) else {}
    return entry | changes


ENTRIES = [
    _entry(name="mutual-inductance-of-singular-vectors", place=1, kind="bound", verdict={"instances": 12_345_678}),
    _entry(),
    _entry(name="exact", place=2, verdict={"kind": "PROVED", "experiment": "", "instances": 0, "resolution": {"median": 0}}),
    _entry(name="wrong", place=3, passed=False, verdict={"kind": "REFUTED"}, seconds=1234.5),
    _entry(name="blind", place=4, passed=False, verdict={"kind": "UNDECIDED", "resolution": {"median": "inf"}}),
    _entry(item="step", name="s1", place=5, verdict={"kind": "PROVED"}),
    _entry(item="step", name="s2", place=6, verdict={"kind": "CITED"}, passed=None),
    _entry(item="assumption", name="balanced", place=7, verdict=[]),
    _entry(item="assumption", name="analytic", place=8, verdict=[], passed=False),
    _entry(item="saying", name="Theorem 3", place=9, verdict={}),
    _entry(item="mutants", name="rate", place=10, verdict=[{"kind": "killed"}] * 996 + [{"kind": "surviving"}] * 4),
    _entry(theorem="birthday", name="uniform-law", kind="identity", spent=3.2e-8, verdict={"experiment": "sampled-and-exact"}),
]  # fmt: skip


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_its_width(width):
    lines = list(closing.table(ENTRIES, width, 1e-6))
    assert all(len(line) <= width and line.isascii() for line, _ in lines)
    marks = {True: "+ ", False: "- ", None: "  "}
    snapshot(f"closing-{width}.txt", "".join(f"{marks[good]}{line}".rstrip() + "\n" for line, good in lines))


def test_figures_are_rounded_against_us():
    assert [closing._up(v) for v in (0, 1.01e-12, 9.1e-3, 1.0, 2.4e-14)] == ["0", "2e-12", "1e-2", "1e+0", "3e-14"]
    assert closing._strength(996, 4, counts=False) == "99 %"
    assert closing._strength(0, 0, counts=True) == "-"


def test_the_entry_module_does_not_answer_to_the_names_that_plugin_systems_probe():
    for name in ("pytest_plugins", "pytest_unknown_hook", "__wrapped__", "_private", "collect_ignore"):
        assert not hasattr(theorem_audit, name)
    assert theorem_audit.room() == "checks"
    assert theorem_audit.Audit is theorem_audit.Experiment.without.__globals__["Audit"]
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = theorem_audit.Nonsense
