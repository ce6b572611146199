"""How few images a generator needs to win exactly, and how few cannot win: what is true without any probability.

Discriminators that are linear in p features of an image see p numbers of a generator, the means of the features.  By
Carathéodory's theorem p + 1 of the real images, suitably weighted, have the same means: no such discriminator tells them from
all images, however many these are.  A table with a number for each of n equally likely images is fooled by no generator of
k < n of them: it sees a gap of at least 1 - k/n.  Suprema on this page are exact, over all discriminators of the class: a
table's is the largest value of all corners of its cube, none left out.  The sine wave's is a lower bound.
"""

from __future__ import annotations

from sympy import Max, Rational, factorial, log

from theorems.few_atoms_derivation import DERIVATION
from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Ge,
    Implies,
    Le,
    Lt,
    Saying,
    Source,
    Theorem,
    observable,
)

half = Rational(1, 2)

atoms = observable("atoms", "number of images that the generator found makes", domain="positive integer")
p = observable("p", "number of features, or of cells of a table", domain="positive integer")
n = observable("n", "number of real images, or of training images", domain="positive integer")
m = observable("m", "number of images that are drawn", domain="positive integer")
k = observable("k", "number of images that the generator makes", domain="positive integer")
generated = observable("generated", "mean of a readout over the generator's images", latex=r"E_\nu D")
real = observable("real", "mean of a readout over all images", latex=r"E_\mu D")
mass = observable("mass", "sum of the generator's weights")
least = observable("least", "smallest of the generator's weights", latex=r"\min w")
degree = observable("degree", "degree of the readout in the features", domain="positive integer")
equal = observable("equal", "1 if the generator's weights must be equal", domain="nonnegative integer")
fewest = observable("fewest", "fewest images of any generator that wins exactly", domain="positive integer")
coplanar = observable(
    "coplanar", "number of sets of p images whose affine hull contains the mean", domain="nonnegative integer"
)
gap = observable("gap", "supremum of E_μ D - E_ν D over the discriminators", latex=r"d(\mu,\nu)")
gap_training = observable("gap_training", "the same for the training set", latex=r"d(\mu,\hat\mu)")
gap_copy = observable("gap_copy", "the same for training set and generator", latex=r"d(\hat\mu,\nu)")
square = observable("square", "squared largest gap of m equal images over |v| ≤ 1", domain="nonnegative", latex="d^2")
variance = observable(
    "variance", "mean squared distance of the features from their mean", domain="nonnegative",
    latex=r"E|\psi-E\psi|^2",
)  # fmt: skip
distance = observable("distance", "sum of |μ - ν| over the cells", domain="nonnegative", latex=r"|\mu-\nu|_1")
covered = observable("covered", "real mass of the generator's images", domain="probability", latex=r"\mu(S)")
heaviest = observable(
    "heaviest", "real mass of as many of the heaviest images", domain="probability", latex=r"\mu(S_k)"
)
largest_mass = observable(
    "largest_mass", "mass of the likeliest image, before normalisation", domain="positive integer"
)
smallest_mass = observable("smallest_mass", "mass of the least likely one", domain="nonnegative integer")
times_each = observable("times_each", "m/p, rounded down", domain="nonnegative integer", latex=r"\lfloor m/p\rfloor")
P_exact = observable("P_exact", "probability that m equal random images win exactly", domain="probability")
mean_gap = observable("mean_gap", "mean of the gap of m equal random images", domain="nonnegative", latex=r"E d")
P_small = observable("P_small", "probability of a win, training set of n_small images", domain="probability")
P_large = observable("P_large", "probability of a win, training set of n_large images", domain="probability")
t = observable("t", "excess of the mean of m training images over that of all n", domain="nonnegative")
log_tail = observable("log_tail", "logarithm of the probability of such an excess", latex=r"\ln P")
v = observable("v", "parameter of the sine wave", domain="positive")
seen = observable("seen", "E_ν D - E_μ D at that parameter", latex=r"E_\nu D_v-E_\mu D_v")

ASSUMPTIONS = (
    Assumption("linear", "The discriminators are linear in the features.", Eq(degree, 1)),
    Assumption("weighted", "The generator may weigh its images as it likes.", Eq(equal, 0)),
    Assumption("general", "The mean lies in the affine hull of no p images.", Eq(coplanar, 0)),
    Assumption("apart", "The discriminators have a number of its own for every image.", Eq(p, n)),
    Assumption("uniform", "All n images are equally likely.", Eq(largest_mass, smallest_mass)),
)

CLAIMS = (
    Claim(
        "matched",
        Eq(generated, real),
        words="A generator of few weighted real images has the same mean as all images under every discriminator that is "
        "linear in the features: exactly.",
        assumes=("linear", "weighted"),
        follows_from=("caratheodory",),
    ),
    Claim(
        "law",
        And(Eq(mass, 1), Ge(least, 0)),
        words="Its weights are probabilities.",
        assumes=(),
        follows_from=("caratheodory",),
    ),
    Claim(
        "few",
        Le(atoms, p + 1),
        "bound",
        "It makes at most p + 1 images, whatever their number n.",
        (),
        tight_at="p + 1 images whose (1, ψ) are independent",
        follows_from=("caratheodory",),
    ),
    Claim(
        "fewest",
        Eq(fewest, p + 1),
        words="No p images do where the mean lies in the affine hull of no p of them, as on a moment curve: p + 1 is exact.",
        assumes=("general",),
        follows_from=("caratheodory", "hull"),
    ),
    Claim(
        "equal-weights",
        Le(m * square, variance),
        "bound",
        "Equal weights come near: against readouts v · ψ with |v| ≤ 1 some m images, with repetition, leave a gap of at most "
        "sqrt(E|ψ - Eψ|²/m), whatever the numbers of features and of images.",
        (),
        tight_at="one image of equally distant ones",
        follows_from=("greedy",),
    ),
    Claim(
        "total-variation",
        Eq(2 * gap, distance),
        words="The largest gap that a table in [0, 1]^p sees is the total variation distance of the laws of the cell.",
        assumes=(),
        follows_from=("corner", "halves"),
    ),
    Claim(
        "missed",
        Ge(gap, 1 - covered),
        "bound",
        "A table with a number for every image sees the real mass that a generator leaves out, however it weighs its images.",
        ("apart",),
        tight_at="the law conditioned on the generator's images",
        follows_from=("corner", "scheffe"),
    ),
    Claim(
        "heaviest",
        Ge(gap, 1 - heaviest),
        "bound",
        "No generator of k images does better than one of the k heaviest.",
        ("apart",),
        tight_at="the law conditioned on its k heaviest images",
        follows_from=("corner", "scheffe"),
    ),
    Claim(
        "necessary",
        Ge(gap, 1 - k / n),
        "bound",
        "Against a table over n equally likely images a generator of k images leaves a gap of 1 - k/n: a win within ε needs "
        "(1 - ε) n of them.",
        ("apart", "uniform"),
        tight_at="k of the images with equal weights",
        follows_from=("corner", "scheffe"),
    ),
    Claim(
        "equal-chance",
        Implies(Eq(m, p * times_each), Eq(P_exact, factorial(m) / (factorial(times_each) ** p * p**m))),
        words="m equal random images of p equally likely cells win exactly only if each cell comes up m/p times, with the "
        "multinomial probability.",
        assumes=(),
        follows_from=("multinomial",),
    ),
    Claim(
        "mean-above",
        Le(4 * m * mean_gap**2, p - 1),
        "bound",
        "Against a table over p equally likely cells m equal random images leave a mean gap of at most ½ sqrt((p - 1)/m).",
        (),
        tight_at="one draw from two cells",
        follows_from=("mean-square",),
    ),
    Claim(
        "mean-below",
        Implies(And(Ge(m, p), Ge(p, 2)), Ge(8 * m * mean_gap**2, p - 1)),
        "bound",
        "They leave at least sqrt((p - 1)/(8 m)): equal weights do not win exactly, they win within ε once m is about p/ε².",
        (),
        tight_at="two draws from two cells",
        follows_from=("mean-deviation",),
    ),
    Claim(
        "carries-over",
        Le(2 * Max(gap, gap_training, gap_copy), gap + gap_training + gap_copy),
        "bound",
        "No gap between law, training set and generator exceeds the other two together: a win against the training set is one "
        "against the law, and back, up to what tells the training set from the law.",
        (),
        tight_at="a generator that errs where the training set does",
        follows_from=("three-laws",),
    ),
    Claim(
        "any-training-set",
        Eq(P_small, P_large),
        words="The probability that m random images of a training set win, here against one feature in {0, 1} and within any ε, "
        "does not depend on the size of the training set.",
        assumes=(),
        follows_from=("exchangeable",),
    ),
    Claim(
        "without-replacement",
        Le(log_tail, -2 * m * t**2 / (1 - (m - 1) / n)),
        "bound",
        "Against the training set itself m of its n images do better than independent ones: the mean of a feature in [0, 1] "
        "errs by t with probability at most exp(-2 m t²/(1 - (m - 1)/n)).",
        (),
        tight_at="half of the images with feature 1, m about n/2, t sqrt(m) large",
        follows_from=("serfling",),
    ),
    Claim(
        "sine-wave",
        Ge(seen, half - 1 / (2 * v)),
        "bound",
        "One unbounded parameter is not small: for any finite set of rational images strictly between 0 and 1 there are "
        "arbitrarily large v at which 1[sin(π v x) ≥ 0] sees a gap of ½ - 1/(2 v) to the uniform law on [0, 1].",
        (),
        tight_at="an odd integer v",
        follows_from=("half-waves", "angle", "period", "first-quarter", "middle", "second-quarter"),
    ),
)

WINS = "Part 2, Mode Collapse"
SAYINGS = (
    Saying(
        "linear-readout",
        WINS,
        "If discriminator size = N, then ∃ generator that generates a distribution supported on O(N log N) images, and still "
        "wins against all possible discriminators: linear in N features, N + 1 weighted images do, exactly.",
        And(Le(atoms, p + 1), Eq(generated, real)),
        "SURVIVED",
        assumes=("linear", "weighted"),
    ),
    Saying(
        "N-images",
        WINS,
        "Variant, not the talk's words: linear in N features, N weighted images win exactly.",
        Le(fewest, p),
        "REFUTED",
        "fewest",
        assumes=("general",),
    ),
    Saying(
        "N-log-N-equal",
        WINS,
        "Consider generator that learns to produce O(N log N) random real images … none of them can distinguish D_real from "
        "this low-support distribution: read exactly, with ε = 0.",
        Implies(And(Ge(p, 3), Ge(m, p * log(p))), Ge(P_exact, half)),
        "REFUTED",
        "mean-above",
        assumes=(),
    ),
    Saying(
        "incapable",
        WINS,
        'Small discriminators inherently incapable of detecting "mode collapse", read of every generator that leaves images '
        "out: a table of at most n/10 numbers for n images sees none of them.",
        Implies(And(Le(10 * p, n), Lt(k, n)), Le(gap, 0)),
        "REFUTED",
        "matched",
        assumes=(),
    ),
    Saying(
        "incapable-linear",
        WINS,
        "The same read of some generator: linear readouts of p features see nothing of some p + 1 weighted images.",
        Implies(Le(atoms, p + 1), Eq(generated, real)),
        "SURVIVED",
        assumes=("linear", "weighted"),
    ),
    Saying(
        "training-set",
        WINS,
        "increasing training set doesn't help: the chance of a win of m random training images stays what it is.",
        Eq(P_large, P_small),
        "SURVIVED",
        assumes=(),
    ),
    Saying(
        "square-root-support",
        WINS,
        "Variant, not the talk's words: √N images win within ¼ against a table over N ≥ 9 images.",
        Implies(And(Le(k**2, n), Ge(n, 9)), Le(gap, Rational(1, 4))),
        "REFUTED",
        "necessary",
        assumes=("apart", "uniform"),
    ),
)

SOURCES = (
    Source("C. Carathéodory", 1911, "Über den Variabilitätsbereich der Fourierschen Konstanten", "Rend. Circ. Mat. Palermo 32"),
    Source("V. Tchakaloff", 1957, "Formules de cubatures mécaniques à coefficients non négatifs", "Bull. Sci. Math. 81"),
    Source(
        "S. Arora, R. Ge, Y. Liang, T. Ma, Y. Zhang", 2017, "Generalization and Equilibrium in Generative Adversarial Nets",
        "ICML, Theorem 3.1", "1703.00573",
    ),
    Source("R. J. Serfling", 1974, "Probability inequalities for the sum in sampling without replacement", "Ann. Statist. 2"),
    Source("D. Berend, A. Kontorovich", 2013, "A sharp estimate of the binomial mean absolute deviation", "Stat. Probab. Lett. 83"),
)  # fmt: skip

THEOREM = Theorem(
    name="few-atoms",
    title="How few images win, and how few cannot",
    claims=CLAIMS,
    assumptions=ASSUMPTIONS,
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=SOURCES,
    non_claims=(
        "A generator that wins is not said to be one that training finds.",
        "Winning does not imply collapse: the law itself wins too.",
        "The features are fixed. Features that are trained against the generator are a larger class, which has its own pages.",
        "p + 1 images that match every mean do not match the mean of a product of two features.",
        "The n of a table is its number of parameters: that few images cannot win is said of this class, not of every class of "
        "that size.",
        "The gap of the sine wave is that of one v, a lower bound of the supremum over v.  Its images are rational; of real "
        "ones, for which whole turns would have to be approximated at once, nothing is said.",
    ),
)  # fmt: skip
