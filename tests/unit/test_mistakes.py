"""What a theorist gets for a typical mistake: one message that says got, expected and remedy, and no traceback."""

from __future__ import annotations

from checks.findings import find
from checks.items import Item
from tests.toy import FALSE, variant
from tests.unit.test_plugin import run


def test_a_profile_that_nobody_registered_is_one_line(tmp_path):
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    pass\n")
    ran = run(tmp_path, "pytest", "--hypothesis-profile=nonsense")
    assert ran.returncode == 4
    assert "got --hypothesis-profile nonsense; expected quick, thorough, deep" in ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr and "INTERNALERROR" not in ran.stdout + ran.stderr
    own = "from hypothesis import settings\ndef pytest_configure():\n    settings.register_profile('nonsense')\n"
    (tmp_path / "conftest.py").write_text(own)
    assert run(tmp_path, "pytest", "--hypothesis-profile=nonsense").returncode == 0


MISTAKES = {
    "THEOREM.variant(Claim('x', sigma_dot == g))": "got relation False of singular-value-ode / x",
    "THEOREM.variant(Claim('x', Eq(sigma_dot, g), 'bound'))": "without tight_at",
    "[RATES, THEOREM]": "got Theorem singular-value-ode for the experiments of TestX",
    "RATES": "got Experiment rates for the experiments of TestX",
    "[replace(RATES, only=('rtae',))]": "got only=(rtae) of experiment rates in TestX",
}


def test_a_mistake_in_a_file_is_one_message_and_no_traceback(tmp_path):
    for number, mistake in enumerate(MISTAKES):
        (tmp_path / f"test_{number}.py").write_text(
            "from dataclasses import replace\nfrom theorem_audit import Audit, Claim, Eq\n"
            "from theorem_audit.checks.families_deep_linear import RATES\n"
            "from theorems.singular_value_ode import THEOREM, g, sigma_dot\n"
            f"class TestX(Audit):\n    experiments = {mistake}\n"
        )
    ran = run(tmp_path, "pytest")
    assert ran.returncode == 2
    for said in MISTAKES.values():
        assert said in ran.stdout
    assert "test_0.py:6: got" in ran.stdout
    assert "Traceback" not in ran.stdout and "__post_init__" not in ran.stdout


def test_an_assumption_is_not_shown_needed_by_a_claim_that_fails_with_it():
    audit = variant(FALSE)
    found = find(audit, Item("needed", "right_angled"), "quick", "cpu")
    assert found.passed is None and "fails with it too" in found.text
