"""Do they agree: experiments search for an instance whose error bars exclude a claim.

The names below are loaded when they are first used, so that importing the room stays light.
"""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    ".engine.corrupt": "Corruption forced_failure",
    ".attempt": "attempt",
    ".engine.conjecture": "Conjecture conjecture",
    ".engine.draw": "Draw",
    ".engine.evidence": "Evidence",
    ".engine.experiment": "Audit Experiment ExperimentError",
    ".engine.identify": "IdentifyError identify",
    ".engine.judge_at": "judge_at",
    ".experiments": "experiments_of find_experiment",
    ".engine.kill": "Outcome kill_matrix strength",
    ".engine.lint": "Lint LintError lint lint_claim refuse",
    ".engine.mutate": "Mutant mutants",
    ".engine.parse": "ParseError parse",
    ".engine.prove": "prove",
    ".engine.reached": "Reached Tightness",
    ".engine.resolution_curve": "Curve resolution_curve",
    ".engine.search": "audit gather weigh",
    ".engine.store": "Store",
    ".engine.tightness": "tightness",
    ".engine.verdict": "Counterexample Resolution Verdict",
    ".new_template": "unfilled",
    "simulators.measurement": "Measurements balls booleans choices integers reals simulator",
    "simulators.streams": "stream",
    "theorems": "all_theorems get",
    "theorems.statement": "Assumption Claim Saying Source Step Theorem observable"
    " Eq Ne Le Lt Ge Gt And Or Not Implies Equivalent",
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names.split()}
__all__ = sorted(_MODULE)


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULE[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE})
