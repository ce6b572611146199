"""The kernel of infinitely wide nets: the fast code layer by layer, Gaussian integrals in balls, and Gram matrices."""

from __future__ import annotations

from simulators import gaussian_integrals, kernel_layers, kernel_spectrum, node_values
from simulators.kernel_points import Points
from simulators.kernel_spectrum import Related, Weighted
from simulators.node_values import Signal
from theorems.tangent_kernel import THEOREM

from . import families_tangent_kernel as families
from .engine.experiment import Audit, Experiment

ORTHOGONAL = ((1, 0), (0, 1))
HEXAGON = ((1, 0), (0, 1), (1, 1))
STEP = ("recursion", "dynamic-programming")
EXPECTED = ("expectation", "expectation-slope", "continuous-distribution")

EXPERIMENTS = [
    Experiment(
        "relu-layers", THEOREM, families.relu_layers, kernel_layers.observe,
        examples=(Points(ORTHOGONAL), Points(((1, 0), (1, 1)), depth=5), Points(((1,), (-1,)), depth=3)),
        search=12, bulk=600, only=(*STEP, "angle", "relu-layer", "relu-layer-slope"),
    ),
    Experiment(
        "erf-layers", THEOREM, families.erf_layers, kernel_layers.observe,
        examples=(Points(ORTHOGONAL, activation="erf"), Points(((1, 0), (1, 1)), depth=5, activation="erf")),
        search=12, bulk=600, only=(*STEP, "angle", "erf-layer", "erf-layer-slope"),
    ),
    Experiment(
        "any-layers", THEOREM, families.any_layers, kernel_layers.observe_quadrature,
        examples=(Points(((1, 0), (1, 1)), (-1, -1), 2, "tanh"),),
        search=2, batch=4, bulk=8, only=STEP,
    ),
    Experiment(
        "relu-expectations", THEOREM, families.relu_expectations, gaussian_integrals.observe,
        examples=(Points(ORTHOGONAL), Points(((1, 0), (1, 1)))),
        search=4, bulk=40, only=(*EXPECTED, "angle", "arc-cosine", "arc-cosine-slope"),
    ),
    Experiment(
        "erf-expectations", THEOREM, families.erf_expectations, gaussian_integrals.observe,
        examples=(Points(((1, 0), (1, 1)), activation="erf"),),
        search=4, bulk=40, only=(*EXPECTED, "erf", "erf-slope"),
    ),
    Experiment(
        "signals", THEOREM, families.signals, node_values.observe,
        examples=(Signal((1, 0), (2, 2)),),
        search=3, bulk=40, only=("second-moment", "node-value", "node-value-corrected"),
    ),
    Experiment(
        "unit-signals", THEOREM, families.unit_signals, node_values.observe,
        search=3, bulk=40, only=("second-moment-unit",),
    ),
    Experiment(
        "pairs", THEOREM, families.pairs, kernel_spectrum.observe_related,
        examples=(Related(Points(ORTHOGONAL)), Related(Points(((1, 0), (1, 1)), depth=4), 2, 3)),
        search=8, bulk=500, only=("first-layer", "diagonal", "homogeneity", "constant", "cauchy-schwarz"),
    ),
    Experiment(
        "parallel-pairs", THEOREM, families.parallel_pairs, kernel_spectrum.observe_related,
        search=5, bulk=150, only=("parallel", "cauchy-schwarz"),
    ),
    Experiment(
        "odd-pairs", THEOREM, families.odd_pairs, kernel_spectrum.observe_related,
        examples=(Related(Points(((1, 0), (1, 1)))),),
        search=5, bulk=150, only=("odd-part",),
    ),
    Experiment(
        "antipodal-pairs", THEOREM, families.antipodal_pairs, kernel_spectrum.observe_spectrum,
        examples=(Weighted(Points(HEXAGON), (1, 1, -1), mirrored=True), Weighted(Points(HEXAGON), (1, 0, 0), mirrored=True)),
        search=5, bulk=150, only=("odd-form",),
    ),
    Experiment(
        "sets", THEOREM, families.sets, kernel_spectrum.observe_spectrum,
        search=6, bulk=300, only=("positive-semidefinite",),
    ),
    Experiment(
        "three-pairs", THEOREM, families.three_pairs, kernel_spectrum.observe_certified,
        examples=tuple(Weighted(Points(HEXAGON, depth=depth), (1, 1, -1), mirrored=True) for depth in (1, 2)),
        search=1, batch=4, bulk=8, only=("three-antipodal-pairs", "two-hidden-layers"),
    ),
]  # fmt: skip


class TestTangentKernel(Audit):
    """Layers and expectations for the recursion, related inputs and spectra for its consequences."""

    experiments = EXPERIMENTS
