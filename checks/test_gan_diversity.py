"""Trained generators: drawn generators that memorised, and the measured experiment, all of whose cells are judged."""

from __future__ import annotations

from itertools import product

from simulators import gan_memory, gan_study
from simulators.gan_memory import Memory
from simulators.gan_study import Shown, Size, Sweep, Trained
from theorems.gan_diversity import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

SIZES, SEEDS, STAGES = (2, 8, 32, 128), range(24, 48), (750, 1500)
TRAINED = tuple(Trained(size, seed, steps) for steps, size, seed in product(STAGES[::-1], SIZES, SEEDS))
SMALLEST = tuple(one for one in TRAINED if one.size == 2)
SIZED = tuple(Size(size, steps) for steps, size in product(STAGES, SIZES))
WIDEST = (Size(128, 1500),)
NARROWEST = tuple(one for one in SIZED if one.size == 2)
HALF, WHOLE = (Sweep(steps) for steps in STAGES)
SHOWN = tuple(Shown(images, size, seed) for images, size, seed in product((50, 200, 800), (2, 8, 32), range(6, 12)))
FIFTY = tuple(one for one in SHOWN if (one.images, one.size) == (50, 2))
EIGHT_HUNDRED = tuple(one for one in SHOWN if one.images == 800)


def memories(draw: Draw, *, real_images: bool = True, bounded: bool = True) -> Memory:
    """Generators of few, many or all images, and discriminators that know none, some or all of them."""
    shown = draw.choice((1, 2, 3, 50, 1796, 1797)) if draw.boolean() else draw.integer(1, 400)
    known = shown if draw.boolean() else draw.integer(0, shown)
    if real_images and bounded:
        return Memory(shown, known, 0, draw.choice((100, 100, 99, 50, 1)), draw.seed())
    if bounded:
        return Memory(shown, shown, draw.integer(1, shown), 100, draw.seed())
    few = min(shown, 400)
    return Memory(few, few, 0 if real_images else draw.integer(1, few), draw.integer(101, 300), draw.seed())


def _one_of(examples):  # type: ignore[no-untyped-def]
    def drawn(draw: Draw):  # type: ignore[no-untyped-def]
        return draw.choice(examples)

    return drawn


def _judged(name, examples, observe, *only):  # type: ignore[no-untyped-def]
    """An experiment on what was measured: nothing is searched, every example is judged."""
    return Experiment(name, THEOREM, _one_of(examples), observe, examples=examples, search=0, bulk=0, only=only)


MEMORY = Experiment(
    "memory",
    THEOREM,
    memories,
    gan_memory.observe_memory,
    examples=(Memory(50, 50), Memory(1, 1), Memory(1797, 1797), Memory(1797, 3), Memory(800, 799), Memory(2, 0)),
    search=15,
    bulk=250,
    only=("known-by-heart", "cap"),
)
BATCHES = _judged("batches", TRAINED, gan_study.observe_batches, "union")
GENERATORS = _judged(
    "generators", TRAINED, gan_study.observe_trained, "test-agrees", "no-copies", "real-life"
)  # fmt: skip
AGAINST_TWO = _judged("against-two-units", SMALLEST, gan_study.observe_trained, "every-one-collapses")
BY_SIZE = _judged("by-size", SIZED, gan_study.observe_sizes, "seeds-differ", "far-from-data")
AGAINST_MOST = _judged("against-most-units", WIDEST, gan_study.observe_sizes, "more-than-memory", "steps-matter")
AGAINST_FEWEST = _judged(
    "against-fewest-units",
    NARROWEST,
    gan_study.observe_sizes,
    "blind-at-the-end",
    "seeds-differ-tenfold",
    "less-than-memory",
    "collapse-happens",
)
BOTH_SWEEPS = _judged("sweeps", (HALF, WHOLE), gan_study.observe_sweeps, "diversity-grows", "levels-off")
ALL_STEPS = _judged("all-steps", (WHOLE,), gan_study.observe_sweeps, "no-single-power", "linear-inside")
HALF_THE_STEPS = _judged("half-the-steps", (HALF,), gan_study.observe_sweeps, "linear-outside")
SUBSETS = _judged("subsets", SHOWN, gan_study.observe_shown, "cap")
SUBSETS_OF_FIFTY = _judged(
    "fifty-images", FIFTY, gan_study.observe_shown, "two-units-notice-fifty", "small-incapable"
)  # fmt: skip
SUBSETS_OF_EIGHT_HUNDRED = _judged("eight-hundred", EIGHT_HUNDRED, gan_study.observe_shown, "eight-hundred-pass")


class TestGanDiversity(Audit):
    """One drawn experiment on memory, the others on what was measured."""

    experiments = [  # noqa: RUF012
        MEMORY, BATCHES, GENERATORS, AGAINST_TWO, BY_SIZE, AGAINST_MOST, AGAINST_FEWEST, BOTH_SWEEPS, ALL_STEPS,
        HALF_THE_STEPS, SUBSETS, SUBSETS_OF_FIFTY, SUBSETS_OF_EIGHT_HUNDRED,
    ]  # fmt: skip
