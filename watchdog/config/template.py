"""The text that `watchdog init` writes: a starter for a polling bot, valid by its own schema."""

from __future__ import annotations

TOKEN = "TELEGRAM_BOT_TOKEN"  # what the starter calls the bot's token
STARTER = """\
# How `watchdog run` supervises your program. Every key is explained in docs/configuration.md.
# Check this file with `watchdog check`; apply a change with `watchdog reload`.

[programs.bot]
command = ["python", "-m", "bot"]
directory = "."

# A file of KEY=value lines, here with TELEGRAM_BOT_TOKEN=...
env_file = ".env"

# Only one process on this machine may poll with this token. Of the token only the bot's numeric
# id is used and stored.
singleton = "telegram:${TELEGRAM_BOT_TOKEN}"
when_held = "fail"              # or "wait": stand by until the other one is gone

# Liveness waits until this has passed once; it asks the same URL.
startup = { period = "1s", failure_threshold = 60 }

# After a failure: at once, then after 1 s, 2 s, 4 s ... up to `maximum`. More than `limit`
# restarts `within` a time park the program as FATAL, and it is tried again every `maximum`.
restart = { when = "always", maximum = "5m", limit = 10, within = "10m", then = "hold" }
exit_codes = { success = [0], fatal = [2, 77, 78, 126, 127], slow = [69, 75] }
stop = { signal = "TERM", grace = "15s" }

logs = { maximum = "50MB", backups = 10 }

# memory = "512MB"              # restart it above this
# heartbeat = "30s"             # if it speaks sd_notify: the longest silence between WATCHDOG=1
# depends_on = ["web"]          # start it once this other program is ready

# Alive is who answers here with a 2xx. Three failures in a row are a hang, and it is replaced.
[programs.bot.liveness]
http = "http://127.0.0.1:9876/health"
period = "5s"
timeout = "2s"
failure_threshold = 3

# [watchdog]
# state = "state"               # journal, incidents and logs; by default below ~/.local/state
# http = "127.0.0.1:9877"       # control over TCP and /healthz, for every user of the machine
"""
