"""A peer that lives in a Python environment of its own, asked by JSON lines over a pipe.

The environment variable `NEURAL_TANGENTS_PYTHON` names a Python with jax 0.5.3 and neural-tangents 0.6.5, which cannot
share an environment with this project.  Without it a comparison is "not measured".

    PROGRAM = "from neural_tangents import stax\\ndef answer(request): return {'twice': 2 * request['number']}"
    with Peer(PROGRAM) as peer:
        peer.ask(number=3)  # {'twice': 6}
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from typing import IO, Any

VARIABLE = "NEURAL_TANGENTS_PYTHON"
PATIENCE = 20.0
"""Seconds that a peer is given to end by itself."""

BEFORE = """
import json, os, sys, types
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
answers, sys.stdout = sys.stdout, sys.stderr
# neural-tangents imports TensorFlow only for this module, which no kernel needs.
sys.modules["neural_tangents.experimental"] = types.ModuleType("neural_tangents.experimental")
"""
AFTER = """
print(json.dumps("ready"), file=answers, flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
"""
ONE_THREAD = {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "OMP_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
}


class Peer:
    """A running program that defines `answer(request: dict) -> JSON value`, on one core.

    Raises `ModuleNotFoundError` for neural_tangents where the variable is not set, `RuntimeError` with the end of what
    the program complained about where it stops.
    """

    def __init__(self, program: str) -> None:
        self.program = program
        self._process: subprocess.Popen[str] | None = None
        self._complaints: IO[str] | None = None

    def __enter__(self) -> Peer:
        python = os.environ.get(VARIABLE)
        if not python:
            raise ModuleNotFoundError(
                f"got no environment variable {VARIABLE}; expected the path of a Python with neural-tangents",
                name="neural_tangents",
            )
        self._complaints = tempfile.TemporaryFile("w+")  # a file: a pipe could fill and block
        self._process = subprocess.Popen(
            [python, "-c", BEFORE + self.program + AFTER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            env={**{k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}, **ONE_THREAD},
        )
        try:
            self._read()
        except BaseException:
            self.__exit__()
            raise
        return self

    def ask(self, **request: Any) -> Any:
        """The program's answer to a request of JSON values."""
        assert self._process is not None, "a peer is asked inside its with statement"
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it stopped: `_read` says why
            print(json.dumps(request), file=self._process.stdin, flush=True)
        return self._read()

    def _read(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        code = self._process.wait(PATIENCE)
        assert self._complaints is not None
        self._complaints.seek(0)
        said = "\n".join(self._complaints.read().splitlines()[-8:])
        raise RuntimeError(f"got a peer that stopped with code {code}; expected an answer; it said:\n{said}")

    def __exit__(self, *_: object) -> None:
        process, complaints = self._process, self._complaints
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if complaints is not None:
            complaints.close()
        self._process = self._complaints = None


if __name__ == "__main__":
    with Peer("import neural_tangents\ndef answer(request): return neural_tangents.__version__") as peer:
        print(peer.ask(), file=sys.stdout)
