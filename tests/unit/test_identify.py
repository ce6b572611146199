"""Unknown constants: the true one is never lost, a grid of rationals agrees, and what is said of them is so."""

from __future__ import annotations

import itertools
import json
import math
import random
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy

from checks.__main__ import main
from checks.engine import identify_prune
from checks.engine.certify import rational
from checks.engine.identify import IdentifyError, identify
from checks.engine.identify_answer import Enclosure
from checks.engine.judge import compile_claim
from checks.engine.judge import rows as rows_of
from tests.planted import LAWS, Point, planted, source, x, y
from tests.planted import n as whole
from theorems.statement import And, Claim, Eq, Ge, Implies, Le, Lt, Or

a, b, c, d = sympy.symbols("a b c d")
exp = sympy.exp


def claim(relation: Any, kind: str = "identity") -> Claim:
    """A claim of that relation."""
    return Claim("law", relation, kind, tight_at="ties")


def holds(found: Enclosure, constants: dict[str, float]) -> bool:
    """Whether a part of the answer has these constants in it."""
    return any(
        all(low <= constants[u] <= high for u, (low, high) in zip(found.unknowns, box, strict=True))
        for box in found.boxes
    )


@pytest.mark.parametrize("number", range(len(LAWS)))
def test_the_planted_constants_are_never_lost(number: int) -> None:
    for trial, bound in enumerate(("", "", "", "", "", "<=", ">=", "", "", "<=", ">=", "")):
        law = LAWS[number]
        asked, truth, rows = planted(law, f"{number}:{trial}", 4 + trial % 3, bound)
        found = identify(asked, tuple(law.unknowns), law.box, rows, effort=5)
        assert found.outer is not None, (asked.relation, truth)
        assert holds(found, truth), (asked.relation, truth, found.outer)
        judge = compile_claim(asked.relation)
        for box in found.inner:
            for corner in itertools.product(*box):
                at = dict(zip(found.unknowns, map(rational, corner), strict=True))
                assert all(judge({**row, **at}).certain for row in rows_of(rows[1].measurements, ("x", "n", "y")))
            assert all(o[0] <= i[0] <= i[1] <= o[1] for o, i in zip(found.outer, box, strict=True))


def _obeys(kind: str, value: Fraction, measured: Fraction, bar: Fraction) -> tuple[bool, bool]:
    """Whether some, and whether every, value within the bar obeys."""
    if kind == "=":
        return abs(value - measured) <= bar, bar == 0 and value == measured
    if kind == "<=":  # measured <= value
        return measured - bar <= value, measured + bar <= value
    return measured + bar >= value, measured - bar >= value


@pytest.mark.parametrize("kind", ["=", "<=", ">="])
@pytest.mark.parametrize("degree", [1, 2])
def test_a_grid_of_rationals_agrees(kind: str, degree: int) -> None:
    relation = {"=": Eq, "<=": Le, ">=": Ge}[kind](y, a * x**degree + b * whole)
    for seed in range(2):
        draw = random.Random(f"{kind}:{degree}:{seed}")
        xs = [draw.randint(-8, 8) / 4 for _ in range(5)]
        ns = [draw.randint(1, 4) for _ in range(5)]
        true = draw.randint(-8, 8) / 8, draw.randint(-8, 8) / 8
        slack = {"=": 0, "<=": -1, ">=": 1}[kind]
        ys = [true[0] * v**degree + true[1] * m + slack * draw.choice((0, 0.25)) for v, m in zip(xs, ns, strict=True)]
        bars = [draw.choice((0.0, 0.125, 0.5)) for _ in xs]
        found = identify(claim(relation), (a, b), {a: (-2, 2), b: (-2, 2)}, source(xs, ns, ys, bars))
        allowed = []
        for one, two in itertools.product(range(-16, 17), repeat=2):
            at = Fraction(one, 8), Fraction(two, 8)
            rows = [
                _obeys(kind, at[0] * Fraction(v) ** degree + at[1] * m, Fraction(u), Fraction(r))
                for v, m, u, r in zip(xs, ns, ys, bars, strict=True)
            ]
            inside = holds(found, {"a": float(at[0]), "b": float(at[1])})
            if all(some for some, _ in rows):
                assert inside, (seed, at)
                allowed.append(at)
            certain = any(all(l <= v <= h for v, (l, h) in zip(at, box, strict=True)) for box in found.inner)  # noqa: E741
            if certain:
                assert all(every for _, every in rows), (seed, at)
        assert found.outer is not None
        assert allowed
        for k in range(2):  # linear demands: no wider than the grid around what the grid allows
            low, high = found.outer[k]
            assert low >= min(float(p[k]) for p in allowed) - 0.7
            assert high <= max(float(p[k]) for p in allowed) + 0.7


def test_both_ends_of_a_range() -> None:
    rows = source([1.0, 2.0, 4.0], [1, 1, 1], [3.0, 3.0, 3.0], 0.0)
    found = identify(claim(And(Le(y, a * x), Le(a, 10 * y / x))), (a,), {a: (0, 100)}, rows)
    assert found.kind == "BOUNDED"
    assert found.outer == ((3.0, 7.5),)
    assert found.inner == (((3.0, 7.5),),)
    lower, upper = found.ends
    assert (lower.value, lower.instance) == (3.0, Point(1.0, 1, 0))
    assert (upper.value, upper.instance) == (7.5, Point(4.0, 1, 2))
    assert not lower.cut
    assert not upper.cut


def test_strict_and_loose_ends() -> None:
    rows = source([2.0], [1], [1.0], 0.0)
    strict = identify(claim(Lt(y, a * x)), (a,), {a: (0, 8)}, rows)
    loose = identify(claim(Le(y, a * x)), (a,), {a: (0, 8)}, rows)
    assert loose.inner == (((0.5, 8.0),),)
    assert strict.inner[0][0][0] > 0.5  # at the end itself it is false


def test_two_roots_are_two_parts() -> None:
    found = identify(claim(Eq(y, a**2 * x)), (a,), {a: (-3, 3)}, source([1.0, 2.0], [1, 1], [2.0, 4.0], 1e-12))
    assert found.kind == "ENCLOSED"
    assert len(found.boxes) == 2
    assert holds(found, {"a": math.sqrt(2)})
    assert holds(found, {"a": -math.sqrt(2)})
    assert max(high - low for ((low, high),) in found.boxes) < 1e-11


def test_a_pair_that_contradicts_each_other() -> None:
    xs, ys = [1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 4.0, 6.0, 9.0, 10.0]
    found = identify(claim(Eq(y, a * x)), (a,), {a: (0, 9)}, source(xs, [1] * 5, ys, 1e-9))
    assert found.kind == "NO CONSTANT FITS"
    assert found.outer is None
    assert len(found.contradiction) == 2
    assert found.minimal
    assert Point(4.0, 1, 3) in [party.instance for party in found.contradiction]
    lows = sorted(party.alone[0] for party in found.contradiction)
    assert lows[0][1] < lows[1][0]
    assert "contradict each other" in str(found)
    assert "y = 9" in str(found)


def test_three_lines_without_a_common_point() -> None:
    # a + b = 1, a - b = 0, a = 2: any two of them meet within the box
    relation = Eq(y, a * x + b * (2 - whole))
    found = identify(
        claim(relation), (a, b), {a: (-9, 9), b: (-9, 9)}, source([1.0, 1.0, 1.0], [1, 3, 2], [1.0, 0.0, 2.0], 1e-9)
    )
    assert found.kind == "NO CONSTANT FITS"
    assert len(found.contradiction) == 3
    assert found.minimal
    assert all(party.others is not None for party in found.contradiction)


def test_an_instance_that_excludes_everything_alone() -> None:
    found = identify(claim(Eq(y, a**2 + x)), (a,), {a: (-9, 9)}, source([1.0, 2.0], [1, 1], [1.5, 1.0], 1e-9))
    assert [party.instance for party in found.contradiction] == [Point(2.0, 1, 1)]
    assert found.contradiction[0].alone is None


def test_a_line_of_constants_is_left_free() -> None:
    xs = [1.0, 2.0, 3.0]
    found = identify(
        claim(Eq(y, (a + b) * x)), (a, b), {a: (0, 4), b: (0, 4)}, source(xs, [1] * 3, [3 * v for v in xs], 1e-9)
    )
    assert found.kind == "NOT DETERMINED"
    assert found.exit_code == 3
    (free,) = found.free
    assert free.step == pytest.approx((1, -1))
    assert "no observable of the claim is the same on every row" in found.advice


def test_a_curve_of_constants_is_covered() -> None:
    found = identify(claim(Eq(y, a * b * whole)), (a, b), {a: (0.5, 4), b: (0.5, 4)}, source([1.0], [1], [2.0], 1e-9))
    assert found.kind == "NOT DETERMINED"
    for k in range(50):
        at = 0.5 * 8 ** (k / 49)
        assert holds(found, {"a": at, "b": 2 / at})


def test_a_column_that_never_changes_is_named() -> None:
    found = identify(
        claim(Eq(y, whole**a * x**b * c)), (a, b, c), {a: (0, 4), b: (0, 4), c: (0.1, 9)},
        source([1.0, 2.0, 3.0, 4.0], [3] * 4, [3.0, 6.0, 9.0, 12.0], 1e-9),
    )  # fmt: skip
    assert "every row has n = 3" in found.advice
    assert found.outer[1][1] - found.outer[1][0] < 1e-8


def test_error_bars_that_limit_every_direction_are_named() -> None:
    found = identify(claim(Eq(y, a * x)), (a,), {a: (0, 4)}, source([1.0], [1], [2.0], 0.1))
    assert found.kind == "NOT DETERMINED"
    assert found.free == ()
    assert "smaller ones" in found.advice


def test_nothing_is_excluded() -> None:
    found = identify(claim(Ge(y, -a * x)), (a,), {a: (0, 4)}, source([1.0, 2.0], [1, 1], [1.0, 1.0], 0.0))
    assert found.inner == (((0.0, 4.0),),)
    assert "nothing of the box is excluded" in str(found)
    assert "anywhere in the box" in str(found)


def test_the_box_cuts_what_is_left() -> None:
    found = identify(claim(Eq(y, a * x)), (a,), {a: (0, 2)}, source([1.0], [1], [2.0], 0.25))
    assert found.ends[1].cut
    assert "the box given cuts it at 2" in str(found)


def test_silent_rows_say_nothing_and_certain_premises_count() -> None:
    relation = Implies(Ge(x, 2), Eq(y, a * x))
    rows = source([1.0, 2.0, 3.0], [1, 1, 1], [77.0, 4.0, 6.0], 1e-9)
    found = identify(claim(relation), (a,), {a: (0, 9)}, rows)
    assert found.kind == "ENCLOSED"
    assert (found.rows, found.silent) == (2, 1)
    assert holds(found, {"a": 2.0})
    none = identify(claim(Implies(Ge(x, 5), Eq(y, a * x))), (a,), {a: (0, 9)}, rows)
    assert none.kind == "VACUOUS"
    assert none.exit_code == 3


def test_a_premise_with_the_unknown_in_it() -> None:
    # for a <= 4 the second row counts, and is false
    relation = Implies(Le(a, 2 * x), Le(y, 2))
    found = identify(claim(relation), (a,), {a: (0, 9)}, source([1.0, 2.0], [1, 1], [1.0, 3.0], 0.0))
    assert found.outer[0][0] >= 4 - 1e-7
    assert found.outer[0][1] == 9


def test_either_of_two() -> None:
    found = identify(claim(Or(Le(a * x, y), Ge(a, 5))), (a,), {a: (0, 9)}, source([1.0, 2.0], [1, 1], [1.0, 1.0], 0.0))
    assert len(found.boxes) == 2
    assert holds(found, {"a": 0.5})
    assert holds(found, {"a": 5.0})
    assert not holds(found, {"a": 3.0})


def test_constants_without_a_meaning_are_excluded_where_others_have_one() -> None:
    rows = source([1.0, 2.0], [1, 1], [1.0, 1.0], 0.0)
    found = identify(claim(Le(y, sympy.sqrt(x - a) + 9)), (a,), {a: (0, 4)}, rows)
    assert found.outer == ((0.0, pytest.approx(1.0, abs=1e-6)),)
    everywhere = identify(claim(Le(y, sympy.sqrt(-x - a) + 9)), (a,), {a: (0, 4)}, rows)
    assert everywhere.kind == "VACUOUS"  # undefined for every constant: says nothing


@pytest.mark.parametrize(
    ("relation", "low", "high"),
    [
        (Le(sympy.sqrt(a - 1), y / 2), 1, 2),
        (Le(sympy.log(a - 1), y - 2), 1, 2),
        (Ge(1 / sympy.sqrt(a), y / 4), 0, 4),
        (Ge(1 - exp(-a * x), 1 - exp(-2 * x)), 2, 9),
        (Le(-x * sympy.log(a), -x * sympy.log(3)), 3, 9),
    ],
)
def test_what_is_certainly_allowed_has_a_meaning(relation: Any, low: float, high: float) -> None:
    found = identify(claim(relation), (a,), {a: (-9, 9)}, source([1.0], [1], [2.0], 0.0))
    ((first, last),) = found.inner[0]
    assert low <= first < low + 1e-5
    assert high - 1e-5 < last <= high


def test_intervals_that_may_be_wrong_add_up() -> None:
    found = identify(claim(Eq(y, a * x)), (a,), {a: (0, 9)}, source([1.0, 2.0], [1, 1], [2.0, 4.0], 1e-9, failure=1e-9))
    assert found.failure == pytest.approx(2e-9)
    assert found.how_sure.startswith("at confidence 1 - ")


def test_several_sources_are_put_together() -> None:
    one, two = source([1.0], [1], [2.0], 0.5, name="coarse"), source([1.0], [1], [2.25], 0.5, name="other")
    found = identify(claim(Eq(y, a * x)), (a,), {a: (0, 9)}, one, two)
    assert found.outer == ((pytest.approx(1.75), pytest.approx(2.5)),)
    assert found.experiments == ("coarse", "other")


def test_many_rows_are_all_heard() -> None:
    draw = random.Random("many")
    xs = [draw.uniform(1, 2) for _ in range(1500)]
    ys = [2 * v + 1 for v in xs]
    ys[1234] = 2.5 * xs[1234]  # the only one that limits a from above
    found = identify(claim(Ge(y, a * x)), (a,), {a: (0, 9)}, source(xs, [1] * 1500, ys, 0.0))
    assert found.outer[0][1] == pytest.approx(min(v / u for u, v in zip(xs, ys, strict=True)))
    assert found.rows == 1500


def test_it_comes_out_the_same_again() -> None:
    law = LAWS[6]
    asked, _, rows = planted(law, "again", 9)
    first, second = (identify(asked, tuple(law.unknowns), law.box, rows) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("after", [0, 1, 5])
def test_an_interruption_returns_what_is_left_so_far(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    law = LAWS[15]
    asked, truth, rows = planted(law, "stop", 9)
    contract, calls = identify_prune.contract, itertools.count()

    def stopped(*arguments: Any) -> Any:
        if next(calls) == after:
            raise KeyboardInterrupt
        return contract(*arguments)

    monkeypatch.setattr(identify_prune, "contract", stopped)
    found = identify(asked, tuple(law.unknowns), law.box, rows)
    assert found.interrupted
    assert found.exit_code == 130
    assert holds(found, truth)
    assert "so far (interrupted)" in str(found)


@pytest.mark.parametrize(
    ("unknowns", "box", "relation", "words"),
    [
        ((a,), {a: (0, math.inf)}, Eq(y, a * x), "finite one"),
        ((a,), {a: (math.nan, 1)}, Eq(y, a * x), "finite one"),
        ((a,), {a: (2, 1)}, Eq(y, a * x), "LOW below HIGH"),
        ((a,), {}, Eq(y, a * x), "no range of a"),
        ((a, b), {a: (0, 1), b: (0, 1)}, Eq(y, a * x), "does not contain"),
        ((a,), {a: (0, 1)}, Eq(y, a * x + b), "neither an observable nor an unknown"),
        ((), {}, Eq(y, x), "one to 4"),
        ((a, a), {a: (0, 1)}, Eq(y, a * x), "each named once"),
        (("x",), {"x": (0, 1)}, Eq(y, sympy.Symbol("x") * x), "the name of an observable"),
    ],
)
def test_mistakes_are_named(unknowns: Any, box: Any, relation: Any, words: str) -> None:
    with pytest.raises(IdentifyError, match=words):
        identify(claim(relation), unknowns, box, source([1.0], [1], [2.0], 0.0))


def test_a_source_that_measures_something_else_is_refused() -> None:
    from theorems.statement import observable

    z = observable("z", "not measured")
    with pytest.raises(IdentifyError, match="no evidence that covers"):
        identify(claim(Eq(z, a * x)), (a,), {a: (0, 1)}, source([1.0], [1], [2.0], 0.0))


def test_it_is_written_down_exactly() -> None:
    found = identify(claim(Ge(y, a * x)), ("a",), [(0, 9)], source([3.0], [1], [1.0], 0.0))
    data = json.loads(json.dumps(found.to_json()))
    assert data["schema"] == "theorem-audit/enclosure"
    assert float.fromhex(data["outer"][0][1]["hex"]) == found.outer[0][1]
    assert data["ends"][1]["instance"]["shown"] == "Point(x=3.0, n=1, number=0)"
    html = replace(found, claim="<script>")._repr_html_()
    assert "<script>" not in html
    assert "constants allowed" in html
    assert found._repr_latex_().startswith("$$")
    assert "a <= 0.33333334" in str(found)


def test_it_needs_neither_torch_nor_hypothesis() -> None:
    code = (
        "import sys; from tests.planted import LAWS, planted; from checks.engine.identify import identify;"
        "law = LAWS[0]; claim, _, rows = planted(law, 'light', 5);"
        "print(identify(claim, tuple(law.unknowns), law.box, rows).kind, {'torch', 'hypothesis', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ENCLOSED set()"


def test_the_command_wants_an_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", "birthday", "P_dup >= 1/2"]) == 2
    assert capsys.readouterr().err.startswith("Error: got no --unknown")
    assert main(["identify", "birthday", "P_dup >= c", "--unknown", "c=0:oo"]) == 2
    assert "expected NAME=LOW:HIGH" in capsys.readouterr().err
