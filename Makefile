.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := $(abspath $(or $(ONEOFF_VENV),.venv))
BIN := $(VENV)/bin
UV ?= uv
CODE := app workers beat migrations tests bench docs requirements oneoff
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate

.PHONY: help setup run test coverage check fmt format lint types imports lock screenshots bench soak

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv with all packages, and build the page (quick if both are there)
	@$(PYTHON) oneoff --set-up dev

run: ## Start the whole product in the foreground
	@./oneoff

test: setup ## Run all test suites, each within its time budget
	@$(BIN)/python -m tests.run_suites

coverage: setup ## Run all test suites and measure what they cover
	@$(BIN)/python -m tests.run_suites --coverage

check: format lint types imports test ## All that CI does

fmt: setup ## Format the code and mend what the linter can mend by itself
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

format: setup ## Check the formatting
	@$(BIN)/ruff format --check $(CODE)

lint: setup ## Check the style
	@$(BIN)/ruff check $(CODE)

types: setup ## Check the types
	@$(BIN)/mypy

imports: setup ## Check who imports whom
	@$(BIN)/lint-imports

lock: ## Pin all packages anew in requirements/*.txt (needs uv; UPGRADE=1 takes newer ones)
	$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/base.in -o requirements/base.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/base.in requirements/dev.in \
		-c requirements/base.txt -o requirements/dev.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/node.in -o requirements/node.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/image.in -o requirements/image.txt

screenshots: setup ## Take the pictures of the docs from the running product (ALL=1 every page)
	@$(BIN)/python -m docs.screenshots $(if $(ALL),--all)

bench: setup ## Measure all beside the rivals, and write docs/benchmarks.md (hours; QUICK=1 minutes)
	@$(BIN)/python -m bench $(if $(QUICK),--quick,--page) $(if $(JSON),--json $(JSON))

soak: setup ## Load with a fault each 30 s, then judge (MINUTES=60, SEED=n, DATABASE=postgresql)
	@$(BIN)/python -m bench.soak $(or $(MINUTES),60) $(if $(SEED),--seed $(SEED)) \
		$(if $(DATABASE),--database $(DATABASE)) $(SOAK)
