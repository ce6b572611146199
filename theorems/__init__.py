"""The catalogue of theorems: one file a theorem, each with a module constant `THEOREM` (other files are parts)."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # naming the theorems needs no sympy
    from theorems.statement import Theorem


def titles() -> dict[str, str]:
    """The title of every theorem of the catalogue by name, read from its file: nothing is imported, so that it is quick."""
    return dict(_titles())


@cache
def _titles() -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(__path__):
        source = (Path(__path__[0]) / f"{module.name}.py").read_text(encoding="utf-8")
        if "\nTHEOREM = Theorem(" in source:
            # what is read is a call with literal keywords, so that its lines are all that needs parsing
            call = ast.parse(source[source.index("\nTHEOREM = Theorem(") :]).body[0].value  # type: ignore[attr-defined]
            words = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
            found[str(words["name"])] = str(words["title"])
    return tuple(sorted(found.items()))


def all_theorems() -> dict[str, Theorem]:
    """Every theorem of the catalogue by name, in the order of their names."""
    return {name: get(name) for name in titles()}


def get(name: str) -> Theorem:
    """The theorem of that name.  Raises `StatementError` listing the known ones."""
    found = titles()
    if name not in found:
        from theorems.statement import StatementError

        raise StatementError(f"theorem {name!r}", f"one of {', '.join(found)}", "see `theorem-audit list`")
    theorem: Theorem = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").THEOREM
    return theorem
