"""The template of a theorem, its simulator and its check file, for the catalogue or for a folder of one's own.

As it stands it is well formed, keeps the contract of simulators, and fails: its claim is refuted, and one item says that
the theorem is still the template.
"""

from __future__ import annotations

from string import Template

MARK = "TEMPLATE"
"""What the template writes wherever something is still to be filled in."""

_THEOREM = Template('''\
"""TEMPLATE: what $name says, in one sentence."""

from __future__ import annotations

$from_statement

x = observable("x", "TEMPLATE: what is given, and in which unit")
y = observable("y", "TEMPLATE: what is measured, and in which unit")

THEOREM = Theorem(
    name="$name",
    title="TEMPLATE: what it is about, in one line",
    claims=(
        Claim(
            "first",
            Le(y, x),
            "bound",
            "TEMPLATE: what the relation says, with its constants.",
            tight_at="TEMPLATE: where it is attained",
            follows_from=("first-step",),
        ),
    ),
    assumptions=(Assumption("positive", "TEMPLATE: what has to hold", Gt(x, 0)),),
    derivation=(
        Step("first-step", "TEMPLATE: why the claim holds.", "cited", source="TEMPLATE: where that is proved"),
    ),
    sources=(Source("TEMPLATE: authors", 2000, "TEMPLATE: title"),),
    non_claims=("TEMPLATE: what is not claimed.",),
)
''')

_SIMULATOR = Template('''\
"""TEMPLATE: how the quantities of $name are measured, and where the error bars come from."""

from __future__ import annotations

from dataclasses import dataclass

import flint
import numpy as np
import torch

$from_measurement

UNIT = 2.0**-53
"""The unit roundoff of float64."""


@dataclass(frozen=True)
class Instance:
    """TEMPLATE: one instance, of plain values."""

    x: float = 2.0


EXAMPLES = (Instance(), Instance(0.5), Instance(-3.0))


def observe_precisely(instance: Instance, bits: int) -> Measurements:
    """The columns of `observe` in balls of so many bits."""
    with flint.ctx.workprec(bits):
        x = flint.arb(instance.x)
        return Measurements({"x": balls([x]), "y": balls([x * x])}, np.zeros(1))


@simulator("x y", limited_by="rounding", precisely=observe_precisely)
def observe(batch: tuple[Instance, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """TEMPLATE: a row an instance.  The square of x is rounded once: by one unit at most, relative to what comes out."""
    x = torch.tensor([instance.x for instance in batch], dtype=torch.float64, device=device)
    y = (x * x).cpu().numpy()
    return Measurements({"x": reals(x.cpu().numpy(), 0.0), "y": reals(y, 2 * UNIT * y)}, np.arange(len(batch)))
''')

_CHECK = Template('''\
"""TEMPLATE: where $name is searched for a counterexample."""

from __future__ import annotations

$imports_of_check


def instances(draw: Draw, *, positive: bool = True) -> Instance:
    """TEMPLATE: instances that satisfy the assumptions, and with False one that violates that assumption and no other."""
    size = draw.decimal(0.1, 10, 1)
    return Instance(size if positive else -size)


FIRST = Experiment("first", THEOREM, instances, observe, examples=(Instance(),), search=20, bulk=500)


class Test$camel(Audit):
    """TEMPLATE: what is measured, and how."""

    experiments = [FIRST]$noqa


def test_the_template_is_filled() -> None:
    """Fails as long as the statement has words of the template: delete it after that."""
    left = unfilled(THEOREM)
    if left:
        pytest.fail(f"this theorem is still the template: fill in {', '.join(left)}", pytrace=False)
''')

_FROM_STATEMENT = "import Assumption, Claim, Gt, Le, Source, Step, Theorem, observable"
_FROM_MEASUREMENT = "import Measurements, balls, reals, simulator"

CATALOGUE = {
    "from_statement": f"from theorems.statement {_FROM_STATEMENT}",
    "from_measurement": f"from .measurement {_FROM_MEASUREMENT}",
    "imports_of_check": """\
import pytest

from simulators.$module import Instance, observe
from theorems.$module import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment
from .new_template import unfilled""",
    "noqa": "  # noqa: RUF012",
}
FOLDER = {
    "from_statement": f"from theorem_audit {_FROM_STATEMENT}",
    "from_measurement": f"from theorem_audit {_FROM_MEASUREMENT}",
    "imports_of_check": """\
import pytest
from $module import THEOREM
from ${module}_simulator import Instance, observe
from theorem_audit import Audit, Draw, Experiment, unfilled""",
    "noqa": "",
}


def files(name: str, catalogue: bool) -> dict[str, str]:
    """Relative path -> text of the three files: in the rooms of the catalogue, or side by side in a folder."""
    module = name.replace("-", "_")
    words = {
        "name": name,
        "module": module,
        "camel": "".join(part.capitalize() for part in name.split("-")),
        **(CATALOGUE if catalogue else FOLDER),
    }
    words["imports_of_check"] = Template(words["imports_of_check"]).substitute(module=module)
    texts = [template.substitute(words) for template in (_THEOREM, _SIMULATOR, _CHECK)]
    if catalogue:
        paths = [f"theorems/{module}.py", f"simulators/{module}.py", f"checks/test_{module}.py"]
    else:
        paths = [f"{module}.py", f"{module}_simulator.py", f"test_{module}.py"]
    return dict(zip(paths, texts, strict=True))


def unfilled(theorem: object) -> tuple[str, ...]:
    """The parts of a theorem whose words are still the template's, such as `title` or `claims`."""
    from dataclasses import fields, is_dataclass

    if not is_dataclass(theorem):
        return ()
    return tuple(item.name for item in fields(theorem) if _marked(getattr(theorem, item.name)))


def _marked(value: object) -> bool:
    """Whether the mark occurs in what a value prints as, or in the meaning of an observable that it speaks of."""
    meanings = [getattr(o, "meaning", "") for part in _parts(value) for o in getattr(part, "observables", ())]
    return any(MARK in text for text in (repr(value), *meanings))


def _parts(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)
