"""What a command opens: store, threads or agent, and who gives it and sees what."""
