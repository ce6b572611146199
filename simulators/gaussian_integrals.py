"""Gaussian expectations enclosed by rigorous integration in balls: what a layer is, with no closed form in sight.

E σ(u) σ(v) is an integral over u of σ(u) times the mean of σ(v) given u, which for ReLU and erf is elementary.  So one
integral is left, which `flint` encloses; its far tail is bounded by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import torch
from flint import acb, arb, ctx, fmpq

from .infinite_width import layer_balls
from .kernel_layers_precisely import angle, chain, constant, root
from .kernel_points import Points, exact_traits, inner, trait_columns
from .measurement import Measurement, MeasurementError, Measurements, balls, reals, simulator

BITS = 64
"""Precision of the enclosures that a float measurement rounds to float64."""
Function = Callable[[Any], Any]


def _reach(bits: int) -> int:
    """Where the tail is cut: exp(-R²/2) (R + 3) is below 2^-bits there."""
    return math.ceil(math.sqrt(2 * math.log(2) * (bits + 16)))


def _density(z: Any) -> Any:
    return (-z * z / 2).exp() / (2 * arb.pi()).sqrt()


def _below(w: Any) -> Any:
    """P(standard normal < w)."""
    return (1 + (w / arb(2).sqrt()).erf()) / 2


def integral(function: Function, tail: arb, bits: int) -> arb:
    """∫_0^∞ φ(z) f(z) dz, where |f(z)| ≤ ``tail`` (1 + z²) beyond the cut."""
    reach = _reach(bits)
    inside = acb.integral(lambda z, _: _density(z) * function(z), 0, reach).real
    # ∫_R^∞ φ (1 + z²) = R φ(R) + 2 Q(R) ≤ (R + 2/R) φ(R)
    beyond = tail * (reach + arb(2) / reach) * _density(arb(reach))
    return inside + arb(0, beyond.upper())


def product(name: str, a: arb, b: arb, t: arb, bits: int) -> tuple[arb, arb]:
    """E σ(u) σ(v) and E σ'(u) σ'(v) for deviations a and b at angle t; ReLU or erf.

    Raises `MeasurementError` for another activation.
    """
    cos, sin = t.cos(), t.sin()
    if name == "relu":
        return _relu(a, b, cos, sin, bits)
    if name != "erf":
        raise MeasurementError(f"activation {name!r}", "relu or erf, whose inner integral is elementary")
    width = (1 + 2 * (b * sin) ** 2).sqrt()
    slope = b * cos / width
    value = 2 * integral(lambda z: (a * z).erf() * (slope * z).erf(), arb(1), bits)
    four = 4 / arb.pi() / width
    return value, 2 * integral(lambda z: four * (-((a * z) ** 2) - (slope * z) ** 2).exp(), four, bits)


def _relu(a: arb, b: arb, cos: arb, sin: arb, bits: int) -> tuple[arb, arb]:
    if sin.contains(0):
        # parallel or opposite: v = ±(b/a) u
        same = cos > 0
        square = integral(lambda z: z * z, arb(1), bits) if same else arb(0)
        half = integral(lambda z: 1 + 0 * z, arb(1), bits) if same else arb(0)
        return a * b * square, half
    value = integral(
        lambda z: z * (cos * z * _below(cos * z / sin) + sin * _density(cos * z / sin)), abs(cos) + sin, bits
    )
    return a * b * value, integral(lambda z: _below(cos * z / sin), arb(1), bits)


def _rows(instance: Points, bits: int) -> list[dict[str, Any]]:
    """The first layer of each pair i < j of inputs."""
    points = instance.exact()
    c = constant(instance)
    found = []
    for i, j in combinations(range(len(points)), 2):
        xx, yy, xy = (inner(points[p], points[q]) for p, q in ((i, i), (j, j), (i, j)))
        a, b, t = root(xx), root(yy), angle(xx, yy, xy)
        value, slope = product(instance.activation, a, b, t, bits)
        found.append({"S_xx": xx, "S_yy": yy, "S_xy": xy, "a": a, "b": b, "t": t, "c": c, "E_ss": value, "E_dd": slope})
    return found


def _table(instance: Points, rows: list[dict[str, Any]]) -> dict[str, Measurement]:
    return {name: balls([row[name] for row in rows]) for name in rows[0]}


def observe_precisely(instance: Points, bits: int) -> Measurements:
    """What `observe` measures, in balls of ``bits`` bits."""
    with ctx.workprec(bits + 32):
        table = _table(instance, _rows(instance, bits))
        pairs = [chain(instance, i, j)[1] for i, j in combinations(range(len(instance.rows)), 2)]
        table |= {"S_next": balls(p.xy for p in pairs), "S_dot": balls(p.slope for p in pairs)}
        table |= exact_traits(instance, len(pairs), ("from_relu", "from_erf"))
    return Measurements(table, np.zeros(len(pairs)), {"pair": np.arange(len(pairs))})


@simulator(
    "S_xx S_yy S_xy a b t c E_ss E_dd S_next S_dot from_relu from_erf",
    limited_by="rounding",
    precisely=observe_precisely,
)
def observe(batch: tuple[Points, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """The first layer: expectations E σ(u)σ(v) and E σ'(u)σ'(v) by integration, and the fast code's S_next and S_dot.

    Inputs that are not 0.  Rows: element, pair.
    """
    rows: list[dict[str, Any]] = []
    element: list[int] = []
    pair: list[int] = []
    fast: dict[str, list[np.ndarray]] = {"S_next": [], "S_dot": []}
    for e, instance in enumerate(batch):
        with ctx.workprec(BITS + 32):
            found = _rows(instance, BITS)
        rows += found
        element += [e] * len(found)
        pair += range(len(found))
        mid, rad = layer_balls(torch.as_tensor(instance.array(), device=device), None, 1, instance.kind)
        count = len(instance.rows)
        upper = torch.triu_indices(count, count, offset=1, device=device).unbind(0)
        for name, part in (("S_next", "sigma"), ("S_dot", "sigma_dot")):
            fast[name].append(torch.stack([getattr(x, part)[1][upper] for x in (mid, rad)]).cpu().numpy())
    table = {name: rounded([row[name] for row in rows]) for name in rows[0]}
    table |= {name: reals(*np.concatenate(parts, 1)) for name, parts in fast.items()}
    place = np.array(element)
    return Measurements(table | trait_columns(batch, place, ("from_relu", "from_erf")), place, {"pair": np.array(pair)})


def rounded(values: list[Any]) -> Measurement:
    """Balls and rationals as float64, the rounding in the radius."""
    mids, radii = [], []
    for value in values:
        ball = arb(value)
        mid = float(ball.mid())
        mids.append(mid)
        radii.append(float((ball - arb(mid)).abs_upper()) * (1 + 2.0**-40))
    return reals(np.array(mids), np.array(radii))


PROPER: dict[str, tuple[Function, Function]] = {
    "relu": (lambda z: z, lambda z: 0 * z),
    "leaky_relu": (lambda z: z, lambda z: -z * fmpq(1, 10)),
    "erf": (lambda z: z.erf(), lambda z: -z.erf()),
    "tanh": (lambda z: z.tanh(), lambda z: -z.tanh()),
    "sin": (lambda z: z.sin(), lambda z: -z.sin()),
}
"""σ(z) and σ(-z) for z > 0 of the activations whose moments are enclosed; all obey |σ(z)| ≤ 1.2 |z|."""


def moments(name: str, deviation: arb, bits: int) -> tuple[arb, arb]:
    """E σ(u) and E σ(u)² for u of a given deviation."""
    above, below = PROPER[name]
    bound = 2 * deviation, 3 * deviation**2
    mean = integral(lambda z: above(deviation * z) + below(deviation * z), 2 * bound[0], bits)
    square = integral(lambda z: above(deviation * z) ** 2 + below(deviation * z) ** 2, 2 * bound[1], bits)
    return mean, square
