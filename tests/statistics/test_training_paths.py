"""Nets along their training: bars against an independent integration, closed suprema, orders, and rates.

TRAININGS=300 python -m pytest -s tests/statistics/test_training_paths.py runs the comparison on more nets.
"""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from flint import arb, arb_mat, ctx
from scipy.integrate import solve_ivp
from scipy.special import erf, expit

from checks.engine.draw import bulk
from checks.engine.gather import gather
from checks.engine.weigh import weigh
from checks.families_training import compared, drifting
from checks.test_lazy_training import COMPARED, DRIFTING, ENSEMBLES
from simulators import lazy_ensemble
from simulators.infinite_width import TangentKernel
from simulators.lazy_ensemble import Ensemble, Nets, ensemble_values, limit, observe, trained
from simulators.lazy_flow import paths
from simulators.lazy_net import LazyNet, start
from simulators.lazy_observables import linear_flow, observe_comparison
from simulators.lazy_suprema import closed_by_chords, closed_by_lengths
from simulators.streams import normals
from theorems.lazy_training import BOUNDS, RATES

CPU = torch.device("cpu")
TRAININGS = int(os.environ.get("TRAININGS", "30"))


def _activate(name: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if name == "erf":
        return erf(z), 2 / np.sqrt(np.pi) * np.exp(-z * z)
    if name == "gauss":
        return np.sqrt(np.pi) / 2 * erf(z), np.exp(-z * z)
    if name == "relu":
        return np.maximum(z, 0), (z > 0).astype(float)
    factor, inside = (3.0 if name == "steep" else 1.0), np.clip(z, -1, 1)
    return factor * (inside - inside * np.abs(inside) / 2), factor * (1 - np.abs(inside))


def _reference(net: LazyNet, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (times, n) and kernels (times, n, n) by scipy, one net at a time, written again from its definition."""
    first, inputs, labels = start(net)
    shape, train = first.shape, not net.first_only

    def look(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        state = flat.reshape(shape)
        value, slope = _activate(net.activation, state[:, :-1] @ inputs)
        outer = state[:, -1]
        by_a = net.scale * value.T * train
        by_w = net.scale * (outer[:, None] * slope).T[:, :, None] * inputs.T[:, None, :]
        jacobian = np.concatenate([by_w.reshape(len(labels), -1), by_a], axis=1)
        return net.scale * outer @ value, jacobian, state

    def field(_: float, flat: np.ndarray) -> np.ndarray:
        outputs, jacobian, state = look(flat)
        slopes = (expit(outputs) if net.loss == "logistic" else outputs) - labels
        gradient = jacobian.T @ slopes
        m, d = shape[0], shape[1] - 1
        out = -net.rate * np.column_stack([gradient[: m * d].reshape(m, d), gradient[m * d :]]) - net.decay * state
        out[:, -1] *= train
        return out.ravel()

    found = solve_ivp(field, (0, times[-1]), first.ravel(), "DOP853", times, rtol=1e-12, atol=1e-14)
    looks = [look(flat)[:2] for flat in found.y.T]
    return np.array([u for u, _ in looks]), np.array([net.rate * j @ j.T for _, j in looks])


def test_outputs_and_kernels_lie_within_their_bars():
    flags = [{}, {"gradient_flow": False}, {"square_loss": False}]
    families = (compared, drifting)
    nets = tuple(bulk(families[k % 2], f"paths {k}", **flags[k % 3])[0] for k in range(TRAININGS))
    followed, ratios = 0, []
    for path in paths(nets, effort=0, device=CPU):
        for k, net in enumerate(path.nets):
            times, n = path.times[:, k].numpy(), net.points
            outputs, kernels = _reference(net, times)
            slack = 1e-11 * (1 + np.abs(kernels).max())  # what scipy itself may be wrong by
            error = np.abs(path.outputs[:, k, :n].numpy() - outputs).max(1)
            assert (error <= path.outputs_rad[:, k].numpy() + slack).all(), net
            off = np.linalg.norm(path.kernel[:, k, :n, :n].numpy() - kernels, axis=(1, 2))
            assert (off <= path.kernel_rad[:, k].numpy() + slack).all(), net
            followed += 1
            ratios.append(float(path.outputs_rad[-1, k]))
    print(f"{followed} of {len(nets)} followed; median bar of outputs {np.median(ratios):.1e}")
    assert followed >= 0.8 * len(nets) and np.median(ratios) < 1e-6


def test_the_largest_distance_is_closed_between_the_times_it_was_searched_at():
    nets = tuple(n for k in range(TRAININGS) if not (n := bulk(compared, f"closed {k}")[0]).mean_field)
    table = observe_comparison(nets, delta=0.0, device=CPU)
    away = table.columns["away"]
    for row, element in enumerate(table.element):
        net = nets[element]
        if net.reference == "limit":
            continue
        _, kernels = _reference(net, np.linspace(0, net.time, 200))
        fixed = kernels[0] if net.reference == "initial" else net.level * np.eye(net.points)
        largest = max(float(np.abs(np.linalg.eigvalsh(h - fixed)).max()) for h in kernels)
        low, high = away.mid[row] - away.rad[row], away.mid[row] + away.rad[row]
        assert low - 1e-9 <= largest * (1 + 1e-6) and largest <= high + 1e-9, net


@pytest.mark.parametrize("experiment", [COMPARED, DRIFTING], ids=lambda e: e.name)
def test_no_bound_is_refuted_on_thirty_trainings(experiment):
    many = replace(experiment, examples=(), search=0, bulk=TRAININGS)
    evidence = gather(many)
    covered = [c for c in BOUNDS if many.covers(c)]
    assert covered and all(weigh(c, many, evidence).kind != "REFUTED" for c in covered)


def test_linear_flows_are_the_matrix_exponential_within_their_radii(monkeypatch):
    """Against flint's exponential at 200 bits, from nothing happening to all but the null space being gone."""
    monkeypatch.setattr(ctx, "prec", 200)
    draw = np.random.default_rng(3)
    for n in (1, 2, 3):
        for size in (0.0, 1e-3, 1.0, 30.0, 1e4):
            root = draw.standard_normal((n, max(1, n - 1)))
            matrix, first = np.tril(root @ root.T), draw.standard_normal(n)
            matrix = matrix + np.tril(matrix, -1).T
            below = max(0.0, -float(np.linalg.eigvalsh(matrix)[0])) + 1e-14
            found, rad = linear_flow(matrix, 0.0, below, first, size)
            exact = (arb_mat(matrix.tolist()) * arb(-size)).exp() * arb_mat([[v] for v in first.tolist()])
            miss = sum((arb(f) - e) ** 2 for f, e in zip(found.tolist(), exact.entries(), strict=True)).sqrt()
            assert miss <= rad <= 1e-13 * (1 + size) ** 2 * float(np.linalg.norm(first)), (n, size)


def _errors(ensemble: Ensemble, steps: tuple[int, ...]) -> list[float]:
    given = limit(ensemble)
    found = []
    for count in steps:
        nets = Nets(ensemble, ensemble.width, 16, CPU)
        *_, last = nets.path(given.horizon / 4, count, count)
        found.append(nets.outputs(last[:2], last[2]))
    return [float((f - found[-1]).abs().max()) for f in found[:-1]]


def test_the_integrator_has_order_four_where_units_are_smooth(monkeypatch):
    monkeypatch.setattr(lazy_ensemble, "WORK", torch.float64)
    errors = _errors(Ensemble(width=16), (8, 16, 32, 512))
    assert all(12 < one / two < 20 for one, two in pairwise(errors)), errors
    kinked = _errors(Ensemble(width=16, activation="relu"), (8, 16, 32, 512))
    assert kinked[0] > kinked[2], "halving still helps where units have kinks, at a lower order"


SUPREMA = (
    Ensemble(nets=64, cancelled=False),
    Ensemble(nets=64, activation="relu", cancelled=False),
    Ensemble(nets=64, activation="relu"),
    Ensemble(nets=64, activation="relu", inputs="oblique"),
    Ensemble(nets=64, activation="relu", decay=0.3),
    Ensemble(nets=64, inputs="oblique", parameterisation="mean-field"),
)


@pytest.mark.parametrize("ensemble", SUPREMA, ids=range(len(SUPREMA)))
def test_the_largest_change_of_a_kernel_is_that_at_all_times(ensemble):
    """Every net's bar against sixteen times as many looks; a kinked net in twenty may integrate to something else."""
    found, given = ensemble_values(ensemble, False, 64, "cpu"), limit(ensemble)
    steps = 32 * round(given.horizon * given.largest)
    fine = trained(Nets(ensemble, ensemble.width, 64, CPU), given, steps, 16)
    for name, (values, bars) in found.items():
        if name not in fine.suprema:
            continue
        truth = fine.suprema[name].looks.amax(0).numpy()
        over = truth > values + bars + lazy_ensemble.ROUNDING
        other = truth < values - bars - lazy_ensemble.ROUNDING
        kinked = ensemble.activation == "relu"
        assert over.mean() + other.mean() <= (0.05 if kinked else 0), name
        assert np.median(bars / values) <= (0.25 if kinked else 0.01), f"{name}: bars of use"


def test_suprema_are_closed_between_looks_that_miss_them():
    times = torch.linspace(0, 3, 31, dtype=torch.float64)

    def path(t: torch.Tensor) -> torch.Tensor:
        return torch.sin(t)[:, None, None, None] * torch.eye(2, dtype=torch.float64)

    top = 2**0.5
    smooth = closed_by_chords(path(times[5:]))
    assert smooth.looks.max() < top < float(smooth.most) < top * 1.002
    jumps = (times > 1.55).to(torch.float64)[:, None, None, None] * torch.ones((1, 2, 2), dtype=torch.float64)
    assert float(closed_by_lengths(jumps, (jumps[1:] - jumps[:-1]).abs().sum((2, 3)) / 2).most) == 2.0
    # there and back between two looks: 0 is all that is seen, half of the way is how far it can have been
    hidden = closed_by_lengths(torch.zeros((2, 1, 2, 2), dtype=torch.float64), torch.full((1, 1), 3.0))
    assert hidden.looks.max() == 0 and float(hidden.most) == 1.5


@pytest.mark.parametrize("activation", ["erf", "relu"])
def test_bars_of_an_ensemble_cover_finer_steps_and_more_digits(activation, monkeypatch):
    ensemble = Ensemble(width=16, nets=64, activation=activation, cancelled=False, seed=3)
    plain = ensemble_values(ensemble, False, 64, "cpu")
    monkeypatch.setattr(lazy_ensemble, "STEP", lazy_ensemble.STEP / 8)
    ensemble_values.cache_clear()
    finer = ensemble_values(ensemble, False, 64, "cpu")
    ensemble_values.cache_clear()
    for name, (values, bars) in plain.items():
        missed = np.abs(values - finer[name][0]) > bars + finer[name][1] + lazy_ensemble.ROUNDING
        assert missed.mean() <= (0.0 if activation == "erf" else 0.05), name


def test_float32_is_within_its_allowance(monkeypatch):
    """The same starts in both precisions: how far rounding carries through a whole training."""
    worst = 0.0
    for activation in ("erf", "relu"):
        ensemble = Ensemble(width=64, activation=activation, cancelled=False, seed=5)
        nets, given = Nets(ensemble, 64, 32, CPU), limit(ensemble)
        *_, short = nets.path(given.horizon, 40, 40)
        nets.start, nets.labels = nets.start.to(torch.float64), nets.labels.to(torch.float64)
        *_, long = nets.path(given.horizon, 40, 40)
        gap = nets.outputs(short[:2], short[2]) - nets.outputs(long[:2], long[2])
        kernels = nets.kernel(short) - nets.kernel(long)
        worst = max(worst, float(gap.abs().max()), float(kernels.abs().median()))
    print(f"float32: {worst:.1e}")
    assert worst <= lazy_ensemble.ROUNDING


@pytest.mark.parametrize("activation", ["erf", "relu"])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_coordinates_in_the_span_of_the_inputs_are_enough(activation, decay, monkeypatch):
    """An ensemble's net against the same net trained in all of its weights."""
    monkeypatch.setattr(lazy_ensemble, "WORK", torch.float64)
    ensemble = Ensemble(width=8, activation=activation, cancelled=False, inputs="oblique", decay=decay, seed=9)
    nets = Nets(ensemble, 8, 1, CPU)
    shape = (lazy_ensemble.DIMENSION + 1, 1, 8)
    drawn = normals(shape, "ensemble", 9, activation, shape, device=CPU)[:, 0].numpy()
    inputs, labels = np.array(lazy_ensemble.INPUTS["oblique"]), np.array(lazy_ensemble.LABELS)

    def field(_: float, flat: np.ndarray) -> np.ndarray:
        weights, outer = flat[:32].reshape(4, 8), flat[32:]
        value, slope = _activate(activation, inputs @ weights)
        push = nets.scale * (nets.scale * value @ outer - labels)
        return np.concatenate([-(inputs.T @ (push[:, None] * slope * outer)).ravel(), -(push @ value)]) - decay * flat

    time = 2.0
    end = solve_ivp(field, (0, time), drawn.ravel(), "DOP853", rtol=1e-12, atol=1e-13, max_step=0.01).y[:, -1]
    value, _ = _activate(activation, np.array(lazy_ensemble.TESTED) @ end[:32].reshape(4, 8))
    *_, last = nets.path(time, 2000, 2000)
    found = nets.asked_at(last, time)[:, 0].numpy()
    assert np.abs(found - nets.scale * value @ end[32:]).max() <= (1e-9 if activation == "erf" else 2e-4)


def _gaussian_process(activation: str) -> tuple[np.ndarray, np.ndarray]:
    """Σ on the inputs and from the tested ones to them: the kernel that trains the last layer alone."""
    kernel = TangentKernel(1, activation)
    x, tested = np.array(lazy_ensemble.INPUTS["oblique"]), np.array(lazy_ensemble.TESTED)
    return kernel.nngp(x), kernel.nngp(tested, x)


WRONG_LIMITS = {
    "1.3 H*": ("early kernel-stays", lambda g, a: replace(g, kernel=1.3 * g.kernel)),
    "1.3 k_x": ("regression regression-from-zero", lambda g, a: replace(g, across=1.3 * g.across)),
    "the Gaussian process": (
        "early kernel-stays regression regression-from-zero",
        lambda g, a: replace(g, kernel=_gaussian_process(a)[0], across=_gaussian_process(a)[1]),
    ),
}


@pytest.mark.parametrize("activation", ["erf", "relu"])
@pytest.mark.parametrize("wrong", [None, *WRONG_LIMITS])
def test_distances_vanish_from_the_stated_limit_and_from_no_other(activation, wrong, monkeypatch):
    names, change = WRONG_LIMITS[wrong] if wrong else ("early kernel-stays regression regression-from-zero", None)
    if change:
        monkeypatch.setattr(lazy_ensemble, "limit", lambda ensemble: change(limit(ensemble), activation))
    # cancelled at the start, where both regressions are one
    example = Ensemble(64, 256, activation, "oblique", seed=2)
    experiment = replace(ENSEMBLES, name=f"{wrong} {activation}", examples=(example,), search=0, bulk=0)
    ensemble_values.cache_clear()
    evidence = gather(experiment)
    ensemble_values.cache_clear()
    kinds = {c.name: weigh(c, experiment, evidence).kind for c in RATES if c.name in names.split()}
    assert kinds == dict.fromkeys(names.split(), "REFUTED" if wrong else "SURVIVED")


def _ratio(activation: str, name: str) -> tuple[float, float]:
    """The interval of the ratio of medians at widths 64 and 1024, at 10⁻⁶."""
    ensemble = Ensemble(width=64, nets=400, activation=activation, seed=1)
    columns = observe((ensemble,), delta=1e-6 * 12, device=CPU).columns
    ends = [(c.mid[0] - c.rad[0], c.mid[0] + c.rad[0]) for c in (columns[f"{name}_a"], columns[f"{name}_b"])]
    return ends[0][0] / ends[1][1], ends[0][1] / ends[1][0]


def test_each_activation_refutes_the_other_s_rate():
    smooth, kinked = _ratio("erf", "drift"), _ratio("relu", "drift")
    exponents = [[float(np.log(end) / np.log(lazy_ensemble.RATIO)) for end in pair] for pair in (smooth, kinked)]
    print(f"exponents of the drift: smooth {exponents[0]}, kinked {exponents[1]}")
    assert exponents[0][0] > 0.75, "sup |H(t) - H(0)| of erf is not of the order of 1/√m"
    assert exponents[1][1] < 0.85, "that of ReLU is not O(1/m)"
    assert exponents[0][0] < 1.25 and exponents[1][0] < 0.75, "both agree with what is claimed of them"
