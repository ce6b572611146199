"""The real images: 1797 handwritten digits of 8 by 8 pixels that ship inside scikit-learn, each pixel an integer from 0 to 16."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .measurement import MeasurementError
from .small_data_sets import INSTALL, MissingExtra

PIXELS = 64
LEVELS = 16
ROWS = 1797
SHA256 = "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"


class MissingDigits(MissingExtra):
    """scikit-learn is not installed; the message is one line with the command that installs it."""

    def __init__(self) -> None:
        ImportError.__init__(
            self, f"got no scikit-learn; expected it for the digits that ship inside it; run {INSTALL}"
        )


def file() -> Path:
    """The file inside scikit-learn, which need not be imported for it: that would move a global generator.

    Raises `MissingDigits` without scikit-learn.
    """
    found = find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise MissingDigits
    return Path(found.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"


@lru_cache
def digits() -> np.ndarray:
    """The images, integers (1797, 64) from 0 to 16, read-only.

    Raises `MissingDigits` without scikit-learn, `MeasurementError` where its file is another one.
    """
    path = file()
    if not path.is_file():
        raise MeasurementError(
            f"no {path.name} inside scikit-learn", f"its {ROWS} digits; install another version of it"
        )
    images = np.ascontiguousarray(np.loadtxt(path, delimiter=",")[:, :PIXELS].astype(np.int8))
    found = hashlib.sha256(images.tobytes()).hexdigest()
    if found != SHA256:
        raise MeasurementError(
            f"digits of shape {images.shape} and sha256 {found}",
            f"the {ROWS} of {SHA256[:16]}…; install another version of scikit-learn",
        )
    images.flags.writeable = False
    return images
