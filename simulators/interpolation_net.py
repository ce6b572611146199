"""Nets with one hidden layer in exact rationals: values, derivatives, a rescaled neuron, a least squares fit.

Numbers are read as the decimals that they print as (0.1 is 1/10), so that no output, rank or distance has an error bar.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import flint

from .measurement import MeasurementError

Vector = tuple[Any, ...]
ZERO, ONE = flint.fmpq(0), flint.fmpq(1)


def rational(value: float, observable: str = "", element: int | None = None) -> Any:
    """A decimal as a flint rational.  Raises `MeasurementError` for NaN and infinity."""
    if not math.isfinite(value):
        raise MeasurementError(f"{value}", "a finite decimal", observable, element)
    return flint.fmpq(*Fraction(repr(float(value))).as_integer_ratio())


def rationals(values: Iterable[float], observable: str = "", element: int | None = None) -> Vector:
    """A tuple of decimals as flint rationals."""
    return tuple(rational(value, observable, element) for value in values)


def dot(left: Iterable[Any], right: Iterable[Any]) -> Any:
    """The inner product of two rational vectors of one length."""
    return sum((a * b for a, b in zip(left, right, strict=True)), ZERO)


@dataclass(frozen=True)
class Neuron:
    """a σ(w · x + b): ``weights`` w (d,), ``bias`` b, ``output`` a, all rational."""

    weights: Vector
    bias: Any
    output: Any

    def argument(self, x: Vector) -> Any:
        """w · x + b."""
        return dot(self.weights, x) + self.bias


@dataclass(frozen=True)
class Net:
    """f(x) = offset + Σ_r a_r max(w_r · x + b_r, 0)^degree.

    ``offset`` is None where the output has no bias; ``biased`` says whether the hidden biases are parameters.
    """

    neurons: tuple[Neuron, ...]
    offset: Any = None
    degree: int = 1
    biased: bool = True

    def features(self, x: Vector) -> list[Any]:
        """What each hidden neuron hands to the output, and 1 for the output bias where there is one."""
        values = [max(neuron.argument(x), ZERO) ** self.degree for neuron in self.neurons]
        return values if self.offset is None else [*values, ONE]

    def value(self, x: Vector) -> Any:
        """f(x)."""
        return dot(self.features(x), self.outputs)

    @property
    def outputs(self) -> list[Any]:
        """The weights of the output layer, its bias last."""
        found = [neuron.output for neuron in self.neurons]
        return found if self.offset is None else [*found, self.offset]

    def with_outputs(self, outputs: Sequence[Any]) -> Net:
        """The same hidden layer under another output layer."""
        neurons = (replace(neuron, output=a) for neuron, a in zip(self.neurons, outputs, strict=False))
        return replace(self, neurons=tuple(neurons), offset=None if self.offset is None else outputs[-1])

    def gradient(self, x: Vector) -> list[Any]:
        """The derivative of f(x) by every parameter; at a kink that of its flat side."""
        out: list[Any] = []
        for neuron in self.neurons:
            z = neuron.argument(x)
            slope = neuron.output * self.degree * z ** (self.degree - 1) if z > 0 else ZERO
            out += [slope * entry for entry in x]
            out += [slope] if self.biased else []
        return out + self.features(x)

    def rescaled(self, number: int, scale: Any) -> Net:
        """The net with (w, b, a) of one neuron replaced by (scale w, scale b, a / scale)."""
        old = self.neurons[number]
        new = Neuron(tuple(scale * w for w in old.weights), scale * old.bias, old.output / scale)
        return replace(self, neurons=(*self.neurons[:number], new, *self.neurons[number + 1 :]))


def hidden_distance(one: Net, other: Net) -> Any:
    """The largest change of a hidden weight or bias."""
    return max(
        abs(p - q)
        for a, b in zip(one.neurons, other.neurons, strict=True)
        for p, q in zip((*a.weights, a.bias), (*b.weights, b.bias), strict=True)
    )


def matrix(rows: Sequence[Sequence[Any]]) -> Any:
    """A rational matrix from its rows."""
    return flint.fmpq_mat(len(rows), len(rows[0]), [entry for row in rows for entry in row])


def column(values: Sequence[Any]) -> Any:
    """A rational matrix of one column."""
    return flint.fmpq_mat(len(values), 1, list(values))


def solution(system: Any, right: Any) -> list[Any]:
    """One solution of a consistent linear system, zero in its free unknowns.

    ``system`` (k, l), ``right`` (k, 1).  Raises `MeasurementError` where there is no solution.
    """
    k, unknowns = system.nrows(), system.ncols()
    whole = flint.fmpq_mat(
        k, unknowns + 1, [x for i in range(k) for x in (*(system[i, j] for j in range(unknowns)), right[i, 0])]
    )
    reduced, rank = whole.rref()
    found = [ZERO] * unknowns
    for row in range(rank):
        pivot = next(j for j in range(unknowns + 1) if reduced[row, j] != 0)
        if pivot == unknowns:
            raise MeasurementError("a linear system without a solution", "a consistent one")
        found[pivot] = reduced[row, unknowns]
    return found


def least_squares(system: Any, right: Any) -> list[Any]:
    """A vector that brings ``system`` times it nearest to ``right``: a solution of the normal equations."""
    turned = system.transpose()
    return solution(turned * system, turned * right)


def generic_projection(points: Sequence[Vector]) -> tuple[Vector, list[Any]]:
    """A direction (1, s, s², …), s = 1, 2, …, along which different points have different projections, and these.

    Two different points agree for at most d - 1 values of s: their difference is a polynomial in s.
    """
    different = len(set(points))
    s = 0
    while True:
        s += 1
        direction = tuple(flint.fmpq(s) ** k for k in range(len(points[0])))
        projections = [dot(direction, point) for point in points]
        if len(set(projections)) == different:
            return direction, projections
