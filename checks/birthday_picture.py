"""Samples drawn for a page: images as PNG, all else as curves or as the numbers themselves."""

from __future__ import annotations

import base64
import html
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .birthday_samples import numbers_of
from .measure_command import BadInput

if TYPE_CHECKING:  # imported where they are used: `--help` is immediate
    import numpy as np

COLOURS = (3, 1, 4)
"""Numbers of channels, the likeliest first."""
LEAST_SIDE = 4
FEW_NUMBERS = 4
POINTS = 256
MOST_PIXELS = 96
CURVE = (160, 64)


@dataclass(frozen=True)
class Layout:
    """How a sample is drawn: ``kind`` is "image", "curve" or "numbers"; an image's channels are in front or behind."""

    kind: str
    height: int = 0
    width: int = 0
    channels: int = 1
    in_front: bool = False
    guessed: bool = False

    @property
    def words(self) -> str:
        """What the pictures are, for a caption."""
        if self.kind != "image":
            return "as curves" if self.kind == "curve" else "as numbers"
        colours = "" if self.channels == 1 else f" with {self.channels} channels"
        return f"as images of {self.height} × {self.width} pixels{colours}"


def layout(shape: tuple[int, ...], asked: str | None) -> Layout:
    """How samples of a shape are drawn: as asked, ``HxW``, ``HxWxC``, ``CxHxW`` or ``curve``, else as the shape suggests."""
    many = numbers_of(shape)
    plain = Layout("numbers" if many <= FEW_NUMBERS else "curve")
    if asked == "curve":
        return plain
    if asked is not None:
        sides = tuple(int(side) for side in asked.lower().split("x") if side.isdigit())
        found = _image(sides)
        if found is None or asked.lower().count("x") != len(sides) - 1 or math.prod(sides) != many:
            raise BadInput(
                f"got --draw-as {asked} for samples of {many} numbers; expected curve, or HEIGHTxWIDTH or"
                f" HEIGHTxWIDTHx3 or 3xHEIGHTxWIDTH of {many} in all; for instance --draw-as curve"
            )
        return found
    side = math.isqrt(many)
    if len(shape) == 1:
        return Layout("image", side, side, guessed=True) if side**2 == many and side >= LEAST_SIDE else plain
    return _image(shape) or plain


def _image(sides: tuple[int, ...]) -> Layout | None:
    if len(sides) == 2 and min(sides) > 1:
        return Layout("image", sides[0], sides[1])
    for colours in COLOURS if len(sides) == 3 else ():
        if sides[2] == colours and min(sides[:2]) > 1:
            return Layout("image", sides[0], sides[1], colours)
        if sides[0] == colours and min(sides[1:]) > 1:
            return Layout("image", sides[1], sides[2], colours, in_front=True)
    return None


def ready() -> None:
    """Complain before the long run, not after it, where images cannot be drawn."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        raise BadInput(
            "got no pillow; expected it to draw the candidate pairs;"
            " run pip install 'theorem-audit[data]', or give --no-picture"
        ) from None


def drawn(sample: np.ndarray, how: Layout, low: float, high: float, words: str) -> str:
    """One sample as HTML: grey, or the colours, from ``low`` to ``high``; ``words`` for who cannot see it."""
    if how.kind == "image":
        return _picture(sample, how, low, high, words)
    if how.kind == "numbers":
        return f"<code>{'<br>'.join(f'{value:.6g}' for value in sample)}</code>"
    return _curve(sample, low, high, words)


def _picture(sample: np.ndarray, how: Layout, low: float, high: float, words: str) -> str:
    import numpy as np
    from PIL import Image

    levels = (sample - low) / (high - low) * 255 if high > low else np.zeros_like(sample)
    pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    if how.in_front:
        pixels = np.moveaxis(pixels.reshape(how.channels, how.height, how.width), 0, -1)
    pixels = pixels.reshape(how.height, how.width, how.channels)
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if how.channels == 1 else pixels[..., :3]))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    zoom = max(1, MOST_PIXELS // max(how.height, how.width))
    return (
        f'<img alt="{html.escape(words)}" width="{how.width * zoom}" height="{how.height * zoom}"'
        f' src="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}">'
    )


def _curve(sample: np.ndarray, low: float, high: float, words: str) -> str:
    import numpy as np

    width, height = CURVE
    if len(sample) > POINTS:  # a sketch: means of equal stretches
        edges = np.linspace(0, len(sample), POINTS + 1).astype(int)
        sample = np.add.reduceat(sample, edges[:-1]) / np.diff(edges)
    across = np.linspace(1, width - 1, len(sample))
    down = height - 1 - (sample - low) / (high - low) * (height - 2) if high > low else np.full(len(sample), height / 2)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))
    return (
        f'<svg role="img" aria-label="{html.escape(words)}" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}"><polyline points="{points}"/></svg>'
    )
