"""Nodes: one node of the graph a file, with the edge that leaves it."""
