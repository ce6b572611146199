"""`theorem-audit new`: the three files of a new theorem, from a template that fails until it is filled in."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path

import click

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 60
_OURS = ("theorems/statement.py", "simulators/measurement.py", "checks/engine/experiment.py")


class BadInput(click.ClickException):
    """Something that the user handed in and that cannot be used: one line, exit code 2."""

    exit_code = 2


@click.command()
@click.argument("name")
@click.option(
    "--into", type=click.Path(path_type=Path), default=Path(), metavar="DIR",
    help="The folder to write into.  [default: the current one]",
)  # fmt: skip
def new(name: str, into: Path) -> None:
    """Write the files of a new theorem NAME, such as my-bound.

    In a checkout of this project: theorems/my_bound.py, simulators/my_bound.py and checks/test_my_bound.py.  In any other
    folder, side by side: my_bound.py, my_bound_simulator.py and test_my_bound.py.  They are a template that runs and fails until
    it is filled in.  Nothing is ever overwritten.
    """
    from .new_template import files

    if not into.is_dir():
        raise BadInput(f"got --into {into}, which is no folder; expected one that exists; make it first")
    catalogue = all((into / part).is_file() for part in _OURS)
    _refuse(name, catalogue)
    texts = {into / path: text for path, text in files(name, catalogue).items()}
    _write(texts)
    theorem, simulator, check = (path.as_posix() for path in texts)
    module = name.replace("-", "_")
    tried = f"simulators.{module}" if catalogue else f"{module}_simulator"
    here = "" if into.resolve() == Path.cwd() else f" in {into.as_posix()}"
    click.echo(f"1. State the claim, its assumptions and its derivation in {theorem}; its words say TEMPLATE.")
    click.echo(f"2. Measure it in {simulator}, then run{here}: theorem-audit check-simulator {tried}:observe")
    click.echo(f"3. Draw instances in {check}, then run: pytest {check}")


def _refuse(name: str, catalogue: bool) -> None:
    """Raise BadInput for a name that a theorem cannot have."""
    from importlib.util import find_spec

    module = name.replace("-", "_")
    if not _SLUG.fullmatch(name) or len(name) > LONGEST:
        raise BadInput(
            f"got the name {name!r:.80}; expected lower-case words, digits and single dashes, such as my-bound, of at most"
            f" {LONGEST} characters; rename it"
        )
    if keyword.iskeyword(module) or module in sys.stdlib_module_names:
        what = "keyword" if keyword.iskeyword(module) else "module"
        raise BadInput(f"got the name {name!r}, a {what} of Python; expected a name of its own, such as {name}-bound")
    from theorems import titles

    if name in titles():
        raise BadInput(
            f"got the name {name!r}, a theorem of the catalogue; expected a new one; see `theorem-audit list`"
        )
    if not catalogue and find_spec(module) is not None:
        raise BadInput(f"got the name {name!r}, but a module {module} exists; expected a name of its own; rename it")


def _write(texts: dict[Path, str]) -> None:
    """Write all of the files or none.  Raises BadInput, and never overwrites."""
    there = [path for path in texts if path.exists() or path.is_symlink()]
    if there:
        raise BadInput(f"got {there[0].as_posix()}, which exists; expected a new name; nothing was written")
    written: list[Path] = []
    try:
        for path, text in texts.items():
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError as problem:
        _remove(written)
        raise BadInput(f"cannot write {path.as_posix()}: {problem.strerror}; nothing was written") from None
    except BaseException:  # interrupted: half a set would be refused for ever after
        _remove(written)
        raise


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
