"""How instances are drawn: one description of a family, two drivers.

A family is a function ``family(draw, *, assumption=True, …) -> instance``.  It asks a `Draw` for integers,
decimals, choices and seeds.  Driven by Hypothesis it is searched and shrunk; driven by a seeded generator it
gives thousands of instances a second.  Every draw is one integer choice, so that an instance found by the
bulk search is handed to Hypothesis as its list of choices and shrunk there.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # only a search needs Hypothesis; reading stored evidence does not
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


class Draw:
    """Draws values that shrink to textbook ones."""

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high]; shrinks towards 0, or the end nearest to it."""
        raise NotImplementedError

    def boolean(self) -> bool:
        """Shrinks to False."""
        return bool(self.integer(0, 1))

    def choice(self, options: Sequence[T]) -> T:
        """One of the options; shrinks to the first."""
        return options[self.integer(0, len(options) - 1)]

    def decimal(self, low: float, high: float, places: int = 2) -> float:
        """A short decimal in [low, high]; shrinks towards 0, or the end nearest to it."""
        scale = 10**places
        first, last = Fraction(str(low)) * scale, Fraction(str(high)) * scale
        return self.integer(math.ceil(first), math.floor(last)) / scale

    def power(self, low: int, high: int, base: int = 10, places: int = 1) -> float:
        """base**e for a decimal exponent e in [low, high]: a scale.  Shrinks towards 1."""
        return float(base) ** self.decimal(low, high, places)

    def seed(self) -> int:
        """A seed for the simulator's own stream; shrinks to 0, the canonical instance."""
        return self.integer(0, 2**16 - 1)


Family = Callable[..., Any]


class _Searched(Draw):
    def __init__(self, draw: Callable[[Any], Any], integers: Callable[[int, int], Any]) -> None:
        self._draw, self._integers = draw, integers
        self.choices: list[int] = []

    def integer(self, low: int, high: int) -> int:
        value = int(self._draw(self._integers(low, high)))
        self.choices.append(value)
        return value


class Seeded(Draw):
    """Draws from a generator of its own and remembers the choices made."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self.choices: list[int] = []

    def integer(self, low: int, high: int) -> int:
        value = self._random.randint(low, high)
        self.choices.append(value)
        return value


def strategy(family: Family, **flags: bool) -> SearchStrategy[tuple[Any, tuple[int, ...]]]:
    """The family as a Hypothesis strategy of (instance, choices); ``flags`` are its assumption keywords."""
    from hypothesis import strategies as st

    @st.composite
    def build(draw: Callable[[Any], Any]) -> tuple[Any, tuple[int, ...]]:
        searched = _Searched(draw, st.integers)
        instance = family(searched, **flags)
        return instance, tuple(searched.choices)

    return build()


def bulk(family: Family, seed: str, **flags: bool) -> tuple[Any, tuple[int, ...]]:
    """One instance from a seeded generator, with the choices that made it."""
    draw = Seeded(seed)
    instance = family(draw, **flags)
    return instance, tuple(draw.choices)
