"""Masking: personal data and secrets are recognised, and pseudonyms stand in their place."""
