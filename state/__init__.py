"""State: what must survive a restart, as plain data, and pure functions on it.

Task, Plan, StepResult, Answer and their like, one concept a file. It imports no other room but
the foundation: `errors.py` and `lazy.py`.
"""
