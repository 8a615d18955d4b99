"""Routing: which model takes a call, in what order, given health, spend and verdicts."""
