"""Why the bounds of near-duplicates hold for any symmetric relation: the steps."""

from __future__ import annotations

from sympy import Derivative, Max, Product, Rational, Sum, Symbol, binomial, factorial, sqrt

from theorems.statement import And, Eq, Gt, Le, Lt, Step, observable, plus, times

x, y, w, k, m, n = (Symbol(name) for name in ["x", "y", "w", "k", "m", "n"])
A, B, C = (Symbol(name) for name in ["A", "B", "C"])
w1, w2, w3, f1, f2, f3 = (Symbol(name) for name in ["w1", "w2", "w3", "f1", "f2", "f3"])
weights, extensions = (w1, w2, w3), (f1, f2, f3)
half = Rational(1, 2)

s = observable("s", "number of samples", domain="positive integer")
kappa = observable("kappa", "probability that two samples are near", domain="probability", latex=r"\kappa")
merged = sqrt(x**2 + y**2)


def closed(points, samples):  # type: ignore[no-untyped-def]
    """s! C(points, s)/points^s: the probability that s samples from a uniform law are distinct."""
    return factorial(samples) * binomial(points, samples) / points**samples


def distinct(points, samples):  # type: ignore[no-untyped-def]
    """The same as the product Π_{k<samples} (1 - k/points)."""
    return Product(1 - k / points, (k, 0, samples - 1))


def more_likely_distinct(points, samples):  # type: ignore[no-untyped-def]
    """Whether samples from so many equally likely points are distinct with probability above ½, and just so."""
    return And(Gt(distinct(points, samples), half), Lt(distinct(points - 1, samples), half))


spread = sum(p * f**2 for p, f in zip(weights, extensions, strict=True))
mean = sum(p * f for p, f in zip(weights, extensions, strict=True))
pairs = ((0, 1), (0, 2), (1, 2))

DERIVATION = (
    Step("arithmetic-series", "Σ k = s(s-1)/2.", "symbolic", Eq(Sum(k, (k, 0, s - 1)), s * (s - 1) / 2)),
    Step(
        "pairs",
        "A near-duplicate is a pair of near samples; there are s(s-1)/2 pairs, each near with probability κ.",
        "cited",
        depends_on=("arithmetic-series",),
        source="Boole's inequality: Feller (1968), An Introduction to Probability Theory and Its Applications 1, IV.5",
    ),
    Step(
        "cauchy-schwarz",
        "With f(C) the probability that a new sample is far from all s-1 samples of C: P_s = E f over C, and "
        "(E f)² ≤ E f² P_{s-1}; as an identity, with three weights.",
        "symbolic",
        Eq(
            sum(weights) * spread - mean**2,
            sum(weights[i] * weights[j] * (extensions[i] - extensions[j]) ** 2 for i, j in pairs),
        ),
    ),
    Step(
        "exchange",
        "s samples A are far apart and a new one is near m of them: it may replace one of A, leaving s far apart, in "
        "s ways if m = 0, one if m = 1, none else; that is at most 1 + (s-1)[m = 0].",
        "exact",
        Le(plus(Max(0, 2 - m), times(s - 2, Max(0, 1 - m))), 1 + (s - 1) * Max(0, 1 - m)),
        domain={"m": tuple(range(8)), "s": tuple(range(2, 9))},
    ),
    Step(
        "ratio-induction",
        "So (s-1) P_{s+1} ≥ s P_s²/P_{s-1} - P_s; if P_s/P_{s-1} ≥ 1 - (s-1)κ then P_{s+1}/P_s ≥ 1 - sκ.",
        "symbolic",
        Eq((s * (1 - (s - 1) * kappa) - 1) / (s - 1), 1 - s * kappa),
        ("cauchy-schwarz", "exchange"),
    ),
    Step(
        "moon-moser",
        "P_s ≥ Π_{k<s} (1 - kκ) while the factors are positive: cauchy-schwarz and exchange hold for any symmetric "
        "relation on any law.",
        "cited",
        depends_on=("ratio-induction",),
        source="Moon, Moser (1962), On a problem of Turán, Publ. Math. Inst. Hungar. Acad. Sci. 7",
    ),
    Step("increasing", "Each 1 - k/b grows with b.", "symbolic", Eq(Derivative(1 - k / x, x), k / x**2)),
    Step(
        "falling-factorial",
        "Π_{k<s} (1 - k/b) = s! C(b, s)/b^s.",
        "exact",
        Eq(distinct(n, s), closed(n, s)),
        domain={"n": tuple(range(1, 9)), "s": tuple(range(1, 9))},
    ),
    Step(
        "one-of-two",
        "Two near points of weights x and w - x are never both in a far sample: P_s is linear in x and largest at an end.",
        "symbolic",
        Eq(Derivative(A + B * x + C * (w - x), x), B - C),
    ),
    Step(
        "smoothing",
        "Two far points: with x + y fixed, P_s = A + B (x + y) + C x y grows with x y, which averaging enlarges.",
        "symbolic",
        Eq(((x + y) / 2) ** 2 - x * y, (x - y) ** 2 / 4),
    ),
    Step(
        "motzkin-straus",
        "Move weight between near points until none are left, at most α points, then average.",
        "cited",
        depends_on=("one-of-two", "smoothing", "falling-factorial"),
        source="Motzkin, Straus (1965), Maxima for graphs and a new proof of a theorem of Turán, Canad. J. Math. 17",
    ),
    Step(
        "eigenvalues",
        "|Σ λ^s| ≤ (Σ λ²)^(s/2) for s ≥ 2, here for s = 3 and two eigenvalues.",
        "exact",
        Le((x**3 + y**3) ** 2, (x**2 + y**2) ** 3),
        domain={"x": tuple(range(-6, 7)), "y": tuple(range(-6, 7))},
    ),
    Step(
        "cycle",
        "The s samples round a cycle are far from their neighbours with probability tr F^s, F the operator of 'far': at "
        "most (tr F²)^(s/2), and tr F² = 1 - κ.",
        "cited",
        depends_on=("eigenvalues",),
        source="Hilbert-Schmidt norm: Reed, Simon (1980), Functional Analysis, VI.6",
    ),
    Step(
        "merge",
        "Merging classes of mass x and y into one of mass w = sqrt(x² + y²) and an atomless part d = x + y - w changes "
        "(1 + xz)(1 + yz) into (1 + wz) exp(dz): the coefficients of z and z² stay, and that of z^k, which was 0, becomes "
        "d^k/k! + w d^(k-1)/(k-1)!.",
        "symbolic",
        And(Eq(plus(w, x + y - w), x + y), Eq(times(x + y - merged, x + y + merged) / 2, x * y)),
    ),
    Step(
        "one-class",
        "P_s/s! is the coefficient of z^s of exp(cz) Π (1 + p z): each merging enlarges it, until one class is left.",
        "cited",
        depends_on=("merge",),
        source="induction over the classes; compare Wiener (2005), Bounds for birthday and collision problems",
    ),
    Step(
        "inclusion",
        "What R' flags is near: the event of a flagged pair lies in that of a near pair; equal samples are near.",
        "cited",
        source="monotonicity of probability: Feller (1968), I.7",
    ),
    Step(
        "clopper-pearson",
        "The lower end exceeds P only if the hits are so many that P(Bin(B, P) ≥ hits) ≤ level, which has probability "
        "at most the level; so for the upper end.",
        "cited",
        source="Clopper, Pearson (1934), The use of confidence or fiducial limits, Biometrika 26",
    ),
    Step(
        "table",
        "The largest numbers of equally likely points of which 400, 500, 1000 samples have a duplicate with probability "
        "½ or more are 115 260, 180 142 and 720 959.",
        "exact",
        And(more_likely_distinct(115261, 400), more_likely_distinct(180143, 500), more_likely_distinct(720960, 1000)),
    ),
)
