"""Generators against discriminators on finitely many images: what each side guarantees, and what a played pair leaves open.

A generator u is a law on the images, a discriminator v gives each image a score D_v in [0, 1], and the payoff that
generators lower and discriminators raise is E_real D_v - E_u D_v.  Everything is rational: no error bars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import torch

from .measurement import Measurement, MeasurementError, Measurements, balls, booleans, integers, simulator
from .zero_sum_value import Guarantee, largest_assured, least_worst_case

Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class Contest:
    """Scores of the discriminators, weights of the generators' laws and of the real law, one entry an image.

    ``played``: weights of the mixtures that the generators and the discriminators play; empty: one that guarantees most.
    ``beside``: what each generator is charged beside the payoff (empty: nothing), so that the game is not zero-sum.
    ``mixed``: whether the sides may mix their strategies at all.
    """

    discriminators: tuple[tuple[float, ...], ...]
    generators: tuple[tuple[int, ...], ...]
    real: tuple[int, ...]
    played: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    beside: tuple[float, ...] = ()
    mixed: bool = True


def law_of(weights: Sequence[int], images: int, element: int) -> list[Fraction]:
    """Weights as a law.  Raises `MeasurementError` where they are none."""
    if len(weights) != images or any(not isinstance(w, int) or w < 0 for w in weights) or not any(weights):
        raise MeasurementError(f"weights {weights}", f"{images} whole numbers >= 0, not all 0", "objective", element)
    return [Fraction(w, sum(weights)) for w in weights]


def scores_of(contest: Contest, element: int) -> Matrix:
    """D_v(x) as the decimals that they print as, a row for each discriminator."""
    images = len(contest.real)
    if not contest.discriminators or not contest.generators:
        raise MeasurementError("no discriminator or no generator", "at least one of each", "upper", element)
    if any(len(d) != images or not all(0 <= x <= 1 for x in d) for d in contest.discriminators):
        raise MeasurementError(f"scores {contest.discriminators}", f"{images} in [0, 1] each", "upper", element)
    return [[Fraction(repr(float(x))) for x in d] for d in contest.discriminators]


def dot(left: Iterable[Fraction], right: Iterable[Fraction]) -> Fraction:
    """The inner product of two rational vectors."""
    return sum((a * b for a, b in zip(left, right, strict=True) if a and b), Fraction(0))


def payoffs_of(scores: Matrix, laws: Matrix, real: list[Fraction]) -> Matrix:
    """E_real D_v - E_u D_v, a row for each generator."""
    of_real = [dot(d, real) for d in scores]
    return [[top - dot(d, law) for top, d in zip(of_real, scores, strict=True)] for law in laws]


def _unit(best: int, size: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(int(k == best)) for k in range(size))


def _pure(values: list[Fraction], pick: Callable[..., int]) -> Guarantee:
    best = pick(range(len(values)), key=values.__getitem__)
    return Guarantee(values[best], _unit(best, len(values)))


def _mixture(weights: tuple[int, ...], best: Guarantee, mixed: bool, element: int) -> tuple[Fraction, ...]:
    if not weights:
        return best.mixture
    found = tuple(law_of(weights, len(best.mixture), element))
    if not mixed and max(found) != 1:
        raise MeasurementError(f"mixture {weights}", "one strategy where the sides do not mix", "objective", element)
    return found


def _unreached(laws: Matrix, real: list[Fraction]) -> Fraction:
    """The least that some image's real probability is missed by, over all mixtures of the generators."""
    return least_worst_case(
        [[s * (r - g) for r, g in zip(real, law, strict=True) for s in (1, -1)] for law in laws]
    ).value


def _observed(contest: Contest, element: int) -> dict[str, Any]:
    scores = scores_of(contest, element)
    laws = [law_of(g, len(contest.real), element) for g in contest.generators]
    real = law_of(contest.real, len(contest.real), element)
    payoffs = payoffs_of(scores, laws, real)
    worst_of = [max(row) for row in payoffs]
    least_of = [min(row[v] for row in payoffs) for v in range(len(scores))]
    pure = _pure(worst_of, min), _pure(least_of, max)
    upper, lower = (least_worst_case(payoffs), largest_assured(payoffs)) if contest.mixed else pure
    p = _mixture(contest.played[0], upper, contest.mixed, element)
    q = _mixture(contest.played[1], lower, contest.mixed, element)
    beside = [Fraction(repr(float(b))) for b in contest.beside] or [Fraction(0)] * len(laws)
    if len(beside) != len(laws):
        raise MeasurementError(f"{len(beside)} charges", f"{len(laws)}, one a generator", "conflict", element)

    against_p = [dot(p, (row[v] for row in payoffs)) for v in range(len(scores))]
    against_q = [dot(q, row) for row in payoffs]
    objective, worst, best = dot(q, against_p), max(against_p), min(against_q)
    charged = [a + b for a, b in zip(against_q, beside, strict=True)]
    complements = {tuple(1 - x for x in d) for d in scores}
    cells = [(u, v) for u in range(len(laws)) for v in range(len(scores))]
    return {
        "upper": upper.value,
        "lower": lower.value,
        "minmax": pure[0].value,
        "maxmin": pure[1].value,
        "saddle": any(worst_of[u] == payoffs[u][v] == least_of[v] for u, v in cells),
        "objective": objective,
        "real_score": dot(q, (dot(d, real) for d in scores)),
        "fake_score": dot(q, (dot(p, (dot(d, law) for law in laws)) for d in scores)),
        "discriminator_gain": worst - objective,
        "generator_gain": dot(p, charged) - min(charged),
        "generator_regret": worst - upper.value,
        "discriminator_regret": lower.value - best,
        "conflict": max(abs(b) for b in beside),
        "unreached": _unreached(laws, real),
        "unmatched": sum(tuple(d) not in complements for d in scores),
        "mixed": contest.mixed,
    }


def _column(name: str, values: list[Any]) -> Measurement:
    if name in ("saddle", "mixed"):
        return booleans(values)
    if name == "unmatched":
        return integers(values)
    return rational_column(values)


def rational_column(values: Iterable[Fraction]) -> Measurement:
    """Exact rationals as a column without error bars."""
    return balls(flint.fmpq(value.numerator, value.denominator) for value in values)


@simulator(
    "upper lower minmax maxmin saddle objective real_score fake_score discriminator_gain generator_gain "
    "generator_regret discriminator_regret conflict unreached unmatched mixed",
    limited_by="exact",
)
def observe(batch: tuple[Contest, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a contest: what the sides guarantee, alone and mixed, and what the played pair scores and leaves open.

    A gain is what a side could still win by moving alone (the generators' in what they are charged), a regret how far its
    own guarantee is from the best one.  Rationals are exact; a malformed contest raises `MeasurementError`.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    rows = [_observed(contest, k) for k, contest in enumerate(batch)]
    columns = {name: _column(name, [row[name] for row in rows]) for name in observe.observables}
    return Measurements(columns, np.arange(len(rows)))
