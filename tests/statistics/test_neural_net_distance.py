"""Are the suprema over discriminators right: never below a brute force, never above what encloses them?

NET_DISTANCE_INSTANCES and NET_DISTANCE_TRIES (environment) scale the comparisons: instances of a family, and parameters
that are tried on each.
"""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from itertools import product

import flint
import numpy as np
import pytest
import torch

from checks.engine.draw import bulk
from checks.families_net_distance import hulls, kernel_samples, kernels, linears, neurons, sampled, three_laws
from simulators import net_distance_hull as hull
from simulators import net_distance_linear as linear
from simulators import net_distance_neuron as neuron
from simulators import net_distance_relu as relu
from simulators import net_distance_rkhs as rkhs
from simulators import net_distance_samples as samples
from simulators import net_distance_transport as transport
from simulators.net_distance_branch import enclose, values
from simulators.streams import stream

CPU = torch.device("cpu")
INSTANCES = int(os.environ.get("NET_DISTANCE_INSTANCES", "60"))
TRIES = int(os.environ.get("NET_DISTANCE_TRIES", "4000"))
ROUNDING = 1e-12
"""More than a float64 brute force of a few terms of size at most 100 can be wrong by."""


def drawn(family, number: int = INSTANCES):  # type: ignore[no-untyped-def]
    """Instances of a family, from a seeded generator."""
    return tuple(bulk(family, f"brute-{k}")[0] for k in range(number))


def column(table, name: str) -> np.ndarray:  # type: ignore[no-untyped-def]
    """A column as floats."""
    measured = table.columns[name]
    if measured.kind != "ball":
        return np.asarray(measured.mid, dtype=np.float64)
    return np.array([float(flint.arb(v).mid()) for v in measured.mid])


def laws(case, atoms: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """The masses of μ - ν."""
    one, other = np.array(case.one, dtype=float), np.array(case.other, dtype=float)
    assert len(one) == atoms
    return one / one.sum() - other / other.sum()


def unit_ball(ball: str, size: int, random: np.random.Generator) -> np.ndarray:
    """Directions on the surface of the unit ball, (TRIES, size), its vertices among them where it has any."""
    found = random.normal(size=(TRIES, size))
    if ball == "l1":
        found = found * np.exp(3 * random.normal(size=found.shape))
    norm = {"l2": 2, "l1": 1, "linf": np.inf}[ball]
    return found / np.linalg.norm(found, norm, axis=1, keepdims=True)


def test_linear_balls_are_never_below_a_search_and_near_it() -> None:
    cases = drawn(linears)
    found, random = column(linear.observe(cases, delta=0.0, device=CPU), "distance"), stream("directions")
    near = []
    for case, distance in zip(cases, found, strict=True):
        psi = np.array(case.atoms)
        gap = np.abs(unit_ball(case.ball, psi.shape[1], random) @ (laws(case, len(psi)) @ psi)).max() / 2
        assert gap <= distance + ROUNDING, case
        near.append(gap / distance if distance else 1.0)
    assert np.median(near) > 0.98, "the search is too weak to tell"


def test_tables_are_never_below_a_linear_program() -> None:
    from scipy.optimize import linprog

    cases = drawn(linears, min(INSTANCES, 1000))
    found = column(linear.observe(cases, delta=0.0, device=CPU), "table")
    for case, table in zip(cases, found, strict=True):
        c = laws(case, len(case.atoms))
        best = max(-linprog(sign * c, bounds=[(0, 1)] * len(c), method="highs").fun for sign in (1, -1))
        assert abs(best - table) <= ROUNDING, case


def test_kernel_balls_are_never_below_a_search_and_near_it() -> None:
    cases = drawn(kernels)
    found, random = column(rkhs.observe(cases, delta=0.0, device=CPU), "distance"), stream("functions")
    near = []
    for case, distance in zip(cases, found, strict=True):
        x = np.array(case.atoms)
        gram = x @ x.T
        if case.kernel == "gaussian":
            gram = np.exp(-((x - x.T) ** 2) / 2)
        elif case.kernel == "quadratic":
            gram = (1 + gram) ** 2
        weights = random.normal(size=(TRIES, len(x)))
        norms = np.einsum("ki,ij,kj->k", weights, gram, weights)
        seen = norms > 1e-6 * np.abs(gram).max()
        gap = np.abs(weights[seen] @ gram @ laws(case, len(x))) / np.sqrt(norms[seen])
        assert gap.max() <= distance * (1 + 1e-9) + 1e-9, case  # norms of 1e-6 lose nine digits of sixteen
        near.append(gap.max() / distance if distance > 1e-9 else 1.0)
    assert np.median(near) > 0.97, "the search is too weak to tell"


def test_relu_neurons_are_never_below_a_search_and_near_it() -> None:
    random, near = stream("neurons"), []
    for case in drawn(hulls):
        z = np.column_stack([np.array(case.atoms), np.ones(len(case.atoms))])
        exact = hull.observe((replace(case, budget=1.0),), delta=0.0, device=CPU)
        distance = column(exact, "neuron_distance")[0]
        v = random.uniform(-1, 1, size=(TRIES, z.shape[1]))
        v /= np.abs(v).max(1, keepdims=True)  # on the surface of the box, where the supremum of a cone's function is
        gap = np.abs(np.maximum(v @ z.T, 0) @ laws(case, len(z))).max()
        assert gap <= distance + ROUNDING, case
        near.append(gap / distance if distance else 1.0)
    assert np.median(near) > 0.95, "the search is too weak to tell"


def test_nets_of_any_width_are_never_above_the_linear_program() -> None:
    random = stream("nets")
    cases = drawn(hulls)
    table = hull.observe(cases, delta=0.0, device=CPU)
    for case, bound in zip(cases, column(table, "net_distance"), strict=True):
        z = np.column_stack([np.array(case.atoms), np.ones(len(case.atoms))])
        width = int(random.integers(1, 9))
        v = random.uniform(-1, 1, size=(TRIES // 8, width, z.shape[1]))
        a = random.normal(size=(TRIES // 8, width))
        a *= case.budget / np.abs(a).sum(1, keepdims=True)
        gap = np.abs(np.einsum("kw,kwi,i->k", a, np.maximum(v @ z.T, 0), laws(case, len(z)))).max()
        assert gap <= bound + ROUNDING, case


def test_branch_and_bound_encloses_the_exact_supremum_of_relu_neurons() -> None:
    """Two algorithms: cells of an arrangement in rationals, boxes in float64."""
    cases = [
        replace(c, activation="relu", bias=True, cells=4) for c in drawn(neurons) if len(c.atoms[0]) < 3
    ]  # exact up to three parameters
    table = neuron.observe(tuple(cases), delta=0.0, device=CPU)
    found = table.columns["distance"]
    for k, case in enumerate(cases):
        signed, inputs = neuron.sound(case, k)
        scale = max(sum((abs(x) for x in z), flint.fmpq(0)) for z in inputs)
        exact = relu.supremum(signed, inputs) / scale  # homogeneous: a box of side R divides out
        low, high = (
            flint.fmpq(*float(e).as_integer_ratio()) for e in (found.mid[k] - found.rad[k], found.mid[k] + found.rad[k])
        )
        assert low <= exact <= high, case
    assert np.median(found.rad) < 1e-6


def test_enclosures_of_neurons_are_never_below_a_search_and_near_it() -> None:
    cases = drawn(neurons)
    table = neuron.observe(cases, delta=0.0, device=CPU)
    found, random = table.columns["distance"], stream("parameters")
    near = []
    for k, case in enumerate(cases):
        z = np.array([(*x, 1.0) if case.bias else x for x in case.atoms])
        v = random.uniform(-case.side, case.side, size=(TRIES, z.shape[1]))
        v[::2] = np.where(random.random(v[::2].shape) < 0.5, v[::2], case.side * np.sign(v[::2]))
        s = v @ z.T
        scale = case.side * np.abs(z).sum(1).max()
        d = {"relu": np.maximum(s, 0) / scale, "tanh": (1 + np.tanh(s)) / 2, "sigmoid": 1 / (1 + np.exp(-s))}
        gap = np.abs(d[case.activation] @ laws(case, len(z))).max()
        assert gap <= found.mid[k] + found.rad[k] + ROUNDING, case
        near.append(gap / (found.mid[k] - found.rad[k]) if found.mid[k] > found.rad[k] else 1.0)
    assert np.median(near) > 0.95, "the search is too weak to tell"
    assert np.median(found.rad) < 1e-6


def test_what_gradient_ascent_finds_is_attained_within_its_error_bar() -> None:
    """The ascent and the enclosure share one evaluation; its rounding is compared with balls of 128 bits."""
    worst, covered = 0.0, []
    for k, case in enumerate(drawn(neurons, min(INSTANCES, 200))):
        signed, inputs = neuron.sound(case, k)
        problem = neuron.problem_of([(case, signed, inputs)], CPU)
        random = stream("one evaluation", k)
        v = random.uniform(-case.side, case.side, size=(1, 5, len(inputs[0])))
        found, error = values(problem, torch.as_tensor(v))
        for j in range(5):
            truth = precisely(case, signed, inputs, v[0, j])
            off = abs(truth - flint.arb(float(found[0, j])))
            assert off <= flint.arb(float(error[0, j])), case
            worst = max(worst, float(error[0, j]))
            covered.append(float(off.mid()) / float(error[0, j]))
    assert worst < 1e-13
    assert np.median(covered) > 1e-3, "the radius is over a thousand true errors"


def precisely(case, signed, inputs, v):  # type: ignore[no-untyped-def]
    """E_μ D_v - E_ν D_v in balls of 128 bits."""
    with flint.ctx.workprec(128):
        total, scale = flint.arb(0), max(sum((abs(x) for x in z), flint.fmpq(0)) for z in inputs)
        for c, z in zip(signed, inputs, strict=True):
            s = sum((flint.arb(float(a)) * flint.arb(b) for a, b in zip(v, z, strict=True)), flint.arb(0))
            if case.activation == "relu":
                d = s.max(flint.arb(0)) / (flint.arb(case.side) * flint.arb(scale))
            else:
                d = (1 + s.tanh()) / 2 if case.activation == "tanh" else 1 / (1 + (-s).exp())
            total += flint.arb(c) * d
        return total


def test_a_box_that_is_not_finished_keeps_an_honest_width() -> None:
    case = neuron.Neuron(((1.0, 0.3), (-0.2, 1.1), (0.7, -1.3), (-1.0, -0.4)), (3, 1, 2, 1), (1, 2, 1, 3), "tanh", 8.0)
    problem = neuron.problem_of([(case, *neuron.sound(case, 0))], CPU)
    widths, ends = [], []
    for rounds in (0, 4, 8, 16, 32):
        low, high = (float(end[0]) for end in enclose(problem, torch.ones(1, dtype=torch.float64), 1e-6, rounds, 64))
        widths.append(high - low)
        ends.append((low, high))
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[-1]
    assert max(low for low, _ in ends) <= min(high for _, high in ends)


def test_expectations_over_samples_agree_with_every_sequence_of_draws() -> None:
    """All n^m sequences of draws one by one, in fractions, beside multinomial counts."""
    for case in [c for c in drawn(sampled, 4 * INSTANCES) if len(c.law) ** c.m <= 300][: INSTANCES // 2]:
        table = samples.observe((case,), delta=0.0, device=CPU)
        psi = [[Fraction(repr(x)) for x in atom] for atom in case.atoms]
        law = [Fraction(w, sum(case.law)) for w in case.law]
        centre = [sum(p * x[j] for p, x in zip(law, psi, strict=True)) for j in range(len(psi[0]))]
        expected = Fraction(0)
        for sequence in product(range(len(law)), repeat=case.m):
            chance = Fraction(1)
            for i in sequence:
                chance *= law[i]
            means = [sum(psi[i][j] for i in sequence) / case.m for j in range(len(centre))]
            expected += chance * sum((a - b) ** 2 for a, b in zip(means, centre, strict=True)) / 4
        got = table.columns["mean_square"].mid[0]
        assert Fraction(int(got.p), int(got.q)) == expected, case


def test_kernel_expectations_agree_with_sampling() -> None:
    """A thousand samples of each law: the mean square lies within six standard errors, for the Gaussian kernel too."""
    for k, case in enumerate(drawn(kernel_samples, min(INSTANCES, 40))):
        random, x = stream("samples", k), np.array(case.atoms)
        gram = np.exp(-((x - x.T) ** 2) / 2) if case.kernel == "gaussian" else x @ x.T
        law = np.array(case.law) / sum(case.law)
        c = random.multinomial(case.m, law, size=1000) / case.m - law
        squares = np.einsum("ki,ij,kj->k", c, gram, c)
        found = column(samples.observe_kernel((case,), delta=0.0, device=CPU), "mean_square")[0]
        assert abs(squares.mean() - found) <= 6 * squares.std() / 1000**0.5 + ROUNDING, case


def test_a_transport_distance_is_between_the_nearest_samples_and_every_coupling() -> None:
    random = stream("cubes")
    for _ in range(max(INSTANCES // 6, 5)):
        dimension = int(random.integers(2, 5))
        case = transport.Cube(dimension, tuple(int(s) for s in random.integers(0, 2**dimension, size=4)))
        found = transport.observe((case,), delta=0.0, device=CPU).columns["transport"]
        cost = 2 * np.sqrt(transport.differing(case) / dimension)
        assert cost.min(1).mean() <= found.mid[0] + found.rad[0] + ROUNDING
        for _ in range(50):  # corners dealt to the samples in any order
            dealt = np.repeat(np.arange(4), 2**dimension // 4)
            random.shuffle(dealt)
            assert cost[np.arange(2**dimension), dealt].mean() >= found.mid[0] - found.rad[0] - ROUNDING
        assert found.rad[0] < 1e-9


@pytest.mark.parametrize("family", ["l2", "l1", "linf", "table", "relu", "gaussian"])
def test_a_class_sees_at_most_what_a_larger_class_sees(family: str) -> None:
    """Three laws in every class: with atoms of length at most 1 no class passes a multiple of the total variation."""
    from simulators.net_distance_metric import observe

    cases = tuple(replace(c, family=family, atoms=tuple((x[0] / 4,) for x in c.atoms)) for c in drawn(three_laws, 30))
    cases = tuple(replace(c, atoms=tuple((round(x[0], 2),) for x in c.atoms)) for c in cases)
    table = observe(cases, delta=0.0, device=CPU)
    most = {"relu": 2.0, "gaussian": 2.0}.get(family, 1.0)
    assert np.all(column(table, "d_12") <= most * column(table, "variation") + ROUNDING)
