"""`watchdog service KIND`: print, install or remove the definition that starts it at boot."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.cli.context import BAD_CONFIG, FAILED, OK, Context, complain, make_parser

if TYPE_CHECKING:
    from watchdog.config.model import Config
    from watchdog.export.kind import File, Kind, Step
    from watchdog.export.subject import Subject, Surroundings

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Trouble(Exception):
    """It cannot be done; the message says why and what to do."""


def main(context: Context) -> int:
    """Print the definition; with --install or --uninstall, do that."""
    from watchdog.config.errors import ConfigError
    from watchdog.export.kinds import load

    parser = _make_parser(context)
    name, others = _read_kind(parser, context.words)
    kind = load(name)
    options = _add_options(parser, kind).parse_args([name, *others])
    try:
        subjects = _find_subjects(kind, options)
        return _choose(options)(kind, subjects)
    except ConfigError as error:
        complain(f"the configuration is not usable; nothing was written\n{error}")
        return BAD_CONFIG
    except Trouble as trouble:
        complain(trouble)
        return FAILED


def _make_parser(context: Context) -> argparse.ArgumentParser:
    from watchdog.export.kinds import KINDS

    summary = (
        "Print the definition that starts a watchdog at boot; with --install, put it in place."
    )
    parser = make_parser(context, summary, "watchdog service systemd -c watchdog.toml --install")
    parser.add_argument("kind", choices=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--install", action="store_true", help="write it, and start the service")
    what.add_argument("--uninstall", action="store_true", help="stop the service, and remove it")
    parser.add_argument("--user", metavar="USER", help="who runs the watchdog")
    parser.add_argument("--name", metavar="NAME", type=_name, help="what to call the service")
    parser.add_argument("--env-file", metavar="FILE", help="KEY=value lines for the watchdog")
    parser.add_argument("--per-program", action="store_true", help="one service per program")
    parser.add_argument(
        "--main", metavar="NAME", help="with --per-program: this program's has the plain name"
    )
    return parser


def _name(text: str) -> str:
    """It becomes part of paths, and of sections."""
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", text):
        return text
    raise argparse.ArgumentTypeError(f"found {text!r}; allowed: letters, digits, _, . and -")


def _read_kind(parser: argparse.ArgumentParser, words: list[str]) -> tuple[str, list[str]]:
    """The kind, which says what other options there are, and all other words."""
    from watchdog.export.kinds import KINDS

    for at, word in enumerate(words):
        if word in KINDS:
            return word, [*words[:at], *words[at + 1 :]]
    parser.parse_args(words)  # shows the help, or says what is wrong
    raise AssertionError("a kind that the parser knows")


def _add_options(parser: argparse.ArgumentParser, kind: Kind) -> argparse.ArgumentParser:
    group = parser.add_argument_group(f"options of {kind.SUMMARY}") if kind.OPTIONS else parser
    for option in kind.OPTIONS:
        if option.value:
            group.add_argument(option.flag, dest=option.key, metavar=option.value, help=option.help)
        else:
            group.add_argument(option.flag, dest=option.key, action="store_true", help=option.help)
    return parser


def _choose(options: argparse.Namespace) -> Callable[[Kind, list[Subject]], int]:
    if options.install:
        return _install
    return _uninstall if options.uninstall else _print


def _find_subjects(kind: Kind, options: argparse.Namespace) -> list[Subject]:
    from watchdog.config.find import find
    from watchdog.config.loading import load
    from watchdog.export.subject import describe, split

    config = load(find(options.config, os.environ))
    subject = describe(config, _look_around(kind, options, config))
    return split(subject) if options.per_program else [subject]


def _look_around(kind: Kind, options: argparse.Namespace, config: Config) -> Surroundings:
    from watchdog.config.places import current_uid
    from watchdog.export.subject import Surroundings

    given = vars(options)
    own = {one.key: given[one.key] for one in kind.OPTIONS if given[one.key]}
    interpreter = Path(sys.executable).absolute()
    return Surroundings(
        command=_own_command(interpreter),
        python=str(interpreter),
        code=tuple({sys.prefix, sys.base_prefix, str(Path(__file__).parents[2])}),
        path=f"{interpreter.parent}:{SYSTEM_PATH}",
        system=current_uid() == 0,
        user=options.user or "",
        uid=current_uid(),
        home=os.path.expanduser(f"~{options.user or ''}"),  # noqa: PTH111 - it does not raise
        name=options.name or "",
        main=options.main or "",
        environment_file=str(Path(options.env_file).absolute()) if options.env_file else "",
        options={key: value if isinstance(value, str) else "yes" for key, value in own.items()},
    )


def _own_command(interpreter: Path) -> tuple[str, ...]:
    """The console script beside the interpreter; else the interpreter with our module."""
    script = interpreter.with_name("watchdog")
    return (str(script),) if script.exists() else (str(interpreter), "-m", "watchdog")


def _print(kind: Kind, subjects: list[Subject]) -> int:
    files = _render(kind, subjects)
    for file in files:
        head = f"# {file.path}\n" if len(files) > 1 else ""
        print(f"{head}{file.text}", end="" if file is files[-1] else "\n")
    return OK


def _render(kind: Kind, subjects: Iterable[Subject]) -> list[File]:
    """The files of all of them; one that several have in common is there once."""
    files = {file.path: file for subject in subjects for file in kind.render(subject)}
    return list(files.values())


def _install(kind: Kind, subjects: list[Subject]) -> int:
    """Write what differs, then run the steps."""
    for file in _render(kind, subjects):
        print(f"{_write(file)} {file.path}")
    for subject in subjects:
        _run_steps(kind.install(subject))
    return OK


def _uninstall(kind: Kind, subjects: list[Subject]) -> int:
    """Run the steps, the last to start first, and remove the files."""
    files = _render(kind, subjects)
    for file in files:
        _refuse_others(Path(file.path))
    steps = [step for subject in reversed(subjects) for step in kind.uninstall(subject)]
    _run_steps(step for step in steps if not step.late)
    for file in files:
        print(f"{_remove(file)} {file.path}")
    _run_steps(dict.fromkeys(step for step in steps if step.late))
    return OK


def _write(file: File) -> str:
    """Replace the file in one go; what became of it."""
    path = Path(file.path)
    _refuse_others(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and path.read_text(encoding="utf-8") == file.text:
            return "unchanged"
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(file.text, encoding="utf-8")
        draft.chmod(file.mode)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Trouble(f"{path} cannot be written: {error.strerror}") from None
    return "wrote"


def _remove(file: File) -> str:
    try:
        Path(file.path).unlink()
    except FileNotFoundError:
        return "not there:"
    except OSError as error:
        raise Trouble(f"{file.path} cannot be removed: {error.strerror}") from None
    return "removed"


def _refuse_others(path: Path) -> None:
    """A link (a masked unit leads to /dev/null) or a device was put there by somebody else."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise Trouble(
            f"{path} is no plain file, so it is left alone: move it away"
            " (a masked unit: systemctl unmask NAME), or choose another --name"
        )


def _run_steps(steps: Iterable[Step]) -> None:
    for step in steps:
        print("$ " + " ".join(step.words), flush=True)
        try:
            code = subprocess.run(step.words, stdin=subprocess.DEVNULL).returncode
        except OSError as error:
            raise Trouble(f"{step.words[0]} cannot be run: {error.strerror}") from None
        if code and step.required:
            raise Trouble(f"`{' '.join(step.words)}` failed with exit code {code}")
