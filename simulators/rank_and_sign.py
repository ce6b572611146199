"""Rank and sign of the determinant of deep linear nets before and after training, as sets of possible values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from .deep_linear_flow import DeepLinearRun, trained
from .flow import UNIT_ROUNDOFF
from .measurement import Measurement, Measurements, choices, integers, reals, simulator
from .singular import end_to_end
from .trajectories import given, imbalance


@dataclass(frozen=True, eq=False)
class _End:
    """An end-to-end matrix known within ``radius`` in 2-norm, of rank ``lowest`` to ``highest`` for reasons of its own."""

    matrix: np.ndarray
    radius: float
    lowest: int
    highest: int

    def _certain(self) -> int:
        """How many singular values are above the radius, and so not zero."""
        values = np.linalg.svd(self.matrix, compute_uv=False)
        slack = self.radius + 16 * max(self.matrix.shape) ** 2 * UNIT_ROUNDOFF * float(values[0])
        return int((values > slack).sum())

    def ranks(self) -> tuple[int, ...]:
        """Possible ranks."""
        return tuple(range(max(self.lowest, min(self._certain(), self.highest)), self.highest + 1))

    def signs(self) -> tuple[int, ...]:
        """Possible signs of the determinant: one where no matrix within the radius is singular."""
        size = len(self.matrix)
        if self.highest < size:
            return (0,)
        if self._certain() == size:
            return (int(np.linalg.slogdet(self.matrix)[0]),)
        # Of full rank for reasons of its own, the matrix may still be nearer to singular than its floats can tell.
        return (-1, 1) if self.lowest == size else (-1, 0, 1)


@dataclass(frozen=True, eq=False)
class _Ends:
    element: int
    before: _End
    after: _End
    balance: tuple[float, float]


def _nonzero(factor: np.ndarray) -> int:
    """A bound on the rank: the fewer of non-zero rows and columns."""
    return min(int(factor.any(1).sum()), int(factor.any(0).sum()))


def _ends(batch: tuple[DeepLinearRun, ...], effort: int, device: torch.device) -> Iterator[_Ends]:
    for group in trained(batch, effort=effort, device=device):
        first, last = end_to_end(replace(group, after=group.before, bar=group.blur)), end_to_end(group)
        started = group.before.cpu().numpy()
        balance = np.stack(imbalance(group), 1)
        for k, run in enumerate(group.runs):
            shape = np.s_[k, : run.widths[-1], : run.widths[0]]
            # A net without tilt is the exact one, with one mode for each stretch that is not zero.
            modes = sum(s > 0 for s in run.stretch)
            low, high = (0, min(_nonzero(factor) for factor in started[:, k])) if run.tilt else (modes, modes)
            yield _Ends(
                group.element[k],
                _End(first.matrix.cpu().numpy()[shape], float(first.matrix_radius[k]), low, high),
                _End(last.matrix.cpu().numpy()[shape], float(last.matrix_radius[k]), 0, min(run.widths)),
                (float(balance[k, 0]), float(balance[k, 1])),
            )


def _reached(values: Iterable[tuple[int, ...]]) -> Measurement:
    """Possible values after training: they rest on the bar of the integrated factors, which is not proved."""
    return replace(choices(values), proved=False)


@simulator("N rank_0 rank_t imbalance eta decay", limited_by="discretisation")
def observe_rank(
    batch: tuple[DeepLinearRun, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Possible ranks of the end-to-end matrix at time 0 and at the end of training.  Rows: element."""
    ends = list(_ends(batch, effort, device))
    element = np.array([e.element for e in ends], dtype=np.int64)
    table = {
        "N": integers(batch[e].depth for e in element),
        "rank_0": choices(e.before.ranks() for e in ends),
        "rank_t": _reached(e.after.ranks() for e in ends),
        "imbalance": reals([e.balance[0] for e in ends], [e.balance[1] for e in ends], proved=False),
        **given(batch, element),
    }
    return Measurements(table, element)


@simulator("N sign_0 sign_t imbalance eta decay", limited_by="discretisation")
def observe_sign(
    batch: tuple[DeepLinearRun, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Possible signs of the determinant of a square end-to-end matrix at time 0 and at the end.  Rows: element."""
    ends = [e for e in _ends(batch, effort, device) if batch[e.element].widths[0] == batch[e.element].widths[-1]]
    element = np.array([e.element for e in ends], dtype=np.int64)
    table = {
        "N": integers(batch[e].depth for e in element),
        "sign_0": choices(e.before.signs() for e in ends),
        "sign_t": _reached(e.after.signs() for e in ends),
        "imbalance": reals([e.balance[0] for e in ends], [e.balance[1] for e in ends], proved=False),
        **given(batch, element),
    }
    return Measurements(table, element)
