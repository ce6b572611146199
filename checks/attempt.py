"""A conjecture tried from Python: what ``theorem-audit try`` does, as one call that returns a verdict."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from sympy.logic.boolalg import Boolean

from theorems import get
from theorems.statement import Theorem

from .engine.conjecture import conjecture
from .engine.inquiry import Inquiry
from .engine.lint import lint_claim, refuse
from .engine.parse import parse
from .engine.store import Store
from .engine.verdict import Verdict
from .experiments import experiments_of

if TYPE_CHECKING:
    from .engine.experiment import Experiment


def attempt(
    theorem: Theorem | str,
    relation: Boolean | str,
    *experiments: Experiment,
    like: str = "",
    drop: Collection[str] = (),
    profile: str = "quick",
    device: str = "cpu",
    store: Path | str = ".audit",
) -> Verdict:
    """The verdict on a relation about a theorem (or the name of one in the catalogue), read as a variant of a claim of it.

    Text is read by `engine.parse.parse`; ``like`` names the claim that is varied (empty: the nearest), ``drop`` assumptions
    to do without.  A theorem of the catalogue brings its experiments; any other needs them given.  Evidence in the
    folder ``store`` is judged first, and what is gathered is kept there.

    Raises `ParseError`, `StatementError` or `LintError` for a relation that is no claim, `ExperimentError` where no experiment
    measures it, LookupError where none is given or known.
    """
    about = get(theorem) if isinstance(theorem, str) else theorem
    parsed = parse(relation, about) if isinstance(relation, str) else relation
    found = conjecture(about, parsed, like=like, drop=drop)
    refuse(lint_claim(about, found.claim))
    inquiry = Inquiry(found, Store(store), profile, device)
    inquiry.look()
    return inquiry.settle(experiments or experiments_of(about.name))
