# make help tells what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := .run
ARGS ?=

# Where make install puts things; DESTDIR is a root to put them under, for packages.
PREFIX ?= /opt/iqrf-trio
SYSCONFDIR ?= /etc
BINDIR ?= /usr/local/bin
DATADIR ?= /usr/local/share
# systemd/system, sysusers.d, tmpfiles.d and udev/rules.d are here: /etc for an administrator's.
VENDORDIR ?= $(SYSCONFDIR)
SYSTEM_PYTHON ?= /usr/bin/python3
DESTDIR ?=
PURGE ?=
WHEEL ?=
INSTALL_ARGS ?=
PIP ?=
DIST ?= dist
# Of the Debian package.
MAINTAINER ?= iqrf-trio <iqrf-trio@localhost>
BUNDLE ?=
BUILD_PYTHON ?=
# Of its repository: a secret key that gpg knows, and where the repository will be.
KEY ?=
URL ?=
# Of make emulate, and what make release builds beside this machine's own: "arm64 armhf".
ARCH ?= arm64
SUITE ?=
ARCHS ?=
MINUTES ?=
HOURS ?= $(if $(MINUTES),$(shell awk 'BEGIN { print $(MINUTES) / 60 }'),1)
NODES ?= 12
export PREFIX SYSCONFDIR BINDIR DATADIR VENDORDIR SYSTEM_PYTHON DESTDIR PURGE WHEEL PIP INSTALL_ARGS DIST
export MAINTAINER BUNDLE BUILD_PYTHON KEY URL ARCH SUITE ARCHS

# Newer than what they depend on once an environment is complete, so that make is quick.
INSTALLED := $(VENV)/.installed
WITH_TESTS := $(VENV)/.installed-tests
SOURCES := setup.cfg pyproject.toml
# What the JavaScript client in docs/examples needs, so that the tests run it too.
NODE_CLIENT := $(if $(shell command -v npm),docs/examples/node_modules/ws)

.DEFAULT_GOAL := help
.PHONY: help venv run demo test quick check soak bench install uninstall deb release repository emulate screenshots docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(INSTALLED) ## the environment, with the commands in .venv/bin/

run: $(INSTALLED) ## the gateway on a simulated mesh; ARGS="..." passes arguments on
	@$(BIN)/iqrf-trio run --simulate --state-dir $(RUN) --token-file $(RUN)/token $(ARGS)

demo: $(INSTALLED) ## the main job in one go: enumerate, read all sensors, show it, stop
	@$(BIN)/iqrf-trio demo $(ARGS)

test: $(WITH_TESTS) ## the whole suite; ARGS="..." passes arguments to pytest
	$(BIN)/python -m pytest --numprocesses=2 -r s $(ARGS)

quick: $(WITH_TESTS) ## the suite without its slow tests, with fewer examples of each property
	$(BIN)/python -m pytest --numprocesses=2 -m "not slow and not soak" \
	  --hypothesis-profile=quick $(ARGS)

# The dump of a hang's stacks is off: the stack of a thread that runs can end the interpreter.
# So is pytest's own log: it keeps every record, with its exception and all that hangs on it, which
# in an hour looks like a leak of the gateway.
soak: $(WITH_TESTS) ## long campaigns, an hour and more; MINUTES=10 shortens them
	HOURS=$(HOURS) $(BIN)/python -m pytest -m soak --timeout=0 -o faulthandler_timeout=0 \
	  -p no:logging --capture=no $(ARGS)

check: $(WITH_TESTS) $(NODE_CLIENT) ## lint, types, floors, tests with coverage: what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	packaging/check-unit.sh
	$(BIN)/python -m pytest --numprocesses=2 --cov --cov-report=term:skip-covered \
	  --cov-report=json:build/coverage.json $(ARGS)
	$(BIN)/python packaging/check-coverage.py build/coverage.json

bench: $(WITH_TESTS) ## the benchmarks; OUT=file.json writes the figures, ARGS="start cycle" picks
	@$(BIN)/python -m bench $(if $(OUT),--out $(OUT)) $(ARGS)

install: ## the service, from PREFIX=/opt/iqrf-trio; DESTDIR and SYSCONFDIR are honoured
	@packaging/install.sh

uninstall: ## takes the service away; PURGE=1 its configuration and database as well
	@packaging/uninstall.sh

deb: ## a Debian package for machines like this one, in dist/
	@packaging/deb.sh

release: $(WITH_TESTS) ## sdist, wheel and Debian package in dist/, each one checked
	@packaging/release.sh

repository: ## an apt repository of the packages in dist/, in dist/repository; KEY signs it
	@packaging/repository.sh

emulate: ## a Raspberry Pi without one: build, install, demo, SPI, purge; ARCH=arm64 or armhf
	@packaging/emulate.sh

screenshots: $(WITH_TESTS) ## pictures of the console in build/screenshots/; NODES=239 for a large mesh
	@$(BIN)/python -m tests.browser.screenshots build/screenshots $(NODES)

docs: $(INSTALLED) ## the generated pages of docs/ and the manual page of the configuration
	@$(BIN)/python -m docs.generate

clean: ## remove the environment and what tools left behind; keeps .run
	rm -rf $(VENV) build dist *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "iqrf-trio needs Python 3.11 or later; name one: make PYTHON=/path/to/python3" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make environments; on Debian: sudo apt install python3-venv" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): $(SOURCES) | $(BIN)/python
	@$(call install,.)
	@touch $@

# The tests of the SPI bus need spidev, which comes as source; all else comes as wheels.
$(WITH_TESTS): $(SOURCES) | $(BIN)/python
	@if $(CAN_SPIDEV); then spi=,spi; else echo "no compiler or no Python headers here (on Debian:" \
	  "sudo apt install python3-dev gcc): spidev is not installed, the tests of the SPI bus are left" \
	  "out" >&2; fi; $(call install,.[test$(COMMA)vault$$spi$(BROWSER)])
	@touch $@ $(INSTALLED)

docs/examples/node_modules/ws: docs/examples/package.json
	@npm install --silent --no-package-lock --no-audit --no-fund --prefix docs/examples && touch $@ || \
	  echo "npm cannot install ws: the JavaScript client is not checked" >&2

COMMA := ,
# What drives the console in a browser, where there is one.
BROWSER := $(if $(shell command -v chromium || command -v chromium-browser),$(COMMA)browser)
CAN_SPIDEV = { $(BIN)/python -c 'import spidev' || $(BIN)/python packaging/can-compile.py; } 2>/dev/null

define install
echo "installing $(1) into $(VENV); on a Raspberry Pi this takes some minutes"; \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable "$(1)"
endef
