"""Empirical kernels against autograd, nets in law at degenerate inputs, and what bad input is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.func import jacrev, vmap

from simulators import kernel_statistics, wide_net_explicit
from simulators.dual_activations import NAMED, Activation, find
from simulators.empirical_kernel import empirical_tangent_kernel, layer_terms, linear_weights, passes, slope_beside
from simulators.infinite_width import TangentKernel
from simulators.kernel_moments import kurtosis, one_layer, second_moment
from simulators.measurement import MeasurementError
from simulators.streams import normals
from simulators.wide_net import TwoWidths, WideNet, coordinates, rates
from simulators.wide_net_law import FEW, WIDE, Drawn, ensemble, finite_width_kernels, orthogonalise

CPU = torch.device("cpu")
SQUARE = Activation("square", torch.square)


def weights_of(*sizes: tuple[int, ...], dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    return [normals(s, "weights", k, device=CPU, dtype=dtype) for k, s in enumerate(sizes)]


def jacobian(weights: list[torch.Tensor], X: torch.Tensor, activation: str | Activation) -> torch.Tensor:
    shape = find(activation)

    def net(held: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        for w in held[:-1]:
            x = (shape.c / w.shape[0]) ** 0.5 * shape.function(w @ x)
        return (held[-1] @ x)[0]

    return torch.cat([j.flatten(1) for j in vmap(jacrev(net), (None, 0))(weights, X)], dim=1)


@pytest.mark.parametrize("activation", [*NAMED, pytest.param(SQUARE, id="square")])
@pytest.mark.parametrize("widths", [(5,), (4, 6), (3, 2, 4)])
def test_layerwise_products_are_products_of_jacobians(activation: str | Activation, widths: tuple[int, ...]) -> None:
    nets, X, Y = 3, normals((4, 2), "X", device=CPU), normals((2, 2), "Y", device=CPU)
    weights = weights_of(*((nets, out, into) for out, into in zip((*widths, 1), (2, *widths), strict=True)))
    kernel, cross = (empirical_tangent_kernel(weights, X, activation, other) for other in (None, Y))
    assert kernel.shape == (nets, 4, 4)
    assert cross.shape == (nets, 4, 2)
    for k in range(nets):
        J, other = (jacobian([w[k] for w in weights], Z, activation) for Z in (X, Y))
        torch.testing.assert_close(kernel[k], J @ J.mT, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(cross[k], J @ other.mT, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("activation", NAMED)
def test_slopes_beside_values_are_derivatives(activation: str) -> None:
    """Zero included, where ReLU's slope is 0 and that of leaky ReLU its leak."""
    shape, z = find(activation), torch.tensor([-3.0, -1e-300, 0.0, 1e-300, 2.0], dtype=torch.float64, device=CPU)
    torch.testing.assert_close(slope_beside(shape, z, shape.function(z)), shape.slope(z), rtol=0, atol=0)
    below, above = (float(shape.function(torch.tensor(x, dtype=torch.float64, device=CPU))) for x in (0.7, 0.7 + 1e-6))
    (slope,) = shape.slope(torch.tensor([0.7], dtype=torch.float64, device=CPU))
    assert abs(float(slope) - (above - below) / 1e-6) < 1e-5


@pytest.mark.parametrize("angle", [0.0, 60.0, 180.0])
def test_leaky_nets_have_h_star_on_average(angle: float) -> None:
    """One layer of 4 leaky units, where a slope of the wrong sign below 0 moves the mean by a tenth and more."""
    net = WideNet(((1.0, 0.0), (1.0, angle)), (4,), 200_000, "leaky_relu")
    found = kernel_statistics.observe_mean((net,), delta=1e-6, device=CPU).columns
    star, mean = found["H_star"], found["H_mean"]
    assert abs(star.mid[0] - mean.mid[0]) <= star.rad[0] + mean.rad[0] < 0.05
    X = coordinates(net.points, CPU)
    kernels = finite_width_kernels(X, (64,), 4000, "leaky_relu")
    assert (kernels.mean(0) - TangentKernel(1, "leaky_relu")(X)).abs().max() < 0.05


def test_rates_weigh_the_terms_of_the_layers() -> None:
    X, weights = normals((4, 2), "X", device=CPU), weights_of((5, 2), (3, 5), (1, 3))
    terms = layer_terms(weights, X)
    total = empirical_tangent_kernel(weights, X, rates=(1.0, 0.0, 2.0))
    torch.testing.assert_close(total, terms[0] + 2 * terms[2])
    torch.testing.assert_close(terms[2], passes(weights, X).features[-1] @ passes(weights, X).features[-1].mT)


def test_a_module_s_kernel_is_that_of_its_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.Linear, "reset_parameters", lambda layer: None)  # it draws from the global generator
    first, last = (torch.nn.Linear(*size, bias=False, device=CPU) for size in ((3, 8), (8, 1)))
    torch_net = torch.nn.Sequential(first, torch.nn.Tanh(), last)
    with torch.no_grad():
        for k, p in enumerate(torch_net.parameters()):
            p.copy_(normals(tuple(p.shape), "module", k, device=CPU))
    X = normals((4, 3), "X", device=CPU, dtype=torch.float32)
    rows = []
    for x in X:
        grads = torch.autograd.grad(torch_net(x)[0], list(torch_net.parameters()))
        rows.append(torch.cat([g.flatten() for g in grads]))
    J = torch.stack(rows)
    found = empirical_tangent_kernel(linear_weights(torch_net), X, "tanh", scales=[1.0])
    torch.testing.assert_close(found, J @ J.mT, rtol=1e-5, atol=1e-5)
    with pytest.raises(MeasurementError, match="bias-free"):
        linear_weights(torch.nn.Linear(3, 1, device=CPU))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda X: empirical_tangent_kernel([], X),
        lambda X: empirical_tangent_kernel(weights_of((5, 2), (1, 5)), X.numpy()),
        lambda X: empirical_tangent_kernel(weights_of((5, 3), (1, 5)), X),
        lambda X: empirical_tangent_kernel(weights_of((5, 2), (2, 5)), X),
        lambda X: empirical_tangent_kernel(weights_of((5, 2), (1, 5), dtype=torch.float32), X),
        lambda X: empirical_tangent_kernel(weights_of((5, 2), (1, 5)), X, "rectifier"),
        lambda X: empirical_tangent_kernel(weights_of((5, 2), (1, 5)), X, rates=(1.0,)),
        lambda X: empirical_tangent_kernel(weights_of((5, 2), (1, 5)), X, scales=()),
        lambda X: empirical_tangent_kernel(weights_of((5, 2), (1, 5)), X[0]),
    ],
)
def test_weights_that_do_not_fit_are_one_clear_error(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MeasurementError, match="expected"):
        wrong(normals((4, 2), "X", device=CPU))


def drawn(
    points: tuple[tuple[float, float], ...], widths: tuple[int, ...], activation: str = "relu", nets: int = 500
) -> Drawn:
    blocks = list(ensemble(coordinates(points, CPU), widths, activation, "degenerate").draw(nets))
    parts = [zip(*(getattr(b, name) for b in blocks), strict=True) for name in ("features", "backward")]
    features, backward = (tuple(torch.cat(layer) for layer in part) for part in parts)
    return Drawn(features, backward, torch.cat([b.outputs for b in blocks]))


@pytest.mark.parametrize("widths", [(3,), (5, 4), (WIDE, 4, WIDE)])
@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_duplicates_share_every_kernel(widths: tuple[int, ...], activation: str) -> None:
    d = drawn(((1.0, 40.0), (1.0, 40.0), (2.0, 100.0)), widths, activation)
    size = d.kernel(0, 0)
    assert ((d.kernel(0, 1) - size).abs() <= 1e-5 * size).all()
    assert ((d.kernel(1, 1) - size).abs() <= 1e-5 * size).all()
    assert (d.outputs[:, 0] - d.outputs[:, 1]).abs().max() <= 1e-5 * size.max().sqrt()


@pytest.mark.parametrize("widths", [(3,), (5, 4), (WIDE, WIDE)])
def test_parallel_points_of_relu_nets_scale(widths: tuple[int, ...]) -> None:
    d = drawn(((1.0, 0.0), (100.0, 0.0), (1.0, 180.0)), widths)
    assert ((d.kernel(0, 1) - 100 * d.kernel(0, 0)).abs() <= 1e-3 * d.kernel(0, 0)).all()
    if len(widths) == 1:
        assert (d.kernel(0, 2).abs() <= 1e-6).all()


@pytest.mark.parametrize("widths", [(3,), (5, 4), (WIDE, 4)])
def test_the_zero_vector_has_the_kernel_of_its_features(widths: tuple[int, ...]) -> None:
    d = drawn(((0.0, 0.0), (1.0, 60.0)), widths)
    assert (d.kernel(0, 0) == 0).all()
    assert (d.kernel(0, 1) == 0).all()
    assert torch.isfinite(d.kernel(1, 1)).all()


def test_tiny_beside_huge_norms_keep_their_directions() -> None:
    """Ranks are decided on directions: ReLU kernels scale with both norms."""
    plain, mixed = (drawn(((1.0, 0.0), (norm, 60.0)), (6, 5)) for norm in (1.0, 1e-6))
    assert ((mixed.kernel(0, 1) - 1e-6 * plain.kernel(0, 1)).abs() <= 1e-11 * (1 + plain.kernel(0, 0))).all()


@pytest.mark.parametrize("width", [3, WIDE])
@pytest.mark.parametrize("count", [1, 2, 4, FEW + 2])
def test_orthogonal_directions_rebuild_their_vectors(width: int, count: int) -> None:
    vectors = normals((7, count, width), "vectors", device=CPU)
    if count > 2:
        vectors[:, 2] = vectors[:, 0] + 1e-9 * vectors[:, 1]
    triangle, q = orthogonalise(vectors)
    torch.testing.assert_close(triangle @ q, vectors, rtol=1e-12, atol=1e-12)
    gram = q @ q.mT
    kept = gram.diagonal(dim1=-2, dim2=-1) > 0.5
    expected = torch.diag_embed(kept.double())
    torch.testing.assert_close(gram, expected, rtol=0, atol=1e-6)
    bare = orthogonalise(vectors, directions_wanted=False)[0]
    torch.testing.assert_close(bare @ bare.mT, vectors @ vectors.mT, rtol=1e-9, atol=1e-9)


def test_kernels_of_an_array_come_back_as_an_array() -> None:
    X = normals((7, 20), "array", device=CPU)
    kernels = finite_width_kernels(X.numpy(), (200, 150), 40, seed=1)
    assert isinstance(kernels, np.ndarray)
    assert kernels.shape == (40, 7, 7)
    np.testing.assert_array_equal(kernels, kernels.transpose(0, 2, 1))
    assert np.linalg.eigvalsh(kernels).min() > -1e-9 * kernels.max()
    # E H(x, x) = 3|x|², over 40 nets whose kernels spread by a fifth
    assert abs(kernels.mean(0).diagonal() / (3 * X.square().sum(1).numpy()) - 1).max() < 0.2
    single = finite_width_kernels(X.float(), (200, 150), 1)
    assert single.dtype is torch.float32
    with pytest.raises(MeasurementError, match="at least one of each"):
        finite_width_kernels(X, (), 1)


def test_a_longer_draw_begins_with_the_same_nets() -> None:
    short, long = (drawn(((1.0, 0.0),), (4, 3), nets=n) for n in (300, 9000))
    assert torch.equal(short.kernel(0, 0), long.kernel(0, 0)[:300])


def test_explicit_nets_have_the_same_shapes() -> None:
    X = coordinates(((1.0, 0.0), (1.0, 60.0)), CPU)
    (explicit,) = wide_net_explicit.draw(X, (4, 3), "relu", 10, "explicit")
    (law,) = ensemble(X, (4, 3), "relu", "law").draw(10)
    for name in ("features", "backward"):
        assert [t.shape for t in getattr(explicit, name)] == [t.shape for t in getattr(law, name)]
    assert explicit.outputs.shape == law.outputs.shape == (10, 2)


def test_directions_are_exact_where_they_can_be() -> None:
    X = coordinates(((2.0, 90.0), (2.0, 270.0), (1.0, 33.0), (1.0, 213.0), (3.0, 0.0)), CPU)
    assert torch.equal(X[0], -X[1])
    assert torch.equal(X[2], -X[3])
    assert X[4].tolist() == [3.0, 0.0]


def test_parameterisations_weigh_the_layers() -> None:
    points = ((1.0, 0.0),)
    assert rates(WideNet(points, (8, 4), 1)) == (1.0, 1.0, 1.0)
    assert rates(WideNet(points, (8, 4), 1, parameterisation="standard")) == (1.0, 4.0, 2.0)
    assert rates(WideNet(points, (8, 4), 1, parameterisation="mean-field")) == (0.25, 0.25, 0.25)


ONE = ((1.0, 0.0),)
PAIR = (*ONE, (1.0, 60.0))


@pytest.mark.parametrize(
    ("observe", "instance"),
    [
        (kernel_statistics.observe_mean, WideNet((), (4,), 100)),
        (kernel_statistics.observe_mean, WideNet(PAIR, (0,), 100)),
        (kernel_statistics.observe_mean, WideNet(PAIR, (4,), 100, "rectifier")),
        (kernel_statistics.observe_mean, WideNet(PAIR, (4,), 100, parameterisation="muP")),
        (kernel_statistics.observe_mean, WideNet(PAIR, (4, 4), 1000, "gelu")),
        (kernel_statistics.observe_deviation, WideNet(PAIR, (4, 4), 1000)),
        (kernel_statistics.observe_deep, WideNet(PAIR, (4, 4), 1000)),
        (kernel_statistics.observe_deep, WideNet(ONE, (4, 5, 6), 1000)),
        (kernel_statistics.observe_last_width, TwoWidths(PAIR, (4,), (4, 4), 1000)),
        (kernel_statistics.observe_rate, TwoWidths(PAIR, (4,), (9,), 1000)),
    ],
)
def test_an_instance_that_makes_no_sense_is_one_clear_error(observe, instance) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MeasurementError, match="expected"):
        observe((instance,), delta=1e-6, device=CPU)


def test_too_few_nets_is_an_error_that_says_how_many() -> None:
    with pytest.raises(MeasurementError, match=r"got 10 samples; expected more than 4 ln\(2/delta\): at least 59"):
        kernel_statistics.observe_mean((WideNet(PAIR, (4,), 10),), delta=1e-6, device=CPU)
    with pytest.raises(MeasurementError, match=r"got 10 samples; expected at least 22 for the 0\.5 quantile"):
        kernel_statistics.observe_rate((TwoWidths(PAIR, (4,), (8,), 10),), delta=1e-6, device=CPU)


def test_no_bound_is_invented_for_an_activation_without_one() -> None:
    with pytest.raises(MeasurementError, match="no bound on the spread"):
        second_moment(WideNet(PAIR, (4, 4), 100, "gelu"))
    one = kernel_statistics.observe_mean((WideNet(PAIR, (4,), 20_000, "gelu"),), delta=1e-6, device=CPU)
    star, mean = one.columns["H_star"], one.columns["H_mean"]
    assert abs(star.mid[0] - mean.mid[0]) <= mean.rad[0] < 0.1
    assert not (star.proved or mean.proved)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "erf", "tanh", "gelu"])
def test_the_kurtosis_is_that_of_units(activation: str) -> None:
    """Central moments of 200 000 drawn units within a twentieth of the quadrature; 1 where nothing is added."""
    net = WideNet(((0.5, 0.0), (0.5, 30.0)), (1,), 1, activation)
    (values,) = kernel_statistics.sample(
        WideNet(net.points, (1,), 200_000, activation), lambda d: [d.kernel(0, 1)], 0, CPU
    )
    value, error = kurtosis(net)
    away = values - values.mean()
    assert error < 1e-4
    assert abs((away**4).mean() / (away**2).mean() ** 2 / value - 1) < 0.15
    assert kurtosis(WideNet(((1.0, 0.0), (0.0, 0.0)), (1,), 1, activation)) == (1.0, 0.0)


def test_a_norm_beyond_the_quadrature_is_one_clear_error() -> None:
    """Narrow slopes are resolved up to a norm; beyond it, and where an activation swings, there is no silent bound."""
    for activation, norm in (("erf", 1e6), ("tanh", 1e6), ("gelu", 1e6), ("sin", 3.0)):
        with pytest.raises(MeasurementError, match="where the quadrature of the spread is certified"):
            one_layer(WideNet(((norm, 0.0),), (4,), 1, activation))
