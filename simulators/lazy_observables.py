"""What is measured of two-layer nets along their training: against the linear flow of a fixed kernel, and their drift."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np
import torch

from .balls import UNIT, gamma
from .infinite_width import tangent_kernel_ball
from .lazy_flow import Path, paths
from .lazy_net import BEND, SLOPE, LazyNet
from .measurement import Measurement, Measurements, integers, reals, simulator

Ball = tuple[float, float]
ORDER = 16
"""Of Taylor's method for linear flows."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A symmetric matrix known up to a Frobenius radius: eigenvalues, eigenvectors and what both are worth.

    ``error`` bounds the distance of Q diag(values) Qᵀ from the matrix, ``skew`` that of QᵀQ from the identity.
    """

    values: np.ndarray
    vectors: np.ndarray
    error: float
    skew: float

    @property
    def least(self) -> Ball:
        """The smallest eigenvalue."""
        return float(self.values[0]), self.error + 2 * self.skew * float(np.abs(self.values).max())

    @property
    def norm(self) -> Ball:
        """The spectral norm."""
        largest = float(np.abs(self.values).max())
        return largest, self.error + 2 * self.skew * largest

    @property
    def below(self) -> float:
        """How far below 0 an eigenvalue of a positive semidefinite matrix may seem to lie."""
        least, error = self.least
        return max(0.0, -least) + error

    def along(self, vector: np.ndarray, rad: float) -> Ball:
        """The component of a vector along the first eigenvector."""
        return float(self.vectors[:, 0] @ vector), rad + (4 * len(vector) * UNIT + self.skew) * float(
            np.linalg.norm(vector)
        )


def linear_flow(mid: np.ndarray, rad: float, below: float, first: np.ndarray, time: float) -> tuple[np.ndarray, float]:
    """q(t) of q' = -M q, q(0) = ``first``, and a Euclidean radius, for a positive semidefinite M within ``rad`` of ``mid``.

    Equal steps of Taylor's method, two to some power of them, so that the map of a step is squared again and again.
    ``below``: no eigenvalue of ``mid`` is below minus that.
    """
    n = len(first)
    whole = time * float(np.linalg.norm(mid))
    squarings = max(0, int(np.ceil(np.log2(2 * whole)))) if whole > 0.5 else 0
    step, eye = -mid * (time / 2**squarings), np.eye(n)
    done = eye
    for k in reversed(range(1, ORDER + 1)):
        done = eye + step @ done / k
    grown = float(np.exp(time * (below + rad)))
    # |step| ≤ ½: what the series leaves out, and Horner's rule, whose partial sums are at most 2
    error = 2 * 0.5 ** (ORDER + 1) / factorial(ORDER + 1) + 8 * (n + 4) * UNIT
    for _ in range(squarings):
        size = float(np.linalg.norm(done))
        error = ((2 * grown + error) * error + gamma(n) * size**2) * (1 + 1e-12)
        done = done @ done
    lost = time * rad * grown + error + gamma(n) * float(np.linalg.norm(done))
    return done @ first, float(np.linalg.norm(first)) * lost * (1 + 1e-12)


def spectrum(mid: np.ndarray, rad: float) -> Spectrum:
    """The spectrum of a symmetric matrix, its error checked afterwards."""
    n = len(mid)
    values, vectors = np.linalg.eigh((mid + mid.T) / 2)
    size = float(np.linalg.norm(mid))
    error = float(np.linalg.norm(mid - vectors * values @ vectors.T)) + 8 * n * UNIT * size + rad
    skew = float(np.linalg.norm(vectors.T @ vectors - np.eye(n))) + 8 * n * UNIT
    return Spectrum(values, vectors, error, skew)


def _reference(path: Path, k: int) -> tuple[np.ndarray, float]:
    """The kernel that the net is compared with, and a Frobenius radius."""
    net = path.nets[k]
    n = net.points
    if net.reference == "initial":
        return path.kernel[0, k, :n, :n].cpu().numpy(), float(path.kernel_rad[0, k])
    if net.reference == "constant":
        return net.level * np.eye(n), 0.0
    points = path.flow.inputs[k, :, :n].mT
    mid, rad = tangent_kernel_ball(points, points, 1, "erf", points.device)
    return mid.cpu().numpy(), float(torch.linalg.matrix_norm(rad)) * (1 + 1e-12)


def _compared(path: Path, k: int) -> dict[str, Ball]:
    net, n = path.nets[k], path.nets[k].points
    mid, rad = _reference(path, k)
    own = spectrum(mid, rad)
    labels, wide = path.flow.labels[k, :n].cpu().numpy(), n**0.5 * (1 + 1e-12)
    outputs, bars = path.outputs[:, k, :n].cpu().numpy(), path.outputs_rad[:, k].cpu().numpy() * wide
    first, last = outputs[0] - labels, outputs[-1] - labels
    bars = bars + 4 * UNIT * (np.linalg.norm(outputs, axis=1) + np.linalg.norm(labels))
    linear, its_rad = linear_flow(mid, rad, own.below, first, net.time)
    gap = last - linear
    off = float(np.linalg.norm(mid @ own.vectors[:, 0] - own.values[0] * own.vectors[:, 0])) + own.error
    begins, its_bar = own.along(first, 0.0)
    ends_at, end_bar = own.along(linear, its_rad + net.time * off * float(np.linalg.norm(first)))
    kernels, kernel_rad = path.kernel[:, k, :n, :n].cpu().numpy(), path.kernel_rad[:, k].cpu().numpy()
    distance = [spectrum(h - mid, float(r) + rad).norm for h, r in zip(kernels, kernel_rad, strict=True)]
    ends = np.array([d + r for d, r in distance])
    low = max(d - r for d, r in distance)
    high = float((np.maximum(ends[:-1], ends[1:]) + path.between[:, k].cpu().numpy()).max())
    low = max(low, 0.0)
    return {
        "gap": (float(np.linalg.norm(gap)), (bars[-1] + its_rad + bars[0]) * (1 + 1e-12)),
        "away": ((high + low) / 2, (high - low) / 2 * (1 + 1e-12) + 1e-300),
        "lam": own.least,
        "begins": (begins, its_bar),
        "ends": (ends_at, end_bar),
        "r_0": (float(np.linalg.norm(first)), bars[0]),
        "r_t": (float(np.linalg.norm(last)), bars[-1]),
        **_circumstances(path, k),
    }


def _circumstances(path: Path, k: int) -> dict[str, Ball]:
    net = path.nets[k]
    return {
        "t": (net.time, 0.0),
        "decay": (net.decay, 0.0),
        "slope_gap": (float(path.slope_gap[k]), float(path.outputs_rad[0, k]) if net.loss == "logistic" else 0.0),
        "speed": (float(net.width) if net.mean_field else 1.0, 0.0),
    }


def _drifted(path: Path, k: int) -> dict[str, Ball]:
    net = path.nets[k]
    change = (path.kernel[-1, k] - path.kernel[0, k]).cpu().numpy()
    rad = float(path.kernel_rad[-1, k] + path.kernel_rad[0, k])
    inputs = path.flow.inputs[k].cpu().numpy()
    square, spread = spectrum(inputs.T @ inputs, 8 * inputs.shape[0] * UNIT * net.points * net.norm**2).norm
    wide = square**0.5
    first = (path.outputs[0, k] - path.flow.labels[k])[: net.points].cpu().numpy()
    return {
        "drift": spectrum(change, rad).norm,
        "X_norm": (wide, spread / (2 * wide) + 4 * UNIT * wide),
        "rho": (net.norm, 8 * UNIT * net.norm),
        "r_0": (float(np.linalg.norm(first)), float(path.outputs_rad[0, k]) * net.points**0.5 + 1e-15),
        "loss_0": (float(path.loss[0, k]), float(path.loss_rad[0, k])),
        "loss_t": (float(path.loss[-1, k]), float(path.loss_rad[-1, k])),
        "steepest": (SLOPE[net.activation], 0.0),
        "sharpest": (BEND[net.activation], 0.0),
        **_circumstances(path, k),
    }


Rows = dict[int, dict[str, Ball]]
MEASURES = {"compared": (_compared, 0), "drifted": (_drifted, 1)}
"""What is measured of a path, and at how many times after the start it is looked at (0: at as many as its grid has)."""


def _rows(batch: tuple[LazyNet, ...], effort: int, device: torch.device, what: str) -> Rows:
    measure, looks = MEASURES[what]
    found: Rows = {}
    for path in paths(batch, effort=effort, device=device, looks=looks):
        for k, element in enumerate(path.elements):
            found[element] = measure(path, k)
    if effort == 0:
        return found
    # More steps narrow what a step cannot see, and add rounding: of two balls around one truth the narrower is kept.
    before = _rows(batch, effort - 1, device, what)
    return {
        element: {name: min(ball, before.get(element, row)[name], key=_radius) for name, ball in row.items()}
        for element, row in found.items()
    }


def _radius(ball: Ball) -> float:
    return ball[1]


@lru_cache(maxsize=4096)
def _alone(net: LazyNet, effort: int, device: str, what: str) -> Rows:
    """One net, remembered: the search for the simplest counterexample asks for the same nets again and again."""
    return _rows((net,), effort, torch.device(device), what)


def _table(batch: tuple[LazyNet, ...], effort: int, device: torch.device, what: str, names: str) -> Measurements:
    many = len(batch) > 1
    rows = _rows(batch, effort, device, what) if many else _alone(batch[0], effort, str(device), what)
    order = sorted(rows)
    table: dict[str, Measurement] = {}
    for name in names.split():
        if name == "m":
            table[name] = integers(batch[e].width for e in order)
        else:
            # the bars of an integrated path rest on an embedded error estimate, which is no proof
            table[name] = reals([rows[e][name][0] for e in order], [rows[e][name][1] for e in order], proved=False)
    return Measurements(table, np.array(order))


_COMPARED = "gap away lam begins ends r_0 r_t t decay slope_gap speed"
_DRIFTED = "drift X_norm rho r_0 m t loss_0 loss_t steepest sharpest decay slope_gap speed"


@simulator(_COMPARED, limited_by="discretisation")
def observe_comparison(
    batch: tuple[LazyNet, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """A net beside the linear flow of a fixed kernel: their distance, and how far the net's kernel was from it."""
    return _table(batch, effort, device, "compared", _COMPARED)


@simulator(_DRIFTED, limited_by="discretisation")
def observe_drift(batch: tuple[LazyNet, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """How far the kernel of a net has drifted from its start."""
    return _table(batch, effort, device, "drifted", _DRIFTED)
