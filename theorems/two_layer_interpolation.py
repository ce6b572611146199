"""What nets with one hidden layer can fit: any labels on n distinct inputs with n units, in a continuum of ways.

f(x) = Σ_r a_r max(w_r · x + b_r, 0), perhaps with an output bias, which counts as one more unit.  n units are enough by
a forward substitution; the least width that always suffices is n - 2 neurons, from five or seven points on.  The zero-loss nets are never isolated: near a regular one they form a manifold
of dimension p - n, with p the number of parameters.  Some of them are right off the data, others wrong by any amount.
"""

from __future__ import annotations

from sympy import Abs

from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Ge,
    Gt,
    Implies,
    Le,
    Ne,
    Not,
    Or,
    Saying,
    Source,
    Theorem,
    observable,
)
from theorems.two_layer_interpolation_derivation import STEPS

n = observable("n", "number of points", domain="positive integer")
d = observable("d", "number of inputs of the net", domain="positive integer")
width = observable("width", "number of hidden neurons", domain="positive integer", latex="m")
units = observable(
    "units", "hidden neurons, and one more for an output bias", domain="positive integer", latex=r"\tilde m"
)
p = observable("p", "number of parameters", domain="positive integer")
distinct_inputs = observable(
    "distinct_inputs", "number of different inputs", domain="positive integer", latex=r"|\{x_i\}|"
)
hidden_biases = observable("hidden_biases", "hidden neurons have biases", domain="boolean", latex=r"\exists b")
degree = observable("degree", "k of the activation max(z, 0)^k", domain="positive integer", latex="k")
f = observable("f", "output of the net")
y = observable("y", "label")
scale = observable("scale", "factor s of the weights and bias of one neuron, 1/s of its output", latex="s")
f_rescaled = observable("f_rescaled", "output after one neuron is rescaled", latex="f_s")
size = observable("size", "largest weight or bias of that neuron", domain="positive", latex=r"\|(w,b)\|_\infty")
distance = observable(
    "distance", "largest change of a hidden weight or bias by the rescaling", domain="nonnegative",
    latex=r"\|\theta_s-\theta\|_\infty",
)  # fmt: skip
nullity = observable(
    "nullity", "dimension of the null space of the n × p derivatives ∂f(x_i)/∂θ_j", domain="nonnegative integer",
    latex=r"\dim\ker J",
)  # fmt: skip
turns = observable(
    "turns", "how often the outputs at points of a line change between rising and falling", domain="nonnegative integer",
    latex=r"\tau",
)  # fmt: skip
width_least = observable(
    "width_least", "neurons of the narrowest net that is built", domain="positive integer",
    latex=r"m_{\min}",
)  # fmt: skip
output_bias = observable("output_bias", "its output has a bias", domain="boolean", latex=r"\exists c")
f_least = observable("f_least", "its output", latex=r"f_{\min}")
multiple = observable("multiple", "a factor c of the input", domain="nonnegative", latex="c")
f_multiple = observable("f_multiple", "output at c x", latex="f(cx)")
miss = observable("miss", "|f(x) - y|", domain="nonnegative", latex=r"|f(x)-y|")
miss_multiple = observable("miss_multiple", "|f(cx) - y_c|", domain="nonnegative", latex=r"|f(cx)-y_c|")
label_gap = observable("label_gap", "y_c - c y, with y the label at x and y_c that at c x", latex=r"(y_c-cy)")
bias = observable("bias", "largest bias, that of the output included", domain="nonnegative", latex=r"\|b\|_\infty")
seen = observable("seen", "the point is one of the data", domain="boolean", latex=r"x\in\{x_i\}")
f_quiet = observable("f_quiet", "output of one zero-loss net", latex=r"f_{\mathrm{quiet}}")
f_loud = observable("f_loud", "output of another zero-loss net of the same width", latex=r"f_{\mathrm{loud}}")
height = observable("height", "error asked for at a point off the data, 0 on the data", latex="h")
loss_quiet = observable("loss_quiet", "its loss on the data", domain="nonnegative", latex=r"L_{\mathrm{quiet}}")
loss_loud = observable("loss_loud", "its loss on the data", domain="nonnegative", latex=r"L_{\mathrm{loud}}")

FITTING = ("distinct", "biases")
rescaled = Eq(distance, Abs(scale - 1) * size)

CLAIMS = (
    Claim(
        "interpolates",
        Implies(Ge(units, n), Eq(f, y)),
        words="n units fit any labels on n distinct inputs exactly: n neurons, or n - 1 and an output bias; wider nets too.",
        assumes=FITTING,
        follows_from=("separate", "forward-substitution"),
    ),
    Claim(
        "kinks",
        Le(turns, width),
        "bound",
        "Along a line a net of width m changes between rising and falling at most m times, so that n points of a line "
        "with alternating labels need a width of at least n - 2.",
        (),
        tight_at="zigzags of width 3 and more, with one neuron that faces the other way",
        follows_from=("one-kink",),
    ),
    Claim(
        "kinks-of-narrow-nets",
        Implies(Le(width, 2), Le(turns + 1, width)),
        "bound",
        "One neuron never turns and two turn at most once, so that three points need two neurons and four need three.",
        (),
        tight_at="one neuron, and two",
        follows_from=("two-neurons",),
    ),
    Claim(
        "least-width",
        Implies(And(output_bias, Ge(n, 5)), And(Eq(f_least, y), Eq(width_least, n - 2))),
        words="From five points on, n - 2 neurons and an output bias fit any labels on distinct inputs.  With the two bounds "
        "on turns: the least width that always suffices is n - 2 for n ≥ 5 and n - 1 for 2 ≤ n ≤ 4.",
        assumes=("distinct",),
        follows_from=("separate", "zigzag"),
    ),
    Claim(
        "least-width-without-output-bias",
        Implies(And(Not(output_bias), Ge(n, 7)), And(Eq(f_least, y), Eq(width_least, n - 2))),
        words="Without an output bias n - 2 neurons suffice from seven points on.",
        assumes=("distinct",),
        follows_from=("separate", "zigzag-without-output-bias"),
    ),
    Claim(
        "homogeneous",
        Implies(Eq(bias, 0), Eq(f_multiple, multiple * f)),
        words="Without biases f(c x) = c f(x) for every c ≥ 0, whatever the weights.",
        assumes=("relu",),
        follows_from=("scaling",),
    ),
    Claim(
        "misfit",
        Implies(
            Or(Eq(bias, 0), Eq(multiple, 1)),
            Ge(miss_multiple + multiple * miss, Abs(label_gap)),
        ),
        "bound",
        "No net without biases fits labels at x and c x that differ from y and c y, and no net at all fits two labels "
        "at one input (c = 1): the misfits add up to at least |y_c - c y|.",
        ("relu",),
        tight_at="nets that fit one of the two points",
        follows_from=("scaling", "triangle"),
    ),
    Claim(
        "rescaling",
        Eq(f_rescaled, f),
        words="(w, b, a) and (s w, s b, a/s) of a neuron give the same function for every s > 0.",
        assumes=("positive", "relu"),
        follows_from=("rescaling",),
    ),
    Claim(
        "continuum",
        And(Implies(Ge(units, n), Eq(f_rescaled, y)), rescaled),
        words="A zero-loss net is never alone: the rescaled nets fit the data too, and lie at the distance |s - 1| |(w, b)|.",
        assumes=(*FITTING, "positive", "relu"),
        follows_from=("forward-substitution", "rescaling"),
    ),
    Claim(
        "dimension",
        Implies(Ge(units, n), Eq(nullity, p - n)),
        words="The fitted net is regular: the derivatives of its n outputs by its p parameters have rank n, so that "
        "the zero-loss nets near it form a manifold of dimension p - n.",
        assumes=FITTING,
        follows_from=("separate", "forward-substitution", "implicit-functions"),
    ),
    Claim(
        "dimension-at-least",
        Ge(nullity, p - n),
        "bound",
        "For any n inputs and any net the null space of the derivatives has a dimension of at least p - n.",
        (),
        tight_at="the fitted nets",
        follows_from=("rank-nullity",),
    ),
    Claim(
        "dimension-grows",
        Implies(Ge(width, n), Ge(nullity, width * (d + 1))),
        "bound",
        "From width n on this dimension is at least m (d + 1), which grows without bound with the width m.",
        ("biases",),
        tight_at="distinct inputs, width n, no output bias",
        follows_from=("rank-nullity", "count"),
    ),
    Claim(
        "right-off-the-data",
        Eq(f_quiet, y),
        words="Some zero-loss nets, three neurons wider than the teacher, have its outputs on and off the data.",
        assumes=(),
        follows_from=("split",),
    ),
    Claim(
        "wrong-off-the-data",
        Eq(f_loud, y + height),
        words="Others of the same width fit the data as well (h = 0 there) and are wrong by any given h at any point off "
        "the data.",
        assumes=(),
        follows_from=("hat",),
    ),
    Claim(
        "two-solutions",
        And(Eq(loss_quiet, 0), Eq(loss_loud, 0), Ne(f_quiet, f_loud)),
        "existence",
        "Two nets of one width with zero loss that differ off the data.",
        (),
    ),
)

SLIDE = "Part 1, Vignette: Training of infinitely wide Deep Nets"
FINITE = "Arbitrarily wide 2-layer nets can represent every finite function, so # of zero-loss solutions → ∞."
OVERFIT = "Too expressive! Will overfit to training data."
SAYINGS = (
    Saying(
        "every-finite-function",
        SLIDE,
        f"{FINITE} The first half: n distinct inputs with any labels, nets with biases.",
        Implies(Ge(units, n), Eq(f, y)),
        "SURVIVED",
        "interpolates",
        assumes=FITTING,
    ),
    Saying(
        "every-finite-function-without-biases",
        SLIDE,
        f"{FINITE} The first half, for the nets of the talk's own formula, which have no biases.",
        Implies(Ge(units, n), Eq(f, y)),
        "REFUTED",
        "homogeneous",
        assumes=("distinct",),
    ),
    Saying(
        "number-tends-to-infinity",
        SLIDE,
        f"{FINITE} The second half as it is worded: at the first width that fits, the solutions are still isolated.",
        Implies(Eq(units, n), Eq(nullity, 0)),
        "REFUTED",
        "continuum",
        assumes=FITTING,
    ),
    Saying(
        "dimension-tends-to-infinity",
        SLIDE,
        f"{FINITE} The second half corrected: the dimension of the set of solutions is at least m (d + 1).",
        Implies(Ge(width, n), Ge(nullity, width * (d + 1))),
        "SURVIVED",
        assumes=("biases",),
        kind="bound",
        tight_at="width n",
    ),
    Saying(
        "will-overfit",
        SLIDE,
        f"{OVERFIT} Read as: every net that fits the data is wrong off the data.",
        Implies(And(Not(seen), Eq(loss_quiet, 0)), Ne(f_quiet, y)),
        "REFUTED",
        "right-off-the-data",
        assumes=(),
    ),
    Saying(
        "may-overfit",
        SLIDE,
        f"{OVERFIT} Read as: some net that fits the data is wrong off the data.",
        And(Not(seen), Eq(loss_loud, 0), Ne(f_loud, y)),
        "WITNESSED",
        "wrong-off-the-data",
        kind="existence",
        assumes=(),
    ),
)

THEOREM = Theorem(
    name="two-layer-interpolation",
    title="What nets with one hidden layer can fit",
    claims=CLAIMS,
    assumptions=(
        Assumption("distinct", "no two inputs are equal", Eq(distinct_inputs, n)),
        Assumption("biases", "hidden neurons have biases", hidden_biases),
        Assumption("relu", "the activation is max(z, 0), not a power of it", Eq(degree, 1)),
        Assumption("positive", "neurons are rescaled by positive factors", Gt(scale, 0)),
    ),
    derivation=STEPS,
    sayings=SAYINGS,
    sources=(
        Source(
            "Zhang, Bengio, Hardt, Recht, Vinyals", 2017,
            "Understanding deep learning requires rethinking generalization", "Theorem 1 and its proof", "1611.03530",
        ),
        Source(
            "Cooper", 2018, "The loss landscape of overparameterized neural networks", "the dimension p - n", "1804.10200",
        ),
    ),
    non_claims=(
        "The least width is that for the worst inputs and labels, n points of a line with alternating labels; inputs in "
        "general position in R^d may need far fewer neurons.  Without an output bias and for fewer than seven points it "
        "lies between n - 2 and n.",
        "That such a net exists does not say that gradient descent finds it.",
        "Infeasible to train is not judged here: the nets are written down by one forward substitution, which is no "
        "training; what training an infinitely wide net costs is a matter of its kernel.",
        "A dimension counts directions near one regular solution; other solutions may lie on sets of other dimensions.",
        "That zero-loss nets may be wrong off the data says nothing about which of them training selects.",
    ),
)  # fmt: skip
