"""What the capabilities are made of: each takes from here what it needs, and nothing else."""

from dataclasses import dataclass, field

from bot.begun import Begun
from bot.database import Database
from bot.figures import Figures
from bot.notices.notices import Notices
from bot.report import Reporter
from bot.sessions import Sessions
from bot.settings import Settings


@dataclass(frozen=True)
class Parts:
    """What one bot has one of."""

    settings: Settings
    figures: Figures
    reporter: Reporter
    database: Database
    sessions: Sessions
    begun: Begun = field(default_factory=Begun)
    notices: Notices = field(default_factory=Notices)
