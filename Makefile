# Every target makes the virtual environment it needs, so `make check` is enough on a new machine.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
SERVER := $(VENV)/.serves

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
.PHONY: help serve test check lint audit soak soak-model soak-races soak-laws soak-times soak-storm soak-crash soak-api soak-days soak-screens bench bench-full wheel lock vendor clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-6s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

PIP = $(BIN)/python -m pip install -qq --require-hashes

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)

# What runs in production, and what builds the package; bytecode is made when a module is first imported.
$(SERVER): requirements/base.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing $$(grep -c == requirements/base.txt) packages into $(VENV): about half a minute and 150 MB, this once"
	@$(PIP) --no-compile -r requirements/base.txt -r requirements/build.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

# The same, and what tests and checks need. Packages that are there already are not installed again.
$(STAMP): requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing $$(grep -c == requirements/dev.txt) packages into $(VENV): about a minute and 500 MB, this once"
	@$(PIP) -r requirements/dev.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable . --editable src/seatwright_client
	@touch $(SERVER) $@

serve: $(SERVER) ## Run the server with demo data (HOST=, PORT=, DATA=)
	@$(BIN)/seatwright serve --demo --data $(DATA) --host $(HOST) --port $(PORT)

test: $(STAMP) ## Run the tests, on SQLite and on PostgreSQL (ARGS=, WORKERS=)
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

# The sub-make runs the tests last even under `make -j`.
check: lint audit ## Everything that has to pass: format, lint, types, layers, known vulnerabilities, tests
	@$(MAKE) --no-print-directory test

# Each step is also a target of its own; figures are appended to $(FIGURES). No run of a step takes longer than SOAK_SECONDS.
SOAK_SECONDS ?= 14400
FIGURES ?= var/soak.txt
SOAK = mkdir -p $(dir $(FIGURES)) && SOAK_SECONDS=$(SOAK_SECONDS) FIGURES=$(abspath $(FIGURES))

soak: soak-model soak-races soak-laws soak-times soak-storm soak-crash soak-api soak-days soak-screens ## Prove it for hours (SOAK_SECONDS= bounds each run)

soak-model: $(STAMP)
	$(SOAK) MODEL_EXAMPLES=20000 MODEL_STEPS=100 MODEL_SEED=$$$$ $(BIN)/python -m pytest -n 2 tests/model -k model_does

soak-races: $(STAMP)
	$(SOAK) LAST_SEAT_ROUNDS=1000 EXPIRY_INTERLEAVINGS=100000 $(BIN)/python -m pytest tests/races

soak-laws: $(STAMP)
	LAW_CASES=10000 $(BIN)/python -m pytest -n 2 tests/laws/test_pricing.py
	LAW_CASES=200 $(BIN)/python -m pytest -n 2 tests/laws/test_adding.py

soak-times: $(STAMP)
	$(SOAK) MONEY_CASES=1000000 ZONE_STARTS=6 $(BIN)/python -m pytest tests/times

soak-storm: $(STAMP)
	$(SOAK) STORM_SECONDS=14400 STORM_OPERATIONS=10000000 STORM_KILLED_SECONDS=600 $(BIN)/python -m pytest tests/crash/test_storm.py

soak-crash: $(STAMP)
	$(SOAK) CRASH_SECONDS=14400 CRASH_OPERATIONS=1000000 CRASH_PROCESSES=8 CRASH_CLIENTS=2 \
		$(BIN)/python -m pytest tests/crash/test_crash.py
	$(SOAK) DISRUPTION_ORDERS=400 DISRUPTION_KILLS=40 $(BIN)/python -m pytest tests/crash/test_disruption.py

soak-screens: $(STAMP)
	SCREENS_ALL=1 $(BIN)/python -m pytest -n 2 tests/frontdesk/test_screens.py tests/frontdesk/test_keyboard.py

# Cases for each of more than 20 operations.
soak-api: $(STAMP)
	SEATWRIGHT_SCHEMATHESIS_CASES=600 $(BIN)/python -m pytest tests/wire/test_schemathesis.py

# What starts real programs, on each of the days in tests/days.
soak-days: $(STAMP)
	DAYS_TESTS="tests/wire/test_client_script.py tests/wire/test_readme.py tests/wire/test_cors_browser.py tests/client \
		tests/api/test_serve.py tests/security/test_logs.py tests/store/test_demo.py tests/pages/test_browser.py \
		tests/backup tests/crash" $(BIN)/python -m pytest tests/days

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

wheel: $(STAMP) ## Build the wheels of the server and of its client into dist/
	$(BIN)/python -m pip wheel -qq --no-deps --no-build-isolation --wheel-dir dist . ./src/seatwright_client
	@rm -rf build src/seatwright_client/build
	@ls dist/*.whl

# dev.txt holds the versions of base.txt, so what is tested is what is deployed; build.txt is what builds the package.
lock: $(STAMP) ## Bring requirements/*.txt in line with pyproject.toml (UPGRADE=1: to the newest versions)
	$(PIP_COMPILE) --output-file requirements/base.txt pyproject.toml
	$(PIP_COMPILE) --extra dev --constraint requirements/base.txt --output-file requirements/dev.txt pyproject.toml
	$(PIP_COMPILE) --only-build-deps --build-deps-for wheel --constraint requirements/dev.txt \
		--output-file requirements/build.txt pyproject.toml

vendor: ## Fetch what the desk's pages take from other projects (needs npm and Python 3.11)
	$(PYTHON) vendor/fetch.py

clean: ## Remove the virtual environment, caches and builds; data under var/ stays
	rm -rf $(VENV) build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis
	rm -rf src/*.egg-info src/seatwright_client/build src/seatwright_client/*.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
