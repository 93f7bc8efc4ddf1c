"""What Telegram says about the token of each bot in the configuration.

A short process asks, the same as for `liveness.telegram`: getMe and getWebhookInfo, never
getUpdates. The token goes through a pipe.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping

from watchdog.cli.ports import Finding
from watchdog.config.model import Config, ProgramConfig
from watchdog.probes.telegram import COMMAND, REFUSED, ROOT, Seen, count, is_deaf, read, token_of

SECONDS = 5.0
"""For all questions about one bot."""
_SPARE = 3.0  # for the start and the end of the process


def examine_bots(config: Config) -> Iterator[Finding]:
    """One finding for each program that has a bot's token."""
    for program in config.programs:
        variables = {**os.environ, **program.environment}
        if token := _token_of(program, variables):
            yield judge_bot(program.name, ask(token, variables))


def _token_of(program: ProgramConfig, variables: Mapping[str, str]) -> str:
    """Only of a program that is a bot: the shell's own variables are everybody's."""
    own = token_of(program.environment)
    is_bot = program.singleton is not None and program.singleton.kind == "telegram"
    return own or (token_of(variables) if is_bot else "")


def ask(token: str, variables: Mapping[str, str]) -> Seen:
    """What can be seen of the bot from here."""
    root = variables.get("TELEGRAM_API_URL", "").strip() or ROOT
    task = json.dumps({"root": root, "token": token, "seconds": SECONDS})
    try:
        answer = subprocess.run(
            COMMAND, input=task.encode(), capture_output=True, timeout=SECONDS + _SPARE, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Seen(f"the helper gave no answer ({type(error).__name__})")
    return read(answer.stdout)


def judge_bot(name: str, seen: Seen) -> Finding:
    """Pure: the finding for what was seen."""
    if seen.status in REFUSED:
        text = f"{name}: Telegram refuses the token ({seen.status} {seen.trouble})"
        return Finding("bot", "wrong", text, "get a new one from @BotFather, into the env_file")
    if seen.trouble:
        text = f"{name}: Telegram cannot be asked: {seen.trouble}"
        return Finding("bot", "warning", text, "look at network, proxy and TELEGRAM_API_URL")
    if seen.webhook:
        text = f"{name}: a webhook is set ({seen.webhook}), so nobody can poll"
        return Finding("bot", "wrong", text, "call deleteWebhook, if this bot is to poll")
    if is_deaf(seen.pending, 0):
        text = f"{name}: the token is good; {count(seen.pending[-1])}, and nobody fetches them"
        return Finding("bot", "warning", text, f"if it should run: watchdog why {name}")
    return Finding("bot", "ok", f"{name}: the token is good, no webhook is set")
