# The tasks of a developer. `make help` lists them.
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin

help:  ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup:  ## environment with everything for development, and links for type checkers
	python3 -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt -e ".[dev]"
	$(BIN)/python scripts/link_packages.py

test:  ## all tests
	$(BIN)/pytest -n 2

lint:  ## ruff: rules and format of imports
	$(BIN)/ruff check .

types:  ## mypy, strict
	$(BIN)/python scripts/link_packages.py
	$(BIN)/mypy

check: lint types test  ## all of the above

bench:  ## start-up, reading, graph overhead; results go to benchmarks/
	$(BIN)/python -P benchmarks/startup/run.py
	$(BIN)/python benchmarks/reader/run.py

examples:  ## compose the pieces of examples/ again
	$(BIN)/python -P examples/make.py

wheel:  ## build the wheel and import every module of it in a clean environment
	$(BIN)/python -P scripts/check_wheel.py

.PHONY: help setup test lint types check bench examples wheel
