"""The paper-trading engine: positions, an exchange that only pretends, and what closes positions.

`market` and `rules` are pure. `tables`, `book` and `exchange` are the database. `desk` puts them
together, and is what the web server, the worker and the bot's panic command use.
"""
