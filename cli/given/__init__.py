"""What is given on the command line: options that commands share, and how they are read."""
