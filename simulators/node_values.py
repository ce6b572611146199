"""Node values of wide nets at initialisation, layer by layer: their expected sum of squares and their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from flint import arb, ctx, fmpq

from .gaussian_integrals import BITS, moments, rounded
from .kernel_layers_precisely import root
from .kernel_points import Points, exact_traits, inner, trait_columns
from .measurement import Measurement, Measurements, balls, simulator


@dataclass(frozen=True)
class Signal:
    """An input through hidden layers of ``widths`` nodes each.

    x is ``entries`` times 2 to the ``power``, or those divided by their length where ``unit``.  ``factor`` times c_σ is the
    constant c of every layer.
    """

    entries: tuple[int, ...]
    widths: tuple[int, ...]
    activation: str = "relu"
    factor: int = 1
    power: int = 0
    unit: bool = False


def _layers(instance: Signal, bits: int) -> list[dict[str, Any]]:
    """One row for each step from a layer to the next: the input, hidden layers, the output."""
    scale = fmpq(2) ** instance.power
    entries = [fmpq(v) * scale for v in instance.entries]
    square, total = inner(entries, entries), sum(entries, fmpq(0))
    here: Any = arb(1) if instance.unit else arb(square)
    mean = arb(total) / len(entries) / (root(square) if instance.unit else 1)
    _, normal = moments(instance.activation, arb(1), bits)
    c = instance.factor / normal
    rows = []
    for width in instance.widths:
        first, second = moments(instance.activation, root(here), bits)
        after = (c * second, (c / width).sqrt() * first)
        rows.append((here, mean, *after))
        here, mean = after
    # The output is one node, a centred Gaussian of the last variance.
    rows.append((here, mean, here, arb(0)))
    names = ("square_here", "mean_here", "square_next", "mean_next")
    shared = {"normalised": c * normal, "square": fmpq(1) if instance.unit else square}
    return [dict(zip(names, row, strict=True)) | shared for row in rows]


def _table(instance: Signal, bits: int) -> list[dict[str, Any]]:
    with ctx.workprec(bits + 32):
        return _layers(instance, bits)


def observe_precisely(instance: Signal, bits: int) -> Measurements:
    """What `observe` measures, in balls of ``bits`` bits."""
    rows = _table(instance, bits)
    table: dict[str, Measurement] = {name: balls([row[name] for row in rows]) for name in rows[0]}
    table |= exact_traits(_points(instance), len(rows), ("from_homogeneous",))
    return Measurements(table, np.zeros(len(rows)), {"layer": np.arange(len(rows))})


def _points(instance: Signal) -> Points:
    return Points((instance.entries,), activation=instance.activation)


@simulator(
    "square_here mean_here square_next mean_next normalised square from_homogeneous",
    limited_by="rounding",
    precisely=observe_precisely,
)
def observe(batch: tuple[Signal, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """E |x^(h)|² and the mean of E x_i^(h) over the nodes of a layer, and of the next.  Rows: element, layer.

    x^(h) = √(c/d_h) σ(W^h x^(h-1)) are the node values of layer h in the limit of wide layers before it; the output is
    W^(L+1) x^(L).  ``normalised`` is c E σ(z)², ``square`` |x|².  Integrals in balls: no tensor is made.
    """
    torch.empty(0, device=device)  # a device that is absent is an error here too
    tables = [_table(instance, BITS) for instance in batch]
    rows = [row for table in tables for row in table]
    element = np.array([e for e, table in enumerate(tables) for _ in table])
    layer = np.array([h for table in tables for h in range(len(table))])
    columns = {name: rounded([row[name] for row in rows]) for name in rows[0]}
    columns |= trait_columns(tuple(_points(i) for i in batch), element, ("from_homogeneous",))
    return Measurements(columns, element, {"layer": layer})
