"""The talk "Opening the black box of deep learning", statement by statement, in its own order.

A statement that a theorem of the catalogue audits names that theorem, the claims that say it right and the sayings that
judge the talk's own words.  Every other statement is open, whatever the literature knows: its note then says what an
audit should expect to find.  Quotations are shortened with "…" and mathematics is typeset in Unicode.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

STATUSES = ("stands", "stands corrected", "false", "open", "definition")
_SINGULAR, _BIRTHDAY, _FIRST_ORDER = "singular-value-ode", "birthday", "first-order-optimality"


@dataclass(frozen=True)
class Statement:
    """One statement of the talk.

    ``part`` and ``slide`` place it; ``words`` quotes it; ``status`` is one of `STATUSES`; ``theorem`` names the theorem that audits it
    (empty: none yet), ``claims`` and ``sayings`` the items of that theorem; ``note`` says what is to be known beside.
    """

    part: str
    slide: str
    words: str
    status: str
    theorem: str = ""
    claims: tuple[str, ...] = ()
    sayings: tuple[str, ...] = ()
    note: str = ""


def statements() -> tuple[Statement, ...]:
    """Every statement of the talk, in the order in which the talk makes them."""
    return tuple(
        replace(statement, part=part, slide=slide)
        for part, slides in _TALK.items()
        for slide, said in slides.items()
        for statement in said
    )


def _open(words: str, note: str = "") -> Statement:
    return Statement("", "", words, "open", note=note)


def _definition(words: str, note: str = "") -> Statement:
    return Statement("", "", words, "definition", note=note)


def _audited(
    words: str, status: str, theorem: str, claims: tuple[str, ...], sayings: tuple[str, ...], note: str = ""
) -> Statement:
    return Statement("", "", words, status, theorem, claims, sayings, note)


_OPENING = {
    "Today's main point": [
        _open(
            'The simplistic, "black-box" view of deep learning may not suffice … for designing very flexible learners'
        ),
    ],
    "Basic deep learning paradigm": [
        _definition("Gradient Descent (GD): w⁽ᵗ⁺¹⁾ ← w⁽ᵗ⁾ − η ∇ℓ(w⁽ᵗ⁾)"),
        _open("Usual view: Objective ≃ score"),
    ],
    "Objective doesn't fix functionality": [
        _open(
            "Reality: ℓ() nonconvex; has multiple optima (w/ different properties)",
            "An existence statement. The reason given is imprecise: convex objectives too have many optima.",
        ),
        _open("Training algorithm selects a solution.. (we have little idea how)"),
        _open("trained net can be tested on held-out data to check model's goodness"),
    ],
}

_PART_1 = {
    "Part 1": [
        _open(
            "Architecture + dataset + objective don't suffice to determine behavior of trained deep model",
            "An existence statement: one instance witnesses it.",
        ),
    ],
    "Matrix Completion Problem": [
        _open(
            "|M|_* = sum of singular values of M (Convex surrogate for low rank)",
            "It is the convex envelope of rank on the spectral unit ball only.",
        ),
        _open(
            "Find matrix with best least-squares fit and smallest nuclear norm: ∑ (M_ij − b_ij)² + λ |M|_*",
            "With λ > 0 recovery is never exact: each singular value is biased.",
        ),
        _open(
            'This is statistically "optimal" !',
            "Up to logarithms, without noise, for incoherent M and uniformly drawn entries.",
        ),
    ],
    "Linear nets for matrix completion": [
        _open(
            "no regularization or rank constraint! … Infinitely many solns exist; most nonsensical",
            "Holds if and only if the observed entries underdetermine the product.",
        ),
        _open(
            "Empirical finding: GD finds soln as good as nuclear norm minimization!",
            "Empirical; as a theorem it has counterexamples.",
        ),
        _open(
            "[depth N] Now GD finds soln better than nuclear norm minimization!",
            "Empirical; expected where few entries are observed.",
        ),
        _open(
            "Mathematical analysis of GD trajectory in [A., Cohen, Luo, Wu ICML'19]",
            "The analysis is by Arora, Cohen, Hu and Luo, NeurIPS 2019.",
        ),
        _open(
            'Complete characterization (≈ "Greedy low rank learning") in [Li, Luo, Lyu ICLR\'21]',
            "Proved for symmetric depth 2 from vanishing initialisation, under a spectral gap and convergence of each phase.",
        ),
    ],
    "Mathematical analysis of gradient flow": [
        _audited(
            "singular values and sing. vectors of end-to-end matrix M are analytic functions of time t",
            "stands corrected",
            _SINGULAR,
            ("rate", "directions"),
            ("analytic",),
            "Sorted, non-negative singular values have kinks; signed and unordered ones are analytic.",
        ),
        _audited(
            "Theorem 3. The signed singular values of the product matrix W evolve by "
            "σ̇_r(t) = −N · (σ_r²(t))^(1−1/N) · ⟨∇ℓ(W(t)), u_r(t) v_r(t)ᵀ⟩",
            "stands",
            _SINGULAR,
            ("rate",),
            ("theorem-3",),
            "Under gradient flow from a balanced start; the report shows what fails without either.",
        ),
        _audited(
            '"Rich get richer"; promotes low rank',
            "stands corrected",
            _SINGULAR,
            ("rich-get-richer", "rich-stay-rich", "rich-get-caught"),
            ("rich-get-richer-always",),
            "Ratios of singular values move apart for N ≥ 3 only; N = 2 keeps them and N = 1 evens them out.",
        ),
        _open(
            '"Goal" of GD = Make singular vectors of M align with those of ∇(ℓ(W(t)))',
            "Alignment characterises the points at rest; the way there need not be monotone.",
        ),
        _audited(
            "Sing. directions grow one by one, not all at once",
            "false",
            _SINGULAR,
            ("one-after-another",),
            ("one-by-one",),
            "Tied directions grow together; one after another needs a gap and a small start.",
        ),
    ],
    "Vignette: Training of infinitely wide Deep Nets": [
        _open("Architecture looks vacuous, but GD picks a meaningful solution out of infinitely many possibilities"),
        _open(
            "Arbitrarily wide 2-layer nets can represent every finite function, so # of zero-loss solutions → ∞",
            "The first half is a theorem; the solutions are a continuum from the first interpolating width on.",
        ),
        _open(
            "Too expressive! Will overfit to training data. … Plus, infeasible to train!",
            "Rhetorical: the talk goes on to deny it.",
        ),
        _open(
            "initialize with suitably-scaled Gaussians so expected node value is equal at all layers",
            "To be read as the expected square: the expected pre-activation is 0.",
        ),
        _open(
            "Test accuracy: 51.5 (Random Forest: 48.5, Gaussian Kernel: 48.4); 17-dimensional input, # training samples = 339",
            "339 is the size of the whole data set; the gap is about one standard error.",
        ),
    ],
    "Details (fully connected nets)": [
        _definition("f(θ, x) = W^(L+1) √(c_σ/d_L) σ(W^(L) √(c_σ/d_(L−1)) σ(W^(L−1) ⋯ √(c_σ/d_1) σ(W^(1) x)))"),
        _definition("Square Loss: L(θ) = ½ ∑ (f(θ, x_i) − y_i)²"),
        _open("u̇(t) = H(t)(u(t) − y)", "The sign is expected to be wrong: gradient descent needs −H(t)(u(t) − y)."),
        _definition("H_ij(t) = ⟨∂u_i(t)/∂W(t), ∂u_j(t)/∂W(t)⟩"),
        _open(
            "Thm ([Jacot et al.,'18] + followup papers): As width → ∞, ∀t H(t) → H*",
            "Needs the tangent-kernel scaling, small steps, and a positive definite H* or finite time.",
        ),
        _open(
            "GD trajectory → ℓ₂ regression w.r.t. kernel H*",
            "The output at initialisation is missing from the limit.",
        ),
        _open("Infinitely wide nets definable in multiple ways; not all reduce to NTK regression"),
    ],
    "Kernel regression reminder and computation": [
        _open("Kernel trick: ℓ₂ regression possible if can compute ⟨Φ(x₁), Φ(x₂)⟩ for any given input pair x₁, x₂"),
        _definition(
            "Each coordinate of Φ(x) corresponds to parameter w in the net. Corresponding entry is ∂(output)/∂w at t = 0"
        ),
        _open("Dynamic programming algorithm to compute H* (also convnets) and thus ℓ₂ regression"),
        _open("Treat infinitely wide layers as representing a continuous distribution of values"),
        _open(
            "Pretty good performance in small-data setting. Competitive with old champions like Random Forests",
            "Empirical.",
        ),
        _open("Tight analysis of generalization of kernel regression", "An open problem in the talk itself."),
        _open(
            "analysis of what other algorithms (SGD, Adam, BN etc) do with infinitely wide nets",
            "An open problem in the talk itself.",
        ),
        _open("Exact computation via infinitely wide nets (with convolution + global avg. pooling) Applied to CIFAR10"),
    ],
}

_PART_2 = {
    "Part 2": [
        _open("Training Objective may deliver less than you expect"),
        _open("Implicit assumption: D_real generatable by deep net of reasonable size"),
    ],
    "Generative Adversarial Nets": [
        _open("Avoid loglikelihood objective; it favors outputting fuzzy images"),
        _definition("min_(u∈U) max_(v∈V) E_(x∼D_real)[D_v(x)] − E_h[D_v(G_u(h))]"),
        _open(
            'Generator "wins" if objective ≈ 0 and further training of discriminator doesn\'t help. ("Equilibrium.")',
            "A condition on one player only; an equilibrium needs both.",
        ),
    ],
    "Mode Collapse": [
        _open('problem not with # of training samples, but size ("capacity") of the discriminator!'),
        _open(
            "If discriminator size = N, then ∃ generator that generates a distribution supported on O(N log N) images, "
            "and still wins against all possible discriminators",
            "Needs discriminators that are Lipschitz in bounded parameters, and wins within ε instead of exactly.",
        ),
        _open(
            "tweaking objectives or increasing training set doesn't help..",
            "For discriminators of one sample; those that see tuples of samples can tell.",
        ),
        _open("D_real presumably has infinite support.."),
        _open('Small discriminators inherently incapable of detecting "mode collapse."'),
        _open(
            'Consider generator that learns to produce O(N log N) random real images. … suffices to consider "ε-net" … '
            "none of them can distinguish D_real from this low-support distribution",
        ),
        _open("Theory suggests GANs training objective not guaranteed to avoid mode-collapse"),
    ],
    "Birthday Paradox Test": [
        _audited(
            "If you put 23 random people in a room, chance is > 1/2 that two of them share a birthday",
            "stands",
            _BIRTHDAY,
            ("twenty-three",),
            ("people",),
            "0.507 with 365 equally likely days, and more with unequal ones.",
        ),
        _audited(
            "Suppose a distribution is supported on N images. Then Pr[sample of size √N has a duplicate image] > ½",
            "false",
            _BIRTHDAY,
            ("sufficient-size",),
            ("root-N", "root-N-corrected"),
            "½ + √(¼ + 2N ln 2), about 1.18 √N, suffices for every such distribution.",
        ),
        _audited(
            "If a sample of size s has near-duplicate images with prob. > 1/2, then distribution has only s² distinct images",
            "false",
            _BIRTHDAY,
            ("effective-support", "effective-support-closed"),
            ("distinct-images", "distinct-images-corrected", "published-theorem-1"),
            "It bounds the effective support 1/∑p², not the number of distinct images. The theorem behind the test, "
            "as later restated, fails where the law has mass outside the set.",
        ),
        _open("use heuristic method to flag possible near-duplicates. Rely on human in the loop to verify duplicates"),
        _open(
            "DC-GAN: Duplicates in 500 samples. Support size (500)² = 250K",
            "To be read as an upper bound on the effective support.",
        ),
        _open(
            "BiGAN and ALI: Support size = (1000)² = 1M",
            "To be read as an upper bound on the effective support.",
        ),
        _open("CelebA (faces): 200k training images"),
        _open("Different test; confirms lack of diversity [Santurkar et al'17, Bau et al'19]"),
    ],
}

_PART_3 = {
    "Canonical ML framework": [
        _definition("Train model parameters w by minimizing E_(x∈S)[ℓ_x(w)]"),
        _open(
            "Learning works if E_(x∈D)[ℓ_x(w)] ≈ E_(x∈S)[ℓ_x(w)]",
            "A constant predictor satisfies it: the training loss must be small as well.",
        ),
        _open('If test task ≠ training task, must look for "learned skills" inside trained model w*'),
    ],
    "Ex1: Language models": [
        _definition("ℓ_xent({p_(·|s)}) = E_(s,w)[−log p_(·|s)(w)]"),
        _open(
            'Training of language models like GPT-3 involves "fill in the blank" tasks',
            "GPT-3 predicts the next word.",
        ),
        _open(
            "GPT-3's internal representation of text f(.) turn out to be useful … for other language tasks!!",
            "Empirical.",
        ),
        _open(
            "Classification tasks often can be cast as next-word prediction", "A hypothesis that defines natural tasks."
        ),
        _open("Suffices for classifier to look at p_(·|s)(w) for 10-20 words", "Empirical."),
    ],
    "Relating text embedding to probabilities": [
        _audited(
            "1st order optimality condition: For fixed Φ, f* that minimizes ℓ_xent satisfies Φp_(f*(s)) = Φp*_(·|s)",
            "stands corrected",
            _FIRST_ORDER,
            ("moments", "existence", "quantitative"),
            ("first-order-condition", "first-order-condition-without-existence"),
            "It holds at every minimiser; one exists only if Φp* lies in the relative interior of the hull of the embeddings.",
        ),
        _audited(
            "Only guaranteed to learn p*_(·|s) up to 'projection' in d-dimensional subspace spanned by Φ",
            "stands",
            _FIRST_ORDER,
            ("moments",),
            ("up-to-projection",),
            "The subspace has the rank of Φ, which may be smaller than d.",
        ),
        _open(
            "If Φ respects synonym structure … then natural task continue to be solvable via p_(·|s) that satisfy subspace constraint",
            "Exact for classifiers in the row span of Φ.",
        ),
        _open(
            "Better language model ⟹ Better classification",
            "Expected to hold as an upper bound on the loss, and to fail model by model.",
        ),
        _open("Assumes (i) natural task (ii) Φ respects synonym structure (iii) 1st order optimality condition"),
    ],
    "Ex 2: Self-supervised learning: QuickThought": [
        _definition(
            "minimize E[log(1 + exp(f(x)ᵀf(x⁻) − f(x)ᵀf(x⁺)))]",
            "A simplified form; the natural logarithm changes the constants of the guarantee.",
        ),
        _open(
            "Make adjacent sentences have high inner product, while random pairs of sentences have low inner product"
        ),
        _open(
            "Many classification tasks solvable via linear classifiers when sentence s is represented as f(s)",
            "On average over tasks drawn as in training, for positives independent given the class.",
        ),
    ],
}

_PART_4 = {
    "Part 4 (speculative)": [
        _open("Flexible & Reliable AI agents may need new design principles"),
        _open("Operating way beyond traditional ML framework (multiobjective, no fixed training distribution,..)"),
        _definition("ML relies on avg. performance on data (training / test) drawn from a fixed distribution"),
        _open("Possibly insufficient to capture richness of everyday interactions? (Low-probability events …)"),
        _open("Conceivable that huge datasets can allow a way around this..."),
    ],
    "In conclusion": [
        _open(
            "In some (admittedly stylized) settings properties of trained models proven to arise from complicated interaction of "
            "architecture, objective, training algorithm and dataset",
        ),
        _open("Formal understanding could be crucial for design of flexible, reliable AI agents"),
    ],
}

_TALK = {
    "Opening": _OPENING,
    "Part 1: dynamics": _PART_1,
    "Part 2: generative adversarial nets": _PART_2,
    "Part 3: from task A to task B": _PART_3,
    "Part 4 and conclusion": _PART_4,
}
