"""Part 2 of the talk: what a discriminator can see of a generator, and a test that sees more."""

from __future__ import annotations

from theorems.talk_statement import JudgedBy, audited, definition, unaudited

_BIRTHDAY = "birthday"

PART_2 = {
    "Part 2": [
        unaudited("Training Objective may deliver less than you expect"),
        unaudited("Implicit assumption: D_real generatable by deep net of reasonable size"),
    ],
    "Generative Adversarial Nets": [
        unaudited("Avoid loglikelihood objective; it favors outputting fuzzy images"),
        definition("min_(u∈U) max_(v∈V) E_(x∼D_real)[D_v(x)] − E_h[D_v(G_u(h))]"),
        unaudited(
            'Generator "wins" if objective ≈ 0 and further training of discriminator doesn\'t help. ("Equilibrium.")',
            "A condition on one player only; an equilibrium needs both.",
        ),
    ],
    "Mode Collapse": [
        unaudited('problem not with # of training samples, but size ("capacity") of the discriminator!'),
        unaudited(
            "If discriminator size = N, then ∃ generator that generates a distribution supported on O(N log N) images, "
            "and still wins against all possible discriminators",
            "Needs discriminators that are Lipschitz in bounded parameters, and wins within ε instead of exactly.",
        ),
        unaudited(
            "tweaking objectives or increasing training set doesn't help..",
            "For discriminators of one sample; those that see tuples of samples can tell.",
        ),
        unaudited("D_real presumably has infinite support.."),
        unaudited('Small discriminators inherently incapable of detecting "mode collapse."'),
        unaudited(
            'Consider generator that learns to produce O(N log N) random real images. … suffices to consider "ε-net" … '
            "none of them can distinguish D_real from this low-support distribution",
        ),
        unaudited("Theory suggests GANs training objective not guaranteed to avoid mode-collapse"),
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
            "false",
            (JudgedBy(_BIRTHDAY, ("sufficient-size",), ("root-N", "root-N-corrected")),),
            "½ + √(¼ + 2N ln 2), about 1.18 √N, suffices for every such distribution.",
        ),
        audited(
            "If a sample of size s has near-duplicate images with prob. > 1/2, then distribution has only s² distinct images",
            "false",
            (
                JudgedBy(
                    _BIRTHDAY,
                    ("effective-support", "effective-support-closed"),
                    ("distinct-images", "distinct-images-corrected", "published-theorem-1"),
                ),
            ),
            "It bounds the effective support 1/∑p², not the number of distinct images. The theorem behind the test, "
            "as later restated, fails where the law has mass outside the set.",
        ),
        unaudited(
            "use heuristic method to flag possible near-duplicates. Rely on human in the loop to verify duplicates"
        ),
        unaudited(
            "DC-GAN: Duplicates in 500 samples. Support size (500)² = 250K",
            "To be read as an upper bound on the effective support.",
        ),
        unaudited(
            "BiGAN and ALI: Support size = (1000)² = 1M",
            "To be read as an upper bound on the effective support.",
        ),
        unaudited("CelebA (faces): 200k training images"),
        unaudited("Different test; confirms lack of diversity [Santurkar et al'17, Bau et al'19]"),
    ],
}
