"""A Gram matrix whose whole process group is killed goes on where it was, and comes out bit for bit the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys; from checks.gram_command import gram; gram(sys.argv[1:], prog_name='gram')"
OPTIONS = ["--depth", "3", "--tile", "1", "--workers", "1", "--dtype", "float64"]


def started(folder: Path, *more: str) -> subprocess.Popen:
    """The command, in a process group of its own."""
    arguments = [str(folder / "images.npy"), "--output", str(folder / "gram.npy"), *OPTIONS, *more]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def tiles(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Finished tiles: when each was written, and what is in it."""
    return {
        path.name: (path.stat().st_mtime_ns, path.read_bytes())
        for path in (folder / "gram.npy.tiles").glob("tile-*.npy")
    }


def test_killed_in_the_middle_it_goes_on_and_ends_bit_for_bit_the_same(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    images = np.random.default_rng(0).standard_normal((12, 14, 14, 1))
    for folder in (whole, killed):
        folder.mkdir()
        np.save(folder / "images.npy", images)
    first = started(whole)
    assert "wrote" in first.communicate(timeout=120)[1]
    run = started(killed)
    deadline = time.monotonic() + 60
    while len(tiles(killed)) < 5 and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate(timeout=60)
    finished = tiles(killed)
    assert 5 <= len(finished) < 78, "it was not killed in the middle"
    assert not (killed / "gram.npy").exists()
    again = started(killed)
    said = again.communicate(timeout=120)[1]
    assert again.returncode == 0
    assert f"going on: {len(finished)} of 78 pairs are finished" in said
    after = tiles(killed)
    assert {name: after[name] for name in finished} == finished, "a finished tile was computed again"
    assert len(after) == 78
    assert (killed / "gram.npy").read_bytes() == (whole / "gram.npy").read_bytes()


def children(parent: int) -> set[int]:
    """Processes whose parent this is (POSIX)."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return {int(pid) for pid, its in (line.split() for line in listed.splitlines()) if int(its) == parent}


def busy(parent: int) -> set[int]:
    """Its workers that have spent a few seconds: they have begun with tiles."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,time="], capture_output=True, text=True, check=True).stdout
    spent = {int(pid): clock for pid, clock in (line.split() for line in listed.splitlines())}
    return {child for child in children(parent) if spent.get(child, "00:00:00")[-8:] >= "00:00:05"}


def alive(process: int) -> bool:
    """Whether it runs, and not only waits to be collected."""
    stat = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False).stdout
    return bool(stat.strip()) and not stat.startswith("Z")


def test_killed_alone_it_leaves_no_worker_behind(tmp_path):
    """A tile here takes a minute or more: a worker that went on with it would be seen."""
    np.save(tmp_path / "images.npy", np.random.default_rng(0).standard_normal((64, 32, 32, 1)))
    run = started(tmp_path, "--depth", "9", "--tile", "32", "--workers", "2")
    deadline = time.monotonic() + 60
    while len(found := busy(run.pid)) < 2 and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(found) == 2, "the workers did not begin"
    run.kill()
    run.wait(timeout=60)
    run.stderr.close()  # which the workers hold too: it says nothing of their end
    deadline = time.monotonic() + 10
    while any(alive(process) for process in found) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = {process for process in found if alive(process)}
    for process in left:
        os.kill(process, signal.SIGKILL)
    assert not left, "workers outlived who started them"


def test_ctrl_c_ends_at_once_with_130_and_says_that_tiles_are_kept(tmp_path):
    np.save(tmp_path / "images.npy", np.random.default_rng(0).standard_normal((40, 14, 14, 1)))
    run = started(tmp_path)
    deadline = time.monotonic() + 60
    while not tiles(tmp_path) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 130
    assert "interrupted; finished tiles are kept in" in said
    assert "Traceback" not in said
    assert not (tmp_path / "gram.npy").exists()
    assert tiles(tmp_path)
