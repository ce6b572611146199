"""The birthday bound: how likely a sample has a duplicate, and what duplicates say about the support.

A law puts mass on the N points of a set S (all of it, or ρ) and s samples are drawn independently.  Duplicates are
likely once s passes about 1.18 √N; seeing them bounds the *effective* support β = 1/Σp², never the number of points.
"""

from __future__ import annotations

from sympy import Derivative, Max, Product, Rational, Sum, Symbol, binomial, exp, factorial, log, sqrt

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
    Step,
    Theorem,
    observable,
    plus,
    times,
)

N = observable("N", "number of points of the set S", domain="positive integer")
s = observable("s", "number of samples", domain="positive integer")
rho = observable("rho", "mass of S", domain="probability", latex=r"\rho")
beta = observable("beta", "effective support 1/sum p^2", domain="positive", latex=r"\beta")
P_none = observable("P_none", "probability that s samples are distinct", domain="probability", latex=r"P_{\ne}")
P_dup = observable("P_dup", "probability of a duplicate among s samples", domain="probability", latex=r"P_{=}")
gamma = observable("gamma", "target probability of a duplicate", domain="probability", latex=r"\gamma")
b = observable("b", "a conjectured effective support", domain="positive")
dependence = observable(
    "dependence", "total variation distance of two draws from independent ones", domain="nonnegative"
)

k, i = Symbol("k"), Symbol("i")
half = Rational(1, 2)


def distinct(points, samples):  # type: ignore[no-untyped-def]
    """Π_{k<samples} (1 - k/points): the probability that samples from a uniform law are distinct."""
    return Product(1 - k / points, (k, 0, samples - 1))


effective = Product(Max(0, 1 - k / beta), (k, 0, s - 1))
conjectured = Product(Max(0, 1 - k / b), (k, 0, s - 1))
mixed = Sum(
    binomial(s, k) * rho**k * (1 - rho) ** (s - k) * Product(1 - i / N, (i, 0, k - 1)), (k, 0, s)
)  # k of the s samples fall into S
threshold = half + sqrt(Rational(1, 4) - 2 * N * log(1 - gamma))
ALL = ("independent", "concentrated")
TIGHT_UNIFORM = "the uniform law on N points"
TIGHT_PAIR = "two samples from the uniform law, as N grows"

CLAIMS = (
    Claim(
        "uniform",
        Eq(P_none, distinct(N, s)),
        words="Samples from the uniform law on N points are distinct with probability Π(1 - k/N).",
        assumes=(*ALL, "uniform"),
        follows_from=("chain-rule",),
    ),
    Claim(
        "exponential",
        Ge(P_dup, 1 - exp(-s * (s - 1) / (2 * N))),
        "bound",
        "Whatever the law on N points, s samples have a duplicate with probability at least 1 - exp(-s(s-1)/2N).",
        ALL,
        tight_at=f"{TIGHT_PAIR}; and wherever a duplicate is all but certain",
        follows_from=("schur", "exponential-inequality", "arithmetic-series"),
    ),
    Claim(
        "sufficient-size",
        Implies(Ge(s, threshold), Ge(P_dup, gamma)),
        "bound",
        "A sample of ½ + sqrt(¼ + 2 N ln 1/(1-γ)) has a duplicate with probability at least γ; at γ = ½ the size is "
        "½ + sqrt(¼ + 2 N ln 2), about 1.1774 √N.",
        ALL,
        tight_at=TIGHT_PAIR,
        follows_from=("sufficient-size", "half"),
    ),
    Claim(
        "at-most-uniform",
        Le(P_none, distinct(N, s)),
        "bound",
        "No law on N points makes distinct samples likelier than the uniform law.",
        ALL,
        tight_at=TIGHT_UNIFORM,
        follows_from=("schur",),
    ),
    Claim(
        "at-most-uniform-closed",
        Le(P_none, factorial(s) * binomial(N, s) / N**s),
        "bound",
        "The same in closed form, for samples and supports of any size: P(no duplicate) ≤ s! C(N, s)/N^s.",
        ALL,
        tight_at=TIGHT_UNIFORM,
        follows_from=("schur", "falling-factorial"),
    ),
    Claim(
        "at-least-effective",
        Ge(P_none, effective),
        "bound",
        "No law makes distinct samples less likely than Π(1 - k/β) with its effective support β = 1/Σp².",
        ("independent",),
        tight_at=TIGHT_UNIFORM,
        follows_from=("effective-recursion",),
    ),
    Claim(
        "effective-support",
        Implies(Gt(conjectured, P_none), Lt(beta, b)),
        "bound",
        "Duplicates bound the effective support: if b points would give distinct samples more often than the law does, "
        "then β < b.  With P(duplicate) = γ this is β ≤ β*(s, γ), where Π(1 - k/β*) = 1 - γ.",
        ("independent",),
        tight_at=TIGHT_UNIFORM,
        follows_from=("effective-recursion", "increasing"),
    ),
    Claim(
        "effective-support-closed",
        Le(2 * beta * P_dup, s * (s - 1)),
        "bound",
        "In closed form: β ≤ s(s-1)/(2γ) with γ the probability of a duplicate.",
        ("independent",),
        tight_at="two samples from any law",
        follows_from=("pairs",),
    ),
    Claim(
        "mass-on-S",
        Le(P_none, mixed),
        "bound",
        "If S has N points and mass ρ, then the number of samples in S is binomial and those in S are distinct at most "
        "as often as uniform ones.",
        ("independent",),
        tight_at="uniform on S and no atoms elsewhere",
        follows_from=("schur", "binomial-weights"),
    ),
    Claim(
        "twenty-three",
        And(Gt(1 - distinct(365, 23), half), Lt(1 - distinct(365, 22), half)),
        "existence",
        "1 - Π(1 - k/365), by the claim uniform the probability that two of so many people share one of 365 equally likely "
        "days, is above ½ for 23 people and below it for 22.",
        (),
        follows_from=("twenty-three",),
    ),
)

x, y, w1, w2, w3, f1, f2, f3, g1, g2, g3, A, C, L = (
    Symbol(name) for name in ["x", "y", "w1", "w2", "w3", "f1", "f2", "f3", "g1", "g2", "g3", "A", "C", "L"]
)
w, f, g = (w1, w2, w3), (f1, f2, f3), (g1, g2, g3)
e1, e2, e3, squares = sum(w), w1 * w2 + w1 * w3 + w2 * w3, w1 * w2 * w3, sum(v**2 for v in w)

DERIVATION = (
    Step(
        "chain-rule",
        "Given that k samples are distinct, the next one is new with probability 1 - k/N: multiply.",
        "cited",
        source="Feller (1968), An Introduction to Probability Theory and Its Applications 1, II.3",
    ),
    Step(
        "elementary",
        "P(no duplicate) = s! e_s(p), here for two samples from three weights.",
        "symbolic",
        Eq(e1**2 - squares, 2 * e2),
    ),
    Step(
        "smoothing",
        "With x + y fixed, e_s = A + B (x + y) + C x y grows with x y, which averaging x and y enlarges.",
        "symbolic",
        Eq(((x + y) / 2) ** 2 - x * y, (x - y) ** 2 / 4),
    ),
    Step(
        "schur-small",
        "Uniform is worst: e_2 and e_3 of three weights are largest at equal weights.",
        "exact",
        And(Ge(e1**2, 3 * e2), Ge(e1**3, 27 * e3)),
        domain={v.name: tuple(range(7)) for v in w},
    ),
    Step(
        "schur",
        "e_s is Schur-concave, so that among all laws on N points the uniform one has the fewest duplicates.",
        "cited",
        depends_on=("elementary", "smoothing", "schur-small", "chain-rule"),
        source="Marshall, Olkin, Arnold (2011), Inequalities: Theory of Majorization, 3.F",
    ),
    Step(
        "falling-factorial",
        "Π_{k<s} (1 - k/N) = s! C(N, s)/N^s: both count the injective among all N^s samples.",
        "exact",
        Eq(distinct(N, s), factorial(s) * binomial(N, s) / N**s),
        domain={"N": tuple(range(1, 9)), "s": tuple(range(1, 9))},
    ),
    Step(
        "slope",
        "x + exp(-x) - 1 has the derivative 1 - exp(-x), which is positive for x > 0.",
        "symbolic",
        Eq(Derivative(x + exp(-x) - 1, x), 1 - exp(-x)),
    ),
    Step(
        "exponential-inequality",
        "1 - x < exp(-x) away from 0.",
        "certified",
        Lt(1 - x, exp(-x)),
        ("slope",),
        {"x": (Rational(1, 64), 1)},
    ),
    Step("arithmetic-series", "Σ k = s(s-1)/2.", "symbolic", Eq(Sum(k, (k, 0, s - 1)), s * (s - 1) / 2)),
    Step(
        "sufficient-size",
        "½ + sqrt(¼ + 2 N L) is the root of s(s-1) = 2 N L, and exp(-L) = 1 - γ.",
        "symbolic",
        Eq((half + sqrt(Rational(1, 4) + 2 * N * L)) * (sqrt(Rational(1, 4) + 2 * N * L) - half), 2 * N * L),
        ("schur", "exponential-inequality", "arithmetic-series"),
    ),
    Step(
        "half",
        "At γ = ½ the logarithm is ln 2.",
        "symbolic",
        Eq(times(-1, log(plus(1, -half), evaluate=False)), log(2)),
        ("sufficient-size",),
    ),
    Step(
        "next-sample",
        "P_{s+1} = P_s - s! Σ_i p_i² e_{s-1} without i, here for s = 2 and three weights.",
        "symbolic",
        Eq(6 * e3, 2 * e2 * e1 - 2 * sum(v**2 * (e1 - v) for v in w)),
    ),
    Step(
        "opposite-order",
        "e without i is A + p_j C and e without j is A + p_i C: it falls where p rises.",
        "symbolic",
        Eq((x - y) * ((A + y * C) - (A + x * C)), -C * (x - y) ** 2),
    ),
    Step(
        "chebyshev",
        "Chebyshev's sum inequality as an identity, with three weights.",
        "symbolic",
        Eq(
            e1 * sum(p * q * r for p, q, r in zip(w, f, g, strict=True))
            - sum(p * q for p, q in zip(w, f, strict=True)) * sum(p * r for p, r in zip(w, g, strict=True)),
            sum(w[m] * w[n] * (f[m] - f[n]) * (g[m] - g[n]) for m, n in ((0, 1), (0, 2), (1, 2))),
        ),
    ),
    Step(
        "effective-small",
        "P_3 ≥ P_2 (1 - 2/β) for all laws with three small integer weights.",
        "exact",
        Ge(6 * e3 * e1, 2 * e2 * (e1**2 - 2 * squares)),
        ("next-sample", "opposite-order", "chebyshev"),
        {v.name: tuple(range(9)) for v in w},
    ),
    Step(
        "effective-recursion",
        "P_{s+1} ≥ P_s (1 - s/β): next-sample, opposite-order and chebyshev hold for any number of weights and samples.",
        "cited",
        depends_on=("elementary", "effective-small"),
        source="Chebyshev's sum inequality: Hardy, Littlewood, Pólya (1934), Inequalities, theorem 43",
    ),
    Step("increasing", "Each 1 - k/b grows with b.", "symbolic", Eq(Derivative(1 - k / x, x), k / x**2)),
    Step(
        "pairs",
        "A duplicate is a pair of equal samples; there are s(s-1)/2 pairs, each equal with probability 1/β.",
        "cited",
        depends_on=("arithmetic-series",),
        source="Boole's inequality: Feller (1968), IV.5",
    ),
    Step(
        "binomial-weights",
        "The number of samples in S has the binomial law: its weights add up to 1.",
        "exact",
        Eq(Sum(binomial(s, k) * x**k * (1 - x) ** (s - k), (k, 0, s)), 1),
        domain={"s": tuple(range(1, 9)), "x": tuple(Rational(n, 7) for n in range(1, 7))},
    ),
    Step(
        "twenty-three",
        "Both products are rational numbers; compare them with ½.",
        "exact",
        And(Gt(1 - distinct(365, 23), half), Lt(1 - distinct(365, 22), half)),
    ),
)

SLIDE = "Part 2, Empirically detecting mode collapse (Birthday Paradox Test)"
SAYINGS = (
    Saying(
        "people",
        SLIDE,
        "If you put 23 random people in a room, chance is > 1/2 that two of them share a birthday.",
        Implies(And(Eq(N, 365), Eq(s, 23)), Gt(P_dup, half)),
        "SURVIVED",
        "twenty-three",
        assumes=ALL,
    ),
    Saying(
        "root-N",
        SLIDE,
        "Suppose a distribution is supported on N images. Then Pr[sample of size √N has a duplicate image] > ½.",
        Implies(And(Eq(s**2, N), Gt(s, 1)), Gt(P_dup, half)),
        "REFUTED",
        "sufficient-size",
        assumes=ALL,
    ),
    Saying(
        "root-N-corrected",
        SLIDE,
        "The same with a sample of size ½ + sqrt(¼ + 2 N ln 2), and 'at least' ½.",
        Implies(Ge(s, half + sqrt(Rational(1, 4) + 2 * N * log(2))), Ge(P_dup, half)),
        "SURVIVED",
        assumes=ALL,
    ),
    Saying(
        "distinct-images",
        SLIDE,
        "If a sample of size s has near-duplicate images with prob. > 1/2, then distribution has only s² distinct "
        "images.",
        Implies(Gt(P_dup, half), Le(N, s**2)),
        "REFUTED",
        "effective-support",
        assumes=ALL,
    ),
    Saying(
        "distinct-images-corrected",
        SLIDE,
        "The same with the effective support 1/Σp² in place of the number of distinct images.",
        Implies(Gt(P_dup, half), Lt(beta, s**2)),
        "SURVIVED",
        assumes=("independent",),
    ),
    Saying(
        "published-theorem-1",
        SLIDE + ": the paper behind it",
        "If S has N points and mass at least ρ, then s samples have a duplicate with probability at least "
        "1 - exp(-(s² - s)ρ/(2N)) (worded after a later restatement of the paper's Theorem 1, not its own text).",
        Ge(P_dup, 1 - exp(-(s**2 - s) * rho / (2 * N))),
        "REFUTED",
        "mass-on-S",
        assumes=("independent",),
    ),
)

THEOREM = Theorem(
    name="birthday",
    title="The birthday bound",
    claims=CLAIMS,
    assumptions=(
        Assumption("independent", "the samples are drawn independently from one law", Eq(dependence, 0)),
        Assumption("concentrated", "the law has all its mass on the N points of S", Eq(rho, 1)),
        Assumption("uniform", "the N points of S are equally likely", Eq(rho**2 * beta, N)),
    ),
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=(
        Source(
            "Arora, Risteski, Zhang", 2018, "Do GANs learn the distribution? Some theory and empirics",
            "ICLR 2018, Theorem 1 and the birthday paradox test",
        ),
        Source("Arora, Zhang", 2017, "Do GANs actually learn the distribution? An empirical study", "", "1706.08224"),
        Source("Marshall, Olkin, Arnold", 2011, "Inequalities: Theory of Majorization and Its Applications", "3.F"),
    ),
    non_claims=(
        "Duplicates give no upper bound on the number of distinct images: one heavy atom makes them likely whatever "
        "the rest of the law is.",
        "One sample with a duplicate is not a probability above ½: that takes many samples and an interval.",
        "Near-duplicates are not equal: what survives for them is the theorem near-duplicates.",
        "Samples that are independent but not identically distributed are not covered.",
    ),
)  # fmt: skip
