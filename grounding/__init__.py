"""Grounding: whether evidence carries a sentence, decided without a model.

The rules are about facts: numbers, money, dates, identifiers, names, what was done and what is
not so. Each file reads or compares one kind of them; `check` puts them together. What only
meaning can decide is said to be unverified, never guessed.
"""
