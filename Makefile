# Two commands matter: `make audit` (do the theorems hold?) and `make test` (is the library sound?).
# Both set up .venv on first use; later runs reinstall only if pyproject.toml or constraints.txt changed.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help audit test benchmark lint report clean distclean

help:
	@echo 'make audit      search for counterexamples to every theorem'
	@echo 'make test       test the library itself'
	@echo 'make benchmark  compare with peers'
	@echo 'make lint       ruff, mypy and the import rule between the rooms'
	@echo 'make report     regenerate REPORT.md'
	@echo 'make clean      remove stored evidence and caches (distclean: .venv too)'

audit: $(READY)
	$(BIN)/python -m pytest checks/ -n auto

test: $(READY)
	$(BIN)/python -m pytest tests/ -n auto

# One thread: the ratios compare algorithms, not how many cores each library grabs.
benchmark: $(READY)
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

report: $(READY)
	$(BIN)/theorem-audit report

clean:
	rm -rf .audit .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist
	find theorems simulators checks tests -type d -name __pycache__ -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) theorem_audit.egg-info

# The stamp is written last: an interrupted installation is taken up again.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("got Python %d.%d; expected 3.11 or newer; try `make PYTHON=python3.11 audit`" % v[:2])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,data]'
	@touch $(READY)
