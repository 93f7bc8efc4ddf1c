"""Subjects for the tests of definitions."""

from __future__ import annotations

from watchdog.export.subject import Subject, Surroundings


def make_subject(
    directory: str,
    *,
    command: tuple[str, ...] = (),
    user: str = "",
    environment_file: str = "",
    options: dict[str, str] | None = None,
    path: str = "",
) -> Subject:
    """A watchdog with its configuration in this directory, of Windows or of any other system."""
    windows = not directory.startswith("/")
    join = "\\" if windows else "/"
    script = rf"{directory}\.venv\Scripts\watchdog.exe" if windows else "/opt/watchdog/bin/watchdog"
    around = Surroundings(
        command=command or (script,),
        python="python",
        code=(),
        path=path,
        system=True,
        user=user,
        home=f"/home/{user}" if user else "",
        environment_file=environment_file,
        options=options or {},
    )
    return Subject(
        name="bots",
        config=f"{directory}{join}watchdog.toml",
        directory=directory,
        state=f"{directory}{join}state",
        socket=f"{directory}{join}state{join}control.sock",
        http="",
        programs=(),
        start_seconds=11.0,
        stop_seconds=27.0,
        around=around,
    )
