"""The issue tracker: issues on GitHub that are opened, listed and closed from the chat."""
