"""The `.env` files of the two deployment guides, as their readers have them."""

from __future__ import annotations

from bot.env_file import parse_env
from bot.survey import Survey, take_survey

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"
FIRST = f"""
TELEGRAM_BOT_TOKEN={TOKEN}
SUPABASE_URL=https://example.supabase.co
SUPABASE_SERVICE_ROLE_KEY=your_key_here
"""
SECOND = f"""
# Telegram Bot Configuration
TG_TOKEN={TOKEN}             # Bot token from @BotFather
TG_CHAT_ID=123456789                        # Your Telegram user/chat ID
TG_ENABLED=true                             # Enable notifications

PANIC_OTP_SECRET=JBSWY3DPEHPK3PXP          # Base32 secret for OTP
PANIC_AUTHORIZED_USERS=123456789,987654321  # Comma-separated user IDs
TG_POLLING_STARTUP_DELAY=30                 # Seconds to wait before polling starts
"""


def survey(text: str) -> Survey:
    file = parse_env(text, ".env")
    found = take_survey({}, file)
    # Each of their variables is known, and nothing is taken for a slip.
    assert {one.finding.name for one in found.told} == set(file.values)
    assert not [doubt for doubt in found.doubts if "did you mean" in doubt]
    return found


def test_the_first_guide() -> None:
    """It starts; that Supabase's key alone is not enough is said, with what to set."""
    found = survey(FIRST)
    assert found.problems == ()
    (doubt,) = found.doubts
    assert "set DATABASE_URL" in doubt
    assert "your_key_here" in found.settings.secrets


def test_the_second_guide() -> None:
    """Its example of a secret is the one mistake; with another one only the action is missing."""
    (problem,) = survey(SECOND).problems
    assert "PANIC_OTP_SECRET in .env, line 7" in problem
    assert "`python -m bot otp-setup` makes one" in problem
    mended = survey(SECOND.replace("JBSWY3DPEHPK3PXP", "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"))
    assert mended.problems == ()
    assert mended.doubts == ("the panic command stays off: set PANIC_ACTION",)
    assert mended.settings.panic.authorized_users == {123456789, 987654321}
    assert mended.settings.polling_delay == 30
