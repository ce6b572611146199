"""Damaged, foreign, hostile and huge files get one line, in bounded time and memory; nothing in them is run."""

from __future__ import annotations

import json
import resource
import signal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.bounded import bounded
from checks.engine.document import DocumentError
from checks.engine.replay import LIMIT, replay
from checks.engine.search import audit
from checks.engine.verdict import Verdict
from tests.replays import TOY, run, travelled
from tests.toy import DRAWN, FALSE, SAMPLED

BOTH = (DRAWN, SAMPLED)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """A counterexample to half the area."""
    return travelled(audit(FALSE, DRAWN).simplest.to_json())


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

    @settings(max_examples=250, deadline=None, database=None, derandomize=True)
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
