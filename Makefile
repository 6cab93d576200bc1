# Two commands build and check everything: `make site` and `make test`.
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
TESTED := $(VENV)/.ready-test
PYTHON ?= python3
export PYTHONHASHSEED := 0
# A build starts dozens of processes; without kept bytecode each compiles pandas and all else again.
unexport PYTHONDONTWRITEBYTECODE
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX := $(PIP_INDEX_URL)
endif

.DEFAULT_GOAL := help
.PHONY: help site test bench preview lint lock clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv takes a sixth of the time that pip takes. Where it cannot reach what pip is set up to reach, pip installs.
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
WITHOUT := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PINNED  := --no-deps --require-hashes -r
OURS    := --no-deps --no-build-isolation --editable .

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is %d.%d. Set PYTHON=/path/to/python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(WITHOUT) $(PINNED) requirements-uv.lock
	$(INSTALL) $(PINNED) requirements.lock || $(WITHOUT) $(PINNED) requirements.lock
	$(INSTALL) $(OURS) || $(WITHOUT) $(OURS)
	@touch $@

$(TESTED): $(READY) requirements-test.lock
	$(INSTALL) $(PINNED) requirements-test.lock || $(WITHOUT) $(PINNED) requirements-test.lock
	@touch $@

site: $(READY) ## Install, make the data, render the site into _site/
	$(BIN)/journey render

test: $(TESTED) site ## Run every test (builds the site first)
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore=tests/site --cov --cov-report=
	$(BIN)/python -m pytest -n 2 --dist load tests/site

bench: $(READY) ## Measure speed beside Polars, plain pandas and a bare scan (extra: bench)
	$(BIN)/journey bench

preview: $(READY) ## Serve the site and render a chapter again when it changes
	$(BIN)/journey preview

lint: $(TESTED) ## Format check, lint, types and import contracts
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --custom-compile-command "make lock" --quiet --upgrade

lock: $(READY) ## Pin the dependencies again: for readers, for the scoring service, for the tests, and uv
	PATH="$(abspath $(BIN)):$$PATH"; $(LOCK) --extra install pyproject.toml -o requirements.lock && \
	$(LOCK) --extra install --extra api -c requirements.lock pyproject.toml -o requirements-api.lock && \
	$(LOCK) --extra install --extra api --extra test --extra oracle -c requirements-api.lock pyproject.toml -o requirements-test.lock && \
	echo uv | $(LOCK) - -o requirements-uv.lock

clean: ## Remove everything that is built
	rm -rf $(VENV) _site _site-quarto .press .quarto data/raw data/processed data/results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
