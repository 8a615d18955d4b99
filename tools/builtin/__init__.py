"""Tools worth having, each a thin layer over a good library, each made by a factory.

They are imported one by one, because each needs its own extra: `sql`, `web`, or none.
"""
