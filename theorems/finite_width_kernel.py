"""The tangent kernel of a net of finite width at initialisation: exact laws, and the rate at which it becomes H*.

At every width, one unit included, one hidden layer has the kernel H* on average and |H_m - H*|² on average V/m, with V
in closed form for ReLU.  Deeper ReLU nets keep the diagonal and their moments exactly, at any widths; off the diagonal
their mean differs from H*, by O(1/m).  The talk's "H → H* as width → ∞" is, at time 0, the rate 1/√m, as long as m/L is
large: the widths that count are those relative to the depth, and to the kurtosis of a unit's share of the kernel.
"""

from __future__ import annotations

from sympy import Rational

from .finite_width_kernel_derivation import STEPS
from .finite_width_kernel_terms import (
    A_fourth,
    H_diagonal,
    H_mean,
    H_mean_a,
    H_mean_b,
    H_standard,
    H_star,
    L,
    deviation,
    f_fourth,
    gap_a,
    gap_b,
    hstar,
    k_a,
    k_b,
    kappa,
    kurtosis,
    lower_gap,
    m,
    m_a,
    m_b,
    n_x,
    n_y,
    q,
    relu,
    share_second,
    variance,
)
from .statement import And, Assumption, Claim, Eq, Ge, Le, Lt, Saying, Source, Theorem

ONE, NTK, RELU, WIDE, LOWER = "one_hidden_layer", "ntk_parameterisation", "relu_activation", "wide", "same_lower_widths"
COMMON = "no_rare_units"
fourth = n_x**4 * (1 + 5 / m_a) ** k_a * (1 + 5 / m_b) ** k_b
between = And(Ge(gap_a, q ** Rational(2, 5) * gap_b), Le(gap_a, q ** Rational(3, 5) * gap_b))

CLAIMS = (
    Claim(
        "mean",
        Eq(H_mean, H_star),
        words="One hidden layer: the kernel of a net of any width, one unit included, is H* on average.",
        assumes=(ONE, NTK),
        goal=0.1,
        follows_from=("average",),
    ),
    Claim(
        "mean-closed-form",
        Eq(H_mean, n_x * n_y * hstar),
        words="One hidden ReLU layer: E H_m(x, x') = |x||x'| (sin θ + 2(π-θ) cos θ)/π at every width.",
        assumes=(ONE, NTK, RELU),
        goal=0.1,
        follows_from=("relu-mean",),
    ),
    Claim(
        "variance",
        Eq(deviation, n_x**2 * n_y**2 * variance / m),
        words="One hidden ReLU layer: E |H_m - H*|² = V/m at every width, V/H*² = 3 on the diagonal.",
        assumes=(ONE, NTK, RELU),
        goal=0.1,
        follows_from=("relu-variance",),
    ),
    Claim(
        "diagonal",
        Eq(H_diagonal, (L + 1) * n_x**2),
        words="ReLU nets of any depth and any widths: E H_m(x, x) = (L+1)|x|².",
        assumes=(NTK, RELU),
        goal=0.15,
        follows_from=("shares",),
    ),
    Claim(
        "standard-parameterisation",
        Eq(H_standard, n_x**2 * (1 + k_a * m_a / 2 + k_b * m_b / 2)),
        words="In the standard parameterisation each layer but the first adds half its width: the kernel of ReLU nets "
        "grows like their widths and has no limit.",
        assumes=(RELU,),
        goal=0.15,
        follows_from=("standard-factors",),
    ),
    Claim(
        "feature-moment",
        Eq(A_fourth, fourth),
        words="ReLU nets of any widths: E |A_L|⁴ = |x|⁴ Π_h (1 + 5/m_h): spread of relative size sqrt(5L/m).",
        assumes=(RELU,),
        goal=0.2,
        follows_from=("layers",),
    ),
    Claim(
        "output-moment",
        Eq(f_fourth, 3 * fourth),
        words="ReLU nets of any widths: E f⁴ = 3|x|⁴ Π_h (1 + 5/m_h): heavier tails than a Gaussian of variance |x|².",
        assumes=(RELU,),
        goal=0.5,
        follows_from=("layers", "output"),
    ),
    Claim(
        "first-layer-share",
        Eq(share_second, fourth),
        words="ReLU nets of any widths: the first layer's share of H_m(x, x) has the second moment of |A_L|², the last "
        "layer's: backwards a layer has the law that it has forwards.",
        assumes=(RELU,),
        goal=0.25,
        follows_from=("backward",),
    ),
    Claim(
        "last-width",
        Eq(H_mean_a, H_mean_b),
        words="Any depth and activation: E H_m does not depend on the width of the last hidden layer.",
        assumes=(NTK, LOWER),
        goal=0.35,
        follows_from=("last-average",),
    ),
    Claim(
        "rate",
        between,
        "limit",
        "The median of |H_m - H*| shrinks like 1/√m, with an exponent between 2/5 and 3/5 from width m ≥ 30 L to 64 m, "
        "where no unit is so rare that most nets of width m lack it: kurtosis ≤ 4 m.",
        (NTK, WIDE, COMMON),
        goal=1.0,
        follows_from=("law-of-large-numbers", "rare-units"),
    ),
)

DETAILS = "Part 1, Details (fully connected nets)"
SAYINGS = (
    Saying(
        "as-width-grows",
        DETAILS,
        "As width → ∞, H(t) → H*, at t = 0: in the talk's parameterisation, relative to the depth and to the kurtosis.",
        Lt(gap_b, gap_a),
        "SURVIVED",
        "rate",
        "limit",
        (NTK, WIDE, COMMON),
        1.0,
    ),
    Saying(
        "as-width-grows-unscaled",
        DETAILS,
        "As width → ∞, H(t) → H*, at t = 0, whatever factors the net is parameterised with.",
        Lt(gap_b, gap_a),
        "REFUTED",
        "as-width-grows",
        "limit",
        (WIDE, COMMON),
        1.0,
    ),
    Saying(
        "expected-kernel",
        DETAILS,
        "H* is the expected kernel of a finite net, of whatever depth.",
        Eq(H_mean, H_star),
        "REFUTED",
        "mean",
        assumes=(NTK,),
        goal=0.1,
    ),
)

THEOREM = Theorem(
    name="finite-width-kernel",
    title="The tangent kernel of finite nets at initialisation",
    claims=CLAIMS,
    assumptions=(
        Assumption(ONE, "the net has one hidden layer", Eq(L, 1)),
        Assumption(
            NTK,
            "standard normal weights and a factor sqrt(c/m) at every hidden layer: each layer's gradient has the "
            "talk's size",
            Eq(kappa, 1),
        ),
        Assumption(RELU, "the activation is ReLU", relu),
        Assumption(
            WIDE,
            "every hidden layer is at least 30 times as wide as the net is deep, and the wider net 64 times as wide again",
            And(Ge(m, 30 * L), Ge(q, 64)),
        ),
        Assumption(
            COMMON,
            "the kurtosis of what a unit adds to the kernel of one hidden layer is at most four times the width",
            Ge(4 * m, kurtosis),
        ),
        Assumption(LOWER, "both nets agree in all hidden widths but the last", Eq(lower_gap, 0)),
    ),
    derivation=STEPS,
    sayings=SAYINGS,
    sources=(
        Source(
            "Jacot, Gabriel, Hongler", 2018, "Neural tangent kernel: convergence and generalization in neural networks",
            "Theorem 1", "1806.07572",
        ),
        Source(
            "Arora, Du, Hu, Li, Salakhutdinov, Wang", 2019, "On exact computation with an infinitely wide neural net",
            "Theorem 3.1", "1904.11955",
        ),
        Source("Hanin, Nica", 2020, "Finite depth and width corrections to the neural tangent kernel", "Section 3", "1909.05989"),
        Source("Cho, Saul", 2009, "Kernel methods for deep learning", "arc-cosine kernels"),
    ),
    non_claims=(
        "Nothing is said of training: only the kernel at time 0 is averaged.",
        "Off the diagonal E H_m differs from H* for two hidden layers and more; the size of that bias, O(1/m), is not "
        "claimed, and for some pairs its leading coefficient vanishes.",
        "The rate is stated for medians: means of |H_m - H*| of deep narrow nets are dominated by rare nets.",
        "The four of kurtosis ≤ 4 m is sufficient for a normal part with rare equal jumps, the worst law that was found: "
        "there the exponent falls below 2/5 from 5 m on; for ReLU near antipodes and erf at large norms from some 16 m on.",
        "With L/m constant H_m keeps a random limit: 'width → ∞' alone, with depth growing too, is not enough.",
        "No dimension of the inputs enters: kernels depend on norms and angles only.",
    ),
)  # fmt: skip
