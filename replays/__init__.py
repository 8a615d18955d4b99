"""Runs performed again from what is on record: no model is called, and no tool.

What differs from the record is what today's policy, prices or code would decide otherwise.
"""
