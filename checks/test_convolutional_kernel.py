"""The convolutional tangent kernel: its code layer by layer in balls, its symmetries, and finite nets beside it."""

from __future__ import annotations

import math
from dataclasses import replace

from simulators import convolutional_kernel_measured as measured
from simulators import convolutional_net_law as law
from simulators.convolutional_kernel_images import KINDS, ImagePair
from simulators.convolutional_net import ConvNets
from theorems.convolutional_kernel import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

SIZES = ((2, 2), (1, 1), (1, 2), (2, 3), (3, 1), (3, 3))
SCALES = (1.0, 1e-3, 30.0, 1e6)
NOT_PARALLEL = ("drawn", "drawn", "near", "bright", "positive", "flat")


def _pair(
    draw: Draw, kinds: tuple[str, ...], padding: str, deepest: int, filters: tuple[int, ...] = (3, 1)
) -> ImagePair:
    height, width = draw.choice(SIZES)
    return ImagePair(
        height,
        width,
        channels=draw.integer(1, 2),
        depth=draw.integer(1, deepest),
        filter=draw.choice(filters),
        padding=padding,
        kind=draw.choice(kinds),
        scale=draw.choice(SCALES),
        shift=(draw.integer(0, 2), draw.integer(0, 2)),
        seed=draw.seed(),
    )


def pairs(draw: Draw) -> ImagePair:
    """Pairs of images of up to nine pixels, nets of up to four layers: also equal, opposite, black and far larger ones."""
    return _pair(draw, KINDS, draw.choice(("zero", "circular")), 4)


def unlike_pairs(draw: Draw) -> ImagePair:
    """Pairs most of whose patches are not parallel, so that the closed form has an angle to speak of."""
    pair = _pair(draw, NOT_PARALLEL, draw.choice(("zero", "circular")), 4)
    return ImagePair(**{**vars(pair), "channels": 2})


def padded_pairs(draw: Draw) -> ImagePair:
    """The same with filters of up to five pixels."""
    return _pair(draw, KINDS, draw.choice(("zero", "circular")), 3, (3, 1, 5))


def circular_pairs(draw: Draw, *, circular: bool = True) -> ImagePair:
    """Circular padding.  Zero padding: filters of three pixels, which look outside of every image."""
    return _pair(draw, KINDS, "circular" if circular else "zero", 3, (3, 1, 5) if circular else (3,))


def _nets(
    draw: Draw, pooled: bool, kinds: tuple[str, ...], depths: tuple[int, int], widths: tuple[int, ...]
) -> ConvNets:
    height, width = draw.choice(SIZES[:4])
    pair = ImagePair(
        height,
        width,
        channels=draw.integer(1, 2),
        depth=draw.integer(*depths),
        padding=draw.choice(("circular", "zero")),
        kind=draw.choice(kinds),
        scale=draw.choice(SCALES[:3]),
        seed=draw.seed(),
    )
    return ConvNets(pair, draw.choice(widths), pooled, draw.seed())


def nets(draw: Draw, *, shallow: bool = True) -> ConvNets:
    """One hidden layer of 1 to 16 channels.  Deeper: few channels and opposite images.

    Not nearly opposite ones otherwise: of a kernel that is almost 0 no relative deviation can be seen.
    """
    if not shallow:
        return deep_nets(draw)
    return _nets(draw, draw.boolean(), ("same", "near", "double", "positive"), (1, 1), (1, 16, 4))


def deep_nets(draw: Draw) -> ConvNets:
    """Nets of two and three layers of one or two channels, on opposite images: few channels see both of them."""
    height, width = draw.choice(((1, 1), (1, 2), (2, 2)))
    padding = draw.choice(("zero", "circular"))
    pair = ImagePair(height, width, 1, draw.integer(2, 3), padding=padding, kind="opposite", seed=draw.seed())
    return ConvNets(pair, draw.integer(1, 2), draw.boolean(), draw.seed())


def self_nets(draw: Draw) -> ConvNets:
    """Nets without pooling, of one to three layers and any width."""
    return _nets(draw, False, ("drawn", "positive", "bright", "flat"), (1, 3), (8, 4))


def wide_nets(draw: Draw, *, wide: bool = True, open_together: bool = True) -> ConvNets:
    """Channels to be compared with 16 times as many: as few as are allowed, or twice that.

    Without ``wide``: 24 layers of four channels.  Without ``open_together``: nearly opposite pixels and eight channels.
    """
    if not wide:
        pair = ImagePair(1, 1, 1, 24, 1, kind="double", seed=0)
        return ConvNets(pair, 4, False, draw.seed())
    if not open_together:
        pair = ImagePair(1, 1, 2, 1, 1, kind="turned", seed=draw.integer(0, 99))
        return ConvNets(pair, 8, False, draw.seed())
    depth = draw.integer(1, 3)
    height, width = draw.choice(SIZES[:4])
    pair = ImagePair(
        height,
        width,
        draw.integer(1, 2),
        depth,
        draw.choice((1, 3) if depth == 1 else (1, 1, 1, 3) if depth == 2 else (1,)),
        draw.choice(("circular", "zero")),
        draw.choice(("drawn", "positive", "flat", "turned", "double")),
        draw.choice((1.0, 1e-3, 30.0, 1e-30, 1e30)),
        seed=draw.seed(),
    )
    share = float(law.together(pair).lower())
    most = 256 if depth == 1 else 12 if pair.filter == 1 else 8
    if share * most < 2:  # few channels are open at both: too many would be needed
        pair, share = replace(pair, kind="positive"), 0.25
    least = max(4 * depth, math.ceil(2 / share))
    factor = draw.choice((1, 2)) if depth == 1 else 1
    return ConvNets(pair, factor * least, draw.boolean(), draw.seed())


DIGITS = ImagePair(2, 2, 1, 1)
STEPS = Experiment(
    "layers", THEOREM, unlike_pairs, measured.observe_steps,
    examples=(ImagePair(2, 2, 1, 2), ImagePair(1, 1, 2, 3, seed=4)), search=10, bulk=300,
    only=("activation", "slope"),
)  # fmt: skip
TANGENTS = Experiment(
    "tangents",
    THEOREM,
    pairs,
    measured.observe_steps,
    examples=(ImagePair(2, 2, 1, 2),),
    search=6,
    bulk=200,
    only=("step",),
)
WINDOWS = Experiment(
    "windows", THEOREM, pairs, measured.observe_windows,
    examples=(ImagePair(3, 3, 1, 2), ImagePair(3, 3, 1, 2, padding="circular")), search=6, bulk=200,
)  # fmt: skip
TOTALS = Experiment(
    "totals", THEOREM, padded_pairs, measured.observe_values,
    examples=(DIGITS, ImagePair(2, 2, 1, 2)), search=3, bulk=60,
    only=("flatten", "pooling", "energy-lost", "diagonal-lost", "middle-layers", "exact-computation"),
)  # fmt: skip
SHIFTS = Experiment(
    "shifts", THEOREM, circular_pairs, measured.observe_values,
    examples=(ImagePair(2, 2, 1, 1, padding="circular"), ImagePair(2, 3, 2, 3, padding="circular", seed=3)),
    search=3, bulk=60, only=("shift-invariance", "average-over-shifts", "energy", "diagonal"),
)  # fmt: skip
NETS = Experiment("nets", THEOREM, nets, law.observe_mean, search=2, batch=4, bulk=8, only=("one-hidden-layer",))
DEEP = Experiment("deep-nets", THEOREM, deep_nets, law.observe_mean, search=0, bulk=4, only=("finite-nets-average",))
SELF = Experiment("self-pairs", THEOREM, self_nets, law.observe_self, search=1, batch=2, bulk=4, only=("self-pairs",))
WIDE = Experiment("widths", THEOREM, wide_nets, law.observe_rate, search=1, batch=2, bulk=3, only=("rate",))


class TestConvolutionalKernel(Audit):
    """The code in balls, its symmetries, and finite nets in three experiments."""

    experiments = [STEPS, TANGENTS, WINDOWS, TOTALS, SHIFTS, NETS, DEEP, SELF, WIDE]  # noqa: RUF012
