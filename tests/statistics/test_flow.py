"""Do the bars of integrated nets cover?  Against power series at 50 digits, from the same exact instance.

TRAJECTORIES=300 python -m pytest -s tests/statistics/test_flow.py runs the full comparison and prints its figures.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from flint import acb_mat, arb, arb_mat, ctx

from checks.engine.draw import bulk
from checks.engine.experiment import Experiment
from checks.families_flow import FLOWS, balanced_flows, flows
from simulators.aligned_exact import grown
from simulators.deep_linear_flow import DeepLinearRun, frame_of, losses_of, start, trained
from simulators.factor_flow import Weighted
from simulators.trajectories import observe_rate

from ..taylor import BITS, Residual, exact, follow, polar

COUNT = int(os.environ.get("TRAJECTORIES", "24"))
CPU = torch.device("cpu")


def _residual(run: DeepLinearRun) -> Residual:
    width, shape = max(run.widths), (run.widths[-1], run.widths[0])
    loss = losses_of([run], width, CPU)
    if isinstance(loss, Weighted):
        weight, offset = (m[0, : shape[0], : shape[1]].numpy() for m in (loss.weight, loss.offset))
        return Residual(run.loss, weight, offset, [], [])
    probes = loss.probes.reshape(-1, width, width)[:, : shape[0], : shape[1]].numpy()
    blank = np.zeros(shape)
    return Residual(run.loss, blank, blank, list(probes), loss.answers[0].tolist())


def _start(run: DeepLinearRun) -> list[arb_mat]:
    """The exact instance: its floats, or the balanced net that they round."""
    if run.tilt:
        return [exact(f) for f in start(run)[0]]
    frames = [polar(frame_of(run, j)[0]) for j in range(run.depth + 1)]
    count = len(run.stretch)
    stretch = arb_mat(count, count, [arb(run.stretch[i]) if i == j else 0 for i in range(count) for j in range(count)])
    return [frames[j + 1] * stretch * frames[j].transpose() for j in range(run.depth)]


def _truth(run: DeepLinearRun) -> np.ndarray:
    """Factors at the end as rounded pairs: (2, depth, d, d), the second the remainder of the first."""
    before, ctx.prec = ctx.prec, BITS
    try:
        factors = follow(_start(run), _residual(run), run.time, run.decay)
        width = max(run.widths)
        out = np.zeros((2, run.depth, width, width))
        for j, factor in enumerate(factors):
            for p in range(factor.nrows()):
                for q in range(factor.ncols()):
                    out[0, j, p, q] = high = float(factor[p, q].mid())
                    out[1, j, p, q] = float((factor[p, q] - high).mid())
        return out
    finally:
        ctx.prec = before


@pytest.mark.slow
def test_bars_cover_the_truth_and_are_not_needlessly_wide():
    runs = [bulk(balanced_flows if k % 2 else flows, f"statistics {k}")[0] for k in range(COUNT)]
    runs += [bulk(balanced_flows, f"decaying {k}", gradient_flow=False)[0] for k in range(COUNT // 12)]
    truths = [_truth(run) for run in runs]
    for effort in (0, 1):
        ratios: dict[int, list[float]] = {}
        for group in trained(tuple(runs), effort=effort, device=CPU):
            for k, element in enumerate(group.element):
                high, low = truths[element]
                width = high.shape[-1]
                found = group.after[:, k, :width, :width].numpy()
                error = float(np.linalg.norm((found - high) - low))
                bar = float(group.bar[k])
                assert error <= bar, f"{runs[element]} at effort {effort}: error {error:.2e}, bar {bar:.2e}"
                if error > 0:
                    ratios.setdefault(group.flow.depth, []).append(bar / error)
        for depth, values in sorted(ratios.items()):
            print(f"effort {effort} depth {depth}: bar / error median {np.median(values):.0f}, least {min(values):.1f}")
        assert np.median([r for depth, values in ratios.items() if depth <= 3 for r in values]) <= 1000


def _singular_values(run: DeepLinearRun) -> list[arb]:
    """Of the true end-to-end matrix, largest first: roots of the eigenvalues of WᵀW."""
    before, ctx.prec = ctx.prec, BITS
    try:
        factors = follow(_start(run), _residual(run), run.time, run.decay)
        matrix = factors[0]
        for factor in factors[1:]:
            matrix = factor * matrix
        gram = matrix.transpose() * matrix if run.widths[0] <= run.widths[-1] else matrix * matrix.transpose()
        return sorted((v.real.sqrt() for v in acb_mat(gram).eig()), key=float, reverse=True)
    finally:
        ctx.prec = before


def test_singular_values_lie_within_their_bars():
    runs = [bulk(balanced_flows, f"singular {k}")[0] for k in range(COUNT // 2)]
    table = observe_rate(tuple(runs), delta=1e-9, device=CPU)
    sigma = table.columns["sigma"]
    truths = [_singular_values(run) for run in runs]
    ratios = []
    for row, (element, r) in enumerate(zip(table.element, table.index["r"], strict=True)):
        error = float(abs(arb(sigma.mid[row]) - truths[element][r]).mid())
        assert error <= sigma.rad[row], f"{runs[element]}: error {error:.2e}, radius {sigma.rad[row]:.2e}"
        if error > 0:
            ratios.append(sigma.rad[row] / error)
    print(f"sigma: radius / error median {np.median(ratios):.0f}, least {min(ratios):.1f}")
    assert np.median(ratios) <= 5000


ALIGNED = [e for e in FLOWS if e.observe.precisely is not None]


@pytest.mark.parametrize("experiment", ALIGNED, ids=lambda e: e.name)
def test_aligned_modes_lie_within_their_bars(experiment: Experiment):
    runs = [bulk(experiment.instances, f"aligned {k}")[0] for k in range(COUNT // 3)]
    table = experiment.observe(tuple(runs), delta=1e-9, device=CPU)
    assert sorted(table.element) == list(range(len(runs)))
    ratios = []
    for row, element in enumerate(table.element):
        precise = experiment.observe.precisely(runs[element], 192)
        for name, column in table.columns.items():
            if column.kind != "real":
                assert column.mid[row] == precise.columns[name].mid[0]
                continue
            error = float(abs(arb(column.mid[row]) - precise.columns[name].mid[0]).mid())
            assert error <= column.rad[row], (
                f"{name} of {runs[element]}: error {error:.2e}, radius {column.rad[row]:.2e}"
            )
            if name.endswith("_t") and error > 0:
                ratios.append(column.rad[row] / error)
    print(f"{experiment.name}: radius / error median {np.median(ratios):.0f}, least {min(ratios):.1f}")
    assert np.median(ratios) <= 1000


def test_the_exact_mode_is_the_logistic_curve():
    before, ctx.prec = ctx.prec, 192
    try:
        target, start, time = arb(1.25), arb(0.0625), arb(3.5)
        rise = (2 * target * time).exp()
        curve = (target * rise / (rise - 1 + target / start**2)).sqrt()
        found = grown(0.0625, 1.25, 2, False, 3.5, 192)
        assert found.overlaps(curve)
        assert float(found.rad()) < 1e-25
    finally:
        ctx.prec = before


def test_a_mode_that_blows_up_has_no_enclosure():
    with pytest.raises(ArithmeticError, match="no enclosure"):
        grown(1.0, 1.0, 3, True, 1.01, 128)
