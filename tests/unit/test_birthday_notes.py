"""`theorem-audit birthday`: what it says beside the numbers, and that terminal, page and JSON say the same."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from checks import __main__ as command_line
from checks import birthday_seen
from checks.birthday_picture import Layout, drawn
from checks.birthday_seen import Seen
from simulators.streams import stream
from tests.generators import elsewhere, functions, modes, run, saved  # noqa: F401 - fixtures


def page() -> str:
    """The page that was written."""
    return Path("birthday.html").read_text(encoding="utf-8")


def noted(capsys, *arguments: object) -> list[str]:
    """The notes of a test, which its page and its JSON repeat."""
    code, out, err = run(capsys, *arguments, "--json")
    notes = [line.removeprefix("note: ") for line in err.splitlines() if line.startswith("note: ")]
    assert code == 0
    assert json.loads(out)["notes"] == notes
    assert all(f"Note</b>: {note}." in page() for note in notes)
    assert page().count("Note</b>") == len(notes)
    return notes


def test_no_batch_and_no_pair_are_two_things(capsys) -> None:
    x = stream("apart").standard_normal((100, 3))
    saved("x.npy", x)
    more = "To look for near-duplicates give --reference with real samples, or --radius."
    across = "Duplicates across batches are not looked at without --all-pairs."
    assert f"No batch has an exact duplicate. {across} {more}\n" in run(capsys, "x.npy", "--size", 50)[1]
    _, out, _ = run(capsys, "x.npy", "--size", 50, "--all-pairs")
    assert f"No batch has an exact duplicate. {more}\n" in out
    order = stream("birthday", 0).permutation(100)
    x[order[0]] = x[order[99]]  # in two batches
    saved("x.npy", x)
    _, out, _ = run(capsys, "x.npy", "--size", 50, "--all-pairs")
    assert "0 of 2 batches have a near-duplicate" in out
    assert "All pairs of the 100 samples: 1 near-duplicate pair, an effective support of about 4,950." in out
    assert "As one batch they show at least 99 distinct samples (seen); a bound" in out
    assert "o batch has" not in out + page()
    assert "No exact duplicates" not in out + page()
    assert "Nothing bounds the diversity of this generator from above with these samples." in page()


def test_another_range_another_mean_and_another_spread_are_pointed_out(capsys) -> None:
    random = stream("ranges")
    real = random.random((300, 16))
    saved("r.npy", real)
    for x, differs in (
        (2 * random.random((200, 16)) - 1, True),
        (2 * random.random((200, 16)) - 0.5, True),
        (real[:200] / 255, True),
        (real[:200] + 2, True),
        (random.random((200, 16)), False),
        (0.3 + 0.4 * random.random((200, 16)), False),
    ):
        saved("x.npy", x)
        notes = noted(capsys, "x.npy", "--reference", "r.npy", "--size", 5)
        assert len(notes) == differs
        assert all(re.match(r"numbers from \S+ to \S+ \(mean .* in r.npy; distances need one scale$", n) for n in notes)


def test_a_reference_that_repeats_itself_is_calibrated_on_what_is_distinct(capsys) -> None:
    real = stream("real").standard_normal((1000, 4))
    saved("r.npy", np.concatenate((real, real[:50])))
    saved("x.npy", stream("generated").standard_normal((200, 4)))
    said = "the reference repeats itself: 50 duplicates, left out where the radius is calibrated"
    assert noted(capsys, "x.npy", "--reference", "r.npy", "--size", 5) == [said]
    assert json.loads(run(capsys, "x.npy", "--reference", "r.npy", "--size", 5, "--json")[1])["radius"] > 0
    saved("r.npy", real[np.arange(200) % 52])
    code, out, err = run(capsys, "x.npy", "--reference", "r.npy", "--size", 5)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == (
        "Error: got 52 distinct samples in r.npy; expected at least 100 to calibrate a radius on; take more, or give"
        " --radius as well"
    )


def test_numbers_of_any_size_are_compared(capsys) -> None:
    real = stream("real").standard_normal((300, 4))
    saved("large.npy", 1e200 * real)
    saved("small.npy", 1e-200 * real)
    for samples, reference, radius in (("large", "small", 1e-200), ("small", "large", 1e200)):
        code, out, _ = run(capsys, f"{samples}.npy", "--reference", f"{reference}.npy", "--size", 5, "--json")
        said = json.loads(out)
        assert (code, said["calibrated"]["within"] <= 3) == (0, True)
        assert 1e-3 * radius < said["radius"] < radius


def test_the_reference_scores_itself(capsys) -> None:
    real = modes(150, 40, 0.1, "real")
    saved("x.npy", modes(120))
    saved("r.npy", real)
    flat = real.reshape(150, -1)
    distances = np.sqrt(((flat[:, None] - flat[None]) ** 2).sum(axis=-1))[np.triu_indices(150, 1)]
    near = int((distances <= 1.5).sum())
    arguments = ("x.npy", "--reference", "r.npy", "--radius", 1.5, "--size", 6)
    own = json.loads(run(capsys, *arguments, "--json")[1])["reference_itself"]
    assert own == {"near_pairs": near, "pairs": 11_175, "repeated": 0, "effective_support": 11_175 / near}
    words = f"about {11_175 / near:.3g}: {near} of its 11,175 pairs are within the radius"
    assert f"the reference itself  {words}\n" in run(capsys, *arguments)[1]
    assert words in page()
    arguments = ("x.npy", "--reference", "r.npy", "--radius", 0, "--size", 6)
    assert (
        "the reference itself  no estimate: none of its 11,175 pairs is within the radius\n"
        in run(capsys, *arguments)[1]
    )
    saved("r.npy", np.concatenate((real, real[:9])))  # repeated samples score at radius 0 only
    assert "reference itself  about 1,400: 9 of its 12,561 pairs are within the radius\n" in run(capsys, *arguments)[1]
    words = f"about {11_175 / near:.3g}: {near} of its 11,175 pairs (9 duplicates left out) are within the radius"
    arguments = ("x.npy", "--reference", "r.npy", "--radius", 1.5, "--size", 6)
    assert f"the reference itself  {words}\n" in run(capsys, *arguments)[1]
    assert json.loads(run(capsys, *arguments, "--json")[1])["reference_itself"] == {**own, "repeated": 9}


def test_a_score_that_the_radius_was_chosen_for_says_so(capsys) -> None:
    saved("x.npy", modes(120, 30, 0.1).reshape(120, 16)[:, :2])
    real = stream("real").standard_normal((3000, 2))
    circular = ", which is the rule that chose the radius"
    for many, repeated, rule in (
        (3000, 0, "pairs"),
        (3000, 7, "pairs"),
        (200, 0, "neighbours"),
        (200, 7, "neighbours"),
    ):
        saved("r.npy", np.concatenate((real[:many], real[:repeated])))
        arguments = ("x.npy", "--reference", "r.npy", "--size", 6)
        said = json.loads(run(capsys, *arguments, "--json")[1])
        own, pairs = said["reference_itself"], many * (many - 1) // 2
        assert (said["calibrated"]["rule"], own["pairs"], own["repeated"]) == (rule, pairs, repeated)
        left = f" ({repeated} duplicates left out)" if repeated else ""
        [line] = re.findall("the reference itself  (.*)", run(capsys, *arguments)[1])
        assert f"{own['near_pairs'] or 'none'} of its {pairs:,} pairs{left} " in line
        assert line.endswith("within the radius" + circular * (rule == "pairs"))
        assert line in page()
        given = run(capsys, *arguments, "--radius", said["radius"])[1]
        assert circular not in given
        assert json.loads(run(capsys, *arguments, "--radius", said["radius"], "--json")[1])["reference_itself"] == own


def test_what_was_seen_is_told_from_what_follows_from_counts(capsys) -> None:
    saved("x.npy", np.arange(100.0)[:, None] % 50)  # each value twice
    _, out, _ = run(capsys, "x.npy", "--size", 100)
    assert "1 of 1 batch has a near-duplicate, 1 an exact one" in out
    assert "samples far apart     at least 50 (seen), no two of them near-duplicates" in out
    assert "distinct samples      at least 50 (seen); no test bounds them from above" in out
    assert page().count("So many were seen: that is certain.") == 2
    assert " in 1 batch, exact duplicates in 1." in page()
    saved("x.npy", stream("far").standard_normal((400, 3)))
    _, out, _ = run(capsys, "x.npy", "--size", 20, "--radius", 1e-9)
    assert re.search(r"far apart     at least \d+ \(statistical\)", out)
    saved("y.npy", stream("more").integers(0, 10**9, (40, 1)))
    found = json.loads(run(capsys, "y.npy", "--size", 20, "--confidence", 0.1, "--json")[1])
    assert found["support_at_least"] == found["support_at_least_statistical"] > found["support_at_least_seen"] == 40


def test_what_was_seen_is_what_there_is() -> None:
    seen, x = Seen(), np.rint(2 * stream("seen").standard_normal((500, 2)))
    x[0] = -0.0
    x[1] = 0.0
    seen.add(x[:200])
    seen.add(x[200:])
    assert seen.distinct == len(np.unique(x + 0.0, axis=0))
    kept: list[np.ndarray] = []
    for one in x[:256]:
        if all(((one - other) ** 2).sum() > 4 for other in kept):
            kept.append(one)
    assert seen.apart(2.0) == len(kept) > 3
    assert seen.apart(0.0) == seen.distinct


def test_samples_larger_than_the_search_takes_are_not_called_far_apart(monkeypatch) -> None:
    monkeypatch.setattr(birthday_seen, "NUMBERS", 2)
    seen = Seen()
    assert (seen.apart(1.0), seen.apart(0.0)) == (0, 0)
    seen.add(np.array([[0.0, 0, 0], [0.1, 0, 0], [0.2, 0, 0]]))
    assert (seen.apart(1.0), seen.apart(0.0)) == (1, 3)


def test_no_more_distinct_samples_are_counted_than_memory_holds(monkeypatch) -> None:
    monkeypatch.setattr(birthday_seen, "MOST_DISTINCT", 100)
    seen = Seen()
    for start in range(0, 300, 60):
        seen.add(np.arange(start, start + 60.0)[:, None])
    assert seen.distinct == 120


@pytest.mark.usefixtures("functions")
def test_a_network_is_called_with_a_count_and_no_seed_that_it_does_not_name(capsys) -> None:
    for name, seeded in (
        ("network:net", False),
        ("network:seeded", True),
        ("generator:passes", False),
        ("generator:Model.static", False),
        ("generator:model.draw", True),
    ):
        assert run(capsys, name, "--size", 5, "--batches", 9)[0] == 0
        assert ("seeded from 0" in page()) == seeded
        assert ("without a seed it cannot be drawn again" in page()) != seeded


@pytest.mark.usefixtures("functions")
def test_a_seed_that_is_ignored_is_not_claimed(capsys) -> None:
    said = "generator:ignores gives other samples for the same seed: it cannot be drawn again"
    assert noted(capsys, "generator:ignores", "--size", 5, "--batches", 9) == [said]
    assert "seeded from" not in page()


@pytest.mark.usefixtures("functions")
def test_a_collapse_is_an_answer_and_a_doubt(capsys) -> None:
    said = (
        "all samples are equal: the strongest mode collapse there is, or a mistake in how they were saved; check which"
    )
    saved("x.npy", np.tile(np.arange(16.0).reshape(4, 4), (100, 1, 1)))
    for name in ("x.npy", "generator:collapsed"):
        assert noted(capsys, name) == [said]
        found = json.loads(run(capsys, name, "--json")[1])
        assert (found["size"], found["effective_support"], found["support_at_least"]) == (2, 1.0, 1)
        assert found["effective_support_at_most"] < 1.2
    saved("x.npy", np.zeros((100, 4, 4)))
    assert run(capsys, "x.npy")[0] == 2
    for one in (np.ones(100), np.zeros((100, 1))):  # a number is no image that was never filled
        saved("x.npy", one)
        assert noted(capsys, "x.npy") == [said]


@pytest.mark.usefixtures("functions")
def test_a_function_s_draws_are_announced(capsys) -> None:
    _, _, err = run(capsys, "generator:stateful")
    pilot, batches = (line for line in err.splitlines() if line.startswith("drawing "))
    assert re.fullmatch(r"drawing up to 21,760 samples, to choose a batch size: .+ …", pilot)
    size = int(re.search(r"60 batches of (\d+)", batches)[1])
    assert batches.startswith(f"drawing {60 * size:,} samples, 60 batches of {size}: ")


def test_batches_that_all_repeat_are_too_large_however_they_were_chosen(capsys) -> None:
    saved("x.npy", np.arange(400)[:, None] % 2)
    for seed in range(20):
        _, out, _ = run(capsys, "x.npy", "--seed", seed)
        if "batches of 3, chosen" in out:
            break
    assert "Every batch has a near-duplicate: smaller batches say more; give a --size below 3." in out
    assert "give a --size below 3." in page()


def test_the_page_says_how_it_was_made_without_a_path(capsys, tmp_path) -> None:
    (tmp_path / "in a place").mkdir()
    path, real = saved(str(tmp_path / "in a place" / "my x.npy"), modes(100)), saved("r.npy", modes(150))
    arguments = (path, "--reference", real, "--size", 5, "--radius", 1, "--no-picture", "--json")
    made = json.loads(run(capsys, *arguments)[1])["made"]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (path, real)]
    command = "theorem-audit birthday 'my x.npy' --reference r.npy --radius 1.0 --size 5 --no-picture"
    package = f"theorem-audit {version('theorem-audit')}"
    assert made == {"command": command, "package": package, "samples": digests[0], "reference": digests[1]}
    assert f"<li>Made by: {command} ({package}).</li>" in page()
    assert f"<li>SHA-256 of my x.npy: {digests[0]}.</li><li>SHA-256 of r.npy: {digests[1]}.</li>" in page()
    assert str(tmp_path) not in page()


def test_the_page_is_in_plain_words(capsys) -> None:
    saved("x.npy", np.arange(600)[:, None] % 30 + 0.0)
    run(capsys, "x.npy", "--size", 6)
    assert "At this radius" not in page()
    assert re.search(
        r"Exact duplicates are as frequent as among about \d+(\.\d)? equally likely samples; the effective", page()
    )
    run(capsys, "x.npy", "--size", 6, "--radius", 0.5)
    assert re.search(r"At this radius near-duplicates are as frequent as among about \d+(\.\d)? equally likely", page())
    assert "factors" not in page()
    assert "No theorem supports it as that: one frequent sample brings duplicates" in page()
    assert "Where batches repeat with probability above ½ it bounds the effective support, but the size s" in page()
    assert "Audited claim near-duplicates / effective-support; to read it and its proof: theorem-audit show" in page()


@pytest.mark.filterwarnings("error")
def test_pictures_of_the_smallest_numbers_are_pictures() -> None:
    values = 5e-324 * np.arange(16.0)
    image = Layout("image", 4, 4)
    assert drawn(values, image, 0.0, values[-1], "x") == drawn(np.arange(16.0), image, 0.0, 15.0, "x")
    curve = Layout("curve")
    assert drawn(values, curve, 0.0, values[-1], "x") == drawn(np.arange(16.0), curve, 0.0, 15.0, "x")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_line() -> None:
    saved("x.npy", modes(60))
    root = Path(command_line.__file__).parents[1]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "checks", "birthday", "x.npy", "--size", "5", "--radius", "1"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        2,
        "searching 12 batches of 5 × 16 …\nError: got a standard output that cannot be written (no space left on device);"
        " expected room; the result is in birthday.html\n",
    )
    assert "Birthday test of x.npy" in page()
