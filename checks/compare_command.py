"""`theorem-audit compare-kernels`: tangent kernel, Gaussian kernel, forest and linear kernel on a user's own table."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .compare_file import FEWEST_IN_A_CLASS, MOST_CLASSES, MOST_FEATURES, MOST_ROWS, MOST_WORDS, read
from .measure_command import BadInput, bar

if TYPE_CHECKING:
    import numpy as np

    from simulators.small_data_study import Compared

MOST_SPLITS = 32


LIMITS = f"""Limits: at most {MOST_ROWS} rows, {MOST_CLASSES} classes of at least {FEWEST_IN_A_CLASS} rows each,
{MOST_WORDS} different words in a column, {MOST_FEATURES} features.  A missing cell is empty, ?, NA or N/A; nan is an error.
Columns that are empty or constant are left out, and named."""


@click.command("compare-kernels", epilog=LIMITS)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--label", default="", metavar="COLUMN", help="The column of classes. [default: the last one]")
@click.option("--drop", multiple=True, metavar="COLUMN", help="A column to leave out; may be given again.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The first split seed.")
@click.option(
    "--splits", default=4, show_default=True, type=click.IntRange(1, MOST_SPLITS), help="How many split seeds."
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), default=None, metavar="FILE",
    help="Write to a file instead of the terminal.",
)  # fmt: skip
def compare_kernels(
    file: Path, label: str, drop: tuple[str, ...], seed: int, splits: int, as_json: bool, output: Path | None
) -> None:
    """Compare tangent kernel, Gaussian kernel, random forest and linear kernel on a table.

    FILE is CSV or TSV with a header; columns of numbers and of words are features.  Settings are chosen on one half, accuracies
    come from four folds, on several splits; the intervals say what the rows can tell.
    """
    from .report.write import atomically

    left_out: list[str] = []
    data, column = read(file, label, drop, left_out.append)
    if output is not None:
        _writable(output, file)
    for line in left_out:
        click.echo(line, err=True)
    seeds = tuple(range(seed, seed + splits))
    right, settings = _measured(data, seeds)
    from simulators.small_data_study import compared

    found = compared(right, data.classes)
    about = {
        "file": file.name,
        "label": column,
        "rows": len(data),
        "features": data.features.shape[1],
        "classes": data.classes,
    }
    text = to_json(about, seeds, found, settings) if as_json else table(about, seeds, found)
    if output is None:
        click.echo(text, nl=False)
    else:
        atomically(output, text)
        click.echo(f"wrote {output}", err=True)


def _measured(data: Any, seeds: tuple[int, ...]) -> tuple[dict[str, np.ndarray], dict[str, list[dict[str, float]]]]:
    """Who was right (method -> booleans (seeds, rows)) and the settings chosen (method -> one a seed)."""
    import numpy as np

    from simulators.kernel_machines import METHODS
    from simulators.measurement import MeasurementError
    from simulators.small_data_protocol import measure, work
    from simulators.small_data_sets import MissingExtra

    try:
        with bar(f"comparing on {data.name}", len(seeds) * sum(work(m) for m in METHODS)) as step:
            cells = {m: [measure(data, seed, m, step) for seed in seeds] for m in METHODS}
    except (MissingExtra, MeasurementError) as problem:
        raise BadInput(str(problem)) from None
    right = {m: np.array([cell.hits(len(data)) for cell in row]) for m, row in cells.items()}
    return right, {m: [dict(cell.setting) for cell in row] for m, row in cells.items()}


def _writable(output: Path, file: Path) -> None:
    """An error now rather than after the work."""
    if output.resolve() == file.resolve():
        raise BadInput(f"--output {output} is the table itself; choose another")
    if not os.access(output.resolve().parent, os.W_OK):
        raise BadInput(f"no directory {output.parent} to write {output.name} in; make it or choose another --output")


def table(about: Mapping[str, Any], seeds: tuple[int, ...], found: Compared) -> str:
    """The comparison for a terminal, in percent and points."""
    from simulators.kernel_machines import METHODS

    last = f" to {seeds[-1]}" if len(seeds) > 1 else ""
    lines = [
        f"{about['file']}: {about['rows']} rows, {about['features']} features, {about['classes']} classes ({about['label']});"
        f" split seed{'s' if last else ''} {seeds[0]}{last}",
        "",
        f"{'':<16} {'accuracy':>9}   interval, at least 95 %",
    ]
    for name, (mean, interval) in found.accuracies.items():
        low, high = (100 * end for end in interval)
        lines.append(f"{METHODS[name].words:<16} {100 * float(mean):>7.1f} %   {low:.1f} to {high:.1f}")
    lines += [
        "",
        f"{'tangent minus':<16} {'points':>9}   interval, at least 95 %   only it / only the other   McNemar p   sign-flip p",
    ]
    for name, gap in found.gaps.items():
        low, high = (100 * end for end in gap.interval)
        each = [sum(getattr(t, side) for t in gap.tables) / len(gap.tables) for side in ("only_first", "only_second")]
        span = f"{low:+.1f} to {high:+.1f}"
        counts = f"{each[0]:.1f} / {each[1]:.1f}"
        lines.append(
            f"{METHODS[name].words:<16} {100 * float(gap.mean):>+9.1f}   {span:<25} {counts:<26} {float(gap.p_merged):>9.2g}"
            f"   {float(gap.p_flips):>11.2g}"
        )
    point = about["rows"] / 100
    lines += ["", *(conclusion(name, found) for name in found.gaps)]
    lines += [
        "",
        f"An interval holds with probability at least 95 %: {_wider(len(seeds))}.",
        "The tests are less cautious: a small p may stand beside an interval that holds 0.",
        f"One point is {point:.1f} rows. The intervals are over rows, taken to be independent; splits are merged, not counted as more",
        "rows. Settings are chosen on rows that are tested on again, so that every tuned method looks a little better than it is.",
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _wider(splits: int) -> str:
    """Why an interval of so many splits is more cautious than a test."""
    return (
        "it allows for the number of rows on which two methods differ"
        if splits == 1
        else "each split's is taken at 97.5 %, and their vote allows any dependence"
    )


def conclusion(rival: str, found: Compared) -> str:
    """What the paired interval says about one rival, in one sentence."""
    from simulators.kernel_machines import METHODS

    low, high = found.gaps[rival].interval
    words = METHODS[rival].words
    if low > 0:
        return f"The tangent kernel is better than the {words} on rows like these."
    if high < 0:
        return f"The tangent kernel is worse than the {words} on rows like these."
    return f"Tangent kernel and {words} cannot be told apart: the gap lies between {100 * low:+.1f} and {100 * high:+.1f} points."


def to_json(
    about: Mapping[str, Any],
    seeds: tuple[int, ...],
    found: Compared,
    settings: Mapping[str, list[dict[str, float]]],
) -> str:
    """The comparison as JSON: accuracies as shares of the rows, everything sorted."""
    accuracies = {
        name: {"accuracy": float(mean), "interval": list(interval), "settings": settings[name]}
        for name, (mean, interval) in found.accuracies.items()
    }
    gaps = {
        name: {
            "difference": float(gap.mean),
            "interval": list(gap.interval),
            "p_mcnemar": float(gap.p_merged),
            "p_sign_flip": float(gap.p_flips),
            "splits": [{"only_ntk": t.only_first, "only_rival": t.only_second} for t in gap.tables],
        }
        for name, gap in found.gaps.items()
    }
    said = {**about, "seeds": list(seeds), "level": 0.95, "methods": accuracies, "ntk_against": gaps}
    return json.dumps(said, indent=2, sort_keys=True) + "\n"
