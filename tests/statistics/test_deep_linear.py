"""The error bars of deep linear nets: against exact arithmetic and autograd, wide enough and not needlessly wide.

`COVERAGE_INSTANCES=10000 pytest tests/statistics/test_deep_linear.py -s` runs each coverage at that size and prints it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from flint import arb, ctx
from torch import Tensor

from checks.engine.draw import Draw, Seeded
from checks.engine.search import audit
from checks.families_deep_linear import MOMENTS, descents, layered, nets, oblong, pairs, small_nets
from simulators import deep_linear, matrix_paths
from simulators.deep_linear_motion import Group, groups, motion
from simulators.deep_linear_net import DeepLinear
from simulators.matrix_paths import Turning
from simulators.measurement import Simulator
from theorems.singular_value_ode import THEOREM
from theorems.statement import Claim, Eq

INSTANCES = int(os.environ.get("COVERAGE_INSTANCES", "240"))
BITS = 256
CPU = torch.device("cpu")
FAMILIES: dict[str, tuple[Simulator, Callable[..., DeepLinear], tuple[str, ...]]] = {
    "rates": (deep_linear.observe_rates, nets, ("balanced", "gradient_flow")),
    "entries": (deep_linear.observe_entries, small_nets, ("balanced", "gradient_flow")),
    "vectors": (deep_linear.observe_vectors, pairs, ("balanced", "gradient_flow", "distinct")),
    "complement": (deep_linear.observe_complement, oblong, ("balanced", "gradient_flow")),
    "gram_rates": (deep_linear.observe_gram_rates, layered, ("gradient_flow",)),
    "descent": (deep_linear.observe_descent, descents, ()),
}


def drawn(name: str, count: int, family: Callable[..., DeepLinear], flags: tuple[str, ...] = ()) -> list[DeepLinear]:
    """Instances of a family; every fourth of them drops one of the flags."""
    found = []
    for k in range(count):
        dropped = {flags[k // 4 % len(flags)]: False} if flags and k % 4 == 3 else {}
        found.append(family(Seeded(f"coverage {name} {k}"), **dropped))
    return found


@dataclass(frozen=True)
class Coverage:
    """``misses``: values outside their balls.  ``ratios``: radius over true error, by column, where there is an error."""

    values: int
    misses: int
    ratios: dict[str, float]


def covered(observe: Simulator, instances: Sequence[DeepLinear | Turning]) -> Coverage:
    """The balls of a batch against the exact values of each instance."""
    table = observe(tuple(instances), delta=0.0, device=CPU)
    names = [name for name, column in table.columns.items() if column.kind == "real"]
    starts = np.searchsorted(table.element, np.arange(len(instances) + 1))
    values, misses = 0, 0
    ratios: dict[str, list[float]] = {name: [] for name in names}
    with ctx.workprec(BITS):
        for element, net in enumerate(instances):
            first, last = int(starts[element]), int(starts[element + 1])
            if first == last:
                continue
            assert observe.precisely is not None
            precise = observe.precisely(net, BITS)
            assert len(precise) == last - first
            for name in names:
                column = table.columns[name]
                for k, value in enumerate(precise.columns[name].mid):
                    radius = float(column.rad[first + k])
                    error = abs(arb(value) - arb(float(column.mid[first + k])))
                    values += 1
                    misses += not bool(error <= radius)
                    if error > 0 and float(error.upper()) > 0:
                        ratios[name].append(radius / float(error.upper()))
    return Coverage(values, misses, {name: float(np.median(r)) for name, r in ratios.items() if r})


@pytest.mark.parametrize("name", FAMILIES)
def test_every_exact_value_lies_in_its_ball(name: str) -> None:
    observe, family, flags = FAMILIES[name]
    found = covered(observe, drawn(name, INSTANCES, family, flags))
    print(
        f"\n{name}: {INSTANCES} instances, {found.values} values, {found.misses} misses, radius / error", found.ratios
    )
    assert found.values > INSTANCES
    assert found.misses == 0


def test_powers_that_underflow_are_not_zero() -> None:
    values = (1e-150, 1e-40, 1e-310, 0.0, 1.0)
    batch = [
        DeepLinear(depth, 5, 5, values, (1, -1, -1, 1, 1), loss=loss, seed=seed)
        for depth, loss, seed in ((2, "completion", 0), (3, "huber", 1), (8, "sensing", 2))
    ]
    assert covered(deep_linear.observe_rates, batch).misses == 0
    assert covered(deep_linear.observe_descent, batch).misses == 0


def test_turns_that_underflow_are_covered() -> None:
    paths = [Turning(late, late + 11, (0, 3), (1e-300, 0.5)) for late in (7, 10**6, 10**12)]
    assert covered(matrix_paths.observe_turning, paths).misses == 0


def test_gradients_of_the_outer_factors_know_their_size() -> None:
    """The empty products beside them round nothing; products with the gradients themselves do."""
    for group in groups([DeepLinear(3, 4, 5, (1.0,) * 4, (1,) * 4, seed=1)], CPU):
        moving = motion(group)
        for ball in (moving.descent, moving.rates):
            assert torch.equal(ball.down, group.factors.down)
            assert torch.equal(ball.across, group.factors.across)
        assert bool((moving.descent.down > 0).all())


def shallow(draw: Draw) -> DeepLinear:
    """Matrices of up to 5 x 5, with hidden layers of up to 5, and up to 3 factors."""
    net = nets(draw)
    while net.depth > 3 or max(net.widths) > 5:
        net = nets(draw)
    return net


def layers(draw: Draw) -> DeepLinear:
    """The same with at least two factors."""
    net = shallow(draw)
    while net.depth == 1:
        net = shallow(draw)
    return replace(net, step=0.1)


@pytest.mark.parametrize("name", FAMILIES)
def test_radii_are_not_needlessly_wide(name: str) -> None:
    """Median radius at most 1000 true errors for matrices up to 5 x 5 and 3 factors, at most 100 for scalar nets."""
    observe, family, _ = FAMILIES[name]
    few = max(INSTANCES // 2, 100)
    if name in ("vectors", "complement"):
        matrices = [n for n in drawn(f"{name} small", 4 * few, family) if n.depth <= 3 and max(n.widths) <= 5][:few]
    else:
        matrices = drawn(f"{name} small", few, layers if name == "descent" else shallow)
    ratios = covered(observe, matrices).ratios
    print(f"\n{name} up to 5 x 5, {len(matrices)} instances: radius / error", ratios)
    assert max(ratios.values()) <= 1000
    if name not in ("vectors", "complement"):
        plain = drawn(f"{name} scalar", 2 * few, layers if name == "descent" else nets)
        scalars = [
            replace(n, rows=1, cols=1, extra=0, factor_values=n.factor_values[:1], signs=n.signs[:1]) for n in plain
        ]
        ratios = covered(observe, scalars).ratios
        print(f"{name} 1 x 1, {len(scalars)} instances: radius / error", ratios)
        assert max(ratios.values()) <= 100


def loss_of(group: Group, products: Tensor) -> Tensor:
    """The summed losses of the nets at their end-to-end matrices, written down once more for autograd."""
    data, total = group.data, torch.zeros((), dtype=torch.float64, device=CPU)

    def tensor(array: np.ndarray) -> Tensor:
        return torch.tensor(array, dtype=torch.float64, device=CPU)

    observed, off = tensor(data.observed), products - tensor(data.target) / 8
    for k, net in enumerate(group.nets):
        if net.loss == "completion":
            part = (observed[k] * off[k] ** 2).sum() / 2
        elif net.loss == "huber":
            part = torch.nn.functional.huber_loss(off[k] * observed[k], torch.zeros_like(off[k]), reduction="sum")
        elif net.loss == "logistic":
            part = (observed[k] * torch.nn.functional.softplus(-tensor(data.labels)[k] * products[k])).sum()
        else:
            seen = (tensor(data.sensors)[k] * products[k]).sum((-2, -1)) - tensor(data.readings)[k] / 8
            part = (seen**2).sum() / 2
        total = total + part
    return total


def multiply(factors: Tensor) -> Tensor:
    """W_N … W_1."""
    product = factors[:, 0]
    for j in range(1, factors.shape[1]):
        product = factors[:, j] @ product
    return product


def test_gradients_and_velocities_agree_with_autograd() -> None:
    """Factor gradients by reverse mode and the end-to-end velocity by its derivative lie within the radii.

    Autograd rounds too; its error is of the size of the true one, hundreds of times below the radii.
    """
    batch = drawn("autograd", 200, nets, ("balanced",))
    seen = set()
    for group in groups(batch, CPU):
        seen |= {net.loss for net in group.nets}
        moving = motion(group)
        factors = group.factors.mid.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(loss_of(group, multiply(factors)), factors)
        gap = torch.linalg.vector_norm(-slope - moving.descent.mid, dim=(-2, -1))
        assert bool((gap <= moving.descent.rad).all())
        _, velocity = torch.autograd.functional.jvp(multiply, group.factors.mid, -slope)
        gap = torch.linalg.vector_norm(velocity - moving.velocity.mid, dim=(-2, -1))
        assert bool((gap <= moving.velocity.rad).all())
    assert seen == {"completion", "sensing", "logistic", "huber"}


def shallow_generic(draw: Draw) -> DeepLinear:
    """Up to 8 x 8, up to 4 factors, all singular values between 0.05 and 1.6."""
    net = nets(draw)
    while net.depth > 4 or not all(0.05 <= s**net.depth <= 1.6 for s in net.factor_values):
        net = nets(draw)
    return net


def test_resolution_of_the_rate() -> None:
    experiment = replace(MOMENTS[0], name="resolution", instances=shallow_generic, search=0, bulk=max(INSTANCES, 500))
    rate = THEOREM.claim("rate")
    found = audit(rate, experiment)
    print(f"\nresolution of the rate, {found.instances} instances: {found.resolution}")
    assert found.kind == "SURVIVED"
    assert found.resolution.median <= 1e-11
    off = Claim("off", Eq(rate.relation.lhs, rate.relation.rhs * (1 + 10**-9)), assumes=rate.assumes)
    assert audit(off, experiment).kind == "REFUTED"


def test_same_net_alone_and_padded_into_a_batch() -> None:
    batch = drawn("alone", 40, nets)
    table = deep_linear.observe_rates(tuple(batch), delta=0.0, device=CPU)
    for k, net in enumerate(batch):
        alone, mine = deep_linear.observe_rates((net,), delta=0.0, device=CPU), table.element == k
        for name in ("sigma", "sigma_dot", "g"):
            one, other = alone.columns[name], table.columns[name]
            assert bool((abs(one.mid - other.mid[mine]) <= one.rad + other.rad[mine]).all())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"depth": 0}, "expected at least 1"),
        ({"factor_values": (1.0, 1.0)}, "expected 1 each"),
        ({"factor_values": (-1.0,)}, "expected factor_values >= 0"),
        ({"signs": (2,)}, "signs of 1 or -1"),
        ({"loss": "hinge"}, "expected one of completion"),
        ({"depth": 1, "gauge": 1.0}, "depth of at least 2 with a gauge"),
    ],
)
def test_a_net_that_is_none_says_what_it_should_be(fields: dict[str, object], words: str) -> None:
    usual: dict[str, object] = {"depth": 2, "rows": 1, "cols": 1, "factor_values": (1.0,), "signs": (1,)}
    with pytest.raises(ValueError, match=words):
        DeepLinear(**(usual | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FAMILIES)
def test_nets_without_rows_leave_the_others_in_place(name: str) -> None:
    """A scalar net of depth 1 has no pair, no complement and no hidden layer: rows there are left out, not invented."""
    observe, one = FAMILIES[name][0], DeepLinear(1, 1, 1, (1.0,), (1,))
    other = DeepLinear(3, 3, 2, (1.0, 0.5), (1, -1), seed=4, step=0.5)
    table, alone = (observe(batch, delta=0.0, device=CPU) for batch in ((one, other), (other,)))
    assert observe.precisely is not None
    precise = observe.precisely(one, BITS)
    assert set(precise.columns) == set(observe.observables)
    assert (table.element == 0).sum() == len(precise)
    assert (table.element == 1).sum() == len(alone) > 0
