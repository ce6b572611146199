"""The scale of the gap on tables and classes of coins, exactly."""

from __future__ import annotations

from simulators import discriminator_class, discriminator_coins, discriminator_patterns, discriminator_table
from simulators.discriminator_class import FiniteClass
from simulators.discriminator_coins import Coins
from simulators.discriminator_patterns import Patterns
from simulators.discriminator_table import Drawn, Table
from theorems.discriminator_scale import THEOREM

from .engine.experiment import Audit, Experiment
from .families_discriminators import chances, drawn, means, memories, patterns, precisions

DRAWN = Experiment(
    "drawn", THEOREM, drawn, discriminator_table.observe_drawn, examples=(Drawn(),), search=6, batch=8, bulk=150,
)  # fmt: skip
MEANS = Experiment(
    "means", THEOREM, means, discriminator_table.observe_mean,
    examples=(Table(), Table(((1, 2),), 2), Table(((1, 60),), 400)), search=12, bulk=300,
)  # fmt: skip
MEMORIES = Experiment(
    "memories", THEOREM, memories, discriminator_coins.observe_memory,
    examples=(Coins(1, 40, 40), Coins(1, 3000, 3000)), search=12, bulk=300,
)  # fmt: skip
PRECISIONS = Experiment(
    "precisions", THEOREM, precisions, discriminator_class.observe,
    examples=(
        FiniteClass(bits=0),
        FiniteClass(samples=5_000_000, tail=1.0, bits=32, parameters=400),
        FiniteClass(samples=5_000_000, tail=-3.0, bits=32, parameters=400),
    ),
    search=20, bulk=1000, only=("finite-precision", "linear-support"),
)  # fmt: skip
CHANCES = Experiment(
    "chances", THEOREM, chances, discriminator_coins.observe,
    examples=(
        Coins(1, 100, 5, beyond=True), Coins(1, 13_000, 5_000_000, 1.0), Coins(1, 13_000, 5_000_000, -3.0), Coins(5, 0, 4, 0.7, 0.49),
    ),
    search=12, bulk=600,
)  # fmt: skip
PATTERNS = Experiment(
    "patterns", THEOREM, patterns, discriminator_patterns.observe,
    examples=(Patterns(), Patterns(10, 100, 320, eps=0.5)), search=8, bulk=200,
    only=("logarithm-needed-by-every-generator", "no-logarithm"),
)  # fmt: skip


class TestDiscriminatorScale(Audit):
    """Samples and means of tables; classes of coins that a sample is constant for; few bits; all subsets."""

    experiments = [DRAWN, MEANS, MEMORIES, PRECISIONS, CHANCES, PATTERNS]  # noqa: RUF012
