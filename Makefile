# make demo    whole pipelines on this computer: the first thing to try
# make test    everything that must hold before a change is merged
# make help    the other targets

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
OLDER  := .more/pyopencga-2.12/.installed
MORE   := $(patsubst tests/more/%.txt,.more/%/.installed,$(wildcard tests/more/*.txt)) .more/nextflow-24.10.0/.installed
UV     := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)

.DEFAULT_GOAL := help
.PHONY: help demo test test-more lint types lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-9s %s\n", $$1, $$2}'

demo: $(STAMP) ## log in to servers on this computer, read, check, transform, load, report
	@$(BIN)/biodata demo

# three at once on two cores: one of them is always waiting for a server or a command
test: $(STAMP) lint types ## lint, types and all tests
	$(BIN)/pytest -n 3

test-more: $(STAMP) $(MORE) ## tests with what is not ours to choose: an older pyopencga, orchestrators, a browser
	$(dir $(OLDER))bin/python -m pytest -n 2 tests/adapters/opencga/test_client*.py
	BIODATA_MORE=.more $(BIN)/pytest tests/more

lint: $(STAMP) ## ruff: rules and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(STAMP) ## mypy, strict
	$(BIN)/mypy

lock: $(STAMP) ## renew requirements.lock from pyproject.toml
	@test -x "$(UV)" || $(PIP) install uv
	$(UV) pip compile pyproject.toml --extra molgenis --extra duckdb --extra mapping --extra frames --extra sandbox --extra testing --extra opencga --extra gen3 \
	  --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.lock

clean: ## remove what make and the tools made
	rm -rf $(VENV) .more out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "biodata needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo not there)." >&2; \
	  echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing into $(VENV) (once; a minute or two) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# the older package comes first on the path, all others are those of $(VENV)
.more/%/.installed: tests/more/%.txt $(STAMP)
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r $<
	@$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
	  > $$($(@D)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/rest.pth
	@touch $@

# where there is no Maven there is no Nextflow, and its test says so
.more/nextflow-%/.installed: tests/more/nextflow-%.xml tests/more/nextflow-%.sha256
	@mkdir -p $(@D)
	@if command -v mvn >/dev/null; then \
	  mvn --quiet --batch-mode --file $< org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies \
	    -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(@D)/lib && \
	  (cd $(@D)/lib && sha256sum --quiet --check $(CURDIR)/tests/more/nextflow-$*.sha256) && touch $@; \
	fi
