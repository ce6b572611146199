"""Aligned deep linear nets: diagonal factors, one or two modes that never mix.

The factors are diag(w_1, w_2), all equal at the start (balanced), and the target is diagonal, so that W stays diagonal
and its entries are its signed singular values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .deep_linear_flow import InstanceError


@dataclass(frozen=True)
class Aligned:
    """Modes of a diagonal net of depth N and a moment of their growth.

    ``start``: w_r > 0, the entry of every factor, so that mode r starts at w_r**N.
    ``pull``: with ``linear`` the strengths λ_r > 0 of the loss −Σ λ_r W_rr, else the targets s_r of ½‖W − diag(s)‖².
    ``moment`` places the time: in units of the first mode's time scale.  Linear: (0, 1) of its blow-up time for N ≥ 3,
    of 1/λ for N ≤ 2.  Least squares: of the time to half of its target at N = 2, of ln 2 otherwise.
    """

    depth: int
    start: tuple[float, ...]
    pull: tuple[float, ...]
    moment: float
    linear: bool = True

    def __post_init__(self) -> None:
        if self.depth < 1 or not len(self.start) == len(self.pull) in (1, 2):
            raise InstanceError(f"{self}", "depth of at least 1 and one or two modes", "give start and pull alike")
        if not (min(self.start) > 0 and min(self.pull) > 0 and 0 <= self.moment < math.inf):
            raise InstanceError(f"{self}", "positive start and pull, moment of at least 0", "change them")

    @property
    def time(self) -> float:
        """When the modes are observed."""
        first, pull = self.start[0], self.pull[0]
        if self.linear:
            if self.depth <= 2:
                return self.moment / pull
            # No mode may have blown up.
            ends = [w ** (2 - self.depth) / ((self.depth - 2) * p) for w, p in zip(self.start, self.pull, strict=True)]
            return min(self.moment, 0.99) * min(ends)
        if self.depth == 2 and first**2 < pull / 2:
            return self.moment * math.log(pull / first**2 - 1) / (2 * pull)
        return self.moment * math.log(2)
