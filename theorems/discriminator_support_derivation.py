"""Why few images win: a net, Hoeffding's inequality for each of its points, and the sum of the probabilities."""

from __future__ import annotations

from sympy import Derivative, Rational, Symbol, ceiling, exp, log

from theorems.statement import And, Eq, Ge, Le, Lt, Step, plus, times

half, quarter = Rational(1, 2), Rational(1, 4)
_q, _s, _t, _u, _x, _a, _b, _n = (Symbol(name, real=True) for name in ("q", "s", "t", "u", "x", "a", "b", "n"))
_L, _R, _k, _e, _m, _D = (Symbol(name, positive=True) for name in ("L", "R", "k", "eps", "m", "Delta"))
_mix = 1 - _q + _q * exp(_s)

DERIVATION = (
    Step(
        "transfer",
        "E D and mean D move by at most L|v - w| each, so that their difference moves by at most twice that (unit 1).",
        "certified",
        And(Le(_a - _b, 2), Ge(_a - _b, -2)),
        ("averages",),
        domain={"a": (-1, 1), "b": (-1, 1)},
    ),
    Step(
        "averages",
        "An average of D_v - D_w is at most the largest |D_v - D_w|.",
        "cited",
        source="Billingsley (1995), Probability and Measure, theorem 16.1",
    ),
    Step(
        "net-cube",
        "x half-edges to a radius: ⌈x⌉ intervals of two radii cover the edge, and one fewer does not; here 120 values of x.",
        "exact",
        And(Ge(2 * ceiling(_x), 2 * _x), Lt(2 * (ceiling(_x) - 1), 2 * _x)),
        domain={"x": tuple(Rational(n, 12) for n in range(1, 121))},
    ),
    Step(
        "net-product",
        "In p dimensions: products of such intervals cover the cube, and ⌈x⌉^p points further apart than two radii are in "
        "different ones, for every x > 0.",
        "cited",
        depends_on=("net-cube",),
        source="Kolmogorov and Tikhomirov (1959), ε-entropy and ε-capacity of sets in function spaces, §1",
    ),
    Step(
        "net-ball",
        "A ball of radius R in R^p has a net at distance ρ of at most (1 + 2R/ρ)^p points: disjoint balls of radius ρ/2 "
        "around them fit into a ball of radius R + ρ/2.",
        "cited",
        source="Vershynin (2018), High-Dimensional Probability, corollary 4.2.13",
    ),
    Step(
        "chord",
        "exp(s x) is convex in x, so that a variable in [0, 1] has at most the moment of a toss with its mean: here the "
        "chord lies above at every x of a grid.",
        "exact",
        Le(exp(_s * _x), 1 - _x + _x * exp(_s)),
        domain={
            "x": tuple(Rational(n, 16) for n in range(1, 16)),
            "s": tuple(Rational(n, 4) for n in range(-20, 21) if n),
        },
    ),
    Step(
        "moment-slopes",
        "ψ(s) = ln(1 - q + q e^s) - q s has ψ'' = u(1 - u) with u = q e^s/(1 - q + q e^s).",
        "symbolic",
        Eq(Derivative(log(_mix) - _q * _s, (_s, 2)), (_q * exp(_s) / _mix) * (1 - _q * exp(_s) / _mix)),
    ),
    Step("quarter", "u(1 - u) = ¼ - (u - ½)² is at most ¼.", "symbolic", Eq(_u * (1 - _u), quarter - (_u - half) ** 2)),
    Step(
        "hoeffding-box",
        "ψ(s) ≤ s²/8, in balls over a box that keeps away from s = 0, where both sides vanish.",
        "certified",
        Le(log(_mix) - _q * _s, _s**2 / 8),
        domain={"q": (quarter, 3 * quarter), "s": (2, 3)},
    ),
    Step(
        "hoeffding-lemma",
        "ψ(0) = ψ'(0) = 0 and ψ'' ≤ ¼ give ψ(s) ≤ s²/8 for every s (Taylor).",
        "cited",
        depends_on=("chord", "moment-slopes", "quarter", "hoeffding-box"),
        source="Hoeffding (1963), Probability inequalities for sums of bounded random variables, (4.16)",
    ),
    Step(
        "best-exponent",
        "s²/8 - s t = (s - 4t)²/8 - 2t² is least, -2t², at s = 4t.",
        "symbolic",
        Eq(_s**2 / 8 - _s * _t, (_s - 4 * _t) ** 2 / 8 - 2 * _t**2),
    ),
    Step(
        "hoeffding",
        "P(|mean - E D| > t) ≤ 2 exp(-2 m t²): Markov's inequality for the moment of the sum, on both sides.",
        "cited",
        depends_on=("hoeffding-lemma", "best-exponent"),
        source="Hoeffding (1963), theorem 1",
    ),
    Step(
        "union",
        "1 - (1 - q)^n ≤ n q: some of n events happens with at most the sum of their probabilities; here if independent.",
        "exact",
        Le(1 - (1 - _q) ** _n, _n * _q),
        domain={"n": tuple(range(1, 41)), "q": tuple(Rational(i, 40) for i in range(41))},
    ),
    Step(
        "union-bound",
        "The same for events that are not independent (Boole).",
        "cited",
        depends_on=("union",),
        source="Feller (1968), An Introduction to Probability Theory and Its Applications 1, IV.5",
    ),
    Step(
        "combine",
        "A gap above ε leaves one of the net above ε - 2r.  With r = kε/2, the net at distance r/L: 1 + 2R/(r/L) is "
        "1 + 4LR/(kε), and ε - 2r = (1 - k)ε.",
        "symbolic",
        And(
            Eq(plus(1, times(2, _R, 1 / ((_k * _e / 2) / _L))), 1 + 4 * _L * _R / (_k * _e)),
            Eq(_e - times(2, _k * _e / 2), (1 - _k) * _e),
        ),
        ("transfer", "net-ball", "hoeffding", "union-bound"),
    ),
    Step(
        "loose",
        "At k = ½: 2((1 - k)ε)² = ε²/2 and 4LR/(kε) = 8LR/ε.",
        "symbolic",
        And(
            Eq(times(2, ((1 - half) * _e) ** 2), _e**2 / 2),
            Eq(times(4, _L, _R, 1 / half, 1 / _e), 8 * _L * _R / _e),
        ),
        ("combine",),
    ),
    Step(
        "existence",
        "A probability below 1 leaves a sample, and the uniform law on it is the generator.",
        "cited",
        depends_on=("loose",),
        source="Alon and Spencer (2016), The Probabilistic Method, 1.1",
    ),
    Step(
        "measuring-function",
        "φ(D)/(2Δ) + ½ has values in [0, 1], is L L_φ/(2Δ)-Lipschitz and has the gap over 2Δ.",
        "symbolic",
        And(
            Eq(times(2, _m, ((1 - _k) * (_e / (2 * _D))) ** 2), 2 * _m * ((1 - _k) * _e) ** 2 / (4 * _D**2)),
            Eq(times(4, _L / (2 * _D), _R, 1 / (_k * (_e / (2 * _D)))), 4 * _L * _R / (_k * _e)),
        ),
        ("combine",),
    ),
    Step(
        "corners",
        "The knots are all 0-1 functions of the images, the others lie between: the gap is the total variation distance, and "
        "a generator of d of n equally likely images leaves 1 - d/n at least.",
        "cited",
        source="theorem few-atoms, claim necessary",
    ),
    Step(
        "sharpness",
        "As L grows no constant or power can be improved: bit tables.",
        "searched",
        claim="support-lipschitz",
    ),
    Step(
        "signs",
        "sin(π w x/2^n) has the sign that a bit of w says: every sample has its own v.",
        "searched",
        claim="one-parameter",
    ),
)
