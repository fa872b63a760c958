# Two commands on a fresh machine: `make serve` and `make test`. Both are idempotent and need Python 3.11 and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help setup serve test check gate index clean

help:
	@echo "make serve   set up, index the corpus, serve http://127.0.0.1:8000"
	@echo "make test    set up, run every check"
	@echo "make check   the checks alone (format, lint, types, structure, corpus, tests)"
	@echo "make gate    index the corpus apart from var/ and measure it: fails on a fall beyond noise"
	@echo "make index   bring the index up to date with corpus/"
	@echo "make clean   remove the virtual environment and the data directory (var/)"

# exact pins, so nothing is resolved again: --no-deps, then pip check
$(VENV)/.runtime: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --no-deps --progress-bar on -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation --quiet -e .
	$(PIP) check
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(PIP) install --no-deps --progress-bar on -r requirements-dev.txt
	$(PIP) check
	@touch $@

setup: $(VENV)/.runtime

index: $(VENV)/.runtime
	$(BIN)/dublin-kb ingest

serve: index
	$(BIN)/dublin-kb serve

test: $(VENV)/.dev check gate

check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m ingest.corpus
	$(BIN)/pytest -n 2 --dist loadgroup

# on an index of its own, so that neither the user's documents nor the user's settings change what is measured
gate: $(VENV)/.runtime
	KB_DATA_DIR=.gate KB_CORPUS_DIR=corpus $(BIN)/dublin-kb ingest
	KB_DATA_DIR=.gate KB_CORPUS_DIR=corpus $(BIN)/dublin-kb-evals gate

clean:
	rm -rf $(VENV) var .gate
