"""The supremum of |E_μ D_v - E_ν D_v| over the parameters of one neuron, enclosed by branch and bound.

D_v(x) = σ(v·z) with z = (x, 1) or x, values in [0, 1] and v in the box [-R, R]^p: *tanh* ½(1 + tanh s), *sigmoid*
1/(1 + e^-s), *relu* max(s, 0)/S with S the largest R|z|₁ of the instance.  On a box of parameters with centre c and radii
r_j the objective g obeys |g(v)| ≤ |g(c)| + Σ_j r_j |∂_j g|, where every ∂_j g = Σ_i c_i z_ij σ'(v·z_i) is enclosed over the box
from the range of each argument v·z_i: a Lipschitz constant for each coordinate and each box.  Boxes that cannot hold the
supremum are dropped, the others halved along the coordinate that contributes most; all instances advance together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

UNIT = 2.0**-53
"""Unit roundoff of float64."""
UP = 1 + 64 * UNIT
"""Covers the rounding of the few non-negative operations that make up one bound."""
LIBRARY = 16 * UNIT
"""Relative error of σ and of its slope: tanh and exp to four units in the last place, and a few operations."""
FINEST = 2.0**-40
"""Sides of boxes, as a share of the whole, that are halved no further: centres stay exact in float64."""
ACTIVATIONS = ("relu", "tanh", "sigmoid")


@dataclass(frozen=True)
class Problem:
    """A batch of instances of one activation, one number n of atoms and one number p of parameters.

    ``signed`` (batch, n): masses of μ - ν, each right to 2 units in the last place; ``inputs`` (batch, n, p): z_i, each
    right to one; ``side`` (batch,): R; ``scale`` (batch,): S of *relu*, else 1.
    """

    activation: str
    signed: Tensor
    inputs: Tensor
    side: Tensor
    scale: Tensor

    def __getitem__(self, rows: Tensor) -> Problem:
        return Problem(self.activation, self.signed[rows], self.inputs[rows], self.side[rows], self.scale[rows])


def activate(problem: Problem, arguments: Tensor) -> Tensor:
    """σ of arguments (batch, …)."""
    if problem.activation == "relu":
        return arguments.clamp(min=0) / problem.scale.reshape(-1, *[1] * (arguments.dim() - 1))
    return (1 + torch.tanh(arguments)) / 2 if problem.activation == "tanh" else torch.sigmoid(arguments)


def values(problem: Problem, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """g(v) and a bound of its error, (batch, k), for parameters (batch, k, p)."""
    n, p = problem.inputs.shape[1:]
    z = problem.inputs[:, None]
    arguments = (parameters[:, :, None] * z).sum(-1)
    size = (parameters[:, :, None].abs() * z.abs()).sum(-1)
    found = activate(problem, arguments)
    weight = problem.signed[:, None].abs()
    # the argument errs by (p + 2) units of its size (inputs, products, sum), the sum over atoms by n + 4 of its size
    argument = (p + 2) * UNIT * size * steepest(problem)[:, None, None]
    error = (weight * (argument + ((n + 4) * UNIT + LIBRARY) * found.abs())).sum(-1) * UP + 1e-300
    return (problem.signed[:, None] * found).sum(-1), error


def steepest(problem: Problem) -> Tensor:
    """The Lipschitz constant of σ, (batch,)."""
    if problem.activation == "relu":
        return 1 / problem.scale
    return torch.full_like(problem.scale, 0.5 if problem.activation == "tanh" else 0.25)


def _slopes(problem: Problem, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """σ at both ends of arguments in [low, high], (boxes, n), and the least and the largest σ' between."""
    ends = activate(problem, low), activate(problem, high)
    if problem.activation == "relu":
        unit = (1 / problem.scale)[:, None]
        return (*ends, torch.where(low > 0, unit, 0.0), torch.where(high >= 0, unit, 0.0))
    # σ' = factor · D(1 - D) falls with the distance of D from ½
    factor = 2.0 if problem.activation == "tanh" else 1.0
    at_ends = torch.stack([factor * d * (1 - d) for d in ends])
    most = torch.where((low <= 0) & (high >= 0), factor / 4, at_ends.amax(0))
    # of slopes at most ½, absolutely
    return (*ends, (at_ends.amin(0) - LIBRARY).clamp(min=0), most + LIBRARY)


def bounds(problem: Problem, centre: Tensor, radius: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For boxes (boxes, p), one problem each: a value attained, an upper bound of |g|, and r_j |∂_j g| (boxes, p)."""
    n, p = problem.inputs.shape[1:]
    z, c = problem.inputs, problem.signed
    spread = (radius[:, None] * z.abs()).sum(-1)
    middle = (centre[:, None] * z).sum(-1)
    slack = (p + 4) * UNIT * ((centre.abs() + radius)[:, None] * z.abs()).sum(-1) + spread * 4 * UNIT
    least_value, most_value, least, most = _slopes(problem, middle - spread - slack, middle + spread + slack)
    share = c[..., None] * z
    slope = (share * ((least + most) / 2)[..., None]).sum(1)
    doubt = (share.abs() * ((most - least) / 2 + (n + 8) * UNIT * most)[..., None]).sum(1) * UP
    reach = radius * (slope.abs() + doubt) * UP
    value, error = values(problem, centre[:, None])
    sign = torch.sign(value[:, 0])
    # the corner to which |g| rises: attained, so that a bound from below
    corner, corner_error = values(problem, (centre + radius * torch.sign(slope) * sign[:, None])[:, None])
    attained = torch.maximum(value.abs() - error, corner.abs() - corner_error)[:, 0].clamp(min=0)
    upper = ((value.abs() + error)[:, 0] + reach.sum(-1) * (1 + p * UNIT)) * UP
    # where neurons saturate, the range of each output says more than its slope
    positive, negative = c.clamp(min=0), (-c).clamp(min=0)
    highest = torch.maximum(
        (positive * most_value - negative * least_value).sum(-1),
        (negative * most_value - positive * least_value).sum(-1),
    )
    ranged = highest + (c.abs() * ((n + 4) * UNIT + LIBRARY)).sum(-1) * UP
    return attained, torch.minimum(upper, ranged), reach


def enclose(problem: Problem, cap: Tensor, tolerance: float, rounds: int, kept: int) -> tuple[Tensor, Tensor]:
    """(low, high) of the supremum, each (batch,): stops at ``tolerance``, or after that many ``rounds``.

    ``cap`` (batch,): what the supremum is known not to pass.

    At most ``kept`` boxes of an instance, those of the largest upper bounds, are halved in a round; what is left aside
    keeps its upper bound.  An instance takes the same course alone and in a batch.
    """
    count, p = problem.inputs.shape[0], problem.inputs.shape[2]
    device = problem.inputs.device
    owner = torch.arange(count, device=device)
    centre = torch.zeros((count, p), dtype=torch.float64, device=device)
    radius = problem.side[:, None].expand(count, p).clone()
    low, upper, reach = bounds(problem, centre, radius)
    upper = torch.minimum(upper, cap)
    low, high = low.clone(), upper.clone()
    aside = torch.zeros_like(low)
    for _ in range(rounds):
        # a box is of interest while it may hold more than what is attained, and its instance is not yet narrow enough
        open_ = (upper > low[owner] + tolerance / 2) & (high - low > tolerance)[owner]
        axis = reach.argmax(-1, keepdim=True)
        open_ &= radius.gather(1, axis)[:, 0] > FINEST * problem.side[owner]
        held = torch.zeros_like(low).scatter_reduce(0, owner[~open_], upper[~open_], "amax")
        aside = torch.maximum(aside, held)
        owner, centre, radius, upper, axis = (t[open_] for t in (owner, centre, radius, upper, axis))
        if not len(owner):
            break
        order = torch.argsort(upper, descending=True, stable=True)
        order = order[torch.argsort(owner[order], stable=True)]
        rank = _ranks(owner[order])
        chosen, rest = order[rank < kept], order[rank >= kept]
        aside = aside.scatter_reduce(0, owner[rest], upper[rest], "amax")
        owner, centre, radius, upper, axis = (t[chosen] for t in (owner, centre, radius, upper, axis))
        half = radius.gather(1, axis) / 2
        radius = radius.scatter(1, axis, half)
        step = torch.zeros_like(centre).scatter(1, axis, half)
        owner, radius = torch.cat([owner, owner]), torch.cat([radius, radius])
        centre = torch.cat([centre - step, centre + step])
        attained, found, reach = bounds(problem[owner], centre, radius)
        upper = torch.minimum(torch.cat([upper, upper]), found)  # a part holds no more than the whole
        low = low.scatter_reduce(0, owner, attained, "amax")
        high = torch.maximum(torch.zeros_like(low).scatter_reduce(0, owner, upper, "amax"), aside)
        high = torch.maximum(high, low)  # attained up to rounding, of which both ends hold theirs
    return low, high


def _ranks(owner: Tensor) -> Tensor:
    """The position of each entry among those of the same owner; owners are sorted."""
    places = torch.arange(len(owner), device=owner.device)
    first = torch.ones_like(owner, dtype=torch.bool)
    first[1:] = owner[1:] != owner[:-1]
    return places - torch.where(first, places, 0).cummax(0).values
