"""The largest length that a matrix reaches along a path which is seen at equally spaced times only.

A maximum over looks is a lower bound.  What may be reached in between is bounded from above in two ways: where the path
is smooth by its curvature, where it has jumps by the ways that its parts go.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LEAST_LOOKS = 4


@dataclass(frozen=True, eq=False)
class Supremum:
    """``looks`` (times, nets): Frobenius norms where they were seen; ``most`` (nets,): an upper bound at all times."""

    looks: Tensor
    most: Tensor


def _lengths(path: Tensor) -> Tensor:
    return torch.linalg.vector_norm(path, dim=(-2, -1))


def closed_by_chords(path: Tensor) -> Supremum:
    """A smooth path (times, nets, k, k), first time to last.

    On a chord a norm is largest at an end, since norms are convex; the path is off its chord by at most an eighth of the
    squared spacing times the second derivative.  That is taken from second differences, at either end of a step, and
    carried on linearly to both ends of the path: an estimate, whose error is of third order.
    """
    if len(path) < LEAST_LOOKS:
        raise ValueError(f"got {len(path)} looks; expected at least {LEAST_LOOKS}")
    looks, inner = _lengths(path), path[2:] - 2 * path[1:-1] + path[:-2]
    bent = _lengths(torch.cat([2 * inner[:1] - inner[1:2], inner, 2 * inner[-1:] - inner[-2:-1]]))
    off = torch.maximum(bent[1:], bent[:-1]) / 8
    return Supremum(looks, (torch.maximum(looks[1:], looks[:-1]) + off).amax(0))


def closed_by_lengths(path: Tensor, lengths: Tensor) -> Supremum:
    """A path (times, nets, k, k) with jumps, of which step k goes a way of at most ``lengths`` (times - 1, nets).

    Who goes from one length to another by a way of ℓ is never longer than half the sum of all three.
    """
    looks = _lengths(path)
    return Supremum(looks, ((looks[1:] + looks[:-1] + lengths) / 2).amax(0))
