"""The support theorem: a generator of few images wins against every discriminator of a size, within ε.

Discriminators D_v have values in [0, 1] and are L-Lipschitz in p parameters v from a ball of radius R.  Among m
independent real images the gap sup_v |E D_v - mean D_v| exceeds ε with probability P.  Most claims bound m by what P
is: if after m images the gap still exceeds ε with probability P, then m is at most so much.  Read the other way: from
that m on, P is at most δ, and below 1 there are m real images on which the generator wins.

That random images fail does not say that chosen ones do: on the bit tables here an image and its complement win exactly.
What no generator of k images can do, whatever its images and weights, is claimed on tables that show every pattern.
"""

from __future__ import annotations

from sympy import Abs, ceiling, log, sqrt

from theorems.discriminator_support_derivation import DERIVATION
from theorems.discriminator_terms import (
    Delta,
    L,
    L_phi,
    R,
    advantage,
    bits,
    changed,
    copies,
    distance,
    distinct,
    eps,
    extent,
    heaviest,
    k,
    least,
    log_delta,
    log_moment,
    log_P,
    m,
    moved,
    net,
    p,
    phi_largest,
    points,
    q,
    r,
    reach,
    s,
    steepest,
    support,
)
from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Ge,
    Gt,
    Implies,
    Le,
    Lt,
    Saying,
    Source,
    Theorem,
)

ALL = ("lipschitz", "radius", "bounded", "independent")
sharp = p * log(1 + 4 * L * R / (k * eps)) + log(2)
loose = p * log(1 + 8 * L * R / eps)

CLAIMS = (
    Claim(
        "support",
        Implies(Gt(eps, 2 * r), Le(2 * m * (eps - 2 * r) ** 2, log(net) + log(2) - log_P)),
        "bound",
        "If every discriminator is within r of one of N, then m images leave a gap above ε with a probability P of at "
        "most 2N exp(-2m(ε - 2r)²).",
        ("bounded", "independent"),
        tight_at="many independent fair bits, each with a cluster of discriminators around it",
        follows_from=("transfer", "hoeffding", "union-bound"),
    ),
    Claim(
        "net-size",
        Eq(net, ceiling(L * R / r) ** p),
        words="For L-Lipschitz discriminators on the cube [-R, R]^p with the distance of the largest coordinate, ⌈LR/r⌉^p "
        "parameters are such a net, and no fewer cover the cube.",
        assumes=(),
        follows_from=("net-product",),
    ),
    Claim(
        "support-lipschitz",
        Le(2 * ((1 - k) * eps) ** 2 * m, sharp - log_P),
        "limit",
        "The support theorem, for every k in (0, 1): if m ≥ (p ln(1 + 4LR/(kε)) + ln 2/δ)/(2((1 - k)ε)²) then P(gap > ε) ≤ δ. "
        "Here solved for m at δ = P.  For bit tables the two sides come together as L grows and k falls, so that neither "
        "the ½, nor the exponent 2, nor the power 1 of the logarithm can be improved.",
        ALL,
        goal=1e-5,
        follows_from=("combine", "sharpness"),
    ),
    Claim(
        "enough-images",
        Implies(Ge(2 * ((1 - k) * eps) ** 2 * m, sharp - log_delta), Le(log_P, log_delta)),
        "limit",
        "The same with a probability δ that was chosen beforehand.",
        ALL,
        goal=1e-5,
        follows_from=("combine",),
    ),
    Claim(
        "every-generator",
        Implies(Le(support, p * bits), Eq((1 - least) * p * log(1 + 2 * L * R / sqrt(p)), support * log(2))),
        words="The logarithm is needed, by any generator: p cells of n equally likely images, with a knot for each of the 2^n "
        "patterns of a cell (n bits), have 1 + 2LR/√p = 2^n.  The least gap of all generators of d ≤ pn images, whatever the images "
        "and their weights, is 1 - d/(pn).  So (1 - ε) p log₂(1 + 2LR/√p) images are needed for a win within ε.",
        assumes=("uniform",),
        follows_from=("corners",),
    ),
    Claim(
        "measuring-function",
        Le(
            2 * ((1 - k) * eps) ** 2 * m,
            4 * Delta**2 * (p * log(1 + 4 * L * L_phi * R / (k * eps)) + log(2) - log_P),
        ),
        "limit",
        "Other objectives: for E φ(D) with an L_φ-Lipschitz φ of values in [-Δ, Δ], m grows by 4Δ² and L by L_φ.",
        ("lipschitz", "radius", "independent", "bounded_phi"),
        goal=1e-5,
        follows_from=("measuring-function",),
    ),
    Claim(
        "existence",
        Implies(Gt(m, 2 / eps**2 * (loose + log(2))), Lt(log_P, 0)),
        "limit",
        "From m > (2/ε²)(p ln(1 + 8LR/ε) + ln 2) on, some m real images are won with: P(gap > ε) < 1.",
        ALL,
        goal=1e-5,
        follows_from=("existence",),
    ),
    Claim(
        "lipschitz-transfer",
        Le(moved, 2 * L * distance),
        "bound",
        "From v to w, E D - mean D moves by at most 2L|v - w|.",
        ("lipschitz",),
        tight_at="a sample of one image whose bit rises where those of nearly all others fall",
        follows_from=("transfer",),
    ),
    Claim(
        "lipschitz-attained",
        Eq(changed, steepest * distance),
        words="Within one segment of a row of bits that differ, |D_v - D_w| = L|v - w|, with the steepest slope between neighbouring "
        "knots for L: true of any straight line, and checked because the instances rest on it.",
        assumes=(),
    ),
    Claim(
        "hoeffding-moment",
        Le(log_moment, s**2 / 8),
        "bound",
        "Hoeffding's lemma: ln E exp(s (D - E D)) ≤ s²/8 for D in [0, 1].",
        ("bounded",),
        tight_at="a fair bit, as s falls to 0",
        follows_from=("hoeffding-lemma",),
    ),
    Claim(
        "union-bound",
        Le(log_P, log(net) + log(q)),
        "bound",
        "Some of N discriminators deviates with at most N times the probability of one.",
        (),
        tight_at="one discriminator, or rare deviations",
        follows_from=("union-bound",),
    ),
    Claim(
        "one-parameter",
        Eq(advantage, 1 - distinct / points),
        words="One parameter without a Lipschitz bound, D_v(x) = 1 where sin(v x) ≥ 0, tells any d of the n images 1, 2, 4, …, "
        "2^(n - 1), equally likely, from the rest: some v has mean D_v - E D_v = 1 - d/n.",
        assumes=(),
    ),
)

SLIDE = "Part 2, Mode Collapse"
PAPER = SLIDE + ": the theorem behind it"
part = eps / (2 * Delta)
SAYINGS = (
    Saying(
        "support-loose",
        PAPER,
        "m ≥ (2/ε²)(p ln(1 + 8LR/ε) + ln 2/δ) images suffice (explicit constants in place of a universal C).",
        Le(eps**2 * m / 2, loose + log(2) - log_P),
        "SURVIVED",
        assumes=ALL,
        goal=1e-5,
    ),
    Saying(
        "with-high-probability",
        PAPER,
        "With probability 1 - exp(-p): m ≥ (2/ε²)(p ln(1 + 8LR/ε) + p + ln 2).",
        Implies(Ge(eps**2 * m / 2, loose + p + log(2)), Le(log_P, -p)),
        "SURVIVED",
        assumes=ALL,
        goal=1e-5,
    ),
    Saying(
        "N-log-N",
        SLIDE,
        "If discriminator size = N, then ∃ generator that generates a distribution supported on O(N log N) images, and still "
        "wins against all possible discriminators.  Read with the constant 1, 1/ε² and ε = 1/10: some generator of 100 N ln N "
        "images, N ≥ 2, weighted or not, has a gap of at most ε.",
        Implies(And(Ge(p, 2), Ge(10 * eps, 1), Ge(support, 100 * p * log(p))), Le(least, eps)),
        "REFUTED",
        "every-generator",
        assumes=("lipschitz", "radius", "bounded"),
    ),
    Saying(
        "size-alone",
        SLIDE,
        "The same with 'size' the number of parameters and nothing else: of 1000 p ln(1 + p) images some leave a gap of at most "
        "¼ (P < 1).",
        Implies(And(Ge(4 * eps, 1), Ge(m, 1000 * p * log(1 + p))), Lt(log_P, 0)),
        "REFUTED",
        "support-lipschitz",
        assumes=(),
    ),
    Saying(
        "wins-exactly",
        SLIDE,
        "… and still wins against all possible discriminators.  Read literally: some generator of a thousand images a "
        "parameter, weighted or not, leaves no gap.",
        Implies(Ge(support, 1000 * p), Le(least, 0)),
        "REFUTED",
        "every-generator",
        assumes=("lipschitz", "radius", "bounded"),
    ),
    Saying(
        "N-log-N-corrected",
        SLIDE,
        "The same where it holds: (2/ε²)(N ln(1 + 8LR/ε) + ln 2) images and one more, for a win within ε against all "
        "discriminators that are L-Lipschitz in N parameters of norm at most R.",
        Implies(Ge(m, 2 / eps**2 * (loose + log(2)) + 1), Lt(log_P, 0)),
        "SURVIVED",
        assumes=ALL,
        goal=1e-5,
    ),
    Saying(
        "incapable",
        SLIDE,
        'Small discriminators inherently incapable of detecting "mode collapse".  Read as: a size of at most ε²m/4 '
        "(in p ln(1 + 8LR/ε), and ε²m ≥ 4) leaves some m images that no discriminator tells from all of them.",
        Implies(And(Le(loose, eps**2 * m / 4), Ge(eps**2 * m, 4)), Lt(log_P, 0)),
        "SURVIVED",
        assumes=ALL,
        goal=1e-5,
    ),
    Saying(
        "epsilon-net",
        SLIDE,
        'suffices to consider "ε-net": from v to a w of the net the difference of the means moves by at most 2L|v - w|, '
        "so that the net's gap lacks at most 2r, r = L|v - w|.",
        Le(Abs(moved), 2 * L * distance),
        "SURVIVED",
        assumes=("lipschitz",),
    ),
    Saying(
        "tweaking-objectives",
        SLIDE,
        "tweaking objectives … doesn't help, read as: for every φ with values in [-Δ, Δ] the number of images of the plain "
        "objective, at a gap of ε as a part of the span 2Δ, is enough.  A steep φ sees what the plain objective does not.",
        Le(2 * ((1 - k) * part) ** 2 * m, p * log(1 + 4 * L * R / (k * part)) + log(2) - log_P),
        "REFUTED",
        "measuring-function",
        assumes=("lipschitz", "radius", "independent", "bounded_phi"),
    ),
    Saying(
        "tweaking-objectives-corrected",
        SLIDE,
        "The same where it holds: with the Lipschitz constant of φ over its span, L_φ/(2Δ), as a factor inside the logarithm.",
        Le(2 * ((1 - k) * part) ** 2 * m, p * log(1 + 4 * L * L_phi / (2 * Delta) * R / (k * part)) + log(2) - log_P),
        "SURVIVED",
        assumes=("lipschitz", "radius", "independent", "bounded_phi"),
    ),
)

THEOREM = Theorem(
    name="discriminator-support",
    title="The support theorem for discriminators of bounded size",
    claims=CLAIMS,
    assumptions=(
        Assumption("lipschitz", "D_v(x) is L-Lipschitz in v for every image x", Le(steepest, L)),
        Assumption("radius", "the parameters lie in a ball of radius R", Le(extent, R)),
        Assumption("bounded", "discriminators have values in [0, 1]", Le(reach, 1)),
        Assumption("independent", "the images are drawn independently", Eq(copies, 1)),
        Assumption("bounded_phi", "|φ| is at most Δ", Le(phi_largest, Delta)),
        Assumption("uniform", "all images are equally likely", Eq(heaviest, 1)),
    ),
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=(
        Source(
            "Arora, Ge, Liang, Ma, Zhang", 2017, "Generalization and Equilibrium in Generative Adversarial Nets",
            "ICML 2017, theorem 3.1 and corollary 3.2", "1703.00573",
        ),
        Source(
            "Hoeffding", 1963, "Probability inequalities for sums of bounded random variables", "theorem 1 and (4.16)"
        ),
    ),
    non_claims=(
        "The constants inside the logarithm are not sharp: nets of balls and chaining lose there.",
        "That some generator of few images wins does not say that training finds it, or that a winner has few images.",
        "'Wins' is a gap of at most ε.  With ε = 0 some classes let no finite sample win (thresholds under a law without "
        "atoms: theorem vc-deviation; tables that show every pattern of more images than the generator has), and others let "
        "two images win: the bit tables, where P is what m random images do.",
        "Discriminators that see several images at once are not covered.",
        "The gap is exact in every family here; for other nets a trained discriminator gives a lower bound only.",
        "With p = 10⁶, L = 10⁶, R = 1 and ε = 0.1 the sharp form asks for more than 10⁹ images: it does not predict small supports.",
    ),
)  # fmt: skip
