"""watchdog: supervise a program that must run exactly once."""
