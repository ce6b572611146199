"""Three laws on the same atoms and the distances between them in one class of discriminators: exact suprema."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import flint
import torch

from .interpolation_net import Vector, dot, rational
from .measurement import MeasurementError, Measurements, simulator
from .net_distance_laws import difference, points, probabilities, variation
from .net_distance_linear import BALLS, LARGEST, root, supremum, table
from .net_distance_relu import lifted
from .net_distance_relu import supremum as neuron_supremum
from .net_distance_rkhs import check, feature_square

CLASSES = (*BALLS, "table", "relu", "gaussian")


@dataclass(frozen=True)
class Three:
    """Laws μ, ν and ρ as integer weights over the atoms, a class of `CLASSES`, and a share t of ν mixed into μ."""

    atoms: tuple[tuple[float, ...], ...]
    first: tuple[int, ...]
    second: tuple[int, ...]
    third: tuple[int, ...]
    family: str = "l2"
    share: float = 0.5


def distance(case: Three, values: Sequence[Vector], element: int) -> Callable[[Sequence[Any]], Any]:
    """The supremum over the class, as a function of a signed measure on the atoms ``values``."""
    if case.family in BALLS:
        return lambda signed: supremum(signed, values, case.family, element)
    if case.family == "table":
        distinct = sorted(set(values))
        places = [distinct.index(x) for x in values]
        if len(distinct) > LARGEST:
            raise MeasurementError(f"a table of {len(distinct)} points", f"at most {LARGEST}", "d_12", element)
        # a value for each point, however often it is listed; the largest of all vertices
        tables = [[v[k] for k in places] for v in product((0, 1), repeat=len(distinct))]
        return lambda signed: max(abs(dot(v, signed)) for v in tables)
    if case.family == "relu":
        return lambda signed: neuron_supremum(signed, lifted(values))
    if case.family == "gaussian":
        check("gaussian", values, element)
        return lambda signed: root(feature_square("gaussian", signed, values))
    raise MeasurementError(f"class {case.family!r}", f"one of {', '.join(CLASSES)}", "d_12", element)


def _row(case: Three, element: int) -> dict[str, Any]:
    values = points(case.atoms, element)
    one, two, three = (probabilities(w, len(values), element) for w in (case.first, case.second, case.third))
    share = rational(case.share, "share", element)
    if not 0 <= share <= 1:
        raise MeasurementError(f"share {case.share}", "a number in [0, 1]", "share", element)
    d = distance(case, values, element)
    mixed = [(1 - share) * p + share * q for p, q in zip(one, two, strict=True)]
    # the same two laws written on twice as many atoms, each atom listed twice with a third and two thirds of its mass
    relisted = distance(case, [*values, *values], element)
    third = flint.fmpq(1, 3)
    apart = difference(one, two)
    split = [*(third * c for c in apart), *(2 * third * c for c in apart)]
    return {
        "d_12": d(apart),
        "d_21": d(difference(two, one)),
        "d_23": d(difference(two, three)),
        "d_13": d(difference(one, three)),
        "d_split": relisted(split),
        "d_mixed": d(difference(mixed, one)),
        "share": share,
        "variation": variation(apart),
    }


@simulator("d_12 d_21 d_23 d_13 d_split d_mixed share variation", limited_by="exact")
def observe(batch: tuple[Three, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each three laws: d(μ, ν) both ways round and with every atom listed twice, d(ν, ρ), d(μ, ρ), d between
    μ and its mixture with a share of ν, that share, and the total variation distance of μ and ν.

    Rationals; for Euclidean and Hilbert space balls of 192 bits.  A malformed instance raises `MeasurementError`.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_row(case, k) for k, case in enumerate(batch)], observe.observables)
