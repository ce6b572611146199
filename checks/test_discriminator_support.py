"""The support theorem on discriminators whose gap has an exact law, and each of its lemmas on instances of its own."""

from __future__ import annotations

from simulators import (
    discriminator_bits,
    discriminator_class,
    discriminator_lemmas,
    discriminator_patterns,
    discriminator_sine,
    discriminator_table,
)
from simulators.discriminator_bits import BitTable, Measured
from simulators.discriminator_class import FiniteClass
from simulators.discriminator_lemmas import Cube, Segment, Toss
from simulators.discriminator_patterns import Patterns
from simulators.discriminator_sine import SineTable
from simulators.discriminator_table import Table
from theorems.discriminator_support import THEOREM

from .engine.experiment import Audit, Experiment
from .families_discriminators import (
    bit_tables,
    classes,
    cubes,
    lost,
    measured,
    patterns,
    segments,
    sines,
    tables,
    tosses,
    within,
)

MANY = 13_000
OF_SUPPORT = (
    "support-lipschitz", "enough-images", "existence", "support-loose", "with-high-probability", "N-log-N-corrected",
    "incapable",
)  # fmt: skip
STEEP = (
    BitTable(MANY, 10_000_000, 1.0, 0.0003),
    BitTable(MANY, 4_000_000, 9000.0, 0.001, risk=0.99),
    BitTable(MANY, 3_000_000, 1.0, 0.001, stretch=50),
    BitTable(MANY, 116_000, 1.0, 0.001, cells=10),
    BitTable(MANY, 116_000_000, 1.0, 0.001, cells=10_000),
)

CLASSES = Experiment(
    "classes", THEOREM, classes, discriminator_class.observe,
    examples=(
        FiniteClass(),
        FiniteClass(1, MANY, 5_000_000, 1.0),
        FiniteClass(1, MANY, 5_000_000, 1.0, resolution=0.001),
        FiniteClass(1, MANY, 500_000_000, 1.0, resolution=0.01),
        FiniteClass(1, 0, 1000, 1.0, resolution=0.3, inside=0.55),
        FiniteClass(2, 0, 2),
    ),
    search=8, bulk=500, only=("support", "union-bound"),
)  # fmt: skip
BITS = Experiment(
    "bit-tables", THEOREM, bit_tables, discriminator_bits.observe,
    examples=STEEP, search=12, bulk=800, only=OF_SUPPORT,
)  # fmt: skip
PATTERNS = Experiment(
    "patterns", THEOREM, patterns, discriminator_patterns.observe,
    examples=(Patterns(), Patterns(2, 300, 139), Patterns(1, 1001, 1000)),
    search=8, bulk=200, only=("every-generator", "N-log-N", "wins-exactly"),
)  # fmt: skip
LOST = Experiment(
    "lost", THEOREM, lost, discriminator_patterns.observe_lost,
    examples=(Patterns(1, 1000, 339, eps=0.66), Patterns(10, 300, 2690)),
    search=4, bulk=50, only=("existence", "N-log-N-corrected", "incapable"),
)  # fmt: skip
TABLES = Experiment(
    "tables", THEOREM, tables, discriminator_table.observe,
    examples=(Table(((1, 100),), 50, part=0.25),), search=4, batch=8, bulk=100, only=("support-lipschitz", "support-loose"),
)  # fmt: skip
MEASURED = Experiment(
    "measured", THEOREM, measured, discriminator_bits.observe_measured,
    examples=(
        Measured(BitTable(MANY, 5_000_000, 1.0, 0.001), height=1.0), Measured(BitTable(300, 1000, -4.0), "log", 100.0),
        Measured(BitTable(900, 5000, 1.0, reach=2.0**-900)),
    ),
    search=8, bulk=300, only=("measuring-function", "tweaking-objectives", "tweaking-objectives-corrected"),
)  # fmt: skip
SINES = Experiment(
    "sine", THEOREM, sines, discriminator_sine.observe,
    examples=(SineTable(3, 2), SineTable(3000, 1500)), search=10, batch=4, bulk=100, only=("one-parameter", "size-alone"),
)  # fmt: skip
NETS = Experiment(
    "nets", THEOREM, cubes, discriminator_lemmas.observe_net,
    examples=(Cube(), Cube((3, 1), (1, 1), (1, 1), 2)), search=10, bulk=200, only=("net-size",),
)  # fmt: skip
SEGMENTS = Experiment(
    "segments", THEOREM, segments, discriminator_lemmas.observe_segment,
    examples=(Segment(masses=(1, 10**9)),), search=10, bulk=300, only=("lipschitz-transfer", "epsilon-net"),
)  # fmt: skip
WITHIN = Experiment(
    "within-a-segment", THEOREM, within, discriminator_lemmas.observe_segment,
    examples=(Segment(),), search=8, bulk=100, only=("lipschitz-attained",),
)  # fmt: skip
TOSSES = Experiment(
    "tosses", THEOREM, tosses, discriminator_lemmas.observe_moment,
    examples=(Toss(), Toss(0.5, 0.001), Toss(0.5, -0.1)), search=10, bulk=100, only=("hoeffding-moment",),
)  # fmt: skip


class TestDiscriminatorSupport(Audit):
    """Classes of coins, bit tables, tables of all patterns, tables, measuring functions, a sine; nets, segments and tosses for the lemmas."""

    experiments = [CLASSES, BITS, PATTERNS, LOST, TABLES, MEASURED, SINES, NETS, SEGMENTS, WITHIN, TOSSES]  # noqa: RUF012
