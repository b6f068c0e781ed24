# Two commands matter: `make run` and `make test`. Both set the checkout up by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SITE   ?= configs/demo.toml
VMLAB  ?= $(HOME)/.cache/voltscan/vmlab
FAST   := not slow and not aarch64 and not needs_kernel_io
# Tests with real processes, sockets and clocks mostly wait: three of their files run at a time, whatever the cores.
WAITING := tests/e2e tests/node tests/scan tests/gateway tests/drivers tests/cluster/transport

.DEFAULT_GOAL := help
.PHONY: help run run-pair test test-slow test-aarch64 test-vm lint bench clean

help:  ## this list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

run: $(VENV)/installed  ## set up and run the demo site: simulated plant, controller, HMI (SITE=configs/….toml for another)
	@$(BIN)/voltscan run $(SITE)

run-pair: $(VENV)/installed-dev  ## the demo site on a hot-standby pair: plant, two controllers, witness; Ctrl-C ends it
	@PYTHONPATH=. $(BIN)/python tools/run_pair.py $(if $(DRILL),--drill $(DRILL))

test: $(VENV)/installed-dev lint  ## set up, lint and run the tests (under ten minutes)
	$(BIN)/python -m pytest -m "$(FAST)" -n auto --dist loadfile --durations=15 $(addprefix --ignore=,$(WAITING))
	$(BIN)/python -m pytest -m "$(FAST)" -n 3 --dist loadfile --durations=15 $(WAITING)

test-slow: $(VENV)/installed-dev  ## the tests that take longer (parts and times: tests/README.md), run before an issue is closed
	$(BIN)/python -m pytest -m slow -n auto --durations=15 $(addprefix --ignore=,$(WAITING))
	$(BIN)/python -m pytest -m slow --durations=15 $(WAITING)

test-aarch64: $(VENV)/installed-dev  ## run emitted aarch64 code under emulation; says which packages it needs
	@for tool in qemu-aarch64 aarch64-linux-gnu-gcc; do command -v $$tool >/dev/null || { \
	  echo "$$tool is missing; on Debian: apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"; \
	  exit 1; }; done
	$(BIN)/python -m pytest -m aarch64

test-vm: $(VENV)/installed-dev  ## CAN, GPIO, I2C and watchdog on a real kernel in an emulated machine; says which packages it needs
	tools/vmlab/kernel.sh $(VMLAB)
	@date +%s > $(VMLAB)/started
	tools/vmlab/boot.sh $(VMLAB) 900 $(BIN)/python -m pytest -p no:cacheprovider -m needs_kernel_io $(wildcard tests/*/test_*_kernel.py)
	tools/vmlab/starve.sh $(VMLAB) $(BIN)/python
	@echo "test-vm took $$(($$(date +%s) - $$(cat $(VMLAB)/started))) s"

lint: $(VENV)/installed-dev  ## style, types, layering, and the layout of programs/
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/voltscan fmt --check programs

bench: $(VENV)/installed-dev  ## the benchmarks, with ratios
	$(BIN)/voltscan bench

clean:  ## remove what set-up and runs made in the checkout
	rm -rf $(VENV) build dist var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Voltscan needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "This Python cannot make virtual environments; on Debian: apt install python3-venv"; exit 1; }
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/installed-dev: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/installed
