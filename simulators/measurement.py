"""What a simulator returns: a table of measurements, each with its error bar.

A `Measurement` is one observable over rows.  Reals are balls: the truth lies within ``rad`` of ``mid``,
except with probability ``failure`` (0 when the radius is a proof).  Integers are exact Python integers,
booleans are true, false or unknown, discrete quantities that cannot be decided carry the set of their
possible values, and precise re-measurements carry flint balls or rationals.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

LIMITS = ("exact", "rounding", "discretisation", "optimisation", "sampling")


class MeasurementError(ValueError):
    """A measurement that breaks the contract; names the observable and the batch element."""

    def __init__(self, got: str, expected: str, observable: str = "", element: int | None = None) -> None:
        where = f"observable {observable}: " if observable else ""
        at = f" (batch element {element})" if element is not None else ""
        super().__init__(f"{where}got {got}{at}; expected {expected}")
        self.got, self.expected, self.observable, self.element = got, expected, observable, element


@dataclass(frozen=True, eq=False)
class Measurement:
    """One observable over rows.

    ``kind``: *real* (``mid``, ``rad`` float64), *integer* (``mid`` object array of Python integers),
    *boolean* (``mid`` int8: 1 true, 0 false, -1 unknown), *choice* (``mid`` object array of tuples of
    possible integers) or *ball* (``mid`` object array of flint arb, fmpq or fmpz).
    ``failure``: per row, the probability that the truth lies outside.  ``proved`` is False where the radius
    rests on an unproved allowance: such a row can never carry a certified refutation.
    """

    kind: str
    mid: np.ndarray
    rad: np.ndarray
    failure: np.ndarray
    proved: bool = True

    def __len__(self) -> int:
        return len(self.mid)


def _column(kind: str, mid: np.ndarray, rad: Any, failure: Any, proved: bool) -> Measurement:
    return Measurement(kind, mid, _spread(rad, len(mid)), _spread(failure, len(mid)), proved)


def _spread(values: Any, rows: int) -> np.ndarray:
    """One value, or one a row; what has another length stays as it is, and the table that takes it in names it."""
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    return np.broadcast_to(flat, (rows,)) if flat.size == 1 else flat


def _objects(values: Iterable[Any]) -> np.ndarray:
    values = list(values)
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def reals(mid: Any, rad: Any, failure: Any = 0.0, proved: bool = True) -> Measurement:
    """Real balls: ``mid`` and ``rad`` of shape (rows,), as arrays or CPU tensors; ``rad`` >= 0."""
    return _column("real", np.asarray(mid, dtype=np.float64).reshape(-1), rad, failure, proved)


def integers(values: Iterable[int]) -> Measurement:
    """Exact integers, of any size."""
    return _column("integer", _objects(int(v) for v in values), 0.0, 0.0, True)


def booleans(values: Iterable[bool | None]) -> Measurement:
    """True, false or None (unknown)."""
    return _column("boolean", np.array([-1 if v is None else int(v) for v in values], dtype=np.int8), 0.0, 0.0, True)


def choices(values: Iterable[Sequence[int]]) -> Measurement:
    """Integers known only up to a finite set, such as a rank that zero cannot decide."""
    return _column("choice", _objects(tuple(int(x) for x in v) for v in values), 0.0, 0.0, True)


def balls(values: Iterable[Any], failure: Any = 0.0) -> Measurement:
    """flint arb, fmpq or fmpz values, for precise re-measurement."""
    return _column("ball", _objects(values), 0.0, failure, True)


@dataclass(frozen=True, eq=False)
class Measurements:
    """A table: observables over rows, and for each row its batch element and its indices.

    ``element`` (rows,) int: the position in the batch that the row speaks of.
    ``index``: further coordinates of the row (r, s, layer, time), for people.
    Raises `MeasurementError` for ragged columns, NaN, infinity or a negative radius.
    """

    columns: Mapping[str, Measurement]
    element: np.ndarray
    index: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "element", np.asarray(self.element, dtype=np.int64).reshape(-1))
        object.__setattr__(self, "index", {k: np.asarray(v).reshape(-1) for k, v in self.index.items()})
        rows = len(self.element)
        for name, values in self.index.items():
            if len(values) != rows:
                raise MeasurementError(f"{len(values)} rows of index {name}", f"{rows} rows")
        for name, column in self.columns.items():
            self._check(name, column, rows)

    def _check(self, name: str, column: Measurement, rows: int) -> None:
        if not isinstance(column, Measurement):
            raise MeasurementError(f"a column of {type(column).__name__}", "one made by reals, integers, … of it", name)
        if len(column) != rows:
            raise MeasurementError(f"{len(column)} rows", f"{rows} rows, one for each element and index", name)
        for what, values in (("radii", column.rad), ("failure probabilities", column.failure)):
            if len(values) != rows:
                raise MeasurementError(f"{len(values)} {what}", f"1 or {rows}, one for each row", name)
        if column.kind == "choice" and any(len(v) == 0 for v in column.mid):
            row = next(k for k, v in enumerate(column.mid) if len(v) == 0)
            raise MeasurementError("no possible value", "at least one", name, int(self.element[row]))
        if column.kind == "real":
            for what, values in (("midpoint", column.mid), ("radius", column.rad)):
                bad = np.flatnonzero(~np.isfinite(values))
                if bad.size:
                    raise MeasurementError(
                        f"{what} {values[bad[0]]}", "a finite number", name, int(self.element[bad[0]])
                    )
        elif column.kind == "ball":
            for row, value in enumerate(column.mid):
                if hasattr(value, "is_finite") and not value.is_finite():
                    raise MeasurementError(f"ball {value}", "a finite ball", name, int(self.element[row]))
        bad = np.flatnonzero(column.rad < 0)
        if bad.size:
            raise MeasurementError(
                f"radius {column.rad[bad[0]]}", "a radius of at least 0", name, int(self.element[bad[0]])
            )
        bad = np.flatnonzero(~((column.failure >= 0) & (column.failure <= 1)))
        if bad.size:
            raise MeasurementError(
                f"failure {column.failure[bad[0]]}", "a probability", name, int(self.element[bad[0]])
            )

    def __len__(self) -> int:
        return len(self.element)


@dataclass(frozen=True)
class Simulator:
    """A function that measures batches of instances, and what is known about it.

    ``observe(batch, *, delta, effort, device) -> Measurements``; ``precisely(instance, bits) -> Measurements``
    re-measures one instance with balls of ``bits`` bits, where the limit is rounding.
    ``limited_by`` is one of `LIMITS`: rounding does not shrink with ``effort``, the others do.
    """

    observe: Callable[..., Measurements]
    observables: tuple[str, ...]
    limited_by: str
    precisely: Callable[[Any, int], Measurements] | None = None

    @property
    def name(self) -> str:
        """Module and function, as `module:function`."""
        return f"{self.observe.__module__}:{self.observe.__name__}"

    @cached_property
    def source_hash(self) -> str:
        """Hash of the room that the simulator lives in, so that stored evidence knows what made it."""
        return source_hash(self.name, Path(inspect.getfile(self.observe)))

    def __call__(self, batch: tuple[Any, ...], *, delta: float, effort: int = 0, device: Any) -> Measurements:
        """Measure the batch.  ``delta`` bounds the summed failure probability of each element's rows."""
        return self.observe(tuple(batch), delta=delta, effort=effort, device=device)


def source_hash(name: str, path: Path) -> str:
    """The hash of a simulator `module:function` that stands in the file ``path``: of its folder, if that is a package."""
    path = path.resolve()
    room = path.parent if (path.parent / "__init__.py").exists() else None
    files = sorted([*room.glob("*.py"), *room.glob("data/*")]) if room else [path]
    digest = hashlib.sha256(name.encode())
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def simulator(
    observables: str, *, limited_by: str, precisely: Callable[[Any, int], Measurements] | None = None
) -> Callable[[Callable[..., Measurements]], Simulator]:
    """Declare a simulator: ``observables`` is the blank-separated list of the columns it fills."""
    if limited_by not in LIMITS:
        raise ValueError(f"got limited_by={limited_by!r}; expected one of {', '.join(LIMITS)}")

    def declare(observe: Callable[..., Measurements]) -> Simulator:
        return Simulator(observe, tuple(observables.split()), limited_by, precisely)

    return declare
