"""`theorem-audit gram`: a convolutional tangent kernel Gram matrix of a user's images, in resumable tiles."""

from __future__ import annotations

import os
import tempfile
import threading
import time
import warnings
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .measure_command import INTERRUPTED, BadInput, bar

if TYPE_CHECKING:  # imported where it is used: `--help` is immediate
    from simulators.gram_tiles import Job
    from simulators.gram_tiles_cost import Cost

CHECKED = (24, 48)
"""Numbers of images whose time is predicted and then measured."""
FEW = 4
PATIENCE = 5.0
"""Seconds that an interrupted pool has to end in."""
NOISE = (2, 32, 32, 3)
"""Images that a plan without images is made with."""


@click.command()
@click.argument("images", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("gram.npy"), show_default=True,
    metavar="FILE", help="Where the matrix goes.",
)  # fmt: skip
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=None, metavar="DIR",
    help="Where finished tiles are kept, to go on after an interruption. [default: OUTPUT.tiles]",
)  # fmt: skip
@click.option("--depth", default=5, show_default=True, type=click.IntRange(1), help="Hidden convolutions.")
@click.option("--filter", "size", default=3, show_default=True, type=click.IntRange(1), help="Odd size of the filters.")
@click.option("--pooling", default="average", show_default=True, type=click.Choice(["average", "none"]))
@click.option("--padding", default="zero", show_default=True, type=click.Choice(["zero", "circular"]))
@click.option(
    "--trained", default="all", show_default=True, type=click.Choice(["all", "middle"]), help="Trained layers."
)
@click.option("--dtype", default="float32", show_default=True, type=click.Choice(["float32", "float64"]))
@click.option("--standardise", is_flag=True, help="Subtract each channel's mean and divide by its standard deviation.")
@click.option("--tile", default=32, show_default=True, type=click.IntRange(1), help="Images along a tile.")
@click.option("--workers", default=None, type=click.IntRange(1), help="Processes. [default: one a core]")
@click.option(
    "--plan", default=None, type=click.IntRange(1), metavar="N",
    help="Say what N images like IMAGES would cost, without IMAGES N of 32 x 32 x 3; compute nothing.",
)  # fmt: skip
@click.option(
    "--verify", is_flag=True, help=f"With --plan: also run {CHECKED[0]} and {CHECKED[1]} images that it predicted."
)
@click.option(
    "--demo", default=None, type=click.IntRange(1), metavar="K", help="K crops of photographs in place of IMAGES."
)
def gram(
    images: Path | None, output: Path, folder: Path | None, plan: int | None, verify: bool, demo: int | None, **how: Any
) -> None:
    """Compute the Gram matrix of IMAGES, an array (n, height, width, channels) in a .npy file, channels last.

    Tiles that are finished are kept: after an interruption, or on more machines that share the folder, start it again.
    """
    from simulators.convolutional_kernel import LayoutWarning
    from simulators.gram_tiles import standardised
    from simulators.measurement import MeasurementError

    if verify and plan is None:
        raise BadInput("--verify goes with --plan N")
    if (images is None) == (demo is None) and (images is not None or plan is None):
        raise BadInput("expected IMAGES or --demo K, one of the two")
    workers = how["workers"] or _cores()
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore", LayoutWarning)  # said in one line instead
        try:
            job = _job(images or (_demo(demo, Path(scratch)) if demo else _noise(Path(scratch))), how)
            job = standardised(job) if how["standardise"] else job
            if plan is not None:
                _plan(job, plan, workers, verify, Path(scratch))
            else:
                _run(job, folder or output.with_name(output.name + ".tiles"), output, workers)
        except MeasurementError as problem:
            raise BadInput(str(problem)) from None


def _job(images: Path, how: dict[str, Any]) -> Job:
    from simulators.convolutional_kernel import ConvolutionalTangentKernel, channels_first, layout
    from simulators.gram_tiles import Job, examine

    kernel = ConvolutionalTangentKernel(how["depth"], how["size"], how["pooling"], how["padding"], how["trained"])
    job = Job(str(images.resolve()), kernel, how["tile"], how["dtype"])
    shape = examine(job)
    if channels_first(shape):
        click.echo(f"note: {images} {layout(shape)}, save np.moveaxis(X, 1, -1)", err=True)
    return job


def _demo(count: int, scratch: Path) -> Path:
    import numpy as np

    from simulators.gram_tiles_photographs import MissingExtra, crops

    try:
        pictures = crops(count)
    except MissingExtra as problem:
        raise BadInput(str(problem)) from None
    path = scratch / "crops.npy"
    np.save(path, pictures)
    return path


def _noise(scratch: Path) -> Path:
    """Images whose cost is that of any others of their size."""
    import numpy as np

    from simulators.streams import octets

    path = scratch / "noise.npy"
    np.save(path, np.frombuffer(octets(int(np.prod(NOISE)), "images to plan with"), dtype=np.uint8).reshape(NOISE))
    return path


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _run(job: Job, folder: Path, output: Path, workers: int) -> None:
    """Compute with a bar; exit code 130 where it is interrupted."""
    from simulators.gram_tiles import examine, gram, processes

    n, height, width, channels = examine(job)
    everything = n * (n + 1) // 2
    before = set(threading.enumerate())
    executor = processes(workers)
    try:
        with bar(f"Gram matrix of {n} images {height} × {width} × {channels}", everything) as step:
            told: list[int] = []

            def tell(pairs: int, left: int) -> None:
                if not told and left < everything:
                    click.echo(f"going on: {everything - left} of {everything} pairs are finished", err=True)
                    step(everything - left)
                told.append(pairs)
                step(pairs)

            gram(job, folder, output, executor=executor, told=tell)
    except KeyboardInterrupt:
        # The pool first forgets what was cancelled, else its thread reports dead workers to cancelled tiles; and it is
        # held until that thread has ended, which does neither once the pool is collected.
        executor.shutdown(wait=False, cancel_futures=True)
        for worker in active_children():  # a tile may take a minute, and one that is not finished leaves nothing
            worker.terminate()
        for thread in set(threading.enumerate()) - before:
            thread.join(PATIENCE)
        click.echo(f"interrupted; finished tiles are kept in {folder}: start again to go on", err=True)
        raise SystemExit(INTERRUPTED) from None
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
    click.echo(f"wrote {output}", err=True)


def _plan(job: Job, n: int, workers: int, verify: bool, scratch: Path) -> None:
    from simulators.gram_tiles import examine, processes
    from simulators.gram_tiles_cost import measure

    height, width, channels = examine(job)[1:]
    click.echo(f"measuring on {workers} {'core' if workers == 1 else 'cores'} …", err=True)
    with processes(workers) as executor:
        cost = measure(job, executor, workers)
    click.echo(f"images            {height} × {width} × {channels}, {job.dtype}, depth {job.kernel.depth}")
    click.echo(
        f"a pair            {cost.pair:.3g} s, an image with itself {cost.itself:.3g} s (one core, all {workers} busy)"
    )
    click.echo(f"memory            {bytes_of(cost.memory)} a worker, {bytes_of(workers * cost.memory)} in all")
    click.echo(f"to begin          {cost.start:.1f} s")
    click.echo(_predicted(cost, job, n))
    if verify:
        for count in CHECKED:
            _checked(cost, job, count, scratch)


def _predicted(cost: Cost, job: Job, n: int) -> str:
    seconds = cost.predict(n, job.tile)
    cores = "core" if cost.workers == 1 else "cores"
    bytes_ = n * n * (4 if job.dtype == "float32" else 8)
    return (
        f"{f'{n} images':<17} {n * (n - 1) // 2} pairs: {span(seconds)} on {cost.workers} {cores},"
        f" {span(seconds * cost.workers)} of one core; {bytes_of(bytes_)} of matrix, as much again of tiles"
    )


def _checked(cost: Cost, job: Job, count: int, scratch: Path) -> None:
    """Run a size that was predicted, images repeated as needed, and print both times."""
    import numpy as np

    from simulators.gram_tiles import gram, processes

    pictures = np.load(job.images, mmap_mode="r")
    path = scratch / f"{count}.npy"
    np.save(path, np.asarray(pictures)[np.arange(count) % len(pictures)])
    small = replace(job, images=str(path), tile=FEW)
    start = time.perf_counter()
    with processes(cost.workers) as executor:
        gram(small, scratch / f"{count}.tiles", scratch / f"{count}.gram.npy", executor=executor)
    spent, expected = time.perf_counter() - start, cost.predict(count, FEW)
    click.echo(f"{f'{count} images':<17} predicted {expected:.1f} s, took {spent:.1f} s ({spent / expected:.2f} of it)")


def bytes_of(count: int) -> str:
    """A number of bytes for people."""
    for name, power in (("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 2**power:
            return f"{count / 2**power:.3g} {name}" if count < 1000 * 2**power else f"{count / 2**power:.0f} {name}"
    return f"{count} bytes"


def span(seconds: float) -> str:
    """A length of time for people."""
    for name, length in (("years", 365.25 * 86400), ("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {name}"
    return f"{seconds:.1f} s"
