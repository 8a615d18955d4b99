"""Examples: a whole agent for a support desk, and the demo that runs it."""
