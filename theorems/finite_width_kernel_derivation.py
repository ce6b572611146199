"""Why the laws of finite width are exact: integrals over one unit, one layer at a time, and what is cited."""

from __future__ import annotations

from sympy import Derivative, Function, Integral, Rational, Symbol, cos, exp, oo, pi, sin, sqrt

from .finite_width_kernel_terms import hstar, theta, variance
from .statement import And, Eq, Step, observable, times

_z, _r, _phi, _w, _x = (Symbol(name, real=True) for name in ("z", "r", "phi", "w", "x"))
_P, _D, _u, _v, _f, _g = (observable(name, "a real number") for name in ("P", "D", "u", "v", "f", "g"))
_m = observable("m", "width", domain="positive integer")
_k = observable("k", "number of layers of one width", domain="nonnegative integer")
_c = observable("c", "the constant of the activation", domain="positive")
_ka, _kb, _ma, _mb = (
    observable(n, "a number of layers or a width", domain="positive integer") for n in ("k_a", "k_b", "m_a", "m_b")
)
_s = Function("s")
_density = exp(-(_z**2) / 2) / sqrt(2 * pi)
_a, _b = theta - pi / 2, pi / 2
_J0, _J1 = pi - theta, sin(theta) + (pi - theta) * cos(theta)
_J2 = 3 * sin(theta) * cos(theta) + (pi - theta) * (1 + 2 * cos(theta) ** 2)
HANIN = (
    "Hanin, Nica (2020), Finite depth and width corrections to the neural tangent kernel, Section 3, arXiv:1909.05989"
)

STEPS = (
    Step(
        "gradient",
        "One unit of one hidden layer, f = w_2 s(w x): its gradient by w_2 is s(w x) and by w it is w_2 x s'(w x).",
        "symbolic",
        Eq(Derivative(_f * _s(_x * _w), _w), _f * Derivative(_s(_x * _w), _w)),
    ),
    Step(
        "one-unit",
        "A unit adds P + a² D to the kernel, P = σ(u)σ(v) and D = xᵀx' σ'(u)σ'(v); a is standard normal and independent "
        "of both: E a² = 1 and E a⁴ = 3.",
        "symbolic",
        And(
            Eq(Integral(_z**2 * _density, (_z, -oo, oo)), 1),
            Eq(Integral(_z**4 * _density, (_z, -oo, oo)), 3),
            Eq(Integral((_P + _z**2 * _D) ** 2 * _density, (_z, -oo, oo)), _P**2 + 2 * _P * _D + 3 * _D**2),
        ),
        ("gradient",),
    ),
    Step(
        "average",
        "H_m is the average of m independent units: its mean is theirs, and its variance theirs over m (m terms E g², "
        "m(m-1) terms (E g)²).",
        "symbolic",
        Eq((_m * _f + _m * (_m - 1) * _g**2) / _m**2 - _g**2, (_f - _g**2) / _m),
        ("one-unit",),
    ),
    Step(
        "radius",
        "In polar coordinates a Gaussian pair has E r² = 2 and E r⁴ = 8.",
        "symbolic",
        And(
            Eq(Integral(_r**3 * exp(-(_r**2) / 2), (_r, 0, oo)), 2),
            Eq(Integral(_r**5 * exp(-(_r**2) / 2), (_r, 0, oo)), 8),
        ),
    ),
    Step(
        "wedge",
        "Both units are active in the wedge θ - π/2 < φ < π/2, of width π - θ; there the arc-cosine integrals of order 1 "
        "and 2 are J_1/2 and J_2/8, J_1 = sin θ + (π-θ) cos θ, J_2 = 3 sin θ cos θ + (π-θ)(1 + 2 cos² θ).",
        "symbolic",
        And(
            Eq(Integral(1, (_phi, _a, _b)), _J0),
            Eq(Integral(cos(_phi) * cos(_phi - theta), (_phi, _a, _b)), _J1 / 2),
            Eq(Integral(cos(_phi) ** 2 * cos(_phi - theta) ** 2, (_phi, _a, _b)), _J2 / 8),
        ),
    ),
    Step(
        "relu-mean",
        "With c = 2: E g = 2 (E P + E D) at unit norms is (J_1 + J_0 cos θ)/π.",
        "symbolic",
        Eq(2 * (2 * _J1 / 2 / (2 * pi) + cos(theta) * _J0 / (2 * pi)), hstar),
        ("average", "radius", "wedge"),
    ),
    Step(
        "relu-variance",
        "E g² = 4 (E P² + 2 E P D + 3 E D²) with E P² = 8 J_2/(8·2π), E P D = cos θ J_1/(2π), E D² = cos² θ J_0/(2π).",
        "symbolic",
        Eq(4 * (_J2 + 2 * cos(theta) * _J1 + 3 * cos(theta) ** 2 * _J0) / (2 * pi) - hstar**2, variance),
        ("relu-mean",),
    ),
    Step(
        "relu-moments",
        "For one ReLU unit E relu(z)² = 1/2 and E relu(z)⁴ = 3/2.",
        "symbolic",
        And(
            Eq(Integral(_z**2 * _density, (_z, 0, oo)), Rational(1, 2)),
            Eq(Integral(_z**4 * _density, (_z, 0, oo)), Rational(3, 2)),
        ),
    ),
    Step(
        "gaussian-layer",
        "For independent standard normal weights W a has the law of |a| z with z standard normal, and rows are independent.",
        "cited",
        source="Muirhead (1982), Aspects of Multivariate Statistical Theory, theorem 1.2.6",
    ),
    Step(
        "one-layer",
        "A layer multiplies |A|² by R = (2/m) Σ relu(z_r)² with independent z_r, whatever A: E R = 1 and E R² = 1 + 5/m.",
        "symbolic",
        And(
            Eq(times(2 / _m, _m, Rational(1, 2)), 1),
            Eq((2 / _m) ** 2 * (_m * Rational(3, 2) + _m * (_m - 1) * Rational(1, 4)), 1 + 5 / _m),
        ),
        ("relu-moments", "gaussian-layer"),
    ),
    Step(
        "layers",
        "The factors of the layers are independent: k more layers of one width multiply the moment by (1 + 5/m)^k.",
        "symbolic",
        Eq((1 + 5 / _m) ** _k * (1 + 5 / _m), (1 + 5 / _m) ** (_k + 1)),
        ("one-layer",),
    ),
    Step(
        "output",
        "Given the features, f is normal with variance |A_L|²: E f⁴ = 3 |A_L|⁴.",
        "symbolic",
        Eq(Integral((_z * _f) ** 4 * _density, (_z, -oo, oo)), 3 * _f**4),
    ),
    Step(
        "backward",
        "|B_h|² has the law of a product of such factors of the layers from h on, independent of A_{h-1}: even functions "
        "of a row of weights do not see in which half space its unit is active.",
        "cited",
        depends_on=("one-layer",),
        source=HANIN,
    ),
    Step(
        "backward-moment",
        "Its second moment for the lowest layer, where all layers above act, is searched for.",
        "searched",
        depends_on=("backward",),
        claim="first-layer-share",
    ),
    Step(
        "shares",
        "So each of the L + 1 layers adds E |B_h|² E |A_{h-1}|² = |x|² to E H(x, x).",
        "symbolic",
        Eq((_k + 1) * _x**2, _k * _x**2 + _x**2),
        ("backward",),
    ),
    Step(
        "standard-factors",
        "A weight w = sqrt(c/m) ω of the standard parameterisation: ∂f/∂w = sqrt(m/c) ∂f/∂ω, so that each layer but the "
        "first adds m/c times its share.",
        "symbolic",
        And(
            Eq(Derivative(_f * sqrt(_m / _c) * _w, _w) ** 2, _f**2 * _m / _c),
            Eq(1 + _ka * _ma / 2 + _kb * _mb / 2, times(2 + _ka * _ma + _kb * _mb, Rational(1, 2))),
        ),
        ("shares",),
    ),
    Step(
        "cross-terms",
        "The sign of a last weight is independent of its size: products of two last weights average to 0, so that E H is a "
        "sum of alike units of the last hidden layer over its width.",
        "symbolic",
        Eq(((_u + _v) ** 2 + (_u - _v) ** 2) / 2, _u**2 + _v**2),
        ("gradient",),
    ),
    Step(
        "last-average",
        "Given the layers below, the units of the last hidden layer are alike and independent: their sum over their number "
        "has the mean of one, whatever the number.",
        "symbolic",
        Eq(times(_m * _g, 1 / _m), _g),
        ("cross-terms",),
    ),
    Step(
        "law-of-large-numbers",
        "Layer by layer the averages over units converge, with Gaussian fluctuations of relative size sqrt(L/m).",
        "cited",
        depends_on=("average",),
        source="Jacot, Gabriel, Hongler (2018), Theorem 1; Arora et al. (2019), Theorem 3.1; " + HANIN,
    ),
    Step(
        "rare-units",
        "The law of an average of m units differs from a normal one by at most a constant times E|g - E g|³/(σ³ √m), which "
        "is at most √(kurtosis/m): where the kernel rests on units that few nets have, no width that is small beside the "
        "kurtosis shows the rate.",
        "cited",
        depends_on=("average",),
        source="Berry (1941), The accuracy of the Gaussian approximation to the sum of independent variates; "
        "Esseen (1942); with E|X|³ ≤ √(E X² E X⁴) by Cauchy and Schwarz",
    ),
)
