"""Near-duplicates on clusters of points with edges, on hubs and on atomless parts; bounds on counts of batches."""

from __future__ import annotations

from simulators import near_duplicates, near_duplicates_batches
from simulators.near_duplicates import Cluster, Edges, Generator
from simulators.near_duplicates_batches import Batches
from theorems.near_duplicates import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

COUNTS = (1, 2, 3, 10, 100, 1000, 100_000)
MARGINS = (0.0, 0.001, -0.001, 0.01, -0.01, 0.1, -0.1, 0.5, -0.5)
PATH: Edges = ((0, 1), (1, 2))


def edges_of(draw: Draw, size: int, *, transitive: bool) -> Edges:
    """Edges on so many points: cliques side by side, or a path, a star, a cycle, or any."""
    every = tuple((i, j) for j in range(size) for i in range(j))
    if transitive:
        at = [draw.integer(0, 1) for _ in range(size)]
        return tuple((i, j) for i, j in every if at[i] == at[j])
    shape = draw.choice(("path", "star", "cycle", "any", "none"))
    if shape == "path":
        return tuple((i, i + 1) for i in range(size - 1))
    if shape == "star":
        return tuple((0, j) for j in range(1, size))
    if shape == "cycle":
        return tuple(sorted({(i, i + 1) for i in range(size - 1)} | ({(0, size - 1)} if size > 2 else set())))
    return tuple(e for e in every if shape == "any" and draw.boolean())


def cluster(draw: Draw, *, transitive: bool) -> Cluster:
    """One to five points, alike or not, in one to many copies; the heuristic misses some of the near pairs."""
    size = draw.choice((1, 2, 3, 4, 5))
    weights = tuple(1 for _ in range(size)) if draw.boolean() else tuple(draw.integer(1, 9) for _ in range(size))
    near = edges_of(draw, size, transitive=transitive)
    missed = tuple(e for e in near if draw.boolean()) if draw.boolean() else ()
    return Cluster(weights, near, draw.choice(COUNTS), missed)


def samples(draw: Draw) -> int:
    """A sample size: two, a few, or more."""
    return draw.choice((2, 3, 1, 4, 5, draw.integer(6, 40)))


def _dependent(draw: Draw, law: Generator) -> Generator:
    """An urn: Pólya's, or without replacement."""
    law = Generator(law.clusters, law.s, 0, law.hub, margin=law.margin)
    if draw.boolean():
        return Generator(law.clusters, max(law.s, 2), 0, law.hub, 2, law.margin)
    return Generator(law.clusters, min(law.s, law.total), 0, law.hub, 0, law.margin)


def unlike(law: Generator) -> Generator:
    """The law with two lonely points more: an urn of one ball knows no dependence."""
    return Generator((*law.clusters, Cluster((1,), (), 2)), law.s, law.atomless, law.hub, law.returned, law.margin)


def generators(draw: Draw, *, independent: bool = True, verified: bool = True) -> Generator:
    """Any relation: one or two kinds of clusters, half of the time with an atomless part, at times with a hub."""
    parts = tuple(cluster(draw, transitive=draw.boolean()) for _ in range(draw.integer(1, 2)))
    if not verified:
        wrong = Cluster((1, 1), (), draw.choice((1, 2, 10)), (), ((0, 1),))
        parts = (wrong, *(Cluster(c.weights, c.near, c.count) for c in parts[1:]))
    total = sum(sum(c.weights) * c.count for c in parts)
    atomless = draw.choice((0, 1, 9, 10 * total))
    hub = draw.choice((0, 0, 1, 3))
    law = Generator(parts, samples(draw), atomless, hub, margin=draw.choice(MARGINS))
    if not verified:
        law = Generator(parts, max(law.s, 2), atomless, margin=law.margin)
    return law if independent else _dependent(draw, unlike(law))


def atomic(draw: Draw, *, independent: bool = True) -> Generator:
    """The same without an atomless part."""
    law = generators(draw)
    law = Generator(law.clusters, law.s, 0, law.hub, margin=law.margin)
    return law if independent else _dependent(draw, unlike(law))


def partitions(draw: Draw, *, independent: bool = True, transitive: bool = True) -> Generator:
    """Classes of near points; without transitivity, a hub or chains of three."""
    parts = tuple(cluster(draw, transitive=True) for _ in range(draw.integer(1, 2)))
    law = Generator(parts, samples(draw), draw.choice((0, 1, 9, 100)))
    if not transitive:
        if draw.boolean():
            law = Generator(parts, max(law.s, 3), 100 * law.total, law.total)
        else:
            law = Generator((Cluster((1, draw.integer(1, 9), 1), PATH), *parts), law.s, law.atomless)
    return law if independent else _dependent(draw, unlike(law))


def batches(draw: Draw, *, unrepeated: bool = True) -> Batches:
    """Probabilities at the critical points of either end, and plain ones."""
    repeats = 1 if unrepeated else draw.choice((2, 3, 5))
    number = draw.choice((1, 2, 3, 5, 10, 20, 30, 60)) * repeats
    beyond = draw.choice((0.0, 1e-9, 1e-6, 1e-3, 0.1))
    side, percent = draw.choice(("lower", "upper")), draw.choice((5.0, 2.5, 1.0, 0.05, 25.0))
    hits = draw.integer(1, number) if side == "lower" else draw.integer(0, number - 1)
    plain = draw.decimal(0, 1, 2) if draw.boolean() else 0.0
    return Batches(number, hits, side, beyond, percent, repeats, plain)


ANY_RELATION = (
    "pairs",
    "product",
    "effective-support",
    "at-least-pairs",
    "equal-are-near",
    "flagged",
    "flagged-effective-support",
    "distinct-images-corrected",
)
PLACED = ("packing", "distinct-images")
TALK = (
    "five-hundred-corrected",
    "one-thousand-corrected",
    "four-hundred-corrected",
    "table",
)


def equally_likely(draw: Draw) -> Generator:
    """As many samples as in the talk, from equally likely points in pairs that are near, about as many as its bounds."""
    size, most = draw.choice(((400, 115260), (500, 180142), (1000, 720959)))
    return Generator((Cluster((1, 1), ((0, 1),), most - draw.integer(0, 50)),), size)


def one_frequent(draw: Draw) -> Generator:
    """One point with half of the mass or more, beside more than s² others that are far apart."""
    size, light = draw.choice((500, 1000)), draw.integer(1_000_000, 2_000_000)
    return Generator((Cluster((light * draw.integer(1, 3),)), Cluster((1,), (), light)), size)


RELATIONS = Experiment(
    "relations", THEOREM, generators, near_duplicates.observe,
    examples=(
        Generator((Cluster((1, 1, 1), PATH),), 2),
        Generator((Cluster((1,), (), 1000),), 40, margin=-0.001),
        Generator((Cluster((1,), (), 365),), 23),
        Generator((Cluster((1,), (), 10),), 12, margin=-0.001),
        Generator((Cluster((1,), (), 1),), 3, 9),
        Generator((Cluster((1,), (), 1),), 1, 9),
        Generator((Cluster((1,), (), 1),), 4, 100, 10),
        Generator((Cluster((9, 1, 1), PATH, 7, ((0, 1),)),), 5),
    ),
    search=5, bulk=200, only=ANY_RELATION,
)  # fmt: skip
ATOMIC = Experiment(
    "atomic", THEOREM, atomic, near_duplicates.observe_packed,
    examples=(
        Generator((Cluster((1, 1, 1), PATH),), 2),
        Generator((Cluster((1,), (), 50),), 20),
        Generator((Cluster((100_000,)), Cluster((1,), (), 100_000)), 3),
    ),
    search=5, bulk=200, only=PLACED,
)  # fmt: skip
PARTITIONS = Experiment(
    "partitions", THEOREM, partitions, near_duplicates.observe,
    examples=(Generator((Cluster((1,)),), 3, 9), Generator((Cluster((1, 1), ((0, 1),)),), 20, 98)),
    search=4, bulk=150, only=("one-class",),
)  # fmt: skip
AT_HALF = Experiment(
    "at-half", THEOREM, equally_likely, near_duplicates.observe,
    examples=tuple(Generator((Cluster((1,), (), n),), size) for size, n in ((400, 115260), (500, 180142), (1000, 720959))),
    search=1, batch=2, bulk=4, only=TALK,
)  # fmt: skip
FREQUENT = Experiment(
    "one-frequent", THEOREM, one_frequent, near_duplicates.observe_packed,
    examples=tuple(Generator((Cluster((10**6,)), Cluster((1,), (), 10**6)), size) for size in (500, 1000)),
    search=1, batch=2, bulk=4, only=("five-hundred", "one-thousand"),
)  # fmt: skip
COUNTED = Experiment(
    "batches", THEOREM, batches, near_duplicates_batches.observe,
    examples=(Batches(60, 30, "lower", 1e-9), Batches(60, 30, "upper", 1e-9)),
    search=5, bulk=200, only=("coverage-below", "coverage-above"),
)  # fmt: skip


class TestNearDuplicates(Audit):
    """Exact laws in five experiments, exact coverage in one."""

    experiments = [RELATIONS, ATOMIC, PARTITIONS, AT_HALF, FREQUENT, COUNTED]  # noqa: RUF012
