"""Are nets drawn exactly in law distributed like explicit ones, and do the error bars of their kernels cover?

FINITE_WIDTH_NETS (environment) is the number of nets of the comparison (400000 for the full one), and
FINITE_WIDTH_REPETITIONS that of the coverage runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import comb, exp, factorial, pi, sqrt

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats

from simulators import kernel_moments, kernel_statistics, wide_net_explicit, wide_net_law
from simulators.dual_activations import find
from simulators.infinite_width import tangent_kernel_ball
from simulators.intervals import proportion
from simulators.wide_net import WideNet, coordinates
from simulators.wide_net_law import Drawn, ensemble

NETS = int(os.environ.get("FINITE_WIDTH_NETS", "20000"))
REPETITIONS = int(os.environ.get("FINITE_WIDTH_REPETITIONS", "400"))
CPU = torch.device("cpu")
PARALLEL = ((1.0, 0.0), (2.0, 0.0), (0.5, 130.0))


def statistics(d: Drawn) -> torch.Tensor:
    """25 statistics of each net: kernels, squares, outputs and features of all pairs of three points, and f⁴."""
    rows = []
    for i in range(3):
        for j in range(i + 1):
            kernel = d.kernel(i, j)
            rows += [
                kernel,
                kernel.square(),
                (d.outputs[:, i] * d.outputs[:, j]).double(),
                d.features[-1][:, i, j].double(),
            ]
    return torch.stack([*rows, d.outputs[:, 0].double() ** 4])


@pytest.mark.parametrize(
    ("activation", "widths"),
    [
        ("relu", (6, 4)),
        ("relu", (6, 4, 5)),
        ("erf", (4, 6)),
        ("erf", (6, 4, 5)),
        ("relu", (130, 4)),
        ("relu", (4, 130)),
    ],
)
def test_nets_in_law_and_explicit_nets_agree(activation: str, widths: tuple[int, ...]) -> None:
    """Welch's z of 25 correlated statistics stays below 5 (each is exceeded with probability 6e-7); wide layers too."""
    X = coordinates(PARALLEL, CPU)
    nets = NETS // 10 if max(widths) > 100 else NETS
    ours = torch.cat([statistics(d) for d in ensemble(X, widths, activation, "law").draw(nets)], dim=1)
    theirs = torch.cat([statistics(d) for d in wide_net_explicit.draw(X, widths, activation, nets, "explicit")], dim=1)
    assert ours.shape == theirs.shape == (25, nets)
    z = (ours.mean(1) - theirs.mean(1)) / ((ours.var(1) + theirs.var(1)) / nets).sqrt()
    assert z.abs().max() < 5


def test_many_inputs_agree_with_explicit_nets_too() -> None:
    """Six inputs of wide nets: means and squares of all kernels, and of their products with a neighbour's."""
    X, widths, nets = coordinates(tuple((1.0, 25.0 * k) for k in range(6)), CPU), (130, 130), max(NETS // 10, 1000)
    X = torch.cat([X, X[:, :1] ** 2 + 0.1 * torch.arange(6, device=CPU)[:, None]], dim=1)
    moments = []
    for drawn in (ensemble(X, widths, "relu", "law").draw(nets), wide_net_explicit.draw(X, widths, "relu", nets, "e")):
        kernels = torch.cat(
            [torch.stack([d.kernel(i, j) for i in range(6) for j in range(i + 1)]) for d in drawn], dim=1
        )
        moments.append(torch.cat([kernels, kernels**2, kernels * kernels.roll(1, 0)]))
    ours, theirs = moments
    z = (ours.mean(1) - theirs.mean(1)) / ((ours.var(1) + theirs.var(1)) / nets).sqrt()
    assert z.abs().max() < 5


def test_the_comparison_can_fail() -> None:
    """Features of some nets with the backward vectors of others: all marginal laws are right, the joint one is not."""
    X, widths, nets = coordinates(PARALLEL, CPU), (3, 3), 50_000
    explicit = torch.cat([statistics(d) for d in wide_net_explicit.draw(X, widths, "relu", nets, "explicit")], dim=1)
    some, others = (ensemble(X, widths, "relu", key).draw(nets) for key in "ab")
    mixed = [statistics(Drawn(a.features, b.backward, a.outputs)) for a, b in zip(some, others, strict=True)]
    other = torch.cat(mixed, dim=1)
    z = (other.mean(1) - explicit.mean(1)) / ((other.var(1) + explicit.var(1)) / nets).sqrt()
    assert z.abs().max() > 5


@pytest.mark.parametrize(("activation", "widths"), [("relu", (4,)), ("relu", (8, 4)), ("erf", (4,)), ("erf", (8, 4))])
def test_no_moment_exceeds_its_bound(activation: str, widths: tuple[int, ...]) -> None:
    """Second moments of explicit kernels and features, ten standard errors below what is observed."""
    net = WideNet(((1.5, 0.0), (0.5, 60.0)), widths, 1, activation)
    drawn = list(wide_net_explicit.draw(coordinates(net.points, CPU), widths, activation, 10 * NETS, "bounds"))
    kernel = torch.cat([d.kernel(0, 1) for d in drawn])
    features = torch.cat([d.norm(len(widths), 0) for d in drawn])
    cases = [(kernel.square(), kernel_moments.second_moment(net))]
    cases += [(features**k, kernel_moments.feature_moment(net, k)) for k in (1, 2)]
    shares = torch.cat([d.term(0, 0, 0) for d in drawn])
    cases += [(shares**2, kernel_moments.share_moment(net) ** 0.5)]
    for values, bound in cases:
        low = float(values.mean() - 10 * values.std() / len(values) ** 0.5)
        assert low <= bound
    assert float(kernel.var()) <= 1.1 * kernel_moments.mean_variance(net)


def test_moments_of_one_layer_are_those_of_its_terms() -> None:
    """E R^k by enumerating which units share a power: rationals, for up to three units."""
    for width in (1, 2, 3):
        unit = [Fraction(1)] + [Fraction(1, 2) * Fraction(factorial(2 * k), 2**k * factorial(k)) for k in range(1, 5)]
        for order in range(1, 5):
            total = sum(
                Fraction(factorial(order)) * np.prod([unit[p] / factorial(p) for p in powers])
                for powers in np.ndindex(*[order + 1] * width)
                if sum(powers) == order
            )
            exact = total * Fraction(2, width) ** order
            assert kernel_moments.layer_moment(width, order) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("angle", [0.0, 60.0, 90.0, 150.0])
@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_quadratures_of_one_hidden_layer_find_h_star(angle: float, activation: str) -> None:
    net = WideNet(((1.0, 10.0), (2.0, 10.0 + angle)), (7,), 1, activation)
    X = coordinates(net.points, CPU)
    star = float(tangent_kernel_ball(X[:1], X[1:], 1, activation, CPU)[0][0, 0])
    assert kernel_moments.one_layer(net).mean == pytest.approx(star, abs=1e-9)
    coarse, fine = kernel_moments.one_layer(net, 1), kernel_moments.one_layer(net, 2)
    assert coarse.fourth == pytest.approx(fine.fourth, rel=1e-9)


@pytest.mark.parametrize("norm", [0.01, 1.0, 30.0, 1e3, 1e5])
def test_moments_of_narrow_slopes_are_found(norm: float) -> None:
    """E g^k of one erf unit at one point, against an adaptive quadrature over its only Gaussian number."""
    net = WideNet(((norm, 0.0), (norm, 0.0)), (1,), 1, "erf")
    edges = [0.0, *(2.0**k for k in range(-4, 22) if 2.0**k < 12 * norm), 12 * norm]

    def mean(function: Callable[[float], float]) -> float:
        density = partial(_weighted, function, norm)
        return 2 * sum(integrate.quad(density, a, b, epsabs=0, epsrel=1e-12)[0] for a, b in pairwise(edges))

    raw = [
        find("erf").c ** k
        * sum(
            comb(k, j) * (1, 1, 3, 15, 105)[j] * norm ** (2 * j) * mean(partial(_unit, k - j, j)) for j in range(k + 1)
        )
        for k in range(5)
    ]
    second = raw[2] - raw[1] ** 2
    fourth = raw[4] - 4 * raw[3] * raw[1] + 6 * raw[2] * raw[1] ** 2 - 3 * raw[1] ** 4
    found = kernel_moments.one_layer(net)
    assert found.mean == pytest.approx(raw[1], rel=1e-9)
    assert found.second == pytest.approx(second, rel=1e-8)
    assert found.fourth == pytest.approx(fourth, rel=1e-7)


def _unit(values: int, slopes: int, u: float) -> float:
    return float(special.erf(u) ** (2 * values) * (4 / pi * exp(-2 * u * u)) ** slopes)


def _weighted(function: Callable[[float], float], norm: float, u: float) -> float:
    return function(u) * exp(-((u / norm) ** 2) / 2) / sqrt(2 * pi) / norm


@pytest.mark.parametrize("norm", [1e3, 1e5])
def test_rare_units_of_large_norms_keep_the_mean_inside(norm: float) -> None:
    """At a norm of 1000 and more a few units carry all of E H; the bar knows their spread."""
    net = WideNet(((norm, 0.0), (norm, 0.0)), (4,), 20_000, "erf")
    found = kernel_statistics.observe_mean((net,), delta=1e-6, device=CPU).columns
    assert abs(found["H_mean"].mid[0] - found["H_star"].mid[0]) <= found["H_mean"].rad[0] + found["H_star"].rad[0]


def test_diagonal_moments_of_one_relu_unit_are_known() -> None:
    """H = 2(z² + a²)1[z > 0] at a unit input: variance 12, fourth central moment 1872 = 13 · 12²."""
    found = kernel_moments.one_layer(WideNet(((1.0, 0.0), (1.0, 0.0)), (1,), 1))
    assert found == pytest.approx((2.0, 12.0, found.third, 1872.0), rel=1e-9)


def test_the_grid_of_float32_normals_costs_what_the_allowance_says() -> None:
    """All squared lengths that Box and Muller make of a 24-bit uniform number."""
    squares = -2 * np.log(np.arange(1, 2**24 + 1) / 2**24)
    exact = [2.0, 8.0, 48.0, 384.0]  # E r^2k of a pair of standard normal numbers
    shortfall = [1 - np.mean(squares**k) / value for k, value in enumerate(exact, 1)]
    assert 0 < shortfall[0] < 1e-6
    assert 0 < shortfall[1] < 6e-6
    assert shortfall[0] < shortfall[1] < shortfall[2] < shortfall[3] < 2e-4


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("widths", [(4,), (300,), (16, 16), (256, 256), (200,) * 5])
@pytest.mark.parametrize("points", [((1.0, 0.0), (1.0, 60.0)), ((1.0, 0.0), (3.0, 5.0)), ((1.0, 0.0), (1e-3, 180.0))])
def test_float32_follows_float64(
    activation: str, widths: tuple[int, ...], points: tuple[tuple[float, float], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same numbers, drawn in float32: kernels in float32 against float64, relative to the norms of each net.

    Not for near-duplicates: there the rounding turns a direction that has no influence on the law.
    """
    X, drawn = coordinates(points, CPU), torch.randn

    def in_float32(
        shape: tuple[int, ...], *, generator: torch.Generator, device: torch.device, dtype: torch.dtype
    ) -> torch.Tensor:
        return drawn(shape, generator=generator, device=device, dtype=torch.float32).to(dtype)

    monkeypatch.setattr(wide_net_law.torch, "randn", in_float32)
    (single,) = ensemble(X, widths, activation, 0).draw(100)
    (double,) = ensemble(X, widths, activation, 0, dtype=torch.float64).draw(100)
    size = (double.kernel(0, 0) * double.kernel(1, 1)).sqrt()
    error = ((single.kernel(0, 1) - double.kernel(0, 1)).abs() / size.clamp(min=1e-300))[size > 0]
    # a unit whose pre-activation is rounding may switch in one net of many: what is allowed for is the rest
    assert error.median() < kernel_statistics.FLOAT * (len(widths) + 1) / 10
    assert (error < kernel_statistics.FLOAT * (len(widths) + 1)).float().mean() > 0.98


def misses(observe, column: str, truth: float, net: WideNet, delta: float) -> int:  # type: ignore[no-untyped-def]
    nets = tuple(
        WideNet(net.points, net.widths, net.nets, net.activation, net.parameterisation, s) for s in range(REPETITIONS)
    )
    found = observe(nets, delta=delta, device=CPU).columns[column]
    return int(np.count_nonzero(abs(found.mid - truth) > found.rad))


@pytest.mark.parametrize("width", [1, 16])
def test_means_and_spreads_of_narrow_nets_are_covered(width: int) -> None:
    """At delta = 0.1 the share of misses is at most 0.1, by an exact test of level 1e-6; chi-square misses more."""
    net, nets = ((1.0, 0.0), (1.0, 0.0)), 100
    one = WideNet(net, (width,), nets)
    for observe, column, truth in (
        (kernel_statistics.observe_mean, "H_mean", 2.0),
        (kernel_statistics.observe_deviation, "deviation", 12.0 / width),
    ):
        assert proportion(misses(observe, column, truth, one, 0.1), REPETITIONS, 1e-6)[0] <= 0.1
    (values,) = kernel_statistics.sample(WideNet(net, (1,), nets * REPETITIONS), lambda d: [d.kernel(0, 1)], 0, CPU)
    spread = values.reshape(REPETITIONS, nets).var(axis=1, ddof=1) * (nets - 1)
    low, high = (spread / stats.chi2.ppf(q, nets - 1) for q in (0.95, 0.05))
    missed = int(np.count_nonzero((low > 12) | (high < 12)))
    assert proportion(missed, REPETITIONS, 1e-6)[0] > 0.1
