# Everything a developer does here. `make help` lists it; only Python 3.13, Node and GNU make must be there before.

PYTHON ?= python3.13
# Options for what is run: make demo ARGS="--alerts 1000", make test ARGS="-k windows".
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
# Stamps lie in what they stand for: whoever deletes the folder deletes the stamp with it.
PACKAGES := $(VENV)/.installed
EMULATOR := node_modules/.installed
CHECKOV := .checkov/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test lint check bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(PACKAGES) $(EMULATOR) ## install what the targets below need, in .venv and node_modules

demo: setup ## export a month of simulated alerts, and prove that none is lost or doubled
	@$(BIN)/python -m local demo $(ARGS)

serve: setup ## keep the app running with a simulated Graph, to try things out
	@$(BIN)/python -m local serve $(ARGS)

test: setup $(CHECKOV) ## run all tests
	$(BIN)/python -m pytest $(ARGS)

lint: $(PACKAGES) ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

check: lint test ## all that CI checks

bench: setup ## measure
	$(BIN)/python -m bench $(ARGS)

clean: ## remove what make, tests and demos have made, .venv and node_modules too
	rm -rf $(VENV) .checkov node_modules .local/demo .local/serve .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PACKAGES): requirements.txt requirements-dev.txt constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.13 is needed; if it has another name: make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# In an environment of its own: it pins half of what the app pins, otherwise.
$(CHECKOV): infra/requirements-checkov.txt
	$(PYTHON) -m venv .checkov
	.checkov/bin/python -m pip install --quiet --disable-pip-version-check -r infra/requirements-checkov.txt
	@touch $@

$(EMULATOR): package.json package-lock.json
	@command -v npm >/dev/null || { echo "Node with npm is needed, for the storage emulator Azurite"; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@
