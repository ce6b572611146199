"""Batches of samples, how large they are, and what the birthday test counts in them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .birthday_samples import ROWS, Function, Samples, blank, constant, flat
from .birthday_seen import Seen
from .compare_file import BadFile

if TYPE_CHECKING:  # imported where they are used: `--help` is immediate
    import numpy as np
    import torch

PILOTS = (256, 1024, 4096, 16384)
"""Numbers of samples on which a batch size is chosen, the first that suffices."""
PART = 5
"""A pilot is at most one part in so many of a file."""
GROWTH = 1.3
ENOUGH = 8
"""Batches that a pilot must hold to settle a size."""
MOST = 64
FEWEST = 4 * PART
DRAWN = 60
"""Batches that are drawn from a function."""
PLANS = len(PILOTS) + 2
"""Draws of a function, by seed, before its first batch: two that are compared, and the pilots."""
Told = Callable[[int], None]


@dataclass(frozen=True)
class Size:
    """A batch size, and how it was chosen: on ``pilot`` samples, of whose ``batches`` so many had a near-duplicate."""

    size: int
    pilot: int = 0
    batches: int = 0
    hits: int = 0


@dataclass(frozen=True, eq=False)
class Candidate:
    """Two samples that may be duplicates: their distance, batch, rows (in the file, else in the batch) and values."""

    distance: float
    batch: int
    rows: tuple[int, int]
    first: np.ndarray
    second: np.ndarray


@dataclass(frozen=True, eq=False)
class Counted:
    """What ``batches`` batches of ``size`` hold.

    ``near``, ``equal``: batches with a near-duplicate, with an exact one; ``pairs``: near pairs of all batches.
    ``closest``: the closest pair of each batch, closest first, as many as were asked for.  ``again``: pairs measured
    again beyond the matrix product, ``fractions``: those decided in exact fractions.  ``distinct`` samples were seen at
    least, and ``apart`` of which no two are near-duplicates.
    """

    size: int
    batches: int
    near: int
    equal: int
    pairs: int
    closest: tuple[Candidate, ...]
    again: int
    fractions: int
    distinct: int = 1
    apart: int = 1


@dataclass(frozen=True, eq=False)
class Shuffled:
    """The samples of a file in an order drawn by a seed: first the pilot, then the batches."""

    samples: Samples
    order: np.ndarray
    collapsed: bool = False

    @property
    def name(self) -> str:
        """The file."""
        return self.samples.name

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return self.samples.shape

    def pilot(self, number: int, count: int) -> np.ndarray:
        """The first ``count`` samples as float64 rows."""
        return self.samples.rows(self.order[:count])

    def batch(self, number: int, size: int, after: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch ``number`` after the pilot: float64 rows (size, d), and their rows in the file."""
        rows = self.order[after + number * size : after + (number + 1) * size]
        return self.samples.rows(rows), rows


@dataclass(frozen=True, eq=False)
class Drawing:
    """Batches of a function, each a call of its own.

    ``few``: some samples as float64 rows; ``collapsed``: all those are equal; ``repeats``: False where a seed gave other
    samples the second time.
    """

    function: Function
    shape: tuple[int, ...]
    few: np.ndarray
    collapsed: bool = False
    repeats: bool = True

    @property
    def name(self) -> str:
        """The function."""
        return self.function.name

    def pilot(self, number: int, count: int) -> np.ndarray:
        """``count`` samples as float64 rows."""
        return flat(self.function.draw(count, 2 + number, self.shape))

    def batch(self, number: int, size: int, after: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch ``number``: float64 rows (size, d), and their numbers in it."""
        import numpy as np

        return flat(self.function.draw(size, PLANS + number, self.shape)), np.arange(size)


Source = Shuffled | Drawing


def source(given: Samples | Function, seed: int) -> Source:
    """Batches of a file or of a function; raises `BadFile` where all samples are blank, or all calls the same."""
    import numpy as np

    from simulators.streams import stream

    if isinstance(given, Samples):
        collapsed = constant(flat(given.array[: 2 * MOST])) and constant(flat(given.array))
        if collapsed and blank(flat(given.array)):
            raise _constant(f"{len(given)} samples in {given.name}")
        return Shuffled(given, stream("birthday", seed).permutation(len(given)), collapsed)
    first, second = (given.draw(MOST, number) for number in (0, 1))
    few = flat(np.concatenate((first, second)) if first.shape == second.shape else first)
    collapsed = constant(few)
    if blank(few):
        raise _constant(f"{MOST} samples of {given.name}")
    if np.array_equal(first, second) and not collapsed:
        raise BadFile(
            f"the same {MOST} samples from two calls of {given.name}",
            "a new draw at each call",
            "let it take seed=, or do not seed it inside",
        )
    repeats = not given.seeded or np.array_equal(first, given.draw(MOST, 0))
    return Drawing(given, first.shape[1:], few, collapsed, repeats)


def _constant(what: str) -> BadFile:
    return BadFile(f"{what} that are all the same", "samples that differ", "check the generator, or how it was saved")


def planned(source: Source, size: int | None, batches: int | None) -> str:
    """What is wrong with the numbers asked for, before any work; raises `BadFile`, gives the words of the plan."""
    if not isinstance(source, Shuffled):
        return ""
    many = len(source.samples)
    if size is None and many < FEWEST:
        raise BadFile(
            f"{many} samples in {source.name}",
            f"at least {FEWEST} to choose a batch size on a fifth of them",
            "draw more, or give --size",
        )
    if size is not None and size > many:
        raise BadFile(
            f"--size {size} for {many} samples in {source.name}",
            f"at most {many}",
            "draw more, or take smaller batches",
        )
    _enough(many, 0, size or 2, batches, source.name)
    return ""


def _enough(many: int, pilot: int, size: int, batches: int | None, name: str) -> int:
    """How many batches there are; raises `BadFile` where more are asked for than the samples hold."""
    holds = (many - pilot) // size
    if batches is not None and batches > holds:
        beside = f" beside the {pilot} on which the size is chosen" if pilot else ""
        raise BadFile(
            f"{many} samples in {name}",
            f"at least {batches * size + pilot} for {batches} batches of {size}{beside}",
            f"draw more, or give --batches {holds}" if holds else "draw more, or take smaller batches",
        )
    return batches or holds


def number_of_batches(source: Source, size: Size, batches: int | None) -> int:
    """As many as asked for; else all that the file holds, or `DRAWN` of a function."""
    if isinstance(source, Shuffled):
        return _enough(len(source.samples), size.pilot, size.size, batches, source.name)
    return batches or DRAWN


def sizes(most: int) -> Iterator[int]:
    """2, 3, … growing by `GROWTH` up to ``most``."""
    size = 2
    while size < most:
        yield size
        size = max(size + 1, math.ceil(GROWTH * size))
    yield most


def pilot_work(source: Source) -> int:
    """The number of pairs that choosing a size looks at, at most."""
    return sum(_pairs(used, size) for used in _pilots(source) for size in sizes(used))


def _pairs(samples: int, size: int) -> int:
    return min(samples // size, MOST) * math.comb(size, 2)


def _pilots(source: Source) -> list[int]:
    most = PILOTS[-1] if isinstance(source, Drawing) else max(2, len(source.samples) // PART)
    return sorted({min(used, most) for used in PILOTS})


def chosen(source: Source, radius: float, device: torch.device, told: Told) -> Size:
    """The batch size at which about half of the batches of a pilot have a near-duplicate.

    It grows by 1.3 until that is so, on as few samples as settle it; where none does, it is the largest pilot itself.
    Those samples are not used again: given the size, the batches of the test are independent of how it was chosen.
    """
    from simulators.near_pairs import search

    least, found = 2, Size(2)
    for number, used in enumerate(_pilots(source)):
        values = source.pilot(number, used)
        for size in (k for k in sizes(used) if k >= least):
            batches = min(used // size, MOST)
            hits = sum(
                search(values[k * size : (k + 1) * size], radius, closest=0, device=device, told=told).near > 0
                for k in range(batches)
            )
            found = Size(size, used, batches, hits)
            if 2 * hits >= batches:
                break
        if 2 * found.hits >= found.batches >= ENOUGH:
            break
        least = min(found.size, used // ENOUGH)
    return found


def count(
    source: Source, size: Size, batches: int, radius: float, show: int, device: torch.device, told: Told
) -> Counted:
    """Search every batch for pairs within ``radius``; ``told`` hears how many pairs were searched."""
    from simulators.near_pairs import search

    near = equal = pairs = again = fractions = 0
    seen = Seen()
    heap: list[tuple[float, int, Candidate]] = []
    for number in range(batches):
        values, rows = source.batch(number, size.size, size.pilot)
        seen.add(values, again=isinstance(source, Shuffled))
        found = search(values, radius, closest=1, device=device, told=told)
        near, equal, pairs = near + (found.near > 0), equal + (found.equal > 0), pairs + found.near
        again, fractions = again + found.again, fractions + found.fractions
        distance, i, j = found.closest[0]
        if show and (len(heap) < show or -heap[0][0] > distance):
            both = (int(rows[i]), int(rows[j]))
            one = Candidate(distance, number, both, values[i].copy(), values[j].copy())
            (heapq.heappush if len(heap) < show else heapq.heapreplace)(heap, (-distance, -number, one))
    closest = sorted((one for _, _, one in heap), key=lambda one: (one.distance, one.batch))
    if isinstance(source, Shuffled):
        _all(source.samples, seen)
    apart = max(seen.apart(radius), size.size if near < batches else 1)
    return Counted(
        size.size, batches, near, equal, pairs, tuple(closest), again, fractions, seen.distinct,
        seen.distinct if radius == 0 else apart,
    )  # fmt: skip


def _all(samples: Samples, seen: Seen) -> None:
    """Show all samples of a file, those too that are in no batch."""
    for start in range(0, len(samples), ROWS):
        seen.add(samples.rows(slice(start, start + ROWS)))


def count_all(source: Shuffled, radius: float, show: int, device: torch.device, told: Told) -> Counted:
    """Search all pairs of a file, taken as one batch, and keep the closest of all."""
    from simulators.near_pairs import search

    values = source.samples.rows(slice(None))
    seen = Seen()
    seen.add(values)
    found = search(values, radius, closest=show, device=device, told=told)
    closest = tuple(Candidate(d, 0, (i, j), values[i].copy(), values[j].copy()) for d, i, j in found.closest)
    apart = seen.apart(radius) if found.near else len(values)
    return Counted(
        len(values), 1, int(found.near > 0), int(found.equal > 0), found.near, closest, found.again, found.fractions,
        seen.distinct, apart,
    )  # fmt: skip


def forecast(source: Shuffled, radius: float, device: torch.device) -> float:
    """Seconds that `count_all` will take, from a timed part of it."""
    import time

    from simulators.near_pairs import search

    few = source.pilot(0, min(len(source.samples), PILOTS[2]))
    search(few[: PILOTS[0]], radius, device=device)  # the first call loads libraries
    start = time.perf_counter()
    search(few, radius, device=device)
    spent = time.perf_counter() - start
    return spent * math.comb(len(source.samples), 2) / math.comb(len(few), 2)
