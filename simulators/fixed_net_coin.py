"""A net that is wrong on every second point, tried on large samples: how far its test and training loss are apart.

Its n training losses are fair coins, whose tails come in balls from the ratios of neighbouring terms
(`discriminator_tails`), at any n and down to e^-1000 and less.  Quantiles are found by bisection over whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from flint import arb, ctx, fmpq

from .discriminator_tails import precise_log_two_sided
from .measurement import MeasurementError, Measurements, balls, integers, simulator

BITS = 192
MOST = 10**7
TALLEST = 2000


@dataclass(frozen=True)
class Coin:
    """A fair 0-1 loss on ``n`` independent points; δ = 1/(3 · 2^``halvings``), which no probability of theirs equals.

    ``wrong`` > n/2 points place ε at ``wrong``/n - 1/2.  ``scale``: the loss of a wrong point, a numerator and a denominator,
    in which distances are measured.
    """

    n: int = 1
    wrong: int = 1
    halvings: int = 0
    scale: tuple[int, int] = (1, 1)


def _sound(coin: Coin, element: int) -> Coin:
    whole = all(type(x) is int for x in (coin.n, coin.wrong, coin.halvings, *coin.scale))
    if not whole or not 1 <= coin.n <= MOST or not coin.n < 2 * coin.wrong <= 2 * coin.n:
        raise MeasurementError(f"{coin}", f"n of 1 to {MOST} and n/2 < wrong <= n", "eps", element)
    if min(coin.scale) < 1:
        raise MeasurementError(f"{coin}", "a positive scale", "width", element)
    if not 0 <= coin.halvings <= TALLEST:
        raise MeasurementError(f"{coin}", f"0 to {TALLEST} halvings", "delta", element)
    return coin


@lru_cache(maxsize=100_000)
def both_tails(n: int, a: int) -> arb:
    """log P(|K - n/2| >= a - n/2) for the number K of heads of n fair coins, in balls of 192 bits."""
    with ctx.workprec(BITS):
        return precise_log_two_sided(n, a)


def one_tail(n: int, a: int) -> arb:
    """log P(K >= a) for a > n/2: half of both tails."""
    return both_tails(n, a) - arb(2).log()


def _deviation(n: int, sure: Callable[[int], arb], log_delta: arb, element: int) -> fmpq:
    """The largest deviation a/n - 1/2 whose probability exceeds δ; ``sure(a)``: the log of P(deviation >= a/n - 1/2)."""
    low, high = n // 2, n + 1  # low is likelier than δ, high is not
    while high - low > 1:
        middle = (low + high) // 2
        value = sure(middle)
        if not (value > log_delta or value < log_delta):
            raise MeasurementError(f"{value} against {log_delta}", "a probability that is told from δ", "gap", element)
        low, high = (middle, high) if value > log_delta else (low, middle)
    return fmpq(low, n) - fmpq(1, 2)


@simulator("n k repeated lowest highest width eps delta P_far P_over gap gap_over", limited_by="exact")
def observe(coins: tuple[Coin, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row a coin, in balls of 192 bits: the columns of `fixed_net.observe` of the same names."""
    torch.empty(0, device=torch.device(device))  # an absent device is an error
    found: dict[str, list[Any]] = {name: [] for name in observe.observables}
    with ctx.workprec(BITS):
        for element, coin in enumerate(coins):
            for name, value in _row(_sound(coin, element), element).items():
                found[name].append(value)
    whole = {name: integers(int(v.p) for v in found.pop(name)) for name in ("n", "k", "repeated")}
    return Measurements({**whole, **{name: balls(v) for name, v in found.items()}}, np.arange(len(coins)))


def _row(coin: Coin, element: int) -> dict[str, Any]:
    n, scale, log_delta = coin.n, fmpq(*coin.scale), -arb(3 * 2**coin.halvings).log()
    return {
        "n": fmpq(n),
        "k": fmpq(1),
        "repeated": fmpq(0),
        "lowest": fmpq(0),
        "highest": scale,
        "width": scale,
        "eps": scale * (fmpq(coin.wrong, n) - fmpq(1, 2)),
        "delta": fmpq(1, 3 * 2**coin.halvings),
        "P_far": both_tails(n, coin.wrong).exp(),
        "P_over": one_tail(n, coin.wrong).exp(),
        "gap": scale * _deviation(n, lambda a: both_tails(n, a), log_delta, element),
        "gap_over": scale * _deviation(n, lambda a: one_tail(n, a), log_delta, element),
    }
