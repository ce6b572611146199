"""An experiment: a theorem, a family of instances, a simulator.  And an audit: a theorem's experiments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from simulators.measurement import Simulator
from theorems.statement import Theorem

from .draw import Family
from .setup import Setup


class ExperimentError(ValueError):
    """An experiment that does not fit its theorem: got, expected, remedy."""

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


@dataclass(frozen=True)
class Experiment(Setup):
    """Where a theorem's claims are searched.

    ``instances(draw, **flags)`` draws one instance; its boolean keywords (default True) are assumptions of the
    theorem, and passing False constructs an instance that violates that assumption and no other.
    ``examples`` are always tried first.  ``search`` and ``bulk`` are numbers of Hypothesis examples (each a
    batch of ``batch`` instances) and of bulk instances in profile `quick`; other profiles scale them.
    ``only`` restricts the claims and sayings judged here (None: all whose observables are covered).
    """

    name: str
    theorem: Theorem
    instances: Family
    observe: Simulator
    examples: tuple[Any, ...] = ()
    search: int = 100
    batch: int = 16
    bulk: int = 10_000
    chunk: int = 512
    only: tuple[str, ...] | None = None
    dropped: tuple[str, ...] = ()
    flags: Mapping[str, bool] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.observe, Simulator):
            raise ExperimentError(
                f"observe={self.observe!r} of experiment {self.name}", "a simulator", "decorate it with @simulator(…)"
            )
        for what, least in (("search", 0), ("bulk", 0), ("batch", 1), ("chunk", 1)):
            if getattr(self, what) < least:
                raise ExperimentError(
                    f"{what}={getattr(self, what)} of experiment {self.name}", f"at least {least}", "raise it"
                )
        known = {a.name for a in self.theorem.assumptions} | set(self.dropped)
        for keyword in self.assumptions:
            if keyword not in known:
                raise ExperimentError(
                    f"keyword {keyword!r} of the instances of experiment {self.name}",
                    f"an assumption of {self.theorem.name}: {', '.join(sorted(known)) or 'none'}",
                    "declare the assumption in the theorem or rename the keyword",
                )
        for example in self.examples:
            try:
                hash(example)
            except TypeError:
                raise ExperimentError(
                    f"example {example!r} of experiment {self.name}, which has no hash",
                    "a frozen dataclass of plain values and tuples",
                    "write @dataclass(frozen=True), and tuples for lists",
                ) from None

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The assumptions that this family can drop: its keywords."""
        parameters = inspect.signature(self.instances).parameters.values()
        return tuple(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)

    @property
    def observables(self) -> tuple[str, ...]:
        """What the simulator measures."""
        return self.observe.observables

    @property
    def limited_by(self) -> str:
        """What limits the simulator."""
        return self.observe.limited_by

    @property
    def made_by(self) -> tuple[str, str]:
        """The simulator's name and the hash of its source."""
        return self.observe.name, self.observe.source_hash

    def without(self, *assumptions: str) -> Experiment:
        """The experiment on instances that violate the named assumptions and satisfy all others.

        It is a quarter as large: here one refutation is looked for, not the absence of any.
        """
        for name in assumptions:
            if name not in self.assumptions:
                raise ExperimentError(
                    f"assumption {name!r}",
                    f"one that experiment {self.name} can drop: {', '.join(self.assumptions) or 'none'}",
                    "add a keyword of that name to its family of instances",
                )
        return replace(
            self,
            name=f"{self.name}-without-{'-'.join(assumptions)}",
            examples=(),
            search=max(self.search // 4, 1),
            bulk=self.bulk // 4,
            dropped=self.dropped + assumptions,
            flags={**self.flags, **dict.fromkeys(assumptions, False)},
        )


class Audit:
    """Subclass this in a check file and name it ``Test…``: the plugin gives it the pytest items.

    ``experiments`` is the list of experiments of one theorem.
    """

    theorem_audit: ClassVar[bool] = True
    experiments: ClassVar[list[Experiment]] = []

    @classmethod
    def theorem(cls) -> Theorem:
        """The theorem that the experiments share."""
        return cls.experiments[0].theorem
