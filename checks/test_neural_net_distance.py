"""Norm balls, kernels, tables, nets and neurons as discriminators: exact and enclosed suprema, and expectations of them."""

from __future__ import annotations

from simulators import (
    net_distance_hull,
    net_distance_linear,
    net_distance_metric,
    net_distance_neuron,
    net_distance_rkhs,
    net_distance_samples,
    net_distance_singular,
    net_distance_transport,
)
from simulators.net_distance_hull import Hull
from simulators.net_distance_linear import Linear, Net
from simulators.net_distance_metric import Three
from simulators.net_distance_neuron import Neuron
from simulators.net_distance_rkhs import Kernel
from simulators.net_distance_samples import Sampled
from simulators.net_distance_singular import Singular
from simulators.net_distance_transport import Cube
from theorems.neural_net_distance import THEOREM

from .engine.experiment import Audit, Experiment
from .families_net_distance import (
    atomic,
    copied,
    copied_kernel_samples,
    cubes,
    hulls,
    kernel_samples,
    kernels,
    linears,
    nets,
    neurons,
    sampled,
    searched,
    singular,
    three_laws,
)

BALLS = Experiment(
    "balls", THEOREM, linears, net_distance_linear.observe,
    examples=(
        Linear(((1.0,), (-1.0,)), (1, 0), (0, 1)),
        Linear(((1.0, 0.0), (-0.6, 0.8), (0.5, 0.5)), (3, 1, 0), (0, 1, 2)),
        Linear(((1.0, 0.0), (0.0, 1.0)), (3, 1), (1, 3), "linf"),
    ),
    search=10, batch=8, bulk=200, only=("dual-norm", "table", "within-table", "small-is-blind"),
)  # fmt: skip
NETS = Experiment(
    "nets", THEOREM, nets, net_distance_linear.observe_net,
    examples=(
        Net(Linear(((1.0,), (-1.0,)), (1, 0), (0, 1), "linf"), 1, (1.0,), (-1.0,)),
        Net(Linear(((1.0,), (-1.0,)), (1, 0), (0, 1), "linf"), 200, (0.1,), (0.0,)),
        Net(Linear(((1.0, 1.0), (-1.0, -1.0)), (1, 0), (0, 1), "linf"), 3, (1.0, 1.0), (0.5, 0.5)),
    ),
    search=8, batch=8, bulk=200,
)  # fmt: skip
SAMPLES = Experiment(
    "samples", THEOREM, sampled, net_distance_samples.observe,
    examples=(
        Sampled(((1.0,), (-1.0,)), (1, 1), 1),
        Sampled(((1.0,), (-1.0,)), (1, 1), 4),
        Sampled(((0.6, 0.8), (1.0, 0.0), (0.0, 0.5)), (1, 2, 3), 3),
    ),
    search=10, batch=8, bulk=200,
    only=("mean-square", "mean-square-of-copies", "feature-free", "jensen", "mean-distance", "not-training-samples",
          "parameters-are-capacity"),
)  # fmt: skip
COPIES = Experiment(
    "copies", THEOREM, copied, net_distance_samples.observe,
    examples=(Sampled(((1.0,), (-1.0,)), (1, 1), 6, 3), Sampled(((1.0, 0.0), (0.6, 0.8)), (1, 2), 8, 2)),
    search=4, batch=8, bulk=100, only=("mean-square-of-copies", "jensen"),
)  # fmt: skip
KERNELS = Experiment(
    "kernels", THEOREM, kernels, net_distance_rkhs.observe,
    examples=(
        Kernel(((0.0,), (1.0,)), (1, 0), (0, 1)),
        Kernel(((1.0,), (-1.0,)), (3, 1), (1, 3), "dot"),
        Kernel(((2.0,), (-2.0,)), (1, 0), (0, 1), "dot"),
    ),
    search=8, batch=8, bulk=200, only=("kernel-mean", "kernel-within-table"),
)  # fmt: skip
KERNEL_SAMPLES = Experiment(
    "kernel-samples", THEOREM, kernel_samples, net_distance_samples.observe_kernel,
    examples=(
        Sampled(((1.0,), (-1.0,)), (1, 1), 1, 1, "dot"),
        Sampled(((0.0,), (1.0,), (2.5,)), (1, 2, 3), 3, 1, "gaussian"),
        Sampled(((0.0,), (1.0,)), (1, 1), 6, 1, "gaussian"),
    ),
    search=8, batch=8, bulk=150,
    only=("kernel-mean-square", "kernel-mean-square-of-copies", "kernel-mean-distance", "jensen"),
)  # fmt: skip
COPIED_KERNEL_SAMPLES = Experiment(
    "copied-kernel-samples", THEOREM, copied_kernel_samples, net_distance_samples.observe_kernel,
    examples=(Sampled(((1.0, 0.0), (1.0, 1.0)), (1, 2), 6, 2, "quadratic"),),
    search=4, batch=8, bulk=100, only=("kernel-mean-square-of-copies", "jensen"),
)  # fmt: skip
HULLS = Experiment(
    "hulls", THEOREM, hulls, net_distance_hull.observe,
    examples=(
        Hull(((1.0,), (-1.0,)), (1, 0), (0, 1), (((1.0, 1.0), 1.0),), 1.0),
        Hull(((1.0,), (-1.0,)), (3, 1), (1, 3), (((1.0, 1.0), 0.5), ((0.0, 0.0), 0.0)), 0.5),
    ),
    search=1, batch=8, bulk=40, only=("hull", "any-width", "width-is-capacity"),
)  # fmt: skip
NEURONS = Experiment(
    "neurons", THEOREM, neurons, net_distance_neuron.observe,
    examples=(
        Neuron(((1.0,), (-1.0,)), (1, 0), (0, 1), "tanh", 32.0, False, 200),
        Neuron(((1.0,), (-1.0,)), (3, 1), (1, 3), "tanh", 0.0625, False, 1),
        Neuron(((1.0,), (-1.0,)), (3, 1), (1, 3), "tanh", 0.0625, False, 200),
        Neuron(((1.0,), (0.5,), (-1.0,)), (2, 1, 0), (0, 1, 2), "relu", 1.0, True, 4),
        Neuron(((1.0, 0.5), (0.5, -1.0), (-1.0, 0.5)), (2, 1, 1), (1, 1, 2), "tanh", 1.0, True, 4),
        Neuron(((-0.27,), (0.33,), (0.48,), (0.55,), (0.77,)), (0, 0, 0, 1, 0), (3, 0, 3, 0, 1), "tanh", 16.0, True, 1),
    ),
    search=3, batch=8, bulk=56, only=("within-table", "ascent", "net-ascent", "ascent-within-table", "net-below", "net-encloses"),
)  # fmt: skip
SEARCHES = Experiment(
    "searches", THEOREM, searched, net_distance_neuron.observe_search,
    examples=(Neuron(((1.0, 1.0, 1.0), (-1.0, -1.0, -1.0)), (1, 0), (0, 1), "tanh", 32.0),),
    search=2, batch=8, bulk=32, only=("ascent-within-table",),
)  # fmt: skip
THREE_LAWS = Experiment(
    "three-laws", THEOREM, three_laws, net_distance_metric.observe,
    examples=(
        Three(((-1.0,), (1.0,)), (1, 1), (1, 0), (0, 1)),
        Three(((-1.0,), (0.0,), (1.0,)), (1, 0, 0), (0, 1, 0), (0, 0, 1), "relu", 0.1),
        Three(((-1.0,), (0.0,), (1.0,)), (3, 1, 0), (0, 1, 1), (1, 1, 1), "table", 0.0),
    ),
    search=5, batch=8, bulk=90,
)  # fmt: skip
SINGULAR = Experiment(
    "singular", THEOREM, singular, net_distance_singular.observe,
    examples=(Singular((), 1, (-1,)),), search=4, batch=8, bulk=100,
)  # fmt: skip
ATOMIC = Experiment(
    "atomic", THEOREM, atomic, net_distance_singular.observe,
    examples=(Singular((1,), 1, (0, -1)),), search=4, batch=8, bulk=200, only=("divergence-of-the-seen",),
)  # fmt: skip

CUBES = Experiment(
    "cubes", THEOREM, cubes, net_distance_transport.observe,
    examples=(
        Cube(1, (0,)),
        Cube(2, (0, 3)),
        Cube(3, (0, 7)),
        Cube(7, (0, 7, 25, 30, 42, 45, 51, 52, 75, 76, 82, 85, 97, 102, 120, 127)),
    ),
    search=1, batch=4, bulk=24,
)  # fmt: skip


class TestNeuralNetDistance(Audit):
    """Exact suprema of linear, tabular, kernel and ReLU classes, enclosed ones of neurons, and what ascent finds."""

    experiments = [  # noqa: RUF012
        BALLS, NETS, SAMPLES, COPIES, KERNELS, KERNEL_SAMPLES, COPIED_KERNEL_SAMPLES, HULLS, NEURONS, SEARCHES,
        THREE_LAWS, SINGULAR, ATOMIC, CUBES,
    ]  # fmt: skip
