"""`instances`: one table that stands for several programs, their names, and what is filled in."""

from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchdog.config import Config, ConfigError, load
from watchdog.config.alone import single_out
from watchdog.config.model import Instance
from watchdog.config.supervisord.reader import read_dialect
from watchdog.wire.names import choose_all, full_name

Read = Callable[..., Config]
Complaint = Callable[..., str]
ONE = '[programs.worker]\ncommand = "x"\n'
NAME = st.text(string.ascii_letters + string.digits + "_-.", min_size=1, max_size=20).filter(
    lambda name: name[0] not in "-." and name != "all"
)
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["%(process_num)d", "%(process_num)02d", "%(process_num)5d", "%(program_name)s"]
        ),
        st.sampled_from(["%(group_name)s", "%(numprocs)d", "%(host_node_name)s", "%%"]),
        st.text(string.ascii_letters + string.digits + " -_:/", max_size=5),
    ),
    max_size=8,
).map("".join)


def names(config: Config) -> list[str]:
    return [program.name for program in config.programs]


def test_instances_are_a_group_named_as_numprocs_are(read: Read) -> None:
    """The names are those that supervisor's users know, also for one instance, also in a group."""
    assert names(read(ONE + "instances = 3")) == [f"worker:worker_0{n}" for n in range(3)]
    assert names(read(ONE + "instances = 1")) == ["worker:worker_00"]
    assert names(read(ONE)) == ["worker"]
    assert names(read(ONE + "instances = 101"))[-1] == "worker:worker_100"
    grouped = read('[programs."web:worker"]\ncommand = "x"\ninstances = 2')
    assert names(grouped) == ["web:worker_00", "web:worker_01"]
    assert {program.team for program in grouped.programs} == {"web"}


def test_every_text_of_the_table_is_filled_in(read: Read, tmp_path: Path) -> None:
    """Command, directory, environment, logs, probes and singleton have their number."""
    program = read(
        ONE.replace('"x"', '["run", "--port", "80%(process_num)02d", "100%%"]')
        + """instances = 12
        directory = "d%(process_num)d"
        environment = { N = "%(process_num)d of %(numprocs)d", WHO = "${WHO}-%(program_name)s" }
        singleton = "key-%(process_num)d"
        logs.path = "w-%(process_num)d.log"
        readiness.http = "http://127.0.0.1:80%(process_num)02d/ready"
        """,
        {"WHO": "100%(process_num)d"},
    ).programs[11]
    assert program.command == ("run", "--port", "8011", "100%")
    assert program.directory == tmp_path / "d11" and program.logs.path == tmp_path / "w-11.log"
    # What a variable has in it is nobody's %(name)s.
    assert program.environment == {"N": "11 of 12", "WHO": "100%(process_num)d-worker"}
    assert str(program.singleton) == "key-11"
    assert [target.url for target in program.probes.values()] == ["http://127.0.0.1:8011/ready"]


def test_without_instances_a_percent_sign_is_one(read: Read) -> None:
    """Nothing is replaced where nobody asked for it."""
    program = read('[programs.a]\ncommand = ["date", "+%Y %(process_num)d %%"]').programs[0]
    assert program.command[1] == "+%Y %(process_num)d %%"


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAME, count=st.integers(1, 5), text=PIECES)
def test_they_are_what_numprocs_makes(name: str, count: int, text: str, tmp_path: Path) -> None:
    """The same table as TOML and as a supervisord.conf: the same names, the same words."""
    (tmp_path / "w.toml").write_text(
        f'[programs."{name}"]\ncommand = ["run"]\ninstances = {count}\n'
        f'environment = {{ TEXT = "<{text}>" }}\n'
    )
    ini = f"[program:{name}]\ncommand=run\nnumprocs={count}\nenvironment=TEXT='<{text}>'\n"
    ini += "process_name=%(program_name)s_%(process_num)02d\n"
    ours = load(tmp_path / "w.toml", {"HOME": str(tmp_path)})
    theirs = read_dialect(tmp_path / "w.conf", ini, {"HOME": str(tmp_path)}).tables["programs"]
    assert names(ours) == list(theirs)
    assert [program.environment["TEXT"] for program in ours.programs] == [
        table["environment"]["TEXT"] for table in theirs.values()
    ]


@given(name=NAME, count=st.integers(1, 120))
def test_a_plain_name_means_all_instances_and_no_others(name: str, count: int) -> None:
    """`worker`, `worker:*` and each full name mean what they say."""
    known = [(Instance(name, number).name, name) for number in range(count)]
    others = [("other", "other"), (f"{name}x:{name}x_00", f"{name}x"), (f"x{name}", f"x{name}")]
    every = [*known, *others]
    for wanted in (name, f"{name}:*", f"{name}:"):
        assert choose_all(every, [wanted], lambda one: one) == known
    for one in known:
        assert choose_all(every, [full_name(*one)], lambda one: one) == [one]
    assert len({full_name(*one) for one in every}) == len(every)


def test_depends_on_a_group_is_on_all_of_it(read: Read) -> None:
    """The plain name of instances, or of any group, means every program of it."""
    text = ONE + 'instances = 2\n[programs."db:a"]\ncommand = "x"\n[programs.bot]\ncommand = "x"\n'
    workers = ("worker:worker_00", "worker:worker_01")
    for written, meant in (
        ('["worker"]', workers),
        ('["worker:*", "worker:worker_00"]', workers),
        ('["db", "worker:worker_01"]', ("db:a", workers[1])),
    ):
        assert read(f"{text}depends_on = {written}").program("bot").policy.depends_on == meant
    none = read(text.replace("instances = 2", "instances = 0") + 'depends_on = ["worker"]')
    assert none.program("bot").policy.depends_on == () and names(none) == ["db:a", "bot"]


def test_the_number_may_come_from_a_variable(read: Read) -> None:
    """One of the watchdog's own environment, or its default."""
    text = ONE + 'instances = "${WORKERS:-2}"'
    assert len(read(text).programs) == 2 and len(read(text, {"WORKERS": "5"}).programs) == 5


def test_all_instances_can_be_alone(read: Read) -> None:
    """`run --alone worker` runs all of them, and nothing else."""
    config = read(ONE + 'instances = 2\ndepends_on = ["bot"]\n[programs.bot]\ncommand = "x"')
    alone = single_out(config, "worker")
    assert names(alone) == ["worker:worker_00", "worker:worker_01"]
    assert all(not program.policy.depends_on for program in alone.programs)
    assert names(single_out(config, "worker:worker_01")) == ["worker:worker_01"]


HINT = "write %(process_num)d into {}, so that each instance has its own"
BOTH = "would be that of worker:worker_00 and of worker:worker_01"
URL = "http://127.0.0.1:80/"
WRONG = [
    ("instances = -1", "instances: found -1; allowed: a whole number from 0 to 1000"),
    ("instances = 1001", "instances: found 1001; allowed: a whole number from 0 to 1000"),
    ('instances = "many"', 'instances: found "many"; allowed: a whole number from 0 to 1000'),
    ('instances = 3\nlogs.path = "x"', f"logs: x {BOTH}; {HINT.format('logs')}"),
    (
        'instances = 3\nsingleton = "x"',
        f"singleton: x {BOTH}; {HINT.format('singleton')}; or take `instances` out, if only one "
        "may run",
    ),
    (
        f'instances = 3\nliveness.http = "{URL}"\nreadiness.period = "1s"',
        f"liveness.http: {URL} {BOTH}; {HINT.format('liveness.http')}",
    ),
    (
        'instances = 3\nreadiness.tcp = "127.0.0.1:1"',
        f"readiness.tcp: 127.0.0.1:1 {BOTH}; {HINT.format('readiness.tcp')}",
    ),
    (
        'instances = 3\ndirectory = "%(proces_num)d"',
        "directory: beside `instances`, found %(proces_num)s; did you mean %(process_num)s?",
    ),
    (
        'instances = 3\nenvironment.DAY = "%d"',
        "environment.DAY: beside `instances`, found a % that is no %(name)s; write %% for a "
        "percent sign that is meant",
    ),
    (
        'instances = 3\nenvironment.DAY = "%(ENV_HOME)s"',
        "environment.DAY: beside `instances`, found %(ENV_...)s; write ${NAME} for a variable",
    ),
    (
        'instances = 3\ndepends_on = ["worker"]',
        "depends_on: programs wait for each other: worker -> worker; take one of these out",
    ),
    (
        'instances = 3\ndepends_on = ["wroker"]',
        'depends_on: there is no program "wroker"; did you mean "worker"?',
    ),
    ("instances = 3\ncwd = 5", "cwd: unknown key; here it is called directory"),
]


@pytest.mark.parametrize(("lines", "text"), WRONG, ids=[line for line, _ in WRONG])
def test_what_is_wrong_is_said_once(lines: str, text: str, complaint: Complaint) -> None:
    """Of all instances together, at the key of the one table, with what to do."""
    line = 2 + len(lines.splitlines()) - ("readiness.period" in lines)
    found = complaint(ONE + lines)
    assert found == f"watchdog.toml:{line}: programs.worker.{text}"


def test_names_must_not_be_taken(complaint: Complaint) -> None:
    """Another table with the name of an instance, and names that are too long."""
    other = '[programs."worker:worker_01"]\ncommand = "x"'
    assert complaint(f"{ONE}instances = 2\n{other}") == (
        'watchdog.toml:4: programs."worker:worker_01": an instance of programs.worker has this '
        "name; take another name"
    )
    long = complaint(ONE.replace("worker", "w" * 63) + "instances = 2")
    assert "with its number, the name is longer than 64 characters" in long


def test_the_dialect_has_numprocs(tmp_path: Path) -> None:
    """In a supervisord.conf `instances` is refused, with what to write instead."""
    file = tmp_path / "s.conf"
    file.write_text("[program:a]\ncommand=x\n[watchdog:a]\ninstances=3\n")
    with pytest.raises(ConfigError, match=r"write numprocs under \[program:a\]"):
        load(file, {"HOME": str(tmp_path)})
