"""Deep linear nets under gradient flow: instances, and their factors at the end of a trajectory with error bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from .factor_flow import DeepLinearFlow, Descent, Measured, Weighted, spectral_bound
from .flow import UNIT_ROUNDOFF, integrate
from .streams import stream

LOSSES = ("full", "completion", "linear", "sensing", "logistic")
RTOL = (1e-11, 1e-13)
"""Tolerance of the integrator, by effort."""


class InstanceError(ValueError):
    """An instance that describes no net: got, expected, remedy."""

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


@dataclass(frozen=True)
class DeepLinearRun:
    """A deep linear net and how long it is trained.

    ``widths`` (d_0, …, d_N): factor j is d_j × d_{j−1}.  ``stretch``: the singular values that all factors share at
    the start, at most min(widths) of them, so that the end-to-end matrix has singular values stretch**N.  ``tilt``
    times a random matrix is added to every factor (seed 0: times the identity, to the first) and unbalances the net.
    ``loss`` is one of `LOSSES`, towards ``target`` times a random matrix (seed 0: the identity).
    ``eta`` > 0 trains by gradient descent of that step size, ``decay`` > 0 by the flow with weight decay.
    """

    widths: tuple[int, ...]
    stretch: tuple[float, ...]
    loss: str = "full"
    target: float = 1.0
    time: float = 1.0
    tilt: float = 0.0
    eta: float = 0.0
    decay: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise InstanceError(f"widths {self.widths}", "two or more positive widths", "give d_0, …, d_N")
        if not 1 <= len(self.stretch) <= min(self.widths):
            raise InstanceError(
                f"{len(self.stretch)} stretches for widths {self.widths}", f"1 to {min(self.widths)}", "drop some"
            )
        if self.loss not in LOSSES:
            raise InstanceError(f"loss {self.loss!r}", f"one of {', '.join(LOSSES)}", "choose one")
        if not self.time >= 0 or not self.eta >= 0 or not self.decay >= 0:
            raise InstanceError(
                f"time {self.time}, eta {self.eta}, decay {self.decay}", "no negative ones", "change the sign"
            )

    @property
    def depth(self) -> int:
        """N, the number of factors."""
        return len(self.widths) - 1


def frame_of(run: DeepLinearRun, layer: int) -> tuple[np.ndarray, float]:
    """Orthonormal columns (width, k) and the Frobenius distance to exactly orthonormal ones.

    The frame is the polar factor of the returned matrix Q: ‖Q − polar‖ ≤ ‖QᵀQ − I‖ / (2 − 1e−6).
    """
    rows, columns = run.widths[layer], len(run.stretch)
    if run.seed == 0:
        return np.eye(rows, columns), 0.0
    frame = np.linalg.qr(stream("frame", run.seed, layer, rows, columns).standard_normal((rows, columns)))[0]
    defect = float(np.linalg.norm(frame.T @ frame - np.eye(columns)))
    return frame, (defect + 2 * UNIT_ROUNDOFF * rows * columns) / (2 - 1e-6)


def start(run: DeepLinearRun) -> tuple[list[np.ndarray], float]:
    """The factors W_1, …, W_N at time 0, and the Euclidean distance of all of them from the exact instance.

    Without tilt the exact instance is balanced; with a tilt the floats themselves are the instance.
    """
    frames = [frame_of(run, j) for j in range(run.depth + 1)]
    stretch = np.array(run.stretch)
    factors = [(frames[j + 1][0] * stretch) @ frames[j][0].T for j in range(run.depth)]
    if run.tilt:
        for j, factor in enumerate(factors if run.seed else factors[:1]):
            rows, columns = factor.shape
            noise = stream("tilt", run.seed, j, rows, columns).standard_normal(factor.shape) / max(rows, columns) ** 0.5
            factors[j] = factor + run.tilt * (noise if run.seed else np.eye(rows, columns))
        return factors, 0.0
    if run.seed == 0:
        return factors, 0.0
    top, count = float(stretch.max()), len(stretch)
    off = [top * (a[1] + b[1] + (count + 2) * UNIT_ROUNDOFF * count) for a, b in pairwise(frames)]
    return factors, 1.01 * float(np.hypot.reduce(off))


def _goal(run: DeepLinearRun) -> np.ndarray:
    rows, columns = run.widths[-1], run.widths[0]
    if run.seed == 0:
        return run.target * np.eye(rows, columns)
    noise = stream("target", run.seed, rows, columns).standard_normal((rows, columns))
    return run.target * noise / max(rows, columns) ** 0.5


def losses_of(batch: list[DeepLinearRun], width: int, device: torch.device) -> Descent:
    """The losses of a group, padded to width × width."""
    shape = (len(batch), width, width)
    if batch[0].loss not in ("sensing", "logistic"):
        weight, offset = np.zeros(shape), np.zeros(shape)
        for k, run in enumerate(batch):
            goal = _goal(run)
            seen = np.ones_like(goal)
            if run.loss == "completion":
                seen = (stream("mask", run.seed, goal.shape).random(goal.shape) < 0.6).astype(float)
                seen[0, 0] = 1.0
            rows, columns = goal.shape
            weight[k, :rows, :columns] = 0.0 if run.loss == "linear" else seen
            offset[k, :rows, :columns] = seen * goal
        return Weighted(torch.as_tensor(weight, device=device), torch.as_tensor(offset, device=device))
    count = max(run.widths[0] * run.widths[-1] for run in batch)
    probes, answers = np.zeros((len(batch), count, width, width)), np.zeros((len(batch), count))
    logistic = batch[0].loss == "logistic"
    for k, run in enumerate(batch):
        goal = _goal(run)
        (rows, columns), asked = goal.shape, max(1, goal.size // 2)
        drawn = stream("probes", run.seed, goal.shape).standard_normal((asked, rows, columns)) / asked**0.5
        probes[k, :asked, :rows, :columns] = drawn
        seen = (drawn * goal).sum((1, 2))
        answers[k, :asked] = (seen > 0) if logistic else seen
    flat = torch.as_tensor(probes, device=device).reshape(len(batch), count, width * width)
    return Measured(flat, torch.as_tensor(answers, device=device), logistic)


@dataclass(frozen=True, eq=False)
class Trained:
    """Nets of one depth and one kind of loss: factors (depth, rows, d, d) at time 0 and at their own times.

    ``before`` and ``after`` are within ``blur`` and ``bar`` (rows,) of the truth, in Euclidean norm over all factors.
    ``element``: positions in the batch.  ``runs``: the instances.
    """

    element: tuple[int, ...]
    runs: tuple[DeepLinearRun, ...]
    flow: DeepLinearFlow
    before: torch.Tensor
    blur: torch.Tensor
    after: torch.Tensor
    bar: torch.Tensor


def trained(batch: tuple[DeepLinearRun, ...], *, effort: int, device: torch.device) -> Iterator[Trained]:
    """The nets of a batch, before and after training, grouped by depth and kind of loss.

    A net whose bar outgrows every step that the integrator can make is in no group: nothing was measured of it.
    """
    groups: dict[tuple[int, str, bool], list[int]] = {}
    for element, run in enumerate(batch):
        kind = run.loss if run.loss in ("sensing", "logistic") else "entries"
        groups.setdefault((run.depth, kind, run.eta > 0), []).append(element)
    for (depth, _, discrete), elements in groups.items():
        runs = [batch[e] for e in elements]
        width = max(max(run.widths) for run in runs)
        initial = np.zeros((depth, len(runs), width, width))
        blur = np.zeros(len(runs))
        for k, run in enumerate(runs):
            factors, blur[k] = start(run)
            for j, factor in enumerate(factors):
                initial[j, k, : factor.shape[0], : factor.shape[1]] = factor
        decay = torch.tensor([run.decay for run in runs], dtype=torch.float64, device=device)
        flow = DeepLinearFlow(losses_of(runs, width, device), depth, width, decay if bool(decay.any()) else None)
        before, off = torch.as_tensor(initial, device=device), torch.as_tensor(blur, device=device)
        if discrete:
            after, bar = _descend(flow, before, off, runs)
        else:
            times = torch.tensor([[run.time] for run in runs], dtype=torch.float64, device=device)
            rtol = RTOL[min(effort, len(RTOL) - 1)]
            path = integrate(flow, before, times, rtol=rtol, blur=off)
            after, bar = path.state[0], path.bar[0]
        kept = torch.nonzero(torch.isfinite(bar)).flatten()
        chosen = kept.tolist()
        if not chosen:
            continue
        yield Trained(
            tuple(elements[k] for k in chosen),
            tuple(runs[k] for k in chosen),
            flow.rows(kept),
            before[:, kept],
            off[kept],
            after[:, kept],
            bar[kept],
        )


def _descend(
    flow: DeepLinearFlow, initial: torch.Tensor, blur: torch.Tensor, runs: list[DeepLinearRun]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradient descent for round(time / eta) steps; the bar is the rounding, carried by 1 + η‖Hessian‖."""
    eta = torch.tensor([run.eta for run in runs], dtype=torch.float64, device=initial.device)
    count = [max(1, round(run.time / run.eta)) for run in runs]
    left = torch.tensor(count, device=initial.device)
    state, bar, velocity = initial.clone(), blur.clone(), torch.empty_like(initial)
    for step in range(max(count)):
        active = left > step
        sizes = flow.sizes(state)
        flow.velocity(state, velocity)
        length = torch.linalg.vector_norm(state, dim=(0, 2, 3)) + eta * torch.linalg.vector_norm(
            velocity, dim=(0, 2, 3)
        )
        rounding = eta * flow.rounding(sizes) + 2 * UNIT_ROUNDOFF * length
        widened = bar * (1 + eta * flow.stiffness(sizes, bar)) + rounding
        bar = torch.where(active, widened, bar)
        state = torch.where(active[None, :, None, None], state + eta[None, :, None, None] * velocity, state)
    return state, bar


def norms(state: torch.Tensor) -> torch.Tensor:
    """‖W_j‖₂ of every factor (depth, rows), from above."""
    return spectral_bound(state)
