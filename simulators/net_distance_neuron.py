"""One neuron of one to six parameters as the discriminator: its distance enclosed from both sides, beside what a
search finds.

The enclosure is that of branch and bound, closed from above by the total variation distance, which no discriminator with
values in [0, 1] passes.  Gradient ascent and a net of the box give lower bounds, at parameters that are evaluated.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import torch
from torch import Tensor

from .interpolation_net import ONE
from .measurement import Measurement, MeasurementError, Measurements, reals, simulator
from .net_distance_ascent import ascend, ascend_net
from .net_distance_branch import ACTIVATIONS, UNIT, UP, Problem, enclose, steepest, values
from .net_distance_laws import difference, points, probabilities, variation

TOLERANCE = 1e-6
"""Width of an enclosure at effort 0; a quarter of it at each effort more."""
ROUNDS = 120
"""Halvings at effort 0."""
KEPT = (256, 512, 2048, 8192, 32768, 32768)
"""Boxes of one instance that are halved at once at effort 0, for one to six parameters."""
LARGEST = len(KEPT)
"""Parameters of a neuron that branch and bound is tried on."""
SEARCHED = 16
"""Parameters of a neuron that gradient ascent is tried on, at most."""
WIDTH = 4
"""Neurons of the nets that gradient ascent is tried on: 4 (p + 1) parameters."""


@dataclass(frozen=True)
class Neuron:
    """Two laws on the same atoms, and a neuron σ(v·(x, 1)), or σ(v·x) without ``bias``, with v in [-side, side]^p.

    ``side`` is a multiple of 1/16, at most 64, so that boxes are halved without rounding.  ``cells``: points a side of a
    net of the box.
    """

    atoms: tuple[tuple[float, ...], ...]
    one: tuple[int, ...]
    other: tuple[int, ...]
    activation: str = "tanh"
    side: float = 1.0
    bias: bool = True
    cells: int = 4


def sound(case: Neuron, element: int, largest: int = LARGEST) -> tuple[list[Any], list[Any]]:
    """The signed measure μ - ν and z_i of distinct atoms as rationals; raises `MeasurementError` where they are none."""
    atoms = points(case.atoms, element)
    listed = difference(*(probabilities(w, len(atoms), element) for w in (case.one, case.other)))
    masses: dict[Any, Any] = {}
    for x, c in zip(atoms, listed, strict=True):  # an atom listed twice is one: what cancels there must not be searched
        key = tuple((int(e.p), int(e.q)) for e in x)
        masses[key] = (x, c + masses[key][1] if key in masses else c)
    signed = [c for _, c in masses.values()]
    inputs = [(*x, ONE) if case.bias else tuple(x) for x, _ in masses.values()]
    size = len(inputs[0])
    if case.activation not in ACTIVATIONS:
        raise MeasurementError(
            f"activation {case.activation!r}", f"one of {', '.join(ACTIVATIONS)}", "distance", element
        )
    if size > largest or not (case.side * 16).is_integer() or not 0 < case.side <= 64:
        raise MeasurementError(
            f"{size} parameters, side {case.side}",
            f"at most {largest} parameters, and a multiple of 1/16 up to 64",
            "distance",
            element,
        )
    if not (case.cells >= 1 and case.cells ** min(size, LARGEST) <= 4096):
        raise MeasurementError(f"{case.cells} cells a side", "at most 4096 points in all", "net_maximum", element)
    if case.activation == "relu" and all(x == 0 for z in inputs for x in z):
        raise MeasurementError("atoms at 0 only", "one at which a neuron without bias is not 0", "distance", element)
    return signed, inputs


def near(value: Any) -> float:
    """The float nearest to a rational."""
    return int(value.p) / int(value.q)


def problem_of(cases: list[tuple[Neuron, list[Any], list[Any]]], device: torch.device) -> Problem:
    """A batch of one activation, one number of atoms and one of parameters."""
    signed = np.array([[near(c) for c in masses] for _, masses, _ in cases])
    inputs = np.array([[[near(x) for x in row] for row in z] for _, _, z in cases])
    side = np.array([case.side for case, _, _ in cases])
    relu = cases[0][0].activation == "relu"
    scale = side * np.abs(inputs).sum(-1).max(-1) if relu else np.ones(len(cases))
    held = [torch.as_tensor(x, dtype=torch.float64, device=device) for x in (signed, inputs, side, scale)]
    return Problem(cases[0][0].activation, *held)


def _on_net(problem: Problem, cells: int) -> tuple[Tensor, Tensor]:
    """The largest |g| over the centres of equal cubes of the box, with its error, each (batch,)."""
    size, device = problem.inputs.shape[2], problem.inputs.device
    line = (2 * torch.arange(cells, device=device, dtype=torch.float64) + 1) / cells - 1
    grid = torch.cartesian_prod(*[line] * size).reshape(-1, size)
    found, error = values(problem, grid[None] * problem.side[:, None, None])
    # a centre is off by three roundings, so that a Lipschitz constant times 4 units of the side is added
    moved = 4 * UNIT * problem.side * steepness(problem)
    return found.abs().amax(-1), error.amax(-1) + moved


def steepness(problem: Problem) -> Tensor:
    """The Lipschitz constant of v -> D_v(x) over the atoms, for moves of v in the largest coordinate: (batch,)."""
    return problem.inputs.abs().sum(-1).amax(-1) * steepest(problem)


def _columns(problem: Problem, cells: int, cap: Tensor, effort: int, key: list[Neuron]) -> dict[str, Tensor]:
    tolerance, kept = TOLERANCE / 4**effort, KEPT[problem.inputs.shape[2] - 1] * 4**effort
    low, high = enclose(problem, cap, tolerance, ROUNDS + 20 * effort, kept)
    best, error = ascend(problem, key)
    wide, wide_error = ascend_net(problem, key, WIDTH)
    net, net_error = _on_net(problem, cells)
    lipschitz = steepness(problem)
    return {
        "distance": (low + high) / 2, "distance_rad": (high - low) / 2 + 4 * UNIT * high,
        "ascent": best, "ascent_rad": error,
        "net_ascent": wide, "net_ascent_rad": wide_error,
        "net_maximum": net, "net_maximum_rad": net_error,
        "mesh": problem.side / cells, "mesh_rad": 2 * UNIT * problem.side,
        "lipschitz": lipschitz, "lipschitz_rad": 16 * UNIT * lipschitz,
    }  # fmt: skip


NAMES = "distance ascent net_ascent net_maximum mesh lipschitz variation"


@simulator(NAMES, limited_by="optimisation")
def observe(batch: tuple[Neuron, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each pair of laws: the distance of one neuron (an enclosure), what gradient ascent on it, on
    nets of four of it, and a net of the box find (lower bounds), the net's mesh and the Lipschitz constant (both in the largest coordinate), and the total
    variation distance.

    ``effort`` narrows the enclosure of the distance.  Rounding is in every radius; tanh and exp of the library are taken
    to be right to four units in the last place.
    """
    device = torch.device(device)
    torch.empty(0, device=device)
    read = [(case, *sound(case, k)) for k, case in enumerate(batch)]
    groups: dict[tuple[str, int, int, int], list[int]] = defaultdict(list)
    for k, (case, _, inputs) in enumerate(read):
        groups[case.activation, len(inputs), len(inputs[0]), case.cells].append(k)
    names = [n for name in NAMES.split()[:-1] for n in (name, f"{name}_rad")]
    out = {name: np.zeros(len(batch)) for name in names}
    apart, apart_rad = _variations([signed for _, signed, _ in read])
    for (*_, cells), rows in groups.items():
        cap = torch.as_tensor(apart[rows] * UP, dtype=torch.float64, device=device)
        problem = problem_of([read[k] for k in rows], device)
        for name, found in _columns(problem, cells, cap, effort, [batch[k] for k in rows]).items():
            out[name][rows] = found.cpu().numpy()
    columns: dict[str, Measurement] = {n: reals(out[n], out[f"{n}_rad"]) for n in NAMES.split()[:-1]}
    columns["variation"] = reals(apart, apart_rad)
    return Measurements(columns, np.arange(len(batch)))


def _variations(measures: list[list[Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Total variations as the nearest floats, and their rounding."""
    exact = [variation(signed) for signed in measures]
    found = np.array([near(v) for v in exact])
    whole = [flint.fmpq(*float(a).as_integer_ratio()) == v for a, v in zip(found, exact, strict=True)]
    return found, np.where(whole, 0.0, UNIT * found)


@simulator("ascent net_ascent variation", limited_by="exact")
def observe_search(batch: tuple[Neuron, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each pair of laws: what gradient ascent on one neuron of any number of parameters finds, and on nets of
    four of it: the objective at parameters that were found, with the rounding of one evaluation; the total variation.

    Lower bounds of the distances of their classes, which nobody encloses here.
    """
    device = torch.device(device)
    torch.empty(0, device=device)
    read = [(case, *sound(case, k, SEARCHED)) for k, case in enumerate(batch)]
    groups: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for k, (case, _, inputs) in enumerate(read):
        groups[case.activation, len(inputs), len(inputs[0])].append(k)
    out = np.zeros((4, len(batch)))
    for rows in groups.values():
        problem, keys = problem_of([read[k] for k in rows], device), [batch[k] for k in rows]
        found = (*ascend(problem, keys), *ascend_net(problem, keys, WIDTH))
        out[:, rows] = np.stack([f.cpu().numpy() for f in found])
    apart, apart_rad = _variations([signed for _, signed, _ in read])
    columns = {"ascent": reals(out[0], out[1]), "net_ascent": reals(out[2], out[3])}
    return Measurements({**columns, "variation": reals(apart, apart_rad)}, np.arange(len(batch)))
