"""The words of four languages that the rules know, as data: one file for each kind of rule."""
