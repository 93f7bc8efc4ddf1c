"""What is shown of a URL: never a secret."""

from __future__ import annotations

import pytest

from watchdog.alerts.receivers import find_flaw, name_of, send, without_secrets

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"tgram://{TOKEN}/12345", "tgram://..."),
        ("slack://TokenAAAA/TokenBBBB/TokenCCCC", "slack://..."),
        ("ntfy://secret-topic", "ntfy://..."),
        ("mailto://me:password@example.org?to=you@example.org", "mailto://example.org"),
        ("json://user:password@127.0.0.1:8080/path", "json://127.0.0.1"),
        ("json://[broken", "json://..."),
    ],
)
def test_a_url_is_named_without_its_secrets(url: str, name: str) -> None:
    """The service, and the host only where that is one."""
    assert name_of(url) == name


def test_what_apprise_says_is_told_without_secrets() -> None:
    """A message that was not taken has a reason, in which no part of the URL is."""
    outcome = send("json://someone:PassPhrase77@127.0.0.1:9/SecretPath99", "title", "body")
    assert not outcome.taken and outcome.trouble
    assert "PassPhrase77" not in outcome.trouble and "SecretPath99" not in outcome.trouble


def test_what_apprise_does_not_know_is_a_flaw() -> None:
    """A misspelt service is found before anything happens."""
    assert find_flaw("tgrm://x/y") and not find_flaw(f"tgram://{TOKEN}/12345")


def test_no_part_of_a_url_is_told() -> None:
    """Whatever apprise quotes: tokens, passwords, also decoded, but the host of a real host."""
    said = f"Failed at bot{TOKEN}, chat 987654321"
    assert without_secrets(said, f"tgram://{TOKEN}/987654321") == "Failed at bot***:***, chat ***"
    url = "mailto://someone:pass%20phrase@example.org"
    assert without_secrets("pass phrase of someone at example.org", url) == (
        "*** of *** at example.org"
    )
