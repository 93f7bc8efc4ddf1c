"""The reference bot: a small polling bot that shows what a well-supervised bot does."""

__version__ = "0.1.0"
