# The only command door. `make help` lists what there is.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
DATA_DIR ?= ./data
PLUGIN_DIR ?= $(DATA_DIR)/plugins
# Outside the checkout: a fresh clone finds DataFusion compiled.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/influxpe/target
export PATH := $(HOME)/.cargo/bin:$(PATH)
# Go puts itself where no shell looks by default.
GO ?= $(or $(shell command -v go),/usr/local/go/bin/go)

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
# Empty files whose dates say what has been done; what is up to date is not done again.
MADE := $(VENV)/.made
RUST_SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find rust -name '*.rs')
FUZZ_TARGETS ?= line influxql frame segment manifest
ENGINE := python/influxpe/_engine.abi3.so
VERSITYGW := github.com/versity/versitygw/cmd/versitygw@v1.8.0
GATEWAY := $(MADE)/$(notdir $(VERSITYGW))

.PHONY: help serve build test lint test-rust test-python test-s3 test-plugins test-client test-all bench bench-peers fuzz fmt clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(MADE)/extension ## build, then run a server with its data under ./data
	exec $(BIN)/influxpe serve --node-id node0 --object-store file --data-dir $(DATA_DIR) \
	  --plugin-dir $(PLUGIN_DIR)

build: $(MADE)/extension ## make .venv and build the engine into it (release)

test: lint test-rust test-python ## everything that a change must pass

lint: $(MADE)/extension $(MADE)/tools ## formatters, clippy, ruff, mypy, and the stub against the engine
	cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --release --locked --all-targets --features python -- -D warnings
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=python $(BIN)/python -m mypy.stubtest influxpe._engine --mypy-config-file pyproject.toml

test-rust: rust-toolchain ## unit, engine and crash tests of the Rust part
	cargo test --release --locked

test-python: $(MADE)/extension $(MADE)/tools $(MADE)/s3 ## unit, integration, tidy and acceptance tests
	$(BIN)/python -m pytest

test-s3: $(MADE)/extension $(MADE)/tools $(GATEWAY) ## the store on another S3 service (needs Go), with more kills
	KILLS=$${KILLS:-16} $(BIN)/python -m pytest tests/integration/storage/test_s3*.py \
	  --s3-server versitygw

test-plugins: $(MADE)/extension $(MADE)/tools ## the official plugins on a server, from INFLUXDB3_PLUGINS_DIR
	@test -n "$${INFLUXDB3_PLUGINS_DIR:-}" || { \
	  echo "set INFLUXDB3_PLUGINS_DIR to a copy of the repository influxdata/influxdb3_plugins" >&2; exit 1; }
	$(BIN)/python -m pytest tests/acceptance/plugins

test-client: $(MADE)/extension $(MADE)/tools ## the Python client's own tests on a server, from INFLUXDB3_PYTHON_DIR
	@test -n "$${INFLUXDB3_PYTHON_DIR:-}" || { \
	  echo "set INFLUXDB3_PYTHON_DIR to a copy of the repository InfluxCommunity/influxdb3-python" >&2; exit 1; }
	$(BIN)/python -m pytest tests/acceptance/plugins/test_client_suite.py

test-all: test test-s3 fuzz ## test, test-s3 and fuzz, then many more properties and kills
	PROPTEST_CASES=$${PROPTEST_CASES:-50000} cargo test --release --locked
	KILLS=$${KILLS:-100} $(BIN)/python -m pytest tests/unit tests/acceptance/test_kill.py \
	  tests/integration/triggers/test_kill.py --hypothesis-profile=long

bench: $(MADE)/extension $(MADE)/tools ## measure, and write the table of benches/README.md
	mkdir -p .benchmarks
	cargo bench --locked
	$(BIN)/python -m pytest benches --benchmark-enable --benchmark-only --timeout=900 \
	  --benchmark-json=.benchmarks/newest.json
	$(BIN)/python benches/table.py .benchmarks/newest.json $(CARGO_TARGET_DIR)/criterion benches/README.md

bench-peers: $(MADE)/extension $(MADE)/tools ## measure beside other databases (SMALL=1: quickly, prints only)
	$(BIN)/python -m benches.peers.run $(if $(SMALL),--small,--document benches/README.md)

fuzz: rust-toolchain ## look for inputs that break a claim, FUZZ_SECONDS (60) for each of FUZZ_TARGETS
	fuzz/run $(FUZZ_TARGETS)

fmt: $(MADE)/tools ## format Rust and Python
	cargo fmt
	cargo fmt --manifest-path fuzz/Cargo.toml
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was built here; data/ and the shared compiler cache stay
	rm -rf $(VENV) $(ENGINE) .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find python tests benches -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: rust-toolchain go-toolchain
rust-toolchain:
	@command -v cargo >/dev/null || { \
	  echo "influxpe needs Rust 1.94 or newer: no cargo was found (rustup installs it)" >&2; exit 1; }

go-toolchain:
	@command -v $(GO) >/dev/null || { \
	  echo "make test-s3 needs Go 1.25 or newer: $(GO) was not found; name one with make GO=..." >&2; \
	  exit 1; }

$(MADE)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "influxpe needs Python 3.11 or newer: $(PYTHON) is not; name one with make PYTHON=..." >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)
	mkdir -p $(MADE)
	touch $@

$(MADE)/packages: requirements.txt $(MADE)/venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(MADE)/tools: requirements-dev.txt $(MADE)/packages
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# A service that speaks S3, for tests alone: it needs other versions than the product does.
$(MADE)/s3: requirements-s3.txt $(MADE)/venv
	$(PYTHON) -m venv $(VENV)/s3
	$(VENV)/s3/bin/pip install --quiet --disable-pip-version-check -r requirements-s3.txt
	touch $@

# Another one, which checks signatures and keeps its objects: for `test-s3`.
$(GATEWAY): $(MADE)/venv | go-toolchain
	GOBIN=$(BIN) $(GO) install $(VERSITYGW)
	touch $@

$(MADE)/extension: $(RUST_SOURCES) $(MADE)/packages | rust-toolchain
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked
	touch $@
