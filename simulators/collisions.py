"""The probability that a sample has a duplicate, for any discrete law with an atomless remainder.

A law is a few groups of equally likely points and a part without atoms.  Within a group of c points, j draws are
distinct with probability Q_j = Π_{k<j} (c - k)/c and D_j = 1 - Q_j is the sum of the first-collision probabilities
Q_k k/c.  Two parts with shares θ and 1 - θ combine by the binomial number i of draws that fall into the first,

    Q_j = Σ_i Bin(j, θ)(i) Q'_i Q''_{j-i},      D_j = Σ_i Bin(j, θ)(i) (D'_i + Q'_i D''_{j-i}),

so that every quantity is a sum of products of non-negative numbers: nothing cancels and D is relatively accurate
however small it is.  The recursion runs in pairs of float64 (error-free sums and products, Dekker 1971), so that the
radius of the result is its final rounding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import factorial, prod
from typing import Any

import flint
import numpy as np
import torch
from torch import Tensor

from simulators.doubled import OPERATION, UNDERFLOW, UNIT, Doubled, quotient, stack
from simulators.measurement import Measurement, MeasurementError, Measurements, balls, integers, reals, simulator

CELLS = 1 << 21
"""Numbers in one table of the recursion: bounds the memory of a batch."""


@dataclass(frozen=True)
class Law:
    """A law, and how s samples are drawn from it.

    ``groups``: pairs (weight of each point, number of such points): the set S of N points that claims speak of.
    ``outside``: further points, ``atomless``: weight of the part without atoms.  Probabilities are weights over their
    total.  ``returned`` balls of the drawn kind go back into the urn of weights: 1 is independent sampling, 0 is
    sampling without replacement, 2 is Pólya's urn.  ``margin`` in (-1, 1) places what a claim is held against:
    b = (1 + margin) β, and γ between P(duplicate) of s samples and of one more (or one fewer, if negative).
    """

    groups: tuple[tuple[int, int], ...]
    s: int
    outside: tuple[tuple[int, int], ...] = ()
    atomless: int = 0
    returned: int = 1
    margin: float = 0.0

    @property
    def atoms(self) -> tuple[tuple[int, int], ...]:
        """All groups of points, inside S and outside."""
        return self.groups + self.outside

    @property
    def points(self) -> int:
        """N, the number of points of S."""
        return _points(self.groups)

    @property
    def total(self) -> int:
        """The sum of all weights."""
        return sum(w * c for w, c in self.atoms) + self.atomless

    @property
    def effective_support(self) -> Fraction:
        """β = 1/Σp², exactly."""
        return Fraction(self.total**2, sum(c * w * w for w, c in self.atoms))


def _points(groups: tuple[tuple[int, int], ...]) -> int:
    return sum(count for _, count in groups)


def _sound(law: Law, element: int) -> Law:
    """The law itself; raises `MeasurementError` where it is none."""
    whole = [law.s, law.atomless, law.returned, *(x for group in law.atoms for x in group)]
    if any(not isinstance(x, int) for x in whole) or law.atomless < 0 or law.s < 1 or not law.groups:
        raise MeasurementError(f"{law}", "integer weights, at least one group of points and s >= 1", "s", element)
    if any(weight < 1 or not 1 <= count < 2**53 for weight, count in law.atoms):
        raise MeasurementError(f"{law}", "weights >= 1 and counts in [1, 2**53)", "N", element)
    if law.returned != 1 and (law.atomless or law.total + (law.s - 1) * (law.returned - 1) < 1):
        raise MeasurementError(f"{law}", "an urn that holds s balls and no atomless part", "P_none", element)
    if not -1 < law.margin < 1:
        raise MeasurementError(f"margin {law.margin}", "a margin between -1 and 1", "gamma", element)
    return law


def distinct_exactly(law: Law) -> Fraction:
    """P(no duplicate) as a rational: s! [z^s] exp(c z) Π (1 + w z)^count over the number of draws."""
    length = law.s + 1
    series = flint.fmpq_poly([1])
    for weight, count in law.atoms:
        terms: list[Any] = []
        term = flint.fmpz(1)
        for j in range(length):
            terms.append(term)
            term = term * (count - j) * weight // (j + 1)
        series = _truncate(series * flint.fmpq_poly(terms), length)
    if law.atomless:
        terms = [flint.fmpq(flint.fmpz(law.atomless) ** j, factorial(j)) for j in range(length)]
        series = _truncate(series * flint.fmpq_poly(terms), length)
    top = series[law.s] * factorial(law.s)
    urn = prod(law.total + k * (law.returned - 1) for k in range(law.s))
    return Fraction(int(top.p), int(top.q)) / urn


def _truncate(series: Any, length: int) -> Any:
    return flint.fmpq_poly(series.coeffs()[:length])


def _rational(values: Iterable[Fraction]) -> Measurement:
    """Rationals as correctly rounded float64 with the rounding as radius."""
    mid, rad = [], []
    for value in values:
        near = value.numerator / value.denominator
        top, bottom = near.as_integer_ratio()
        mid.append(near)
        rad.append(0.0 if top * value.denominator == bottom * value.numerator else UNIT * abs(near) + 5e-324)
    return reals(mid, rad)


def _exact_columns(laws: tuple[Law, ...]) -> dict[str, Measurement]:
    squares = [law.effective_support for law in laws]
    inside = [Fraction(sum(w * c for w, c in law.groups), law.total) for law in laws]
    shift = [law.returned - 1 for law in laws]
    return {
        "N": integers(law.points for law in laws),
        "s": integers(law.s for law in laws),
        "rho": _rational(inside),
        "beta": _rational(squares),
        "b": _rational(beta * (1 + Fraction(law.margin)) for beta, law in zip(squares, laws, strict=True)),
        "dependence": _rational(
            abs(r) * (1 - 1 / beta) / (law.total + r) if r else Fraction(0)
            for r, beta, law in zip(shift, squares, laws, strict=True)
        ),
    }


def _one_group(count: Tensor, atomless: Tensor, s: int) -> tuple[Doubled, Doubled]:
    """(Q_j, D_j) for j = 0..s of one group: shapes (..., s + 1) for ``count`` and ``atomless`` of shape (...)."""
    k = torch.arange(max(s, 1), device=count.device, dtype=torch.float64)
    count, atomless = count[..., None], atomless[..., None]
    keep = quotient((count - k).clamp(min=0), count)
    hit = quotient(torch.minimum(k, count), count)
    keep = Doubled(torch.where(atomless, 1.0, keep.high), torch.where(atomless, 0.0, keep.low))
    hit = Doubled(torch.where(atomless, 0.0, hit.high), torch.where(atomless, 0.0, hit.low))
    one, zero = torch.ones_like(count), torch.zeros_like(count)
    distinct, duplicate = [Doubled(one, zero)], [Doubled(zero, zero)]
    for j in range(s):
        duplicate.append(duplicate[-1].plus(distinct[-1].times(hit[..., j : j + 1])))
        distinct.append(distinct[-1].times(keep[..., j : j + 1]))
    return stack(distinct), stack(duplicate)


def _binomials(share: Doubled, rest: Doubled, s: int) -> Doubled:
    """Bin(j, share)(i) for i, j = 0..s: shape (..., s + 1, s + 1), rows j."""
    row = Doubled(torch.zeros_like(share.high)[..., None].repeat(*[1] * share.high.dim(), s + 1), torch.empty(0))
    row.high[..., 0] = 1.0
    row = Doubled(row.high, torch.zeros_like(row.high))
    rows, share, rest = [row], share[..., None], rest[..., None]
    blank = torch.zeros_like(row.high[..., :1])
    for _ in range(s):
        shifted = stack([Doubled(blank, blank), row[..., :-1]])
        row = share.times(shifted).plus(rest.times(row))
        rows.append(row)
    return Doubled(torch.stack([r.high for r in rows], -2), torch.stack([r.low for r in rows], -2))


def _combine(counts: Tensor, atomless: Tensor, share: Doubled, rest: Doubled, s: int) -> tuple[Doubled, Doubled]:
    """(Q_j, D_j), shape (batch, s + 1), of laws of several groups; all arguments (batch, groups).

    ``share`` of group g among groups 0..g, and ``rest`` = 1 - share.
    """
    group_q, group_d = _one_group(counts, atomless, s)
    q, d = group_q[:, 0], group_d[:, 0]
    if counts.shape[1] == 1:
        return q, d
    weights = _binomials(share[:, 1:], rest[:, 1:], s)
    j = torch.arange(s + 1, device=counts.device)
    others = (j[:, None] - j[None, :]).clamp(min=0)  # Bin(j)(i) = 0 where i > j
    for g in range(1, counts.shape[1]):
        weight, here_q, here_d = weights[:, g - 1], group_q[:, g, None], group_d[:, g, None]
        d = weight.times(here_d.plus(here_q.times(d[:, others]))).total()
        q = weight.times(here_q.times(q[:, others])).total()
    return q, d


def _batch(laws: list[Law], device: torch.device) -> tuple[np.ndarray, ...]:
    """(P_none, P_dup) of independent samples with radii, four arrays of shape (batch,)."""
    parts = [[(c, w * c) for w, c in law.atoms] + [(0, law.atomless)] * (law.atomless > 0) for law in laws]
    groups, longest = max(len(p) for p in parts), max(law.s for law in laws)
    counts = np.ones((len(laws), groups))
    share = np.zeros((4, len(laws), groups))
    share[2] = 1.0
    for row, part in enumerate(parts):
        running = 0
        for g, (points, mass) in enumerate(part):
            running += mass
            counts[row, g] = points
            for k, top in ((0, mass), (2, running - mass)):
                value = Fraction(top, running)
                share[k, row, g] = top / running
                share[k + 1, row, g] = float(value - Fraction(share[k, row, g]))
    held = torch.as_tensor(share, dtype=torch.float64, device=device)
    count = torch.as_tensor(counts, dtype=torch.float64, device=device)
    q, d = _combine(count.clamp(min=1), count == 0, Doubled(held[0], held[1]), Doubled(held[2], held[3]), longest)
    at = torch.as_tensor([law.s for law in laws], device=device)[:, None]
    # Deepest chain: the group's own recursion 3 s, a binomial weight 2 s, the products 3 and the sum s, a group.
    depth = groups * (6 * longest + 6)
    out = []
    for pair in (q, d):
        high, low = pair.high.gather(1, at)[:, 0], pair.low.gather(1, at)[:, 0]
        radius = low.abs() + depth * (OPERATION * high + UNDERFLOW * longest)
        out += [high.cpu().numpy(), (radius * (1 + 4 * UNIT)).cpu().numpy()]
    return tuple(out)


def probabilities(laws: tuple[Law, ...], device: torch.device) -> tuple[Measurement, Measurement]:
    """P(no duplicate) and P(duplicate) of each law, with radii from rounding."""
    out = np.zeros((4, len(laws)))
    buckets: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for k, law in enumerate(laws):
        if law.returned == 1 and (law.s < 2 or (not law.atomless and _points(law.atoms) < law.s)):
            out[:, k] = (1, 0, 0, 0) if law.s < 2 else (0, 0, 1, 0)  # certain either way
        elif law.returned == 1:
            # Padding costs s² for every group, so that short and long samples are kept apart.
            buckets[max(law.s, 16).bit_length(), len(law.atoms) + law.atomless == 1].append(k)
        else:
            exact = distinct_exactly(law)
            for row, value in ((0, exact), (2, 1 - exact)):
                measured = _rational([value])
                out[row : row + 2, k] = measured.mid[0], measured.rad[0]
    for indices in buckets.values():
        longest = max(laws[k].s for k in indices)
        groups = max(len(laws[k].atoms) + 1 for k in indices)
        size = max(1, CELLS // (groups * (longest + 1) ** (1 if groups == 2 else 2)))
        for start in range(0, len(indices), size):
            some = indices[start : start + size]
            out[:, some] = _batch([laws[k] for k in some], device)
    return reals(out[0], out[1]), reals(out[2], out[3])


def _measure(laws: tuple[Law, ...], device: torch.device) -> dict[str, Measurement]:
    laws = tuple(_sound(law, k) for k, law in enumerate(laws))
    distinct, duplicate = probabilities(laws, device)
    return {**_exact_columns(laws), "P_none": distinct, "P_dup": duplicate}


def _measure_precisely(law: Law) -> dict[str, Measurement]:
    law = _sound(law, 0)
    distinct, beta, urn = distinct_exactly(law), law.effective_support, law.returned - 1
    values: dict[str, Fraction | int] = {
        "N": law.points,
        "s": law.s,
        "rho": Fraction(sum(w * c for w, c in law.groups), law.total),
        "beta": beta,
        "b": beta * (1 + Fraction(law.margin)),
        "dependence": abs(urn) * (1 - 1 / beta) / (law.total + urn) if urn else 0,
        "P_none": distinct,
        "P_dup": 1 - distinct,
    }
    return {name: balls([_flint(Fraction(value))]) for name, value in values.items()}


def _flint(value: Fraction) -> Any:
    return flint.fmpq(value.numerator, value.denominator)


def observe_precisely(law: Law, bits: int) -> Measurements:
    """The columns of `observe` for one law, as exact rationals (``bits`` is not needed)."""
    return Measurements(_measure_precisely(law), np.zeros(1))


@simulator("N s rho beta b dependence P_none P_dup", limited_by="rounding", precisely=observe_precisely)
def observe(laws: tuple[Law, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each law: N and ρ of S, β = 1/Σp², P(no duplicate) and P(duplicate) in s draws.

    ``dependence`` is the total variation distance between the law of two draws and the product of their laws.
    All radii are rounding; a malformed law raises `MeasurementError`.
    """
    return Measurements(_measure(laws, torch.device(device)), np.arange(len(laws)))


def _neighbour(law: Law) -> Law:
    """The law with one sample more, or one fewer where the margin is negative."""
    return replace(law, s=law.s + (1 if law.margin > 0 else -1))


def observe_at_target_precisely(law: Law, bits: int) -> Measurements:
    """The columns of `observe_at_target` for one law, as exact rationals (``bits`` is not needed)."""
    columns, share = _measure_precisely(law), _flint(abs(Fraction(law.margin)))
    if columns["P_none"].mid[0] == 0:
        return Measurements({name: balls([]) for name in (*columns, "gamma")}, np.zeros(0))
    beside = _flint(1 - distinct_exactly(_neighbour(law)))
    gamma = (1 - share) * columns["P_dup"].mid[0] + share * beside
    return Measurements({**columns, "gamma": balls([gamma])}, np.zeros(1))


@simulator("N s rho beta b dependence P_none P_dup gamma", limited_by="rounding", precisely=observe_at_target_precisely)
def observe_at_target(laws: tuple[Law, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """The columns of `observe` and a target γ: P(duplicate) interpolated linearly at s + margin samples.

    A law whose every sample has a duplicate has no such target and gives no row.
    """
    device = torch.device(device)
    columns = _measure(laws, device)
    rows = np.flatnonzero(columns["P_none"].mid > 0)
    columns = {
        name: replace(c, mid=c.mid[rows], rad=c.rad[rows], failure=c.failure[rows]) for name, c in columns.items()
    }
    here, beside = columns["P_dup"], probabilities(tuple(_neighbour(laws[row]) for row in rows), device)[1]
    share = np.array([abs(laws[row].margin) for row in rows])
    gamma = (1 - share) * here.mid + share * beside.mid
    # Four roundings, none of a difference of measured numbers.
    rad = (1 - share) * here.rad + share * beside.rad + 6 * UNIT * gamma
    return Measurements({**columns, "gamma": reals(gamma, rad)}, rows)
