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
from functools import lru_cache
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
CHOOSE = (64, 512)
"""Sizes of the tables of binomial coefficients; longer samples of laws of several groups are computed exactly."""


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


def _drawable(law: Law) -> bool:
    """Whether s draws are possible: an urn that gets back other than one ball a draw may run empty."""
    return law.returned == 1 or (not law.atomless and law.total + (law.s - 1) * (law.returned - 1) >= 1)


def checked(law: Law, element: int) -> Law:
    """The law itself; raises `MeasurementError` where it is none."""
    whole = [law.s, law.atomless, law.returned, *(x for group in law.atoms for x in group)]
    if any(type(x) is not int for x in whole) or law.atomless < 0 or law.s < 1 or not law.groups or law.returned < 0:
        raise MeasurementError(
            f"{law}", "integer weights, at least one group of points, s >= 1 and returned >= 0", "s", element
        )
    if any(weight < 1 or not 1 <= count < 2**53 for weight, count in law.atoms):
        raise MeasurementError(f"{law}", "weights >= 1 and counts in [1, 2**53)", "N", element)
    if not _drawable(law):
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


def rationals(values: Iterable[Fraction]) -> Measurement:
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
        "rho": rationals(inside),
        "beta": rationals(squares),
        "b": rationals(beta * (1 + Fraction(law.margin)) for beta, law in zip(squares, laws, strict=True)),
        "dependence": rationals(
            abs(r) * (1 - 1 / beta) / (law.total + r) if r else Fraction(0)
            for r, beta, law in zip(shift, squares, laws, strict=True)
        ),
    }


def _one_group(count: Tensor, atomless: Tensor, s: int) -> tuple[Doubled, Doubled]:
    """(Q_j, D_j) for j = 0..s of one group: shapes (..., s + 1) for ``count`` and ``atomless`` of shape (...)."""
    k = torch.arange(s, device=count.device, dtype=torch.float64)
    count, atomless = count[..., None], atomless[..., None]
    keep = _where(atomless, 1.0, quotient((count - k).clamp(min=0), count))
    hit = _where(atomless, 0.0, quotient(torch.minimum(k, count), count))
    one, zero = torch.ones_like(count), torch.zeros_like(count)
    distinct = stack([Doubled(one, zero), keep]).running(Doubled.times)
    first = distinct[..., :-1].times(hit)  # the first collision is at sample k + 1
    return distinct, stack([Doubled(zero, zero), first]).running(Doubled.plus)


def _where(flag: Tensor, value: float, other: Doubled) -> Doubled:
    return Doubled(torch.where(flag, value, other.high), torch.where(flag, 0.0, other.low))


@lru_cache(maxsize=4)
def _choose(s: int) -> np.ndarray:
    """Binomial coefficients C(j, i) for i, j <= s as pairs: shape (2, s + 1, s + 1), 0 where i > j."""
    table = np.zeros((2, s + 1, s + 1))
    for j in range(s + 1):
        value = 1
        for i in range(j + 1):
            table[0, j, i] = value
            table[1, j, i] = value - int(table[0, j, i])
            value = value * (j - i) // (i + 1)
    return table


def _powers(base: Doubled, s: int) -> Doubled:
    """base^0..base^s along a new last axis."""
    one = torch.ones_like(base.high)[..., None]
    repeated = Doubled(base.high[..., None].expand(*base.high.shape, s), base.low[..., None].expand(*base.low.shape, s))
    return stack([Doubled(one, torch.zeros_like(one)), repeated]).running(Doubled.times)


def _combine(
    counts: Tensor, atomless: Tensor, share: Doubled, rest: Doubled, sizes: Tensor, s: int
) -> tuple[Doubled, Doubled]:
    """(Q, D) at ``sizes`` (batch,) at most s, of laws of several groups; other arguments (batch, groups).

    ``share`` of group g among groups 0..g, and ``rest`` = 1 - share.
    """
    device, groups = counts.device, counts.shape[1]
    group_q, group_d = _one_group(counts, atomless, s)
    q, d = group_q[:, 0], group_d[:, 0]
    item, i, last = (
        torch.arange(len(counts), device=device)[:, None],
        torch.arange(s + 1, device=device),
        sizes[:, None],
    )
    if groups == 1:
        return q[item, last][:, 0], d[item, last][:, 0]
    table = torch.as_tensor(_choose(CHOOSE[0] if s <= CHOOSE[0] else CHOOSE[1]), device=device)
    choose = Doubled(table[0, :, : s + 1], table[1, :, : s + 1])
    inside, outside = _powers(share, s), _powers(rest, s)
    for g in range(1, groups):
        j = i.expand(len(counts), s + 1) if g < groups - 1 else last  # only the last size of the last group is wanted
        others, where = (j[..., None] - i).clamp(min=0), item[..., None]  # C(j, i) = 0 where i > j
        weight = choose[j].times(inside[:, g, None]).times(outside[:, g][where, others])
        here_q, here_d = group_q[:, g, None], group_d[:, g, None]
        d = weight.times(here_d.plus(here_q.times(d[where, others]))).total()
        q = weight.times(here_q.times(q[where, others])).total()
    return q[:, 0], d[:, 0]


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
                share[k, row, g] = top / running
                upper, lower = share[k, row, g].as_integer_ratio()
                share[k + 1, row, g] = (top * lower - upper * running) / (running * lower)
    held = torch.as_tensor(share, dtype=torch.float64, device=device)
    count = torch.as_tensor(counts, dtype=torch.float64, device=device)
    sizes = torch.as_tensor([law.s for law in laws], device=device)
    shares = Doubled(held[0], held[1]), Doubled(held[2], held[3])
    pairs = _combine(count.clamp(min=1), count == 0, *shares, sizes, longest)
    # A result is reached through at most 3 s operations within a group and, for each further group, 2 s of the powers
    # and s + 6 of the products and the sum; what underflows is enlarged by a binomial coefficient, at most 2^s.
    depth = 3 * longest + (groups - 1) * (3 * longest + 6)
    tiny = depth * UNDERFLOW * longest * (2.0**longest if groups > 1 else 1.0)
    out = []
    for pair in pairs:
        radius = pair.low.abs() + depth * OPERATION * pair.high + tiny
        out += [pair.high.cpu().numpy(), (radius * (1 + 4 * UNIT)).cpu().numpy()]
    return tuple(out)


def _certain(law: Law) -> tuple[float, float] | None:
    """(P_none, P_dup) where one sample, or more samples than points, leave no chance."""
    if law.s < 2:
        return 1.0, 0.0
    return (0.0, 1.0) if not law.atomless and _points(law.atoms) < law.s else None


def probabilities(laws: tuple[Law, ...], device: torch.device) -> tuple[Measurement, Measurement]:
    """P(no duplicate) and P(duplicate) of each law, with radii from rounding."""
    out = np.zeros((4, len(laws)))
    buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
    for k, law in enumerate(laws):
        certain, groups = _certain(law), len(law.atoms) + (law.atomless > 0)
        if law.returned == 1 and certain is not None:
            out[::2, k] = certain
        elif law.returned == 1 and (groups == 1 or law.s <= CHOOSE[1]):
            # A batch costs as much as its longest sample and most groups: unlike laws are kept apart.
            buckets[max(law.s, 16).bit_length(), min(groups, 3)].append(k)
        else:
            exact = distinct_exactly(law)
            for row, value in ((0, exact), (2, 1 - exact)):
                measured = rationals([value])
                out[row : row + 2, k] = measured.mid[0], measured.rad[0]
    for (_, groups), indices in buckets.items():
        longest, most = max(laws[k].s for k in indices), max(len(laws[k].atoms) + 1 for k in indices)
        size = max(1, CELLS // (most * (longest + 1) ** (1 if groups < 3 else 2)))
        for start in range(0, len(indices), size):
            some = indices[start : start + size]
            out[:, some] = _batch([laws[k] for k in some], device)
    return reals(out[0], out[1]), reals(out[2], out[3])


def _measure(laws: tuple[Law, ...], device: torch.device) -> dict[str, Measurement]:
    laws = tuple(checked(law, k) for k, law in enumerate(laws))
    distinct, duplicate = probabilities(laws, device)
    return {**_exact_columns(laws), "P_none": distinct, "P_dup": duplicate}


def _measure_precisely(law: Law) -> dict[str, Measurement]:
    law = checked(law, 0)
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
    """The law with one sample more (if its urn holds one more), or one fewer where the margin is negative."""
    if law.margin > 0 and law.returned == 0:
        return replace(law, s=min(law.s + 1, law.total))
    return replace(law, s=law.s + (1 if law.margin > 0 else -1))


def observe_at_target_precisely(law: Law, bits: int) -> Measurements:
    """The columns of `observe_at_target` for one law, as exact rationals (``bits`` is not needed)."""
    columns, share = _measure_precisely(law), _flint(abs(Fraction(law.margin)))
    if columns["P_none"].mid[0] == 0 or not _drawable(_neighbour(law)):
        return Measurements({name: balls([]) for name in (*columns, "gamma")}, np.zeros(0))
    beside = _flint(1 - distinct_exactly(_neighbour(law)))
    gamma = (1 - share) * columns["P_dup"].mid[0] + share * beside
    return Measurements({**columns, "gamma": balls([gamma])}, np.zeros(1))


@simulator("N s rho beta b dependence P_none P_dup gamma", limited_by="rounding", precisely=observe_at_target_precisely)
def observe_at_target(laws: tuple[Law, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """The columns of `observe` and a target γ: P(duplicate) interpolated linearly at s + margin samples.

    A law whose every sample has a duplicate has no such target and gives no row, nor has an urn that the samples empty.
    """
    device = torch.device(device)
    columns = _measure(laws, device)
    possible = np.array([_drawable(_neighbour(law)) for law in laws], dtype=bool)
    rows = np.flatnonzero((columns["P_none"].mid > 0) & possible)
    columns = {
        name: replace(c, mid=c.mid[rows], rad=c.rad[rows], failure=c.failure[rows]) for name, c in columns.items()
    }
    here, beside = columns["P_dup"], probabilities(tuple(_neighbour(laws[row]) for row in rows), device)[1]
    share = np.array([abs(laws[row].margin) for row in rows])
    gamma = (1 - share) * here.mid + share * beside.mid
    # Four roundings, none of a difference of measured numbers; what underflows is not 0.
    positive = (here.mid > 0) | ((share > 0) & (beside.mid > 0))
    rad = (1 - share) * here.rad + share * beside.rad + 6 * UNIT * gamma + UNDERFLOW * positive
    return Measurements({**columns, "gamma": reals(gamma, rad)}, rows)
