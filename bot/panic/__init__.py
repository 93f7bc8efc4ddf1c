"""/panic_close_all: one configured action, run by a few people with a one-time code."""
