"""From one layer as a Gaussian expectation to the tangent kernel, its closed forms and its null vectors, step by step."""

from __future__ import annotations

from sympy import Derivative, Integral, Rational, Sum, Symbol, asin, cos, erf, exp, oo, pi, sin, sqrt, symbols

from .statement import And, Eq, Le, Step, observable, times
from .tangent_kernel_terms import L, a, arc_cosine, arc_cosine_slope, b, inner, t

_phi, _r, _w = symbols("phi r w", real=True)
_h = Symbol("h")
_k = observable("k", "a positive number", domain="positive")
_m = observable("m", "another positive number", domain="positive")
_s = observable("s", "a covariance")
_q = observable("q", "a positive number", domain="positive")
_l1, _l2 = observable("l_1", "an eigenvalue"), observable("l_2", "another")
_S0, _S1, _S2, _S3 = (observable(f"S_{h}", f"covariance after {h} layers") for h in range(4))
_D1, _D2, _D3 = (observable(f"D_{h}", f"covariance of the slopes of layer {h}") for h in (1, 2, 3))
_f1, _f2, _f3, _g1, _g2, _g3 = (observable(f"{n}_{i}", "a feature") for n in "fg" for i in (1, 2, 3))
_u, _v = (
    tuple(observable(f"u_{i}", "a coordinate") for i in range(3)),
    tuple(observable(f"v_{i}", "a coordinate") for i in range(3)),
)
_alpha = tuple(observable(f"alpha_{i}", "a weight") for i in range(3))
_minors = tuple(_u[(i + 1) % 3] * _v[(i + 2) % 3] - _u[(i + 2) % 3] * _v[(i + 1) % 3] for i in range(3))
_next_cosine = (sin(t) + (pi - t) * cos(t)) / pi


def _one_layer(cosine, angle):  # type: ignore[no-untyped-def]
    """H* of one hidden ReLU layer."""
    return a * b * (sin(angle) + (pi - angle) * cosine) / pi + a * b * cosine * (pi - angle) / pi


STEPS = (
    Step(
        "wide-layer",
        "Given the layer before, pre-activations of a layer are independent Gaussians; averages over its nodes are "
        "averages of independent terms and tend to the Gaussian expectation as the width grows.",
        "cited",
        source="Neal (1996), Bayesian Learning for Neural Networks, 2.1; Jacot, Gabriel, Hongler (2018), Proposition 1",
    ),
    Step(
        "backward",
        "The gradient with respect to the weights of a layer is a product of a forward and a backward vector, whose "
        "norms concentrate as if they were independent.",
        "cited",
        depends_on=("wide-layer",),
        source="Jacot, Gabriel, Hongler (2018), Theorem 1; Arora, Du, Hu, Li, Salakhutdinov, Wang (2019), Theorem 3.1",
    ),
    Step(
        "telescope",
        "The recursion adds up to Σ_h Σ^(h-1) Π Σ̇: two and three hidden layers.",
        "symbolic",
        And(
            Eq((_S0 * _D1 + _S1) * _D2 + _S2, _S0 * _D1 * _D2 + _S1 * _D2 + _S2),
            Eq(
                ((_S0 * _D1 + _S1) * _D2 + _S2) * _D3 + _S3,
                _S0 * _D1 * _D2 * _D3 + _S1 * _D2 * _D3 + _S2 * _D3 + _S3,
            ),
        ),
        depends_on=("backward",),
    ),
    Step(
        "angle-integral",
        "Both u and v are positive on an arc of length π - t, over which cos φ cos(φ - t) is integrated.",
        "symbolic",
        Eq(Integral(cos(_phi) * cos(_phi - t), (_phi, t - pi / 2, pi / 2)), (sin(t) + (pi - t) * cos(t)) / 2),
    ),
    Step("arc", "The length of that arc.", "symbolic", Eq(Integral(1, (_phi, t - pi / 2, pi / 2)), pi - t)),
    Step(
        "radial-integral",
        "In polar coordinates the radius gives ∫ r³ exp(-r²/2) dr = 2, and ∫ r exp(-r²/2) dr = 1 for the slopes.",
        "symbolic",
        And(
            Eq(Integral(_r**3 * exp(-(_r**2) / 2), (_r, 0, oo)), 2),
            Eq(Integral(_r * exp(-(_r**2) / 2), (_r, 0, oo)), 1),
        ),
    ),
    Step(
        "arc-cosine",
        "E σ(u)σ(v) of ReLU: radius times angle over 2π.",
        "symbolic",
        Eq(times(a, b, 2, (sin(t) + (pi - t) * cos(t)) / 2, 1 / (2 * pi)), arc_cosine),
        ("angle-integral", "radial-integral"),
    ),
    Step(
        "arc-cosine-slope",
        "E σ'(u)σ'(v) of ReLU: the share of the arc.",
        "symbolic",
        Eq(times(pi - t, 1, 1 / (2 * pi)), arc_cosine_slope),
        ("arc", "radial-integral"),
    ),
    Step(
        "price-relu",
        "Price's theorem, dE σ(u)σ(v)/dΣ_xy = E σ'(u)σ'(v), holds between the two.",
        "symbolic",
        Eq(Derivative(arc_cosine, t), arc_cosine_slope * Derivative(a * b * cos(t), t)),
        ("arc-cosine", "arc-cosine-slope"),
    ),
    Step(
        "gaussian-square",
        "E exp(-k w²) = (1 + 2k)^(-1/2) for a standard normal w, k > 0.",
        "symbolic",
        Eq(Integral(exp(-_k * _w**2) * exp(-(_w**2) / 2) / sqrt(2 * pi), (_w, -oo, oo)), 1 / sqrt(1 + 2 * _k)),
    ),
    Step(
        "erf-derivative",
        "The derivative of erf.",
        "symbolic",
        Eq(Derivative(erf(_w), _w), 2 / sqrt(pi) * exp(-(_w**2))),
    ),
    Step(
        "determinant",
        "For eigenvalues l_1, l_2 of Λ: det(1 + 2Λ) = 1 + 2 tr Λ + 4 det Λ.",
        "symbolic",
        Eq((1 + 2 * _l1) * (1 + 2 * _l2), 1 + 2 * (_l1 + _l2) + 4 * _l1 * _l2),
    ),
    Step(
        "erf-slope",
        "E exp(-u² - v²) = det(1 + 2Λ)^(-1/2) by rotating to the eigenvectors of Λ, and 1 + 2(p + q) + 4(pq - s²) = "
        "(1 + 2p)(1 + 2q) - 4s².",
        "symbolic",
        Eq(1 + 2 * (_k + _m) + 4 * (_k * _m - _s**2), (1 + 2 * _k) * (1 + 2 * _m) - 4 * _s**2),
        ("gaussian-square", "erf-derivative", "determinant"),
    ),
    Step(
        "price",
        "Price's theorem: dE f(u)g(v)/dΣ_xy = E f'(u)g'(v), by parts.",
        "cited",
        source="Price (1958), A useful theorem for nonlinear devices having Gaussian inputs, IRE Transactions 4",
    ),
    Step(
        "price-erf",
        "(2/π) asin(2s/√Q) is 0 at s = 0, as E erf(u) erf(v) is for independent u and v, and its slope is that of "
        "erf-slope: so the two agree.",
        "symbolic",
        And(
            Eq(Derivative(2 / pi * asin(2 * _s / sqrt(_q)), _s), 4 / (pi * sqrt(_q - 4 * _s**2))),
            Eq(times(2 / pi, asin(times(2, 0, 1 / sqrt(_q)), evaluate=False)), 0),
        ),
        ("price", "erf-slope"),
    ),
    Step(
        "homogeneous-layer",
        "σ(kz) = k σ(z) makes Σ of k x and m y k m times as large, and leaves Σ̇ alone: a sum of such terms likewise.",
        "symbolic",
        Eq((_k * _m * _S0) * _D1 + _k * _m * _S1, _k * _m * (_S0 * _D1 + _S1)),
        ("backward",),
    ),
    Step(
        "second-moment",
        "c E σ(kz)² = c k² E σ(z)² = k² for homogeneous σ, and 1 for k = 1 whatever σ is.",
        "symbolic",
        Eq(times(1 / _m, _k**2 * _m), _k**2),
        ("wide-layer",),
    ),
    Step(
        "constant",
        "Every Σ gains a factor k a layer and so does every Σ̇: the sum of layer h gains k^(h-1) k^(L-h+1), all alike.",
        "symbolic",
        Eq((_k**0 * _S0 * _k * _D1 + _k * _S1) * _k * _D2 + _k**2 * _S2, _k**2 * ((_S0 * _D1 + _S1) * _D2 + _S2)),
        ("telescope",),
    ),
    Step(
        "diagonal",
        "σ(z) = z σ'(z) for homogeneous σ, so that c E σ'(z)² = 1: all L + 1 terms of the sum are |x|².",
        "symbolic",
        Eq(Sum(_k**2, (_h, 0, L)), (L + 1) * _k**2),
        ("telescope", "second-moment"),
    ),
    Step(
        "features",
        "H* is a limit of sums of products of features, and (Σ f g)² ≤ Σ f² Σ g² by Lagrange's identity; here three.",
        "symbolic",
        Eq(
            (_f1**2 + _f2**2 + _f3**2) * (_g1**2 + _g2**2 + _g3**2) - (_f1 * _g1 + _f2 * _g2 + _f3 * _g3) ** 2,
            (_f1 * _g2 - _f2 * _g1) ** 2 + (_f1 * _g3 - _f3 * _g1) ** 2 + (_f2 * _g3 - _f3 * _g2) ** 2,
        ),
        ("backward",),
    ),
    Step(
        "parallel",
        "At y = k x, k > 0, the features are k times those of x: the determinant vanishes.",
        "symbolic",
        Eq(times(_k, _m, _k, _m), times(_m, _k**2 * _m)),
        ("homogeneous-layer",),
    ),
    Step(
        "odd-part",
        "One hidden ReLU layer: at -y the angle is π - t and the cosine changes sign; what is left is 2 xᵀy.",
        "symbolic",
        Eq(_one_layer(cos(t), t) - _one_layer(-cos(t), pi - t), 2 * a * b * cos(t)),
        ("arc-cosine", "arc-cosine-slope", "telescope"),
    ),
    Step(
        "odd-form",
        "Weights α at x_i and -α at -x_i: each pair i, j contributes 2 (H(x_i, x_j) - H(x_i, -x_j)) = 4 x_iᵀx_j.",
        "symbolic",
        Eq(times(2, times(2, inner)), 4 * inner),
        ("odd-part",),
    ),
    Step(
        "dependent",
        "Three vectors of the plane are dependent, with their 2×2 minors as weights: so the form is 0.",
        "symbolic",
        And(
            Eq(sum(w * x for w, x in zip(_minors, _u, strict=True)), 0),
            Eq(sum(w * x for w, x in zip(_minors, _v, strict=True)), 0),
        ),
        ("odd-form",),
    ),
    Step(
        "combination",
        "Σ_ij α_i α_j x_iᵀx_j = |Σ α_i x_i|², one coordinate of three vectors.",
        "symbolic",
        Eq(
            sum(_alpha[i] * _alpha[j] * _u[i] * _u[j] for i in range(3) for j in range(3)),
            sum(w * x for w, x in zip(_alpha, _u, strict=True)) ** 2,
        ),
        ("odd-form",),
    ),
    Step(
        "contraction",
        "A ReLU layer shrinks differences of angles: (dt'/dt)² = (1 - t/π)² sin² t / sin² t' ≤ 1 away from the ends. "
        "The error bars of the fast code rest on it.",
        "certified",
        Le((1 - t / pi) ** 2 * sin(t) ** 2, 1 - _next_cosine**2),
        ("arc-cosine",),
        {"t": (Rational(1, 50), Rational(157, 50))},
    ),
)
