"""Run every comparison with a peer and print what was measured beside what was aimed at.

A module `bench_*.py` of this folder has `run() -> list[(what, measured, reach)]`: words, a ratio or rate measured
now, and the least value aimed at.  A module whose peer is not installed is "not measured".
`python -m tests.benchmarks [NAME …]` runs all, or the named ones.  Exit code 1 if something misses its reach.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

OURS = {"theorems", "simulators", "checks", "tests"}


class Row(NamedTuple):
    """One line of the table; ``measured`` and ``reach`` are None where the peer is absent."""

    module: str
    what: str
    measured: float | None
    reach: float | None
    outcome: str


def modules(folder: Path = Path(__file__).parent) -> list[str]:
    """Names of the comparisons, without the prefix `bench_`."""
    return sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))


def measure(name: str, package: str = __package__) -> Iterator[Row]:
    """The rows of one comparison.  Raises `ModuleNotFoundError` only for a module of this project."""
    try:
        figures = importlib.import_module(f"{package}.bench_{name}").run()
    except ModuleNotFoundError as absent:
        missing = (absent.name or "").split(".")[0]
        if missing in OURS:
            raise
        yield Row(name, f"needs {missing}", None, None, "not measured")
        return
    for what, measured, reach in figures:
        outcome = "reached" if measured >= reach else "missed"
        yield Row(name, what, float(measured), float(reach), outcome)


def _figure(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main(wanted: Sequence[str], console: Console | None = None) -> int:
    """Run the comparisons, print the table, return the exit code."""
    console = console or Console(soft_wrap=True)
    known = modules()
    for name in wanted:
        if name not in known:
            console.print(f"got benchmark {name!r}; expected one of {', '.join(known)}", markup=False)
            return 2
    table = Table("module", "what", "measured", "reach", "", title="Comparisons, one run on this machine")
    missed = False
    for name in wanted or known:  # a line for each, since one comparison may take minutes
        console.print(f"{name} …", markup=False)
        for row in measure(name):
            figures = [_figure(value) for value in (row.measured, row.reach)]
            table.add_row(row.module, row.what, *figures, row.outcome)
            missed |= row.outcome == "missed"
    console.print(table)
    return int(missed)


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    sys.exit(main(sys.argv[1:]))
