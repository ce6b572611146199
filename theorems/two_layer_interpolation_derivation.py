"""From a line on which the inputs stay apart to a net through every point, step by step."""

from __future__ import annotations

from sympy import Abs, Max, Symbol

from .statement import And, Eq, Ge, Gt, Implies, Lt, Step, observable

_y1, _y2, _y3, _a1, _a2, _a3 = (Symbol(name, real=True) for name in ("y1", "y2", "y3", "a1", "a2", "a3"))
_m0, _m1, _m2, _m3, _m4, _d0 = (Symbol(name, real=True) for name in ("m0", "m1", "m2", "m3", "m4", "delta"))
_y5 = Symbol("y5", real=True)
_g1, _g2, _g3, _e2, _e3, _s, _q, _r = (
    observable(name, "a positive number", domain="positive") for name in ("g1", "g2", "g3", "e2", "e3", "s", "q", "r")
)
_z, _w, _x, _b, _a = (Symbol(name, real=True) for name in ("z", "w", "x", "b", "a"))
_u, _v, _h, _c = (Symbol(name, real=True) for name in ("u", "v", "h", "c"))
_m = observable("m", "width", domain="positive integer")
_d = observable("d", "number of inputs", domain="positive integer")
_n = observable("n", "number of points", domain="positive integer")
_spare = Symbol("spare", integer=True, nonnegative=True)


def _seen(*arguments):  # type: ignore[no-untyped-def]
    """What three neurons add up to at a point, from their arguments there."""
    return sum(a * Max(z, 0) for a, z in zip((_a1, _a2, _a3), arguments, strict=True))


STEPS = (
    Step(
        "separate",
        "The difference of two distinct inputs is a polynomial in s along the directions (1, s, s², …): it vanishes for "
        "at most d - 1 values of s, so that along some direction all projections differ.",
        "cited",
        source="Lang (2002), Algebra, theorem IV.1.4; Zhang et al. (2017), proof of theorem 1",
    ),
    Step(
        "triangular",
        "A neuron whose kink lies between two projections is silent at every point before it.",
        "symbolic",
        And(Eq(Max(-_q, 0), 0), Eq(Max(_q, 0), _q)),
    ),
    Step(
        "forward-substitution",
        "So the k-th point sees the first k neurons, and their output weights follow one after another.  Three points: "
        "kinks g1, g2, g3 before them, e2 and e3 after the point before.",
        "symbolic",
        Implies(
            And(
                Eq(_a3, (_y3 - _a1 * (_g1 + _e2 + _g2 + _e3 + _g3) - _a2 * (_g2 + _e3 + _g3)) / _g3),
                Eq(_a2, (_y2 - _a1 * (_g1 + _e2 + _g2)) / _g2),
                Eq(_a1, _y1 / _g1),
            ),
            And(
                Eq(_seen(_g1, -_e2, -_e2 - _g2 - _e3), _y1),
                Eq(_seen(_g1 + _e2 + _g2, _g2, -_e3), _y2),
                Eq(_seen(_g1 + _e2 + _g2 + _e3 + _g3, _g2 + _e3 + _g3, _g3), _y3),
            ),
        ),
        ("separate", "triangular"),
    ),
    Step(
        "constant",
        "An output bias is a neuron with w = 0 and b = 1: it stands for one unit.",
        "symbolic",
        Implies(And(Eq(_w, 0), Eq(_b, 1)), Eq(_a * Max(_w * _x + _b, 0), _a)),
    ),
    Step(
        "one-kink",
        "Restricted to a line, a neuron is linear but for one kink: m neurons give at most m + 1 pieces, and every change "
        "between rising and falling is a change of piece.",
        "cited",
        source="Telgarsky (2015), Representation Benefits of Deep Feedforward Networks, arXiv:1509.08101: pieces of a sum",
    ),
    Step(
        "two-neurons",
        "One neuron is monotone.  Two that face the same way have the slopes 0, a, a + c: one turn at most.  Facing each other "
        "they have -a, c - a, c or -a, 0, c: if -a and c have one sign so has their sum, by (c - a) c = c² + (-a) c.",
        "symbolic",
        Implies(Eq(_u, -_a), Eq((_c - _a) * _c, _c**2 + _u * _c)),
        ("one-kink",),
    ),
    Step(
        "between",
        "A piece through (0, 0) and one through (g, g δ), with slopes δ + g2 and δ - g3, meet at g g3/(g2 + g3), between the two "
        "points: so do steep pieces of opposite signs.",
        "symbolic",
        Implies(
            Eq(_x, _g1 * _g3 / (_g2 + _g3)),
            And(
                Eq((_d0 + _g2) * _x, _g1 * _d0 + (_d0 - _g3) * (_x - _g1)),
                Gt(_g1 * _g3 / (_g2 + _g3), 0),
                Lt(_g1 * _g3 / (_g2 + _g3), _g1),
            ),
        ),
    ),
    Step(
        "zigzag",
        "Slopes m0 = m2 - m3, m1, m2, m3, …: with the third neuron facing left, left of all kinks only it is active and its "
        "slope -(m3 - m2) is m0, and the slopes add up; steep pieces of either sign meet the neighbours between the points.",
        "symbolic",
        Implies(
            Eq(_m0, _m2 - _m3),
            And(
                Eq(-(_m3 - _m2), _m0),
                Eq(-(_m3 - _m2) + (_m1 - _m0), _m1),
                Eq(-(_m3 - _m2) + (_m1 - _m0) + (_m2 - _m1), _m2),
                Eq((_m1 - _m0) + (_m2 - _m1), _m3),
            ),
        ),
        ("separate", "between"),
    ),
    Step(
        "zigzag-without-output-bias",
        "With the third and fourth neurons facing left, L_0 = L_2 - L_3 + L_3 - L_4 = L_2 - L_4, of slope m2 - m4.  With L_2 "
        "through (g1 + g2, y3) and L_4 through (g1 + g2 + g3, y5) this is y1 at 0 for m2 (g1 + g2) = y3 - y1 - y5 + "
        "m4 (g1 + g2 + g3): m2 and m2 - m4 are as steep as one likes, with the sign of m4.",
        "symbolic",
        Implies(
            Eq(_m2, (_y3 - _y1 - _y5 + _m4 * (_g1 + _g2 + _g3)) / (_g1 + _g2)),
            And(
                Eq((_y3 - _m2 * (_g1 + _g2)) - (_y5 - _m4 * (_g1 + _g2 + _g3)), _y1),
                Eq(_m2 - _m4, (_y3 - _y1 - _y5 + _m4 * _g3) / (_g1 + _g2)),
            ),
        ),
        ("separate", "between"),
    ),
    Step(
        "scaling",
        "max(s z, 0) = s max(z, 0) for s > 0, z of either sign: so f(s x) = s f(x) where all biases are 0.",
        "symbolic",
        And(Eq(Max(_s * _q, 0), _s * Max(_q, 0)), Eq(Max(-_s * _q, 0), _s * Max(-_q, 0))),
    ),
    Step(
        "rescaling",
        "s w x + s b = s (w x + b) = s z, and (a/s) max(s z, 0) = a max(z, 0) for z of either sign.",
        "symbolic",
        And(
            Eq(_s * _w * _x + _s * _b, _s * (_w * _x + _b)),
            Eq(_a / _s * Max(_s * _q, 0), _a * Max(_q, 0)),
            Eq(_a / _s * Max(-_s * _q, 0), _a * Max(-_q, 0)),
        ),
        ("scaling",),
    ),
    Step(
        "triangle",
        "|u| + |v| ≥ |u + v|, with u = y_c - f(c x) and v = f(c x) - c y = c (f(x) - y); for like signs and, in squares, for "
        "unlike ones.",
        "symbolic",
        And(Eq(Abs(_q) + Abs(_r), Abs(_q + _r)), Ge((Abs(_q) + Abs(-_r)) ** 2, (_q - _r) ** 2)),
    ),
    Step(
        "rank-nullity",
        "n rows have rank at most n: the null space of p columns has a dimension of at least p - n.",
        "cited",
        source="Axler (2015), Linear Algebra Done Right, 3.22",
    ),
    Step(
        "count",
        "m neurons with biases have m (d + 2) parameters; less n this is at least m (d + 1) from m = n on.",
        "symbolic",
        Implies(Eq(_m, _n + _spare), Ge(_m * (_d + 2) - _n, _m * (_d + 1))),
        ("rank-nullity",),
    ),
    Step(
        "implicit-functions",
        "Where the derivatives have rank n and no kink lies at an input, the solutions near a zero-loss net are a manifold "
        "of dimension p - n; the n triangular derivatives by the output weights have rank n.",
        "cited",
        depends_on=("triangular",),
        source="Lee (2013), Introduction to Smooth Manifolds, theorem 5.12",
    ),
    Step(
        "split",
        "A neuron is a sum of four of the same weights whose outputs add up to its own.",
        "symbolic",
        Eq((_a - _u - _v - _c) * Max(_z, 0) + _u * Max(_z, 0) + _v * Max(_z, 0) + _c * Max(_z, 0), _a * Max(_z, 0)),
    ),
    Step(
        "hat",
        "max(z + r, 0) - 2 max(z, 0) + max(z - r, 0), times h/r, is h at z = 0 and 0 at |z| ≥ r.",
        "symbolic",
        And(
            Eq(_h / _r * (Max(_r, 0) - 2 * Max(0, 0) + Max(-_r, 0)), _h),
            Eq(_h / _r * (Max(2 * _r + _q, 0) - 2 * Max(_r + _q, 0) + Max(_q, 0)), 0),
            Eq(_h / _r * (Max(-_q, 0) - 2 * Max(-_r - _q, 0) + Max(-2 * _r - _q, 0)), 0),
        ),
        ("separate",),
    ),
)
