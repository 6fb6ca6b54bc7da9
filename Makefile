# Two commands matter: `make demo` and `make test`. Both set everything up in .venv first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.setup-stamp
LOCK   := requirements/dev.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long bench peers lint format types contracts check pictures lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP) ## everything into .venv: pinned, hashed, no root

$(STAMP): $(LOCK) pyproject.toml gateway/pyproject.toml firmware_sim/pyproject.toml deploy/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" LOCK="$(LOCK)" bash deploy/setup.sh
	@touch $@

demo: setup ## simulated sensors, gateway, broker, collector and console; prints one address
	@$(BIN)/vitals demo $(ARGS)

peers: setup ## the programs of others that tests talk to (says which and why)
	@bash deploy/peers.sh

test: setup ## all tests with small counts, at most 10 minutes on two cores
	@if [ "$$CI" = true ]; then bash deploy/peers.sh; fi
	@$(BIN)/python -m pytest $(ARGS)

test-long: setup ## full counts; writes dated results to docs/benchmarks.md
	@if [ "$$CI" = true ]; then bash deploy/peers.sh; fi
	@mkdir -p .test-results
	@VITALS_COUNTS=full $(BIN)/python -m pytest --junitxml=.test-results/long.xml $(ARGS)
	@$(BIN)/python -m benchmarks --tests .test-results/long.xml

bench: setup ## speeds, as ratios within one run; written to docs/benchmarks.md (JSON=FILE: also as one object)
	@$(BIN)/python -m benchmarks $(if $(JSON),--json $(JSON))

lint: setup ## ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: setup ## ruff format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: setup ## mypy, strict
	@$(BIN)/mypy

contracts: setup ## who may import whom
	@$(BIN)/lint-imports

check: lint types contracts ## everything but the tests

pictures: setup ## the README's pictures, made by the browser tests
	@VITALS_PICTURES=docs/pictures $(BIN)/python -m pytest tests/browser -q

lock: ## rewrite the hashed locks (needs uv)
	@requirements/lock.sh

clean: ## remove what setup and the tools made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
