"""Whether the quadrature of an activation without a closed form converges at the norms it is asked for.

A kernel of thousands of pairs is computed at one level of quadrature.  Here the smallest and the largest norm, alone and
together, are computed at two.  A kink that was not declared, an expectation that is infinite and an activation too
steep for the largest norm are all seen as a difference between them.  It is a trial of few pairs and no bound for the
others; `layer_balls` compares every pair.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from .dual_activations import LEVEL, SETTLED, UNSETTLED, Activation
from .kernel_recursion import BUFFERS, Angle, recursion
from .measurement import MeasurementError

NORMS = 8
"""Norms are rounded to this many a factor of two, so that calls on similar inputs share a trial."""
SMALLEST = 1e-60
"""Smaller norms, whose squares underflow, are tried here."""
WITHIN, BETWEEN = 1.2, 2.3
"""Angles of the pairs of one norm, and of the two."""


def settled(activation: Activation, depth: int, *norms: Tensor) -> None:
    """Nothing, or a `MeasurementError` where two levels differ by more than `SETTLED`, relative to √(H_xx H_x'x')."""
    if activation.form or depth == 0:
        return
    every = torch.cat([n.reshape(-1) for n in norms])
    every = every[every > 0]
    if len(every):
        low, high = (2 ** (round(NORMS * math.log2(max(float(x), SMALLEST))) / NORMS) for x in torch.aminmax(every))
        off, first, last, turn = _difference(activation, depth, low, high, str(every.device))
        if not off <= SETTLED:
            raise MeasurementError(
                f"a quadrature of activation {activation.name!r} that did not converge "
                f"(relative {off:.0e} at norms {first:.3g} and {last:.3g}, angle {turn})",
                f"{UNSETTLED[activation.kinked]}; or scale the inputs down",
            )


@lru_cache(maxsize=256)
def _difference(
    activation: Activation, depth: int, low: float, high: float, device: str
) -> tuple[float, float, float, float]:
    """The largest relative difference of Σ or Θ between two levels, and where: two norms and an angle."""
    places = [(low, low, 0.0), (high, high, 0.0), (low, low, WITHIN), (high, high, WITHIN), (low, high, BETWEEN)]
    a, b, turn = (torch.tensor(x, dtype=torch.float64, device=device) for x in zip(*places, strict=True))
    pairs = Angle(torch.sin(turn / 2).square(), torch.cos(turn / 2).square(), a, b)
    coarse, fine = (_last(pairs, depth, activation, level) for level in (LEVEL, LEVEL + 1))
    own = fine[:, [0, 1, 0, 1]].abs()
    size = torch.cat([own, (own[:, :1] * own[:, 1:2]).sqrt()], 1)
    off = (fine - coarse).abs()
    relative = torch.where(off == 0, 0.0, off / size).nan_to_num(nan=torch.inf).amax(0)
    worst = int(relative.argmax())
    return float(relative[worst]), *places[worst]


def _last(pairs: Angle, depth: int, activation: Activation, level: int) -> Tensor:
    """Σ^(L) and Θ^(L), (2, pairs)."""
    work = tuple(torch.empty_like(pairs.y) for _ in range(BUFFERS))
    out = torch.empty((2, len(pairs.y)), dtype=torch.float64, device=pairs.y.device)
    for layer in recursion(pairs, depth, activation, level, work):
        layer.sigma(out[0]), layer.theta(out[1])
    return out
