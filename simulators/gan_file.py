"""The measurement file of the generator experiment: every cell in integers, hashed, without clock, host or path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from .digits import ROWS, SHA256, digits
from .gan_birthday import nearest
from .gan_protocol import Key, Values, protocol, radius, real_pairs
from .measured_experiment import seal, unchanged
from .measurement import MeasurementError

FILE = Path(__file__).parent / "data" / "gan-diversity.json"
REMEDY = "run `theorem-audit measure gan-diversity`"


@dataclass(frozen=True)
class Real:
    """The real images as the file knows them.

    ``radius`` is the squared radius of near-duplicates; ``pairs`` of different images, of which ``near`` are within it; ``distance``
    is the median squared distance from an image to the nearest other one.
    """

    rows: int
    digest: str
    radius: int
    pairs: int
    near: int
    distance: int


@dataclass(frozen=True, eq=False)
class Measured:
    """What the file holds.  ``library`` is the version of torch that measured it."""

    cells: Mapping[Key, Values]
    real: Real
    library: str

    def cell(self, *key: object) -> Values:
        """The cell of that key; `MeasurementError` where it was not measured."""
        known = tuple(map(str, key))
        if known not in self.cells:
            raise MeasurementError(f"no cell {'/'.join(known)}", f"one that was measured: {REMEDY}")
        return self.cells[known]


@lru_cache
def real() -> Real:
    """The real images at hand."""
    images = torch.from_numpy(digits().copy())
    distance = nearest(images, images, itself=True).sort().values
    return Real(ROWS, SHA256, radius(), *real_pairs(radius()), int(distance[ROWS // 2]))


def encode(cells: Mapping[Key, Values], known: Real, library: str) -> str:
    """The text of the file: sorted, a line for each cell, and hashed over everything else that it says."""
    named = {"/".join(key): values for key, values in cells.items()}
    said = {
        "cells": named,
        "library": {"torch": library},
        "protocol": protocol(),
        "real": vars(known),
    }
    lines = [f'  "{name}": {json.dumps(values, sort_keys=True)}' for name, values in sorted(named.items())]
    rest = [f' "{name}": {json.dumps(said[name], sort_keys=True)}' for name in ("library", "protocol", "real")]
    return "\n".join(
        ["{", ' "cells": {', ",\n".join(lines), " },", ",\n".join(rest) + ",", f' "hash": "{seal(said)}"', "}", ""]
    )


def decode(text: str) -> Measured:
    """The file's text read back.

    Raises `MeasurementError` where it was edited by hand, measured by another protocol or is no such file.
    """
    try:
        said = json.loads(text)
        claimed = said.pop("hash")
        cells = {tuple(name.split("/")): values for name, values in said["cells"].items()}
        known, library, _ = Real(**said["real"]), said["library"]["torch"], said["protocol"]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise MeasurementError(f"{type(problem).__name__}: {problem}", f"a measurement file: {REMEDY}") from None
    unchanged(said, claimed, protocol(), REMEDY)
    return Measured(cells, known, library)


@lru_cache
def measured(path: Path = FILE) -> Measured:
    """The file that comes with the project, read once.  Raises `MeasurementError` where there is none."""
    if not path.is_file():
        raise MeasurementError(f"no file {path.name}", f"the measured cells: {REMEDY}")
    return decode(path.read_text(encoding="utf-8"))
