"""What gunicorn serves (`gunicorn app:app`): HTTP and WebSockets only. No bot is started here."""

from __future__ import annotations

from mimic.settings import read_settings
from mimic.web.application import make_app

app = make_app(read_settings())
