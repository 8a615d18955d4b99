"""Evaluation: datasets of cases, evaluators, and the runner that puts the real graph to them.

`agentdojo/` puts it to a public benchmark's attacks; it needs an extra and nothing imports it.
"""
