"""Webhook mode: Telegram sends the updates here, instead of being asked for them."""
