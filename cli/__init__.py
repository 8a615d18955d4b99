"""The command line.

Modules that declare commands import next to nothing, and what a command needs is imported when it
runs: `pointsman --help` answers at once, although LangGraph takes a second to load.
"""
