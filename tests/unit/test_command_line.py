"""The command line: exact texts, exit codes, light start, and no half-written file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checks import __main__ as command_line
from checks.report import write
from theorems import all_theorems

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    code = command_line.main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_help_imports_nothing_heavy() -> None:
    program = """if True:
        import sys
        from checks.__main__ import main
        assert main(["--help"]) == 0
        heavy = {"torch", "sympy", "hypothesis", "numpy", "scipy", "flint", "rich", "pytest"} & set(sys.modules)
        assert not heavy, heavy
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (SNAPSHOTS / "help.txt").read_text(encoding="utf-8")


def test_list_names_every_theorem(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(all_theorems())


def test_show_states_the_tested_formula(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "singular-value-ode")
    assert code == 0
    assert "Eq(sigma_dot, -N*g*(sigma**2)**(1 - 1/N))" in out
    assert all(f"\n{title}\n" in out for title in ("claims", "quantities", "assumptions", "derivation", "sources"))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("show", "birthdy"), "Error: unknown theorem 'birthdy'; did you mean birthday or birthday-number?\n"),
        (
            ("show", "zzz"),
            f"Error: unknown theorem 'zzz'; expected one of {', '.join(all_theorems())}\n",
        ),
        (("explain", "refused"), "Error: unknown verdict 'refused'; did you mean REFUTED?\n"),
    ],
)
def test_an_unknown_name_gets_one_line_with_suggestions(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], line: str
) -> None:
    assert run(capsys, *arguments) == (2, "", line)


@pytest.mark.parametrize(
    "arguments", [("report", "--chek"), ("lst",), ("show",), ("report", "--output", "/nowhere/R.md")]
)
def test_wrong_usage_exits_2_without_a_traceback(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err
    assert "Traceback" not in err


def test_explain_says_what_a_verdict_does_not_mean(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain", "survived")
    assert code == 0
    assert out == (
        "SURVIVED: no instance tried excludes it; the resolution says how small an error would have been seen.\n"
        "It does not say that the claim is true: only that no instance tried excludes it, at this resolution.\n"
    )


def test_clean_removes_stored_evidence_and_nothing_else(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "clean") == (0, "nothing to remove: no evidence here\n", "")
    store = tmp_path / ".audit"
    store.mkdir()
    (store / "theorem--experiment--quick--main.npz").write_bytes(bytes(1_500_000))
    (store / "notes.txt").write_text("a person's own")
    assert run(capsys, "clean") == (0, "removed 1.5 MB of evidence from .audit\n", "")
    assert [p.name for p in store.iterdir()] == ["notes.txt"]


def test_report_writes_and_check_finds_what_differs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "render", lambda: "| `rate` | SURVIVED | ≤ 3e-13 |\n")
    output = tmp_path / "REPORT.md"
    assert run(capsys, "report", "--check", "--output", str(output))[0] == 2  # nothing to compare with
    assert run(capsys, "report", "--output", str(output))[0] == 0
    assert run(capsys, "report", "--check", "--output", str(output))[0] == 0
    output.write_text("| `rate` | REFUTED | ≤ 3e-13 |\n", encoding="utf-8")
    code, out, _ = run(capsys, "report", "--check", "--output", str(output))
    assert (code, out) == (1, "- | `rate` | REFUTED | ≤ 3e-13 |\n+ | `rate` | SURVIVED | ≤ 3e-13 |\n")


def test_a_failed_write_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "REPORT.md"
    output.write_text("old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write.atomically(output, "new")
    assert output.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["REPORT.md"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_exits_130_and_ends_the_workers(tmp_path: Path) -> None:
    output, store = tmp_path / "REPORT.md", tmp_path / "store"
    output.write_text("old")
    store.mkdir()
    command = [sys.executable, "-m", "checks", "report", "--output", str(output)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(store)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment
    ) as process:
        while process.poll() is None and not any(store.glob("theorem-audit-*")):
            time.sleep(0.05)
        time.sleep(0.5)  # its workers are starting
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "\ninterrupted; nothing was written\n")
    assert output.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["REPORT.md", "store"]
    assert not list(store.glob("theorem-audit-*"))
    deadline = time.monotonic() + 20
    with pytest.raises(ProcessLookupError):  # raised once the last process of the group has ended
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(0.05)


def test_an_error_of_ours_is_not_taken_for_a_refutation(monkeypatch, capsys):
    def broken(name):
        raise RuntimeError("something nobody foresaw")

    monkeypatch.setattr("checks.report.terminal.known", broken)
    assert command_line.main(["show", "birthday"]) == 70
    assert "something nobody foresaw" in capsys.readouterr().err


def test_a_pipe_that_nobody_reads_is_not_taken_for_a_refutation():
    command = f"{sys.executable} -m checks show birthday | head -c 10; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=SNAPSHOTS.parents[1], timeout=60)
    assert done.returncode in (0, 141) and "Traceback" not in done.stderr
