"""The Jensen-Shannon divergence between a law with a part without atoms and m samples of it.

The law μ has integer weights on atoms 0, 1, … and a weight without atoms; ν̂ is uniform on m samples, each an atom or a
new point (which the part without atoms gives, and which coincides with nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint
import torch

from .interpolation_net import ONE, ZERO
from .measurement import MeasurementError, Measurements, simulator
from .net_distance_laws import BITS
from .net_distance_linear import table


@dataclass(frozen=True)
class Singular:
    """Weights of μ on its atoms, its weight without atoms, and m samples: the index of an atom, or -1 for a new point."""

    atoms: tuple[int, ...]
    atomless: int
    samples: tuple[int, ...]


def _entropy_term(p: Any, average: Any) -> Any:
    """p log(p / average) for masses of one point, or of a part on which both densities are constant multiples."""
    return flint.arb(0) if p == 0 else flint.arb(p) * (flint.arb(p) / flint.arb(average)).log()


def _row(case: Singular, element: int) -> dict[str, Any]:
    whole = [*case.atoms, case.atomless]
    total, m = sum(whole), len(case.samples)
    if any(not isinstance(w, int) or w < 0 for w in whole) or total == 0 or m == 0:
        raise MeasurementError(f"{case}", "weights of at least 0, not all 0, and a sample", "divergence", element)
    if any(not -1 <= k < len(case.atoms) for k in case.samples):
        raise MeasurementError(f"samples {case.samples}", f"-1, or an atom below {len(case.atoms)}", "m", element)
    if any((whole[k] if k >= 0 else case.atomless) == 0 for k in case.samples):
        raise MeasurementError(f"samples {case.samples}", "points that the law gives", "m", element)
    real = [flint.fmpq(w, total) for w in case.atoms]
    drawn = [flint.fmpq(case.samples.count(k), m) for k in range(len(case.atoms))]
    fresh = flint.fmpq(case.samples.count(-1), m)
    # (μ, ν̂) of each part: the atoms, the part without atoms, the new points together (μ gives them no mass)
    parts = [*zip(real, drawn, strict=True), (flint.fmpq(case.atomless, total), ZERO), (ZERO, fresh)]
    with flint.ctx.workprec(BITS):
        halves = [(p, q, (p + q) / 2) for p, q in parts]
        divergence = sum((_entropy_term(p, a) + _entropy_term(q, a) for p, q, a in halves), flint.arb(0)) / 2
        return {
            "divergence": divergence,
            "seen": sum((min(p, q) for p, q in parts), ZERO),
            "atomic": ONE - flint.fmpq(case.atomless, total),
            "m": m,
        }


@simulator("divergence seen atomic m", limited_by="exact")
def observe(batch: tuple[Singular, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each law: the Jensen-Shannon divergence from m samples of it (nats, a ball of 192 bits), the mass that
    both share, the mass of the law's atoms, and m.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_row(case, k) for k, case in enumerate(batch)], observe.observables, ("m",))
