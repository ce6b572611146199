"""What is measured of nets in training, and the steps by which a fixed kernel takes over."""

from __future__ import annotations

import sympy
from sympy import Derivative, MatrixSymbol, Rational, Symbol, exp, sqrt

from theorems.statement import Eq, Le, Step, observable, times

gap = observable("gap", "distance of the outputs from the linear flow of the fixed kernel M")
away = observable("away", "largest distance of the kernel from M so far", domain="nonnegative", latex="D")
lam = observable("lam", "smallest eigenvalue of M", latex=r"\lambda")
begins = observable("begins", "residual at the start along the first eigenvector of M", latex="q_0")
ends = observable("ends", "the same component of the linear flow q' = -M q at time t", latex="q_t")
r_0 = observable("r_0", "length of the residual at the start", domain="nonnegative")
r_t = observable("r_t", "length of the residual at time t", domain="nonnegative")
t = observable("t", "time", domain="positive")
decay = observable("decay", "weight decay", domain="nonnegative")
slope_gap = observable("slope_gap", "largest |∂ℓ/∂u - (u - y)| at the start", domain="nonnegative")
speed = observable(
    "speed", "squared speed of first-layer weights, in units of the tangent-kernel parameterisation", domain="positive"
)
drift = observable("drift", "spectral distance of the kernel from its start", domain="nonnegative")
X_norm = observable("X_norm", "spectral norm of the matrix of inputs", domain="positive", latex=r"\|X\|")
rho = observable("rho", "largest norm of an input", domain="positive", latex=r"\rho")
m = observable("m", "width", domain="positive integer")
loss_0 = observable("loss_0", "loss at the start", domain="nonnegative")
loss_t = observable("loss_t", "loss at time t", domain="nonnegative")
steepest = observable("steepest", "largest slope of the activation", domain="positive")
sharpest = observable("sharpest", "largest second derivative of the activation", domain="positive")
kinks = observable("kinks", "number of kinks of the activation", domain="nonnegative integer")
positive_kernel = observable("positive_definite", "the limit kernel is positive definite", domain="boolean")
start = observable("start", "median length of the outputs at the start", domain="nonnegative")
left_b = observable("left_b", "median share of the residual that is left at the end, at width 16 m")
unlearned_b = observable("unlearned_b", "median share of the first residual in the null space of the limit kernel")


def pair(name: str, meaning: str) -> tuple[sympy.Symbol, sympy.Symbol]:
    """A median over nets at width m and at width 16 m."""
    return (
        observable(f"{name}_a", f"{meaning}, median over nets of width m", domain="nonnegative"),
        observable(f"{name}_b", f"{meaning}, median over nets of width 16 m", domain="nonnegative"),
    )


drift_a, drift_b = pair("drift", "largest change of the kernel along training")
away_a, away_b = pair("away", "largest distance of the kernel from the limit kernel along training")
early_a, early_b = pair("early", "distance of the early outputs from the linear flow of the limit kernel")
plain_a, plain_b = pair("plain", "distance of the trained outputs from kernel regression")
corrected_a, corrected_b = pair("corrected", "the same distance, with what the net was at its start put in")

_n = sympy.Symbol("n", integer=True, positive=True)
_H, _M, _K = MatrixSymbol("H", _n, _n), MatrixSymbol("M", _n, _n), MatrixSymbol("K", _n, _n)
_D, _E = MatrixSymbol("D", _n, _n), MatrixSymbol("E", _n, _n)
_r, _q = MatrixSymbol("r", _n, 1), MatrixSymbol("q", _n, 1)
_time, _rate = Symbol("tau", nonnegative=True), Symbol("l", positive=True)
_far, _first = Symbol("D", nonnegative=True), Symbol("r0", nonnegative=True)
_constant = _far * _first * (1 - exp(-_rate * _time)) / _rate
_falling = _first * (exp((_far - _rate) * _time) - exp(-_rate * _time))
_k, _y, _u = Symbol("k", real=True), Symbol("y", real=True), Symbol("u0", real=True)
_asked = _k * (1 - exp(-_rate * _time)) / _rate * (_y - _u)
_a, _b, _c, _d = (Symbol(name, real=True) for name in "abcd")
_x = Symbol("x", nonnegative=True)
_count, _size = Symbol("n", positive=True), Symbol("c", positive=True)

STEPS = (
    Step(
        "difference",
        "With ṙ = -H r and q̇ = -M q, the difference r - q obeys ė = -M e - (H - M) r.",
        "symbolic",
        Eq(-_H * _r + _M * _q, -_M * (_r - _q) - (_H - _M) * _r),
    ),
    Step(
        "eigenvector",
        "Along an eigenvector q' = -M q is q' = -λ q, which q_0 e^(-λt) solves.",
        "symbolic",
        Eq(Derivative(_first * exp(-_rate * _time), _time), -_rate * _first * exp(-_rate * _time)),
    ),
    Step(
        "comparison",
        "So |e| is at most the solution of the scalar equation ė = -λ e + D |r|, e(0) = 0; likewise |r| falls at least as "
        "fast as the solution of ṙ = -(λ - D) r, and never rises.",
        "cited",
        depends_on=("difference",),
        source="Hartman (2002), Ordinary Differential Equations, III.4: differential inequalities",
    ),
    Step(
        "constant-residual",
        "With |r| ≤ r_0 it is D r_0 (1 - e^(-λt))/λ.",
        "symbolic",
        Eq(Derivative(_constant, _time), -_rate * _constant + _far * _first),
        depends_on=("comparison",),
    ),
    Step(
        "falling-residual",
        "With |r| ≤ r_0 e^((D - λ)t) it is r_0 e^(-λt) (e^(Dt) - 1).",
        "symbolic",
        Eq(Derivative(_falling, _time), -_rate * _falling + _far * _first * exp((_far - _rate) * _time)),
        depends_on=("comparison",),
    ),
    Step("short-time", "1 - e^(-x) ≤ x.", "symbolic", Le(1 - exp(-_x), _x), depends_on=("constant-residual",)),
    Step(
        "telescope",
        "D K D - E K E = (D - E) K D + E K (D - E) for the slopes D and E of one unit now and at the start: of norm at most "
        "2 |K| |D - E| if slopes are at most 1.",
        "symbolic",
        Eq(_D * _K * _D - _E * _K * _E, (_D - _E) * _K * _D + _E * _K * (_D - _E)),
    ),
    Step(
        "units",
        "A unit moves at most at speed |X| |r| / √m; where it has moved by δ its slopes have by at most ρ δ.",
        "searched",
        depends_on=("telescope",),
        claim="drift-bound",
    ),
    Step(
        "cauchy-schwarz",
        "All units together move by at most √(t ∫|ẇ|²), and the integral is the loss that was spent: "
        "(Σ ac)² ≤ Σ a² Σ c², here with the difference of both sides.",
        "symbolic",
        Eq((_a**2 + _b**2) * (_c**2 + _d**2) - (_a * _c + _b * _d) ** 2, (_a * _d - _b * _c) ** 2),
        depends_on=("telescope",),
    ),
    Step(
        "published",
        "For n inputs of norm 1 with |u_i|, |y_i| ≤ c, |X|² ≤ n and |u_0 - y| ≤ 2 c √n: at most 4 c n² t/√m, where lecture "
        "notes have 4 c n³ t/√m.",
        "symbolic",
        Eq(times(2, _count ** Rational(3, 2), times(2, _size, sqrt(_count))), 4 * _size * _count**2),
        depends_on=("units",),
    ),
    Step(
        "regression",
        "An output elsewhere moves by -k e^(-λt)(u_0 - y): it goes to f_0 + k λ⁻¹ (y - u_0), here along one eigenvector.",
        "symbolic",
        Eq(Derivative(_asked, _time), -_k * exp(-_rate * _time) * (_u - _y)),
        depends_on=("difference",),
    ),
    Step(
        "wide",
        "In the tangent-kernel parameterisation the kernel at the start is within O(1/√m) of its limit, and moves by "
        "O(1/√m) at most while the square loss is trained.",
        "cited",
        depends_on=("units",),
        source="Jacot, Gabriel, Hongler (2018), arXiv:1806.07572, Theorems 1 and 2 (smooth activations); Arora, Du, Hu, Li, "
        "Salakhutdinov, Wang (2019), arXiv:1904.11955, Theorems 3.1 and 3.2 (ReLU); Lee et al. (2019), arXiv:1902.06720",
    ),
)
