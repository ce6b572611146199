"""The pytest items of an audit.  Loaded by `theorem_audit` when the first audit class is collected."""

from __future__ import annotations

import inspect
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from simulators.measurement import MeasurementError
from theorems import titles
from theorems.statement import StatementError

from .engine.evaluate import EvaluationError
from .engine.experiment import Audit, Experiment, ExperimentError
from .engine.gather import PROFILES, gather
from .engine.lint import LintError
from .engine.measure import LEDGER, DeviceError, SimulatorError, find_device
from .engine.store import Store, StoreError
from .findings import Finding, find, remarks, unfinished
from .items import Item, gathered, items

CLEAR = (SimulatorError, MeasurementError, ExperimentError, StatementError, EvaluationError, DeviceError, StoreError)


class Failure(AssertionError):
    """An item that failed; its text is all there is to say."""


@dataclass
class Setting:
    """How the audits of a session are run, and where their evidence is kept."""

    profile: str
    device: str
    store: Store
    root: Path
    kept: set[tuple[str, str]] = field(default_factory=set)
    mute: bool = False

    def keep(self, experiments: tuple[Experiment, ...], tell: Any) -> None:
        """Store what the experiments saw; a folder that cannot be written costs one line, not the audit."""
        for experiment in experiments:
            key = (experiment.theorem.name, experiment.name)
            if key in self.kept or self.mute:
                continue
            self.kept.add(key)
            try:
                self.store.save(gather(experiment, self.profile, self.device), _worker())
            except OSError as problem:
                self.mute = True
                tell(f"evidence is not kept: {problem}")

    def matrix(self, theorem: str, claim: str, outcomes: list[Any]) -> None:
        """Store the kill matrix of a claim with the evidence it rests on."""
        if not self.mute:
            with suppress(OSError):  # said once, by `keep`
                self.store.save_matrix(theorem, claim, self.profile, outcomes)

    def counterexample(self, finding: Finding, check_file: Path) -> str:
        """Keep the simplest counterexample for replay; the line that says how (empty: there is none)."""
        verdict = finding.refuted
        if verdict is None or verdict.simplest is None or self.mute:
            return ""
        try:
            document = {**verdict.simplest.to_json(), "check_file": _relative(check_file, self.root)}
            path = self.store.save_counterexample(document, verdict.claim)
        except OSError:
            return ""
        known = {verdict.simplest.theorem, verdict.simplest.parent} & set(titles())
        own = "" if known else f" --experiments {os.path.relpath(check_file)}"
        return f"\n  replay     theorem-audit replay {os.path.relpath(path)}{own}"


def _relative(path: Path, root: Path) -> str:
    """A path from the root of the suite, else its name alone: a document that travels names no folder of this machine."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


_SETTING = pytest.StashKey[Setting]()


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def setting(config: pytest.Config) -> Setting:
    """The setting of the session, made when the first audit is collected.

    Raises UsageError for a device that this machine lacks.
    """
    if _SETTING not in config.stash:
        asked = config.getoption("theorem_audit_device", None) or config.getoption("--device", None)
        device = asked if isinstance(asked, str) and asked.split(":")[0] in ("cpu", "cuda") else "cpu"
        profile = config.getoption("--hypothesis-profile", None)
        try:
            find_device(device)
        except DeviceError as problem:
            raise pytest.UsageError(str(problem)) from None
        config.stash[_SETTING] = Setting(
            profile if profile in PROFILES else "quick",
            device,
            Store(Path(config.rootpath) / ".audit"),
            Path(config.rootpath),
        )
        _share_threads()
    return config.stash[_SETTING]


def _share_threads() -> None:
    """Each worker takes its share of the cores that this process may use."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = max(1, cores // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    torch.set_num_threads(min(share, torch.get_num_threads()))


def collect(collector: pytest.Collector, name: str, audit: type[Audit]) -> pytest.Collector:
    """The collector of an audit class."""
    setting(collector.config)
    return AuditClass.from_parent(collector, name=name, audit=audit)


class AuditClass(pytest.Collector):
    """Collects the items of one audit class."""

    def __init__(self, audit: type[Audit], **keywords: Any) -> None:
        super().__init__(**keywords)
        self.audit = audit
        marks = getattr(audit, "pytestmark", [])
        listed = marks if isinstance(marks, list) else [marks]
        self.own_markers.extend(m.mark if isinstance(m, pytest.MarkDecorator) else m for m in listed)

    def collect(self) -> Iterator[pytest.Item]:
        """One pytest item for each item of the audit."""
        if not self.audit.experiments:
            raise self.CollectError(
                f"got {self.name} without experiments; expected at least one; set `experiments = [Experiment(…)]`"
            )
        listed: Any = self.audit.experiments
        stray: list[Any] = (
            [listed] if isinstance(listed, Experiment) else [e for e in listed if not isinstance(e, Experiment)]
        )
        if stray:
            raise self.CollectError(
                f"got {type(stray[0]).__name__} {getattr(stray[0], 'name', '')} for the experiments of {self.name};"
                " expected a list of experiments; write `experiments = [Experiment(…)]`, or"
                " `[replace(EXPERIMENT, theorem=VARIANT)]`"
            )
        theorem = self.audit.theorem()
        strangers = sorted({e.theorem.name for e in self.audit.experiments} - {theorem.name})
        if strangers:
            raise self.CollectError(
                f"got experiments of {theorem.name} and of {strangers[0]} in {self.name}; expected one theorem;"
                " write one audit class a theorem"
            )
        names = [e.name for e in self.audit.experiments]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise self.CollectError(
                f"got two experiments named {twice[0]} in {self.name}; expected a name each; rename one"
            )
        stated = {c.name for c in theorem.claims} | {s.name for s in theorem.sayings}
        for experiment in listed:
            if experiment.only is not None and not stated & set(experiment.only):
                raise self.CollectError(
                    f"got only=({', '.join(experiment.only)}) of experiment {experiment.name} in {self.name}; expected"
                    f" a claim or saying of {theorem.name}: {', '.join(sorted(stated))}; write"
                    " `replace(EXPERIMENT, theorem=VARIANT, only=None)`"
                )
        for place, item in enumerate(items(self.audit)):
            yield AuditItem.from_parent(self, name=str(item), item=item, place=place)


class AuditItem(pytest.Item):
    """One item of an audit."""

    parent: AuditClass

    def __init__(self, item: Item, place: int, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.item, self.place = item, place

    def runtest(self) -> None:
        """Run the item, keep its evidence and leave its data in ``user_properties``."""
        here, audit = setting(self.config), self.parent.audit
        started, spent = time.perf_counter(), LEDGER.total
        passed: bool | None = False
        verdict = unfinished(self.item)
        try:
            finding = find(audit, self.item, here.profile, here.device)
            passed, verdict = finding.passed, finding.verdict
        finally:  # an item that ends in an error has its place in the table too
            data = {
                "item": "assumption" if self.item.kind == "needed" else self.item.kind,
                "theorem": audit.theorem().name,
                "name": self.item.name,
                "kind": self._kind(),
                "place": self.place,
                "passed": passed,
                "verdict": verdict,
                "spent": LEDGER.total - spent,
                "profile": here.profile,
                "device": here.device,
                "seconds": time.perf_counter() - started,
            }
            self.user_properties.append(("theorem_audit", json.dumps(data)))
        here.keep(gathered(audit, self.item), self._tell)
        if self.item.kind == "mutants" and verdict:
            here.matrix(audit.theorem().name, self.item.name, verdict)
        for remark in remarks(audit, self.item, here.profile, here.device):
            self.add_report_section("call", "linter", str(remark))
        if finding.passed is None:
            pytest.skip(finding.text)
        if not finding.passed:
            raise Failure(finding.text + here.counterexample(finding, self.path))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The text of a verdict or of a clear error alone; a traceback only for what nobody foresaw."""
        if isinstance(excinfo.value, Failure):
            return str(excinfo.value)
        if isinstance(excinfo.value, LintError):
            path, line, _ = self.reportinfo()
            return f"ERROR     {os.path.relpath(path)}:{(line or 0) + 1}: {excinfo.value}"
        if isinstance(excinfo.value, CLEAR):
            return f"ERROR     {self.parent.audit.theorem().name} / {self.name}\n  {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the class stands, and the theorem's name."""
        try:
            line: int | None = inspect.getsourcelines(self.parent.audit)[1] - 1
        except (OSError, TypeError):
            line = None
        return self.path, line, f"{self.parent.audit.theorem().name} {self.name}"

    def _kind(self) -> str:
        theorem = self.parent.audit.theorem()
        return theorem.claim(self.item.name).kind if self.item.kind in ("claim", "saying", "mutants") else ""

    def _tell(self, line: str) -> None:
        self.add_report_section("call", "evidence", line)
