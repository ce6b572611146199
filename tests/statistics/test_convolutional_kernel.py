"""Error bars of the convolutional kernel's tables against 320 bits, and the means of nets against independent draws.

`CONVOLUTIONAL_INSTANCES` scales the number of pairs of images (default 40).
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace

import flint
import numpy as np
import pytest
import torch

from checks.engine.draw import Draw, bulk
from checks.test_convolutional_kernel import nets, padded_pairs, pairs
from simulators.convolutional_kernel_images import ImagePair
from simulators.convolutional_kernel_measured import observe_steps, observe_values, observe_windows
from simulators.convolutional_net import tangent_kernels
from simulators.convolutional_net_law import limits, observe_mean, one_layer_moments

COUNT = int(os.environ.get("CONVOLUTIONAL_INSTANCES", "40"))
CPU = torch.device("cpu")


def tiny_pairs(draw: Draw) -> ImagePair:
    """Pairs whose squares are below the normal numbers, or zero in float64."""
    return replace(pairs(draw), scale=draw.choice((1e-154, 1e-160, 1e-162, 1e-170, 1e-200)))


@pytest.mark.parametrize(
    ("observe", "family", "wide"),
    [
        (observe_steps, pairs, 400), (observe_windows, pairs, 400), (observe_values, padded_pairs, 1e9),
        (observe_steps, tiny_pairs, np.inf), (observe_windows, tiny_pairs, np.inf), (observe_values, tiny_pairs, np.inf),
    ],
    ids=["steps", "windows", "values", "tiny-steps", "tiny-windows", "tiny-values"],
)  # fmt: skip
def test_every_bar_covers_the_truth_and_is_not_needlessly_wide(observe, family, wide):
    batch = tuple(bulk(family, f"coverage:{k}")[0] for k in range(COUNT))
    table = observe(batch, delta=1e-9, device=CPU)
    missed, total = [], 0
    ratios: dict[str, list[float]] = defaultdict(list)
    for element, pair in enumerate(batch):
        rows = np.flatnonzero(table.element == element)
        truth = observe.precisely(pair, 320)
        assert len(truth) == len(rows)
        for name, column in table.columns.items():
            if column.kind != "real":
                continue
            for row, value in zip(rows, truth.columns[name].mid, strict=True):
                with flint.ctx.workprec(320):
                    error = abs(flint.arb(float(column.mid[row])) - value)
                    total += 1
                    if error > float(column.rad[row]):
                        missed.append(f"{name} of {pair}: {error} > {column.rad[row]}")
                    if float(error) > 2.0**-70 * float(abs(value)) and column.rad[row]:
                        ratios[name].append(float(column.rad[row]) / float(error))
    medians = {name: float(np.median(values)) for name, values in ratios.items()}
    print(f"{COUNT} pairs, {total} values, {len(missed)} misses; median radius / error", end=": ")
    print(", ".join(f"{name} {value:.3g}" for name, value in sorted(medians.items())))
    assert not missed, missed[:3]
    assert total > 5 * COUNT
    # a kernel of equal images is exact where its bar fears that rounding opens an angle of 1e-8
    assert all(value <= wide for value in medians.values()), medians


def test_means_of_nets_cover_the_limit_and_stay_within_their_bound():
    batch = tuple(replace(bulk(nets, f"means:{k}")[0], seed=k) for k in range(8))
    table = observe_mean(batch, delta=1e-6, device=CPU)
    mean, limit = table.columns["mean_H"], table.columns["H"]
    assert (np.abs(mean.mid - limit.mid) <= mean.rad + limit.rad).all()
    for k, one in enumerate(batch):
        other = tangent_kernels(replace(one, seed=one.seed + 999), 1 << 13, CPU).numpy()
        rows = table.element == k
        bound = one_layer_moments(one)
        assert (other.var(0) <= 1.5 * bound + 1e-300).all()
        error = np.abs(other.mean(0) - [value for value, _ in limits(one, CPU)])
        assert (error <= mean.rad[rows] + 8 * np.sqrt(bound / len(other))).all()
