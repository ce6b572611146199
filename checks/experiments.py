"""The experiments of the catalogue by their names, importing one check file only; and those of a file of one's own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing them takes torch, which who only reads a document may not need
    from .engine.experiment import Experiment


def experiments_of(theorem: str) -> list[Experiment]:
    """The experiments that the catalogue has for a theorem.  Raises LookupError for one without a check file."""
    from theorems import titles

    from .items import audit_named

    known = titles()
    audit = audit_named(theorem) if theorem in known else None
    if audit is None:
        raise LookupError(f"got theorem {theorem[:60]!r}; expected one of the catalogue: {', '.join(known)}")
    return audit.experiments


def experiments_in(path: Path | str) -> list[Experiment]:
    """The experiments of a check file of one's own, which is imported as pytest would: its code is run.

    Raises LookupError for a file that is not there or declares none.
    """
    file = Path(path).resolve()
    if file.suffix != ".py" or not file.is_file():
        raise LookupError(f"got {path}; expected a Python file that declares experiments; check its name")
    root, name = file.parent, file.stem
    while (root / "__init__.py").exists():
        root, name = root.parent, f"{root.name}.{name}"
    sys.path.insert(0, str(root))  # as pytest does, so that files beside it are found
    try:
        module = importlib.import_module(name)
    except Exception as problem:  # noqa: BLE001 - somebody's file may raise anything when it is run
        raise LookupError(
            f"got {path}, which cannot be imported ({type(problem).__name__}: {problem}); expected a check file; mend it"
        ) from None
    finally:
        sys.path.remove(str(root))
    if Path(getattr(module, "__file__", None) or "").resolve() != file:
        raise LookupError(f"got {path}, but {name} is another module here; expected a name of its own; rename the file")
    # told by what they are: a file that imports `checks` has other classes than one that imports `theorem_audit`
    values = list(vars(module).values())
    audits = [v for v in values if isinstance(v, type) and getattr(v, "theorem_audit", False) is True]
    found = [v for v in values if not isinstance(v, type) and hasattr(v, "observe") and hasattr(v, "instances")]
    found += [e for audit in audits for e in getattr(audit, "experiments", ()) if e not in found]
    if not found:
        raise LookupError(f"got {path} without an experiment; expected `Experiment(…)` in it; name its check file")
    return found


def find_experiment(
    theorem: str,
    name: str,
    dropped: Iterable[str] = (),
    *,
    parent: str = "",
    among: Iterable[Experiment] | None = None,
) -> Experiment:
    """The experiment of that name, on instances that violate what is ``dropped``.

    It is looked for ``among`` those given, else in the catalogue: that of the theorem, or that of the ``parent`` of a variant.
    ``name`` may be that of the experiment with the assumptions dropped.  Raises LookupError.
    """
    known = theorem
    if among is None:
        from theorems import titles

        catalogue = titles()
        known = next((t for t in (theorem, parent) if t in catalogue), theorem)
    listed = experiments_of(known) if among is None else list(among)
    without = tuple(dropped)
    for experiment in listed:
        if experiment.name == name and experiment.dropped == without:
            return experiment
    for experiment in listed:
        if name in (experiment.name, f"{experiment.name}-without-{'-'.join(without)}"):
            strangers = [a for a in without if a not in experiment.assumptions]
            if strangers:
                raise LookupError(
                    f"got {strangers[0][:60]!r} to be dropped; expected one of {', '.join(experiment.assumptions) or 'none'}"
                )
            return experiment.without(*without) if without else experiment
    names = ", ".join(sorted({e.name for e in listed}))
    raise LookupError(f"got experiment {name[:60]!r} of {known[:60]}; expected one of {names}")
