"""Classifiers for small tables: support vector machines with four kinds of kernel, and a random forest.

A method is a list of settings in a fixed order.  A kernel is computed once for all rows, whatever the split; scikit-learn (extra
``data``) fits the machines and is imported late.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .measurement import MeasurementError
from .small_data_sets import MissingExtra

DEPTHS = tuple(range(5))  # hidden layers; 0 is the linear kernel
TANGENT_COSTS = tuple(10.0**e for e in range(-2, 5))
COSTS = tuple(2.0**e for e in range(-5, 15))
GAMMAS = tuple(2.0**e for e in range(-16, 9))
TREES = 500
STEPS = 100_000
Setting = tuple[tuple[str, float], ...]
Kernel = tuple[Setting, np.ndarray]


def tangent_kernels(points: np.ndarray) -> Iterator[Kernel]:
    """The tangent kernel of ReLU nets with 0 to 4 hidden layers, the first ``fixed`` of the layers not trained.

    A fixed layer contributes no term to Θ = Σ_h Σ^(h-1) Π Σ̇: the recursion Θ ← Θ Σ̇ + Σ starts from the layer after it.
    ``fixed`` = ``depth`` leaves the kernel of the last layer alone (Arora, Du, Li, Salakhutdinov, Wang, Yu 2020).
    """
    from .infinite_width import layers

    found = layers(points, depth=DEPTHS[-1], activation="relu")
    for depth in DEPTHS:
        for fixed in range(depth + 1):
            theta = found.sigma[fixed]
            for layer in range(fixed + 1, depth + 1):
                theta = theta * found.sigma_dot[layer] + found.sigma[layer]
            yield (("depth", depth), ("fixed", fixed)), theta.numpy()


def gaussian_kernels(points: np.ndarray) -> Iterator[Kernel]:
    """exp(-gamma |x - y|²) for the 25 values of gamma."""
    squares = (points**2).sum(1)
    distance = np.maximum(squares[:, None] + squares[None, :] - 2 * points @ points.T, 0)
    np.fill_diagonal(distance, 0)
    for gamma in GAMMAS:
        yield (("gamma", gamma),), np.exp(-gamma * distance)


def linear_kernels(points: np.ndarray) -> Iterator[Kernel]:
    """The inner products."""
    yield (), points @ points.T


@dataclass(frozen=True)
class Method:
    """One kind of classifier.  ``kernels`` is None for the forest, which has one setting."""

    name: str
    words: str
    kernels: Callable[[np.ndarray], Iterator[Kernel]] | None = None
    costs: tuple[float, ...] = ()
    kernels_tried: int = 1

    @property
    def fits(self) -> int:
        """How many machines the choice of a setting fits."""
        return self.kernels_tried * len(self.costs)


METHODS = {
    m.name: m
    for m in (
        Method("ntk", "tangent kernel", tangent_kernels, TANGENT_COSTS, sum(d + 1 for d in DEPTHS)),
        Method("gaussian", "Gaussian kernel", gaussian_kernels, COSTS, len(GAMMAS)),
        Method("forest", "random forest"),
        Method("linear", "linear kernel", linear_kernels, COSTS),
    )
}
RIVALS = tuple(name for name in METHODS if name != "ntk")


def machine(gram: np.ndarray, labels: np.ndarray, rows: np.ndarray, cost: float) -> Any:
    """A support vector machine fitted to the given rows of a Gram matrix."""
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import SVC
    except ImportError:
        raise MissingExtra from None
    fitted = SVC(kernel="precomputed", C=cost, max_iter=STEPS, cache_size=500, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at a huge cost the step limit ends it: a setting like any
        return fitted.fit(gram[np.ix_(rows, rows)], labels[rows])


def right_by_machine(
    gram: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray, cost: float
) -> np.ndarray:
    """Which test rows a machine fitted to the training rows predicts rightly; booleans in the order of ``test``."""
    predicted = machine(gram, labels, train, cost).predict(gram[np.ix_(test, train)])
    return predicted == labels[test]


def right_by_forest(
    points: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int
) -> np.ndarray:
    """The same of a random forest of 500 trees with a fixed random state, on one thread."""
    try:
        from sklearn.ensemble import RandomForestClassifier
    except ImportError:
        raise MissingExtra from None
    forest = RandomForestClassifier(n_estimators=TREES, random_state=seed, n_jobs=1)
    return forest.fit(points[train], labels[train]).predict(points[test]) == labels[test]


def choose(
    method: Method,
    points: np.ndarray,
    labels: np.ndarray,
    train: np.ndarray,
    validate: np.ndarray,
    step: Callable[[int], None] = lambda fits: None,
) -> tuple[Setting, np.ndarray]:
    """The setting that is right on most validation rows, the first of equals, and its Gram matrix of all rows.

    ``step`` is called with the number of machines fitted since the last call.  Raises `MeasurementError` for a kernel that
    overflows.
    """
    if method.kernels is None:
        raise MeasurementError(f"method {method.name}", "one with kernels to choose from")
    best: tuple[int, Setting, np.ndarray] | None = None
    for setting, gram in method.kernels(points):
        if not np.isfinite(gram).all():
            raise MeasurementError(f"an infinite {method.words}", "features of moderate size")
        for cost in method.costs:
            right = int(right_by_machine(gram, labels, train, validate, cost).sum())
            if best is None or right > best[0]:
                best = right, (*setting, ("C", cost)), gram
            step(1)
    assert best is not None
    return best[1], best[2]
