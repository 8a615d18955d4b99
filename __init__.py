"""Pointsman: a graph-based, multi-model agent framework on LangGraph."""
