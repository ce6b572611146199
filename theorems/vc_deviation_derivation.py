"""Why classes of bounded dimension need no logarithm, step by step: thresholds, stumps, counts, intervals, half-planes."""

from __future__ import annotations

from sympy import E, Rational, Sum, Symbol, binomial, exp, factorial, floor

from theorems.statement import And, Eq, Ge, Implies, Le, Lt, Step, observable, plus, times

_m = observable("m", "number of points", domain="positive integer")
_b = observable("b", "half steps of the edge", domain="positive integer")
_n = observable("n", "number of points", domain="positive integer")
_k = observable("k", "number of intervals", domain="positive integer")
_v = observable("v", "dimension", domain="positive integer")
_j, _i = Symbol("j"), Symbol("i")
_x, _y = observable("x", "a number", domain="positive"), observable("y", "another", domain="positive")
_T = observable("T", "length of a path", domain="positive")
_r = Symbol("r", integer=True, positive=True)
_q = Symbol("q", integer=True, positive=True)
_z, _w = observable("z", "a third", domain="positive"), observable("w", "a fourth", domain="positive")
_a1, _a2, _a3, _a4 = (observable(f"a_{i}", "an entry of a matrix") for i in range(1, 5))
_edge = _b / (2 * _m)
_small = tuple(Rational(s, 3) for s in (1, 2, 4))

STEPS = (
    Step(
        "abel",
        "Abel's identity, which adds the probabilities of first crossings up to 1.",
        "exact",
        Eq(
            _x * Sum(binomial(_m, _j) * (_x + _j) ** (_j - 1) * (_y + _m - _j) ** (_m - _j), (_j, 0, _m)),
            (_x + _y + _m) ** _m,
        ),
        domain={"m": tuple(range(1, 8)), "x": _small, "y": _small},
    ),
    Step(
        "first-crossing",
        "F_m crosses the line F + ε for the last time at height j/m with the j-th term of Birnbaum's and Tingey's sum.",
        "cited",
        depends_on=("abel",),
        source="Birnbaum and Tingey (1951), One-sided confidence contours for probability distribution functions",
    ),
    Step(
        "one-sided-small",
        "For up to 12 points and every edge that is a multiple of 1/(2m), the sum is at most exp(-2 m ε²).",
        "exact",
        Implies(
            Le(_b, 2 * _m),
            Le(
                _edge
                * Sum(
                    binomial(_m, _j) * (1 - _edge - _j / _m) ** (_m - _j) * (_edge + _j / _m) ** (_j - 1),
                    (_j, 0, floor(_m - _b / 2)),
                ),
                exp(-2 * _m * _edge**2),
            ),
        ),
        depends_on=("first-crossing",),
        domain={"m": tuple(range(1, 13)), "b": tuple(range(1, 25))},
    ),
    Step(
        "massart",
        "The same of every number of points, wherever exp(-2 m ε²) is at most ½; elsewhere 2 exp(-2 m ε²) is at least 1.",
        "cited",
        depends_on=("first-crossing", "one-sided-small"),
        source="Massart (1990), The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality, theorem 1",
    ),
    Step(
        "two-sides",
        "Turning the line round exchanges F_m - F and F - F_m: the probability that either is large is at most twice one.",
        "cited",
        source="Boole's inequality: Feller (1968), An Introduction to Probability Theory and Its Applications 1, IV.5",
    ),
    Step(
        "quantiles",
        "A sample of any law is the image of a uniform one under the quantile function, which makes no gap larger.",
        "cited",
        source="Shorack and Wellner (1986), Empirical Processes with Applications to Statistics, 1.1",
    ),
    Step(
        "coordinates",
        "The gap of stumps is the largest over d coordinates: at most d times the probability of one.",
        "cited",
        depends_on=("massart", "two-sides", "quantiles"),
        source="Boole's inequality: Feller (1968), IV.5",
    ),
    Step(
        "exponential",
        "1 - x < exp(-x) away from 0.",
        "certified",
        Lt(1 - _x, exp(-_x)),
        (),
        {"x": (Rational(1, 64), 1)},
    ),
    Step(
        "independent-coordinates",
        "Where the coordinates are independent none of them exceeds with probability (1 - P₁)^d, at most exp(-d P₁).",
        "cited",
        depends_on=("exponential",),
        source="Feller (1968), V.3",
    ),
    Step(
        "pascal",
        "The induction of Sauer's lemma: what n points allow is what n - 1 allow in dimension V and in V - 1 together.",
        "exact",
        Eq(
            Sum(binomial(_n, _i), (_i, 0, _v)),
            Sum(binomial(_n - 1, _i), (_i, 0, _v)) + Sum(binomial(_n - 1, _i), (_i, 0, _v - 1)),
        ),
        domain={"n": tuple(range(1, 21)), "v": tuple(range(1, 11))},
    ),
    Step(
        "sauer",
        "A family of subsets splits at a point into its traces and those it has twice: the dimension falls by one there.",
        "cited",
        depends_on=("pascal",),
        source="Sauer (1972), On the density of families of sets; Shelah (1972)",
    ),
    Step(
        "polynomial",
        "The count is at most (e n/V)^V once n is V or more: a polynomial, so that its logarithm is V ln(e n/V).",
        "exact",
        Implies(Le(_v, _n), Le(Sum(binomial(_n, _i), (_i, 0, _v)), (E * _n / _v) ** _v)),
        ("sauer",),
        {"n": tuple(range(1, 41)), "v": tuple(range(1, 9))},
    ),
    Step(
        "two-ends",
        "r runs have 2r ends among n + 1 places: C(n + 1, 2r) = C(n, 2r) + C(n, 2r - 1).",
        "exact",
        Eq(Sum(binomial(_n + 1, 2 * _i), (_i, 0, _k)), Sum(binomial(_n, _i), (_i, 0, 2 * _k))),
        domain={"n": tuple(range(1, 21)), "k": tuple(range(1, 11))},
    ),
    Step(
        "runs",
        "A union of at most k intervals cuts off the subsets of at most k runs, and every one of them.",
        "cited",
        depends_on=("two-ends",),
        source="Devroye, Györfi, Lugosi (1996), A Probabilistic Theory of Pattern Recognition, 13.2",
    ),
    Step(
        "next-point",
        "One point more in general position adds 2n ways: (n + 1)² - (n + 1) + 2 - (n² - n + 2) = 2n.",
        "symbolic",
        Eq((_r + 1) ** 2 - (_r + 1) + 2 - (_r**2 - _r + 2), 2 * _r),
    ),
    Step(
        "function-counting",
        "The lines that pass the new point cut up the others as in dimension one.",
        "cited",
        depends_on=("next-point",),
        source="Cover (1965), Geometrical and statistical properties of systems of linear inequalities, theorem 1",
    ),
    Step(
        "factorials",
        "Hoeffding's lemma for a fair sign, term by term: (2j)! ≥ 2^j j!, so that cosh s ≤ exp(s²/2).",
        "exact",
        Ge(factorial(2 * _v), 2**_v * factorial(_v)),
        domain={"v": tuple(range(1, 41))},
    ),
    Step(
        "factorials-next",
        "From j to j + 1 the left side grows by (2j + 2)(2j + 1), the right one by 2(j + 1).",
        "symbolic",
        Eq((2 * _q + 2) * (2 * _q + 1), times(2, _q + 1, 2 * _q + 1)),
        ("factorials",),
    ),
    Step(
        "bounded-differences",
        "One point more or less moves the gap by 1/m at most: it stays within t of its mean but for exp(-2 m t²).",
        "cited",
        depends_on=("factorials-next",),
        source="McDiarmid (1989), On the method of bounded differences",
    ),
    Step(
        "largest-of-finitely-many",
        "The largest of 2|H| variables with moments below exp(s²/(8m)) has a mean of at most sqrt(ln(2|H|)/(2m)).",
        "cited",
        depends_on=("factorials-next",),
        source="Boucheron, Lugosi, Massart (2013), Concentration Inequalities, theorem 2.5",
    ),
    Step(
        "ghost-sample",
        "A second sample stands for the law, random signs swap the two, and only the ways to cut up 2m points count.",
        "cited",
        depends_on=("polynomial", "factorials-next"),
        source="Vapnik and Chervonenkis (1971), On the uniform convergence of relative frequencies; 4 Π(2m) exp(-m ε²/8) as in "
        "Vapnik (1998), Statistical Learning Theory, 4.4",
    ),
    Step(
        "no-cancelling",
        "Of two differences of opposite signs the sum is no larger than of equal ones: (x + y)² - (x - y)² = 4 x y ≥ 0.",
        "symbolic",
        Eq((_x + _y) ** 2 - (_x - _y) ** 2, 4 * _x * _y),
    ),
    Step(
        "parts",
        "A union of k intervals is one of at most k disjoint ones, and its difference is the sum of theirs: at most k times the "
        "largest.",
        "cited",
        depends_on=("no-cancelling",),
        source="Billingsley (1995), Probability and Measure, section 2: measures are additive",
    ),
    Step(
        "single-points",
        "k intervals of no length round a point each say k times 1/m too much.",
        "symbolic",
        Eq(Sum(1 / _T, (_j, 1, _r)), _r / _T),
    ),
    Step(
        "jump",
        "Just before a point F - F_m is x, at the point F_m - F is 1/m - x or more: they add up to 1/m, one is half of it.",
        "symbolic",
        Eq(plus(_x, 1 / _T, -_x), 1 / _T),
    ),
    Step(
        "half-way",
        "Between points F_m is flat and F rises, so that both differences are largest at a point: at the i-th of evenly spaced "
        "ones F is half way up the jump, i/m - (i - 1/2)/m = (i - 1/2)/m - (i - 1)/m = 1/(2m).",
        "symbolic",
        And(
            Eq(_r / _T - (_r - Rational(1, 2)) / _T, 1 / (2 * _T)),
            Eq((_r - Rational(1, 2)) / _T - (_r - 1) / _T, 1 / (2 * _T)),
        ),
        ("jump",),
    ),
    Step(
        "even-run",
        "Among points at distances 1/m, j in a row with the j - 1 pieces between them say j/m - (j - 1)/m = 1/m too much, and "
        "the j + 1 pieces round j of them (j + 1)/m - j/m = 1/m too little; at an end of the line half a piece: 1/(2m).",
        "symbolic",
        And(
            Eq(_x / _T - (_x - 1) / _T, 1 / _T),
            Eq((_x + 1) / _T - _x / _T, 1 / _T),
            Eq((_x + Rational(1, 2)) / _T - _x / _T, 1 / (2 * _T)),
        ),
    ),
    Step(
        "even-spacing",
        "One interval says at most 1/m too much or too little, hence k disjoint ones at most k/m, and never more than 1; as many "
        "single points say as much.",
        "cited",
        depends_on=("even-run", "parts", "single-points"),
        source="one interval: Niederreiter (1992), Random Number Generation and Quasi-Monte Carlo Methods, theorem 2.7; from there "
        "to k the step `parts`",
    ),
    Step(
        "cheapest-merge",
        "The best k runs arise from the best k + 1 by one merge, and merges grow dearer: the sums are concave in k.",
        "cited",
        source="Csűrös (2004), Maximum-scoring segment sets",
    ),
    Step(
        "rise-and-fall",
        "F_m - F rises from its least to its greatest value, or falls in that order: D₊ + D₋ is the gap of one interval.",
        "cited",
        source="Kuiper (1960), Tests concerning random points on a circle",
    ),
    Step(
        "turning-points",
        "A Brownian path of length T turns by h or more after h² on average and rises by 2h between turns: T/(2h²) = k rises "
        "reach 2 h k = sqrt(2 k T).",
        "symbolic",
        Implies(Eq(2 * _x**2 * _y, _T), And(Eq((2 * _x * _y) ** 2, 2 * _y * _T))),
    ),
    Step(
        "turning-points-limit",
        "So sqrt(m) times the gap of k intervals is about sqrt(2k) for 1 << k << m: a constant of 1 for p = 2k parameters.",
        "cited",
        depends_on=("turning-points",),
        source="Neveu and Pitman (1989), Renewal property of the extrema of a one-dimensional Brownian motion",
    ),
    Step(
        "affine",
        "A linear map multiplies the determinant of two directions by its own: a point stays on its side of every line, or "
        "all change sides.",
        "symbolic",
        Eq(
            (_a1 * _x + _a2 * _y) * (_a3 * _z + _a4 * _w) - (_a3 * _x + _a4 * _y) * (_a1 * _z + _a2 * _w),
            (_a1 * _a4 - _a2 * _a3) * (_x * _w - _y * _z),
        ),
    ),
    Step(
        "fewer-discriminators",
        "A supremum over some of the discriminators is at most that over all.",
        "cited",
        source="Rudin (1976), Principles of Mathematical Analysis, 1.8: an upper bound of a set is one of its subsets",
    ),
    Step(
        "variation",
        "The supremum over all sets is the total variation distance.",
        "cited",
        depends_on=("fewer-discriminators",),
        source="Scheffé (1947), A useful convergence theorem for probability distributions",
    ),
    Step(
        "three-points",
        "Three points that are not on a line: every subset is cut off, among them the one on which the sample says too much.",
        "cited",
        depends_on=("function-counting",),
        source="Cover (1965): n = 3 points of the plane are cut up in 3² - 3 + 2 = 8 ways",
    ),
)
