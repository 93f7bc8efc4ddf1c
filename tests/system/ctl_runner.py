"""Runs many commands of the real supervisorctl, each in a process of its own, as a shell would.

It is loaded once and then forked for each command: to load it takes ten times as long as a command.
Reads a JSON list of [words, input] from standard input; writes one of [exit code, output].
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

from supervisor import supervisorctl


def run(url: str, words: list[str], text: str) -> tuple[int, str]:
    """The exit code and all that was printed, both streams in the order of printing."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as given:
        given.write(text.encode())
        given.seek(0)
        child = os.fork()
        if child == 0:
            become_supervisorctl(url, words, given.fileno(), out.fileno())
        _, status = os.waitpid(child, 0)
        out.seek(0)
        return os.waitstatus_to_exitcode(status), out.read().decode(errors="replace")


def become_supervisorctl(url: str, words: list[str], given: int, out: int) -> None:
    """In the child: be what `supervisorctl -s URL WORDS` is."""
    os.dup2(given, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    code = 1
    try:
        supervisorctl.main(["-s", url, *words])
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    print(json.dumps([run(sys.argv[1], words, text) for words, text in json.load(sys.stdin)]))
