"""First-order optimality of language-model features: with Φ fixed, the best f matches the moments Φp*, no more.

One context has the true law p* of the next word; the model says p_f = softmax(Φᵀf) and pays the cross entropy
L(f) = log Σ_w exp(f·φ_w) - f·Φp*.  A minimiser exists exactly when Φp* lies in the relative interior of the hull of
the columns of Φ, which zeros in p* can prevent; without it an inequality takes the place of the first-order condition.
"""

from __future__ import annotations

from sympy import Abs, Derivative, Limit, Symbol, exp, log, oo, sqrt

from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Equivalent,
    Gt,
    Implies,
    Le,
    Ne,
    Saying,
    Source,
    Step,
    Theorem,
    observable,
)

moment_model = observable("moment_model", "λᵀΦp_f at the best f", latex=r"\lambda^\top\Phi p_{f^*}")
moment_truth = observable("moment_truth", "λᵀΦp*", latex=r"\lambda^\top\Phi p^*")
exists = observable("exists", "L has a minimiser", domain="boolean", latex=r"\exists f^*")
interior = observable(
    "interior", "Φp* lies in the relative interior of the hull of the columns of Φ", domain="boolean",
    latex=r"\Phi p^*\in\mathrm{ri\,conv}\,\Phi",
)  # fmt: skip
contexts = observable("contexts", "number of contexts", domain="positive integer")
parameters = observable("parameters", "number of parameter vectors f that are fitted", domain="positive integer")
drift = observable("drift", "largest change of an entry of Φ before f is fitted", domain="nonnegative")
p_first = observable("p_first", "p_f*(w), fitted once", domain="probability", latex=r"p_{f^*_1}(w)")
p_second = observable("p_second", "p_f*(w), fitted from another start", domain="probability", latex=r"p_{f^*_2}(w)")
p_truth = observable("p_truth", "p*(w)", domain="probability", latex=r"p^*(w)")
cross_entropy = observable("cross_entropy", "infimum of L", domain="nonnegative", unit="nat", latex=r"\min_f L(f)")
entropy = observable("entropy", "entropy of p_f*", domain="nonnegative", unit="nat", latex=r"H(p_{f^*})")
entropy_truth = observable("entropy_truth", "entropy of p*", domain="nonnegative", unit="nat", latex=r"H(p^*)")
divergence = observable("divergence", "KL(p*|p_f*)", domain="nonnegative", unit="nat", latex=r"KL(p^*|p_{f^*})")
divergence_at = observable(
    "divergence_at", "KL(p*|p_θ) at any θ", domain="nonnegative", unit="nat", latex=r"KL(p^*|p_\theta)"
)
divergence_step = observable(
    "divergence_step", "KL(p_f*|p_θ) at any θ", domain="nonnegative", unit="nat", latex=r"KL(p_{f^*}|p_\theta)"
)
shift = observable("shift", "λᵀΦ(p_θ - p*)", latex=r"\lambda^\top\Phi(p_\theta-p^*)")
half_range = observable(
    "half_range", "half the range of Φᵀλ over the words", domain="nonnegative",
    latex=r"\tfrac{\max\Phi^\top\lambda-\min\Phi^\top\lambda}{2}",
)  # fmt: skip
excess = observable("excess", "L(θ) - inf L", domain="nonnegative", unit="nat", latex=r"\left(L(\theta)-\inf L\right)")

moments = Eq(moment_model, moment_truth)

CLAIMS = (
    Claim(
        "moments",
        moments,
        words="At a minimiser the model has the moments of the truth: Φp_f* = Φp*, along every direction λ.",
        follows_from=("fermat",),
    ),
    Claim(
        "unique",
        Eq(p_first, p_second),
        words="All minimisers give the same p_f*, even where f* is not unique.",
        assumes=("minimiser",),
        follows_from=("strict",),
    ),
    Claim(
        "duality",
        Eq(cross_entropy, entropy),
        words="The least cross entropy is the entropy of p_f*, the largest entropy among laws with the moments Φp*.",
        assumes=("minimiser",),
        follows_from=("fermat", "same-moments", "gibbs"),
    ),
    Claim(
        "entropy-split",
        Eq(cross_entropy, entropy_truth + divergence),
        words="The least cross entropy is the entropy of p* plus KL(p*|p_f*).",
        assumes=("minimiser",),
        follows_from=("fermat", "same-moments"),
    ),
    Claim(
        "pythagoras",
        Eq(divergence_at, divergence + divergence_step),
        words="At every θ: KL(p*|p_θ) = KL(p*|p_f*) + KL(p_f*|p_θ), so that the excess loss is KL(p_f*|p_θ).",
        assumes=("minimiser",),
        follows_from=("fermat", "same-moments"),
    ),
    Claim(
        "quantitative",
        Le(Abs(shift), half_range * sqrt(2 * excess)),
        "bound",
        "At every θ, minimiser or none: |λᵀΦ(p_θ - p*)| ≤ ½ (max Φᵀλ - min Φᵀλ) sqrt(2 (L(θ) - inf L)).",
        (),
        tight_at="two values of Φᵀλ of equal probability, as θ approaches the minimiser",
        follows_from=("popoviciu", "half-range", "descent", "taylor"),
    ),
    Claim(
        "existence",
        Equivalent(exists, interior),
        words="A minimiser exists exactly when Φp* lies in the relative interior of the hull of the columns of Φ.",
        assumes=(),
        follows_from=("moment-map",),
    ),
)

t, a, b, m, slope, curvature = (Symbol(name, real=True) for name in ("t", "a", "b", "m", "g", "K"))
u = tuple(Symbol(f"u{w}", real=True) for w in (1, 2, 3))
v = tuple(Symbol(f"v{w}", real=True) for w in (1, 2, 3))
q1, q2, r1, r2 = (Symbol(name, real=True) for name in ("q1", "q2", "r1", "r2"))
x = Symbol("x", positive=True)
q, r = (q1, q2, 1 - q1 - q2), (r1, r2, 1 - r1 - r2)
weight = tuple(exp(level + t * value) for level, value in zip(u, v, strict=True))
model = tuple(z / sum(weight) for z in weight)


def mean(law, values):  # type: ignore[no-untyped-def]
    """Σ_w law_w values_w."""
    return sum(share * value for share, value in zip(law, values, strict=True))


line = log(sum(weight)) - t * mean(q, v)
at_zero = log(sum(exp(level) for level in u))
variance = mean(q, [value**2 for value in v]) - mean(q, v) ** 2

DERIVATION = (
    Step(
        "gradient",
        "Along f + tλ, with v = Φᵀλ: dL/dt = Σ_w v_w (p_w - p*_w), here for three words.",
        "symbolic",
        Eq(Derivative(line, t), mean(model, v) - mean(q, v)),
    ),
    Step(
        "curvature",
        "d²L/dt² is the variance of v under p, here for three words.",
        "symbolic",
        Eq(Derivative(mean(model, v), t), mean(model, [value**2 for value in v]) - mean(model, v) ** 2),
        ("gradient",),
    ),
    Step(
        "fermat",
        "L is differentiable, so that its derivative along every λ vanishes at a minimiser; for any number of words.",
        "cited",
        depends_on=("gradient",),
        source="Rudin (1976), Principles of Mathematical Analysis, theorem 5.8",
    ),
    Step(
        "pairs",
        "The variance is Σ_{i<j} p_i p_j (v_i - v_j)²: it vanishes only where v is constant, and then p does not move.",
        "symbolic",
        Eq(variance, sum(q[i] * q[j] * (v[i] - v[j]) ** 2 for i, j in ((0, 1), (0, 2), (1, 2)))),
    ),
    Step(
        "strict",
        "L is convex, and constant only along λ with Φᵀλ constant, which leaves p_f as it is.",
        "cited",
        depends_on=("curvature", "pairs"),
        source="Brown (1986), Fundamentals of Statistical Exponential Families, theorem 1.13",
    ),
    Step(
        "same-moments",
        "For every law r with the moments of p*: L(f) = -Σ r_w log p_w = H(r) + KL(r|p_f), here for three words.",
        "symbolic",
        Implies(
            Eq(mean(q, u), mean(r, u)),
            Eq(at_zero - mean(q, u), -mean(r, [level - at_zero for level in u])),
        ),
    ),
    Step("gibbs", "log x ≤ x - 1, so that KL ≥ 0 and L(f) ≥ H(r).", "symbolic", Le(log(x), x - 1)),
    Step(
        "popoviciu",
        "If a ≤ v ≤ b then (b - mean)(mean - a) - variance = Σ p_w (b - v_w)(v_w - a) ≥ 0.",
        "symbolic",
        Eq((b - mean(q, v)) * (mean(q, v) - a) - variance, mean(q, [(b - value) * (value - a) for value in v])),
        ("curvature",),
    ),
    Step(
        "half-range",
        "(b - m)(m - a) is at most the square of half the range.",
        "symbolic",
        Eq(((b - a) / 2) ** 2 - (b - m) * (m - a), (m - (a + b) / 2) ** 2),
    ),
    Step(
        "descent",
        "A parabola with slope g and curvature K falls by g²/(2K), at t = -g/K.",
        "symbolic",
        Implies(Eq(t, -slope / curvature), Eq(slope * t + curvature * t**2 / 2, -(slope**2) / (2 * curvature))),
    ),
    Step(
        "taylor",
        "If the curvature along λ is at most K then L(θ + tλ) ≤ L(θ) + g t + K t²/2; for any number of words.",
        "cited",
        depends_on=("popoviciu", "half-range", "descent"),
        source="Rudin (1976), Principles of Mathematical Analysis, theorem 5.15",
    ),
    Step(
        "escape",
        "Two words, φ = (-1, 1), p* = (0, 1): L(f) = log(1 + exp(-2f)) has the infimum 0, which no f attains.",
        "symbolic",
        And(Gt(log(1 + exp(-2 * x)), 0), Eq(Limit(log(1 + exp(-2 * x)), x, oo), 0)),
    ),
    Step(
        "moment-map",
        "The moments Φp_f of all f are the relative interior of the hull of the columns.",
        "cited",
        depends_on=("gradient", "escape"),
        source="Wainwright and Jordan (2008), Graphical Models, Exponential Families, and Variational Inference, "
        "theorem 3.3",
    ),
)

SLIDE = "Part 3, First-order optimality of the language model objective"
SAYINGS = (
    Saying(
        "first-order-condition",
        SLIDE,
        "1st order optimality condition: for fixed Φ, f* that minimizes ℓ_xent satisfies Φp_f*(s) = Φp*_{·|s}.",
        moments,
        "SURVIVED",
    ),
    Saying(
        "first-order-condition-without-existence",
        SLIDE,
        "The same of the f that training ends with, without asking whether a minimiser exists (p* has zeros).",
        moments,
        "REFUTED",
        "quantitative",
        assumes=("free", "fixed"),
    ),
    Saying(
        "up-to-projection",
        SLIDE,
        "Only guaranteed to learn p*_{·|s} up to “projection” in d-dimensional subspace spanned by Φ: p_f* differs from p*.",
        Ne(p_first, p_truth),
        "WITNESSED",
        kind="existence",
        assumes=("minimiser",),
    ),
)

THEOREM = Theorem(
    name="first-order-optimality",
    title="First-order optimality of language-model features",
    claims=CLAIMS,
    assumptions=(
        Assumption("minimiser", "the cross entropy has a minimiser f*", exists),
        Assumption(
            "free", "f is unrestricted: each context has a parameter vector of its own", Eq(parameters, contexts)
        ),
        Assumption("fixed", "Φ is fixed: the moments are taken with the features that f was fitted for", Eq(drift, 0)),
    ),
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=(
        Source(
            "Saunshi, Malladi, Arora",
            2021,
            "A Mathematical Exploration of Why Language Models Help Solve Downstream Tasks",
            "ICLR",
            "2010.03648",
        ),
        Source(
            "Wainwright, Jordan", 2008, "Graphical Models, Exponential Families, and Variational Inference", "chapter 3"
        ),
    ),
    non_claims=(
        "p_f* = p*: that needs the rows of Φ and the constants to span all functions of the words.",
        "f* is unique: it is not where the columns of Φ are affinely degenerate; only p_f* is.",
        "The subspace has dimension d: it has the rank of Φ, which may be smaller.",
        "Training by gradient descent reaches the minimiser: the claim is about the minimiser, whatever found it.",
        "Real text: its laws p* have many zeros, and whether Φp* is inside the hull is not measured here.",
    ),
)
