"""Error bars of the softmax simulators against a 77-digit reference that shares no code with them.

`SOFTMAX_INSTANCES` scales the number of models (default 150; the published figure is 10 000).
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator

import flint
import numpy as np
import pytest
import torch
from flint import arb, fmpq

from checks.engine.draw import bulk
from checks.test_first_order_optimality import with_minimiser
from simulators import softmax
from simulators.softmax import LanguageModel

COUNT = int(os.environ.get("SOFTMAX_INSTANCES", "150"))
BITS = 256
RIDGE = arb(2) ** -110
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    before = flint.ctx.prec
    flint.ctx.prec = BITS
    yield
    flint.ctx.prec = before


def rough(phi: np.ndarray, star: np.ndarray) -> np.ndarray:
    """Newton with halving and a pseudo-inverse, in floats."""
    scale = np.abs(phi - (phi @ star)[:, None]).max() or 1.0
    a = (phi - (phi @ star)[:, None]) / scale
    f = np.zeros(len(phi))

    def value(f: np.ndarray) -> float:
        z = a.T @ f
        return float(np.log(np.exp(z - z.max()).sum()) + z.max())

    for _ in range(200):
        z = a.T @ f
        p = np.exp(z - z.max())
        p /= p.sum()
        g = a @ p
        h = (a * p) @ a.T - np.outer(g, g)
        move = np.linalg.lstsq(h, g, rcond=1e-13)[0]
        if g @ move < 1e-20:
            break
        step = 1.0
        while value(f - step * move) > value(f) - step * (g @ move) / 4 and step > 1e-6:
            step /= 2
        f = f - step * move
    return f / scale


def reference(phi: list[list[fmpq]], weights: tuple[int, ...], start: np.ndarray) -> list[arb]:
    """Logarithms of p_f* by Newton at 256 bits: midpoints only, a ridge for null directions, no certificate."""
    d, words, total = len(phi), len(weights), sum(weights)
    centre = [sum((x * n for x, n in zip(row, weights, strict=True)), fmpq(0)) / total for row in phi]
    a = [[arb(x - c) for x in row] for row, c in zip(phi, centre, strict=True)]
    size = max(max(abs(float(x.mid())) for x in row) for row in a) or 1.0
    f = [arb(float(x)) for x in start]
    for _ in range(40):
        z = [sum((a[i][w] * f[i] for i in range(d)), arb(0)).mid() for w in range(words)]
        e = [x.exp().mid() for x in z]
        level = sum(e, arb(0)).mid()
        p = [(x / level).mid() for x in e]
        g = [sum((a[i][w] * p[w] for w in range(words)), arb(0)).mid() for i in range(d)]
        moments = (sum((p[w] * a[i][w] * a[j][w] for w in range(words)), arb(0)) for i in range(d) for j in range(d))
        h = [(m - g[n // d] * g[n % d]).mid() for n, m in enumerate(moments)]
        for i in range(d):
            h[i * d + i] += RIDGE * size * size
        move = flint.arb_mat(d, d, h).mid().solve(flint.arb_mat(d, 1, g), nonstop=True)
        f = [(x - move[i, 0].mid()).mid() for i, x in enumerate(f)]
        if max(abs(float(x)) for x in g) < 1e-55 * size:
            break
    return [(x - level.log()).mid() for x in z]


def exact(model: LanguageModel) -> dict[str, dict[tuple[int, ...], arb]]:
    """Every observable of the first context, by its definition."""
    weights, total = model.contexts[0], sum(model.contexts[0])
    phi = [[fmpq(*x.as_integer_ratio()) for x in row] for row in model.features]
    star = [fmpq(n, total) for n in weights]
    logs = reference(phi, weights, rough(np.array(model.features), np.array(weights) / total))
    p = [x.exp() for x in logs]
    theta = [fmpq(*x.as_integer_ratio()) for x in model.theta]
    z = [arb(sum((f * row[w] for f, row in zip(theta, phi, strict=True)), fmpq(0))) for w in range(len(weights))]
    level = sum((x.exp() for x in z), arb(0)).log()
    at = [x - level for x in z]

    def under(law: list[arb] | list[fmpq], values: list[arb]) -> arb:
        return sum((arb(q) * x for q, x in zip(law, values, strict=True) if q != 0), arb(0))

    log_star = [arb(q).log() if q != 0 else arb(0) for q in star]
    rows: dict[str, dict[tuple[int, ...], arb]] = defaultdict(dict)
    rows["entropy"][()] = -under(p, logs)
    rows["cross_entropy"][()] = -under(star, logs)
    rows["entropy_truth"][()] = -under(star, log_star)
    rows["divergence"][()] = under(star, log_star) - under(star, logs)
    rows["divergence_at"][()] = under(star, log_star) - under(star, at)
    rows["divergence_step"][()] = under(p, logs) - under(p, at)
    rows["excess"] = {(i,): under(star, logs) - under(star, at) for i in range(len(model.directions))}
    for w, q in enumerate(p):
        rows["p_first"][(w,)], rows["p_second"][(w,)], rows["p_truth"][(w,)] = q, q, arb(star[w])
    for i, direction in enumerate(model.directions):
        v = [sum((n * row[w] for n, row in zip(direction, phi, strict=True)), fmpq(0)) for w in range(len(weights))]
        values = [arb(x) for x in v]
        rows["moment_model"][(0, i)], rows["moment_truth"][(0, i)] = under(p, values), under(star, values)
        rows["shift"][(i,)] = under([x.exp() for x in at], values) - under(star, values)
        rows["half_range"][(i,)] = arb((max(v) - min(v)) / 2)
    return rows


OBSERVERS = (softmax.observe_moments, softmax.observe_words, softmax.observe_values, softmax.observe_shift)


def test_every_bar_covers_the_reference_and_is_not_needlessly_wide() -> None:
    ratios: dict[str, list[float]] = defaultdict(list)
    missed, total, met, rowless = [], 0, 0, 0
    for first in range(0, COUNT, 250):
        batch = tuple(bulk(with_minimiser, f"coverage:{n}")[0] for n in range(first, min(first + 250, COUNT)))
        truths = [exact(model) for model in batch]
        for observe in OBSERVERS:
            table = observe(batch, delta=1e-9, device=CPU)
            rowless += len(batch) - len(set(table.element.tolist()))
            names = [n for n, c in table.columns.items() if c.kind == "real" and n != "drift"]
            index = list(zip(*(x.tolist() for x in table.index.values()), strict=True)) or [()] * len(table)
            for row, (element, at) in enumerate(zip(table.element.tolist(), index, strict=True)):
                for name in names:
                    truth = truths[element][name].get(at)
                    if truth is None:
                        continue  # a second context
                    column = table.columns[name]
                    error = abs(arb(float(column.mid[row])) - truth)
                    total += 1
                    if error > arb(float(column.rad[row])):
                        missed.append(f"{name} {at} of {batch[element]}: {error.str(5)} > {column.rad[row]:.3g}")
                    if float(error) > 2.0**-70 * abs(float(truth)):
                        ratios[name].append(float(column.rad[row]) / float(error))
                    else:
                        met += 1
    medians = {name: float(np.median(values)) for name, values in ratios.items()}
    print(
        f"{COUNT} models, {total} values, {len(missed)} misses, {met} exact, {rowless} without rows; median radius / error of the rest:"
    )
    print("  " + ", ".join(f"{name} {value:.3g}" for name, value in sorted(medians.items())))
    assert not missed, missed[:3]
    assert total > 50 * COUNT
    assert rowless <= 0.01 * COUNT * len(OBSERVERS)
    assert max(medians.values()) <= 100, medians
