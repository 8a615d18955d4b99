"""Calling: one call of a model, from the budget it reserves to the reply that is believed."""
