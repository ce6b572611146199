"""Small data: drawn tables and trials, and the measured experiment.

The measured experiment has no family to search: each of its data sets is an example, and all of them are judged.
"""

from __future__ import annotations

from simulators import small_data, small_data_study
from simulators.small_data import Table, Trial, Votes
from simulators.small_data_study import Study
from theorems.small_data import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

SEEDS = 8
TUMORS = tuple(Study(name, SEEDS) for name in ("primary-tumor-330", "primary-tumor-330-one-hot", "primary-tumor-339"))
OTHERS = tuple(Study(name, SEEDS) for name in ("wine", "breast-cancer"))


def tables(draw: Draw) -> Table:
    """Tables of up to some hundred patients: few or many discordant ones, even, uneven and on one side."""
    how = draw.choice(("few", "even", "one side", "many"))
    if how == "few":
        first, second = draw.integer(0, 4), draw.integer(0, 4)
    elif how == "even":
        first = draw.integer(0, 12)
        second = first + draw.integer(-1, 1)
    elif how == "one side":
        first, second = draw.choice(((0, 1), (1, 0)))
        size = draw.integer(1, 20)
        first, second = first * size, second * size
    else:
        first, second = draw.integer(0, 60), draw.integer(0, 60)
    return Table(draw.integer(1, 200), first, max(second, 0), draw.choice((0, 1, 5, 100)))


def trials(draw: Draw, *, independent: bool = True, alike: bool = True) -> Trial:
    """Trials of a few patients; every patient discordant in half of them, where the test is exact."""
    patients = draw.integer(1, 9)
    first = second = 50 if draw.boolean() else draw.integer(1, 49)
    if not alike:
        first, second = draw.integer(51, 99), draw.integer(0, 1)
    both = draw.integer(0, 100 - first - second) if draw.boolean() else 0
    return Trial(patients, both, first, second, draw.integer(0, 4), 1 if independent else draw.integer(2, 6))


def votes(draw: Draw) -> Votes:
    """Laws under which all, half or any of the intervals are wrong together; the extreme ones share out the blame evenly."""
    intervals = draw.integer(1, 8)
    everything = 2**intervals - 1
    how = draw.choice(("halves", "together", "any"))
    if how == "halves":
        size = (intervals + 1) // 2
        window = (1 << size) - 1
        turned = {(window << k | window << k >> intervals) & everything for k in range(intervals)}
        laws = tuple((1, pattern) for pattern in sorted(turned))
        return Votes(intervals, ((draw.integer(0, 40), 0), *laws))
    if how == "together":
        return Votes(intervals, ((draw.integer(0, 40), 0), (draw.integer(1, 5), everything)))
    drawn = tuple((draw.integer(0, 5), draw.integer(0, everything)) for _ in range(draw.integer(1, 5)))
    return Votes(intervals, ((1, 0), *drawn))


def tumors(draw: Draw) -> Study:
    """Primary tumor in one of its codings."""
    return draw.choice(TUMORS)


def studies(draw: Draw) -> Study:
    """Any data set of the measured experiment."""
    return draw.choice((*TUMORS, *OTHERS))


PAIRED = Experiment(
    "paired-tables",
    THEOREM,
    tables,
    small_data.observe_tables,
    examples=(Table(1, 0, 0), Table(140, 13, 10, 167), Table(0, 10, 0, 320), Table(1, 5, 5, 1)),
    search=20,
    bulk=300,
)
REPEATED = Experiment("repeated-trials", THEOREM, trials, small_data.observe_trials, search=10, bulk=200)
VOTED = Experiment("votes", THEOREM, votes, small_data.observe_votes, search=20, bulk=300)
EVERYWHERE = ("no-gap-shown-gaussian", "no-gap-shown-forest", "no-gap-shown-linear", "training-fold", "competitive")
ON_TUMORS = ("published-gaps-inside", "three-points-unseen", "standard-error-measured", "split-noise", "tests-silent")
SAID_OF_TUMORS = ("accuracies", "ranking", "training-samples")
EVERY_SET = Experiment(
    "all-data-sets", THEOREM, studies, small_data_study.observe,
    examples=(*TUMORS, *OTHERS), search=0, bulk=0, only=EVERYWHERE,
)  # fmt: skip
PRIMARY_TUMOR = Experiment(
    "primary-tumor", THEOREM, tumors, small_data_study.observe,
    examples=TUMORS, search=0, bulk=0, only=(*ON_TUMORS, *SAID_OF_TUMORS),
)  # fmt: skip


class TestSmallData(Audit):
    """Three drawn experiments on the statistics, two on what was measured."""

    experiments = [PAIRED, REPEATED, VOTED, EVERY_SET, PRIMARY_TUMOR]  # noqa: RUF012
