# Two commands build and check everything: `make site` and `make test`.
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PYTHON ?= python3
export PYTHONHASHSEED := 0

.DEFAULT_GOAL := help
.PHONY: help site test bench preview lint lock clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is %d.%d. Set PYTHON=/path/to/python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

site: $(READY) ## Install, make the data, render the site into _site/
	$(BIN)/journey render

test: site ## Run every test (builds the site first)
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore=tests/site
	$(BIN)/python -m pytest -n 2 --dist load tests/site

bench: $(READY) ## Measure speed against plain pandas and a bare scan
	$(BIN)/journey bench

preview: $(READY) ## Serve the site and render a chapter again when it changes
	$(BIN)/journey preview

lint: $(READY) ## Format check, lint, types and import contracts
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

lock: $(READY) ## Pin the dependencies again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra test \
	  --custom-compile-command "make lock" --quiet --upgrade pyproject.toml -o requirements.lock

clean: ## Remove everything that is built
	rm -rf $(VENV) _site _site-quarto .press .quarto .doit* data/raw data/processed data/results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
