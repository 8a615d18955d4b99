"""A turn of a thread as commands show it: run, reported, and what it asks."""
