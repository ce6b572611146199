"""A counterexample is judged from scratch wherever its file is read; a file that is none gets one line."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks import __main__ as command_line
from checks.bounded import bounded
from checks.engine.document import DocumentError
from checks.engine.draw import bulk
from checks.engine.experiment import Experiment
from checks.engine.judge_at import judge_again, judge_at
from checks.engine.plainly import encode
from checks.engine.replay import LIMIT, documents, replay
from checks.engine.search import audit
from checks.engine.verdict import Counterexample, Verdict
from checks.experiments import experiments_in, experiments_of, find_experiment
from tests.toy import BIASED, DRAWN, FALSE, SAMPLED, THEOREM, Parallelogram
from theorems.statement import Claim, Eq

ROOT = Path(__file__).resolve().parents[2]
TOY = ROOT / "tests" / "toy.py"
BOTH = (DRAWN, SAMPLED)
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHONPATH"))}


def travelled(data: Any) -> Any:
    """The same data as another machine reads it."""
    return json.loads(json.dumps(data, allow_nan=False))


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    """Half the area, refuted."""
    return audit(FALSE, DRAWN)


@pytest.fixture(scope="module")
def document(verdict: Verdict) -> dict[str, Any]:
    """Its simplest counterexample."""
    return travelled(verdict.simplest.to_json())


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `theorem-audit replay`."""
    code = command_line.main(["replay", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_counterexample_still_holds(document, tmp_path, capsys) -> None:
    file = tmp_path / "kept.json"
    file.write_text(json.dumps(document))
    code, out, err = run(capsys, file, "--experiments", TOY)
    assert (code, err) == (1, "")
    assert out == (
        "still REFUTED      rectangle / half-area  (certified; fails by 0.005, exactly)\n"
        "  instance   Parallelogram(width=0.1, height=0.1)\n"
        "  claimed    Eq(area, height*width/2)\n"
        "  right side 0.005\n"
        "  left side  0.01\n"
        "  values     agree with those kept, within the error bars of both\n"
    )


@pytest.mark.parametrize("claim", [FALSE, BIASED], ids=lambda c: c.name)
@pytest.mark.parametrize("dropped", [(), ("right_angled",)])
def test_every_counterexample_holds_where_it_was_found(claim: Claim, dropped: tuple[str, ...]) -> None:
    experiments = [e.without(*dropped) if dropped else e for e in BOTH if e.covers(claim)]
    if dropped:  # samples do not see the angle, so that nothing certifies that it is not right
        experiments = [e for e in experiments if "tilt" in e.observables]
    for experiment in experiments:
        found = audit(claim, experiment)
        assert found.kind == "REFUTED"
        for example in (found.simplest, found.worst):
            again = replay(travelled(example.to_json()), BOTH)
            assert again.holds
            assert again.verdict.certified == example.certified
            assert again.kept == example
            assert not again.changed
            assert again.source == example.source


def test_a_repaired_claim_is_no_longer_refuted(document, tmp_path, capsys) -> None:
    mended = {**document, "claim": {**document["claim"], "relation": "area = height*width"}, "source": "0123"}
    mended["exactly"] = {**document["exactly"], "area": ["0x1p-1", ""], "is_square": ["False", ""]}
    file = tmp_path / "kept.json"
    file.write_text(json.dumps([mended, mended]))
    code, out, err = run(capsys, file, "--experiments", TOY)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "no longer refuted  rectangle / half-area  (SURVIVED)"
    assert lines[4:] == [  # the first effort is that of floats
        f"  simulators 0123 then, {DRAWN.observe.source_hash} now",
        f"  area       0.5 then, {replay(mended, BOTH).changed['area'][1]} now",
        "  is_square  False then, True now",
    ]
    assert abs(float(lines[5].split(" then, ")[1].split(" ± ")[0]) - 0.01) < 1e-9


def test_an_instance_that_obeys_no_assumption_is_not_judged(document, tmp_path, capsys) -> None:
    tilted = {**document, "instance": encode(Parallelogram(1.0, 1.0, 0.5), exactly=True)}
    file = tmp_path / "kept.json"
    file.write_text(json.dumps(tilted))
    code, out, _ = run(capsys, file, "--experiments", TOY)
    assert code == 3
    assert out.startswith("no longer refuted  rectangle / half-area  (VACUOUS: no instance has a row")


def test_a_verdict_a_list_and_what_try_prints_are_replayed_too(verdict, tmp_path, capsys) -> None:
    data = travelled(verdict.to_json())
    survived = travelled(audit(THEOREM.claim("area"), replace(DRAWN, search=1, bulk=4)).to_json())
    file = tmp_path / "verdict.json"
    for content in (data, [data], [survived, data], {"theorem": "rectangle", "verdict": data}):
        file.write_text(json.dumps(content))
        assert len(documents(file)) == 2
        code, out, _ = run(capsys, file, "--experiments", TOY)
        assert code == 1
        assert out.count("still REFUTED") == 2
    code, out, _ = run(capsys, file, "--experiments", TOY, "--json")
    said = json.loads(out)
    assert (code, said["schema"], said["version"]) == (1, "theorem-audit/replay", 1)
    for entry in said["replayed"]:
        assert entry["holds"]
        assert Verdict.from_json(entry["verdict"], {"Parallelogram": Parallelogram}).kind == "REFUTED"


def test_a_file_of_ones_own_is_imported_where_it_is_named(document, tmp_path, capsys) -> None:
    (tmp_path / "mine").mkdir()
    own = tmp_path / "mine" / "test_mine.py"
    own.write_text(
        "from tests.toy import DRAWN\nfrom theorem_audit import Audit\n\nclass TestMine(Audit):\n    experiments = [DRAWN]\n"
    )
    file = tmp_path / "kept.json"
    file.write_text(json.dumps({**document, "check_file": "mine/test_mine.py"}))
    code, out, err = run(capsys, file)
    assert (code, out) == (2, "")
    assert err.startswith("Error: got experiment 'drawn' of 'rectangle', not found")
    assert err.endswith("add --experiments mine/test_mine.py\n")
    program = [str(Path(sys.executable).parent / "theorem-audit"), "replay", str(file), "--experiments", str(own)]
    world = {**CLEAN, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, env=world, timeout=60)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("still REFUTED      rectangle / half-area  (certified; fails by 0.005, exactly)\n")


THEIRS = (
    ("birthday", "uniform", "uniform"), ("fixed-net", "exact-laws", "unbiased"), ("gan-equilibrium", "games", "minimax"),
    ("kernel-trick", "regressions", "gram-alone"), ("singular-value-ode", "rates", "rate"),
    ("vc-deviation", "thresholds", "one-sided-law"),
)  # fmt: skip


def refuted_at(theorem: str, name: str, claim: str, without: tuple[str, ...] = ()) -> Counterexample:
    """A counterexample to twice the right side of a theorem's own claim, plus one."""
    experiment = find_experiment(theorem, name, without)
    own = experiment.theorem.claim(claim)
    wrong = Claim("wrong", Eq(own.relation.lhs, 2 * own.relation.rhs + 1), assumes=experiment.theorem.assumed_by(own))
    drawn = (bulk(experiment.instances, f"replay-{k}", **experiment.flags)[0] for k in range(8))
    verdicts = (judge_again(wrong, experiment, instance) for instance in (*experiment.examples[:2], *drawn))
    return next(v.simplest for v in verdicts if v.simplest is not None)


def test_one_line_of_python_replays_a_counterexample_in_a_fresh_interpreter(tmp_path) -> None:
    found = [refuted_at(*names) for names in THEIRS]
    found.append(refuted_at("singular-value-ode", "rates", "rate", ("balanced",)))
    lines = [example.python for example in found]
    assert all(line.startswith("from theorem_audit import judge_at; from ") and "\n" not in line for line in lines)
    program = [sys.executable, "-W", "error", "-c", "\n".join(lines)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, env=CLEAN, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    heads = [line for line in done.stdout.splitlines() if line.startswith("REFUTED")]
    assert [line.split()[1] for line in heads] == [example.theorem for example in found]
    assert '"balanced"' in heads[-1]
    for example in found:
        assert f"    left side  {example.measured}\n" in done.stdout


def test_the_line_says_the_same_as_the_counterexample() -> None:
    example = refuted_at("birthday", "uniform", "uniform")
    verdict = judge_at("birthday", example.claim.relation, "uniform", example.instance, assumes=example.claim.assumes)
    assert verdict.simplest == replace(example, claim=replace(example.claim, name="relation"))


def test_what_cannot_be_spelled_has_no_line(verdict) -> None:
    example = verdict.simplest
    assert example.python == ""  # of a theorem that is not in the catalogue
    here = replace(example, theorem="birthday")
    assert here.python == ""  # of a class of this suite
    assert replace(here, claim=None).python == ""
    assert replace(refuted_at("birthday", "uniform", "uniform"), instance=object()).python == ""


def test_names_that_are_unknown_get_a_line() -> None:
    for call, kind, said in (
        (lambda: find_experiment("birthday", "unifrom"), LookupError, "got experiment 'unifrom' of birthday; expected one of"),
        (lambda: find_experiment("birthday", "uniform", ("sorted",)), LookupError, "got 'sorted' to be dropped; expected"),
        (lambda: experiments_of("birthdy"), LookupError, "got theorem 'birthdy'; expected one of the catalogue"),
        (lambda: experiments_in("nowhere.py"), LookupError, "got nowhere.py; expected a Python file"),
        (lambda: experiments_in(ROOT / "theorem_audit.py"), LookupError, "without an experiment; expected"),
        (lambda: judge_at("birthdy", "1 = 1", "uniform", None), ValueError, "got theorem 'birthdy'"),
        (lambda: judge_at("birthday", "P_non = 1", "uniform", None), ValueError, "got the name 'P_non'"),
        (lambda: judge_at("birthday", "P_none = 1", "sampled", None), ValueError, "which experiment sampled does not measure"),
    ):  # fmt: skip
        with pytest.raises(kind) as problem:
            call()
        assert said in str(problem.value)
        assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"version": 7}, "got version 7 of theorem-audit/counterexample"),
        ({"schema": "hypothesis"}, "got schema 'hypothesis'"),
        ({"claim": None}, "got a counterexample without its claim"),
        ({"experiment": "other"}, "got experiment 'other' of 'rectangle', not found ("),
        ({"dropped": ["sorted"]}, "got experiment 'drawn' of 'rectangle', not found (got 'sorted' to be dropped;"),
        ({"simulator": "simulators.deep_linear:observe"}, "got a counterexample that simulators.deep_linear:observe measured"),
        ({"instance": {"@": "Popen", "args": "ls"}}, "got instance Popen(args='ls') (class Popen); expected an instance of Para"),
        ({"instance": [1, 2]}, "got instance (1, 2) (a bare tuple); expected"),
        ({"instance": None}, "got instance None (a bare NoneType); expected"),
        ({"instance": {"@": "Parallelogram", "width": 1}}, "got instance {'@': 'Parallelogram', 'width': 1} (got fields width of"),
        (
            {"instance": {"@": "Parallelogram", "width": "1", "height": 1.0}},
            "got instance Parallelogram(width='1', height=1.0) (width is str); expected",
        ),
        (
            {"instance": {"@": "Parallelogram", "width": {"@": "float", "hex": "nan"}, "height": 1.0}},
            "got rectangle / experiment drawn, simulator tests.toy:observe: observable width: got midpoint nan",
        ),
        (
            {"instance": {"@": "Parallelogram", "width": 10**400, "height": 1.0}},
            "got instance Parallelogram(width=10000000000",
        ),
    ],
)  # fmt: skip
def test_a_document_that_does_not_fit_gets_one_line(document, change: dict[str, Any], line: str) -> None:
    with pytest.raises(DocumentError) as problem:
        replay({**document, **change}, BOTH)
    assert str(problem.value).startswith(line)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "(Expecting value"), (b"{", "(Expecting property name"), (b"\xff\xfe\x00", "("), (b"PK\x03\x04", "("),
        (b"[" * 100_000, "(maximum recursion depth exceeded"), (b"1" * 5000, "(Exceeds the limit"),
        (b"[]", "without a counterexample"), (b"{}", "got {}; expected a document"), (b"null", "got None; expected a document"),
        (b'{"schema": "theorem-audit/verdict", "version": 2}', "got version 2 of theorem-audit/verdict"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_document_gets_one_line(content: bytes, line: str, tmp_path, capsys) -> None:
    file = tmp_path / "f.json"
    file.write_bytes(content)
    code, out, err = run(capsys, file)
    assert (code, out) == (2, "")
    assert err.startswith("Error: got ")
    assert err.count("\n") == 1
    assert line in err


def test_missing_huge_and_odd_files_get_one_line(tmp_path, capsys) -> None:
    huge = tmp_path / "huge.json"
    with open(huge, "wb") as file:
        file.truncate(LIMIT + 1)
    for path, line in (
        (tmp_path / "none.json", "No such file"),
        (tmp_path, "directory"),
        (huge, "16 MB; expected at most"),
    ):
        code, out, err = run(capsys, path)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert line in err


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["nan", "inf", "0x1p+9999", "1/0", "area", "Eq(area, 0)", "__import__('os')", "fmpq", "arb", "float", "@"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@", "value", "hex", "mid", "rad", "width"]), inner),
    max_leaves=6,
)  # fmt: skip


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to every part of a document."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(p for key, value in inside for p in places(value, (*path, key)))]


def changed(data: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The document with another part at a place."""
    if not path:
        return new
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = changed(data[path[0]], path[1:], new)
    return copy


def test_no_mutated_document_ends_in_anything_but_a_line(document) -> None:
    every = places(document)
    ends: dict[str, int] = {}

    @settings(max_examples=400, deadline=None, database=None, derandomize=True)
    @given(st.lists(st.tuples(st.sampled_from(every), JSON), min_size=1, max_size=2))
    def mutate(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
        data = document
        for path, new in changes:
            try:
                data = changed(data, path, new)
            except (KeyError, IndexError, TypeError):  # the first change removed the place of the second
                continue
        try:
            end = "holds" if replay(data, BOTH).holds else "does not hold"
        except DocumentError as problem:
            assert "\n" not in str(problem)
            assert len(str(problem)) < 1500
            end = "refused"
        ends[end] = ends.get(end, 0) + 1

    mutate()
    assert {"holds", "refused"} <= set(ends)


def test_no_damaged_file_ends_in_anything_but_a_line(document, tmp_path, capsys) -> None:
    whole = json.dumps(document).encode()
    file = tmp_path / "f.json"

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(st.integers(0, len(whole)), st.integers(0, 40), st.binary(max_size=4))
    def damage(start: int, length: int, new: bytes) -> None:
        file.write_bytes(whole[:start] + new + whole[start + length :])
        code, out, err = run(capsys, file, "--experiments", TOY)
        assert code in (0, 1, 2, 3)
        assert (code == 2) == (out == "")
        assert err.count("\n") == (code == 2)
        assert "Traceback" not in err

    damage()


def test_nothing_that_a_file_says_moves_the_cursor(document, tmp_path, capsys) -> None:
    file = tmp_path / "f.json"
    rude = "\x1b[2J\r\n" + "x" * 10_000
    for change in (
        {"claim": {**document["claim"], "name": rude}},
        {"exactly": {"area": [rude, ""]}, "source": rude},
        {"simulator": rude},
        {"experiment": rude, "check_file": rude},
        {"version": rude, "package": rude},
    ):
        file.write_text(json.dumps({**document, **change}))
        _, out, err = run(capsys, file, "--experiments", TOY)
        assert all(c.isprintable() or c == "\n" for c in out + err)
        assert all(len(line) < 2_100 for line in (out + err).splitlines())
        assert err.count("\n") == (out == "")


def test_what_a_document_asks_for_is_bounded_in_time_and_memory(document, tmp_path, capsys, monkeypatch) -> None:
    limits = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimeoutError, match=r"no answer within 0\.1 s"), bounded(0.1):
        while True:
            pass
    with pytest.raises(MemoryError), bounded(10, 2**28):
        bytearray(2**30)
    assert (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGALRM)) == limits
    file = tmp_path / "f.json"
    file.write_text(json.dumps(document))
    for problem, said in ((TimeoutError("no answer within 60 s"), "no answer within 60 s"), (MemoryError(), "memory")):
        monkeypatch.setattr("checks.engine.replay.judge_again", _raises(problem))
        code, out, err = run(capsys, file, "--experiments", TOY)
        assert (code, out) == (2, "")
        assert err == (
            f"Error: got {file}, which asks for too much ({said}); expected what experiments draw;"
            " write --unbounded if you trust it\n"
        )


def _raises(problem: Exception) -> Any:
    def judge(*arguments: Any) -> Verdict:
        raise problem

    return judge


def test_experiments_are_told_apart_by_what_they_drop() -> None:
    bare = find_experiment("rectangle", "drawn", among=BOTH)
    dropped = find_experiment("rectangle", "drawn-without-right_angled", ("right_angled",), among=BOTH)
    assert bare == DRAWN
    assert isinstance(dropped, Experiment)
    assert (dropped.name, dropped.dropped) == ("drawn-without-right_angled", ("right_angled",))
    assert find_experiment("rectangle", dropped.name, ("right_angled",), among=[dropped]) == dropped
