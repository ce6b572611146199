"""Naming the theorems without loading them agrees with what they say of themselves."""

from __future__ import annotations

import subprocess
import sys

from theorems import all_theorems, get, titles


def test_names_and_titles_are_those_of_the_theorems():
    found = all_theorems()
    assert titles() == {name: theorem.title for name, theorem in found.items()}
    assert all(theorem.name == name and get(name) is theorem for name, theorem in found.items())


def test_naming_them_loads_neither_sympy_nor_torch():
    code = "import sys, theorems; theorems.titles(); print({'sympy', 'torch'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
