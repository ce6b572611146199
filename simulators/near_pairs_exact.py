"""Whether two samples lie within a radius of each other, decided without error, and which samples are equal.

A squared distance is summed in float64 with a bound on its rounding.  Where the bound leaves the side of the radius open,
the numbers, which are binary fractions, are added as such.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

UNIT = 2.0**-53
TINY = 2.0**-1074
GRIDS = (-537, 480)
"""Powers of two, of a multiple of which up to 2⁵³ squares neither underflow nor overflow."""
CELLS = 2**22
"""Numbers that are held at once."""


def within(first: Tensor, second: Tensor, radius: float, exact: bool = False) -> tuple[Tensor, int]:
    """Which rows of two float64 tensors (k, d) lie within ``radius``, and how many of them needed fractions.

    ``exact`` says that no rounding occurs (`unrounded`).
    """
    width = max(first.shape[1], 1)
    near = torch.zeros(len(first), dtype=torch.bool, device=first.device)
    open_rows: list[int] = []
    rows = max(1, CELLS // width)
    for start in range(0, len(first), rows):
        some = slice(start, start + rows)
        squares = (first[some] - second[some]).square_().sum(dim=1)
        inside, outside = _sides(squares, radius, width, exact)
        near[some] = inside
        open_rows += (torch.nonzero(~(inside | outside)).flatten() + start).tolist()
    for row in open_rows:
        near[row] = _exactly(first[row], second[row], radius)
    return near, len(open_rows)


def distances(first: Tensor, second: Tensor) -> Tensor:
    """The distances of the rows of two float64 tensors (k, d), at any scale, to about d/2 + 2 units of rounding."""
    differences = first - second
    _, power = torch.frexp(differences.abs().amax(dim=1))
    half = torch.div(power, 2, rounding_mode="floor")  # a power of two may itself overflow: in two steps
    steps = [torch.ldexp(torch.ones_like(differences[:, 0]), k)[:, None] for k in (half, power - half)]
    return (differences / steps[0] / steps[1]).square_().sum(dim=1).sqrt() * steps[0][:, 0] * steps[1][:, 0]


def _sides(squares: Tensor, radius: float, width: int, exact: bool) -> tuple[Tensor, Tensor]:
    """Which computed squared distances are certainly at most radius², and which certainly above."""
    square = radius * radius
    below, above = math.nextafter(square, 0.0), math.nextafter(square, math.inf)
    if exact:  # the sum is the squared distance itself: only equality with the rounded radius² is a question
        tie = (squares == square) & (Fraction(square) <= Fraction(radius) ** 2)
        inside = (squares <= below) | tie
        return inside, ~inside
    # A difference, its square and a sum of d of them in any order: at most d + 2 roundings on a way, so that the sum is
    # within γ of the truth, and the truth within γ/(1 - γ) of the sum; 4 more for the two lines below.
    gamma = (width + 2) * UNIT / (1 - (width + 2) * UNIT)
    share, tiny = gamma / (1 - gamma) + 4 * UNIT, (width + 4) * TINY
    finite = torch.isfinite(squares)
    inside = finite & (squares * (1 + share) + tiny <= below)
    return inside, finite & (squares * (1 - share) - tiny >= above)


def _exactly(first: Tensor, second: Tensor, radius: float) -> bool:
    """The same of one pair, in fractions."""
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return sum(((Fraction(x) - Fraction(y)) ** 2 for x, y in pairs), Fraction(0)) <= Fraction(radius) ** 2


def unrounded(samples: Tensor) -> bool:
    """Whether squared distances of the rows of a float64 tensor (n, d) are summed without a rounding, in any order.

    That is so where all values are multiples of a power of two, and the squares of all possible differences, counted in
    multiples of its square, sum to at most 2⁵³; images of bytes are such.
    """
    grid, largest = 2**31, 0.0
    for rows in samples.split(max(1, CELLS // max(samples.shape[1], 1))):
        mantissa, exponent = torch.frexp(rows)
        digits = (mantissa * 2.0**53).to(torch.int64)
        lowest = torch.frexp((digits & -digits).to(torch.float64))[1]  # of 2^k this is k + 1
        places = torch.where(digits == 0, grid, exponent.to(torch.int64) - 53 + lowest - 1)
        grid = min(grid, int(places.min())) if places.numel() else grid
        largest = max(largest, float(rows.abs().max())) if rows.numel() else largest
    if not largest:
        return True
    steps = 2 * Fraction(largest) / Fraction(2) ** grid
    if grid < GRIDS[0] or grid > GRIDS[1]:  # squares that underflow or overflow are rounded
        return False
    return steps**2 * samples.shape[1] <= 2**53


def distinct(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first row of each value of an array (n, d), how many rows share it, and the row's own group, (n,).

    Rows are compared number by number, 0 and -0 being equal; they are found by a hash and then compared.
    """
    plain = np.ascontiguousarray(samples) + 0.0  # -0.0 + 0.0 is 0.0, after which equal numbers have equal bytes
    known: dict[int, list[int]] = {}
    first: list[int] = []
    group = np.empty(len(plain), dtype=np.int64)
    for row, values in enumerate(plain):
        alike = known.setdefault(hash(values.tobytes()), [])
        for candidate in alike:
            if np.array_equal(plain[first[candidate]], values):
                group[row] = candidate
                break
        else:
            group[row] = len(first)
            alike.append(len(first))
            first.append(row)
    return np.array(first, dtype=np.int64), np.bincount(group, minlength=len(first)), group
