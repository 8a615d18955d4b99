"""Recognisers: what tells an address, a number or a secret from other text, a theme a file."""
