"""Benchmarks: programs that print what a run costs in time, bytes and calls."""
