"""Instances of deep linear nets whose singular value decomposition is known by construction.

W_j = Q_j diag(s) Q_{j-1}ᵀ with orthogonal frames Q_j, so that W = W_N … W_1 = Q_N diag(±s^N) Q_0ᵀ is balanced.
Each frame is the product of two Householder reflections I - 2vvᵀ/vᵀv along small integer vectors: an exactly
rational matrix, the same object in float64 (with a bound) and in exact arithmetic.  Seed 0 has identity frames,
target 0 and every entry observed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from .streams import octets

Positions = tuple[tuple[int, ...], ...]
LOSSES = ("completion", "sensing", "logistic", "huber")
SENSORS = 6


@dataclass(frozen=True)
class DeepLinear:
    """One net at one moment, with its loss.

    ``factor_values``: the singular values s_r >= 0 of every factor, min(rows, cols) of them; the end-to-end
    singular values are ``signs[r]`` * s_r^depth.  ``extra``: hidden width beyond min(rows, cols).
    ``loss``: one of `LOSSES`, on the end-to-end matrix W with data from the seed: *completion*
    ½Σ_Ω (W - B)², *sensing* ½Σ_k (⟨A_k, W⟩ - b_k)², *logistic* Σ_Ω log(1 + exp(-y W)), *huber* Σ_Ω h(W - B)
    with h' = clip to [-1, 1].
    ``gauge`` > 0 unbalances two neighbouring factors, W_{j+1} T⁻¹ and T W_j, without changing W.
    ``step`` > 0: the factors make one step of gradient descent of that size, and rates are increments over
    ``step``.  ``decay``: weight decay.
    """

    depth: int
    rows: int
    cols: int
    factor_values: tuple[float, ...]
    signs: tuple[int, ...]
    extra: int = 0
    loss: str = "completion"
    seed: int = 0
    gauge: float = 0.0
    step: float = 0.0
    decay: float = 0.0

    def __post_init__(self) -> None:
        rank = min(self.rows, self.cols)
        if self.depth < 1 or rank < 1 or self.extra < 0:
            raise ValueError(
                f"got depth {self.depth}, shape {self.rows}x{self.cols}, extra {self.extra}; expected at least 1, 1x1, 0"
            )
        if not len(self.factor_values) == len(self.signs) == rank:
            raise ValueError(
                f"got {len(self.factor_values)} factor_values and {len(self.signs)} signs; "
                f"expected {rank} each, one for each singular value of a {self.rows}x{self.cols} matrix"
            )
        if min(self.factor_values) < 0 or not set(self.signs) <= {-1, 1}:
            raise ValueError(f"got {self}; expected factor_values >= 0 (put a minus into signs) and signs of 1 or -1")
        if self.loss not in LOSSES:
            raise ValueError(f"got loss {self.loss!r}; expected one of {', '.join(LOSSES)}")
        if min(self.gauge, self.step, self.decay) < 0 or (self.gauge and self.depth == 1):
            raise ValueError(f"got {self}; expected gauge, step, decay >= 0, and depth of at least 2 with a gauge")

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Dimensions n_0, …, n_N: input, hidden, output."""
        hidden = min(self.rows, self.cols) + self.extra
        return (self.cols, *([hidden] * (self.depth - 1)), self.rows)

    @property
    def gauge_layer(self) -> int:
        """The hidden layer whose two factors a gauge unbalances."""
        return 1 + self.seed % (self.depth - 1) if self.depth > 1 else 0

    @cached_property
    def span(self) -> int:
        """Width of the layout that the random data are read from, so that smaller nets get leading parts."""
        return 10 * -(-max(self.widths) // 10)


@dataclass(frozen=True, eq=False)
class Data:
    """Integer data of nets of one depth and span, zero-padded to width n: leading axis the net.

    ``widths`` (B, depth + 1); ``octets``: what the seeds give; ``plain`` (B,): seed 0.
    """

    widths: np.ndarray
    gauge_layers: np.ndarray
    octets: Mapping[str, np.ndarray]
    plain: np.ndarray

    @cached_property
    def inside(self) -> np.ndarray:
        """1 within a layer's width, (B, depth + 1, n)."""
        return (np.arange(self.widths.max()) < self.widths[:, :, None]).astype(np.int64)

    @cached_property
    def _block(self) -> np.ndarray:
        return self.inside[:, -1, :, None] * self.inside[:, 0, None, :]

    def _seeded(self, name: str, canonical: Any, values: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        octets, n = self.octets[name], self.inside.shape[-1]
        octets = octets[..., :n] if name in ("reflections", "gauge") else octets[..., :n, :n]
        return np.where(self.plain.reshape(-1, *([1] * (octets.ndim - 1))), canonical, values(octets.astype(np.int64)))

    @cached_property
    def reflections(self) -> np.ndarray:
        """Pairs of vectors (B, depth + 1, 2, n) that make the frames."""
        return self._seeded("reflections", 0, lambda b: b % 7 - 3) * self.inside[:, :, None, :]

    @cached_property
    def gauge(self) -> np.ndarray:
        """The direction (B, n) along which a gauge acts twice as much."""
        inside = self.inside[np.arange(len(self.plain)), self.gauge_layers]
        return self._seeded("gauge", 0, lambda b: b % 7 - 3) * inside

    @cached_property
    def target(self) -> np.ndarray:
        """Eighths of B (B, n, n)."""
        return self._seeded("target", 0, lambda b: b % 33 - 16) * self._block

    @cached_property
    def labels(self) -> np.ndarray:
        """y = ±1 (B, n, n)."""
        return self._seeded("target", 1, lambda b: 2 * (b % 2) - 1) * self._block

    @cached_property
    def observed(self) -> np.ndarray:
        """Ω as 0 and 1 (B, n, n)."""
        return self._seeded("observed", 1, lambda b: (b < 160).astype(np.int64)) * self._block

    @cached_property
    def sensors(self) -> np.ndarray:
        """A_k of entries -1, 0, 1 (B, SENSORS, n, n); for seed 0 the first entries of the matrix."""
        n = self.inside.shape[-1]
        flat = np.arange(n)[:, None] * self.widths[:, :1, None] + np.arange(n)
        units = (flat[:, None] == np.arange(SENSORS)[:, None, None]).astype(np.int64)
        return self._seeded("sensors", units, lambda b: b % 3 - 1) * self._block[:, None]

    @cached_property
    def readings(self) -> np.ndarray:
        """Eighths of b_k (B, SENSORS)."""
        return np.where(self.plain[:, None], 0, self.octets["readings"].astype(np.int64) % 33 - 16)


def data_of(nets: Sequence[DeepLinear]) -> Data:
    """The random data of nets that share depth and span, from their seeds."""
    depth, span, count = nets[0].depth, nets[0].span, len(nets)
    shapes = {
        "reflections": (depth + 1, 2, span), "gauge": (span,), "target": (span, span), "observed": (span, span),
        "sensors": (SENSORS, span, span), "readings": (SENSORS,),
    }  # fmt: skip
    ends = np.cumsum([math.prod(shape) for shape in shapes.values()])
    seeded = b"".join(octets(int(ends[-1]), "deep linear", net.seed, depth, span) for net in nets)
    pieces = np.split(np.frombuffer(seeded, dtype=np.uint8).reshape(count, -1), ends[:-1], axis=1)
    named = {name: piece.reshape(count, *shapes[name]) for name, piece in zip(shapes, pieces, strict=True)}
    return Data(
        np.array([net.widths for net in nets]),
        np.array([net.gauge_layer for net in nets]),
        named,
        np.array([net.seed == 0 for net in nets]),
    )


# The rows that observers report for a net, in one place for the float64 and the exact tier.


@cache
def singular_positions(net_shape: tuple[int, ...]) -> Positions:
    """(r,) for every singular value; ``net_shape`` are the widths."""
    return tuple((r,) for r in range(min(net_shape[0], net_shape[-1])))


@cache
def entry_positions(net_shape: tuple[int, ...]) -> Positions:
    """(r, s) for every left and every right singular direction, the complements included."""
    return tuple((r, s) for r in range(net_shape[-1]) for s in range(net_shape[0]))


@cache
def pair_positions(net_shape: tuple[int, ...]) -> Positions:
    """(r, s) with r < s among the singular values."""
    rank = min(net_shape[0], net_shape[-1])
    return tuple((r, s) for r in range(rank) for s in range(r + 1, rank))


@cache
def complement_positions(net_shape: tuple[int, ...]) -> Positions:
    """(q, s) with q a left direction outside the range, or (r, q) with q a right direction outside the row space."""
    rank = min(net_shape[0], net_shape[-1])
    return tuple(p for p in entry_positions(net_shape) if max(p) >= rank)


@cache
def balance_positions(net_shape: tuple[int, ...]) -> Positions:
    """(layer, p, q) with p <= q: entries of the symmetric W_{j+1}ᵀ W_{j+1} - W_j W_jᵀ at hidden layer j."""
    return tuple(
        (layer, p, q)
        for layer in range(1, len(net_shape) - 1)
        for p in range(net_shape[layer])
        for q in range(p, net_shape[layer])
    )
