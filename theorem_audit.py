"""Entry points: the command line and the pytest plugin, light until an audit is collected.

``from theorem_audit import Audit, Experiment, Claim, …`` gives the public names of our folder `checks`, also where
another folder of that name comes first: this module poses as a package, so that the folder can always be imported as
``theorem_audit.checks``.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Generator
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from pluggy import HookimplMarker

PROFILES = {"quick": 100, "thorough": 1_000, "deep": 10_000}
FALSE_ALARMS = 1e-6
_HERE = Path(__file__).resolve().parent
__path__ = [str(_HERE)]
_ITEM = re.compile(r"(.*)::(?:(?:claim|step|needed|saying|mutants)\[.*\]|strength)", re.DOTALL)
_hook = HookimplMarker("pytest")


def __getattr__(name: str) -> Any:
    # Plugin systems probe modules for names of their own; only ours may load the room.
    if name.startswith(("_", "pytest", "collect_ignore")):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(room()), name)


def room() -> str:
    """The name under which our folder `checks` is, or is to be, imported: `checks` only if that is ours."""
    own = _HERE / "checks" / "__init__.py"
    found = getattr(sys.modules.get("checks"), "__file__", None)
    return "checks" if found and Path(found).resolve() == own else "theorem_audit.checks"


def main() -> int:
    """The console script: the command line of `checks.__main__`, wherever it is run."""
    try:
        return int(importlib.import_module(f"{room()}.__main__").main())
    except KeyboardInterrupt:  # while it was being loaded
        return 130


class _Nearer:
    """Finds a folder `checks` without ``__init__.py`` that comes before ours on the path, as if it were a package.

    Python prefers any package to any mere folder, so that installing us would hide the folder of another suite.
    """

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != "checks":
            return None
        for place in (Path(entry).resolve() for entry in sys.path):
            folder = place / "checks"
            if place == _HERE or (folder / "__init__.py").exists():
                return None
            if folder.is_dir():
                spec = ModuleSpec(name, None, is_package=True)
                spec.submodule_search_locations = [str(folder)]
                return spec
        return None


class _Profiles:
    """Refuses a profile that nobody has registered, for which Hypothesis has only an internal error."""

    @_hook
    def pytest_configure(self, config: Any) -> None:
        asked = config.getoption("--hypothesis-profile", None)
        if not asked:
            return
        from hypothesis import settings
        from hypothesis.errors import InvalidArgument

        try:
            settings.get_profile(asked)
        except InvalidArgument:
            import pytest

            raise pytest.UsageError(
                f"got --hypothesis-profile {asked}; expected {', '.join(PROFILES)}, or one that a conftest registers;"
                " check the spelling"
            ) from None


@_hook(wrapper=True)
def pytest_load_initial_conftests(early_config: Any, parser: Any, args: list[str]) -> Generator[None, Any, Any]:
    """Add ``--device`` once the conftests have had their say, and only if it is asked for: many suites have their own."""
    if _Nearer not in sys.meta_path:
        sys.meta_path.insert(0, _Nearer)
    early_config.pluginmanager.register(_Profiles())  # configured after the conftests and before Hypothesis
    result = yield
    if any(a in ("-h", "--help", "--device") or a.startswith("--device=") for a in args):
        with suppress(ValueError, argparse.ArgumentError):  # the suite's own option: its value is read instead
            parser.getgroup("theorem audit").addoption(
                "--device",
                dest="theorem_audit_device",
                choices=("cpu", "cuda"),
                default=None,
                help="Where simulators compute (default: cpu); a device that is absent is an error",
            )
    return result


@_hook(tryfirst=True)
def pytest_configure(config: Any) -> None:
    """Register a profile of ours before Hypothesis loads it; refuse a device that is absent."""
    if config.getoption("--hypothesis-profile", None) in PROFILES:
        _register_profiles()
    if getattr(config.option, "theorem_audit_device", None) == "cuda" and not hasattr(config, "workerinput"):
        import pytest
        import torch

        if not torch.cuda.is_available():
            raise pytest.UsageError("got --device cuda; expected a device that this machine has; use --device cpu")


def _register_profiles() -> None:
    from hypothesis import settings
    from hypothesis.errors import InvalidArgument

    for name, examples in PROFILES.items():
        try:
            settings.get_profile(name)
        except InvalidArgument:  # not registered by the suite itself
            settings.register_profile(name, max_examples=examples, derandomize=True, database=None, deadline=None)


@_hook(wrapper=True)
def pytest_make_collect_report(collector: Any) -> Generator[None, Any, Any]:
    """One line for a file that states something wrongly: which line of it, and our error's got, expected and remedy."""
    report = yield
    found = getattr(getattr(report, "call", None), "excinfo", None)
    if found is None or not _is_ours(found.type) or collector.config.getoption("fulltrace", False):
        return report
    lines = [entry.lineno + 1 for entry in found.traceback if str(entry.path) == str(collector.path)]
    where = f"{collector.path.name}:{lines[-1]}" if lines else collector.nodeid
    report.longrepr = f"{where}: {found.value}"
    return report


def _is_ours(kind: type[BaseException]) -> bool:
    """Whether an exception is one of our clear errors: their classes live in our folders."""
    source = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return source is not None and Path(source).resolve().is_relative_to(_HERE) and kind.__module__ != __name__


@_hook(tryfirst=True)
def pytest_pycollect_makeitem(collector: Any, name: str, obj: Any) -> Any:
    """The items of an audit class; for everything else, nothing."""
    if not (isinstance(obj, type) and getattr(obj, "theorem_audit", False) is True):
        return None
    declared = next(base for base in obj.__mro__ if "theorem_audit" in vars(base))
    if obj is declared or not (collector.classnamefilter(name) or obj.__module__ == collector.obj.__name__):
        return None
    _register_profiles()
    ours = declared.__module__.removesuffix(".engine.experiment")
    return importlib.import_module(f"{ours}.plugin").collect(collector, name, obj)


@_hook(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """Under ``--dist loadgroup``, keep the items of one theorem on one worker, so that its evidence is gathered once.

    (The marker for that, xdist_group, has no effect with pytest-xdist 3.8 under pytest 9.2, and would spoil the node ids.)
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    class TheoremScheduling(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            item = _ITEM.fullmatch(nodeid)
            return item[1] if item else super()._split_scope(nodeid)

    return TheoremScheduling(config, log)


def _entries(config: Any) -> list[dict[str, Any]]:
    """The data of every item that was run, here or on a worker."""
    import json

    reporter = config.pluginmanager.getplugin("terminalreporter")
    found: dict[str, dict[str, Any]] = {}
    for reports in list(getattr(reporter, "stats", {}).values()):
        for report in reports:
            if getattr(report, "when", None) == "call":
                for key, text in report.user_properties:
                    if key == "theorem_audit":
                        found[report.nodeid] = json.loads(text)  # a repeated run counts once
    return list(found.values())


@_hook(tryfirst=True)
def pytest_sessionfinish(session: Any, exitstatus: int) -> None:
    """Fail the session if its intervals together are too likely to have raised a false alarm."""
    if exitstatus == 0 and sum(entry["spent"] for entry in _entries(session.config)) > FALSE_ALARMS:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """The closing table, where an audit was run."""
    entries = _entries(config)
    if not entries:
        return
    import shutil

    width = shutil.get_terminal_size((80, 24)).columns if terminalreporter.isatty else 80
    closing = importlib.import_module(f"{room()}.closing")
    terminalreporter.section(f"theorem audit ({entries[0]['profile']}, {entries[0]['device']})")
    for line, good in closing.table(entries, width, FALSE_ALARMS):
        colour = {} if good is None else {"green": good, "red": not good}
        terminalreporter.write_line(line, **colour)


if __name__ == "__main__":
    sys.exit(main())
