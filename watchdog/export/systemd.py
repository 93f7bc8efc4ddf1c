"""Units for systemd: one for the watchdog, or one per program, or a template with instances.

What they keep true: a stop is done in order by the watchdog itself, within the time that the
configuration gives; a watchdog that crashed or hangs is started again and adopts its programs,
which have gone on (KillMode=process).
"""

from __future__ import annotations

from watchdog.export.kind import File, Option, Step
from watchdog.export.subject import Subject
from watchdog.export.systemd_hardening import list_general_hardening, list_hardening, rules_of
from watchdog.export.systemd_words import quote_command, quote_value, quote_words

SUMMARY = "a unit for systemd"
SOCKET = Option("--socket", "also a .socket unit: systemd holds the control socket open")
TEMPLATE = Option("--template", "a template watchdog@.service, and this watchdog as its instance")
OPTIONS: tuple[Option, ...] = (SOCKET, TEMPLATE)

SYSTEM_UNITS = "/etc/systemd/system"
USER_UNITS = ".config/systemd/user"
TEMPLATE_UNIT = "watchdog@.service"

BAD_CONFIG = 78
"""The exit code of `watchdog run` for an unusable configuration: trying again is no use."""

_HEAD = """\
# Made by: {made}
# Make it anew when the configuration's times change (`stop.grace` above all): they are in it.
"""

_SERVICE = """\
[Service]
Type=notify
NotifyAccess=main
{runs}
# Whatever ends it, it comes back, unless systemd itself was told to stop it. 69 (another watchdog
# has the programs) is tried again, so that somebody is there when that one ends; 78 (the
# configuration is not usable) waits for a person.
Restart=always
RestartSec=1s
RestartPreventExitStatus={bad_config}
# The watchdog stops its programs itself, in order. When it was killed or hangs, they live on and
# the next one adopts them; any other KillMode would kill them with it.
KillMode=process
TimeoutStartSec={start}
TimeoutStopSec={stop}
# Fed by the watchdog's event loop. SIGABRT makes it write where it hangs; SIGKILL follows.
WatchdogSec=30s
TimeoutAbortSec=5s
# The tree of cgroups below the unit is the watchdog's own.
Delegate=yes
# A program that was killed for want of memory is the watchdog's business, no reason to stop it all.
OOMPolicy=continue
"""


def render(subject: Subject) -> list[File]:
    """The units of a subject."""
    files = _render_instance(subject) if is_instance(subject) else [_render_unit(subject)]
    if SOCKET.key in subject.options:
        files.append(File(f"{directory(subject)}/{unit(subject)}.socket", _socket(subject)))
    return files


def install(subject: Subject) -> list[Step]:
    """Have systemd read the units, start them at boot, and start them now."""
    units = _units(subject)
    steps = [_control(subject, "daemon-reload"), _control(subject, "enable", *units)]
    if SOCKET.key in subject.options and subject.around.user:
        # systemd would make the directories of the socket as root's own.
        words = ("install", "-d", "-m", "0700", "-o", subject.around.user, subject.state)
        steps.insert(0, Step(words))
    if not subject.system:  # without it a user's services end with the last session
        steps.append(Step(("loginctl", "enable-linger"), required=False))
    return [*steps, _control(subject, "start", *units)]


def uninstall(subject: Subject) -> list[Step]:
    """Stop the service in order, and forget it."""
    disable = _control(subject, "disable", "--now", *_units(subject))
    forget = _control(subject, "daemon-reload")
    return [
        Step(disable.words, required=False),
        Step(forget.words, late=True),
    ]


# --- names and places


def is_instance(subject: Subject) -> bool:
    """Whether it is to be an instance of the template."""
    return TEMPLATE.key in subject.options


def unit(subject: Subject) -> str:
    """The unit's name, without what it is."""
    if is_instance(subject):
        return f"watchdog@{subject.name}"
    if subject.single or subject.around.name:
        return subject.name
    return f"watchdog-{subject.name}"


def directory(subject: Subject) -> str:
    """Where the units go."""
    return SYSTEM_UNITS if subject.system else f"{subject.around.home}/{USER_UNITS}"


def _units(subject: Subject) -> list[str]:
    """The socket first: systemd refuses to listen for a service that runs already."""
    names = [f"{unit(subject)}.service"]
    return [f"{unit(subject)}.socket", *names] if SOCKET.key in subject.options else names


def _control(subject: Subject, *words: str) -> Step:
    return Step(("systemctl", *(() if subject.system else ("--user",)), *words))


# --- the texts


def _render_unit(subject: Subject) -> File:
    parts = [
        _HEAD.format(made=made_by(subject)) + _describe(subject, describe_programs(subject)),
        _service(_runs(subject), subject) + list_hardening(subject),
        _wanted(subject),
    ]
    return File(f"{directory(subject)}/{unit(subject)}.service", "\n".join(parts))


def _render_instance(subject: Subject) -> list[File]:
    """The template, which is the same for all, and what is this instance's own, as a drop-in."""
    common = [
        "# One watchdog per instance: `systemctl start watchdog@bot` runs /etc/watchdog/bot.toml.\n"
        + _describe(subject, "watchdog %i"),
        _service(_runs_any(subject), None) + list_general_hardening(subject),
        _wanted(subject),
    ]
    own = [
        _HEAD.format(made=made_by(subject)),
        "[Unit]",
        f"Description={quote_value(describe_programs(subject))}",
        "",
        "[Service]",
        f"Environment={quote_words([f'WATCHDOG_CONFIG={subject.config}'])}",
        *_surroundings(subject),
        f"TimeoutStartSec={seconds(subject.start_seconds)}",
        f"TimeoutStopSec={seconds(subject.stop_seconds)}",
        *rules_of(subject),
    ]
    place = directory(subject)
    return [
        File(f"{place}/{unit(subject)}.service.d/watchdog.conf", "\n".join(own) + "\n"),
        File(f"{place}/{TEMPLATE_UNIT}", "\n".join(common)),
    ]


def _describe(subject: Subject, text: str) -> str:
    lines = ["[Unit]", f"Description={quote_value(text) if '%i' not in text else text}"]
    if subject.system:
        lines += ["Wants=network-online.target", "After=network-online.target"]
    for other in subject.after:
        lines += [f"Wants={other}.service", f"After={other}.service"]
    lines += [
        "# Never give up: what keeps the watchdog from running may pass.",
        "StartLimitIntervalSec=0",
    ]
    return "\n".join(lines) + "\n"


def _service(runs: list[str], subject: Subject | None) -> str:
    """The section of the service, up to its hardening; for a template of no subject."""
    return _SERVICE.format(
        runs="\n".join(runs),
        bad_config=BAD_CONFIG,
        start=seconds(subject.start_seconds) if subject else "90s",
        stop=seconds(subject.stop_seconds) if subject else "90s",
    )


def _runs(subject: Subject) -> list[str]:
    reload = (*subject.around.command, "reload", *subject.address)
    return [
        f"ExecStart={quote_command(subject.command)}",
        f"ExecReload={quote_command(reload)}",
        *_surroundings(subject),
    ]


def _runs_any(subject: Subject) -> list[str]:
    """The same for an instance: its configuration is the one that the environment names."""
    return [
        "Environment=WATCHDOG_CONFIG=/etc/watchdog/%i.toml",
        f"ExecStart={quote_command((*subject.around.command, 'run'))}",
        f"ExecReload={quote_command((*subject.around.command, 'reload'))}",
        f"Environment={quote_words([f'PATH={subject.around.path}'])}",
    ]


def _surroundings(subject: Subject) -> list[str]:
    around = subject.around
    lines = [f"WorkingDirectory={quote_value(subject.directory)}"]
    if subject.system and around.user:
        lines.append(f"User={around.user}")
    lines.append(f"Environment={quote_words([f'PATH={around.path}'])}")
    if SOCKET.key in subject.options:
        lines.append(f"Sockets={unit(subject)}.socket")
    if around.environment_file:
        lines.append(f"EnvironmentFile={quote_value(around.environment_file)}")
    return lines


def _socket(subject: Subject) -> str:
    """systemd listens in our place: nobody is refused while the watchdog starts or restarts."""
    owner = [f"SocketUser={subject.around.user}"] if subject.around.user and subject.system else []
    held = [address for program in subject.programs for address in program.addresses]
    addresses = dict.fromkeys([subject.http, *held] if subject.http else held)
    tcp = [f"ListenStream={quote_value(address)}" for address in addresses]
    if any(address.startswith("[") for address in addresses):
        tcp.append("BindIPv6Only=ipv6-only")
    lines = [
        "[Unit]",
        f"Description={quote_value(f'control of {describe_programs(subject)}')}",
        "",
        "[Socket]",
        f"ListenStream={quote_value(subject.socket)}",
        *tcp,
        "SocketMode=0600",
        "DirectoryMode=0700",
        *owner,
        f"Service={unit(subject)}.service",
        "",
        "[Install]",
        "WantedBy=sockets.target",
    ]
    return "\n".join(lines) + "\n"


def _wanted(subject: Subject) -> str:
    target = "multi-user.target" if subject.system else "default.target"
    return f"[Install]\nWantedBy={target}\n"


def describe_programs(subject: Subject) -> str:
    """What it is, for people."""
    return f"watchdog: {', '.join(program.name for program in subject.programs)}"


def made_by(subject: Subject) -> str:
    """The command that makes this definition."""
    words = ["watchdog", "service", "systemd", "-c", subject.config]
    words += ["--per-program"] if subject.single else []
    words += ["--main", subject.around.main] if subject.single and subject.around.main else []
    words += ["--user", subject.around.user] if subject.around.user else []
    words += ["--name", subject.around.name] if subject.around.name else []
    return " ".join([*words, *(f"--{key}" for key in subject.options)])


def seconds(value: float) -> str:
    """A duration, rounded up: systemd reads it without a fraction as well."""
    return f"{int(-(-value // 1))}s"
