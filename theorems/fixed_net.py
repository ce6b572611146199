"""A net that was fixed before the sample: how far its training loss is from its test loss (Hoeffding's inequality).

The sample has n points, train is the mean loss on it and test the expected loss on a new point, for losses in [0, 1].
Probabilities are exact, for 0-1 losses and for those with finitely many values; with probability at least 1 - δ the gap is
at most sqrt(ln(2/δ)/(2n)), which is what held-out data is for.  For a net that the sample itself has chosen this is false:
among k nets it costs ln k more.  Suprema over infinite classes are another theorem's, `vc-deviation`.
"""

from __future__ import annotations

from sympy import Rational, Sum, Symbol, binomial, floor, log, sqrt

from theorems.statement import And, Assumption, Claim, Eq, Ge, Implies, Le, Lt, Ne, Saying, Source, Theorem, observable

from .fixed_net_derivation import STEPS

n = observable("n", "number of points of the sample", domain="positive integer")
k = observable("k", "number of nets from which the sample may choose", domain="positive integer")
repeated = observable("repeated", "points of the sample that repeat others", domain="nonnegative integer")
zero_one = observable("zero_one", "the loss is 0 or 1", domain="boolean")
lowest, highest = observable("lowest", "the least loss"), observable("highest", "the largest loss")
width = observable("width", "the largest loss minus the least", domain="nonnegative")
variance = observable("variance", "variance of the loss on one point", domain="nonnegative", latex="v")
test = observable("test", "expected loss on a new point", latex=r"\mathrm{test}")
level = observable("level", "test - eps, or 0 if that is less", latex=r"\ell")
eps = observable("eps", "edge", domain="positive", latex=r"\epsilon")
delta = observable("delta", "probability allowed to fail", domain="positive probability", latex=r"\delta")
P_far = observable("P_far", "probability that |test - train| is at least eps", domain="probability", latex="P_{far}")
P_over = observable("P_over", "probability that test - train is at least eps", domain="probability", latex="P_{over}")
P_low = observable("P_low", "probability that train is at most level", domain="probability", latex="P_{low}")
gap = observable("gap", "least number that |test - train| exceeds with probability at most delta", domain="nonnegative")
gap_over = observable("gap_over", "the same of test - train", latex="gap_{over}")
mean_train = observable("mean_train", "expected training loss", latex=r"E\,\mathrm{train}")
mean_square = observable("mean_square", "expected square of test - train", domain="nonnegative", latex="q")

i = Symbol("i")
FIXED = ("fixed", "independent")
LARGE = "fair 0-1 losses, in the exponent: 100 000 points at an edge of 0.07"

CLAIMS = (
    Claim(
        "hoeffding",
        Implies(Ne(P_far, 0), Le(2 * n * eps**2, log(2 / P_far))),
        "bound",
        "|test - train| is ε or more with probability at most 2 exp(-2nε²), which the formula says in logarithms.",
        goal=1e-3,
        tight_at=LARGE,
        follows_from=("two-sides",),
    ),
    Claim(
        "at-delta",
        Le(gap, sqrt(log(2 / delta) / (2 * n))),
        "bound",
        "With probability at least 1 - δ, |test - train| ≤ sqrt(ln(2/δ)/(2n)).",
        goal=1e-3,
        tight_at=LARGE,
        follows_from=("two-sides-at-delta",),
    ),
    Claim(
        "one-sided",
        Implies(Ne(P_over, 0), Le(2 * n * eps**2, log(1 / P_over))),
        "bound",
        "The training loss is too good by ε or more with probability at most exp(-2nε²).",
        goal=1e-3,
        tight_at=LARGE,
        follows_from=("hoeffding",),
    ),
    Claim(
        "one-sided-at-delta",
        Le(gap_over, sqrt(log(1 / delta) / (2 * n))),
        "bound",
        "With probability at least 1 - δ, test ≤ train + sqrt(ln(1/δ)/(2n)): no more than this is lost by trusting train.",
        goal=1e-3,
        tight_at=LARGE,
        follows_from=("one-side-at-delta",),
    ),
    Claim(
        "width",
        Implies(Ne(P_far, 0), Le(2 * n * eps**2, width**2 * log(2 / P_far))),
        "bound",
        "Losses between any two numbers: only their distance w enters, P ≤ 2 exp(-2nε²/w²).",
        FIXED,
        goal=1e-3,
        tight_at=LARGE,
        follows_from=("two-sides", "unit"),
    ),
    Claim(
        "chernoff",
        Le(
            P_low,
            ((test**level * (1 - test) ** (1 - level)) / (level**level * (1 - level) ** (1 - level))) ** n,
        ),
        "bound",
        "Sharper where the test loss is far from ½: exp(-n KL(ℓ, test)), with the entropy of coins relative to each other, "
        "which is at least 2 (test - ℓ)².",
        goal=1e-3,
        tight_at="0-1 losses: no wrong point; elsewhere up to a factor of the order of sqrt(n)",
        follows_from=("chernoff",),
    ),
    Claim(
        "binomial",
        Implies(
            zero_one,
            Eq(P_low, Sum(binomial(n, i) * test**i * (1 - test) ** (n - i), (i, 0, floor(n * level)))),
        ),
        words="Of 0-1 losses the law is exact: a binomial tail.",
        assumes=FIXED,
        follows_from=("count",),
    ),
    Claim(
        "unbiased",
        Eq(mean_train, test),
        words="On average the training loss is the test loss.",
        assumes=("fixed",),
        follows_from=("linear",),
    ),
    Claim(
        "variance",
        Eq(mean_square, variance / n),
        words="The mean square of their difference is that of one loss over n: the rate 1/sqrt(n) is no artefact of the proof.",
        assumes=FIXED,
        follows_from=("variances-add",),
    ),
    Claim(
        "among-k",
        Le(2 * n * gap**2, log(2 * k / delta)),
        "bound",
        "For the one of k nets that the sample itself has chosen, however it chose: sqrt(ln(2k/δ)/(2n)), here squared.",
        ("independent", "bounded"),
        goal=1e-3,
        tight_at="one net, " + LARGE,
        follows_from=("union-at-delta",),
    ),
)  # fmt: skip

HELD_OUT = "Opening, Objective doesn't fix functionality"
SAYINGS = (
    Saying(
        "held-out",
        HELD_OUT,
        '"trained net can be tested on held-out data to check model\'s goodness". Read: on n points that had no part in its '
        "training the loss is the test loss to within sqrt(ln(2/δ)/(2n)), with probability at least 1 - δ.",
        Le(gap, sqrt(log(2 / delta) / (2 * n))),
        "SURVIVED",
    ),
    Saying(
        "chosen-on-it",
        HELD_OUT,
        "Variant, not the talk's words: the same of the best of k nets on the data that chose it.",
        Le(gap, sqrt(log(2 / delta) / (2 * n))),
        "REFUTED",
        "among-k",
        assumes=("independent", "bounded"),
    ),
    Saying(
        "one-sided-formula",
        HELD_OUT,
        "Variant, not the talk's words: |test - train| ≤ sqrt(ln(1/δ)/(2n)), without the 2 of the two sides.",
        Le(gap, sqrt(log(1 / delta) / (2 * n))),
        "REFUTED",
        "at-delta",
    ),
    Saying(
        "one-over-n",
        HELD_OUT,
        "Variant, not the talk's words: |test - train| ≤ ln(2/δ)/n, as fast as for a net without any loss.",
        Le(gap, log(2 / delta) / n),
        "REFUTED",
        "at-delta",
    ),
    Saying(
        "learning-works",
        "Part 3, Canonical ML framework",
        '"Learning works if E_(x∈D)[ℓ_x(w)] ≈ E_(x∈S)[ℓ_x(w)]". Read: where they are within 1/10 with probability 1 - δ, the '
        "test loss is below that of a coin.",
        Implies(Le(gap, Rational(1, 10)), Lt(test, Rational(1, 2))),
        "REFUTED",
        "one-sided-at-delta",
    ),
)  # fmt: skip

THEOREM = Theorem(
    name="fixed-net",
    title="One net, fixed before the sample: test loss and training loss",
    claims=CLAIMS,
    assumptions=(
        Assumption("fixed", "the net is fixed before the sample is drawn", Eq(k, 1)),
        Assumption("independent", "the points of the sample are drawn independently", Eq(repeated, 0)),
        Assumption("bounded", "losses are between 0 and 1", And(Ge(lowest, 0), Le(highest, 1))),
    ),
    derivation=STEPS,
    sayings=SAYINGS,
    sources=(
        Source("Hoeffding", 1963, "Probability inequalities for sums of bounded random variables", "theorems 1 and 2"),
        Source("Shalev-Shwartz, Ben-David", 2014, "Understanding Machine Learning", "sections 4.2 and 11.2"),
    ),
    non_claims=(
        "Nothing is said of the net that training has found on the same sample: for that a bound over all nets that it might "
        "have found is needed, of which ln k is the simplest.",
        "A small gap is not a small loss: a net that is always wrong has no gap at all.",
        "Held-out data that decided anything (an architecture, a stopping time) has chosen, and no longer counts as held out.",
        "Losses here have finitely many values and nets that compete have independent losses of one law: that suffices to refute, "
        "and for the bounds it is a test on these laws.",
    ),
)  # fmt: skip
