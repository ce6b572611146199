"""The audits that the check files declare, for suites that hold each of them to a contract."""

from __future__ import annotations

import importlib
import pkgutil

import checks
from checks.engine.experiment import Audit


def audits() -> list[type[Audit]]:
    """The audit classes of every check file, by the name of their theorem."""
    modules = [m.name for m in pkgutil.iter_modules(checks.__path__) if m.name.startswith("test_")]
    values = [value for name in modules for value in vars(importlib.import_module(f"checks.{name}")).values()]
    found = {v for v in values if isinstance(v, type) and issubclass(v, Audit) and v.experiments}
    return sorted(found, key=lambda audit: audit.theorem().name)
