"""A support desk: an agent over customers, orders and payments in a database of its own.

`pointsman.yaml` describes it, `tools.py` gathers its tools, `playbooks/` holds its plans.
"""
