"""Learned: routing from recorded outcomes; optional, and imported only when it is configured."""
