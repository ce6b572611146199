"""Small games of generators and discriminators, uniform mixtures of generators, and gradient play of two numbers."""

from __future__ import annotations

from dataclasses import replace

from simulators import zero_sum_contest, zero_sum_dynamics, zero_sum_mixtures
from simulators.zero_sum_contest import Contest
from simulators.zero_sum_dynamics import Play
from simulators.zero_sum_mixtures import Mixtures
from theorems.gan_equilibrium import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

SCORES = (1.0, 0.0, 0.5, 0.3, 0.9)
HOW = ("best", "single", "any")
PENNIES = Contest(((1.0, 0.0), (0.0, 1.0)), ((1, 0), (0, 1)), (1, 1))

IMAGES = range(4)
FOUR = Contest(
    tuple(tuple(float(x != y) for x in IMAGES) for y in IMAGES),
    tuple(tuple(int(x == y) for x in IMAGES) for y in IMAGES),
    (1, 1, 1, 1),
)


def discriminators(draw: Draw, images: int, most: int) -> tuple[tuple[float, ...], ...]:
    """Scores in [0, 1]: indicators of single images, or any."""
    if draw.boolean():
        return tuple(tuple(float(x == y) for y in range(images)) for x in range(min(images, most)))
    return tuple(tuple(draw.choice(SCORES) for _ in range(images)) for _ in range(draw.integer(1, most)))


def generators(draw: Draw, images: int) -> tuple[tuple[int, ...], ...]:
    """Point masses, or laws of small weights."""
    if draw.boolean():
        return tuple(tuple(int(x == y) for y in range(images)) for x in range(images))
    laws = [[draw.integer(0, 3) for _ in range(images)] for _ in range(draw.integer(1, 4))]
    return tuple((*law[:-1], law[-1] + (not any(law))) for law in laws)


def weights(draw: Draw, size: int, mixed: bool, options: tuple[str, ...] = HOW) -> tuple[int, ...]:
    """Weights of a mixture: a best one, a single strategy, or any."""
    how = draw.choice(options)
    if how == "best":
        return ()
    if how == "single" or not mixed:
        chosen = draw.integer(0, size - 1)
        return tuple(int(k == chosen) for k in range(size))
    some = [draw.integer(0, 4) for _ in range(size)]
    return (some[0] + (not any(some)), *some[1:])


def games(draw: Draw, *, mixed: bool = True, zero_sum: bool = True) -> Contest:
    """Two to five images, up to four strategies a side, any real law: mostly with an image that no generator has."""
    images = draw.integer(2, 4)
    real = tuple(draw.integer(0, 3) for _ in range(images))
    real = (real[0] + (not any(real)), *real[1:])
    scores, laws = discriminators(draw, images, 4), generators(draw, images)
    if draw.integer(0, 3):
        real, laws = (*real, draw.integer(1, 3)), tuple((*law, 0) for law in laws)
        scores = tuple((*d, draw.choice(SCORES)) for d in scores)
    played = weights(draw, len(laws), mixed), weights(draw, len(scores), mixed)
    charged = () if zero_sum else tuple(draw.decimal(0, 1, 1) for _ in laws[1:])
    beside = (draw.choice((1.0, 2.5)), *charged) if not zero_sum else ()
    return Contest(scores, laws, real, played, beside, mixed)


def won_games(draw: Draw, *, expressive: bool = True, symmetric: bool = True, mixed: bool = True) -> Contest:
    """The real law is a mixture of the generators, and each discriminator has its complement.

    Without the first, the real law has an image that no generator has; without the second, all score the first image 1.
    """
    images = draw.integer(2, 3)
    laws = (*generators(draw, images), (1, *[0] * (images - 1)))
    shares = [draw.integer(0, 2) for _ in laws]
    shares[0] += not any(shares)
    real = tuple(sum(c * law[x] for c, law in zip(shares, laws, strict=True)) for x in range(images))
    scores = discriminators(draw, images, 2)
    # one that tells an image from the others: where all scores are alike every pair is an equilibrium of payoff 0
    scores = (*scores[:1], tuple(float(x == images - 1) for x in range(images)))
    if not expressive:
        laws, real = tuple((*law, 0) for law in laws), (*real, draw.integer(1, 3))
        scores = tuple((*d, draw.choice(SCORES)) for d in scores)
    if symmetric:
        scores = (*scores, *(tuple(round(1 - x, 1) for x in d) for d in scores))
    else:
        scores = tuple((1.0, *d[1:]) for d in scores)
    played = weights(draw, len(laws), mixed, ("single", "single", "any", "best")), weights(draw, len(scores), mixed)
    return Contest(scores, laws, real, played, (), mixed)


def mixtures(draw: Draw) -> Mixtures:
    """Games, and uniform mixtures of 1 to 9 of their generators."""
    contest = replace(games(draw), played=((), ()))
    return Mixtures(contest, draw.integer(1, 9 if len(contest.generators) < 4 else 6))


def starts(draw: Draw) -> tuple[float, float]:
    """A start on an axis of the ellipse that steps in turns follow, or any other, near and far."""
    scale = draw.choice((1.0, 0.1, 5.0))
    if draw.boolean():
        return scale, draw.choice((1.0, -1.0)) * scale
    u = draw.decimal(-2, 2, 1)
    return u, draw.decimal(-2, 2, 1) if u else 1.0


def plays(draw: Draw, *, bilinear: bool = True, small_step: bool = True) -> Play:
    """Steps of all sizes below 2, many of them where a quarter or half a turn is a whole number of steps."""
    u, v = starts(draw)
    step, steps = draw.choice(((1.0, 3), (1.0, 4), (1.0, 8), (0.1, 16), (0.05, 31), (0.2, 8), (0.5, 3), (0.1, 31)))
    if draw.boolean():
        step, steps = draw.decimal(0.05, 1.9, 2), draw.integer(1, 12)
    if not small_step:
        step, steps = draw.choice((3.0, 2.5, 5.0)), draw.integer(1, 6)
    return Play(u, v, step, steps, 0.0 if bilinear else draw.choice((1.0, -0.5, 0.1)))


def regularised_plays(draw: Draw) -> Play:
    """Any regulariser, many of them just strong enough for the step."""
    u, v = starts(draw)
    curvature, critical = draw.choice(((1.0, 1.0), (0.5, 0.8), (2.0, 0.8), (3.0, 0.6), (0.0, 1.0), (-1.0, 1.0)))
    if draw.boolean():
        return Play(
            u, v, round(critical * draw.choice((1.0, 0.999, 1.001, 0.9, 0.5, 1.2)), 4), draw.integer(1, 6), curvature
        )
    return Play(u, v, draw.decimal(0.05, 1.9, 2), draw.integer(1, 12), draw.decimal(-1, 3, 1))


GAMES = Experiment(
    "games", THEOREM, games, zero_sum_contest.observe,
    examples=(
        PENNIES,
        replace(PENNIES, played=((1, 0), (1, 0))),
        replace(PENNIES, real=(1, 0)),
        Contest(((1.0, 0.0),), ((1, 1), (1, 0)), (1, 1), ((1, 0), (1,))),
    ),
    search=8, bulk=500,
    only=(
        "minimax", "between", "saddle", "pennies", "errors-add-up", "near-value", "equilibrium-of-one-wins",
        "equilibrium-of-both", "equilibrium-exists", "epsilon-each",
    ),
)  # fmt: skip
WON = Experiment(
    "won-games", THEOREM, won_games, zero_sum_contest.observe,
    examples=(PENNIES, replace(PENNIES, played=((1, 1), (1, 0)))),
    search=6, bulk=300, only=("wins", "generators-side", "equilibrium-of-one"),
)  # fmt: skip
MIXTURES = Experiment(
    "mixtures", THEOREM, mixtures, zero_sum_mixtures.observe,
    examples=(
        Mixtures(PENNIES, 1),
        Mixtures(FOUR, 1),
        Mixtures(PENNIES, 3),
        Mixtures(replace(PENNIES, discriminators=((0.5, 0.0), (0.0, 0.5))), 3),
    ),
    search=6, bulk=300,
)  # fmt: skip
PLAYS = Experiment(
    "plays", THEOREM, plays, zero_sum_dynamics.observe,
    examples=(Play(1.0, 1.0, 1.0, 3), Play(1.0, -1.0, 0.1, 16)),
    search=6, bulk=300,
    only=(
        "ellipse", "alternating-stays", "telescope", "means-converge", "means-at-once",
        "gradient-training-may-leave", "training-in-turns-may-stay-away", "means-of-training-may-stay-away",
    ),
)  # fmt: skip
REGULARISED = Experiment(
    "regularised-plays", THEOREM, regularised_plays, zero_sum_dynamics.observe,
    examples=(Play(1.0, 0.0, 1.0, 1), Play(1.0, 0.0, 0.8, 1, 0.5)),
    search=6, bulk=300,
    only=("simultaneous", "shrinks", "flow", "extragradient", "extragradient-converges"),
)  # fmt: skip


class TestGanEquilibrium(Audit):
    """Games of any kind and games that the generators win; mixtures of a few generators; two kinds of gradient play."""

    experiments = [GAMES, WON, MIXTURES, PLAYS, REGULARISED]  # noqa: RUF012
