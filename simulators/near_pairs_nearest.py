"""The nearest reference sample of each sample, and a radius at which real samples hardly ever come close."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

import numpy as np
import torch

from .intervals import proportion
from .measurement import MeasurementError
from .near_pairs import scaled, search
from .near_pairs_exact import distances, distinct

Told = Callable[[int], None]
ROWS = 1024
FEW = 4
"""Candidates of the matrix product that are measured again."""
LEVEL = 1e-6
"""Rate of pairs at which a radius is small."""
SHARE = 0.01
"""Share of samples with a neighbour at which a radius is small, where there are too few pairs to show `LEVEL`."""
FEWEST = 100
DIGITS = 4


def nearest(
    queries: np.ndarray,
    reference: np.ndarray,
    *,
    others: bool = False,
    device: torch.device,
    told: Told = lambda rows: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Distance to and row of the nearest row of ``reference`` (n, d) for each of ``queries`` (m, d), float64.

    With ``others`` the two are the same array and a row is not its own neighbour.  Candidates come from matrix products
    in float64, of which the best few are measured again: the distance given is that of the row given, to rounding, and
    no row is nearer by more than 1e-7 of the largest norm.  ``told`` hears how many rows of the reference were seen.
    """
    power = math.frexp(float(max(np.abs(queries).max(initial=0.0), np.abs(reference).max(initial=0.0))))[1]
    mine = torch.tensor(queries, dtype=torch.float64, device=device)
    best = torch.full((len(mine),), math.inf, dtype=torch.float64, device=device)
    place = torch.zeros(len(mine), dtype=torch.int64, device=device)
    for start in range(0, len(reference), ROWS):
        rows = torch.tensor(reference[start : start + ROWS], dtype=torch.float64, device=device)
        for first in range(0, len(mine), ROWS):
            some = mine[first : first + ROWS]
            left, right = (scaled(values, -power) - scaled(rows[0], -power) for values in (some, rows))
            far = torch.cdist(left, right, compute_mode="use_mm_for_euclid_dist")
            if others and first == start:
                far.fill_diagonal_(math.inf)
            columns = far.topk(min(FEW, len(rows)), largest=False).indices
            for candidate in columns.T:
                distance = distances(some, rows[candidate])
                if others and first == start:  # the diagonal is among the candidates of a short block
                    itself = candidate == torch.arange(len(some), device=device)
                    distance.masked_fill_(itself, math.inf)
                nearer = distance < best[first : first + ROWS]
                best[first : first + ROWS][nearer] = distance[nearer]
                place[first : first + ROWS][nearer] = candidate[nearer] + start
        told(len(rows))
    return best.cpu().numpy(), place.cpu().numpy()


@dataclass(frozen=True)
class Calibrated:
    """A radius calibrated on real samples, and what it rests on.

    ``how``: "pairs" where the rate of pairs within the radius was shown to be below `LEVEL`, "neighbours" where a share
    of at most `SHARE` of the samples have another within it.  ``within``: pairs, or samples, found within the radius,
    ``of`` so many; ``at_most``: the upper end of the interval of their rate, as if they were independent.  ``repeated``:
    samples that equal an earlier one, which are left out.
    """

    radius: float
    how: str
    within: int
    of: int
    at_most: float
    repeated: int = 0


def calibrate(
    reference: np.ndarray, confidence: float, *, device: torch.device, told: Told = lambda pairs: None
) -> Calibrated:
    """The radius of `Calibrated` for real samples, a float64 array (n, d), rounded down to four digits.

    The pairs share samples, so that their interval is a guide, not a proof; what the birthday test says of other
    samples holds for every radius that was not chosen by looking at them.  ``told`` hears of n(n-1)/2 pairs.
    Raises `MeasurementError` for fewer than 100 distinct samples.
    """
    first, _, _ = distinct(reference)
    given, reference = len(reference), reference[first]
    count = len(reference)
    if count < FEWEST:
        raise MeasurementError(f"a reference of {count} distinct samples", f"at least {FEWEST}")
    pairs, repeated = math.comb(count, 2), given - count
    told(math.comb(given, 2) - pairs)
    upper = proportion(np.arange(int(LEVEL * pairs) + 1), pairs, 1 - confidence)[1]
    allowed = int((upper <= LEVEL).sum()) - 1
    if allowed >= 0:
        found = search(reference, 0.0, closest=allowed + 1, device=device, told=told)
        radius = _below(found.closest[allowed].distance)
        inside = sum(pair.distance <= radius for pair in found.closest)
        return Calibrated(radius, "pairs", inside, pairs, float(proportion(inside, pairs, 1 - confidence)[1]), repeated)
    nearby, _ = nearest(
        reference, reference, others=True, device=device, told=lambda rows: told(rows * (count - 1) // 2)
    )
    radius = _below(float(np.sort(nearby)[int(SHARE * count)]))
    inside = int((nearby <= radius).sum())
    return Calibrated(
        radius, "neighbours", inside, count, float(proportion(inside, count, 1 - confidence)[1]), repeated
    )


def _below(distance: float) -> float:
    """The largest number of four digits that is less than a distance; 0 for 0."""
    if distance == 0:
        return 0.0
    exact = Decimal(distance)
    step = Decimal(1).scaleb(exact.adjusted() - DIGITS + 1)
    shorter = exact.quantize(step, rounding=ROUND_FLOOR)
    return float(shorter if shorter < exact else shorter - step)
