"""How many images a discriminator class takes: sqrt(p/m) for tables, and whether the logarithm is needed.

Tables (one parameter for each of p cells) see the total variation distance, about sqrt(p/(2πm)) without a logarithm.
The class of all N = 2^n subsets of n images needs ln N of any generator.  Independent bits need it of random images: a
sample of log₂ N of them is constant for some bit; two chosen images, complements of each other, win exactly there.
N parameters of b bits are a class of 2^(bN): O(N) images, no Lipschitz constant and no logarithm.
"""

from __future__ import annotations

from sympy import Rational, Symbol, binomial, exp, floor, log, pi, sqrt

from theorems.discriminator_terms import (
    E_gap,
    alike,
    bits,
    copies,
    eps,
    exceed,
    gap,
    heaviest,
    least,
    log_none,
    log_P,
    m,
    net,
    p,
    parameters,
    reach,
    support,
    variation,
)
from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Ge,
    Implies,
    Le,
    Lt,
    Saying,
    Source,
    Step,
    Theorem,
)

half = Rational(1, 2)
above = floor(m / p) + 1  # the least count above the mean m/p

CLAIMS = (
    Claim(
        "table-variation",
        Eq(gap, variation),
        words="The best discriminator that gives each cell a value of its own sees the total variation distance.",
        assumes=(),
        follows_from=("total-variation",),
    ),
    Claim(
        "table-mean",
        Eq(E_gap, p * above * binomial(m, above) * (1 / p) ** above * (1 - 1 / p) ** (m - above + 1) / m),
        words="For p equal cells the mean gap is p/(2m) times De Moivre's mean absolute deviation.",
        assumes=("uniform", "independent"),
        follows_from=("de-moivre",),
    ),
    Claim(
        "table-at-most",
        Le(4 * m * E_gap**2, p - 1),
        "bound",
        "The mean gap is at most sqrt((p - 1)/(4m)): no logarithm.",
        ("independent",),
        tight_at="one image and two equal cells",
        follows_from=("cauchy-schwarz",),
    ),
    Claim(
        "table-at-least",
        Implies(Ge(m, p), Ge(8 * m * E_gap**2, p - 1)),
        "bound",
        "From m = p on it is at least sqrt((p - 1)/(8m)), for equal cells.",
        ("uniform",),
        tight_at="two images and two equal cells",
        follows_from=("berend-kontorovich",),
    ),
    Claim(
        "logarithm-needed",
        Le(log_none, -net * 2 ** (1 - m)),
        "bound",
        "Among N independent fair bits none is constant on m random images with probability at most exp(-2N/2^m).  A constant "
        "one has gap ½: m = log₂ N random images have gap ½ with probability above 0.86, whatever multiple of 1/ε² that is.",
        ("independent", "independent_bits"),
        tight_at="many images and about 2^m discriminators",
        follows_from=("one-minus", "all-or-none"),
    ),
    Claim(
        "logarithm-needed-by-every-generator",
        Implies(Le(support, bits * parameters), Eq((1 - least) * log(net), support * log(2))),
        words="Of all N = 2^n subsets of n equally likely images, one tells any generator of k ≤ n images, whatever the images "
        "and their weights, from the law by 1 - k/n, and no more is needed: (1 - ε) log₂ N images for a win within ε.  In the "
        "relation n is a product: of cells and the images of each.",
        assumes=("uniform",),
        follows_from=("subsets",),
    ),
    Claim(
        "logarithm-needed-at-any-gap",
        Implies(
            And(Lt(2 * eps, 1), Ge(log(net), 4 * log(2) * m * (eps + 1 / m) ** 2 + log(2 * m) / 2)), Ge(exceed, half)
        ),
        "limit",
        "At any ε < ½: m random images leave N independent fair bits a gap above ε with probability at least ½ while "
        "ln N ≥ 4 ln 2 m(ε + 1/m)² + ½ ln 2m.  So (ln N + ln 2)/(2ε²) random images are at most 1.4 times what is needed, as "
        "N grows.",
        ("independent", "independent_bits"),
        goal=1e-5,
        follows_from=("ash", "entropy"),
    ),
    Claim(
        "finite-precision",
        Le(2 * m * eps**2, bits * parameters * log(2) + log(2) - log_P),
        "bound",
        "n parameters of b bits: from m > (bn ln 2 + ln 2)/(2ε²) on, m images win within ε.  O(n) images, without a Lipschitz "
        "constant or a logarithm.  Here solved for m at P(gap > ε).",
        ("independent", "bounded"),
        tight_at="a class of independent fair bits",
        follows_from=("count",),
    ),
)

_q, _u, _x, _a, _b, _d = (Symbol(name, real=True) for name in ("q", "u", "x", "a", "b", "d"))
_n = Symbol("n", positive=True)

DERIVATION = (
    Step(
        "corners",
        "Σ v_k d_k with Σ d_k = 0 is largest, over 0 ≤ v_k ≤ 1, at v_k = 1 where d_k > 0: half of Σ|d_k|; here three cells.",
        "exact",
        And(
            Le(_u * _a + _x * _b - _q * (_a + _b), (abs(_a) + abs(_b) + abs(_a + _b)) / 2),
            Ge(_u * _a + _x * _b - _q * (_a + _b), -(abs(_a) + abs(_b) + abs(_a + _b)) / 2),
        ),
        domain={
            "a": tuple(range(-3, 4)),
            "b": tuple(range(-3, 4)),
            **{name: (0, Rational(1, 3), 1) for name in ("u", "x", "q")},
        },
    ),
    Step(
        "total-variation",
        "The same for any number of cells.",
        "cited",
        depends_on=("corners",),
        source="Levin and Peres (2017), Markov Chains and Mixing Times, proposition 4.2 and remark 4.3",
    ),
    Step(
        "de-moivre",
        "E|K - mq| = 2 ν C(m, ν) q^ν (1 - q)^(m - ν + 1) with ν = ⌊mq⌋ + 1 (De Moivre 1730).",
        "cited",
        source="Diaconis and Zabell (1991), Closed form summation for classical distributions, theorem 1",
    ),
    Step(
        "variance",
        "p cells of variance (1/p)(1 - 1/p)/m: half of p standard deviations is sqrt((p - 1)/(4m)).",
        "symbolic",
        Eq((_n / 2) ** 2 * ((1 / _n) * (1 - 1 / _n)), (_n - 1) / 4),
    ),
    Step(
        "cauchy-schwarz",
        "E|X| ≤ sqrt(E X²) for each cell, and Σ sqrt(q(1 - q)) is largest for equal cells.",
        "cited",
        depends_on=("variance",),
        source="Hardy, Littlewood, Pólya (1934), Inequalities, theorems 7 and 86",
    ),
    Step(
        "berend-kontorovich",
        "E|K - mq| ≥ sqrt(mq(1 - q)/2) for m ≥ 2 and 1/m ≤ q ≤ 1 - 1/m.",
        "cited",
        source="Berend and Kontorovich (2013), A sharp estimate of the binomial mean absolute deviation",
    ),
    Step(
        "one-minus",
        "1 - x ≤ exp(-x): none of N independent events of probability 2^(1-m) with probability at most exp(-N 2^(1-m)).",
        "certified",
        Le(1 - _x, exp(-_x)),
        domain={"x": (0, 1)},
    ),
    Step(
        "all-or-none",
        "m fair tosses are all equal with probability 2^(1-m), and N independent events all fail with the product.",
        "cited",
        source="Feller (1968), An Introduction to Probability Theory and Its Applications 1, V.3",
    ),
    Step(
        "subsets",
        "The gap over all subsets is the total variation distance, and k of n equally likely images leave 1 - k/n at least.",
        "cited",
        depends_on=("total-variation",),
        source="theorem few-atoms, claim necessary",
    ),
    Step(
        "entropy",
        "The relative entropy of ½ + d to ½ is at most 4 ln 2 d²: equal at d = 0 and at ½; here in balls between; "
        "the ends are not proved here.",
        "certified",
        Le((half + _d) * log(1 + 2 * _d) + (half - _d) * log(1 - 2 * _d), 4 * log(2) * _d**2),
        domain={"d": (Rational(1, 16), Rational(7, 16))},
    ),
    Step(
        "ash",
        "P(K = a) ≥ exp(-m KL(a/m | ½))/sqrt(8 a(m - a)/m), and 8 a(m - a)/m ≤ 2m; N of two such tails, above a ≤ m/2 + mε + 1.",
        "cited",
        source="Ash (1965), Information Theory, lemma 4.7.1",
    ),
    Step(
        "count",
        "b bits for each of n parameters: ln 2^(bn) = bn ln 2; the rest is Hoeffding's inequality and the union bound.",
        "cited",
        source="theorem discriminator-support, claim support, at r = 0",
    ),
    Step(
        "mcdiarmid",
        "One image moves the gap by at most 1/m: P(gap ≤ E gap - t) ≤ exp(-2mt²), by which tables bracket P.",
        "cited",
        source="McDiarmid (1989), On the method of bounded differences",
    ),
)

SLIDE = "Part 2, Mode Collapse"
SAYINGS = (
    Saying(
        "linear-support",
        SLIDE,
        "… supported on O(N log N) images: for N parameters of b bits, (bN + 1) ln 2/(2ε²) images and one more suffice.",
        Implies(Ge(m, (bits * parameters + 1) * log(2) / (2 * eps**2) + 1), Lt(log_P, 0)),
        "SURVIVED",
        assumes=("independent", "bounded"),
        goal=1e-5,
    ),
    Saying(
        "no-logarithm",
        SLIDE,
        "Variant, not the talk's words: the same without any dependence on the number of bits: some generator of 8 N/ε² images, "
        "weighted or not, wins within ε against N parameters.",
        Implies(Ge(support, 8 * parameters / eps**2), Le(least, eps)),
        "REFUTED",
        "logarithm-needed-by-every-generator",
        assumes=("bounded",),
    ),
    Saying(
        "samples-not-size",
        SLIDE,
        'problem not with # of training samples, but size ("capacity") of the discriminator!  Read as: with m = 25 p images '
        "a table of p cells sees a mean gap of at most 1/10, whatever the law of the cells; no training set is in the relation.",
        Implies(Ge(m, 25 * p), Le(E_gap, Rational(1, 10))),
        "SURVIVED",
        assumes=("independent",),
    ),
    Saying(
        "sqrt-p-over-m-at-any-size",
        SLIDE + ": the scale of the gap",
        "Variant, not the talk's words: the mean gap of a table is sqrt(p/(2πm)) to 5 %, at any size.  It is for many cells of "
        "many images.",
        And(
            Le(20 * E_gap, 21 * sqrt(p / (2 * pi * m))),
            Ge(20 * E_gap, 19 * sqrt(p / (2 * pi * m))),
        ),
        "REFUTED",
        "table-mean",
        assumes=("uniform", "independent"),
    ),
)

THEOREM = Theorem(
    name="discriminator-scale",
    title="The scale of the gap, and when its logarithm is needed",
    claims=CLAIMS,
    assumptions=(
        Assumption("uniform", "the cells, or the images, are equally likely", Eq(heaviest, 1)),
        Assumption("independent", "the images are drawn independently", Eq(copies, 1)),
        Assumption(
            "independent_bits",
            "the discriminators are independent fair bits 0 or 1, no two of them the same",
            And(Eq(alike, 1), Eq(reach, 1)),
        ),
        Assumption("bounded", "discriminators have values in [0, 1]", Le(reach, 1)),
    ),
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=(
        Source("Berend, Kontorovich", 2013, "A sharp estimate of the binomial mean absolute deviation with applications"),
        Source("Diaconis, Zabell", 1991, "Closed form summation for classical distributions: variations on a theme of De Moivre"),
        Source(
            "Arora, Ge, Liang, Ma, Zhang", 2017, "Generalization and Equilibrium in Generative Adversarial Nets",
            "ICML 2017, theorem 3.1", "1703.00573",
        ),
    ),
    non_claims=(
        "Other classes of bounded dimension, such as thresholds and half-planes, have their own scale: theorem vc-deviation.",
        "That some class needs the logarithm does not say that a given net does.",
        "What independent bits need is said of random images; chosen ones may win: an image and its complement do.",
        "A net's discriminators are far from independent bits and from all subsets.",
    ),
)  # fmt: skip
