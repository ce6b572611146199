"""The quantities of the small-data theorem: paired tables, trials, votes, and the measured study with its methods."""

from __future__ import annotations

from sympy import Rational, Symbol

from theorems.statement import And, Gt, Lt, observable

n = observable("n", "number of rows (patients) compared", domain="positive integer")
only_first = observable(
    "only_first", "patients whom only the first classifier gets right", "nonnegative integer", latex="b"
)
only_second = observable("only_second", "patients whom only the second gets right", "nonnegative integer", latex="c")
discordant = observable("discordant", "patients whom exactly one gets right", "nonnegative integer", latex="D")
fewer = observable("fewer", "the smaller of the two discordant counts", "nonnegative integer", latex="f")
gap = observable("gap", "accuracy of the first minus accuracy of the second", latex="g")
p = observable("p", "share of the sign patterns of the discordant patients that are as uneven", "probability")
copies = observable("copies", "how often each patient is counted", "positive integer", latex="r")
p_first = observable("p_first", "probability that only the first is right", "probability", latex="p_1")
p_second = observable("p_second", "probability that only the second is right", "probability", latex="p_2")
q = observable("q", "probability that the first is right", "probability")
variance = observable("variance", "variance of the first classifier's accuracy", "nonnegative", latex="v")
x = observable("x", "a level", "probability")
P_below = observable("P_below", "probability that McNemar's p-value is at most x", "probability", latex=r"P_{\le x}")
alpha = observable("alpha", "largest probability that one of the intervals is wrong", "probability", latex=r"\alpha")
P_half = observable("P_half", "probability that at least half of them are wrong", "probability", latex=r"P_{1/2}")
training = observable("training", "rows in the largest training set", "positive integer", latex="t")

METHODS = {"ntk": "tangent kernel", "gaussian": "Gaussian kernel", "forest": "random forest", "linear": "linear kernel"}
PARTS = {
    "a": ("mean accuracy over the split seeds: {}", "probability", "a", ""),
    "a_above": ("how far the interval of that accuracy reaches above it: {}", "real", "a", "+"),
    "a_below": ("how far it reaches below: {}", "real", "a", "-"),
}
AGAINST = {
    "gap": ("mean accuracy of the tangent kernel minus that of the {}", "real", "g", ""),
    "gap_above": ("how far the paired interval reaches above that gap: {}", "real", "g", "+"),
    "gap_below": ("how far it reaches below: {}", "real", "g", "-"),
    "gap_least": ("smallest gap of a split seed: {}", "real", "g", r"\min"),
    "gap_most": ("largest gap of a split seed: {}", "real", "g", r"\max"),
    "p": ("McNemar's p-values of the split seeds, merged: {}", "probability", "p", ""),
    "p_flips": ("p-value of the sign flips of patients over all seeds: {}", "probability", "p", r"\pm"),
}


def part(what: str, method: str) -> str:
    """The name of an observable of the study: ``gap_below`` of the forest is ``gap_forest_below``."""
    stem, *side = what.split("_")
    return "_".join((stem, method, *side))


def _of(parts, methods):  # type: ignore[no-untyped-def]
    return {
        part(what, m): observable(
            part(what, m),
            words.format(METHODS[m]),
            domain,
            latex=rf"{letter}_{{\mathrm{{{m}}}}}" + (f"^{{{mark}}}" if mark else ""),
        )
        for m in methods
        for what, (words, domain, letter, mark) in parts.items()
    }


study = {**_of(PARTS, METHODS), **_of(AGAINST, [m for m in METHODS if m != "ntk"])}
k = Symbol("k")
POINTS = Rational(3, 100)


def inside(what, method, value):  # type: ignore[no-untyped-def]
    """A number lies inside the interval of an accuracy or a gap."""
    middle, above, below = (study[part(f"{what}{side}", method)] for side in ("", "_above", "_below"))
    return And(Lt(middle - below, value), Gt(middle + above, value))
