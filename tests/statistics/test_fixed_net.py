"""The laws of one net's training loss against enumerations of every sample, sampled points and scipy's binomial."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
import pytest
import torch
from flint import arb
from scipy.stats import binom

from simulators import fixed_net, fixed_net_coin
from simulators.fixed_net import Net
from simulators.fixed_net_coin import Coin
from simulators.measurement import MeasurementError
from simulators.streams import stream

CPU = torch.device("cpu")
SMALL = (
    Net(), Net((3, 1), 3, chance=(1, 3)), Net((1, 2, 4), 3, 2, (1, 4), (1, 2)), Net((0, 1), 2), Net((1, 0, 0, 2), 2, 3, (1, 6)),
    Net((1, 1), 2, nets=2, chance=(1, 4)), Net((1, 2, 1), 2, 2, (1, 4), (9, 10), nets=2), Net((2, 1), 2, copies=3),
    Net((1, 1, 0, 1), 2, 1, (1, 2)), Net((5, 1), 1, nets=3, chance=(1, 2)),
)  # fmt: skip


def value(column, row=0):
    found = column.mid[row]
    return found if isinstance(found, int) else Fraction(int(found.p), int(found.q))


def enumerated(net: Net) -> list[tuple[Fraction, Fraction]]:
    """(training loss of the chosen net, chance) for every sample of every net: the least loss is chosen."""
    total = sum(net.weights)
    points = [(Fraction(v, net.unit), Fraction(w, total)) for v, w in enumerate(net.weights) if w]
    out = []
    for samples in product(product(points, repeat=net.drawn), repeat=net.nets):
        chance = prod((c for sample in samples for _, c in sample), start=Fraction(1))
        losses = [
            sum((loss for loss, _ in sample), Fraction(0)) * net.copies / (net.drawn * net.copies) for sample in samples
        ]
        out.append((min(losses), chance))
    return out


@pytest.mark.parametrize("net", SMALL, ids=repr)
def test_every_sample_enumerated_gives_the_same_numbers(net):
    table = fixed_net.observe((net,), delta=1e-9, device=CPU).columns
    outcomes, test = enumerated(net), net.test
    eps, delta = Fraction(*net.edge), Fraction(*net.chance)
    assert sum(chance for _, chance in outcomes) == 1
    assert value(table["test"]) == test
    assert value(table["P_far"]) == sum(c for loss, c in outcomes if abs(test - loss) >= eps)
    assert value(table["P_over"]) == sum(c for loss, c in outcomes if test - loss >= eps)
    assert value(table["P_low"]) == sum(c for loss, c in outcomes if loss <= max(test - eps, 0))
    assert value(table["mean_train"]) == sum(loss * c for loss, c in outcomes)
    assert value(table["mean_square"]) == sum((test - loss) ** 2 * c for loss, c in outcomes)
    for name, distance in (("gap", lambda loss: abs(test - loss)), ("gap_over", lambda loss: test - loss)):
        gap = value(table[name])
        assert sum(c for loss, c in outcomes if distance(loss) > gap) <= delta
        smaller = [distance(loss) for loss, _ in outcomes if distance(loss) < gap]
        if smaller:  # the next smaller number is exceeded too often
            assert sum(c for loss, c in outcomes if distance(loss) > max(smaller)) > delta


def test_nets_that_share_no_loss_are_chosen_from_as_sampling_says():
    """Real draws: the chosen net's training loss is lower than the test loss, by as much as is said."""
    net, draws = Net((1, 1), 10, nets=8), 4000
    losses = stream("chosen", net).random((draws, net.nets, net.drawn)) < 0.5
    chosen = losses.mean(axis=2).min(axis=1)
    table = fixed_net.observe((net,), delta=1e-9, device=CPU).columns
    error = 5 * chosen.std() / draws**0.5
    assert abs(chosen.mean() - float(value(table["mean_train"]))) < error
    assert value(table["mean_train"]) < Fraction(1, 3)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 41])
def test_coins_are_the_exact_law(n):
    for wrong in range(n // 2 + 1, n + 1):
        for halvings in (0, 3, 9):
            coin = Coin(n, wrong, halvings)
            net = Net((1, 1), n, 1, (2 * wrong - n, 2 * n), (1, 3 * 2**halvings))
            one = fixed_net_coin.observe((coin,), delta=1e-9, device=CPU).columns
            other = fixed_net.observe((net,), delta=1e-9, device=CPU).columns
            for name in ("P_far", "P_over"):
                found = value(other[name])
                assert one[name].mid[0].overlaps(arb(found.numerator) / found.denominator)
                assert one[name].mid[0].rad() < 1e-40
            for name in ("n", "eps", "delta", "gap", "gap_over", "width"):
                assert value(one[name]) == value(other[name])


@pytest.mark.parametrize(("n", "wrong"), [(1000, 560), (10**5, 50_500), (10**6, 502_000)])
def test_large_samples_agree_with_scipy(n, wrong):
    table = fixed_net_coin.observe((Coin(n, wrong, 40),), delta=1e-9, device=CPU).columns
    tail = binom.logsf(wrong - 1, n, 0.5)
    assert float(table["P_over"].mid[0].log().mid()) == pytest.approx(tail, rel=1e-9)
    assert float(table["P_far"].mid[0].log().mid()) == pytest.approx(tail + np.log(2), rel=1e-9)
    at = n * (float(value(table["gap_over"])) + 0.5)
    level = -np.log(3.0) - 40 * np.log(2.0)
    assert binom.logsf(round(at) - 1, n, 0.5) > level > binom.logsf(round(at), n, 0.5)


@pytest.mark.parametrize(
    ("observe", "instance"),
    [
        (fixed_net.observe, Net((0, 0))),
        (fixed_net.observe, Net(())),
        (fixed_net.observe, Net((1, -1))),
        (fixed_net.observe, Net((1, 0.5))),
        (fixed_net.observe, Net(chance=(2, 1))),
        (fixed_net.observe, Net(drawn=0)),
        (fixed_net.observe, Net(drawn=10**6)),
        (fixed_net_coin.observe, Coin(0)),
        (fixed_net_coin.observe, Coin(4, 2)),
        (fixed_net_coin.observe, Coin(4, 5)),
        (fixed_net_coin.observe, Coin(halvings=-1)),
        (fixed_net_coin.observe, Coin(scale=(0, 1))),
    ],
    ids=lambda value: repr(value) if isinstance(value, (Net, Coin)) else "",
)
def test_what_is_no_net_is_named(observe, instance):
    with pytest.raises(MeasurementError, match="batch element 0"):
        observe((instance,), delta=1e-9, device=CPU)
