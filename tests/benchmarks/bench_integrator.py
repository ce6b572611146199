"""The batched integrator against `scipy.integrate.solve_ivp` (DOP853, one net at a time), at equal measured accuracy.

Depth 3, completion of half of the entries, from a balanced start of scale 0.05, time 12, one thread.  The peer runs on
a sample of the batch at rtol = atol = 1e-8; ours halves its tolerance until its median error on that sample is no
larger.  Errors are Euclidean, against our own run at rtol 1e-13.  A ratio is nets per second, ours over theirs: the
median of paired repeats.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from scipy.integrate import solve_ivp

from simulators.factor_flow import DeepLinearFlow, Weighted
from simulators.flow import integrate
from simulators.streams import stream

DEPTH, TIME, SCALE, PEER_TOLERANCE = 3, 12.0, 0.05, 1e-8
REPEATS = 5
CASES = ((4, 1024, 24, 6.0), (8, 1024, 24, 3.0), (20, 32, 32, 1.0))
"""(d, batch, nets that the peer runs, reach)."""


def problems(d: int, batch: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Factors (3, batch, d, d), masks and masked targets (batch, d, d)."""
    draws = stream("bench integrator", d, batch)
    frames = np.linalg.qr(draws.standard_normal((DEPTH, batch, d, d)))[0]
    mask = (draws.random((batch, d, d)) < 0.5).astype(float)
    target = draws.standard_normal((batch, d, d)) / d**0.5
    return torch.tensor(frames * SCALE ** (1 / DEPTH)), torch.tensor(mask), torch.tensor(mask * target)


def peer(factors: np.ndarray, mask: np.ndarray, target: np.ndarray) -> np.ndarray:
    """One net followed by scipy; its factors at the end, flat."""
    shape = factors.shape
    out = np.empty(shape)

    def velocity(_: float, flat: np.ndarray) -> np.ndarray:
        first, second, third = flat.reshape(shape)
        inner = second @ first
        residual = target - mask * (third @ inner)
        back = third.T @ residual
        np.matmul(residual, inner.T, out=out[2])
        np.matmul(back, first.T, out=out[1])
        np.matmul(second.T, back, out=out[0])
        return out.reshape(-1).copy()

    found = solve_ivp(
        velocity, (0.0, TIME), factors.reshape(-1), method="DOP853", t_eval=[TIME],
        rtol=PEER_TOLERANCE, atol=PEER_TOLERANCE,
    )  # fmt: skip
    return np.asarray(found.y[:, -1])


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def compare(d: int, batch: int, sample: int) -> tuple[float, str]:
    """Ratio of nets per second, and the median errors behind it."""
    factors, mask, target = problems(d, batch)
    times = torch.full((batch, 1), TIME, dtype=torch.float64)
    flow = DeepLinearFlow(Weighted(mask, target), DEPTH, d)
    few = torch.arange(sample)
    truth = integrate(flow.rows(few), factors[:, :sample].contiguous(), times[:sample], rtol=1e-13, bars=False).state[0]
    single = [(factors[:, k].numpy(), mask[k].numpy(), target[k].numpy()) for k in range(sample)]

    def theirs() -> list[np.ndarray]:
        return [peer(*one) for one in single]

    wanted = [truth[:, k].reshape(-1).numpy() for k in range(sample)]
    their_error = float(np.median([np.linalg.norm(a - b) for a, b in zip(theirs(), wanted, strict=True)]))
    rtol, our_error = 16 * PEER_TOLERANCE, np.inf
    while True:
        found = integrate(flow, factors, times, rtol=rtol, bars=False).finished().state[0][:, :sample]
        our_error = float(torch.linalg.vector_norm(found - truth, dim=(0, 2, 3)).median())
        if our_error <= their_error:
            break
        rtol /= 2
    ratios = []
    for _ in range(REPEATS):
        ours = _seconds(lambda: integrate(flow, factors, times, rtol=rtol, bars=False)) / batch
        ratios.append(_seconds(theirs) / sample / ours)
    return float(np.median(ratios)), f"median error {our_error:.0e} against {their_error:.0e}"


def run() -> list[tuple[str, float, float]]:
    """(what, ratio, reach) for every case."""
    torch.set_num_threads(1)
    rows = []
    for d, batch, sample, reach in CASES:
        ratio, errors = compare(d, batch, sample)
        rows.append((f"integrator, depth 3, d={d}, batch {batch}, against scipy DOP853 ({errors})", ratio, reach))
    return rows


def main() -> None:
    """Print one line for each ratio."""
    for what, ratio, reach in run():
        print(f"{what}: {ratio:.1f} x (reach {reach:g} x)")


if __name__ == "__main__":
    main()
