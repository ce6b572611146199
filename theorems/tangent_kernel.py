"""The tangent kernel H* of infinitely wide fully connected nets: its recursion, its closed forms, where it is singular.

f(x) = W^{L+1} √(c/d_L) σ(W^L ⋯ √(c/d_1) σ(W^1 x)) with independent weights from N(0, 1), without biases.  The first layer
is not divided by √d.  A layer maps the covariance Λ of a Gaussian pair (u, v) to Σ = c E σ(u)σ(v); the tangent kernel
collects Θ ← Θ Σ̇ + Σ with Σ̇ = c E σ'(u)σ'(v), from Θ = Σ = xᵀy on.
"""

from __future__ import annotations

from sympy import Integer, cos

from .statement import And, Assumption, Claim, Eq, Ge, Gt, Le, Lt, Saying, Source, Theorem
from .tangent_kernel_derivation import STEPS
from .tangent_kernel_terms import (
    E_dd,
    E_ss,
    H_none,
    H_opposite,
    H_other,
    H_scaled,
    H_xx,
    H_xy,
    H_yy,
    L,
    S_dot,
    S_next,
    S_xy,
    T_next,
    T_prev,
    a,
    arc_cosine,
    arc_cosine_slope,
    b,
    c,
    d,
    erf_dual,
    erf_slope,
    form,
    from_erf,
    from_homogeneous,
    from_relu,
    inner,
    keep,
    lambda_min,
    mean_here,
    mean_next,
    normalised_constant,
    p,
    pairs,
    q,
    square,
    square_here,
    square_next,
    square_x,
    square_y,
    t,
    trace,
)  # fmt: skip

CLAIMS = (
    Claim(
        "recursion",
        Eq(T_next, T_prev * S_dot + S_next),
        words="Each layer maps Θ to Θ Σ̇ + Σ: what came from below passes through the slopes, and the new layer adds Σ.",
        assumes=(),
        follows_from=("backward",),
    ),
    Claim(
        "first-layer",
        Eq(H_none, inner),
        words="Without hidden layers H* is xᵀy: the first layer is not divided by √d.",
        assumes=(),
        follows_from=("backward",),
    ),
    Claim(
        "expectation",
        Eq(S_next, c * E_ss),
        words="Σ of the next layer is c E σ(u)σ(v).",
        assumes=(),
        follows_from=("wide-layer",),
    ),
    Claim(
        "expectation-slope",
        Eq(S_dot, c * E_dd),
        words="Σ̇ of a layer is c E σ'(u)σ'(v).",
        assumes=(),
        follows_from=("backward",),
    ),
    Claim("angle", Eq(a * b * cos(t), S_xy), words="The angle t of u and v is that of their correlation.", assumes=()),
    Claim(
        "arc-cosine",
        Eq(E_ss, arc_cosine),
        words="The arc-cosine kernel of order 1: E σ(u)σ(v) = a b (sin t + (π - t) cos t)/2π for ReLU.",
        assumes=("relu",),
        follows_from=("arc-cosine",),
    ),
    Claim(
        "arc-cosine-slope",
        Eq(E_dd, arc_cosine_slope),
        words="The arc-cosine kernel of order 0: E σ'(u)σ'(v) = (π - t)/2π for ReLU.",
        assumes=("relu",),
        follows_from=("arc-cosine-slope",),
    ),
    Claim(
        "erf",
        Eq(E_ss, erf_dual),
        words="E erf(u) erf(v) is an arcsine.",
        assumes=("erf",),
        follows_from=("price-erf",),
    ),
    Claim(
        "erf-slope",
        Eq(E_dd, erf_slope),
        words="E erf'(u) erf'(v) = (4/π) det(1 + 2Λ)^(-1/2).",
        assumes=("erf",),
        follows_from=("erf-slope",),
    ),
    Claim(
        "relu-layer",
        Eq(S_next, c * arc_cosine),
        words="Σ of every layer of a ReLU net is c times the arc-cosine kernel of order 1 of the layer before.",
        assumes=("relu",),
        follows_from=("wide-layer", "arc-cosine"),
    ),
    Claim(
        "relu-layer-slope",
        Eq(S_dot, c * arc_cosine_slope),
        words="Σ̇ of every layer of a ReLU net is c times the arc-cosine kernel of order 0 of the layer before.",
        assumes=("relu",),
        follows_from=("wide-layer", "arc-cosine-slope"),
    ),
    Claim(
        "erf-layer",
        Eq(S_next, c * erf_dual),
        words="Σ of every layer of an erf net is c times the arcsine kernel of the layer before.",
        assumes=("erf",),
        follows_from=("wide-layer", "price-erf"),
    ),
    Claim(
        "erf-layer-slope",
        Eq(S_dot, c * erf_slope),
        words="Σ̇ of every layer of an erf net.",
        assumes=("erf",),
        follows_from=("wide-layer", "erf-slope"),
    ),
    Claim(
        "second-moment",
        Eq(square_next, square_here),
        words="c_σ keeps the expected sum of squares of the nodes from the input to the output, for inputs of any norm.",
        assumes=("homogeneous", "normalised"),
        follows_from=("second-moment",),
    ),
    Claim(
        "second-moment-unit",
        Eq(square_next, 1),
        words="For inputs of norm 1 it does so whatever the activation is.",
        assumes=("unit_norm", "normalised"),
        follows_from=("second-moment",),
    ),
    Claim(
        "diagonal",
        Eq(H_xx, (L + 1) * square_x),
        words="H*(x, x) = (L + 1)|x|²: every layer of weights contributes |x|².",
        assumes=("homogeneous",),
        follows_from=("diagonal",),
    ),
    Claim(
        "homogeneity",
        Eq(H_scaled, p * q * H_xy),
        words="H*(p x, q y) = p q H*(x, y) for positive p and q.",
        assumes=("homogeneous",),
        follows_from=("homogeneous-layer",),
    ),
    Claim(
        "constant",
        Eq(H_other, keep**L * H_xy),
        words="Another constant c rescales H* by (c/c_σ)^L and does nothing else.",
        assumes=("homogeneous",),
        follows_from=("constant",),
    ),
    Claim(
        "cauchy-schwarz",
        Le(H_xy**2, H_xx * H_yy),
        "bound",
        "H*(x, y)² ≤ H*(x, x) H*(y, y).",
        (),
        tight_at="parallel inputs of homogeneous nets, and equal inputs",
        follows_from=("features",),
    ),
    Claim(
        "positive-semidefinite",
        Ge(lambda_min, 0),
        "bound",
        "Every Gram matrix of H* is positive semidefinite.",
        (),
        tight_at="equal inputs, parallel ones, and antipodal pairs of nets with one hidden ReLU layer",
        follows_from=("features",),
    ),
    Claim(
        "parallel",
        Eq(H_xy**2, H_xx * H_yy),
        words="Inputs that are positive multiples of each other make H* singular.",
        assumes=("homogeneous", "parallel"),
        follows_from=("parallel",),
    ),
    Claim(
        "odd-part",
        Eq(H_xy - H_opposite, 2 * inner),
        words="One hidden ReLU layer: the part of H* that is odd in an input is linear, H*(x, y) - H*(x, -y) = 2 xᵀy.",
        assumes=("relu", "one_hidden_layer"),
        follows_from=("odd-part",),
    ),
    Claim(
        "odd-form",
        Eq(form, 4 * square),
        words="So weights α at x_i and -α at -x_i give wᵀHw = 4|Σ α_i x_i|²: 0 where d + 1 pairs make the x_i dependent.",
        assumes=("relu", "one_hidden_layer"),
        follows_from=("odd-form", "combination"),
    ),
    Claim(
        "three-antipodal-pairs",
        And(Eq(pairs, 3), Eq(d, 2), Lt(lambda_min, trace / Integer(10) ** 40)),
        "existence",
        "One hidden ReLU layer is singular on three antipodal pairs of the plane: its smallest eigenvalue is below "
        "10⁻⁴⁰ of the trace in balls, and 0 by `odd-form`.",
        ("relu", "one_hidden_layer"),
    ),
    Claim(
        "two-hidden-layers",
        And(Eq(pairs, 3), Eq(d, 2), Eq(L, 2), Gt(lambda_min, trace / 50)),
        "existence",
        "Two hidden ReLU layers are regular on the same six points.",
        ("relu",),
    ),
)

START = "Part 1, Vignette: Training of infinitely wide Deep Nets"
COMPUTE = "Part 1, Kernel regression reminder and computation"
SAYINGS = (
    Saying(
        "node-value",
        START,
        "initialize with suitably-scaled Gaussians so expected node value is equal at all layers",
        Eq(mean_next, mean_here),
        "REFUTED",
        "second-moment",
        assumes=("homogeneous", "normalised"),
    ),
    Saying(
        "node-value-corrected",
        START,
        "The same with the expected sum of squares of a layer's nodes in place of the expected node value, for homogeneous "
        "activations.",
        Eq(square_next, square_here),
        "SURVIVED",
        assumes=("homogeneous", "normalised"),
    ),
    Saying(
        "dynamic-programming",
        COMPUTE,
        "Dynamic programming algorithm to compute H*",
        Eq(T_next, T_prev * S_dot + S_next),
        "SURVIVED",
        assumes=(),
    ),
    Saying(
        "continuous-distribution",
        COMPUTE,
        "Treat infinitely wide layers as representing a continuous distribution of values",
        Eq(S_next, c * E_ss),
        "SURVIVED",
        assumes=(),
    ),
)

THEOREM = Theorem(
    name="tangent-kernel",
    title="The tangent kernel of infinitely wide nets",
    claims=CLAIMS,
    assumptions=(
        Assumption("relu", "the activation is max(0, z)", Eq(from_relu, 0)),
        Assumption("erf", "the activation is the error function", Eq(from_erf, 0)),
        Assumption("homogeneous", "σ(kz) = k σ(z) for k > 0: ReLU, leaky ReLU", Eq(from_homogeneous, 0)),
        Assumption("normalised", "c = c_σ, so that c E σ(z)² = 1", Eq(normalised_constant, 1)),
        Assumption("unit_norm", "the input has norm 1", Eq(square, 1)),
        Assumption(
            "parallel",
            "the inputs are non-negative multiples of one vector",
            And(Eq(inner**2, square_x * square_y), Ge(inner, 0)),
        ),
        Assumption("one_hidden_layer", "the net has one hidden layer", Eq(L, 1)),
    ),
    derivation=STEPS,
    sayings=SAYINGS,
    sources=(
        Source("Jacot, Gabriel, Hongler", 2018, "Neural Tangent Kernel", "Theorem 1", "1806.07572"),
        Source(
            "Arora, Du, Hu, Li, Salakhutdinov, Wang", 2019, "On Exact Computation with an Infinitely Wide Neural Net",
            "Section 3.1", "1904.11955",
        ),
        Source("Cho, Saul", 2009, "Kernel Methods for Deep Learning", "arc-cosine kernels"),
        Source("Williams", 1997, "Computing with Infinite Networks", "erf"),
    ),
    non_claims=(
        "Nothing is said of nets of finite width, whose kernel is random at initialisation and moves in training.",
        "Positive definiteness on the sphere (Jacot et al., Proposition 2) needs biases for one hidden layer: antipodal "
        "points are not parallel, and yet H* is singular on enough pairs of them.",
        "c_σ keeps second moments, not means; for other activations than homogeneous ones only at inputs of norm 1.",
        "How an activation with kinks away from 0 is integrated is not covered.",
    ),
)  # fmt: skip
