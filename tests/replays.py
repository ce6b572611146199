"""Documents that travel, and `theorem-audit replay` of them: what the suites of documents and of replays share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checks import __main__ as command_line

TOY = Path(__file__).resolve().with_name("toy.py")


def travelled(data: Any) -> Any:
    """The same data as another machine reads it: strict JSON, without Python's own words for infinities."""
    return json.loads(json.dumps(data, allow_nan=False))


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `theorem-audit replay`."""
    code = command_line.main(["replay", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err
