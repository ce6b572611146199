"""The talk "Opening the black box of deep learning", statement by statement, in its own order.

A statement that a theorem of the catalogue audits names that theorem, the claims that say it right and the sayings that
judge the talk's own words.  Every other statement is open, whatever the literature knows: its note then says what an
audit should expect to find.  Quotations are shortened with "…" and mathematics is typeset in Unicode.
"""

from __future__ import annotations

from dataclasses import replace

from theorems.talk_dynamics import PART_1
from theorems.talk_generators import PART_2
from theorems.talk_statement import STATUSES, JudgedBy, Statement, audited, definition, unaudited

__all__ = ["STATUSES", "JudgedBy", "Statement", "statements"]

_FIRST_ORDER, _FIXED = "first-order-optimality", "fixed-net"


def statements() -> tuple[Statement, ...]:
    """Every statement of the talk, in the order in which the talk makes them."""
    return tuple(
        replace(statement, part=part, slide=slide)
        for part, slides in _TALK.items()
        for slide, said in slides.items()
        for statement in said
    )


_OPENING = {
    "Today's main point": [
        unaudited(
            'The simplistic, "black-box" view of deep learning may not suffice … for designing very flexible learners'
        ),
    ],
    "Basic deep learning paradigm": [
        definition("Gradient Descent (GD): w⁽ᵗ⁺¹⁾ ← w⁽ᵗ⁾ − η ∇ℓ(w⁽ᵗ⁾)"),
        unaudited("Usual view: Objective ≃ score"),
    ],
    "Objective doesn't fix functionality": [
        unaudited(
            "Reality: ℓ() nonconvex; has multiple optima (w/ different properties)",
            "An existence statement. The reason given is imprecise: convex objectives too have many optima.",
        ),
        unaudited("Training algorithm selects a solution.. (we have little idea how)"),
        audited(
            "trained net can be tested on held-out data to check model's goodness",
            "stands",
            (
                JudgedBy(
                    _FIXED,
                    (
                        "hoeffding",
                        "at-delta",
                        "one-sided",
                        "width",
                        "chernoff",
                        "binomial",
                        "unbiased",
                        "variance",
                        "among-k",
                    ),
                    ("held-out", "chosen-on-it", "one-sided-formula", "one-over-n"),
                ),
            ),
            "To within sqrt(ln(2/δ)/(2n)), for losses in [0, 1] and data that had no part in any choice: ln k more for the best of k.",
        ),
    ],
}

_PART_3 = {
    "Canonical ML framework": [
        definition("Train model parameters w by minimizing E_(x∈S)[ℓ_x(w)]"),
        audited(
            "Learning works if E_(x∈D)[ℓ_x(w)] ≈ E_(x∈S)[ℓ_x(w)]",
            "stands corrected",
            (JudgedBy(_FIXED, ("one-sided-at-delta",), ("learning-works",)),),
            "A constant predictor satisfies it: the training loss must be small as well. Then the test loss is, too, for a net fixed "
            "before the sample; for the net that training found a bound over all nets is needed.",
        ),
        unaudited('If test task ≠ training task, must look for "learned skills" inside trained model w*'),
    ],
    "Ex1: Language models": [
        definition("ℓ_xent({p_(·|s)}) = E_(s,w)[−log p_(·|s)(w)]"),
        unaudited(
            'Training of language models like GPT-3 involves "fill in the blank" tasks',
            "GPT-3 predicts the next word.",
        ),
        unaudited(
            "GPT-3's internal representation of text f(.) turn out to be useful … for other language tasks!!",
            "Empirical.",
        ),
        unaudited(
            "Classification tasks often can be cast as next-word prediction", "A hypothesis that defines natural tasks."
        ),
        unaudited("Suffices for classifier to look at p_(·|s)(w) for 10-20 words", "Empirical."),
    ],
    "Relating text embedding to probabilities": [
        audited(
            "1st order optimality condition: For fixed Φ, f* that minimizes ℓ_xent satisfies Φp_(f*(s)) = Φp*_(·|s)",
            "stands corrected",
            (
                JudgedBy(
                    _FIRST_ORDER,
                    ("moments", "existence", "quantitative"),
                    ("first-order-condition", "first-order-condition-without-existence"),
                ),
            ),
            "It holds at every minimiser; one exists only if Φp* lies in the relative interior of the hull of the embeddings.",
        ),
        audited(
            "Only guaranteed to learn p*_(·|s) up to 'projection' in d-dimensional subspace spanned by Φ",
            "stands",
            (JudgedBy(_FIRST_ORDER, ("moments",), ("up-to-projection",)),),
            "The subspace has the rank of Φ, which may be smaller than d.",
        ),
        unaudited(
            "If Φ respects synonym structure … then natural task continue to be solvable via p_(·|s) that satisfy subspace constraint",
            "Exact for classifiers in the row span of Φ.",
        ),
        unaudited(
            "Better language model ⟹ Better classification",
            "Expected to hold as an upper bound on the loss, and to fail model by model.",
        ),
        unaudited("Assumes (i) natural task (ii) Φ respects synonym structure (iii) 1st order optimality condition"),
    ],
    "Ex 2: Self-supervised learning: QuickThought": [
        definition(
            "minimize E[log(1 + exp(f(x)ᵀf(x⁻) − f(x)ᵀf(x⁺)))]",
            "A simplified form; the natural logarithm changes the constants of the guarantee.",
        ),
        unaudited(
            "Make adjacent sentences have high inner product, while random pairs of sentences have low inner product"
        ),
        unaudited(
            "Many classification tasks solvable via linear classifiers when sentence s is represented as f(s)",
            "On average over tasks drawn as in training, for positives independent given the class.",
        ),
    ],
}

_PART_4 = {
    "Part 4 (speculative)": [
        unaudited("Flexible & Reliable AI agents may need new design principles"),
        unaudited("Operating way beyond traditional ML framework (multiobjective, no fixed training distribution,..)"),
        definition("ML relies on avg. performance on data (training / test) drawn from a fixed distribution"),
        unaudited("Possibly insufficient to capture richness of everyday interactions? (Low-probability events …)"),
        unaudited("Conceivable that huge datasets can allow a way around this..."),
    ],
    "In conclusion": [
        unaudited(
            "In some (admittedly stylized) settings properties of trained models proven to arise from complicated interaction of "
            "architecture, objective, training algorithm and dataset",
        ),
        unaudited("Formal understanding could be crucial for design of flexible, reliable AI agents"),
    ],
}

_TALK = {
    "Opening": _OPENING,
    "Part 1: dynamics": PART_1,
    "Part 2: generative adversarial nets": PART_2,
    "Part 3: from task A to task B": _PART_3,
    "Part 4 and conclusion": _PART_4,
}
