"""A generator's samples for `theorem-audit birthday`: an array in a file, or a function that draws a batch.

What cannot be used is one line: got, expected, remedy.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import math
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .compare_file import BadFile

if TYPE_CHECKING:  # imported where they are used: `--help` is immediate
    import numpy as np

ARRAYS = ".npy, .npz or .pt"
FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
LARGEST = 2**53
MOST = 1e300
"""The largest number whose differences and distances float64 holds, with room."""
ROWS = 4096
"""Samples that are looked at together."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples in a file: an array (n, …) of real numbers, all finite; read as float64 rows."""

    name: str
    array: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return tuple(int(k) for k in self.array.shape[1:])

    def __len__(self) -> int:
        return len(self.array)

    def rows(self, which: Any) -> np.ndarray:
        """Those samples as a float64 array (k, d)."""
        return flat(self.array[which])


@dataclass(frozen=True, eq=False)
class Function:
    """A function that draws: called with a count, and with ``seed=`` where it takes one."""

    name: str
    call: Callable[..., Any]
    seeded: bool
    seed: int
    spent: list[tuple[int, float]] = field(default_factory=list)

    def seconds(self, count: int) -> float:
        """How long ``count`` samples take at the rate so far, the first call aside: it loads libraries."""
        rest = self.spent[1:] or self.spent
        return count * sum(time for _, time in rest) / max(sum(many for many, _ in rest), 1)

    def draw(self, count: int, number: int, shape: tuple[int, ...] | None = None) -> np.ndarray:
        """Draw number ``number``: an array (count, …) of finite real numbers, of samples of ``shape`` where given."""
        extra = {"seed": 1_000_003 * self.seed + number} if self.seeded else {}
        called = f"{self.name}({count}{', seed=' + str(extra['seed']) if extra else ''})"
        start = time.perf_counter()
        with contextlib.redirect_stdout(sys.stderr):
            try:
                given = self.call(count, **extra)
            except Exception as problem:  # noqa: BLE001 - whatever a user's function raises is said in one line
                raise BadFile(
                    f"{type(problem).__name__} from {called}: {first_line(problem)}",
                    f"an array of {count} samples",
                    "call it so in Python to see where",
                ) from None
            except SystemExit as problem:
                raise _left(called, problem, f"an array of {count} samples", "return it instead") from None
        self.spent.append((count, time.perf_counter() - start))
        if given is None:
            raise BadFile(f"{called}, which returned None", f"an array of {count} samples", "return the samples")
        array = _numbers(_array(given, called), called)
        if array.ndim < 1 or len(array) != count:
            got = f"{len(array)} samples" if array.ndim else "a single number"
            raise BadFile(f"{got} from {called}", f"{count}", "return as many samples as are asked for")
        if shape is not None and array.shape[1:] != shape:
            raise BadFile(
                f"samples of shape {array.shape[1:]} from {called}", f"{shape} as before", "draw them all alike"
            )
        _finite(array, called)
        return array


def _left(what: str, problem: SystemExit, expected: str, remedy: str) -> BadFile:
    return BadFile(f"{what}, which left Python by sys.exit({problem.code!r})", expected, remedy)


def flat(array: np.ndarray) -> np.ndarray:
    """Samples (n, …) as float64 rows (n, d), a copy: exact, for integers are at most 2⁵³."""
    import numpy as np

    return np.array(array, dtype=np.float64, order="C").reshape(len(array), -1)


def first_line(problem: BaseException) -> str:
    """What an exception says, in one line of moderate length."""
    words = " ".join(str(problem).split())
    return words if len(words) <= 160 else words[:157] + "…"


def open_samples(given: str, seed: int) -> Samples | Function:
    """The samples of a file, or the function that ``module:function`` names."""
    if FUNCTION.fullmatch(given) and not Path(given).exists():
        return _function(given, seed)
    return read(Path(given))


def read(path: Path) -> Samples:
    """The samples of a file; raises `BadFile` for all that is no array of at least two finite samples of real numbers."""
    if path.is_dir():
        raise BadFile(f"the directory {path}", f"a file of samples ({ARRAYS})", "name a file in it")
    if not path.exists():
        raise BadFile(f"no file {path}", f"a file of samples ({ARRAYS}), or module:function", "check the path")
    reader = {".npy": _npy, ".npz": _npz, ".pt": _torch, ".pth": _torch}.get(path.suffix.lower())
    if reader is None:
        raise BadFile(
            f"{path.name}",
            f"a file that ends in {ARRAYS}",
            "save the samples with numpy.save (a table of text: numpy.save('x.npy', numpy.loadtxt('x.csv', delimiter=',')))",
        )
    try:
        array = _numbers(reader(path), path.name)
    except OSError as problem:
        why = (problem.strerror or first_line(problem)).lower()
        raise BadFile(f"{path}, which cannot be read ({why})", "a readable file", "check it") from None
    if array.ndim == 0 or len(array) < 2:
        many = "a single number" if array.ndim == 0 else f"{len(array)} sample{'' if len(array) == 1 else 's'}"
        raise BadFile(f"{many} in {path.name}", "at least 2 samples along the first axis", "save an array (samples, …)")
    if 0 in array.shape:
        raise BadFile(f"{path.name} of shape {array.shape}", "samples of at least one number", "check the file")
    _finite(array, path.name)
    return Samples(path.name, array)


def _npy(path: Path) -> np.ndarray:
    import numpy as np

    with path.open("rb") as file:
        magic = file.read(6)
    if magic[:2] == b"PK":
        raise BadFile(f"{path.name}, an archive of arrays", "one array in a .npy file", "rename it to .npz")
    if magic != b"\x93NUMPY":
        raise BadFile(f"{path.name}, which is no .npy file", "an array saved by numpy.save", "save it again")
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, SyntaxError) as problem:
        if "Object arrays" in str(problem) or "Python objects" in str(problem):
            raise _objects(path.name) from None
        raise BadFile(
            f"{path.name}, which is cut off or damaged", "an array saved by numpy.save, whole", "save it again"
        ) from None


def _npz(path: Path) -> np.ndarray:
    import zipfile
    import zlib

    import numpy as np

    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):  # the content of a .npy file under another name
            raise BadFile(f"{path.name}, which is no .npz file", "an archive by numpy.savez", "rename it to .npy")
        with archive:
            if len(archive.files) != 1:
                raise BadFile(
                    f"{len(archive.files)} arrays in {path.name} ({', '.join(archive.files[:5])})",
                    "one, the samples",
                    "save them alone with numpy.save",
                )
            return archive[archive.files[0]]
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as problem:
        if "Object arrays" in str(problem):
            raise _objects(path.name) from None
        raise BadFile(
            f"{path.name}, which is no .npz file or is damaged", "an archive by numpy.savez", "save it again"
        ) from None


def _torch(path: Path) -> np.ndarray:
    import pickle

    import torch

    with path.open("rb") as file:
        magic = file.read(2)
    if magic not in (b"PK", b"\x80\x02"):  # an archive, or a pickle of an old version
        raise BadFile(f"{path.name}, which is no .pt file", "a tensor saved by torch.save", "save it again")
    try:
        given = torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError:
        raise _objects(path.name) from None
    except (RuntimeError, EOFError, ValueError, KeyError, UnicodeDecodeError):
        raise BadFile(
            f"{path.name}, which is no .pt file or is damaged", "a tensor saved by torch.save", "save it again"
        ) from None
    if isinstance(given, dict) and len(given) == 1:  # like an archive of one array
        (given,) = given.values()
    if not isinstance(given, torch.Tensor):
        inside = f" ({', '.join(str(key) for key in list(given)[:5])})" if isinstance(given, dict) else ""
        raise BadFile(
            f"a {type(given).__name__}{inside} in {path.name}", "one tensor, the samples", "save the tensor alone"
        )
    return _array(given, path.name)


def _objects(name: str) -> BadFile:
    return BadFile(
        f"Python objects in {name}, which could run code when read", "an array of numbers", "save the numbers alone"
    )


def _array(given: Any, name: str) -> np.ndarray:
    """What was given as a NumPy array: a tensor of any library that NumPy reads, or numbers."""
    import numpy as np
    import torch

    if isinstance(given, torch.Tensor):
        given = given.detach().cpu()
        if given.is_complex() or given.is_quantized or given.is_sparse:
            kind = "a sparse tensor" if given.is_sparse else str(given.dtype).removeprefix("torch.")
            raise BadFile(f"{kind} from {name}", "real numbers", "convert them to float32")
        return (given.float() if given.dtype == torch.bfloat16 else given).numpy()
    try:
        return np.asarray(given)
    except (ValueError, TypeError, RuntimeError) as problem:
        raise BadFile(f"{first_line(problem)} from {name}", "an array of numbers", "return one array") from None


def _numbers(array: np.ndarray, name: str) -> np.ndarray:
    """The array, if it is one of real numbers that float64 holds."""
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        what = {"O": "Python objects", "U": "strings", "S": "bytes", "V": "records", "c": "complex numbers"}
        got = what.get(array.dtype.kind, f"numbers of type {array.dtype}")
        raise BadFile(f"{got} in {name}", "real numbers of at most 64 bits", "convert them to float32 or float64")
    return array


def _finite(array: np.ndarray, name: str) -> None:
    """Raises `BadFile` for the first number that is not finite or that float64 does not hold, with its place."""
    import numpy as np

    for start in range(0, len(array), ROWS):
        some = array[start : start + ROWS]
        if array.dtype.kind == "f":
            bad = ~(np.abs(some.astype(np.float64)) <= MOST)
        elif array.dtype.itemsize == 8:
            bad = (some > LARGEST) | (some < -LARGEST) if array.dtype.kind == "i" else some > LARGEST
        else:
            continue
        if bad.any():
            place = tuple(int(k) for k in np.argwhere(bad)[0])
            index = ", ".join(str(k) for k in (place[0] + start, *place[1:]))
            many = sum(int((~np.isfinite(array[k : k + ROWS])).sum()) for k in range(start, len(array), ROWS))
            if array.dtype.kind == "f" and np.isfinite(some[place]):
                raise BadFile(
                    f"{some[place]:g} at [{index}] in {name}",
                    f"numbers of at most {MOST:g}, whose distances float64 holds",
                    "divide all samples, and the reference, by one number",
                )
            rest = f" and {many - 1} more" if many > 1 else ""
            raise BadFile(
                f"{some[place]} at [{index}]{rest} in {name}",
                "finite numbers" if array.dtype.kind == "f" else "integers of at most 2**53",
                "leave such samples out or mend the generator",
            )


def _function(given: str, seed: int) -> Function:
    """The function that ``module:function`` names, looked for where Python would and in the current directory."""
    module, _, name = given.partition(":")
    with _here():
        try:
            found, owner = _named(importlib.import_module(module), name)
        except ModuleNotFoundError as problem:
            if problem.name is not None and (module == problem.name or module.startswith(f"{problem.name}.")):
                raise BadFile(
                    f"no module {problem.name}", f"a file of samples ({ARRAYS}), or module:function", "check the name"
                ) from None
            raise BadFile(f"module {module}, which needs {problem.name}", "one that imports", "install it") from None
        except Exception as problem:  # noqa: BLE001 - whatever a user's module raises is said in one line
            raise BadFile(
                f"{type(problem).__name__} on importing {module}: {first_line(problem)}", "one that imports", "mend it"
            ) from None
        except SystemExit as problem:
            raise _left(
                f"module {module}", problem, "one that imports", "put that under if __name__ == '__main__':"
            ) from None
    if found is None:
        raise BadFile(f"no {name} in {module}", "a function that draws a batch", "check the name")
    if not callable(found):
        raise BadFile(f"{given}, of type {type(found).__name__}", "a function that draws a batch", "check the name")
    method = name.rpartition(".")[2]
    if inspect.isclass(owner) and inspect.isfunction(inspect.getattr_static(owner, method, None)):
        raise BadFile(
            f"{given}, a method that needs an object of {owner.__name__}",
            "a function, or a method of an object",
            f"make an object in {module}: model = {owner.__name__}(…), and name {module}:model.{method}",
        )
    import torch

    try:  # a torch module takes any argument and hands it to forward
        parameters = inspect.signature(found.forward if isinstance(found, torch.nn.Module) else found).parameters
        seeded = "seed" in parameters and parameters["seed"].kind in (
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.KEYWORD_ONLY,
        )
    except (TypeError, ValueError):  # a function without a signature
        seeded = False
    return Function(given, found, seeded, seed)


def _named(module: Any, name: str) -> tuple[Any, Any]:
    """What a dotted name in a module stands for, None where it is not there, and whose attribute it is."""
    owner = found = module
    for part in name.split("."):
        owner, found = found, getattr(found, part, None)
    return found, owner


@contextlib.contextmanager
def _here() -> Iterator[None]:
    sys.path.insert(0, "")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove("")


def constant(values: np.ndarray) -> bool:
    """Whether all samples of a float64 array (n, d) are one and the same."""
    return len(values) > 1 and all((values[k : k + ROWS] == values[0]).all() for k in range(0, len(values), ROWS))


def blank(values: np.ndarray) -> bool:
    """Whether all samples are the same and one number fills each, as an image that was never filled."""
    return values.shape[1] > 1 and constant(values) and bool((values[0] == values[0, 0]).all())


def numbers_of(shape: tuple[int, ...]) -> int:
    """How many numbers a sample of that shape has."""
    return math.prod(shape)
