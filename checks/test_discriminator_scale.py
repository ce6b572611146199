"""The scale of the gap on tables and classes of coins, exactly."""

from __future__ import annotations

from simulators import discriminator_class, discriminator_table
from simulators.discriminator_class import FiniteClass
from simulators.discriminator_table import Drawn, Table
from theorems.discriminator_scale import THEOREM

from .engine.experiment import Audit, Experiment
from .families_discriminators import drawn, means, memories, precisions

DRAWN = Experiment(
    "drawn", THEOREM, drawn, discriminator_table.observe_drawn, examples=(Drawn(),), search=6, batch=8, bulk=150,
)  # fmt: skip
MEANS = Experiment(
    "means", THEOREM, means, discriminator_table.observe_mean,
    examples=(Table(), Table(((1, 2),), 2), Table(((1, 60),), 400)), search=12, bulk=300,
)  # fmt: skip
MEMORIES = Experiment(
    "memories", THEOREM, memories, discriminator_class.observe_memory,
    examples=(FiniteClass(1, 40, 40), FiniteClass(1, 3000, 3000)), search=12, bulk=300,
)  # fmt: skip
PRECISIONS = Experiment(
    "precisions", THEOREM, precisions, discriminator_class.observe,
    examples=(
        FiniteClass(bits=0),
        FiniteClass(samples=5_000_000, tail=1.0, bits=32, parameters=400),
        FiniteClass(samples=5_000_000, tail=-3.0, bits=32, parameters=400),
    ),
    search=20, bulk=1000, only=("finite-precision", "logarithm-needed-at-any-gap", "linear-support", "no-logarithm"),
)  # fmt: skip


class TestDiscriminatorScale(Audit):
    """Samples and means of tables; classes of coins that a sample is constant for; parameters of few bits."""

    experiments = [DRAWN, MEANS, MEMORIES, PRECISIONS]  # noqa: RUF012
