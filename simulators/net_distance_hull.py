"""Nets with one hidden layer of ReLU neurons and output weights of bounded sum, Σ|a_j| ≤ A, beside a single neuron.

f(x) = Σ_j a_j max(w_j·(x, 1), 0) with every w_j in the box [-1, 1]^p, and any number of neurons.  A given net is evaluated
as it is.  The supremum over one neuron is exact, by breakpoints.  That over nets is enclosed without it: the best output
weights for a list of neurons (breakpoint neurons and those of the given net), a linear program solved by HiGHS and made
feasible in rationals, are a net and bound it from below; from above, a price y of output weight bounds it by A y if no
neuron of the whole box sees more than y, to which the price of the program is raised by branch and bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import torch

from .interpolation_net import ZERO, Vector, rational, rationals
from .measurement import MeasurementError, Measurements, simulator
from .net_distance_branch import UP, enclose
from .net_distance_laws import difference, points, probabilities, variation
from .net_distance_linear import table
from .net_distance_neuron import KEPT, ROUNDS, TOLERANCE, Neuron, near, problem_of, sound
from .net_distance_relu import gap, lifted, neurons, output, supremum

Given = tuple[tuple[tuple[float, ...], float], ...]


@dataclass(frozen=True)
class Hull:
    """Two laws on the same atoms, a net as pairs (w_j, a_j) with w_j of d + 1 entries in [-1, 1], and the budget A."""

    atoms: tuple[tuple[float, ...], ...]
    one: tuple[int, ...]
    other: tuple[int, ...]
    net: Given
    budget: float = 1.0


def most_seen(case: Hull, effort: int, element: int, device: torch.device) -> Any:
    """No neuron of the box sees more: an upper bound by branch and bound, as a rational."""
    neuron = Neuron(case.atoms, case.one, case.other, "relu", 1.0)
    signed, inputs = sound(neuron, element)
    problem = problem_of([(neuron, signed, inputs)], device)
    cap = torch.full_like(problem.side, near(variation(signed)) * UP)  # of outputs over their largest, in [0, 1]
    _, high = enclose(problem, cap, TOLERANCE / 4**effort, ROUNDS + 20 * effort, KEPT[len(inputs[0]) - 1] * 4**effort)
    bound, scale = (flint.fmpq(*float(t[0]).as_integer_ratio()) for t in (high, problem.scale))
    return bound * scale


def best_net(gaps: Sequence[Any], budget: Any, seen: Any) -> Any:
    """The largest Σ a_j g_j over Σ|a_j| ≤ A, as a ball: from below for the g_j listed, from above for all g_j ≤ ``seen``."""
    from scipy.optimize import linprog

    size = len(gaps)
    costs = np.array([float(g.p) / float(g.q) for g in gaps])
    found = linprog(
        -np.concatenate([costs, -costs]), A_ub=np.ones((1, 2 * size)), b_ub=[float(budget.p) / float(budget.q)],
        method="highs",
    )  # fmt: skip
    if not found.success:
        raise MeasurementError(f"a linear program that ended with {found.message!r}", "a solution", "net_distance")
    weights = [rational(float(p - q)) for p, q in zip(found.x[:size], found.x[size:], strict=True)]
    used = sum((abs(a) for a in weights), ZERO)
    shrink = min(flint.fmpq(1), budget / used) if used > 0 else flint.fmpq(1)
    low = sum((shrink * a * g for a, g in zip(weights, gaps, strict=True)), ZERO)
    # raised to feasibility: y ≥ ±g for every neuron of the box
    high = budget * max(abs(rational(float(found.ineqlin.marginals[0]))), seen)
    return flint.arb(low).union(flint.arb(high))


def _net(case: Hull, size: int, element: int) -> list[tuple[Vector, Any]]:
    net = [(rationals(w, "net_gap", element), rational(a, "net_gap", element)) for w, a in case.net]
    if not net or any(len(w) != size or any(abs(x) > 1 for x in w) for w, _ in net):
        raise MeasurementError(f"net {case.net}", f"neurons of {size} weights in [-1, 1]", "net_gap", element)
    return net


def _row(case: Hull, effort: int, element: int, device: torch.device) -> dict[str, Any]:
    values = lifted(points(case.atoms, element))
    signed = difference(*(probabilities(w, len(values), element) for w in (case.one, case.other)))
    net, budget = _net(case, len(values[0]), element), rational(case.budget, "budget", element)
    if budget <= 0:
        raise MeasurementError(f"budget {case.budget}", "a positive number", "budget", element)
    outputs = [sum((a * output(w, z) for w, a in net), ZERO) for z in values]
    tried = [*neurons(values), *(w for w, _ in net)]
    return {
        "neuron_distance": supremum(signed, values),
        "net_distance": best_net(
            [gap(v, signed, values) for v in tried], budget, most_seen(case, effort, element, device)
        ),
        "net_gap": abs(sum((c * f for c, f in zip(signed, outputs, strict=True)), ZERO)),
        "output_weight": sum((abs(a) for _, a in net), ZERO),
        "budget": budget,
        "width": len(net),
    }


@simulator("neuron_distance net_distance net_gap output_weight budget width", limited_by="optimisation")
def observe(batch: tuple[Hull, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each pair of laws: the supremum over one neuron and over nets of any width with Σ|a_j| ≤ A, what the given net
    sees, its Σ|a_j|, A and its width.

    Rationals; the supremum over nets is a ball, of width 1e-6 A S at effort 0 where the search ends, S the largest |(x, 1)|₁.
    """
    return table([_row(case, effort, k, device) for k, case in enumerate(batch)], observe.observables, ("width",))
