"""The catalogue of theorems: one file a theorem, each with a module constant `THEOREM` (other files are parts)."""

from __future__ import annotations

import importlib
import pkgutil

from theorems.statement import StatementError, Theorem

_NOT_THEOREMS = {"statement", "talk"}


def all_theorems() -> dict[str, Theorem]:
    """Every theorem of the catalogue by name, in the order of their names."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _NOT_THEOREMS:
            theorem = getattr(importlib.import_module(f"{__name__}.{module.name}"), "THEOREM", None)
            if theorem is not None:
                found[theorem.name] = theorem
    return dict(sorted(found.items()))


def get(name: str) -> Theorem:
    """The theorem of that name.  Raises `StatementError` listing the known ones."""
    found = all_theorems()
    if name not in found:
        raise StatementError(f"theorem {name!r}", f"one of {', '.join(found)}", "see `theorem-audit list`")
    return found[name]
