"""Singular values of a deep linear net grow at a rate set by their own size.

The end-to-end matrix W = W_N … W_1 = Σ_r σ_r u_r v_rᵀ of a balanced net under gradient flow on a loss ℓ(W).
Notation: g_rs = u_rᵀ ∇ℓ(W) v_s; singular values are signed and unordered, as in the analytic decomposition.
Singular vectors outside the range count as singular values 0, and x⁰ = 1 for every x (also for x = 0).
"""

from __future__ import annotations

import sympy

from .deep_linear_derivation import STEPS
from .deep_linear_terms import (
    N,
    analytic_loss,
    decay,
    defect,
    defect_0,
    defect_next,
    defect_t,
    eta,
    g,
    g_out,
    g_rs,
    g_sr,
    gap,
    gram_lower,
    gram_rate_lower,
    gram_rate_upper,
    gram_upper,
    imbalance,
    rank_0,
    rank_t,
    rate_after,
    rate_before,
    sigma,
    sigma_0,
    sigma_1_0,
    sigma_1_t,
    sigma_2_0,
    sigma_2_t,
    sigma_dot,
    sigma_r,
    sigma_s,
    sigma_t,
    sign_0,
    sign_t,
    strength,
    strength_1,
    strength_2,
    t,
    target,
    target_1,
    target_2,
    turn,
    turn_out,
    turn_u,
    turn_v,
    velocity,
)
from .statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Ge,
    Gt,
    Implies,
    Le,
    Lt,
    Ne,
    Saying,
    Source,
    Theorem,
)

balanced = Assumption("balanced", "W_{j+1}^T W_{j+1} = W_j W_j^T for every j", Eq(imbalance, 0))
gradient_flow = Assumption(
    "gradient_flow",
    "every factor moves by minus its own gradient, in continuous time and without weight decay",
    And(Eq(eta, 0), Eq(decay, 0)),
)
distinct = Assumption("distinct", "singular values differ in absolute value (for singular vectors)", Ne(gap, 0))
analytic = Assumption("analytic", "the loss is an analytic function of the end-to-end matrix", analytic_loss)

_j = sympy.Symbol("j")
_pull = sympy.Sum((sigma_r**2) ** ((_j - 1) / N) * (sigma_s**2) ** ((N - _j) / N), (_j, 1, N))
_spread = (sigma_s**2) ** (1 / N) - (sigma_r**2) ** (1 / N)
_at_once = ("balanced", "gradient_flow")
_turning = ("balanced", "gradient_flow", "distinct")

MOMENT_CLAIMS = (
    Claim(
        "rate",
        Eq(sigma_dot, -N * (sigma**2) ** (1 - 1 / N) * g),
        words="Each signed singular value moves at a rate set by its own size and by the gradient along it.",
        assumes=_at_once,
        goal=1e-7,
        follows_from=("diagonal", "unit", "analytic-path"),
    ),
    Claim(
        "end-to-end",
        Eq(velocity, -_pull * g_rs),
        words="The end-to-end matrix moves by the gradient, each entry weighted by the singular values of its left and "
        "right direction: dW/dt = -Σ_j [W Wᵀ]^((j-1)/N) ∇ℓ(W) [Wᵀ W]^((N-j)/N) in singular coordinates.",
        assumes=_at_once,
        follows_from=("chain", "powers"),
    ),
    Claim(
        "left-vectors",
        Eq(turn_u * _spread, -(g_rs * sigma_s + sigma_r * g_sr)),
        words="Left singular vectors turn towards each other: u_rᵀ u̇_s = -(g_rs σ_s + σ_r g_sr) F_rs, "
        "F_rs = 1 / ((σ_s²)^(1/N) - (σ_r²)^(1/N)).",
        assumes=_turning,
        follows_from=("turns", "gap"),
    ),
    Claim(
        "right-vectors",
        Eq(turn_v * _spread, -(sigma_r * g_rs + g_sr * sigma_s)),
        words="Right singular vectors turn towards each other: v_rᵀ v̇_s = -(σ_r g_rs + g_sr σ_s) F_rs.",
        assumes=_turning,
        follows_from=("turns", "gap"),
    ),
    Claim(
        "complement",
        Eq(turn_out, -sympy.sign(sigma) * (sigma**2) ** (sympy.Rational(1, 2) - 1 / N) * g_out),
        words="Singular vectors of an oblong matrix turn out of their space, by the sign of the singular value.",
        assumes=_turning,
        follows_from=("out",),
    ),
    Claim(
        "balance-rate",
        Eq(gram_rate_upper, gram_rate_lower),
        words="W_{j+1}^T W_{j+1} and W_j W_j^T change at one rate, whether or not they agree.",
        assumes=("gradient_flow",),
        follows_from=("conserve",),
    ),
    Claim(
        "descent-balance",
        Eq(defect_next, defect + eta**2 * (gram_upper - gram_lower)),
        words="One step of gradient descent changes W_{j+1}^T W_{j+1} - W_j W_j^T in second order of the step only.",
        assumes=(),
        follows_from=("descent",),
    ),
    Claim(
        "directions",
        Le(turn, 2 * t),
        kind="limit",
        words="Where singular values meet on an analytic path, singular directions have a limit. Tested in this finite "
        "form: within t <= 1/3 they turn by at most 2t, on paths t A + t² B around a tie with |A| >= 1 and entries of "
        "B within [-1, 1].",
        assumes=("analytic",),
        follows_from=("analytic-path",),
    ),
)

MOMENT_SAYINGS = (
    Saying(
        "analytic",
        "Part 1, step 1",
        "Show that singular values and sing. vectors of end-to-end matrix M are analytic functions of time t.",
        Eq(rate_before, rate_after),
        expected="REFUTED",
        corrected="True of a signed and unordered decomposition; sorted, non-negative singular values have kinks where "
        "two meet or where one meets 0.",
        assumes=("analytic",),
    ),
    Saying(
        "theorem-3",
        "Part 1, Theorem 3",
        "The signed singular values of the product matrix W evolve by σ̇_r = -N (σ_r²)^(1-1/N) ⟨∇ℓ(W), u_r v_rᵀ⟩.",
        Eq(sigma_dot, -N * (sigma**2) ** (1 - 1 / N) * g),
        expected="SURVIVED",
        assumes=_at_once,
        goal=1e-7,
    ),
)

_fade = -(N - 2) / N
_same_pull = And(Eq(strength_1, strength_2), Gt(sigma_1_0, sigma_2_0))
_trained = ("balanced", "gradient_flow")

TRAINED_CLAIMS = (
    Claim(
        "conserved",
        Eq(defect_t, defect_0),
        words="The flow conserves W_{j+1}^T W_{j+1} - W_j W_j^T, from any start.",
        assumes=("gradient_flow",),
    ),
    Claim(
        "rank",
        Implies(Ge(N, 2), Eq(rank_t, rank_0)),
        words="From depth 2 on, the end-to-end matrix keeps its rank for all finite times.",
        assumes=_trained,
    ),
    Claim(
        "sign",
        Implies(Ge(N, 2), Eq(sign_t, sign_0)),
        words="From depth 2 on, its determinant keeps its sign.",
        assumes=_trained,
    ),
    Claim(
        "logistic",
        Eq(sigma_t, target * sympy.exp(2 * target * t) / (sympy.exp(2 * target * t) - 1 + target / sigma_0)),
        words="At depth 2, an aligned mode under ½(σ - s)² grows logistically.",
        assumes=_trained,
    ),
    Claim(
        "escape",
        Implies(Eq(N, 2), Eq(2 * strength * t, sympy.log(sigma_t / sigma_0))),
        words="At depth 2, a mode leaves its start exponentially: the escape time is logarithmic in the start.",
        assumes=_trained,
    ),
    Claim(
        "escape-deep",
        Implies(Ge(N, 3), Eq((N - 2) * strength * t, sigma_0**_fade - sigma_t**_fade)),
        words="From depth 3 on, the escape time is a power of the start.",
        assumes=_trained,
    ),
    Claim(
        "modes-shallow",
        Implies(Eq(N, 1), Eq(strength_2 * (sigma_1_t - sigma_1_0), strength_1 * (sigma_2_t - sigma_2_0))),
        words="At depth 1, two modes under constant gradients grow in proportion to their gradients.",
        assumes=_trained,
    ),
    Claim(
        "modes-two",
        Implies(Eq(N, 2), Eq(sigma_1_t / sigma_1_0, (sigma_2_t / sigma_2_0) ** (strength_1 / strength_2))),
        words="At depth 2, one mode is a power of the other.",
        assumes=_trained,
    ),
    Claim(
        "modes-deep",
        Implies(
            Ge(N, 3),
            Eq(
                strength_2 * (sigma_1_0**_fade - sigma_1_t**_fade),
                strength_1 * (sigma_2_0**_fade - sigma_2_t**_fade),
            ),
        ),
        words="From depth 3 on, a difference of negative powers is conserved: the weaker mode saturates.",
        assumes=_trained,
    ),
    Claim(
        "rich-get-richer",
        Implies(And(Ge(N, 3), _same_pull), Gt(sigma_1_t * sigma_2_0, sigma_1_0 * sigma_2_t)),
        kind="bound",
        words="From depth 3 on, of two modes pulled alike the larger one grows by the larger factor.",
        assumes=_trained,
        tight_at="t → 0",
    ),
    Claim(
        "rich-stay-rich",
        Implies(And(Eq(N, 2), _same_pull), Eq(sigma_1_t * sigma_2_0, sigma_1_0 * sigma_2_t)),
        words="At depth 2 they grow by the same factor.",
        assumes=_trained,
    ),
    Claim(
        "rich-get-caught",
        Implies(And(Eq(N, 1), _same_pull), Lt(sigma_1_t * sigma_2_0, sigma_1_0 * sigma_2_t)),
        kind="bound",
        words="At depth 1 the smaller one grows by the larger factor.",
        assumes=_trained,
        tight_at="t → 0",
    ),
    Claim(
        "one-after-another",
        Implies(
            And(Eq(N, 2), Le(sigma_1_t, target_1 / 2)),
            Le(sigma_2_t, sigma_2_0 * (target_1 / sigma_1_0) ** (target_2 / target_1)),
        ),
        kind="bound",
        goal=1e-4,
        words="At depth 2, while the first mode is below half of its target, the second is at most of the order of "
        "start^(1 - s_2/s_1): small where there is a gap and the start is small.",
        assumes=_trained,
        tight_at="sigma_1 at half of its target, both starts small",
    ),
)

TRAINED_SAYINGS = (
    Saying(
        "rich-get-richer-always",
        "Part 1, Theorem 3",
        "rich get richer",
        Implies(_same_pull, Gt(sigma_1_t * sigma_2_0, sigma_1_0 * sigma_2_t)),
        expected="REFUTED",
        corrected="Of two modes pulled alike, the larger one gains ground only from depth 3 on; at depth 2 their ratio "
        "stays, at depth 1 it shrinks.",
        kind="bound",
        assumes=_trained,
    ),
    Saying(
        "one-by-one",
        "Part 1, Theorem 3",
        "Sing. directions grow one by one, not all at once",
        Implies(
            And(Le(target_1 / 4, sigma_1_t), Le(sigma_1_t, target_1 / 2)),
            Le(sigma_2_t, target_2 / 10),
        ),
        expected="REFUTED",
        corrected="Only with a gap between the gradients along them and from a small start; tied directions grow "
        "together.",
        kind="bound",
        assumes=_trained,
    ),
)

THEOREM = Theorem(
    name="singular-value-ode",
    title="Singular values of a deep linear net",
    claims=(
        *MOMENT_CLAIMS,
        *TRAINED_CLAIMS,
    ),
    assumptions=(balanced, gradient_flow, distinct, analytic),
    derivation=STEPS,
    sayings=(*MOMENT_SAYINGS, *TRAINED_SAYINGS),
    sources=(
        Source(
            "Arora, Cohen, Hu, Luo",
            2019,
            "Implicit Regularization in Deep Matrix Factorization",
            "Theorem 3, Lemmas 1 and 2",
            "1905.13655",
        ),
        Source(
            "Arora, Cohen, Hazan",
            2018,
            "On the Optimization of Deep Networks: Implicit Acceleration by Overparameterization",
            "Theorem 1",
            "1802.06509",
        ),
    ),
    non_claims=(
        "That gradient descent with a finite step follows this ordinary differential equation: only its balance is exact.",
        "That small Gaussian initialisation is balanced: its imbalance is small in absolute terms only.",
        "That singular values which are sorted and non-negative are differentiable.",
        "That the limit of training has low rank, or small nuclear norm.",
    ),
)
