"""The measured generator experiment, read from its file: diversity of every generator, by discriminator size, over the seeds.

Intervals are at 95 %, shared evenly by all that one column holds: Clopper and Pearson's for a generator's probabilities, order
statistics for medians over seeds.  Their ends are numbers of the report, so those columns are exact; that an interval may miss is part
of what it is.  Only `observe_batches` measures probabilities of the generators themselves, at the failure probability that it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import log
from typing import Any

import numpy as np
import torch

from .gan_file import measured
from .gan_nets import GRID
from .gan_protocol import BATCH_SIZES, SEEDS, SIZES, STAGES
from .intervals import median, proportion
from .measurement import Measurement, MeasurementError, Measurements, integers, reals, simulator
from .small_data import rationals

LEVEL = 0.05
INTERVALS = len(SIZES) * len(SEEDS) * len(STAGES) * (len(BATCH_SIZES) + 1)
"""One for each batch size, as the birthday test picks its own, and one for what a discriminator sees, of each generator."""
GROWTHS = (*pairwise(SIZES), (SIZES[0], SIZES[-1]))


@dataclass(frozen=True)
class Trained:
    """A generator of the experiment: its discriminator's hidden units, the seed that the run had, and the steps done.

    The field is not named seed: what was measured once has no fresh sample.
    """

    size: int
    run: int
    steps: int


@dataclass(frozen=True)
class Size:
    """All seeds of one discriminator size after so many steps."""

    size: int
    steps: int


@dataclass(frozen=True)
class Sweep:
    """All sizes and seeds after so many steps."""

    steps: int


@dataclass(frozen=True)
class Shown:
    """A discriminator of the experiment against a generator that shows ``images`` of the real ones."""

    images: int
    size: int
    run: int


def _stage(instance: Trained) -> dict[str, Any]:
    found = measured().cell("trained", instance.size, instance.run).get(str(instance.steps))
    if found is None:
        raise MeasurementError(f"{instance.steps} steps", f"one of {', '.join(map(str, STAGES))}")
    return found


def _support(instance: Trained) -> Fraction:
    """Pairs by near-duplicate pairs: 1 over the share of pairs within the radius."""
    pairs, near = _stage(instance)["pairs"]
    if not near:
        raise MeasurementError(
            f"no near-duplicate pair of {instance}", "at least one: more samples, or a larger radius"
        )
    return Fraction(pairs, near)


def _share(hits: int, trials: int) -> tuple[Fraction, Fraction]:
    """Clopper and Pearson's interval for one of the generators' probabilities."""
    low, high = proportion(hits, trials, LEVEL / INTERVALS)
    return Fraction(float(low)), Fraction(float(high))


@simulator("s P_near kappa", limited_by="sampling")
def observe_batches(batch: tuple[Trained, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for each batch size s above 2: P(near-duplicates in a batch), and P(a pair is near) from disjoint pairs."""
    torch.empty(0, device=torch.device(device))
    rows = [(k, _stage(t)["hits"][0], hits) for k, t in enumerate(batch) for hits in _stage(t)["hits"][1:]]
    share = delta / (2 * max((len(_stage(t)["hits"]) - 1 for t in batch), default=1))
    columns = {
        "s": integers(hits[0] for *_, hits in rows),
        "P_near": _intervals([hits for *_, hits in rows], share),
        "kappa": _intervals([pairs for _, pairs, _ in rows], share),
    }
    return Measurements(columns, np.array([k for k, *_ in rows], dtype=np.int64))


def _intervals(hits: Sequence[Sequence[int]], share: float) -> Measurement:
    low, high = proportion([near for _, _, near, _ in hits], [batches for _, batches, _, _ in hits], share)
    middle = (low + high) / 2
    return reals(middle, np.nextafter(np.maximum(high - middle, middle - low), 2), share)


@simulator("s P_low support_low memorised real_support copies distance real_distance", limited_by="exact")
def observe_trained(batch: tuple[Trained, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a generator: what the birthday test and disjoint pairs have to go on, and the nearest real images.

    ``s`` is the smallest batch size at which at least half of the batches hold near-duplicates (else the largest), ``P_low`` the lower end
    for that share, ``support_low`` 1 over the upper end for disjoint pairs.  ``distance`` is the median squared distance to the nearest
    real image, ``copies`` how many of 4096 images are within the radius of one.
    """
    torch.empty(0, device=torch.device(device))
    real = measured().real
    stages = [_stage(instance) for instance in batch]
    tried = [next((h for h in stage["hits"] if 2 * h[2] >= h[1]), stage["hits"][-1]) for stage in stages]
    columns = {
        "s": integers(size for size, *_ in tried),
        "P_low": rationals([_share(near, batches)[0] for _, batches, near, _ in tried]),
        "support_low": rationals([1 / _share(stage["hits"][0][2], stage["hits"][0][1])[1] for stage in stages]),
        **_data(len(batch)),
        "copies": integers(stage["copies"][0] for stage in stages),
        "distance": integers(stage["distance"] for stage in stages),
        "real_distance": integers(real.distance for _ in batch),
    }
    return Measurements(columns, np.arange(len(batch)))


def _data(rows: int) -> dict[str, Measurement]:
    """Of the real images: pairs by near pairs, and the same for two images drawn with replacement."""
    real = measured().real
    memorised = Fraction(real.rows**2, real.rows + 2 * real.near)
    return {
        "memorised": rationals([memorised] * rows),
        "real_support": rationals([Fraction(real.pairs, real.near)] * rows),
    }


def _spread(values: Sequence[float], shared: int) -> tuple[float, float, float]:
    """The median of the seeds and the order statistics around it, at the level that ``shared`` such intervals have together."""
    low, high = median(np.array(values), LEVEL / shared)
    return float(np.median(values)), float(low), float(high)


SIZED = ("support_median", "support_median_low", "support_median_high", "least", "most", "later_low", "blindest")


@simulator(" ".join([*SIZED, "memorised", "real_support"]), limited_by="exact")
def observe_sizes(batch: tuple[Size, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a size: median, interval and extremes of pairs by near pairs over the seeds.

    ``later_low`` is the lower end for the median factor by which all steps multiply what half of them gave; ``blindest`` the least, over
    the seeds, of the upper ends for what a threshold of the final discriminator tells apart.
    """
    torch.empty(0, device=torch.device(device))
    rows = []
    for one in batch:
        trained = [Trained(one.size, seed, one.steps) for seed in SEEDS]
        found = [float(_support(instance)) for instance in trained]
        halves = [_support(Trained(one.size, seed, STAGES[0])) for seed in SEEDS]
        wholes = [_support(Trained(one.size, seed, STAGES[1])) for seed in SEEDS]
        later = [float(whole / half) for half, whole in zip(halves, wholes, strict=True)]
        seen = min(_told_apart(instance) for instance in trained)
        spread = _spread(found, len(SIZES))
        rows.append((*spread, min(found), max(found), _spread(later, len(SIZES))[1], seen))
    return Measurements({**_columns(SIZED, rows), **_data(len(batch))}, np.arange(len(batch)))


def _told_apart(instance: Trained) -> Fraction:
    """The share of real images above a threshold minus that of generated ones, the upper end of its interval."""
    above, fooled, tried = _stage(instance)["seen"]
    return Fraction(above, measured().real.rows) - _share(fooled, tried)[0]


def _columns(names: Sequence[str], rows: Sequence[tuple[float | Fraction, ...]]) -> dict[str, Measurement]:
    return {name: rationals([Fraction(row[k]) for row in rows]) for k, name in enumerate(names)}


def growth(first: int, second: int) -> str:
    """The name of an exponent: of the support against the size, from one size to another."""
    return f"growth_{first}_{second}"


EXPONENTS = [f"{name}_{end}" for name in (*(growth(a, b) for a, b in GROWTHS), "bend") for end in ("low", "high")]


@simulator(" ".join(EXPONENTS), limited_by="exact")
def observe_sweeps(batch: tuple[Sweep, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a sweep: log-log slopes of support against size, a slope for each seed: the interval of their median.

    ``bend`` is the slope between the two smallest sizes minus that between the two largest, seed by seed.
    """
    torch.empty(0, device=torch.device(device))
    rows = []
    for one in batch:
        table = {size: [log(_support(Trained(size, seed, one.steps))) for seed in SEEDS] for size in SIZES}
        slopes = [[(y - x) / log(b / a) for x, y in zip(table[a], table[b], strict=True)] for a, b in GROWTHS]
        bend = [first - last for first, last in zip(slopes[0], slopes[len(SIZES) - 2], strict=True)]
        rows.append(tuple(end for each in (*slopes, bend) for end in _spread(each, len(GROWTHS) + 1)[1:]))
    return Measurements(_columns(EXPONENTS, rows), np.arange(len(batch)))


@simulator("n m advantage", limited_by="exact")
def observe_shown(batch: tuple[Shown, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a discriminator: its mean over the images that it is shown minus its mean over all."""
    torch.empty(0, device=torch.device(device))
    rows = measured().real.rows
    gains = []
    for one in batch:
        cell = measured().cell("subset", one.images, one.size, one.run)
        gains.append(Fraction(cell["shown"], int(GRID) * one.images) - Fraction(cell["all"], int(GRID) * rows))
    columns = {
        "n": integers(rows for _ in batch),
        "m": integers(one.images for one in batch),
        "advantage": rationals(gains),
    }
    return Measurements(columns, np.arange(len(batch)))
