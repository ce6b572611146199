"""The steps from Carathéodory's reduction and the corner of a cube to the claims about few images."""

from __future__ import annotations

from sympy import Abs, Integral, Max, Min, Rational, Sum, Symbol, binomial, cos, factorial, pi, sin

from theorems.statement import And, Eq, Ge, Gt, Implies, Le, Lt, Step, observable, plus, times

w1, w2, w3, c1, c2, c3, f1, f2, f3, g1, g2, g3, s, x, y, z = (
    Symbol(name)
    for name in ["w1", "w2", "w3", "c1", "c2", "c3", "f1", "f2", "f3", "g1", "g2", "g3", "s", "x", "y", "z"]
)
a, b, c, d, q, N, K, M, J, r = (Symbol(name) for name in ["a", "b", "c", "d", "q", "N", "K", "M", "J", "r"])
j = Symbol("j")
half = Rational(1, 2)
turns = observable("turns", "whole turns", domain="nonnegative integer")
step = Min(w1 / c1, w2 / c2)
area = f2 * g3 - f3 * g2, f3 * g1 - f1 * g3, f1 * g2 - f2 * g1


def excess(p, q):  # type: ignore[no-untyped-def]
    """Sum of the positive parts of three differences."""
    return sum(Max(0, u - v) for u, v in zip(p, q, strict=True))


DERIVATION = (
    Step(
        "reduction",
        "Moving weights along a dependence c of the columns (1, ψ) changes no mean: Σ(w - s c) f = Σ w f - s Σ c f.",
        "symbolic",
        Eq(
            (w1 - s * c1) * f1 + (w2 - s * c2) * f2 + (w3 - s * c3) * f3,
            w1 * f1 + w2 * f2 + w3 * f3 - s * (c1 * f1 + c2 * f2 + c3 * f3),
        ),
    ),
    Step(
        "dependence-line",
        "One feature, three images: an explicit dependence of the columns (1, f).",
        "symbolic",
        Eq((f2 - f3) * f1 + (f3 - f1) * f2 + (f1 - f2) * f3, 0),
    ),
    Step(
        "dependence-plane",
        "Three vectors (f, g) of the plane: their cross product ties them together.",
        "symbolic",
        And(
            Eq(sum(u * v for u, v in zip(area, (f1, f2, f3), strict=True)), 0),
            Eq(sum(u * v for u, v in zip(area, (g1, g2, g3), strict=True)), 0),
        ),
        ("dependence-line",),
    ),
    Step(
        "dependence",
        "p + 2 vectors (1, ψ) of p + 1 entries are dependent: as long as there are so many, the reduction goes on.",
        "cited",
        depends_on=("dependence-plane",),
        source="rank and nullity: Axler (2015), Linear Algebra Done Right, 2.23",
    ),
    Step(
        "positive",
        "The longest step that keeps the weights non-negative takes one of them to 0: two weights, both falling.",
        "exact",
        And(
            Ge(w1 - step * c1, 0),
            Ge(w2 - step * c2, 0),
            Eq((w1 - step * c1) * (w2 - step * c2), 0),
        ),
        domain={name: tuple(range(1, 8)) for name in ["w1", "w2", "c1", "c2"]},
    ),
    Step(
        "caratheodory",
        "Start from all images with their own weights and reduce until the (1, ψ) that are left are independent: at most p + 1.",
        "cited",
        depends_on=("reduction", "dependence", "positive"),
        source="Carathéodory (1911); for measures Tchakaloff (1957)",
    ),
    Step(
        "hull",
        "A mean of at most p images lies in the affine hull of some p of them; where it lies in none, p + 1 are needed.",
        "cited",
        source="Grünbaum (2003), Convex Polytopes, 2.3",
    ),
    Step(
        "one-more",
        "Adding an image drawn from the law adds the variance to the mean square of the error r: two images, one feature.",
        "symbolic",
        Eq(
            w1 * (r + f1 - (w1 * f1 + (1 - w1) * f2)) ** 2 + (1 - w1) * (r + f2 - (w1 * f1 + (1 - w1) * f2)) ** 2,
            r**2 + w1 * (1 - w1) * (f1 - f2) ** 2,
        ),
    ),
    Step(
        "greedy",
        "Some image does at least as well as the average one: chosen m times, the error of the sum has a square of at most m "
        "variances.",
        "cited",
        depends_on=("one-more",),
        source="Maurey's lemma by conditional expectations: Alon, Spencer (2016), The Probabilistic Method, 16.1",
    ),
    Step(
        "corner",
        "A number in [0, 1] gains most from a difference at 0 or at 1: v d ≤ max(0, d).  Both sides are linear in v, and in d on "
        "either side of 0, so that these cases decide.",
        "exact",
        Le(x * d, Max(0, d)),
        domain={"x": tuple(Rational(i, 6) for i in range(7)), "d": tuple(range(-6, 7))},
    ),
    Step(
        "halves",
        "2 max(0, d) = |d| + d, and the differences of two laws add up to 0.  Both sides are linear on either side of 0.",
        "exact",
        Eq(2 * Max(0, d), Abs(d) + d),
        domain={"d": tuple(Rational(i, 3) for i in range(-12, 13))},
    ),
    Step(
        "outside",
        "The excess of a law over one that lives on part of the images is at least the mass outside it: three images, two made.",
        "exact",
        Ge(excess((a, b, c), ((a + b + c) * x, (a + b + c) * (1 - x), 0)), c),
        domain={**{name: tuple(range(1, 7)) for name in "abc"}, "x": tuple(Rational(i, 8) for i in range(9))},
    ),
    Step(
        "scheffe",
        "For every set of images the table that is 1 on it and 0 elsewhere sees μ less ν of the set: take what is not made.",
        "cited",
        depends_on=("outside",),
        source="Scheffé's identity: Devroye, Lugosi (2001), Combinatorial Methods in Density Estimation, 5.1",
    ),
    Step(
        "counted",
        "Choosing the K places of each of three cells in turn gives a multinomial coefficient.",
        "exact",
        Eq(binomial(3 * K, K) * binomial(2 * K, K), factorial(3 * K) / factorial(K) ** 3),
        domain={"K": tuple(range(1, 21))},
    ),
    Step(
        "multinomial",
        "The same with any number of cells; each of the p^m sequences is equally likely.",
        "cited",
        depends_on=("counted",),
        source="Feller (1968), An Introduction to Probability Theory and Its Applications 1, II.4",
    ),
    Step(
        "jensen",
        "The square of a mean is at most the mean of the square: the difference for two values is a square.",
        "symbolic",
        Eq(w1 * x**2 + (1 - w1) * y**2 - (w1 * x + (1 - w1) * y) ** 2, w1 * (1 - w1) * (x - y) ** 2),
    ),
    Step(
        "binomial-variance",
        "The number of M draws in a cell of mass r has the variance M r (1 - r); p cells of mass 1/p give ½ sqrt((p - 1)/M).",
        "exact",
        Eq(Sum(binomial(M, j) * r**j * (1 - r) ** (M - j) * (j - M * r) ** 2, (j, 0, M)), M * r * (1 - r)),
        domain={"M": tuple(range(1, 9)), "r": tuple(Rational(1, i) for i in range(2, 9))},
    ),
    Step(
        "mean-square",
        "The mean gap is p/2 times E|X/M - 1/p|, at most p/2 times the root of its mean square.",
        "cited",
        depends_on=("jensen", "binomial-variance", "halves"),
        source="Jensen's inequality: Hardy, Littlewood, Pólya (1934), Inequalities, theorem 16",
    ),
    Step(
        "mean-deviation",
        "E|X - M r| ≥ sqrt(M r (1 - r)/2) for a binomial X and r from 1/M to 1 - 1/M.",
        "cited",
        depends_on=("binomial-variance", "halves"),
        source="Berend and Kontorovich (2013), Theorem 1",
    ),
    Step(
        "three-laws",
        "Positive parts obey the triangle inequality, and so do sums of them.  Both sides are linear where the order of x, y and "
        "z is fixed: small integers decide.  Laws have equal sums, so that a gap is the same in either direction.",
        "exact",
        Le(Max(0, x - z), Max(0, x - y) + Max(0, y - z)),
        domain={name: tuple(range(8)) for name in "xyz"},
    ),
    Step(
        "subsample",
        "Of N independent draws K have the feature, and of M of them J: summed over K, J is binomial whatever N.",
        "exact",
        Implies(
            And(Le(M, N), Le(J, M)),
            Eq(
                Sum(
                    binomial(N, K) * r**K * (1 - r) ** (N - K) * binomial(K, J) * binomial(N - K, M - J) / binomial(N, M),
                    (K, J, N - M + J),
                ),
                binomial(M, J) * r**J * (1 - r) ** (M - J),
            ),
        ),
        domain={
            "N": tuple(range(1, 7)), "M": tuple(range(1, 7)), "J": tuple(range(7)),
            "r": (Rational(1, 3), half, Rational(3, 5)),
        },
    ),
    Step(
        "hypergeometric",
        "Choosing M of N draws and J with the feature among them: a product of binomial coefficients in two orders.",
        "symbolic",
        Eq(
            binomial(N, K) * binomial(K, J) * binomial(N - K, M - J),
            binomial(N, M) * binomial(M, J) * binomial(N - M, K - J),
        ),
    ),
    Step(
        "exchangeable",
        "What is left of the sum over K is the binomial theorem for N - M draws: for any N.",
        "cited",
        depends_on=("hypergeometric", "subsample"),
        source="Feller (1968), An Introduction to Probability Theory and Its Applications 1, VI.2",
    ),
    Step(
        "serfling",
        "Conditioned on the images drawn so far the next has the mean of the rest: a martingale whose steps shrink.",
        "cited",
        source="Serfling (1974), Corollary 1.1",
    ),
    Step(
        "half-waves",
        "K whole waves and a share s of a half-wave above 0 have the length (K + s)/v of v = 2 K + s.",
        "symbolic",
        Eq(1 - (K + s) / (2 * K + s) - (half - half / (2 * K + s)), (1 - s) / (2 * (2 * K + s))),
    ),
    Step(
        "rising",
        "The cosine is positive from 0 to 3/2.",
        "certified",
        Gt(cos(x), 0),
        domain={"x": (0, Rational(3, 2))},
    ),
    Step(
        "first-quarter",
        "The sine is the integral of the cosine from 0 on: positive for 0 < x ≤ 3/2, however small x is.",
        "symbolic",
        Eq(sin(x), Integral(cos(y), (y, 0, x))),
        ("rising",),
    ),
    Step(
        "falling",
        "The cosine is negative from 8/5 to 16/5, beyond π.",
        "certified",
        Lt(cos(x), 0),
        domain={"x": (Rational(8, 5), Rational(16, 5))},
    ),
    Step(
        "second-quarter",
        "The sine is what the cosine takes from x on to π: positive for 8/5 ≤ x < π, however near π is.",
        "symbolic",
        Eq(sin(x), Integral(-cos(y), (y, x, pi))),
        ("falling",),
    ),
    Step(
        "middle",
        "The sine is positive between: from 1 to 2, and so on all of (0, π).",
        "certified",
        Gt(sin(x), 0),
        domain={"x": (1, 2)},
    ),
    Step(
        "angle",
        "With v = 2 q N + s the angle at the image a/q is a N whole turns and π s a/q, which lies in (0, π) for 0 < a < q.",
        "symbolic",
        Eq(pi * (2 * q * N + s) * a / q, 2 * pi * a * N + pi * s * a / q),
    ),
    Step(
        "period",
        "Whole turns leave the sine as it is.",
        "symbolic",
        Eq(sin(plus(x, times(2 * pi, turns))), sin(x)),
    ),
)  # fmt: skip
