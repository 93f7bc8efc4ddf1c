"""The bot's settings: one frozen class, read once from the environment and `.env`.

What a capability is told stands in its own class, in its own package, and is a field here. Nothing
else in the bot reads the environment, except what a supervisor hands down (the notify socket, the
inherited lock, the address of its control socket). The page about the settings is written from
the readers below.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.access import API_ROOT, read_api_root, read_token
from bot.agents.settings import AgentSettings, read_agents
from bot.database import default_path
from bot.environment import Reader, Variable
from bot.exits import Exit, ExitCode
from bot.github.settings import GitHubSettings, read_github
from bot.guards.settings import GuardSettings, read_guards
from bot.knowledge.settings import KnowledgeSettings, read_knowledge
from bot.logs import JSON, TEXT
from bot.notices.settings import NoticeSettings, read_notices
from bot.panic.settings import PanicSettings, read_panic
from bot.pii import mask_pii
from bot.redaction import redact
from bot.urls import http_root
from bot.webhook.settings import WebhookSettings, read_webhook

# The read timeout that python-telegram-bot adds on top of the long poll's own time.
READ_TIMEOUT = 5.0
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Settings:
    """What the bot was told. Times are in seconds."""

    token: str = field(repr=False)
    api_root: str = API_ROOT
    database: str = ""  # empty: a file of its own for each bot, see `database.default_path`
    health_host: str = "127.0.0.1"
    health_port: int = 9876
    health_port_file: str = ""
    poll_timeout: int = 10
    loop_stale_seconds: float = 5.0
    poll_stale_seconds: float = 30.0
    handler_stale_seconds: float = 0.0  # 0: however long a handler takes, no restart is asked for
    startup_seconds: float = 60.0
    stop_seconds: float = 5.0
    token_confirm_seconds: float = 5.0
    take_over: bool = False
    polling_delay: float = 0.0
    faults: bool = False
    log_level: str = "INFO"
    log_format: str = TEXT
    webhook: WebhookSettings = field(default_factory=WebhookSettings)
    notices: NoticeSettings = field(default_factory=NoticeSettings)
    guards: GuardSettings = field(default_factory=GuardSettings)
    panic: PanicSettings = field(default_factory=PanicSettings)
    knowledge: KnowledgeSettings = field(default_factory=KnowledgeSettings)
    github: GitHubSettings = field(default_factory=GitHubSettings)
    agents: AgentSettings = field(default_factory=AgentSettings)

    @property
    def bot_id(self) -> int:
        """The number before the colon: the bot's Telegram id, which is no secret."""
        return int(self.token.partition(":")[0])

    @property
    def health_url(self) -> str:
        """Where /health is going to be."""
        return http_root(self.health_host, self.health_port or "<any free port>") + "/health"

    @property
    def database_path(self) -> Path:
        """Where this bot keeps its database."""
        return Path(self.database) if self.database else default_path(self.bot_id)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be in any log."""
        parts = (self.webhook, self.panic, self.knowledge, self.github, self.agents)
        return (self.token, *(secret for part in parts for secret in part.secrets))

    @property
    def clean(self) -> Callable[[str], str]:
        """What texts go through before they are logged, stored or sent on."""
        return mask_pii if self.guards.mask_pii else lambda text: text

    @property
    def base_url(self) -> str:
        return f"{self.api_root}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self.api_root}/file/bot"


def read_settings(environ: Mapping[str, str], file: Mapping[str, str]) -> Settings:
    """The settings in these variables, the environment before the file."""
    reader = Reader(environ, file)
    settings = assemble(reader)
    refuse(reader.problems)
    return settings


def refuse(problems: Sequence[str]) -> None:
    """Raise `Exit` 78 with a line for each problem, if there is one."""
    if problems:
        raise Exit(ExitCode.CONFIG, redact("\n".join(problems)))


def known_variables() -> list[Variable]:
    """Everything that can be set, with its default, in the order of the page about it."""
    reader = Reader({}, {})
    assemble(reader)
    return reader.known


def assemble(reader: Reader) -> Settings:
    """All settings; what is wrong is kept in the reader, and then the default stands here."""
    settings = Settings(
        token=read_token(reader),
        api_root=read_api_root(reader),
        webhook=read_webhook(reader),
        notices=read_notices(reader),
        guards=read_guards(reader),
        panic=read_panic(reader),
        knowledge=read_knowledge(reader),
        github=read_github(reader),
        agents=read_agents(reader),
        database=reader.path(
            "BOT_DATABASE",
            "Where sessions and one-time codes are kept; if unset, "
            "~/.local/state/watchdog-bot/<bot id>.sqlite3, for root /var/lib/watchdog-bot/...",
        ),
    )
    settings = _read_life(reader, _read_health(reader, settings))
    for user in sorted(settings.panic.authorized_users):
        if not settings.guards.allows(user):
            (here,) = reader.find_all("PANIC_AUTHORIZED_USERS")[:1]
            reader.problems.append(
                f"{here.name} in {here.source} has the user {user}, who is not in ALLOWED_USERS; "
                "add it there, or remove it here"
            )
    return settings


def _read_health(reader: Reader, settings: Settings) -> Settings:
    poll_timeout = reader.whole(
        "POLL_TIMEOUT", 10, 1, 50, "Seconds that Telegram may hold a quiet poll."
    )
    late = poll_timeout + READ_TIMEOUT + 15.0
    return replace(
        settings,
        poll_timeout=poll_timeout,
        health_host=reader.text(
            "HEALTH_HOST", "127.0.0.1", "Where /health is served.", "an address of this machine"
        ),
        health_port=reader.whole("HEALTH_PORT", 9876, 0, 65535, "Its port; 0 is any free one."),
        health_port_file=reader.path("HEALTH_PORT_FILE", "The port in use is written there."),
        loop_stale_seconds=reader.seconds(
            "LOOP_STALE_SECONDS", 5.0, 0.1, "An event loop that is silent for longer is stuck."
        ),
        poll_stale_seconds=reader.seconds(
            "POLL_STALE_SECONDS",
            late,
            0.1,
            "No finished poll for longer is late; the default is POLL_TIMEOUT and 20.",
        ),
        handler_stale_seconds=reader.seconds(
            "HANDLER_STALE_SECONDS",
            0.0,
            0.0,
            "A handler or an answer that takes longer makes /health answer 503; 0: never.",
        ),
    )


def _read_life(reader: Reader, settings: Settings) -> Settings:
    return replace(
        settings,
        startup_seconds=reader.seconds(
            "STARTUP_SECONDS", 60.0, 0.0, "How long to try to reach the server at the start."
        ),
        stop_seconds=reader.seconds("STOP_SECONDS", 5.0, 0.1, "The longest a stop may take."),
        token_confirm_seconds=reader.seconds(
            "TOKEN_CONFIRM_SECONDS", 5.0, 0.0, "Pause before a refusal of the token is believed."
        ),
        polling_delay=reader.seconds(
            "TG_POLLING_STARTUP_DELAY",
            0.0,
            0.0,
            "Seconds to wait before polling starts; /health says starting meanwhile.",
            3600.0,
        ),
        take_over=reader.flag(
            "BOT_TAKE_OVER", False, "Take the bot from a webhook set elsewhere, not refuse to."
        ),
        faults=reader.flag(
            "BOT_FAULTS", False, "The command /fault, which breaks the bot on purpose."
        ),
        log_level=reader.choice("LOG_LEVEL", "INFO", _LEVELS, "How much is logged."),
        log_format=reader.choice(
            "LOG_FORMAT", TEXT, (TEXT, JSON), "Lines of text, or one JSON object a line."
        ),
    )
