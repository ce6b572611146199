"""Part 1 of the talk: the training algorithm decides, in linear nets and in infinitely wide ones."""

from __future__ import annotations

from theorems.talk_statement import JudgedBy, audited, definition, unaudited

_SINGULAR = "singular-value-ode"
_TWO_LAYERS, _TRICK, _DATA = "two-layer-interpolation", "kernel-trick", "small-data"
_DYNAMICS, _LAZY, _FINITE = "tangent-dynamics", "lazy-training", "finite-width-kernel"
_KERNEL, _CONVOLUTIONAL = "tangent-kernel", "convolutional-kernel"

PART_1 = {
    "Part 1": [
        unaudited(
            "Architecture + dataset + objective don't suffice to determine behavior of trained deep model",
            "An existence statement: one instance witnesses it.",
        ),
    ],
    "Matrix Completion Problem": [
        unaudited(
            "|M|_* = sum of singular values of M (Convex surrogate for low rank)",
            "It is the convex envelope of rank on the spectral unit ball only.",
        ),
        unaudited(
            "Find matrix with best least-squares fit and smallest nuclear norm: ∑ (M_ij − b_ij)² + λ |M|_*",
            "With λ > 0 recovery is never exact: each singular value is biased.",
        ),
        unaudited(
            'This is statistically "optimal" !',
            "Up to logarithms, without noise, for incoherent M and uniformly drawn entries.",
        ),
    ],
    "Linear nets for matrix completion": [
        unaudited(
            "no regularization or rank constraint! … Infinitely many solns exist; most nonsensical",
            "Holds if and only if the observed entries underdetermine the product.",
        ),
        unaudited(
            "Empirical finding: GD finds soln as good as nuclear norm minimization!",
            "Empirical; as a theorem it has counterexamples.",
        ),
        unaudited(
            "[depth N] Now GD finds soln better than nuclear norm minimization!",
            "Empirical; expected where few entries are observed.",
        ),
        unaudited(
            "Mathematical analysis of GD trajectory in [A., Cohen, Luo, Wu ICML'19]",
            "The analysis is by Arora, Cohen, Hu and Luo, NeurIPS 2019.",
        ),
        unaudited(
            'Complete characterization (≈ "Greedy low rank learning") in [Li, Luo, Lyu ICLR\'21]',
            "Proved for symmetric depth 2 from vanishing initialisation, under a spectral gap and convergence of each phase.",
        ),
    ],
    "Mathematical analysis of gradient flow": [
        audited(
            "singular values and sing. vectors of end-to-end matrix M are analytic functions of time t",
            "stands corrected",
            (JudgedBy(_SINGULAR, ("rate", "directions"), ("analytic",)),),
            "Sorted, non-negative singular values have kinks; signed and unordered ones are analytic.",
        ),
        audited(
            "Theorem 3. The signed singular values of the product matrix W evolve by "
            "σ̇_r(t) = −N · (σ_r²(t))^(1−1/N) · ⟨∇ℓ(W(t)), u_r(t) v_r(t)ᵀ⟩",
            "stands",
            (JudgedBy(_SINGULAR, ("rate",), ("theorem-3",)),),
            "Under gradient flow from a balanced start; the report shows what fails without either.",
        ),
        audited(
            '"Rich get richer"; promotes low rank',
            "stands corrected",
            (
                JudgedBy(
                    _SINGULAR, ("rich-get-richer", "rich-stay-rich", "rich-get-caught"), ("rich-get-richer-always",)
                ),
            ),
            "Ratios of singular values move apart for N ≥ 3 only; N = 2 keeps them and N = 1 evens them out.",
        ),
        unaudited(
            '"Goal" of GD = Make singular vectors of M align with those of ∇(ℓ(W(t)))',
            "Alignment characterises the points at rest; the way there need not be monotone.",
        ),
        audited(
            "Sing. directions grow one by one, not all at once",
            "false",
            (JudgedBy(_SINGULAR, ("one-after-another",), ("one-by-one",)),),
            "Tied directions grow together; one after another needs a gap and a small start.",
        ),
    ],
    "Vignette: Training of infinitely wide Deep Nets": [
        unaudited(
            "Architecture looks vacuous, but GD picks a meaningful solution out of infinitely many possibilities"
        ),
        audited(
            "Arbitrarily wide 2-layer nets can represent every finite function, so # of zero-loss solutions → ∞",
            "stands corrected",
            (
                JudgedBy(
                    _TWO_LAYERS,
                    ("interpolates", "least-width", "homogeneous", "continuum", "dimension-grows"),
                    (
                        "every-finite-function",
                        "every-finite-function-without-biases",
                        "number-tends-to-infinity",
                        "dimension-tends-to-infinity",
                    ),
                ),
            ),
            "With biases, which the talk's own formula lacks. The solutions are a continuum from the first width that "
            "fits; what tends to infinity is its dimension.",
        ),
        audited(
            "Too expressive! Will overfit to training data.",
            "stands corrected",
            (JudgedBy(_TWO_LAYERS, ("right-off-the-data", "wrong-off-the-data"), ("will-overfit", "may-overfit")),),
            "Some nets that fit the data are right elsewhere too, others are as wrong as one likes: the talk goes on to say so.",
        ),
        audited(
            "Plus, infeasible to train!",
            "stands corrected",
            (JudgedBy(_TRICK, ("gram-alone",), ("infeasible-to-train",)),),
            "Regression on any number of features takes a system of as many unknowns as there are data points.",
        ),
        audited(
            "initialize with suitably-scaled Gaussians so expected node value is equal at all layers",
            "stands corrected",
            (JudgedBy(_KERNEL, ("second-moment", "second-moment-unit"), ("node-value", "node-value-corrected")),),
            "The expected square is: at any norm for ReLU, at norm 1 for other activations. The expected value is 0 before "
            "an activation and not after it.",
        ),
        audited(
            "Test accuracy: 51.5 (Random Forest: 48.5, Gaussian Kernel: 48.4); 17-dimensional input, # training samples = 339",
            "stands corrected",
            (
                JudgedBy(
                    _DATA,
                    (
                        "no-gap-shown-gaussian",
                        "no-gap-shown-forest",
                        "ten-patients",
                        "three-points-unseen",
                        "training-fold",
                    ),
                    ("accuracies", "ranking", "training-samples"),
                ),
            ),
            "339 is the size of the whole data set, of which a training set has three quarters. Three points are ten "
            "patients, about one standard error: neither refuted nor supported.",
        ),
    ],
    "Details (fully connected nets)": [
        definition("f(θ, x) = W^(L+1) √(c_σ/d_L) σ(W^(L) √(c_σ/d_(L−1)) σ(W^(L−1) ⋯ √(c_σ/d_1) σ(W^(1) x)))"),
        definition("Square Loss: L(θ) = ½ ∑ (f(θ, x_i) − y_i)²"),
        audited(
            "u̇(t) = H(t)(u(t) − y)",
            "stands corrected",
            (JudgedBy(_DYNAMICS, ("dynamics", "loss-rate"), ("the-slide's-sign",)),),
            "Gradient descent moves the outputs by −H(t)(u(t) − y); with the slide's sign the loss would grow.",
        ),
        definition("H_ij(t) = ⟨∂u_i(t)/∂W(t), ∂u_j(t)/∂W(t)⟩"),
        audited(
            "Thm ([Jacot et al.,'18] + followup papers): As width → ∞, ∀t H(t) → H*",
            "stands corrected",
            (
                JudgedBy(
                    _FINITE,
                    ("rate", "mean", "variance"),
                    ("as-width-grows", "as-width-grows-unscaled", "expected-kernel"),
                ),
                JudgedBy(_LAZY, ("kernel-stays", "drift-bound"), ("for-all-t",)),
            ),
            "In the tangent-kernel scaling, relative to the depth, under gradient flow on the square loss without weight decay.",
        ),
        audited(
            "GD trajectory → ℓ₂ regression w.r.t. kernel H*",
            "stands corrected",
            (JudgedBy(_LAZY, ("early", "regression", "regression-from-zero", "unlearned"), ("l2-regression",)),),
            "The output of the start stays in the limit, unless it is cancelled.",
        ),
        audited(
            "Infinitely wide nets definable in multiple ways; not all reduce to NTK regression",
            "stands",
            (JudgedBy(_LAZY, (), ("other-limits",)),),
            "Mean-field nets keep moving at every width.",
        ),
    ],
    "Kernel regression reminder and computation": [
        audited(
            "Kernel trick: ℓ₂ regression possible if can compute ⟨Φ(x₁), Φ(x₂)⟩ for any given input pair x₁, x₂",
            "stands corrected",
            (JudgedBy(_TRICK, ("gram-alone", "start-term"), ("kernel-trick", "kernel-trick-from-any-start")),),
            "For ridge regression and for the solution of least norm; a descent from elsewhere keeps what the data cannot see.",
        ),
        audited(
            "Each coordinate of Φ(x) corresponds to parameter w in the net. Corresponding entry is ∂(output)/∂w at t = 0",
            "stands",
            (JudgedBy(_TRICK, ("tangent-features",), ("coordinates",)),),
            "At every width; in the limit the inner product ceases to depend on the draw.",
        ),
        audited(
            "Dynamic programming algorithm to compute H* (also convnets) and thus ℓ₂ regression",
            "stands",
            (
                JudgedBy(_KERNEL, ("recursion", "relu-layer", "relu-layer-slope"), ("dynamic-programming",)),
                JudgedBy(_CONVOLUTIONAL, ("window", "step", "flatten", "pooling"), ("dynamic-programming",)),
            ),
        ),
        audited(
            "Treat infinitely wide layers as representing a continuous distribution of values",
            "stands",
            (JudgedBy(_KERNEL, ("expectation", "expectation-slope"), ("continuous-distribution",)),),
            "A Gaussian one: each layer is an expectation over it.",
        ),
        audited(
            "Pretty good performance in small-data setting. Competitive with old champions like Random Forests",
            "stands",
            (JudgedBy(_DATA, ("no-gap-shown-forest", "no-gap-shown-linear"), ("competitive",)),),
            "Empirical, on a few small sets: no gap to a forest is shown, nor to a linear kernel.",
        ),
        unaudited("Tight analysis of generalization of kernel regression", "An open problem in the talk itself."),
        unaudited(
            "analysis of what other algorithms (SGD, Adam, BN etc) do with infinitely wide nets",
            "An open problem in the talk itself.",
        ),
        audited(
            "Exact computation via infinitely wide nets (with convolution + global avg. pooling) Applied to CIFAR10",
            "stands corrected",
            (
                JudgedBy(
                    _CONVOLUTIONAL,
                    ("pooling", "one-hidden-layer", "self-pairs"),
                    ("exact-computation", "finite-nets-average"),
                ),
            ),
            "The computation is exact for the limit, not for the average of finite nets. The accuracies on CIFAR-10 are not "
            "recomputed here; `theorem-audit gram --plan` says what that would take.",
        ),
    ],
}
