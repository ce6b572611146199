"""What samples show without any statistics: how many are distinct, and a set of them that lie far apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported where they are used: `--help` is immediate
    import numpy as np

MOST_APART = 256
"""Samples among which a set of pairwise far ones is looked for, at most."""
NUMBERS = 2**26
"""Differences of numbers that the search for such a set takes, at most."""


MOST_DISTINCT = 2**21
"""Distinct samples after which no more are counted: a quarter of a gigabyte of hashes."""


class Seen:
    """Samples that went by: hashes of all of them, and the first few themselves."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()
        self._first: list[np.ndarray] = []

    def add(self, values: np.ndarray, *, again: bool = False) -> None:
        """Look at float64 rows (n, d); not at how many are distinct where they will be seen ``again``."""
        if not again and len(self._hashes) < MOST_DISTINCT:
            plain = values + 0.0  # -0.0 + 0.0 is 0.0, after which equal numbers have equal bytes
            self._hashes.update(hash(row.tobytes()) for row in plain)
        most = max(1, min(MOST_APART, math.isqrt(NUMBERS // values.shape[1])))
        self._first += list(values[: max(most - len(self._first), 0)].copy())

    @property
    def distinct(self) -> int:
        """So many of them are distinct at least: equal hashes of unequal samples only make it smaller."""
        return len(self._hashes)

    def apart(self, radius: float) -> int:
        """The size of a set of them of which no two lie within ``radius``: each is kept that is far from all kept."""
        if radius == 0:
            return self.distinct
        if not self._first:
            return 0
        import numpy as np
        import torch

        from simulators.near_pairs_exact import within

        samples = torch.from_numpy(np.stack(self._first))
        kept = samples[:1]
        for one in samples[1:]:
            near, _ = within(kept, one.expand_as(kept), radius)
            if not near.any():
                kept = torch.cat((kept, one[None]))
        return len(kept)
