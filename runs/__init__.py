"""Runs: what a run is, read and written in one place.

The typed view of a thread's state, and what nodes, faces and evaluations share of a run: its lease,
its current step, people's decisions, events and the trace.
"""
