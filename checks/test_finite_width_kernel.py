"""Kernels of finite nets at initialisation: exact laws from millions of units, and the rate from medians of two widths."""

from __future__ import annotations

from math import prod

from simulators import kernel_statistics
from simulators.wide_net import TwoWidths, WideNet
from theorems.finite_width_kernel import THEOREM

from .engine.draw import Draw
from .engine.experiment import Audit, Experiment

Points = tuple[tuple[float, float], ...]

ANGLES = (0, 60, 30, 90, 45, 150, 135, 180)
NORMS = (1.0, 2.0, 0.5, 10.0, 0.001)
UNITS = 1_000_000
"""Hidden units of an instance of one hidden layer, all nets together."""
OTHER_UNITS = 256_000
"""The same of activations other than ReLU, whose means are claimed and no closed forms."""
MANY_UNITS = 8 * UNITS
"""The same of one instance in sixteen."""
OTHER_SCALINGS = ("standard", "mean-field")
RARE = (("relu", 1.0, 179.0), ("erf", 100.0, 0.0))
"""Activation, norm and angle of pairs whose kernel rests on units that most nets of 32 lack."""
NEARLY_RARE = {
    1: (("relu", 1.0, 140.0), ("erf", 4.9, 0.0), ("erf", 2.7, 60.0), ("leaky_relu", 1.0, 152.0)),
    2: (("relu", 1.0, 162.0), ("erf", 10.0, 0.0), ("erf", 3.7, 60.0)),
    3: (("relu", 1.0, 168.0), ("erf", 15.0, 0.0), ("erf", 4.4, 60.0)),
}
"""The same, by depth L, of a kurtosis between 3.6 m and 3.9 m at m = 32 L."""
UNIT_PAIR: Points = ((1.0, 0.0), (1.0, 60.0))
UNIT_POINT: Points = ((1.0, 0.0),)


def pair(draw: Draw, angles: tuple[int, ...] = ANGLES, norms: tuple[float, ...] = NORMS) -> Points:
    """Two points of the plane, one of them zero in one of 24 pairs."""
    second = 0.0 if draw.integer(0, 23) == 23 else draw.choice(norms)
    return (draw.choice(norms), 0.0), (second, float(draw.choice(angles)))


def few(draw: Draw) -> int:
    """A seed of few: where an assumption is dropped, a search for the least of 2^16 would cost more than it shows."""
    return draw.integer(0, 7)


def shallow(
    draw: Draw,
    *,
    one_hidden_layer: bool = True,
    ntk_parameterisation: bool = True,
    relu_activation: bool = True,
) -> WideNet:
    """One hidden ReLU layer of 1 to 64 units at two points.

    Deeper: narrow nets at 60, 120 or 180 degrees, where the mean is far from H*.  Without ReLU: erf, away from unit
    norms, where both kernels are close.
    """
    if not one_hidden_layer:
        angle, width = draw.choice((180.0, 120.0, 60.0)), draw.choice((1, 2, 4))
        return WideNet(((1.0, 0.0), (1.0, angle)), (width, 4 * width), 200_000, seed=few(draw))
    if not ntk_parameterisation:
        scaling, width = draw.choice(OTHER_SCALINGS), draw.choice((8, 64))
        return WideNet(UNIT_PAIR, (width,), 20_000, parameterisation=scaling, seed=few(draw))
    width = draw.choice((1, 4, 2, 16, 64))
    if not relu_activation:
        points = pair(draw, (0, 60, 30, 150), (2.0, 0.5))
        return WideNet(points, (width,), 200_000 // width, "erf", seed=few(draw))
    if draw.integer(0, 15) == 15:
        return WideNet(pair(draw), (16,), MANY_UNITS // 16, seed=draw.seed())
    return WideNet(pair(draw), (width,), UNITS // width, seed=draw.seed())


def means(draw: Draw, *, ntk_parameterisation: bool = True, relu_activation: bool = True) -> WideNet:
    """`shallow` nets."""
    return shallow(draw, ntk_parameterisation=ntk_parameterisation, relu_activation=relu_activation)


def depths(draw: Draw, *, one_hidden_layer: bool = True) -> WideNet:
    """`shallow` nets, or deeper ones; or one hidden layer of another activation."""
    if one_hidden_layer and (activation := draw.choice(("relu", "leaky_relu", "erf"))) != "relu":
        width = draw.choice((1, 4, 2, 16, 64))
        return WideNet(pair(draw, norms=(1.0, 2.0, 0.5)), (width,), OTHER_UNITS // width, activation, seed=draw.seed())
    return shallow(draw, one_hidden_layer=one_hidden_layer)


def deep(draw: Draw, *, ntk_parameterisation: bool = True, relu_activation: bool = True) -> WideNet:
    """ReLU nets of one to four hidden layers of two widths at one point, with more nets where tails are heavier."""
    below, above = draw.choice((4, 16, 2, 8, 64, 1)), draw.choice((8, 16, 64))
    lower = draw.integer(1, 2) if below >= 8 else 1
    upper = draw.integer(0, 2) if below >= 4 else draw.integer(0, 1) * (below == 2)
    widths = (below,) * lower + (above,) * upper
    norm = draw.choice(NORMS)
    nets = round(12_000 * prod(1 + 25 / m for m in widths))
    if not ntk_parameterisation:
        scaling, nets = draw.choice(OTHER_SCALINGS), 20_000
        return WideNet(((norm, 0.0),), (16,) * lower, nets, parameterisation=scaling, seed=few(draw))
    if not relu_activation:
        return WideNet(((2.0, 0.0),), (16,) * lower, 100_000, "erf", seed=few(draw))
    return WideNet(((norm, 0.0),), widths, min(nets, 250_000), seed=draw.seed())


def last_widths(draw: Draw, *, ntk_parameterisation: bool = True, same_lower_widths: bool = True) -> TwoWidths:
    """Nets of two or three hidden layers that differ in the width of the last.  Else: also, or only, in the first."""
    if not same_lower_widths:
        return TwoWidths(((1.0, 0.0), (1.0, 180.0)), (1, 16), (8, 16), 200_000, seed=few(draw))
    if not ntk_parameterisation:
        scaling = draw.choice(OTHER_SCALINGS)
        return TwoWidths(UNIT_PAIR, (4, 4), (4, 64), 40_000, parameterisation=scaling, seed=few(draw))
    last, other = draw.choice((1, 2, 4)), draw.choice((8, 16))
    if draw.integer(0, 3) == 3:
        points: Points = ((0.5, 0.0), (0.5, draw.choice((60.0, 0.0, 30.0))))
        return TwoWidths(points, (8, last), (8, min(other, 8)), 200_000, "erf", seed=draw.seed())
    points, lower = pair(draw, (60, 0, 30, 45)), draw.choice((4, 8))
    below = (lower,) * draw.integer(1, 2)
    return TwoWidths(points, (*below, last), (*below, other), 60_000 * len(below), seed=draw.seed())


def widths(
    draw: Draw, *, ntk_parameterisation: bool = True, wide: bool = True, no_rare_units: bool = True
) -> TwoWidths:
    """Nets of one to three hidden layers at width m = 32 L and 64 m; one in four has nearly the largest kurtosis.

    Not wide: 20 layers of 4 units, and of 256.  Rare units: kurtoses of some 70 m.
    """
    if not wide:
        return TwoWidths(UNIT_POINT * 2, (4,) * 20, (256,) * 20, 400, seed=few(draw))
    if not ntk_parameterisation:
        scaling = draw.choice(OTHER_SCALINGS)
        return TwoWidths(UNIT_PAIR, (32,), (2048,), 200, parameterisation=scaling, seed=few(draw))
    if not no_rare_units:
        return _alike(*draw.choice(RARE), (32,), 3200, few(draw))
    depth = draw.choice((1, 2, 1, 3))
    narrow = (32 * depth,) * depth
    if draw.integer(0, 3) == 3:
        return _alike(*draw.choice(NEARLY_RARE[depth]), narrow, 800, draw.seed())
    activation = draw.choice(("relu", "erf"))
    points = pair(draw, (60, 0, 30, 90, 45, 120), (1.0, 0.5, 2.0))
    return TwoWidths(points, narrow, tuple(64 * m for m in narrow), 800, activation, seed=draw.seed())


def _alike(activation: str, norm: float, angle: float, narrow: tuple[int, ...], nets: int, seed: int) -> TwoWidths:
    """Two points of one norm."""
    points = ((norm, 0.0), (norm, angle))
    return TwoWidths(points, narrow, tuple(64 * m for m in narrow), nets, activation, seed=seed)


SHARP = WideNet(UNIT_POINT * 2, (16,), 800_000)
"""1.3·10⁷ units: tells H* from 1.01 H*."""
SPREAD = WideNet(UNIT_POINT * 2, (4,), 4_000_000)
"""Tells V from 1.02 V."""

MEANS = Experiment(
    "means", THEOREM, means, kernel_statistics.observe_mean,
    examples=(WideNet(UNIT_PAIR, (1,), 100_000), SHARP), search=1, batch=6, bulk=16, chunk=16,
)  # fmt: skip
DEPTHS = Experiment(
    "depths", THEOREM, depths, kernel_statistics.observe_mean,
    search=1, batch=2, bulk=4, only=("mean", "expected-kernel"),
)  # fmt: skip
VARIANCES = Experiment(
    "variances", THEOREM, means, kernel_statistics.observe_deviation,
    examples=(WideNet(UNIT_PAIR, (1,), 100_000), SPREAD), search=1, batch=6, bulk=16, chunk=16,
)  # fmt: skip
DEEP = Experiment(
    "deep", THEOREM, deep, kernel_statistics.observe_deep,
    examples=(WideNet(UNIT_POINT, (4,), 100_000),), search=1, batch=6, bulk=16, chunk=16,
)  # fmt: skip
LAST_WIDTHS = Experiment(
    "last-widths", THEOREM, last_widths, kernel_statistics.observe_last_width,
    examples=(TwoWidths(UNIT_PAIR, (4, 1), (4, 16), 100_000),), search=1, batch=3, bulk=4, chunk=8,
)  # fmt: skip
WIDTHS = Experiment(
    "widths", THEOREM, widths, kernel_statistics.observe_rate,
    examples=(TwoWidths(UNIT_PAIR, (32,), (2048,), 800),), search=1, batch=3, bulk=5, chunk=8,
)  # fmt: skip


class TestFiniteWidthKernel(Audit):
    """Exact laws in five experiments, the rate in one."""

    experiments = [MEANS, DEPTHS, VARIANCES, DEEP, LAST_WIDTHS, WIDTHS]  # noqa: RUF012
