"""The least sample with a duplicate: how many samples from N equally likely points share one with probability ½.

23 for 365 days.  A ladder of formulas in N, each with one term more, leads to one that is right wherever it was tried.
"""

from __future__ import annotations

from sympy import Product, Rational, Symbol, ceiling, log, sqrt

from theorems.statement import (
    And,
    Claim,
    Eq,
    Ge,
    Gt,
    Implies,
    Le,
    Saying,
    Source,
    Step,
    Theorem,
    observable,
    plus,
    times,
)

N = observable("N", "number of equally likely points", domain="positive integer")
s_half = observable(
    "s_half", "least number of samples with a duplicate of probability at least 1/2", domain="positive integer",
    latex=r"s_{1/2}",
)  # fmt: skip

k, x = Symbol("k"), Symbol("x")
half = Rational(1, 2)
root = sqrt(2 * N * log(2))
shift = (3 - 2 * log(2)) / 6
fourth = (9 - 4 * log(2) ** 2) / (72 * root) - 2 * log(2) ** 2 / (135 * N)


def distinct(samples):  # type: ignore[no-untyped-def]
    """Π_{k<samples} (1 - k/N): the probability that samples are distinct."""
    return Product(1 - k / N, (k, 0, samples - 1))


CLAIMS = (
    Claim(
        "least",
        And(Le(distinct(s_half), half), Gt(distinct(s_half - 1), half)),
        "bound",
        "So many samples are distinct with probability at most ½, and one fewer with more: the definition, to which the "
        "number found by bisection over exact integers is held in the product's own form.",
        tight_at="two points, where two samples are equal with probability ½; the second part where one sample fewer hardly misses ½",
        assumes=(),
        follows_from=("chain-rule",),
    ),
    Claim(
        "three-terms-below",
        Gt(s_half, root + shift),
        "bound",
        "The least number exceeds sqrt(2N ln 2) + (3 - 2 ln 2)/6.",
        (),
        tight_at="numbers of points where the next whole number is just above",
        follows_from=("expansion",),
    ),
    Claim(
        "four-terms",
        Implies(Le(N, 10**6), Eq(s_half, ceiling(root + shift + fourth))),
        "limit",
        "For up to a million points, it is sqrt(2N ln 2) + (3 - 2 ln 2)/6 + (9 - 4 ln² 2)/(72 sqrt(2N ln 2)) - "
        "2 ln² 2/(135 N), rounded up.",
        (),
        follows_from=("expansion",),
    ),
)

DERIVATION = (
    Step(
        "chain-rule",
        "Given that k samples are distinct, the next one is new with probability 1 - k/N: multiply.",
        "cited",
        source="Feller (1968), An Introduction to Probability Theory and Its Applications 1, II.3",
    ),
    Step(
        "first-terms",
        "With u = sqrt(2N ln 2), x(x-1)/2N + x³/6N² is ln 2 up to 1/N at x = u + ½ - u²/(6N), and u²/N = 2 ln 2.",
        "symbolic",
        Eq(plus(half, times(-1, 2 * x, Rational(1, 6))), (3 - 2 * x) / 6),
    ),
    Step(
        "expansion",
        "Two terms more of the same expansion; that rounding it up is right for every N is conjectured, and was verified "
        "by its author far beyond what is tried here.",
        "cited",
        depends_on=("chain-rule", "first-terms"),
        source="Brink (2012), A (probably) exact solution to the birthday problem, Ramanujan J. 28",
    ),
)

SLIDE = "Part 2, Empirically detecting mode collapse (Birthday Paradox Test)"


def rung(name, words, formula, expected, corrected=""):  # type: ignore[no-untyped-def]
    """A saying: the least number is that formula rounded up, for at least two and at most 20 000 points."""
    relation = Implies(And(Ge(N, 2), Le(N, 20_000)), Eq(s_half, ceiling(formula)))
    return Saying(name, SLIDE + ": how 23 depends on 365", words, relation, expected, corrected, assumes=())


THEOREM = Theorem(
    name="birthday-number",
    title="The least sample with a duplicate",
    claims=CLAIMS,
    derivation=DERIVATION,
    sayings=(
        rung("one-term", "About sqrt(2N ln 2), rounded up.", root, "REFUTED", "four-terms"),
        rung("one-half", "½ + sqrt(2N ln 2), rounded up.", half + root, "REFUTED", "four-terms"),
        rung("three-terms", "sqrt(2N ln 2) + (3 - 2 ln 2)/6, rounded up.", root + shift, "REFUTED", "four-terms"),
        rung("four-terms-in-range", "The four terms, rounded up.", root + shift + fourth, "SURVIVED"),
    ),
    sources=(
        Source("Brink", 2012, "A (probably) exact solution to the birthday problem", "Ramanujan J. 28"),
    ),
    non_claims=(
        "Nothing is claimed of unequal probabilities, which make a duplicate likelier.",
        "That the four terms are right for every N is a conjecture.",
        "The claim least is no discovery: the simulator bisects by the same comparison, written in integers, and unit tests "
        "hold it to products of fractions.",
    ),
)  # fmt: skip
