"""`theorem-audit measure`: run an empirical experiment, or recompute one cell of it and compare."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # imported where it is used: `--help` is immediate
    from simulators.small_data_file import Key
    from simulators.small_data_sets import DataSet

EXPERIMENTS = ("small-data",)
CELL = "primary-tumor-330/0/ntk"
INTERRUPTED = 130
Step = Callable[[int], None]


class BadInput(click.ClickException):
    """Something that the user handed in and that cannot be used: one line, exit code 2."""

    exit_code = 2


@click.command()
@click.argument("name")
@click.option("--check", is_flag=True, help="Recompute one cell and compare with the file; exit 1 where they differ.")
@click.option(
    "--cell", default=None, metavar="DATA/SEED/METHOD", help=f"With --check: the cell to recompute. [default: {CELL}]"
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), default=None, metavar="FILE",
    help="The measurement file. [default: the one that comes with the project]",
)  # fmt: skip
def measure(name: str, check: bool, cell: str | None, output: Path | None) -> None:
    """Run the protocol of an empirical claim and write down what was measured.

    NAME is small-data: takes a few minutes.  A run that is interrupted goes on where it was when it is started again.
    """
    from simulators.measurement import MeasurementError
    from simulators.small_data_file import FILE
    from simulators.small_data_sets import MissingExtra

    if name not in EXPERIMENTS:
        raise BadInput(f"unknown experiment {name!r}; expected one of {', '.join(EXPERIMENTS)}")
    if cell is not None and not check:
        raise BadInput("--cell goes with --check; without it every cell is measured")
    path = output or FILE
    try:
        sys.exit(_check(path, cell or CELL) if check else _measure(path))
    except MissingExtra as problem:
        raise BadInput(str(problem)) from None
    except MeasurementError as problem:
        raise click.ClickException(str(problem)) from None


def _check(path: Path, name: str) -> int:
    """Exit code 0 where the cell comes out as it is written down, 1 where it does not."""
    from simulators.small_data_file import decode, facts
    from simulators.small_data_protocol import measure as measured
    from simulators.small_data_sets import load

    if not path.is_file():
        raise BadInput(f"no measurement at {path}; write one with `theorem-audit measure small-data --output {path}`")
    known, key = decode(path.read_text(encoding="utf-8")), _key(name)
    if key not in known.cells:
        raise BadInput(f"no cell {name} in {path}; expected one such as {CELL}")
    written, data = known.cell(key), load(key[0])
    with bar("recomputing", weight(key[2])) as step:
        found = measured(data, key[1], key[2], step)
    if facts(data) == known.data[key[0]] and found == written:
        click.echo(f"{name}: recomputed, as in the file ({_said(found.hits(len(data)))})", err=True)
        return 0
    for sign, cell, rows in (("-", written, known.data[key[0]].rows), ("+", found, len(data))):
        setting = ", ".join(f"{k} = {v:g}" for k, v in cell.setting) or "one setting"
        click.echo(f"{sign} {name}: {setting}; {_said(cell.hits(rows))}")
    click.echo(
        f"the cell differs from the file, measured with scikit-learn {known.library}, here {_library()}"
        " (- committed, + recomputed)",
        err=True,
    )
    return 1


def _measure(path: Path) -> int:
    """Measure every cell that no earlier run has finished, then write the file in one step."""
    from simulators.small_data_file import Unfinished, encode, facts, load_all, wanted
    from simulators.small_data_protocol import measure as measured

    from .report.write import atomically

    beside = path.with_name(path.name + ".unfinished")
    data: Mapping[str, DataSet] = load_all()
    known = {name: facts(one) for name, one in data.items()}
    try:
        finished = Unfinished(beside, known)
    except OSError as problem:
        raise BadInput(f"cannot write {beside}: {problem.strerror}; choose another --output") from None
    if finished.cells:
        click.echo(f"going on after {len(finished.cells)} cells that are finished", err=True)
    left = [key for key in wanted() if key not in finished.cells]
    try:
        with bar("measuring", sum(weight(method) for _, _, method in left)) as step:
            for name, seed, method in left:
                finished.add(measured(data[name], seed, method, step))
    except KeyboardInterrupt:
        click.echo(
            f"interrupted; {len(finished.cells)} finished cells are kept in {beside.name}: start again to go on",
            err=True,
        )
        return INTERRUPTED
    atomically(path, encode((finished.cells[key] for key in wanted()), known, _library()))
    beside.unlink()
    click.echo(f"wrote {path}", err=True)
    return 0


def weight(method: str) -> int:
    """How much of a progress bar one cell is worth: the fits of machines, or as many as a forest takes the time of."""
    from simulators.small_data_protocol import work

    return work(method)


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


def _key(name: str) -> Key:
    data, _, rest = name.partition("/")
    seed, _, method = rest.partition("/")
    if not (data and seed.isdigit() and method):
        raise BadInput(f"cell {name!r}; expected DATA/SEED/METHOD, such as {CELL}")
    return data, int(seed), method


def _library() -> str:
    from importlib.metadata import version

    return version("scikit-learn")


def _said(hits: object) -> str:
    import numpy as np

    right = np.asarray(hits)
    return f"{int(right.sum())} of {len(right)} right"
