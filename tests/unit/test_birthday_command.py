"""`theorem-audit birthday`: its numbers beside a count of one's own, its page, and one line for every mistake."""

from __future__ import annotations

import base64
import io
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch

from checks.birthday_batches import Shuffled, chosen, sizes
from checks.birthday_picture import Layout, layout
from checks.birthday_samples import Samples
from checks.birthday_words import down, number, up
from checks.measure_command import BadInput
from checks.support_bounds import support_bounds
from simulators.streams import stream
from tests.generators import elsewhere, functions, modes, run, saved  # noqa: F401 - fixtures

CPU = torch.device("cpu")


def test_the_numbers_are_those_of_a_count_of_one_s_own(capsys) -> None:
    x = modes(600)
    x[100:130] = x[0]
    path = saved("x.npy", x.astype(np.float32))
    code, out, err = run(capsys, path, "--size", 6, "--radius", 1, "--confidence", 0.9, "--json", "--seed", 5)
    assert (code, err) == (0, "searching 100 batches of 6 × 16 …\nwrote birthday.html\n")
    said = json.loads(out)
    flat, near, equal, pairs, closest = np.load(path).reshape(600, -1).astype(float), 0, 0, 0, []
    for batch in stream("birthday", 5).permutation(600).reshape(100, 6):
        d = np.sqrt(((flat[batch][:, None] - flat[batch][None]) ** 2).sum(axis=-1))[np.triu_indices(6, 1)]
        near, equal, pairs = near + (d <= 1).any(), equal + (d == 0).any(), pairs + (d <= 1).sum()
        closest.append(d.min())
    counts = [said[f"batches_with_{kind}_duplicate"] for kind in ("near", "exact")]
    assert [*counts, said["near_pairs"]] == [near, equal, pairs]
    assert 0 < equal < near < 100
    assert [one["distance"] for one in said["closest"]] == pytest.approx(sorted(closest)[:24])
    bounds = support_bounds(6, 100, int(near), int(equal), int(pairs), 0.9)
    assert said["effective_support"] == bounds.point
    assert said["effective_support_at_most"] == bounds.effective_at_most
    assert said["support_at_least_statistical"] == bounds.support_at_least
    assert said["support_at_least"] == said["support_at_least_seen"] == 570 > bounds.support_at_least
    assert said["variety_at_least_statistical"] == bounds.variety_at_least
    assert said["variety_at_least"] == said["variety_at_least_seen"] == 30 > bounds.variety_at_least
    assert said["assumptions"] == [
        "the samples are independent draws of one generator",
        "the radius was chosen without looking at them",
    ]
    assert said["folklore"] == 36
    _, out, _ = run(capsys, path, "--size", 6, "--radius", 1, "--confidence", 0.9, "--seed", 5)
    assert out == (
        "x.npy, 600 samples of 4 × 4\nradius 1 (given)\nbatches of 6 (given)\n"
        f"{near} of 100 batches have a near-duplicate, {equal} an exact one\n\n"
        f"effective support     about {number(bounds.point)}, at most {up(bounds.effective_at_most)}\n"
        "samples far apart     at least 30 (seen), no two of them near-duplicates\n"
        "distinct samples      at least 570 (seen); no test bounds them from above\n"
        "folklore s²           36, which no theorem supports as a number of images\n\n"
        "All bounds hold with probability 90 % or more, if the samples are independent draws and\n"
        "the radius was chosen without looking at them; what was seen is certain.\n"
    )


def test_a_size_is_chosen_on_samples_that_are_not_used_again(capsys) -> None:
    path = saved("x.npy", modes(3000))
    code, out, _ = run(capsys, path, "--radius", 1, "--json", "--show", 3000)
    said = json.loads(out)
    assert code == 0
    assert 4 <= said["size"] <= 10  # half of the batches of 7 have two of 30 equally likely
    pilot = said["pilot"]
    assert (pilot["samples"], 2 * pilot["hits"] >= pilot["batches"]) == (256, True)
    used = stream("birthday", 0).permutation(3000)
    assert said["batches"] == (3000 - 256) // said["size"] == len(said["closest"])
    rows = {row for one in said["closest"] for row in one["samples"]}
    assert not rows & set(used[:256].tolist())
    assert abs(said["effective_support"] / 30 - 1) < 0.2
    assert said["effective_support_at_most"] > 30
    assert said["variety_at_least"] <= 30


def test_a_pilot_grows_until_it_settles_the_size_or_ends(capsys) -> None:
    def settled(values: np.ndarray, radius: float) -> Any:
        return chosen(Shuffled(Samples("x", values), np.arange(len(values))), radius, CPU, lambda pairs: None)

    rare = settled(stream("rare").integers(0, 3000, (8000, 1)).astype(float), 0.0)
    assert (rare.pilot, 40 <= rare.size <= 100) == (1024, True)
    never = settled(np.arange(4000.0)[:, None], 0.5)
    assert (never.size, never.pilot, never.batches, never.hits) == (800, 800, 1, 0)
    always = settled(np.zeros((40, 1)), 0.0)
    assert (always.size, always.pilot, always.hits) == (2, 8, 4)
    assert list(sizes(12)) == [2, 3, 4, 6, 8, 11, 12]


@pytest.mark.usefixtures("functions")
def test_a_function_is_called_with_a_seed_where_it_takes_one(capsys) -> None:
    arguments = ("generator:draw", "--size", 5, "--batches", 40, "--json", "--seed", 2)
    code, out, err = run(capsys, *arguments)
    assert code == 0
    said = "drawing 200 samples, 40 batches of 5: less than a second …\nsearching 40 batches of 5 × 75 …\n"
    assert err == "drawing\n" * 3 + said + "drawing\n" * 40 + "wrote birthday.html\n"
    calls = sys.modules["generator"].calls
    assert [count for count, _ in calls] == [64, 64, 64] + [5] * 40
    assert len({seed for _, seed in calls}) == 42
    assert run(capsys, *arguments)[1] == out
    assert json.loads(run(capsys, *arguments[:-1], 3)[1])["near_pairs"] != json.loads(out)["near_pairs"]
    said = json.loads(out)
    assert (said["samples"], said["shape"], said["batches"]) == (None, [3, 5, 5], 40)
    page = Path("birthday.html").read_text(encoding="utf-8")
    assert "each batch a call of its own, seeded from 3." in page
    assert "images of 5 × 5 pixels with 3 channels" in page


@pytest.mark.usefixtures("functions")
def test_a_function_without_a_seed_and_of_any_library_will_do(capsys) -> None:
    code, out, _ = run(capsys, "generator:stateful")
    assert code == 0
    assert "batches of 60" not in out and "of 60 batches have" in out
    assert "without a seed it cannot be drawn again" in Path("birthday.html").read_text(encoding="utf-8")


def test_the_other_kinds_of_file_are_read_alike(capsys) -> None:
    x = np.rint(modes(100))
    saved("a.npy", x)
    np.savez_compressed("b.npz", x)
    torch.save(torch.tensor(x, dtype=torch.float32), "c.pt")
    torch.save({"samples": torch.tensor(x)}, "f.pt")
    saved("d.npy", x.astype(">i4"))
    saved("e.npy", np.asfortranarray(x.astype(np.uint8)))
    found = [
        json.loads(run(capsys, name, "--json")[1]) for name in ("a.npy", "b.npz", "c.pt", "d.npy", "e.npy", "f.pt")
    ]
    assert all({**one, "name": "", "made": ""} == {**found[0], "name": "", "made": ""} for one in found)
    assert found[0]["batches_with_exact_duplicate"] > 0


def pictures(page: str) -> list[np.ndarray]:
    """The images of a page, in order."""
    return [
        np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(data))))
        for data in re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    ]


def test_the_page_stands_alone_and_shows_pairs_beside_the_nearest_real_samples(capsys) -> None:
    x, real = np.rint(modes(120, 30, 0.3)), np.rint(modes(150, 40, 0.1, "real"))
    saved("x.npy", x)
    saved("r.npy", real)
    code, out, err = run(capsys, "x.npy", "--reference", "r.npy", "--radius", 2, "--size", 12, "--show", 4, "--json")
    assert code == 0
    assert err.splitlines()[-1] == "wrote birthday.html"
    page, said = Path("birthday.html").read_text(encoding="utf-8"), json.loads(out)
    for outside in ("<script", "http:", "https:", "//cdn", "<link", "@import", "url("):
        assert outside not in page
    shown = pictures(page)
    assert len(shown) == 16
    low, high = 255 * np.array([x.min(), real.min()]).min(), np.array([x.max(), real.max()]).max()
    flat = real.reshape(150, -1)
    for k, one in enumerate(said["closest"]):
        for place, row in enumerate(one["samples"]):
            distances = ((flat - x[row].ravel()) ** 2).sum(axis=1)
            for image, values in (
                (shown[4 * k + place], x[row]),
                (shown[4 * k + 2 + place], real[distances.argmin()]),
            ):
                drawn = np.vstack([v.ravel() for c in said["closest"] for v in x[c["samples"]]])
                assert image.shape == (4, 4)
                assert np.corrcoef(image.ravel(), values.ravel())[0, 1] > 0.999
                assert drawn.size and low <= 0 < high
            assert f"{math.sqrt(distances.min()):.4g}" in page
        assert f"samples {one['samples'][0]}, {one['samples'][1]}, batch {one['batch']}<br>" in page
    assert "If your eye is stricter than the radius" in page
    bounds = support_bounds(12, 10, said["batches_with_near_duplicate"], 0, said["near_pairs"], 0.95)
    assert page.count(f'<td class="figure">{up(bounds.effective_at_most)}</td>') >= 1
    assert "There is no upper bound on the number of distinct samples" in page
    again = run(capsys, "x.npy", "--reference", "r.npy", "--radius", 2, "--size", 12, "--show", 4)
    assert again[0] == 0
    assert Path("birthday.html").read_text(encoding="utf-8") == page  # no clock, no path


def test_colours_and_levels_are_those_of_the_samples(capsys) -> None:
    random = stream("colours")
    for shape, flipped in (((5, 7, 3), False), ((3, 5, 7), True)):
        x = random.integers(0, 256, (4, *shape)).astype(np.uint8)
        x[0].flat[:2] = (0, 255)
        x[1] = x[0]
        saved("x.npy", x)
        assert run(capsys, "x.npy", "--size", 4)[0] == 0
        image = pictures(Path("birthday.html").read_text(encoding="utf-8"))[0]
        assert np.array_equal(image, np.moveaxis(x[0], 0, -1) if flipped else x[0])


def test_samples_that_are_no_images_are_curves_or_numbers(capsys) -> None:
    saved("x.npy", stream("curves").standard_normal((60, 700)))
    assert run(capsys, "x.npy", "--size", 20, "--show", 2)[0] == 0
    page = Path("birthday.html").read_text(encoding="utf-8")
    assert page.count("<polyline") == 4
    assert all(len(p.split()) == 256 for p in re.findall(r'points="([^"]+)"', page))
    saved("x.npy", np.arange(60)[:, None] % 12 / 4)
    assert run(capsys, "x.npy", "--size", 20, "--show", 1)[0] == 0
    assert "<b class=hit>equal</b>, 0 apart" in Path("birthday.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("shape", "asked", "expected"),
    [
        ((8, 8), None, Layout("image", 8, 8)),
        ((64,), None, Layout("image", 8, 8, guessed=True)),
        ((9,), None, Layout("curve")),
        ((60,), None, Layout("curve")),
        ((2,), None, Layout("numbers")),
        ((), None, Layout("numbers")),
        ((3, 32, 32), None, Layout("image", 32, 32, 3, in_front=True)),
        ((32, 32, 1), None, Layout("image", 32, 32)),
        ((32, 32, 5), None, Layout("curve")),
        ((4, 4, 4, 4), None, Layout("curve")),
        ((64,), "curve", Layout("curve")),
        ((64,), "4x16", Layout("image", 4, 16)),
        ((48,), "3x4x4", Layout("image", 4, 4, 3, in_front=True)),
        ((48,), "4X4X3", Layout("image", 4, 4, 3)),
    ],
)
def test_a_shape_suggests_how_it_is_drawn(shape, asked, expected) -> None:
    assert layout(shape, asked) == expected


def test_a_shape_that_holds_other_numbers_is_an_error() -> None:
    with pytest.raises(BadInput, match="got --draw-as 3x3 for samples of 64 numbers"):
        layout((64,), "3x3")


def test_all_pairs_come_with_a_forecast_and_on_top(capsys) -> None:
    x = modes(300)
    saved("x.npy", x)
    code, out, err = run(capsys, "x.npy", "--radius", 1, "--all-pairs", "--json", "--show", 3)
    said, flat = json.loads(out)["all_pairs"], x.reshape(300, -1)
    truth = np.sqrt(((flat[:, None] - flat[None]) ** 2).sum(axis=-1))[np.triu_indices(300, 1)]
    assert code == 0
    assert re.search(r"^all 44,850 pairs of 300 samples: less than a second, 262 KiB of memory$", err, re.M)
    assert said["near_pairs"] == (truth <= 1).sum()
    assert [one["distance"] for one in said["closest"]] == pytest.approx(np.sort(truth)[:3])
    assert "All pairs of the 300 samples: " in run(capsys, "x.npy", "--radius", 1, "--all-pairs")[1]


def test_samples_and_reference_in_other_units_are_pointed_out(capsys) -> None:
    saved("x.npy", modes(60) / 255)
    saved("r.npy", modes(150))
    _, _, err = run(capsys, "x.npy", "--reference", "r.npy", "--size", 5)
    assert err.splitlines()[0] == (
        "note: numbers from -8.64e-05 to 0.0315 (mean 0.0158, standard deviation 0.00997) in x.npy and from -0.0261 to 8.03"
        " (mean 4.08, standard deviation 2.51) in r.npy; distances need one scale"
    )


def test_what_says_little_says_what_to_do(capsys) -> None:
    saved("x.npy", modes(100))
    for arguments, said in (
        (
            (),
            "No batch has an exact duplicate. Duplicates across batches or among the samples on which the size was chosen"
            " are not looked at without --all-pairs. To look for near-duplicates give --reference with real samples, or"
            " --radius.",
        ),
        (("--radius", 0.001), "No batch has a near-duplicate: more samples, or larger batches, would say more."),
        (("--radius", 1, "--size", 50), "Every batch has a near-duplicate: smaller batches say more; leave --size out"),
        (("--radius", 1, "--size", 9, "--batches", 5), "5 batches give wide bounds: more samples would say more."),
    ):
        assert said in run(capsys, "x.npy", *arguments)[1]


def test_numbers_are_rounded_so_that_bounds_stay_bounds() -> None:
    assert [number(v) for v in (9.4, 57.94, 361.4, 115260, 0.01234, 1e20)] == [
        "9.4", "57.9", "361", "115,000", "0.0123", "1e20",
    ]  # fmt: skip
    assert (up(115260), up(9.401), up(math.inf), down(115760)) == ("116,000", "9.41", "no bound", "115,000")
