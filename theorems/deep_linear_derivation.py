"""From the gradient of a product to the motion of its singular values and vectors, step by step."""

from __future__ import annotations

import sympy

from .deep_linear_terms import N, eta, g_rs, g_sr, sigma, sigma_r, sigma_s, turn_u, turn_v
from .statement import And, Eq, Step, observable, times

_n0, _n1, _n2, _n3, _n4 = sympy.symbols("n_0:5", integer=True, positive=True)
_A, _P = sympy.MatrixSymbol("A", _n4, _n3), sympy.MatrixSymbol("P", _n3, _n2)
_Q, _B = sympy.MatrixSymbol("Q", _n2, _n1), sympy.MatrixSymbol("B", _n1, _n0)
_G, _H = sympy.MatrixSymbol("G", _n4, _n0), sympy.MatrixSymbol("H", _n3, _n1)
_X, _Y = sympy.MatrixSymbol("X", _n3, _n2), sympy.MatrixSymbol("Y", _n2, _n1)
_R = sympy.MatrixSymbol("R", _n3, _n1)
_time = sympy.Symbol("tau", real=True)
_x, _y = sympy.Function("x")(_time), sympy.Function("y")(_time)
_j = sympy.Symbol("j")
_s = observable("s", "singular value of a factor", domain="positive")
_layer = observable("j", "number of a factor", domain="positive integer")
_a, _b = observable("a", "a positive number", domain="positive"), observable("b", "another", domain="positive")
_c, _m, _n = (
    observable("c", "the sum of end-to-end"),
    observable("m", "|sigma|^(2/N)"),
    observable("n", "the same of s"),
)
_half = sympy.Rational(1, 2) - 1 / N
_ARORA = "Arora, Cohen, Hazan (2018), On the Optimization of Deep Networks, Theorem 1 and its proof, arXiv:1802.06509"

STEPS = (
    Step(
        "gradient",
        "The derivative of ℓ(A R B) along H is ⟨AᵀGBᵀ, H⟩, G = ∇ℓ(W): the gradient of the factor between A and B.",
        "symbolic",
        Eq(sympy.Trace(_G.T * _A * _H * _B), sympy.Trace((_A.T * _G * _B.T).T * _H)),
    ),
    Step(
        "conserve",
        "W_{j+1}ᵀ Ẇ_{j+1} = Ẇ_j W_jᵀ for neighbours P, Q of W = A P Q B: both Grams change by this plus its transpose.",
        "symbolic",
        Eq(times(-1, _P.T, times(_A.T, _G, times(_Q, _B).T)), times(-1, times(times(_A, _P).T, _G, _B.T), _Q.T)),
        depends_on=("gradient",),
    ),
    Step(
        "descent",
        "One step along X and Y, where first-order terms cancel by `conserve`, leaves the square of the step.",
        "symbolic",
        Eq(
            (_P - eta * _X).T * (_P - eta * _X) - (_Q - eta * _Y) * (_Q - eta * _Y).T,
            _P.T * _P
            - _Q * _Q.T
            - eta * (_P.T * _X + _X.T * _P - _Q * _Y.T - _Y * _Q.T)
            + eta**2 * (_X.T * _X - _Y * _Y.T),
        ),
        depends_on=("conserve",),
    ),
    Step(
        "frames",
        "Balanced factors share their singular values and neighbouring singular vectors: W_j = Q_j diag(s) Q_{j-1}ᵀ.",
        "cited",
        depends_on=("conserve",),
        source=_ARORA,
    ),
    Step(
        "chain",
        "A factor moving by minus its gradient moves the product by -(A Aᵀ) G (Bᵀ B).",
        "symbolic",
        Eq(times(_A, times(-1, _A.T, _G, _B.T), _B), times(-1, times(_A, _A.T), _G, times(_B.T, _B))),
        depends_on=("gradient",),
    ),
    Step(
        "powers",
        "With σ = s^N, the Gram of N - j factors has the singular values (σ²)^((N-j)/N).",
        "symbolic",
        Eq(((_s**N) ** 2) ** ((N - _layer) / N), _s ** (2 * (N - _layer))),
        depends_on=("frames",),
    ),
    Step(
        "diagonal",
        "For r = s all N terms are alike: (σ²)^((j-1)/N) (σ²)^((N-j)/N) = (σ²)^(1-1/N).",
        "symbolic",
        Eq(
            sympy.Sum((sigma**2) ** ((_j - 1) / N) * (sigma**2) ** ((N - _j) / N), (_j, 1, N)),
            N * (sigma**2) ** (1 - 1 / N),
        ),
        depends_on=("chain", "powers"),
    ),
    Step(
        "unit",
        "Half the rate of uᵀu is uᵀu̇, which is 0 for a unit vector: so σ̇_r = u_rᵀ Ẇ v_r.",
        "symbolic",
        Eq(
            sympy.Derivative(_x**2 + _y**2, _time),
            2 * (_x * sympy.Derivative(_x, _time) + _y * sympy.Derivative(_y, _time)),
        ),
    ),
    Step(
        "analytic-path",
        "An analytic path of matrices has an analytic singular value decomposition, signed and unordered.",
        "cited",
        source="Bunse-Gerstner, Byers, Mehrmann, Nichols (1991), Numerische Mathematik 60, Theorem 1; "
        "Kato, Perturbation Theory for Linear Operators, II.6",
    ),
    Step(
        "turns",
        "Ẇ = U̇SVᵀ + UṠVᵀ + USV̇ᵀ gives u_rᵀẆv_s = σ_s a - σ_r b and u_sᵀẆv_r = σ_s b - σ_r a for the turns a and b, "
        "solved by (σ_s² - σ_r²) a = σ_s u_rᵀẆv_s + σ_r u_sᵀẆv_r.",
        "symbolic",
        Eq(
            sigma_s * (sigma_s * turn_u - sigma_r * turn_v) + sigma_r * (sigma_s * turn_v - sigma_r * turn_u),
            (sigma_s**2 - sigma_r**2) * turn_u,
        ),
        depends_on=("unit", "analytic-path"),
    ),
    Step(
        "geometric",
        "(a - b) Σ_j a^(N-j) b^(j-1) = a^N - b^N: the step from N to N + 1 factors.",
        "symbolic",
        Eq(_a * (_a**N - _b**N) + (_a - _b) * _b**N, _a ** (N + 1) - _b ** (N + 1)),
    ),
    Step(
        "gap",
        "The sum c of `end-to-end` is (σ_s² - σ_r²) / (n - m), n = (σ_s²)^(1/N) and m = (σ_r²)^(1/N), and cancels.",
        "symbolic",
        Eq(
            _c * (_n - _m) * turn_u - (sigma_s * (-_c * g_rs) + sigma_r * (-_c * g_sr)),
            _c * ((_n - _m) * turn_u + g_rs * sigma_s + sigma_r * g_sr),
        ),
        depends_on=("diagonal", "turns", "geometric"),
    ),
    Step(
        "out",
        "Out of the space one term is left: (σ²)^(1-1/N) / σ = sgn(σ) (σ²)^(1/2-1/N), for σ = a and σ = -a.",
        "symbolic",
        And(
            Eq((_a**2) ** (1 - 1 / N) / _a, sympy.sign(_a) * (_a**2) ** _half),
            Eq(((-_a) ** 2) ** (1 - 1 / N) / (-_a), sympy.sign(-_a) * ((-_a) ** 2) ** _half),
        ),
        depends_on=("chain", "powers", "turns"),
    ),
)
