"""Run everything that the report speaks of, in a fresh store, one theorem a process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..engine.kill import Outcome
from ..engine.prove import Proof
from ..engine.verdict import Verdict
from ..needs import JOINTLY, Need, needs


class GatherError(RuntimeError):
    """A run that could not be finished: got, expected, remedy."""

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


@dataclass(frozen=True)
class Findings:
    """What the audit of one theorem found, each by the name of the item.

    ``needed``: assumption -> verdicts of the claims judged without it; ``outcomes``: claim -> its mutants; ``failure``
    bounds the probability that any interval that was measured on the way is wrong (union bound); ``jointly``: what fails
    only without two assumptions.
    """

    theorem: str
    claims: Mapping[str, Verdict]
    proofs: Mapping[str, Proof]
    needed: Mapping[str, tuple[Verdict, ...]]
    sayings: Mapping[str, Verdict]
    outcomes: Mapping[str, tuple[Outcome, ...]]
    failure: float
    jointly: tuple[Need, ...] = ()


def findings(name: str, profile: str = "quick", device: str = "cpu") -> Findings:
    """Audit one theorem, in this process."""
    from .. import items
    from ..engine.measure import LEDGER

    spent = LEDGER.total
    known = items.audits()
    if name not in known:
        raise LookupError(f"got theorem {name} without an audit; expected a check file for it; have {', '.join(known)}")
    audit: Any = known[name]  # mypy takes no class for `Hashable`, which remembered functions ask for
    theorem = audit.theorem()
    # Mutants are made of identities and bounds: of the other kinds every edit would be another theorem.
    edited = [c.name for c in theorem.claims if c.kind in items.MUTATED]
    jointly = tuple(n for n in needs(audit, profile, device, pairs=True) if n.kind == JOINTLY)
    return Findings(
        theorem=name,
        claims={c.name: items.claim_verdict(audit, c.name, profile, device) for c in theorem.claims},
        proofs={s.name: items.step_proof(audit, s.name) for s in theorem.derivation},
        needed={a.name: items.assumption_needed(audit, a.name, profile, device) for a in theorem.assumptions},
        sayings={s.name: items.saying_verdict(audit, s.name, profile, device) for s in theorem.sayings},
        outcomes={claim: items.mutant_outcomes(audit, claim, profile, device) for claim in edited},
        failure=LEDGER.total - spent,
        jointly=jointly,
    )


def _findings(name: str, profile: str, device: str) -> Findings:
    """The same in a worker, where an exception of any class must be made to travel."""
    try:
        return findings(name, profile, device)
    except Exception as problem:  # noqa: BLE001 - raised again as one that pickles whatever it carries
        raise RuntimeError(f"{name}: {type(problem).__name__}: {problem}") from None


def gather(
    names: tuple[str, ...],
    profile: str = "quick",
    device: str = "cpu",
    workers: int = 2,
    finished: Callable[[str], None] = lambda name: None,
) -> tuple[Findings, ...]:
    """Audit the named theorems in processes of their own; the order of the result is that of the names.

    ``finished`` is called with the name of each theorem as it is done.  Interrupting it ends the processes.
    """
    found: dict[str, Findings] = {}
    with tempfile.TemporaryDirectory(prefix="theorem-audit-") as store:
        pool = ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin, initargs=(store, workers)
        )
        try:
            with _deaf_to_interrupts():
                pending = {pool.submit(_findings, name, profile, device): name for name in names}
            for done in as_completed(pending):
                found[pending[done]] = done.result()
                finished(pending[done])
        except BrokenProcessPool as broken:
            raise GatherError(
                "a process that ended before its theorem was done",
                "processes left to run",
                "look for a lack of memory, then run the report again",
            ) from broken
        except RuntimeError as problem:
            raise GatherError(
                str(problem), "an audit that runs through", "run `pytest checks/` for the details"
            ) from problem
        finally:
            pool.shutdown(wait=len(found) == len(names), cancel_futures=True)
            if len(found) != len(names):
                for child in multiprocessing.active_children():
                    child.terminate()
    return tuple(found[name] for name in names)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started here ignore Ctrl-C, which a terminal sends to all: they end when this process ends them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(store: str, workers: int) -> None:
    """Set up a worker: evidence in the fresh store and its share of the cores."""
    os.chdir(store)
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 1) // workers))
