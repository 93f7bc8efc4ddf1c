"""What the doctor finds, on this very machine and in judgements of made-up ones."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from watchdog.cli.doctor import layout
from watchdog.cli.ports import Finding, Keeper, Survey
from watchdog.doctor import examine
from watchdog.doctor.copies import judge_copies
from watchdog.doctor.places import judge_space
from watchdog.doctor.reach import judge_limit

if sys.platform != "linux":
    pytest.skip("the kernel's features are Linux's", allow_module_level=True)

from watchdog.doctor.kernel import judge_cgroup
from watchdog.process import cgroup

SIGNS = {"ok": "+", "warning": "!", "wrong": "x"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with locks and a home of its own."""
    monkeypatch.setenv("WATCHDOG_LOCK_DIR", str(tmp_path / "locks"))
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("WATCHDOG_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(here: Path, text: str, watchdog: str = "") -> str:
    path = here / "w.toml"
    path.write_text(f'[watchdog]\nstate = "state"\n{watchdog}\n{text}')
    return str(path)


def of(findings: list[Finding], area: str) -> list[Finding]:
    return [finding for finding in findings if finding.area == area]


def levels(findings: list[Finding], area: str) -> list[str]:
    return [finding.level for finding in of(findings, area)]


GOOD = '[programs.bot]\ncommand = ["sleep", "1"]\n'


def test_nothing_is_wrong_with_a_plain_configuration(here: Path) -> None:
    """Each area is told, nothing is wrong, and nothing was made or left behind."""
    path = write(here, GOOD)
    before = sorted(here.iterdir())
    findings = examine(path, None)
    assert not [finding for finding in findings if finding.level == "wrong"]
    areas = {finding.area for finding in findings}
    assert areas >= {"kernel", "tree", "package", "locks", "config", "state", "disk", "limits"}
    assert sorted(here.iterdir()) == before


def test_every_warning_says_what_to_do(here: Path) -> None:
    """A finding that is not well has an advice."""
    for finding in [*examine(None, Path("/elsewhere")), *examine("no.toml", None)]:
        assert finding.advice or finding.level == "ok", finding


def test_a_configuration_that_cannot_be_used_is_wrong(here: Path) -> None:
    """The problem is told as `check` tells it, and the rest is looked at all the same."""
    findings = examine(write(here, '[programs.bot]\ncomand = "x"\n'), None)
    (finding,) = of(findings, "config")
    assert finding.level == "wrong"
    assert "comand" in finding.text
    assert of(findings, "limits")


def test_a_missing_configuration_is_wrong_only_where_one_was_named(here: Path) -> None:
    """Who named none is advised."""
    assert levels(examine(None, None), "config") == ["warning"]
    assert levels(examine("no.toml", None), "config") == ["wrong"]


def test_a_command_that_is_not_there_is_wrong(here: Path) -> None:
    """Found before the first start, on the program's own path."""
    findings = examine(write(here, '[programs.bot]\ncommand = ["no-such-command-here"]\n'), None)
    assert "no-such-command-here" in of(findings, "config")[-1].text
    assert levels(findings, "config") == ["ok", "wrong"]


def test_a_readable_env_file_is_a_warning(here: Path) -> None:
    """It may hold a token."""
    env = here / ".env"
    env.write_text("A=1\n")
    env.chmod(0o644)
    path = write(here, GOOD + 'env_file = ".env"\n')
    assert "warning" in levels(examine(path, None), "config")
    env.chmod(0o600)
    assert "warning" not in levels(examine(path, None), "config")


def test_the_lock_directory_must_be_ours_alone(here: Path) -> None:
    """Others who can write there could move a held lock away."""
    place = here / "locks"
    place.mkdir(mode=0o700)
    assert levels(examine(None, None), "locks") == ["ok"]
    place.chmod(0o777)
    (finding,) = of(examine(None, None), "locks")
    assert finding.level == "wrong"
    assert "chmod 700" in finding.text + finding.advice


def test_a_state_directory_that_others_can_write_is_wrong(here: Path) -> None:
    """They could put a control socket of their own there."""
    state = here / "state"
    state.mkdir()
    state.chmod(0o777)
    assert levels(examine(write(here, GOOD), None), "state") == ["wrong"]


def test_a_taken_port_is_named_with_who_has_it(here: Path) -> None:
    """The control port is wrong; a probe's port, which another copy may have, is a warning."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = GOOD + f'liveness = {{ http = "http://127.0.0.1:{port}/health" }}\n'
        path = write(here, program, f'http = "127.0.0.1:{port}"')
        findings = of(examine(path, None), "ports")
    assert {finding.level for finding in findings} == {"wrong", "warning"}
    assert all(f"pid {os.getpid()}" in finding.text for finding in findings)
    free = of(examine(path, None), "ports")
    assert {finding.level for finding in free} == {"ok"}


def test_the_other_package_is_wrong(here: Path) -> None:
    """Both provide the module `watchdog`."""
    assert levels(examine(None, Path("/site-packages")), "package") == ["wrong"]
    assert levels(examine(None, None), "package") == ["ok"]


def test_copies_are_judged_by_whose_they_are() -> None:
    """Our own watchdog's are well, a stray beside it is a warning, anybody else is wrong."""
    own = Keeper(5, "u", "c", "", ("file",), "watchdog")
    program = Keeper(6, "u", "c", "", ("file",), "program")
    stray = Keeper(7, "u", "c", "", ("file",), "stray")
    judged = [
        judge_copies("bot", survey, 5).level
        for survey in (
            Survey("k", ()),
            Survey("k", (own, program), "", "bot", 5),
            Survey("k", (own, program, stray), "", "bot", 5),
            Survey("k", (stray,)),
            Survey("k", (own, program), "", "bot", 99),
            Survey("k", (), "the socket is held by somebody"),
        )
    ]
    assert judged == ["ok", "ok", "warning", "wrong", "wrong", "wrong"]


def test_space_and_limits_have_bounds() -> None:
    """Little is a warning, very little is wrong; so are too few descriptors."""
    place = Path("/x")
    sizes = ((1 << 40, 9), (1 << 29, 9), (1 << 20, 9), (1 << 40, 0), (1 << 40, None))
    found = [judge_space(place, free, inodes).level for free, inodes in sizes]
    assert found == ["ok", "warning", "wrong", "wrong", "ok"]
    assert [judge_limit(100, limit).level for limit in (1024, 65536, -1)] == ["wrong", "ok", "ok"]


@pytest.mark.parametrize(
    ("membership", "root", "point", "expected"),
    [
        ("0::/user.slice/a", "/", "/sys/fs/cgroup", "/sys/fs/cgroup/user.slice/a"),
        ("9:cpu:/\n0::/", "/", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified"),
        ("0::/docker/x/y", "/docker/x", "/sys/fs/cgroup", "/sys/fs/cgroup/y"),
        ("9:cpu:/", "/", "/sys/fs/cgroup", None),
    ],
)
def test_our_cgroup_is_found(membership: str, root: str, point: str, expected: str | None) -> None:
    """By what the two files of /proc say, also where only a part of the tree is mounted."""
    mounts = f"24 1 0:5 / /proc rw - proc proc rw\n30 24 0:26 {root} {point} rw - cgroup2 none rw"
    assert cgroup.locate(membership, mounts) == expected


def test_the_mechanism_that_ends_trees_is_told(here: Path) -> None:
    """With a cgroup and without: which it is on this machine, where, and why not."""
    contained = judge_cgroup("/sys/fs/cgroup/a", lambda place: "")
    assert "by a cgroup of each program, below /sys/fs/cgroup/a" in contained.text
    assert "by no cgroup (not mounted)" in judge_cgroup(None, lambda place: "not mounted").text
    place = cgroup.home()
    expected = judge_cgroup(place, cgroup.trouble)
    assert expected in of(examine(None, None), "tree")
    assert place is None or not list(Path(place).glob(f"watchdog-trial.{os.getpid()}"))


def test_the_lines_are_aligned_and_the_sum_is_told() -> None:
    """Sign, area, text; the advice stands below; further lines are indented."""
    findings = [
        Finding("disk", "ok", "fine"),
        Finding("kernel", "warning", "old", "renew it"),
        Finding("x", "wrong", "a\nb"),
    ]
    assert layout(findings, SIGNS, colour=False) == [
        "+ disk    fine",
        "! kernel  old",
        "          -> renew it",
        "x x       a",
        "          b",
        "",
        "1 wrong, 1 warning",
    ]
