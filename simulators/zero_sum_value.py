"""What a player of a finite zero-sum game can guarantee with a mixture of strategies, in exact rationals.

The least t for which some mixture p of the rows keeps every column at Σ_u p_u a_uv ≤ t.  With all entries positive and
x = p/t this is the linear program "maximise Σx where Σ_u x_u a_uv ≤ 1", whose simplex tableau starts feasible.  It is
pivoted in whole numbers (Edmonds 1967: every division is exact) by Bland's rule, which never cycles.  At its end the
objective is a constant minus a non-negative combination of non-negative variables, which proves the optimum; the other
player's program is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

Payoffs = Sequence[Sequence[Fraction]]


@dataclass(frozen=True)
class Guarantee:
    """What a player guarantees, and a mixture that does: as many entries as the player has strategies, sum 1."""

    value: Fraction
    mixture: tuple[Fraction, ...]


def least_worst_case(payoffs: Payoffs) -> Guarantee:
    """min over mixtures p of the rows of max over columns v of Σ_u p_u ``payoffs[u][v]``."""
    scale = lcm(*(entry.denominator for row in payoffs for entry in row))
    whole = [[int(entry * scale) for entry in row] for row in payoffs]
    shift = 1 - min(min(row) for row in whole)
    total, shares = _largest_sum([[entry + shift for entry in row] for row in whole])
    mixture = tuple(share / total for share in shares)
    return Guarantee((1 / total - shift) / scale, mixture)


def largest_assured(payoffs: Payoffs) -> Guarantee:
    """max over mixtures q of the columns of min over rows u of Σ_v q_v ``payoffs[u][v]``: the other player's program."""
    turned = [[-row[v] for row in payoffs] for v in range(len(payoffs[0]))]
    found = least_worst_case(turned)
    return Guarantee(-found.value, found.mixture)


def _largest_sum(positive: list[list[int]]) -> tuple[Fraction, list[Fraction]]:
    """The largest Σx with x ≥ 0 and Σ_u x_u a_uv ≤ 1 for every v, and x; all a_uv are positive whole numbers."""
    rows, columns = len(positive), len(positive[0])
    tableau = [
        [*(row[v] for row in positive), *(int(v == w) for w in range(columns)), 1] for v in range(columns)
    ]  # one line a constraint, one unknown a row of the game, then the slacks, then the right side
    costs = [*[-1] * rows, *[0] * columns, 0]
    basis, divisor = list(range(rows, rows + columns)), 1
    while True:
        entering = next((j for j in range(rows + columns) if costs[j] < 0), None)
        if entering is None:
            break
        limits = [
            (Fraction(line[-1], line[entering]), basis[k], k) for k, line in enumerate(tableau) if line[entering] > 0
        ]
        leaving = min(limits)[2]
        pivot_line = tableau[leaving]
        pivot = pivot_line[entering]
        for k, line in enumerate(tableau):
            if k != leaving:
                tableau[k] = _reduced(line, pivot_line, entering, pivot, divisor)
        costs = _reduced(costs, pivot_line, entering, pivot, divisor)
        basis[leaving], divisor = entering, pivot
    shares = [Fraction(0)] * rows
    for k, variable in enumerate(basis):
        if variable < rows:
            shares[variable] = Fraction(tableau[k][-1], divisor)
    return Fraction(costs[-1], divisor), shares


def _reduced(line: list[int], pivot_line: list[int], entering: int, pivot: int, divisor: int) -> list[int]:
    factor = line[entering]
    return [(a * pivot - factor * b) // divisor for a, b in zip(line, pivot_line, strict=True)]
