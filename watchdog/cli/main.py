"""Entry: which command is it, and what becomes of the ways in which it can end.

The words before the command may be `-c FILE`, `-s WHERE` and `--name NAME`; they mean the same as
after it. A command's module is imported only when it is called: `status` must not pay for `run`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from watchdog.cli import context
from watchdog.cli.context import Context, Demo, Run, complain
from watchdog.cli.ports import Supplies


class Command(NamedTuple):
    """Where a command is, and what the overview says of it."""

    module: str
    usage: str
    summary: str


COMMANDS = {
    "run": Command("run", "[NAME...]", "supervise the programs of a configuration"),
    "start": Command("request", "NAME...|all", "start programs"),
    "stop": Command("request", "NAME...|all", "stop programs"),
    "restart": Command("request", "NAME...|all", "restart programs"),
    "scale": Command("scale", "[NAME=COUNT...]", "more or fewer instances of programs"),
    "status": Command("status", "[NAME...] [--json]", "how the programs are"),
    "top": Command("top", "[-c FILE]...", "watch programs live, and act on them"),
    "web": Command("web", "[--listen HOST:PORT]", "the same in a browser"),
    "logs": Command("logs", "[NAME...] [-f] [-n N]", "what programs wrote"),
    "why": Command("why", "NAME...", "what happened to a program, in sentences"),
    "incidents": Command("incidents", "[ID] [--html]", "the evidence of failures"),
    "drill": Command("drill", "NAME [--only FAULT,...]", "rehearse failures on the live program"),
    "alert": Command("alert", "--test", "send a test message to who is told of trouble"),
    "report": Command("report", "[NAME...] [--since 7d]", "how a time went, by the journal"),
    "signal": Command("signal", "SIGNAL NAME...", "send a signal to programs"),
    "reload": Command("reload", "[NAME...]", "apply the changed configuration; or a program's own"),
    "upgrade": Command("upgrade", "", "replace the running watchdog by the installed version"),
    "shutdown": Command("shutdown", "", "stop everything and end the watchdog"),
    "check": Command("check", "", "validate a configuration"),
    "convert": Command("convert", "FILE [-o OUT]", "write the TOML for another supervisor's file"),
    "init": Command("init", "", "write a configuration to start from"),
    "doctor": Command("doctor", "[--json]", "what this machine offers, and what is wrong"),
    "holders": Command("holders", "[NAME...]", "who keeps the lock of a program"),
    "unlock": Command("unlock", "NAME", "end who keeps the lock, and free it"),
    "service": Command("service", "KIND [--install]", "what starts it at boot: systemd and others"),
    "demo": Command("demo", "", "the whole story on an embedded sandbox"),
    "completion": Command("completion", "SHELL", "a script for bash, zsh or fish"),
    "version": Command("version", "", "the version"),
}
_NOTHING = Supplies()
_OPTIONS_WITH_VALUE = (
    "-c", "--config", "-s", "--socket", "--url", "--name", "--user", "--password-file"
)  # fmt: skip


def main(
    argv: Sequence[str] | None = None,
    run: Run | None = None,
    demo: Demo | None = None,
    supplies: Supplies = _NOTHING,
) -> int:
    """Do what the words say; the exit code. `run` and `demo` start what they are named after."""
    words = list(sys.argv[1:] if argv is None else argv)
    before, rest = _split(words)
    if not rest or rest[0] in ("-h", "--help", "help"):
        print(_overview())
        return context.OK if rest else context.USAGE
    name = "version" if rest[0] in ("-V", "--version") else rest[0]
    if name not in COMMANDS:
        return _reject(name)
    return _call(Context(name, [*before, *rest[1:]], run, demo, supplies))


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """The options before the command, and the command with all that follows."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] in _OPTIONS_WITH_VALUE:
            at += 2
        elif words[at].startswith("--") and words[at].partition("=")[0] in _OPTIONS_WITH_VALUE:
            at += 1
        else:
            break
    return words[:at], words[at:]


def _call(given: Context) -> int:
    """Run a command. However it ends, no trace is shown of what is no bug."""
    from watchdog.client.errors import Refused, Unreachable

    try:
        code = _load(given)
        sys.stdout.flush()
        return code
    except Unreachable as error:
        complain(error)
        return context.UNREACHABLE
    except Refused as error:
        complain(error)
        return context.FAILED
    except SystemExit as end:  # argparse's way of saying usage, or that help was shown
        return end.code if isinstance(end.code, int) else context.USAGE
    except KeyboardInterrupt:
        return context.INTERRUPTED
    except BrokenPipeError:
        return _end_quietly()
    except Exception as error:  # a bug of ours: one line that says where, instead of a trace
        complain(f"internal error: {type(error).__name__}: {error} ({_place_of(error)})")
        return context.INTERNAL


def _place_of(error: BaseException) -> str:
    """The file and line where it was raised: what a report of the bug needs."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"


def _load(given: Context) -> int:
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return int(module_of(given.command).main(given))


def module_of(command: str) -> ModuleType:
    """Where a command is."""
    return import_module(f"watchdog.cli.{COMMANDS[command].module}")


def _end_quietly() -> int:
    """The reader of our output is gone: `watchdog status | head -1`."""
    # The interpreter flushes once more at exit, and would complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return context.BROKEN_PIPE


def _reject(name: str) -> int:
    from watchdog.config.errors import nearest

    close = nearest(name, COMMANDS)
    hint = f"did you mean `watchdog {close}`?" if close else "see `watchdog --help`"
    complain(f"there is no command {name}; {hint}")
    return context.USAGE


def _overview() -> str:
    lines = [
        "usage: watchdog [-c FILE] COMMAND ...",
        "",
        "Supervises programs that must run exactly once.",
        "",
    ]
    width = max(len(f"{name} {command.usage}") for name, command in COMMANDS.items())
    for name, command in COMMANDS.items():
        lines.append(f"  {f'{name} {command.usage}':<{width}}  {command.summary}")
    return "\n".join(
        [
            *lines,
            "",
            "`watchdog COMMAND --help` has the options and an example.",
            "",
            "examples:",
            "  watchdog run -c watchdog.toml",
            "  watchdog run --http http://127.0.0.1:9876/health -- python -m bot",
            "  watchdog status",
        ]
    )
