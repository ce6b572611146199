"""The test for equal images on exact laws, next to discriminators of one image that see nothing; classes on recorded tuples."""

from __future__ import annotations

from dataclasses import replace

from simulators import tuple_test, tuple_test_blocks, tuple_test_cells, tuple_test_factors
from simulators.tuple_test import TupleTest
from simulators.tuple_test_blocks import Blocks
from simulators.tuple_test_cells import Spread
from theorems.tuple_discriminators import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment
from .test_birthday import samples, uneven_law, uniform_law

Groups = tuple[tuple[int, int], ...]


def dependent(draw: Draw, test: TupleTest) -> TupleTest:
    """The same weights as an urn: without replacement, or with one more image of each kind that is drawn."""
    if draw.boolean():
        return replace(test, returned=2)
    return replace(test, s=min(test.s, sum(w * c for w, c in test.generator)), returned=0)


def uniform_tests(draw: Draw, *, atomless: bool = True, independent: bool = True, uniform: bool = True) -> TupleTest:
    """Equally likely images, 1 to 10⁶ of them, and real images that never repeat."""
    groups = uniform_law(draw) if uniform else uneven_law(draw)
    if not independent:
        groups = ((1, draw.integer(2, 12)),)
    test = TupleTest(groups, samples(draw, sum(c for _, c in groups)))
    if not atomless:
        test = replace(test, real=((draw.integer(1, 3), draw.integer(1, 5)),), s=max(test.s, 2))
    return test if independent else dependent(draw, test)


def generators(draw: Draw, *, atomless: bool = True, independent: bool = True) -> TupleTest:
    """Images of any probabilities, tuples of 2 to 4 and near the square root of their number."""
    groups = uneven_law(draw) if draw.boolean() else uniform_law(draw)
    if not independent and sum(c for _, c in groups) < 2:
        groups = ((1, 2),)
    size = draw.choice((2, 3, 4)) if draw.boolean() else samples(draw, sum(c for _, c in groups))
    test = TupleTest(groups, size)
    if not atomless:
        test = replace(test, real=((draw.integer(1, 3), draw.integer(1, 5)),), s=max(test.s, 2))
    return test if independent else dependent(draw, test)


def repeating(draw: Draw, *, independent: bool = True) -> TupleTest:
    """Real images that repeat: as often as those of the generator, more rarely, or hardly ever."""
    groups = uneven_law(draw) if draw.integer(0, 2) == 2 else uniform_law(draw)
    if not independent:
        groups = ((1, draw.integer(2, 12)),)
    real: Groups = uneven_law(draw) if draw.integer(0, 2) == 2 else uniform_law(draw)
    size = draw.choice((2, 3, 4, 6, 12)) if draw.boolean() else min(samples(draw, sum(c for _, c in groups)), 12)
    test = TupleTest(groups, max(2, size), real, draw.choice((0, 1, 10_000)))
    return test if independent else dependent(draw, test)


def spreads(draw: Draw, *, even: bool = True) -> Spread:
    """One to six cells with the generator's images in proportion to their masses; or one image too many in the first."""
    cells = draw.integer(1, 6) if even else draw.integer(2, 6)
    masses = tuple(draw.integer(1, 4) for _ in range(cells))
    each = draw.choice((1, 2, 5, 10, 40))
    counts = tuple(each * w for w in masses)
    if not even:
        counts = (counts[0] + draw.integer(1, 3), *counts[1:])
    scores = tuple(draw.choice((0.5, 0.1, 0.9, 1.0, 0.25)) for _ in range(cells))
    size = max(1, round(draw.decimal(0.3, 2.0, 1) * sum(counts) ** 0.5))
    return Spread(masses, counts, size, scores, draw.choice((1, 2, -1, tuple_test_cells.LOGARITHM, 3, -2)))


def uneven_spreads(draw: Draw) -> Spread:
    """The generator's images out of proportion; half of the discriminators tell exactly where real images are likelier."""
    case = spreads(draw, even=False)
    low, high = draw.choice(((0.1, 1.0), (0.001, 0.5), (0.5, 1.0), (0.25, 0.9)))
    if draw.boolean():
        real, fake = sum(case.masses), sum(case.images)
        likelier = (w * fake > c * real for w, c in zip(case.masses, case.images, strict=True))
        case = replace(case, scores=tuple(high if more else low for more in likelier))
    return case


def classes(draw: Draw, *, fresh: bool = True) -> Blocks:
    """One tuple, a few, or a great many with a small gap; classes of one discriminator to 2^300 and more."""
    size, how = draw.integer(1, 5), draw.choice(("one", "few", "many"))
    if how == "one" and fresh:
        return Blocks(size + draw.integer(0, size - 1), size, draw.choice((0, 0, 1, 5)), draw.choice((0.5, 0.4)))
    if how == "many":
        eps = draw.choice((0.001, 0.01, 0.003))
        tuples = draw.choice((10**12, 10**11, 10**13))
        certain = round(2.885 * tuples * eps**2)  # so many bits that the class has the gap for certain
        return Blocks(
            size * tuples, size, draw.choice((0, 10, certain, certain // 2)), eps, 1 if fresh else draw.choice((2, 10))
        )
    copies = 1 if fresh else draw.choice((10, 5))
    tuples = copies * draw.integer(2, 40)
    return Blocks(
        size * tuples + draw.integer(0, size - 1), size, draw.integer(0, 40), draw.decimal(0.05, 0.5, 2), copies
    )


UNIFORM = Experiment(
    "uniform-generators", THEOREM, uniform_tests, tuple_test_factors.observe,
    examples=(TupleTest(((1, 365),), 23), TupleTest(((1, 1_000_000),), 60)),
    search=6, bulk=400, only=("uniform",),
)  # fmt: skip
TESTS = Experiment(
    "generators", THEOREM, generators, tuple_test.observe,
    examples=(
        TupleTest(((1, 365),), 22),
        TupleTest(((1, 6),), 3),  # s² ≥ 2m ln 2 and an advantage below ½
        TupleTest(((1, 1_000_000),), 1178),
        TupleTest(((1, 1_000_000),), 2),
    ),
    search=10, bulk=500, only=("pairs", "triples", "quadruples", "half", "half-needed", "pairs-suffice", "tuples-always-tell"),
)  # fmt: skip
REPEATING = Experiment(
    "repeating-real-images", THEOREM, repeating, tuple_test_factors.observe,
    examples=(
        TupleTest(((1, 100),), 12, ((1, 1000),), 0),
        TupleTest(((1, 10_000),), 2, ((1, 30_000),), 0),
        TupleTest(((1, 5),), 4, ((1, 3),), 0),
        TupleTest(((1, 100),), 1, ((1, 1000),), 0),
    ),
    search=6, bulk=200, only=("less-false-positives", "less-false-positives-closed", "pairs"),
)  # fmt: skip
SPREADS = Experiment(
    "spread-generators", THEOREM, spreads, tuple_test_cells.observe_spread,
    examples=(Spread((1, 1), (200, 200), 24, (0.5, 0.25)),),
    search=8, bulk=400, only=("any-measuring-function", "blind-and-seen", "tweaking-objectives", "tweaking-objectives-of-one-image"),
)  # fmt: skip
UNEVEN = Experiment(
    "uneven-generators", THEOREM, uneven_spreads, tuple_test_cells.observe_spread,
    examples=(
        Spread((1, 1), (1, 3), 2, (1.0, 0.1), -1),
        Spread((1, 1), (99, 101), 2, (1.0, 1e-100), tuple_test_cells.LOGARITHM),
    ),
    search=4, bulk=200, only=("within-span", "unbounded-function", "tweaking-within-gap"),
)  # fmt: skip
CLASSES = Experiment(
    "recorded-tuples", THEOREM, classes, tuple_test_blocks.observe_blocks,
    examples=(Blocks(1, 1, 0, 0.5), Blocks(3, 2, 0, 0.5), Blocks(2 * 10**12, 2, 0, 0.001)),
    search=8, bulk=400,
)  # fmt: skip


class TestTupleDiscriminators(Audit):
    """Equally likely images, any images, real images that repeat, cells that see nothing, classes on recorded tuples."""

    experiments = [UNIFORM, TESTS, REPEATING, SPREADS, UNEVEN, CLASSES]  # noqa: RUF012
