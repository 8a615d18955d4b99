"""Embedded: the small local model in this process, for the extractor role."""
