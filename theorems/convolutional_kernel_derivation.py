"""From one convolution of Gaussian filters to the recursion over pairs of pixels, step by step."""

from __future__ import annotations

from sympy import Derivative, Integral, Limit, Rational, Sum, Symbol, acos, exp, oo, pi, sqrt, symbols

from .convolutional_kernel_terms import L, energy
from .statement import And, Eq, Step, observable

_c = Symbol("c", real=True)
_h = Symbol("h")
_z = Symbol("z", real=True)
_n, _m = observable("n", "norm of a patch", domain="positive"), observable("m", "norm of the other", domain="positive")
_s = observable("s", "covariance of the patches")
_S = observable("S", "Σ of a pixel with itself", domain="positive")
_q = observable("q", "size of the filter", domain="positive integer")
_a, _b = symbols("a b", integer=True)
_k = (_c * (pi - acos(_c)) + sqrt(1 - _c**2)) / pi
_x = tuple(observable(f"x_{i}", "a pixel") for i in range(3))
_y = tuple(observable(f"y_{i}", "a pixel of the other image") for i in range(3))
_CNTK = "Arora, Du, Hu, Li, Salakhutdinov, Wang (2019), section 4, arXiv:1904.11955"


def _moment(power: int):  # type: ignore[no-untyped-def]
    """E relu(z)^power of a standard normal z."""
    return Integral(_z**power * exp(-(_z**2) / 2) / sqrt(2 * pi), (_z, 0, oo))


STEPS = (
    Step(
        "patches",
        "Pre-activations of a layer are Gaussian given the layer before, with the covariances of patches: sums over the "
        "window of products of pixels at i + a and i' + a.",
        "cited",
        source=_CNTK,
    ),
    Step(
        "gap-of-patches",
        "Squared distances Σ_ii + Σ'_i'i' - 2 Σ_ii' of patches are sums over the window of those of pixels: three positions.",
        "symbolic",
        Eq(
            sum(v**2 for v in _x) + sum(v**2 for v in _y) - 2 * sum(v * w for v, w in zip(_x, _y, strict=True)),
            sum((v - w) ** 2 for v, w in zip(_x, _y, strict=True)),
        ),
        ("patches",),
    ),
    Step(
        "fraction",
        "From the squared distance G of patches with norms n and m: (G - (n - m)²)/(4 n m) = (1 - cos t)/2.",
        "symbolic",
        Eq((_n**2 + _m**2 - 2 * _s - (_n - _m) ** 2) / (4 * _n * _m), (1 - _s / (_n * _m)) / 2),
        ("gap-of-patches",),
    ),
    Step(
        "arc-cosine",
        "E s(u)s(v) of ReLU under a centred Gaussian pair is n m (sin t + (π - t) cos t)/(2π), and E s'(u)s'(v) is "
        "(π - t)/(2π).",
        "cited",
        source="Cho and Saul (2009), Kernel Methods for Deep Learning, section 2",
    ),
    Step(
        "slope",
        "The second is the derivative of the first along the cosine, as for every Gaussian pair (Price's theorem).",
        "symbolic",
        Eq(Derivative(_k, _c), 1 - acos(_c) / pi),
    ),
    Step(
        "parallel",
        "A pixel with itself, cos t → 1: (sin t + (π - t) cos t)/π → 1 and K = Σ/q², so that second moments pass a layer "
        "unchanged but for the window.",
        "symbolic",
        Eq(Limit(_k, _c, 1, "-"), 1),
        ("arc-cosine",),
    ),
    Step(
        "windows-of-a-pixel",
        "With circular padding every pixel lies in q² windows: the sum over windows is q² times that over pixels.  With "
        "zero padding it lies in fewer at the border.",
        "symbolic",
        Eq(Sum(Sum(_S / _q**2, (_a, 1, _q)), (_b, 1, _q)), _S),
        ("patches",),
    ),
    Step(
        "product-rule",
        "The gradient along a layer's weights passes the layers above it, each with the factor K̇, and the layers add up: "
        "for the layer itself K, for all before it K̇ ⊙ Θ.",
        "cited",
        depends_on=("patches",),
        source=_CNTK,
    ),
    Step(
        "output",
        "A Gaussian weight for each pixel pairs a pixel with itself; an average before the weight pairs all: here three.",
        "symbolic",
        Eq(sum(_x) / 3 * (sum(_y) / 3), sum(v * w for v in _x for w in _y) / 9),
        ("product-rule",),
    ),
    Step(
        "relabel",
        "A circular shift moves the entries of the last layer along i': their sum stays, and the diagonals of all shifts "
        "are all the entries: here three pixels.",
        "symbolic",
        Eq(sum(_x[i] * _y[(i + d) % 3] for i in range(3) for d in range(3)), sum(_x) * sum(_y)),
        ("patches",),
    ),
    Step(
        "layers",
        "On the diagonal K̇ = 1/q², so that every one of the L + 1 layers adds |x|² with circular padding.",
        "symbolic",
        Eq(Sum(energy, (_h, 1, L + 1)), (L + 1) * energy),
        ("parallel", "product-rule", "windows-of-a-pixel"),
    ),
    Step(
        "channels",
        "With one hidden layer the kernel is an average over independent channels of one law: its mean is the limit.",
        "cited",
        depends_on=("patches",),
        source="linearity of the mean; the law of one channel is that of the patches",
    ),
    Step(
        "gates",
        "The law of a filter is even, and changing its sign opens the gate where it was closed: the gate halves the mean "
        "of every even function, at every width; here of z² and z⁴.",
        "symbolic",
        And(Eq(_moment(2), Rational(1, 2)), Eq(_moment(4), Rational(3, 2))),
        ("patches",),
    ),
    Step(
        "wide-layers",
        "As all numbers of channels grow, kernels of finite nets converge in probability, at the rate of averages.",
        "cited",
        depends_on=("patches", "arc-cosine", "product-rule"),
        source="Yang (2019), Scaling Limits of Wide Neural Networks with Weight Sharing, arXiv:1902.04760",
    ),
)
