"""Forgetting: threads that are to be forgotten, what is removed of them, and what that leaves.

Here: which threads (`forgettings.py`, `forgotten.py`), of whom (`principals.py`), which nobody has
been at (`idle.py`), their rows (`removal.py`), payloads that nothing else names
(`payload_references.py`), checkpoints (`checkpoint_removal.py`), and the files without what was
deleted (`rewriting.py`).
"""
