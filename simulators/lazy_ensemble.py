"""Many two-layer nets of two widths, trained on the same data: how far they end from what infinite width promises.

f(x) = √(c/m) Σ_r a_r σ(w_r·x).  Medians over independent nets, at width m and at `RATIO` m, as intervals of order
statistics; the error of the integration is in every net's own number before it is ranked.  The largest change of a
kernel is a supremum over time: what may happen between two looks is in its bar (`lazy_suprema`).

Trained outputs are compared with what infinite width promises, and the distance is what is reported: e^(-tH*)(u_0 - y)
for the early outputs, f_0 + k_x H*⁺(y - u_0) and k_x H*⁺ y for the last ones.  So these formulas are computed here, from
`Limit`; a claim says that the distance vanishes.  The tests put wrong limits in `Limit`, for which it must not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import pi, sqrt

import numpy as np
import torch
from torch import Tensor

from .infinite_width import tangent_kernel_ball
from .intervals import median
from .lazy_observables import spectrum
from .lazy_suprema import Supremum, closed_by_chords, closed_by_lengths
from .measurement import MeasurementError, Measurements, booleans, integers, reals, simulator
from .streams import normals

RATIO = 16
DIMENSION = 4
WORK = torch.float32
"""Integration; kernels and residuals are formed in float64."""
PARAMETERISATIONS = ("ntk", "mean-field", "standard")
INPUTS = {
    "orthogonal": ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0)),
    "oblique": ((1.0, 0.0, 0.0, 0.0), (0.28, 0.96, 0.0, 0.0)),
    "parallel": ((1.0, 0.0, 0.0, 0.0), (2.0, 0.0, 0.0, 0.0)),
}
TESTED = tuple(
    tuple(v / sqrt(sum(c * c for c in row)) for v in row)
    for row in ((1, 1, 0, 0), (1, -1, 0, 0), (0, 0, 1, 0), (-1, 1, 1, 0), (1, 0, 0, 1), (0, -1, 0, 1))
)
"""Inputs of norm 1 at which trained nets are asked."""
LABELS = (1.0, -1.0)
SQUARED = {"relu": 0.5, "erf": 2 / pi * float(np.arcsin(2 / 3))}
"""E σ(z)² of a standard normal z, which is 1/c."""
HORIZON = 8.0
"""Training ends at this many times 1/λ, λ the smallest positive eigenvalue of H*."""
STEP = 0.5
"""Coarse step in units of 1/λ_max(H*); the fine one is half of it."""
NULL = 1e-9
"""Eigenvalues below this share of the largest one are those of a singular kernel."""


@dataclass(frozen=True)
class Ensemble:
    """``nets`` nets of ``width`` and of `RATIO` times that width, on two inputs with the labels 1 and -1.

    ``cancelled``: half of the units copy the others with the opposite a_r, so that f is 0 at the start.
    """

    width: int = 32
    nets: int = 256
    activation: str = "erf"
    inputs: str = "orthogonal"
    parameterisation: str = "ntk"
    cancelled: bool = True
    loss: str = "square"
    decay: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for what, value, known in (
            ("activation", self.activation, tuple(SQUARED)),
            ("inputs", self.inputs, tuple(INPUTS)),
            ("parameterisation", self.parameterisation, PARAMETERISATIONS),
            ("loss", self.loss, ("square", "logistic")),
        ):
            if value not in known:
                raise MeasurementError(f"{what} {value!r}", f"one of {', '.join(known)}; choose one")
        if self.width < 2 or self.width % 2:
            raise MeasurementError(f"width {self.width}", "an even number: units come in pairs where f starts at 0")


@dataclass(frozen=True, eq=False)
class Limit:
    """What infinite width promises: H* on the inputs, k_x for every tested input, its extreme eigenvalues and null space.

    ``least``: the smallest positive eigenvalue; ``outside``: the projection on the null space.
    """

    kernel: np.ndarray
    across: np.ndarray
    largest: float
    least: float
    positive: bool | None
    outside: np.ndarray

    @property
    def horizon(self) -> float:
        """The end of training."""
        return HORIZON / self.least


def limit(ensemble: Ensemble) -> Limit:
    """H* of the instance's inputs; whether it is positive definite (None: cannot be told)."""
    x, tested = (np.array(rows) for rows in (INPUTS[ensemble.inputs], TESTED))
    mid, rad = tangent_kernel_ball(x, x, 1, ensemble.activation)
    across, _ = tangent_kernel_ball(tested, x, 1, ensemble.activation)
    own = spectrum(mid.numpy(), float(torch.linalg.matrix_norm(rad)))
    least, error = own.least
    proportional = ensemble.inputs == "parallel" and ensemble.activation == "relu"
    positive = False if proportional else (True if least > error else None)
    null = own.values <= NULL * own.values[-1]
    outside = own.vectors[:, null] @ own.vectors[:, null].T
    return Limit(mid.numpy(), across.numpy(), float(own.values[-1]), float(own.values[~null][0]), positive, outside)


class Nets:
    """Nets of one width in training: states (3, nets, m) hold w_r·x_1, w_r·x_2 and a_r.

    The gradient of w_r lies in the span of the inputs, so that these coordinates move by themselves: ż_i is a sum over
    x_i·x_j.  Only what lies outside the span (and shrinks by weight decay alone) is needed to ask other inputs.
    """

    def __init__(self, ensemble: Ensemble, width: int, count: int, device: torch.device) -> None:
        self.ensemble, self.width = ensemble, width
        c = 1 / SQUARED[ensemble.activation]
        mean_field = ensemble.parameterisation == "mean-field"
        self.scale = sqrt(c) / width if mean_field else sqrt(c / width)
        rate = float(width) if mean_field else 1.0
        self.rates = (rate / width if ensemble.parameterisation == "standard" else rate, rate)
        x, tested = np.array(INPUTS[ensemble.inputs]), np.array(TESTED)
        self.gram = x @ x.T
        self.labels = torch.tensor(LABELS, dtype=WORK, device=device)[:, None]
        if ensemble.loss == "logistic":
            self.labels = (self.labels > 0).to(WORK)
        self.onto = tested @ x.T @ np.linalg.pinv(self.gram)
        shape = (DIMENSION + 1, count, width // 2 if ensemble.cancelled else width)
        drawn = normals(shape, "ensemble", ensemble.seed, ensemble.activation, shape, device=device, dtype=WORK)
        if ensemble.cancelled:
            twin = drawn.clone()
            twin[-1].neg_()
            drawn = torch.cat([drawn, twin], dim=2)
        self.start = torch.cat([self._seen(x, drawn[:-1]), drawn[-1:]])
        self.asked = self._seen(tested, drawn[:-1])
        self.outside = self.asked - self._seen(self.onto, self.start[:2])

    @staticmethod
    def _seen(rows: np.ndarray, vectors: Tensor) -> Tensor:
        """Every row times the vectors (d, nets, m)."""
        made = torch.tensor(rows, dtype=vectors.dtype, device=vectors.device)
        return (made @ vectors.reshape(len(vectors), -1)).view(len(rows), *vectors.shape[1:])

    def activate(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """σ(z) and σ'(z)."""
        if self.ensemble.activation == "relu":
            return z.clamp_min(0.0), (z > 0).to(z.dtype)
        return torch.erf(z), (z * z).neg_().exp_().mul_(2 / sqrt(pi))

    def outputs(self, z: Tensor, outer: Tensor) -> Tensor:
        """(inputs, nets), from pre-activations (inputs, nets, m) and a (nets, m)."""
        return self.scale * (self.activate(z)[0] * outer).sum(-1)

    def asked_at(self, state: Tensor, time: float) -> Tensor:
        """Outputs (tested, nets) on the tested inputs."""
        outside = self.outside * float(np.exp(-self.ensemble.decay * time))
        return self.outputs(self._seen(self.onto, state[:2]) + outside, state[2])

    def kernel(self, state: Tensor) -> Tensor:
        """(nets, 2, 2) in float64."""
        value, slope = self.activate(state[:2].to(torch.float64))
        tangent = slope * state[2].to(torch.float64)
        first, second = self.rates
        gram = torch.tensor(self.gram, dtype=torch.float64, device=state.device)
        features, tangents = value.transpose(0, 1), tangent.transpose(0, 1)
        return self.scale**2 * (second * (features @ features.mT) + first * gram * (tangents @ tangents.mT))

    def parts(self, state: Tensor) -> Tensor:
        """What each unit adds to the entries (1, 1), (2, 2) and √2 times (1, 2) of the kernel: (6, nets, m).

        First by way of a_r, then by way of w_r.  Their changes over a step add up to the way that the kernel went, but for
        units that turn back within it: an estimate, which the tests compare with sixteen times as many looks.
        """
        value, slope = self.activate(state[:2])
        tangent = slope * state[2]
        found, root = [], sqrt(2)
        for rate, gram, v in ((self.rates[1], np.ones((2, 2)), value), (self.rates[0], self.gram, tangent)):
            for i, j, weight in ((0, 0, 1.0), (1, 1, 1.0), (0, 1, root)):
                found.append(self.scale**2 * rate * weight * float(gram[i, j]) * v[i] * v[j])
        return torch.stack(found)

    def velocity(self, state: Tensor) -> Tensor:
        """-η ∇L - λ θ."""
        value, slope = self.activate(state[:2])
        outputs = self.scale * (value * state[2]).sum(-1)
        logistic = self.ensemble.loss == "logistic"
        push = (-self.scale) * ((torch.sigmoid(outputs) if logistic else outputs) - self.labels)
        pull = slope.mul_(state[2]).mul_((self.rates[0] * push)[..., None])
        out = torch.empty_like(state)
        for i in (0, 1):
            torch.mul(pull[0], float(self.gram[i, 0]), out=out[i])
            out[i].add_(pull[1], alpha=float(self.gram[i, 1]))
        torch.sum(value.mul_((self.rates[1] * push)[..., None]), 0, out=out[2])
        return out.sub_(state, alpha=self.ensemble.decay) if self.ensemble.decay else out

    def path(self, horizon: float, steps: int, every: int) -> Iterator[Tensor]:
        """States along Runge and Kutta's method of order 4, after every ``every`` steps."""
        state, h = self.start, horizon / steps
        for step in range(1, steps + 1):
            one = self.velocity(state)
            two = self.velocity(torch.add(state, one, alpha=h / 2))
            three = self.velocity(torch.add(state, two, alpha=h / 2))
            four = self.velocity(torch.add(state, three, alpha=h))
            state = torch.add(state, one.add_(two.add_(three), alpha=2).add_(four), alpha=h / 6)
            if step % every == 0:
                yield state


def _norm(values: Tensor) -> Tensor:
    return torch.linalg.vector_norm(values, dim=tuple(range(1, values.dim())))


@dataclass(frozen=True, eq=False)
class Trained:
    """One integration: a number a net for each observable, and for those of `SUPREMA` what was seen along the path."""

    numbers: dict[str, Tensor]
    suprema: dict[str, Supremum]


def trained(nets: Nets, given: Limit, steps: int, every: int) -> Trained:
    """One integration of ``steps`` steps, each of them looked at; the early outputs are those after ``every``."""
    device = nets.start.device

    def made(values: np.ndarray) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float64, device=device)

    kernel, across, labels = made(given.kernel), made(given.across), nets.labels[:, 0].to(torch.float64)
    first_kernel = nets.kernel(nets.start)
    outputs = nets.outputs(nets.start[:2], nets.start[2]).to(torch.float64).mT
    asked = nets.outputs(nets.asked, nets.start[2]).to(torch.float64).mT
    residual = outputs - labels
    early = torch.zeros_like(residual[:, 0])
    values, vectors = torch.linalg.eigh(kernel)
    clock = given.horizon * every / steps
    state, kernels, lengths = nets.start, [first_kernel], []
    kinked = nets.ensemble.activation == "relu"
    before = nets.parts(state) if kinked else None
    for k, state in enumerate(nets.path(given.horizon, steps, 1), start=1):
        kernels.append(nets.kernel(state))
        if before is not None:
            now = nets.parts(state)
            lengths.append((now - before).abs_().sum((0, 2), dtype=torch.float64))
            before = now
        if k == every:  # e^(-tH*)(u_0 - y), by the eigenvectors of H*
            left = (residual @ vectors * torch.exp(-clock * values)) @ vectors.mT
            early = _norm(nets.outputs(state[:2], state[2]).to(torch.float64).mT - labels - left)
    last = nets.outputs(state[:2], state[2]).to(torch.float64).mT
    final = nets.asked_at(state, given.horizon).to(torch.float64).mT
    # ℓ₂ regression of least norm: the eigenvalues of a singular kernel that are 0 have no part in it
    inverse = torch.where(values > NULL * values[-1], 1 / values.clamp_min(NULL), torch.zeros_like(values))
    fitted = vectors * inverse @ vectors.mT @ across.mT
    path = torch.stack(kernels)
    suprema = {
        name: closed_by_lengths(path - fixed, torch.stack(lengths)) if kinked else closed_by_chords(path - fixed)
        for name, fixed in (("drift", first_kernel), ("away", kernel))
    }
    numbers = {
        "early": early,
        "plain": _norm(final - labels @ fitted),
        "corrected": _norm(final - asked + residual @ fitted),
        "left": _norm(last - labels) / _norm(residual),
        "unlearned": _norm(residual @ made(given.outside)) / _norm(residual),
        "start": _norm(outputs),
    }
    return Trained(numbers, suprema)


@lru_cache(maxsize=512)
def ensemble_values(
    ensemble: Ensemble, large: bool, count: int, device: str
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each observable the nets' numbers and their bars: the difference between whole and halved steps.

    For smooth units, of order 4, it is fifteen times the error; for kinked ones it is an estimate.  A supremum has the
    middle between the largest look and the most that may be reached between looks.
    """
    given = limit(ensemble)
    nets = Nets(ensemble, ensemble.width * (RATIO if large else 1), count, torch.device(device))
    looks = max(2, round(given.horizon * given.largest))
    every = max(1, round(given.horizon * given.largest / STEP / looks))
    coarse = trained(nets, given, looks * every, every)
    fine = trained(nets, given, 2 * looks * every, 2 * every)
    found = {}
    for name, values in fine.numbers.items():
        found[name] = values.cpu().numpy(), _halved(values, coarse.numbers[name]).cpu().numpy()
    for name, fast in fine.suprema.items():
        bars = _halved(fast.looks[::2].amax(0), coarse.suprema[name].looks.amax(0))
        low, high = fast.looks.amax(0) - bars, fast.most + bars
        found[name] = ((low + high) / 2).cpu().numpy(), ((high - low) / 2).cpu().numpy()
    return found


def _halved(fine: Tensor, coarse: Tensor) -> Tensor:
    """The bars (nets,) of numbers found with halved steps and with whole ones.

    Under kinks the order falls to 1, and a net's own difference is a matter of chance: that of the worst twentieth of its
    fellows stands guard.
    """
    bars = (fine - coarse).abs()
    return torch.maximum(bars, bars.quantile(0.95))


_BOTH = ("drift", "away", "early", "plain", "corrected")
_NAMES = (*(f"{name}_{at}" for name in _BOTH for at in "ab"), "left_b", "unlearned_b", "start")
_COLUMNS = " ".join((*_NAMES, "kinks", "positive_definite", "decay", "slope_gap", "speed"))
ROUNDING = 1e-5
"""Of numbers of order 1 after some hundred float32 evaluations; the tests compare with float64.  An allowance, no proof."""


def _slope_gap(ensemble: Ensemble) -> float:
    """|ℓ'(u) - (u - y)| at u = 0: 1/2 - 0 for the logistic loss."""
    return 0.5 if ensemble.loss == "logistic" else 0.0


def _speed(ensemble: Ensemble) -> float:
    wide = float(ensemble.width * RATIO)
    return {"ntk": 1.0, "mean-field": wide, "standard": wide**-2}[ensemble.parameterisation]


@simulator(_COLUMNS, limited_by="sampling")
def observe(batch: tuple[Ensemble, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """Medians over the nets of each instance, at width m (``_a``) and 16 m (``_b``)."""
    share = delta / len(_NAMES)
    columns: dict[str, list[tuple[float, float]]] = {name: [] for name in _NAMES}
    for ensemble in batch:
        count = ensemble.nets * 2**effort
        both = [ensemble_values(ensemble, large, count, str(device)) for large in (False, True)]
        for name in _NAMES:
            observable, _, at = name.partition("_")
            values, bars = both[1 if at != "a" else 0][observable]
            low = float(median(values - bars, share)[0]) - ROUNDING
            high = float(median(values + bars, share)[1]) + ROUNDING
            low = max(low, 0.0)
            columns[name].append(((low + high) / 2, (high - low) / 2 * (1 + 1e-12)))
    table = {n: reals([v for v, _ in c], [r for _, r in c], share, proved=False) for n, c in columns.items()}
    table["kinks"] = integers(int(e.activation == "relu") for e in batch)
    table["positive_definite"] = booleans(limit(e).positive for e in batch)
    for name, given in (
        ("decay", [e.decay for e in batch]),
        ("slope_gap", [_slope_gap(e) for e in batch]),
        ("speed", [_speed(e) for e in batch]),
    ):
        table[name] = reals(given, 0.0)
    return Measurements(table, np.arange(len(batch)))
