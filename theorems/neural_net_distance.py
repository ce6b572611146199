"""What a discriminator class can see: the neural net distance.

d_F(μ, ν) = sup over D in F of |E_μ D - E_ν D| for laws with finitely many atoms.  Where F is a norm ball of linear
discriminators, a kernel's unit ball, all tables or one ReLU neuron the supremum is exact; for nets of any width with bounded
output weights and for other neurons of at most six parameters it is enclosed from both sides.  What gradient ascent finds
is a lower bound and is called so.  Norm balls, kernels and nets with bounded output weights do not see more for having more
parameters; tables do.
"""

from __future__ import annotations

from sympy import Abs, Max, Rational, log, sqrt

from theorems.neural_net_distance_derivation import DERIVATION
from theorems.neural_net_distance_terms import (
    ascent,
    atomic,
    beyond,
    budget,
    changed,
    copies,
    d_12,
    d_13,
    d_21,
    d_23,
    d_mixed,
    d_split,
    dependence,
    diagonal,
    distance,
    divergence,
    dual_norm,
    features,
    gram_square,
    least_diagonal,
    lipschitz,
    m,
    mean,
    mean_square,
    mesh,
    moved,
    near_share,
    net_ascent,
    net_distance,
    net_gap,
    net_maximum,
    neuron_distance,
    output_weight,
    overlap,
    own,
    reach,
    seen,
    share,
    spread,
    table,
    transport,
    variation,
    width,
)
from theorems.statement import And, Assumption, Claim, Eq, Ge, Implies, Le, Lt, Saying, Source, Theorem

NEURON_GOAL = 1e-3
"""Resolution asked of claims on enclosed suprema: a tenth of the smallest edit of a constant."""

CLAIMS = (
    Claim(
        "dual-norm",
        Eq(distance, dual_norm / 2),
        words="The linear discriminators ½(1 + v·ψ), |v| ≤ 1, see half the dual norm of the difference of the mean features.",
        assumes=(),
        follows_from=("dual-norm",),
    ),
    Claim(
        "table",
        Eq(table, variation),
        words="All tables with values in [0, 1] see the total variation distance.",
        assumes=(),
        follows_from=("largest-table",),
    ),
    Claim(
        "within-table",
        Le(distance, variation),
        "bound",
        "No class with values in [0, 1] sees more than the total variation distance.",
        ("normalised",),
        NEURON_GOAL,
        "features ±ψ, one on each law; steep neurons on laws that a half-space separates",
        ("largest-table",),
    ),
    Claim(
        "mean-square",
        Eq(mean_square, spread / (4 * m)),
        words="From m independent samples the Euclidean ball is tr Σ/(4m) away in mean square, exactly.",
        assumes=("independent",),
        follows_from=("dual-norm", "pairs"),
    ),
    Claim(
        "mean-square-of-copies",
        Eq(mean_square, copies * spread / (4 * m)),
        words="If every draw is used c times, c times as much.",
        assumes=(),
        follows_from=("dual-norm", "copied"),
    ),
    Claim(
        "feature-free",
        Le(mean_square, 1 / (4 * m)),
        "bound",
        "So with |ψ| ≤ 1 it is at most 1/(4m), whatever the number of parameters.",
        ("independent", "normalised"),
        tight_at="features of length 1 and mean 0",
        follows_from=("dual-norm", "variance-bound"),
    ),
    Claim(
        "jensen",
        Le(mean**2, mean_square),
        "bound",
        "The mean distance is at most the root of the mean square.",
        (),
        tight_at="one sample of features of length 1 and mean 0: the distance does not vary",
        follows_from=("jensen",),
    ),
    Claim(
        "mean-distance",
        Le(4 * m * mean**2, 1),
        "bound",
        "With |ψ| ≤ 1 the mean distance is at most 1/(2√m).",
        ("independent", "normalised"),
        tight_at="one sample of features of length 1 and mean 0",
        follows_from=("dual-norm", "variance-bound", "jensen"),
    ),
    Claim(
        "kernel-mean",
        Eq(distance**2, gram_square),
        words="The unit ball of a kernel, over all of its features, sees √(Σ c_i c_j k(x_i, x_j)): the maximum mean discrepancy.",
        assumes=(),
        follows_from=("unit-ball",),
    ),
    Claim(
        "kernel-within-table",
        Le(distance**2, 4 * diagonal * variation**2),
        "bound",
        "It sees at most 2√(max k(x, x)) times the total variation distance.",
        (),
        tight_at="features ±ψ, one on each law",
        follows_from=("unit-ball", "largest-table"),
    ),
    Claim(
        "kernel-mean-square",
        Eq(mean_square, (1 - overlap) / m),
        words="From m independent samples it is (1 - E k(X, X'))/m away in mean square where k(x, x) = 1: infinitely many "
        "parameters, and 1/√m.",
        assumes=("independent", "unit_diagonal"),
        follows_from=("unit-ball", "pairs"),
    ),
    Claim(
        "kernel-mean-square-of-copies",
        Eq(mean_square, copies * (own - overlap) / m),
        words="In general (E k(X, X) - E k(X, X'))/m, and c times that if every draw is used c times.",
        assumes=(),
        follows_from=("unit-ball", "copied"),
    ),
    Claim(
        "kernel-mean-distance",
        Le(m * mean**2, 1),
        "bound",
        "Where k(x, x) = 1 the mean distance is at most 1/√m.",
        ("independent", "unit_diagonal"),
        tight_at="one sample of ±x, |x| = 1, with the kernel x·y",
        follows_from=("unit-ball", "pairs", "jensen"),
    ),
    Claim(
        "hull",
        Eq(net_distance, budget * neuron_distance),
        words="Nets of any width with Σ|a_j| ≤ A see A times what one neuron sees: the first enclosed, one neuron's exact.",
        assumes=(),
        goal=NEURON_GOAL,
        follows_from=("hull",),
    ),
    Claim(
        "any-width",
        Le(net_gap, budget * neuron_distance),
        "bound",
        "No net with Σ|a_j| ≤ A, however wide, sees more: given nets, of neurons of any direction.",
        ("bounded_outputs",),
        tight_at="one neuron, the best one",
        follows_from=("hull",),
    ),
    Claim(
        "ascent",
        Le(ascent, distance),
        "bound",
        "What gradient ascent finds is a lower bound of the distance.",
        (),
        NEURON_GOAL,
        "where the ascent ends at the maximum",
    ),
    Claim(
        "net-ascent",
        Le(net_ascent, distance),
        "bound",
        "Ascent on nets of four neurons with Σ|a_j| ≤ 1, of up to 20 parameters, stays below the distance of one.",
        (),
        NEURON_GOAL,
        "where all output weight ends at the best neuron",
        ("hull",),
    ),
    Claim(
        "ascent-within-table",
        Le(net_ascent, variation),
        "bound",
        "So does ascent with more parameters than can be enclosed stay below the total variation distance.",
        (),
        NEURON_GOAL,
        "steep neurons on laws that a half-space separates",
        ("hull", "largest-table"),
    ),
    Claim(
        "lipschitz-transfer",
        Le(changed, lipschitz * moved),
        "bound",
        "If |D_v(x) - D_w(x)| ≤ L|v - w| for every x, then so for the expectations.",
        (),
        tight_at="a law on one atom",
        follows_from=("average",),
    ),
    Claim(
        "net-below",
        Le(net_maximum, distance),
        "bound",
        "The maximum over a net of parameters is a lower bound of the supremum,",
        (),
        NEURON_GOAL,
        "a fine net",
        ("within-a-net",),
    ),
    Claim(
        "net-encloses",
        Le(Abs(distance - net_maximum - lipschitz * mesh), lipschitz * mesh),
        "bound",
        "and with 2 L r added an upper bound, r the mesh of the net.",
        (),
        NEURON_GOAL,
        "two laws on opposite atoms, a net of cubes",
        ("within-a-net",),
    ),
    Claim(
        "symmetric",
        Eq(d_12, d_21),
        words="The distance is symmetric.",
        assumes=(),
        follows_from=("turned",),
    ),
    Claim(
        "of-laws",
        Eq(d_split, d_12),
        words="It depends on the laws alone: an atom that is listed twice is one atom.",
        assumes=(),
        follows_from=("relisted",),
    ),
    Claim(
        "triangle",
        Le(2 * Max(d_12, d_23, d_13), d_12 + d_23 + d_13),
        "bound",
        "It obeys the triangle inequality: the largest of three distances is at most the sum of the other two.",
        (),
        tight_at="a law between the two others",
        follows_from=("suprema",),
    ),
    Claim(
        "mixture",
        Eq(d_mixed, share * d_12),
        words="A generator that is right with share 1 - t and elsewhere with share t is t times as far as elsewhere is; at "
        "t = 0 the laws are equal and their distance is 0.",
        assumes=(),
        follows_from=("multiples",),
    ),
    Claim(
        "blind-divergence",
        Eq(divergence, log(2)),
        words="The Jensen-Shannon divergence of a law without atoms from m samples of it is log 2, whatever m: it does not "
        "generalise, where the distances above do.",
        assumes=("atomless",),
        follows_from=("disjoint",),
    ),
    Claim(
        "divergence-of-the-seen",
        Le(divergence, log(2) * (1 - seen)),
        "bound",
        "With atoms it is at most log 2 times the mass that law and samples do not share.",
        (),
        tight_at="laws that share no mass, or agree wherever they share some",
        follows_from=("divergence-bound",),
    ),
    Claim(
        "transport-is-blind",
        Ge(transport, beyond * (1 - m * near_share)),
        "bound",
        "Nor does the Wasserstein distance, in which all 1-Lipschitz discriminators compete: samples reach m |B_h| of the 2^d "
        "corners of a cube of diameter 2, and all others are at least r_h = 2√((h + 1)/d) away.",
        (),
        tight_at="h = 0 and samples at a perfect code: every corner is a sample or next to one",
        follows_from=("covered", "nearest"),
    ),
)

SLIDE = "Part 2, Mode Collapse"
SAYINGS = (
    Saying(
        "not-training-samples",
        SLIDE,
        "problem not with # of training samples: m of them, of a training set of any size, are within 1/(2√m) in mean square "
        "of the whole set for every normalised linear discriminator.",
        Le(mean_square, 1 / (4 * m)),
        "SURVIVED",
        "feature-free",
        kind="bound",
        assumes=("independent", "normalised"),
    ),
    Saying(
        "parameters-are-capacity",
        SLIDE,
        'Variant, not the talk\'s words ("capacity" as the number of parameters): with as many parameters as samples the mean '
        "square stays above 1/16, as that of tables does.",
        Implies(Ge(features, m), Ge(mean_square, Rational(1, 16))),
        "REFUTED",
        "feature-free",
        assumes=("independent", "normalised"),
    ),
    Saying(
        "width-is-capacity",
        SLIDE,
        'Variant, not the talk\'s words ("capacity" as the width): nets of W ≥ 2 neurons see √W times what one sees.',
        Implies(Ge(width, 2), Ge(net_distance, sqrt(width) * budget * neuron_distance)),
        "REFUTED",
        "hull",
        assumes=(),
    ),
    Saying(
        "subsample",
        SLIDE,
        "tweaking objectives or increasing training set doesn't help: a generator ρ that is ε away from a subsample ν of the "
        "training set μ is within ε + d(μ, ν) of the training set.",
        Le(d_13, d_23 + d_12),
        "SURVIVED",
        "triangle",
        kind="bound",
        assumes=(),
    ),
    Saying(
        "small-is-blind",
        SLIDE,
        'Variant, not the talk\'s words ("inherently incapable of detecting" read of every small discriminator): one '
        "parameter always sees less than there is to see.",
        Implies(Eq(features, 1), Lt(distance, variation)),
        "REFUTED",
        "within-table",
        assumes=("normalised",),
    ),
)

THEOREM = Theorem(
    name="neural-net-distance",
    title="What a discriminator class can see: the neural net distance",
    claims=CLAIMS,
    assumptions=(
        Assumption("normalised", "|v·ψ(x)| ≤ 1, so that discriminators have their values in [0, 1]", Le(reach, 1)),
        Assumption("independent", "the samples are drawn independently", Eq(dependence, 0)),
        Assumption("unit_diagonal", "k(x, x) = 1 at every atom", And(Eq(diagonal, 1), Eq(least_diagonal, 1))),
        Assumption("bounded_outputs", "the output weights of the net obey Σ|a_j| ≤ A", Le(output_weight, budget)),
        Assumption("atomless", "the law has no atoms", Eq(atomic, 0)),
    ),
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=(
        Source(
            "Arora, Ge, Liang, Ma, Zhang", 2017, "Generalization and Equilibrium in Generative Adversarial Nets",
            "ICML 2017, definition 2 and lemma 1", "1703.00573",
        ),
        Source("Müller", 1997, "Integral probability metrics and their generating classes of functions"),
        Source("Gretton, Borgwardt, Rasch, Schölkopf, Smola", 2012, "A Kernel Two-Sample Test", "JMLR 13"),
    ),
    non_claims=(
        "What gradient ascent finds certifies one direction only: that the distance is at least so large.  It never shows "
        "that a generator wins.",
        "That nets see no more than A times one neuron enters the enclosure (weak duality); independent evidence are the given "
        "nets of any-width.",
        "Enclosures of neurons end at six parameters; beyond, only lower bounds and the total variation distance are stated.",
        "Nothing is said of how the capacity of deep nets with weights of any size grows; bounded output weights are what "
        "makes width harmless.",
        "A small mean distance from m samples does not say that training finds them, or that a generator collapses.",
        "The Wasserstein distance is measured on cubes of at most eight dimensions; that of a Gaussian law is not.",
    ),
)  # fmt: skip
