"""The web server's part: HTTP, a WebSocket, metrics over all workers of gunicorn."""
