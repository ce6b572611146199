"""Training of wide nets: bounds along single trajectories, rates over many nets of two widths."""

from __future__ import annotations

from typing import ClassVar

from simulators import lazy_ensemble, lazy_observables
from simulators.lazy_ensemble import Ensemble
from simulators.lazy_net import LazyNet
from theorems.lazy_training import RATES, THEOREM

from .engine.experiment import Audit, Experiment
from .families_training import compared, drifting, ensembles, never_lazy

COMPARED = Experiment(
    "linear-flow", THEOREM, compared, lazy_observables.observe_comparison,
    examples=(
        LazyNet(reference="constant", level=8.0, time=0.003),
        LazyNet(reference="constant", level=8.0, time=0.003, width=64, seed=1),
        # a saturated unit: its kernel is 0 at all times, and nothing moves
        LazyNet(activation="hat", weight=2.0, first_only=True, reference="constant", level=0.5, time=3.0),
    ),
    search=1, batch=64, bulk=192,
)  # fmt: skip
DRIFTING = Experiment(
    "drift", THEOREM, drifting, lazy_observables.observe_drift,
    examples=(
        LazyNet(activation="hat", weight=0.0, first_only=True, time=0.001),
        LazyNet(activation="hat", weight=0.0, first_only=True, time=0.001, width=16, points=3, inputs="same"),
    ),
    search=1, batch=64, bulk=192,
)  # fmt: skip
ENSEMBLES = Experiment(
    "two-widths", THEOREM, ensembles, lazy_ensemble.observe,
    examples=(Ensemble(), Ensemble(activation="relu")),
    search=1, batch=2, bulk=0, only=(*(c.name for c in RATES), "for-all-t", "l2-regression"),
)  # fmt: skip
NEVER_LAZY = Experiment(
    "mean-field", THEOREM, never_lazy, lazy_ensemble.observe,
    examples=(Ensemble(parameterisation="mean-field"),),
    search=0, bulk=0, only=("other-limits",),
)  # fmt: skip


class TestLazyTraining(Audit):
    """Single nets in two experiments, medians over nets in two more."""

    experiments: ClassVar[list[Experiment]] = [COMPARED, DRIFTING, ENSEMBLES, NEVER_LAZY]
