"""The distance of a law from m samples of it, over every sample that may be drawn: exact expectations.

All outcomes of the draws are enumerated as counts of the atoms, each with its probability.  Samples may be copies: with
``copies`` c every draw is used c times, so that m samples are m/c draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any

import flint
import torch

from .interpolation_net import ZERO, Vector, dot
from .measurement import MeasurementError, Measurements, simulator
from .net_distance_laws import BITS, difference, means, pair_dependence, points, probabilities, samples
from .net_distance_linear import root, table
from .net_distance_rkhs import check, gram_square, value

MOST = 5000
"""Outcomes that are enumerated at most."""


@dataclass(frozen=True)
class Sampled:
    """A law, m samples of it, and a class: the linear ball over features (*linear*), or a kernel's unit ball."""

    atoms: tuple[tuple[float, ...], ...]
    law: tuple[int, ...]
    m: int
    copies: int = 1
    kernel: str = "linear"


def _law(case: Sampled, element: int) -> tuple[list[Vector], list[Any]]:
    values = points(case.atoms, element)
    if case.m < 1 or case.copies < 1 or case.m % case.copies:
        raise MeasurementError(
            f"m = {case.m} samples, {case.copies} copies", "at least 1, a multiple of the copies", "m", element
        )
    draws = case.m // case.copies
    if comb(draws + len(values) - 1, draws) > MOST:
        raise MeasurementError(f"{draws} draws of {len(values)} atoms", f"at most {MOST} outcomes", "m", element)
    return values, probabilities(case.law, len(values), element)


def _expected(case: Sampled, law: list[Any], square: Callable[[list[Any]], Any]) -> tuple[Any, Any]:
    """E d² and E d over all samples, for the square of the distance of a signed measure."""
    mean_square, mean = ZERO, ZERO
    with flint.ctx.workprec(BITS):
        for chance, empirical in samples(law, case.m // case.copies):
            found = square(difference(law, empirical))
            mean_square += chance * found
            mean += chance * root(found)
    return mean_square, mean


def _linear(case: Sampled, element: int) -> dict[str, Any]:
    if case.kernel != "linear":
        raise MeasurementError(f"class {case.kernel!r}", "linear", "mean_square", element)
    values, law = _law(case, element)

    def square(signed: list[Any]) -> Any:  # of ½|Σ c_i ψ(x_i)|, the exact supremum over the Euclidean ball
        gap = means(signed, values)
        return dot(gap, gap) / 4

    mean_square, mean = _expected(case, law, square)
    centre = means(law, values)
    away = [tuple(a - b for a, b in zip(x, centre, strict=True)) for x in values]
    return {
        **_sampling(case, law),
        "mean_square": mean_square,
        "mean": mean,
        "spread": sum((p * dot(y, y) for p, y in zip(law, away, strict=True)), ZERO),
        "features": len(values[0]),
        "reach": root(max(dot(x, x) for x in values)),
    }


def _sampling(case: Sampled, law: list[Any]) -> dict[str, Any]:
    return {"m": case.m, "copies": case.copies, "dependence": pair_dependence(law, case.copies)}


def _kernel(case: Sampled, element: int) -> dict[str, Any]:
    values, law = _law(case, element)
    check(case.kernel, values, element)
    with flint.ctx.workprec(BITS):
        mean_square, mean = _expected(case, law, lambda signed: gram_square(case.kernel, signed, values))
        each = [value(case.kernel, x, x) for x in values]
        return {
            **_sampling(case, law),
            "mean_square": mean_square,
            "mean": mean,
            "overlap": gram_square(case.kernel, law, values),
            "own": sum((p * k for p, k in zip(law, each, strict=True)), ZERO),
            "diagonal": max(each),
            "least_diagonal": min(each),
        }


@simulator("m copies dependence mean_square mean spread features reach", limited_by="exact")
def observe(batch: tuple[Sampled, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each law: E d² and E d between the law and m samples of it, for D_v = ½(1 + v·ψ), |v| ≤ 1; the trace
    of the covariance of ψ; the largest |ψ|; how far two samples are from independent.

    Rationals; E d is a ball of 192 bits.  A malformed instance raises `MeasurementError`.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    rows = [_linear(case, k) for k, case in enumerate(batch)]
    return table(rows, observe.observables, ("m", "copies", "features"))


@simulator("m copies dependence mean_square mean overlap own diagonal least_diagonal", limited_by="exact")
def observe_kernel(batch: tuple[Sampled, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each law: E d² and E d between the law and m samples of it, for the unit ball of a kernel; E k(X, X')
    of independent X and X', E k(X, X), the largest and the least k(x, x); how far two samples are from independent.
    """
    torch.empty(0, device=device)
    rows = [_kernel(case, k) for k, case in enumerate(batch)]
    return table(rows, observe_kernel.observables, ("m", "copies"))
