"""A worker that is killed leaves its evidence whole or absent."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from pathlib import Path

from checks.engine.store import Store

ROOT = Path(__file__).resolve().parents[2]
ROWS = 200_000
WRITER = f"""
import itertools, sys
import numpy as np
from checks.engine.evidence import Evidence
from checks.engine.store import Store
from simulators.measurement import Measurements, reals

store = Store(sys.argv[1])
for k in itertools.count():
    table = Measurements({{"x": reals(np.full({ROWS}, float(k)), np.arange({ROWS}) * 1e-9)}}, np.zeros({ROWS}))
    store.save(Evidence("net", "drawn", "quick", "hash", (k,), ((),), table, float(k)))
    print(k, flush=True)
"""


def test_a_worker_killed_while_it_saves_leaves_its_evidence_whole(tmp_path):
    told: list[str] = []
    store = Store(tmp_path / ".audit", tell=told.append)
    torn = 0
    for round_ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.root)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        first = writer.stdout.readline()
        assert first == "0\n"
        _wait_for_a_save_under_way(store.root, after=round_ * 0.003)
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        last = int(([first, *writer.stdout.read().splitlines()])[-1])
        writer.stdout.close()
        torn += len(list(store.root.glob(".*.tmp")))
        found = store.load("net", "drawn", "quick", "hash")
        assert found.instances[0] in (last, last + 1)  # killed between the renaming and the print
        assert found.measurements.columns["x"].mid.tolist() == [float(found.instances[0])] * ROWS
        assert not list(store.root.glob(".*.tmp"))
    assert not told
    assert torn, "no writer was killed while it wrote: the test saw nothing"


def _wait_for_a_save_under_way(root: Path, after: float) -> None:
    deadline = time.monotonic() + 20
    for _ in itertools.count():
        if any(root.glob(".*.tmp")) or time.monotonic() > deadline:
            time.sleep(after)
            return


def test_a_worker_killed_before_its_first_file_is_whole_leaves_none(tmp_path):
    program = """
import os, signal, sys
import numpy as np
from checks.engine.evidence import Evidence
from checks.engine.store import Store
from simulators.measurement import Measurements, reals

def savez(file, **arrays):
    file.write(b"PK")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

np.savez = savez
Store(sys.argv[1]).save(Evidence("net", "drawn", "quick", "hash", (), (), Measurements({"x": reals([], [])}, [])))
"""
    root = tmp_path / ".audit"
    run = subprocess.run([sys.executable, "-c", program, str(root)], cwd=ROOT, check=False)
    assert run.returncode == -signal.SIGKILL
    assert len(list(root.glob(".*.tmp"))) == 1
    told: list[str] = []
    assert Store(root, tell=told.append).load("net", "drawn", "quick", "hash") is None
    assert not list(root.glob(".*.tmp")) and not told
