"""Two-layer nets that are trained: instances, their numbers, and their gradient flow with what bounds its error.

f(x) = s Σ_r a_r σ(w_r·x), trained on L = ½ Σ (f(x_i) - y_i)² (or the logistic loss) by θ' = -η ∇L - λ θ.  The
tangent-kernel parameterisation has s = √(c/m), η = 1; the mean-field one s = √c/m, η = m: the same kernel at the start,
with weights that move √m times as fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
import torch
from torch import Tensor

from .balls import UNIT, gamma
from .measurement import MeasurementError
from .streams import stream

SQRT_PI = sqrt(pi)
SLOPE = {"erf": 2 / SQRT_PI * (1 + UNIT * 8), "gauss": 1.0, "hat": 1.0, "steep": 3.0}
"""sup |σ'|."""
BEND = {"erf": 0.97, "gauss": 0.86, "hat": 1.0, "steep": 3.0}
"""sup |σ''|: 2·(2/√π)/√(2e) = 0.9679 for erf, √(2/e) = 0.8578 for gauss, σ'(z) = e^(-z²)."""
CENTRED = 1 / (2 / pi * np.arcsin(2 / 3))
"""c of erf: one over the second moment of erf(z) for a standard normal z; the others have c = 1."""
WIDEST = 256
"""Most units of a net: what rounding of sums over the units is bounded for."""
REFERENCES = ("initial", "limit", "constant")
INPUTS = ("orthogonal", "same", "generic")


@dataclass(frozen=True)
class LazyNet:
    """A net of ``width`` units on ``points`` inputs of norm ``norm``, followed for a ``time``.

    ``first_only``: the a_r are signs and stay.  ``weight``: standard deviation of the w_r.  ``reference``: the kernel
    that the net is compared with: its own at the start, the limit of infinite width, or ``level`` times the identity.
    ``inputs``: one of `INPUTS`.  ``label``: size of the labels.  ``activation``: erf, gauss (a primitive of e^(-z²)), hat
    (σ'(z) = max(0, 1 - |z|)) or steep (three times hat).
    Seed 0 has w_r along the first axis, a_r = 1 and equal labels.
    """

    width: int = 1
    points: int = 1
    activation: str = "erf"
    time: float = 0.1
    reference: str = "initial"
    level: float = 4.0
    inputs: str = "orthogonal"
    norm: float = 1.0
    label: float = 1.0
    weight: float = 1.0
    first_only: bool = False
    mean_field: bool = False
    loss: str = "square"
    decay: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for what, value, known in (
            ("activation", self.activation, tuple(SLOPE)),
            ("reference", self.reference, REFERENCES),
            ("inputs", self.inputs, INPUTS),
            ("loss", self.loss, ("square", "logistic")),
        ):
            if value not in known:
                raise MeasurementError(f"{what} {value!r}", f"one of {', '.join(known)}; choose one")
        if self.reference == "limit" and (self.activation != "erf" or self.first_only):
            raise MeasurementError("a limit for another net", "erf with both layers trained; compare with 'initial'")
        if self.width < 1 or self.points < 1 or not (self.time > 0 and self.norm > 0):
            raise MeasurementError(
                f"width {self.width}, {self.points} points, time {self.time}, norm {self.norm}", "positive numbers"
            )

    @property
    def scale(self) -> float:
        """s."""
        c = CENTRED if self.activation == "erf" and not self.first_only else 1.0
        return sqrt(c) / self.width if self.mean_field else sqrt(c / self.width)

    @property
    def rate(self) -> float:
        """η."""
        return float(self.width) if self.mean_field else 1.0

    @property
    def dimension(self) -> int:
        """Coordinates of an input."""
        return max(self.points, 2)


def start(net: LazyNet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(W | a) of shape (m, d + 1), the inputs (d, n) and the labels (n,): the exact numbers of the instance."""
    draw = stream("lazy", net.seed, net.width, net.points)
    d, n = net.dimension, net.points
    state = np.zeros((net.width, d + 1))
    if net.seed:
        state[:, :d] = net.weight * draw.standard_normal((net.width, d))
        outer = draw.standard_normal(net.width)
        state[:, d] = np.where(outer > 0, 1.0, -1.0) if net.first_only else outer
        labels = draw.standard_normal(n)
    else:
        state[:, 0], state[:, d] = net.weight, 1.0
        labels = np.ones(n)
    inputs = np.eye(d)[:, :n]
    if net.inputs == "same":
        inputs = np.repeat(inputs[:, :1], n, axis=1)
    elif net.inputs == "generic" and net.seed:
        inputs = draw.standard_normal((d, n))
        inputs /= np.linalg.norm(inputs, axis=0)
    inputs = net.norm * inputs
    labels = (labels > 0).astype(np.float64) if net.loss == "logistic" else np.round(net.label * labels, 3)
    return state, inputs, np.repeat(labels[:1], n) if net.inputs == "same" else labels


def activation(name: str, z: Tensor) -> tuple[Tensor, Tensor]:
    """σ(z) and σ'(z)."""
    if name == "erf":
        return torch.erf(z), 2 / SQRT_PI * torch.exp(-z * z)
    if name == "gauss":
        return SQRT_PI / 2 * torch.erf(z), torch.exp(-z * z)
    inside = z.clamp(-1.0, 1.0)
    factor = 3.0 if name == "steep" else 1.0
    return factor * (inside - inside * inside.abs() / 2), factor * (1 - inside.abs())


class LazyFlow:
    """θ' = -η ∇L - λ θ for a batch of nets; a `simulators.flow.Flow` on states (1, rows, m, d + 1).

    ``inputs`` (rows, d, n); ``labels``, ``present`` (rows, n); ``scale``, ``rate``, ``decay``, ``train`` (rows,), ``train``
    being 1 where the a_r are trained.  One activation and one loss a batch.
    """

    def __init__(
        self, name: str, logistic: bool, inputs: Tensor, labels: Tensor, present: Tensor,
        scale: Tensor, rate: Tensor, decay: Tensor, train: Tensor,
    ) -> None:  # fmt: skip
        self.name, self.logistic = name, logistic
        self.inputs, self.labels, self.present = inputs, labels, present
        self.scale, self.rate, self.decay, self.train = scale, rate, decay, train
        self.lengths = torch.linalg.vector_norm(inputs, dim=1) * (1 + 64 * UNIT)

    def rows(self, index: Tensor) -> LazyFlow:
        """The same flow on some of the rows."""
        parts = (self.inputs, self.labels, self.present, self.scale, self.rate, self.decay, self.train)
        return LazyFlow(self.name, self.logistic, *(part[index] for part in parts))

    def units(self, state: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """a (rows, m), σ(z) and σ'(z) (rows, m, n), and the outputs (rows, n)."""
        weights, outer = state[..., :-1], state[..., -1]
        value, slope = activation(self.name, weights @ self.inputs)
        return outer, value, slope, self.scale[:, None] * (outer[:, None] @ value)[:, 0]

    def slopes(self, outputs: Tensor) -> Tensor:
        """∂L/∂u (rows, n); 0 for absent inputs."""
        return torch.where(self.present, (torch.sigmoid(outputs) if self.logistic else outputs) - self.labels, 0.0)

    def velocity(self, state: Tensor, out: Tensor) -> None:
        """Write the velocity of every row into ``out``."""
        now = state[0]
        outer, value, slope, outputs = self.units(now)
        push = (self.scale * self.rate)[:, None] * self.slopes(outputs)
        torch.matmul(outer[..., None] * slope * push[:, None], self.inputs.mT, out=out[0, ..., :-1])
        out[0, ..., -1] = (value @ push[..., None])[..., 0]
        out[0] += self.decay[:, None, None] * now
        out[0, ..., -1] *= self.train[:, None]
        out.neg_()

    def sizes(self, state: Tensor) -> Tensor:
        """(3n + 3, rows): slopes, gradient norms and feature norms of each input; max |a|, ‖a‖, ‖W‖."""
        now = state[0]
        outer, value, slope, outputs = self.units(now)
        features = torch.linalg.vector_norm(value, dim=1)
        tangent = torch.linalg.vector_norm(outer[..., None] * slope, dim=1) * self.lengths
        gradient = self.scale[:, None] * torch.sqrt(tangent**2 + self.train[:, None] * features**2)
        whole = [
            outer.abs().amax(-1),
            torch.linalg.vector_norm(outer, dim=-1),
            torch.linalg.vector_norm(now, dim=(1, 2)),
        ]
        each = torch.cat([self.slopes(outputs).abs(), gradient, features], dim=1).mT
        return torch.cat([each, torch.stack(whole)]) * (1 + 1e-12)

    def curvature(self, largest: Tensor) -> Tensor:
        """‖∇²f_i‖ (rows, n) for nets with |a_r| ≤ ``largest`` (rows,): blocks [[0, b], [b, d]], one a unit."""
        cross = self.train[:, None] * SLOPE[self.name] * self.lengths
        bent = largest[:, None] * BEND[self.name] * self.lengths**2
        return self.scale[:, None] * (bent + torch.sqrt(bent**2 + 4 * cross**2)) / 2 * (1 + 1e-12)

    def growth(self, sizes: Tensor, tube: Tensor) -> Tensor:
        """-η Σ ℓ''ᵢ ∇f_i∇f_iᵀ never pushes paths apart; -η Σ ℓ'ᵢ ∇²f_i does by at most its norm; -λ pulls together."""
        n = self.labels.shape[1]
        bend = self.curvature(sizes[3 * n] + tube * self.train)
        reach = sizes[n : 2 * n].mT + bend * tube[:, None]
        slopes = sizes[:n].mT + reach * tube[:, None]
        held = torch.where(self.train > 0, self.decay, 0.0)  # a_r that stay do not decay
        return self.rate * (torch.where(self.present, slopes, 0.0) * bend).sum(-1) - held

    def rounding(self, sizes: Tensor) -> Tensor:
        """Errors of z, σ and σ', of the outputs, and of both products with the slopes, one after the other."""
        n = self.labels.shape[1]
        slopes, features = sizes[:n].mT, sizes[2 * n : 3 * n].mT
        largest, outer, whole = (sizes[3 * n + k][:, None] for k in range(3))
        below = gamma(self.inputs.shape[1] + 2) * whole * self.lengths
        above = SLOPE[self.name] * below + 8 * UNIT * features
        outputs = self.scale[:, None] * outer * (above + gamma(WIDEST + 8) * features) + 4 * UNIT * (
            slopes + self.labels.abs()
        )
        bent = largest * BEND[self.name] * below + 16 * UNIT * outer * SLOPE[self.name]
        first = self.lengths * (outer * SLOPE[self.name] * (outputs + 16 * UNIT * slopes) + slopes * bent)
        second = self.train[:, None] * (features * (outputs + 16 * UNIT * slopes) + slopes * above)
        total = (self.rate * self.scale)[:, None] * torch.where(self.present, first + second, 0.0)
        return total.sum(-1) * (1 + 1e-9) + 4 * UNIT * self.decay * sizes[3 * n + 2]
