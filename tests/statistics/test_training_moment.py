"""Nets at single moments: do the error bars cover, is the kernel that of autograd, and are wrong relations seen?"""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from flint import arb

from checks.engine.draw import bulk
from checks.engine.gather import gather
from checks.engine.weigh import weigh
from checks.families_training import few_inputs, many_inputs
from checks.test_tangent_dynamics import FEW, MANY
from simulators.training_moment import observe_few, observe_many
from simulators.training_net import Net, numbers
from theorems.statement import Claim, Eq, observable
from theorems.tangent_dynamics import THEOREM, pull, u_dot

CPU = torch.device("cpu")
COUNT = int(os.environ.get("MOMENTS", "60"))
ONE = Net(hidden=(16, 16), activation="erf", norms=(1.0, 1.0, 1.0), dimension=3, label=1.0, seed=7)
OWN = observable("H_own", "diagonal entry of the kernel")
RESIDUAL = observable("r_own", "slope of the loss at output i")
N = observable("n", "number of inputs", domain="positive integer")


@pytest.mark.parametrize(("family", "observe"), [(few_inputs, observe_few), (many_inputs, observe_many)])
def test_bars_cover_the_truth_and_are_not_needlessly_wide(family, observe):
    nets = tuple(bulk(family, f"bars {k}")[0] for k in range(COUNT))
    nets = tuple(net for net in nets if max(net.hidden, default=1) <= 64)
    table = observe(nets, delta=0.0, device=CPU)
    ratios: dict[str, list[float]] = {}
    for k, net in enumerate(nets):
        rows = np.flatnonzero(table.element == k)
        precise = observe.precisely(net, 192)
        for name, column in table.columns.items():
            if column.kind != "real":
                continue
            for row, value in zip(rows, precise.columns[name].mid, strict=True):
                error = float(abs(arb(column.mid[row]) - value).mid())
                assert error <= column.rad[row], f"{name} of {net}: error {error:.2e}, radius {column.rad[row]:.2e}"
                if error > 0:
                    ratios.setdefault(name, []).append(column.rad[row] / error)
    medians = {name: float(np.median(values)) for name, values in ratios.items() if len(values) > 20}
    print({name: round(value) for name, value in medians.items()})
    assert medians and max(medians.values()) < 1e6


def test_bars_cover_what_underflows():
    """Inputs whose squares, or the squares of their kernels, are not normal numbers: the relation holds in fractions."""
    draw, missed = np.random.default_rng(5), []
    for k in range(6 * COUNT):
        net = Net(
            hidden=tuple(int(m) for m in draw.choice([1, 2, 5], size=k % 3)),
            activation=("relu", "erf", "tanh")[int(draw.integers(3))],
            norms=tuple(10.0 ** draw.uniform(-165, -145) for _ in range(1 + k % 2)),
            dimension=1 + k % 3,
            relation=("generic", "antipode", "parallel")[int(draw.integers(3))],
            label=(1.0, 1e6, 1e3)[int(draw.integers(3))],
            weight=(1.0, 1e-6)[k % 5 == 0],
            seed=k,
        )
        columns = observe_few((net,), delta=0.0, device=CPU).columns
        if columns["smooth"].mid[0] != 1:
            continue
        for row in range(len(net.norms)):
            at = {name: (Fraction(c.mid[row]), Fraction(c.rad[row])) for name, c in columns.items() if c.kind == "real"}
            total, room = at["u_dot"]
            for j in (1, 2, 3):
                (h, h_rad), (r, r_rad) = at[f"H_{j}"], at[f"slope_{j}"]
                total, room = total + h * r, room + abs(h) * r_rad + h_rad * abs(r) + h_rad * r_rad
            if abs(total) > room:
                missed.append((net, float(total), float(room)))
    assert not missed, f"{len(missed)}, the first {missed[0]}"


def _autograd(net: Net) -> tuple[np.ndarray, np.ndarray]:
    """The kernel and -J J' (u - y) by reverse mode, one output at a time: no layerwise formula."""
    own = numbers(net)
    weights = [torch.tensor(w, requires_grad=True) for w in own.weights]
    form = torch.tensor(own.inputs)
    act = {"relu": torch.relu, "erf": torch.erf, "tanh": torch.tanh}[net.activation]
    for weight, k in zip(weights[:-1], own.scale[:-1], strict=True):
        form = act(k * weight @ form)
    outputs = (own.scale[-1] * weights[-1] @ form)[0]
    rows = [torch.autograd.grad(u, weights, retain_graph=True) for u in outputs]
    jacobian = torch.stack([torch.cat([g.reshape(-1) for g in row]) for row in rows]).numpy()
    residual = outputs.detach().numpy() - own.labels
    return jacobian @ jacobian.T, -jacobian @ (jacobian.T @ residual)


@pytest.mark.parametrize("activation", ["relu", "erf", "tanh"])
def test_kernel_and_motion_are_those_of_autograd(activation):
    for depth in range(4):
        net = replace(ONE, hidden=(5, 7, 6)[:depth], activation=activation, trained=2, seed=depth + 1)
        kernel, moving = _autograd(net)
        table = observe_few((net,), delta=0.0, device=CPU)
        size = float(np.abs(kernel).max())
        found = np.array([table.columns[f"H_{j}"].mid for j in (1, 2, 3)]).T
        assert np.abs(found - kernel).max() <= 1e-13 * size
        assert np.abs(table.columns["u_dot"].mid - moving).max() <= 1e-13 * size * 10


def _verdict(relation: object, instance: Net = ONE) -> str:
    claim = Claim("variant", relation, words="a variant", assumes=("gradient_flow", "smooth"))
    experiment = replace(MANY, examples=(instance,), search=0, bulk=0)
    return weigh(claim, experiment, gather(experiment)).kind


def test_one_instance_refutes_every_wrong_relation():
    assert _verdict(Eq(u_dot, -pull)) == "SURVIVED"
    wrong = (pull, -2 * pull, -pull / 2, -pull / N, -OWN * RESIDUAL)
    assert [_verdict(Eq(u_dot, side)) for side in wrong] == ["REFUTED"] * len(wrong)
    off = (1 + 1e-3, 1 + 1e-5, 1 + 1e-9)
    assert [_verdict(Eq(u_dot, -factor * pull)) for factor in off] == ["REFUTED"] * len(off)


def test_the_diagonal_is_the_kernel_of_a_single_input():
    assert _verdict(Eq(u_dot, -OWN * RESIDUAL), replace(ONE, norms=(1.0,))) == "SURVIVED"


def test_no_identity_is_refuted_in_bulk():
    for experiment, count in ((FEW, 10 * COUNT), (MANY, COUNT)):
        many = replace(experiment, examples=(), search=0, bulk=count)
        evidence = gather(many)
        covered = [c for c in THEOREM.claims if many.covers(c)]
        assert {c.name: weigh(c, many, evidence).kind for c in covered} == {c.name: "SURVIVED" for c in covered}
