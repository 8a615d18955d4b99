"""`python -m pointsman.cli`: the command line where no script is on the path."""

from .app import main

main()
