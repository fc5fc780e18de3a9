# make demo           the whole system on this machine, with real content (ARGS="--port 8010", ARGS=--once)
# make test           all tests (ARGS="tests/negotiations -k minutes")
# make bench          how fast it is, beside targets, in some six minutes (ARGS=lists, ARGS="--before FILE")
# make check          linters, types, contracts, migrations, translations, then all tests
# make translations   new messages into locale/, for translating
#
# Each installs what it needs first; PYTHON=python3.12 chooses another Python.

SHELL := /bin/sh
# A machine may forbid Python to keep what it has compiled: each of our many processes would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# The lock file names the one version of uv that is used, here as everywhere.
UV_VERSION := $(shell sed -n '/^name = "uv"$$/{n;s/^version = "\(.*\)"$$/\1/p;}' uv.lock)
# In three processes; tests that start and kill processes of their own, and wait for them, stay together (tests/conftest).
PYTEST := $(BIN)/pytest -n 3 --dist loadgroup
# Runs a command beside embedded servers, or those of DATABASE_URL and REDIS_URL, with settings for this machine.
BESIDE := $(BIN)/python -m hyte.embedded --fast --

.PHONY: demo test bench check checks types tests translations install install-test
.DEFAULT_GOAL := demo

demo: install
	@exec $(BIN)/python manage.py demo $(ARGS)

test: install install-test
	@exec $(PYTEST) $(ARGS)

bench: install install-test
	@exec $(BESIDE) $(BIN)/python -m tests.bench $(ARGS)

check: install install-test
	@exec $(BESIDE) $(MAKE) --no-print-directory checks

checks:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --check templates
	$(BIN)/djlint --lint templates
	$(BIN)/lint-imports --no-logo
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m hyte.translations check
	@$(MAKE) --no-print-directory --jobs=2 types tests

# Beside each other: the tests leave a processor idle while they are collected.
types:
	$(BIN)/mypy

tests:
	$(PYTEST) $(ARGS)

translations: install install-test
	$(BESIDE) $(BIN)/python manage.py makemessages --locale fi --locale sv --no-location --no-wrap \
		--ignore '.venv/*' --ignore 'node_modules/*' --ignore 'var/*' --ignore 'tests/*'

install: .venv/.installed node_modules/.installed .venv/.translated

install-test: .venv/.installed
	@$(PYTHON) -I hyte/debian.py test

# What Debian must give is looked for each time: it takes no time, and no file of ours tells.
.PHONY: debian
debian:
	@$(PYTHON) -I hyte/debian.py run

.venv/.installed: pyproject.toml uv.lock | debian
	@echo "Installing Python packages"
	@$(BIN)/python -m uv --version >/dev/null 2>&1 \
		|| { $(PYTHON) -m venv --clear .venv && $(BIN)/python -m pip install --quiet uv==$(UV_VERSION); }
	@UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync --quiet --frozen --compile-bytecode --python $(BIN)/python
	@touch $@

# Node is used only here; without one on the PATH, that of the Python packages does it.
node_modules/.installed: package.json package-lock.json | .venv/.installed
	@echo "Installing front-end packages"
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

.venv/.translated: $(wildcard locale/*/LC_MESSAGES/*.po) | .venv/.installed
	@$(BIN)/python -m hyte.translations compile
	@touch $@
