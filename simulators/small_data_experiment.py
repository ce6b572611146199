"""The small-data experiment as `theorem-audit measure` runs it: a cell is a data set, a split seed and a method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

from . import small_data_file, small_data_protocol
from .measured_experiment import Key, MeasuredExperiment, Step, Written, seal
from .small_data_file import Facts, facts
from .small_data_protocol import Cell
from .small_data_sets import DataSet, load

Result = tuple[Cell, Facts]


class SmallData(MeasuredExperiment):
    """Kernel machines and forests on small tables; a result is the cell and what is known of its data set."""

    name = "small-data"
    form = "DATA/SEED/METHOD"
    example = "primary-tumor-330/0/ntk"
    file = small_data_file.FILE

    @cached_property
    def _sets(self) -> dict[str, DataSet]:
        return {}

    def _data(self, name: str) -> DataSet:
        if name not in self._sets:
            self._sets[name] = load(name)
        return self._sets[name]

    def wanted(self) -> tuple[Key, ...]:
        """Every data set, split seed and method."""
        return small_data_file.wanted()

    def key(self, text: str) -> Key | None:
        """Data set, seed and method."""
        data, _, rest = text.partition("/")
        seed, _, method = rest.partition("/")
        return (data, int(seed), method) if data and seed.isdigit() and method else None

    def work(self, key: Key) -> int:
        """Fits of a machine, or as many as a forest takes the time of."""
        return small_data_protocol.work(key[2])

    def measure(self, keys: Sequence[Key], step: Step) -> list[Result]:
        """Each cell in turn."""
        sets = [self._data(name) for name, _, _ in keys]
        cells = [
            small_data_protocol.measure(data, seed, method, step)
            for data, (_, seed, method) in zip(sets, keys, strict=True)
        ]
        return [(cell, facts(data)) for cell, data in zip(cells, sets, strict=True)]

    def head(self) -> Mapping[str, Any]:
        """The protocol and the data."""
        names = sorted({name for name, _, _ in self.wanted()})
        return {
            "protocol": seal(small_data_protocol.protocol())[:16],
            "data": {name: facts(self._data(name)).digest for name in names},
        }

    def plain(self, key: Key, result: Result) -> Any:
        """The cell; its data set is known by the head."""
        cell, _ = result
        return [cell.data, cell.seed, cell.method, cell.setting, cell.right]

    def read(self, value: Any) -> tuple[Key, Result]:
        """The cell that `plain` wrote."""
        data, seed, method, setting, right = value
        cell = Cell(data, seed, method, tuple((name, number) for name, number in setting), right)
        return cell.key, (cell, facts(self._data(data)))

    def encode(self, results: Mapping[Key, Result]) -> str:
        """The text of the measurement file."""
        known = {cell.data: about for cell, about in results.values()}
        return small_data_file.encode((cell for cell, _ in results.values()), known, version("scikit-learn"))

    def decode(self, text: str) -> Written:
        """The text read back."""
        file = small_data_file.decode(text)
        cells = {key: (cell, file.data[cell.data]) for key, cell in file.cells.items()}
        return Written(cells, f"scikit-learn {file.library}")

    def library(self) -> str:
        """scikit-learn's version here."""
        return f"scikit-learn {version('scikit-learn')}"

    def briefly(self, result: Result) -> str:
        """How many rows were predicted rightly."""
        cell, known = result
        return f"{int(cell.hits(known.rows).sum())} of {known.rows} right"

    def fully(self, result: Result) -> str:
        """The setting as well."""
        setting = ", ".join(f"{k} = {v:g}" for k, v in result[0].setting) or "one setting"
        return f"{setting}; {self.briefly(result)}"
