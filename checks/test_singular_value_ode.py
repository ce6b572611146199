"""How hard the singular-value theorem was tried: at a moment (every derivative in closed form) and along training."""

from __future__ import annotations

from typing import ClassVar

from .engine.experiment import Audit, Experiment
from .families_deep_linear import MOMENTS
from .families_flow import FLOWS


class TestSingularValueODE(Audit):
    experiments: ClassVar[list[Experiment]] = [*MOMENTS, *FLOWS]
