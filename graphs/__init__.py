"""Graphs: wiring only. `agent.py` is the graph that people invoke, `lane.py` one chain of steps."""
