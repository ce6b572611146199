"""Discriminators of s images see the collapse: two equal images in a tuple give a generator of m images away.

The test "two of the s images are equal" has no parameter to train.  Real images without atoms never trip it; a generator
of m images does with probability at least ½ from s(s-1) ≥ 2m ln 2 on, about 1.18 √m.  Discriminators of one image may at
the same time see nothing, under any measuring function.
"""

from __future__ import annotations

from sympy import Abs, Max, Product, Rational, Symbol, exp, floor, log, sqrt

from theorems.birthday import DERIVATION as BIRTHDAY
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

s = observable("s", "images of a tuple", "positive integer")
m = observable("m", "number of images that the generator has", "positive integer")
advantage = observable(
    "advantage", "P(two images of a tuple are equal), of the generator less of real images", latex="A"
)
pi2 = observable("pi2", "sum of the squares of the generator's probabilities", "probability", latex=r"\pi_2")
pi3 = observable("pi3", "sum of their cubes", "probability", latex=r"\pi_3")
pi4 = observable("pi4", "sum of their fourth powers", "probability", latex=r"\pi_4")
kappa = observable("kappa", "probability that two real images are equal", "probability", latex=r"\kappa")
dependence = observable(
    "dependence", "total variation distance of two images of a tuple from independent ones", "nonnegative"
)
single_gap = observable("single_gap", "largest gap of a function of the cell with values in [0, 1]", "probability")
cells = observable("cells", "number of cells", "positive integer")
real_measured = observable("real_measured", "mean of φ(D) over real images", latex=r"E_{real}\varphi(D)")
fake_measured = observable("fake_measured", "mean of φ(D) over generated images", latex=r"E_u\varphi(D)")
span = observable("span", "largest less least value of φ on the scores", "nonnegative", latex=r"w_\varphi")
images = observable("images", "real images that tuples are cut from", "positive integer", latex="M")
bits = observable("bits", "logarithm to base 2 of the number of discriminators", "nonnegative integer", latex="b")
eps = observable("eps", "gap of the class", "positive", latex=r"\epsilon")
log_exceed = observable("log_exceed", "ln P(the class has a gap of ε or more)", latex=r"\ln P(gap\geq\epsilon)")
copies = observable("copies", "how often each tuple was recorded", "positive integer")

k, n, x, y, z, c, w, q = (Symbol(name) for name in ("k", "n", "x", "y", "z", "c", "w", "q"))
phi, low, high = (Symbol(name, real=True) for name in ("phi", "low", "high"))
e, f, g = (Symbol(name, nonnegative=True) for name in ("e", "f", "g"))
half = Rational(1, 2)
SAFE = ("atomless", "independent")
distinct = Product(1 - k / m, (k, 0, s - 1))
distinct_real = Product(Max(0, 1 - k * kappa), (k, 0, s - 1))
enough = Ge(s * (s - 1), 2 * m * log(2))

CLAIMS = (
    Claim(
        "uniform",
        Eq(advantage, 1 - distinct),
        words="Against m equally likely images the test's advantage is 1 - Π(1 - k/m).",
        assumes=(*SAFE, "uniform"),
        follows_from=("chain-rule",),
    ),
    Claim(
        "pairs",
        Implies(Eq(s, 2), Eq(advantage, pi2 - kappa)),
        words="On pairs it is Σp² less the real law's: 1/m of m equally likely images.",
        assumes=("independent",),
        follows_from=("newton",),
    ),
    Claim(
        "triples",
        Implies(Eq(s, 3), Eq(advantage, 3 * pi2 - 2 * pi3)),
        words="In general it is 1 - s! e_s(p): on triples 3Σp² - 2Σp³.",
        assumes=SAFE,
        follows_from=("newton",),
    ),
    Claim(
        "quadruples",
        Implies(Eq(s, 4), Eq(advantage, 6 * pi2 - 3 * pi2**2 - 8 * pi3 + 6 * pi4)),
        words="The same on tuples of four.",
        assumes=SAFE,
        follows_from=("newton",),
    ),
    Claim(
        "half",
        Implies(enough, Ge(advantage, half)),
        "bound",
        "Whatever the m images' probabilities, tuples of s with s(s-1) ≥ 2m ln 2 give an advantage of ½: s = ½ + sqrt(¼ + 2m ln 2), "
        "about 1.18 √m.",
        SAFE,
        tight_at="m equally likely images, as m grows",
        follows_from=("schur", "exponential-inequality", "arithmetic-series", "root"),
    ),
    Claim(
        "half-needed",
        And(Lt(s * (s - 1), 2 * m * log(2)), Ge(s * (s + 1), 2 * m * log(2)), Lt(advantage, half)),
        "existence",
        "One image fewer may not do.",
        SAFE,
    ),
    Claim(
        "less-false-positives",
        Ge(advantage, distinct_real - distinct),
        "bound",
        "Real images that repeat take from it: with κ = P(two real images are equal) what is left is at least "
        "Π(1 - kκ) - Π(1 - k/m).",
        ("independent",),
        tight_at="both laws uniform",
        follows_from=("schur", "effective-recursion"),
    ),
    Claim(
        "less-false-positives-closed",
        Ge(advantage, 1 - exp(-s * (s - 1) / (2 * m)) - s * (s - 1) * kappa / 2),
        "bound",
        "In closed form: at least 1 - exp(-s(s-1)/2m) - s(s-1)κ/2.",
        ("independent",),
        tight_at="pairs from many equally likely images",
        follows_from=("schur", "exponential-inequality", "pairs"),
    ),
    Claim(
        "any-measuring-function",
        Eq(real_measured, fake_measured),
        words="If the generator's images fill the cells as real ones do, E φ(D) is the same of both for every function D of the "
        "cell and every φ, bounded or not.",
        assumes=("even",),
        follows_from=("counts", "spread"),
    ),
    Claim(
        "within-span",
        Le(Abs(real_measured - fake_measured), span * single_gap),
        "bound",
        "If they do not, E φ(D) differs by at most the gap of the class times the span of φ on D's scores: a bounded φ sees "
        "no more than the gap, measured in its own span; a logarithm of vanishing scores as much as it likes.",
        (),
        tight_at="D high where real images are likelier, low elsewhere",
        follows_from=("spread",),
    ),
    Claim(
        "unbounded-function",
        And(Le(single_gap, Rational(1, 100)), Ge(Abs(real_measured - fake_measured), 1)),
        "existence",
        "With a gap of at most 1/100 some unbounded φ differs by 1: the logarithm, of scores that all but vanish.",
        (),
    ),
    Claim(
        "blind-and-seen",
        And(Eq(single_gap, 0), Ge(cells, 2), Ge(advantage, half)),
        "existence",
        "One generator is both: matched exactly by every function of the cell, and given away by tuples.",
        ("even",),
    ),
    Claim(
        "blocks",
        Le(log_exceed, log(2) + bits * log(2) - 2 * floor(images / s) * eps**2),
        "bound",
        "Discriminators of tuples obey the law of large numbers too, over tuples: 2^b of them have a gap of ε on M/s "
        "recorded tuples with probability at most 2^(b+1) exp(-2 (M/s) ε²).",
        ("fresh",),
        tight_at="many tuples and a small gap",
        follows_from=("hoeffding", "union"),
    ),
)

KEPT = (
    "chain-rule", "elementary", "smoothing", "schur-small", "schur", "slope", "exponential-inequality", "arithmetic-series",
    "next-sample", "opposite-order", "chebyshev", "effective-small", "effective-recursion", "pairs",
)  # fmt: skip
p1, p2, p3, p4 = (Symbol(name) for name in ("p1", "p2", "p3", "p4"))
p = (p1, p2, p3, p4)
sums = {power: sum(a**power for a in p) for power in (1, 2, 3, 4)}
e3 = p1 * p2 * p3 + p1 * p2 * p4 + p1 * p3 * p4 + p2 * p3 * p4

DERIVATION = (
    *(step for step in BIRTHDAY if step.name in KEPT),
    Step(
        "two",
        "P(two draws differ) = 2 e_2 = (Σp)² - Σp², here for three images.",
        "symbolic",
        Eq(times(2, p1 * p2 + p1 * p3 + p2 * p3), (p1 + p2 + p3) ** 2 - p1**2 - p2**2 - p3**2),
    ),
    Step(
        "three",
        "6 e_3 in power sums (Newton), here for four images.",
        "symbolic",
        Eq(times(6, e3), sums[1] ** 3 - 3 * sums[1] * sums[2] + 2 * sums[3]),
        ("two",),
    ),
    Step(
        "four",
        "24 e_4 in power sums, here for four images: with Σp = 1 the advantage is 6Σp² - 3(Σp²)² - 8Σp³ + 6Σp⁴.",
        "symbolic",
        Eq(
            24 * p1 * p2 * p3 * p4,
            sums[1] ** 4 - 6 * sums[1] ** 2 * sums[2] + 3 * sums[2] ** 2 + 8 * sums[1] * sums[3] - 6 * sums[4],
        ),
        ("three",),
    ),
    Step(
        "newton",
        "P(s draws differ) = s! e_s, and the same expressions in power sums hold for any number of images.",
        "cited",
        depends_on=("two", "three", "four"),
        source="Newton's identities: Macdonald (1995), Symmetric Functions and Hall Polynomials, I.2",
    ),
    Step(
        "root",
        "½ + sqrt(¼ + 2mL) is the root of s(s-1) = 2mL, with L = ln 2.",
        "symbolic",
        Implies(Eq(x, half + sqrt(Rational(1, 4) + 2 * z)), Eq(x * (x - 1), 2 * z)),
    ),
    Step(
        "counts",
        "c w images in a cell of weight w, c y in one of weight y: the shares are those of the weights.",
        "symbolic",
        Eq(c * w / (c * w + c * y), w / (w + y)),
    ),
    Step(
        "balance",
        "Both laws sum to 1, so that what the real law has more on the cells where it is likelier is what the generator has "
        "more on the others: call it g.",
        "symbolic",
        Implies(And(Eq(x, 1 - w), Eq(z, 1 - y)), Eq(w - y, z - x)),
    ),
    Step(
        "cell",
        "A cell whose masses differ by e ≥ 0 weighs a φ between its ends by at least e times the lower and at most e times the "
        "upper one.",
        "symbolic",
        And(Implies(Le(phi, high), Le(e * phi, e * high)), Implies(Ge(phi, low), Ge(e * phi, e * low))),
    ),
    Step(
        "cells",
        "Two cells with differences e and f do so with e + f; more are two, repeated.",
        "symbolic",
        And(
            Implies(And(Le(x, e * high), Le(y, f * high)), Le(x + y, (e + f) * high)),
            Implies(And(Ge(x, e * low), Ge(y, f * low)), Ge(x + y, (e + f) * low)),
        ),
        ("cell",),
    ),
    Step(
        "spread",
        "The cells where the real law is likelier add x to the difference of the means, the others take y from it, each "
        "between g times the ends of φ: |x - y| is at most g times the span. With ends 0 and 1 this is at most g, "
        "which the indicator of the first cells attains: g is the gap of the class.",
        "symbolic",
        And(
            Implies(And(Le(x, g * high), Ge(y, g * low)), Le(x - y, g * (high - low))),
            Implies(And(Ge(x, g * low), Le(y, g * high)), Ge(x - y, -g * (high - low))),
        ),
        ("balance", "cells"),
    ),
    Step(
        "union",
        "Of n independent events of probability q one happens with probability 1 - (1 - q)^n, at most nq (Bernoulli).",
        "exact",
        Le(1 - (1 - q) ** n, n * q),
        domain={"n": tuple(range(1, 9)), "q": tuple(Rational(i, 8) for i in range(9))},
    ),
    Step(
        "hoeffding",
        "A mean of t independent values in [0, 1] is ε or more from its expectation with probability at most 2 exp(-2tε²).",
        "cited",
        source="Hoeffding (1963), Probability inequalities for sums of bounded random variables, theorem 1",
    ),
)

SLIDE = "Part 2, Mode Collapse"
SAYINGS = (
    Saying(
        "tweaking-objectives",
        SLIDE,
        '"tweaking objectives or increasing training set doesn\'t help..": Read of objectives that may look at several '
        "images at once: what the class of discriminators cannot see, no objective sees.",
        Implies(Eq(single_gap, 0), Lt(advantage, half)),
        "REFUTED",
        "half",
        assumes=("even",),
    ),
    Saying(
        "tweaking-objectives-of-one-image",
        SLIDE,
        "The same of objectives that are means over single images, real ones from the law itself: any φ(D) of the class.",
        Implies(Eq(single_gap, 0), Eq(real_measured, fake_measured)),
        "SURVIVED",
        assumes=("even",),
    ),
    Saying(
        "tweaking-within-gap",
        SLIDE,
        "The same where the class does see a gap: measured against the objective's own range, another φ sees no more than that.",
        Le(Abs(real_measured - fake_measured), span * single_gap),
        "SURVIVED",
        assumes=(),
    ),
    Saying(
        "pairs-suffice",
        SLIDE,
        "Variant, not the talk's words: discriminators of two images see the collapse (an advantage of ½ where the generator has more than two images).",
        Implies(And(Eq(s, 2), Gt(m, 2)), Ge(advantage, half)),
        "REFUTED",
        "pairs",
        assumes=SAFE,
    ),
    Saying(
        "tuples-always-tell",
        SLIDE,
        "Variant, not the talk's words: no generator of few images passes the tuple test, whatever the law of its tuples.",
        Implies(enough, Ge(advantage, half)),
        "REFUTED",
        "half",
        assumes=("atomless",),
    ),
    Saying(
        "images-for-tuples",
        SLIDE,
        "Variant, not the talk's words: discriminators of tuples obey the theorem of single images with as many images: 2^(b+1) exp(-2 M ε²).",
        Le(log_exceed, log(2) + bits * log(2) - 2 * images * eps**2),
        "REFUTED",
        "blocks",
        assumes=("fresh",),
    ),
)

THEOREM = Theorem(
    name="tuple-discriminators",
    title="Discriminators of s images see the collapse",
    claims=CLAIMS,
    assumptions=(
        Assumption("atomless", "no two real images are equal", Eq(kappa, 0)),
        Assumption("independent", "the images of a tuple are drawn independently", Eq(dependence, 0)),
        Assumption("uniform", "the generator's images are equally likely", Eq(m * pi2, 1)),
        Assumption("even", "the generator has as large a share of its images in each cell as the real law", Eq(single_gap, 0)),
        Assumption("fresh", "every recorded tuple is a draw of its own", Eq(copies, 1)),
    ),
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=(
        Source(
            "Arora, Ge, Liang, Ma, Zhang", 2017,
            "Generalization and Equilibrium in Generative Adversarial Nets (GANs)", "ICML 2017, corollary 3.2", "1703.00573",
        ),
        Source("Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen", 2016, "Improved Techniques for Training GANs",
               "minibatch discrimination", "1606.03498"),
        Source("Lin, Khetan, Fanti, Oh", 2018, "PacGAN: The power of two samples in generative adversarial networks",
               "", "1712.04086"),
        Source("Arora, Risteski, Zhang", 2018, "Do GANs learn the distribution? Some theory and empirics", "ICLR 2018"),
    ),
    non_claims=(
        "That the test sees the collapse does not say that a generator trained against it recovers.",
        "A generator whose tuples are not independent passes: drawn without replacement its images never repeat.",
        "Nearly equal images are not covered, except as what 'equal' means where the images are cut into cells.",
        "The partition shows that some class is blind; that every small class is, is another theorem.",
        "The bound on recorded tuples is for a finite class; the test of equality is one discriminator of it.",
    ),
)  # fmt: skip
