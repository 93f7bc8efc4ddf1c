"""When more updates come than the handlers can take, Telegram keeps them: it has the room.

The next poll waits until less than so many updates wait here, so that memory stays bounded. A pause
like that is no lateness: it ends as the handlers get on.
"""

import asyncio

from bot.figures import Figures, Phase

MOST_WAITING = 1000  # updates fetched and not yet begun; a poll brings 100 more at most
_LOOK_SECONDS = 0.05


async def wait_for_room(figures: Figures) -> None:
    """Return once there is room for a poll's updates; at once if the bot is on its way out."""
    polling = figures.polling
    while figures.waiting >= MOST_WAITING and figures.phase is not Phase.STOPPING:
        if polling.held is None:
            polling.held = figures.clock()
        # Only in a crowd; no event is worth keeping in every bot for it.
        await asyncio.sleep(_LOOK_SECONDS)
    if polling.held is not None:
        polling.held, polling.released = None, figures.clock()
