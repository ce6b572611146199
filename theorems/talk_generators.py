"""Part 2 of the talk: what a discriminator can see of a generator, and a test that sees more."""

from __future__ import annotations

from theorems.talk_statement import JudgedBy, audited, definition, unaudited

_BIRTHDAY = "birthday"
_SUPPORT, _SCALE = "discriminator-support", "discriminator-scale"
_NEAR = "near-duplicates"
_EFFECTIVE = "effective-support"
_FEW = "few-atoms"
_DISTANCE = "neural-net-distance"
_TRAINED = "gan-diversity"

PART_2 = {
    "Part 2": [
        unaudited("Training Objective may deliver less than you expect"),
        audited(
            "Caution warranted in multi-objective/multiplayer settings...",
            "stands",
            (
                JudgedBy(
                    "gan-equilibrium",
                    (
                        "simultaneous",
                        "shrinks",
                        "flow",
                        "extragradient",
                        "ellipse",
                        "alternating-stays",
                        "telescope",
                        "means-converge",
                        "means-at-once",
                    ),
                    (
                        "gradient-training-may-leave",
                        "training-in-turns-may-stay-away",
                        "means-of-training-may-stay-away",
                        "extragradient-converges",
                    ),
                ),
            ),
            "Two players with one number each suffice: without a regulariser gradient play circles the equilibrium or leaves it.",
        ),
        unaudited("Implicit assumption: D_real generatable by deep net of reasonable size"),
    ],
    "Generative Adversarial Nets": [
        unaudited("Avoid loglikelihood objective; it favors outputting fuzzy images"),
        unaudited("use power of discriminative deep learning (i.e., classification) to improve the generative model"),
        definition(
            "Discriminator trained to output 1 on real inputs, and 0 on synthetic inputs. Generator trained to produce synthetic "
            "outputs that make discriminator output high values."
        ),
        definition("min_(u∈U) max_(v∈V) E_(x∼D_real)[D_v(x)] − E_h[D_v(G_u(h))]"),
        audited(
            'Generator "wins" if objective ≈ 0 and further training of discriminator doesn\'t help. ("Equilibrium.")',
            "stands corrected",
            (
                JudgedBy(
                    "gan-equilibrium",
                    (
                        "minimax",
                        "between",
                        "saddle",
                        "pennies",
                        "errors-add-up",
                        "near-value",
                        "wins",
                        "generators-side",
                        "few-generators",
                        "some-draw",
                        "rounding",
                    ),
                    (
                        "equilibrium-of-one",
                        "equilibrium-of-one-wins",
                        "equilibrium-of-both",
                        "equilibrium-exists",
                        "epsilon-each",
                    ),
                ),
            ),
            "A condition on one player only; an equilibrium needs both. It does make the generator optimal where mixtures "
            "of generators reach the real law and discriminators come with their complements.",
        ),
    ],
    "Mode Collapse": [
        unaudited(
            "Since discriminator only learns from a few samples, it may be unable to teach generator to produce distribution D_synth "
            "with sufficiently large diversity",
            "The view that the next statement replaces.",
        ),
        audited(
            'problem not with # of training samples, but size ("capacity") of the discriminator!',
            "stands",
            (
                JudgedBy(_SCALE, ("table-variation", "table-at-most", "table-at-least"), ("samples-not-size",)),
                JudgedBy(_SUPPORT, ("support-lipschitz", "existence")),
                JudgedBy(_FEW, ("few", "any-training-set", "necessary")),
                JudgedBy(
                    _DISTANCE,
                    (
                        "dual-norm",
                        "feature-free",
                        "mean-distance",
                        "kernel-mean-distance",
                        "hull",
                        "any-width",
                        "table",
                    ),
                    ("not-training-samples", "parameters-are-capacity", "width-is-capacity"),
                ),
                JudgedBy(
                    _TRAINED,
                    (
                        "diversity-grows",
                        "levels-off",
                        "no-single-power",
                        "linear-inside",
                        "linear-outside",
                        "steps-matter",
                        "seeds-differ",
                        "seeds-differ-tenfold",
                    ),
                ),
            ),
            "The number of images that win depends on the features, not on the training set; a table sees what few leave out. "
            "What capacity is: not the number of parameters: norm balls and kernels are within 1/√m of m samples with any number of "
            "them, and nets of any width with bounded output weights see what one neuron sees.",
        ),
        audited(
            "If discriminator size = N, then ∃ generator that generates a distribution supported on O(N log N) images, "
            "and still wins against all possible discriminators",
            "stands corrected",
            (
                JudgedBy(
                    _SUPPORT,
                    ("support", "support-lipschitz", "enough-images", "existence", "every-generator", "one-parameter"),
                    (
                        "support-loose",
                        "with-high-probability",
                        "N-log-N",
                        "size-alone",
                        "wins-exactly",
                        "N-log-N-corrected",
                    ),
                ),
                JudgedBy(
                    _SCALE,
                    (
                        "logarithm-needed",
                        "logarithm-needed-at-any-gap",
                        "logarithm-needed-by-every-generator",
                        "finite-precision",
                        "table-mean",
                    ),
                    ("linear-support", "no-logarithm", "sqrt-p-over-m-at-any-size"),
                ),
                JudgedBy(
                    _FEW,
                    ("matched", "few", "fewest", "necessary", "sine-wave"),
                    ("linear-readout", "N-images", "square-root-support"),
                ),
                JudgedBy(
                    "vc-deviation",
                    (
                        "dkw",
                        "stumps",
                        "log-d-needed",
                        "every-sample",
                        "even",
                        "even-thresholds",
                        "intervals-scale",
                        "square-root",
                    ),
                    ("log-always", "wins-exactly", "linear-support", "parameters-only"),
                ),
            ),
            "Where discriminators are Lipschitz in bounded parameters the logarithm is of that constant, not of N, and the win is "
            "within ε. On tables that show every pattern every generator needs (1 - ε) p log₂(1 + 2LR/√p) images: the "
            "logarithm is needed there, the factor 1/ε² is not. Against readouts linear in N features N + 1 weighted images win exactly, and no fewer in general. Thresholds, unions of "
            "intervals and half-planes have no Lipschitz constant and need no logarithm; the choice of a coordinate does.",
        ),
        audited(
            "tweaking objectives or increasing training set doesn't help..",
            "stands corrected",
            (
                JudgedBy(
                    _SUPPORT,
                    ("measuring-function",),
                    ("tweaking-objectives", "tweaking-objectives-corrected"),
                ),
                JudgedBy(
                    "tuple-discriminators",
                    (
                        "uniform",
                        "pairs",
                        "triples",
                        "quadruples",
                        "half",
                        "half-needed",
                        "less-false-positives",
                        "less-false-positives-closed",
                        "any-measuring-function",
                        "within-span",
                        "unbounded-function",
                        "blind-and-seen",
                        "blocks",
                    ),
                    (
                        "tweaking-objectives",
                        "tweaking-objectives-of-one-image",
                        "tweaking-within-gap",
                        "pairs-suffice",
                        "tuples-always-tell",
                        "images-for-tuples",
                    ),
                ),
                JudgedBy(_FEW, ("any-training-set", "carries-over"), ("training-set",)),
                JudgedBy(_DISTANCE, ("triangle", "mixture"), ("subsample",)),
            ),
            "For discriminators of one sample. Tables: where they see no gap, no measuring function does, and a bounded one φ sees "
            "at most the gap times its range. Lipschitz discriminators: within a part of its range a bounded φ asks for as many "
            "images but for the logarithm of its own Lipschitz constant, which can be all of them. Without a bound on φ a gap of "
            "1/100 can be blown up to 1. Those that see tuples of samples can tell.",
        ),
        unaudited(
            "D_real presumably has infinite support..",
            "Not needed: against readouts linear in p features p + 1 weighted images win, however many there are.",
        ),
        audited(
            'Small discriminators inherently incapable of detecting "mode collapse."',
            "stands corrected",
            (
                JudgedBy(_SUPPORT, ("existence",), ("incapable",)),
                JudgedBy(_FEW, ("matched", "few", "necessary"), ("incapable", "incapable-linear")),
                JudgedBy(_DISTANCE, ("within-table", "net-encloses", "ascent"), ("small-is-blind",)),
                JudgedBy(
                    _TRAINED,
                    ("known-by-heart", "cap", "two-units-notice-fifty", "eight-hundred-pass", "blind-at-the-end"),
                    ("small-incapable", "every-one-collapses"),
                ),
            ),
            "Some generators of few images go unseen; that training finds one is not said, and others are seen.",
        ),
        audited(
            'Consider generator that learns to produce O(N log N) random real images. … suffices to consider "ε-net" … '
            "none of them can distinguish D_real from this low-support distribution",
            "stands corrected",
            (
                JudgedBy(
                    _SUPPORT,
                    (
                        "net-size",
                        "lipschitz-transfer",
                        "lipschitz-attained",
                        "hoeffding-moment",
                        "union-bound",
                        "support",
                    ),
                    ("epsilon-net",),
                ),
                JudgedBy(
                    _FEW,
                    ("equal-weights", "equal-chance", "mean-above", "mean-below", "without-replacement"),
                    ("N-log-N-equal",),
                ),
            ),
            "Within ε: random images of equal weights hardly ever win exactly.",
        ),
        audited(
            "Theory suggests GANs training objective not guaranteed to avoid mode-collapse",
            "stands",
            (
                JudgedBy(_FEW, ("matched", "few")),
                JudgedBy(_TRAINED, ("less-than-memory", "more-than-memory"), ("collapse-happens",)),
            ),
            "A generator of few images has the same objective as the law itself. The median small generator of "
            "digits is less diverse than the list of its images against discriminators of two hidden units, and more diverse than "
            "that against 128.",
        ),
        audited(
            "Does this happen during real life training???",
            "stands",
            (JudgedBy(_TRAINED, ("union", "test-agrees", "far-from-data", "no-copies"), ("real-life",)),),
            "Measured on 96 small generators of digits: all are less diverse than their data, by the birthday test. Nothing "
            "is said of convolutional nets and photographs.",
        ),
    ],
    "Birthday Paradox Test": [
        audited(
            "If you put 23 random people in a room, chance is > 1/2 that two of them share a birthday",
            "stands",
            (JudgedBy(_BIRTHDAY, ("twenty-three",), ("people",)),),
            "0.507 with 365 equally likely days, and more with unequal ones.",
        ),
        audited(
            "Suppose a distribution is supported on N images. Then Pr[sample of size √N has a duplicate image] > ½",
            "stands corrected",
            (
                JudgedBy(_BIRTHDAY, ("sufficient-size",), ("root-N", "root-N-corrected")),
                JudgedBy(
                    "birthday-number",
                    ("least", "three-terms-below", "four-terms"),
                    ("one-term", "one-half", "three-terms", "four-terms-in-range"),
                ),
            ),
            "At √N it is false: about 0.39 for equally likely images. ½ + √(¼ + 2N ln 2), about 1.18 √N, suffices for every such "
            "distribution.",
        ),
        audited(
            "If a sample of size s has near-duplicate images with prob. > 1/2, then distribution has only s² distinct images",
            "stands corrected",
            (
                JudgedBy(
                    _BIRTHDAY,
                    ("effective-support", "effective-support-closed"),
                    ("distinct-images", "distinct-images-corrected", "published-theorem-1"),
                ),
                JudgedBy(
                    _NEAR,
                    ("pairs", "product", "effective-support", "packing", "at-least-pairs", "one-class"),
                    ("distinct-images", "distinct-images-corrected"),
                ),
                JudgedBy(
                    _EFFECTIVE,
                    (
                        "heavy-set",
                        "heavy-points",
                        "heavy-points-number",
                        "at-most-support",
                        "exponential-above",
                        "exponential-below",
                        "no-upper-bound",
                    ),
                    ("published-theorem-2", "published-theorem-2-effective"),
                ),
            ),
            "It bounds the effective support: 1/∑p² for equal images and, by the same sharp bound, 1/P(two samples are "
            "near) for near-duplicates of any kind; never the number of distinct images. The theorems behind the test, as "
            "later restated, fail where the law has mass outside the set, and where it is far from uniform on it.",
        ),
        audited(
            "use heuristic method to flag possible near-duplicates. Rely on human in the loop to verify duplicates",
            "stands",
            (JudgedBy(_NEAR, ("flagged", "flagged-effective-support", "equal-are-near", "coverage-below")),),
            "What a heuristic misses only lowers the rate of duplicates, so that the upper bound on the effective support "
            "stays valid; what it flags wrongly would not, hence the human. Lower bounds need every near pair.",
        ),
        audited(
            "DC-GAN: Duplicates in 500 samples. Support size (500)² = 250K",
            "stands corrected",
            (
                JudgedBy(
                    _NEAR,
                    ("table", "effective-support", "coverage-below"),
                    ("five-hundred", "five-hundred-corrected", "four-hundred-corrected"),
                ),
            ),
            "No number of images follows: one frequent image suffices. Near-duplicates with probability ½ in 500 samples bound "
            "the effective support below 180 143, which 250K rounds upward (in 400, the figure of an earlier account, below "
            "115 261); one sample with duplicates is no probability.",
        ),
        audited(
            "BiGAN and ALI: Support size = (1000)² = 1M",
            "stands corrected",
            (
                JudgedBy(
                    _NEAR,
                    ("table", "effective-support", "coverage-below"),
                    ("one-thousand", "one-thousand-corrected"),
                ),
            ),
            "No number of images follows. Near-duplicates with probability ½ in 1000 samples bound the effective support below "
            "720 960, which 1M rounds upward.",
        ),
        unaudited("(Similar results on CIFAR10)", "Empirical."),
        unaudited(
            "CelebA (faces): 200k training images",
            "What effective supports are compared with; trained generators of digits are compared with 1797 images instead.",
        ),
        unaudited("Different test; confirms lack of diversity [Santurkar et al'17, Bau et al'19]"),
    ],
}
