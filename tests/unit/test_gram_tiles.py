"""Gram matrices in tiles: the matrix, what is kept, and what is refused."""

from __future__ import annotations

import json
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulators import gram_tiles
from simulators.convolutional_kernel import ConvolutionalTangentKernel, LayoutWarning
from simulators.gram_tiles import GramError, Job, gram, standardised, tiles
from simulators.gram_tiles_cost import Cost
from simulators.gram_tiles_file import atomically
from simulators.gram_tiles_photographs import PHOTOGRAPHS, crops
from simulators.measurement import MeasurementError

KERNEL = ConvolutionalTangentKernel(2)


class Here(Executor):
    """Runs what is submitted at once, in this process, and counts it."""

    def __init__(self) -> None:
        self.count = 0

    def submit(self, task, /, *args, **kwargs):
        self.count += 1
        future: Future = Future()
        try:
            future.set_result(task(*args, **kwargs))
        except ValueError as problem:  # what tasks raise, `GramError` too
            future.set_exception(problem)
        return future


@pytest.fixture
def job(tmp_path):
    images = np.random.default_rng(3).integers(0, 255, (7, 4, 3, 2)).astype(np.uint8)
    np.save(tmp_path / "images.npy", images)
    return Job(str(tmp_path / "images.npy"), KERNEL, tile=3, dtype="float64")


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_the_tiles_make_up_the_matrix(job, tmp_path, size):
    told = []
    path = gram(
        replace(job, tile=size),
        tmp_path / "tiles",
        tmp_path / "gram.npy",
        executor=Here(),
        told=lambda *t: told.append(t),
    )
    found, images = np.load(path), np.load(job.images)
    np.testing.assert_allclose(found, KERNEL(images), rtol=1e-13)
    assert np.array_equal(found, found.T)
    assert told[0] == (0, 28)
    assert told[-1][1] == 0
    assert sum(pairs for pairs, _ in told) == 28 == sum(sum(t.pairs) for t in tiles(7, size))


def test_threads_of_another_executor_do_as_well(job, tmp_path):
    with ThreadPoolExecutor(2) as executor:
        path = gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=executor)
    again = gram(job, tmp_path / "other", tmp_path / "again.npy", executor=Here())
    assert path.read_bytes() == again.read_bytes()


def test_dask_s_executor_does_as_well(job, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.Client(processes=False, n_workers=1, dashboard_address=None) as client:
        path = gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=client.get_executor())
    again = gram(job, tmp_path / "other", tmp_path / "again.npy", executor=Here())
    assert path.read_bytes() == again.read_bytes()


def test_finished_tiles_are_kept_and_broken_ones_are_not(job, tmp_path):
    folder, output, executor = tmp_path / "tiles", tmp_path / "gram.npy", Here()
    gram(job, folder, output, executor=executor)
    whole, stamps = output.read_bytes(), {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert executor.count == 6
    executor = Here()
    gram(job, folder, output, executor=executor)
    assert executor.count == 0
    assert stamps == {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    victims = sorted(folder.glob("tile-*.npy"))[:5]
    victims[0].write_bytes(victims[0].read_bytes()[:-8])  # half written
    victims[1].write_bytes(b"")
    victims[2].unlink()
    np.save(victims[3], np.zeros((2, 2)))  # another shape
    np.save(victims[4], np.full((3, 3), np.nan))
    executor = Here()
    gram(job, folder, output, executor=executor)
    assert executor.count == 5
    assert output.read_bytes() == whole


def test_a_tile_that_is_not_of_its_place_its_job_or_its_content_is_computed_again(job, tmp_path):
    """Copied from another place, from another job's folder, from numpy.save, or with a changed byte."""
    folder, other, output = tmp_path / "tiles", tmp_path / "other", tmp_path / "gram.npy"
    job = replace(job, tile=2)
    gram(job, folder, output, executor=Here())
    gram(replace(job, kernel=ConvolutionalTangentKernel(3)), other, tmp_path / "other.npy", executor=Here())
    whole = output.read_bytes()
    names = [f"tile-{a:06d}-{b:06d}.npy" for a, b in ((0, 1), (0, 2), (1, 1), (2, 2))]
    paths = [folder / name for name in names]
    assert np.load(paths[0]).shape == np.load(paths[1]).shape == (2, 2)
    paths[0].write_bytes(paths[1].read_bytes())
    paths[1].write_bytes((other / names[1]).read_bytes())
    np.save(paths[2], np.load(paths[2]) + 1)
    content = bytearray(paths[3].read_bytes())
    content[-40] ^= 1
    paths[3].write_bytes(content)
    executor = Here()
    gram(job, folder, output, executor=executor)
    assert executor.count == 4
    assert output.read_bytes() == whole


class Meddling(Here):
    """Changes a finished tile while the last one is computed."""

    def __init__(self, victim):
        super().__init__()
        self.victim = victim

    def submit(self, task, /, *args, **kwargs):
        if self.count == 5:
            self.victim.write_bytes(self.victim.read_bytes()[:-1] + b"!")
        return super().submit(task, *args, **kwargs)


def test_a_tile_that_is_changed_meanwhile_is_one_clear_error(job, tmp_path):
    executor = Meddling(tmp_path / "tiles" / "tile-000000-000001.npy")
    with pytest.raises(GramError, match=r"tile-000000-000001\.npy, lost or changed meanwhile"):
        gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=executor)
    assert files(tmp_path) == ["images.npy", "tiles"]
    gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=Here())


def test_channels_that_seem_to_come_first_are_warned_of(job, tmp_path):
    np.save(job.images, np.zeros((1, 3, 6, 6)))
    with pytest.warns(LayoutWarning, match="is taken as images of 3 x 6 pixels") as told:
        gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=Here())
    assert "images.npy of shape (1, 3, 6, 6)" in str(told[0].message)
    assert "save np.moveaxis(X, 1, -1)" in str(told[0].message)


def test_scraps_of_a_killed_writer_are_removed(job, tmp_path):
    folder = tmp_path / "tiles"
    gram(job, folder, tmp_path / "gram.npy", executor=Here())
    before = files(folder)
    (folder / "tile-000000-000001.npy.77.unfinished").write_bytes(b"half")
    gram(job, folder, tmp_path / "gram.npy", executor=Here())
    assert files(folder) == before


def test_a_writer_whose_file_another_run_clears_writes_it_again(tmp_path):
    """Runs on several machines share a folder, and each clears at its start what is unfinished."""
    written = []

    def write(file):
        written.append(Path(file.name))
        file.write(b"whole")
        if len(written) == 1:
            written[0].unlink()

    atomically(tmp_path / "tile", write)
    assert len(written) == 2
    assert files(tmp_path) == ["tile"]
    assert (tmp_path / "tile").read_bytes() == b"whole"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tile": 2}, "other tile"),
        ({"dtype": "float32"}, "other dtype"),
        ({"kernel": ConvolutionalTangentKernel(3)}, "other kernel"),
        ({"kernel": ConvolutionalTangentKernel(2, padding="circular")}, "other kernel"),
        ({"shift": (1.0, 2.0), "divide": (1.0, 1.0)}, "other shift, divide"),
    ],
)
def test_a_folder_of_another_job_is_refused(job, tmp_path, change, named):
    gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=Here())
    with pytest.raises(
        GramError, match=f"{named}; expected the images, the kernel and the tiling that it was made with"
    ):
        gram(replace(job, **change), tmp_path / "tiles", tmp_path / "gram.npy", executor=Here())


def test_a_folder_of_other_images_is_refused(job, tmp_path):
    gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=Here())
    images = np.load(job.images)
    images[6, 3, 2, 1] += 1
    np.save(job.images, images)
    with pytest.raises(GramError, match="other images; expected"):
        gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=Here())


def test_a_folder_without_a_sound_manifest_is_refused(job, tmp_path):
    folder = tmp_path / "tiles"
    gram(job, folder, tmp_path / "gram.npy", executor=Here())
    (folder / "manifest.json").write_text("{")
    with pytest.raises(GramError, match="which is no JSON"):
        gram(job, folder, tmp_path / "gram.npy", executor=Here())
    (folder / "manifest.json").write_text("[]")
    with pytest.raises(GramError, match="made with other version, images"):
        gram(job, folder, tmp_path / "gram.npy", executor=Here())
    (folder / "manifest.json").unlink()
    with pytest.raises(GramError, match=r"tiles without manifest\.json"):
        gram(job, folder, tmp_path / "gram.npy", executor=Here())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((3, 4, 4)), r"shape \(3, 4, 4\); expected \(n, height, width, channels\)"),
        (np.zeros((0, 4, 4, 1)), "at least one image"),
        (np.array([["a"]]), "expected"),
        (np.full((2, 1, 1, 1), 1j), "complex128; expected integers or floating-point"),
        (np.array([0.0, np.nan, np.inf]).reshape(3, 1, 1, 1), "NaN or infinity in image 1"),
    ],
)
def test_bad_images_are_one_clear_error(job, tmp_path, values, words):
    np.save(job.images, values)
    with pytest.raises(GramError, match=words):
        gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=Here())
    assert not (tmp_path / "tiles").exists()


def test_files_that_are_no_arrays_are_one_clear_error(job, tmp_path):
    with pytest.raises(GramError, match="no file"):
        gram(replace(job, images=str(tmp_path / "none.npy")), tmp_path / "t", tmp_path / "g.npy", executor=Here())
    for content in (b"", b"words", np.load(job.images).tobytes()):
        (tmp_path / "bad.npy").write_bytes(content)
        with pytest.raises(GramError, match=r"expected an array saved by numpy\.save"):
            gram(replace(job, images=str(tmp_path / "bad.npy")), tmp_path / "t", tmp_path / "g.npy", executor=Here())


class Dying(Here):
    """Its third task finds the worker killed."""

    def submit(self, task, /, *args, **kwargs):
        if self.count == 2:
            from concurrent.futures.process import BrokenProcessPool

            future: Future = Future()
            future.set_exception(BrokenProcessPool("a worker was killed"))
            return future
        return super().submit(task, *args, **kwargs)


def test_a_dead_worker_is_one_clear_error_and_finished_tiles_stay(job, tmp_path):
    with pytest.raises(GramError, match=r"BrokenProcessPool in a worker.*run again to go on"):
        gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=Dying())
    executor = Here()
    gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=executor)
    assert executor.count == 4


def test_standardised_channels_have_mean_0_and_deviation_1(job, tmp_path):
    made = standardised(job)
    images = made.load(0, 7)
    np.testing.assert_allclose(images.mean((0, 1, 2)), 0, atol=1e-14)
    np.testing.assert_allclose(images.std((0, 1, 2)), 1, rtol=1e-12)
    path = gram(made, tmp_path / "tiles", tmp_path / "gram.npy", executor=Here())
    np.testing.assert_allclose(np.load(path), KERNEL(images), rtol=1e-12)
    np.save(job.images, np.ones((2, 3, 3, 1)))
    with pytest.raises(GramError, match="a channel that is constant"):
        standardised(job)


def test_the_cost_of_few_tiles_follows_the_workers_and_of_many_the_sum(monkeypatch):
    cost = Cost(pair=2.0, itself=1.0, start=10.0, memory=0, workers=2)
    assert cost.predict(4, 4) == 10 + 6 * 2 + 4  # one tile: one worker
    assert cost.predict(2, 1) == 10 + 2  # 1 and 2, then 1 more
    exact = cost.predict(100, 5)
    monkeypatch.setattr("simulators.gram_tiles_cost.SIMULATED", 0)
    assert 0 <= exact - cost.predict(100, 5) <= 2 * 50
    assert cost.predict(50_000, 32) == 10 + (50_000 * 49_999 / 2 * 2 + 50_000) / 2


def test_crops_are_of_the_photographs_and_all_different():
    pytest.importorskip("skimage")
    found = crops(60)
    assert found.shape == (60, 32, 32, 3)
    assert found.dtype == np.uint8
    assert len({image.tobytes() for image in found}) == 60
    assert len(PHOTOGRAPHS) == 4
    with pytest.raises(MeasurementError, match="which the photographs hold"):
        crops(10**6)


def test_a_manifest_is_plain_json(job, tmp_path):
    gram(job, tmp_path / "tiles", tmp_path / "gram.npy", executor=Here())
    found = json.loads((tmp_path / "tiles" / gram_tiles.MANIFEST).read_text())
    assert found["kernel"]["depth"] == 2
    assert found["shape"] == [7, 4, 3, 2]
    assert len(found["images"]) == 64
