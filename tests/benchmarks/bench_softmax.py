"""The batched softmax solver against a loop of `scipy.optimize` L-BFGS: d = 5, V = 20, 2048 problems, one thread.

Both start at 0 from arrays of features and weights; centring and scaling are timed with the solver.  The peer runs with tolerances that take it as far as it goes, and
must not end closer to the minimiser than the solver; the row with its default tolerances favours the peer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize

from simulators.softmax_certificate import certify
from simulators.softmax_newton import Problems, Solution, softmax, solve, stacked

D, WORDS, BATCH, PEER_BATCH, REPEATS = 5, 20, 2048, 48, 7
REACH = 25.0
TIGHT = {"ftol": 1e-16, "gtol": 1e-12, "maxcor": 10, "maxiter": 1000}


def laws(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Normal features (B, d, V) and integer weights (B, V) of Dirichlet-like laws."""
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((BATCH, D, WORDS))
    return features, np.ceil(1000 * generator.standard_gamma(1.0, (BATCH, WORDS))).astype(np.int64)


def lbfgs(features: np.ndarray, truth: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    """The peer: one problem at a time, with its gradient."""

    def loss(f: np.ndarray, phi: np.ndarray, moment: np.ndarray) -> tuple[float, np.ndarray]:
        logits = f @ phi
        top = logits.max()
        weight = np.exp(logits - top)
        total = weight.sum()
        return float(top + np.log(total) - f @ moment), phi @ (weight / total) - moment

    found = []
    for phi, p in zip(features, truth, strict=True):
        moment = phi @ p
        found.append(minimize(loss, np.zeros(D), (phi, moment), "L-BFGS-B", jac=True, options=options).x)
    return np.array(found)


def residual(features: np.ndarray, truth: np.ndarray, f: np.ndarray) -> float:
    """Median over problems of the largest entry of Phi (p_f - p*)."""
    logits = np.einsum("bk,bkv->bv", f, features)
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return float(np.median(np.abs(np.einsum("bkv,bv->bk", features, p - truth)).max(1)))


def seconds(task: Callable[[], Any]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def run() -> list[tuple[str, float, float]]:
    """Medians of paired repeats: problems per second of the solver over those of the peer."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _compare()
    finally:
        torch.set_num_threads(threads)


def _compare() -> list[tuple[str, float, float]]:
    features, weights = laws()
    truth = weights / weights.sum(1, keepdims=True)
    given = stacked(features, weights, "cpu")
    solution = solve(given)
    certified = certify(given, solution)
    few, few_truth = features[:PEER_BATCH], truth[:PEER_BATCH]
    ours = _residual(given, solution)
    theirs = residual(few, few_truth, lbfgs(few, few_truth, TIGHT))
    if ours > theirs or not bool(certified.certified.all()):
        raise RuntimeError(
            f"got residual {ours:.1e} against {theirs:.1e} of L-BFGS; expected at most that; the rates do not compare"
        )
    ratios: dict[str, list[float]] = {"tight": [], "default": [], "certified": []}
    for _ in range(REPEATS):
        peer = seconds(lambda: lbfgs(few, few_truth, TIGHT)) / PEER_BATCH
        loose = seconds(lambda: lbfgs(few, few_truth, {})) / PEER_BATCH
        mine = seconds(lambda: solve(stacked(features, weights, "cpu"))) / BATCH
        proof = seconds(lambda: certify(given, solution)) / BATCH
        ratios["tight"].append(peer / mine)
        ratios["default"].append(loose / mine)
        ratios["certified"].append(peer / (mine + proof))
    size = f"d = {D}, V = {WORDS}, batch {BATCH}"
    return [
        (
            f"batched Newton over L-BFGS, {size}; residual {ours:.0e} against {theirs:.0e}",
            median(ratios["tight"]),
            REACH,
        ),
        (f"the same with the certificate, {size}", median(ratios["certified"]), 1.0),
        (f"batched Newton over L-BFGS at its default tolerances, {size}", median(ratios["default"]), 1.0),
    ]


def _residual(given: Problems, solution: Solution) -> float:
    p, _ = softmax(given.features, solution.f, given.word)
    gap = ((given.features * (p - given.truth.high)[:, None, :]).sum(2)).abs()
    return float((gap / torch.from_numpy(np.array(given.scale))).amax(1).median())
