"""Samples of generators whose law is known, in files and from functions, and the birthday test run on them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rich.style  # noqa: F401 - draws from the global generator when it is first imported

from checks import __main__ as command_line
from simulators.streams import stream

FUNCTIONS = """
import numpy as np
X = np.random.default_rng(1).integers(0, 99, (25, 3, 5, 5))
calls = []
def draw(count, seed=0):
    print("drawing")
    calls.append((count, seed))
    return X[np.random.default_rng(seed).integers(0, 25, count)]
state = np.random.default_rng(2)
def stateful(count):
    import torch
    return torch.tensor(X[state.integers(0, 25, count)], dtype=torch.bfloat16, requires_grad=True)
def few(count): return draw(count)[:-1]
def one(count): return 3.0
def raises(count): raise ValueError("no weights\\nloaded")
def same(count): return draw(count, 7)
def constant(count): return np.ones((count, 2))
def shapes(count): return state.standard_normal((count, 2 if count == 64 else 3))
def nan(count):
    x = state.standard_normal((count, 4)); x[3, 2] = np.nan; return x
def late(count):
    x = state.standard_normal((count, 4)); x[0, 1] = np.inf if count < 64 else 0; return x
def words(count): return ["a"] * count
def ragged(count): return [[1.0], [1.0, 2.0]]
def nothing(count): return None
def leaves(count): raise SystemExit(3)
def collapsed(count): return np.tile([1.0, 2.0, 3.0], (count, 1))
def ignores(count, seed): return state.standard_normal((count, 2))
def passes(count, **options):
    assert not options
    return state.integers(0, 9, (count, 2))
class Model:
    @staticmethod
    def static(count): return state.integers(0, 9, (count, 2))
    def draw(self, count, seed): return draw(count, seed)
model = Model()
def wants(count, temperature): return None
def stops(count): raise KeyboardInterrupt
NUMBER = 3
"""


MODULES = {
    "generator": FUNCTIONS,
    "broken": "import numpy\n1 / 0\n",
    "leaving": "raise SystemExit('usage')\n",
    "needs": "import a_package_that_is_not_there\n",
    "network": """
import torch
state = torch.Generator().manual_seed(0)
class Net(torch.nn.Module):
    def forward(self, count): return torch.randint(9, (count, 2), generator=state)
class Seeded(torch.nn.Module):
    def forward(self, count, seed): return torch.randint(9, (count, 2), generator=torch.Generator().manual_seed(seed))
net, seeded = Net(), Seeded()
""",
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a directory of its own, where the page goes."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules of functions that draw, beside the page."""
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    code = command_line.main(("birthday", *(str(a) for a in arguments)))
    said = capsys.readouterr()
    return code, said.out, said.err


def modes(count: int, many: int = 30, noise: float = 0.01, *key: object) -> np.ndarray:
    """Images (count, 4, 4) that are one of so many with a little noise."""
    random = stream("modes", count, many, noise, *key)
    patterns = stream("patterns").integers(0, 9, (many, 4, 4))
    return patterns[random.integers(0, many, count)] + noise * random.standard_normal((count, 4, 4))


def saved(name: str, values: Any) -> Path:
    """A .npy file."""
    path = Path(name)
    np.save(path, values)
    return path
