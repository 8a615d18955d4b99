"""tau2's customer-service tasks: the expected calls of each, driven through the real graph.

`python -m pointsman.evals.tau2` runs a domain; `docs/tau2.md` says what is measured.
"""
