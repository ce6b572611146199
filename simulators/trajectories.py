"""What is measured on deep linear nets along their training: conserved quantities and moving singular values.

Every radius contains the bar of the integrated factors, which rests on the integrator's embedded estimate: no column
here is ``proved`` (see `flow`), except what is read off the instance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .deep_linear_flow import DeepLinearRun, Trained, norms, trained
from .flow import TINY, UNIT_ROUNDOFF
from .measurement import Measurements, integers, reals, simulator
from .singular import Triplets, triplets


def given(batch: tuple[DeepLinearRun, ...], element: np.ndarray) -> dict[str, Any]:
    """What a row's instance says of how it is trained: exact values."""
    return {
        "eta": reals([batch[e].eta for e in element], 0.0),
        "decay": reals([batch[e].decay for e in element], 0.0),
    }


def _defects(factors: torch.Tensor) -> torch.Tensor:
    """W_{j+1}ᵀ W_{j+1} − W_j W_jᵀ, (N − 1, rows, d, d)."""
    above, below = factors[1:], factors[:-1]
    return above.transpose(-1, -2) @ above - below @ below.transpose(-1, -2)


def _defect_radius(factors: torch.Tensor, bar: torch.Tensor) -> torch.Tensor:
    """(N − 1, rows): how far a defect can be from the truth in Frobenius norm, for factors within ``bar``.

    ‖δ(AᵀA − BBᵀ)‖ ≤ 2 ‖A‖‖δA‖ + 2 ‖B‖‖δB‖ + ‖δA‖² + ‖δB‖² with ‖δA‖² + ‖δB‖² ≤ bar².
    """
    size = norms(factors)
    frobenius = torch.linalg.vector_norm(factors, dim=(2, 3)) ** 2
    rounding = (factors.shape[-1] + 2) * UNIT_ROUNDOFF * (frobenius[1:] + frobenius[:-1])
    return 1.01 * (2 * torch.hypot(size[1:], size[:-1]) * bar + bar**2 + rounding) + TINY


@simulator("defect_0 defect_t eta decay", limited_by="discretisation")
def observe_conservation(
    batch: tuple[DeepLinearRun, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Entries of W_{j+1}ᵀ W_{j+1} − W_j W_jᵀ at time 0 and at the end of training.

    Rows: element, layer j = 1 … N − 1, entry p ≤ q.  Units: those of the factors, squared.
    """
    columns: dict[str, list[np.ndarray]] = {k: [] for k in ("mid_0", "rad_0", "mid_t", "rad_t")}
    places: list[tuple[int, int, int, int]] = []
    for group in trained(batch, effort=effort, device=device):
        first, last = _defects(group.before).cpu().numpy(), _defects(group.after).cpu().numpy()
        off_0 = _defect_radius(group.before, group.blur).cpu().numpy()
        off_t = _defect_radius(group.after, group.bar).cpu().numpy()
        for k, run in enumerate(group.runs):
            for j in range(run.depth - 1):
                p, q = np.triu_indices(run.widths[j + 1])
                places += [(group.element[k], j + 1, int(a), int(b)) for a, b in zip(p, q, strict=True)]
                columns["mid_0"].append(first[j, k, p, q])
                columns["mid_t"].append(last[j, k, p, q])
                columns["rad_0"].append(np.full(len(p), off_0[j, k]))
                columns["rad_t"].append(np.full(len(p), off_t[j, k]))
    element, layer, p, q = np.array(places, dtype=np.int64).reshape(-1, 4).T
    flat = {k: np.concatenate([*v, np.zeros(0)]) for k, v in columns.items()}
    table = {
        "defect_0": reals(flat["mid_0"], flat["rad_0"]),
        "defect_t": reals(flat["mid_t"], flat["rad_t"], proved=False),
        **given(batch, element),
    }
    return Measurements(table, element, {"layer": layer, "p": p, "q": q})


def imbalance(group: Trained) -> tuple[np.ndarray, np.ndarray]:
    """(rows,): the Frobenius norm of all defects, and its radius."""
    if group.flow.depth == 1:
        nothing = np.zeros(len(group.runs))
        return nothing, nothing
    size = torch.linalg.vector_norm(_defects(group.after), dim=(0, 2, 3))
    radius = torch.linalg.vector_norm(_defect_radius(group.after, group.bar), dim=0)
    return size.cpu().numpy(), (1.01 * radius + 8 * UNIT_ROUNDOFF * size).cpu().numpy()


@simulator("N sigma sigma_dot g imbalance eta decay", limited_by="discretisation")
def observe_rate(
    batch: tuple[DeepLinearRun, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Singular values at the end of training, their rates from the motion of the factors, and the gradient along them.

    Rows: element, r; a singular value whose vectors the bar cannot tell from another's has none.
    """
    rows: list[tuple[int, int, int]] = []
    found_values: list[list[float]] = []
    for group in trained(batch, effort=effort, device=device):
        balance, off = imbalance(group)
        found: Triplets = triplets(group)
        for k, run in enumerate(group.runs):
            for r in range(min(run.widths[0], run.widths[-1])):
                if found.known[k, r]:
                    rows.append((group.element[k], r, run.depth))
                    found_values.append([float(c[k, r]) for c in found.columns.values()] + [balance[k], off[k]])
    element = np.array([row[0] for row in rows], dtype=np.int64)
    values = np.array(found_values).reshape(-1, 8)
    table: dict[str, Any] = {"N": integers(row[2] for row in rows)}
    for c, name in enumerate(("sigma", "sigma_dot", "g", "imbalance")):
        table[name] = reals(values[:, 2 * c], values[:, 2 * c + 1], proved=False)
    return Measurements({**table, **given(batch, element)}, element, {"r": np.array([row[1] for row in rows])})
