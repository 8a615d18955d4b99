"""Learned: routing from graded replies; optional, and imported only when it is configured."""
