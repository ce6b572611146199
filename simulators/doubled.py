"""Pairs of float64 whose unevaluated sum is the value: about 106 bits, from error-free sums and products.

Every operation is a separate tensor operation in float64, so that nothing is fused and the error-free
transformations hold on every device.  For non-negative operands one operation errs by at most 8 u² relatively, with
u = 2^-53 (Joldes, Muller, Popescu 2017: sum 3 u², product 5 u², quotient of integers below 2^53 2 u²), as long as
nothing underflows; what underflows errs by at most 2^-1060 absolutely.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

UNIT = 2.0**-53
"""The unit roundoff u of float64."""
OPERATION = 8 * UNIT**2
"""Relative error of one operation on non-negative pairs."""
UNDERFLOW = 2.0**-1060
"""Absolute error of one operation that underflows."""


@dataclass(frozen=True)
class Doubled:
    """The value high + low, tensors of one shape, |low| <= u |high|."""

    high: Tensor
    low: Tensor

    def __getitem__(self, key: Any) -> Doubled:
        return Doubled(self.high[key], self.low[key])

    def plus(self, other: Doubled) -> Doubled:
        """Sum of non-negative pairs."""
        high, error = _two_sum(self.high, other.high)
        return _normal(high, error + (self.low + other.low))

    def times(self, other: Doubled) -> Doubled:
        """Product."""
        high, error = _two_product(self.high, other.high)
        return _normal(high, error + (self.high * other.low + self.low * other.high))

    def running(self, combine: Callable[[Doubled, Doubled], Doubled]) -> Doubled:
        """Running sums (`plus`) or products (`times`) along the last axis, in ⌈log2 n⌉ steps."""
        value, step = self, 1
        while step < value.high.shape[-1]:
            value = stack([value[..., :step], combine(value[..., step:], value[..., :-step])])
            step *= 2
        return value

    def total(self) -> Doubled:
        """Sum of non-negative pairs over the last axis: at most ⌈log2 n⌉ additions deep."""
        value = self
        while value.high.shape[-1] > 1:
            half = value.high.shape[-1] // 2
            paired = value[..., :half].plus(value[..., half : 2 * half])
            value = stack([paired, value[..., 2 * half :]]) if value.high.shape[-1] % 2 else paired
        return value[..., 0]


def stack(parts: list[Doubled]) -> Doubled:
    """Joined along the last axis."""
    return Doubled(torch.cat([p.high for p in parts], -1), torch.cat([p.low for p in parts], -1))


def quotient(top: Tensor, bottom: Tensor) -> Doubled:
    """top/bottom for non-negative integers below 2^53."""
    high = top / bottom
    product, error = _two_product(high, bottom)
    return _normal(high, ((top - product) - error) / bottom)


def _normal(high: Tensor, low: Tensor) -> Doubled:
    total = high + low
    return Doubled(total, low - (total - high))


def _two_sum(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _split(a: Tensor) -> tuple[Tensor, Tensor]:
    scaled = a * 134217729.0  # 2^27 + 1
    high = scaled - (scaled - a)
    return high, a - high


def _two_product(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
