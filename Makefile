# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Nothing is installed outside this folder: the virtual environment is .venv.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test lab again lint types check bench swarm presence fuzz clean help

help:
	@echo "make demo    four nodes find each other on this machine, and one dies"
	@echo "make test    the test suite"
	@echo "make lab     the scenarios on networks made for them: cables, partitions, resets (Linux)"
	@echo "make check   lint and types"
	@echo "make bench   how fast, beside libzyre, pyre, zenoh and pyzmq (BENCH=--quick)"
	@echo "make swarm   ten thousand simulated networks with random faults (SEEDS=0:10000)"
	@echo "make presence  fifty nodes on a bad network, and nobody who lives is called gone (LIVES=0:20)"
	@echo "make fuzz    garbage for every decoder (SECONDS=60 each)"

demo: $(VENV)/.run
	$(BIN)/zyre demo

# Three processes, each with a private network of its own, because tests mostly wait; WORKERS=0 for one that a debugger
# can stop.
WORKERS ?= 3
# What takes long, and would hold up who just wants to see that it works: it runs with the laboratory.
LONG := tests/bench tests/lifecycle/test_many_lives.py
test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS) --ignore=tests/lan $(addprefix --ignore=,$(LONG))

# Cables pulled, links reset, partitions: real nodes, libzyre's among them, in networks made for it.
lab: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS) tests/lan $(LONG)

# What failed in the last run, once more and one after the other: a busy machine can be too slow for a real network.
# More than a handful is no accident.
again: $(VENV)/.test
	@failed=$$($(BIN)/python -m pytest -o addopts= --last-failed --last-failed-no-failures none --collect-only -q | grep -c '::'); \
	if [ $$failed -gt 5 ]; then echo "$$failed tests failed: that is no accident"; exit 1; fi
	$(BIN)/python -m pytest -n 0 --last-failed --last-failed-no-failures none

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

check: lint types

BENCH ?=
bench: $(VENV)/.bench
	$(BIN)/python -m bench $(BENCH)

SEEDS ?= 0:10000
swarm: $(VENV)/.run
	$(BIN)/python -m zyre.sim.swarm --seeds $(SEEDS) --jobs 2 --keep tests/scenarios

LIVES ?= 0:20
presence: $(VENV)/.test
	$(BIN)/python -m tests.sim.liveness --seeds $(LIVES)

SECONDS ?= 60
fuzz: $(VENV)/.fuzz
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)
	$(BIN)/python -m tests.fuzz.live --count 1000000

clean:
	rm -rf $(VENV) .cache build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "zyre needs Python 3.11 or newer; say which with: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.run

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.test $(VENV)/.run

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[bench]'
	@touch $@ $(VENV)/.run

$(VENV)/.fuzz: pyproject.toml $(VENV)/.test
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[fuzz]'
	@touch $@
