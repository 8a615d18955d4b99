"""Workers: threads that were asked something, decided or cut off go on, wherever there is room."""
