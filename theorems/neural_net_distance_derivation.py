"""Why the distances are what they are: dual norms, variances, kernels, hulls and nets of parameters, step by step."""

from __future__ import annotations

from sympy import Abs, MatrixSymbol, Max, Symbol, log, symbols

from theorems.statement import And, Eq, Ge, Implies, Le, Step, observable, plus, times

_p = symbols("p", integer=True, positive=True)
_d, _v = MatrixSymbol("d", _p, 1), MatrixSymbol("v", _p, 1)
_s, _x, _y, _a, _b, _c1, _c2, _g1, _g2, _a1, _a2, _v1, _v2, _t = (
    Symbol(name, real=True) for name in ("s", "x", "y", "a", "b", "c1", "c2", "g1", "g2", "a1", "a2", "v1", "v2", "t")
)
_m, _k, _total = (observable(name, "a positive integer", domain="positive integer") for name in ("M", "K", "N"))
_S1, _S2, _var, _cross = (Symbol(name, real=True) for name in ("S1", "S2", "var", "cross"))
_u, _w = (observable(name, "a number of at least 0", domain="nonnegative") for name in ("u", "w"))
_length = observable("h", "a length", domain="positive")
_small = tuple(range(-3, 4))

DERIVATION = (
    Step(
        "complete-square",
        "|δ - s v|² = |δ|² - 2 s v·δ + s²|v|² for every p: with |v| = 1 and s = v·δ it is |δ|² - (v·δ)², so that |v·δ| ≤ |δ|.",
        "symbolic",
        Eq(
            (_d - _s * _v).T * (_d - _s * _v),
            _d.T * _d - _s * (_v.T * _d) - _s * (_d.T * _v) + _s**2 * (_v.T * _v),
        ),
    ),
    Step(
        "attained",
        "At v = δ/|δ| it is an equality, here for δ = (x, y) of length h.",
        "symbolic",
        Implies(Eq(_x**2, _length**2 - _y**2), Eq(_x * (_x / _length) + _y * (_y / _length), _length)),
        ("complete-square",),
    ),
    Step(
        "hoelder-small",
        "|v·δ| is at most the ℓ₁ norm of one times the ℓ_∞ norm of the other: two coordinates, all small integers.",
        "exact",
        Le(Abs(_v1 * _c1 + _v2 * _c2), (Abs(_v1) + Abs(_v2)) * Max(Abs(_c1), Abs(_c2))),
        domain={"v1": _small, "v2": _small, "c1": _small, "c2": _small},
    ),
    Step(
        "dual-norm",
        "sup over |v| ≤ 1 of |v·δ| is the dual norm of δ, and E_μ D_v - E_ν D_v = ½ v·δ with δ the difference of the means.",
        "cited",
        depends_on=("attained", "hoelder-small"),
        source="Boyd and Vandenberghe (2004), Convex Optimization, A.1.6",
    ),
    Step(
        "positive-part",
        "Of masses c that sum to 0 the positive ones weigh half of Σ|c|; a table puts 1 on them and 0 on the others.",
        "exact",
        Eq(
            times(2, plus(Max(_c1, 0), Max(_c2, 0), Max(-_c1 - _c2, 0))),
            plus(Abs(_c1), Abs(_c2), Abs(-_c1 - _c2)),
        ),
        domain={"c1": tuple(range(-6, 7)), "c2": tuple(range(-6, 7))},
    ),
    Step(
        "largest-table",
        "Σ c D(x) with 0 ≤ D ≤ 1 is largest where D is 1 on the positive masses and 0 on the others, term by term.",
        "cited",
        depends_on=("positive-part",),
        source="Levin and Peres (2017), Markov Chains and Mixing Times, 4.1",
    ),
    Step(
        "pairs",
        "E|Σ Y_i|² of M independent centred Y_i has M terms E|Y|² and M(M - 1) terms E⟨Y, Y'⟩ = |E Y|² = 0.",
        "symbolic",
        Implies(Eq(_cross, 0), Eq((_m * _var + _m * (_m - 1) * _cross) / _m**2, _var / _m)),
    ),
    Step(
        "copied",
        "If each of M draws is used K times, the sum of MK samples is K times that of the draws.",
        "symbolic",
        Implies(Eq(_total, _m * _k), Eq(_k**2 * _m * _var / _total**2, _k * _var / _total)),
        ("pairs",),
    ),
    Step(
        "variance-bound",
        "tr Σ = E|ψ|² - |Eψ|² ≤ 1 where |ψ| ≤ 1.",
        "symbolic",
        Implies(And(Le(_u, 1), Ge(_w, 0)), Le(_u - _w, 1)),
        ("pairs",),
    ),
    Step(
        "no-negative-squares",
        "Every outcome adds p (d - c)² ≥ 0 to E(d - c)², whatever c.",
        "symbolic",
        Ge(_u * (_s - _x) ** 2, 0),
    ),
    Step(
        "square-of-the-mean",
        "E(d - c)² = E d² - 2 c E d + c² is E d² - (E d)² at c = E d.",
        "symbolic",
        Eq(_S2 - times(2, _S1, _S1) + _S1**2, _S2 - _S1**2),
    ),
    Step(
        "jensen",
        "So E d² is (E d)² and something that is not negative, a sum over finitely many outcomes: (E d)² ≤ E d².",
        "symbolic",
        Implies(Eq(_S2, _S1**2 + _w), Le(_S1**2, _S2)),
        ("no-negative-squares", "square-of-the-mean"),
    ),
    Step(
        "kernel-trick",
        "|Φᵀc|² = cᵀ(ΦΦᵀ)c: the features enter by their inner products alone; here for the features (x, a) and (y, b).",
        "symbolic",
        Eq(
            (_c1 * _x + _c2 * _y) ** 2 + (_c1 * _a + _c2 * _b) ** 2,
            _c1**2 * (_x**2 + _a**2) + 2 * _c1 * _c2 * (_x * _y + _a * _b) + _c2**2 * (_y**2 + _b**2),
        ),
    ),
    Step(
        "gaussian-features",
        "exp(-(x - y)²/2) = Σ_j φ_j(x) φ_j(y) with φ_j(x) = exp(-x²/2) x^j/√j!.",
        "cited",
        source="Steinwart and Christmann (2008), Support Vector Machines, 4.4",
    ),
    Step(
        "unit-ball",
        "The supremum of ⟨f, δ⟩ over |f| ≤ 1 is |δ|, in a Hilbert space of any dimension.",
        "cited",
        depends_on=("complete-square", "kernel-trick", "gaussian-features"),
        source="Gretton et al. (2012), A Kernel Two-Sample Test, lemma 4",
    ),
    Step(
        "hull-small",
        "|a₁g₁ + a₂g₂| ≤ (|a₁| + |a₂|) max(|g₁|, |g₂|): two neurons, all small integers.",
        "exact",
        Le(Abs(_a1 * _g1 + _a2 * _g2), (Abs(_a1) + Abs(_a2)) * Max(Abs(_g1), Abs(_g2))),
        domain={"a1": _small, "a2": _small, "g1": _small, "g2": _small},
    ),
    Step(
        "hull",
        "A linear objective over the convex hull of ±A σ(w·x) is largest at one of these: more neurons add nothing.",
        "cited",
        depends_on=("hull-small",),
        source="Barron (1993), Universal approximation bounds for superpositions of a sigmoidal function, section II",
    ),
    Step(
        "two-expectations",
        "E_μ D and E_ν D each move by at most L h when the parameters move by h, so that their difference moves by 2 L h.",
        "symbolic",
        Eq(plus(times(_u, _length), times(_u, _length)), times(2, _u, _length)),
    ),
    Step(
        "average-small",
        "An average of numbers is absolutely at most the largest of them: two atoms of masses c₁ and c₂, small integers.",
        "exact",
        Le(Abs(_c1 * _g1 + _c2 * _g2), (_c1 + _c2) * Max(Abs(_g1), Abs(_g2))),
        domain={"c1": tuple(range(5)), "c2": tuple(range(5)), "g1": _small, "g2": _small},
    ),
    Step(
        "average",
        "|E_μ(D_v - D_w)| ≤ E_μ|D_v - D_w| ≤ L|v - w| for every law μ.",
        "cited",
        depends_on=("average-small",),
        source="Rudin (1987), Real and Complex Analysis, theorem 1.33",
    ),
    Step(
        "within-a-net",
        "A maximiser has a point of the net within h; the objective there is at most 2 L h lower, and no net is above the "
        "supremum.",
        "cited",
        depends_on=("two-expectations", "average"),
        source="Vershynin (2018), High-Dimensional Probability, 4.4",
    ),
    Step(
        "triangle-small",
        "|g₁ + g₂| ≤ |g₁| + |g₂| for every discriminator, and suprema keep it.",
        "exact",
        Le(Abs(_g1 + _g2), Abs(_g1) + Abs(_g2)),
        domain={"g1": tuple(range(-9, 10)), "g2": tuple(range(-9, 10))},
    ),
    Step(
        "suprema",
        "sup|g₁ + g₂| ≤ sup|g₁| + sup|g₂|; the triangle inequality twice gives |d(μ', ν) - d(μ, ν)| ≤ d(μ, μ').",
        "cited",
        depends_on=("triangle-small",),
        source="Müller (1997), Integral probability metrics and their generating classes of functions",
    ),
    Step(
        "turned",
        "E_ν D - E_μ D and E_μ D - E_ν D have one square, so one absolute value, for every D: so have the suprema over D.",
        "symbolic",
        Eq((_b - _a) ** 2, (_a - _b) ** 2),
    ),
    Step(
        "relisted",
        "A mass a that is listed as ta and (1 - t)a adds a D(x) to the expectation, for every D, x and t: the same function "
        "of D, so the same supremum.",
        "symbolic",
        Eq(plus(times(_t * _a, _b), times(1 - _t, _a, _b)), _a * _b),
    ),
    Step(
        "share",
        "((1 - t)a + t b) - a = t(b - a): a share t of another law is t times as far, for every D.",
        "symbolic",
        Eq(plus((1 - _t) * _a, _t * _b, -_a), _t * (_b - _a)),
    ),
    Step(
        "multiples",
        "sup t|g| = t sup|g| for t ≥ 0, as of every seminorm.",
        "cited",
        depends_on=("share",),
        source="Müller (1997), Integral probability metrics and their generating classes of functions",
    ),
    Step(
        "singular",
        "Two atoms of one law, masses u and w, two of the other, masses g1 and g2, none shared: each mass is twice the average "
        "there, and ½(u + w) log 2 + ½(g1 + g2) log 2 = log 2 where both laws have mass 1.",
        "symbolic",
        Implies(
            And(Eq(_u, 1 - _w), Eq(_g1, 1 - _g2)),
            Eq((_u + _w) * log(2) / 2 + (_g1 + _g2) * log(2) / 2, log(2)),
        ),
    ),
    Step(
        "disjoint",
        "m points have mass 0 under a law without atoms: law and samples are mutually singular, and for such laws the "
        "Jensen-Shannon divergence is log 2.",
        "cited",
        depends_on=("singular",),
        source="Arora, Ge, Liang, Ma, Zhang (2017), lemma 1; the argument is the same for every law without atoms",
    ),
    Step(
        "divergence-bound",
        "The Jensen-Shannon divergence is at most log 2 times the total variation distance, with equality where densities "
        "are equal or one of them is 0.",
        "cited",
        depends_on=("singular",),
        source="Lin (1991), Divergence measures based on the Shannon entropy, theorem 3",
    ),
    Step(
        "covered",
        "A corner within h of one of the samples is counted at least once in the sum over the samples: at most m |B_h| are, and "
        "the others weigh at least 1 - m |B_h|/2^d.  Here for three samples.",
        "exact",
        Le(Max(_a1, _a2, _g1), _a1 + _a2 + _g1),
        domain={"a1": (0, 1), "a2": (0, 1), "g1": (0, 1)},
    ),
    Step(
        "nearest",
        "Whatever plan moves the law to its samples, a corner moves at least to the nearest one.",
        "cited",
        depends_on=("covered",),
        source="Villani (2009), Optimal Transport: Old and New, chapter 6",
    ),
)
