"""Instances and counterexamples spelled as Python: what is printed can be pasted and run."""

from __future__ import annotations

import dataclasses
import keyword
import math
from typing import Any

from flint import fmpq, fmpz

from theorems import get, titles

from .document import relation_text
from .verdict import Counterexample


class Unspeakable(ValueError):
    """A value that no expression of ours makes."""


def line_of(found: Counterexample) -> str:
    """A line that imports what it needs, measures the instance anew and judges the claim; empty where there is none."""
    claim = found.claim
    known = titles()
    theorem = next((name for name in (found.theorem, found.parent) if name in known), None)
    if claim is None or theorem is None:
        return ""
    modules: dict[str, set[str]] = {}
    try:
        instance = expression(found.instance, modules)
    except Unspeakable:
        return ""
    experiment = found.experiment.removesuffix(f"-without-{'-'.join(found.dropped)}")
    words = [repr(theorem), repr(relation_text(claim.relation)), repr(experiment), instance]
    if found.dropped:
        words.append(f"without={found.dropped!r}")
    if claim.assumes is not None and set(claim.assumes) != {a.name for a in get(theorem).assumptions}:
        words.append(f"assumes={claim.assumes!r}")
    imports = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(modules.items())]
    return "; ".join(["from theorem_audit import judge_at", *imports, f"print(judge_at({', '.join(words)}))"])


def expression(value: Any, modules: dict[str, set[str]]) -> str:
    """An expression that makes the value; ``modules`` gathers what it must import: module -> names.

    Raises `Unspeakable` for a value that is not plain, or of a class that is not at the top of an installed module.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if value is None or isinstance(value, (bool, int, str)):
        return repr(value)
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, (tuple, list)):
        parts = [expression(v, modules) for v in value]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if isinstance(value, (fmpz, fmpq)):
        modules.setdefault("flint", set()).add(type(value).__name__)
        return str(value.__repr__())
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise Unspeakable(f"{type(value).__name__} is not plain")
    kind = type(value)
    modules.setdefault(_home(kind), set()).add(kind.__qualname__)
    fields = [f for f in dataclasses.fields(value) if f.init and not _default(f, getattr(value, f.name))]
    return (
        f"{kind.__qualname__}({', '.join(f'{f.name}={expression(getattr(value, f.name), modules)}' for f in fields)})"
    )


def _default(f: dataclasses.Field[Any], value: Any) -> bool:
    """Whether the field may be left out: it is at its default, of the same type."""
    return type(value) is type(f.default) and bool(value == f.default)


def _home(kind: type) -> str:
    """The module to import a class from: in a fresh interpreter our folder `checks` is part of `theorem_audit`."""
    room = kind.__module__.removeprefix("theorem_audit.")
    name = kind.__qualname__
    if room.split(".")[0] not in ("simulators", "checks") or not name.isidentifier() or keyword.iskeyword(name):
        raise Unspeakable(f"{kind.__module__}.{name} cannot be imported everywhere")
    return f"theorem_audit.{room}" if room.startswith("checks") else room
