"""A file of one tile: an array as numpy.save writes it, and after it a seal that ties it to its job and its place.

The seal is the SHA-256 of the job, the row, the column and all bytes before it; numpy.load does not read that far.  A
tile that was copied to another place, comes from another job or has a changed byte has no valid seal.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

SUFFIX = ".unfinished"
SEAL = hashlib.sha256().digest_size


def identity(manifest: Mapping[str, Any]) -> str:
    """What seals the tiles of a job: the SHA-256 of its manifest."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def save(path: Path, values: np.ndarray, job: str, row: int, column: int) -> None:
    """Write a tile of the job with this `identity`, whole or not at all."""
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    content = file.getvalue()
    atomically(path, lambda out: out.write(content + _seal(content, job, row, column)))


def load(path: Path, job: str, row: int, column: int) -> np.ndarray | None:
    """The tile that `save` wrote for this job and place; None where the file is none of it or is changed."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if content[-SEAL:] != _seal(content[:-SEAL], job, row, column):
        return None
    return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))


def atomically(path: Path, write: Callable[[Any], Any]) -> None:
    """Write a file under another name, bring it to the disk, rename it.

    A run that starts in the same folder, on another machine say, clears what is unfinished: then it is written again.
    """
    beside = path.with_name(f"{path.name}.{platform.node()}.{os.getpid()}{SUFFIX}")
    for last in (False, True):
        with beside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        try:
            beside.replace(path)
        except FileNotFoundError:
            if last:
                raise
        else:
            return


def _seal(content: bytes, job: str, row: int, column: int) -> bytes:
    digest = hashlib.sha256(f"{job} {row} {column}\n".encode())
    digest.update(content)
    return digest.digest()
