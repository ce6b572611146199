"""The generator experiment as `theorem-audit measure` runs it: a cell is a trained generator, or a discriminator of a subset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from . import gan_file, gan_protocol
from .digits import ROWS, SHA256
from .gan_nets import GRID
from .gan_protocol import Values
from .measured_experiment import Key, MeasuredExperiment, Step, Written, seal

SPELT = {"trained": 3, "subset": 4}


class GanDiversity(MeasuredExperiment):
    """Generators of digits trained against discriminators of several sizes; a result is the cell's integers."""

    name = "gan-diversity"
    form = "trained/SIZE/SEED or subset/IMAGES/SIZE/SEED"
    example = "trained/32/24"
    file = gan_file.FILE

    def wanted(self) -> tuple[Key, ...]:
        """Every generator, then every discriminator of a subset."""
        return gan_protocol.wanted()

    def key(self, text: str) -> Key | None:
        """The kind and its numbers."""
        kind, *numbers = text.split("/")
        known = SPELT.get(kind) == 1 + len(numbers) and all(number.isdigit() for number in numbers)
        return (kind, *numbers) if known else None

    def work(self, key: Key) -> int:
        """Steps of training."""
        return gan_protocol.work(key)

    def groups(self, keys: Sequence[Key]) -> Iterator[tuple[Key, ...]]:
        """Nets that are trained as one batch."""
        return gan_protocol.groups(keys)

    def measure(self, keys: Sequence[Key], step: Step) -> list[Values]:
        """One group."""
        return gan_protocol.measure(keys, step)

    def head(self) -> Mapping[str, Any]:
        """The protocol and the images, which an unfinished run must agree with."""
        gan_protocol.radius()  # without the images: an error now, not after the first batch
        return {"protocol": seal(gan_protocol.protocol())[:16], "images": SHA256}

    def plain(self, key: Key, result: Values) -> Any:
        """The key and the integers."""
        return [list(key), result]

    def read(self, value: Any) -> tuple[Key, Values]:
        """The cell that `plain` wrote."""
        key, result = value
        return tuple(key), result

    def encode(self, results: Mapping[Key, Values]) -> str:
        """The text of the measurement file."""
        return gan_file.encode(results, gan_file.real(), version("torch"))

    def decode(self, text: str) -> Written:
        """The text read back."""
        file = gan_file.decode(text)
        return Written(file.cells, f"torch {file.library}")

    def library(self) -> str:
        """torch's version here."""
        return f"torch {version('torch')}"

    def briefly(self, result: Values) -> str:
        """How many pairs are near-duplicates after all steps, or what the discriminator gains."""
        if "shown" in result:
            return f"sums {result['shown'] / GRID:.1f} over what it is shown and {result['all'] / GRID:.1f} over all {ROWS}"
        pairs, near = result[str(gan_protocol.STAGES[-1])]["pairs"]
        return f"{near} near-duplicates in {pairs} pairs"

    def fully(self, result: Values) -> str:
        """Everything."""
        return f"{self.briefly(result)}; {result}"
