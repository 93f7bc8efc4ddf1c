"""The scripts for NSSM, parsed by a real grammar of PowerShell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.export.subjects import make_subject
from watchdog.export import nssm

HOSTILE = [
    r"C:\bots",
    r"C:\my bots\one bot",
    r"C:\it's\$env:PATH\`whoami`",
    r"C:\$(Get-Date)\`$x",
    r"C:\’quoted‘\‚so‛",
    "C:\\größer\\日本",
    r"C:\semi;colon\amper&sand\(paren)\[bracket]\{brace}\#hash\%PATH%",
    "C:\\'; exit 0 #",
]


NEEDED = (
    "Application AppParameters AppDirectory AppEnvironmentExtra AppStdout AppStderr AppRotateFiles"
    " AppRotateOnline AppRotateBytes AppExit AppRestartDelay AppThrottle AppStopMethodConsole"
    " AppStopMethodSkip SERVICE_AUTO_START failureflag"
)


def parse(text: str) -> Any:
    """The tree of a script."""
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_powershell")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    return parser.parse(text.removeprefix("\ufeff").encode()).root_node


def walk(node: Any) -> Iterator[Any]:
    """A node and all below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def faults_of(text: str) -> list[str]:
    """What the grammar does not understand."""
    nodes = walk(parse(text))
    return [str(node.text) for node in nodes if node.is_error or node.is_missing]


def assignments(text: str) -> dict[str, str]:
    """The values of the variables at the top, read back from the tree as PowerShell reads them."""
    found = {}
    for node in walk(parse(text)):
        if node.type == "assignment_expression" and node.parent.parent.parent.type == "program":
            name, _, value = node.text.decode().partition(" = ")
            found[name.removeprefix("$")] = unquote(value)
    return found


def unquote(literal: str) -> str:
    """What a literal in single quotes stands for; anything else as it is."""
    if not literal.startswith("'"):
        return literal
    inner = literal[1:-1]
    for quote in "'‘’‚‛":
        inner = inner.replace(quote * 2, quote)
    return inner


def test_a_grammar_that_finds_faults() -> None:
    """The measure itself: a broken script is seen to be one."""
    assert faults_of("if ($x { Write-Host 'a' ")
    assert not faults_of("if ($x) { Write-Host 'a' }")


@pytest.mark.parametrize("directory", HOSTILE)
def test_no_path_can_break_out_of_a_script(directory: str) -> None:
    """Both scripts parse without an error, and each value is what it was."""
    for file in nssm.render(make_subject(directory)):
        assert not faults_of(file.text)
    text = nssm.render(make_subject(directory))[0].text
    assert text.isascii() or text.startswith("\ufeff")
    values = assignments(text)
    assert values["Config"] == rf"{directory}\watchdog.toml"
    assert values["Directory"] == directory
    assert values["Application"] == rf"{directory}\.venv\Scripts\watchdog.exe"
    assert values["LogFile"] == rf"{directory}\logs\bots.log"


def test_powershell_takes_typographic_quotes_for_quotes() -> None:
    """They are doubled like any other; the grammar of this test would not notice."""
    assert nssm.quote("it's ‘so’ ‚or‛") == "'it''s ‘‘so’’ ‚‚or‛‛'"


def test_the_parameters_are_quoted_as_windows_programs_read_them() -> None:
    """A path with spaces is one word of the command line."""
    values = assignments(nssm.render(make_subject(r"C:\my bots"))[0].text)
    assert values["Parameters"] == r'run -c "C:\my bots\watchdog.toml"'
    values = assignments(nssm.render(make_subject(r"C:\bots"))[0].text)
    assert values["Parameters"] == r"run -c C:\bots\watchdog.toml"


def test_what_a_service_needs_is_set() -> None:
    """Each setting of the guide and ours; the time to stop is that of the whole stop in order."""
    subject = make_subject(r"C:\bots")
    install, uninstall = nssm.render(subject)
    missing = [setting for setting in NEEDED.split() if setting not in install.text]
    assert not missing
    for file in (install, uninstall):
        assert assignments(file.text)["StopSeconds"] == str(int(subject.stop_seconds))
        assert "Assert-Administrator" in file.text
    assert "remove $Name confirm" in uninstall.text


def test_no_secret_is_in_a_script() -> None:
    """An environment file is named, and read by the script when it installs."""
    subject = make_subject(r"C:\bots", environment_file=r"C:\bots\.env")
    install, uninstall = nssm.render(subject)
    assert assignments(install.text)["EnvironmentFile"] == r"C:\bots\.env"
    assert ".env" not in uninstall.text


def test_scripts_for_another_machine() -> None:
    """--target puts its directory in the place of ours; without it the script says so."""
    subject = make_subject("/srv/my bots", options={"target": r"D:\bots"})
    install = nssm.render(subject)[0]
    assert install.path == "/srv/my bots/install_windows_service.ps1"
    assert assignments(install.text)["Config"] == r"D:\bots\watchdog.toml"
    assert assignments(install.text)["Application"] == r"D:\bots\.venv\Scripts\watchdog.exe"
    assert "/srv" not in install.text
    assert nssm.FOREIGN in nssm.render(make_subject("/srv/my bots"))[0].text
