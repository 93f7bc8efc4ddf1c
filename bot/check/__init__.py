"""`python -m bot check`: is everything right that this bot is told? Nothing is started."""
