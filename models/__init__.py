"""Models: the gateway that asks a model for a reply, and the rooms behind it.

`catalog/` knows what models there are, `routing/` ranks them, `calling/` makes and pays for a
call, `failures/` tells what went wrong with one, `learned/` predicts which will do, `embedded/` is
the small model in this process.
"""
