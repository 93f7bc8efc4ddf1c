"""What stands before every handler: who may speak to the bot, how fast, and at what length."""
