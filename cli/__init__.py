"""The command line: one file a command or a group of commands, named after it.

`app.py` imports a file when one of its commands is called, and no file imports the agent before a
command needs it: LangGraph and the model clients take two seconds to load. What commands share
stands in folders: `given/`, `opened/`, `turn/` and `show/`.
"""
