"""Planners: from a task to a plan, by a playbook where one fits and else by a model.

Both stand behind one protocol; what either makes is checked in `validation.py` before it runs.
"""
