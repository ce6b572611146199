"""`theorem-audit gram`: what it says and how it ends."""

from __future__ import annotations

import re

import numpy as np
import pytest
import rich.style  # noqa: F401 - draws from the global generator when it is first imported
from click.testing import CliRunner

from checks.gram_command import gram, span
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
    done = run(str(images), "--plan", "50000", "--workers", "1", "--depth", "1", "--output", str(tmp_path / "gram.npy"))
    assert done.exit_code == 0, done.output
    assert re.search(r"a pair +\S+ s, an image with itself \S+ s \(one core, all 1 busy\)", done.output)
    assert re.search(r"memory +\d+ MiB a worker", done.output)
    assert re.search(r"50000 images +1249975000 pairs: \S+ \w+ on 1 cores", done.output)
    assert not (tmp_path / "gram.npy").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "expected IMAGES or --demo K"),
        (("images.npy", "--demo", "3"), "expected IMAGES or --demo K"),
        (("nowhere.npy",), "no file"),
        (("nowhere.npy", "--verify"), "--verify goes with --plan N"),
        (("images.npy", "--filter", "4"), "an odd size"),
        (("images.npy", "--pooling", "max"), "max"),
    ],
)
def test_usage_errors_are_one_line_and_exit_code_2(images, monkeypatch, arguments, words):
    monkeypatch.chdir(images.parent)
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output


def test_lengths_of_time_are_for_people():
    assert [span(s) for s in (3, 600, 7200 * 3, 86400 * 4, 86400 * 900)] == [
        "3.0 s",
        "10.0 minutes",
        "6.0 hours",
        "4.0 days",
        "2.5 years",
    ]
