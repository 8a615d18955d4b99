"""Evaluation: datasets of cases, evaluators, and the runner that puts the real graph to them."""
