"""Looks at instances: calls a simulator, holds it to its contract, and keeps the false-alarm ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulators.measurement import Measurement, MeasurementError, Measurements

from .corrupt import corrupt, forced
from .experiment import Experiment
from .verdict import describe

BUDGET = 1e-8


class SimulatorError(RuntimeError):
    """A simulator that broke its contract; names theorem, experiment, observable and instance."""

    def __init__(self, experiment: Experiment, problem: str, instance: Any = None) -> None:
        at = f" at {describe(instance)}" if instance is not None else ""
        super().__init__(
            f"{experiment.theorem.name} / experiment {experiment.name}, simulator {experiment.observe.name}: {problem}{at}"
        )


class DeviceError(ValueError):
    """A device that was asked for and is not there."""


@dataclass
class Ledger:
    """The summed failure probability of every interval measured in this process: a union bound."""

    total: float = 0.0

    def add(self, measurements: Measurements) -> float:
        """Book a table and return what it cost."""
        spent = float(sum(np.sum(column.failure) for column in measurements.columns.values()))
        self.total += spent
        return spent


LEDGER = Ledger()


def find_device(name: str) -> Any:
    """The torch device of that name.  Raises `DeviceError` when it is absent: never a fallback."""
    import torch

    try:
        device = torch.device(name)
    except RuntimeError as problem:
        raise DeviceError(f"got device {name!r}; expected cpu or cuda; {problem}") from problem
    if device.type == "cuda" and not torch.cuda.is_available():
        raise DeviceError(f"got device {name!r}; expected one that this machine has; use --device cpu")
    return device


def look(
    experiment: Experiment, batch: Sequence[Any], *, delta: float = BUDGET, effort: int = 0, device: str = "cpu"
) -> Measurements:
    """Measure a batch.  ``delta`` is the failure probability granted to each instance.

    Raises `SimulatorError` naming theorem, observable and instance when the contract is broken.
    """
    simulator = experiment.observe
    return _held(
        experiment, batch, lambda: simulator(tuple(batch), delta=delta, effort=effort, device=find_device(device))
    )


def look_precisely(experiment: Experiment, instance: Any, bits: int) -> Measurements:
    """Measure one instance in balls of ``bits`` bits."""
    precisely = experiment.observe.precisely
    if precisely is None:
        raise SimulatorError(experiment, "no precise tier is declared", instance)
    return _held(experiment, [instance], lambda: precisely(instance, bits))


def _held(experiment: Experiment, batch: Sequence[Any], measure: Any) -> Measurements:
    try:
        table = measure()
    except MeasurementError as problem:
        instance = batch[problem.element] if problem.element is not None and problem.element < len(batch) else None
        raise SimulatorError(experiment, str(problem), instance) from None
    if not isinstance(table, Measurements):
        raise SimulatorError(experiment, f"got {type(table).__name__}; expected a Measurements table", batch[0])
    missing = sorted(set(experiment.observables) - set(table.columns))
    if missing:
        raise SimulatorError(experiment, f"observable {missing[0]} is declared but not in the table", batch[0])
    if len(table) and not (table.element.min() >= 0 and table.element.max() < len(batch)):
        raise SimulatorError(
            experiment, f"got rows of element {table.element.max()}; expected 0 to {len(batch) - 1}", batch[0]
        )
    corruption = forced()
    if corruption is not None:
        table = corrupt(table, corruption, experiment.theorem)
    _check_domains(experiment, batch, table)
    LEDGER.add(table)
    return table


def _check_domains(experiment: Experiment, batch: Sequence[Any], table: Measurements) -> None:
    """A measurement certainly outside its observable's domain is a broken simulator, not a refutation."""
    floors = {
        "nonnegative": 0,
        "positive": 0,
        "probability": 0,
        "positive probability": 0,
        "nonnegative integer": 0,
        "positive integer": 1,
    }
    for observable in experiment.theorem.observables:
        column = table.columns.get(observable.name)
        if column is None:
            continue
        expected = {"boolean": ("boolean",), "integer": ("integer", "choice", "ball")}.get(
            observable.domain.split()[-1]
        )
        if expected and column.kind not in expected:
            raise SimulatorError(
                experiment,
                f"observable {observable.name}: got a {column.kind} column; expected {observable.domain}",
                batch[0],
            )
        if column.kind not in ("real", "integer") or observable.domain not in floors:
            continue
        # integers of any size are compared as they are: they have no radius, and may be too large for a float
        largest = column.mid if column.kind == "integer" else column.mid + column.rad
        bad = largest < floors[observable.domain]
        if observable.domain.endswith("probability"):
            bad |= column.mid - column.rad > 1
        rows = np.flatnonzero(bad.astype(bool))
        if rows.size:
            row = rows[0]
            raise SimulatorError(
                experiment,
                f"observable {observable.name}: got {column.mid[row]} ± {column.rad[row]}; expected {observable.domain}",
                batch[int(table.element[row])],
            )


def select(table: Measurements, rows: np.ndarray) -> Measurements:
    """The table restricted to some rows (indices or mask)."""
    columns = {
        name: Measurement(c.kind, c.mid[rows], c.rad[rows], c.failure[rows], c.proved)
        for name, c in table.columns.items()
    }
    return Measurements(columns, table.element[rows], {k: v[rows] for k, v in table.index.items()})


def concatenate(tables: Sequence[Measurements], offsets: Sequence[int]) -> Measurements:
    """Tables one below the other, their elements shifted by ``offsets``."""
    names = tables[0].columns
    columns = {}
    for name in names:
        parts = [t.columns[name] for t in tables]
        kinds = {p.kind for p in parts if len(p)} or {parts[0].kind}
        kind = kinds.pop() if len(kinds) == 1 else "choice"
        mids = [_as_choices(p) if kind == "choice" and p.kind == "integer" else p.mid for p in parts if len(p)]
        columns[name] = Measurement(
            kind,
            np.concatenate(mids) if mids else parts[0].mid,
            np.concatenate([p.rad for p in parts]),
            np.concatenate([p.failure for p in parts]),
            all(p.proved for p in parts),
        )
    element = np.concatenate([t.element + o for t, o in zip(tables, offsets, strict=True)])
    index = {k: np.concatenate([t.index[k] for t in tables]) for k in tables[0].index}
    return Measurements(columns, element, index)


def _as_choices(column: Measurement) -> np.ndarray:
    out = np.empty(len(column), dtype=object)
    out[:] = [(v,) for v in column.mid]
    return out
