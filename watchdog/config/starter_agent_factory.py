"""What `watchdog init --from agent-factory` writes: one bot that poetry runs."""

from __future__ import annotations

TOKEN = "TELEGRAM_BOT_TOKEN"

CONFIG = """\
# The Agent Factory bot under the watchdog. Check this file with `watchdog check`; apply a change
# with `watchdog reload`. Instead of `bot_manager.py start | status | stop | restart`:
#   watchdog run | watchdog status | watchdog stop bot | watchdog restart bot
#
# Windows: `watchdog run` does not run there yet. `watchdog service nssm` prints the two scripts for
# NSSM that will start it; until then keep the service AgentFactoryTelegramBot as it is.

[programs.bot]
command = ["poetry", "run", "python", "scripts/bot_manager.py", "start"]
directory = "."                       # the project: where pyproject.toml and this file are
env_file = ".env"                     # KEY=value lines, with TELEGRAM_BOT_TOKEN

# Only one process on this machine may poll with this token, in whichever directory it was started.
# Of the token only the bot's numeric id is kept. `.telegram_bot.lock` stays the bot's own affair:
# it protects this directory, and needs neither `force_release_lock` nor `rm`.
singleton = "telegram:${TELEGRAM_BOT_TOKEN}"
when_held = "fail"                    # or "wait": stand by until the other one is gone

# Up is who answers at the health endpoint below; up to 60 s for the start.
startup = { period = "1s", failure_threshold = 60 }

# At once after a failure, then after 1 s, 2 s, 4 s ... up to `maximum`. More than `limit` restarts
# `within` a time park it as FATAL, and it is tried again every `maximum`.
restart = { when = "always", maximum = "5m", limit = 10, within = "10m" }

# SIGTERM, which the bot's own handler takes; SIGKILL for whatever is left after 15 s.
stop = { signal = "TERM", grace = "15s" }

# What it prints, where it was. Rotated at 50 MB, ten are kept.
logs = { path = "logs/telegram_bot_stdout.log", stderr = "logs/telegram_bot_stderr.log" }

# memory = "512MB"                    # restart it above this

# Alive is who answers here with a 2xx: a lock file alone says nothing about that. Three failures
# in a row are a hang, and it is replaced.
[programs.bot.liveness]
http = "http://127.0.0.1:9876/health"
period = "5s"
timeout = "2s"
failure_threshold = 3
telegram = true                       # each minute: does Telegram still see it fetch its updates?

# [watchdog]
# state = "state"                     # journal, incidents and logs; below your home if unset
# http = "127.0.0.1:9877"             # /metrics of the watchdog itself, and control over TCP
"""

ENV = """\
# The bot's settings; for your user only (chmod 600), and not for git.

# From @BotFather. This one is made up: put yours in its place.
TELEGRAM_BOT_TOKEN=123456789:AAExampleExampleExampleExampleExamp

# The knowledge base.
#SUPABASE_URL=https://example.supabase.co
#SUPABASE_SERVICE_ROLE_KEY=
"""
