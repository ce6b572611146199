"""Measure something of one's own, judge what is claimed of it, find the best constant: a notebook as a script."""

# %% [markdown]
# # A simulator of one's own: how many images does a generator show?
#
# A generator that has learnt N images by heart is asked for s samples.  How many different images does one see?  Folklore: "about
# s - s²/2N".  We measure it exactly, judge the folklore, and ask for the best constant.

# %%
from dataclasses import dataclass, replace

from flint import fmpq

from theorem_audit import (
    Claim,
    Draw,
    Experiment,
    Measurements,
    Source,
    Theorem,
    audit,
    balls,
    identify,
    integers,
    observable,
    parse,
    simulator,
    tightness,
)

# %% [markdown]
# ## What happens
#
# An instance is a frozen dataclass of plain values.  The simulator knows no formula: it follows the law of the number of images
# seen so far, sample by sample, in rational numbers, so that its error bars are 0.


# %%
@dataclass(frozen=True)
class Memoriser:
    """A generator that shows each of ``images`` images equally often, asked for ``samples`` samples."""

    images: int
    samples: int


def images_seen(instance: Memoriser) -> fmpq:
    """The expected number of different images among the samples."""
    law = {0: fmpq(1)}
    for _ in range(instance.samples):
        step: dict[int, fmpq] = {}
        for seen, chance in law.items():
            for now, share in ((seen, fmpq(seen, instance.images)), (seen + 1, 1 - fmpq(seen, instance.images))):
                step[now] = step.get(now, fmpq(0)) + chance * share
        law = {seen: chance for seen, chance in step.items() if chance}
    return sum((seen * chance for seen, chance in law.items()), fmpq(0))


@simulator("N s seen", limited_by="exact")
def observe(batch: tuple[Memoriser, ...], *, delta: float, effort: int = 0, device: object) -> Measurements:
    """Columns: the number of images N and of samples s, and the expected number of different images seen."""
    return Measurements(
        {
            "N": integers([i.images for i in batch]),
            "s": integers([i.samples for i in batch]),
            "seen": balls([images_seen(i) for i in batch]),
        },
        range(len(batch)),
    )


# %% [markdown]
# ## What is claimed

# %%
N = observable("N", "number of images known by heart", domain="positive integer")
s = observable("s", "number of samples", domain="positive integer")
seen = observable("seen", "expected number of different images among the samples", domain="nonnegative")
names = (N, s, seen)

THEOREM = Theorem(
    name="images-seen",
    title="How many images a generator shows that knows N by heart",
    claims=(
        Claim(
            "law", parse("seen = N*(1 - (1 - 1/N)**s)", names), words="Each image is missed with chance (1 - 1/N)^s."
        ),
        Claim(
            "bound", parse("seen >= s - s*(s-1)/(2*N)", names), "bound", "Bonferroni.", tight_at="at most two samples"
        ),
    ),
    sources=(Source("Folklore", 2017, "Samples with replacement"),),
)


def memorisers(draw: Draw) -> Memoriser:
    """Few images and few samples are where formulas differ."""
    return Memoriser(draw.integer(1, 40), draw.integer(1, 12))


SAMPLED = Experiment("sampled", THEOREM, memorisers, observe, (Memoriser(1, 1), Memoriser(2, 2)), search=10, bulk=200)

# %% [markdown]
# ## Do they agree?

# %%
for claim in THEOREM.claims:
    verdict = audit(claim, SAMPLED)
    print(verdict, end="\n\n")
    assert verdict.kind == "SURVIVED"

# %% [markdown]
# As an equation the folklore is false, and a single sample shows it.

# %%
folklore = Claim("folklore", parse("seen = s - s**2/(2*N)", names))
verdict = audit(folklore, SAMPLED)
print(verdict)
assert verdict.kind == "REFUTED"
assert verdict.certified

# %% [markdown]
# ## The best constant
#
# For which c is seen ≥ s - c s(s-1)/N on every instance?  Two samples decide: with c = 1/2 the bound is attained there.

# %%
bound = replace(THEOREM.claim("bound"), name="best", relation=parse("seen >= s - c*s*(s-1)/N", names, ("c",)))
found = identify(bound, ("c",), ((0, 10),), SAMPLED)
print(found)
assert found.kind == "BOUNDED"
assert abs(found.outer[0][0] - 0.5) < 1e-6

# %%
attained = tightness(THEOREM.claim("bound"), SAMPLED)
print(attained)
assert attained.kind == "attained"
