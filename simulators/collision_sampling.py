"""The probability of a duplicate in a sample from a black box: many samples, sorted, and an anytime-valid interval.

With h duplicates in n samples, the mixture of likelihood ratios over a Beta(½, ½) prior,

    E_n(p) = B(h + ½, n - h + ½)/π / (p^h (1 - p)^(n - h)),

is a martingale of mean 1 when p is the truth, so that by Ville's inequality {p : E_n(p) < 1/δ} misses the truth with
probability at most δ however n was chosen (Robbins 1970).  Its ends are certified in balls.  What is not proved is
that the pseudo-random stream behaves like independent draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import flint
import numpy as np
import torch

from simulators.measurement import MeasurementError, Measurements, integers, reals, simulator
from simulators.streams import stream

TRIALS = 2048
"""Samples at effort 0; each step of effort takes four times as many."""
BLOCK = 1 << 18
"""Draws sorted at once: fits the cache."""
BITS = 96

Sampler = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


@dataclass(frozen=True)
class BlackBox:
    """A sampler on ``points`` points, ``s`` draws a sample: the least of ``folds`` uniform integers."""

    points: int
    s: int
    folds: int = 1
    seed: int = 0

    def draw(self, random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        """Integers in [0, points), shape (samples, s)."""
        drawn = random.integers(0, self.points, shape, dtype=np.int32)
        for _ in range(self.folds - 1):
            np.minimum(drawn, random.integers(0, self.points, shape, dtype=np.int32), out=drawn)
        return drawn


def duplicates(draws: np.ndarray, device: torch.device) -> np.ndarray:
    """Which rows of an integer array (samples, s) hold a value twice; on a CPU ``draws`` is sorted in place.

    numpy's sort is the faster one on a CPU, torch's on an accelerator.
    """
    if device.type == "cpu":
        draws.sort(axis=1)
        return (draws[:, 1:] == draws[:, :-1]).any(axis=1)
    ordered = torch.as_tensor(draws, device=device).sort(dim=1).values
    return (ordered[:, 1:] == ordered[:, :-1]).any(dim=1).cpu().numpy()


def count(sampler: Sampler, s: int, trials: int, random: np.random.Generator, device: torch.device) -> int:
    """How many of ``trials`` samples of s draws hold a duplicate."""
    rows, hits, left = max(1, BLOCK // s), 0, trials
    while left:
        size = min(rows, left)
        hits += int(np.count_nonzero(duplicates(sampler(random, (size, s)), device)))
        left -= size
    return hits


def interval(hits: int, trials: int, delta: float) -> tuple[float, float]:
    """Both ends of the anytime-valid interval for a probability after ``hits`` of ``trials``, at level 1 - delta.

    Each end is a point where E(p) ≥ 1/δ was shown in balls, or 0 or 1.
    """
    if not (0 <= hits <= trials and 0 < delta < 1):
        raise MeasurementError(f"{hits} of {trials} at delta {delta}", "0 <= hits <= trials and 0 < delta < 1", "P_dup")
    with flint.ctx.workprec(BITS):
        half = flint.arb(0.5)
        evidence = (hits + half).lgamma() + (trials - hits + half).lgamma()
        level = evidence - flint.arb(trials + 1).lgamma() - flint.arb.pi().log() + flint.arb(delta).log()
        mode = hits / trials if trials else 0.5

        def excluded(p: float) -> bool:
            at, rest = flint.arb(p), 1 - flint.arb(p)
            fit = (hits * at.log() if hits else 0) + ((trials - hits) * rest.log() if trials - hits else 0)
            return bool(level >= fit)

        low = _edge(excluded, 0.0, mode) if hits else 0.0
        high = _edge(excluded, 1.0, mode) if hits < trials else 1.0
    return low, high


def _edge(excluded: Callable[[float], bool], outside: float, inside: float) -> float:
    """The excluded point found nearest to ``inside``; ``outside`` (0 or 1) has likelihood 0 and is excluded."""
    for _ in range(60):
        middle = (outside + inside) / 2
        if middle in (outside, inside):
            break
        if excluded(middle):
            outside = middle
        else:
            inside = middle
    return outside


def _sound(box: BlackBox, element: int) -> BlackBox:
    if not (1 <= box.points < 2**31 and box.s >= 1 and box.folds >= 1):
        raise MeasurementError(f"{box}", "1 <= points < 2**31, s >= 1 and folds >= 1", "s", element)
    return box


@simulator("N s P_dup", limited_by="sampling")
def observe(boxes: tuple[BlackBox, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each black box: P(duplicate) by sampling, wrong with probability at most ``delta``.

    ``effort`` multiplies the samples by 4 each; a malformed box raises `MeasurementError`.
    """
    device = torch.device(device)
    torch.empty(0, device=device)  # a device that is absent is an error even where numpy sorts
    trials = TRIALS * 4**effort
    ends = []
    for k, box in enumerate(boxes):
        random = stream("collisions", box)
        ends.append(interval(count(_sound(box, k).draw, box.s, trials, random, device), trials, delta))
    low, high = np.array(ends).reshape(-1, 2).T
    mid = (low + high) / 2
    rad = np.nextafter(np.maximum(high - mid, mid - low), np.inf)
    columns = {
        "N": integers(box.points for box in boxes),
        "s": integers(box.s for box in boxes),
        "P_dup": reals(mid, rad, delta),
    }
    return Measurements(columns, np.arange(len(boxes)))
