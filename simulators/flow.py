"""Batched integration of ordinary differential equations, each row with its own steps and its own error bar.

Dormand and Prince's method of order 8 with embedded estimates of order 5 and 3 (Hairer, Nørsett, Wanner,
Solving Ordinary Differential Equations I, II.5 and II.10).  Where bars are wanted every step is made twice, whole
and in halves, and beside the state runs a bar E on its Euclidean distance from the true solution,

    E ← (E + ε) exp(h μ) + ρ,    ε = max(δ / (2⁵ − 1), η − δ / 4),

δ the distance between whole and halves, η the embedded estimates of the halves, μ an upper bound of the logarithmic
norm of the Jacobian over the tube of radius E around the step, and ρ the rounding.  Halving a step divides the error
of an order 8 method by 2⁸ asymptotically; ε relies on 2⁵.  For some step sizes δ passes through zero, and there the
embedded estimates, of another order, stand guard; they alone can undershoot the error up to fiftyfold.
That ε bounds the local error is observed, not proved: whoever reports the bar says ``proved=False``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from scipy.integrate import DOP853

UNIT_ROUNDOFF = 2.0**-53
STAGES = 12
SAFETY, SHRINK, GROW = 0.8, 0.2, 6.0
REJECTED_WITHOUT_ESTIMATE = 0.1
TINY = 2.0**-1022
HOPELESS = 2.0**-52
"""A row whose step is cut below this fraction of its time span is given up."""
HALVING = 2**5
"""What halving a step is relied on to divide its error by."""
GUARD = 4
"""The embedded estimates count as far as they exceed this part of the distance between whole and halves."""
FEWEST = 8
"""Steps with a bar, at least: one unlucky estimate is then a small part of the bar."""
COMPACT = 8
"""Finished rows are removed once they are one in so many: copying what is left costs more than a few idle rows."""
CACHE_BYTES = 2**23
"""The stages of one chunk of rows should fit a core's share of the last cache; smaller chunks pay for the calls."""


class Flow(Protocol):
    """An autonomous vector field on states of shape (blocks, rows, …), with what bounds its error."""

    def velocity(self, state: torch.Tensor, out: torch.Tensor) -> None:
        """Write the velocity of every row into ``out``."""

    def sizes(self, state: torch.Tensor) -> torch.Tensor:
        """(k, rows): upper bounds of norms, all that `growth` and `rounding` need to know of the states."""

    def growth(self, sizes: torch.Tensor, tube: torch.Tensor) -> torch.Tensor:
        """(rows,): a bound on the logarithmic norm of the Jacobian within ``tube`` (rows,) of such states."""

    def rounding(self, sizes: torch.Tensor) -> torch.Tensor:
        """(rows,): a bound on the Euclidean rounding error of one velocity."""

    def rows(self, index: torch.Tensor) -> Flow:
        """The same flow on some of the rows."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """States at the requested times.

    ``state`` (times, blocks, rows, …), NaN where a row was not finished; ``bar`` (times, rows) bounds the Euclidean
    error over all blocks (infinite where unknown: of such a row nothing was measured); ``steps`` and ``rejected`` (rows,) count.
    """

    state: torch.Tensor
    bar: torch.Tensor
    steps: torch.Tensor
    rejected: torch.Tensor


def integrate(
    flow: Flow,
    initial: torch.Tensor,
    times: torch.Tensor,
    *,
    rtol: float,
    blur: torch.Tensor | None = None,
    bars: bool = True,
    max_steps: int = 10_000,
) -> Trajectory:
    """Follow every row from time 0 through its ``times`` (rows, k), increasing and non-negative.

    ``initial`` (blocks, rows, …) float64, within ``blur`` (rows,) of the true start.  A step is accepted when its estimate is at most ``rtol`` times the
    Euclidean norm of the state.  Rows never influence one another.  Raises `ValueError` for a bad tolerance or times.
    """
    if not 1e-15 <= rtol < 1:
        raise ValueError(f"got rtol={rtol}; expected 1e-15 <= rtol < 1; choose a tolerance that float64 can meet")
    if bool((times[:, :1] < 0).any()) or bool((times.diff(dim=1) < 0).any()):
        raise ValueError("got times that decrease or are negative; expected increasing times from 0; sort them")
    rows = initial.shape[1]
    count = times.shape[1]
    state = torch.full((count, *initial.shape), math.nan, dtype=initial.dtype, device=initial.device)
    bar = torch.full((count, rows), math.inf, dtype=initial.dtype, device=initial.device)
    steps = torch.zeros(rows, dtype=torch.int64, device=initial.device)
    result = Trajectory(state, bar, steps, torch.zeros_like(steps))
    size = rows
    if initial.device.type == "cpu" and rows:
        size = max(8, CACHE_BYTES // (8 * (STAGES + 3) * (initial.numel() // rows)))
    for start in range(0, rows, size):
        part = torch.arange(start, min(start + size, rows), device=initial.device)
        walker = _Walker(flow.rows(part), initial[:, part].contiguous(), times[part], part, rtol, bars)
        if blur is not None:
            walker.bar = blur[part]
        for _ in range(max_steps):
            if not walker.step(result):
                break
    return result


class _Walker:
    """The rows of one chunk that are still under way."""

    def __init__(
        self, flow: Flow, state: torch.Tensor, times: torch.Tensor, part: torch.Tensor, rtol: float, bars: bool
    ) -> None:
        self.flow, self.state, self.times, self.part = flow, state, times, part
        self.rtol, self.bars = rtol, bars
        device = state.device
        table = torch.tensor(DOP853.A, dtype=state.dtype, device=device)
        self.inner = [table[s, :s].clone() for s in range(1, STAGES)]
        self.outer = torch.tensor(DOP853.B, dtype=state.dtype, device=device)
        estimates = [e[:STAGES].tolist() for e in (DOP853.E5, DOP853.E3)]
        self.estimates = torch.tensor(estimates, dtype=state.dtype, device=device)
        self.time = torch.zeros_like(times[:, 0])
        self.bar = torch.zeros_like(self.time)
        self.next = torch.zeros_like(part)
        self.slope = torch.empty_like(state)
        flow.velocity(state, self.slope)
        self._allocate()
        self.size = self.middle_size = self.next_size = flow.sizes(state) if bars else self.time[None]
        self.step_size = self._first_step()

    def _allocate(self) -> None:
        self.slopes = torch.empty((STAGES, *self.state.shape), dtype=self.state.dtype, device=self.state.device)
        self.flat = self.slopes.view(STAGES, -1)
        self.sum, self.stage, self.candidate, self.next_slope = (torch.empty_like(self.state) for _ in range(4))
        self.shape = (1, -1) + (1,) * (self.state.dim() - 2)

    def _norm(self, values: torch.Tensor) -> torch.Tensor:
        axes = (values.dim() - self.state.dim(), *range(values.dim() - self.state.dim() + 2, values.dim()))
        return torch.linalg.vector_norm(values, dim=axes)

    def _first_step(self) -> torch.Tensor:
        """Hairer's choice (II.4).  Next to a saddle the velocity is tiny and the first guess infinite: cap it."""
        length, speed = self._norm(self.state), self._norm(self.slope)
        horizon = self.times[:, -1]
        guess = torch.minimum(0.01 * length / speed, 0.1 * horizon).nan_to_num(nan=0.0)
        guess = torch.where(guess > 0, guess, 0.1 * horizon)
        torch.addcmul(self.state, guess.view(self.shape), self.slope, out=self.stage)
        self.flow.velocity(self.stage, self.next_slope)
        bend = self._norm(self.next_slope - self.slope) / guess
        steepest = torch.maximum(speed, bend) / (length + guess * speed)
        step = (0.01 / steepest) ** (1 / 8)
        return torch.fmin(torch.fmin(step, 100 * guess), horizon).clamp_min(TINY)

    def step(self, result: Trajectory) -> bool:
        """Attempt one step of every row; False when none is left."""
        if not len(self.part):
            return False
        last = self.times.shape[1] - 1
        target = self.times.gather(1, self.next.clamp_max(last)[:, None])[:, 0]
        left = target - self.time
        wanted = self.step_size
        if self.bars:
            # A step over which errors grow by more than e would need a tube wider than the one prepared.
            wanted = torch.fmin(wanted, 1 / self.flow.growth(self.size, self.bar).clamp_min(0.0))
            wanted = torch.fmin(wanted, self.times[:, -1] / FEWEST)
        landing = wanted >= left
        h = torch.where(landing, left, wanted)
        estimate = self._doubled(h) if self.bars else self._attempt(self.state, self.slope, h, self.candidate)
        self.flow.velocity(self.candidate, self.next_slope)
        ratio = estimate / (self.rtol * self._norm(self.candidate)).clamp_min(TINY)
        if self.bars:
            bar, ratio = self._widen(h, estimate, ratio)
        accepted = ratio <= 1
        factor = (SAFETY * ratio ** (-1 / 8)).clamp(SHRINK, GROW)
        factor = torch.where(accepted, factor, factor.clamp_max(1.0))
        factor = torch.where(torch.isfinite(estimate), factor, REJECTED_WITHOUT_ESTIMATE)
        grown = h * factor
        self.step_size = torch.where(accepted & landing, torch.maximum(grown, self.step_size), grown)
        if self.bars:
            self.bar = torch.where(accepted, bar, self.bar)
            self.size = torch.where(accepted, self.next_size, self.size)
        self._move(accepted)
        self.time = torch.where(accepted, torch.where(landing, target, self.time + h), self.time)
        under_way = self.next <= last
        result.steps[self.part] += under_way.to(torch.int64)
        result.rejected[self.part] += (under_way & ~accepted).to(torch.int64)
        arrived = accepted & landing & under_way
        lost = ~torch.isfinite(self.bar) | (~accepted & (self.step_size < HOPELESS * self.times[:, -1]))
        if bool(arrived.any()) or bool(lost.any()):
            self._record(arrived, lost, result)
        return True

    def _attempt(self, state: torch.Tensor, slope: torch.Tensor, h: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        """A step from ``state`` into ``out``; the embedded estimate of its error."""
        wide, total = h.view(self.shape), self.sum.view(-1)
        self.slopes[0].copy_(slope)
        for s, weights in enumerate(self.inner, start=1):
            torch.mv(self.flat[:s].t(), weights, out=total)
            torch.addcmul(state, wide, self.sum, out=self.stage)
            self.flow.velocity(self.stage, self.slopes[s])
        torch.mv(self.flat.t(), self.outer, out=total)
        torch.addcmul(state, wide, self.sum, out=out)
        fifth, third = self._norm((self.estimates @ self.flat).view(2, *self.state.shape))
        # 0/0 where the velocity vanishes: no error.
        mixed = torch.hypot(fifth, 0.1 * third)
        return h * fifth * torch.where(mixed > 0, fifth / mixed, 0 * mixed)

    def _doubled(self, h: torch.Tensor) -> torch.Tensor:
        """The step whole and in halves: the halves are kept, their distance from the whole tells their error."""
        whole, middle, bend = (torch.empty_like(self.state) for _ in range(3))
        self._attempt(self.state, self.slope, h, whole)
        first = self._attempt(self.state, self.slope, h / 2, middle)
        self.flow.velocity(middle, bend)
        self.middle_size = self.flow.sizes(middle)
        second = self._attempt(middle, bend, h / 2, self.candidate)
        distance = self._norm(whole - self.candidate)
        return torch.maximum(distance / (HALVING - 1), first + second - distance / GUARD)

    def _widen(self, h: torch.Tensor, estimate: torch.Tensor, ratio: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The bar after the step; the ratio is infinite, and the step rejected, where the bar leaves the tube."""
        self.next_size = size = self.flow.sizes(self.candidate)
        # Between its nodes a norm exceeds them by at most h²/32 of its curvature, their second difference/8: allow twice.
        curve = (self.size - 2 * self.middle_size + size).abs() / 4
        tube = 3 * (self.bar + estimate)
        halves = [torch.maximum(end, self.middle_size) + curve for end in (self.size, size)]
        growth = sum(self.flow.growth(half, tube) for half in halves) / 2
        lengths = self._norm(self.state) + self._norm(self.candidate) + STAGES * h * self._norm(self.next_slope)
        weights = float(self.outer.abs().sum())
        noise = torch.maximum(*(self.flow.rounding(half) for half in halves))
        rounding = UNIT_ROUNDOFF * 2 * lengths + h * weights * noise
        bar = (self.bar + estimate) * torch.exp(h * growth) + rounding
        return bar, torch.where(bar <= tube + 3 * rounding, ratio, math.inf)

    def _move(self, accepted: torch.Tensor) -> None:
        if bool(accepted.all()):
            self.state, self.candidate = self.candidate, self.state
            self.slope, self.next_slope = self.next_slope, self.slope
            return
        chosen = accepted.view(self.shape)
        self.state = torch.where(chosen, self.candidate, self.state)
        self.slope = torch.where(chosen, self.next_slope, self.slope)

    def _record(self, arrived: torch.Tensor, lost: torch.Tensor, result: Trajectory) -> None:
        rows = torch.nonzero(arrived & torch.isfinite(self.bar))[:, 0]
        when, where = self.next[rows], self.part[rows]
        for column in torch.unique(when).tolist():
            here = when == column
            result.state[column][:, where[here]] = self.state[:, rows[here]]
            result.bar[column, where[here]] = self.bar[rows[here]]
        count = self.times.shape[1]
        self.next = torch.where(lost, count, self.next + arrived.to(torch.int64))
        under_way = self.next < count
        if COMPACT * int(under_way.sum()) > (COMPACT - 1) * len(under_way):
            return
        keep = torch.nonzero(under_way)[:, 0]
        self.flow, self.part, self.times = self.flow.rows(keep), self.part[keep], self.times[keep]
        self.time, self.next, self.bar = self.time[keep], self.next[keep], self.bar[keep]
        self.step_size = self.step_size[keep]
        self.size = self.size[:, keep]
        self.state = self.state[:, keep].contiguous()
        self.slope = self.slope[:, keep].contiguous()
        self._allocate()
