"""Classes of bounded dimension need no logarithm: how far a sample deceives thresholds, stumps, intervals and half-planes.

The gap of a class of discriminators is the largest difference |E D - mean_S D| between a law and a sample of m points.
It is the supremum itself that is measured here, exact for each of these classes: thresholds and stumps by the law of
Kolmogorov's and Smirnov's statistic, unions of intervals by largest sums of runs, half-planes by turning a line.  None of
them has a Lipschitz constant, and their gap is of the order sqrt(p/m) with p parameters: no logarithm of p, of a
Lipschitz constant or of the precision.  A stump shows what a parameter is: to choose one of d coordinates costs ln d.
"""

from __future__ import annotations

from sympy import Max, Min, Rational, exp, log, sqrt

from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Ge,
    Gt,
    Implies,
    Le,
    Or,
    Saying,
    Source,
    Theorem,
)

from .vc_deviation_derivation import STEPS
from .vc_deviation_terms import (
    FOUR_TIMES,
    SIZES,
    TRIED,
    P,
    P_above,
    P_free,
    P_one,
    above,
    atoms,
    below,
    copied,
    crossings,
    d,
    degenerate,
    dimension,
    eps,
    excess,
    excess_before,
    excess_next,
    gap,
    gap_one,
    k,
    m,
    m_a,
    m_b,
    mean,
    mean_a,
    mean_b,
    members,
    moved,
    n,
    p_a,
    p_b,
    places,
    repeated,
    stump,
    subsets,
    uneven,
    variation,
    ways,
    ways_of_half_planes,
    ways_of_intervals,
    within,
)

FEW = "; a finite form at the sizes tried, whose constants are far from sharp"

CLAIMS = (
    Claim(
        "dkw",
        Le(P_one, 2 * exp(-2 * m * eps**2)),
        "bound",
        "Thresholds on a line: whatever the law, the gap of m independent points is ε or more with probability at most "
        "2 exp(-2 m ε²). No logarithm, and no Lipschitz constant, which thresholds have not.",
        ("independent",),
        goal=1e-3,
        tight_at="ten thousand points, ε = 1.1/√m",
        follows_from=("massart", "two-sides", "quantiles"),
    ),
    Claim(
        "one-sided-law",
        Eq(P_above, crossings),
        words="For an atomless law the one-sided gap has the law of Birnbaum and Tingey, whatever the law of the points is.",
        assumes=("independent", "atomless"),
        follows_from=("first-crossing",),
    ),
    Claim(
        "atoms-help",
        Le(P_above, P_free),
        "bound",
        "For a law with atoms, too: a large gap is at most as likely as for an atomless one.",
        ("independent",),
        tight_at="atomless laws",
        follows_from=("first-crossing", "quantiles"),
    ),
    Claim(
        "two-sides",
        Le(P_one, 2 * P_above),
        "bound",
        "Either one-sided gap is large with at most twice the probability of one.",
        ("atomless",),
        tight_at="edges above ½, where only one of them can be large",
        follows_from=("two-sides",),
    ),
    Claim(
        "stumps",
        Le(P, 2 * d * exp(-2 * m * eps**2)),
        "bound",
        "Stumps, which are thresholds on one of d coordinates: at most 2 d exp(-2 m ε²), dependent coordinates or not.",
        ("independent",),
        goal=1e-3,
        tight_at="one coordinate; two with a small probability",
        follows_from=("coordinates",),
    ),
    Claim(
        "coordinates-count",
        Le(within, exp(-d * P_one)),
        "bound",
        "Under a product law the gap of stumps stays below ε with probability at most exp(-d P₁): P is near 1 once d is a "
        "few times 1/P₁.",
        ("product",),
        goal=1e-3,
        tight_at="rare large gaps",
        follows_from=("independent-coordinates",),
    ),
    Claim(
        "log-d-needed",
        Implies(And(Ge(m, 100), Le(d, 10**6), Le(2 * m * eps**2, log(d))), Ge(P, Rational(1, 2))),
        "limit",
        "So two parameters, the coordinate and the threshold, need m of ln(d)/(2 ε²): below it the gap of stumps is ε or more "
        "with probability at least ½, for m ≥ 100 and d up to 10⁶ (tried with m to 400).",
        ("product",),
        follows_from=("independent-coordinates",),
    ),
    Claim(
        "finite-class",
        Le(mean, sqrt(log(2 * members) / (2 * m))),
        "limit",
        f"For |H| discriminators the expected gap is at most sqrt(ln(2|H|)/(2m)){FEW}.",
        ("independent",),
        follows_from=("largest-of-finitely-many",),
    ),
    Claim(
        "concentration",
        Implies(Gt(eps, mean), Le(P_one, exp(-2 * m * (eps - mean) ** 2))),
        "limit",
        f"Around its exact mean the gap is as narrow as one average: within t but for exp(-2 m t²){FEW}.",
        ("independent",),
        follows_from=("bounded-differences",),
    ),
    Claim(
        "ghost-sample",
        Le(P_one, 4 * (2 * m + 1) * exp(-m * eps**2 / 8)),
        "limit",
        "A class that cuts up 2m points in Π ways: the gap exceeds ε with probability at most 4 Π exp(-m ε²/8); here for "
        f"thresholds, Π = 2m + 1. It says nothing below ε = sqrt(8 ln(8m + 4)/m), 0.73 for m = 100, and is tried above{FEW}.",
        ("independent",),
        goal=1e-4,  # P₁ is 1 minus a probability, which a float tells to 1e-10; the right side is 1e-5 at its smallest
        follows_from=("ghost-sample",),
    ),
    Claim(
        "sauer",
        Le(ways, subsets(n, dimension)),
        "bound",
        "Sauer's lemma: a class that shatters no more than V of n points cuts off at most Σ_{i ≤ V} C(n, i) subsets.",
        (),
        tight_at="unions of intervals; half-planes on three points; all subsets of at most V points",
        follows_from=("sauer",),
    ),
    Claim(
        "ways-of-intervals",
        Eq(ways_of_intervals, subsets(n, 2 * k)),
        words="Unions of k intervals cut off exactly Σ_{i ≤ 2k} C(n, i) subsets of n points: the most that their dimension 2k "
        "allows.",
        assumes=("general",),
        follows_from=("runs",),
    ),
    Claim(
        "ways-of-half-planes",
        Eq(ways_of_half_planes, 2 * subsets(n - 1, 2)),
        words="Half-planes cut off exactly 2 Σ_{i ≤ 2} C(n - 1, i) = n² - n + 2 subsets of n points no three of which are on a "
        "line.",
        assumes=("general",),
        follows_from=("function-counting",),
    ),
    Claim(
        "every-sample-thresholds",
        Ge(Max(above, below), 1 / (2 * m)),
        "bound",
        "No sample of m points, however chosen, is closer than 1/(2m) to the uniform law for thresholds: F_m jumps by 1/m where F "
        "does not. (A law of m equal atoms would be hit exactly.)",
        (),
        tight_at="evenly spaced points",
        follows_from=("jump",),
    ),
    Claim(
        "even-thresholds",
        And(Eq(above, 1 / (2 * m)), Eq(below, 1 / (2 * m))),
        words="Evenly spaced points attain it on both sides: 1/(2ε) points pass for the uniform law within ε, where random ones take "
        "about 1/ε².",
        assumes=("even",),
        follows_from=("half-way",),
    ),
    Claim(
        "kuiper",
        Implies(Eq(k, 1), Eq(gap, above + below)),
        words="The gap of single intervals is that of Kuiper's statistic: what thresholds say too much and too little, added.",
        assumes=(),
        follows_from=("rise-and-fall",),
    ),
    Claim(
        "at-most-k-times",
        Le(gap, k * gap_one),
        "bound",
        "k intervals see at most k times what one sees.",
        (),
        tight_at="k heaps of points at equal distances",
        follows_from=("parts", "no-cancelling"),
    ),
    Claim(
        "concave",
        Le(excess_before + excess_next, 2 * excess),
        "bound",
        "Each further interval adds at most what the one before has added.",
        (),
        tight_at="evenly spaced points",
        follows_from=("cheapest-merge",),
    ),
    Claim(
        "every-sample",
        Ge(gap, Min(1, k / m)),
        "bound",
        "No sample of m points, however chosen, is closer than k/m to the uniform law for unions of k intervals: intervals of no "
        "length round each of k points have no mass.",
        (),
        tight_at="evenly spaced points",
        follows_from=("single-points",),
    ),
    Claim(
        "even",
        Eq(gap, Min(1, k / m)),
        words="Evenly spaced points attain it: p/(2ε) points deceive unions of p/2 intervals within ε. Drawn at random it takes "
        "about p/ε²; either way no logarithm.",
        assumes=("even",),
        follows_from=("even-spacing",),
    ),
    Claim(
        "intervals-scale",
        Implies(
            TRIED,
            And(
                *(Le(mean**2 * size, Rational(21, 20) * p) for mean, size, p in SIZES),
                *(Ge(mean**2 * size, Rational(13, 20) * p) for mean, size, p in SIZES),
            ),
        ),
        "limit",
        "The expected gap of unions of k intervals under the uniform law is 0.81 to 1.02 times sqrt(p/m), p = 2k: for k from 1 "
        "to 16 (tried at 1, 2, 8 and 16) and m from 20 k to 30 k. Not with fewer points: at m = k the gap is 1, and only 0.71 times sqrt(p/m).",
        (),
        goal=0.5,
        follows_from=("turning-points-limit",),
    ),
    Claim(
        "square-root",
        Implies(
            Or(And(TRIED, Eq(p_b, 8 * p_a), Eq(m_b, 8 * m_a)), FOUR_TIMES),
            And(
                Le(3 * mean_b**2 * m_b * p_a, 4 * mean_a**2 * m_a * p_b),
                Ge(4 * mean_b**2 * m_b * p_a, 3 * mean_a**2 * m_a * p_b),
            ),
        ),
        "limit",
        "Between two sizes the expected gap goes as sqrt(p/m), up to a factor of sqrt(4/3): intervals in the range above with 8 "
        "times as many parameters and points, half-planes under the normal law with 8 to 12 and 4 times as many points.",
        (),
        goal=0.5,
        follows_from=("turning-points-limit",),
    ),
    Claim(
        "no-scale",
        Eq(gap, moved),
        words="No affine map of the plane moves the gap of half-planes: no unit, steepness or Lipschitz constant enters.",
        assumes=(),
        follows_from=("affine",),
    ),
    Claim(
        "all-half-planes",
        Ge(gap, stump),
        "bound",
        "Half-planes see at least what stumps in the plane see.",
        (),
        tight_at="two atoms; atoms on a line along an axis",
        follows_from=("fewer-discriminators",),
    ),
    Claim(
        "at-most-variation",
        Le(gap, variation),
        "bound",
        "They see at most what all sets see.",
        (),
        tight_at="three atoms",
        follows_from=("variation",),
    ),
    Claim(
        "three-atoms",
        Implies(Le(places, 3), Eq(gap, variation)),
        words="On three atoms that are not on a line half-planes see all that can be seen: they have dimension 3.",
        assumes=("general",),
        follows_from=("three-points",),
    ),
)  # fmt: skip

SLIDE = "Part 2, Mode Collapse"
SAYINGS = (
    Saying(
        "log-always",
        SLIDE,
        "Variant, not the talk's words (O(N log N) images are an upper bound): whatever the class, the logarithm is necessary, so "
        "that at a fixed ratio of images and parameters gap² grows at least as ln p.",
        Implies(
            And(Gt(p_a, 1), Gt(p_b, p_a)), Ge(mean_b**2 * m_b * p_a * log(p_a), mean_a**2 * m_a * p_b * log(p_b))
        ),
        "REFUTED",
        "square-root",
        kind="limit",
        assumes=(),
    ),
    Saying(
        "wins-exactly",
        SLIDE,
        "and still wins against all possible discriminators. Read: with no gap at all.",
        Eq(gap, 0),
        "REFUTED",
        "every-sample",
        assumes=(),
    ),
    Saying(
        "linear-support",
        SLIDE,
        "The same read for unions of N/2 intervals, within ε: N/(2ε) images that are well chosen are enough.",
        Le(gap * m, k),
        "SURVIVED",
        "every-sample",
        kind="bound",
        assumes=("even",),
    ),
    Saying(
        "parameters-only",
        SLIDE,
        'discriminator size. Read: the number of real parameters alone, so that a stump on one of d coordinates needs no more '
        "samples than a threshold.",
        Le(P, 2 * exp(-2 * m * eps**2)),
        "REFUTED",
        "coordinates-count",
        kind="bound",
        assumes=("independent",),
    ),
)  # fmt: skip

THEOREM = Theorem(
    name="vc-deviation",
    title="Classes of bounded dimension need no logarithm",
    claims=CLAIMS,
    assumptions=(
        Assumption("independent", "the points of the sample are drawn independently", Eq(repeated, 0)),
        Assumption("atomless", "the law has no atoms", Eq(atoms, 0)),
        Assumption("product", "the coordinates are independent of each other", Eq(copied, 0)),
        Assumption("general", "the points are distinct, and no three on a line in the plane", Eq(degenerate, 0)),
        Assumption("even", "the points are evenly spaced: the i-th at (i - 1/2)/m", Eq(uneven, 0)),
    ),
    derivation=STEPS,
    sayings=SAYINGS,
    sources=(
        Source("Arora, Ge, Liang, Ma, Zhang", 2017, "Generalization and Equilibrium in Generative Adversarial Nets", "theorem 3.1", "1703.00573"),
        Source("Massart", 1990, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality", "theorem 1"),
        Source("Vapnik, Chervonenkis", 1971, "On the uniform convergence of relative frequencies of events to their probabilities"),
        Source("Sauer", 1972, "On the density of families of sets", "theorem 1"),
    ),
    non_claims=(
        "That O(N) images suffice for all nets of N parameters, whatever their depth and weights, is not said: the dimension of "
        "deep nets grows faster than N, and that of 1[sin(vx) ≥ 0] with its one parameter is infinite.",
        "Where a class is Lipschitz only, or finite without structure, a logarithm is needed: other theorems show it.",
        "Suprema here are exact; what gradient ascent finds of other classes is a lower bound and confirms no upper one.",
        "Nothing is said of generators that are trained: a sample of the law stands for a generator of small support.",
        "The limits are judged at the sizes stated. Their constants are not claimed of other laws, dimensions or classes.",
    ),
)  # fmt: skip
