"""Why one fixed net trains about as well as it tests: Hoeffding's lemma, its exponent, and the δ that it leaves."""

from __future__ import annotations

from sympy import Derivative, Rational, exp, log, sqrt

from theorems.statement import Eq, Ge, Implies, Step, observable, times

from .discriminator_support_derivation import DERIVATION as SUPPORT

_s = observable("s", "an exponent", domain="positive")
_a = observable("a", "training loss", domain="positive")
_p = observable("p", "test loss", domain="positive")
_n = observable("n", "number of points", domain="positive integer")
_k = observable("k", "number of nets", domain="positive integer")
_e = observable("e", "edge", domain="positive")
_d = observable("d", "probability allowed to fail", domain="positive")
_w = observable("w", "width", domain="positive")
_v = observable("v", "variance of one loss", domain="nonnegative")

KEPT = ("chord", "moment-slopes", "quarter", "hoeffding-box", "hoeffding-lemma", "best-exponent")
"""Steps of the support theorem that prove the lemma: the moment of one bounded variable."""

STEPS = (
    *(step for step in SUPPORT if step.name in KEPT),
    Step(
        "product",
        "Independent losses: the moment of their sum is the product of the moments, with n s²/8 in place of s²/8.",
        "cited",
        depends_on=("hoeffding-lemma",),
        source="Billingsley (1995), Probability and Measure, (21.28)",
    ),
    Step(
        "hoeffding",
        "Markov's inequality for exp(n s (test - train)) at s = 4ε: P(test - train ≥ ε) ≤ exp(n (s²/8 - sε)) = exp(-2nε²).",
        "cited",
        depends_on=("product", "best-exponent"),
        source="Hoeffding (1963), Probability inequalities for sums of bounded random variables, theorem 1",
    ),
    Step(
        "two-sides",
        "The same of 1 - loss; either happens with at most the sum (Boole).",
        "cited",
        depends_on=("hoeffding",),
        source="Feller (1968), An Introduction to Probability Theory and Its Applications 1, IV.5",
    ),
    Step(
        "one-side-at-delta",
        "At ε = sqrt(ln(1/δ)/(2n)) the bound exp(-2nε²) is δ.",
        "symbolic",
        Implies(Eq(_e, sqrt(log(1 / _d) / (2 * _n))), Eq(exp(-2 * _n * _e**2), _d)),
        ("hoeffding",),
    ),
    Step(
        "two-sides-at-delta",
        "At ε = sqrt(ln(2/δ)/(2n)) the bound 2 exp(-2nε²) is δ.",
        "symbolic",
        Implies(Eq(_e, sqrt(log(2 / _d) / (2 * _n))), Eq(2 * exp(-2 * _n * _e**2), _d)),
        ("two-sides",),
    ),
    Step(
        "union-at-delta",
        "Any of k nets is far with at most k times the probability of one, which is δ at ε = sqrt(ln(2k/δ)/(2n)).",
        "symbolic",
        Implies(Eq(_e, sqrt(log(2 * _k / _d) / (2 * _n))), Eq(times(_k, 2 * exp(-2 * _n * _e**2)), _d)),
        ("two-sides",),
    ),
    Step(
        "unit",
        "Losses of width w have those of width 1 when divided by w, and ε becomes ε/w.",
        "symbolic",
        Eq(times(-2, _n, (_e / _w) ** 2), -2 * _n * _e**2 / _w**2),
    ),
    Step(
        "coin-exponent",
        "A coin's moment ln(1 - p + p e^-s) + sa has slope 0 at e^-s = a(1 - p)/(p(1 - a)).",
        "symbolic",
        Eq(_a - times(_p, _a * (1 - _p) / (_p * (1 - _a)), 1 / (1 - _p + _a * (1 - _p) / (1 - _a))), 0),
        ("chord",),
    ),
    Step(
        "chernoff",
        "With that s Markov's inequality reads P(train ≤ a) ≤ exp(-n KL(a, p)), for any loss in [0, 1] by the chord.",
        "cited",
        depends_on=("coin-exponent", "product"),
        source="Hoeffding (1963), (2.1)",
    ),
    Step(
        "entropy-bends",
        "KL(a, p) = a ln(a/p) + (1 - a) ln((1 - a)/(1 - p)) has the second derivative 1/(a(1 - a)) in a, at least 4.",
        "symbolic",
        Eq(Derivative(_a * log(_a / _p) + (1 - _a) * log((1 - _a) / (1 - _p)), (_a, 2)), 1 / (_a * (1 - _a))),
    ),
    Step(
        "pinsker",
        "So it is at least 2(p - a)², here in balls over a box: Chernoff's bound is never the weaker one.",
        "certified",
        Ge(_a * log(_a / _p) + (1 - _a) * log((1 - _a) / (1 - _p)), 2 * (_p - _a) ** 2),
        ("entropy-bends",),
        {"a": (Rational(1, 64), Rational(3, 8)), "p": (Rational(1, 2), Rational(63, 64))},
    ),
    Step(
        "count",
        "0-1 losses of independent points add up to a binomial number.",
        "cited",
        source="Feller (1968), VI.2",
    ),
    Step(
        "linear",
        "Expectations add, of dependent losses too.",
        "cited",
        source="Billingsley (1995), theorem 16.1",
    ),
    Step(
        "bienayme",
        "Variances of independent losses add.",
        "cited",
        source="Feller (1968), IX.5",
    ),
    Step(
        "variances-add",
        "n variances over n² are one over n.",
        "symbolic",
        Eq(times(_n, _v, 1 / _n**2), _v / _n),
        ("bienayme",),
    ),
)
