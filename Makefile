# Two commands are all a new user needs: `make demo` and `make test`; `make help` lists them all.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test test-serving test-learn test-deep test-foreign lint format types contract conformance check clean

help:  ## show these lines
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.core: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt -e .
	touch $@

$(VENV)/.test: $(VENV)/.core
	$(PIP) install -q -c constraints.txt -e '.[test]'
	touch $@

$(VENV)/.serving: $(VENV)/.test
	$(PIP) install -q -c constraints.txt -e '.[serving-tests]'
	touch $@

# torch first and by itself, as in the next rule
$(VENV)/.deep: $(VENV)/.test
	$(PIP) install -q -c constraints.txt torch
	$(PIP) install -q -c constraints.txt -e '.[torch,keras]'
	touch $@

$(VENV)/.lint: $(VENV)/.core
	$(PIP) install -q -c constraints.txt -e '.[lint]'
	touch $@

# AutoGluon and what it brings stay out of our environment; torch first, so that pip brings no GPU libraries
.autogluon:
	$(PYTHON) -m venv $@
	$@/bin/pip install -q torch==2.13.0
	$@/bin/pip install -q 'autogluon.tabular[lightgbm,catboost,xgboost,fastai]==1.6.3'

# other people's servers cannot share an environment with each other or with us; ours is read from the sources
.foreign/kserve/.done: PACKAGES := kserve==0.21.0 pyarrow==26.0.1
.foreign/mlserver/.done: PACKAGES := mlserver==1.7.1 pyarrow==26.0.1
.foreign/mlflow/.done: PACKAGES := mlflow==3.17.2 skops==0.16.0 narwhals==2.28.0
# Keras on its other back ends; rareclass itself needs little there
.foreign/tensorflow/.done: PACKAGES := tensorflow-cpu==2.21.0 jax==0.10.2 keras==3.15.1 scikit-learn==1.9.1 narwhals==2.28.0 pyarrow==26.0.1 pytest==9.2.0
.foreign/%/.done: pyproject.toml
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install -q $(PACKAGES) numba==0.68.1 orjson
	$(@D)/bin/pip install -q --no-deps -e .
	touch $@

demo: $(VENV)/.core  ## install from source and run the main job on simulated card transactions
	$(BIN)/rareclass demo --out demo-run

test: $(VENV)/.test  ## install everything that the tests need and run them all, two at a time on one thread each
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal -q

test-serving: $(VENV)/.serving  ## install what serves and its clients, and test the server as a process of its own
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -m serving -q tests

test-learn: $(VENV)/.test  ## run the projects of the learning path with --quick
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -m learn -q tests

KERAS_TESTS := tests/losses/keras tests/compat/test_keras.py

test-deep: $(VENV)/.test  ## install PyTorch, Keras, TensorFlow and JAX, where they are to be had, and run what needs them
	$(MAKE) $(VENV)/.deep || echo "torch or keras is not to be had here: the tests that need it are skipped"
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 KERAS_BACKEND=torch \
	  $(BIN)/python -m pytest -n 2 --dist worksteal -m deep -q tests || test $$? -eq 5
	$(MAKE) .foreign/tensorflow/.done || echo "TensorFlow or JAX is not to be had here: Keras is tested on torch alone"
	test ! -e .foreign/tensorflow/.done || for backend in tensorflow jax; do OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=3 \
	  KERAS_BACKEND=$$backend .foreign/tensorflow/bin/python -m pytest -m deep -q $(KERAS_TESTS) || exit 1; done

FOREIGN := kserve mlserver mlflow

test-foreign: $(VENV)/.serving  ## install KServe, MLServer, MLflow and an empty environment, where they are to be had, and serve bundles there
	$(MAKE) -k -j2 $(FOREIGN:%=.foreign/%/.done) || echo "not all packages are to be had here: the tests without theirs are skipped"
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -m foreign -q tests

lint: $(VENV)/.lint  ## rules and layout of the code, changing nothing
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/ruff format --check src tests benchmarks examples

format: $(VENV)/.lint  ## mend what can be mended, and lay the code out
	$(BIN)/ruff check --fix src tests benchmarks examples
	$(BIN)/ruff format src tests benchmarks examples

types: $(VENV)/.lint  ## the type checker
	$(BIN)/mypy

contract: $(VENV)/.lint  ## who may import whom
	$(BIN)/lint-imports

conformance: $(VENV)/.test  ## imbalanced-learn's own tests against rareclass (needs ../shared/conformance)
	bash tests/conformance/run.sh $(BIN)/python

check: lint types contract test  ## everything that a change must pass

clean:  ## remove the environment and everything that was built
	rm -rf $(VENV) .foreign demo-run build dist .pytest_cache .mypy_cache .ruff_cache
