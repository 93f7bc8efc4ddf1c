"""What a person reads who made a mistake in a program's table: the exact text of each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

DURATION = 'a duration such as "500ms", "5s", "2m", "1h", "7d" or a number of seconds'
SIZE = 'a size such as "512MB" (KB, MB, GB: powers of 1024) or a number of bytes'
ADDRESS = 'an address and port such as "127.0.0.1:9877"'
OCTAL = 'octal digits in a string such as "022"'
SINGLETON = (
    'found a string (not shown); allowed: an identity such as "telegram:${TELEGRAM_BOT_TOKEN}", '
    "or a name that you make up\n    "
)

# a line of [programs.bot], the key that is blamed, and the rest of the message
IN_PROGRAM = [
    ("livness = {}", "livness", 'unknown key; did you mean "liveness"?'),
    ("Singleton = 1", "Singleton", 'unknown key; did you mean "singleton"?'),
    ("stopsignal = 1", "stopsignal", "unknown key; here it is called stop.signal"),
    ("cwd = '/'", "cwd", "unknown key; here it is called directory"),
    ("jitter = 1", "jitter", "unknown key; it belongs in restart.jitter"),
    ("stop.zzz = 1", "stop.zzz", "unknown key; allowed: signal, grace, scope"),
    ("directory = 5", "directory", "found 5; allowed: a path"),
    ('user = ""', "user", 'found ""; allowed: a user\'s name or number\n    it is empty'),
    ("memory = 1979-05-27", "memory", f"found a date; allowed: {SIZE}, at least 1MB"),
    ('memory = "1KB"', "memory", f'found "1KB"; allowed: {SIZE}, at least 1MB'),
    ("memory = -1", "memory", f"found -1; allowed: {SIZE}, at least 1MB"),
    ("heartbeat = nan", "heartbeat", f"found nan; allowed: {DURATION}, at least 100ms"),
    (
        "start_seconds = inf",
        "start_seconds",
        f"found inf; allowed: {DURATION}, not negative\n    it is longer than ten years (3650d)",
    ),
    ("start_seconds = -1", "start_seconds", f"found -1; allowed: {DURATION}, not negative"),
    ('start_seconds = "-1s"', "start_seconds", f'found "-1s"; allowed: {DURATION}, not negative'),
    ("start_seconds = true", "start_seconds", f"found true; allowed: {DURATION}, not negative"),
    ("autostart = 1", "autostart", "found 1; allowed: true or false"),
    ('autostart = "true"', "autostart", 'found "true"; allowed: true or false'),
    (
        'group_name = "a:b"',
        "group_name",
        'found "a:b"; allowed: a name of letters, digits, _, . and -\n'
        "    it is empty or has a character that is not allowed there",
    ),
    ('stdin = "tty"', "stdin", 'found "tty"; allowed: "null", "pipe" or "socket"'),
    ("priority = 1.5", "priority", "found 1.5; allowed: a whole number from -1000000 to 1000000"),
    ("priority = true", "priority", "found true; allowed: a whole number from -1000000 to 1000000"),
    ('umask = "999"', "umask", f'found "999"; allowed: {OCTAL}'),
    ("umask = 22", "umask", f"found 22; allowed: {OCTAL}"),
    ('when_held = "x"', "when_held", 'found "x"; allowed: "fail" or "wait"'),
    ("restart = 1", "restart", "found 1; allowed: a table"),
    ("restart.factor = 0.5", "restart.factor", "found 0.5; allowed: a number from 1 to 100"),
    ("restart.jitter = 2", "restart.jitter", "found 2; allowed: a number from 0 to 1"),
    (
        "restart.limit = -1",
        "restart.limit",
        "found -1; allowed: a whole number from 0 to 1000000",
    ),
    ("restart.maximum = 0", "restart.maximum", f"found 0; allowed: {DURATION}, at least 100ms"),
    (
        'restart.when = "no"',
        "restart.when",
        'found "no"; allowed: "always", "on-failure" or "never"',
    ),
    (
        'restart.initial = "10m"',
        "restart.initial",
        "found initial 10m above maximum; allowed: initial up to maximum, which is 5m",
    ),
    (
        "exit_codes.fatal = [1, 300]",
        "exit_codes.fatal[1]",
        "found 300; allowed: a list of whole numbers from 0 to 255",
    ),
    (
        "exit_codes = { success = [3], slow = [3] }",
        "exit_codes.slow",
        "found 3 twice; success has it too; an exit code has one meaning",
    ),
    (
        'stop.signal = "SIGFOO"',
        "stop.signal",
        'found "SIGFOO"; allowed: the name of a signal: '
        "TERM, INT, HUP, QUIT, ABRT, KILL, USR1, USR2, WINCH, ALRM, CONT, PIPE, PROF, PWR, "
        "RTMIN, RTMAX, STOP, TSTP, TTIN, TTOU, URG, VTALRM, XCPU, XFSZ",
    ),
    (
        "limits.open_files = 1",
        "limits.open_files",
        'found 1; allowed: a whole number from 3 to 2147483648, or "unlimited"',
    ),
    (
        "environment.A = true",
        "environment",
        'found a table (not shown); allowed: a table of strings such as { LANG = "C" }\n'
        "    the value of A must be a string (in quotes)",
    ),
    ('depends_on = ["bto"]', "depends_on", 'there is no program "bto"; did you mean "bot"?'),
    (
        'depends_on = ["bot"]',
        "depends_on",
        "programs wait for each other: bot -> bot; take one of these out",
    ),
    (
        'directory = "${NOPE}"',
        "directory",
        "the variable NOPE is not set in the environment; set it, or write ${NAME:-default}",
    ),
    (
        'directory = "${NO PE}"',
        "directory",
        "found a ${ that begins neither ${NAME} nor ${NAME:-default}; "
        "write $$ for a dollar that is meant",
    ),
    (
        'directory = "a\\u0000b"',
        "directory",
        'found "a?b"; allowed: a path\n    it has a NUL character in it',
    ),
    (
        'env_file = ".nope"',
        "env_file",
        ".nope: no such file; create it, or take the key out",
    ),
    (
        'singleton = "telegram:"',
        "singleton",
        SINGLETON + "after telegram: there is nothing; is the variable with the token empty?",
    ),
    (
        'singleton = "telegram:abc"',
        "singleton",
        SINGLETON + "after telegram: must stand a bot's token, <digits>:<letters>, or its id",
    ),
    (
        'lease = "redis://h/0"',
        "lease",
        "found without singleton; add a singleton: the lease is kept under its name",
    ),
    (
        "liveness = {}",
        "liveness",
        "found no target; allowed: http, tcp, exec or telegram",
    ),
    (
        "startup = {}",
        "startup",
        "found no target; allowed: http, tcp, exec or heartbeat\n"
        "    or give liveness one, which startup then takes too",
    ),
    (
        "readiness = {}",
        "readiness",
        "found no target; allowed: http, tcp or exec\n"
        "    or give liveness one, which readiness then takes too",
    ),
    (
        'liveness = { http = "http://h", tcp = "h:1" }',
        "liveness",
        "found http and tcp; allowed: one target",
    ),
    (
        'liveness = { tcp = "h:1", status = [200] }',
        "liveness.status",
        "found without http in the same table",
    ),
    ('liveness.tcp = "h:99999"', "liveness.tcp", f'found "h:99999"; allowed: {ADDRESS}'),
    (
        'liveness.http = "ftp://h"',
        "liveness.http",
        'found "ftp://h"; allowed: a URL that begins with http://',
    ),
    (
        'liveness.http = "https://h"',
        "liveness.http",
        'found "https://h"; allowed: a URL that begins with http://\n'
        '    https is not supported yet; write exec = "curl -fsS https://..." instead',
    ),
    (
        'liveness.http = "http://h/ö"',
        "liveness.http",
        'found "http://h/ö"; allowed: a URL that begins with http://\n'
        "    a character in it must be written as %XX",
    ),
    (
        "liveness.telegram = true",
        "liveness.telegram",
        "found without a bot's token; put TELEGRAM_BOT_TOKEN or TG_TOKEN into the program's "
        "env_file or environment",
    ),
    (
        'liveness = { tcp = "h:1", heartbeat = true }',
        "liveness.heartbeat",
        'unknown key; write heartbeat = "30s" for the program, or heartbeat = true in startup',
    ),
    (
        'liveness = { tcp = "h:1", period = "1ms" }',
        "liveness.period",
        f'found "1ms"; allowed: {DURATION}, at least 10ms',
    ),
    (
        'liveness = { tcp = "h:1", timeout = 0 }',
        "liveness.timeout",
        f"found 0; allowed: {DURATION}, at least 1ms",
    ),
    (
        'liveness = { tcp = "h:1", failure_threshold = 0 }',
        "liveness.failure_threshold",
        "found 0; allowed: a whole number from 1 to 1000000",
    ),
]


@pytest.mark.parametrize(("line", "key", "message"), IN_PROGRAM, ids=[row[0] for row in IN_PROGRAM])
def test_mistake_in_a_program(
    line: str, key: str, message: str, complaint: Callable[..., str]
) -> None:
    """Each mistake is one message with line, key, what was found, what is allowed or what to do."""
    told = complaint(f'[programs.bot]\ncommand = "x"\n{line}\n')
    assert told == f"watchdog.toml:3: programs.bot.{key}: {message}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'liveness = { telegram = true, period = "5s" }',
            "liveness.period: found without http, tcp or exec beside it; "
            "write telegram = { period = ... }",
        ),
        ("liveness.telegram = 60", "liveness.telegram: found 60; allowed: true, or a table"),
        (
            'liveness.tcp = "h:1"\nstartup.telegram = true',
            "startup.telegram: unknown key; write telegram = true in liveness",
        ),
    ],
)
def test_mistake_about_telegram(line: str, message: str, complaint: Callable[..., str]) -> None:
    """What cannot be meant is refused, with what to write instead."""
    told = complaint(f'[programs.bot]\ncommand = "x"\nenvironment.TG_TOKEN = "7:x"\n{line}\n')
    assert told.partition(": ")[2] == f"programs.bot.{message}"
