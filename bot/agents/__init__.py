"""Agents: what answers the messages that are no command."""
