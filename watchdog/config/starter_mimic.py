"""What `watchdog init --from mimic` writes: web server, worker and bot of one platform."""

from __future__ import annotations

TOKEN = "TG_TOKEN"

CONFIG = """\
# The MIMIC platform under one watchdog: web server (gunicorn), worker (ARQ), Telegram bot.
# Check this file with `watchdog check`; apply a change with `watchdog reload`.
# All of it at boot:  sudo watchdog service systemd --install
# Or as three units, mimic, mimic-worker and mimic-bot:
#   sudo watchdog service systemd --per-program --name mimic --main web --install
#
# `gunicorn`, `arq` and `python` are looked for in PATH. Of a virtual environment write the whole
# path: /var/www/mimic/venv/bin/gunicorn.

# --- the web server: HTTP and WebSockets only, no bot
[programs.web]
command = [
    "gunicorn", "--workers", "4",             # any number: none of them polls
    "--access-logfile", "logs/access.log", "--error-logfile", "logs/error.log",
    "app:app",
]
directory = "/var/www/mimic"                  # where app.py is
env_file = ".env"                             # KEY=value lines, beside this file
# The watchdog listens, and hands the socket to gunicorn: a restart refuses no connection.
sockets = ["127.0.0.1:8000"]                  # nginx is in front of it
# gunicorn's master ends its workers itself; longer than its --graceful-timeout (30 s).
stop = { signal = "TERM", grace = "40s", scope = "main" }
# Up is who answers here with a 2xx; up to 60 s for the start.
startup = { period = "250ms", failure_threshold = 240 }

# Three failures in a row are a hang, and gunicorn is replaced.
[programs.web.liveness]
http = "http://127.0.0.1:8000/health"         # or any page that answers 2xx without a login
period = "5s"
timeout = "5s"

# --- the worker: the queue and the cron jobs (DCA checks, trailing stops), no bot
[programs.worker]
command = ["arq", "worker.WorkerSettings"]
directory = "/var/www/mimic"                  # where worker.py is
env_file = ".env"
depends_on = ["web"]                          # waits until web is ready, and is stopped before it
# What it prints; logs/worker.json, for Loki, it writes itself. Rotated at 50 MB, ten are kept.
logs.path = "/var/www/mimic/logs/worker_stdout.log"
logs.stderr = "/var/www/mimic/logs/worker_stderr.log"
startup = { period = "250ms", failure_threshold = 240 }

[programs.worker.liveness]
http = "http://127.0.0.1:9091/metrics"        # answers as long as the process does
period = "5s"
timeout = "5s"

# --- the bot: exactly one polls. It waits for nobody: a panic must be possible when web is down
[programs.bot]
command = ["python", "run_bot.py"]
directory = "/var/www/mimic"
env_file = ".env"
# Only one process on this machine may poll with this token, whoever starts it. Of the token only
# the bot's numeric id is kept. The kernel frees the lock when the bot ends, however it ends: never
# remove a lock file.
singleton = "telegram:${TG_TOKEN}"
when_held = "fail"                            # or "wait": stand by until the other one is gone
logs.path = "/var/www/mimic/logs/bot_stdout.log"
logs.stderr = "/var/www/mimic/logs/bot_stderr.log"
# At once after a failure, then after 1 s, 2 s, 4 s ... up to `maximum`.
restart = { when = "always", maximum = "5m" }
# What the bot's exit codes mean: 69 another one runs, 77 the token is refused, 78 bad settings.
exit_codes = { fatal = [77, 78], slow = [69, 75] }
memory = "512MB"                              # restart it above this
# A minute after the start, and each minute: does Telegram still see it fetch its updates? A bot
# that is deaf is started again. If yours serves a health page (as `python -m bot` does, at port
# 9876), ask that as well: http = "http://127.0.0.1:9876/health"
liveness = { telegram = true }

# [watchdog]
# state = "/var/lib/watchdog/mimic"           # journal, incidents, logs; below your home if unset
# http = "127.0.0.1:9877"                     # /metrics of the watchdog itself, control over TCP
"""

ENV = """\
# The settings of web, worker and bot; for your user only (chmod 600), and not for git.

# The bot's token, from @BotFather. This one is made up: put yours in its place.
TG_TOKEN=123456789:AAExampleExampleExampleExampleExamp
# Where notifications go: send /whoami to the bot in that chat.
#TG_CHAT_ID=123456789
TG_ENABLED=true
# Seconds to wait before polling starts. With the watchdog none are needed: the last one is gone.
TG_POLLING_STARTUP_DELAY=0

# /panic_close_all CODE. Make a secret of your own, `python -m bot otp-setup`, not one of a guide.
#PANIC_OTP_SECRET=
# Who may: /start tells a user their id.
#PANIC_AUTHORIZED_USERS=123456789,987654321
"""
