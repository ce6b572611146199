"""The parts of a tightness: comparisons of a claim, replayed choices, neighbours, floats beyond a grid, and the command."""

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import sympy
from flint import fmpq

from checks.__main__ import main
from checks.engine.ascent import NEIGHBOURS, Ascent, Climb, Replayed
from checks.engine.comparisons import comparisons
from checks.engine.draw import bulk
from checks.engine.gather import Gathering, find_profile, gather
from checks.engine.judge_at import judge_at
from checks.engine.nudge import _neighbours
from checks.engine.store import Store
from checks.engine.tightness import tightness
from checks.items import audit_named
from simulators.measurement import Measurements, choices, reals
from tests.toy import DRAWN, THEOREM, area, corners, height, is_square, rectangles, width
from theorems.statement import And, Claim, Eq, Ge, Implies, Le, Lt, Not, Or

HERE = Path(__file__).parents[2]


def claim(relation):
    return Claim("some", relation, "bound", tight_at="nowhere", assumes=())


def test_every_comparison_has_the_premises_that_it_stands_under():
    inner, first, last = Le(area, 5), Lt(width, 2), Ge(height, 1)
    found = comparisons(claim(Implies(is_square, And(inner, Implies(first, last)))))
    assert {(part.premise, part.relation) for part in found} == {(is_square, inner), (And(is_square, first), last)}
    assert {part.upward for part in found} == {True, False} and all(part.is_bound for part in found)
    assert {part.claim.relation for part in found} == {Implies(is_square, inner), Implies(And(is_square, first), last)}


@pytest.mark.parametrize("relation", [is_square, Or(Le(area, 1), Le(width, 1)), Not(Le(area, 1))], ids=str)
def test_a_choice_between_comparisons_makes_none(relation):
    assert comparisons(claim(relation)) == ()


def test_sides_are_those_of_rows_with_a_certain_premise_one_for_each_open_integer():
    table = Measurements(
        {
            "area": reals([1.0, 2.0, 3.0], [0.0, 0.0, 0.5]),
            "corners": choices([(4,), (3, 4), (4,)]),
            "width": reals([1.0, 1.0, 2.0], [0.0, 0.0, 0.0]),
        },
        np.arange(3),
    )
    (part,) = comparisons(claim(Implies(Eq(width, 1), Le(area, corners))))
    sides = list(part.sides(table, np.array([0, 1, 2])))
    assert sides == [[(fmpq(1), fmpq(4))], [(fmpq(2), fmpq(3)), (fmpq(2), fmpq(4))], []]
    (undefined,) = comparisons(claim(Le(sympy.log(area - 1), corners)))
    assert [len(s) for s in undefined.sides(table, np.array([0, 2]))] == [0, 1]


def test_replayed_choices_make_the_same_instance_and_others_stay_in_range():
    instance, made = bulk(rectangles, "a seed")
    again = Replayed(made)
    assert rectangles(again) == instance and tuple(again.choices) == made
    wild = Replayed([10**9, -(10**9)])
    far = rectangles(wild)
    assert (far.width, far.height) == (9.9, 0.1) and wild.choices == [99, 1, 0, 0]
    assert wild.ranges == [(1, 99), (1, 99), (0, 1), (0, 15)]


def test_neighbours_move_one_choice_copy_another_jump_and_repeat_what_gained_together():
    draw = Replayed([40, 60, 0, 3])
    rectangles(draw)
    ascent = Ascent(claim(Le(area, 1)), Gathering(DRAWN, find_profile("quick"), "cpu", 64), lambda j: 0.0)
    climb = Climb(ascent._replay(draw.choices, 0.0))
    climb.gained = [(2.0, ((0, 5),)), (1.0, ((1, -5),))]
    found = [moved for moved, _ in climb.neighbours(random.Random(0))]
    assert found[:3] == [(45, 60, 0, 3), (50, 60, 0, 3), (40, 55, 0, 3)]  # the better again, twice as far, the other
    assert {(60, 60, 0, 3), (40, 40, 0, 3)} <= set(found)  # two sides alike
    assert {(40, 60, 1, 3), (1, 60, 0, 3), (99, 60, 0, 3), (64, 60, 0, 3), (16, 60, 0, 3)} <= set(found)
    seen = ascent._look(climb.neighbours(random.Random(0)))
    assert len(seen) <= NEIGHBOURS and len({p.instance for p, _ in seen}) == len(seen)
    climb.learn(seen)
    assert climb.share < 0.25 and not climb.stuck  # none was measured to be fitter


def lengths(draw):
    """A list of numbers, as long as its first choice says."""
    return tuple(draw.integer(0, 9) for _ in range(draw.integer(1, 6)))


def test_a_climb_passes_between_instances_of_different_lengths():
    gathering = Gathering(replace(DRAWN, instances=lengths), find_profile("quick"), "cpu", 64)
    ascent = Ascent(claim(Le(area, 1)), gathering, lambda j: 0.0)
    climb = Climb(ascent._replay((6, 1, 2, 3, 4, 5, 6), 0.0))
    near = ascent._replay((1, 1, 2, 3, 4, 5, 6))
    climb.learn([(replace(near, fitness=2.0), ((0, -5),)), (replace(near, fitness=1.0), ((6, 3),))])
    assert climb.at.choices == (1, 1)
    assert [moved for moved, _ in climb.neighbours(random.Random(0))][:3] == [(-4, 1), (-9, 1), (1, 1)]
    assert ascent._replay((5, 1)).instance == (1, 0, 0, 0, 0)


@dataclass(frozen=True)
class Outer:
    """Floats at several depths."""

    inner: tuple[float, ...]
    scale: float = 2.0
    zero: float = 0.0
    name: str = "x"

    def __post_init__(self):
        if self.scale > 2:
            raise ValueError


def test_beyond_the_grid_each_float_changes_alone_zeros_and_refused_values_stay():
    found = list(_neighbours(Outer((1.0, 4.0)), 0.25))
    assert found == [
        Outer((1.25, 4.0)), Outer((0.75, 4.0)), Outer((1.0, 5.0)), Outer((1.0, 3.0)), Outer((1.0, 4.0), 1.5),
    ]  # fmt: skip


def test_the_command_shows_every_bound_with_where_it_is_said_to_be_tight(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["tightness", "birthday-number"]) == 0
    shown = capsys.readouterr().out
    bounds = [c for c in audit_named("birthday-number").theorem().claims if c.kind == "bound"]
    assert shown.startswith(f"birthday-number: {len(bounds)} bounds")
    assert all(f"\n{c.name}\n" in shown and c.tight_at in shown for c in bounds)
    assert shown.rstrip().endswith("it does not say that none is nearer.")


def test_the_command_on_one_claim_as_a_document_with_its_curve(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["tightness", "birthday-number", "three-terms-below", "--json", "--curve"]) == 0
    data = json.loads(capsys.readouterr().out)
    (found,) = data["bounds"]
    assert data["schema"] == "theorem-audit/bounds" and found["schema"] == "theorem-audit/tightness"
    assert found["claim"] == "three-terms-below" and found["kind"] == "approached" and found["ratio"] > 0.9999
    assert {c["schema"] for c in data["curves"]} == {"theorem-audit/resolution-curve"} and not data["interrupted"]


def test_the_line_that_is_shown_measures_the_instance_anew():
    audit = audit_named("birthday-number")
    found = tightness(audit.theorem().claim("three-terms-below"), *audit.experiments, ascend=False).reached
    assert found.python.startswith(
        "from theorem_audit import judge_at; from simulators.collisions_threshold import Points; print("
    )
    assert found.python.endswith(f"'{found.experiment}', Points(number=16172)).tightness)")
    verdict = judge_at("birthday-number", found.claim.relation, found.experiment, found.instance)
    assert verdict.tightness == pytest.approx(found.ratio, rel=1e-15)


def test_an_identity_gets_its_line_and_the_curve_that_was_asked_for(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    identity = next(c for c in audit_named("few-atoms").theorem().claims if c.kind == "identity")
    assert main(["tightness", "few-atoms", identity.name]) == 0
    assert "tightness is no question" in capsys.readouterr().out


def test_stored_evidence_is_read_without_torch_and_hypothesis(tmp_path):
    experiment = next(e for e in audit_named("birthday-number").experiments if e.name == "up-to-20000")
    Store(tmp_path / ".audit").save(gather(experiment))
    script = (
        "import sys; from checks.__main__ import main; code = main(['tightness', 'birthday-number', '--stored', '--curve']);"
        "print(code, sorted({'torch', 'hypothesis', 'scipy'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.rstrip().endswith("0 []") and "RESOLUTION" in done.stdout
    assert "approached: ratio 1 - " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["birthdy"], "did you mean birthday"),
        (["birthday", "exponentail"], "expected one of the claims of birthday"),
        (["birthday", "--stored"], "got no stored evidence of birthday"),
        (["birthday", "--device", "moon"], "got device 'moon'"),
        (["birthday", "--profile", "slow"], "'slow' is not one of"),
    ],
    ids=lambda v: v if isinstance(v, str) else v[-1],
)
def test_mistakes_are_told_in_one_line(arguments, line, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["tightness", *arguments]) == 2
    said = capsys.readouterr().err
    assert line in said and "Traceback" not in said


def test_a_bound_that_is_exceeded_is_exit_code_1_and_an_interruption_130(monkeypatch, tmp_path, capsys):
    import checks.tightness_command as command

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "_claims", lambda theorem, name: [claim(Le(area, width * height / 2))])
    monkeypatch.setattr(command, "_experiments", lambda theorem: [DRAWN])
    assert main(["tightness", "birthday"]) == 1
    assert "REFUTED" in capsys.readouterr().out

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        command, "_claims", lambda theorem, name: [THEOREM.claim("isoperimetric"), THEOREM.claim("mean")]
    )
    tight = command._tightness
    monkeypatch.setattr(command, "_tightness", lambda c, *a: interrupted() if c.name == "mean" else tight(c, *a))
    assert main(["tightness", "birthday"]) == 130
    assert "isoperimetric" in capsys.readouterr().out
