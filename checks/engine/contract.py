"""The contract of a simulator, as rules that any simulator can be held to.

`breaches(simulator, batch)` measures a few instances in several ways and says, in words, what does not agree.
No breach on these instances is no proof; it is what every simulator of this project passes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flint
import numpy as np

from simulators.measurement import Measurement, Measurements, Simulator

from .global_generators import watched

PLAIN = (int, float, str, bool, type(None))
EXACT_BITS = 1024


@dataclass(frozen=True, eq=False)
class Trial:
    """A simulator, a batch of its instances, and what it measured on them.

    ``delta`` is the failure budget of each element; ``device`` a torch device or its name.
    """

    simulator: Simulator
    batch: tuple[Any, ...]
    delta: float = 1e-9
    device: str = "cpu"

    def measure(self, batch: tuple[Any, ...] | None = None, *, effort: int = 0, device: str = "") -> Measurements:
        """Measure the batch of this trial, or the given one."""
        import torch

        where = torch.device(device or self.device)
        return self.simulator(self.batch if batch is None else batch, delta=self.delta, effort=effort, device=where)

    @cached_property
    def measured(self) -> Measurements:
        """The batch at effort 0."""
        return self._watched[0]

    @property
    def moved(self) -> tuple[str, ...]:
        """The global random generators that this measurement moved."""
        return self._watched[1]

    @cached_property
    def _watched(self) -> tuple[Measurements, tuple[str, ...]]:
        with watched() as moved:
            table = self.measure()
        return table, tuple(moved)


Rule = Callable[[Trial], Iterator[str]]


def plain(trial: Trial) -> Iterator[str]:
    """An instance is a frozen dataclass of plain values, equal to its copy and hashable."""
    for instance in trial.batch:
        parameters = getattr(type(instance), "__dataclass_params__", None)
        if parameters is None or not parameters.frozen:
            yield f"got instance {instance!r}; expected a frozen dataclass"
            continue
        values = {item.name: getattr(instance, item.name) for item in dataclasses.fields(instance)}
        rough = {name: value for name, value in values.items() if not _is_plain(value)}
        for name, value in rough.items():
            yield f"got {name} = {value!r} of {type(value).__name__}; expected plain values and nested tuples of them"
        if not rough and hash(dataclasses.replace(instance)) != hash(instance):
            yield f"got two hashes of {instance!r}; expected one"


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_plain(item) for item in value)
    return type(value) in PLAIN or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def columns(trial: Trial) -> Iterator[str]:
    """The columns returned are those declared, and every row speaks of an element of the batch."""
    declared, returned = set(trial.simulator.observables), set(trial.measured.columns)
    if declared != returned:
        yield f"got columns {sorted(returned)}; expected those declared, {sorted(declared)}"
    outside = [k for k in trial.measured.element.tolist() if not 0 <= k < len(trial.batch)]
    if outside:
        yield f"got a row of element {outside[0]}; expected 0 to {len(trial.batch) - 1}"
    if not len(trial.measured):
        yield f"got no rows for {len(trial.batch)} instances; expected rows for the instances of its own families"


def budget(trial: Trial) -> Iterator[str]:
    """The failure probabilities of an element's rows and columns sum to at most delta; to 0 without sampling."""
    spent = np.zeros(len(trial.batch))
    for column in trial.measured.columns.values():
        np.add.at(spent, trial.measured.element, column.failure)
    allowed = trial.delta if trial.simulator.limited_by == "sampling" else 0.0
    # a sum of rows whose budget was split evenly may exceed it by the rounding of the split
    rounding = 2.0**-52 * (1 + len(trial.measured) * len(trial.measured.columns)) * allowed
    for k in np.flatnonzero(spent > allowed + rounding):
        yield f"got summed failure {spent[k]:.3g} of element {k}; expected at most {allowed:.3g}"


def pure(trial: Trial) -> Iterator[str]:
    """The same batch measured twice gives the same bits."""
    again = trial.measure()
    for name, column in trial.measured.columns.items():
        other = again.columns[name]
        if not all(_same(getattr(column, part), getattr(other, part)) for part in ("mid", "rad", "failure")):
            yield f"got two results for observable {name} of one batch; expected one"


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two columns hold the same values; a ball that is not exact never equals itself, its midpoint and radius do."""
    if len(one) != len(other):
        return False
    pairs = [[(v.mid(), v.rad()) if isinstance(v, flint.arb) else v for v in part.tolist()] for part in (one, other)]
    return pairs[0] == pairs[1]


def alone(trial: Trial) -> Iterator[str]:
    """An instance measured alone agrees with itself in the batch, within both radii."""
    for k, instance in enumerate(trial.batch):
        yield from _disagreements(trial.measured, k, trial.measure((instance,)), f"alone ({instance!r})")


def device_clean(trial: Trial) -> Iterator[str]:
    """Every tensor is created on the device that was handed in: the default device is made unusable."""
    import torch

    try:
        with torch.device("meta"):
            elsewhere = trial.measure()
    except (RuntimeError, TypeError, ValueError) as error:
        yield f"got {type(error).__name__}: {str(error).splitlines()[0]}; expected every tensor created with device="
        return
    for k in range(len(trial.batch)):
        yield from _disagreements(trial.measured, k, elsewhere, "with another default device", k)


def absent_device(trial: Trial) -> Iterator[str]:
    """A requested device that is not there is an error, never a silent change of device."""
    try:
        trial.measure(trial.batch[:1], device="cuda:127")
    except (RuntimeError, AssertionError, ValueError):  # torch raises either of the first two, by its build
        return
    yield "got measurements from cuda:127, which is absent; expected an error; create the tensors on the device"


def effort(trial: Trial) -> Iterator[str]:
    """More effort agrees with less, and enlarges no radius unless rounding is the limit."""
    harder = trial.measure(effort=1)
    for k in range(len(trial.batch)):
        yield from _disagreements(trial.measured, k, harder, "at effort 1", k)
    if trial.simulator.limited_by in ("rounding", "exact"):
        return
    for name, column in trial.measured.columns.items():
        before, after = np.median(column.rad), np.median(harder.columns[name].rad)
        if column.kind == "real" and after > before:
            yield f"got median radius {after:.3g} of {name} at effort 1; expected at most {before:.3g}, that at effort 0"


def precise(trial: Trial) -> Iterator[str]:
    """The precise measurement of an instance, at 128 bits, agrees with the float one."""
    precisely = trial.simulator.precisely
    if precisely is None:
        if trial.simulator.limited_by == "rounding":
            yield "got no precise measurement; expected precisely=… where rounding is the limit"
        return
    for k, instance in enumerate(trial.batch[:3]):
        yield from _disagreements(trial.measured, k, precisely(instance, 128), f"at 128 bits ({instance!r})")


def generators(trial: Trial) -> Iterator[str]:
    """No global random generator is drawn from or seeded: what is measured depends on the instance alone."""
    if trial.moved:
        yield f"got moved global generators: {', '.join(trial.moved)}; expected none; draw from simulators.streams.stream(…)"


ALL = (plain, columns, budget, pure, generators, alone, device_clean, absent_device, effort, precise)
RULES: dict[str, Rule] = {rule.__name__: rule for rule in ALL}


def breaches(trial: Trial, rules: tuple[str, ...] = tuple(RULES)) -> list[str]:
    """What breaks the contract, each as `rule: got …; expected …`; empty if nothing does."""
    return [f"{name}: {words}" for name in rules for words in RULES[name](trial)]


def _disagreements(table: Measurements, k: int, other: Measurements, how: str, j: int = 0) -> Iterator[str]:
    rows, twins = _rows(table, k), _rows(other, j)
    if [key for key, _ in rows] != [key for key, _ in twins]:
        yield f"got {len(twins)} rows of element {k} {how}; expected the same {len(rows)} rows and indices"
        return
    for name in table.columns:
        if name not in other.columns:
            yield f"got no column {name} {how}; expected it"
            continue
        for (key, row), (_, twin) in zip(rows, twins, strict=True):
            mine, theirs = _possible(table.columns[name], row), _possible(other.columns[name], twin)
            if not _meet(mine, theirs):
                yield f"got {name} = {theirs} of element {k} {key} {how}; expected it to meet {mine}"
                break


def _rows(table: Measurements, k: int) -> list[tuple[tuple[Any, ...], int]]:
    found = np.flatnonzero(table.element == k)
    keys = [tuple(table.index[name][row].item() for name in sorted(table.index)) for row in found]
    return sorted(zip(keys, found.tolist(), strict=True), key=lambda pair: pair[0])


def _possible(column: Measurement, row: int) -> Any:
    """What the observable may be: a ball, or a set of integers."""
    value = column.mid[row]
    if column.kind == "real":
        return flint.arb(float(value), float(column.rad[row]))
    if column.kind == "choice":
        return frozenset(value)
    if column.kind == "boolean":
        return frozenset({0, 1}) if value < 0 else frozenset({int(value)})
    if column.kind == "integer":
        return frozenset({value})
    if isinstance(value, flint.arb):
        return value
    with flint.ctx.workprec(EXACT_BITS):
        return flint.arb(value)


def _meet(one: Any, other: Any) -> bool:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return bool(one & other)
    if isinstance(one, frozenset):
        one, other = other, one
    if isinstance(other, frozenset):
        return any(one.overlaps(flint.arb(v)) for v in other)
    return bool(one.overlaps(other))
