"""Gradient ascent on the parameters of a discriminator: a lower bound of its distance, and no more than that.

What is returned is the objective at parameters that were found, with the rounding of that one evaluation.  Nothing here
says how far it is from the supremum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .net_distance_branch import UNIT, UP, Problem, values
from .streams import stream

STARTS, STEPS = 12, 60


def slope(problem: Problem, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """g(v) and its gradient, for parameters (batch, k, p)."""
    z = problem.inputs[:, None]
    s = (parameters[:, :, None] * z).sum(-1)
    if problem.activation == "relu":
        scale = problem.scale[:, None, None]
        found, rate = s.clamp(min=0) / scale, (s > 0) / scale
    elif problem.activation == "tanh":
        t = torch.tanh(s)
        found, rate = (1 + t) / 2, (1 - t * t) / 2
    else:
        found = torch.sigmoid(s)
        rate = found * (1 - found)
    weight = problem.signed[:, None]
    return (weight * found).sum(-1), ((weight * rate)[..., None] * z).sum(2)


def ascend(problem: Problem, key: Sequence[Any]) -> tuple[Tensor, Tensor]:
    """The largest |g| that projected ascent from `STARTS` points of the box ends at, and its error: each (batch,).

    Half of the starts are corners of the box, the others uniform, from a stream of each instance (``key``).  Steps go
    along the gradient scaled to the box, shorter and shorter.
    """
    size, device = problem.inputs.shape[2], problem.inputs.device
    drawn = np.stack([stream("starts of an ascent", k).uniform(-1, 1, (STARTS, size)) for k in key])
    drawn[:, : STARTS // 2] = np.sign(drawn[:, : STARTS // 2])
    side = problem.side[:, None, None]
    v = torch.as_tensor(drawn, dtype=torch.float64, device=device) * side
    for step in range(STEPS):
        value, gradient = slope(problem, v)
        towards = gradient * torch.sign(value)[..., None]
        length = towards.abs().amax(-1, keepdim=True).clamp(min=1e-300)
        v = v + side * 0.9**step * towards / length
        v = torch.minimum(torch.maximum(v, -side), side)
    found, error = values(problem, v)
    attained = found.abs()
    best = attained.argmax(-1, keepdim=True)
    return attained.gather(1, best)[:, 0], error.gather(1, best)[:, 0]


def ascend_net(problem: Problem, key: Sequence[Any], width: int) -> tuple[Tensor, Tensor]:
    """The same for nets Σ_j a_j σ(v_j·z) of that many neurons with Σ|a_j| ≤ 1 and every v_j in the box: each (batch,).

    The neurons have (p + 1) ``width`` parameters in all; output weights are scaled back to Σ|a_j| = 1 after every step.
    """
    (count, _, size), device = problem.inputs.shape, problem.inputs.device
    drawn = np.stack([stream("starts of an ascent of nets", k).uniform(-1, 1, (STARTS, width, size + 1)) for k in key])
    start = torch.as_tensor(drawn, dtype=torch.float64, device=device)
    side = problem.side[:, None, None]
    v, a = (start[..., :size] * side[..., None]).reshape(count, -1, size), _on_the_budget(start[..., size])
    for step in range(STEPS):
        each, gradient = slope(problem, v)
        each = each.reshape(a.shape)
        sign = torch.sign((a * each).sum(-1, keepdim=True))
        towards = gradient * torch.sign(a * sign).reshape(count, -1, 1)
        length = towards.abs().amax(-1, keepdim=True).clamp(min=1e-300)
        v = v + side * 0.9**step * towards / length
        v = torch.minimum(torch.maximum(v, -side), side)
        # exponentiated, so that the best neuron ends with nearly all of the weight
        best = each.abs().amax(-1, keepdim=True).clamp(min=1e-300)
        a = _on_the_budget(a * torch.exp(2 * sign * torch.sign(a) * each / best))
    each, error = values(problem, v)
    each, error = each.reshape(a.shape), error.reshape(a.shape)
    net = (a * each).sum(-1)
    # Σ|a_j| is 1 up to its rounding, by which the net is scaled down to keep the budget
    attained = net.abs() * (1 - (width + 4) * UNIT)
    slack = (a.abs() * (error + 2 * (width + 8) * UNIT * each.abs())).sum(-1) * UP
    best = attained.argmax(-1, keepdim=True)
    return attained.gather(1, best)[:, 0], slack.gather(1, best)[:, 0]


def _on_the_budget(weights: Tensor) -> Tensor:
    return weights / weights.abs().sum(-1, keepdim=True).clamp(min=1e-300)
