"""Equilibrium needs both players: what generators and discriminators guarantee, and why gradient play need not get there.

Generators lower and discriminators raise the payoff E_real D_v - E_u D_v.  On finitely many strategies both sides guarantee
the same value if they may mix; a pair from which neither gains has that payoff.  That the payoff is 0 and the discriminators
cannot gain says nothing of the generators' side.  Gradient play on min_u max_v uv circles its equilibrium or leaves it.
"""

from __future__ import annotations

from sympy import Max, Rational, log, sqrt

from theorems.gan_equilibrium_derivation import DERIVATION
from theorems.statement import (
    And,
    Assumption,
    Claim,
    Eq,
    Equivalent,
    Ge,
    Gt,
    Implies,
    Le,
    Lt,
    Not,
    Saying,
    Source,
    Theorem,
    observable,
)

upper = observable("upper", "the least worst case that the generators' allowed strategies reach", latex=r"V^+")
lower = observable("lower", "the largest payoff that the discriminators' allowed strategies assure", latex=r"V^-")
minmax = observable("minmax", "the least worst case of one generator", latex=r"\min_u\max_v a_{uv}")
maxmin = observable("maxmin", "the largest payoff that one discriminator assures", latex=r"\max_v\min_u a_{uv}")
saddle = observable(
    "saddle", "some payoff is the largest for its generator and the least for its discriminator", domain="boolean"
)
objective = observable("objective", "payoff of the played pair", latex="o")
real_score = observable("real_score", "mean score that the played discriminators give the real law", "nonnegative")
fake_score = observable("fake_score", "mean score that they give the played generators", "nonnegative")
discriminator_gain = observable(
    "discriminator_gain", "what the discriminators gain if they alone move", "nonnegative", latex=r"\epsilon_D"
)
generator_gain = observable(
    "generator_gain", "what the generators gain, in what they are charged, if they alone move", "nonnegative",
    latex=r"\epsilon_G",
)  # fmt: skip
generator_regret = observable(
    "generator_regret", "worst case of the played generators less the least one", "nonnegative", latex="r_G"
)
discriminator_regret = observable(
    "discriminator_regret",
    "the best assured payoff less what the played discriminators assure",
    "nonnegative",
    latex="r_D",
)
conflict = observable("conflict", "largest charge of a generator beside the payoff", "nonnegative")
unreached = observable(
    "unreached", "least error of an image's probability over the mixtures of generators", "nonnegative"
)
unmatched = observable("unmatched", "number of discriminators D without 1 - D", "nonnegative integer")
mixed = observable("mixed", "whether both sides may mix their strategies", "boolean")

sparse = observable("sparse", "least worst case of a uniform mixture of T generators", latex="V_T")
drawn = observable("drawn", "mean worst case of T generators drawn from a mixture that guarantees most")
width = observable("width", "the widest range of the payoffs of one discriminator", "probability", latex="w")
T = observable("T", "number of generators that are mixed uniformly", "positive integer")
discriminators = observable("discriminators", "number of discriminators", "positive integer", latex="n")
strategies = observable("strategies", "number of strategies of the side that has fewer", "positive integer", latex="k")

u = observable("u", "first player's number at the start")
v = observable("v", "second player's number at the start")
eta = observable("eta", "step size", "positive", latex=r"\eta")
steps = observable("steps", "number of steps", "positive integer", latex="t")
lam = observable("lam", "weight of the regulariser λ(u² - v²)/2", latex=r"\lambda")
start = observable("start", "u² + v² at the start", "positive", latex=r"|z_0|^2")
simultaneous = observable("simultaneous", "u² + v² after the steps, both at once", "nonnegative", latex=r"|z_t|^2")
extragradient = observable("extragradient", "the same by extragradient steps", "nonnegative", latex=r"|z^{e}_t|^2")
alternating = observable("alternating", "the same in turns", "nonnegative", latex=r"|z^{a}_t|^2")
last_u = observable("last_u", "u after the steps in turns", latex="u_t")
last_v = observable("last_v", "v after the steps in turns", latex="v_t")
mean_u = observable("mean_u", "mean of u_1, …, u_t in turns", latex=r"\bar u")
mean_v = observable("mean_v", "mean of v_0, …, v_(t-1) in turns", latex=r"\bar v")
mean_square = observable(
    "mean_square", "squared length of the mean of z_0, …, z_(t-1), both at once", "nonnegative", latex=r"|\bar z|^2"
)
velocity_u = observable("velocity_u", "velocity of u under gradient flow", latex=r"\dot u")
velocity_v = observable("velocity_v", "velocity of v under gradient flow", latex=r"\dot v")

half = Rational(1, 2)
no_gain = And(Eq(discriminator_gain, 0), Eq(generator_gain, 0))

CLAIMS = (
    Claim(
        "minimax",
        Eq(upper, lower),
        words="Generators and discriminators that mix guarantee the same value: their worst cases leave no gap.",
        assumes=("mixed",),
        follows_from=("minimax",),
    ),
    Claim(
        "between",
        And(Le(maxmin, upper), Le(upper, minmax)),
        "bound",
        "The value lies between what one discriminator assures and what one generator does.",
        (),
        tight_at="games with a saddle point",
        follows_from=("weak-duality", "minimax"),
    ),
    Claim(
        "saddle",
        Equivalent(saddle, Eq(maxmin, minmax)),
        words="A pair of single strategies that is an equilibrium exists exactly where those two meet.",
        assumes=(),
        follows_from=("saddle",),
    ),
    Claim(
        "pennies",
        And(Eq(minmax, half), Eq(maxmin, -half), Eq(upper, 0), Not(saddle)),
        "existence",
        "Two images, a generator of either and the indicator of either: no pure equilibrium, ½ and -½ instead of the "
        "value 0 of mixing.",
        (),
    ),
    Claim(
        "errors-add-up",
        Eq(generator_regret + discriminator_regret, generator_gain + discriminator_gain),
        words="How far both sides are from their best guarantees is, together, what both could gain alone: an ε-equilibrium "
        "is 2ε-optimal, no less.",
        assumes=("zero_sum", "mixed"),
        follows_from=("errors", "minimax"),
    ),
    Claim(
        "near-value",
        And(Le(upper - discriminator_gain, objective), Le(objective, lower + generator_gain)),
        "bound",
        "The payoff of a pair is as near to the value as its gains are small, each on its own side.",
        ("zero_sum",),
        tight_at="an optimal mixture of either side against any answer",
        follows_from=("gains",),
    ),
    Claim(
        "wins",
        Implies(no_gain, Eq(real_score, fake_score)),
        words="Where a mixture of generators is the real law and each D comes with 1 - D, every equilibrium scores real and "
        "generated images alike: the generators win.",
        assumes=("expressive", "symmetric", "zero_sum"),
        follows_from=("matched", "complement", "errors", "minimax"),
    ),
    Claim(
        "generators-side",
        Eq(generator_regret, objective + discriminator_gain),
        words="There the slide's two conditions add up to the generators' distance from optimal: both 0 make them optimal, "
        "and leave open what they would gain against this discriminator.",
        assumes=("expressive", "symmetric", "mixed"),
        follows_from=("matched", "complement", "minimax"),
    ),
    Claim(
        "few-generators",
        Le(drawn - upper, width * sqrt(log(discriminators) / (2 * T))),
        "limit",
        "T generators drawn from an optimal mixture are, in the mean, within w sqrt(ln n / 2T) of the value against n "
        "discriminators (a rate: the nearest game known here, four images told apart with T = 1, comes to 0.90 of it).",
        (),
        goal=1e-6,
        follows_from=("hoeffding", "maximal", "best-exponent"),
    ),
    Claim(
        "some-draw",
        Le(sparse, drawn),
        "bound",
        "Some uniform mixture of T generators is at least as good as the mean draw.",
        (),
        tight_at="a generator that is optimal alone",
    ),
    Claim(
        "rounding",
        Le(sparse - upper, width * strategies / (4 * T)),
        "bound",
        "Rounding an optimal mixture to T equal parts costs at most w k / 4T with k strategies on the smaller side.",
        (),
        tight_at="matching pennies with T odd",
        follows_from=("vertex", "fractions"),
    ),
    Claim(
        "simultaneous",
        Eq(simultaneous, start * ((1 - eta * lam) ** 2 + eta**2) ** steps),
        words="Every simultaneous gradient step multiplies the squared distance from the equilibrium by (1 - ηλ)² + η²: "
        "1 + η² without a regulariser.",
        assumes=(),
        follows_from=("one-step", "repeat"),
    ),
    Claim(
        "shrinks",
        Equivalent(Lt(simultaneous, start), Lt(eta * (1 + lam**2), 2 * lam)),
        words="They approach the equilibrium exactly if the regulariser is strong for the step: η(1 + λ²) < 2λ.",
        assumes=(),
        follows_from=("one-step", "repeat", "factor-below-1"),
    ),
    Claim(
        "flow",
        Eq(u * velocity_u + v * velocity_v, -lam * start),
        words="Gradient flow loses distance at the rate of the regulariser alone: without one it keeps its distance.",
        assumes=(),
        follows_from=("flow",),
    ),
    Claim(
        "extragradient",
        Eq(
            extragradient,
            start * ((1 - eta * lam + eta**2 * (lam**2 - 1)) ** 2 + (eta - 2 * eta**2 * lam) ** 2) ** steps,
        ),
        words="Steps by the slopes at a trial point multiply the squared distance by an exact factor: 1 - η² + η⁴ at λ = 0.",
        assumes=(),
        follows_from=("extragradient-step", "repeat"),
    ),
    Claim(
        "ellipse",
        Eq(last_u**2 + last_v**2 - eta * last_u * last_v, u**2 + v**2 - eta * u * v),
        words="Steps in turns never leave the ellipse u² + v² - ηuv through the start.",
        assumes=("bilinear",),
        follows_from=("ellipse-step",),
    ),
    Claim(
        "alternating-stays",
        And(
            Ge(alternating, start * (2 - eta) / (2 + eta)),
            Le(alternating, start * (2 + eta) / (2 - eta)),
        ),
        "bound",
        "So they come neither nearer nor farther than the ellipse's axes allow.",
        ("bilinear", "small_step"),
        tight_at="small steps from one axis of the ellipse to the other",
        follows_from=("ellipse-step", "axes"),
    ),
    Claim(
        "telescope",
        And(Eq(eta * steps * mean_u, last_v - v), Eq(eta * steps * mean_v, u - last_u)),
        words="Their means are differences of end points.",
        assumes=("bilinear",),
        follows_from=("telescope",),
    ),
    Claim(
        "means-converge",
        Le(
            (eta * steps) ** 2 * (mean_u**2 + mean_v**2 + eta * mean_u * mean_v),
            4 * (u**2 + v**2 - eta * u * v),
        ),
        "bound",
        "Their means converge to the equilibrium like 1/(ηt).",
        ("bilinear", "small_step"),
        tight_at="half a turn: η = 1 and 3 steps",
        follows_from=("ellipse-step", "telescope", "parallelogram"),
    ),
    Claim(
        "means-at-once",
        And(
            Le(eta * steps * sqrt(mean_square), sqrt(simultaneous) + sqrt(start)),
            Ge(eta * steps * sqrt(mean_square), sqrt(simultaneous) - sqrt(start)),
        ),
        "bound",
        "The means of simultaneous steps are between (|z_t| - |z_0|)/(ηt) and (|z_t| + |z_0|)/(ηt) from it, where "
        "|z_t| = |z_0|(1 + η²)^(t/2): they leave the equilibrium at any fixed step, and approach it where the step shrinks like "
        "1/√t.",
        ("bilinear",),
        tight_at="half a turn and a whole one: η = 1, 4 and 8 steps",
        follows_from=("one-step", "repeat", "telescope", "triangle"),
    ),
)

SLIDE = "Part 2, Generative Adversarial Nets"
CAUTION = "Part 2, title"
SAYINGS = (
    Saying(
        "equilibrium-of-one",
        SLIDE,
        'Generator "wins" if objective ≈ 0 and further training of discriminator doesn\'t help. ("Equilibrium.")',
        Implies(And(Eq(objective, 0), Eq(discriminator_gain, 0)), Eq(generator_gain, 0)),
        "REFUTED",
        "wins",
        assumes=("expressive", "symmetric", "zero_sum", "mixed"),
    ),
    Saying(
        "equilibrium-of-one-wins",
        SLIDE,
        'The same read of the generator alone: it then cannot be improved ("wins"), whatever the class of discriminators.',
        Implies(And(Eq(objective, 0), Eq(discriminator_gain, 0)), Eq(generator_regret, 0)),
        "REFUTED",
        "generators-side",
        assumes=("zero_sum", "mixed"),
    ),
    Saying(
        "equilibrium-of-both",
        SLIDE,
        "The same with neither player able to gain: then the objective is the value of the game.",
        Implies(no_gain, Eq(real_score, fake_score + upper)),
        "SURVIVED",
        assumes=("zero_sum", "mixed"),
    ),
    Saying(
        "equilibrium-exists",
        SLIDE,
        "Variant, not the talk's words: there is an equilibrium to be trained to, one generator and one discriminator.",
        Eq(minmax, maxmin),
        "REFUTED",
        "saddle",
        assumes=(),
    ),
    Saying(
        "epsilon-each",
        SLIDE,
        "Variant, not the talk's words: if neither player can gain more than ε, then the generator is within ε of optimal (ε for ≈).",
        Le(generator_regret, Max(generator_gain, discriminator_gain)),
        "REFUTED",
        "errors-add-up",
        assumes=("zero_sum", "mixed"),
    ),
    Saying(
        "gradient-training-may-leave",
        CAUTION,
        '"Caution warranted in multi-objective/multiplayer settings...": gradient training of both players at once need not '
        "approach the equilibrium.",
        Gt(simultaneous, start),
        "WITNESSED",
        kind="existence",
        assumes=("bilinear",),
    ),
    Saying(
        "training-in-turns-may-stay-away",
        CAUTION,
        "The same of training in turns, at steps below 2.",
        Gt(alternating, start),
        "WITNESSED",
        kind="existence",
        assumes=("bilinear", "small_step"),
    ),
    Saying(
        "means-of-training-may-stay-away",
        CAUTION,
        "Variant, not the talk's words: nor need the means of training at once approach it like 1/(ηt) at a fixed step.",
        Gt((eta * steps) ** 2 * mean_square, 4 * start),
        "WITNESSED",
        kind="existence",
        assumes=("bilinear",),
    ),
    Saying(
        "extragradient-converges",
        CAUTION,
        "Variant, not the talk's words: training by the slopes at a trial point does approach it, without a regulariser and for steps below 1.",
        Implies(And(Eq(lam, 0), Lt(eta, 1)), Lt(extragradient, start)),
        "SURVIVED",
        assumes=(),
    ),
)

THEOREM = Theorem(
    name="gan-equilibrium",
    title="Equilibrium needs both players",
    claims=CLAIMS,
    assumptions=(
        Assumption("mixed", "both sides may mix their strategies", mixed),
        Assumption("zero_sum", "generators are charged the payoff and nothing beside", Eq(conflict, 0)),
        Assumption("expressive", "some mixture of the generators is the real law", Eq(unreached, 0)),
        Assumption("symmetric", "with each discriminator D, 1 - D is one", Eq(unmatched, 0)),
        Assumption("bilinear", "the payoff of the two numbers is uv alone", Eq(lam, 0)),
        Assumption("small_step", "the step is below 2", Lt(eta, 2)),
    ),
    derivation=DERIVATION,
    sayings=SAYINGS,
    sources=(
        Source("von Neumann", 1928, "Zur Theorie der Gesellschaftsspiele", "Mathematische Annalen 100"),
        Source(
            "Arora, Ge, Liang, Ma, Zhang", 2017,
            "Generalization and Equilibrium in Generative Adversarial Nets (GANs)", "ICML 2017, section 4", "1703.00573",
        ),
        Source("Lipton, Young", 1994, "Simple strategies for large zero-sum games", "STOC 1994"),
        Source("Althöfer", 1994, "On sparse approximations to randomized strategies", "Linear Algebra and its Applications 199"),
        Source("Korpelevich", 1976, "The extragradient method for finding saddle points", "Matecon 12"),
    ),
    non_claims=(
        "Classes of nets with continuous weights have infinitely many strategies: nothing is said of their value.",
        "That a mixture of generators wins does not say that one net of moderate size is such a mixture.",
        "Winning is against the discriminators at hand: a generator that wins may still repeat a few images.",
        "The games of two numbers show what gradient play may do, not what it does in any trained net.",
        "A step above 2 in turns is left out: what it does instead is not claimed.",
    ),
)  # fmt: skip
