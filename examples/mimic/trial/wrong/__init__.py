"""The platform as it should not be: the web server and the worker start the bot, too."""
