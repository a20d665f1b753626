# Every target makes the virtual environment it needs, so `make check` is enough on a new machine.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

HOST ?= 127.0.0.1
PORT ?= 8080
DATA ?= var/demo

# `make test ARGS="tests/races -k postgres"` narrows a run; `make test WORKERS=0` runs in one process.
WORKERS ?= 2
ARGS    ?= tests

# `make lock` keeps the pinned versions that still fit pyproject.toml; `make lock UPGRADE=1` takes the newest ones.
UPGRADE ?=
PIP_COMPILE = env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u PIP_CONSTRAINT -u PIP_INDEX_URL PIP_CONFIG_FILE=/dev/null \
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help serve test check lint audit bench bench-full lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-6s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

serve: $(STAMP) ## Run the server with demo data (HOST=, PORT=, DATA=)
	$(BIN)/seatwright serve --demo --data $(DATA) --host $(HOST) --port $(PORT)

test: $(STAMP) ## Run the tests, on SQLite and on PostgreSQL (ARGS=, WORKERS=)
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

# The sub-make runs the tests last even under `make -j`.
check: lint audit ## Everything that has to pass: format, lint, types, layers, known vulnerabilities, tests
	@$(MAKE) --no-print-directory test

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(STAMP)
	$(BIN)/python .ci/audit.py requirements/dev.txt

bench: $(STAMP) ## Measure on this machine, in minutes (BENCH=); `make bench-full`: longer, with a million orders
	$(BIN)/python -m benchmarks $(BENCH)

bench-full: $(STAMP)
	$(BIN)/python -m benchmarks --full $(BENCH)

# dev.txt holds the versions of base.txt, so what is tested is what is deployed.
lock: $(STAMP) ## Bring requirements/*.txt in line with pyproject.toml (UPGRADE=1: to the newest versions)
	$(PIP_COMPILE) --output-file requirements/base.txt pyproject.toml
	$(PIP_COMPILE) --extra dev --constraint requirements/base.txt --output-file requirements/dev.txt pyproject.toml

clean: ## Remove the virtual environment, caches and builds; data under var/ stays
	rm -rf $(VENV) build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis
	rm -rf src/*.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
