"""Generators that show some of the real images, and discriminators of them: advantages counted exactly over all real images."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch

from .digits import LEVELS, digits
from .gan_subset import chosen
from .measurement import MeasurementError, Measurements, integers, simulator
from .small_data import rationals


@dataclass(frozen=True)
class Memory:
    """A generator uniform on ``shown`` different images, and a discriminator that knows ``known`` of them by heart.

    The images are real ones drawn by ``seed``, but for ``changed`` of them, in which one pixel has a value that real images do not have.
    The discriminator's value is ``value`` hundredths on the images that it knows, changed ones first, and 0 on others.
    """

    shown: int
    known: int
    changed: int = 0
    value: int = 100
    seed: int = 0


@simulator("n m known foreign span advantage", limited_by="exact")
def observe_memory(batch: tuple[Memory, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row an instance: ``foreign`` counts images that are not real, ``span`` is the discriminator's largest minus smallest value."""
    torch.empty(0, device=torch.device(device))
    real = {image.tobytes() for image in digits()}
    rows = []
    for k, one in enumerate(batch):
        if not (
            0 <= one.changed <= one.shown <= len(digits())
            and 0 <= one.known <= one.shown
            and one.shown
            and one.value > 0
        ):
            raise MeasurementError(f"{one}", f"1 to {len(digits())} images, known and changed ones among them", "m", k)
        images = digits()[chosen(len(digits()), one.shown, one.seed)].copy()
        images[: one.changed, 0] = LEVELS + 1
        seen = [image.tobytes() for image in images]
        value, heart = Fraction(one.value, 100), set(seen[: one.known])
        among_shown = Fraction(sum(image in heart for image in seen), one.shown)
        among_real = Fraction(sum(image in heart for image in real), len(real))
        span = value if heart and (heart != set(seen) or heart != real) else Fraction(0)
        rows.append((one.known, sum(image not in real for image in seen), span, value * (among_shown - among_real)))
    columns = {
        "n": integers(len(digits()) for _ in batch),
        "m": integers(one.shown for one in batch),
        "known": integers(row[0] for row in rows),
        "foreign": integers(row[1] for row in rows),
        "span": rationals([row[2] for row in rows]),
        "advantage": rationals([row[3] for row in rows]),
    }
    return Measurements(columns, np.arange(len(batch)))
