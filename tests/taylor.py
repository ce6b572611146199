"""An independent integrator: power series of the factors at 170 bits, for judging the error bars of the fast one."""

from __future__ import annotations

import numpy as np
from flint import arb, arb_mat, ctx, fmpq

BITS, ORDER, SMALL = 170, 32, 1e-26


def exact(matrix: np.ndarray) -> arb_mat:
    """A float matrix, exactly."""
    return arb_mat([[arb(float(x)) for x in row] for row in matrix])


def polar(frame: np.ndarray) -> arb_mat:
    """The orthonormal columns nearest to those of a nearly orthonormal float matrix (Newton and Schulz)."""
    x = exact(frame)
    for _ in range(5):
        x = (x * 3 - x * (x.transpose() * x)) * arb(fmpq(1, 2))
        x = arb_mat(x.nrows(), x.ncols(), [e.mid() for e in x.entries()])
    return x


def _zero(like: arb_mat) -> arb_mat:
    return arb_mat(like.nrows(), like.ncols())


def _convolve(a: list[arb_mat], b: list[arb_mat], k: int) -> arb_mat:
    total = a[0] * b[k]
    for i in range(1, k + 1):
        total += a[i] * b[k - i]
    return total


class Residual:
    """Coefficients of −∇ℓ along a series of end-to-end matrices, one after another."""

    def __init__(
        self, loss: str, weight: np.ndarray, offset: np.ndarray, probes: list[np.ndarray], answers: list[float]
    ):
        self.loss, self.weight, self.offset = loss, exact(weight), exact(offset)
        self.probes, self.answers = [exact(p) for p in probes], [arb(a) for a in answers]
        self.seen: list[list[arb]] = [[] for _ in probes]
        self.link: list[list[arb]] = [[] for _ in probes]

    def restart(self) -> None:
        """Begin a new series."""
        for series in (*self.seen, *self.link):
            series.clear()

    def coefficient(self, k: int, matrix: arb_mat) -> arb_mat:
        """The k-th one, given the k-th of the end-to-end matrix."""
        entries = matrix.entries()
        if self.loss not in ("sensing", "logistic"):
            here = self.offset.entries() if k == 0 else [arb(0)] * len(entries)
            values = [o - w * m for o, w, m in zip(here, self.weight.entries(), entries, strict=True)]
            return arb_mat(matrix.nrows(), matrix.ncols(), values)
        total = _zero(matrix)
        for i, (probe, answer) in enumerate(zip(self.probes, self.answers, strict=True)):
            seen = sum((p * m for p, m in zip(probe.entries(), entries, strict=True)), arb(0))
            self.seen[i].append(seen)
            if self.loss == "logistic":
                seen = self._sigmoid(self.seen[i], self.link[i], k)
            total += probe * ((answer if k == 0 else arb(0)) - seen)
        return total

    @staticmethod
    def _sigmoid(z: list[arb], s: list[arb], k: int) -> arb:
        """Coefficients of 1/(1 + exp(−z)): s' = (s − s²) z'."""
        if k == 0:
            s.append(1 / (1 + (-z[0]).exp()))
            return s[0]
        curve = [s[i] - sum((s[j] * s[i - j] for j in range(i + 1)), arb(0)) for i in range(k)]
        s.append(sum((curve[i] * (k - i) * z[k - i] for i in range(k)), arb(0)) / k)
        return s[k]


def series(factors: list[arb_mat], residual: Residual, decay: float) -> list[list[arb_mat]]:
    """Power series of every factor at a point."""
    residual.restart()
    depth = len(factors)
    w = [[f] for f in factors]
    transposed = [[f.transpose()] for f in factors]
    product: list[list[arb_mat]] = [w[0]] + [[] for _ in range(depth - 1)]
    outer: list[list[arb_mat]] = [[] for _ in range(depth)]
    turned: list[list[arb_mat]] = [[] for _ in range(depth)]
    for k in range(ORDER):
        for j in range(1, depth):
            product[j].append(_convolve(w[j], product[j - 1], k))
        outer[depth - 1].append(residual.coefficient(k, product[-1][k]))
        for j in range(depth - 1, 0, -1):
            outer[j - 1].append(_convolve(transposed[j], outer[j], k))
        for j in range(depth):
            slope = outer[j][k]
            if j:
                turned[j - 1].append(product[j - 1][k].transpose())
                slope = _convolve(outer[j], turned[j - 1], k)
            following = (slope - w[j][k] * arb(decay)) / arb(k + 1)
            w[j].append(following)
            transposed[j].append(following.transpose())
    return w


def follow(factors: list[arb_mat], residual: Residual, time: float, decay: float = 0.0) -> list[arb_mat]:
    """The factors at ``time``, to about 24 digits."""
    before, ctx.prec = ctx.prec, BITS
    try:
        now, end = arb(0), arb(time)
        while now < end:
            w = series(factors, residual, decay)
            tail = max(abs(float(e)) for s in w for m in s[-2:] for e in m.entries())
            step = arb(min((SMALL / max(tail, 1e-300)) ** (1 / ORDER), 1.0))
            h = step if now + step < end else end - now
            h = h.mid()
            now = now + h
            factors = []
            for s in w:
                value = s[-1]
                for coefficient in reversed(s[:-1]):
                    value = value * h + coefficient
                factors.append(arb_mat(value.nrows(), value.ncols(), [e.mid() for e in value.entries()]))
        return factors
    finally:
        ctx.prec = before
