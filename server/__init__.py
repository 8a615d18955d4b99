"""Server: what the Agent Server serves, the graph that settings name and who may use it."""
