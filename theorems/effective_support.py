"""What the effective support says: which sets are heavy, how likely duplicates are, and nothing about rare points.

With κ = Σp² the probability that two samples are equal, 1/κ is the effective support.  A set of about 1/κ points holds at
least sqrt(κ) of the mass, and no more can be said: one point of mass sqrt(κ) beside a law without atoms has the same κ.
"""

from __future__ import annotations

from sympy import Derivative, Rational, Symbol, exp, log, sqrt

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
    times,
)

N = observable("N", "number of points with positive probability", domain="positive integer")
s = observable("s", "number of samples", domain="positive integer")
kappa = observable("kappa", "probability sum p^2 that two samples are equal", domain="probability", latex=r"\kappa")
top = observable("top", "mass of the ceil(1/kappa) heaviest points", domain="probability", latex="m_{top}")
n = observable("n", "number of points of probability at least kappa/2", domain="nonnegative integer")
m = observable("m", "mass of the points of probability at least kappa/2", domain="probability")
rho = observable("rho", "mass that a set is to have", domain="probability", latex=r"\rho")
n_rho = observable("n_rho", "least number of points of mass rho", domain="positive integer", latex=r"n_\rho")
P_none = observable("P_none", "probability that s samples are distinct", domain="probability", latex=r"P_{\ne}")
P_dup = observable("P_dup", "probability of a duplicate among s samples", domain="probability", latex=r"P_{=}")
dependence = observable(
    "dependence", "total variation distance of two draws from independent ones", domain="nonnegative"
)
atomless = observable("atomless", "mass of the part without atoms", domain="probability")

half = Rational(1, 2)
RANGE = And(Gt(1, 1000 * kappa), Le(s**2 * kappa, -4 * log(kappa)))
published = -3 + sqrt(9 - 24 * log(P_none) / s) - 2 * s * (1 - rho) ** 2
ONE_ATOM = "one atom beside a law without atoms"

CLAIMS = (
    Claim(
        "heavy-set",
        Ge(top**2, kappa),
        "bound",
        "Some ⌈1/κ⌉ points, as many as the effective support, have mass at least sqrt(κ).",
        (),
        tight_at=ONE_ATOM,
        follows_from=("heavy-set",),
    ),
    Claim(
        "heavy-points",
        Ge(2 * m**2, kappa * (1 + m)),
        "bound",
        "The points of probability κ/2 or more have a mass m of at least sqrt(κ(1 + m)/2).",
        (),
        tight_at="one atom beside points of probability just below κ/2",
        follows_from=("parts", "heavy-points"),
    ),
    Claim(
        "heavy-points-number",
        Le(n * kappa, 2 + kappa / 2 - sqrt(kappa**2 / 4 + 2 * kappa)),
        "bound",
        "There are at most 2/κ of them, and a few less.",
        (),
        tight_at="one atom beside points of probability κ/2",
        follows_from=("parts", "least-excess"),
    ),
    Claim(
        "at-most-support",
        Ge(N * kappa, 1),
        "bound",
        "The effective support is at most the number of points.",
        ("purely_atomic",),
        tight_at="the uniform law",
        follows_from=("cauchy-schwarz",),
    ),
    Claim(
        "exponential-above",
        Le(P_none, (1 + (s - 1) * sqrt(kappa)) * exp(-(s - 1) * sqrt(kappa))),
        "bound",
        "Duplicates are at least as likely as one atom of mass sqrt(κ) makes them.",
        ("independent",),
        tight_at=ONE_ATOM + ", as κ falls",
        follows_from=("one-atom",),
    ),
    Claim(
        "exponential-below",
        Ge(P_none, exp(-(s**2) * kappa / 2 - s**3 * kappa**2 / 6)),
        "limit",
        "For 1/κ > 1000 and s ≤ 2 sqrt(ln(1/κ)/κ), duplicates are at most as likely as 1 - exp(-s²κ/2 - s³κ²/6).",
        ("independent", "in_range"),
        follows_from=("published-lower-bound",),
    ),
    Claim(
        "no-upper-bound",
        And(Gt(P_dup, half), Gt(N, 10**6 * s**2)),
        "existence",
        "A duplicate can be likelier than not though there are a million s² points.",
        (),
    ),
)

h, k, t, x, z, a1, a2, a3 = (Symbol(name) for name in ["h", "k", "t", "x", "z", "a1", "a2", "a3"])
root = (sqrt(kappa**2 / 4 + 2 * kappa) - kappa / 2) / 2

DERIVATION = (
    Step(
        "most-squares",
        "k points of probability at least t and mass m have Σp² at most (m - (k-1)t)² + (k-1)t²; with t(1 - m) for the "
        "rest, m² exceeds the sum by t(2m(k-1) - k(k-1)t - 1 + m).",
        "symbolic",
        Eq(
            m**2 - (m - (k - 1) * t) ** 2 - (k - 1) * t**2 - t * (1 - m),
            times(t, 2 * m * (k - 1) - k * (k - 1) * t - 1 + m),
        ),
    ),
    Step(
        "least-room",
        "With kt = m - z, z ≥ 0, the last factor is mk - 1 + (k-1)z.",
        "symbolic",
        Eq(2 * m * (k - 1) - (k - 1) * (m - z) - 1 + m, times(m, k) - 1 + (k - 1) * z),
    ),
    Step(
        "heavy-set",
        "m is at least the largest probability, which is at least κ = Σ p p; so mk ≥ κk ≥ 1 for k ≥ 1/κ.",
        "cited",
        depends_on=("most-squares", "least-room"),
        source="an average is at most its largest term: Hardy, Littlewood, Pólya (1934), Inequalities, 2.1",
    ),
    Step(
        "parts",
        "Numbers e ≥ 0 of sum h have Σe² ≤ h²; probabilities below κ/2 of sum 1 - m or less have Σp² ≤ (κ/2)(1 - m), with "
        "'<' where there are any.",
        "cited",
        source="(Σe)² - Σe² is a sum of products: Hardy, Littlewood, Pólya (1934), Inequalities, theorem 19",
    ),
    Step(
        "heavy-points",
        "Outside, Σp² < (κ/2)(1 - m); inside, Σp² ≤ m². So κ ≤ m² + κ(1 - m)/2.",
        "symbolic",
        Eq(2 * (m**2 + kappa * (1 - m) / 2 - kappa), 2 * m**2 - kappa * (1 + m)),
    ),
    Step(
        "heavy-points-number",
        "Write their probabilities as κ/2 + e with Σe = h; Σe² ≤ h², and Σp² < (κ/2)(1 - m) outside, m = nκ/2 + h ≤ 1. "
        "So κ/2 ≤ h² + κh/2 with h at most 1 - nκ/2.",
        "symbolic",
        Eq(
            n * kappa**2 / 4 + kappa * h + h**2 + kappa / 2 * (1 - n * kappa / 2 - h) - kappa,
            times(1, h**2 + kappa * h / 2 - kappa / 2),
        ),
    ),
    Step(
        "least-excess",
        "The root of h² + κh/2 = κ/2 is h = (sqrt(κ²/4 + 2κ) - κ/2)/2.",
        "symbolic",
        Eq(times(root**2 + kappa * root / 2, 1), kappa / 2),
        ("heavy-points-number",),
    ),
    Step(
        "three-points",
        "(Σp)² ≤ N Σp², for three points as an identity.",
        "symbolic",
        Eq(
            3 * (a1**2 + a2**2 + a3**2) - (a1 + a2 + a3) ** 2,
            (a1 - a2) ** 2 + (a1 - a3) ** 2 + (a2 - a3) ** 2,
        ),
    ),
    Step(
        "cauchy-schwarz",
        "(Σp)² ≤ N Σp² for any N: the sum of all (p_i - p_j)² is not negative.",
        "cited",
        depends_on=("three-points",),
        source="Cauchy's inequality: Hardy, Littlewood, Pólya (1934), Inequalities, theorem 7",
    ),
    Step(
        "at-one-atom",
        "(1 - x)^(s-1) ≤ exp(-(s-1)x), for x + ln(1 - x) has the derivative -x/(1 - x).",
        "symbolic",
        Eq(Derivative(x + log(1 - x), x), -x / (1 - x)),
    ),
    Step(
        "one-atom",
        "Merging atoms makes distinct samples likelier, until one atom of mass sqrt(κ) is left (theorem near-duplicates, "
        "one-class).",
        "cited",
        depends_on=("at-one-atom",),
        source="theorem near-duplicates, claim one-class; compare Wiener (2005), Bounds for birthday and collision problems",
    ),
    Step(
        "published-lower-bound",
        "Taken from the source as it was remembered; the theorem birthday has the sharper product.",
        "cited",
        source="Wiener (2005), Bounds for birthday and collision problems, theorem 3",
    ),
)

SLIDE = "Part 2, Empirically detecting mode collapse (Birthday Paradox Test)"

THEOREM = Theorem(
    name="effective-support",
    title="What the effective support says of sets",
    claims=CLAIMS,
    assumptions=(
        Assumption("independent", "the samples are drawn independently from one law", Eq(dependence, 0)),
        Assumption("purely_atomic", "the law has no part without atoms", Eq(atomless, 0)),
        Assumption("in_range", "1/κ > 1000 and s ≤ 2 sqrt(ln(1/κ)/κ)", RANGE),
    ),
    derivation=DERIVATION,
    sayings=(
        Saying(
            "published-theorem-2",
            SLIDE + ": the paper behind it",
            "If s samples have a duplicate with probability γ, some set of mass ρ has at most 2sρ²/((-3 + sqrt(9 + "
            "(24/s) ln(1/(1-γ)))) - 2s(1-ρ)²) points (worded after a later restatement of the paper's Theorem 2, from "
            "memory; the original asks for realistic assumptions and for ρ near 1).",
            Implies(And(Gt(P_none, 0), Gt(published, 0)), Le(n_rho * published, 2 * s * rho**2)),
            "REFUTED",
            "heavy-set",
            assumes=("independent", "purely_atomic"),
        ),
        Saying(
            "published-theorem-2-effective",
            SLIDE + ": the paper behind it",
            "Its first half, with ρ = 1 and the effective support in place of the set, in the range of the bound it uses.",
            Implies(Lt(P_none, 1), Le(-3 + sqrt(9 - 24 * log(P_none) / s), 2 * s * kappa)),
            "SURVIVED",
            assumes=("independent", "in_range"),
        ),
    ),
    sources=(
        Source(
            "Arora, Risteski, Zhang", 2018, "Do GANs learn the distribution? Some theory and empirics",
            "ICLR 2018, Theorem 2",
        ),
        Source("Wiener", 2005, "Bounds for birthday and collision problems", "theorem 3", ""),
    ),
    non_claims=(
        "Nothing bounds the number of points from above: a law without atoms beside one heavy point has any κ.",
        "The wordings of the published theorems are from later restatements and from memory, not from their own text.",
    ),
)  # fmt: skip
