"""What a reader has to be told beside the numbers: doubts about the samples, and how the page was made."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # imported where they are used: `--help` is immediate
    import numpy as np

    from simulators.near_pairs_nearest import Calibrated

SOME = 512
"""Samples that are compared with as many of the reference."""
LARGER = 8.0
"""Ratio of the largest numbers, either way, beyond which two files hardly share a unit."""
WIDER = 4.0
"""The same of standard deviations."""
SHIFTED = 0.4
"""Difference of the ends, as a share of the reference's range."""
SILENT = ("output", "as_json")
"""Options that change nothing of the result."""
COLLAPSED = (
    "all samples are equal: the strongest mode collapse there is, or a mistake in how they were saved; check which"
)


def some(array: np.ndarray) -> np.ndarray:
    """A few samples from all over a file."""
    return array[:: max(1, len(array) // SOME)][:SOME]


def scale(ours: np.ndarray, name: str, theirs: np.ndarray, reference: str) -> Iterator[str]:
    """A word where samples and reference, float64 arrays (n, d), hardly share a unit."""
    low, high, spread = float(theirs.min()), float(theirs.max()), _spread(theirs)
    apart = max(abs(float(ours.min()) - low), abs(float(ours.max()) - high)) >= SHIFTED * (high - low)
    largest = sorted((max(abs(float(ours.min())), abs(float(ours.max()))), max(abs(low), abs(high))))
    spreads = sorted((_spread(ours), spread))
    if (
        apart
        or largest[1] > LARGER * largest[0]
        or spreads[1] > WIDER * spreads[0]
        or abs(float(ours.mean()) - float(theirs.mean())) > spread
    ):
        yield f"numbers {_numbers(ours)} in {name} and {_numbers(theirs)} in {reference}; distances need one scale"


def _spread(values: np.ndarray) -> float:
    """The standard deviation, of numbers whose squares may be none that float64 holds."""
    largest = float(abs(values).max())
    return largest * float((values / largest).std()) if largest else 0.0


def _numbers(values: np.ndarray) -> str:
    return (
        f"from {values.min():.3g} to {values.max():.3g} (mean {values.mean():.3g},"
        f" standard deviation {_spread(values):.3g})"
    )


def repeats(how: Calibrated | None) -> Iterator[str]:
    """A word where the reference holds samples more than once."""
    if how is not None and how.repeated:
        many = f"{how.repeated:,} duplicate{'' if how.repeated == 1 else 's'}"
        yield f"the reference repeats itself: {many}, left out where the radius is calibrated"


def command(context: click.Context) -> str:
    """The command that was given, with file names in place of paths."""
    said = ["theorem-audit", "birthday"]
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "")
        value: Any = context.params.get(parameter.name or "")
        if given is not click.core.ParameterSource.COMMANDLINE or parameter.name in SILENT:
            continue
        if isinstance(parameter, click.Argument):
            said.append(Path(value).name if Path(value).exists() else str(value))
        else:
            said += [parameter.opts[0]] + (
                [] if value is True else [value.name if isinstance(value, Path) else str(value)]
            )
    return shlex.join(said)


def made_by() -> str:
    """The package and its version."""
    return f"theorem-audit {version('theorem-audit')}"


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
