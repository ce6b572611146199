"""Near-duplicates and the effective support: what a birthday test with a similarity threshold says of a generator.

Two samples are near when a symmetric relation R holds, such as a distance of at most r; R need not be transitive.  With
κ the probability that two samples are near, 1/κ is the effective support at that resolution.  The bounds of the birthday
test that matter survive for *every* R: near-duplicates bound 1/κ from above exactly as duplicates do, and their absence
shows that many samples exist no two of which are near.
"""

from __future__ import annotations

from sympy import Max, Product, Symbol, sqrt

from theorems.near_duplicates_derivation import DERIVATION, closed, half, kappa, more_likely_distinct, s
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
    Theorem,
    observable,
)

b = observable("b", "a conjectured effective support", domain="positive")
P_far = observable(
    "P_far", "probability that no two of s samples are near", domain="probability", latex=r"P_{\not\sim}"
)
P_near = observable("P_near", "probability of a near pair among s samples", domain="probability", latex=r"P_{\sim}")
P_equal = observable("P_equal", "probability of an equal pair among s samples", domain="probability", latex=r"P_{=}")
P_flagged = observable(
    "P_flagged", "probability that a heuristic flags a pair among s samples", domain="probability", latex=r"P_{!}"
)
alpha = observable(
    "alpha", "largest number of points no two of which are near", domain="positive integer", latex=r"\alpha"
)
open_chains = observable(
    "open_chains", "probability that X is near Y, Y near Z and X not near Z", domain="probability", latex="P_{chain}"
)
wrongly = observable(
    "wrongly", "probability that two samples are flagged and not near", domain="probability", latex="P_{wrong}"
)
dependence = observable(
    "dependence", "total variation distance of two draws from independent ones", domain="nonnegative"
)
repeats = observable("repeats", "how often each batch is counted", domain="positive integer")
level = observable("level", "probability with which a bound may be wrong", domain="probability", latex=r"\ell")
right_below = observable(
    "right_below", "probability that the lower end is at most P(hit)", domain="probability", latex="C_{low}"
)
right_above = observable(
    "right_above", "probability that the upper end is at least P(hit)", domain="probability", latex="C_{high}"
)
k = Symbol("k")

DRAWN = ("independent",)
CLASSES = "equally likely classes"

CLAIMS = (
    Claim(
        "pairs",
        Le(2 * P_near, s * (s - 1) * kappa),
        "bound",
        "A near-duplicate is as likely as the s(s-1)/2 pairs allow.",
        DRAWN,
        tight_at="two samples from any law",
        follows_from=("pairs",),
    ),
    Claim(
        "product",
        Ge(P_far, Product(Max(0, 1 - k * kappa), (k, 0, s - 1))),
        "bound",
        "The sharp product bound holds for any symmetric relation, transitive or not.",
        DRAWN,
        tight_at=CLASSES,
        follows_from=("moon-moser",),
    ),
    Claim(
        "effective-support",
        Implies(And(Gt(b, s - 2), Gt(closed(b, s), P_far)), Lt(1, b * kappa)),
        "bound",
        "Near-duplicates bound the effective support: if samples from b equally likely points would be distinct more "
        "often than those of the generator are far apart, then 1/κ < b (below s - 2, two factors 1 - k/b are negative).",
        DRAWN,
        tight_at=CLASSES,
        follows_from=("moon-moser", "increasing", "falling-factorial"),
    ),
    Claim(
        "packing",
        Le(P_far, closed(alpha, s)),
        "bound",
        "Their absence bounds the variety: if at most α points are pairwise far apart, samples are far apart no more "
        "often than those from α equally likely points are distinct.",
        DRAWN,
        tight_at="α equally likely points, no two of them near",
        follows_from=("motzkin-straus",),
    ),
    Claim(
        "at-least-pairs",
        Implies(Ge(s, 2), Le(P_far**2, (1 - kappa) ** s)),
        "bound",
        "A near-duplicate is at least as likely as with s/2 independent pairs; no more holds without transitivity.",
        DRAWN,
        tight_at="a point near every other, beside samples that are never near each other",
        follows_from=("cycle",),
    ),
    Claim(
        "one-class",
        Le(P_far, (1 + (s - 1) * sqrt(kappa)) * (1 - sqrt(kappa)) ** (s - 1)),
        "bound",
        "If nearness is transitive, near-duplicates are rarest where one class has all the repetition.",
        ("independent", "transitive"),
        tight_at="one class of mass sqrt(κ) and no repetition outside it",
        follows_from=("one-class",),
    ),
    Claim(
        "equal-are-near",
        Le(P_equal, P_near),
        "bound",
        "Exact duplicates are near-duplicates, however the samples are drawn.",
        (),
        tight_at="a relation that holds of equal samples only",
        follows_from=("inclusion",),
    ),
    Claim(
        "flagged",
        Le(P_flagged, P_near),
        "bound",
        "A heuristic whose flags a human verifies finds near-duplicates no more often than they occur.",
        ("verified",),
        tight_at="a heuristic that misses nothing",
        follows_from=("inclusion",),
    ),
    Claim(
        "flagged-effective-support",
        Implies(And(Gt(b, s - 2), Gt(closed(b, s), 1 - P_flagged)), Lt(1, b * kappa)),
        "bound",
        "So a weak heuristic leaves the upper bound on the effective support valid.",
        ("independent", "verified"),
        tight_at="a heuristic that misses nothing, on equally likely classes",
        follows_from=("inclusion", "moon-moser", "increasing", "falling-factorial"),
    ),
    Claim(
        "coverage-below",
        Ge(right_below, 1 - level),
        "bound",
        "The lower end of the interval for P(near-duplicate), from the batches with one, is right with probability "
        "1 - level: so is the upper bound on the effective support.",
        ("unrepeated",),
        tight_at="a probability just below one of the ends",
        follows_from=("clopper-pearson",),
    ),
    Claim(
        "coverage-above",
        Ge(right_above, 1 - level),
        "bound",
        "The upper end is right with probability 1 - level: so are the lower bounds on the support and on the variety.",
        ("unrepeated",),
        tight_at="a probability just above one of the ends",
        follows_from=("clopper-pearson",),
    ),
    Claim(
        "table",
        And(more_likely_distinct(115261, 400), more_likely_distinct(180143, 500), more_likely_distinct(720960, 1000)),
        "existence",
        "115 261, 180 143 and 720 960 are the least numbers of equally likely points of which 400, 500 and 1000 samples "
        "are distinct with probability above ½: 0.7213 s².  What follows for any relation is the claim effective-support.",
        (),
        follows_from=("table",),
    ),
)


def at_half(samples, conclusion):  # type: ignore[no-untyped-def]
    """The conclusion where so many samples have a near-duplicate with probability ½ or more."""
    return Implies(And(Eq(s, samples), Ge(P_near, half)), conclusion)


AT_MOST = "(read as: at most so many images, no two of them near)"


SLIDE = "Part 2, Empirically detecting mode collapse (Birthday Paradox Test)"
SAYINGS = (
    Saying(
        "distinct-images",
        SLIDE,
        "If a sample of size s has near-duplicate images with prob. > 1/2, then distribution has only s² distinct "
        "images.",
        Implies(Gt(P_near, half), Le(alpha, s**2)),
        "REFUTED",
        "effective-support",
        assumes=DRAWN,
    ),
    Saying(
        "distinct-images-corrected",
        SLIDE,
        "The same with the effective support at that resolution, 1/κ, in place of the number of distinct images.",
        Implies(Gt(P_near, half), Lt(1, kappa * s**2)),
        "SURVIVED",
        assumes=DRAWN,
    ),
    Saying(
        "five-hundred",
        SLIDE,
        f"Duplicates in 500 samples (read as: with probability at least ½). Support size (500)² = 250K {AT_MOST}.",
        at_half(500, Le(alpha, 500**2)),
        "REFUTED",
        "five-hundred-corrected",
        assumes=DRAWN,
    ),
    Saying(
        "five-hundred-corrected",
        SLIDE,
        "The same with the effective support at that resolution: less than 180 143, so that 250K is an upper bound too.",
        at_half(500, Gt(kappa * 180143, 1)),
        "SURVIVED",
        assumes=DRAWN,
    ),
    Saying(
        "one-thousand",
        SLIDE,
        f"Duplicates in 1000 samples (read as: with probability at least ½). Support size = (1000)² = 1M {AT_MOST}.",
        at_half(1000, Le(alpha, 1000**2)),
        "REFUTED",
        "one-thousand-corrected",
        assumes=DRAWN,
    ),
    Saying(
        "one-thousand-corrected",
        SLIDE,
        "The same with the effective support at that resolution: less than 720 960, so that 1M is an upper bound too.",
        at_half(1000, Gt(kappa * 720960, 1)),
        "SURVIVED",
        assumes=DRAWN,
    ),
    Saying(
        "four-hundred-corrected",
        SLIDE + ": the authors' earlier account",
        "Near-duplicates with probability at least ½ in 400 samples: an effective support below 115 261.",
        at_half(400, Gt(kappa * 115261, 1)),
        "SURVIVED",
        assumes=DRAWN,
    ),
)

THEOREM = Theorem(
    name="near-duplicates",
    title="Near-duplicates and the effective support",
    claims=CLAIMS,
    assumptions=(
        Assumption("independent", "the samples are drawn independently from one law", Eq(dependence, 0)),
        Assumption("transitive", "what is near a near sample is near", Eq(open_chains, 0)),
        Assumption("verified", "every flagged pair is near: a human looks at it", Eq(wrongly, 0)),
        Assumption("unrepeated", "each batch is drawn afresh and counted once", Eq(repeats, 1)),
    ),
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=(
        Source(
            "Arora, Risteski, Zhang", 2018, "Do GANs learn the distribution? Some theory and empirics",
            "ICLR 2018, the birthday paradox test",
        ),
        Source("Arora, Zhang", 2017, "Do GANs actually learn the distribution? An empirical study", "", "1706.08224"),
        Source("Moon, Moser", 1962, "On a problem of Turán", "Publ. Math. Inst. Hungar. Acad. Sci. 7"),
        Source("Motzkin, Straus", 1965, "Maxima for graphs and a new proof of a theorem of Turán", "Canad. J. Math. 17"),
    ),
    non_claims=(
        "Near-duplicates give no upper bound on the number of distinct images: one frequent image makes them likely "
        "whatever the rest of the law is.",
        "'Duplicates in 500 samples' of one batch is no probability: that takes many batches and an interval.",
        "The effective support is that of the generator at one resolution; variation below the threshold is not seen.",
        "The lower bounds on support and variety need every near pair to be found: a weak heuristic voids them.",
        "Samples that are independent but not identically distributed are not covered.",
    ),
)  # fmt: skip
