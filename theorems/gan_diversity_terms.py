"""The quantities of generators of digits: memory, a generator's birthday test, and a sweep of discriminator sizes."""

from __future__ import annotations

from theorems.statement import observable

COUNT, POSITIVE, SHARE = "nonnegative integer", "positive integer", "probability"

n = observable("n", "number of real images", POSITIVE)
m = observable("m", "number of images that the generator shows", POSITIVE)
known = observable("known", "how many of them the discriminator knows by heart", COUNT, latex="c")
foreign = observable("foreign", "how many of them are not real images", COUNT, latex="f")
span = observable("span", "largest minus smallest value of the discriminator", "nonnegative", latex=r"\Delta")
advantage = observable(
    "advantage", "the discriminator's mean over generated images minus its mean over real ones", latex="a"
)
s = observable("s", "size of a batch", POSITIVE)
P_near = observable(
    "P_near", "probability that a batch holds two images within the radius", SHARE, latex=r"P_{\approx}"
)
kappa = observable("kappa", "probability that two images are within the radius", SHARE, latex=r"\kappa_r")
P_low = observable(
    "P_low", "lower end of the interval for that probability", "positive probability", latex=r"P_{\approx}^{-}"
)
support_low = observable(
    "support_low", "lower end of the interval of the effective support, from disjoint pairs", "positive", latex="S^{-}"
)
memorised = observable(
    "memorised", "effective support, at the radius, of showing every real image", "positive", latex="S_n"
)
real_support = observable(
    "real_support", "pairs of different real images, by those within the radius", "positive", latex="S_*"
)
copies = observable("copies", "generated images, of 4096, within the radius of a real one", COUNT, latex="C")
distance = observable(
    "distance", "median squared distance from a generated image to the nearest real one", COUNT, latex="d^2"
)
real_distance = observable(
    "real_distance", "median squared distance from a real image to the nearest other one", COUNT, latex="d_*^2"
)
support = observable(
    "support_median", "effective support at the radius: median over the seeds", "positive", latex=r"\bar S"
)
median_low = observable("support_median_low", "lower end of that median's interval", "positive", latex=r"\bar S^{-}")
median_high = observable("support_median_high", "upper end of that median's interval", "positive", latex=r"\bar S^{+}")
least = observable("least", "smallest effective support of a seed", "positive", latex=r"S_{\min}")
most = observable("most", "largest effective support of a seed", "positive", latex=r"S_{\max}")
blindest = observable(
    "blindest",
    "what the least seeing of the final discriminators tells apart by a threshold: upper end of its interval",
    latex="b",
)
later_low = observable(
    "later_low",
    "effective support after all steps by that after half, median over the seeds: lower end of its interval",
    "positive",
    latex="t^{-}",
)

SIZES = (2, 8, 32, 128)
FIRST, MIDDLE, LAST, WHOLE = (2, 8), (8, 32), (32, 128), (2, 128)


def _ends(name, words, latex):  # type: ignore[no-untyped-def]
    return {
        end: observable(f"{name}_{end}", f"{words}: {said} end of the median's interval", latex=latex + mark)
        for end, said, mark in (("low", "lower", "^{-}"), ("high", "upper", "^{+}"))
    }


growth = {
    pair: _ends(
        f"growth_{pair[0]}_{pair[1]}",
        f"exponent of the effective support against the size, from {pair[0]} to {pair[1]} hidden units",
        rf"e_{{{pair[0]},{pair[1]}}}",
    )
    for pair in (FIRST, MIDDLE, LAST, WHOLE)
}
bend = _ends("bend", "the first of these exponents minus the third, seed by seed", r"\Delta e")
