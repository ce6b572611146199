"""The kernels of infinitely wide nets against references that share no code with them: 50 digits, exact balls, sampling.

`KERNEL_INSTANCES` scales the number of drawn sets of inputs (default 200; the published figure is 10 000).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import torch
from flint import arb, ctx
from scipy.integrate import dblquad

from checks import families_tangent_kernel as families
from checks.engine.draw import bulk
from simulators import Activation, TangentKernel, gaussian_integrals, kernel_layers, kernel_spectrum, node_values
from simulators.dual_activations import ERF, NAMED, RELU
from simulators.gaussian_quadrature import Pair, moments
from simulators.hermite_series import expand, expectation
from simulators.infinite_width import layer_balls
from simulators.kernel_layers_precisely import chain, observe_precisely
from simulators.kernel_points import Points
from simulators.measurement import MeasurementError
from simulators.streams import stream

COUNT = int(os.environ.get("KERNEL_INSTANCES", "200"))
CPU = torch.device("cpu")
FEATURES = 17
REACH = {np.float64: 1e-12, np.float32: 3e-7}


def hard(seed: int) -> np.ndarray:
    """Points of norms 10⁻⁶ to 10⁶ with duplicates, near-duplicates (10⁻⁵, 10⁻²), antipodes and near-antipodes."""
    draw = stream("hard points", seed)
    x = draw.standard_normal((4, FEATURES))
    near = draw.standard_normal((3, FEATURES)) * np.array([[1e-5], [1e-2], [1e-5]])
    return np.concatenate(
        [x, x[:1], -x[:1], x[:2] + near[:2], -x[:1] + near[2:], 1e6 * x[:1], 1e-6 * x[1:2], 3 * x[:1]]
    )


def reference(points: np.ndarray, depth: int, activation: str) -> tuple[list[list[mpmath.mpf]], list[mpmath.mpf]]:
    """H* and its diagonal to 50 digits, from the closed forms as textbooks write them."""
    with mpmath.workdps(60):
        rows = [[mpmath.mpf(float(v)) for v in row] for row in points]
        c = 2 if activation == "relu" else mpmath.pi / (2 * mpmath.asin(mpmath.mpf(2) / 3))

        def layer(xx, yy, xy):  # type: ignore[no-untyped-def]
            if activation == "relu":
                size = mpmath.sqrt(xx * yy)
                t = mpmath.acos(max(min(xy / size, 1), -1))
                rest = mpmath.pi - t
                return c * size * (mpmath.sin(t) + rest * mpmath.cos(t)) / (2 * mpmath.pi), c * rest / (2 * mpmath.pi)
            q = (1 + 2 * xx) * (1 + 2 * yy)
            return c * 2 / mpmath.pi * mpmath.asin(2 * xy / mpmath.sqrt(q)), c * 4 / mpmath.pi / mpmath.sqrt(
                q - 4 * xy**2
            )

        def kernel(x, y):  # type: ignore[no-untyped-def]
            xx, yy, xy = mpmath.fdot(x, x), mpmath.fdot(y, y), mpmath.fdot(x, y)
            theta = xy
            for _ in range(depth):
                value, slope = layer(xx, yy, xy)
                xx, yy, xy = layer(xx, xx, xx)[0], layer(yy, yy, yy)[0], value
                theta = theta * slope + value
            return theta

        return [[kernel(x, y) for y in rows] for x in rows], [kernel(x, x) for x in rows]


def errors(found: np.ndarray, truth: tuple[list[list[mpmath.mpf]], list[mpmath.mpf]]) -> np.ndarray:
    """Errors relative to √(H_xx H_yy)."""
    exact, diagonal = truth
    many = range(len(diagonal))
    with mpmath.workdps(60):
        return np.array(
            [
                [
                    float(abs(mpmath.mpf(float(found[i, j])) - exact[i][j]) / mpmath.sqrt(diagonal[i] * diagonal[j]))
                    for j in many
                ]
                for i in many
            ]
        )


@pytest.mark.parametrize("dtype", REACH)
@pytest.mark.parametrize(("activation", "depth"), [("relu", 1), ("relu", 5), ("relu", 10), ("erf", 1), ("erf", 5)])
def test_the_kernel_agrees_with_fifty_digits(activation, depth, dtype):
    points = hard(depth).astype(dtype)
    truth = reference(points, depth, activation)
    kernel = TangentKernel(depth, activation)
    assert errors(kernel(points), truth).max() <= REACH[dtype]
    assert errors(kernel(points, points.copy()), truth).max() <= REACH[dtype]


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_the_radius_covers_and_is_not_needlessly_wide(activation):
    """Worst-case rounding bounds are pessimistic; they stay below 10⁻¹² of the scale and a few thousand errors."""
    points = hard(7)
    truth = reference(points, 4, activation)
    mid, rad = layer_balls(points, None, 4, activation)
    error = errors(mid.theta[-1].numpy(), truth)
    scale = np.sqrt(np.outer(*[[float(v) for v in truth[1]]] * 2))
    bar = rad.theta[-1].numpy() / scale
    assert (error <= bar).all()
    assert bar.max() <= 1e-12 and np.median(bar) <= 3e-14
    assert error.max() >= bar.max() / 5000


LAYERS = [families.relu_layers, families.erf_layers, families.leaky_layers]


@pytest.mark.parametrize("family", LAYERS, ids=lambda f: f.__name__)
def test_every_layer_lies_within_its_radius(family):
    """Balls from exact inputs, on zero, tiny, huge, mixed, equal, opposite and nearly opposite inputs."""
    batch = tuple(bulk(family, f"covered-{k}")[0] for k in range(COUNT))
    table = kernel_layers.observe(batch, delta=0.0, device=CPU)
    used = []
    for e, instance in enumerate(batch):
        exact = observe_precisely(instance, 128)
        rows = np.flatnonzero(table.element == e)
        for name, column in exact.columns.items():
            for row, value in zip(rows, column.mid, strict=True):
                mid, rad = float(table.columns[name].mid[row]), float(table.columns[name].rad[row])
                with ctx.workprec(256):
                    off = abs(arb(value) - arb(mid))
                assert off <= arb(rad) or off.overlaps(arb(rad)), (name, instance)
                if rad and name.startswith(("S", "T")):
                    used.append(float(off.mid()) / rad)
    assert max(used) > 0.02  # a bound that is never neared by a fiftieth would be a guess


@pytest.mark.parametrize("rows", [((1, 2), (3, 1)), ((1, 2), (2, 4)), ((1, 2), (-1, -2)), ((100_000, 0), (100_000, 1))])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "erf"])
def test_balls_keep_their_digits_through_ten_layers(rows, activation):
    """Parallel and opposite inputs too: there the angle is 0 exactly, and a ball around 0 loses half of its digits."""
    table = observe_precisely(Points(rows, (-17, -17) if rows[0][0] > 9 else (), 10, activation), 128)
    for name, column in table.columns.items():
        for value in column.mid:
            assert float(arb(value).rad()) <= (1e-30 * max(abs(float(arb(value).mid())), 1e-6)) or "from" in name


def test_balls_agree_with_expectations_of_leaky_relu():
    """E σ(u)σ(v) and E σ'(u)σ'(v) by the sum over polar sectors, which knows the function only."""
    leaky, points = NAMED["leaky_relu"], Points(((1, 0), (3, 4)), (-1, -2), 1, "leaky_relu")
    x = torch.tensor(points.array())
    a, b = x.norm(dim=1)[:, None]
    found = moments(leaky.function, leaky.slope, True, Pair(a, b, torch.acos(x[0] @ x[1] / (a * b))), 2)
    exact = chain(points, 0, 1)[1]
    assert abs(float(exact.xy) - leaky.c * float(found.product)) < 1e-14
    assert abs(float(exact.slope) - leaky.c * float(found.slope)) < 1e-14


def test_what_has_no_closed_form_is_an_error_and_not_erf():
    bare = Points(((1, 0), (1, 1)), activation="tanh")
    for measured in (
        lambda: observe_precisely(bare, 64),
        lambda: kernel_layers.observe((bare,), delta=0.0, device=CPU),
        lambda: kernel_spectrum.observe_related((kernel_spectrum.Related(bare),), delta=0.0, device=CPU),
        lambda: kernel_spectrum.related_precisely(kernel_spectrum.Related(bare), 64),
        lambda: kernel_spectrum.observe_spectrum((kernel_spectrum.Weighted(bare, (1, 1)),), delta=0.0, device=CPU),
        lambda: gaussian_integrals.observe((bare,), delta=0.0, device=CPU),
        lambda: gaussian_integrals.product("leaky_relu", arb(1), arb(1), arb(1), 64),
    ):
        with pytest.raises(MeasurementError, match="expected"):
            measured()


def test_related_inputs_of_leaky_relu_agree_in_floats_and_balls():
    given = kernel_spectrum.Related(Points(((1, 0), (1, 1)), (), 4, "leaky_relu"), 2, 3)
    fast = kernel_spectrum.observe_related((given,), delta=0.0, device=CPU)
    for name, column in kernel_spectrum.related_precisely(given, 128).columns.items():
        mid, rad = float(fast.columns[name].mid[0]), float(fast.columns[name].rad[0])
        assert abs(float(arb(column.mid[0])) - mid) <= rad * (1 + 1e-6), name


@pytest.mark.parametrize("kinked", [False, True])
def test_quadrature_converges_within_the_difference_of_two_levels(kinked):
    """Halving the step: each level's error is at most ten times its distance to the one before."""
    form = RELU if kinked else ERF
    draw = stream("quadrature", kinked)
    a, b, t = (torch.tensor(draw.uniform(low, high, 12)) for low, high in ((0.2, 3), (0.2, 3), (0, math.pi)))
    found = [moments(form.function, form.slope, kinked, Pair(a, b, t), level) for level in range(4)]
    xx, yy, xy = a**2, b**2, a * b * torch.cos(t)
    if kinked:
        exact = a * b * (torch.sin(t) + (math.pi - t) * torch.cos(t)) / (2 * math.pi), (math.pi - t) / (2 * math.pi)
    else:
        q = (1 + 2 * xx) * (1 + 2 * yy)
        exact = 2 / math.pi * torch.asin(2 * xy / q.sqrt()), 4 / math.pi / (q - 4 * xy**2).sqrt()
    rounding = 1e-13
    for coarse, fine in pairwise(found):
        for name, truth in zip(("product", "slope"), exact, strict=True):
            change = (getattr(fine, name) - getattr(coarse, name)).abs()
            assert ((getattr(fine, name) - truth).abs() <= 10 * change + rounding).all()
    assert float((found[2].product - exact[0]).abs().max()) < 1e-13
    apart = xx / (2 if kinked else 1)
    assert found[0].apart.shape == apart.shape and (found[0].apart >= 0).all()


def test_a_series_agrees_with_the_quadrature_of_the_plane():
    """Two ways that share no step, at deviations 0 to 4 and correlations -1 to 1."""
    draw = stream("series")
    a, b, t = (torch.tensor(draw.uniform(low, high, 40)) for low, high in ((0, 4), (0, 2), (0, math.pi)))
    a[0], t[1], t[2] = 0.0, 0.0, math.pi
    for name in ("tanh", "gelu", "sin", "erf"):
        activation = NAMED[name]
        plane = moments(activation.function, activation.slope, False, Pair(a, b, t), 2)
        for function, there in ((activation.function, plane.product), (activation.slope, plane.slope)):
            left, right = (expand(function, x, 1) for x in (a, b))
            assert left is not None and right is not None
            here = expectation(left, right, torch.cos(t), a, b)
            assert float((here - there).abs().max()) < 1e-12


def test_the_bar_of_a_series_covers_a_closed_form():
    """erf given as a function, at norms 0.3 to 9, against its closed form; both sides of every entry and layer."""
    given = Activation("mine", ERF.function, ERF.derivative)
    for trial in range(max(COUNT // 20, 4)):
        draw = stream("bars of series", trial)
        x = draw.standard_normal((4, 9)) * 10 ** draw.uniform(-1, 0.5)
        exact, rounding = layer_balls(x, None, 3, ERF)
        for effort in (0, 1):
            mid, rad = layer_balls(x, None, 3, given, effort)
            for part in ("sigma", "sigma_dot", "theta"):
                off = (getattr(mid, part) - getattr(exact, part)).abs()
                assert (off <= getattr(rad, part) + getattr(rounding, part)).all()


def test_the_bar_of_a_series_covers_what_two_levels_cut_off_alike():
    """At this norm the series of erf' ends at the same term at levels 0 and 1: their difference does not show the rest."""
    given, x = Activation("mine", ERF.function, ERF.derivative), np.array([[1.42004448, 0.0]])
    exact, rounding = layer_balls(x, None, 1, ERF)
    mid, rad = layer_balls(x, None, 1, given)
    ends = [expand(given.slope, torch.tensor(x[:, 0]), level) for level in (0, 1)]
    assert len({e.coefficients.shape for e in ends if e is not None}) == 1
    for part in ("sigma", "sigma_dot", "theta"):
        off = (getattr(mid, part) - getattr(exact, part)).abs()
        assert (off <= getattr(rad, part) + getattr(rounding, part)).all()


def test_norms_at_which_no_series_converges_are_summed_over_the_plane():
    given = Activation("mine", ERF.function, ERF.derivative)
    x = 20 * np.array([[1.0, 0.0], [0.8, 0.6]])
    assert expand(given.function, torch.full((1,), 20.0, dtype=torch.float64), 0) is None
    mid, rad = layer_balls(x, None, 2, given)
    exact, rounding = layer_balls(x, None, 2, ERF)
    assert ((mid.theta - exact.theta).abs() <= rad.theta + rounding.theta).all()
    assert float(rad.theta.max()) < 0.01 * float(mid.theta.max())


def test_a_gelu_net_agrees_with_averages_over_wide_layers():
    """Each layer of an activation without a closed form, against 4·10⁵ Gaussian pairs drawn from the layer before."""
    x = np.array([[0.6, 0.8], [1.0, -0.5]])
    mid, rad = layer_balls(x, None, 2, "gelu")
    draw = stream("gelu pairs")
    for h in (1, 2):
        root = np.linalg.cholesky(mid.sigma[h - 1].numpy())
        u = torch.tensor(draw.standard_normal((400_000, 2)) @ root.T)
        s, d = NAMED["gelu"].function(u), NAMED["gelu"].slope(u)
        for part, sample in (("sigma", s[:, 0] * s[:, 1]), ("sigma_dot", d[:, 0] * d[:, 1])):
            sample = NAMED["gelu"].c * sample
            value = float(getattr(mid, part)[h, 0, 1])
            assert abs(float(sample.mean()) - value) <= 5 * float(sample.std()) / len(sample) ** 0.5
        assert float(rad.theta[h].max()) < 1e-9


def sine_layers(points: np.ndarray, depth: int, constant: float) -> list[dict[str, list[list[mpmath.mpf]]]]:
    """Layers of nets of sines: E sin(u) sin(v) = e^(-(A + B)/2) sinh C, with cosh for the slopes; 60 digits."""
    rows = [[mpmath.mpf(float(v)) for v in row] for row in points]
    c = mpmath.mpf(constant)
    sigma = [[mpmath.fdot(x, y) for y in rows] for x in rows]
    theta, found = sigma, []
    many = range(len(rows))
    for _ in range(depth):
        fade = [[c * mpmath.exp(-(sigma[i][i] + sigma[j][j]) / 2) for j in many] for i in many]
        dot = [[fade[i][j] * mpmath.cosh(sigma[i][j]) for j in many] for i in many]
        sigma = [[fade[i][j] * mpmath.sinh(sigma[i][j]) for j in many] for i in many]
        theta = [[theta[i][j] * dot[i][j] + sigma[i][j] for j in many] for i in many]
        found.append({"sigma": sigma, "sigma_dot": dot, "theta": theta})
    return found


SINES = [
    (0.5, 1.0, 3, 0),
    (8.0, 0.1, 3, 0),
    (20.0, 0.05, 2, 1),
    (100.0, 0.005, 1, 0),
    (300.0, 0.003, 1, 0),
    (0.7, 0.4, 3, 900),
]


@pytest.mark.parametrize(("norm", "angle", "depth", "constant"), SINES)
def test_the_bar_of_a_series_covers_what_large_norms_make_of_rounding(norm, angle, depth, constant):
    """At norm 300 a rounding of the correlation is amplified 10⁵ times; with c = 900 at every layer anew."""
    sine = replace(NAMED["sin"], constant=constant) if constant > 1 else NAMED["sin"]
    turned = [[math.cos(k * angle), math.sin(k * angle)] for k in (0, 1, 2.5)]
    points = norm * np.array(turned[:2] if norm > 50 else [*turned, [-1.0, 0.0]])  # large norms take seconds a pair
    with mpmath.workdps(60):
        # c_σ of sin is (1 - e⁻²)/2 inverted; its rounding is part of the bar
        exact = sine_layers(points, depth, 2 / (1 - mpmath.exp(-2)) if constant <= 1 else constant)
        for effort in (0, 1):
            mid, rad = layer_balls(points, None, depth, sine, effort)
            for h, layer in enumerate(exact, 1):
                for part, truth in layer.items():
                    for i, j in np.ndindex(len(points), len(points)):
                        off = abs(mpmath.mpf(float(getattr(mid, part)[h, i, j])) - truth[i][j])
                        assert off <= float(getattr(rad, part)[h, i, j]), (part, h, i, j)


@pytest.mark.parametrize("features", [2, 60])
def test_the_bar_of_a_sum_covers_near_duplicates_of_many_features(features):
    """An angle near 0.01 has the rounding of a cosine, a hundred times amplified, and Σ̇ passes it on."""
    leaky = NAMED["leaky_relu"]
    given = replace(leaky, form="")
    draw = stream("near the switch", features)
    x = draw.standard_normal((1, features))
    x = np.concatenate([x, x + 0.0101 * draw.standard_normal((12, features))]) * 100
    exact, rounding = layer_balls(x, None, 2, leaky)
    mid, rad = layer_balls(x, None, 2, given, 1)
    for part in ("sigma", "sigma_dot", "theta"):
        off = (getattr(mid, part) - getattr(exact, part)).abs()
        assert (off <= getattr(rad, part) + getattr(rounding, part)).all()
        assert float((getattr(rad, part)[1:] / getattr(mid, part)[1:]).max()) < 1e-9


@pytest.mark.parametrize("name", ["relu", "erf"])
def test_integrals_agree_with_the_quadrature_of_another_library(name):
    """E σ(u)σ(v) and E σ'(u)σ'(v) in the plane, by scipy, over the sectors between the kinks."""
    a, b, t = 1.5, 0.75, 0.875

    def inside(radius: float, phi: float, function: Callable[[float], float]) -> float:
        u, v = a * radius * math.cos(phi), b * radius * math.cos(phi - t)
        return function(u) * function(v) * radius * math.exp(-radius * radius / 2) / (2 * math.pi)

    forms = {
        "relu": (lambda z: max(z, 0.0), lambda z: float(z > 0)),
        "erf": (math.erf, lambda z: 2 / math.sqrt(math.pi) * math.exp(-z * z)),
    }
    cuts = [t - math.pi / 2, math.pi / 2, t + math.pi / 2, 3 * math.pi / 2, t + 3 * math.pi / 2]
    with ctx.workprec(96):
        found = gaussian_integrals.product(name, arb(a), arb(b), arb(t), 64)
    for value, function in zip(found, forms[name], strict=True):
        there = sum(
            dblquad(inside, low, high, 0, 12, args=(function,), epsabs=1e-12, epsrel=1e-12)[0]
            for low, high in pairwise(cuts)
        )
        assert abs(float(value.mid()) - there) < 1e-11 and float(value.rad()) < 1e-18


def test_the_sum_of_squares_of_a_wide_layer_is_what_integrals_say():
    """One layer of 2·10⁶ nodes: mean and mean square within five standard errors."""
    signal = node_values.Signal((1, 2), (1,), "leaky_relu")
    table = node_values.observe((signal,), delta=0.0, device=CPU)
    z = torch.tensor(stream("nodes").standard_normal(2_000_000)) * 5**0.5
    nodes = NAMED["leaky_relu"].c ** 0.5 * NAMED["leaky_relu"].function(z)
    for name, sample in (("mean_next", nodes), ("square_next", nodes**2)):
        error = float(sample.std()) / len(sample) ** 0.5
        assert abs(float(table.columns[name].mid[0]) - float(sample.mean())) <= 5 * error


def test_a_layer_is_a_contraction_of_angles():
    """The error bars of ReLU layers rest on |dt'/dt| ≤ 1; between the ends a step of the derivation certifies it."""
    t = torch.cat(
        [torch.logspace(-8, -1, 4000, dtype=torch.float64), torch.linspace(0.1, math.pi, 4000, dtype=torch.float64)]
    )
    q, r = torch.sin(t / 2), torch.cos(t / 2)
    half = q**2 - (q * r - t / 2 * (r**2 - q**2)) / math.pi
    after = 2 * torch.asin(half.clamp_min(0).sqrt())
    slope = (1 - t / math.pi) * torch.sin(t) / torch.sin(after)
    assert float(slope.max()) <= 1 + 1e-9 and float(slope.min()) >= -1e-9
    bend = NAMED["leaky_relu"].bend
    leaky = 2 * torch.asin((q**2 - bend * (q * r - t / 2 * (r**2 - q**2)) / math.pi).clamp_min(0).sqrt())
    slope = (1 - bend * t / math.pi) * torch.sin(t) / torch.sin(leaky)
    assert float(slope.max()) <= 1 + 1e-9 and float(slope.min()) >= -1e-9
    assert float(torch.sin(leaky / 2).square().max()) <= 0.6


def test_a_function_of_its_own_gets_an_honest_bar():
    """An activation that nobody provided, z³: E u³v³ = 9 ab ρ + 6 ρ³ of unit Gaussians, against its bar."""
    cube = Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
    x = np.array([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]])
    mid, rad = layer_balls(x, None, 1, cube, effort=1)
    rho = x @ x.T
    exact = (9 * rho + 6 * rho**3) / 15, 9 * (1 + 2 * rho**2) / 15
    assert (np.abs(mid.sigma[1].numpy() - exact[0]) <= rad.sigma[1].numpy()).all()
    assert (np.abs(mid.sigma_dot[1].numpy() - exact[1]) <= rad.sigma_dot[1].numpy()).all()
    assert float(rad.sigma[1].max()) < 1e-10
