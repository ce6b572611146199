"""How the outputs of a net move under gradient flow: u' = -H(t)(u - y), with the kernel H of that moment.

u_i = f(θ, x_i) are the outputs on the training inputs, y_i their labels, H_ij = ⟨∂u_i/∂θ, ∂u_j/∂θ⟩.  The relation is
exact at every width and at every time: nothing is asked of the kernel but that it is taken at the same moment.  A row
speaks of one output i; H_j, u_j, y_j are those of three inputs (0 where there are fewer).
"""

from __future__ import annotations

import sympy
from sympy import Derivative, Function, MatrixSymbol, Symbol, Trace

from theorems.statement import And, Assumption, Claim, Eq, Ge, Le, Saying, Source, Step, Theorem, observable, times

u_dot = observable("u_dot", "rate of output i", latex=r"\dot u_i")
H = tuple(observable(f"H_{j}", f"entry H_i{j} of the tangent kernel", latex=rf"H_{{i{j}}}") for j in (1, 2, 3))
u = tuple(observable(f"u_{j}", f"output on input {j}") for j in (1, 2, 3))
y = tuple(observable(f"y_{j}", f"label of input {j}") for j in (1, 2, 3))
slope = tuple(
    observable(f"slope_{j}", f"derivative of the loss by output {j}", latex=rf"\partial_{j} \ell") for j in (1, 2, 3)
)
pull = observable("pull", "entry i of the kernel applied to the slopes of the loss", latex=r"(H \nabla \ell)_i")
loss_rate = observable("loss_rate", "rate of the loss", latex=r"\dot \ell")
energy = observable(
    "energy", "quadratic form of the kernel at the slopes", latex=r"\langle \nabla\ell, H \nabla\ell\rangle"
)
eta = observable("eta", "size of the step (0: continuous time)", domain="nonnegative", latex=r"\eta")
decay = observable("decay", "weight decay", domain="nonnegative")
memory = observable("memory", "share of an earlier velocity", domain="nonnegative")
smooth = observable("smooth", "every output is differentiable in the weights", domain="boolean")

square_loss = Assumption(
    "square_loss",
    "the loss is half the sum of (u_j - y_j)²",
    And(*(Eq(s, a - b) for s, a, b in zip(slope, u, y, strict=True))),
)
gradient_flow = Assumption(
    "gradient_flow",
    "the weights move by minus the gradient: continuous time, no weight decay, no momentum",
    And(Eq(eta, 0), Eq(decay, 0), Eq(memory, 0)),
)
differentiable = Assumption("smooth", "no unit that an input reaches sits at a kink of its activation", smooth)

_residual = sum((h * (a - b) for h, a, b in zip(H, u, y, strict=True)), sympy.S.Zero)
_slopes = sum((h * s for h, s in zip(H, slope, strict=True)), sympy.S.Zero)
_moving = ("gradient_flow", "smooth")
_time = Symbol("tau", real=True)
_output, _p, _q = Function("f"), Function("p")(_time), Function("q")(_time)
_a, _b, _y1, _y2 = (Symbol(name, real=True) for name in ("a", "b", "y1", "y2"))
_u1, _u2 = Function("u_1")(_a, _b), Function("u_2")(_a, _b)
_n, _m, _k = sympy.symbols("n m k", integer=True, positive=True)
_J, _r = MatrixSymbol("J", _n, _m), MatrixSymbol("r", _n, 1)
_b1, _b2 = MatrixSymbol("b", _m, 1), MatrixSymbol("b'", _m, 1)
_h1, _h2 = MatrixSymbol("h", _k, 1), MatrixSymbol("h'", _k, 1)

DERIVATION = (
    Step(
        "chain",
        "An output moves by its derivatives along the weights, whatever function of them it is: here of two.",
        "symbolic",
        Eq(
            Derivative(_output(_p, _q), _time),
            Derivative(_output(_p, _q), _p) * Derivative(_p, _time)
            + Derivative(_output(_p, _q), _q) * Derivative(_q, _time),
        ),
    ),
    Step(
        "gradient",
        "The square loss has the slopes u_j - y_j: ∂ℓ/∂a = Σ_j (u_j - y_j) ∂u_j/∂a, here of two outputs.",
        "symbolic",
        Eq(
            Derivative(((_u1 - _y1) ** 2 + (_u2 - _y2) ** 2) / 2, _a),
            (_u1 - _y1) * Derivative(_u1, _a) + (_u2 - _y2) * Derivative(_u2, _a),
        ),
    ),
    Step(
        "collect",
        "Weights that move by -Jᵀr move the outputs by -(J Jᵀ) r, and J Jᵀ is H.",
        "symbolic",
        Eq(times(_J, times(-1, _J.T, _r)), times(-1, times(_J, _J.T), _r)),
        depends_on=("chain", "gradient"),
    ),
    Step(
        "layers",
        "A layer's derivatives are b hᵀ, backward times forward: ⟨b hᵀ, b' h'ᵀ⟩ = (bᵀb')(hᵀh').",
        "symbolic",
        Eq(Trace(times(times(_b1, _h1.T).T, times(_b2, _h2.T))), Trace(times(_h1, times(_b1.T, _b2), _h2.T))),
    ),
    Step(
        "energy",
        "rᵀ (J Jᵀ) r is the square of |Jᵀ r|, which is never negative.",
        "symbolic",
        Eq(times(_r.T, times(_J, _J.T), _r), times(times(_J.T, _r).T, times(_J.T, _r))),
        depends_on=("collect",),
    ),
    Step("square", "A sum of squares is never negative.", "symbolic", Ge(_a**2 + _b**2, 0), depends_on=("energy",)),
)

THEOREM = Theorem(
    name="tangent-dynamics",
    title="How the outputs of a net move under gradient flow",
    claims=(
        Claim(
            "dynamics",
            Eq(u_dot, -_residual),
            words="Outputs move by minus the kernel of the moment applied to the residuals, at any width and any time: "
            "u̇_i = -Σ_j H_ij (u_j - y_j).",
            goal=1e-6,
            follows_from=("collect",),
        ),
        Claim(
            "any-loss",
            Eq(u_dot, -_slopes),
            words="Under any loss they move by minus the kernel applied to its slopes: u̇_i = -Σ_j H_ij ∂ℓ/∂u_j.",
            assumes=_moving,
            goal=1e-6,
            follows_from=("collect",),
        ),
        Claim(
            "many-inputs",
            Eq(u_dot, -pull),
            words="The same for any number of inputs, with the product of kernel and slopes as one quantity.",
            assumes=_moving,
            goal=1e-4,
            follows_from=("collect",),
        ),
        Claim(
            "loss-rate",
            Eq(loss_rate, -energy),
            words="The loss falls at the rate of the kernel's quadratic form: dℓ/dt = -⟨∇ℓ, H ∇ℓ⟩.",
            assumes=_moving,
            goal=1e-6,
            follows_from=("energy",),
        ),
        Claim(
            "descent",
            Le(loss_rate, 0),
            kind="bound",
            words="The loss never rises.",
            assumes=_moving,
            goal=1e-6,
            tight_at="slopes in the null space of the kernel, such as zero residuals",
            follows_from=("energy", "square"),
        ),
    ),
    assumptions=(square_loss, gradient_flow, differentiable),
    derivation=DERIVATION,
    sayings=(
        Saying(
            "the-slide's-sign",
            "Details (fully connected nets)",
            "u̇(t) = H(t)(u(t) − y)",
            Eq(u_dot, _residual),
            expected="REFUTED",
            corrected="u̇(t) = −H(t)(u(t) − y): with the slide's sign the square loss would grow.",
        ),
    ),
    sources=(
        Source(
            "Jacot, Gabriel, Hongler",
            2018,
            "Neural Tangent Kernel: Convergence and Generalization in Neural Networks",
            "Section 4",
            "1806.07572",
        ),
        Source(
            "Arora, Du, Hu, Li, Salakhutdinov, Wang",
            2019,
            "On Exact Computation with an Infinitely Wide Neural Net",
            "Lemma 3.1",
            "1904.11955",
        ),
    ),
    non_claims=(
        "That the kernel stays where it was: H is that of the moment.",
        "That the loss reaches 0: the residual may come to lie in the null space of H.",
        "That descent with a finite step follows the relation: it does so up to terms of the order of the step.",
        "Anything at a kink of ReLU: there the outputs have one-sided derivatives only, and no choice of σ'(0) "
        "gives them.",
    ),
)
