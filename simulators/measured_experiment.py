"""What `theorem-audit measure` needs to know of an empirical experiment: its cells, how to measure them, its file."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.measurement import MeasurementError

Key = tuple[Any, ...]
Step = Callable[[int], None]


@dataclass(frozen=True)
class Written:
    """What a measurement file holds: what was measured of each cell, and the library that measured it, with its version."""

    cells: Mapping[Key, Any]
    library: str


class MeasuredExperiment(ABC):
    """An empirical experiment, made of cells that are measured one by one or in groups.

    ``form`` spells the name of a cell, ``example`` is the cell that is recomputed unless another is asked for, ``file`` the
    measurement that comes with the project.  Results of cells are plain and comparable: recomputed ones equal written ones.
    """

    name: str
    form: str
    example: str
    file: Path

    @abstractmethod
    def wanted(self) -> tuple[Key, ...]:
        """Every cell, in the order in which they are measured."""

    @abstractmethod
    def key(self, text: str) -> Key | None:
        """The key of a cell's name, None for what is no name."""

    @abstractmethod
    def work(self, key: Key) -> int:
        """How much of a progress bar a cell is worth."""

    def groups(self, keys: Sequence[Key]) -> Iterator[tuple[Key, ...]]:
        """The cells that are measured together: each alone, unless the experiment says otherwise."""
        return ((key,) for key in keys)

    @abstractmethod
    def measure(self, keys: Sequence[Key], step: Step) -> list[Any]:
        """The results of one group.  ``step`` hears the work done since its last call."""

    @abstractmethod
    def head(self) -> Mapping[str, Any]:
        """Plain values that decide the result: an unfinished run under others is begun anew."""

    @abstractmethod
    def plain(self, key: Key, result: Any) -> Any:
        """A cell as plain values, for the file of an unfinished run."""

    @abstractmethod
    def read(self, value: Any) -> tuple[Key, Any]:
        """The cell that `plain` wrote."""

    @abstractmethod
    def encode(self, results: Mapping[Key, Any]) -> str:
        """The text of the measurement file."""

    @abstractmethod
    def decode(self, text: str) -> Written:
        """The text read back.  Raises `MeasurementError` where it was edited or is no such file."""

    @abstractmethod
    def library(self) -> str:
        """The library here that a result may depend on, with its version."""

    @abstractmethod
    def briefly(self, result: Any) -> str:
        """What a cell says, in a few words."""

    def fully(self, result: Any) -> str:
        """The same with all that a reader would compare."""
        return self.briefly(result)


def resume(path: Path, head: Mapping[str, Any]) -> list[Any]:
    """The plain values that an unfinished run appended to a file, one a line below the line of its ``head``.

    A file of another head is begun anew, and a line that was cut short is dropped, from the file as well.
    """
    first = json.dumps(head)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    values = list(_whole(lines[1:])) if lines and lines[0] == first else []
    path.write_text("\n".join([first, *map(json.dumps, values)]) + "\n", encoding="utf-8")
    return values


def _whole(lines: Iterable[str]) -> Iterator[Any]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def append(path: Path, value: Any) -> None:
    """One more plain value of an unfinished run, on disk before this returns."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(value) + "\n")


def seal(said: Mapping[str, Any]) -> str:
    """The hash that a measurement file says of all else in it."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def unchanged(said: Mapping[str, Any], sealed: str, protocol: Mapping[str, Any], remedy: str) -> None:
    """Raises `MeasurementError` where a file was edited by hand or measured by another protocol than ``protocol``."""
    if seal(said) != sealed:
        raise MeasurementError(f"content of hash {seal(said)[:16]}", f"{sealed[:16]} as the file says: {remedy}")
    if said["protocol"] != json.loads(json.dumps(protocol)):
        raise MeasurementError("a file measured by another protocol", f"that of hash {seal(protocol)[:16]}: {remedy}")
