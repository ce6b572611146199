"""Nets with one hidden layer of ReLU neurons and output weights of bounded sum, Σ|a_j| ≤ A, beside a single neuron.

f(x) = Σ_j a_j max(w_j·(x, 1), 0) with every w_j in the box [-1, 1]^p, and any number of neurons.  A given net is evaluated
as it is.  The best net over a finite set of neurons (the breakpoint neurons of the two laws, and those of the given net)
is a linear program in the output weights, solved by HiGHS; its primal solution, made feasible in rationals, bounds the
largest value over nets of these neurons from below, its dual solution from above.

From below that is a bound of the supremum over all nets too.  From above it is one only because what a neuron sees is linear
in w between its breakpoints, so that no w of the box sees more than the best breakpoint neuron: an argument in words, the
one that the supremum over one neuron rests on as well.  Comparing the two suprema therefore checks output weights and budget,
not the breakpoints; those are checked by the given net, whose neurons need not be breakpoints.
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
from .net_distance_laws import difference, points, probabilities
from .net_distance_linear import table
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


def best_net(gaps: Sequence[Any], budget: Any) -> Any:
    """The largest Σ a_j g_j over Σ|a_j| ≤ A for the g_j listed, as a ball between a primal and a dual solution."""
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
    price = abs(rational(float(found.ineqlin.marginals[0])))
    # raised to feasibility: y ≥ ±g_j for every neuron
    high = budget * (price + max(max(abs(g) - price, ZERO) for g in gaps))
    return low if low == high else flint.arb(low).union(flint.arb(high))


def _net(case: Hull, size: int, element: int) -> list[tuple[Vector, Any]]:
    net = [(rationals(w, "net_gap", element), rational(a, "net_gap", element)) for w, a in case.net]
    if not net or any(len(w) != size or any(abs(x) > 1 for x in w) for w, _ in net):
        raise MeasurementError(f"net {case.net}", f"neurons of {size} weights in [-1, 1]", "net_gap", element)
    return net


def _row(case: Hull, element: int) -> dict[str, Any]:
    values = lifted(points(case.atoms, element))
    signed = difference(*(probabilities(w, len(values), element) for w in (case.one, case.other)))
    net, budget = _net(case, len(values[0]), element), rational(case.budget, "budget", element)
    if budget <= 0:
        raise MeasurementError(f"budget {case.budget}", "a positive number", "budget", element)
    outputs = [sum((a * output(w, z) for w, a in net), ZERO) for z in values]
    tried = [*neurons(values), *(w for w, _ in net)]
    return {
        "neuron_distance": supremum(signed, values),
        "net_distance": best_net([gap(v, signed, values) for v in tried], budget),
        "net_gap": abs(sum((c * f for c, f in zip(signed, outputs, strict=True)), ZERO)),
        "output_weight": sum((abs(a) for _, a in net), ZERO),
        "budget": budget,
        "width": len(net),
    }


@simulator("neuron_distance net_distance net_gap output_weight budget width", limited_by="exact")
def observe(batch: tuple[Hull, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each pair of laws: the supremum over one neuron and over nets of any width with Σ|a_j| ≤ A, what the given net
    sees, its Σ|a_j|, A and its width.

    Rationals; the supremum over nets is a ball between the two solutions of a linear program over breakpoint neurons.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_row(case, k) for k, case in enumerate(batch)], observe.observables, ("width",))
