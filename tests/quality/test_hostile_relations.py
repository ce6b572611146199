"""Hostile input of typed relations: one line within a second, in little memory, and nothing is run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile_relations import REFUSED, SENTINEL
from tests.meant_relations import MEANT

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1.0
LINE = 400


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Every entry parsed in one process of its own, with 100 MB to spare, watched by an audit hook."""
    where = tmp_path_factory.mktemp("hostile")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.hostile_run import main; main()"],
        cwd=where, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr == ""
    found = json.loads(done.stdout)
    found["files"] = [p.name for p in where.iterdir()]
    return found


def test_there_are_two_hundred_kinds_and_no_two_are_one():
    assert len(REFUSED) >= 200
    texts = [text for text, _ in (*REFUSED.values(), *MEANT.values())]
    assert len(set(texts)) == len(texts)


def test_nothing_is_run_opened_or_imported(outcomes):
    assert outcomes["done"] == []
    assert outcomes["files"] == [] and not Path(SENTINEL).exists()


def test_the_watch_sees_what_it_watches():
    code = "import sys; seen = []; sys.addaudithook(lambda e, _: seen.append(e)); exec('1'); print('exec' in seen)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


@pytest.mark.parametrize("kind", REFUSED)
def test_is_refused_in_one_line_within_a_second(outcomes, kind):
    what, said, seconds = outcomes["results"][kind]
    assert what == "refused", said[:500]
    assert REFUSED[kind][1] in said
    assert said.isprintable() and len(said) <= LINE
    assert said.startswith("got ") and "; expected " in said
    assert seconds < SECONDS


@pytest.mark.parametrize("kind", MEANT)
def test_means_what_is_written_beside_it(outcomes, kind):
    what, said, seconds = outcomes["results"][f"meant: {kind}"]
    assert (what, said) == ("meant", MEANT[kind][1])
    assert seconds < SECONDS
