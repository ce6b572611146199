"""`theorem-audit measure`: run an empirical experiment, or recompute one cell of it and compare."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # imported where it is used: `--help` is immediate
    from simulators.measured_experiment import MeasuredExperiment

EXPERIMENTS = {
    "small-data": "simulators.small_data_experiment:SmallData",
    "gan-diversity": "simulators.gan_experiment:GanDiversity",
}
INTERRUPTED = 130
Step = Callable[[int], None]


class BadInput(click.ClickException):
    """Something that the user handed in and that cannot be used: one line, exit code 2."""

    exit_code = 2


@click.command()
@click.argument("name")
@click.option("--check", is_flag=True, help="Recompute one cell and compare with the file; exit 1 where they differ.")
@click.option(
    "--cell",
    default=None,
    metavar="CELL",
    help="With --check: the cell to recompute. [default: the one that CI recomputes]",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), default=None, metavar="FILE",
    help="The measurement file. [default: the one that comes with the project]",
)  # fmt: skip
def measure(name: str, check: bool, cell: str | None, output: Path | None) -> None:
    """Run the protocol of an empirical claim and write down what was measured.

    NAME is small-data or gan-diversity: each takes a few minutes.  A run that is interrupted goes on where it was when it is started
    again.
    """
    from simulators.measurement import MeasurementError
    from simulators.small_data_sets import MissingExtra

    experiment = _experiment(name)
    if cell is not None and not check:
        raise BadInput("--cell goes with --check; without it every cell is measured")
    path = output or experiment.file
    try:
        sys.exit(_check(experiment, path, cell or experiment.example) if check else _measure(experiment, path))
    except MissingExtra as problem:
        raise BadInput(str(problem)) from None
    except MeasurementError as problem:
        raise click.ClickException(str(problem)) from None


def _experiment(name: str) -> MeasuredExperiment:
    """The experiment of that name; only its own module is imported."""
    from importlib import import_module

    if name not in EXPERIMENTS:
        raise BadInput(f"unknown experiment {name!r}; expected one of {', '.join(EXPERIMENTS)}")
    module, _, kind = EXPERIMENTS[name].partition(":")
    made: MeasuredExperiment = getattr(import_module(module), kind)()
    return made


def _check(experiment: MeasuredExperiment, path: Path, name: str) -> int:
    """Exit code 0 where the cell comes out as it is written down, 1 where it does not."""
    if not path.is_file():
        raise BadInput(
            f"no measurement at {path}; write one with `theorem-audit measure {experiment.name} --output {path}`"
        )
    written, key = experiment.decode(path.read_text(encoding="utf-8")), experiment.key(name)
    if key is None:
        raise BadInput(f"cell {name!r}; expected {experiment.form}, such as {experiment.example}")
    if key not in written.cells:
        raise BadInput(f"no cell {name} in {path}; expected one such as {experiment.example}")
    with bar("recomputing", experiment.work(key)) as step:
        (found,) = experiment.measure([key], step)
    if found == written.cells[key]:
        click.echo(f"{name}: recomputed, as in the file ({experiment.briefly(found)})", err=True)
        return 0
    for sign, result in (("-", written.cells[key]), ("+", found)):
        click.echo(f"{sign} {name}: {experiment.fully(result)}")
    click.echo(
        f"the cell differs from the file, measured with {written.library}, here {experiment.library().split()[-1]}"
        " (- committed, + recomputed)",
        err=True,
    )
    return 1


def _measure(experiment: MeasuredExperiment, path: Path) -> int:
    """Measure every cell that no earlier run has finished, then write the file in one step."""
    from simulators.measured_experiment import append, resume

    from .report.write import atomically

    beside = path.with_name(path.name + ".unfinished")
    head = experiment.head()
    try:
        finished = dict(experiment.read(value) for value in resume(beside, head))
    except OSError as problem:
        raise BadInput(f"cannot write {beside}: {problem.strerror}; choose another --output") from None
    if finished:
        click.echo(f"going on after {len(finished)} cells that are finished", err=True)
    left = [key for key in experiment.wanted() if key not in finished]
    try:
        with bar("measuring", sum(map(experiment.work, left))) as step:
            for group in experiment.groups(left):
                for key, result in zip(group, experiment.measure(group, step), strict=True):
                    append(beside, experiment.plain(key, result))
                    finished[key] = result
    except KeyboardInterrupt:
        click.echo(
            f"interrupted; {len(finished)} finished cells are kept in {beside.name}: start again to go on",
            err=True,
        )
        return INTERRUPTED
    atomically(path, experiment.encode({key: finished[key] for key in experiment.wanted()}))
    beside.unlink()
    click.echo(f"wrote {path}", err=True)
    return 0


@contextmanager
def bar(words: str, total: int) -> Iterator[Step]:
    """A progress bar with the time left, where there is no terminal one line; gives the function that moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        click.echo(f"{words} …", err=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with (
        heeded() as stop,
        Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress,
    ):
        task = progress.add_task(words, total=total)

        def step(done: int) -> None:
            stop()
            progress.update(task, advance=done)

        yield step


@contextmanager
def heeded() -> Iterator[Callable[[], None]]:
    """Ctrl-C is remembered and raised by the function given, and at the end; a second one is raised at once.

    Raised wherever it arrives, it is lost in libraries that swallow what goes wrong while they are imported.
    """
    pressed: list[int] = []

    def remember(number: int, frame: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    def stop() -> None:
        if pressed:
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before != signal.default_int_handler:
        yield stop
        return
    signal.signal(signal.SIGINT, remember)
    try:
        yield stop
        stop()
    finally:
        signal.signal(signal.SIGINT, before)
