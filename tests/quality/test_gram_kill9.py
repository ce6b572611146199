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


def started(folder: Path) -> subprocess.Popen:
    """The command, in a process group of its own."""
    arguments = [str(folder / "images.npy"), "--output", str(folder / "gram.npy"), *OPTIONS]
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
