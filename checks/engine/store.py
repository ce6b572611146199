"""Where evidence is kept: one self-contained file a gather, whole or absent, never trusted unread.

A file is an ``.npz`` without pickle: the arrays, a JSON document (instances, choices, what made it) as bytes,
and a digest over both, so that it cannot be torn in two.  It is written beside its place, flushed to the disk
and renamed.  What is damaged, or was made by another simulator, is moved to ``set-aside/`` with one line.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simulators.measurement import Measurement, MeasurementError, Measurements

from .evidence import Evidence
from .plainly import PlainError, classes_of, decode, encode

FORMAT = 2
LIMIT = 512 * 2**20
FOLDERS = ("set-aside", "counterexamples", "mutants")
DAY = 86_400.0
UNREADABLE = (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)


class StoreError(ValueError):
    """Evidence that cannot be kept or read: got, expected, remedy."""

    def __init__(self, got: str, expected: str, remedy: str) -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


class Store:
    """The folder ``root`` (``.audit``) of stored evidence; ``tell`` receives one line for each thing set aside.

    ``limit`` bytes are kept at most, the oldest files going first.
    """

    def __init__(self, root: Path | str, *, limit: int = LIMIT, tell: Callable[[str], None] = _to_stderr) -> None:
        self.root, self.limit, self.tell = Path(root), limit, tell

    def save(self, evidence: Evidence, worker: str = "main") -> Path | None:
        """Write the evidence atomically.  Returns its path, or None (and a line) if it is larger than the limit.

        Raises `StoreError` for instances that are not plain values, OSError if the folder cannot be written.
        """
        self._prepare()
        names = (evidence.theorem, evidence.experiment, evidence.profile, worker)
        path = self.root / ("--".join(_slug(n) for n in names) + ".npz")
        arrays = _pack(evidence)
        size = sum(a.nbytes for a in arrays.values())
        if size > self.limit:
            self.tell(f"evidence {path.name} not kept: got {size} bytes; expected at most {self.limit}")
            return None
        self._write(path, arrays)
        self._trim(path)
        return path

    def load(
        self, theorem: str, experiment: str, profile: str, source: str, types: Mapping[str, type] | None = None
    ) -> Evidence | None:
        """The newest intact evidence of that name made by the simulator of hash ``source``, or None.

        ``types`` are the dataclasses of its instances (`engine.plainly.types_drawn`); an instance of a class not among them becomes
        a frozen look-alike with the same name and fields.
        """
        self._sweep()
        pattern = "--".join(_slug(n) for n in (theorem, experiment, profile)) + "--*.npz"
        for path in sorted(self.root.glob(pattern), key=_age):
            found = self._read(path, types or {})
            if found is None or (found.theorem, found.experiment, found.profile) != (theorem, experiment, profile):
                continue
            if found.simulator != source:
                self._set_aside(path, f"made by simulator {found.simulator}, which is now {source}")
                continue
            return found
        return None

    def recall(self, theorem: str, wanted: Callable[[Mapping[str, Any]], bool]) -> Iterator[Evidence]:
        """The intact evidence of a theorem that is ``wanted`` by its facts, newest first, instances as look-alikes.

        The facts are the fields of `Evidence` that are plain values, and ``columns``, the names of what was measured; a file
        that is not wanted is not read further.
        """
        self._sweep()
        for path in sorted(self.root.glob(f"{_slug(theorem)}--*.npz"), key=_age):
            try:
                with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                    facts = json.loads(file["facts"].tobytes())
                read = facts["theorem"] == theorem and wanted(facts)
            except UNREADABLE:  # `_read` says what is wrong, and moves it aside
                read = True
            found = self._read(path, None) if read else None
            if found is not None:
                yield found

    def clean(self) -> int:
        """Remove everything that the store made.  Returns the bytes freed."""
        freed = 0
        for path in [*self._files(), self.root / ".gitignore"]:
            if path.is_file():
                freed += path.stat().st_size
                path.unlink(missing_ok=True)
        for folder in (*(self.root / name for name in FOLDERS), self.root):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        return freed

    def save_counterexample(self, document: Mapping[str, Any], claim: str) -> Path:
        """Keep a counterexample for replay: its document (`checks.engine.document`).  Returns its path."""
        # named by what is claimed of which instance: a simulator that changed replaces the file
        known = {name: document[name] for name in ("claim", "experiment", "dropped", "instance", "index")}
        digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:4]
        return self._note("counterexamples", f"{_slug(document['theorem'])}-{_slug(claim)}-{digest}", document)

    def save_matrix(self, theorem: str, claim: str, profile: str, outcomes: list[Any]) -> Path:
        """Keep the kill matrix of a claim (plain JSON).  Returns its path."""
        name = "--".join(_slug(n) for n in (theorem, claim, profile))
        return self._note(
            "mutants",
            name,
            {"format": FORMAT, "theorem": theorem, "claim": claim, "profile": profile, "outcomes": outcomes},
        )

    def _note(self, folder: str, name: str, record: Mapping[str, Any]) -> Path:
        self._prepare()
        (self.root / folder).mkdir(exist_ok=True)
        path = self.root / folder / f"{name}.json"
        self._replace(path, json.dumps(record, sort_keys=True, indent=1).encode())
        self._trim(path)
        return path

    def _prepare(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        ignore = self.root / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        self._sweep()

    def _write(self, path: Path, arrays: dict[str, np.ndarray]) -> None:
        self._replace(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]

    def _replace(self, path: Path, content: bytes | Callable[[Any], None]) -> None:
        """Write beside the place, flush to the disk, rename: whoever is killed leaves the old file or the new."""
        beside = path.with_name(f".{path.name}.{_slug(socket.gethostname())}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        try:
            with open(beside, "wb") as file:
                if callable(content):
                    content(file)
                else:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        if hasattr(os, "O_DIRECTORY"):
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _read(self, path: Path, types: Mapping[str, type] | None) -> Evidence | None:
        try:
            # Opened here: numpy leaves a file open that turns out to be no archive.
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            form = int(arrays["format"][0]) if "format" in arrays else 1
            if form != FORMAT:
                self._set_aside(path, f"written in format {form}, which is now {FORMAT}")
                return None
            return _unpack(_verified(arrays), arrays, types)
        except FileNotFoundError:
            return None
        except (*UNREADABLE, MeasurementError, PlainError) as problem:
            self._set_aside(path, f"damaged ({_line(problem)})")
            return None

    def _set_aside(self, path: Path, why: str) -> None:
        aside = self.root / "set-aside"
        try:
            aside.mkdir(exist_ok=True)
            os.replace(path, aside / path.name)
        except FileNotFoundError:  # another worker was faster
            return
        except OSError as problem:  # a folder that cannot be written
            self.tell(f"evidence {path.name} {why}: not used, and not moved ({_line(problem)})")
            return
        self.tell(f"evidence {path.name} {why}: moved to {aside.name}/, not used")

    def _files(self) -> Iterator[Path]:
        for folder in (self.root, *(self.root / name for name in FOLDERS)):
            for pattern in ("*.npz", "*.json", ".*.tmp"):
                yield from folder.glob(pattern)

    def _sweep(self) -> None:
        """Remove what killed writers left behind."""
        here = _slug(socket.gethostname())
        for path in (p for p in self._files() if p.suffix == ".tmp"):
            host, process = path.name.split(".")[-4], path.name.split(".")[-3]
            dead = host == here and process.isdigit() and not _alive(int(process))
            if dead or time.time() + _age(path) > DAY:
                path.unlink(missing_ok=True)

    def _trim(self, keep: Path) -> None:
        files = [p for p in sorted(self._files(), key=_age, reverse=True) if p.exists() and p.suffix != ".tmp"]
        total = sum(p.stat().st_size for p in files if p.exists())
        for path in files:
            if total <= self.limit:
                return
            if path != keep and path.exists():
                total -= path.stat().st_size
                path.unlink(missing_ok=True)


def _slug(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return plain if plain == name else f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _age(path: Path) -> float:
    """Minus the time of the last change, so that the newest sorts first; what is gone sorts last."""
    try:
        return -path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it lives, and belongs to somebody else
        return True
    return True


def _line(problem: BaseException) -> str:
    return (str(problem) or type(problem).__name__).splitlines()[0][:120]


def _encoded(value: Any) -> Any:
    try:
        return encode(value)
    except PlainError as problem:
        raise StoreError(
            problem.got, problem.expected, "keep random data out of instances: draw it from the seed"
        ) from None


def _pack(evidence: Evidence) -> dict[str, np.ndarray]:
    table = evidence.measurements
    arrays = {"element": table.element}
    arrays |= {f"index:{name}": values for name, values in table.index.items()}
    columns = {}
    for name, column in table.columns.items():
        entry: dict[str, Any] = {"kind": column.kind, "proved": column.proved}
        if column.mid.dtype == object:
            entry["values"] = _encoded(tuple(column.mid.tolist()))
        else:
            arrays[f"mid:{name}"] = column.mid
        arrays[f"rad:{name}"], arrays[f"failure:{name}"] = _short(column.rad), _short(column.failure)
        columns[name] = entry
    facts = {
        "theorem": evidence.theorem,
        "experiment": evidence.experiment,
        "profile": evidence.profile,
        "simulator": evidence.simulator,
        "ledger": evidence.ledger,
        "measured_by": evidence.measured_by,
        "limited_by": evidence.limited_by,
        "dropped": list(evidence.dropped),
        "only": None if evidence.only is None else list(evidence.only),
        "columns": sorted(columns),
    }
    document = {
        "classes": classes_of(evidence.instances),
        "instances": [_encoded(i) for i in evidence.instances],
        "choices": [list(c) for c in evidence.choices],
        "columns": columns,
    }
    arrays["format"] = np.array([FORMAT])
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    arrays["document"] = np.frombuffer(zlib.compress(json.dumps(document).encode(), 1), dtype=np.uint8)
    arrays["digest"] = _digest(arrays)
    return arrays


def _short(values: np.ndarray) -> np.ndarray:
    """A constant column as its one value."""
    return values[:1] if len(values) and bool((values == values[0]).all()) else values


def _digest(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    total = hashlib.sha256()
    for name in sorted(set(arrays) - {"digest"}):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\0".encode())
        total.update(array.tobytes())
    return np.frombuffer(total.digest(), dtype=np.uint8)


def _verified(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    if arrays["digest"].tobytes() != _digest(arrays).tobytes():
        raise ValueError("its digest does not match its content")
    facts = json.loads(arrays["facts"].tobytes())
    document = json.loads(zlib.decompress(arrays["document"].tobytes()))
    if not isinstance(document, dict) or not isinstance(facts, dict):
        raise ValueError("its document is no table of contents")
    return {**facts, **document}


class Decoded(Sequence[Any]):
    """Instances that are decoded when they are asked for; without ``types`` as look-alikes, so that nothing is imported."""

    def __init__(
        self, data: Sequence[Any], classes: Mapping[str, Any], types: Mapping[str, type] | None = None
    ) -> None:
        self._data, self._classes, self._types = data, classes, types or {}

    def typed(self, types: Mapping[str, type]) -> Decoded:
        """The same instances, of the given classes."""
        return Decoded(self._data, self._classes, types)

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, place: Any) -> Any:
        return decode(self._data[place], self._types, self._classes)


def _unpack(
    document: Mapping[str, Any], arrays: Mapping[str, np.ndarray], types: Mapping[str, type] | None
) -> Evidence:
    element = arrays["element"]
    columns = {}
    for name, entry in document["columns"].items():
        if "values" in entry:
            mid = np.empty(len(element), dtype=object)
            mid[:] = decode(entry["values"], types or {})
        else:
            mid = arrays[f"mid:{name}"]
        rad, failure = (np.broadcast_to(arrays[f"{what}:{name}"], (len(element),)) for what in ("rad", "failure"))
        columns[name] = Measurement(entry["kind"], mid, rad, failure, entry["proved"])
    index = {name.removeprefix("index:"): a for name, a in arrays.items() if name.startswith("index:")}
    return Evidence(
        document["theorem"],
        document["experiment"],
        document["profile"],
        document["simulator"],
        Decoded(document["instances"], document["classes"])
        if types is None
        else tuple(decode(i, types, document["classes"]) for i in document["instances"]),
        tuple(tuple(c) for c in document["choices"]),
        Measurements(columns, element, index),
        document["ledger"],
        document["measured_by"],
        document["limited_by"],
        tuple(document["dropped"]),
        None if document["only"] is None else tuple(document["only"]),
    )
