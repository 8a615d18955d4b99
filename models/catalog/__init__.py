"""Catalog: which models and endpoints there are, what they cost, and the routing table."""
