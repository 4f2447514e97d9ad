# Two commands are all a new user needs: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test lint types contract conformance check clean

$(VENV)/.core: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt -e .
	touch $@

$(VENV)/.test: $(VENV)/.core
	$(PIP) install -q -c constraints.txt -e '.[test]'
	touch $@

$(VENV)/.lint: $(VENV)/.core
	$(PIP) install -q -c constraints.txt -e '.[lint]'
	touch $@

demo: $(VENV)/.core  ## install from source and run the main job on simulated card transactions
	$(BIN)/rareclass demo --out demo-run

test: $(VENV)/.test  ## install everything that the tests need and run them all, two at a time on one thread each
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal -q

lint: $(VENV)/.lint
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/ruff format --check src tests benchmarks examples

types: $(VENV)/.lint
	$(BIN)/mypy

contract: $(VENV)/.lint
	$(BIN)/lint-imports

conformance: $(VENV)/.test  ## imbalanced-learn's own tests against rareclass (needs ../shared/conformance)
	bash tests/conformance.sh $(BIN)/python

check: lint types contract test

clean:
	rm -rf $(VENV) demo-run build dist .pytest_cache .mypy_cache .ruff_cache
