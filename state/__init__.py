"""State: what must survive a restart, as plain data, and pure functions on it.

Task, Plan, StepResult, Answer and their like, one concept a file. Imports nothing else of ours.
"""
