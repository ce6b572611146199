"""A user's own table, CSV or TSV, read for `theorem-audit compare-kernels`.

A column of numbers is a feature; a column of words is a category and becomes one indicator a word; one that is empty or constant
is left out.  Whatever cannot be used is one line that says where and what to do.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import numpy as np

    from simulators.small_data_sets import DataSet

MISSING = ("", "?", "NA", "N/A")
MOST_ROWS = 3000
FEWEST_IN_A_CLASS = 4
MOST_CLASSES = 100
MOST_WORDS = 50
MOST_FEATURES = 5000
DELIMITERS = ("\t", ";", ",")


class BadFile(click.ClickException):
    """A file that cannot be compared on: one line, exit code 2."""

    exit_code = 2

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


@dataclass(frozen=True)
class Cells:
    """The text of a table: the names of its columns, and its rows with the number of their line."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, place: int) -> list[tuple[int, str]]:
        """Line numbers and words of a column."""
        return [(line, row[place]) for line, row in self.rows]


def read(
    path: Path, label: str = "", dropped: Sequence[str] = (), told: Callable[[str], None] = lambda line: None
) -> tuple[DataSet, str]:
    """The data set of a file, and the name of its label column (the last one unless named).

    ``told`` hears a line of each column that says nothing and is left out.
    Raises `BadFile`: no such file, a directory, not text, ragged, no rows, one class, too few or too many rows, no features.
    """
    import numpy as np

    from simulators.small_data_sets import data_set

    cells = _cells(path)
    place = _place(cells.header, label) if label else len(cells.header) - 1
    out = {_place(cells.header, name) for name in dropped}
    if place in out:
        raise BadFile(f"--drop {cells.header[place]}", "the label column to stay", "name another --label")
    labels = _labels(path, cells, place)
    used = [k for k in range(len(cells.header)) if k != place and k not in out]
    features, constant = [], 0
    for k in used:
        found = _feature(cells.header[k], cells.column(k))
        if found is not None and any(len(set(column[~np.isnan(column)].tolist())) > 1 for column in found.T):
            features.append(found)
        else:
            constant += found is not None
            told(f"column {cells.header[k]!r} is {'empty' if found is None else 'constant'} and left out")
    if not features and constant:
        raise BadFile("features that are all constant", "one that varies", "check the file")
    if not features:
        raise BadFile(f"{path.name} without a feature", "columns of numbers or of words beside the label", "add some")
    raw = np.hstack(features)
    if raw.shape[1] > MOST_FEATURES:
        raise BadFile(f"{raw.shape[1]} features", f"at most {MOST_FEATURES}", "leave columns out with --drop")
    return data_set(path.name, raw, labels), cells.header[place]


def _cells(path: Path) -> Cells:
    """The file as text cells; only as many rows are read as are allowed."""
    if path.is_dir():
        raise BadFile(f"the directory {path}", "a CSV or TSV file", "name a file in it")
    if not path.exists():
        raise BadFile(f"no file {path}", "a CSV or TSV file", "check the path")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            if "\0" in first:
                raise UnicodeError
            file.seek(0)
            delimiter = max(DELIMITERS, key=lambda d: (first.count(d), -DELIMITERS.index(d)))
            return _table(path, csv.reader(file, delimiter=delimiter, strict=True))
    except UnicodeError:
        raise BadFile(
            f"{path.name}, which is not text", "a CSV or TSV file in UTF-8", "export the table as text"
        ) from None
    except OSError as problem:
        raise BadFile(
            f"{path}, which cannot be read", "a readable file", (problem.strerror or "check it").lower()
        ) from None


def _table(path: Path, lines: Iterator[list[str]]) -> Cells:
    header: tuple[str, ...] = ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    try:
        for number, cells in _numbered(lines):
            if any("\0" in cell for cell in cells):
                raise UnicodeError
            stripped = tuple(cell.strip() for cell in cells)
            if not header:
                header = stripped
                continue
            if len(stripped) != len(header):
                raise BadFile(
                    f"{len(stripped)} cells in line {number}", f"{len(header)} as in the header", "mend the line"
                )
            rows.append((number, stripped))
            if len(rows) > MOST_ROWS:
                raise BadFile(f"more than {MOST_ROWS} rows", f"at most {MOST_ROWS}", "compare on a sample of them")
    except csv.Error as problem:
        raise BadFile(
            f"a line that is not CSV ({problem})", "cells of moderate length, quotes that end", "mend the file"
        ) from None
    if not header:
        raise BadFile(f"{path.name}, which is empty", "a header and rows", "check the file")
    if len(header) < 2:
        raise BadFile("one column", "features and a label", "separate cells by a comma, a semicolon or a tab")
    numbers = [name for name in header if name and _number(name) is not None]
    if numbers:
        raise BadFile(f"the number {numbers[0]} in the first line", "the names of the columns there", "add a header")
    twice = [name for name, many in Counter(header).items() if many > 1]
    if twice:
        raise BadFile(f"two columns named {twice[0]!r}", "distinct names in the first line", "rename one")
    if not rows:
        raise BadFile(f"{path.name} without rows", "a header and rows", "check the file")
    return Cells(header, tuple(rows))


def _numbered(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not blank, with their number in the file."""
    for cells in lines:
        if any(cell.strip() for cell in cells):
            yield lines.line_num, cells  # type: ignore[attr-defined]


def _place(header: Sequence[str], name: str) -> int:
    if name not in header:
        shown = ", ".join(header[:8]) + (", …" if len(header) > 8 else "")
        raise BadFile(f"no column {name!r}", f"one of {shown}", "check the spelling")
    return list(header).index(name)


def _labels(path: Path, cells: Cells, place: int) -> list[str]:
    name = cells.header[place]
    for line, word in cells.column(place):
        if word in MISSING:
            raise BadFile(f"no label in line {line} (column {name!r})", "a class for each row", "remove the row")
    labels = [word for _, word in cells.column(place)]
    counts = Counter(labels)
    if len(counts) < 2:
        raise BadFile(
            f"one class ({labels[0]!r}) in column {name!r}", "at least two", "name the label column with --label"
        )
    rare, few = min(counts.items(), key=lambda item: (item[1], item[0]))
    if few < FEWEST_IN_A_CLASS:
        raise BadFile(
            f"{few} row{'s' if few > 1 else ''} of class {rare!r} ({len(counts)} classes in column {name!r} of {path.name})",
            f"at least {FEWEST_IN_A_CLASS} a class, one for each fold",
            "leave out or merge rare classes, or name another --label",
        )
    if len(counts) > MOST_CLASSES:
        raise BadFile(f"{len(counts)} classes in column {name!r}", f"at most {MOST_CLASSES}", "name another --label")
    return labels


def _feature(name: str, column: Sequence[tuple[int, str]]) -> np.ndarray | None:
    """A column as numbers (rows, features), missing cells NaN; None where every cell is missing."""
    import numpy as np

    from simulators.small_data_sets import indicators_of

    known = [(line, word) for line, word in column if word not in MISSING]
    if not known:
        return None
    numbers = [(line, word, _number(word)) for line, word in known]
    words = [(line, word) for line, word, value in numbers if value is None]
    if len(words) <= len(numbers) / 2:
        if words:
            line, word = words[0]
            raise BadFile(
                f"{word!r} among numbers in line {line} (column {name!r})",
                "a number, or ? where it is missing",
                "mend the cell",
            )
        for line, word, value in numbers:
            if value is None or not math.isfinite(value):
                raise BadFile(
                    f"{word} in line {line} (column {name!r})",
                    "a finite number",
                    "leave the cell empty where it is missing",
                )
        return np.array([np.nan if word in MISSING else float(word) for _, word in column])[:, None]
    kinds = len({word for _, word in known})
    if kinds > MOST_WORDS:
        raise BadFile(
            f"{kinds} different words in column {name!r}",
            f"at most {MOST_WORDS} categories",
            f"leave it out with --drop {name}",
        )
    return indicators_of(["?" if word in MISSING else word for _, word in column])


def _number(word: str) -> float | None:
    """The number that a cell holds; None for a word."""
    if "_" in word:  # Python reads 1_000 as a number, nobody else does
        return None
    try:
        return float(word)
    except ValueError:
        return None
