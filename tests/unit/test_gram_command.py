"""`theorem-audit gram`: what it says and how it ends."""

from __future__ import annotations

import re

import numpy as np
import pytest
import rich.style  # noqa: F401 - draws from the global generator when it is first imported
from click.testing import CliRunner

from checks.gram_command import bytes_of, gram, span
from simulators.convolutional_kernel import ConvolutionalTangentKernel


def run(*arguments: str):
    return CliRunner().invoke(gram, list(arguments))


@pytest.fixture
def images(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(0).standard_normal((4, 5, 5, 2)))
    return path


def test_it_writes_the_matrix_and_keeps_the_tiles(images, tmp_path):
    output = tmp_path / "gram.npy"
    done = run(
        str(images), "--output", str(output), "--depth", "2", "--dtype", "float64", "--tile", "2", "--workers", "1"
    )
    assert done.exit_code == 0, done.output
    assert f"wrote {output}" in done.stderr
    np.testing.assert_allclose(np.load(output), ConvolutionalTangentKernel(2)(np.load(images)), rtol=1e-13)
    assert len(list((tmp_path / "gram.npy.tiles").glob("tile-*.npy"))) == 3
    refused = run(
        str(images), "--output", str(output), "--depth", "3", "--dtype", "float64", "--tile", "2", "--workers", "1"
    )
    assert refused.exit_code == 2
    assert "made with other kernel; expected" in refused.stderr


def test_a_plan_says_what_it_would_cost_and_computes_nothing(images, tmp_path):
    held = np.ones(2**27)  # 1 GiB that is this process's own and no worker's
    done = run(str(images), "--plan", "50000", "--workers", "1", "--depth", "1", "--output", str(tmp_path / "gram.npy"))
    assert done.exit_code == 0, done.output
    assert re.search(r"a pair +\S+ s, an image with itself \S+ s \(one core, all 1 busy\)", done.output)
    assert re.search(r"memory +\d+ MiB a worker", done.output)
    assert held.size
    assert re.search(r"50000 images +1249975000 pairs: \S+ \w+ on 1 core, .* 9\.31 GiB of matrix", done.output)
    assert not (tmp_path / "gram.npy").exists()


def test_a_plan_without_images_is_for_those_of_cifar(tmp_path):
    done = run("--plan", "100", "--workers", "1", "--depth", "1", "--output", str(tmp_path / "gram.npy"))
    assert done.exit_code == 0, done.output
    assert "images            32 × 32 × 3, float32, depth 1\n" in done.output
    assert re.search(r"100 images +4950 pairs: .* 39\.1 KiB of matrix", done.output)
    assert not list(tmp_path.iterdir())


def test_images_whose_channels_seem_to_come_first_are_pointed_out(tmp_path):
    np.save(tmp_path / "images.npy", np.random.default_rng(0).standard_normal((2, 3, 6, 6)))
    done = run(
        str(tmp_path / "images.npy"),
        "--output",
        str(tmp_path / "g.npy"),
        "--depth",
        "1",
        "--workers",
        "1",
        "--tile",
        "1",
    )
    assert done.exit_code == 0, done.output
    assert done.stderr.count("is taken as images of 3 x 6 pixels with 6 channels; where channels come first") == 1
    assert "LayoutWarning" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "expected IMAGES or --demo K"),
        (("images.npy", "--demo", "3"), "expected IMAGES or --demo K"),
        (("images.npy", "--demo", "3", "--plan", "9"), "expected IMAGES or --demo K"),
        (("images.npy", "--output", "nowhere/x.npy"), "no directory nowhere for x.npy"),
        (("images.npy", "--folder", "nowhere/tiles"), "no directory nowhere for tiles"),
        (("images.npy", "--output", "images.npy"), "images.npy for the result and the images"),
        (("words.npy",), "words.npy, which is no .npy file; expected an array saved by numpy.save"),
        (("many.npz",), "many.npz, an archive of arrays (.npz); expected an array saved by numpy.save"),
        (("nowhere.npy",), "no file"),
        (("nowhere.npy", "--verify"), "--verify goes with --plan N"),
        (("images.npy", "--filter", "4"), "an odd size"),
        (("images.npy", "--pooling", "max"), "max"),
    ],
)
def test_usage_errors_are_one_line_and_exit_code_2(images, monkeypatch, arguments, words):
    monkeypatch.chdir(images.parent)
    (images.parent / "words.npy").write_text("an array of words")
    np.savez(images.parent / "many.npz", a=np.zeros(3))
    there = sorted(images.parent.iterdir())
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert "pickle" not in done.output
    assert sorted(images.parent.iterdir()) == there


def test_lengths_of_time_are_for_people():
    assert [span(s) for s in (3, 600, 7200 * 3, 86400 * 4, 86400 * 900)] == [
        "3.0 s",
        "10.0 minutes",
        "6.0 hours",
        "4.0 days",
        "2.5 years",
    ]


def test_numbers_of_bytes_are_for_people():
    sizes = [bytes_of(n) for n in (40, 40000, 236 * 2**20, 1023 * 2**20, 10**10, 2**42)]
    assert sizes == ["40 bytes", "39.1 KiB", "236 MiB", "1023 MiB", "9.31 GiB", "4 TiB"]
