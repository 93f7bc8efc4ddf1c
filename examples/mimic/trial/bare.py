"""A bot as tutorials write it: it polls, whoever else does. Only here to see the difference."""

from __future__ import annotations

import os

from telegram.ext import Application


def main() -> None:
    """Poll until SIGTERM."""
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    builder = Application.builder().token(os.environ["TELEGRAM_BOT_TOKEN"])
    builder.base_url(f"{os.environ['TELEGRAM_API_URL']}/bot").build().run_polling()


if __name__ == "__main__":
    main()
