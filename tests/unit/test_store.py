"""Stored evidence comes back exactly, or not at all and with one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flint import arb, ctx, fmpq, fmpz
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.engine.evidence import Evidence
from checks.engine.experiment import Experiment
from checks.engine.plainly import decode, encode, types_drawn
from checks.engine.store import Store, StoreError
from simulators.measurement import Measurements, balls, booleans, choices, integers, reals
from tests.toy import DRAWN, THEOREM, Parallelogram, rectangles

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Layer:
    width: int
    bias: tuple[float, ...] = ()


@dataclass(frozen=True)
class Net:
    name: str
    layers: tuple[Layer, ...]
    scale: float = 1.0
    masked: bool = False
    seed: int = 0


NETS = (Net("ü", (Layer(2, (0.1, -0.0)), Layer(10**30)), 5e-324, True, 7), Net("", (), 0.1 + 0.2))


def evidence(**changes) -> Evidence:
    table = Measurements(
        {
            "x": reals([0.1, -0.0, 1e300], [1e-17, 0.0, 5e-324], failure=[0.0, 1e-9, 0.0]),
            "half": reals([0.5, 0.5, 0.5], 0.25, proved=False),
            "n": integers([2**200, -1, 0]),
            "b": booleans([True, None, False]),
            "rank": choices([(1, 2), (0,), (3,)]),
            "q": balls([fmpq(1, 3), fmpz(-5), arb(7)]),
        },
        np.array([0, 1, 1]),
        {"r": np.array([0, 0, 1])},
    )
    return replace(Evidence("net", "drawn", "quick", "hash", NETS, ((), (3, 2**80)), table, 1e-9), **changes)


def same(a: Evidence, b: Evidence) -> bool:
    scalars = ("theorem", "experiment", "profile", "simulator", "instances", "choices", "ledger")
    assert [getattr(a, s) for s in scalars] == [getattr(b, s) for s in scalars]
    s, t = a.measurements, b.measurements
    assert s.element.tolist() == t.element.tolist()
    assert {k: v.tolist() for k, v in s.index.items()} == {k: v.tolist() for k, v in t.index.items()}
    assert list(s.columns) == list(t.columns)
    for name, column in s.columns.items():
        other = t.columns[name]
        assert (column.kind, column.proved) == (other.kind, other.proved)
        assert [repr(v) for v in column.mid] == [repr(v) for v in other.mid]
        assert column.rad.tobytes() == other.rad.tobytes()
        assert column.failure.tobytes() == other.failure.tobytes()
    return True


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path, told) -> Store:
    return Store(tmp_path / ".audit", tell=told.append)


TYPES = {"Net": Net, "Layer": Layer}


def load(store: Store, source: str = "hash") -> Evidence | None:
    return store.load("net", "drawn", "quick", source, TYPES)


def test_evidence_comes_back_exactly(store, told):
    store.save(evidence())
    assert same(load(store), evidence())
    assert not told


def test_an_instance_of_an_unknown_class_becomes_a_frozen_look_alike(store):
    store.save(evidence())
    net = store.load("net", "drawn", "quick", "hash").instances[0]
    assert repr(net) == repr(NETS[0])
    with pytest.raises(AttributeError):
        net.seed = 1


def test_the_newest_intact_file_of_any_worker_is_used(store, told):
    first = store.save(evidence(ledger=0.25), "gw0")
    second = store.save(evidence(ledger=0.5), "gw1")
    os.utime(first, (time.time() - 60,) * 2)
    assert load(store).ledger == 0.5
    second.write_bytes(second.read_bytes()[:-100])
    assert load(store).ledger == 0.25
    assert len(told) == 1


def test_other_names_are_other_files_even_if_they_look_alike(store):
    paths = {store.save(evidence(experiment=name)) for name in ("a b", "a_b", "a/b", "a--quick--main")}
    assert len(paths) == 4
    assert load(store) is None
    assert all(p.parent == store.root for p in paths)
    assert store.load("net", "a/b", "quick", "hash").experiment == "a/b"


def test_evidence_of_another_simulator_is_set_aside_with_one_line(store, told):
    path = store.save(evidence())
    assert load(store, source="newer") is None
    assert told == [f"evidence {path.name} made by simulator hash, which is now newer: moved to set-aside/, not used"]
    assert (store.root / "set-aside" / path.name).exists() and not path.exists()
    assert load(store, source="newer") is None and len(told) == 1


def test_another_format_is_set_aside(store, told, monkeypatch):
    monkeypatch.setattr("checks.engine.store.FORMAT", 0)
    store.save(evidence())
    monkeypatch.undo()
    assert load(store) is None
    assert "written in format 0, which is now 2" in told[0]


def _truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    """One bit of the numbers themselves, with the archive's own checksum left to notice it."""
    at = data.index(np.float64(1e300).tobytes())
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("damage", [_truncated, _flipped, lambda data: b"", lambda data: b"PK\x03\x04 rubbish"])
def test_a_damaged_file_is_set_aside_with_one_line_and_no_traceback(store, told, damage):
    path = store.save(evidence())
    path.write_bytes(damage(path.read_bytes()))
    assert load(store) is None
    assert len(told) == 1 and "\n" not in told[0]
    assert told[0].startswith(f"evidence {path.name} damaged (")
    assert [p.name for p in (store.root / "set-aside").iterdir()] == [path.name]


def test_a_file_made_consistent_by_hand_fails_its_digest(store, told):
    path = store.save(evidence())
    with np.load(path) as file:
        arrays = dict(file)
    arrays["mid:x"] = arrays["mid:x"] * 2
    np.savez(path, **arrays)
    assert load(store) is None
    assert "its digest does not match its content" in told[0]


def test_a_pickle_is_never_read(store, told):
    path = store.save(evidence())
    np.savez(path, document=np.array([{"theorem": "net"}], dtype=object))
    assert load(store) is None
    assert len(told) == 1


def test_what_is_damaged_where_nothing_can_be_moved_costs_a_line(store, told):
    path = store.save(evidence())
    path.write_bytes(b"")
    (store.root / "set-aside").write_text("no folder")
    assert load(store) is None and path.exists()
    assert len(told) == 1 and "not used, and not moved" in told[0]


def test_the_oldest_files_go_first_when_the_store_is_full(store):
    size = store.save(evidence()).stat().st_size
    store.clean()
    store.limit = 3 * size + size // 2
    paths = []
    for age, name in enumerate("abcde"):
        paths.append(store.save(evidence(experiment=name)))
        os.utime(paths[-1], (time.time() - 60 + age,) * 2)
    assert [p.exists() for p in paths] == [False, False, True, True, True]


def test_evidence_larger_than_the_whole_store_is_not_kept(store, told):
    store.limit = 100
    assert store.save(evidence()) is None
    assert "expected at most 100" in told[0]


def test_clean_removes_what_the_store_made_and_nothing_else(store):
    store.save(evidence())
    path = store.save(evidence(experiment="other"))
    path.write_bytes(b"")
    store.load("net", "other", "quick", "hash")
    (store.root / "mine.txt").write_text("keep")
    assert store.clean() > 0
    assert [p.name for p in store.root.iterdir()] == ["mine.txt"]


def test_leftovers_of_dead_writers_are_swept_and_living_ones_are_not(store):
    path = store.save(evidence())
    here = path.with_name(f".{path.name}.{_host(store)}.%d.00000000.tmp")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left, busy = (Path(str(here) % pid) for pid in (dead.pid, os.getpid()))
    left.touch(), busy.touch()
    assert same(load(store), evidence())
    assert not left.exists() and busy.exists()


def _host(store: Store) -> str:
    seen: list[str] = []
    store._replace(store.root / "probe.json", lambda file: seen.append(Path(file.name).name))
    return seen[0].split(".")[-4]


def test_instances_that_are_not_plain_are_refused_with_a_remedy(store):
    with pytest.raises(
        StoreError, match=r"got fractions\.Fraction .*; expected plain values: .*; keep random data out"
    ):
        store.save(evidence(instances=(Fraction(1, 3), Fraction(2))))


def test_a_counterexample_is_kept_and_read_back(store):
    from checks.engine.verdict import Counterexample

    found = Counterexample(NETS[0], {"r": 1}, {"x": ("1", "")}, "Eq(x, 0)", "1", "0", 1.0, 2.0, theorem="net")
    path = store.save_counterexample(found.to_json(), "rate")
    assert Counterexample.from_json(json.loads(path.read_text()), TYPES) == found
    moved = replace(found, source="another simulator")
    assert store.save_counterexample(moved.to_json(), "rate") == path  # of the same claim and instance: the newer one


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.builds(Layer, inner, inner),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(PLAIN)
def test_plain_values_survive_the_round_trip(value):
    assert repr(decode(encode(value), {"Layer": Layer})) == repr(value)


@pytest.mark.parametrize("bits", [53, 300])
def test_a_ball_comes_back_with_its_midpoint_and_at_most_a_hair_wider(bits):
    before, ctx.prec = ctx.prec, bits
    try:
        for ball in (arb.pi(), arb(1) / 3, arb(0.1, 1e-9), -arb(2).sqrt(), arb(5)):
            back = decode(encode(ball), {})
            assert back.mid() == ball.mid()
            assert ball.rad() <= back.rad() <= ball.rad() * (1 + arb(2) ** -28)
    finally:
        ctx.prec = before


def test_the_types_of_instances_are_learned_by_drawing():
    def nets(draw):
        return Net("n", (Layer(draw.integer(1, 3)),) if draw.boolean() else ())

    assert types_drawn(DRAWN) == {"Parallelogram": Parallelogram}
    shallow = Experiment("e", THEOREM, lambda draw: Net("n", ()), DRAWN.observe)
    assert types_drawn(shallow) == {"Net": Net, "Layer": Layer}  # the second from the annotation
    assert types_drawn(Experiment("e", THEOREM, nets, DRAWN.observe)) == {"Net": Net, "Layer": Layer}
    assert types_drawn(DRAWN.without("right_angled")) == {"Parallelogram": type(rectangles(_Least()))}


class _Least:
    def integer(self, low: int, high: int) -> int:
        return low

    boolean = staticmethod(lambda: False)
    decimal = staticmethod(lambda low, high, places: low)


def test_judging_stored_evidence_loads_neither_torch_nor_hypothesis(store):
    store.save(evidence())
    program = f"""
import sys
from checks.engine.judge import compile_claim, rows
from checks.engine.store import Store
from theorems.statement import Eq, Le, observable
half = observable("half", "one half")
found = Store({str(store.root)!r}).load("net", "drawn", "quick", "hash")
print([compile_claim(Le(half, 1))(row).status for row in rows(found.measurements, ["half"])])
print(sorted({{"torch", "hypothesis"}} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.splitlines() == ["['consistent', 'consistent', 'consistent']", "[]"]
