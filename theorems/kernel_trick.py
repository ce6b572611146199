"""The kernel trick: ℓ₂ regression on features needs their Gram values only, and gradient descent from 0 is that regression.

Φ has a row of P features for each of n inputs, K = ΦΦᵀ and k_x = ΦΦ(x).  The weights that minimise |Φw - y|² + λ|w|²
(for λ = 0 those of least norm) predict Φ(x)ᵀw = k_xᵀ(K + λI)⁻¹y.  A gradient method never leaves its start plus the span of
the features: what its start has outside that span stays, and is not in the Gram values of the data.
"""

from __future__ import annotations

from sympy import Abs, Derivative, MatrixSymbol, Max, Symbol, Trace, exp, symbols

from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Ge,
    Gt,
    Implies,
    Le,
    Or,
    Saying,
    Source,
    Step,
    Theorem,
    observable,
)

primal = observable(
    "primal", "prediction at x by the weights that are solved from the features", latex=r"\Phi(x)^\top w"
)
gram = observable("gram", "prediction at x from Gram values alone", latex=r"k_x^\top(K+\lambda I)^{-1}y")
norm = observable("norm", "|w|² of these weights", domain="nonnegative", latex=r"|w|^2")
gram_norm = observable("gram_norm", "αᵀKα with (K + λI)α = y", domain="nonnegative", latex=r"\alpha^\top K\alpha")
limit = observable("limit", "prediction at x where a gradient method ends", latex=r"\Phi(x)^\top w_\infty")
limit_norm = observable("limit_norm", "|w|² there", domain="nonnegative", latex=r"|w_\infty|^2")
start = observable("start", "prediction at x by the weights at the start", latex=r"f_0(x)")
gram_start = observable(
    "gram_start", "regression at x on the outputs at the start, from Gram values alone",
    latex=r"k_x^\top(K+\lambda I)^{-1}f_0",
)  # fmt: skip
outside = observable(
    "outside", "squared norm of what the start has outside the span of the features", domain="nonnegative",
    latex=r"|P^\perp w_0|^2",
)  # fmt: skip
ridge = observable("ridge", "weight λ of the squared norm", domain="nonnegative", latex=r"\lambda")
determinant = observable("determinant", "determinant of the Gram matrix", domain="nonnegative", latex=r"\det K")
fit = observable("fit", "prediction at an input of the data, from Gram values", latex=r"f(x_i)")
y = observable("y", "the label there")
features = observable("features", "number of weights", domain="positive integer", latex="P")
solved = observable("solved", "unknowns of the system that the Gram values give", domain="positive integer", latex="n")
feature = observable("feature", "coordinate of Φ(x) that belongs to a weight", latex=r"\Phi_w(x)")
slope = observable(
    "slope", "slope of the output at x along that weight, at time t", latex=r"\partial f_t(x)/\partial w"
)
time = observable("time", "how long the flow has run", domain="nonnegative", latex="t")
flow = observable("flow", "prediction at x by the weights of gradient flow at time t", latex=r"\Phi(x)^\top w_t")
flow_gram = observable(
    "flow_gram", "prediction at x at time t from Gram values and outputs at the start alone", latex="f_t(x)"
)
gap = observable("gap", "prediction at time t less that where the flow ends", latex=r"(f_t(x)-f_\infty(x))")
reach = observable("reach", "|Φ(x)| |w_0 - w_∞|", domain="nonnegative", latex=r"|\Phi(x)||w_0-w_\infty|")
rate = observable(
    "rate", "a lower bound of the least eigenvalue of K + λI, and of λ if the start has a part outside the span",
    domain="nonnegative", latex=r"\lambda_{\min}",
)  # fmt: skip
moved = observable("moved", "how far every weight has moved by time t", domain="nonnegative", latex=r"|w_t-w_0|_\infty")

CLAIMS = (
    Claim(
        "gram-alone",
        Eq(primal, gram),
        words="Features and Gram values give the same prediction, at every λ > 0 and for the weights of least norm at λ = 0.",
        assumes=(),
        follows_from=("push-through", "positive", "ridgeless"),
    ),
    Claim(
        "norm",
        Eq(norm, gram_norm),
        words="So does the norm of the weights: |w|² = αᵀKα.",
        assumes=(),
        follows_from=("push-through", "ridgeless"),
    ),
    Claim(
        "gradient-method",
        Eq(limit, gram),
        words="A gradient method from 0 (from any start where λ > 0) ends at this regression; conjugate gradients get there "
        "in n steps.",
        assumes=("zero_start",),
        follows_from=("invariant", "ends", "ridgeless"),
    ),
    Claim(
        "flow",
        Eq(flow, flow_gram),
        words="At every time t gradient flow on the weights predicts what Gram values and the outputs at the start say: the "
        "kernel trick holds of early stopping too.",
        assumes=(),
        follows_from=("flow-of-outputs",),
    ),
    Claim(
        "flow-ends",
        Le(Abs(gap), reach * exp(-rate * time)),
        "bound",
        "It comes as near as it likes to the end of the gradient method: |f_t(x) - f_∞(x)| ≤ |Φ(x)| |w_0 - w_∞| exp(-λ_min t).",
        (),
        tight_at="one input, a query on its line, a start of 0",
        follows_from=("invariant", "decay", "ends"),
    ),
    Claim(
        "start-term",
        Implies(Eq(ridge, 0), Eq(limit, gram + start - gram_start)),
        words="From another start, at λ = 0, the prediction keeps what regression cannot see of the start: f₀(x) less the "
        "regression on its outputs.",
        assumes=(),
        follows_from=("invariant", "ends", "ridgeless"),
    ),
    Claim(
        "least-norm",
        Implies(Eq(ridge, 0), Eq(limit_norm, norm + outside)),
        words="The weights keep the part of the start outside the span: their squared norm exceeds the least one by that.",
        assumes=(),
        follows_from=("invariant", "ends", "pythagoras"),
    ),
    Claim(
        "fits",
        Implies(Eq(ridge, 0), Eq(fit, y)),
        words="Where the Gram matrix is invertible, ridgeless regression fits every label.",
        assumes=("independent",),
        follows_from=("row-solution", "ridgeless"),
    ),
    Claim(
        "tangent-features",
        Eq(feature, slope),
        words="The features of a net's tangent kernel are the derivatives of the output by its weights at t = 0, at any width.",
        assumes=("initial",),
        follows_from=("linear-in-one-weight",),
    ),
)

_n, _p = symbols("n P", integer=True, positive=True)
_Phi, _z = MatrixSymbol("Phi", _n, _p), MatrixSymbol("z", _p, 1)
_r, _y, _w, _s = MatrixSymbol("r", _n, 1), MatrixSymbol("y", _n, 1), MatrixSymbol("w", _p, 1), MatrixSymbol("s", _p, 1)
_t = Symbol("t", nonnegative=True)
_lam = observable("lam", "ridge", domain="positive", latex=r"\lambda")
_a, _b, _c, _d = (Symbol(name, real=True) for name in ("a", "b", "c", "d"))
_h, _u, _v = (observable(name, "a positive number", domain="positive") for name in ("h", "u", "v"))
_w1, _w2, _k, _y1, _y2, _al1, _al2 = (
    Symbol(name, real=True) for name in ("w1", "w2", "k", "y1", "y2", "alpha1", "alpha2")
)

DERIVATION = (
    Step(
        "push-through",
        "Φᵀ(ΦΦᵀ + λI)r = (ΦᵀΦ + λI)Φᵀr for every r: with r = (K + λI)⁻¹y, (ΦᵀΦ + λI)⁻¹Φᵀy = Φᵀ(K + λI)⁻¹y.",
        "symbolic",
        Eq(_Phi.T * (_Phi * _Phi.T * _r + _lam * _r), _Phi.T * _Phi * (_Phi.T * _r) + _lam * (_Phi.T * _r)),
    ),
    Step(
        "one-point",
        "The same with both inverses written out, for one point (a, b) with label c.",
        "symbolic",
        Implies(
            And(
                Eq(_w1, _a * _c / (_a**2 + _b**2 + _lam)),
                Eq(_w2, _b * _c / (_a**2 + _b**2 + _lam)),
            ),
            And(
                Eq((_a**2 + _lam) * _w1 + _a * _b * _w2, _a * _c),
                Eq(_a * _b * _w1 + (_b**2 + _lam) * _w2, _b * _c),
            ),
        ),
        ("push-through",),
    ),
    Step(
        "positive",
        "rᵀ(K + λI)r = |Φᵀr|² + λ|r|² > 0 for r other than 0: both inverses exist where λ > 0.",
        "symbolic",
        Eq(
            _r.T * (_Phi * _Phi.T * _r + _lam * _r),
            (_Phi.T * _r).T * (_Phi.T * _r) + _lam * (_r.T * _r),
        ),
    ),
    Step(
        "row-solution",
        "w = Φᵀα with Kα = y fits: Φw = y, here for the features (a, b) and (c, d).",
        "symbolic",
        Implies(
            And(
                Eq(_y1, (_a**2 + _b**2) * _al1 + (_a * _c + _b * _d) * _al2),
                Eq(_y2, (_a * _c + _b * _d) * _al1 + (_c**2 + _d**2) * _al2),
                Eq(_w1, _a * _al1 + _c * _al2),
                Eq(_w2, _b * _al1 + _d * _al2),
            ),
            And(Eq(_a * _w1 + _b * _w2, _y1), Eq(_c * _w1 + _d * _w2, _y2)),
        ),
    ),
    Step(
        "ridgeless",
        "As λ falls to 0, (ΦᵀΦ + λI)⁻¹Φᵀ tends to the pseudo-inverse, which gives the least squares weights of least norm.",
        "cited",
        depends_on=("push-through",),
        source="Golub and Van Loan (2013), Matrix Computations, 5.5.2; Albert (1972), theorem 3.4",
    ),
    Step(
        "invariant",
        "The gradient Φᵀr has no component along any z with Φz = 0: zᵀΦᵀr = (Φz)ᵀr.",
        "symbolic",
        Eq(Trace(_z.T * _Phi.T * _r), Trace(_r.T * _Phi * _z)),
    ),
    Step(
        "flow-of-outputs",
        "From ẇ = -Φᵀ(Φw - y) - λw: u = Φw has u̇ = -K(u - y) - λu, and f = Φ(x)ᵀw has ḟ = -k_xᵀ(u - y) - λf; here for a row s.",
        "symbolic",
        Eq(
            _s.T * (-_Phi.T * (_Phi * _w - _y) - _lam * _w),
            -(_s.T * _Phi.T) * (_Phi * _w - _y) - _lam * (_s.T * _w),
        ),
    ),
    Step(
        "decay",
        "A part that belongs to an eigenvalue μ decays as exp(-μ t), at most exp(-λ_min t) for μ ≥ λ_min.",
        "symbolic",
        And(
            Eq(Derivative(exp(-_h * _t), _t), -_h * exp(-_h * _t)),
            Implies(Ge(_u, _v), Le(exp(-_u * _t), exp(-_v * _t))),
        ),
    ),
    Step(
        "ends",
        "Gradient flow on a convex quadratic converges to a minimiser, conjugate gradients reach one in n steps; the part "
        "outside the span of the features never moves, so that both end at the same one.",
        "cited",
        depends_on=("invariant",),
        source="Engl, Hanke, Neubauer (1996), Regularization of Inverse Problems, chapters 6 and 7; Hestenes and Stiefel (1952)",
    ),
    Step(
        "pythagoras",
        "If (a, b) and (c, d) are orthogonal then |(a, b) + (c, d)|² = |(a, b)|² + |(c, d)|².",
        "symbolic",
        Implies(
            Eq(_k, _a * _c + _b * _d),
            Eq((_a + _c) ** 2 + (_b + _d) ** 2 - 2 * _k, _a**2 + _b**2 + _c**2 + _d**2),
        ),
        ("invariant",),
    ),
    Step(
        "quadratic-kernel",
        "All products of two entries of (1, a, b) and of (1, c, d): their inner product is (1 + ac + bd)².",
        "symbolic",
        Eq(
            sum(s * t for s in (1, _a * _c, _b * _d) for t in (1, _a * _c, _b * _d)),
            (1 + _a * _c + _b * _d) ** 2,
        ),
    ),
    Step(
        "linear-in-one-weight",
        "Until a neuron switches, the output is linear in one weight: (a + h) max(u, 0) - a max(u, 0) = h max(u, 0), and "
        "a max(u + h v, 0) - a max(u, 0) = a v h on the active side, 0 on the other.",
        "symbolic",
        And(
            Eq((_a + _h) * Max(_u, 0) - _a * Max(_u, 0), _h * Max(_u, 0)),
            Eq(_a * Max(_u + _h * _v, 0) - _a * Max(_u, 0), _a * _v * _h),
            Eq(_a * Max(-_u - _h * _v, 0) - _a * Max(-_u, 0), 0),
        ),
    ),
)

SLIDE = "Part 1, Kernel regression reminder and computation"
SAYINGS = (
    Saying(
        "kernel-trick",
        SLIDE,
        "Kernel trick: ℓ₂ regression possible if can compute ⟨Φ(x₁), Φ(x₂)⟩ for any given input pair x₁, x₂.",
        Eq(primal, gram),
        "SURVIVED",
        assumes=(),
    ),
    Saying(
        "kernel-trick-from-any-start",
        SLIDE,
        "The same of ℓ₂ regression by gradient descent, whatever it starts from.",
        Eq(limit, gram),
        "REFUTED",
        "start-term",
        assumes=(),
    ),
    Saying(
        "coordinates",
        SLIDE,
        "Each coordinate of Φ(x) corresponds to parameter w in the net. Corresponding entry is ∂(output)/∂w at t = 0.",
        Eq(feature, slope),
        "SURVIVED",
        assumes=("initial",),
    ),
    Saying(
        "infeasible-to-train",
        "Part 1, Vignette: Training of infinitely wide Deep Nets",
        "Plus, infeasible to train! Read as: a regression on P weights takes a system of at least P unknowns.",
        Ge(solved, features),
        "REFUTED",
        "gram-alone",
        kind="bound",
        assumes=(),
    ),
)

THEOREM = Theorem(
    name="kernel-trick",
    title="The kernel trick",
    claims=CLAIMS,
    assumptions=(
        Assumption(
            "zero_start", "the start has nothing outside the span of the features, or λ > 0",
            Or(Gt(ridge, 0), Eq(outside, 0)),
        ),
        Assumption("independent", "the Gram matrix is invertible", Gt(determinant, 0)),
        Assumption("initial", "no weight has moved: t = 0", Eq(moved, 0)),
    ),
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=(
        Source("Schölkopf, Herbrich, Smola", 2001, "A Generalized Representer Theorem", "COLT 2001, theorem 1"),
        Source("Jacot, Gabriel, Hongler", 2018, "Neural Tangent Kernel", "section 5", "1806.07572"),
    ),
    non_claims=(
        "The weights of a net that moves far from its start are not those of any regression on its features at t = 0.",
        "That n unknowns are enough does not say that the Gram values are cheap, or that their matrix is well conditioned.",
        "Features at a kink of the activation depend on the side that is chosen; no row speaks of one.",
        "Kernel regression is not said to generalise.",
    ),
)  # fmt: skip
