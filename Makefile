# Two commands are all that a visitor needs: `make run` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: run test chaos soak lint format bench docs clean

run: $(READY) ## set up, and show the main job on the embedded sandbox (no token needed)
	$(BIN)/watchdog demo

test: $(READY) lint ## set up, and pass every test
	$(BIN)/python -m pytest -n 2 --dist worksteal

chaos: $(READY) ## faults in any order on real processes, judged from outside (a part of the tests)
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/chaos

FAULTS ?= 10000
soak: $(READY) ## the same for an hour or two: FAULTS=10000 SEED=7
	$(BIN)/python -m tests.chaos --faults $(FAULTS) $(if $(SEED),--seed $(SEED))

lint: $(READY) ## style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file examples/mimic/mypy.ini
	$(BIN)/lint-imports --no-cache

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## the figures of the README, against a C floor and supervisord, in one run
	$(BIN)/python -m benchmarks

docs: $(READY) ## the pages that are generated from the code
	$(BIN)/python -m docs.generate
	$(BIN)/python -m docs.tour

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
