"""Figures of one significant digit, rounded outward: never better than what was measured.

A figure is printed with the direction it was rounded in, ``≤ 3e-13`` or ``≥ 0.9``, so that it is true as it stands and so that
`compare` can tell it from an exact number.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal


def digit(value: float, *, up: bool) -> tuple[int, int]:
    """The pair (m, e) with m·10^e the one-digit neighbour of a positive number, above it or below it.

    Raises `ValueError` unless the value is finite and positive.
    """
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"got {value!r}; expected a finite positive number; show zero and infinity as words")
    exact = Decimal(value)  # exact: a float is a decimal fraction
    exponent = exact.adjusted()
    mantissa = int(exact.scaleb(-exponent).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))
    return (1, exponent + 1) if mantissa == 10 else (mantissa, exponent)


def at_most(value: float) -> str:
    """``≤ 3e-13``: rounded up.  Zero and infinity are shown as they are."""
    return _figure("≤", value, up=True)


def at_least(value: float) -> str:
    """``≥ 0.9``: rounded down."""
    return _figure("≥", value, up=False)


def about(text: str) -> str:
    """A sentence whose measured numbers, and large numbers of rows, are marked as approximate: ``by ≈ 2.3e-7``."""
    measured = r"(?<![\w.(=])\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+)|\b\d{3,}(?= rows| of )"
    return re.sub(measured, lambda m: f"≈ {_plain(m[0])}", text)


def _plain(number: str) -> str:
    value = Decimal(number).normalize()
    return f"{value:f}" if -3 <= value.adjusted() <= 5 else f"{value:e}".replace("e+", "e")


def _figure(sign: str, value: float, *, up: bool) -> str:
    if math.isnan(value):
        raise ValueError("got nan; expected a number; a figure that was not measured is shown as –")
    if value == 0:
        return "0"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    mantissa, exponent = digit(abs(value), up=up == (value > 0))
    shown = f"{mantissa}e{exponent}" if not -3 <= exponent <= 5 else f"{Decimal(mantissa).scaleb(exponent):f}"
    return f"{sign} {'−' if value < 0 else ''}{shown}"


def steps(first: str, second: str) -> float:
    """How many one-digit values lie between two printed numbers: 0 when equal, 1 when adjacent, infinite across zero."""
    one, two = (Decimal(text.replace("−", "-")) for text in (first, second))
    if one == two:
        return 0
    if one == 0 or two == 0 or (one > 0) != (two > 0):
        return math.inf
    return abs(_rung(abs(one)) - _rung(abs(two)))


def _rung(value: Decimal) -> float:
    """The place of a positive number on the ladder … 8, 9, 10, 20, 30 …"""
    exponent = value.adjusted()
    return 9 * exponent + float(value.scaleb(-exponent)) - 1
