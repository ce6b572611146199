"""Exact suprema of thresholds, stumps, unions of intervals and half-planes, and their means at two sizes."""

from __future__ import annotations

from simulators import (
    vc_dichotomies,
    vc_exact_law,
    vc_half_planes,
    vc_half_planes_gaussian,
    vc_intervals,
    vc_thresholds,
    vc_two_sizes,
)
from simulators.vc_dichotomies import Family, Line, Plane
from simulators.vc_exact_law import Thresholds
from simulators.vc_half_planes import Planar
from simulators.vc_half_planes_gaussian import Normal
from simulators.vc_intervals import Sample
from simulators.vc_thresholds import Stumps
from theorems.vc_deviation import THEOREM

from . import families_vc as families
from .engine.experiment import Audit, Experiment

STUMPS = Experiment(
    "stumps", THEOREM, families.stumps, vc_thresholds.observe,
    examples=(Stumps(3, 2), Stumps(10_000, 110), Stumps(400, 26, 2), Stumps(100, 20, 1000)),
    search=20, batch=8, bulk=400, only=("dkw", "stumps", "coordinates-count", "parameters-only"),
)  # fmt: skip
LARGE_GAPS = Experiment(
    "large-gaps", THEOREM, families.large_gaps, vc_thresholds.observe,
    examples=(Stumps(100, 80), Stumps(400, 200), Stumps(1000, 400)), search=10, batch=4, bulk=60, only=("ghost-sample",),
)  # fmt: skip
COORDINATES = Experiment(
    "coordinates", THEOREM, families.coordinates, vc_thresholds.observe,
    examples=(Stumps(100, 5, 2), Stumps(100, 26, 10**6), Stumps(101, 27, 929_600)), search=8, batch=8, bulk=200, only=("log-d-needed",),
)  # fmt: skip
THRESHOLDS = Experiment(
    "thresholds", THEOREM, families.thresholds, vc_exact_law.observe,
    examples=(Thresholds(1, 1), Thresholds(2, 3), Thresholds(5, 4)),
    search=15, batch=8, bulk=300, only=("dkw", "one-sided-law", "atoms-help", "two-sides"),
)  # fmt: skip
ATOMIC = Experiment(
    "few-atoms-on-a-line", THEOREM, families.atomic, vc_exact_law.observe_mean,
    examples=(Thresholds(1, 1, (1, 1)), Thresholds(4, 4, (1, 2, 1))),
    search=8, batch=8, bulk=150, only=("dkw", "atoms-help", "finite-class", "concentration"),
)  # fmt: skip
INTERVALS = Experiment(
    "intervals", THEOREM, families.any_samples, vc_intervals.observe,
    examples=(Sample(1, 1, "even"), Sample(6, 3, "clusters"), Sample(5, 1, seed=1), Sample(3, 7)),
    search=25, batch=8, bulk=1000,
    only=("every-sample-thresholds", "kuiper", "at-most-k-times", "concave", "every-sample", "wins-exactly"),
)  # fmt: skip
EVEN = Experiment(
    "even", THEOREM, families.samples, vc_intervals.observe,
    examples=(Sample(4, 2, "even"), Sample(2, 5, "even")), search=15, batch=8, bulk=300,
    only=("even", "even-thresholds", "linear-support"),
)  # fmt: skip
FAMILIES = Experiment(
    "families", THEOREM, families.subset_families, vc_dichotomies.observe_family,
    examples=(Family(4, (0, 1, 2, 4, 8)), Family(2, (0, 3))), search=15, batch=8, bulk=300, only=("sauer",),
)  # fmt: skip
LINES = Experiment(
    "points-on-a-line", THEOREM, families.lines, vc_dichotomies.observe_line,
    examples=(Line((0, 1, 2, 3, 4), 1), Line((0, 1, 2, 3, 4, 5), 2)), search=15, batch=8, bulk=200,
)  # fmt: skip
PLANES = Experiment(
    "points-in-the-plane", THEOREM, families.planes, vc_dichotomies.observe_plane,
    examples=(Plane(((0, 0), (1, 1), (2, 4), (3, 9), (4, 16))),), search=15, batch=8, bulk=200,
)  # fmt: skip
HALF_PLANES = Experiment(
    "half-planes", THEOREM, families.planar, vc_half_planes.observe,
    examples=(
        Planar(((0, 0), (1, 0), (0, 1)), (1, 1, 1), (1, 0, 0)),
        Planar(((0, 0), (1, 1), (1, 0), (0, 1)), (1, 1, 1, 1), (1, 1, 0, 0)),
    ),
    search=20, batch=16, bulk=1000,
)  # fmt: skip
GRIDS = Experiment(
    "grids", THEOREM, families.grids, vc_half_planes.observe,
    examples=(Planar(((0, 0), (1, 0), (2, 0)), (1, 1, 1), (2, 0, 0), (3, 1, 1, 1, 0, 0)),),
    search=15, batch=16, bulk=500, only=("no-scale", "all-half-planes", "at-most-variation"),
)  # fmt: skip
NORMAL = Experiment(
    "normal", THEOREM, families.normal_samples, vc_half_planes_gaussian.observe,
    examples=(Normal(1), Normal(40)), search=6, batch=8, bulk=150, only=("all-half-planes",),
)  # fmt: skip
INTERVAL_SIZES = Experiment(
    "interval-sizes", THEOREM, families.interval_sizes, vc_two_sizes.observe,
    search=1, batch=1, bulk=2, only=("intervals-scale", "square-root", "log-always"),
)  # fmt: skip
HALF_PLANE_SIZES = Experiment(
    "half-plane-sizes", THEOREM, families.half_plane_sizes, vc_two_sizes.observe,
    search=1, batch=1, bulk=2, only=("square-root",),
)  # fmt: skip


class TestVCDeviation(Audit):
    """Laws, counts and suprema in thirteen exact experiments, means in two sampled ones."""

    experiments = [  # noqa: RUF012
        STUMPS, LARGE_GAPS, COORDINATES, THRESHOLDS, ATOMIC, INTERVALS, EVEN, FAMILIES, LINES, PLANES, HALF_PLANES,
        GRIDS, NORMAL, INTERVAL_SIZES, HALF_PLANE_SIZES,
    ]  # fmt: skip
