"""Failures: what went wrong with a model call, and what to try next."""
