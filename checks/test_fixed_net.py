"""One fixed net: exact laws of its training loss, large samples in balls, and nets that the sample has chosen."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt

from simulators import fixed_net, fixed_net_coin
from simulators.fixed_net import Net
from simulators.fixed_net_coin import Coin
from theorems.fixed_net import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment


def nets(draw: Draw, *, fixed: bool = True, independent: bool = True, bounded: bool = True) -> Net:
    """Nets with up to five values of the loss on up to 40 points; ε is a distance that test and training loss can have."""
    unit = draw.choice((1, 1, 2, 3, 4))
    drawn = draw.integer(1, 40)
    weights = [draw.integer(0, 9) for _ in range(unit + 1)]
    weights[0] += 1  # the least loss is 0 …
    weights[-1] += 1  # … and the largest 1, so that a net may always be wrong
    if not bounded:
        weights += [0] * (2 * unit) + [draw.integer(1, 9)]  # a loss of 3
    if not independent or not fixed:
        drawn = min(drawn, 12)
    weight, unit_sum = sum(weights), sum(v * w for v, w in enumerate(weights))
    away = abs(draw.integer(0, drawn * (len(weights) - 1)) * weight - drawn * unit_sum)
    edge = (away, drawn * unit * weight) if away else (1, 2 * drawn)
    chance = (draw.integer(1, 99), draw.choice((100, 1000, 10**6)))
    return Net(
        tuple(weights), drawn, unit, edge, chance,
        1 if independent else draw.integer(10, 20), 1 if fixed else draw.choice((2, 8, 100)),
    )  # fmt: skip


def wide(draw: Draw, *, fixed: bool = True, independent: bool = True) -> Net:
    """Losses up to 3, or within a part of [0, 1]."""
    if draw.boolean():
        return nets(draw, fixed=fixed, independent=independent, bounded=False)
    net = nets(draw, fixed=fixed, independent=independent)
    return replace(net, weights=(0, 0, *net.weights), unit=3 * net.unit, edge=(net.edge[0], 3 * net.edge[1]))


def chosen(draw: Draw, *, independent: bool = True, bounded: bool = True) -> Net:
    """The same, with a choice of up to a hundred nets."""
    return nets(draw, fixed=draw.boolean(), independent=independent, bounded=bounded)


def coins(draw: Draw) -> Coin:
    """Up to a hundred thousand fair 0-1 losses, at edges of up to 20 over their root."""
    n = draw.choice((1, 2, 10, 1000, 10**5))
    wrong = ceil(n / 2 + draw.decimal(0.1, 20, 1) * sqrt(n))
    return Coin(n, max(min(wrong, n), n // 2 + 1), draw.integer(0, 800))


def scaled(draw: Draw) -> Coin:
    """The same with losses of 0 and another number than 1."""
    return replace(coins(draw), scale=draw.choice(((2, 1), (1, 2), (1000, 1), (1, 1000))))


EXACT = Experiment(
    "exact-laws", THEOREM, nets, fixed_net.observe,
    examples=(
        Net(), Net(chance=(9, 10)), Net(chance=(49, 100)), Net((0, 1), 100), Net((1, 0), 3), Net((1, 1), 9, 1, (1, 2), (1, 1000)),
        Net((999, 1), 1, 1, (1, 1000)), Net((9, 1), 600, 1, (1, 6000)), Net((1, 99), 600, 1, (49, 100)), Net((1, 999), 600, 1, (9, 1000)),
    ),
    search=10, batch=8, bulk=100,
)  # fmt: skip
CHOSEN = Experiment(
    "chosen-nets", THEOREM, chosen, fixed_net.observe,
    examples=(Net(nets=2), Net((1, 1), 4, chance=(2, 5), nets=8), Net(chance=(2, 5), nets=16)),
    search=6, batch=8, bulk=60, only=("among-k", "chosen-on-it"),
)  # fmt: skip
WIDE = Experiment(
    "other-widths", THEOREM, wide, fixed_net.observe,
    examples=(Net((1, 0, 1), 9), Net((1, 0, 1), 1, 1, (1, 1))), search=6, batch=8, bulk=60, only=("width",),
)  # fmt: skip
COINS = Experiment(
    "large-samples", THEOREM, coins, fixed_net_coin.observe,
    examples=(Coin(), Coin(10**5, 57_000, 720), Coin(10**6, 517_700, 900)), search=2, batch=8, bulk=24,
)  # fmt: skip
SCALED = Experiment(
    "scaled", THEOREM, scaled, fixed_net_coin.observe,
    examples=(Coin(10**4, 5500, 50, (10**6, 1)), Coin(10**4, 5500, 50, (1, 10**6))),
    search=2, batch=8, bulk=24, only=("width",),
)  # fmt: skip


class TestFixedNet(Audit):
    """Exact rationals in three experiments, balls in two."""

    experiments = [EXACT, CHOSEN, WIDE, COINS, SCALED]  # noqa: RUF012
