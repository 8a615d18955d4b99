"""Show: what the command line shows, gathered and laid out; pages, tables, progress, amounts."""
