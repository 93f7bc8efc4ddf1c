"""The options of hooks: the user's commands around a process."""

from __future__ import annotations

from watchdog.config import kinds
from watchdog.config.errors import Findings
from watchdog.config.options import Section, option, section
from watchdog.config.read import Table
from watchdog.core.model import Hook, HookPolicy

Commands = dict[Hook, tuple[str, ...]]

_TIMEOUT = {
    Hook.PRE_START: "the start has failed",
    Hook.POST_START: "it has failed",
    Hook.PRE_STOP: "the stop signal is sent",
    Hook.POST_EXIT: "what comes next begins",
}


def _hook(hook: Hook, doc: str, *, judged: bool = False, others: str = "") -> Section:
    parts = [
        option(
            "command",
            kinds.command(),
            None,
            "What to run; no shell does.",
            example='["./migrate"]' if hook is Hook.PRE_START else '["./notify", "bot"]',
            required=True,
            private=True,
            unset="required",
            elsewhere=others,
        ),
        option(
            "timeout",
            kinds.duration(0.01),
            "10s",
            f"After so long all of its processes are killed, and {_TIMEOUT[hook]}.",
        ),
    ]
    if judged:
        failed = "the start has failed" if hook is Hook.PRE_START else "the program is ended"
        parts.append(
            option(
                "on_failure",
                kinds.choice("fail", "ignore"),
                "fail" if hook is Hook.PRE_START else "ignore",
                f"After another exit code than 0, or its timeout: {failed}, and the restart rules "
                'decide ("fail"), or that is only told ("ignore").',
            )
        )
    return section(hook, doc, *parts, optional=True, short="command")


HOOKS = section(
    "hooks",
    "Commands around a process, one at a time. A command alone stands for its table: "
    '`pre_start = ["./migrate"]`. They run in the program\'s directory, with its environment, user '
    "and limits; what they print goes into its log, marked. [hooks.md](hooks.md) says more.",
    _hook(
        Hook.PRE_START,
        "Before each start, with the lock and all else that it needs held, and nothing of the last "
        "process alive. The process is started when it has ended with 0.",
        judged=True,
        others="ExecStartPre prestart",
    ),
    _hook(
        Hook.POST_START,
        "Once the program is RUNNING. Nothing waits for it.",
        judged=True,
        others="ExecStartPost poststart",
    ),
    _hook(
        Hook.PRE_STOP,
        "Before the stop signal, when somebody stops or restarts the program, or it is replaced as "
        "planned; not when it hangs or has lost its lease.",
        others="ExecStop prestop",
    ),
    _hook(
        Hook.POST_EXIT,
        "After the end of the process, however it ended, when nothing of it lives. The next start "
        "waits for it.",
        others="ExecStopPost poststop",
    ),
)


def commands_of(table: Table) -> Commands:
    """What each hook runs."""
    found = _written(table["hooks"])
    return {hook: one["command"] or () for hook, one in found.items()}


def policies_of(table: Table) -> dict[Hook, HookPolicy]:
    """How each hook is waited for, and judged."""
    found = _written(table["hooks"])
    return {
        hook: HookPolicy(one["timeout"], one.values.get("on_failure", "ignore"))
        for hook, one in found.items()
    }


def check_hooks(table: Table, findings: Findings) -> None:
    """A listener's stdout is no log, so neither is that of its hooks."""
    if table["listener"] and _written(table["hooks"]):
        hint = "take one of the two out"
        findings.add((*table.path, "hooks"), "found in an event listener", hint=hint)


def _written(hooks: Table) -> dict[Hook, Table]:
    return {hook: hooks[hook] for hook in Hook if hooks[hook] is not None}
