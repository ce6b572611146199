"""The dynamics of outputs at single moments: nets of few inputs with their kernel's entries, and nets of many."""

from __future__ import annotations

from typing import ClassVar

from simulators import training_moment
from simulators.training_net import Net
from theorems.tangent_dynamics import THEOREM

from .engine.experiment import Audit, Experiment
from .families_training import few_inputs, many_inputs

FEW = Experiment(
    "few-inputs", THEOREM, few_inputs, training_moment.observe_few,
    examples=(
        Net(),
        Net(norms=(1.0, 1.0), label=1.0),
        Net(hidden=(4, 4), activation="erf", norms=(1.0, 2.0, 0.5), dimension=2, label=1.0, seed=1),
    ),
    search=20, batch=16, bulk=1000,
)  # fmt: skip
MANY = Experiment(
    "many-inputs", THEOREM, many_inputs, training_moment.observe_many,
    examples=(Net(), Net(hidden=(256,) * 5, activation="tanh", norms=(1.0,) * 8, dimension=4, label=1.0, seed=1)),
    search=8, batch=16, bulk=256,
)  # fmt: skip


class TestTangentDynamics(Audit):
    """Entries of the kernel in one experiment, its product with the slopes in the other."""

    experiments: ClassVar[list[Experiment]] = [FEW, MANY]
