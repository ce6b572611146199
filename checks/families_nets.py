"""Small nets with one hidden layer, written down neuron by neuron: shared by the theorems that take any net."""

from __future__ import annotations

from simulators.interpolation_given import Given

from .engine.draw import Draw


def neurons(draw: Draw, count: int, inputs: int, biased: bool = True) -> Given:
    """Neurons with small decimal weights, no neuron without input weights."""
    found = []
    for _ in range(count):
        weights = [draw.decimal(-2, 2, 1) for _ in range(inputs)]
        weights[0] = weights[0] if any(weights) else 1.0
        found.append((tuple(weights), draw.decimal(-2, 2, 1) if biased else 0.0, draw.decimal(-2, 2, 1)))
    return tuple(found)
