"""The contract of simulators, rule by rule, for a simulator that may do anything, raise anything included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

from simulators.measurement import Measurements, Simulator

from .contract import RULES, Trial
from .global_generators import watched


@dataclass(frozen=True)
class Ruling:
    """What became of one rule: ``broken`` in words (empty: it holds), or not ``judged`` for lack of a measurement."""

    rule: str
    broken: tuple[str, ...] = ()
    judged: bool = True

    @property
    def held(self) -> bool:
        """Whether the rule was judged and nothing breaks it."""
        return self.judged and not self.broken


def rulings(trial: Trial) -> Iterator[Ruling]:
    """Every rule in turn, first of all `measured`: that a table comes back.  What a simulator raises is a breach, too."""
    attempt = Attempt(trial.simulator)
    with attempt:
        table = trial.measured
        if not isinstance(table, Measurements):
            raise TypeError(f"a {type(table).__name__} came back; expected a Measurements table")
    yield Ruling("measured", attempt.words)
    for name, rule in RULES.items():
        found: list[str] = []
        attempted = Attempt(trial.simulator)
        if attempt.words and name != "plain":
            yield Ruling(name, judged=False)
            continue
        with attempted, watched():  # whatever is moved is put back
            found.extend(rule(trial))
        yield Ruling(name, (*found, *attempted.words))


class Attempt:
    """A context in which a simulator may raise anything: what it raised, and on which of its lines, in ``words``."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.words: tuple[str, ...] = ()

    def __enter__(self) -> Attempt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, (Exception, SystemExit)):
            return False
        own = self.simulator.observe.__code__.co_filename if hasattr(self.simulator.observe, "__code__") else ""
        frames = extract_tb(trace)
        frame = next((f for f in reversed(frames) if f.filename == own), frames[-1])
        said = " ".join(str(error).split()) or "no message"
        self.words = (
            f"got {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}: {said}; expected none",
        )
        return True
