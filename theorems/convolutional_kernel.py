"""The tangent kernel of infinitely wide convolutional nets: a recursion over pairs of pixels.

For images x, x' each layer is one step at a pair of pixels (i, i'), the same as for fully connected nets, and one sum
over the filter's window of both pixels together.  The output layer reads every pixel for itself, which needs the pairs
i = i' only, or averages them first (global average pooling), which needs all pairs.  All claims are for ReLU, c = 2.
"""

from __future__ import annotations

from sympy import acos, pi, sqrt

from .convolutional_kernel_derivation import STEPS
from .convolutional_kernel_terms import (
    H,
    H_flat,
    H_gap,
    H_middle,
    H_own,
    H_self,
    H_shifted,
    H_shifts,
    K,
    K_dot,
    L,
    S_out,
    S_xx,
    S_xy,
    S_yy,
    U,
    U_all,
    U_diagonal,
    blank,
    energy,
    energy_last,
    m,
    mean_H,
    mean_self,
    pixels,
    q,
    spread_narrow,
    spread_wide,
    theta,
    theta_out,
    together,
    window_K,
    window_U,
)
from .statement import And, Assumption, Claim, Eq, Equivalent, Ge, Implies, Le, Ne, Saying, Source, Theorem

_norms = sqrt(S_xx * S_yy)
_cosine = S_xy / _norms

CLAIMS = (
    Claim(
        "window",
        Eq(S_out, sum(window_K)),
        words="Covariances of the next layer's patches: Σ^(h)_ii' = tr_q(K^(h))_ii', the sum over a window of both pixels "
        "moved together, with nothing from outside the image.",
        assumes=(),
        follows_from=("patches",),
    ),
    Claim(
        "activation",
        Eq(K, 2 / q**2 * (S_xy * (pi - acos(_cosine)) + sqrt(S_xx * S_yy - S_xy**2)) / (2 * pi)),
        words="Second moments after ReLU, K^(h) = (c/q²) E s(u)s(v), at every pair of pixels that are not parallel "
        "and not blank.",
        assumes=(),
        follows_from=("arc-cosine",),
    ),
    Claim(
        "slope",
        Eq(K_dot, 2 / q**2 * (pi - acos(_cosine)) / (2 * pi)),
        words="The same of the derivative of ReLU, K̇^(h) = (c/q²) E s'(u)s'(v).",
        assumes=(),
        follows_from=("arc-cosine", "slope"),
    ),
    Claim(
        "step",
        Eq(U, K_dot * theta + K),
        words="Tangents at a pair of pixels: K̇^(h) ⊙ Θ^(h-1) + K^(h).",
        assumes=(),
        follows_from=("product-rule",),
    ),
    Claim(
        "window-of-tangents",
        Eq(theta_out, sum(window_U)),
        words="Θ^(h) = tr_q(K̇^(h) ⊙ Θ^(h-1) + K^(h)) for all layers but the last; Θ^(0) = tr_q(K^(0)).",
        assumes=(),
        follows_from=("product-rule", "patches"),
    ),
    Claim(
        "flatten",
        Eq(H_flat, U_diagonal),
        words="Without pooling the kernel is Σ_i Θ^(L)_ii, where the last layer has no filter after it.",
        assumes=(),
        follows_from=("output",),
    ),
    Claim(
        "pooling",
        Eq(H_gap, U_all / pixels**2),
        words="With global average pooling it is the average of Θ^(L) over all pairs of pixels.",
        assumes=(),
        follows_from=("output",),
    ),
    Claim(
        "shift-invariance",
        Eq(H_shifted, H_gap),
        words="With circular padding and pooling the kernel does not change when an image is shifted circularly.",
        assumes=("circular",),
        follows_from=("relabel",),
    ),
    Claim(
        "average-over-shifts",
        Eq(pixels * H_gap, H_shifts),
        words="With circular padding, pooling is P Q times less than the average of the kernel without pooling over all "
        "shifts of one image.",
        assumes=("circular",),
        follows_from=("relabel", "output"),
    ),
    Claim(
        "energy",
        Eq(energy_last, energy),
        words="With circular padding the second moments of a layer, summed over pixels, are those of the image.",
        assumes=("circular",),
        follows_from=("parallel", "windows-of-a-pixel"),
    ),
    Claim(
        "energy-lost",
        Le(energy_last, energy),
        "bound",
        "Whatever the padding, they are at most those of the image: zero padding loses some at the border.",
        (),
        tight_at="circular padding, or a filter of one pixel",
        follows_from=("parallel", "windows-of-a-pixel"),
    ),
    Claim(
        "diagonal",
        Eq(H_self, (L + 1) * energy),
        words="With circular padding and without pooling, the kernel of an image with itself is (L + 1) |x|².",
        assumes=("circular",),
        follows_from=("parallel", "windows-of-a-pixel", "layers"),
    ),
    Claim(
        "diagonal-lost",
        Le(H_self, (L + 1) * energy),
        "bound",
        "Whatever the padding, it is at most that.",
        (),
        tight_at="circular padding, or a filter of one pixel",
        follows_from=("parallel", "windows-of-a-pixel", "layers"),
    ),
    Claim(
        "middle-layers",
        Implies(Ne(energy, 0), Equivalent(Eq(H_middle, 0), Eq(L, 1))),
        words="If the first and the last layer are not trained, one hidden layer leaves nothing, and deeper nets something.",
        assumes=(),
        follows_from=("product-rule",),
    ),
    Claim(
        "one-hidden-layer",
        Eq(mean_H, H),
        words="With one hidden layer the mean kernel of finite nets is the infinite one at every number of channels, also 1.",
        assumes=("shallow",),
        goal=0.5,
        follows_from=("channels",),
    ),
    Claim(
        "self-pairs",
        Eq(mean_self, H_own),
        words="Without pooling, the mean kernel of finite nets of an image with itself is the infinite one at every width "
        "and depth: there every pair of pixels meets itself, where each step is linear.",
        assumes=(),
        goal=0.5,
        follows_from=("parallel", "gates"),
    ),
    Claim(
        "rate",
        And(Ge(spread_narrow, 2 * spread_wide), Le(spread_narrow, 8 * spread_wide)),
        "limit",
        "H_m → H like 1/√m at initialisation: from m to 16 m channels the median of |H_m - H| at (x, x') falls to a "
        "quarter, tested as between a half and an eighth.  m is at least four for each hidden layer, and so large that "
        "two channels of the first layer are open at any two patches on average.",
        ("wide", "open_together"),
        goal=2.0,
        follows_from=("wide-layers",),
    ),
)  # fmt: skip

SAYINGS = (
    Saying(
        "dynamic-programming",
        "Kernel regression reminder and computation",
        "Dynamic programming algorithm to compute H* (also convnets).",
        And(Eq(S_out, sum(window_K)), Eq(theta_out, sum(window_U))),
        "SURVIVED",
        assumes=(),
    ),
    Saying(
        "exact-computation",
        "Kernel regression reminder and computation",
        "Exact computation via infinitely wide nets (with convolution + global avg. pooling).",
        Eq(pixels**2 * H_gap, U_all),
        "SURVIVED",
        assumes=(),
    ),
    Saying(
        "finite-nets-average",
        "Kernel regression reminder and computation",
        "The same read as a statement about nets: those of any width have the computed kernel on average.",
        Eq(mean_H, H),
        "REFUTED",
        "one-hidden-layer",
        assumes=(),
        goal=0.5,
    ),
)

THEOREM = Theorem(
    name="convolutional-kernel",
    title="The tangent kernel of infinitely wide convolutional nets",
    claims=CLAIMS,
    assumptions=(
        Assumption("circular", "no window looks outside of its image", Eq(blank, 0)),
        Assumption("shallow", "the net has one hidden layer", Eq(L, 1)),
        Assumption("wide", "there are at least four channels for each hidden layer", Ge(m, 4 * L)),
        Assumption(
            "open_together",
            "on average at least two channels of the first layer are open at any two patches that are not zero",
            Ge(m * together, 2),
        ),
    ),
    derivation=STEPS,
    sayings=SAYINGS,
    sources=(
        Source(
            "Arora, Du, Hu, Li, Salakhutdinov, Wang", 2019, "On Exact Computation with an Infinitely Wide Neural Net",
            "section 4 and appendix H", "1904.11955",
        ),
        Source("Li, Wang, Yu, Du, Hu, Salakhutdinov, Arora", 2019, "Enhanced Convolutional Neural Tangent Kernels", "", "1911.00809"),
        Source("Yang", 2019, "Scaling Limits of Wide Neural Networks with Weight Sharing", "", "1902.04760"),
        Source("Cho, Saul", 2009, "Kernel Methods for Deep Learning", "section 2"),
    ),
    non_claims=(
        "Nothing is said about accuracy on CIFAR10: that needs 50 000 images and is planned, not run.",
        "Pooled nets of two and more hidden layers are biased at every finite width, also on an image with itself; that the "
        "bias is O(1/m) is not claimed.",
        "The rate is tested between two widths on small images, and is no statement about training.  Of opposite patches "
        "the kernel is 0 at every width; of nearly opposite ones most narrow nets have the kernel 0 and H is not.",
        "Other activations, strides and biases are not covered.",
        "With zero padding the pooled kernel is not invariant to shifts.",
    ),
)  # fmt: skip
