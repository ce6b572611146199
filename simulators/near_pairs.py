"""All pairs of samples within a radius, counted without error, and the closest pairs.

Candidates come from blocks of a matrix product in float32 or float64, each entry of which is minus half a squared distance to
within a proved bound.  Pairs that the bound decides are counted; the others are measured again, exactly
(`near_pairs_exact`).  Equal samples are found as such and counted once with their number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .measurement import MeasurementError
from .near_pairs_exact import distances, distinct, unrounded, within

BLOCK = {"cpu": 1024, "cuda": 8192}
SPARE = 16
"""Candidates for the closest pairs that are measured again beyond those asked for."""
ROWS = 256
PAIRS = 2**14
"""Rows of a block, and pairs, that are looked at together."""
DIRECT = 2**15
"""Numbers in the differences of all pairs up to which no product is worth its preparation."""
OPEN = Fraction(1, 8)
"""Single precision is used where the pairs that it leaves open lie in a shell of squared distances that is this thin."""
ORDINARY = 400
"""Powers of two of the largest number up to which nothing is scaled."""
Told = Callable[[int], None]


class Pair(NamedTuple):
    """Two samples by their rows, first < second, and their Euclidean distance."""

    distance: float
    first: int
    second: int


@dataclass(frozen=True)
class Found:
    """Pairs of a set of samples.

    ``near``: pairs within the radius, ``equal`` of them of equal samples; ``closest``: the closest pairs, in order;
    ``again``: pairs whose distance was measured again, ``fractions``: those of them that float64 left open.
    """

    near: int
    equal: int
    closest: tuple[Pair, ...]
    again: int = 0
    fractions: int = 0


def search(
    samples: np.ndarray, radius: float, *, closest: int = 1, device: torch.device, told: Told = lambda pairs: None
) -> Found:
    """All pairs within ``radius`` (Euclidean, ≤) among the rows of a float64 array (n, d), and the ``closest`` ones.

    The counts are exact: distances are those of the float64 numbers given, in exact arithmetic.  Where more
    than 16 pairs compete for the last of the closest places, one that is left out may be nearer than one that is not: in
    single precision by no more than r²/4 in the squares of their distances.  ``told`` hears how many pairs were searched, n(n-1)/2 in all.
    Raises `MeasurementError` for another shape or dtype, for NaN and infinities, a negative radius or an absent device.
    """
    values, radius, power = _ranged(_sound(samples, radius), radius)
    everything = math.comb(len(values), 2)
    first, counts, group = distinct(values)
    equal = sum(math.comb(int(many), 2) for many in counts[counts > 1])
    twins = _twins(group, closest) if equal else []
    told(everything - math.comb(len(first), 2))
    wanted = max(closest - len(twins), 0)
    if len(first) < 2 or (radius == 0 and not wanted):
        told(math.comb(len(first), 2))
        return Found(equal, equal, tuple(twins))
    with _threads(device) as threads:
        held = torch.as_tensor(values[first] if equal else values, dtype=torch.float64, device=device)
        if math.comb(len(first), 2) * values.shape[1] <= DIRECT:
            near, others, again, fractions = _directly(held, counts, radius, wanted, told)
        else:
            near, others, again, fractions = _Search(held, counts, radius, wanted).run(threads, told)
    apart = [Pair(float(np.ldexp(d, power)), *sorted((int(first[i]), int(first[j])))) for d, i, j in others]
    return Found(equal + near, equal, (*twins, *apart), again, fractions)


def _sound(samples: np.ndarray, radius: float) -> np.ndarray:
    if not (isinstance(samples, np.ndarray) and samples.ndim == 2 and samples.dtype == np.float64 and samples.size):
        what = f"{getattr(samples, 'dtype', type(samples).__name__)} of shape {getattr(samples, 'shape', 'unknown')}"
        raise MeasurementError(f"samples, {what}", "a float64 array (n, d) with numbers in it")
    if not np.isfinite(samples).all():
        row = int(np.flatnonzero(~np.isfinite(samples).all(axis=1))[0])
        raise MeasurementError(f"sample {row} with a NaN or an infinity", "finite samples")
    if not (radius >= 0 and math.isfinite(radius)):
        raise MeasurementError(f"radius {radius}", "a finite radius of at least 0")
    return np.require(samples, requirements=["C", "W"])  # torch warns of arrays that cannot be written to


def _ranged(values: np.ndarray, radius: float) -> tuple[np.ndarray, float, int]:
    """Samples and radius in multiples of a power of two, where squares would overflow or underflow and none is rounded."""
    power = math.frexp(float(np.abs(values).max()))[1]
    if abs(power) <= ORDINARY:
        return values, radius, 0
    with np.errstate(over="ignore", under="ignore"):
        smaller, nearer = np.ldexp(values, -power), float(np.ldexp(radius, -power))
        if not (np.ldexp(nearer, power) == radius and np.array_equal(np.ldexp(smaller, power), values)):
            return values, radius, 0
    return smaller, nearer, power


def _twins(group: np.ndarray, most: int) -> list[Pair]:
    """Pairs of equal samples, as many as asked for."""
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(group[order])) + 1
    pairs = (pair for rows in np.split(order, edges) if len(rows) > 1 for pair in combinations(rows.tolist(), 2))
    return sorted(Pair(0.0, i, j) for i, j in islice(pairs, most))


def _directly(
    samples: Tensor, counts: np.ndarray, radius: float, closest: int, told: Told
) -> tuple[int, list[Pair], int, int]:
    """What a `_Search` gives, of a few distinct samples: every pair is measured."""
    i, j = torch.triu_indices(len(samples), len(samples), 1, device=samples.device)
    first, second = samples[i], samples[j]
    near, fractions = within(first, second, radius) if radius else (torch.zeros_like(i, dtype=torch.bool), 0)
    weights = torch.as_tensor(counts, dtype=torch.int64, device=samples.device)
    found: list[Pair] = []
    if closest:
        rows = zip(distances(first, second).tolist(), i.tolist(), j.tolist(), strict=True)
        found = sorted(Pair(*row) for row in rows)[:closest]
    told(len(i))
    return int((weights[i] * weights[j])[near].sum()), found, len(i), fractions


class _Bounds(NamedTuple):
    """What an entry of the product says: at least ``maybe`` is necessary and at least ``surely`` sufficient."""

    maybe: float
    surely: float


class _Search:
    """One search among distinct samples: the factors of the product and the thresholds."""

    def __init__(self, samples: Tensor, counts: np.ndarray, radius: float, closest: int) -> None:
        self.samples, self.radius, self.closest = samples, radius, closest
        self.counts = torch.as_tensor(counts, dtype=torch.float64, device=samples.device)
        self.exact = unrounded(samples)
        self.left, self.right, self.bounds = self._prepared()
        self.size = min(BLOCK.get(samples.device.type, BLOCK["cpu"]), len(samples))

    def _prepared(self) -> tuple[Tensor, Tensor, _Bounds]:
        """Factors whose product is minus half the squared distances, in the cheapest precision that decides most pairs."""
        largest = float(self.samples.abs().max())
        smaller = scaled(self.samples, -math.frexp(largest)[1])
        centred = smaller - smaller.mean(dim=0)
        scale = math.frexp(float(centred.abs().max()))[1]
        centred = scaled(centred, -scale)
        radius = Fraction(self.radius) / Fraction(2) ** (math.frexp(largest)[1] + scale)
        if self.radius and torch.get_float32_matmul_precision() == "highest":
            left, right, top = _factors(centred.to(torch.float32))
            bounds = _bounds(radius, top, centred.shape[1], torch.float32)
            if bounds.surely < math.inf and Fraction(bounds.surely) - Fraction(bounds.maybe) <= OPEN * radius**2:
                return left, right, bounds
        left, right, top = _factors(centred)
        return left, right, _bounds(radius, top, centred.shape[1], torch.float64)

    def run(self, threads: int, told: Told) -> tuple[int, list[Pair], int, int]:
        """Search all strips of blocks; give the near pairs' number, the closest, and what it took."""
        lock = Lock()

        def tell(pairs: int) -> None:
            with lock:
                told(pairs)

        starts = range(0, len(self.samples), self.size)
        strips = _side_by_side(lambda start: _Strip(self, start, tell), starts, threads)
        i, j = torch.cat([strip.places for strip in strips]).unbind(dim=1)
        distance = distances(self.samples[i], self.samples[j])
        found = sorted(Pair(*row) for row in zip(distance.tolist(), i.tolist(), j.tolist(), strict=True))
        near, again, fractions = (sum(getattr(s, name) for s in strips) for name in ("near", "again", "fractions"))
        return near, found[: self.closest], again, fractions


class _Strip:
    """What the rows from ``start`` on, as many as a block has, find among themselves and the rows after them."""

    def __init__(self, search: _Search, start: int, told: Told) -> None:
        self.search, device = search, search.samples.device
        self.near = self.again = self.fractions = 0
        self.best = torch.empty(0, dtype=search.left.dtype, device=device)
        self.places = torch.empty((0, 2), dtype=torch.int64, device=device)
        size, count = search.size, len(search.samples)
        rows = slice(start, min(start + size, count))
        buffer = torch.empty(size * size, dtype=search.left.dtype, device=device)
        height = rows.stop - start
        for column in range(start, count, size):
            columns = slice(column, min(column + size, count))
            width = columns.stop - column
            product = buffer[: height * width].view(height, width)
            torch.mm(search.left[rows], search.right[columns].T, out=product)
            if column == start:  # each pair once, and no sample with itself
                product.masked_fill_(torch.ones_like(product, dtype=torch.bool).tril_(), -math.inf)
            highest = product.amax(dim=1)  # most blocks end here: what follows sees a few rows
            if search.closest:
                self._keep(product, highest, start, column)
            if search.radius:
                self._count(product, highest, start, column)
            told(math.comb(height, 2) if column == start else height * width)

    def _keep(self, product: Tensor, highest: Tensor, row: int, column: int) -> None:
        """The highest entries so far, with their places: they lie in the rows whose own highest are the highest."""
        most, width = self.search.closest + SPARE, product.shape[1]
        least = float(self.best[-1]) if len(self.best) == most else -math.inf
        tops, some = highest.topk(min(most, len(highest)))
        some = some[tops > least]
        if not len(some):
            return
        entries, where = product[some].flatten().topk(min(most, len(some) * width))
        here = entries > least
        entries, where = torch.cat((self.best, entries[here])), where[here]
        i = some[torch.div(where, width, rounding_mode="floor")] + row
        places = torch.cat((self.places, torch.stack((i, where % width + column), dim=1)))
        self.best, order = entries.topk(min(most, len(entries)))
        self.places = places[order]

    def _count(self, product: Tensor, highest: Tensor, row: int, column: int) -> None:
        """Add the pairs of a block that are within the radius, equal samples as often as they occur."""
        search, bounds = self.search, self.search.bounds
        for some in torch.nonzero(highest >= bounds.maybe).flatten().split(ROWS):
            entries = product[some]
            sure = entries >= bounds.surely
            mine, theirs = search.counts[row + some], search.counts[column : column + entries.shape[1]]
            self.near += int((mine * (sure.to(torch.float64) @ theirs)).sum())  # integers below 2^53: exact
            left, right = torch.nonzero((entries >= bounds.maybe) & ~sure, as_tuple=True)
            for i, j in zip(left.split(PAIRS), right.split(PAIRS), strict=True):
                first, second = search.samples[row + some[i]], search.samples[column + j]
                near, fractions = within(first, second, search.radius, search.exact)
                self.near += int((mine[i] * theirs[j])[near].sum())
                self.again += len(i)
                self.fractions += fractions


def _side_by_side(work: Callable[[int], _Strip], starts: Sequence[int], threads: int) -> list[_Strip]:
    """The strips in order, one a thread."""
    if threads == 1 or len(starts) == 1:
        return [work(start) for start in starts]
    pool = ThreadPoolExecutor(min(threads, len(starts)))
    try:
        return list(pool.map(work, starts))
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _threads(device: torch.device) -> Iterator[int]:
    """How many threads there are to search in, while each product keeps to its own.

    Threads that share a product wait for one another: beside other work on the machine that takes many times as long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield before if device.type == "cpu" else 1
    finally:
        torch.set_num_threads(before)


def scaled(values: Tensor, exponent: int) -> Tensor:
    """The values times 2 to the ``exponent``, in two steps that neither overflow nor lose a digit before the last."""
    return values * 2.0 ** (exponent // 2) * 2.0 ** (exponent - exponent // 2)


def _factors(z: Tensor) -> tuple[Tensor, Tensor, float]:
    """(z, b, 1) and (z, -1, -b) with b half the squared norms, and the largest squared norm as computed."""
    norms = z.to(torch.float64).square().sum(dim=1)
    half = (norms / 2).to(z.dtype)[:, None]
    one = torch.ones_like(half)
    return torch.cat((z, half, one), dim=1), torch.cat((z, -one, -half), dim=1), float(norms.max())


def _bounds(radius: Fraction, top: float, width: int, dtype: torch.dtype) -> _Bounds:
    """What the product of `_factors` must exceed, for scaled samples whose largest squared norm is ``top`` as computed.

    With z the samples after centring in float64 and rounding to the precision u, |z - (x - c)| ≤ η for a centre c, and
    |x - x'| differs from |z - z'| by at most 2η.  An entry is a sum of d + 2 products, whatever the order, so that it
    is within γ Σ|terms| of its value, γ = (d + 2)u/(1 - (d + 2)u), and Σ|terms| ≤ |z||z'| + b + b' ≤ 2A(1 + u'), A the
    largest squared norm and u' the error of b.  So it is within E of -|z - z'|²/2.
    """
    single = dtype == torch.float32
    unit, least = (Fraction(2) ** -24, Fraction(2) ** -126) if single else (Fraction(2) ** -53, Fraction(2) ** -1022)
    double = Fraction(2) ** -53
    in_double = (width + 1) * double / (1 - (width + 1) * double)
    largest = Fraction(top) / (1 - in_double) + width * least
    root = Fraction(math.nextafter(math.sqrt(float(largest)), math.inf)) * (1 + 4 * double)
    # Scaling by powers of two is exact but for underflow; then one subtraction and one conversion round a number.
    relative = double + (unit * (1 + double) if single else 0)
    eta = relative / (1 - relative) * root + 4 * width * least
    gamma = (width + 2) * unit / (1 - (width + 2) * unit)
    half = (1 + in_double) * (1 + unit) / (1 - in_double) - 1  # of b, relative to the true half
    error = 2 * gamma * largest * (1 + half) + half * largest + (width + 4) * least
    inner = max(radius - 2 * eta, Fraction(0))
    maybe = _outward(-((radius + 2 * eta) ** 2) / 2 - error, dtype, -math.inf)
    return _Bounds(maybe, _outward(-(inner**2) / 2 + error, dtype, math.inf) if inner else math.inf)


def _outward(value: Fraction, dtype: torch.dtype, towards: float) -> float:
    """The neighbour of a fraction in a precision, on the side of ``towards``."""
    kind = np.float32 if dtype == torch.float32 else np.float64
    return float(np.nextafter(kind(float(value)), kind(towards)))
