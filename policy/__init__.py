"""Policy: who may do what, decided by Cedar policies, and what an approval binds.

Roles, taint, tokens with their keyring, and the switches that operators pull.
"""
