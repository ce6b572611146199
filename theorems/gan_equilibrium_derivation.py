"""Why equilibrium needs both players: weak duality, errors that add up, and one step of each way to play."""

from __future__ import annotations

from sympy import Max, Min, Or, Rational, Symbol, cosh, exp, sqrt

from theorems.statement import And, Eq, Equivalent, Implies, Le, Step, observable, plus, times

half = Rational(1, 2)
t = observable("t", "a weight", "probability")
r, k = observable("r", "a number of parts rounded up", "nonnegative"), observable("k", "parts", "positive")
L, w, T = (observable(name, "a positive number", "positive") for name in ("L", "w", "T"))
h = observable("h", "exponent", "positive")
x, y, z, p, q, V, W = (Symbol(name, real=True) for name in ["x", "y", "z", "p", "q", "V", "W"])
worst, best = Symbol("worst", real=True), Symbol("best", real=True)
a, b, c, d = (Symbol(name, real=True) for name in "abcd")
u, v, s, m = (Symbol(name, real=True) for name in ["u", "v", "s", "m"])
eta, lam, n = Symbol("eta", positive=True), Symbol("lam", real=True), Symbol("n", integer=True, nonnegative=True)

row, other = (a, b), (c, d)
pure_upper, pure_lower = Min(Max(a, b), Max(c, d)), Max(Min(a, c), Min(b, d))
cells = ((a, b, c), (b, a, d), (c, d, a), (d, c, b))  # a payoff, the other of its row, the other of its column
saddle = Or(*(And(Le(beside, cell), Le(cell, below)) for cell, beside, below in cells), evaluate=False)


def ellipse(first, second):  # type: ignore[no-untyped-def]
    """The quadratic form that steps in turns keep."""
    return first**2 + second**2 - eta * first * second


after_u = u - eta * v
after_v = v + eta * after_u
trial_u, trial_v = u - eta * (v + lam * u), v + eta * (u - lam * v)

DERIVATION = (
    Step(
        "mixture",
        "What neither of two strategies exceeds, no mixture of them does; a mixture of more is one of two, repeated.",
        "symbolic",
        Implies(And(Le(x, w), Le(y, w)), Le(t * x + (1 - t) * y, w)),
    ),
    Step(
        "weak-duality",
        "min_u (Aq)_u ≤ pᵀAq ≤ max_v (pᵀA)_v for every p and q: the payoff of a pair is one mean, row by row or column by "
        "column, and no mean exceeds its largest term or falls below its least. Here of two against two.",
        "symbolic",
        Eq(
            t * (s * a + (1 - s) * b) + (1 - t) * (s * c + (1 - s) * d),
            s * (t * a + (1 - t) * c) + (1 - s) * (t * b + (1 - t) * d),
        ),
        ("mixture",),
    ),
    Step(
        "gains",
        "A gain is what lies between the payoff x of a pair and the best answer to one side, which is at least the least worst "
        "case V of the generators, and for the discriminators at most what they assure most, W.",
        "symbolic",
        And(
            Implies(And(Eq(m, worst - x), Le(V, worst)), Le(V - m, x)),
            Implies(And(Eq(m, x - best), Le(best, W)), Le(x, W + m)),
        ),
    ),
    Step(
        "equalise",
        "In a game of two against two, p = (d - c)/(a - b - c + d) makes both columns worth (ad - bc)/(a - b - c + d).",
        "symbolic",
        Implies(
            Eq(p, (d - c) / (a - b - c + d)),
            And(
                Eq(p * a + (1 - p) * c, (a * d - b * c) / (a - b - c + d)),
                Eq(p * b + (1 - p) * d, (a * d - b * c) / (a - b - c + d)),
            ),
        ),
    ),
    Step(
        "minimax",
        "Some p and q make both ends of weak duality meet.",
        "cited",
        depends_on=("weak-duality", "equalise"),
        source="von Neumann (1928); Dantzig (1951), by the duality of linear programs",
    ),
    Step(
        "saddle-small",
        "All games of two against two with payoffs 0 to 3: a payoff that is largest in its row and least in its column "
        "exists exactly where the pure worst cases meet.",
        "exact",
        Equivalent(saddle, Eq(pure_lower, pure_upper)),
        domain={symbol.name: tuple(range(4)) for symbol in (a, b, c, d)},
    ),
    Step(
        "saddle",
        "If max min = min max, attained at v and u, then min over u' of a_u'v = a_uv = max over v' of a_uv'; conversely a "
        "saddle point lies between both.",
        "cited",
        depends_on=("saddle-small", "weak-duality"),
        source="Osborne and Rubinstein (1994), A Course in Game Theory, proposition 22.2",
    ),
    Step(
        "errors",
        "(worst - V) + (V - best) = (worst - x) + (x - best), for the value V and the payoff x of the pair.",
        "symbolic",
        Eq(plus(worst - V, V - best), plus(worst - x, x - best)),
    ),
    Step(
        "matched",
        "Against the mixture of generators that is the real law, here of two with scores x and y, every payoff is 0.",
        "symbolic",
        Implies(Eq(z, t * x + (1 - t) * y), Eq(plus(z, -times(t, x), -times(1 - t, y)), 0)),
    ),
    Step(
        "complement",
        "D and 1 - D with equal weights score ½ everywhere, so that discriminators always assure 0.",
        "symbolic",
        Eq(plus(times(half, x), times(half, plus(1, -x))), half),
    ),
    Step(
        "vertex",
        "Some optimal mixture has no more parts than either side has strategies.",
        "cited",
        source="Shapley and Snow (1950), Basic solutions of discrete games; a vertex of the linear program",
    ),
    Step(
        "fractions",
        "k parts rounded to multiples of 1/T: if the fractions of T p add up to r, those r of them that are largest are "
        "rounded up, and what they lack is at most r(1 - r/k), which is at most k/4.",
        "symbolic",
        Le(r * (1 - r / k), k / 4),
    ),
    Step(
        "coin",
        "Hoeffding's lemma for a fair coin on 0 and 1: cosh(h/2) ≤ exp(h²/8).",
        "certified",
        Le(cosh(h / 2), exp(h**2 / 8)),
        domain={"h": (Rational(1, 8), 4)},
    ),
    Step(
        "hoeffding",
        "E exp(h(X - EX)) ≤ exp(h²w²/8) for X in an interval of width w; for the mean of T draws h²w²/(8T).",
        "cited",
        depends_on=("coin",),
        source="Hoeffding (1963), Probability inequalities for sums of bounded random variables, lemma 1",
    ),
    Step(
        "maximal",
        "The mean of the largest of n such deviations is at most (ln n)/h + h w²/(8T), for every h.",
        "cited",
        depends_on=("hoeffding",),
        source="Boucheron, Lugosi, Massart (2013), Concentration Inequalities, theorem 2.5",
    ),
    Step(
        "best-exponent",
        "At h = sqrt(8 T L)/w the sum L/h + h w²/(8T) is w sqrt(L/(2T)).",
        "symbolic",
        Implies(Eq(h, sqrt(8 * T * L) / w), Eq(L / h + h * w**2 / (8 * T), w * sqrt(L / (2 * T)))),
        ("maximal",),
    ),
    Step(
        "one-step",
        "Both players at once.",
        "symbolic",
        Eq(trial_u**2 + trial_v**2, ((1 - eta * lam) ** 2 + eta**2) * (u**2 + v**2)),
    ),
    Step("repeat", "A factor each step is a power.", "symbolic", Eq(times(x**n, x), x ** (n + 1))),
    Step(
        "factor-below-1",
        "The factor is below 1 exactly where η(1 + λ²) < 2λ.",
        "symbolic",
        Eq((1 - eta * lam) ** 2 + eta**2 - 1, eta * (eta * (1 + lam**2) - 2 * lam)),
    ),
    Step(
        "flow",
        "u' = -v - λu and v' = u - λv.",
        "symbolic",
        Eq(u * (-v - lam * u) + v * (u - lam * v), -lam * (u**2 + v**2)),
    ),
    Step(
        "extragradient-step",
        "A step by the slopes at the trial point.",
        "symbolic",
        Eq(
            (u - eta * (trial_v + lam * trial_u)) ** 2 + (v + eta * (trial_u - lam * trial_v)) ** 2,
            ((1 - eta * lam + eta**2 * (lam**2 - 1)) ** 2 + (eta - 2 * eta**2 * lam) ** 2) * (u**2 + v**2),
        ),
    ),
    Step(
        "ellipse-step",
        "Steps in turns keep u² + v² - ηuv.",
        "symbolic",
        Eq(ellipse(after_u, after_v), ellipse(u, v)),
    ),
    Step(
        "axes",
        "The form lies between (1 - η/2) and (1 + η/2) times u² + v².",
        "symbolic",
        And(
            Eq(ellipse(u, v) - (1 - eta / 2) * (u**2 + v**2), eta / 2 * (u - v) ** 2),
            Eq((1 + eta / 2) * (u**2 + v**2) - ellipse(u, v), eta / 2 * (u + v) ** 2),
        ),
    ),
    Step(
        "telescope",
        "In turns v_(t+1) - v_t = ηu_(t+1) and u_t - u_(t+1) = ηv_t; at once v_(t+1) - v_t = ηu_t: sums of differences.",
        "symbolic",
        And(
            Eq(plus(after_v, -v), eta * after_u),
            Eq(plus(u, -after_u), eta * v),
            Eq(plus(b - a, c - b, d - c), d - a),
        ),
    ),
    Step(
        "parallelogram",
        "For a positive form, the form of a difference is at most twice the sum of both: what is missing is that of the sum.",
        "symbolic",
        Eq(ellipse(a - c, b - d) + ellipse(a + c, b + d), 2 * ellipse(a, b) + 2 * ellipse(c, d)),
        ("axes",),
    ),
    Step(
        "triangle",
        "|a||b| is at least -a·b: |a|²|b|² - (a·b)² is a square.",
        "symbolic",
        Eq((a**2 + b**2) * (c**2 + d**2) - (a * c + b * d) ** 2, (a * d - b * c) ** 2),
    ),
)
