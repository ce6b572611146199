"""Small pairs of images, and the windows that a filter looks through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.measurement import MeasurementError
from simulators.streams import octets

KINDS = ("drawn", "same", "near", "double", "opposite", "flat", "black", "bright", "positive", "turned")
"""How the second image is made; see `ImagePair`."""
NEAR = 2.0**-17
BRIGHT = 2.0**10
TURNED = 2.0**-6


@dataclass(frozen=True)
class ImagePair:
    """Two images of small integers (over 4) times ``scale``, and the net that is asked about them.

    ``kind`` of the second image: *drawn* by itself, the *same*, *near* (the same plus 2^-17 of another), *double*,
    *opposite* (the negative), *flat* (both images constant), *black* (all zeros), *bright* (2^10 of another),
    *positive* (both images without their signs) or *turned* (the negative and 2^-6 of another).
    Seed 0 is the image of ones beside a ramp.  ``shift``: rows and columns by which the second image is also moved.
    """

    height: int
    width: int
    channels: int
    depth: int
    filter: int = 3
    padding: str = "zero"
    kind: str = "drawn"
    scale: float = 1.0
    shift: tuple[int, int] = (0, 1)
    seed: int = 0

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self.height * self.width


def images(pair: ImagePair, element: int | None = None) -> np.ndarray:
    """The two images, (2, height, width, channels) in float64.  Raises `MeasurementError` for a pair that is none."""
    sizes = (pair.height, pair.width, pair.channels, pair.depth)
    if min(sizes) < 1 or pair.filter % 2 == 0 or pair.kind not in KINDS or pair.padding not in ("zero", "circular"):
        raise MeasurementError(f"{pair}", "positive sizes, an odd filter, a known kind and padding", element=element)
    shape = (2, pair.height, pair.width, pair.channels)
    if pair.seed == 0:
        drawn = np.stack([np.ones(shape[1:]), np.arange(1.0, 1 + np.prod(shape[1:])).reshape(shape[1:])])
    else:
        raw = np.frombuffer(octets(int(np.prod(shape)), "image pair", pair.seed, *shape), dtype=np.uint8)
        drawn = (raw.reshape(shape).astype(np.float64) % 17 - 8) / 4
    first, other = drawn
    if pair.kind == "flat":
        first, other = np.broadcast_to(first[:1, :1], shape[1:]), np.broadcast_to(other[:1, :1], shape[1:])
    if pair.kind == "positive":
        first, other = np.abs(drawn)
    second = {
        "same": first,
        "near": first + NEAR * other,
        "double": 2 * first,
        "opposite": -first,
        "black": 0 * first,
        "bright": BRIGHT * other,
        "turned": TURNED * other - first,
    }.get(pair.kind, other)
    return np.ascontiguousarray(np.stack([first, second]) * pair.scale)


def windows(pair: ImagePair) -> np.ndarray:
    """The pixels (filter², pixels) that the window of each pixel holds; ``pixels`` itself stands for a blank one."""
    radius, rows, columns = pair.filter // 2, np.arange(pair.height), np.arange(pair.width)
    found = []
    for a in range(-radius, radius + 1):
        for b in range(-radius, radius + 1):
            i, j = rows[:, None] + a, columns[None] + b
            if pair.padding == "circular":
                place = (i % pair.height) * pair.width + j % pair.width
            else:
                inside = (i >= 0) & (i < pair.height) & (j >= 0) & (j < pair.width)
                place = np.where(inside, i * pair.width + j, pair.pixels)
            found.append(place.reshape(-1))
    return np.stack(found)
