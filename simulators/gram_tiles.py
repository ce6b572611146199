"""Gram matrices of images in tiles over a `concurrent.futures.Executor`, resumable after a kill.

    with processes() as executor:
        gram("images.npy", "folder", ConvolutionalTangentKernel(5), executor=executor)

Each tile is a file of its own, written under another name and renamed: it is whole or absent.  A manifest holds a hash
of the images, the kernel and the tiling, so that a folder never mixes two of them, and every tile is sealed with it, its
place and its content: a tile that was moved or changed is computed again.  What is there is not, whoever computed it; a
lost worker costs its tile, and workers end with the process that started them.  Executors are local processes (spawned, one thread each), or those of
other libraries, such as `Client.get_executor()` of dask where the workers see the same files.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np

from simulators.convolutional_kernel import ConvolutionalTangentKernel, LayoutWarning, channels_first, layout
from simulators.gram_tiles_file import SUFFIX, atomically, identity, load, save
from simulators.measurement import MeasurementError

MANIFEST = "manifest.json"
VERSION = 2
AHEAD = 64
"""Tiles that are handed to an executor before one of them is done."""


class GramError(MeasurementError):
    """A Gram matrix that cannot be computed or continued: got, expected, remedy."""

    def __init__(self, got: str, expected: str) -> None:
        super().__init__(got, expected)


@dataclass(frozen=True)
class Job:
    """What is computed: images in a file (n, height, width, channels), a kernel, the number type, images along a tile.

    ``shift`` and ``divide``: numbers for each channel; images enter as (images - shift)/divide.
    """

    images: str
    kernel: ConvolutionalTangentKernel
    tile: int = 32
    dtype: str = "float32"
    shift: tuple[float, ...] = ()
    divide: tuple[float, ...] = ()

    def load(self, start: int, stop: int) -> np.ndarray:
        """Images from ``start`` to ``stop``, as they enter the kernel."""
        part = np.asarray(np.load(self.images, mmap_mode="r")[start:stop], dtype=np.float64)
        if self.shift:
            part = (part - np.array(self.shift)) / np.array(self.divide)
        return part.astype(self.dtype)


@dataclass(frozen=True)
class Tile:
    """Rows and columns of the matrix, column block not before row block: the rest follows by symmetry."""

    row: int
    column: int
    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"tile-{self.row:06d}-{self.column:06d}.npy"

    @property
    def shape(self) -> tuple[int, int]:
        """Its shape."""
        return self.rows[1] - self.rows[0], self.columns[1] - self.columns[0]

    @property
    def pairs(self) -> tuple[int, int]:
        """How many pairs of different images, and how many of an image with itself, it has to compute."""
        a, b = self.shape
        return (a * (a - 1) // 2, a) if self.row == self.column else (a * b, 0)


def tiles(n: int, size: int) -> Iterator[Tile]:
    """The tiles of a symmetric matrix of n rows, row by row."""
    ends = [(start, min(start + size, n)) for start in range(0, n, size)]
    for a, rows in enumerate(ends):
        for b in range(a, len(ends)):
            yield Tile(a, b, rows, ends[b])


def standardised(job: Job) -> Job:
    """The job with the mean and the standard deviation of every channel of its images."""
    values = np.load(job.images, mmap_mode="r")
    count, total, square = 0, 0.0, 0.0
    for part in (np.asarray(values[k : k + 1024], dtype=np.float64) for k in range(0, len(values), 1024)):
        count += part[..., 0].size
        total, square = total + part.sum((0, 1, 2)), square + (part**2).sum((0, 1, 2))
    mean = np.asarray(total / count)
    spread = np.sqrt(np.maximum(square / count - mean**2, 0))
    if not (spread > 0).all():
        raise GramError("a channel that is constant", "channels that vary, or images that are taken as they are")
    return replace(job, shift=tuple(mean.tolist()), divide=tuple(spread.tolist()))


def examine(job: Job) -> tuple[int, ...]:
    """The shape of the images.  Raises `GramError` where they cannot be used."""
    path = Path(job.images)
    if not path.is_file():
        raise GramError(f"no file {path}", "images (n, height, width, channels) saved by numpy.save")
    with path.open("rb") as file:
        magic = file.read(6)
    if magic[:2] == b"PK":
        raise GramError(f"{path}, an archive of arrays (.npz)", "an array saved by numpy.save; save one of them alone")
    if magic != b"\x93NUMPY":
        raise GramError(f"{path}, which is no .npy file", "an array saved by numpy.save")
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError):
        raise GramError(
            f"{path}, which is cut off or holds Python objects",
            "an array saved by numpy.save, whole and of numbers",
        ) from None
    if not isinstance(values, np.ndarray) or values.ndim != 4 or min(values.shape) < 1:
        raise GramError(
            f"{path} of shape {getattr(values, 'shape', 'unknown')}",
            "(n, height, width, channels) with at least one image; grey images take X[..., None]",
        )
    if values.dtype.kind not in "uif":
        raise GramError(f"{path} of {values.dtype}", "integers or floating-point numbers")
    if job.dtype not in ("float32", "float64") or job.tile < 1:
        raise GramError(
            f"dtype {job.dtype} and tile {job.tile}", "float32 or float64, and at least 1 image along a tile"
        )
    if values.dtype.kind == "f":
        for k in range(0, len(values), 1024):
            bad = ~np.isfinite(values[k : k + 1024]).reshape(len(values[k : k + 1024]), -1).all(1)
            if bad.any():
                raise GramError(f"NaN or infinity in image {k + int(bad.argmax())} of {path}", "finite numbers")
    return tuple(values.shape)


def manifest(job: Job) -> dict[str, Any]:
    """What a folder of tiles belongs to, as JSON values: the images are told by their SHA-256."""
    values = np.load(job.images, mmap_mode="r")
    digest = hashlib.sha256(f"{values.shape} {values.dtype.str}".encode())
    for k in range(0, len(values), 1024):
        digest.update(np.ascontiguousarray(values[k : k + 1024]).data)
    return {
        "version": VERSION,
        "images": digest.hexdigest(),
        "shape": list(values.shape),
        "kernel": asdict(job.kernel),
        "tile": job.tile,
        "dtype": job.dtype,
        "shift": list(job.shift),
        "divide": list(job.divide),
    }


def prepare(job: Job, folder: Path) -> str:
    """Make the folder, or make sure that it is of this job; what seals the tiles.

    Raises `GramError` where it is of another job, or where there is no directory to make it in.
    """
    wanted = manifest(job)
    path = folder / MANIFEST
    if not path.exists():
        if folder.exists() and any(folder.glob("tile-*.npy")):
            raise GramError(f"tiles without {MANIFEST} in {folder}", "an empty folder, or one that this command made")
        folder.mkdir(exist_ok=True)
        atomically(path, lambda file: file.write((json.dumps(wanted, indent=1, sort_keys=True) + "\n").encode()))
        return identity(wanted)
    try:
        found = json.loads(path.read_text())
    except ValueError:
        raise GramError(f"{path}, which is no JSON", "the manifest that was written; choose another folder") from None
    different = [name for name in wanted if not isinstance(found, dict) or found.get(name) != wanted[name]]
    if different:
        raise GramError(
            f"{folder}, made with other {', '.join(different)}",
            "the images, the kernel and the tiling that it was made with; choose another folder",
        )
    return identity(wanted)


def writable(path: Path, job: Job) -> None:
    """Raises `GramError` where a file or folder cannot be written: an error now rather than after the work."""
    directory = path.resolve().parent
    if not directory.is_dir():
        raise GramError(f"no directory {path.parent} for {path.name}", "one that is there; make it or choose another")
    if not os.access(directory, os.W_OK):
        raise GramError(f"the directory {path.parent}, which cannot be written", "one that can; choose another")
    if path.resolve() == Path(job.images).resolve():
        raise GramError(f"{path} for the result and the images", "two files; choose another for the result")


def compute(job: Job, tile: Tile, folder: str, seal: str) -> float:
    """Compute one tile and write it with the job's seal; the seconds that took.  Runs in a worker."""
    start = time.perf_counter()
    rows = job.load(*tile.rows)
    values = job.kernel(rows) if tile.row == tile.column else job.kernel(rows, job.load(*tile.columns))
    if not np.isfinite(values).all():
        raise GramError(f"a tile {tile.name} that is not finite", "images of moderate size; standardise them")
    save(Path(folder) / tile.name, values, seal, tile.row, tile.column)
    return time.perf_counter() - start


def one_thread() -> None:
    """Workers use one thread each: the processes fill the cores.  Ctrl-C is the business of who started them.

    A worker ends when who started it is gone, killed or not; the tile at hand leaves nothing.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warnings.simplefilter("ignore", LayoutWarning)  # said once, by who started them
    import torch

    torch.set_num_threads(1)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def processes(workers: int | None = None) -> ProcessPoolExecutor:
    """Local processes, started afresh (spawn); by default as many as this one may use cores."""
    count = workers or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=one_thread)


Told = Callable[[int, int], None]


def gram(
    job: Job, folder: str | Path, output: str | Path, *, executor: Executor, told: Told = lambda pairs, left: None
) -> Path:
    """Compute all tiles that the folder lacks, then write the matrix (n, n) to ``output``; returns its path.

    ``told(pairs, left)`` hears of every finished tile: its pairs of images, and the pairs left (at first with 0).
    Raises `GramError` for bad images, for a folder of another job, where nothing can be written and where a worker
    fails; finished tiles stay.
    """
    shape = examine(job)
    folder, output = Path(folder), Path(output)
    for path in (output, folder):
        writable(path, job)
    if channels_first(shape):
        warnings.warn(f"{job.images} {layout(shape)}, save np.moveaxis(X, 1, -1)", LayoutWarning, stacklevel=2)
    seal = prepare(job, folder)
    for scrap in folder.glob(f"*{SUFFIX}"):
        scrap.unlink(missing_ok=True)
    plan = list(tiles(shape[0], job.tile))
    missing = [tile for tile in plan if load(folder / tile.name, seal, tile.row, tile.column) is None]
    left = sum(sum(tile.pairs) for tile in missing)
    told(0, left)
    queue, running = iter(missing), dict[Future[float], Tile]()
    try:
        while True:
            while len(running) < AHEAD and (tile := next(queue, None)) is not None:
                running[executor.submit(compute, job, tile, str(folder), seal)] = tile
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                tile = running.pop(future)
                future.result()
                left -= sum(tile.pairs)
                told(sum(tile.pairs), left)
    except MeasurementError:
        raise
    except (OSError, RuntimeError, MemoryError) as problem:  # a killed worker breaks its pool: a RuntimeError
        raise GramError(
            f"{type(problem).__name__} in a worker: {problem}", f"workers that live; run again to go on in {folder}"
        ) from None
    finally:
        for future in running:
            future.cancel()
    return assemble(plan, shape[0], folder, output, job.dtype, seal)


def assemble(plan: list[Tile], n: int, folder: Path, output: Path, dtype: str, seal: str) -> Path:
    """Write the symmetric matrix from its tiles, under another name first.  Raises `GramError` for a tile that is lost."""
    beside = output.with_name(f"{output.name}.{os.getpid()}{SUFFIX}")
    matrix = np.lib.format.open_memmap(beside, mode="w+", dtype=np.dtype(dtype), shape=(n, n))
    for tile in plan:
        values = load(folder / tile.name, seal, tile.row, tile.column)
        if values is None:
            del matrix
            beside.unlink()
            raise GramError(f"{folder / tile.name}, lost or changed meanwhile", "tiles left alone; run again to go on")
        (a, b), (c, d) = tile.rows, tile.columns
        matrix[a:b, c:d] = values
        if tile.row != tile.column:
            matrix[c:d, a:b] = values.T
    matrix.flush()
    del matrix
    beside.replace(output)
    return output
