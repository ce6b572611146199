"""Aligned deep linear nets: diagonal factors, one or two modes that never mix.

The factors are diag(w_1, w_2), all equal at the start (balanced), and the target is diagonal, so that W stays diagonal
and its entries are its signed singular values.  They are integrated as matrices, like any other net.
"""

from __future__ import annotations

import numpy as np
import torch

from .aligned_exact import precisely
from .aligned_net import Aligned
from .deep_linear_flow import RTOL
from .factor_flow import DeepLinearFlow, Weighted
from .flow import TINY, UNIT_ROUNDOFF, integrate
from .measurement import Measurements, integers, reals, simulator

LOGISTIC = "sigma_0 target t sigma_t"
ESCAPE = "N sigma_0 strength t sigma_t"
TWO_MODES = "N sigma_1_0 sigma_2_0 sigma_1_t sigma_2_t strength_1 strength_2"
TWO_TARGETS = "N sigma_1_0 sigma_2_0 sigma_1_t sigma_2_t target_1 target_2"


class AlignedFlow(DeepLinearFlow):
    """The flow of nets with equal diagonal factors, with the logarithmic norm of such nets.

    Off-diagonal entries are exactly zero, in floats too, so that errors live in the diagonal entries.  There mode r has
    the Jacobian −c w^{2N−2} 𝟙𝟙ᵀ − g w^{N−2} (𝟙𝟙ᵀ − I), with the gradient g = c w^N − p: its eigenvalues are
    −N c w^{2N−2} − (N − 1) g w^{N−2} along 𝟙 and g w^{N−2} across.  They may be negative: errors then fade.
    """

    loss: Weighted

    def sizes(self, state: torch.Tensor) -> torch.Tensor:
        """The norms of the general flow, and the eigenvalues of every mode."""
        n, w = self.depth, torch.diagonal(state, dim1=-2, dim2=-1).mean(0)
        curvature, pull = (torch.diagonal(m, dim1=-2, dim2=-1) for m in (self.loss.weight, self.loss.offset))
        along = -n * curvature * w ** (2 * n - 2)
        if n > 1:
            sideways = (curvature * w**n - pull) * w ** (n - 2)
            along = torch.cat([along - (n - 1) * sideways, sideways], 1)
        return torch.cat([super().sizes(state), along.T])

    def growth(self, sizes: torch.Tensor, tube: torch.Tensor) -> torch.Tensor:
        """The largest eigenvalue, and what the tube may add to it.

        Within ``tube`` an entry of the Jacobian, a polynomial of degree at most 2N − 2 in the factors, changes by less than
        2N · tube · (C w^{2N−3} + P w^{N−3}), w the largest factor of the tube but at least 1; there are N² entries.
        """
        n = self.depth
        wide = (sizes[:n].amax(0) + tube).clamp_min(1.0)
        pull = self.loss.offset.abs().amax((1, 2))
        slope = 2 * n**3 * (self.loss.bend() * wide ** (2 * n) + pull * wide**n)
        return sizes[n + 2 :].amax(0) + slope * tube

    def rounding(self, sizes: torch.Tensor) -> torch.Tensor:
        """At most N products in a row of one term an entry, and one subtraction in the gradient; see `Flow`."""
        n, largest = self.depth, sizes[self.depth + 1]
        gradient = (n + 1) * sizes[n] + n * self.loss.bend() * largest**n
        return 1.01 * UNIT_ROUNDOFF * (2 * n) ** 0.5 * largest ** (n - 1) * gradient

    def rows(self, index: torch.Tensor) -> AlignedFlow:
        """Some rows; see `Flow`."""
        return AlignedFlow(self.loss.rows(index), self.depth, self.width)


def _followed(
    batch: tuple[Aligned, ...], wanted: list[int], effort: int, device: torch.device
) -> tuple[list[int], tuple[Aligned, ...], np.ndarray, np.ndarray]:
    """The wanted elements, their nets, (elements, 2) modes at their times, and the radii.

    An element whose bar outgrows every step that the integrator can make is left out: nothing was measured of it.
    """
    modes, radii = _integrated(tuple(batch[e] for e in wanted), effort, device)
    kept = np.flatnonzero(np.isfinite(radii).all(1))
    element = [wanted[k] for k in kept]
    return element, tuple(batch[e] for e in element), modes[kept], radii[kept]


def _integrated(batch: tuple[Aligned, ...], effort: int, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """(elements, 2) modes at their times, and the radii, infinite or NaN where the bar was lost.

    A mode of W = Π W_j within the bar of the factors: Π (w_j + δ_j) with Σ δ_j² ≤ bar².
    """
    modes, radii = np.ones((len(batch), 2)), np.zeros((len(batch), 2))
    rtol = RTOL[min(effort, len(RTOL) - 1)]
    for depth in sorted({run.depth for run in batch}):
        elements = [e for e, run in enumerate(batch) if run.depth == depth]
        runs = [batch[e] for e in elements]
        factor, pull = np.zeros((len(runs), 2, 2)), np.zeros((len(runs), 2, 2))
        weight = np.zeros((len(runs), 2, 2))
        for k, run in enumerate(runs):
            for r, (w, p) in enumerate(zip(run.start, run.pull, strict=True)):
                factor[k, r, r], pull[k, r, r] = w, p
            weight[k] = 0.0 if run.linear else 1.0
        loss = Weighted(torch.as_tensor(weight, device=device), torch.as_tensor(pull, device=device))
        times = torch.tensor([[run.time] for run in runs], dtype=torch.float64, device=device)
        initial = torch.as_tensor(factor, device=device).expand(depth, -1, -1, -1).contiguous()
        path = integrate(AlignedFlow(loss, depth, 2), initial, times, rtol=rtol)
        entries = torch.diagonal(path.state[0], dim1=-2, dim2=-1).cpu().numpy()
        bar = path.bar[0].cpu().numpy()[:, None]
        # Π (|w_j| + |δ_j|) is at most the N-th power of the mean, and Σ |δ_j| at most √N bar.
        top = np.abs(entries).max(0)
        modes[elements] = entries.prod(0)
        radii[elements] = (top + bar / depth**0.5) ** depth - np.abs(modes[elements])
        radii[elements] += 8 * depth * UNIT_ROUNDOFF * top**depth + TINY
    return modes, radii


def _power(values: list[float], depth: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """w**N with the rounding of a power, which may underflow."""
    made = np.array([w**n for w, n in zip(values, depth, strict=True)])
    return made, 4 * UNIT_ROUNDOFF * made + TINY


@simulator(LOGISTIC, limited_by="discretisation", precisely=precisely(LOGISTIC, 1, False, 2))
def observe_logistic(
    batch: tuple[Aligned, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """One mode of a depth 2 net on ½(σ − s)².  Rows: elements of depth 2 that are not linear."""
    element = [e for e, run in enumerate(batch) if run.depth == 2 and not run.linear]
    element, runs, modes, radii = _followed(batch, element, effort, device)
    first = _power([run.start[0] for run in runs], [2] * len(runs))
    table = {
        "sigma_0": reals(*first),
        "target": reals([run.pull[0] for run in runs], 0.0),
        "t": reals([run.time for run in runs], 0.0),
        "sigma_t": reals(modes[:, 0], radii[:, 0], proved=False),
    }
    return Measurements(table, np.array(element, dtype=np.int64))


@simulator(ESCAPE, limited_by="discretisation", precisely=precisely(ESCAPE, 1, True))
def observe_escape(batch: tuple[Aligned, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One mode that a constant gradient −λ drives away from a small start.  Rows: linear elements."""
    element = [e for e, run in enumerate(batch) if run.linear]
    element, runs, modes, radii = _followed(batch, element, effort, device)
    table = {
        "N": integers(run.depth for run in runs),
        "sigma_0": reals(*_power([run.start[0] for run in runs], [run.depth for run in runs])),
        "strength": reals([run.pull[0] for run in runs], 0.0),
        "t": reals([run.time for run in runs], 0.0),
        "sigma_t": reals(modes[:, 0], radii[:, 0], proved=False),
    }
    return Measurements(table, np.array(element, dtype=np.int64))


def _two(batch: tuple[Aligned, ...], linear: bool, effort: int, device: torch.device) -> tuple[list[int], dict]:
    element = [e for e, run in enumerate(batch) if run.linear == linear and len(run.start) == 2]
    element, runs, modes, radii = _followed(batch, element, effort, device)
    depths = [run.depth for run in runs]
    table = {"N": integers(depths)}
    for r in (0, 1):
        first = _power([run.start[r] for run in runs], depths)
        table[f"sigma_{r + 1}_0"] = reals(*first)
        table[f"sigma_{r + 1}_t"] = reals(modes[:, r], radii[:, r], proved=False)
        table[f"pull_{r + 1}"] = reals([run.pull[r] for run in runs], 0.0)
    return element, table


@simulator(TWO_MODES, limited_by="discretisation", precisely=precisely(TWO_MODES, 2, True))
def observe_two_modes(
    batch: tuple[Aligned, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Two modes under constant gradients −λ_1, −λ_2.  Rows: linear elements of two modes."""
    element, table = _two(batch, True, effort, device)
    renamed = {k.replace("pull", "strength"): v for k, v in table.items()}
    return Measurements(renamed, np.array(element, dtype=np.int64))


@simulator(TWO_TARGETS, limited_by="discretisation", precisely=precisely(TWO_TARGETS, 2, False))
def observe_two_targets(
    batch: tuple[Aligned, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Two modes of least squares towards their targets.  Rows: elements of two modes that are not linear."""
    element, table = _two(batch, False, effort, device)
    renamed = {k.replace("pull", "target"): v for k, v in table.items()}
    return Measurements(renamed, np.array(element, dtype=np.int64))
