"""Training of wide nets: when the kernel of the start, or of infinite width, tells where a net goes.

Two kinds of statement.  *Bounds* hold for every net, of any width: they say how far the outputs may be from the linear
flow e^(-tM) of a fixed kernel M, in terms of how far the net's own kernel H(s) was from M until then, and how far
kernels can drift.  *Rates* are about infinite width, and stated in the finite form that is tested: medians over
independent nets of width m and 16 m, whose ratio is 4 for 1/√m and 16 for 1/m.
"""

from __future__ import annotations

from sympy import Max, Rational, exp, sqrt

from theorems.statement import And, Assumption, Claim, Eq, Gt, Implies, Le, Lt, Saying, Source, Theorem

from .lazy_terms import (
    STEPS,
    X_norm,
    away,
    away_a,
    away_b,
    begins,
    corrected_a,
    corrected_b,
    decay,
    drift,
    drift_a,
    drift_b,
    early_a,
    early_b,
    ends,
    gap,
    kinks,
    lam,
    left_b,
    loss_0,
    loss_t,
    m,
    plain_a,
    plain_b,
    positive_kernel,
    r_0,
    r_t,
    rho,
    sharpest,
    slope_gap,
    speed,
    start,
    steepest,
    t,
    unlearned_b,
)

square_loss = Assumption("square_loss", "the loss is ½ Σ (u_i - y_i)²", Eq(slope_gap, 0))
gradient_flow = Assumption("gradient_flow", "continuous time, without weight decay", Eq(decay, 0))
ntk_parameterisation = Assumption(
    "ntk_parameterisation", "f = √(c/m) Σ a_r σ(w_r·x), all weights of order 1 and trained at one rate", Eq(speed, 1)
)
gentle = Assumption("gentle", "|σ'| ≤ 1 and |σ''| ≤ 1", And(Le(steepest, 1), Le(sharpest, 1)))
cancelled = Assumption("cancelled", "the net is 0 at the start: units come in pairs of opposite sign", Eq(start, 0))
positive_definite = Assumption("positive_definite", "H* is positive definite on the inputs", positive_kernel)

_flow = ("square_loss", "gradient_flow")
_wide = (*_flow, "ntk_parameterisation")
_tight = "one input, M above the kernel of the net, t → 0"
_fiftieth = Rational(1, 50)
INFORMATIVE = 4.0
"""Bounds and ratios of medians are of use where they are known to a factor of a few."""

LINEAR = Claim(
    "linear-flow",
    Eq(ends, begins * exp(-lam * t)),
    words="The flow q' = -M q that nets are compared with is e^(-tM) q_0: along the first eigenvector it falls as e^(-λt).",
    assumes=(),
    goal=1e-6,
    follows_from=("eigenvector",),
)
BOUNDS = (
    Claim(
        "short-time",
        Le(gap, away * r_0 * t),
        "bound",
        "Outputs stay within D r_0 t of the linear flow of any fixed positive semidefinite M, D the largest distance of the "
        "net's kernel from M so far.",
        _flow,
        goal=INFORMATIVE,
        tight_at=_tight,
        follows_from=("short-time",),
    ),
    Claim(
        "duhamel",
        Le(lam * gap, away * r_0 * (1 - exp(-lam * t))),
        "bound",
        "Within D r_0 (1 - e^(-λt))/λ: at most D r_0/λ at all times, λ the smallest eigenvalue of M.",
        _flow,
        goal=INFORMATIVE,
        tight_at=_tight,
        follows_from=("constant-residual",),
    ),
    Claim(
        "duhamel-falling",
        Le(gap, r_0 * exp(-lam * t) * (exp(away * t) - 1)),
        "bound",
        "Within r_0 e^(-λt) (e^(Dt) - 1), which goes to 0 if the kernel stays within λ of M.",
        _flow,
        goal=INFORMATIVE,
        tight_at="one input, a kernel that stays D below M",
        follows_from=("falling-residual",),
    ),
    Claim(
        "convergence",
        Le(r_t, r_0 * exp(-Max(lam - away, 0) * t)),
        "bound",
        "The residual never grows, and while the kernel stays within λ of M it falls at least as fast as e^(-(λ - D)t).",
        _flow,
        goal=INFORMATIVE,
        tight_at="one input, a kernel that stays D below M",
        follows_from=("comparison",),
    ),
    Claim(
        "drift-bound",
        Le(sqrt(m) * drift, 2 * rho * X_norm**3 * r_0 * t),
        "bound",
        "Two layers of which the first is trained: |H(t) - H(0)| ≤ 2 ρ |X|³ |u_0 - y| t / √m, ρ the largest norm of an "
        "input and |X| the spectral norm of all of them.",
        (*_wide, "gentle"),
        goal=1e-3,
        tight_at="units at rest with σ' = |σ''| = 1, copies of one input, t → 0",
        follows_from=("units",),
    ),
    Claim(
        "drift-energy",
        Le(m * drift**2, 4 * rho**2 * X_norm**4 * t * (loss_0 - loss_t)),
        "bound",
        "Under any loss |H(t) - H(0)| ≤ 2 ρ |X|² √(t (L(0) - L(t)) / m): it grows with the root of time only.",
        ("gradient_flow", "ntk_parameterisation", "gentle"),
        goal=1e-3,
        tight_at="units at rest with σ' = |σ''| = 1, copies of one input, t → 0",
        follows_from=("units", "cauchy-schwarz"),
    ),
)

RATES = (
    Claim(
        "drift-smooth",
        Implies(Eq(kinks, 0), And(Le(8 * drift_b, drift_a), Le(drift_a, 32 * drift_b))),
        "limit",
        "The kernel of a net of smooth units moves by about 1/m.  Tested: an exponent of 1 ± ¼ between m and 16 m.",
        _wide,
        goal=INFORMATIVE,
        follows_from=("wide",),
    ),
    Claim(
        "drift-kinked",
        Implies(Eq(kinks, 1), And(Le(2 * drift_b, drift_a), Le(drift_a, 8 * drift_b))),
        "limit",
        "That of a ReLU net moves by about 1/√m.  Tested: an exponent of ½ ± ¼ between m and 16 m.",
        _wide,
        goal=INFORMATIVE,
        follows_from=("wide",),
    ),
    Claim(
        "kernel-stays",
        Le(2 * away_b, away_a),
        "limit",
        "The kernel goes to H* and stays there until the end of training, by about 1/√m.  Tested: it comes closer at least "
        "by a factor of 2 from m to 16 m.",
        _wide,
        goal=INFORMATIVE,
        follows_from=("wide",),
    ),
    Claim(
        "early",
        Le(2 * early_b, early_a),
        "limit",
        "Early in training u - y goes to e^(-tH*)(u_0 - y), by about 1/√m.  Tested: closer at least by a factor of 2.",
        _wide,
        goal=INFORMATIVE,
        follows_from=("wide",),
    ),
    Claim(
        "regression",
        Le(2 * corrected_b, corrected_a),
        "limit",
        "At the end f(x) goes to f_0(x) + k_xᵀ H*⁺ (y - u_0), by about 1/√m.  Tested: closer at least by a factor of 2.",
        _wide,
        goal=INFORMATIVE,
        follows_from=("wide", "regression"),
    ),
    Claim(
        "regression-from-zero",
        Le(2 * plain_b, plain_a),
        "limit",
        "A net that is 0 at the start goes to the kernel regression k_xᵀ H*⁺ y.  Tested: closer at least by a factor of 2.",
        (*_wide, "cancelled"),
        goal=INFORMATIVE,
        follows_from=("wide", "regression"),
    ),
    Claim(
        "fits",
        Le(left_b, _fiftieth),
        "limit",
        "Wide nets learn their labels.  Tested: at 8/λ less than a fiftieth of the residual is left at width 16 m.",
        (*_wide, "positive_definite"),
        goal=INFORMATIVE,
        follows_from=("wide",),
    ),
    Claim(
        "unlearned",
        And(Le(unlearned_b - _fiftieth, left_b), Le(left_b, unlearned_b + _fiftieth)),
        "limit",
        "Where H* is singular, the part of the residual in its null space is never learned, and all else is.",
        _wide,
        goal=INFORMATIVE,
        follows_from=("wide",),
    ),
)

THEOREM = Theorem(
    name="lazy-training",
    title="Training of wide nets and kernel regression",
    claims=(LINEAR, *BOUNDS, *RATES),
    assumptions=(square_loss, gradient_flow, ntk_parameterisation, gentle, cancelled, positive_definite),
    derivation=STEPS,
    sayings=(
        Saying(
            "for-all-t",
            "Details (fully connected nets)",
            "As width → ∞, ∀t H(t) → H*",
            Le(2 * away_b, away_a),
            expected="REFUTED",
            corrected="True in the tangent-kernel parameterisation, under gradient flow on the square loss without weight "
            "decay; mean-field nets keep moving, standard ones have another limit, and weight decay empties the kernel.",
            kind="limit",
            goal=INFORMATIVE,
            assumes=("square_loss",),
        ),
        Saying(
            "l2-regression",
            "Details (fully connected nets)",
            "GD trajectory → ℓ₂ regression w.r.t. kernel H*",
            Le(2 * plain_b, plain_a),
            expected="REFUTED",
            corrected="f_∞(x) → f_0(x) + k_xᵀ H*⁻¹ (y − u_0): the output of the start stays, unless it is cancelled.",
            kind="limit",
            goal=INFORMATIVE,
            assumes=_wide,
        ),
        Saying(
            "other-limits",
            "Details (fully connected nets)",
            "Infinitely wide nets definable in multiple ways; not all reduce to NTK regression",
            And(Gt(speed, 1), Lt(drift_a, 2 * drift_b), Gt(drift_b, Rational(1, 10))),
            expected="WITNESSED",
            kind="existence",
            assumes=_flow,
        ),
    ),
    sources=(
        Source(
            "Jacot, Gabriel, Hongler", 2018,
            "Neural Tangent Kernel: Convergence and Generalization in Neural Networks", "Theorems 1 and 2", "1806.07572",
        ),
        Source("Chizat, Oyallon, Bach", 2019, "On Lazy Training in Differentiable Programming", "Section 2", "1812.07956"),
        Source(
            "Arora, Du, Hu, Li, Salakhutdinov, Wang", 2019,
            "On Exact Computation with an Infinitely Wide Neural Net", "Theorem 3.2", "1904.11955",
        ),
        Source(
            "Lee, Xiao, Schoenholz, Bahri, Novak, Sohl-Dickstein, Pennington", 2019,
            "Wide Neural Networks of Any Depth Evolve as Linear Models Under Gradient Descent", "Theorem 2.1", "1902.06720",
        ),
    ),
    non_claims=(
        "That the rates hold at depths that grow with the width: here nets have one hidden layer.",
        "That the constants in front of 1/√m and 1/m are known: only their exponents are tested, within ± ¼.",
        "That a judge applied the formulas e^(-tH*)(u_0 - y) and f_0 + k_x H*⁺ (y - u_0) of the rates: what is measured "
        "is the distance from them, and only that it vanishes is judged (the linear flow of the bounds is integrated).  What speaks for the formulas are their "
        "competitors, whose distances do not vanish: without f_0 (refuted here); with 1.3 H*, 1.3 k_x or the kernel of "
        "the Gaussian process in place of H* (refuted in the tests).  Limits that are off by a tenth are not told apart.",
        "That a wide net trained with cross-entropy stays lazy for all times: its weights never stop.",
        "That descent with finite steps, momentum or mini-batches has the same limit.",
        "That kernel regression predicts well.",
    ),
)  # fmt: skip
