"""AgentDojo's suites, run through the real graph with scripted models instead of a language model.

`python -m pointsman.evals.agentdojo` runs all of it; `docs/agentdojo.md` says what is measured.
"""
