"""The worker's part: jobs and cron jobs of ARQ, its metrics and its health."""
