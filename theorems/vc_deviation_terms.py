"""Observables of the gap of classes of bounded dimension: laws, samples, suprema and counts; and terms made of them."""

from __future__ import annotations

from sympy import Sum, Symbol, binomial, floor

from theorems.statement import And, Eq, Ge, Le, observable

m = observable("m", "number of points of the sample", domain="positive integer")
d = observable("d", "number of coordinates that a stump may look at", domain="positive integer")
eps = observable("eps", "edge", domain="positive", latex=r"\epsilon")
P = observable("P", "probability that the gap of stumps on d coordinates is at least eps", domain="probability")
within = observable("within", "probability that it is below eps", domain="probability", latex=r"\bar P")
P_one = observable(
    "P_one", "probability that the gap of thresholds on one coordinate is at least eps", domain="probability",
    latex="P_1",
)  # fmt: skip
P_above = observable(
    "P_above", "probability that the sample says more than the law, by at least eps, for some threshold",
    domain="probability", latex="P_+",
)  # fmt: skip
P_free = observable(
    "P_free", "the same of independent points of an atomless law", domain="probability", latex="P_+^0"
)  # fmt: skip
mean = observable("mean", "expected gap", domain="positive", latex=r"\mathbb{E}\,\mathrm{gap}")
members = observable(
    "members", "number of discriminators that tell atoms apart", domain="positive integer", latex="|H|"
)
repeated = observable("repeated", "points of the sample that repeat others", domain="nonnegative integer")
copied = observable("copied", "coordinates that repeat the first one", domain="nonnegative integer")
atoms = observable("atoms", "atoms of the law", domain="nonnegative integer")

k = observable("k", "number of intervals", domain="positive integer")
gap = observable("gap", "largest difference between the law's and the sample's mean", domain="nonnegative")
gap_one = observable("gap_one", "gap of single intervals", domain="nonnegative", latex=r"\mathrm{gap}_1")
excess = observable(
    "excess", "the most that the sample says beyond the law, over unions of k intervals", domain="nonnegative",
    latex="e_k",
)  # fmt: skip
excess_before = observable("excess_before", "the same of k - 1 intervals", domain="nonnegative", latex="e_{k-1}")
excess_next = observable("excess_next", "the same of k + 1 intervals", domain="nonnegative", latex="e_{k+1}")
above = observable(
    "above", "the most that the sample says of thresholds beyond the uniform law", domain="nonnegative", latex="D_+"
)
below = observable(
    "below", "the most that the uniform law says of thresholds beyond the sample", domain="nonnegative", latex="D_-"
)
uneven = observable("uneven", "largest distance of the i-th point from (i - 1/2)/m", domain="nonnegative")

moved = observable("moved", "gap after an affine map of the plane", domain="nonnegative", latex=r"\mathrm{gap}_A")
stump = observable("stump", "gap of half-planes bounded by x = t or y = t", domain="nonnegative")
variation = observable("variation", "total variation distance of law and sample", domain="nonnegative", latex="TV")
places = observable("places", "atoms of a law in the plane", domain="positive integer", latex="|X|")
degenerate = observable("degenerate", "coincidences: equal points, or three on a line", domain="nonnegative integer")

n = observable("n", "number of points to be cut up", domain="positive integer")
ways = observable("ways", "subsets that the class cuts off", domain="positive integer", latex=r"\Pi")
dimension = observable("dimension", "size of the largest shattered set", domain="nonnegative integer", latex="V")
ways_of_intervals = observable(
    "ways_of_intervals", "subsets that unions of k intervals cut off", domain="positive integer", latex=r"\Pi_k"
)
ways_of_half_planes = observable(
    "ways_of_half_planes", "subsets that half-planes cut off", domain="positive integer", latex=r"\Pi_{\mathbb{R}^2}"
)

plane = observable(
    "plane", "1 if the discriminators are half-planes, 0 if they are unions of intervals", domain="nonnegative integer"
)
p_a = observable("p_a", "number of parameters at the first size", domain="positive integer", latex="p")
m_a = observable("m_a", "number of points at the first size", domain="positive integer", latex="m")
mean_a = observable("mean_a", "expected gap at the first size", domain="positive", latex=r"\mathbb{E}\,\mathrm{gap}")
p_b = observable("p_b", "number of parameters at the second size", domain="positive integer", latex="p'")
m_b = observable("m_b", "number of points at the second size", domain="positive integer", latex="m'")
mean_b = observable("mean_b", "expected gap at the second size", domain="positive", latex=r"\mathbb{E}\,\mathrm{gap}'")

_i, _j = Symbol("i"), Symbol("j")
SIZES = ((mean_a, m_a, p_a), (mean_b, m_b, p_b))
TRIED = And(Eq(plane, 0), *(And(Le(p, 32), Le(10 * p, m), Le(m, 15 * p)) for _, m, p in SIZES))
"""Unions of k = p/2 intervals, k to 16, on 20 k to 30 k points, at both sizes."""
FOUR_TIMES = And(Eq(plane, 1), Ge(m_a, 8), Le(m_a, 12), Eq(m_b, 4 * m_a))
"""Half-planes on 8 to 12 points and on four times as many."""
crossings = eps * Sum(
    binomial(m, _j) * (1 - eps - _j / m) ** (m - _j) * (eps + _j / m) ** (_j - 1), (_j, 0, floor(m * (1 - eps)))
)
"""Birnbaum's and Tingey's sum."""


def subsets(points, size):  # type: ignore[no-untyped-def]
    """Σ_{i <= size} C(points, i): how many subsets of the points have at most that size."""
    return Sum(binomial(points, _i), (_i, 0, size))
