"""Crops of the photographs that ship inside scikit-image: images of the size of CIFAR-10, without a download."""

from __future__ import annotations

import numpy as np

from simulators.measurement import MeasurementError

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
SIDE = 32


class MissingExtra(RuntimeError):
    """A package of an extra that is not installed."""


def crops(count: int) -> np.ndarray:
    """``count`` crops (count, 32, 32, 3) of bytes, of the four photographs in turn, without overlap.

    Raises `MissingExtra` without scikit-image, `MeasurementError` for more crops than the photographs hold.
    """
    try:
        from skimage import data
    except ImportError:
        raise MissingExtra("scikit-image is missing; install it with `pip install 'theorem-audit[data]'`") from None
    parts = []
    for name in PHOTOGRAPHS:
        picture = getattr(data, name)()
        rows, columns = picture.shape[0] // SIDE, picture.shape[1] // SIDE
        whole = picture[: rows * SIDE, : columns * SIDE, :3].reshape(rows, SIDE, columns, SIDE, 3).swapaxes(1, 2)
        pieces = whole.reshape(-1, SIDE, SIDE, 3)
        parts.append(pieces[(np.arange(len(pieces)) * 37) % len(pieces)] if len(pieces) % 37 else pieces)
    deepest = max(len(part) for part in parts)
    order = [part[k] for k in range(deepest) for part in parts if k < len(part)]
    if not 1 <= count <= len(order):
        raise MeasurementError(f"{count} crops", f"from 1 to {len(order)}, which the photographs hold")
    return np.stack(order[:count])
